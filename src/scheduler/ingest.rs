//! Reads files that somebody has named one by one, and notes which rows they became.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use datalake_core::{
    Aside, Batch, Checkpoint, Chosen, Context, Dataset, Error, KnownUnit, Outcome as Written,
    Reading, Receipt, RecordRef, Result, Shape, Sink, SourceName, UnitId, Value, async_trait,
};
use datalake_store::Store;

use super::engine::{Engine, Observer};
use super::execution::{Execution, Fate};
use super::report::SourceReport;
use super::trigger::Trigger;
use crate::config::ConfiguredSource;

/// What came of reading named files.
#[derive(Debug)]
pub struct Ingest {
    /// The run that it took.
    pub report: SourceReport,
    /// What came of each unit that was tried.
    pub units: HashMap<UnitId, Brought>,
}

/// What came of a unit.
#[derive(Debug, Default)]
pub struct Brought {
    /// What was written of it, as far as that is known.
    pub written: Option<Written>,
    /// The records that it became.
    pub records: Vec<Noted>,
    /// What went wrong.
    pub error: Option<Error>,
}

/// Records of one dataset.
#[derive(Debug, Clone)]
pub struct Noted {
    /// The dataset.
    pub dataset: &'static Dataset,
    /// The key of the first; none of a sample, which has no row of its own to be found by.
    pub key: Vec<Value>,
    /// How many there are.
    pub count: u64,
}

impl Engine {
    /// Reads these files as `source` reads its own, whether they were read before or not. Waits for whoever ingests
    /// under the same name.
    pub async fn ingest(
        &self,
        source: &ConfiguredSource,
        chosen: Arc<Chosen>,
        observer: &dyn Observer,
    ) -> Ingest {
        let begun = self.timer.uptime();
        let mut ingest = Ingest {
            report: SourceReport::new(&source.name, source.entry.name),
            units: HashMap::new(),
        };
        let done = self.ingest_locked(source, chosen, observer, &mut ingest);
        let done = done.await;
        let report = &mut ingest.report;
        if let Err(error) = done {
            report.fail(error);
        }
        report.conclude();
        report.elapsed = self.timer.uptime().saturating_sub(begun);
        observer.ended(report);
        ingest
    }

    async fn ingest_locked(
        &self,
        source: &ConfiguredSource,
        chosen: Arc<Chosen>,
        observer: &dyn Observer,
        Ingest { report, units }: &mut Ingest,
    ) -> Result<()> {
        let _lock = self.lock(source, Trigger::Ingest, observer).await?;
        let run = self.begin(source, Trigger::Ingest).await?;
        let sink = Arc::new(NotingSink::over(self.store.clone()));
        let names = chosen.files().map(|(name, _)| name);
        let wanted: HashSet<UnitId> = names.map(|name| source.source.unit_of(name)).collect();
        let known = self.store.known(&source.name).await?;
        let reading = self.reading(source, run, true, known);
        let reading = Reading {
            sink: sink.clone(),
            context: Context {
                chosen: Some(chosen),
                ..reading.context
            },
            ..reading
        };
        let mut execution = Execution::new(self, reading);
        execution.keep_fates();
        observer.started(&source.name, Trigger::Ingest, execution.progress().clone());
        // Nobody waits until a file has been left alone: it was named on purpose. Nor does anything follow from
        // all units: they have nothing to do with one another.
        let done = match execution.scan().await {
            // A source of something else than files has found all it has.
            Ok(mut found) => {
                found.retain(|unit| wanted.contains(&unit.id));
                execution.read(found).await
            }
            Err(error) => Err(error),
        };
        let whole = execution.progress().take_whole();
        *units = brought(execution.take_fates(), sink.take());
        execution.account_into(report);
        if let Err(error) = done {
            report.fail(error);
        }
        if let Err(error) = self.resolve_unmet(&source.name, run, &whole).await {
            report.fail(error);
        }
        report.conclude();
        self.end(run, report).await
    }
}

fn brought(
    fates: HashMap<UnitId, Fate>,
    mut noted: HashMap<UnitId, Vec<Noted>>,
) -> HashMap<UnitId, Brought> {
    let fates = fates.into_iter();
    fates
        .map(|(unit, Fate { written, error })| {
            let records = noted.remove(&unit).unwrap_or_default();
            let brought = Brought {
                written,
                records,
                error,
            };
            (unit, brought)
        })
        .collect()
}

/// Stands in front of the store and notes which records pass.
struct NotingSink {
    store: Arc<Store>,
    noted: Mutex<HashMap<UnitId, Vec<Noted>>>,
}

impl NotingSink {
    fn over(store: Arc<Store>) -> Self {
        Self {
            store,
            noted: Mutex::default(),
        }
    }

    /// What was noted so far, by unit, the datasets in the order in which they came.
    fn take(&self) -> HashMap<UnitId, Vec<Noted>> {
        std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, unit: UnitId, records: Vec<Noted>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let known = noted.entry(unit).or_default();
        for one in records {
            let same = known
                .iter_mut()
                .find(|known| std::ptr::eq(known.dataset, one.dataset));
            match same {
                Some(same) => same.count += one.count,
                None => known.push(one),
            }
        }
    }
}

#[async_trait]
impl Sink for NotingSink {
    async fn write(&self, batch: Batch) -> Result<Receipt> {
        let (unit, records) = (batch.ticket.unit.clone(), records_of(&batch));
        let receipt = self.store.write(batch).await?;
        self.note(unit, records);
        Ok(receipt)
    }

    async fn checkpoint(&self, source: &SourceName, unit: &UnitId) -> Result<Option<Checkpoint>> {
        self.store.checkpoint(source, unit).await
    }

    async fn known(&self, source: &SourceName) -> Result<Vec<KnownUnit>> {
        self.store.known(source).await
    }

    fn aside(&self) -> Result<Aside> {
        self.store.aside()
    }

    fn raw(
        &self,
        source: &SourceName,
        unit: &UnitId,
        generation: u32,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        self.store.raw(source, unit, generation, take)
    }
}

/// The records of a batch by dataset.
fn records_of(batch: &Batch) -> Vec<Noted> {
    let mut records: Vec<Option<Noted>> = vec![None; batch.datasets().len()];
    for record in batch.records() {
        let noted = records[record.dataset_number].get_or_insert_with(|| Noted {
            dataset: record.dataset,
            key: key(&record),
            count: 0,
        });
        noted.count += 1;
    }
    records.into_iter().flatten().collect()
}

fn key(record: &RecordRef<'_>) -> Vec<Value> {
    let dataset = record.dataset;
    if dataset.shape == Shape::Series {
        return Vec::new();
    }
    let value = |name: &&str| {
        let column = dataset.column(name);
        let mut values = record.values();
        let found = values.find(|(number, _)| Some(*number) == column);
        found.map_or(Value::Null, |(_, value)| value.into())
    };
    dataset.key.iter().map(value).collect()
}
