//! Reads rejected inputs again: from what was kept of them, and where that is not enough or not good enough,
//! from their files.
//!
//! What was kept goes first: the content that it stood in may be gone. A file is read again where it takes more
//! than was kept, and where it has changed since: somebody may have mended it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use datalake_core::{
    ErrorKind, Kept, KnownUnit, RELATE_UNIT, Receipt, Result, Timestamp, Unit, UnitId,
};
use datalake_store::StoredReject;

use super::engine::{Engine, Observer};
use super::execution::Execution;
use super::report::SourceReport;
use super::trigger::Trigger;
use crate::config::ConfiguredSource;

/// What came of reading rejects of one source again.
#[derive(Debug, Default)]
pub struct Replay {
    /// The runs that it took: one over what was kept, and another over files, where it takes both.
    pub reports: Vec<SourceReport>,
    /// How many are no rejects any more.
    pub replayed: u64,
    /// The numbers of those that were read again and are rejects still.
    pub still: Vec<i64>,
    /// Those that could not be read again.
    pub untried: Vec<Untried>,
}

impl Replay {
    /// Leaves a reject as it is.
    fn leave(&mut self, open: &Open, why: &str) {
        if open.tried {
            self.still.push(open.id);
        } else {
            self.untried.push(open.untried(why));
        }
    }

    /// What the rows became, over all runs.
    pub fn receipt(&self) -> Receipt {
        let mut sum = Receipt::default();
        self.reports.iter().for_each(|report| sum += report.receipt);
        sum
    }
}

/// A reject that could not be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untried {
    /// Its number.
    pub id: i64,
    /// The unit it stands in.
    pub unit: UnitId,
    /// Why not, and what helps.
    pub why: String,
}

/// A reject without its bytes.
#[derive(Debug, Clone)]
struct Open {
    id: i64,
    unit: UnitId,
    first_seen: Timestamp,
    /// Whether it was read from what was kept, and rejected again.
    tried: bool,
}

impl Open {
    fn of(reject: &StoredReject, tried: bool) -> Self {
        Self {
            id: reject.id,
            unit: reject.unit.clone(),
            first_seen: reject.first_seen,
            tried,
        }
    }

    fn untried(&self, why: &str) -> Untried {
        Untried {
            id: self.id,
            unit: self.unit.clone(),
            why: why.to_owned(),
        }
    }
}

impl Engine {
    /// Reads open rejects of a source again. Those that are met once more stay open, the others count as replayed.
    ///
    /// A replay that was killed is completed by another: until the end all of them stay open.
    ///
    /// # Errors
    /// Somebody asked to stop while another run was reading. What fails later stands in the reports.
    pub async fn replay(
        &self,
        source: &ConfiguredSource,
        ids: &[i64],
        observer: &dyn Observer,
    ) -> Result<Replay> {
        let _lock = self.lock(source, Trigger::Replay, observer).await?;
        let mut replay = Replay::default();
        let mut pass = Pass::begin(self, source, observer).await?;
        let done = match pass.kept(ids, &mut replay).await {
            Ok(again) if again.rejects.is_empty() => Ok(()),
            Ok(again) => {
                if again.rejects.iter().any(|open| open.tried) {
                    // A run that has met a reject cannot find that it is not there any more.
                    replay.reports.push(pass.end(Ok(())).await?);
                    pass = Pass::begin(self, source, observer).await?;
                }
                pass.files(again, &mut replay).await
            }
            Err(error) => Err(error),
        };
        replay.reports.push(pass.end(done).await?);
        Ok(replay)
    }

    /// After a run has read `units` in full: what it did not meet of their open rejects is none any more.
    pub(super) async fn resolve_unmet(
        &self,
        source: &Arc<str>,
        run: i64,
        units: &[UnitId],
    ) -> Result<u64> {
        let mut concerned = BTreeSet::new();
        let mut after = 0;
        loop {
            let store = &self.store;
            let page = store.open_rejects(Some(source.clone()), Vec::new(), after);
            let page = page.await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            concerned.extend(page.into_iter().map(|reject| reject.unit));
        }
        let mut resolved = 0;
        for unit in units.iter().filter(|unit| concerned.contains(unit)) {
            let store = &self.store;
            let unmet = store.resolve_unmet(source.clone(), unit.clone(), run);
            resolved += unmet.await? as u64;
        }
        Ok(resolved)
    }
}

/// What has to be read again from its files.
#[derive(Default)]
struct Again {
    rejects: Vec<Open>,
    units: Vec<Unit>,
}

/// One run of a replay.
struct Pass<'e> {
    engine: &'e Engine,
    source: &'e ConfiguredSource,
    observer: &'e dyn Observer,
    run: i64,
    report: SourceReport,
    begun: Duration,
}

impl<'e> Pass<'e> {
    async fn begin(
        engine: &'e Engine,
        source: &'e ConfiguredSource,
        observer: &'e dyn Observer,
    ) -> Result<Self> {
        Ok(Self {
            engine,
            source,
            observer,
            run: engine.begin(source, Trigger::Replay).await?,
            report: SourceReport::new(&source.name, source.entry.name),
            begun: engine.timer.uptime(),
        })
    }

    async fn end(mut self, done: Result<()>) -> Result<SourceReport> {
        if let Err(error) = done {
            self.report.fail(error);
        }
        self.report.conclude();
        self.report.elapsed = self.engine.timer.uptime().saturating_sub(self.begun);
        self.observer.ended(&self.report);
        self.engine.end(self.run, &mut self.report).await?;
        Ok(self.report)
    }

    fn started(&self, execution: &Execution<'_>) {
        let progress = execution.progress().clone();
        let name = &self.source.name;
        self.observer.started(name, Trigger::Replay, progress);
    }

    /// Reads rejects again from what was kept of them, and says which of them their files are to be read for.
    async fn kept(&mut self, ids: &[i64], replay: &mut Replay) -> Result<Again> {
        let mut execution = self.engine.execution(self.source, self.run, false).await?;
        let (mut tried, mut waiting) = (Vec::new(), Vec::new());
        let mut after = 0;
        loop {
            let source = Some(self.source.name.clone());
            let page = self.engine.store.open_rejects(source, ids.to_vec(), after);
            let page = page.await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            let (kept, lost): (Vec<_>, Vec<_>) = page
                .into_iter()
                .partition(|reject| reject.kept.bytes().is_some());
            waiting.extend(lost.iter().map(|reject| Open::of(reject, false)));
            if tried.is_empty() && !kept.is_empty() {
                self.started(&execution);
            }
            for (unit, rejects) in by_unit(kept) {
                let done = self.unit(&mut execution, &unit, rejects, replay).await?;
                tried.extend(done.0);
                waiting.extend(done.1);
            }
        }
        let still = self.settle(tried, replay).await?;
        let again = if still.is_empty() && waiting.is_empty() {
            Ok(Again::default())
        } else {
            match execution.scan().await {
                Ok(units) => {
                    let known = &execution.reading().context.known;
                    Ok(choose(units, known, still.iter().chain(&waiting), replay))
                }
                Err(error) => {
                    let why = error.to_string();
                    let all = still.iter().chain(&waiting);
                    all.for_each(|open| replay.leave(open, &why));
                    Err(error)
                }
            }
        };
        execution.account_into(&mut self.report);
        again
    }

    /// Reads rejects of one unit again: those that were read from what was kept, and those that take more.
    async fn unit(
        &mut self,
        execution: &mut Execution<'_>,
        unit: &UnitId,
        rejects: Vec<StoredReject>,
        replay: &mut Replay,
    ) -> Result<(Vec<Open>, Vec<Open>)> {
        let open: Vec<Open> = rejects.iter().map(|one| Open::of(one, true)).collect();
        let inputs: Vec<Kept> = rejects.into_iter().map(|reject| reject.kept).collect();
        let (reading, attempt) = (execution.reading().clone(), self.engine.attempt());
        let name = unit.clone();
        let task = tokio::spawn(async move { reading.replay(&name, &inputs, attempt).await });
        let ((read, written), replayed) = match execution.alive(task).await {
            Ok(done) => done,
            Err(error) => {
                self.engine.abandon(attempt).await;
                return Err(error);
            }
        };
        self.report.units += 1;
        self.report.receipt += written?.receipt;
        let (tried, rest): (Vec<_>, Vec<_>) =
            open.into_iter().zip(replayed).partition(|(_, done)| *done);
        let tried = tried.into_iter().map(|(open, _)| open).collect();
        let rest = rest.into_iter().map(|(open, _)| Open {
            tried: false,
            ..open
        });
        match read {
            Ok(()) => Ok((tried, rest.collect())),
            // A parser that fails at one unit may well read the next.
            Err(error) if error.kind() == ErrorKind::Bug => {
                let why = error.to_string();
                replay.untried.extend(rest.map(|open| open.untried(&why)));
                self.report.fail(error);
                Ok((tried, Vec::new()))
            }
            Err(error) => Err(error),
        }
    }

    /// Settles what this run has read again; returns what it has met once more.
    async fn settle(&self, tried: Vec<Open>, replay: &mut Replay) -> Result<Vec<Open>> {
        if tried.is_empty() {
            return Ok(tried);
        }
        let ids: Vec<i64> = tried.iter().map(|open| open.id).collect();
        let store = &self.engine.store;
        replay.replayed += store.settle_replay(ids.clone(), self.run).await? as u64;
        let mut still = BTreeSet::new();
        let mut after = 0;
        loop {
            let page = store.open_rejects(None, ids.clone(), after).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            still.extend(page.iter().map(|reject| reject.id));
        }
        let is_open = |open: &Open| still.contains(&open.id);
        Ok(tried.into_iter().filter(is_open).collect())
    }

    /// Reads the chosen files again in full.
    async fn files(&mut self, again: Again, replay: &mut Replay) -> Result<()> {
        let mut execution = self.engine.execution(self.source, self.run, true).await?;
        let sizes = again.units.iter().map(|unit| unit.size).sum();
        execution
            .progress()
            .total
            .fetch_add(sizes, Ordering::Relaxed);
        self.started(&execution);
        self.report.units += again.units.len() as u64;
        let mut read = execution.read(again.units).await;
        let mut whole: HashSet<UnitId> = execution.progress().take_whole().into_iter().collect();
        if read.is_ok() {
            read = execution.relate().await;
            // What follows from all units is written as a whole or not at all.
            whole.extend(read.is_ok().then(|| UnitId::new(RELATE_UNIT)));
        }
        execution.account_into(&mut self.report);
        let (done, undone): (Vec<_>, Vec<_>) = again
            .rejects
            .into_iter()
            .partition(|open| whole.contains(&open.unit));
        let still = self.settle(done, replay).await;
        for open in undone {
            replay.leave(
                &open,
                "its file could not be read to its end; the run says why",
            );
        }
        replay.still.extend(still?.iter().map(|open| open.id));
        read
    }
}

/// Which files are to be read again, and for which rejects; the others are told in `replay`.
fn choose<'o>(
    units: Vec<Unit>,
    known: &HashMap<UnitId, KnownUnit>,
    rejects: impl Iterator<Item = &'o Open>,
    replay: &mut Replay,
) -> Again {
    let mut units: HashMap<UnitId, Unit> = units
        .into_iter()
        .map(|unit| (unit.id.clone(), unit))
        .collect();
    let mut again = Again::default();
    for open in rejects {
        let wanted = match units.get(&open.unit) {
            Some(unit) => !open.tried || has_changed(unit, known.get(&open.unit), open.first_seen),
            None => open.unit.as_str() == RELATE_UNIT,
        };
        if wanted {
            again.rejects.push(open.clone());
        } else {
            replay.leave(
                open,
                "its file is not there any more, and more is needed than was kept of it",
            );
        }
    }
    let wanted: BTreeSet<&UnitId> = again.rejects.iter().map(|open| &open.unit).collect();
    again.units = wanted
        .into_iter()
        .filter_map(|unit| units.remove(unit))
        .collect();
    again
}

/// File systems tell the time of a change by a clock that goes in steps: it may say a little too early.
const STEP: Duration = Duration::from_millis(10);

/// Whether a file may hold something else than when a reject of it was met first. When it was met last does not
/// count: a replay that was killed has met it as well, and perhaps read the file.
fn has_changed(unit: &Unit, known: Option<&KnownUnit>, first_seen: Timestamp) -> bool {
    let as_known =
        |known: &KnownUnit| (known.state.size, known.state.modified) == (unit.size, unit.modified);
    let after = |modified: Timestamp| {
        modified
            .checked_add(STEP)
            .is_none_or(|late| late > first_seen)
    };
    unit.modified.is_none_or(after) || !known.is_some_and(as_known)
}

fn by_unit(rejects: Vec<StoredReject>) -> BTreeMap<UnitId, Vec<StoredReject>> {
    let mut units: BTreeMap<UnitId, Vec<StoredReject>> = BTreeMap::new();
    for reject in rejects {
        units.entry(reject.unit.clone()).or_default().push(reject);
    }
    units
}
