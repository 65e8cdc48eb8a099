//! What a store holds, as text that means the same in every store: without ids, batches, instants of
//! ingestion and the names that files got. Two stores hold the same when their digests are equal.

use std::collections::BTreeSet;
use std::fmt::Write;

use datalake_core::{Column, Dataset, Kind, Merge, Shape, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::failure::Result;

/// How much a digest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Where rows and rejects came from: unit, generation, bytes. For checks that keep the names of units.
    pub origins: bool,
    /// The hashes by which versions are told apart; nothing that a person reads.
    pub hashes: bool,
}

impl Detail {
    /// What must not depend on the way it came.
    pub const CONTENT: Self = Self {
        origins: false,
        hashes: true,
    };
    /// The same, and where each row and reject came from.
    pub const ORIGINS: Self = Self {
        origins: true,
        hashes: true,
    };
    /// What a person reads.
    pub const READABLE: Self = Self {
        origins: true,
        hashes: false,
    };
}

/// Everything a store holds of these datasets: rows, what hangs on them, scopes, rejects and files, a line each.
///
/// # Errors
/// The database has not the tables of a store, or cannot be read.
pub fn digest(db: &Connection, datasets: &[&'static Dataset], detail: Detail) -> Result<String> {
    let reader = Reader {
        db,
        datasets,
        detail,
    };
    let mut lines = Vec::new();
    for dataset in datasets {
        let mut rows = match dataset.shape {
            Shape::Rows => reader.rows(dataset)?,
            Shape::Series => reader.series(dataset)?,
        };
        rows.sort_unstable();
        lines.append(&mut rows);
    }
    reader.attached(&mut lines)?;
    let scopes = "SELECT name, complete FROM scopes";
    reader.list("scope", &["name", "complete"], scopes, &mut lines)?;
    reader.rejects(&mut lines)?;
    let files = "SELECT hash, size, path IS NULL FROM files";
    reader.list(
        "file",
        &["blake3", "size", "by_reference"],
        files,
        &mut lines,
    )?;
    let previews = "SELECT f.hash, p.kind, p.media_type, p.version, p.content FROM previews AS p JOIN files AS f ON f.id = p.file";
    let columns = ["file", "kind", "media_type", "version", "content"];
    reader.list("preview", &columns, previews, &mut lines)?;
    reader.raw(&mut lines)?;
    reader.list(
        "dirty",
        &["dataset", "row"],
        "SELECT * FROM dirty",
        &mut lines,
    )?;
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

/// The keys of all rows: what must be there whatever else came and merged with it. Rows that say where something stands
/// are left out: in another file, or behind other bytes, they are others.
///
/// # Errors
/// The database has not the tables of a store, or cannot be read.
pub fn keys(db: &Connection, datasets: &[&'static Dataset]) -> Result<BTreeSet<String>> {
    let reader = Reader {
        db,
        datasets,
        detail: Detail {
            origins: false,
            hashes: false,
        },
    };
    let mut found = BTreeSet::new();
    for dataset in datasets.iter().filter(|dataset| !dataset.placed) {
        if dataset.shape == Shape::Series {
            found.extend(reader.series(dataset)?);
            continue;
        }
        let key: Vec<String> = dataset
            .key
            .iter()
            .map(|name| shown(dataset, name))
            .collect();
        let sql = format!("SELECT {} FROM {} AS t", key.join(", "), dataset.table);
        let mut lines = Vec::new();
        reader.list(dataset.name, dataset.key, &sql, &mut lines)?;
        found.extend(lines);
    }
    Ok(found)
}

/// How many rows there are of these datasets.
///
/// # Errors
/// The database has not the tables of a store, or cannot be read.
pub fn count(db: &Connection, datasets: &[&'static Dataset]) -> Result<u64> {
    let mut total = 0;
    for dataset in datasets {
        let sql = format!("SELECT count(*) FROM {}", dataset.table);
        total += db.query_row(&sql, [], |row| row.get::<_, i64>(0))? as u64;
    }
    Ok(total)
}

struct Reader<'a> {
    db: &'a Connection,
    datasets: &'a [&'static Dataset],
    detail: Detail,
}

impl Reader<'_> {
    fn rows(&self, dataset: &Dataset) -> Result<Vec<String>> {
        let mut names: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
        names.extend(["version", "scope", "seen"]);
        names.extend(dataset.file);
        names.extend(dataset.tags.then_some("tags"));
        if self.detail.hashes {
            names.extend(["version_hash", "first_order"]);
        }
        if self.detail.origins {
            names.extend(["origin", "origin_start", "origin_end", "origin_pointer"]);
        }
        let columns: Vec<String> = names.iter().map(|name| shown(dataset, name)).collect();
        let sql = format!("SELECT {} FROM {} AS t", columns.join(", "), dataset.table);
        let mut statement = self.db.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let mut line = format!("row {}", dataset.name);
            for (place, name) in names.iter().enumerate() {
                let value = self.told(dataset, name, row.get(place)?)?;
                add(&mut line, name, value);
            }
            lines.push(line);
        }
        Ok(lines)
    }

    /// A value, in words that mean the same in every store.
    fn told(&self, dataset: &Dataset, name: &str, value: Value) -> Result<Option<String>> {
        let may_point = |column: &Column| {
            column.name == name && matches!(column.merge, Merge::Link | Merge::Derived)
        };
        let ask = |sql: &str, id: i64| -> Result<Option<String>> {
            Ok(self.db.query_row(sql, [id], |row| row.get(0)).optional()?)
        };
        Ok(match value {
            Value::Integer(id) if dataset.columns.iter().any(may_point) => {
                Some(self.target(dataset, name, id)?)
            }
            Value::Integer(id) if name == "scope" => {
                ask("SELECT name FROM scopes WHERE id = ?1", id)?.map(|name| format!("{name:?}"))
            }
            Value::Integer(id) if name == "origin" => {
                ask(ORIGIN, id)?.map(|unit| format!("{unit:?}"))
            }
            Value::Text(path) if dataset.file == Some(name) => {
                let sql = "SELECT lower(hex(hash)) FROM files WHERE path = ?1
                           UNION SELECT lower(hex(hash)) FROM files JOIN places ON file = id WHERE places.path = ?1";
                self.db
                    .query_row(sql, [path], |row| row.get(0))
                    .optional()?
            }
            other => written(&other),
        })
    }

    /// The key of the row that a column points to; of a number that is none of a row the number itself.
    fn target(&self, dataset: &Dataset, column: &str, id: i64) -> Result<String> {
        let sql = "SELECT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"from\" = ?2";
        let table: Option<String> = self
            .db
            .query_row(sql, [dataset.table, column], |row| row.get(0))
            .optional()?;
        let Some(table) = table else {
            return Ok(id.to_string());
        };
        let target = self.datasets.iter().find(|dataset| dataset.table == table);
        match target {
            Some(target) => self.key_of(target, id),
            None => Ok(format!("{table} {id}")),
        }
    }

    fn key_of(&self, dataset: &Dataset, id: i64) -> Result<String> {
        let key: Vec<String> = dataset
            .key
            .iter()
            .map(|name| format!("quote({})", shown(dataset, name)))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} AS t WHERE id = ?1",
            key.join(" || '/' || "),
            dataset.table
        );
        let key: Option<String> = self.db.query_row(&sql, [id], |row| row.get(0)).optional()?;
        Ok(key.unwrap_or_else(|| format!("no {} {id}", dataset.name)))
    }

    fn series(&self, dataset: &Dataset) -> Result<Vec<String>> {
        let names = dataset.columns.iter().map(|column| column.name);
        let mut columns: Vec<String> = names.map(|name| shown(dataset, name)).collect();
        if self.detail.origins {
            let origin = ORIGIN.replace("?1", "t.origin");
            columns.extend([format!("({origin})"), String::from("t.origin_start")]);
        }
        let sql = format!("SELECT {} FROM {} AS t", columns.join(", "), dataset.table);
        let mut statement = self.db.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let mut line = format!("row {}", dataset.name);
            for (place, column) in dataset.columns.iter().enumerate() {
                add(
                    &mut line,
                    column.name,
                    sample_value(column, row.get(place)?),
                );
            }
            if self.detail.origins {
                let place = dataset.columns.len();
                add(&mut line, "origin", written(&row.get(place)?));
                add(&mut line, "origin_start", written(&row.get(place + 1)?));
            }
            lines.push(line);
        }
        Ok(lines)
    }

    /// What hangs on rows.
    fn attached(&self, lines: &mut Vec<String>) -> Result {
        let tables: [(&str, &[&str]); 4] = [
            ("aliases", &["kind", "value"]),
            ("links", &["column_name", "rank", "target", "kind", "value"]),
            ("revisions", &["column_name", "version", "text"]),
            ("tags", &["tag", "set_by", "removed"]),
        ];
        for (table, columns) in tables {
            let mut told = Vec::new();
            let rows = self
                .datasets
                .iter()
                .filter(|dataset| dataset.shape == Shape::Rows);
            for dataset in rows {
                let sql = format!(
                    "SELECT row_id, {} FROM {table} WHERE dataset = '{}'",
                    columns.join(", "),
                    dataset.name
                );
                let mut statement = self.db.prepare(&sql)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let of = format!("{} {}", dataset.name, self.key_of(dataset, row.get(0)?)?);
                    told.push(format!("{table} of {of}:{}", listed(row, columns, 1)?));
                }
            }
            told.sort_unstable();
            lines.append(&mut told);
        }
        Ok(())
    }

    fn rejects(&self, lines: &mut Vec<String>) -> Result {
        if !self.detail.origins {
            let sql = "SELECT DISTINCT code, hash, length FROM rejects";
            return self.list("reject", &["code", "blake3", "length"], sql, lines);
        }
        let names = [
            "origin", "start", "end", "pointer", "code", "message", "status", "length", "blake3",
        ];
        let origin = ORIGIN.replace("?1", "r.origin");
        let sql = format!(
            "SELECT ({origin}), place_start, place_end, nullif(pointer, ''), code, message, status, length{}
             FROM rejects AS r",
            if self.detail.hashes { ", hash" } else { "" }
        );
        let width = names.len() - usize::from(!self.detail.hashes);
        self.list("reject", &names[..width], &sql, lines)
    }

    /// Raw input: whole contents, with the blocks they are kept in.
    fn raw(&self, lines: &mut Vec<String>) -> Result {
        let origin = match self.detail.origins {
            true => ORIGIN.replace("?1", "c.origin"),
            false => String::from("NULL"),
        };
        let sql = format!(
            "SELECT DISTINCT ({origin}), c.length, c.ended, c.torn, (
                 SELECT group_concat(p.start || ':' || lower(hex(b.hash)), ' ' ORDER BY p.start)
                 FROM raw_parts AS p JOIN raw_blocks AS b ON b.id = p.block WHERE p.origin = c.origin)
             FROM raw_contents AS c"
        );
        let columns = ["origin", "length", "ended", "torn", "blocks"];
        let width = columns.len() - usize::from(!self.detail.hashes);
        self.list("raw", &columns[..width], &sql, lines)
    }

    fn list(&self, what: &str, names: &[&str], sql: &str, lines: &mut Vec<String>) -> Result {
        let mut statement = self.db.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut told = Vec::new();
        while let Some(row) = rows.next()? {
            told.push(format!("{what}{}", listed(row, names, 0)?));
        }
        told.sort_unstable();
        lines.append(&mut told);
        Ok(())
    }
}

/// A unit and its generation.
const ORIGIN: &str = "SELECT unit || CASE generation WHEN 0 THEN '' ELSE '#' || generation END FROM origins WHERE id = ?1";

/// The columns of a row from `first` on, under these names.
fn listed(row: &Row<'_>, names: &[&str], first: usize) -> rusqlite::Result<String> {
    let mut text = String::new();
    for (place, name) in names.iter().enumerate() {
        add(&mut text, name, written(&row.get(first + place)?));
    }
    Ok(text)
}

fn add(line: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        // Writing to a String cannot fail.
        let _ = write!(line, " {name}={value}");
    }
}

/// A column of the table `t`, with the text where it has the number of one.
fn shown(dataset: &Dataset, name: &str) -> String {
    let kind = dataset
        .column(name)
        .map(|column| dataset.columns[column].kind);
    match kind {
        Some(Kind::Dictionary) => format!("(SELECT value FROM texts WHERE id = t.{name})"),
        _ => format!("t.{name}"),
    }
}

/// A value of a series as people know it; an absent one is an empty text there.
fn sample_value(column: &Column, value: Value) -> Option<String> {
    match (column.kind, value) {
        (_, Value::Text(text)) if text.is_empty() => None,
        (Kind::Time, Value::Integer(micros)) => {
            Timestamp::from_micros(micros).map(|time| time.to_string())
        }
        (Kind::Milli, Value::Integer(thousandths)) => {
            Some(format!("{}", thousandths as f64 / 1000.0))
        }
        (_, other) => written(&other),
    }
}

/// A value as text; nothing for NULL.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(format!("{number:?}")),
        Value::Text(text) => Some(format!("{text:?}")),
        Value::Blob(bytes) => {
            let mut text = String::from("0x");
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            Some(text)
        }
    }
}
