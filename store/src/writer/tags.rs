//! Tags: who set them, and the list that the row shows.

use datalake_core::Dataset;
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::reindexed;
use crate::catalog::Plan;

/// The list a row shows: sorted, each once, with commas. `None` for no tag.
pub(crate) fn joined(tags: &[Box<str>]) -> Option<String> {
    let mut tags: Vec<&str> = tags
        .iter()
        .map(|tag| tag.trim())
        .filter(|tag| !tag.is_empty())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    (!tags.is_empty()).then(|| tags.join(","))
}

/// Adds tags that a source brings. One that was there before, removed or not, stays as it is. Returns whether
/// any was new.
pub(crate) fn add(
    db: &Connection,
    dataset: &Dataset,
    id: i64,
    tags: &[Box<str>],
) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO tags (dataset, row_id, tag, set_by) VALUES (?1, ?2, ?3, 'source') ON CONFLICT DO NOTHING";
    let mut any = false;
    for tag in tags
        .iter()
        .map(|tag| tag.trim())
        .filter(|tag| !tag.is_empty())
    {
        any |= db
            .prepare_cached(sql)?
            .execute(params![dataset.name, id, tag])?
            > 0;
    }
    Ok(any)
}

/// Sets or removes a tag for the user.
pub(crate) fn set(
    db: &Connection,
    dataset: &Dataset,
    id: i64,
    tag: &str,
    removed: bool,
) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO tags (dataset, row_id, tag, set_by, removed) VALUES (?1, ?2, ?3, 'user', ?4)
               ON CONFLICT DO UPDATE SET set_by = 'user', removed = excluded.removed";
    db.prepare_cached(sql)?
        .execute(params![dataset.name, id, tag, removed])
        .map(drop)
}

/// Writes the list that the row shows, where it is another. Returns whether it was.
pub(crate) fn refresh(
    db: &Connection,
    plan: &Plan,
    id: i64,
    indexed: bool,
) -> rusqlite::Result<bool> {
    let table = plan.dataset.table;
    let list: Option<String> = db
        .prepare_cached(
            "SELECT group_concat(tag, ',') FROM
             (SELECT tag FROM tags WHERE dataset = ?1 AND row_id = ?2 AND NOT removed ORDER BY tag)",
        )?
        .query_row(params![plan.dataset.name, id], |row| row.get(0))?;
    let differs = db
        .prepare_cached(&format!(
            "SELECT 1 FROM {table} WHERE id = ?1 AND tags IS NOT ?2"
        ))?
        .query_row(params![id, list], |_| Ok(()))
        .optional()?
        .is_some();
    if differs {
        reindexed(db, plan, id, indexed, |db| {
            db.prepare_cached(&format!("UPDATE {table} SET tags = ?2 WHERE id = ?1"))?
                .execute(params![id, list])?;
            Ok(())
        })?;
    }
    Ok(differs)
}
