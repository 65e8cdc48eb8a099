//! The keys of a claude-sessions source.

use datalake_core::Paths;

datalake_core::config! {
    /// Sessions of Claude Code.
    pub struct ClaudeConfig {
        /// The folder of Claude Code, a folder of projects, a log (`.jsonl`), or a list of these.
        pub path: Paths = ["~/.claude"],
        /// How many bytes of each input and output of a tool are kept to read and to search; the logs have them whole.
        pub tool_text: u64 = 1024,
        /// A CSV file with prices beside those that are known: the README says how it looks. A price that is known is replaced.
        #[example("~/.config/datalake/claude-prices.csv")]
        pub prices: Option<std::path::PathBuf>,
    }
}
