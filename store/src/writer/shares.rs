//! Which sources have a part in what: noted while they write, so that one of them can be forgotten.

use datalake_core::{Batch, Dataset};
use rusqlite::{Connection, OptionalExtension, params};

use super::Caches;
use super::batch::Work;

/// Notes that the source of a batch brings its datasets.
pub(crate) fn note_datasets(
    db: &Connection,
    caches: &mut Caches,
    batch: &Batch,
) -> rusqlite::Result<()> {
    let source = &batch.ticket.source;
    for dataset in batch.datasets() {
        if caches.brings.insert((source.clone(), dataset.name)) {
            let sql = "INSERT INTO source_datasets (source, dataset) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            db.prepare_cached(sql)?
                .execute(params![source, dataset.name])?;
        }
    }
    Ok(())
}

/// Notes that a batch has written to a row of another source, whose state the row showed until then.
pub(crate) fn note(
    work: &Work<'_>,
    dataset: &Dataset,
    id: i64,
    origin: Option<i64>,
) -> rusqlite::Result<()> {
    let Some(origin) = origin.filter(|origin| *origin != work.origin) else {
        return Ok(());
    };
    let shown: Option<String> = work
        .db
        .prepare_cached("SELECT source FROM origins WHERE id = ?1")?
        .query_row([origin], |row| row.get(0))
        .optional()?;
    let own = &*work.batch.ticket.source;
    let Some(shown) = shown.filter(|shown| shown != own) else {
        return Ok(());
    };
    let sql =
        "INSERT INTO shares (dataset, row_id, source) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    for source in [shown.as_str(), own] {
        work.db
            .prepare_cached(sql)?
            .execute(params![dataset.name, id, source])?;
    }
    Ok(())
}
