//! What is left of a source when its rows are gone: files, places, rejects, raw input, checkpoints, the log, scopes.

use rusqlite::params;

use super::super::Failure;
use super::OtherSource;
use super::doomed::Doomed;

/// The fact that keeps numbers of batches from being given twice.
pub(crate) const LAST_FORGOTTEN: &str = "last_forgotten_batch";

/// Clears it all away, and has the other sources read again.
pub(super) fn clear(doomed: &Doomed<'_>, others: &[OtherSource]) -> Result<(), Failure> {
    let (db, source) = (doomed.db, doomed.source);
    // Whoever follows the log goes by its numbers.
    db.execute(
        "INSERT INTO metadata (key, value)
         SELECT ?1, max(id) FROM batches WHERE origin IN (SELECT id FROM gone) HAVING max(id) IS NOT NULL
         ON CONFLICT (key) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
        [LAST_FORGOTTEN],
    )?;
    db.execute_batch(
        "DELETE FROM places WHERE origin IN (SELECT id FROM gone) OR file IN (SELECT id FROM spare);
         DELETE FROM previews WHERE file IN (SELECT id FROM spare);
         DELETE FROM files WHERE id IN (SELECT id FROM spare);
         UPDATE files SET origin = NULL WHERE origin IN (SELECT id FROM gone);
         DELETE FROM rejects WHERE origin IN (SELECT id FROM gone);
         DELETE FROM raw_contents WHERE origin IN (SELECT id FROM gone);
         DELETE FROM raw_parts WHERE origin IN (SELECT id FROM gone);
         DELETE FROM raw_blocks WHERE id NOT IN (SELECT block FROM raw_parts);
         DELETE FROM batches WHERE origin IN (SELECT id FROM gone);",
    )?;
    scopes(doomed)?;
    for table in [
        "checkpoints",
        "runs",
        "origins",
        "shares",
        "source_datasets",
    ] {
        db.execute(&format!("DELETE FROM {table} WHERE source = ?1"), [source])?;
    }
    let again = "UPDATE checkpoints SET version = NULL, cursor = NULL WHERE source = ?1";
    for other in others {
        db.prepare_cached(again)?.execute(params![other.source])?;
    }
    Ok(())
}

/// What the source alone saw whole is not known to be whole any more. Scopes that nobody sees and no row is in go.
fn scopes(doomed: &Doomed<'_>) -> rusqlite::Result<()> {
    let seen = "UPDATE scopes SET complete = coalesce(
                    (SELECT max(complete) FROM completions WHERE scope = scopes.id AND source != ?1), '')
                WHERE id IN (SELECT scope FROM completions WHERE source = ?1)";
    doomed.db.execute(seen, [doomed.source])?;
    let own = "DELETE FROM completions WHERE source = ?1";
    doomed.db.execute(own, [doomed.source])?;
    let known = doomed.rows().map(|(_, plan)| plan.dataset.table);
    let strangers = doomed.strangers.iter();
    let strangers = strangers
        .filter(|stranger| stranger.has("scope"))
        .map(|stranger| stranger.table.as_str());
    let used = known.chain(strangers);
    let used = used.chain(["completions"]);
    let used = used.map(|table| format!("SELECT scope FROM \"{table}\" WHERE scope IS NOT NULL"));
    let used = used.collect::<Vec<_>>().join(" UNION ");
    let unused = format!("DELETE FROM scopes WHERE id NOT IN ({used})");
    doomed.db.execute_batch(&unused)
}
