//! The sections that are not a plugin's: each key with its type, default and meaning, once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use datalake_core::config::Field;
use datalake_core::{ByteSize, Zone, config, config_enum};

use super::schedule::Schedules;

config! {
    /// Keys that stand above the first table.
    pub struct General {
        /// The name of this device in records whose format names none.
        /// Without it the host name is used that was found when the database was created.
        #[example("laptop")]
        pub device: Option<String>,
    }
}

config! {
    /// Where the data is kept, and how SQLite writes it.
    pub struct Store {
        /// The folder for files, as <kind>/YYYY/MM/DD/ below it.
        pub data_dir: PathBuf = "data",
        /// The database.
        pub db_file: PathBuf = "datalake.db",
        /// How long to wait for another program that is writing to the database.
        pub busy_timeout: Duration = "10s",
        /// How much of the database each connection keeps in memory.
        pub cache: ByteSize = "16 MiB",
        /// The database never grows beyond this; a run that would need more fails and loses nothing.
        #[example("20 GiB")]
        pub max_size: Option<ByteSize>,
        /// "full" keeps every committed row even when the power fails. "normal" may lose the last
        /// rows then; they are read again from their source at the next run.
        pub synchronous: Synchronous = "full",
    }
}

config_enum! {
    /// How hard SQLite makes sure that a commit is on the disk.
    pub enum Synchronous {
        /// At every commit.
        Full = "full",
        /// At checkpoints of the write-ahead log.
        Normal = "normal",
    }
}

config! {
    /// What the program writes about its own work.
    pub struct Log {
        /// The folder for log files.
        pub dir: PathBuf = "logs",
        /// The least important message to write.
        pub level: LogLevel = "info",
        /// "text" for people, "json" for programs.
        pub format: LogFormat = "text",
    }
}

config_enum! {
    /// How important a message is.
    pub enum LogLevel {
        /// Something failed.
        Error = "error",
        /// Something is not as it should be.
        Warn = "warn",
        /// What is being done.
        Info = "info",
        /// How it is being done.
        Debug = "debug",
        /// Every step.
        Trace = "trace",
    }
}

config_enum! {
    /// How a line of the log looks.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// For programs: one JSON object per line.
        Json = "json",
    }
}

config! {
    /// Where `datalake serve` listens. Addresses other than 127.0.0.1 open it to the network.
    pub struct Server {
        /// The REST API.
        pub api: SocketAddr = "127.0.0.1:8766",
        /// The web pages.
        pub ui: SocketAddr = "127.0.0.1:5050",
    }
}

config! {
    /// What "today" means, and wall-clock times that name no zone.
    pub struct Time {
        /// A name of the IANA list. Without it the system's zone is used that was found when the
        /// database was created.
        #[example("Asia/Kolkata")]
        pub zone: Option<Zone>,
    }
}

config! {
    /// How ingestion works.
    pub struct Run {
        /// How many units are read side by side; 0 means one per processor core.
        #[range(0, 1024)]
        pub threads: u32 = 0,
        /// A reader that shows no sign of life for so long is given up, and its source is tried again later.
        pub stall: Duration = "5m",
    }
}

config! {
    /// How files are watched.
    pub struct Watch {
        /// Whether the system is asked to tell of changes. Without it, and wherever it does not tell,
        /// files are found by looking.
        pub notify: bool = true,
        /// How often files that changed within the last hour are looked at.
        pub poll: Duration = "2s",
        /// How often everything is looked at.
        pub scan: Duration = "1m",
    }
}

config! {
    /// The keys that every source has.
    pub struct SourceSettings {
        /// The plugin that reads it. Can be left out where NAME is the name of a plugin.
        #[example("memory-jsonl")]
        pub r#type: Option<String>,
        /// Whether it takes part in `datalake run` and `datalake serve` without being named.
        pub enabled: bool = true,
        /// When `datalake serve` reads it: "watch" (as soon as something changes), "once" (one
        /// time, at the first start), "manual" (only when asked), "every 15m" (from the start of
        /// a run to that of the next), or five cron fields such as "0 3 * * *", in the zone of
        /// [time]; "@hourly", "@daily", "@weekly", "@monthly" and "@yearly" are understood. A list
        /// combines them: ["watch", "0 3 * * *"].
        /// A time that was missed is made up for by one run; one that comes during a run is
        /// skipped. A cron time that a clock change skips is due at the change, one that comes
        /// twice only the first time. A run may begin later than due, by a tenth of its period or
        /// by six seconds for cron, so that not all sources begin at once. A source that failed
        /// is tried again after 1, 2, 4 and so on up to 60 minutes.
        /// `datalake check` shows the next three runs.
        pub schedule: Schedules = "watch",
        /// Tags for everything it brings.
        pub tags: Vec<String> = [],
        /// The device its records belong to, where the format names none.
        #[example("phone")]
        pub device: Option<String>,
        /// How long a file must have been left alone before it is read as a whole.
        pub settle: Duration = "5s",
    }
}

/// A section that is not a plugin's.
#[derive(Debug, Clone, Copy)]
pub struct CoreSection {
    /// Its name; empty for the keys above the first table.
    pub name: &'static str,
    raw_doc: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
}

impl CoreSection {
    /// What it is for.
    pub fn doc(&self) -> String {
        doc_text(self.raw_doc)
    }

    /// The full key of a field, such as `server.api`.
    pub fn key(&self, field: &Field) -> String {
        if self.name.is_empty() {
            field.name.to_owned()
        } else {
            format!("{}.{}", self.name, field.name)
        }
    }
}

/// The lines of a doc comment without the space that follows the slashes.
pub(super) fn doc_text(raw: &str) -> String {
    let lines = raw
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every section that is not a plugin's, in the order of the sample.
pub static CORE_SECTIONS: &[CoreSection] = &[
    CoreSection {
        name: "",
        raw_doc: General::RAW_DOC,
        fields: General::FIELDS,
    },
    CoreSection {
        name: "store",
        raw_doc: Store::RAW_DOC,
        fields: Store::FIELDS,
    },
    CoreSection {
        name: "log",
        raw_doc: Log::RAW_DOC,
        fields: Log::FIELDS,
    },
    CoreSection {
        name: "server",
        raw_doc: Server::RAW_DOC,
        fields: Server::FIELDS,
    },
    CoreSection {
        name: "time",
        raw_doc: Time::RAW_DOC,
        fields: Time::FIELDS,
    },
    CoreSection {
        name: "run",
        raw_doc: Run::RAW_DOC,
        fields: Run::FIELDS,
    },
    CoreSection {
        name: "watch",
        raw_doc: Watch::RAW_DOC,
        fields: Watch::FIELDS,
    },
];

/// The names of the tables of the file, `source` with them.
pub(super) fn table_names() -> impl Iterator<Item = &'static str> + Clone {
    let named = CORE_SECTIONS
        .iter()
        .map(|section| section.name)
        .filter(|name| !name.is_empty());
    named.chain(["source"])
}
