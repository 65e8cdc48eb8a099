//! Replays with parsers that get better: what was kept comes before the files.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use datalake_core::{
    Checkpoint, Context, Dataset, Files, KnownUnit, Line, LineEmit, LineSource, Origin, Output,
    Record, Reject, Result, Sample, Source, Timestamp, Unit, UnitId, line_source, registry,
};
use serde::Serialize;

use super::{Lake, MANUAL};
use crate::config::ConfiguredSource;
use crate::scheduler::{Outcome, Replay, RunOptions};

/// What the parser makes of the lines that begin with `bad`.
const REJECTS: u8 = 0;
const READS: u8 = 1;
const PANICS: u8 = 2;
const FAILS: u8 = 3;

#[derive(Serialize)]
struct Event<'a> {
    event_key: &'a [u8],
    timestamp: Timestamp,
    timestamp_unix: i64,
    event_type: &'a str,
    severity: &'a str,
    source_device: &'a str,
}

fn events() -> &'static Dataset {
    let all = registry::datasets().unwrap();
    all.into_iter()
        .find(|dataset| dataset.name == "memory_events")
        .unwrap()
}

/// A parser of lines that does as it is told at the time.
struct Lines(PathBuf, Arc<AtomicU8>);

impl LineSource for Lines {
    fn files(&self) -> Files {
        Files::append_only([&self.0])
    }

    fn line(&self, _: &Context, line: &Line<'_>, out: &mut LineEmit<'_>) -> Result<()> {
        if line.bytes.starts_with(b"bad") {
            match self.1.load(Ordering::Relaxed) {
                REJECTS => {
                    out.reject(Reject::new("bad", "it is bad"));
                    return Ok(());
                }
                PANICS if out.unit().as_str() == "a" => panic!("at a"),
                FAILS => return Err(datalake_core::Error::permanent("it fails")),
                _ => {}
            }
        }
        out.push(Record::new(
            events(),
            &Event {
                event_key: line.bytes,
                timestamp: Timestamp::EPOCH,
                timestamp_unix: 0,
                event_type: "t",
                severity: "s",
                source_device: "d",
            },
        ))
    }
}

fn lines(lake: &Lake) -> (ConfiguredSource, Arc<AtomicU8>) {
    let mood = Arc::new(AtomicU8::new(REJECTS));
    let source = ConfiguredSource {
        name: "lines".into(),
        source: line_source(Lines(lake.path("in"), mood.clone())),
        ..lake.logs()
    };
    (source, mood)
}

fn write(lake: &Lake, name: &str, text: &str) {
    std::fs::write(lake.path("in").join(name), text).unwrap();
}

async fn run(lake: &Lake, source: &ConfiguredSource) -> Outcome {
    let engine = lake.engine(2);
    engine.run(source, MANUAL, &*lake.told).await.outcome
}

async fn replay(lake: &Lake, source: &ConfiguredSource) -> Replay {
    let open = lake.store.open_rejects(None, Vec::new(), 0).await.unwrap();
    let ids: Vec<i64> = open.iter().map(|reject| reject.id).collect();
    let engine = lake.engine(2);
    engine.replay(source, &ids, &*lake.told).await.unwrap()
}

fn events_and_open(lake: &Lake) -> (i64, i64) {
    let open = "SELECT count(*) FROM rejects WHERE status = 'open'";
    (
        lake.value("SELECT count(*) FROM memory_events"),
        lake.value(open),
    )
}

/// The content that they stood in is gone, and the file of that name is another.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_becomes_records_without_its_file() {
    let lake = Lake::new();
    let (source, mood) = lines(&lake);
    write(&lake, "a", "bad 1\ngood\nbad 2\n");
    write(&lake, "b", "bad 3\n");
    assert_eq!(run(&lake, &source).await, Outcome::Rejects);
    std::fs::remove_file(lake.path("in/b")).unwrap();
    write(&lake, "a", "something else that is much longer\n");
    mood.store(READS, Ordering::Relaxed);
    let done = replay(&lake, &source).await;
    assert_eq!((done.replayed, done.receipt().inserted), (3, 3));
    assert!(done.still.is_empty() && done.untried.is_empty());
    assert_eq!(done.reports.len(), 1, "no file was read");
    assert_eq!(events_and_open(&lake), (4, 0));
}

/// One unit's parser that panics keeps no other from being read, and a failure leaves all as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_parser_that_breaks() {
    let lake = Lake::new();
    let (source, mood) = lines(&lake);
    write(&lake, "a", "bad 1\nbad 2\n");
    write(&lake, "b", "bad 3\n");
    run(&lake, &source).await;
    mood.store(FAILS, Ordering::Relaxed);
    let done = replay(&lake, &source).await;
    assert_eq!((done.replayed, events_and_open(&lake)), (0, (0, 3)));
    assert_eq!(done.reports[0].outcome, Outcome::Failed);
    mood.store(PANICS, Ordering::Relaxed);
    let done = replay(&lake, &source).await;
    assert_eq!((done.replayed, events_and_open(&lake)), (1, (1, 2)));
    assert_eq!(done.untried.len(), 2);
    assert!(done.untried[0].why.contains("panicked"), "{done:?}");
    assert_eq!(done.reports[0].outcome, Outcome::Failed);
    mood.store(READS, Ordering::Relaxed);
    assert_eq!(replay(&lake, &source).await.replayed, 2);
    assert_eq!(events_and_open(&lake), (3, 0));
}

/// Whoever asks to stop finds all of them open still, and the next replay does it.
#[tokio::test(flavor = "multi_thread")]
async fn stopped() {
    let lake = Lake::new();
    let (source, mood) = lines(&lake);
    write(&lake, "a", "bad 1\n");
    run(&lake, &source).await;
    write(&lake, "a", "good line\n");
    lake.stop.ask();
    let done = replay(&lake, &source).await;
    assert_eq!((done.replayed, done.still.len()), (0, 1));
    assert_eq!(done.reports.last().unwrap().outcome, Outcome::Cancelled);
    assert_eq!(events_and_open(&lake), (0, 1));
    mood.store(READS, Ordering::Relaxed);
    let lake = lake.started_again();
    assert_eq!(replay(&lake, &source).await.replayed, 1);
}

/// What a run over everything met of one unit says nothing of another that it could not read.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_run_resolves_what_it_has_read() {
    let lake = Lake::new();
    let (source, mood) = lines(&lake);
    write(&lake, "a", "bad 1\n");
    write(&lake, "b", "bad 2\n");
    run(&lake, &source).await;
    mood.store(PANICS, Ordering::Relaxed);
    let full = RunOptions {
        full: true,
        ..MANUAL
    };
    let report = lake.engine(2).run(&source, full, &*lake.told).await;
    assert_eq!(report.outcome, Outcome::Failed);
    let open = lake.store.open_rejects(None, Vec::new(), 0).await.unwrap();
    let units: Vec<&str> = open.iter().map(|reject| reject.unit.as_str()).collect();
    assert_eq!(units, ["a"]);
}

/// A source that rejects what follows from all its units, until it is told otherwise.
struct Related(Arc<AtomicU8>);

#[async_trait]
impl Source for Related {
    async fn units(&self, _: &Context) -> Result<Vec<Unit>> {
        Ok(vec![Unit::new(UnitId::new("one"))])
    }

    async fn read(
        &self,
        _: &Context,
        _: &Unit,
        _: Option<Checkpoint>,
        _: &mut Output,
    ) -> Result<()> {
        Ok(())
    }

    async fn relate(&self, _: &Context, _: &[KnownUnit], out: &mut Output) -> Result<()> {
        if self.0.load(Ordering::Relaxed) == REJECTS {
            let why = Reject::new("bad", "they do not fit");
            out.reject(Origin::default(), why, Sample::of(b"some bytes"));
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_all_units_is_found_anew() {
    let lake = Lake::new();
    let mood = Arc::new(AtomicU8::new(REJECTS));
    let source = lake.made("related", Related(mood.clone()));
    run(&lake, &source).await;
    let done = replay(&lake, &source).await;
    assert_eq!(
        (done.replayed, done.still.len(), done.untried.len()),
        (0, 1, 0)
    );
    mood.store(READS, Ordering::Relaxed);
    assert_eq!(replay(&lake, &source).await.replayed, 1);
    assert_eq!(events_and_open(&lake), (0, 0));
}
