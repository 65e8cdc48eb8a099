//! What a command said, as one text, and the filters that take out what differs from run to run.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use datalake_core::{Clock, SystemClock, Timestamp};
use regex::Regex;

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) line: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The most memory it held at once, in KiB.
    pub(crate) peak: u64,
}

impl Ran {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub(crate) fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Everything it said.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Its output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// Fails with all of it unless it ended with `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ datalake {}", self.line)?;
        match (self.code(), self.signal()) {
            (Some(code), _) => writeln!(f, "exit {code}")?,
            (None, signal) => writeln!(f, "signal {}", signal.unwrap_or_default())?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                let end = if text.ends_with('\n') {
                    ""
                } else {
                    "[no line break]\n"
                };
                write!(f, "--- {name}\n{text}{end}")?;
            }
        }
        Ok(())
    }
}

/// Takes out paths of this machine, the time of day, durations, sizes of databases and process numbers.
pub(crate) fn filter(text: &str, root: &Path, pids: &[u32]) -> String {
    let mut text = text.replace(root.to_str().unwrap(), "[DIR]");
    for (pattern, with) in [
        // Durations, with the column they stand in: it is as wide as the longest.
        (r" +TIME  OUTCOME", "  TIME  OUTCOME"),
        (r" +(?:\d+ ms|\d+\.\d s)  ", "  [TIME]  "),
        (r#""seconds": [0-9.e-]+"#, r#""seconds": [SECONDS]"#),
        (r"(?m)^(database .*\()[0-9.]+ [KMG]?i?B\)", "$1[SIZE])"),
        (r"(?m)^database  [0-9.]+ [KMG]?i?B$", "database  [SIZE]"),
        (r#""database_bytes": \d+"#, r#""database_bytes": [SIZE]"#),
        // What a file system says of a file.
        (r#""(ctime|mtime|dev|inode)": \d+"#, r#""$1": [STAT]"#),
        (r#""settled": (true|false)"#, r#""settled": [SETTLED]"#),
        (
            &format!(r"\bdatalake {}\b", regex::escape(env!("CARGO_PKG_VERSION"))),
            "datalake [VERSION]",
        ),
    ] {
        text = Regex::new(pattern)
            .unwrap()
            .replace_all(&text, with)
            .into_owned();
    }
    for pid in pids {
        for (pattern, with) in [
            (format!(r#""pid": {pid}\b"#), r#""pid": [PID]"#),
            (format!(r"(?m)^pid( +){pid}$"), "pid${1}[PID]"),
            (format!(r"\bprocess {pid}\b"), "process [PID]"),
        ] {
            text = Regex::new(&pattern)
                .unwrap()
                .replace_all(&text, with)
                .into_owned();
        }
    }
    without_today(&text)
}

/// Takes out instants of today and of yesterday: the test may have begun before midnight.
fn without_today(text: &str) -> String {
    let now = SystemClock.now().as_seconds();
    let mut text = text.to_owned();
    for seconds in [now - 86_400, now] {
        let day = Timestamp::from_seconds(seconds).unwrap().to_string()[..10].to_owned();
        let pattern = format!(r"{day}[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?");
        text = Regex::new(&pattern)
            .unwrap()
            .replace_all(&text, "[NOW]")
            .into_owned();
    }
    text
}
