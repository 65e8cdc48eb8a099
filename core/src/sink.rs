//! Where batches go. The store is the one sink that must be there: it owns the checkpoints, and others
//! follow it.

use async_trait::async_trait;

use crate::batch::Batch;
use crate::checkpoint::{Checkpoint, KnownUnit, SourceName, UnitId};
use crate::error::Result;
use crate::staging::Aside;

/// What became of a batch, after its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Rows that are new.
    pub inserted: u64,
    /// Rows that were there and are different now.
    pub changed: u64,
    /// Rows that were there already.
    pub unchanged: u64,
    /// Inputs that became no row.
    pub rejected: u64,
}

impl std::ops::AddAssign for Receipt {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
    }
}

/// Takes batches, all or nothing.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Writes a batch and answers after it is committed. After a failure every later batch of the same
    /// attempt is refused.
    async fn write(&self, batch: Batch) -> Result<Receipt>;

    /// How far a unit has been read.
    async fn checkpoint(&self, source: &SourceName, unit: &UnitId) -> Result<Option<Checkpoint>>;

    /// All units the source ever had.
    async fn known(&self, source: &SourceName) -> Result<Vec<KnownUnit>>;

    /// A place for the copy of a file, until the batch whose record brings it is written. Called by workers; blocks.
    fn aside(&self) -> Result<Aside>;

    /// Hands out the raw bytes that are kept of a content of a unit, in their order; `false` where none are. Called by
    /// workers; blocks.
    fn raw(
        &self,
        _source: &SourceName,
        _unit: &UnitId,
        _generation: u32,
        _take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        Ok(false)
    }
}
