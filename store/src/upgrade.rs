//! Brings an older database up to date: after a backup, in one transaction, to the very schema that a new one
//! gets. Rows keep their ids; what somebody else has made in the database stays.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use datalake_core::{Error, Result, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use crate::catalog::Catalog;
use crate::create::{CURRENT_VERSION, FINGERPRINT, beside, private_file, sync_folder};
use crate::error::explain;
use crate::lock::exclusive;
use crate::schema::{Difference, Object, ObjectKind, Schema, difference, present_objects};

/// Brings a database up to date with the schema: a backup, then everything in one transaction. A database
/// that was last opened with the same fingerprint is not looked at.
pub(crate) fn upgrade(
    path: &Path,
    connection: &Connection,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Option<PathBuf>> {
    let failed = |error| explain(path, error);
    let fingerprint = catalog.fingerprint();
    if is_current(path, connection, &fingerprint)? {
        return Ok(None);
    }
    let schema = &catalog.check()?;
    let _lock = exclusive(&beside(path, "lock"))?;
    // Another process may have done it while this one waited.
    if is_current(path, connection, &fingerprint)? {
        return Ok(None);
    }
    let version = version(connection).map_err(failed)?;
    let present = present_objects(connection).map_err(failed)?;
    refuse_clashes(path, schema, &present)?;
    let found = difference(schema, &present);
    let needs_backup =
        version != CURRENT_VERSION || !found.rebuild.is_empty() || !found.remove.is_empty();
    let backup = match needs_backup {
        true => Some(back_up(path, connection, version, now)?),
        false => None,
    };
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON;")
        .map_err(failed)?;
    let done = migrate(connection, catalog, schema, &fingerprint, now);
    connection
        .execute_batch("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON;")
        .map_err(failed)?;
    if let (Err(_), Some(backup)) = (&done, &backup) {
        // Nothing has changed, and every further attempt would leave one more copy.
        let _ = fs::remove_file(backup);
    }
    done.map_err(|error| failed(error).at("bringing the database up to date"))?;
    Ok(backup)
}

fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether there is nothing to do. A newer version may so far stand in the write-ahead log alone, where a look
/// at the file's header does not find it.
pub(crate) fn is_current(path: &Path, connection: &Connection, fingerprint: &str) -> Result<bool> {
    let failed = |error| explain(path, error);
    let version = version(connection).map_err(failed)?;
    if version > CURRENT_VERSION {
        let message = format!(
            "the database has schema version {version}; this datalake knows {CURRENT_VERSION}"
        );
        return Err(Error::permanent(message)
            .at(path.display().to_string())
            .hint("use the newer datalake that wrote it"));
    }
    let seen = connection
        .query_row(
            "SELECT value FROM metadata WHERE key = ?1",
            [FINGERPRINT],
            |row| row.get::<_, String>(0),
        )
        .optional()
        .map_err(failed)?;
    Ok(version == CURRENT_VERSION && seen.as_deref() == Some(fingerprint))
}

/// A table of somebody's in the place of a view, or the other way round, is not for us to drop.
fn refuse_clashes(path: &Path, schema: &Schema, present: &[Object]) -> Result<()> {
    let is_table = |object: &Object| object.kind == ObjectKind::Table;
    let clash = schema.objects.iter().find(|wanted| {
        let same = present.iter().find(|own| own.name == wanted.name);
        same.is_some_and(|own| is_table(own) != is_table(wanted))
    });
    match clash {
        None => Ok(()),
        Some(object) => Err(Error::permanent(format!(
            "the database already has something else called {}",
            object.name
        ))
        .at(path.display().to_string())
        .hint("rename it with SQL, then run again; nothing was changed")),
    }
}

fn back_up(path: &Path, connection: &Connection, version: i32, now: Timestamp) -> Result<PathBuf> {
    let stamp: String = now
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .take(20)
        .collect();
    let backup = free_name(path, &format!("before-upgrade-of-{version}-{stamp}"));
    private_file(&backup)?;
    let copied = connection
        .execute("VACUUM INTO ?1", [backup.to_string_lossy()])
        .map_err(|error| explain(path, error));
    // SQLite leaves it to its caller to make such a copy last.
    let synced = copied.and_then(|_| {
        let synced = File::open(&backup).and_then(|file| file.sync_all());
        synced.map_err(|error| Error::io(backup.display(), error))?;
        backup.parent().map_or(Ok(()), sync_folder)
    });
    if let Err(error) = synced {
        let _ = fs::remove_file(&backup);
        return Err(error.at("backing up before the upgrade"));
    }
    Ok(backup)
}

/// A name beside the database that nothing has.
fn free_name(path: &Path, suffix: &str) -> PathBuf {
    let first = beside(path, suffix);
    let more = (2..).map(|number: u32| beside(path, &format!("{suffix}-{number}")));
    let mut names = std::iter::once(first.clone()).chain(more);
    names.find(|name| !name.exists()).unwrap_or(first)
}

fn migrate(
    connection: &Connection,
    catalog: &Catalog,
    schema: &Schema,
    fingerprint: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let present = present_objects(&transaction)?;
    let found = difference(schema, &present);
    let guests = guests(&transaction, schema, &found)?;
    // Views and triggers name tables that are about to change; they carry nothing and are made again.
    for object in &present {
        if matches!(object.kind, ObjectKind::View | ObjectKind::Trigger) && is_ours(schema, object)
        {
            drop_object(&transaction, object)?;
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
    for (name, sql) in guests {
        if let Err(error) = transaction.execute_batch(&sql) {
            tracing::warn!("{name} does not fit the new schema and is gone: {error}");
        }
    }
    mark_derived(&transaction, catalog, &found)?;
    let sql = "INSERT INTO metadata (key, value, updated_at) VALUES (?1, ?2, ?3)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    transaction.execute(sql, (FINGERPRINT, fingerprint, now.to_string()))?;
    transaction.pragma_update(None, "user_version", CURRENT_VERSION)?;
    transaction.commit()
}

/// Indexes and triggers that somebody else has put on tables that are built anew: they go with the old ones.
fn guests(
    connection: &Connection,
    schema: &Schema,
    found: &Difference,
) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema
         WHERE tbl_name = ?1 AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY rowid",
    )?;
    let mut guests = Vec::new();
    for table in &found.rebuild {
        let rows = statement.query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        guests.extend(rows.collect::<rusqlite::Result<Vec<(String, String)>>>()?);
    }
    guests.retain(|(name, _)| !schema.objects.iter().any(|object| object.name == *name));
    Ok(guests)
}

/// Derived columns that are new, or computed otherwise than before, are computed for all rows.
fn mark_derived(
    connection: &Connection,
    catalog: &Catalog,
    found: &Difference,
) -> rusqlite::Result<()> {
    let changed = |name: &str| {
        let mut objects = found.rebuild.iter().chain(&found.create);
        objects.any(|object| object.name == name)
    };
    for dataset in catalog.datasets() {
        let table = dataset.table;
        if let Some(derive) = dataset.derive
            && (changed(derive.view) || changed(table))
        {
            let sql = format!(
                "INSERT INTO dirty (dataset, row_id) SELECT ?1, id FROM {table} WHERE true
                 ON CONFLICT DO NOTHING"
            );
            connection.execute(&sql, [dataset.name])?;
        }
    }
    Ok(())
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
