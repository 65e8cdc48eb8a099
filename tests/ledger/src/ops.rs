//! What a line of a ledger can say, and the records it makes.

use std::path::PathBuf;
use std::sync::Arc;

use datalake_core::{
    Blob, Content, Dataset, FileMode, FileRef, Link, Preview, Record, Result, Scope, TimeSource,
    Timestamp, Version,
};
use serde::{Deserialize, Serialize};

use crate::datasets::{ACCOUNTS, BOOKS, ENTRIES, SAMPLES};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum Op {
    /// A book.
    Book(Book),
    /// An account.
    Account(Account),
    /// An entry.
    Entry(Box<Entry>),
    /// A sample.
    Sample(Sample),
    /// All of a scope was pushed.
    Complete {
        /// The scope.
        scope: String,
        /// The version at which it was seen.
        version: u64,
    },
    /// Rows of a scope that are older than a version are to go.
    Replace {
        /// The scope.
        scope: String,
        /// The version.
        version: u64,
    },
    /// The file could not be read to its end.
    Truncated,
    /// The line is bad.
    Reject {
        /// What is wrong with it.
        why: String,
    },
    /// The file is none of ours.
    Skip {
        /// What it is.
        why: String,
    },
    /// Commits what was read.
    Commit,
    /// The parser fails.
    Fail,
    /// The parser panics.
    Panic,
}

/// What all records can carry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Common {
    /// The version; none for the empty one.
    pub version: Option<u64>,
    /// Names others may use.
    pub aliases: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The scope it was seen in, and at which version.
    pub scope: Option<(String, u64)>,
}

impl Common {
    fn dress(&self, mut record: Record) -> Record {
        if let Some(version) = self.version {
            record = record.version(Version::number(version));
        }
        for alias in &self.aliases {
            let (kind, name) = kind(alias);
            record = record.alias(kind, name);
        }
        for tag in &self.tags {
            record = record.tag(tag.as_str());
        }
        match &self.scope {
            Some((scope, seen)) => {
                record.scope(&Scope::new(scope.as_str()), Version::number(*seen))
            }
            None => record,
        }
    }
}

/// A book.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Book {
    /// Its key.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// When it was opened; the least wins.
    pub opened_at: Option<Timestamp>,
    /// What all records can carry.
    #[serde(rename = "with")]
    pub common: Common,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Its key.
    pub code: String,
    /// Its title.
    pub title: Option<String>,
    /// Text merged by version.
    pub summary: Option<String>,
    /// When it was opened; the least wins.
    pub opened_at: Option<Timestamp>,
    /// Names of its book, the best first.
    pub books: Vec<String>,
    /// What all records can carry.
    #[serde(rename = "with")]
    pub common: Common,
}

/// An entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Its key; a record without one is refused.
    pub entry: Option<String>,
    /// Its label; a record without one is refused by the table.
    pub label: Option<String>,
    /// Text merged by version.
    pub body: Option<String>,
    /// What totals add up; 13 is refused by the table.
    pub amount: Option<i64>,
    /// A float.
    pub ratio: Option<f64>,
    /// A second unique column.
    pub serial: Option<i64>,
    /// Its time.
    pub made_at: Option<Timestamp>,
    /// How the time was found.
    pub time_source: Option<TimeSource>,
    /// The offset that came with the time.
    pub offset_seconds: Option<i64>,
    /// The least wins.
    pub low: Option<i64>,
    /// The greatest wins.
    pub high: Option<i64>,
    /// That of the first record wins.
    pub first_body: Option<String>,
    /// The union wins.
    pub flags: Option<Vec<String>>,
    /// Where it was made; stored by number.
    pub place: Option<String>,
    /// Names of its account, the best first.
    pub accounts: Vec<String>,
    /// Names of its peer, the best first.
    pub peers: Vec<String>,
    /// Its file.
    pub file: Option<File>,
    /// Previews of a file that it has not got.
    pub previews: Vec<Shown>,
    /// What all records can carry.
    #[serde(rename = "with")]
    pub common: Common,
}

/// A file of an entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct File {
    /// The name it is kept under.
    pub name: String,
    /// Its content, where it is given here.
    pub text: Option<String>,
    /// Where it lies, otherwise.
    pub path: Option<PathBuf>,
    /// Whether it stays there.
    pub reference: bool,
    /// When it was made.
    pub made: Timestamp,
    /// What shows what is in it.
    pub shown: Vec<Shown>,
}

/// A preview of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// Whether it is the other of the two sorts.
    pub other: bool,
    /// Which way of making it made it.
    pub version: u32,
    /// Itself.
    pub text: String,
}

impl Shown {
    fn preview(&self) -> Preview {
        Preview {
            kind: if self.other { "other" } else { "first" },
            media_type: "text/plain",
            version: self.version,
            bytes: self.text.as_bytes().into(),
        }
    }
}

/// A sample of the series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// When.
    pub time: Timestamp,
    /// On which device; the source's otherwise.
    pub device: Option<String>,
    /// Of what.
    pub name: Option<String>,
    /// A decimal.
    pub value: Option<f64>,
    /// A count; negative ones are refused by the table.
    pub count: Option<i64>,
    /// Anything.
    pub extra: Option<String>,
}

impl File {
    /// What is to be staged.
    pub fn blob(&self) -> Blob {
        let content = match (&self.path, &self.text) {
            (Some(path), _) => Content::Path(path.clone()),
            (None, text) => Content::Bytes(Arc::from(text.as_deref().unwrap_or("").as_bytes())),
        };
        Blob {
            content,
            folder: "ledger",
            name: self.name.clone(),
            made: self.made,
            mode: if self.reference {
                FileMode::Reference
            } else {
                FileMode::Copy
            },
        }
    }
}

#[derive(Serialize)]
struct BookRow<'a> {
    name: &'a str,
    title: Option<&'a str>,
    opened_at: Option<Timestamp>,
}

impl Book {
    /// Its record.
    pub fn record(&self) -> Record {
        let row = BookRow {
            name: &self.name,
            title: self.title.as_deref(),
            opened_at: self.opened_at,
        };
        self.common.dress(Record::new(&BOOKS, &row))
    }
}

#[derive(Serialize)]
struct AccountRow<'a> {
    code: &'a str,
    title: Option<&'a str>,
    summary: Option<&'a str>,
    opened_at: Option<Timestamp>,
}

impl Account {
    /// Its record.
    pub fn record(&self) -> Record {
        let row = AccountRow {
            code: &self.code,
            title: self.title.as_deref(),
            summary: self.summary.as_deref(),
            opened_at: self.opened_at,
        };
        let record = self.common.dress(Record::new(&ACCOUNTS, &row));
        linked(record, "book_id", &BOOKS, &self.books)
    }
}

#[derive(Serialize)]
struct EntryRow<'a> {
    entry: Option<&'a str>,
    label: Option<&'a str>,
    body: Option<&'a str>,
    amount: Option<i64>,
    ratio: Option<f64>,
    serial: Option<i64>,
    made_at: Option<Timestamp>,
    time_source: Option<TimeSource>,
    offset_seconds: Option<i64>,
    low: Option<i64>,
    high: Option<i64>,
    first_body: Option<&'a str>,
    flags: Option<&'a [String]>,
    place: Option<&'a str>,
}

impl Entry {
    /// Its record; `stage` takes its file.
    pub fn record(&self, stage: impl FnOnce(Blob) -> Result<FileRef>) -> Result<Record> {
        let row = EntryRow {
            entry: self.entry.as_deref(),
            label: self.label.as_deref(),
            body: self.body.as_deref(),
            amount: self.amount,
            ratio: self.ratio,
            serial: self.serial,
            made_at: self.made_at,
            time_source: self.time_source,
            offset_seconds: self.offset_seconds,
            low: self.low,
            high: self.high,
            first_body: self.first_body.as_deref(),
            flags: self.flags.as_deref(),
            place: self.place.as_deref(),
        };
        let mut record = self.common.dress(Record::new(&ENTRIES, &row));
        record = linked(record, "account_id", &ACCOUNTS, &self.accounts);
        record = linked(record, "peer_id", &ENTRIES, &self.peers);
        let previews = self.previews.iter().map(Shown::preview);
        record = previews.fold(record, Record::preview);
        Ok(match &self.file {
            Some(file) => {
                let shown = file.shown.iter().map(Shown::preview);
                shown.fold(record.file(stage(file.blob())?), Record::preview)
            }
            None => record,
        })
    }
}

#[derive(Serialize)]
struct SampleRow<'a> {
    time: Timestamp,
    device: &'a str,
    name: Option<&'a str>,
    value: Option<f64>,
    count: i64,
    extra: Option<&'a str>,
}

impl Sample {
    /// Its record on `device`, unless it names one.
    pub fn record(&self, device: &str) -> Record {
        let row = SampleRow {
            time: self.time,
            device: self.device.as_deref().unwrap_or(device),
            name: self.name.as_deref(),
            value: self.value,
            count: self.count.unwrap_or(0),
            extra: self.extra.as_deref(),
        };
        Record::new(&SAMPLES, &row)
    }
}

fn linked(record: Record, column: &'static str, to: &Dataset, names: &[String]) -> Record {
    names.iter().fold(record, |record, name| {
        let (kind, name) = kind(name);
        record.link(Link::new(column, to.name, kind, name))
    })
}

/// The kind of a name, and the name itself: `nick:bob` is a nickname.
fn kind(name: &str) -> (&'static str, &str) {
    match name.strip_prefix("nick:") {
        Some(name) => ("nick", name),
        None => ("name", name),
    }
}
