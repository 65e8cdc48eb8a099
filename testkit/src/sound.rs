//! What must hold of any store at any time, whatever was read and whatever was killed.

use std::collections::BTreeSet;
use std::path::Path;

use datalake_core::{Dataset, Shape};
use rusqlite::Connection;

use crate::failure::{Result, ensure};

/// Checks a store: the database file, foreign keys, every full-text index against its table, what hangs on
/// rows, and each row about a file against the file.
///
/// # Errors
/// Says which rule is broken, and by what.
pub fn sound(db: &Connection, data: &Path, datasets: &[&'static Dataset]) -> Result {
    sound_database(db)?;
    let rows = datasets
        .iter()
        .filter(|dataset| dataset.shape == Shape::Rows);
    for dataset in rows {
        for table in ["aliases", "links", "tags", "revisions", "shares"] {
            let sql = format!(
                "SELECT count(*) FROM {table} WHERE dataset = '{}' AND row_id NOT IN (SELECT id FROM {})",
                dataset.name, dataset.table
            );
            let left: i64 = db.query_row(&sql, [], |row| row.get(0))?;
            let name = dataset.name;
            ensure!(
                left == 0,
                "{left} {table} belong to rows of {name} that are not there"
            );
        }
    }
    sound_raw(db)?;
    sound_files(db, data)
}

/// Checks that raw input is there as a whole: of each content the blocks from its first byte to its length, each with the
/// bytes that it says, and no block that no content has.
///
/// # Errors
/// Says what is missing or damaged.
fn sound_raw(db: &Connection) -> Result {
    let contents = "SELECT c.origin, c.length, c.torn FROM raw_contents AS c
                    UNION SELECT origin, 0, 0 FROM raw_parts WHERE origin NOT IN (SELECT origin FROM raw_contents)";
    let mut statement = db.prepare(contents)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    for row in rows {
        let (origin, length, torn): (i64, i64, bool) = row?;
        let content = raw_content(db, origin)?;
        ensure!(
            content.len() as i64 == length,
            "{} raw bytes are kept of origin {origin}, and there should be {length}",
            content.len()
        );
        let is_torn = content.last().is_some_and(|last| *last != b'\n');
        ensure!(
            torn == is_torn,
            "whether the last line of origin {origin} is torn is noted wrongly"
        );
    }
    let unused = "SELECT count(*) FROM raw_blocks WHERE id NOT IN (SELECT block FROM raw_parts)";
    let unused: i64 = db.query_row(unused, [], |row| row.get(0))?;
    ensure!(unused == 0, "{unused} raw blocks belong to no content");
    Ok(())
}

/// The raw bytes of a content.
///
/// # Errors
/// They have a gap, or a block is damaged.
pub(crate) fn raw_content(db: &Connection, origin: i64) -> Result<Vec<u8>> {
    let parts = "SELECT p.start, b.length, b.hash, b.content FROM raw_parts AS p JOIN raw_blocks AS b ON b.id = p.block
                 WHERE p.origin = ?1 ORDER BY p.start";
    let mut statement = db.prepare(parts)?;
    let mut rows = statement.query([origin])?;
    let mut content = Vec::new();
    while let Some(row) = rows.next()? {
        let (start, length): (i64, u32) = (row.get(0)?, row.get(1)?);
        let (hash, packed): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(3)?);
        ensure!(
            start == content.len() as i64,
            "the raw bytes of origin {origin} have a gap before {start}"
        );
        let bytes = datalake_core::unpack_raw(&packed, length, &hash);
        ensure!(
            bytes.is_some(),
            "the raw bytes of origin {origin} from {start} on are damaged"
        );
        content.extend(bytes.unwrap_or_default());
    }
    Ok(content)
}

/// Checks the database alone: SQLite's own check, foreign keys, and every full-text index against its table.
///
/// # Errors
/// Says what is broken.
pub fn sound_database(db: &Connection) -> Result {
    let said = lines(db, "PRAGMA integrity_check")?;
    ensure!(
        said == ["ok"],
        "SQLite's integrity_check says: {}",
        said.join("; ")
    );
    let broken = lines(
        db,
        "SELECT DISTINCT \"table\" || ' to ' || parent FROM pragma_foreign_key_check()",
    )?;
    ensure!(
        broken.is_empty(),
        "broken foreign keys: {}",
        broken.join(", ")
    );
    let indexes =
        "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'";
    let indexes = lines(db, indexes)?;
    ensure!(
        !indexes.is_empty(),
        "the database has no full-text index: it is no store"
    );
    for index in indexes {
        let check = format!("INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)");
        let agrees = db.execute_batch(&check);
        ensure!(
            agrees.is_ok(),
            "the full-text index {index} does not agree with its table"
        );
    }
    Ok(())
}

/// Checks that each row about a file has its file, with the content that it says: that holds even where a process
/// has just been killed. Returns the paths.
///
/// # Errors
/// Names the file.
pub fn files_of_rows(db: &Connection, data: &Path) -> Result<BTreeSet<String>> {
    let mut statement = db.prepare("SELECT path, hash FROM files WHERE path IS NOT NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut paths = BTreeSet::new();
    for row in rows {
        let (path, hash): (String, Vec<u8>) = row?;
        let bytes = std::fs::read(data.join(&path));
        ensure!(
            bytes.is_ok(),
            "a row about the file {path}, and no such file"
        );
        let own = datalake_core::hash(&bytes.unwrap_or_default());
        ensure!(
            own[..] == hash[..],
            "the file {path} has not the content that its row says"
        );
        paths.insert(path);
    }
    Ok(paths)
}

/// No row of `files` without its file, and no file without its row.
fn sound_files(db: &Connection, data: &Path) -> Result {
    let known = files_of_rows(db, data)?;
    let mut orphans = files_below(data)?;
    orphans.retain(|path| !known.contains(path));
    ensure!(
        orphans.is_empty(),
        "files without a row: {}",
        orphans.join(", ")
    );
    Ok(())
}

/// Checks that nobody's staged files are left: only a living process has some.
///
/// # Errors
/// Names what is left.
pub fn nothing_staged(data: &Path) -> Result {
    let mut left = files_below(&data.join(STAGING))?;
    left.retain(|name| !name.ends_with("alive"));
    ensure!(
        left.is_empty(),
        "staged files are left: {}",
        left.join(", ")
    );
    Ok(())
}

const STAGING: &str = ".staging";

/// Every file below a folder, relative to it and sorted, but for what is only staged; none where there is no
/// such folder.
///
/// # Errors
/// A folder cannot be read.
pub fn files_below(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        if !next.exists() {
            continue;
        }
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != STAGING) {
                waiting.push(path);
            } else if let (true, Ok(below)) = (path.is_file(), path.strip_prefix(folder)) {
                found.push(below.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn lines(db: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
