//! Takes rows out a whole dataset at a time, with everything that hangs on them.

use datalake_core::{Dataset, Error, Kind};
use rusqlite::{Connection, params};

use super::super::{Failure, links};
use super::doomed::Doomed;
use crate::catalog::{Catalog, Plan};

/// A column of some table that refers to rows of a dataset.
struct Reference {
    table: String,
    column: String,
    parent: String,
    key: String,
    on_delete: String,
}

/// Takes out the rows of all datasets of rows.
pub(super) fn rows(doomed: &Doomed<'_>) -> Result<(), Failure> {
    let db = doomed.db;
    doomed.hand_over()?;
    db.execute_batch(
        "CREATE TEMP TABLE relink (dataset TEXT, row_id INTEGER, column_name TEXT,
         PRIMARY KEY (dataset, row_id, column_name)) WITHOUT ROWID",
    )?;
    let references = references(db)?;
    let some: Vec<(usize, &Plan)> = doomed
        .rows()
        .filter_map(|(number, plan)| match doomed.count(number) {
            Ok(0) => None,
            Ok(_) => Some(Ok((number, plan))),
            Err(error) => Some(Err(error)),
        })
        .collect::<rusqlite::Result<_>>()?;
    for &(number, plan) in &some {
        mark_owners(db, number, plan)?;
        note_waiting(doomed, number, plan)?;
        for reference in references.iter().filter(|r| r.parent == plan.dataset.table) {
            let_go(db, doomed.catalog, number, reference)?;
        }
    }
    for &(number, plan) in &some {
        take_out(db, number, plan, doomed.count(number)?)?;
    }
    for &(number, plan) in &some {
        let sql = "DELETE FROM relink
                   WHERE dataset = ?1 AND row_id IN (SELECT id FROM doomed WHERE dataset = ?2)";
        db.execute(sql, params![plan.dataset.name, number as i64])?;
    }
    relink(db, doomed.catalog)?;
    db.execute_batch("DROP TABLE temp.relink")?;
    Ok(())
}

/// The derived values of those rows' owners follow from fewer rows now.
fn mark_owners(db: &Connection, number: usize, plan: &Plan) -> rusqlite::Result<()> {
    for owner in plan.dataset.owners {
        let sql = format!(
            "INSERT INTO dirty (dataset, row_id) SELECT ?1, {0} FROM {1}
             WHERE {0} IS NOT NULL AND id IN (SELECT id FROM doomed WHERE dataset = ?2) ON CONFLICT DO NOTHING",
            owner.column,
            owner.view.unwrap_or(plan.dataset.table)
        );
        db.execute(&sql, params![owner.dataset, number as i64])?;
    }
    Ok(())
}

/// What points to them by a name may find another of that name.
fn note_waiting(doomed: &Doomed<'_>, number: usize, plan: &Plan) -> rusqlite::Result<()> {
    for (_, waiting) in doomed.rows() {
        for &column in &waiting.links {
            let sql = format!(
                "INSERT OR IGNORE INTO relink SELECT ?1, w.id, ?2 FROM {} AS w
                 WHERE w.{} IN (SELECT id FROM doomed WHERE dataset = ?3) AND EXISTS (
                     SELECT 1 FROM links WHERE dataset = ?1 AND row_id = w.id AND column_name = ?2 AND target = ?4)",
                waiting.dataset.table,
                waiting.name(column)
            );
            let (waiting, column) = (waiting.dataset.name, waiting.name(column));
            let target = plan.dataset.name;
            doomed
                .db
                .execute(&sql, params![waiting, column, number as i64, target])?;
        }
    }
    Ok(())
}

fn references(db: &Connection) -> rusqlite::Result<Vec<Reference>> {
    let sql = "SELECT m.name, f.\"from\", f.\"table\", coalesce(f.\"to\", 'id'), f.on_delete
        FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'";
    db.prepare(sql)?
        .query_map([], |row| {
            Ok(Reference {
                table: row.get(0)?,
                column: row.get(1)?,
                parent: row.get(2)?,
                key: row.get(3)?,
                on_delete: row.get(4)?,
            })
        })?
        .collect()
}

/// Does what the schema says becomes of what refers to rows that go. Of our own datasets, those that go with
/// them are marked by now; a table of somebody's own has its own rules.
fn let_go(
    db: &Connection,
    catalog: &Catalog,
    number: usize,
    reference: &Reference,
) -> Result<(), Failure> {
    let Reference {
        table,
        column,
        parent,
        key,
        on_delete,
    } = reference;
    let which = format!(
        "\"{column}\" IN (SELECT \"{key}\" FROM {parent} WHERE id IN (SELECT id FROM doomed WHERE dataset = {number}))"
    );
    let own = catalog.plans().find(|plan| plan.dataset.table == *table);
    match (own, on_delete.as_str()) {
        (Some(_), "CASCADE") => {}
        (Some(plan), _) => {
            if plan.dataset.derive.is_some() {
                let sql = format!(
                    "INSERT INTO dirty (dataset, row_id) SELECT ?1, id FROM {table} WHERE {which} ON CONFLICT DO NOTHING"
                );
                db.execute(&sql, [plan.dataset.name])?;
            }
            db.execute_batch(&format!(
                "UPDATE \"{table}\" SET \"{column}\" = NULL WHERE {which}"
            ))?;
        }
        (None, "CASCADE") => {
            db.execute_batch(&format!("DELETE FROM \"{table}\" WHERE {which}"))?;
        }
        (None, "SET NULL") => db.execute_batch(&format!(
            "UPDATE \"{table}\" SET \"{column}\" = NULL WHERE {which}"
        ))?,
        (None, _) => {
            let any = format!("SELECT 1 FROM \"{table}\" WHERE {which} LIMIT 1");
            if db.prepare(&any)?.exists([])? {
                let message = format!("rows of the table {table} refer to rows that would go");
                return Err(Error::permanent(message)
                    .hint(format!(
                        "delete them, or set {column} to NULL, with SQL; nothing was changed"
                    ))
                    .into());
            }
        }
    }
    Ok(())
}

/// Deletes the rows of one dataset, after their texts have left the index and with what hangs on them.
fn take_out(db: &Connection, number: usize, plan: &Plan, count: u64) -> rusqlite::Result<()> {
    let Dataset {
        table, name, text, ..
    } = plan.dataset;
    let ids = format!("SELECT id FROM doomed WHERE dataset = {number}");
    let total: i64 = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
        row.get(0)
    })?;
    let left = total as u64 - count;
    // A text costs as much to take out of the index as to put in: the fewer decide.
    let rebuild = !text.is_empty() && left < count;
    if !text.is_empty() && !rebuild {
        let columns = text.join(", ");
        db.execute_batch(&format!(
            "INSERT INTO {name}_fts({name}_fts, rowid, {columns})
             SELECT 'delete', id, {columns} FROM {table} WHERE id IN ({ids})"
        ))?;
    }
    for attached in ["aliases", "links", "tags", "revisions", "shares", "dirty"] {
        let sql = format!("DELETE FROM {attached} WHERE dataset = ?1 AND row_id IN ({ids})");
        db.execute(&sql, [name])?;
    }
    // Emptying a whole table costs next to nothing.
    db.execute_batch(&match left {
        0 => format!("DELETE FROM {table}"),
        _ => format!("DELETE FROM {table} WHERE id IN ({ids})"),
    })?;
    if rebuild {
        let rebuild = format!("INSERT INTO {name}_fts({name}_fts) VALUES ('rebuild')");
        db.execute_batch(&rebuild)?;
    }
    Ok(())
}

/// Points what referred to rows that are gone to the next best of the same name.
fn relink(db: &Connection, catalog: &Catalog) -> Result<(), Failure> {
    let waiting: Vec<(String, i64, String)> = db
        .prepare("SELECT dataset, row_id, column_name FROM relink")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (dataset, id, column) in waiting {
        // Rows of a plugin that this program lacks are left to one that has it.
        if let Ok(plan) = catalog.plan(&dataset) {
            links::resolve(db, catalog, plan, id, &column)?;
        }
    }
    Ok(())
}

/// Takes out the samples of the source, and the texts that only its samples and rows had.
pub(super) fn series(doomed: &Doomed<'_>) -> Result<(), Failure> {
    let db = doomed.db;
    db.execute_batch("CREATE TEMP TABLE words (id INTEGER PRIMARY KEY)")?;
    for dataset in doomed.series() {
        let table = dataset.table;
        each_text(
            db,
            dataset,
            "WHERE origin IN (SELECT id FROM gone)",
            |column| format!("INSERT OR IGNORE INTO words SELECT {column} FROM combos"),
        )?;
        let others =
            format!("SELECT 1 FROM {table} WHERE origin NOT IN (SELECT id FROM gone) LIMIT 1");
        db.execute_batch(&match db.prepare(&others)?.exists([])? {
            true => format!("DELETE FROM {table} WHERE origin IN (SELECT id FROM gone)"),
            false => format!("DELETE FROM {table}"),
        })?;
    }
    // Which texts rows had is not known any more.
    for (number, plan) in doomed.rows() {
        if doomed.count(number)? > 0 && texts_of(plan.dataset).next().is_some() {
            db.execute_batch("INSERT OR IGNORE INTO words SELECT id FROM texts")?;
            break;
        }
    }
    // A series of a plugin that this program lacks may have any of them.
    let unknown = doomed.strangers.iter().any(|stranger| !stranger.has("id"));
    let any = db.prepare("SELECT 1 FROM words LIMIT 1")?.exists([])?;
    if any && !unknown {
        let rows = doomed.rows().map(|(_, plan)| plan.dataset);
        for dataset in doomed.series().chain(rows) {
            each_text(db, dataset, "", |column| {
                format!(
                    "DELETE FROM words WHERE id IN (SELECT {column} FROM combos WHERE {column} IS NOT NULL)"
                )
            })?;
        }
        db.execute_batch("DELETE FROM texts WHERE id IN (SELECT id FROM words)")?;
    }
    db.execute_batch("DROP TABLE temp.words")?;
    Ok(())
}

/// The columns that hold numbers of texts.
fn texts_of(dataset: &Dataset) -> impl Iterator<Item = &'static str> {
    let columns = dataset.columns.iter();
    columns
        .filter(|column| column.kind == Kind::Dictionary)
        .map(|column| column.name)
}

/// Runs a statement for each column of texts, over the combinations of texts there are: few, however many
/// samples have them.
fn each_text(
    db: &Connection,
    dataset: &Dataset,
    which: &str,
    statement: impl Fn(&str) -> String,
) -> rusqlite::Result<()> {
    let texts: Vec<&str> = texts_of(dataset).collect();
    if texts.is_empty() {
        return Ok(());
    }
    let list = texts.join(", ");
    let table = dataset.table;
    db.execute_batch(&format!(
        "CREATE TEMP TABLE combos AS SELECT DISTINCT {list} FROM {table} {which}"
    ))?;
    for column in texts {
        db.execute_batch(&statement(column))?;
    }
    db.execute_batch("DROP TABLE temp.combos")
}
