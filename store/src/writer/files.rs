//! Rows about files: one per content, and every place it was seen.

use datalake_core::{FileRef, Zone};
use rusqlite::{Connection, OptionalExtension, params};

use super::Failure;
use crate::tree::Placing;

/// Places a staged file unless its content is there, and notes where it was seen. Returns its path below the
/// data folder, or the place it stays at when it is kept by reference.
pub(crate) fn place(
    db: &Connection,
    placing: &mut Placing<'_>,
    file: &FileRef,
    zone: &Zone,
    device: &str,
    now: &str,
) -> Result<Option<String>, Failure> {
    let staged = file.staged();
    let known: Option<(i64, Option<String>)> = db
        .prepare_cached("SELECT id, path FROM files WHERE hash = ?1")?
        .query_row([&staged.hash[..]], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (id, path) = match known {
        Some((id, Some(path))) => {
            placing.spare(staged, &path)?;
            (id, Some(path))
        }
        Some((id, None)) => {
            let path = placing.place(staged, zone)?;
            db.prepare_cached("UPDATE files SET path = ?2 WHERE id = ?1")?
                .execute(params![id, path])?;
            (id, path)
        }
        None => {
            let path = placing.place(staged, zone)?;
            let sql = "INSERT INTO files (hash, size, path, added_at) VALUES (?1, ?2, ?3, ?4)";
            db.prepare_cached(sql)?.execute(params![
                &staged.hash[..],
                staged.size as i64,
                path,
                now
            ])?;
            (db.last_insert_rowid(), path)
        }
    };
    let seen = staged
        .place
        .as_ref()
        .map(|place| place.to_string_lossy().into_owned());
    if let Some(place) = &seen {
        let sql = "INSERT INTO places (file, device, path, seen_at) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT DO UPDATE SET missing = 0 WHERE missing";
        db.prepare_cached(sql)?
            .execute(params![id, device, place, now])?;
    }
    Ok(path.or(seen))
}
