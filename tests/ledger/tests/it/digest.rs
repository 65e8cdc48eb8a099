//! What a store holds, without anything that depends on how it came there: ids, origins, batches, instants
//! of ingestion and the names that files got.

use std::collections::BTreeMap;
use std::fmt::Write;

use datalake_core::{Dataset, Merge, Shape};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use crate::support::Home;

impl Home {
    /// The whole content as text.
    pub(crate) fn digest(&self) -> String {
        let db = self.outside();
        let mut text = String::new();
        for dataset in &self.datasets {
            match dataset.shape {
                Shape::Rows => rows(self, &db, dataset, &mut text),
                Shape::Series => series(&db, dataset, &mut text),
            }
        }
        attached(self, &db, &mut text);
        list(
            &db,
            "SELECT name, complete FROM scopes ORDER BY name",
            "scope",
            &mut text,
        );
        list(
            &db,
            "SELECT DISTINCT code, hex(hash) FROM rejects ORDER BY 1, 2",
            "reject",
            &mut text,
        );
        list(
            &db,
            "SELECT hex(hash), size, path IS NULL FROM files ORDER BY hash",
            "file",
            &mut text,
        );
        list(&db, "SELECT * FROM dirty", "dirty", &mut text);
        text
    }

    /// Checks everything that must hold of any store at any time, through a connection of its own.
    pub(crate) fn check(&self) {
        let db = self.outside();
        let fine: String = db
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(fine, "ok");
        let broken = lines(&db, "SELECT * FROM pragma_foreign_key_check");
        assert!(broken.is_empty(), "foreign keys: {broken:?}");
        for dataset in self
            .datasets
            .iter()
            .filter(|dataset| !dataset.text.is_empty())
        {
            search_is_right(&db, dataset);
        }
        files_are_there(self, &db);
        let columns = "SELECT count(*) FROM {table} WHERE dataset = '{name}' AND row_id NOT IN (SELECT id FROM {rows})";
        for dataset in self
            .datasets
            .iter()
            .filter(|dataset| dataset.shape == Shape::Rows)
        {
            for table in ["aliases", "links", "tags", "revisions", "shares"] {
                let sql = columns
                    .replace("{table}", table)
                    .replace("{name}", dataset.name);
                let left: i64 = db
                    .query_row(&sql.replace("{rows}", dataset.table), [], |row| row.get(0))
                    .unwrap();
                assert_eq!(left, 0, "{table} of rows of {} that are gone", dataset.name);
            }
        }
    }
}

/// The index agrees with the table, and finds what a scan finds.
pub(crate) fn search_is_right(db: &Connection, dataset: &Dataset) {
    let table = dataset.table;
    let check = format!("INSERT INTO {table}_fts({table}_fts, rank) VALUES ('integrity-check', 1)");
    db.execute(&check, [])
        .unwrap_or_else(|error| panic!("the index of {table}: {error}"));
    let scan = dataset
        .text
        .iter()
        .map(|column| format!("' ' || coalesce({column}, '') || ' '"));
    let scan = scan.collect::<Vec<_>>().join(" || ");
    for word in ["red", "green", "blue", "alpha", "beta", "gamma", "x", "y"] {
        let hits = lines(
            db,
            &format!(
                "SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH '{word}' ORDER BY rowid"
            ),
        );
        let scanned = lines(
            db,
            &format!(
                "SELECT id FROM {table} WHERE replace({scan}, ',', ' ') LIKE '% {word} %' ORDER BY id"
            ),
        );
        assert_eq!(hits, scanned, "{word} in {table}");
    }
}

/// No row of `files` without its file, and no file without its row.
fn files_are_there(home: &Home, db: &Connection) {
    let mut rows = Vec::new();
    for (path, hash) in pairs(
        db,
        "SELECT path, lower(hex(hash)) FROM files WHERE path IS NOT NULL",
    ) {
        let bytes = std::fs::read(home.data().join(&path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(blake3::hash(&bytes).to_hex().as_str(), hash, "{path}");
        rows.push(path);
    }
    rows.sort();
    if home.data().exists() {
        assert_eq!(
            crate::support::files_below(&home.data()),
            rows,
            "files against their rows"
        );
    }
}

fn rows(home: &Home, db: &Connection, dataset: &Dataset, text: &mut String) {
    let mut names: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
    names.extend(["version", "version_hash", "first_order", "scope", "seen"]);
    names.extend(dataset.file);
    names.extend(dataset.tags.then_some("tags"));
    let sql = format!(
        "SELECT {} FROM {} ORDER BY {}",
        names.join(", "),
        dataset.table,
        dataset.key.join(", ")
    );
    let mut statement = db.prepare(&sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        write!(text, "{}:", dataset.name).unwrap();
        for (place, name) in names.iter().enumerate() {
            let value: Value = row.get(place).unwrap();
            let value = told(home, db, dataset, name, &value);
            write!(text, " {name}={value}").unwrap();
        }
        text.push('\n');
    }
}

/// A value, in words that mean the same in every store.
fn told(home: &Home, db: &Connection, dataset: &Dataset, name: &str, value: &Value) -> String {
    let link = dataset
        .columns
        .iter()
        .any(|column| column.name == name && column.merge == Merge::Link);
    match value {
        Value::Integer(id) if link => {
            let sql = "SELECT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"from\" = ?2";
            let table: String = db
                .query_row(sql, [dataset.table, name], |row| row.get(0))
                .unwrap();
            let target = home
                .datasets
                .iter()
                .find(|dataset| dataset.table == table)
                .unwrap();
            key_of(db, target, *id)
        }
        Value::Integer(id) if name == "scope" => {
            let sql = "SELECT name FROM scopes WHERE id = ?1";
            db.query_row(sql, [id], |row| row.get(0)).unwrap()
        }
        Value::Text(path) if dataset.file == Some(name) => {
            let sql = "SELECT lower(hex(hash)) FROM files WHERE path = ?1
                       UNION SELECT lower(hex(hash)) FROM files JOIN places ON file = id WHERE places.path = ?1";
            db.query_row(sql, [path], |row| row.get(0)).unwrap()
        }
        other => format!("{other:?}"),
    }
}

fn key_of(db: &Connection, dataset: &Dataset, id: i64) -> String {
    let key: Vec<String> = dataset
        .key
        .iter()
        .map(|column| format!("quote({column})"))
        .collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE id = ?1",
        key.join(" || '/' || "),
        dataset.table
    );
    let key: Option<String> = db
        .query_row(&sql, [id], |row| row.get(0))
        .optional()
        .unwrap();
    key.unwrap_or_else(|| format!("no {} {id}", dataset.name))
}

fn series(db: &Connection, dataset: &Dataset, text: &mut String) {
    let names: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
    let sql = format!(
        "SELECT {0} FROM {1} ORDER BY {0}",
        names.join(", "),
        dataset.name
    );
    list(db, &sql, dataset.name, text);
}

/// What hangs on rows.
fn attached(home: &Home, db: &Connection, text: &mut String) {
    let tables: BTreeMap<&str, &str> = BTreeMap::from([
        ("aliases", "kind, value, row_key"),
        ("links", "column_name, rank, target, kind, value"),
        ("revisions", "column_name, version, text"),
        ("tags", "tag, set_by, removed"),
    ]);
    for (table, columns) in tables {
        let mut told = Vec::new();
        for dataset in home
            .datasets
            .iter()
            .filter(|dataset| dataset.shape == Shape::Rows)
        {
            let sql = format!(
                "SELECT row_id, {columns} FROM {table} WHERE dataset = '{}'",
                dataset.name
            );
            let mut statement = db.prepare(&sql).unwrap();
            let width = statement.column_count();
            let found = statement.query_map([], |row| {
                let key = key_of(db, dataset, row.get(0)?);
                let values: rusqlite::Result<Vec<Value>> =
                    (1..width).map(|at| row.get(at)).collect();
                Ok(format!("{table}: {} {key} {:?}\n", dataset.name, values?))
            });
            told.extend(found.unwrap().map(Result::unwrap));
        }
        told.sort();
        text.extend(told);
    }
}

fn list(db: &Connection, sql: &str, what: &str, text: &mut String) {
    for line in lines(db, sql) {
        writeln!(text, "{what}: {line}").unwrap();
    }
}

pub(crate) fn lines(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values: rusqlite::Result<Vec<Value>> = (0..width).map(|at| row.get(at)).collect();
        Ok(format!("{:?}", values?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn pairs(db: &Connection, sql: &str) -> Vec<(String, String)> {
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}
