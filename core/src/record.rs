//! One row for one dataset, with where it came from and what the store should know about it.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::blob::{FileRef, Preview};
use crate::dataset::Dataset;
use crate::encode::encode;
use crate::time::Timestamp;
use crate::value::Values;

/// Where in its unit a record or reject stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The first byte.
    pub start: u64,
    /// The byte behind the last; equal to `start` where only the place is known.
    pub end: u64,
    /// A JSON pointer, with the archive member in front where there is one: `conversations.json#/3`.
    pub pointer: Option<Arc<str>>,
}

impl Origin {
    /// A range of bytes of the unit.
    pub fn bytes(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            pointer: None,
        }
    }

    /// A place in a JSON document.
    pub fn pointer(pointer: impl Into<Arc<str>>) -> Self {
        Self {
            start: 0,
            end: 0,
            pointer: Some(pointer.into()),
        }
    }
}

/// What makes one state of a thing newer than another. Compared as text, part by part; the content hash
/// decides between equal versions, so that the order of arrival never does.
///
/// ```
/// use datalake_core::{Timestamp, Version};
/// let early = Version::of(Timestamp::from_seconds(1).unwrap());
/// let late = Version::of(Timestamp::from_seconds(2).unwrap());
/// assert!(early < late && early < early.clone().then(7) && Version::default() < early);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(Box<str>);

impl Version {
    /// The state at an instant.
    pub fn of(time: Timestamp) -> Self {
        Self(time.to_string().into())
    }

    /// The n-th state.
    pub fn number(number: u64) -> Self {
        Self(format!("{number:020}").into())
    }

    /// Adds a second part that decides where the first is equal.
    #[must_use]
    pub fn then(self, number: u64) -> Self {
        Self(format!("{}/{number:020}", self.0).into())
    }

    /// As stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From what was stored.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }
}

/// A set of rows that a source can see whole, such as the conversations of one account. Rows that were seen
/// before but not when the scope was last complete have vanished at their origin; they stay.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(Arc<str>);

impl Scope {
    /// A scope by its name, the same from every source and run.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name under which other records may refer to this one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Alias {
    /// What sort of name: `stem`, `sha256`, `tool-use-id`.
    pub kind: &'static str,
    /// The name.
    pub value: Box<str>,
}

/// A reference to a row of another dataset that may come later: `column` becomes its id. Several links for
/// one column are tried in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Link {
    /// The column of this record that holds the target's id.
    pub column: &'static str,
    /// The dataset referred to.
    pub dataset: &'static str,
    /// The sort of name it is called by.
    pub kind: &'static str,
    /// The name.
    pub value: Box<str>,
}

impl Link {
    /// `column` points to the row of `dataset` that has the alias (`kind`, `value`).
    pub fn new(
        column: &'static str,
        dataset: &'static str,
        kind: &'static str,
        value: impl Into<Box<str>>,
    ) -> Self {
        Self {
            column,
            dataset,
            kind,
            value: value.into(),
        }
    }
}

/// What few records have; kept apart so that a plain sample stays small.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The version, empty where the format has none.
    pub version: Version,
    /// Names others may use for it.
    pub aliases: Vec<Alias>,
    /// References to others.
    pub links: Vec<Link>,
    /// Its tags.
    pub tags: Vec<Box<str>>,
    /// Its file, already staged.
    pub file: Option<FileRef>,
    /// What shows what is in the file.
    pub previews: Vec<Preview>,
    /// The scope it belongs to, and the version at which it was seen there.
    pub scope: Option<(Scope, Version)>,
}

/// One row for one dataset.
///
/// ```
/// use datalake_core::{Column, Dataset, Origin, Record};
/// static NOTES: Dataset = Dataset::rows("notes", "Notes").columns(&[Column::text("body")]).key(&["body"]);
/// #[derive(serde::Serialize)]
/// struct Note<'a> { body: &'a str }
/// let record = Record::new(&NOTES, &Note { body: "hello" }).origin(Origin::bytes(0, 6)).tag("greeting");
/// assert_eq!(record.dataset().name, "notes");
/// ```
pub struct Record {
    pub(crate) dataset: &'static Dataset,
    pub(crate) row: Vec<u8>,
    pub(crate) origin: Option<Origin>,
    pub(crate) extras: Option<Box<Extras>>,
    /// Why it cannot be stored; it becomes a reject when pushed.
    pub(crate) refused: Option<String>,
}

impl Record {
    /// A row of `dataset` from any struct: its field names are column names. Lists, maps and structs inside
    /// become JSON text. A value that cannot be stored makes a reject of the record when it is pushed.
    pub fn new<T: Serialize + ?Sized>(dataset: &'static Dataset, value: &T) -> Self {
        let mut row = spare::take();
        let refused = encode(dataset, value, &mut row)
            .err()
            .map(|error| error.to_string());
        Self {
            dataset,
            row,
            origin: None,
            extras: None,
            refused,
        }
    }

    fn extras(mut self, change: impl FnOnce(&mut Extras)) -> Self {
        change(self.extras.get_or_insert_default());
        self
    }

    /// Where it stands in its unit. Line sources set it by themselves.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// The version that decides between this and another state of the same row.
    #[must_use]
    pub fn version(self, version: Version) -> Self {
        self.extras(|extras| extras.version = version)
    }

    /// A name under which others may refer to it.
    #[must_use]
    pub fn alias(self, kind: &'static str, value: impl Into<Box<str>>) -> Self {
        self.extras(|extras| {
            extras.aliases.push(Alias {
                kind,
                value: value.into(),
            })
        })
    }

    /// A reference to a row of another dataset.
    #[must_use]
    pub fn link(self, link: Link) -> Self {
        self.extras(|extras| extras.links.push(link))
    }

    /// A tag.
    #[must_use]
    pub fn tag(self, tag: impl Into<Box<str>>) -> Self {
        self.extras(|extras| extras.tags.push(tag.into()))
    }

    /// Its file, from [`Output::file`](crate::Output::file).
    #[must_use]
    pub fn file(self, file: FileRef) -> Self {
        self.extras(|extras| extras.file = Some(file))
    }

    /// What shows what is in its file; a record without a file cannot have it.
    #[must_use]
    pub fn preview(self, preview: Preview) -> Self {
        self.extras(|extras| extras.previews.push(preview))
    }

    /// It was seen in `scope` at `version`.
    #[must_use]
    pub fn scope(self, scope: &Scope, version: Version) -> Self {
        self.extras(|extras| extras.scope = Some((scope.clone(), version)))
    }

    /// The dataset it belongs to.
    pub fn dataset(&self) -> &'static Dataset {
        self.dataset
    }

    /// Its values by column number.
    pub fn values(&self) -> Values<'_> {
        Values::new(&self.row)
    }
}

/// One buffer a thread is used again and again: a record lives from the parser to the push right behind it,
/// and getting memory for each would cost a tenth of reading a line.
pub(crate) mod spare {
    use std::cell::Cell;

    /// A longer buffer is given back to the system.
    const LONGEST: usize = 64 << 10;

    thread_local! {
        static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }

    /// An empty buffer.
    pub(crate) fn take() -> Vec<u8> {
        let mut buffer = SPARE.take();
        buffer.clear();
        buffer
    }

    /// Keeps a buffer for the next record.
    pub(crate) fn give(buffer: Vec<u8>) {
        if buffer.capacity() <= LONGEST {
            SPARE.set(buffer);
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = f.debug_struct(self.dataset.name);
        for (column, value) in self.values() {
            row.field(
                self.dataset
                    .columns
                    .get(column)
                    .map_or("?", |column| column.name),
                &value,
            );
        }
        row.field("origin", &self.origin)
            .field("extras", &self.extras)
            .finish()
    }
}
