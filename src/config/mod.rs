//! The one place that reads the configuration: it finds the file, lays environment variables and
//! `--set` over it, checks all of it and says where every value came from.
//!
//! Two steps: a `RawConfig` is what people wrote, each value with its place; a
//! [`Config`] is what it means. Every problem of the whole configuration is reported together.

mod cron;
mod generate;
mod locate;
mod overrides;
mod raw;
mod reference;
mod resolve;
mod sample;
mod schedule;
mod schema;
mod sections;
mod select;
mod show;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use datalake_core::config::{Environment, Problem, Row, into_error};
use datalake_core::{Error, Result, Source, SourceEntry};

pub use cron::Cron;
pub use generate::generated_files;
pub use locate::Platform;
pub use reference::reference;
pub use sample::sample;
pub use schedule::{Every, Schedule, ScheduleError, Schedules};
pub use schema::json_schema;
pub use sections::{
    CORE_SECTIONS, CoreSection, General, Log, LogFormat, LogLevel, Run, Server, SourceSettings,
    Store, Synchronous, Time, Watch,
};
pub use show::table;

/// The configuration that is used where there is no file. It is generated, see [`sample()`].
pub const BUILT_IN: &str = include_str!("../../datalake.toml");

/// Everything the configuration depends on.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    /// The file that `--config` names.
    pub config: Option<PathBuf>,
    /// The arguments of `--set`, in their order.
    pub set: Vec<String>,
    /// The arguments of `--source`.
    pub sources: Vec<String>,
    /// The plugins that each need a source, whether the configuration has one or not.
    pub plugins: Vec<&'static str>,
    /// The environment variables.
    pub environment: Environment,
    /// The folder the person is in.
    pub working_folder: PathBuf,
    /// Which platform's folders are the usual ones.
    pub platform: Platform,
    /// The plugins of the program.
    pub entries: &'a [&'static SourceEntry],
    /// The configuration to use where there is no file.
    pub built_in: &'a str,
}

impl<'a> Inputs<'a> {
    /// The inputs of this process, without any arguments of the command line.
    pub fn from_process(entries: &'a [&'static SourceEntry]) -> Result<Self> {
        let working_folder = std::env::current_dir().map_err(|error| {
            Error::io("the current folder", error).hint("change to a folder that exists")
        })?;
        Ok(Self {
            config: None,
            set: Vec::new(),
            sources: Vec::new(),
            plugins: Vec::new(),
            environment: Environment::from_process(),
            working_folder,
            platform: Platform::current(),
            entries,
            built_in: BUILT_IN,
        })
    }
}

/// A source that is ready to be run.
#[derive(Clone)]
pub struct ConfiguredSource {
    /// Its name, from `[source.NAME]`.
    pub name: Arc<str>,
    /// Its plugin.
    pub entry: &'static SourceEntry,
    /// The keys that every source has.
    pub settings: SourceSettings,
    /// What reads it.
    pub source: Arc<dyn Source>,
    /// Its keys with their values, a line each, to see whether it has changed.
    pub keys: Arc<str>,
    /// Whether it is to be run: `--source` chose it, or nothing was chosen and it is enabled.
    pub selected: bool,
    /// Whether it stands in no file, and is there only because its plugin was asked for.
    pub ad_hoc: bool,
}

/// The configuration after every check.
pub struct Config {
    /// The file it was read from; none when the built-in one is used.
    pub file: Option<PathBuf>,
    /// Where relative paths start.
    pub base: PathBuf,
    /// The keys above the first table.
    pub general: General,
    /// `[store]`.
    pub store: Store,
    /// `[log]`.
    pub log: Log,
    /// `[server]`.
    pub server: Server,
    /// `[time]`.
    pub time: Time,
    /// `[run]`.
    pub run: Run,
    /// `[watch]`.
    pub watch: Watch,
    /// Every source, in the order of the file.
    pub sources: Vec<ConfiguredSource>,
    /// What somebody should know although it does not stop anything.
    pub warnings: Vec<Problem>,
    rows: Vec<Row>,
}

impl Config {
    /// Reads and checks the configuration.
    pub fn load(inputs: &Inputs<'_>) -> Result<Self, ConfigErrors> {
        resolve::resolve(raw::RawConfig::read(inputs)?, inputs)
    }

    /// The sources to be run.
    pub fn selected(&self) -> impl Iterator<Item = &ConfiguredSource> {
        self.sources.iter().filter(|source| source.selected)
    }

    /// The source of this name.
    pub fn source(&self, name: &str) -> Option<&ConfiguredSource> {
        self.sources.iter().find(|source| &*source.name == name)
    }

    /// Every effective value and where it came from; secrets as `***`.
    pub fn show(&self) -> &[Row] {
        &self.rows
    }
}

/// Everything that is wrong with the configuration; never empty.
#[derive(Debug)]
pub struct ConfigErrors {
    /// The problems in the order in which the person finds them.
    pub problems: Vec<Problem>,
    /// What somebody should know besides.
    pub warnings: Vec<Problem>,
}

impl ConfigErrors {
    /// All reports, with a blank line between them.
    pub fn report(&self) -> String {
        self.problems
            .iter()
            .map(Problem::render)
            .collect::<Vec<_>>()
            .join("\n\n")
    }
}

impl From<ConfigErrors> for Error {
    fn from(errors: ConfigErrors) -> Self {
        let none = || Self::bug("the configuration was refused without a reason");
        into_error(&errors.problems).unwrap_or_else(none)
    }
}
