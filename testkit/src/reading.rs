//! One run of a source as the program does it, in whatever order and with whatever sink a check wants, and
//! with an end: what hangs or panics is a failure of the plugin, not of the test.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use datalake_core::{
    BATCH_BYTES, Cancel, Context, Error, FixedClock, Outcome, Progress, Reading, Receipt, Source,
    Timestamp, Unit, UnitDone, Zone,
};
use datalake_store::{RunEnd, RunStart, Store};
use tokio::runtime::Runtime;

use crate::failure::{Failure, Result};
use crate::kit::Kit;
use crate::random::Random;
use crate::sink::{Plan, Probe, Seen};

/// The device that records belong to.
pub(crate) const DEVICE: &str = "desk";

/// In which order units are read.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// As the source lists them, one after another.
    Listed,
    /// One after another in an order that follows from the seed; 0 is backwards.
    Shuffled(u64),
    /// All at once.
    Together,
}

/// How a reading is done.
#[derive(Debug, Clone)]
pub(crate) struct How {
    /// The name that the source has.
    pub(crate) source: &'static str,
    /// When it is.
    pub(crate) now: Timestamp,
    /// After how many bytes a batch is written.
    pub(crate) batch_bytes: usize,
    /// The order of the units.
    pub(crate) order: Order,
    /// Whether what follows from all units is written, too.
    pub(crate) relate: bool,
    /// Whether everything is read again.
    pub(crate) full: bool,
    /// What the sink does.
    pub(crate) plan: Plan,
}

impl How {
    /// As the program does it.
    ///
    /// The clock stands long before any file was written: a file counts as one that may still change without
    /// showing it, so that a check may change it as often as it likes.
    pub(crate) fn usual() -> Self {
        Self {
            source: "source",
            now: Timestamp::from_seconds(946_684_800).unwrap_or_default(),
            batch_bytes: BATCH_BYTES,
            order: Order::Listed,
            relate: true,
            full: false,
            plan: Plan::Pass,
        }
    }

    /// Each record in a batch of its own.
    pub(crate) fn one_by_one() -> Self {
        Self {
            batch_bytes: 1,
            ..Self::usual()
        }
    }

    /// Only the units, without what follows from all of them: for checks that give them other names.
    pub(crate) fn units_only() -> Self {
        Self {
            relate: false,
            ..Self::usual()
        }
    }

    pub(crate) fn plan(self, plan: Plan) -> Self {
        Self { plan, ..self }
    }

    pub(crate) fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }
}

/// What came of a reading.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// The first thing that went wrong.
    pub(crate) error: Option<Error>,
    /// The sum of all receipts.
    pub(crate) receipt: Receipt,
    /// Bytes read.
    pub(crate) read: u64,
    /// Records pushed.
    pub(crate) records: u64,
    /// Units that were left out.
    pub(crate) skipped: u64,
    /// The names of the units.
    pub(crate) units: Vec<String>,
    /// What came through the sink.
    pub(crate) seen: Seen,
    /// Its row in `runs`, unless it was killed.
    pub(crate) run: i64,
}

impl Ran {
    /// Fails unless everything went well.
    pub(crate) fn ok(self) -> Result<Self> {
        match self.error {
            Some(error) => Err(Failure::from(error).during("reading failed")),
            None => Ok(self),
        }
    }
}

/// One runtime for all readings of the process: it is never dropped, because that would wait for a plugin
/// that hangs.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().ok()
    });
    made.as_ref()
        .ok_or_else(|| Failure::new("the runtime of the tests cannot be started"))
}

/// Runs to the end, or to the limit. A panic and a hang are failures.
pub(crate) fn finish<T: Send + 'static>(
    runtime: &Runtime,
    limit: Duration,
    cancel: &Cancel,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let task = runtime.spawn(work);
    let ended = runtime.block_on(async { tokio::time::timeout(limit, task).await });
    match ended {
        Ok(Ok(done)) => done,
        Ok(Err(panic)) => Err(Failure::new(format!("the plugin panicked: {panic}"))),
        Err(_) => {
            // Whoever still listens may stop; the thread of the others is lost.
            cancel.cancel();
            Err(Failure::new(format!(
                "the plugin hangs: a reading of a few small inputs has not ended after {limit:?}"
            )))
        }
    }
}

/// Runs on the runtime of all readings.
pub(crate) fn wait<T: Send + 'static>(
    limit: Duration,
    cancel: &Cancel,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    finish(runtime()?, limit, cancel, work)
}

/// Reads what is at `root` into `store`.
pub(crate) fn read(kit: &Kit, root: &Path, store: Arc<Store>, how: &How) -> Result<Ran> {
    let cancel = Cancel::default();
    let work = run(
        kit.source(root)?,
        kit.entry,
        store,
        how.clone(),
        cancel.clone(),
    );
    wait(kit.effort.reading, &cancel, work)
}

/// One run, from its row in `runs` to its end.
pub(crate) async fn run(
    source: Arc<dyn Source>,
    entry: &'static datalake_core::SourceEntry,
    store: Arc<Store>,
    how: How,
    cancel: Cancel,
) -> Result<Ran> {
    let start = RunStart {
        source: how.source.into(),
        plugin: entry.name.to_owned(),
        device: DEVICE.into(),
        trigger: "manual",
        watch: false,
    };
    let run = store.begin_run(start).await?;
    let context = context(&store, entry.cursor_version, &how, &cancel).await?;
    let progress: Arc<Progress> = Arc::default();
    let sink = Arc::new(Probe::new(
        store.clone(),
        how.plan,
        cancel,
        progress.clone(),
    ));
    let reading = Reading {
        batch_bytes: how.batch_bytes,
        progress: progress.clone(),
        ..Reading::new(source, context, sink.clone(), run)
    };
    let mut ran = Ran::default();
    if let Err(error) = read_all(Arc::new(reading), &store, &how, &mut ran).await {
        ran.error.get_or_insert(error);
    }
    ran.seen = sink.seen();
    ran.records = progress.records.load(Ordering::Relaxed);
    if !matches!(how.plan, Plan::DieAfter(_)) {
        let end = RunEnd {
            outcome: if ran.error.is_some() {
                "failed"
            } else {
                "done"
            },
            units: ran.units.len() as u64,
            skipped: ran.skipped,
            error: ran.error.as_ref().map(ToString::to_string),
        };
        ran.run = store.end_run(run, end).await?;
    }
    Ok(ran)
}

async fn context(store: &Store, version: u32, how: &How, cancel: &Cancel) -> Result<Context> {
    let known = datalake_core::Sink::known(store, &how.source.into()).await?;
    let known: HashMap<_, _> = known
        .into_iter()
        .map(|unit| (unit.id.clone(), unit))
        .collect();
    let clock = Arc::new(FixedClock(how.now));
    Ok(Context {
        known: Arc::new(known),
        full: how.full,
        cancel: cancel.clone(),
        ..Context::new(
            how.source.into(),
            DEVICE.into(),
            Zone::utc(),
            clock,
            version,
        )
    })
}

async fn read_all(
    reading: Arc<Reading>,
    store: &Store,
    how: &How,
    ran: &mut Ran,
) -> datalake_core::Result<()> {
    let mut units = reading.units().await?;
    let present = units.iter().filter(|unit| !unit.kept);
    let present = present.map(|unit| unit.id.clone()).collect();
    store
        .mark_missing(reading.context.source.clone(), present)
        .await?;
    ran.units = units.iter().map(|unit| unit.id.to_string()).collect();
    match how.order {
        Order::Listed => {}
        Order::Shuffled(0) => units.reverse(),
        Order::Shuffled(seed) => Random(seed).shuffle(&mut units),
        Order::Together => return together(reading, units, ran).await,
    }
    for unit in units {
        account(ran, reading.unit(&unit, next_attempt()).await);
        if ran.error.is_some() {
            return Ok(());
        }
    }
    relate(&reading, how, ran).await
}

async fn together(
    reading: Arc<Reading>,
    units: Vec<Unit>,
    ran: &mut Ran,
) -> datalake_core::Result<()> {
    let mut tasks = tokio::task::JoinSet::new();
    for unit in units {
        let reading = reading.clone();
        tasks.spawn(async move { reading.unit(&unit, next_attempt()).await });
    }
    while let Some(done) = tasks.join_next().await {
        account(ran, done.map_err(|panic| Error::bug(panic.to_string()))?);
    }
    if ran.error.is_some() {
        return Ok(());
    }
    relate(&reading, &How::usual(), ran).await
}

async fn relate(reading: &Reading, how: &How, ran: &mut Ran) -> datalake_core::Result<()> {
    if how.relate {
        let known = reading.sink.known(&reading.context.source).await?;
        account(ran, reading.relate(&known, next_attempt()).await);
    }
    Ok(())
}

fn account(ran: &mut Ran, (read, written): UnitDone) {
    match written {
        Ok(Outcome {
            receipt,
            read: bytes,
            skipped,
            ..
        }) => {
            ran.receipt += receipt;
            ran.read += bytes;
            ran.skipped += u64::from(skipped.is_some());
        }
        Err(error) => drop(ran.error.get_or_insert(error)),
    }
    if let Err(error) = read {
        ran.error.get_or_insert(error);
    }
}

/// Numbers attempts, as the scheduler does.
fn next_attempt() -> u64 {
    static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
    ATTEMPTS.fetch_add(1, Ordering::Relaxed)
}
