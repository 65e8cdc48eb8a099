//! Whether the full-text index finds what is there.

use datalake_core::Dataset;
use rusqlite::Connection;
use rusqlite::types::Value;

/// The index agrees with the table, and finds what a scan finds of the words that tests use.
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

/// The rows that a statement gives, as text.
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
