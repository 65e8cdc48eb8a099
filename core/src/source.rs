//! What a plugin author implements at the most general: a source lists its units and reads each from where
//! it stopped. Most plugins implement [`FileSource`](crate::FileSource) or [`LineSource`](crate::LineSource)
//! instead, which are adapters over this.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;

use crate::checkpoint::{Checkpoint, KnownUnit, SourceName, UnitId};
use crate::error::{Error, Result};
use crate::files::{Chosen, Stamp};
use crate::output::Output;
use crate::reject::{Kept, Reject};
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
    /// Whether its checkpoint covers all there is: it need not be read.
    pub current: bool,
    /// Bytes at its end that wait for the rest of their line, where it is current.
    pub pending: u64,
    /// What its file looked like, to see later whether it has changed.
    pub stamp: Option<Stamp>,
    /// Whether it is read as a whole, and so should be left alone until nobody writes to it.
    pub whole: bool,
    /// Whether its file is gone, and it is read from the raw bytes that are kept of it.
    pub kept: bool,
}

impl Unit {
    /// A unit of this name that is ready to be read.
    pub fn new(id: UnitId) -> Self {
        Self {
            id,
            path: None,
            size: 0,
            modified: None,
            problem: None,
            current: false,
            pending: 0,
            stamp: None,
            whole: false,
            kept: false,
        }
    }
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
    /// The files to read instead of what it would find; a source of anything else than files knows nothing of it.
    pub chosen: Option<Arc<Chosen>>,
    /// Asks it to stop.
    pub cancel: Cancel,
    /// Tells that it goes on: a source that shows no life for long is given up.
    pub pulse: Pulse,
}

impl Context {
    /// The context of a source that has read nothing yet and is not to stop.
    pub fn new(
        source: SourceName,
        device: Arc<str>,
        zone: Zone,
        clock: SharedClock,
        cursor_version: u32,
    ) -> Self {
        Self {
            source,
            device,
            zone,
            clock,
            known: Arc::default(),
            cursor_version,
            full: false,
            chosen: None,
            cancel: Cancel::default(),
            pulse: Pulse::default(),
        }
    }

    /// Gives a sign of life, and hears a wish to stop: for work that takes long and reads nothing.
    ///
    /// # Errors
    /// It is to stop.
    pub fn signal(&self) -> Result<()> {
        self.pulse.beat();
        match self.cancel.is_cancelled() {
            true => Err(Error::cancelled()),
            false => Ok(()),
        }
    }
}

/// A sign of life, given wherever work goes on that no record or byte counter shows: searching folders,
/// hashing, decoding.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// Gives a sign.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether somebody else holds it still: a reader that was given up and has not come back.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// How many signs there were.
    pub fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
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

    /// Reads one rejected input again, from what was kept of it. `false` means that it takes more than that: the
    /// unit has to be read again.
    async fn replay(
        &self,
        _cx: &Context,
        _unit: &UnitId,
        _input: &Kept,
        _out: &mut Output,
    ) -> Result<bool> {
        Ok(false)
    }

    /// Called after the units: writes what follows from all units this source ever had, vanished ones too,
    /// by name, size, time, content hash and [cursor](KnownUnit::cursor), reading no content. What it wrote before
    /// can be replaced as a set ([`Output::replace`]). It is called where a unit or the configuration has changed
    /// since; where time alone may change what it says, [`Output::truncated`] has it called again at the next run.
    async fn relate(&self, _cx: &Context, _known: &[KnownUnit], _out: &mut Output) -> Result<()> {
        Ok(())
    }

    /// The unit that a file of this name is part of.
    fn unit_of(&self, name: &str) -> UnitId {
        UnitId::new(name)
    }

    /// Whether a change at `path` may be news for it. A watch asks; where in doubt, it is.
    fn concerns(&self, _path: &Path) -> bool {
        true
    }

    /// The places it reads, to say so when one does not exist.
    fn roots(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}
