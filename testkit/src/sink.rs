//! The store behind a sink that counts what comes through, and does what a test wants after so many batches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datalake_core::{
    Aside, Batch, Cancel, Checkpoint, Error, KnownUnit, Progress, Receipt, Record, Result, Sink,
    SourceName, UnitId, async_trait,
};
use datalake_store::Store;
use serde::Serialize;

use crate::random::Random;

/// What happens to the batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// They are written.
    Pass,
    /// After so many somebody asks the source to stop.
    CancelAfter(u64),
    /// After so many nothing is written any more, as when the process is killed.
    DieAfter(u64),
    /// Each takes so long.
    Slow(Duration),
    /// Those of units that are read side by side are written in an order that follows from the seed.
    Shuffle(u64),
    /// The first gets one record more, which cannot be stored.
    Poison,
}

/// What came through.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Batches that were written.
    pub batches: u64,
    /// Records in them.
    pub records: u64,
    /// Their bytes, as [`Batch::size`] counts them. Raw bytes are left out here and below: how many come with a batch
    /// does not depend on its size.
    pub bytes: u64,
    /// The most bytes that a batch with more than one record had.
    pub largest: usize,
    /// The most bytes that a record took in a batch with only one.
    pub largest_record: usize,
    /// The most records in one batch.
    pub most: u64,
    /// The most records that had been pushed and not been written yet.
    pub waiting: u64,
}

/// The store behind a sink that counts.
pub struct Probe {
    store: Arc<Store>,
    plan: Plan,
    cancel: Cancel,
    progress: Arc<Progress>,
    begun: AtomicU64,
    seen: Mutex<Seen>,
    random: Mutex<Random>,
}

impl Probe {
    /// A sink in front of `store`. `cancel` is the wish that [`Plan::CancelAfter`] utters; `progress` counts
    /// what has been pushed.
    pub fn new(store: Arc<Store>, plan: Plan, cancel: Cancel, progress: Arc<Progress>) -> Self {
        let seed = if let Plan::Shuffle(seed) = plan {
            seed
        } else {
            0
        };
        Self {
            store,
            plan,
            cancel,
            progress,
            begun: AtomicU64::new(0),
            seen: Mutex::default(),
            random: Mutex::new(Random(seed)),
        }
    }

    /// What has come through.
    pub fn seen(&self) -> Seen {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, batch: &Batch) {
        let mut seen = self.lock();
        let records = batch.len() as u64;
        let pushed = self.progress.records.load(Ordering::Relaxed);
        seen.waiting = seen.waiting.max(pushed.saturating_sub(seen.records));
        seen.most = seen.most.max(records);
        match records {
            0 => {}
            1 => seen.largest_record = seen.largest_record.max(size_of(batch)),
            _ => seen.largest = seen.largest.max(size_of(batch)),
        }
    }

    fn count(&self, records: u64, bytes: u64) -> u64 {
        let mut seen = self.lock();
        seen.batches += 1;
        seen.records += records;
        seen.bytes += bytes;
        seen.batches
    }

    /// How long this batch is held back.
    fn pause(&self) -> Duration {
        match self.plan {
            Plan::Slow(pause) => pause,
            Plan::Shuffle(_) => {
                let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
                Duration::from_millis(random.below(4))
            }
            _ => Duration::ZERO,
        }
    }
}

#[async_trait]
impl Sink for Probe {
    async fn write(&self, mut batch: Batch) -> Result<Receipt> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        if matches!(self.plan, Plan::DieAfter(after) if number >= after) {
            return Err(Error::temporary(
                "the process was killed, as far as this test goes",
            ));
        }
        let pause = self.pause();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        self.look(&batch);
        if self.plan == Plan::Poison && number == 0 {
            batch.push(poison(&batch));
        }
        let (records, bytes) = (batch.len() as u64, size_of(&batch) as u64);
        let receipt = self.store.write(batch).await?;
        let written = self.count(records, bytes);
        if matches!(self.plan, Plan::CancelAfter(after) if written >= after) {
            self.cancel.cancel();
        }
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

fn size_of(batch: &Batch) -> usize {
    batch.size() - batch.raw_size()
}

/// A field that no dataset has.
#[derive(Serialize)]
struct Poison {
    no_dataset_has_this_column: u8,
}

/// A record that cannot be stored, of a dataset that the batch has anyway.
fn poison(batch: &Batch) -> Record {
    static NOTHING: datalake_core::Dataset = datalake_core::Dataset::rows("nothing", "Nothing");
    let dataset = batch.datasets().first().copied().unwrap_or(&NOTHING);
    let poison = Poison {
        no_dataset_has_this_column: 0,
    };
    Record::new(dataset, &poison)
}
