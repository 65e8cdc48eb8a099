//! Stops at every commit point, and by a signal.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datalake::config::{Config, ConfiguredSource, Inputs};
use datalake_core::{
    Cancel, Context, Error, Progress, Reading, Sink, SystemClock, Timestamp, Zone, registry,
};
use datalake_plugins as _;
use datalake_store::{Catalog, Facts, Holder, RunEnd, RunStart, Settings, Store};
use datalake_testkit::{Plan, Probe};

use crate::support::context::TestContext;
use crate::support::input::{Expected, Size, make};
use crate::support::system::alone;

const SMALL: Size = Size {
    files: 4,
    lines: 400,
    bad_every: 40,
};
/// So small that each file takes several commits.
const BATCH_BYTES: usize = 2 << 10;

/// The one source of the place.
fn source(cx: &TestContext) -> ConfiguredSource {
    let entries = registry::sources().unwrap();
    let mut inputs = Inputs::from_process(&entries).unwrap();
    inputs.environment = [("PROJECT_ROOT", cx.root().to_str().unwrap())]
        .into_iter()
        .collect();
    inputs.config = Some(cx.path("datalake.toml"));
    let config = Config::load(&inputs).map_err(Error::from).unwrap();
    config.source("memory-jsonl").unwrap().clone()
}

fn open(cx: &TestContext) -> Arc<Store> {
    let catalog = Arc::new(Catalog::new(&registry::datasets().unwrap(), &[]));
    let settings = Settings::new(cx.path("datalake.db"), cx.path("data"));
    let birth = Facts {
        device: "laptop".into(),
        zone: Zone::utc(),
    };
    Arc::new(
        Store::open(settings, catalog, Arc::new(SystemClock), &birth, None)
            .unwrap()
            .0,
    )
}

/// Reads the units one after another, as the engine does, until the sink stops it. Returns its commits, and
/// whether it was stopped.
async fn read(source: &ConfiguredSource, store: &Arc<Store>, plan: Plan) -> (u64, bool) {
    let cancel = Cancel::default();
    let start = RunStart {
        source: source.name.clone(),
        plugin: source.entry.name.to_owned(),
        device: "laptop".into(),
        trigger: "manual",
        watch: false,
    };
    let run = store.begin_run(start).await.unwrap();
    let context = context(source, store, &cancel).await;
    let progress: Arc<Progress> = Arc::default();
    let sink = Arc::new(Probe::new(store.clone(), plan, cancel, progress.clone()));
    let reading = Reading {
        batch_bytes: BATCH_BYTES,
        progress,
        ..Reading::new(source.source.clone(), context, sink.clone(), run)
    };
    let mut stopped = false;
    for (attempt, unit) in reading.units().await.unwrap().iter().enumerate() {
        let (read, written) = reading.unit(unit, attempt as u64).await;
        stopped |= written.and(read).is_err();
        if stopped {
            break;
        }
    }
    if !matches!(plan, Plan::DieAfter(_)) {
        let outcome = if stopped { "cancelled" } else { "rejects" };
        store
            .end_run(
                run,
                RunEnd {
                    outcome,
                    ..RunEnd::default()
                },
            )
            .await
            .unwrap();
    }
    (sink.seen().batches, stopped)
}

async fn context(source: &ConfiguredSource, store: &Store, cancel: &Cancel) -> Context {
    let known = store.known(&source.name).await.unwrap();
    let known: HashMap<_, _> = known
        .into_iter()
        .map(|unit| (unit.id.clone(), unit))
        .collect();
    Context {
        known: Arc::new(known),
        cancel: cancel.clone(),
        ..Context::new(
            source.name.clone(),
            "laptop".into(),
            Zone::utc(),
            Arc::new(SystemClock),
            source.entry.cursor_version,
        )
    }
}

/// A fresh place with the small input.
fn small() -> (TestContext, Expected) {
    let cx = TestContext::new();
    let expected = make(&cx.path("in"), 7, SMALL);
    (cx, expected)
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_at_every_commit_point() {
    let (cx, expected) = small();
    let (commits, stopped) = read(&source(&cx), &open(&cx), Plan::Pass).await;
    assert!(!stopped);
    expected.assert_in(&cx.database());
    assert!(commits >= 20, "{commits} commits");
    let mut stops = 0;
    for at in 0..commits {
        for plan in [Plan::CancelAfter(at + 1), Plan::DieAfter(at)] {
            let (cx, expected) = small();
            let source = source(&cx);
            let (_, stopped) = read(&source, &open(&cx), plan).await;
            // The reader is ahead of the sink: in the last unit a wish to stop may find it done.
            let killed = matches!(plan, Plan::DieAfter(_));
            assert!(stopped || !killed, "at {at} of {commits}");
            stops += u64::from(stopped);
            // What is there by then is right as far as it goes, and nothing of it comes twice.
            let before = Expected::found(&cx.database());
            assert!(
                before
                    .samples
                    .iter()
                    .all(|sample| expected.samples.binary_search(sample).is_ok()),
                "{plan:?}"
            );
            let (_, stopped) = read(&source, &open(&cx), Plan::Pass).await;
            assert!(!stopped);
            expected.assert_in(&cx.database());
        }
    }
    assert!(
        stops > commits * 3 / 2,
        "{stops} stops at {commits} commits"
    );
}

/// The first signal stops at the next commit point, within two seconds; nothing of it is lost.
#[test]
fn sigterm() {
    let _alone = alone();
    for signal in [libc::SIGTERM, libc::SIGINT] {
        // Other work on this machine may slow one down, but hardly all.
        let fastest = (0..3)
            .map(|_| stopped_by(signal))
            .find(|took| *took < Duration::from_secs(2));
        assert!(fastest.is_some(), "three times longer than two seconds");
    }
}

/// How long the program takes to end after `signal`.
fn stopped_by(signal: i32) -> Duration {
    let cx = TestContext::new();
    let expected = make(
        &cx.path("in"),
        3,
        Size {
            files: 6,
            lines: 120_000,
            bad_every: 2_000,
        },
    );
    let running = cx.start("run");
    wait_for_log(&cx, 100_000);
    running.signal(signal);
    let begun = Instant::now();
    let ran = running.finish_within(Duration::from_secs(20));
    let took = begun.elapsed();
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(
        ran.stderr.contains("stopping at the next commit point"),
        "{ran}"
    );
    assert!(ran.stdout.contains("stopped"), "{ran}");
    let outcome: String = cx.value("SELECT outcome FROM runs");
    assert_eq!(outcome, "cancelled");
    let (samples, events, _) = cx.counts();
    let (kept, all) = (
        samples + events,
        expected.samples.len() + expected.events.len(),
    );
    assert!(kept > 0 && kept < all as i64, "{kept} of {all}");
    cx.run("run").expect(3);
    expected.assert_in(&cx.database());
    took
}

/// Whoever does not want to wait for the commit point signals twice; nothing is lost by that either.
#[test]
fn second_signal() {
    let cx = TestContext::new();
    let expected = make(
        &cx.path("in"),
        4,
        Size {
            files: 6,
            lines: 120_000,
            bad_every: 2_000,
        },
    );
    let running = cx.start("run");
    wait_for_log(&cx, 100_000);
    for _ in 0..20 {
        running.signal(libc::SIGINT);
        std::thread::sleep(Duration::from_millis(5));
    }
    let ran = running.finish();
    assert!(matches!(ran.code(), Some(1 | 130)), "{ran}");
    cx.run("run").expect(3);
    expected.assert_in(&cx.database());
}

/// A run that waits for another hears the signal too.
#[test]
fn sigterm_while_waiting() {
    let cx = TestContext::with_input();
    cx.run("init").expect(0);
    let holder = Holder::this_process("this test", Timestamp::EPOCH);
    let _held = open(&cx).lock_source("memory-jsonl", &holder).unwrap();
    let running = cx.start("run");
    std::thread::sleep(Duration::from_millis(300));
    running.signal(libc::SIGTERM);
    let ran = running.finish_within(Duration::from_secs(2));
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(
        ran.stderr
            .contains(&format!("memory-jsonl: waiting for {holder}")),
        "{ran}"
    );
}

/// Waits until a run has written more than so many bytes: it is in the middle of its work then.
pub(crate) fn wait_for_log(cx: &TestContext, bytes: u64) {
    let log = cx.path("datalake.db-wal");
    wait_for(|| log.metadata().is_ok_and(|log| log.len() > bytes));
}

/// Waits until something has happened, which it soon does.
pub(crate) fn wait_for(happened: impl Fn() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it does not happen"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}
