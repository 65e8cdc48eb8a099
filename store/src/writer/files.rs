//! Rows about files: one per content, and every place it was seen.

use datalake_core::{FileRef, Preview, Zone};
use rusqlite::{Connection, OptionalExtension, params};

use super::Failure;
use crate::location::{path_of, text_of};
use crate::tree::Placing;

/// Who saw a file, and when.
pub(crate) struct Seen<'a> {
    pub(crate) device: &'a str,
    pub(crate) now: &'a str,
    /// The content that names it.
    pub(crate) origin: i64,
}

/// A file that is kept.
pub(crate) struct Kept {
    /// Its row.
    pub(crate) id: i64,
    /// Its path below the data folder, or the place it stays at when it is kept by reference.
    pub(crate) path: Option<String>,
}

/// Places a staged file unless its content is there, and notes where it was seen.
pub(crate) fn place(
    db: &Connection,
    placing: &mut Placing,
    file: &FileRef,
    zone: &Zone,
    seen: &Seen<'_>,
) -> Result<Kept, Failure> {
    let staged = file.staged();
    let known: Option<(i64, Option<String>, Option<i64>)> = db
        .prepare_cached("SELECT id, path, origin FROM files WHERE hash = ?1")?
        .query_row([&staged.hash[..]], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    if let Some((id, _, None)) = known {
        // Who brought it first was forgotten.
        db.prepare_cached("UPDATE files SET origin = ?2 WHERE id = ?1")?
            .execute(params![id, seen.origin])?;
    }
    let (id, path) = match known {
        Some((id, Some(path), _)) => {
            placing.spare(staged, &path)?;
            (id, Some(path))
        }
        Some((id, None, _)) => {
            let path = placing.place(staged, zone)?;
            db.prepare_cached("UPDATE files SET path = ?2 WHERE id = ?1")?
                .execute(params![id, path])?;
            (id, path)
        }
        None => {
            let path = placing.place(staged, zone)?;
            let sql = "INSERT INTO files (hash, size, path, added_at, origin) VALUES (?1, ?2, ?3, ?4, ?5)";
            db.prepare_cached(sql)?.execute(params![
                &staged.hash[..],
                staged.size as i64,
                path,
                seen.now,
                seen.origin
            ])?;
            (db.last_insert_rowid(), path)
        }
    };
    let there = staged.place.as_deref().map(text_of);
    if let Some(place) = &there {
        let sql =
            "INSERT INTO places (file, device, path, seen_at, origin) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT DO UPDATE SET missing = 0 WHERE missing";
        db.prepare_cached(sql)?
            .execute(params![id, seen.device, place, seen.now, seen.origin])?;
    }
    Ok(Kept {
        id,
        path: path.or(there),
    })
}

/// Looks where the files that this source brought have been seen, and notes which of these places are empty now and
/// which have a file again.
pub(crate) fn look_at_places(db: &Connection, source: &str) -> rusqlite::Result<()> {
    let places = "SELECT p.file, p.device, p.path, p.missing FROM places AS p JOIN origins AS o ON o.id = p.origin
                  WHERE o.source = ?1";
    let mut statement = db.prepare_cached(places)?;
    let mut rows = statement.query([source])?;
    let mut changed: Vec<(i64, String, String, bool)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (path, was): (String, bool) = (row.get(2)?, row.get(3)?);
        let missing = path_of(&path).symlink_metadata().is_err();
        if missing != was {
            changed.push((row.get(0)?, row.get(1)?, path, missing));
        }
    }
    let mark = "UPDATE places SET missing = ?4 WHERE file = ?1 AND device = ?2 AND path = ?3";
    for (file, device, path, missing) in changed {
        db.prepare_cached(mark)?
            .execute(params![file, device, path, missing])?;
    }
    Ok(())
}

/// Keeps what shows what is in a file. Of two of one sort the one of the greater version stays, of equal versions the
/// greater bytes: whichever comes first.
pub(crate) fn show(db: &Connection, file: i64, previews: &[Preview]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO previews (file, kind, media_type, version, content) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO UPDATE
               SET media_type = excluded.media_type, version = excluded.version, content = excluded.content
               WHERE (excluded.version, excluded.content) > (version, content)";
    for preview in previews {
        db.prepare_cached(sql)?.execute(params![
            file,
            preview.kind,
            preview.media_type,
            preview.version,
            preview.bytes
        ])?;
    }
    Ok(())
}
