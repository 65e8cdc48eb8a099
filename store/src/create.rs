//! Makes a database, whole or not at all, and brings an older one up to date after a backup.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use datalake_core::{Error, Result, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use crate::catalog::Catalog;

use crate::error::explain;
use crate::header::{APPLICATION_ID, FileKind, classify};
use crate::lock::exclusive;
use crate::schema::{Difference, Object, ObjectKind, Schema, difference, present_objects};

/// The version of the schema. Each change of `schema.sql` after a release counts it up.
pub const CURRENT_VERSION: i32 = 1;

/// The fact that names the schema and datasets a database was last opened for writing with.
pub(crate) const FINGERPRINT: &str = "schema_fingerprint";

/// What [`make`] writes into `metadata`.
pub(crate) struct Birth<'a> {
    pub(crate) device: &'a str,
    pub(crate) zone: &'a str,
    pub(crate) now: Timestamp,
    /// What the schema was made for.
    pub(crate) fingerprint: &'a str,
}

/// What opening made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Created {
    /// The database is new.
    pub database: bool,
    /// The data folder is new.
    pub data: bool,
    /// The database was brought up to date; a copy from before lies here.
    pub backup: Option<PathBuf>,
}

/// Makes the database at `path` unless it is there by now. It is built under another name and appears under
/// its own when it is complete, so that a kill leaves nothing half made. Returns whether it was made here.
pub(crate) fn make(path: &Path, schema: &Schema, birth: &Birth<'_>) -> Result<bool> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder).map_err(|error| Error::io(folder.display(), error))?;
    }
    let _lock = exclusive(&beside(path, "lock"))?;
    if classify(path)? != FileKind::Missing {
        return Ok(false);
    }
    let draft = beside(path, "new");
    for name in [draft.clone(), beside(&draft, "wal"), beside(&draft, "shm")] {
        let _ = fs::remove_file(name); // left by a killed process: the lock says nobody is writing it
    }
    private_file(&draft)?;
    fill(&draft, schema, birth).map_err(|error| explain(path, error))?;
    File::open(&draft)
        .and_then(|file| file.sync_all())
        .map_err(|error| Error::io(draft.display(), error))?;
    fs::rename(&draft, path).map_err(|error| Error::io(path.display(), error))?;
    sync_folder(folder.unwrap_or(Path::new(".")));
    Ok(true)
}

fn fill(draft: &Path, schema: &Schema, birth: &Birth<'_>) -> rusqlite::Result<()> {
    let connection = Connection::open(draft)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(&schema.text)?;
    let mut insert =
        connection.prepare("INSERT INTO metadata (key, value, updated_at) VALUES (?1, ?2, ?3)")?;
    let now = birth.now.to_string();
    let facts = [
        ("schema_version", "3.0.0"),
        ("created_at", now.as_str()),
        ("device", birth.device),
        ("zone", birth.zone),
        (FINGERPRINT, birth.fingerprint),
    ];
    for (key, value) in facts {
        insert.execute((key, value, &now))?;
    }
    drop(insert);
    connection.pragma_update(None, "user_version", CURRENT_VERSION)?;
    connection.execute_batch("COMMIT; PRAGMA journal_mode = WAL;")?;
    connection.close().map_err(|(_, error)| error)
}

/// Brings a database up to date with the schema: a backup, then everything in one transaction. A database
/// that was last opened with the same fingerprint is not looked at.
pub(crate) fn upgrade(
    path: &Path,
    connection: &Connection,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Option<PathBuf>> {
    let failed = |error| explain(path, error);
    let version: i32 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed)?;
    let fingerprint = catalog.fingerprint();
    if version == CURRENT_VERSION
        && seen_fingerprint(connection).map_err(failed)? == Some(fingerprint.clone())
    {
        return Ok(None);
    }
    let schema = &catalog.check()?;
    let _lock = exclusive(&beside(path, "lock"))?;
    let found = difference(schema, &present_objects(connection).map_err(failed)?);
    let needs_backup =
        version != CURRENT_VERSION || !found.rebuild.is_empty() || !found.remove.is_empty();
    let backup = if needs_backup {
        Some(back_up(path, connection, version, now)?)
    } else {
        None
    };
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;")
        .map_err(failed)?;
    let done = migrate(connection, schema, &fingerprint, now);
    connection
        .execute_batch("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON;")
        .map_err(failed)?;
    done.map_err(failed)?;
    Ok(backup)
}

fn seen_fingerprint(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT value FROM metadata WHERE key = ?1";
    connection
        .query_row(sql, [FINGERPRINT], |row| row.get(0))
        .optional()
}

fn back_up(path: &Path, connection: &Connection, version: i32, now: Timestamp) -> Result<PathBuf> {
    let stamp: String = now
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .take(20)
        .collect();
    let backup = beside(path, &format!("before-upgrade-of-{version}-{stamp}"));
    private_file(&backup)?;
    connection
        .execute("VACUUM INTO ?1", [backup.to_string_lossy()])
        .map_err(|error| explain(path, error).at("backing up before the upgrade"))?;
    Ok(backup)
}

fn migrate(
    connection: &Connection,
    schema: &Schema,
    fingerprint: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let found = difference(schema, &present_objects(&transaction)?);
    // Views and triggers name tables that are about to change; they carry nothing and are made again.
    for object in present_objects(&transaction)? {
        if matches!(object.kind, ObjectKind::View | ObjectKind::Trigger) && is_ours(schema, &object)
        {
            drop_object(&transaction, &object)?;
        }
    }
    remove(&transaction, &found)?;
    for table in &found.rebuild {
        rebuild(&transaction, table)?;
    }
    for object in difference(schema, &present_objects(&transaction)?).create {
        transaction.execute_batch(&object.sql)?;
        if object.kind == ObjectKind::Virtual {
            transaction.execute_batch(&format!(
                "INSERT INTO {0}({0}) VALUES ('rebuild')",
                object.name
            ))?;
        }
    }
    let sql = "INSERT INTO metadata (key, value, updated_at) VALUES (?1, ?2, ?3)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    transaction.execute(sql, (FINGERPRINT, fingerprint, now.to_string()))?;
    transaction.pragma_update(None, "user_version", CURRENT_VERSION)?;
    transaction.commit()
}

fn is_ours(schema: &Schema, object: &Object) -> bool {
    schema
        .objects
        .iter()
        .any(|wanted| wanted.name == object.name)
}

fn remove(connection: &Connection, found: &Difference) -> rusqlite::Result<()> {
    let gone = |object: &&Object| !matches!(object.kind, ObjectKind::View | ObjectKind::Trigger);
    found
        .remove
        .iter()
        .filter(gone)
        .try_for_each(|object| drop_object(connection, object))
}

fn drop_object(connection: &Connection, object: &Object) -> rusqlite::Result<()> {
    let kind = match object.kind {
        ObjectKind::Table | ObjectKind::Virtual => "TABLE",
        ObjectKind::Index => "INDEX",
        ObjectKind::View => "VIEW",
        ObjectKind::Trigger => "TRIGGER",
    };
    connection.execute_batch(&format!("DROP {kind} \"{}\"", object.name))
}

/// Makes a table anew as wanted and carries over the columns that both have.
fn rebuild(connection: &Connection, wanted: &Object) -> rusqlite::Result<()> {
    let name = &wanted.name;
    connection.execute_batch(&format!(
        "ALTER TABLE \"{name}\" RENAME TO \"{name}__old\"; {}",
        wanted.sql
    ))?;
    let columns = |table: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        statement.query_map([table], |row| row.get(0))?.collect()
    };
    let old = columns(&format!("{name}__old"))?;
    let kept: Vec<String> = columns(name)?
        .into_iter()
        .filter(|column| old.contains(column))
        .map(|c| format!("\"{c}\""))
        .collect();
    let kept = kept.join(", ");
    connection.execute_batch(&format!(
        "INSERT INTO \"{name}\" ({kept}) SELECT {kept} FROM \"{name}__old\"; DROP TABLE \"{name}__old\";"
    ))
}

/// The path with `.suffix` added to the whole name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(if matches!(suffix, "wal" | "shm") {
        "-"
    } else {
        "."
    });
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes an empty file that only this user can read.
fn private_file(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|error| Error::io(path.display(), error))
}

/// Makes a new name in a folder last; not every file system can, and those that cannot do it by themselves.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
