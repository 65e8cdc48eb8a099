//! What a rehearsal has written: its own transaction compared with a connection that sees the state before.

use datalake_core::{Dataset, Kind, Shape, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::catalog::{Catalog, Plan};
use crate::reader::Cell;
use crate::rejects::{self, StoredReject};

/// What a rehearsal has written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// The datasets with new or changed rows, by name.
    pub datasets: Vec<DatasetChanges>,
    /// Some of the rejects that it met.
    pub rejects: Vec<StoredReject>,
}

/// What became of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetChanges {
    /// Its name.
    pub dataset: String,
    /// How many rows are new.
    pub inserted: u64,
    /// How many rows were there and are different now.
    pub changed: u64,
    /// Some rows of both sorts.
    pub samples: Vec<RowChange>,
}

/// A row that is new or different.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    /// The columns of the dataset, with their values.
    pub values: Vec<(String, Cell)>,
    /// The columns that had other values before, with these values; `None` for a new row.
    pub before: Option<Vec<(String, Cell)>>,
}

/// What was written after the batch and the run of these numbers.
pub(super) fn since(
    (batch, run): (i64, i64),
    limit: usize,
    catalog: &Catalog,
    now: &Connection,
    before: &Connection,
) -> rusqlite::Result<Changes> {
    let states = States { now, before, limit };
    let mut datasets = Vec::new();
    for plan in catalog.plans() {
        let changes = match plan.dataset.shape {
            Shape::Rows => states.rows(plan, batch)?,
            Shape::Series => states.series(plan.dataset, batch)?,
        };
        if changes.inserted + changes.changed > 0 {
            datasets.push(changes);
        }
    }
    Ok(Changes {
        datasets,
        rejects: rejects::met_after(now, run, limit)?,
    })
}

/// The database as the rehearsal has it, and as it was before.
struct States<'a> {
    now: &'a Connection,
    before: &'a Connection,
    limit: usize,
}

impl States<'_> {
    fn rows(&self, plan: &Plan, batch: i64) -> rusqlite::Result<DatasetChanges> {
        let dataset = plan.dataset;
        let mut names: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
        names.extend(dataset.file);
        names.extend(dataset.tags.then_some("tags"));
        let list = names.iter().map(|name| shown(dataset, name));
        let list = list.collect::<Vec<_>>().join(", ");
        let key: Vec<String> = dataset
            .key
            .iter()
            .map(|name| format!("{} IS ?", shown(dataset, name)))
            .collect();
        let old = format!(
            "SELECT {list} FROM {} AS t WHERE {}",
            dataset.table,
            key.join(" AND ")
        );
        let mut old = self.before.prepare(&old)?;
        let new = format!(
            "SELECT {list} FROM {} AS t WHERE batch > ?1 ORDER BY id",
            dataset.table
        );
        let mut new = self.now.prepare(&new)?;
        let mut rows = new.query([batch])?;
        let mut changes = none(dataset);
        while let Some(row) = rows.next()? {
            let values = cells(row, names.len())?;
            let key = plan.key.iter().map(|&column| row.get::<_, Value>(column));
            let key = key.collect::<rusqlite::Result<Vec<_>>>()?;
            let mut found = old.query(params_from_iter(key))?;
            let before = match found.next()? {
                Some(row) => Some(differing(&names, &values, cells(row, names.len())?)),
                None => None,
            };
            changes.add(&names, values, before, self.limit);
        }
        Ok(changes)
    }

    fn series(&self, dataset: &Dataset, batch: i64) -> rusqlite::Result<DatasetChanges> {
        let mut changes = none(dataset);
        let sql = format!("SELECT count(*) FROM {}", dataset.table);
        let count = |db: &Connection| db.query_row(&sql, [], |row| row.get::<_, i64>(0));
        // Samples are never changed, and no run takes any out.
        changes.inserted = (count(self.now)? - count(self.before)?).max(0) as u64;
        if changes.inserted > 0 {
            self.samples(dataset, batch, &mut changes.samples)?;
        }
        Ok(changes)
    }

    /// Some samples that are new, from the ranges of input that the new batches come from.
    fn samples(
        &self,
        dataset: &Dataset,
        batch: i64,
        samples: &mut Vec<RowChange>,
    ) -> rusqlite::Result<()> {
        let (table, time) = (dataset.table, dataset.time);
        let names: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
        let is: Vec<String> = names.iter().map(|name| format!("{name} = ?")).collect();
        let known = format!("SELECT 1 FROM {table} WHERE {}", is.join(" AND "));
        let mut known = self.before.prepare(&known)?;
        let sql = format!(
            "SELECT s.{} FROM batches AS b JOIN {table} AS s
                 ON s.{time} BETWEEN b.first_time AND b.last_time AND s.origin = b.origin
                 AND s.origin_start BETWEEN b.range_start AND b.range_end
             WHERE b.id > ?1",
            names.join(", s.")
        );
        let mut statement = self.now.prepare(&sql)?;
        let mut rows = statement.query([batch])?;
        while samples.len() < self.limit
            && let Some(row) = rows.next()?
        {
            let key = (0..names.len()).map(|place| row.get::<_, Value>(place));
            let key = key.collect::<rusqlite::Result<Vec<_>>>()?;
            if known.exists(params_from_iter(&key))? {
                continue;
            }
            let columns = dataset.columns.iter().zip(key);
            let values = columns.map(|(column, value)| {
                let shown = self.sample(column.kind, value)?;
                Ok((String::from(column.name), shown))
            });
            samples.push(RowChange {
                values: values.collect::<rusqlite::Result<_>>()?,
                before: None,
            });
        }
        Ok(())
    }

    /// A value of a sample as it was brought: the table has numbers for texts, and empty texts for what is absent.
    fn sample(&self, kind: Kind, value: Value) -> rusqlite::Result<Cell> {
        Ok(match (kind, value) {
            (Kind::Dictionary, Value::Integer(number)) => self
                .now
                .prepare_cached("SELECT value FROM texts WHERE id = ?1")?
                .query_row([number], |row| row.get(0).map(Cell::Text))
                .optional()?
                .unwrap_or(Cell::Null),
            (Kind::Time, Value::Integer(micros)) => Timestamp::from_micros(micros)
                .map_or(Cell::Integer(micros), |time| Cell::Text(time.to_string())),
            (Kind::Milli, Value::Integer(number)) => Cell::Real(number as f64 / 1000.0),
            (_, Value::Text(text)) if text.is_empty() => Cell::Null,
            (_, value) => Cell::of((&value).into()),
        })
    }
}

impl DatasetChanges {
    /// Adds a row. `before` has what differs of one that was there.
    fn add(
        &mut self,
        names: &[&str],
        values: Vec<Cell>,
        before: Option<Vec<(String, Cell)>>,
        limit: usize,
    ) {
        let count = match &before {
            // Written, and the same again in the end.
            Some(differing) if differing.is_empty() => return,
            Some(_) => &mut self.changed,
            None => &mut self.inserted,
        };
        *count += 1;
        if *count <= limit as u64 {
            let names = names.iter().map(|name| String::from(*name));
            self.samples.push(RowChange {
                values: names.zip(values).collect(),
                before,
            });
        }
    }
}

fn none(dataset: &Dataset) -> DatasetChanges {
    DatasetChanges {
        dataset: dataset.name.to_owned(),
        inserted: 0,
        changed: 0,
        samples: Vec::new(),
    }
}

/// A column of the table `t`, with the text where it has the number of one.
fn shown(dataset: &Dataset, name: &str) -> String {
    let kind = dataset
        .column(name)
        .map(|column| dataset.columns[column].kind);
    match kind {
        Some(Kind::Dictionary) => format!("(SELECT value FROM texts WHERE id = t.{name})"),
        _ => format!("t.{name}"),
    }
}

fn cells(row: &Row<'_>, width: usize) -> rusqlite::Result<Vec<Cell>> {
    (0..width)
        .map(|place| row.get_ref(place).map(Cell::of))
        .collect()
}

fn differing(names: &[&str], now: &[Cell], before: Vec<Cell>) -> Vec<(String, Cell)> {
    let pairs = names.iter().zip(now).zip(before);
    pairs
        .filter(|((_, now), before)| *now != before)
        .map(|((name, _), before)| (String::from(*name), before))
        .collect()
}
