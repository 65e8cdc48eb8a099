//! The keys of a claude-sessions source.

use datalake_core::Paths;

datalake_core::config! {
    /// Sessions of Claude Code.
    pub struct ClaudeConfig {
        /// The folder of Claude Code, a folder of projects, a log (`.jsonl`), or a list of these.
        pub path: Paths = ["~/.claude"],
        /// How many bytes of each input and output of a tool are kept to read and to search; the logs have them whole.
        pub tool_text: u64 = 1024,
        /// A CSV file with prices beside those that are known, in dollars a million tokens: `model,from_day,above_tokens,speed,input,output,cache_write_5m,cache_write_1h,cache_read,web_search`. One that is known is replaced.
        #[example("~/.config/datalake/claude-prices.csv")]
        pub prices: Option<std::path::PathBuf>,
    }
}
