//! One pass over a source while its lock is held: what there is, reading it side by side, and what follows from
//! all of it. A run is one pass; a watch makes many.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use datalake_core::{
    Error, ErrorKind, KnownUnit, Outcome as Written, Progress, Reading, Receipt, Result, Sink,
    Stamp, Timestamp, Unit, UnitDone, UnitId,
};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};

use super::engine::Engine;
use super::report::SourceReport;
use super::vital::Vital;

/// How often the signs of life are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A reader without a sign of life for so long has another one in its place.
const QUIET: Duration = Duration::from_secs(10);
/// How long readers have to come to a commit point once somebody asks to stop.
const GRACE: Duration = Duration::from_millis(1500);

/// One pass over a source.
pub(super) struct Execution<'e> {
    engine: &'e Engine,
    reading: Arc<Reading>,
    vital: Vital,
    /// Places lent because of this pass.
    lent: usize,
    tally: Tally,
    /// What came of each unit, where somebody asks.
    fates: Option<HashMap<UnitId, Fate>>,
}

/// What came of a unit: what was written of it, as far as that is known, and what went wrong.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub(super) written: Option<Written>,
    pub(super) error: Option<Error>,
}

/// What a pass has brought so far.
#[derive(Debug, Default)]
struct Tally {
    /// Whether anything was tried to be read or marked.
    attempted: bool,
    failed: Vec<UnitId>,
    units: u64,
    skipped: u64,
    receipt: Receipt,
    bytes: u64,
    pending: u64,
    /// Whether what follows from all units is not all there is to say yet.
    preliminary: bool,
    error: Option<Error>,
}

type Done = std::result::Result<(Id, UnitDone), JoinError>;

impl<'e> Execution<'e> {
    pub(super) fn new(engine: &'e Engine, reading: Reading) -> Self {
        let (pulse, progress) = (reading.context.pulse.clone(), reading.progress.clone());
        Self {
            engine,
            vital: Vital::new(pulse, progress, engine.timer.uptime()),
            reading: Arc::new(reading),
            lent: 0,
            tally: Tally::default(),
            fates: None,
        }
    }

    /// From now on keeps what came of each unit.
    pub(super) fn keep_fates(&mut self) {
        self.fates.get_or_insert_default();
    }

    /// What came of each unit that was tried, if it was kept.
    pub(super) fn take_fates(&mut self) -> HashMap<UnitId, Fate> {
        self.fates.take().unwrap_or_default()
    }

    pub(super) fn reading(&self) -> &Arc<Reading> {
        &self.reading
    }

    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.reading.progress
    }

    pub(super) fn now(&self) -> Timestamp {
        self.engine.timer.now()
    }

    pub(super) fn uptime(&self) -> Duration {
        self.engine.timer.uptime()
    }

    pub(super) async fn pause(&self, duration: Duration) -> Result<()> {
        self.engine.pause(duration).await
    }

    /// Lists the units, and marks those that are gone and those that are back.
    pub(super) async fn scan(&mut self) -> Result<Vec<Unit>> {
        let reading = self.reading.clone();
        let units = self
            .alive(tokio::spawn(async move { reading.units().await }))
            .await??;
        self.tally.units = units.len() as u64;
        self.mark(&units).await?;
        let current = units.iter().filter(|unit| unit.current);
        self.tally.pending += current.map(|unit| unit.pending).sum::<u64>();
        let new = units.iter().filter(|unit| !unit.current);
        let new = new.map(|unit| unread(&self.reading, unit)).sum();
        self.progress().total.fetch_add(new, Ordering::Relaxed);
        Ok(units)
    }

    /// Marks the units that are gone and those that are back. Where a root is not there, an unplugged disk
    /// perhaps, nobody can tell.
    async fn mark(&mut self, units: &[Unit]) -> Result<()> {
        let Reading {
            source, context, ..
        } = &*self.reading;
        // Who has named some files says nothing of others.
        if context.chosen.is_some() || !source.roots().iter().all(|root| root.exists()) {
            return Ok(());
        }
        let present = units.iter().filter(|unit| !unit.kept);
        let present: HashSet<_> = present.map(|unit| &unit.id).collect();
        let mut known = context.known.values();
        if known.any(|unit| unit.missing == present.contains(&unit.id)) {
            self.tally.attempted = true;
            let present = present.into_iter().cloned().collect();
            let store = &self.engine.store;
            store.mark_missing(context.source.clone(), present).await?;
        }
        Ok(())
    }

    /// Looks at a unit's file again; `false` when it is gone.
    pub(super) fn look_again(unit: &mut Unit) -> bool {
        let Some(path) = &unit.path else { return true };
        match Stamp::look(path) {
            Ok(Some(stamp)) => {
                unit.size = stamp.size();
                unit.modified = stamp.modified();
                unit.stamp = Some(stamp);
                true
            }
            Ok(None) => false,
            // The reader says what is wrong with it.
            Err(_) => true,
        }
    }

    /// Reads units side by side.
    pub(super) async fn read(&mut self, units: Vec<Unit>) -> Result<()> {
        self.tally.attempted |= !units.is_empty();
        let mut units = units.into_iter().peekable();
        let mut readers = Readers::default();
        self.vital.begin(self.uptime());
        let read = loop {
            let more = units.peek().is_some() && !self.is_over() && !readers.stopping;
            if !more && readers.tasks.is_empty() {
                break Ok(());
            }
            tokio::select! {
                Some(done) = readers.tasks.join_next_with_id() => {
                    let (unit, done) = readers.ended(done);
                    let failed = !self.account(unit.as_ref(), done);
                    self.tally.failed.extend(unit.filter(|_| failed));
                }
                permit = self.engine.readers.clone().acquire_owned(), if more => {
                    if let (Some(unit), Ok(permit)) = (units.next(), permit) {
                        self.start(&mut readers, unit, permit);
                    }
                }
                () = self.engine.stop.wanted(), if !readers.stopping => readers.stopping = true,
                () = self.engine.timer.sleep(GRACE), if readers.stopping => break Err(Error::cancelled()),
                () = self.engine.timer.sleep(LOOK), if !readers.tasks.is_empty() && !readers.stopping => {
                    if let Err(error) = self.look_after(&readers) {
                        break Err(error);
                    }
                }
            }
        };
        self.take_back();
        if read.is_err() {
            self.give_up(readers).await;
        }
        read?;
        if self.engine.stop.is_wanted() {
            return Err(Error::cancelled());
        }
        Ok(())
    }

    fn start(&self, readers: &mut Readers, unit: Unit, permit: OwnedSemaphorePermit) {
        let (reading, attempt) = (self.reading.clone(), self.engine.attempt());
        let (id, waiting) = (unit.id.clone(), self.engine.waiting.clone());
        let task = readers.tasks.spawn(async move {
            let parsed = reading.parse(&unit, attempt).await;
            // While it is written, with others that wait, the next unit is read.
            let waits = parsed.is_light().then(|| waiting.try_acquire_owned());
            let _place = match waits {
                Some(Ok(place)) => {
                    drop(permit);
                    place
                }
                _ => permit,
            };
            parsed.written().await
        });
        readers.attempts.insert(task.id(), (attempt, id));
    }

    /// Lends places for readers that are quiet, and gives up on those that stay so.
    fn look_after(&mut self, readers: &Readers) -> Result<()> {
        let silence = self.vital.silence(self.uptime());
        if silence >= self.engine.limits.stall {
            return Err(self.hangs());
        }
        if silence < QUIET {
            self.take_back();
            return Ok(());
        }
        let limit = self.engine.limits.readers as u64;
        while self.lent < readers.tasks.len() {
            let lend = |lent| (lent < limit).then_some(lent + 1);
            let lent = &self.engine.lent;
            if lent
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, lend)
                .is_err()
            {
                break;
            }
            self.lent += 1;
            self.engine.readers.add_permits(1);
        }
        Ok(())
    }

    /// Takes back the places that were lent.
    fn take_back(&mut self) {
        let lent = std::mem::take(&mut self.lent);
        self.engine.lent.fetch_sub(lent as u64, Ordering::Relaxed);
        // A place that is taken just now comes back when it is free.
        let taken = lent - self.engine.readers.forget_permits(lent);
        for _ in 0..taken {
            let readers = self.engine.readers.clone();
            tokio::spawn(async move {
                if let Ok(permit) = readers.acquire_owned().await {
                    permit.forget();
                }
            });
        }
    }

    /// Leaves the readers to themselves: their threads cannot be killed, but nothing they do counts any more.
    async fn give_up(&mut self, mut readers: Readers) {
        for (attempt, _) in readers.attempts.values() {
            self.engine.abandon(*attempt).await;
        }
        readers.tasks.abort_all();
        while readers.tasks.join_next().await.is_some() {}
        self.note_hanging();
    }

    fn note_hanging(&self) {
        let context = &self.reading.context;
        self.engine.gave_up(&context.source, context.pulse.clone());
    }

    fn hangs(&self) -> Error {
        let stall = self.engine.limits.stall;
        Error::temporary(format!("it hangs: no sign of life for {stall:?}"))
            .at(format!("source `{}`", self.reading.context.source))
            .hint("it was given up and will be tried again; `run.stall` says after how long")
    }

    /// Waits for work that is no unit's, as long as it shows life.
    pub(super) async fn alive<T>(&mut self, mut task: JoinHandle<T>) -> Result<T> {
        self.vital.begin(self.uptime());
        let over = loop {
            tokio::select! {
                done = &mut task => {
                    return done.map_err(|error| Error::bug("the source panicked").caused_by(error));
                }
                () = self.engine.timer.sleep(LOOK) => {
                    if self.vital.silence(self.uptime()) >= self.engine.limits.stall {
                        break self.hangs();
                    }
                }
                () = stopped_for(self.engine, GRACE) => break Error::cancelled(),
            }
        };
        task.abort();
        let _ = task.await;
        self.note_hanging();
        Err(over)
    }

    /// Writes what follows from all units the source ever had.
    pub(super) async fn relate(&mut self) -> Result<()> {
        if self.tally.error.is_some() {
            return Ok(());
        }
        let known = self.known().await?;
        let (reading, attempt) = (self.reading.clone(), self.engine.attempt());
        let related = tokio::spawn(async move { reading.relate(&known, attempt).await });
        let (related, written) = match self.alive(related).await {
            Ok(done) => done,
            Err(error) => {
                self.engine.abandon(attempt).await;
                return Err(error);
            }
        };
        let written = written?;
        self.tally.receipt += written.receipt;
        self.tally.preliminary = written.truncated;
        related
    }

    /// Whether what was related may be another with time alone.
    pub(super) fn is_preliminary(&self) -> bool {
        self.tally.preliminary
    }

    /// All units the source ever had, as they are now: where nothing was read, as they were at the start.
    async fn known(&self) -> Result<Vec<KnownUnit>> {
        let context = &self.reading.context;
        if self.tally.attempted {
            return self.engine.store.known(&context.source).await;
        }
        let mut known: Vec<KnownUnit> = context.known.values().cloned().collect();
        known.sort_unstable_by(|left, right| left.id.cmp(&right.id));
        Ok(known)
    }

    /// Counts what the reader of a unit brought; `false` if it failed.
    fn account(
        &mut self,
        unit: Option<&UnitId>,
        done: std::result::Result<UnitDone, JoinError>,
    ) -> bool {
        let (read, written) = match done {
            Ok(done) => done,
            Err(error) => {
                let panicked = Error::bug("the reader of a unit panicked").caused_by(error);
                (Err(panicked), Ok(Written::default()))
            }
        };
        // What the sink says explains what the reader says, not the other way round.
        let (written, failure) = match written {
            Ok(written) => (Some(written), read.err()),
            Err(error) => (None, Some(error)),
        };
        if let Some(written) = &written {
            self.add(written);
        }
        let is_read = failure.is_none();
        if let (Some(fates), Some(unit)) = (&mut self.fates, unit) {
            let error = failure.as_ref().map(Error::in_words);
            fates.insert(unit.clone(), Fate { written, error });
        }
        if let Some(error) = failure {
            fail(&mut self.tally.error, error);
        }
        is_read
    }

    fn add(&mut self, written: &Written) {
        self.tally.receipt += written.receipt;
        self.tally.bytes += written.read;
        self.tally.pending += written.pending;
        self.tally.skipped += u64::from(written.skipped.is_some());
    }

    /// Whether what happened ends the pass: a plugin that fails at one unit may well read the next; a store
    /// that fails will fail again.
    fn is_over(&self) -> bool {
        let error = self.tally.error.as_ref();
        error.is_some_and(|error| error.kind() != ErrorKind::Bug)
    }

    /// The units whose readers failed.
    pub(super) fn failed(&self) -> &[UnitId] {
        &self.tally.failed
    }

    /// What the pass has brought in rows.
    pub(super) fn receipt(&self) -> Receipt {
        self.tally.receipt
    }

    /// Adds what the pass brought to the report of its run.
    pub(super) fn account_into(self, report: &mut SourceReport) {
        let Tally {
            attempted: _,
            failed: _,
            preliminary: _,
            units,
            skipped,
            receipt,
            bytes,
            pending,
            error,
        } = self.tally;
        report.units = report.units.max(units);
        report.skipped += skipped;
        report.receipt += receipt;
        report.bytes += bytes;
        report.pending = pending;
        report.records += self.reading.progress.records.load(Ordering::Relaxed);
        if let Some(error) = error {
            report.fail(error);
        }
    }
}

/// The units that are being read.
#[derive(Default)]
struct Readers {
    tasks: JoinSet<UnitDone>,
    attempts: HashMap<Id, (u64, UnitId)>,
    stopping: bool,
}

impl Readers {
    fn ended(&mut self, done: Done) -> (Option<UnitId>, std::result::Result<UnitDone, JoinError>) {
        let id = match &done {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let unit = self.attempts.remove(&id).map(|(_, unit)| unit);
        (unit, done.map(|(_, done)| done))
    }
}

/// Waits until somebody asked to stop, and `grace` longer.
async fn stopped_for(engine: &Engine, grace: Duration) {
    engine.stop.wanted().await;
    engine.timer.sleep(grace).await;
}

/// Keeps the first failure; a real one outweighs a wish to stop.
pub(super) fn fail(kept: &mut Option<Error>, error: Error) {
    let cancelled = error.kind() == ErrorKind::Cancelled;
    let known = kept.as_ref().map(Error::kind);
    if known.is_none_or(|known| known == ErrorKind::Cancelled && !cancelled) {
        *kept = Some(error);
    }
}

/// How much of a unit is new, as far as its size tells.
fn unread(reading: &Reading, unit: &Unit) -> u64 {
    let context = &reading.context;
    let known = context.known.get(&unit.id).filter(|_| !context.full);
    known.map_or(unit.size, |known| {
        unit.size.saturating_sub(known.state.size)
    })
}
