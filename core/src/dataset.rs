//! A dataset is a table of the store that plugins write and people query. `schema.sql` owns its columns,
//! types and unique keys; a [`Dataset`] owns its meaning: key, merge rules, time, title, text and file.

/// How rows are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Ordinary rows with an id, merged column by column when the same key comes again.
    Rows,
    /// Samples: the key is every column, so that equal ones are one and any difference is two.
    /// NULL is stored as an empty text, times as integer microseconds.
    Series,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit integer; `bool` counts as 0 or 1, an instant as microseconds since 1970.
    Integer,
    /// A 64-bit float.
    Real,
    /// Text. Anything that is not a scalar is written as JSON text.
    Text,
    /// Bytes.
    Blob,
    /// An instant.
    Time,
    /// Text that repeats in many rows: stored once in `texts`, by number in the row. NULL is 0 in a series.
    Dictionary,
    /// A decimal, in a series: an integer count of thousandths where that is exact, else a float.
    Milli,
}

/// How two versions of a row agree on a column. Every rule commutes: the order of arrival changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// All such columns come together from the record with the greatest (version, content hash).
    Version,
    /// All such columns come together from the record with the least (time, content hash).
    First,
    /// The time, its `time_source` and its offset come together from the record whose source ranks highest
    /// ([`TimeSource`](crate::TimeSource)), of several such the earliest.
    Time,
    /// The smaller value; NULL yields.
    Least,
    /// The greater value; NULL yields.
    Greatest,
    /// A JSON array of texts: the sorted union.
    Union,
    /// The person's own: ingestion never writes it.
    User,
    /// Set by the store when a link is resolved: the id of a row of another dataset.
    Link,
    /// Set by the store beside the link column of this name: the kind of the alias by which its target was found.
    LinkedBy(&'static str),
    /// Set by the store from the dataset's derived view.
    Derived,
}

/// One column of a dataset.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in the table and in the struct that plugins push.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How versions agree on it.
    pub merge: Merge,
}

impl Column {
    /// An integer column.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }
    /// A float column.
    pub const fn real(name: &'static str) -> Self {
        Self::new(name, Kind::Real)
    }
    /// A text column.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }
    /// A column of bytes.
    pub const fn blob(name: &'static str) -> Self {
        Self::new(name, Kind::Blob)
    }
    /// A column of instants.
    pub const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time)
    }
    /// A column of repeating text. In ordinary rows it merges with the version, and is not searched.
    pub const fn dictionary(name: &'static str) -> Self {
        Self::new(name, Kind::Dictionary)
    }
    /// A column of decimals; series only.
    pub const fn milli(name: &'static str) -> Self {
        Self::new(name, Kind::Milli)
    }
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            merge: Merge::Version,
        }
    }
    /// The same column with another merge rule.
    #[must_use]
    pub const fn merge(self, merge: Merge) -> Self {
        Self {
            name: self.name,
            kind: self.kind,
            merge,
        }
    }
}

/// A row of this dataset belongs to a row of another: when it comes, changes or moves, the owner's derived
/// columns are computed again.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The column that holds the owner's id.
    pub column: &'static str,
    /// The owner's dataset.
    pub dataset: &'static str,
    /// The view of `schema.sql` that has the column beside the `id` of the row, once for each owner, where the
    /// table itself does not: owners that are found by what rows have in common.
    pub view: Option<&'static str>,
}

impl Owner {
    /// The owner whose id is in `column`.
    pub const fn new(dataset: &'static str, column: &'static str) -> Self {
        Self {
            column,
            dataset,
            view: None,
        }
    }

    /// The owners that `view` has in its column `owner`.
    pub const fn found_by(dataset: &'static str, view: &'static str) -> Self {
        Self {
            column: "owner",
            dataset,
            view: Some(view),
        }
    }
}

/// What is computed from other rows: a view of `schema.sql` with an `id` column and the named columns.
#[derive(Debug, Clone, Copy)]
pub struct Derive {
    /// The view that computes.
    pub view: &'static str,
    /// The columns it fills, of the same names in the table.
    pub columns: &'static [&'static str],
}

/// The meaning of a table. Built with the `const` methods below:
///
/// ```
/// use datalake_core::{Column, Dataset};
/// static NOTES: Dataset = Dataset::rows("notes", "Notes of the day")
///     .columns(&[Column::text("device"), Column::time("written_at"), Column::text("body")])
///     .key(&["device", "written_at"])
///     .time("written_at")
///     .text(&["body"]);
/// assert_eq!(NOTES.column("body"), Some(2));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Dataset {
    /// The name people query: a table, or the view over a series.
    pub name: &'static str,
    /// The table that is written.
    pub table: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// How rows are stored.
    pub shape: Shape,
    /// The columns that plugins fill, and those of the user, of links and of derivations.
    pub columns: &'static [Column],
    /// The natural key; for a series it is all columns, given in the order of the table's key.
    pub key: &'static [&'static str],
    /// The column that says when.
    pub time: &'static str,
    /// The column that heads a row in lists.
    pub title: Option<&'static str>,
    /// The columns that `<name>_fts` indexes, in its order.
    pub text: &'static [&'static str],
    /// The column with the path below the data folder of the row's file.
    pub file: Option<&'static str>,
    /// The column with the device.
    pub device: Option<&'static str>,
    /// Whether the table has a `tags` column, kept by the store.
    pub tags: bool,
    /// The rows this dataset's rows belong to.
    pub owners: &'static [Owner],
    /// What is computed for this dataset's rows.
    pub derive: Option<Derive>,
    /// Whether its rows say where in which file something stands: what moves is another row then.
    pub placed: bool,
}

impl Dataset {
    /// A dataset of ordinary rows in the table `name`.
    pub const fn rows(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            table: name,
            summary,
            shape: Shape::Rows,
            columns: &[],
            key: &[],
            time: "",
            title: None,
            text: &[],
            file: None,
            device: None,
            tags: false,
            owners: &[],
            derive: None,
            placed: false,
        }
    }

    /// A series, queried through the view `name` and stored in `table`.
    pub const fn series(name: &'static str, table: &'static str, summary: &'static str) -> Self {
        let mut dataset = Self::rows(name, summary);
        dataset.table = table;
        dataset.shape = Shape::Series;
        dataset
    }

    /// Rows that are queried through the view of the dataset's name and stored in `table`.
    #[must_use]
    pub const fn stored_in(mut self, table: &'static str) -> Self {
        self.table = table;
        self
    }

    /// Its columns. Those of the key and the time are among them.
    #[must_use]
    pub const fn columns(mut self, columns: &'static [Column]) -> Self {
        assert!(columns.len() < 128, "a dataset has at most 127 columns");
        self.columns = columns;
        self
    }

    /// Its natural key: columns that no other row has together.
    #[must_use]
    pub const fn key(mut self, key: &'static [&'static str]) -> Self {
        self.key = key;
        self
    }

    /// The column that says when.
    #[must_use]
    pub const fn time(mut self, time: &'static str) -> Self {
        self.time = time;
        self
    }

    /// The column that heads a row in lists.
    #[must_use]
    pub const fn title(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// The columns that search reads, in the order of `<name>_fts`.
    #[must_use]
    pub const fn text(mut self, text: &'static [&'static str]) -> Self {
        self.text = text;
        self
    }

    /// The column with the file's path.
    #[must_use]
    pub const fn file(mut self, file: &'static str) -> Self {
        self.file = Some(file);
        self
    }

    /// The column with the device.
    #[must_use]
    pub const fn device(mut self, device: &'static str) -> Self {
        self.device = Some(device);
        self
    }

    /// Its rows carry tags.
    #[must_use]
    pub const fn tags(mut self) -> Self {
        self.tags = true;
        self
    }

    /// The rows that its rows belong to.
    #[must_use]
    pub const fn owners(mut self, owners: &'static [Owner]) -> Self {
        self.owners = owners;
        self
    }

    /// Its rows say where in which file something stands.
    #[must_use]
    pub const fn placed(mut self) -> Self {
        self.placed = true;
        self
    }

    /// What is computed for its rows.
    #[must_use]
    pub const fn derive(mut self, derive: Derive) -> Self {
        self.derive = Some(derive);
        self
    }

    /// The position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Whether its times are microseconds; then what is queried has them as text in the column `timestamp`.
    pub fn time_is_number(&self) -> bool {
        let column = self.time_column().map(|time| self.columns[time]);
        self.shape == Shape::Series || column.is_some_and(|column| column.kind == Kind::Integer)
    }

    /// The position of the time column.
    pub fn time_column(&self) -> Option<usize> {
        self.column(self.time)
    }
}
