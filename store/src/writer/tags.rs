//! Tags: who set them, and the list that the row shows.

use std::collections::{BTreeMap, BTreeSet};

use datalake_core::Dataset;
use rusqlite::{Connection, params};

use super::tables::reindexed;
use crate::catalog::Plan;

/// The tags of a row, each with whether it was removed.
type Set = BTreeMap<String, bool>;

/// The tags that a text names: commas part them, as they do in the list that the row shows.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn list<'t>(tags: impl Iterator<Item = &'t str>) -> Option<String> {
    let tags: Vec<&str> = tags.collect::<BTreeSet<_>>().into_iter().collect();
    (!tags.is_empty()).then(|| tags.join(","))
}

/// The list a row shows: sorted, each once, with commas. `None` for no tag.
pub(crate) fn joined(tags: &[Box<str>]) -> Option<String> {
    list(tags.iter().flat_map(|tag| parts(tag)))
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
    for tag in tags.iter().flat_map(|tag| parts(tag)) {
        let added = db
            .prepare_cached(sql)?
            .execute(params![dataset.name, id, tag])?;
        any |= added > 0;
    }
    Ok(any)
}

/// Adds tags that a source brings to a row that is there. Returns whether the row now shows others.
pub(crate) fn bring(
    db: &Connection,
    plan: &Plan,
    id: i64,
    indexed: bool,
    tags: &[Box<str>],
) -> rusqlite::Result<bool> {
    let before = stored(db, plan.dataset, id)?;
    if tags
        .iter()
        .flat_map(|tag| parts(tag))
        .all(|tag| before.contains_key(tag))
    {
        return Ok(false);
    }
    adopt(db, plan, id, &before)?;
    add(db, plan.dataset, id, tags)?;
    refresh(db, plan, id, indexed)
}

/// Sets or removes tags for the user.
pub(crate) fn set(
    db: &Connection,
    plan: &Plan,
    id: i64,
    tags: &str,
    removed: bool,
) -> rusqlite::Result<()> {
    adopt(db, plan, id, &stored(db, plan.dataset, id)?)?;
    for tag in parts(tags) {
        set_one(db, plan.dataset, id, tag, removed)?;
    }
    refresh(db, plan, id, true).map(drop)
}

/// Whether a text names any tag.
pub(crate) fn is_any(text: &str) -> bool {
    parts(text).next().is_some()
}

fn set_one(
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

fn stored(db: &Connection, dataset: &Dataset, id: i64) -> rusqlite::Result<Set> {
    db.prepare_cached("SELECT tag, removed FROM tags WHERE dataset = ?1 AND row_id = ?2")?
        .query_map(params![dataset.name, id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect()
}

fn shown(db: &Connection, plan: &Plan, id: i64) -> rusqlite::Result<Option<String>> {
    let sql = format!(
        "SELECT CAST(tags AS TEXT) FROM {} WHERE id = ?1",
        plan.dataset.table
    );
    db.prepare_cached(&sql)?
        .query_row([id], |row| row.get::<_, Option<String>>(0))
}

fn present(tags: &Set) -> Option<String> {
    list(
        tags.iter()
            .filter(|(_, removed)| !**removed)
            .map(|(tag, _)| tag.as_str()),
    )
}

/// Whoever writes the row's list with SQL of their own means what they write: what it has more is the user's,
/// what it has less the user removed.
fn adopt(db: &Connection, plan: &Plan, id: i64, known: &Set) -> rusqlite::Result<()> {
    let shown = shown(db, plan, id)?;
    if shown == present(known) {
        return Ok(());
    }
    let shown: BTreeSet<&str> = shown.as_deref().into_iter().flat_map(parts).collect();
    for tag in &shown {
        if known.get(*tag) != Some(&false) {
            set_one(db, plan.dataset, id, tag, false)?;
        }
    }
    for (tag, removed) in known {
        if !removed && !shown.contains(tag.as_str()) {
            set_one(db, plan.dataset, id, tag, true)?;
        }
    }
    Ok(())
}

/// Writes the list that the row shows, where it is another. Returns whether it was.
fn refresh(db: &Connection, plan: &Plan, id: i64, indexed: bool) -> rusqlite::Result<bool> {
    let list = present(&stored(db, plan.dataset, id)?);
    if list == shown(db, plan, id)? {
        return Ok(false);
    }
    let sql = format!("UPDATE {} SET tags = ?2 WHERE id = ?1", plan.dataset.table);
    reindexed(db, plan, id, indexed, |db| {
        db.prepare_cached(&sql)?.execute(params![id, list])
    })?;
    Ok(true)
}
