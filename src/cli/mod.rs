//! The command line: one file a command. Every command prints for people, or JSON with `--json`, and ends
//! with 0 done, 1 failed, 2 bad usage or configuration, 3 done but this run rejected some input.

mod app;
mod check;
mod completions;
mod config;
mod confirm;
mod console;
mod cursor;
mod datasets;
mod discard;
mod docs;
mod export;
mod forget;
mod ingest;
mod init;
mod menu;
mod new;
mod plugin_test;
mod plugins;
mod preview;
mod print;
mod progress;
mod query;
mod rejects;
mod replay;
mod run;
mod runs;
mod sources;
mod stats;
mod status;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use datalake_core::{Error, ErrorKind, Result};

use app::App;
use completions::CompletionsArgs;
use cursor::CursorCommand;
use discard::DropArgs;
use export::ExportArgs;
use forget::ForgetArgs;
use ingest::IngestArgs;
use preview::PreviewArgs;
use rejects::Status;
use replay::ReplayArgs;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Done,
    Failed,
    Usage,
    Rejects,
}

impl Exit {
    fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Rejects => 3,
        })
    }

    fn of(error: &Error) -> Self {
        if error.kind() == ErrorKind::Usage {
            Self::Usage
        } else {
            Self::Failed
        }
    }
}

/// A personal data lake: takes in what your machines leave behind, keeps it, and finds it again.
#[derive(Debug, Parser)]
#[command(name = "datalake", version, max_term_width = 100, after_help = EXIT_STATUS)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXIT_STATUS: &str = "Exit status: 0 done, 1 failed, 2 bad usage or configuration, 3 done but this run \
                           rejected some input.";

#[derive(Debug, Args)]
struct Global {
    /// The configuration file [default: $DATALAKE_CONFIG, ./datalake.toml, the platform's folder]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    json: bool,
    /// Say more on stderr
    #[arg(long, short, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create the database and the data folder
    Init,
    /// Check the configuration and the sources
    Check,
    /// Show the configuration, or its schema
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Read the sources once into the store
    Run(RunArgs),
    /// Take in single files of any kind, and print the ids of what they became
    ///
    /// Each file is recognised by its first bytes, else by its name, and read as the plugin of its kind reads its
    /// own: with the keys of the configured source in whose folder it lies, else of the only source of its kind.
    /// A file that was taken in before changes nothing but its tags, and its id is printed again.
    Ingest(IngestArgs),
    /// Show what a run would insert, change and reject; nothing is written
    ///
    /// Other programs wait to write to the database meanwhile.
    Preview(PreviewArgs),
    /// Show the store, and what each source is doing, did last and will do next
    Status(StatusArgs),
    /// List runs, or show one
    Runs(RunsArgs),
    /// List, show, replay or drop inputs that could not become records
    #[command(subcommand)]
    Rejects(RejectsCommand),
    /// Show how far each unit of a source has been read, or have it read again
    #[command(subcommand)]
    Cursor(CursorCommand),
    /// Take out everything that came from a source
    ///
    /// What other sources have brought as well comes back when they are read next.
    Forget(ForgetArgs),
    /// List plugins, describe one, prove one, or begin a new one
    #[command(subcommand)]
    Plugins(PluginsCommand),
    /// List the newest rows of a dataset
    List(ListArgs),
    /// Run an SQL statement that reads, or open a menu
    Query(QueryArgs),
    /// Give back what was taken in: a file byte for byte, also when it is gone
    ///
    /// Bytes are kept of files whose rows do not hold all of them, lines included that were bad or torn. Of a
    /// compressed log that is what it unpacks to.
    Export(ExportArgs),
    /// Count what the store holds
    Stats,
    /// Print the script that lets a shell complete the command line
    Completions(CompletionsArgs),
    /// Write the generated files of the project below a folder
    #[command(hide = true)]
    Docs {
        /// The folder
        folder: PathBuf,
    },
}

impl Command {
    /// Whether it writes to the store, and so into the log.
    fn changes_the_store(&self) -> bool {
        match self {
            Self::Init | Self::Ingest(_) | Self::Forget(_) => true,
            Self::Rejects(command) => {
                matches!(command, RejectsCommand::Replay(_) | RejectsCommand::Drop(_))
            }
            Self::Cursor(command) => matches!(command, CursorCommand::Reset(_)),
            _ => false,
        }
    }
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print every value and where it comes from
    Show,
    /// Print the JSON schema of the configuration file, for editors
    Schema,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Run this source only: its name or its type; may be given several times
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Override a key: `server.api=…`, `source.NAME.path=…`, or `path=…` for the chosen sources
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Read everything again, whatever has been read before
    #[arg(long)]
    full: bool,
    /// Keep running: watch the sources and read them when they are due, until Ctrl-C
    #[arg(long, conflicts_with = "full")]
    watch: bool,
}

#[derive(Debug, Args)]
struct StatusArgs {
    /// Show it again every second, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

#[derive(Debug, Args)]
struct RunsArgs {
    /// The number of a run
    id: Option<i64>,
    /// Only runs of this source
    #[arg(long)]
    source: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum RejectsCommand {
    /// List rejects, newest first
    List {
        /// Only those of this source
        #[arg(long)]
        source: Option<String>,
        /// Only those of this status
        #[arg(long, value_enum, default_value = "open")]
        status: Status,
        /// At most this many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Show one reject with its bytes
    Show {
        /// Its number
        id: i64,
    },
    /// Read rejects again: from what was kept of them, else from their files
    Replay(ReplayArgs),
    /// Drop rejects for good: their bytes go, and the same input is never a reject again
    Drop(DropArgs),
}

#[derive(Debug, Subcommand)]
enum PluginsCommand {
    /// List the plugins of this program
    List,
    /// Describe a plugin: its keys and datasets
    Describe {
        /// Its name
        name: String,
    },
    /// Write the crate of a new plugin, ready to build, with fixtures, docs and tests
    New(new::NewArgs),
    /// Prove a plugin: run the conformance kit on the inputs that it carries
    Test {
        /// Its name
        name: String,
        /// Take the time for every byte and for 500 kills
        #[arg(long)]
        deep: bool,
        /// Do one reading for a test that kills it
        #[arg(long, hide = true, value_name = "FOLDER")]
        child: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The dataset, such as `audio`
    dataset: String,
    /// Only rows with all these tags
    #[arg(long, value_delimiter = ',')]
    tags: Vec<String>,
    /// At most this many
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

#[derive(Debug, Args)]
struct QueryArgs {
    /// The statement; without one, a menu on a terminal
    sql: Option<String>,
    /// Stop after this many seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.global.json;
    match dispatch(cli) {
        Ok(exit) => exit.code(),
        Err(error) => {
            report(&error, json);
            Exit::of(&error).code()
        }
    }
}

fn dispatch(cli: Cli) -> Result<Exit> {
    match cli.command {
        // These need no configuration.
        Command::Plugins(command) => plugins::run(&command, cli.global.json),
        Command::Docs { folder } => docs::run(&folder, Cli::command()),
        Command::Config(ConfigCommand::Schema) => config::schema(),
        Command::Completions(args) => completions::run(&args, Cli::command(), cli.global.json),
        Command::Ingest(args) => ingest::run(&cli.global, &args),
        Command::Preview(args) => {
            let source = std::slice::from_ref(&args.source);
            let app = App::load(&cli.global, source, &args.set, false)?;
            preview::run(&app, &args)
        }
        Command::Run(args) => {
            let app = App::load(&cli.global, &args.source, &args.set, true)?;
            run::run(&app, &args)
        }
        command => {
            let app = App::load(&cli.global, &[], &[], command.changes_the_store())?;
            match command {
                Command::Init => init::run(&app),
                Command::Check => check::run(&app),
                Command::Config(_) => config::show(&app),
                Command::Status(args) => status::run(&app, &args),
                Command::Runs(args) => runs::run(&app, &args),
                Command::Rejects(command) => rejects::run(&app, &command),
                Command::Cursor(command) => cursor::run(&app, &command),
                Command::Forget(args) => forget::run(&app, &args),
                Command::List(args) => datasets::list(&app, &args),
                Command::Query(args) => query::run(&app, &args),
                Command::Export(args) => export::run(&app, &args),
                Command::Stats => stats::run(&app),
                Command::Plugins(_)
                | Command::Docs { .. }
                | Command::Run(_)
                | Command::Ingest(_)
                | Command::Preview(_)
                | Command::Completions(_) => Ok(Exit::Usage),
            }
        }
    }
}

/// Says what went wrong on stderr, and what to do next.
fn report(error: &Error, json: bool) {
    tracing::debug!(?error, "failed");
    let mut stderr = std::io::stderr().lock();
    // Nobody can be told when stderr is gone.
    let _ = if json {
        let error = serde_json::json!({ "error": error.to_string(), "hint": error.hint_text() });
        writeln!(stderr, "{error}")
    } else {
        let text = error.to_string();
        // Problems of the configuration come with their own heading and hints.
        let heading = if text.starts_with("error:") {
            ""
        } else {
            "error: "
        };
        let hint = error
            .hint_text()
            .map(|hint| format!("\nhint: {hint}"))
            .unwrap_or_default();
        writeln!(stderr, "{heading}{text}{hint}")
    };
}
