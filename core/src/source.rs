//! What a plugin author implements at the most general: a source lists its units and reads each from where
//! it stopped. Most plugins implement [`FileSource`](crate::FileSource) or [`LineSource`](crate::LineSource)
//! instead, which are adapters over this.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use crate::checkpoint::{Checkpoint, KnownUnit, SourceName, UnitId};
use crate::error::Result;
use crate::output::Output;
use crate::reject::Reject;
use crate::time::{SharedClock, Timestamp, Zone};

/// An independently resumable piece of a source.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its name.
    pub id: UnitId,
    /// Its file, where it is one.
    pub path: Option<PathBuf>,
    /// Its size in bytes, for progress.
    pub size: u64,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// Why it cannot be read at all: a folder or pipe in a file's place, no permission. It becomes a reject.
    pub problem: Option<Reject>,
}

/// What a source is told about the world it runs in.
#[derive(Clone)]
pub struct Context {
    /// The name it is configured under.
    pub source: SourceName,
    /// The device its records belong to, where the format names none.
    pub device: Arc<str>,
    /// The zone of wall-clock times without an offset, and of "today".
    pub zone: Zone,
    /// The clock.
    pub clock: SharedClock,
    /// The units it ever had, by name.
    pub known: Arc<HashMap<UnitId, KnownUnit>>,
    /// The version of its cursors.
    pub cursor_version: u32,
    /// Whether to read everything again, whatever the checkpoints say.
    pub full: bool,
    /// Asks it to stop.
    pub cancel: Cancel,
}

/// A wish to stop, shared by all who must hear it. Readers look at it between records and stop at the next
/// commit point.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks everybody to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A configured source of data.
#[async_trait]
pub trait Source: Send + Sync {
    /// What there is to read now, cheaply: a stat, not a read.
    async fn units(&self, cx: &Context) -> Result<Vec<Unit>>;

    /// Reads one unit from `from` on, pushing records and committing as it goes. Units run side by side.
    async fn read(
        &self,
        cx: &Context,
        unit: &Unit,
        from: Option<Checkpoint>,
        out: &mut Output,
    ) -> Result<()>;

    /// Called after the units: writes what follows from all units this source ever had, vanished ones too,
    /// by name, size, time and content hash, reading no content. Its rows are replaced as a set.
    async fn relate(&self, _cx: &Context, _known: &[KnownUnit], _out: &mut Output) -> Result<()> {
        Ok(())
    }

    /// The places it reads, to say so when one does not exist.
    fn roots(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}
