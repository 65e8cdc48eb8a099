//! What a watch finds, and when.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use datalake_core::{Checkpoint, Context, KnownUnit, Output, Result, Source, Unit};

use super::{Lake, ended, polling};
use crate::scheduler::{Outcome, Timer};

const SECOND: Duration = Duration::from_secs(1);

fn start(
    lake: &Lake,
    source: crate::config::ConfiguredSource,
) -> tokio::task::JoinHandle<super::SourceReport> {
    let (engine, told) = (lake.engine(2), lake.told.clone());
    tokio::spawn(async move { engine.watch(&source, &polling(), &*told).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_come_as_they_are_written_and_it_is_one_run() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 3);
    let watch = start(&lake, lake.logs());
    lake.until(50 * SECOND, || lake.samples() == 3).await;
    // A file that has just changed is looked at every two seconds.
    lake.append("metrics.jsonl", 3, 5);
    lake.until(10 * SECOND, || lake.samples() == 5).await;
    // A new file in a folder that is looked at asks for a scan.
    lake.append("metrics-2.jsonl", 5, 6);
    lake.until(10 * SECOND, || lake.samples() == 6).await;
    let outcome: String = lake.value("SELECT outcome FROM runs");
    assert_eq!(outcome, "watching");
    lake.stop.ask();
    assert_eq!(ended(watch).await.0, Outcome::Done);
    let row: String =
        lake.value("SELECT \"trigger\" || outcome || inserted || ' ' || count(*) FROM runs");
    assert_eq!(row, "watchdone6 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_watch_writes_nothing() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 3);
    let watch = start(&lake, lake.logs());
    lake.until(50 * SECOND, || lake.samples() == 3).await;
    lake.pass(130).await;
    // The number moves with every commit of another connection.
    let db = rusqlite::Connection::open(lake.path("datalake.db")).unwrap();
    let commits = || -> i64 {
        db.query_row("PRAGMA data_version", [], |row| row.get(0))
            .unwrap()
    };
    let before = commits();
    lake.pass(200).await;
    assert_eq!(commits(), before);
    lake.append("metrics.jsonl", 3, 4);
    lake.until(70 * SECOND, || lake.samples() == 4).await;
    assert_ne!(commits(), before);
    lake.stop.ask();
    watch.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_followed() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 300);
    let watch = start(&lake, lake.logs());
    lake.until(50 * SECOND, || lake.samples() == 300).await;
    fs::rename(
        lake.path("in/metrics.jsonl"),
        lake.path("in/metrics.jsonl.1"),
    )
    .unwrap();
    lake.append("metrics.jsonl.1", 300, 310);
    lake.append("metrics.jsonl", 310, 320);
    lake.until(20 * SECOND, || lake.samples() == 320).await;
    lake.stop.ask();
    watch.await.unwrap();
    let origins: i64 = lake.value("SELECT count(*) FROM origins");
    assert_eq!(origins, 2);
    let records: i64 = lake.value("SELECT records FROM runs");
    assert_eq!(records, 320, "nothing is read twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_file_is_read_when_it_has_been_left_alone() {
    let lake = Lake::new();
    let reads = Arc::new(Mutex::new(Vec::new()));
    let watch = start(&lake, lake.whole(&reads));
    let count = || reads.lock().unwrap().len();
    // Its time lies in the future of the lake's clock, as if the clock had been set back.
    let file = fs::File::create(lake.path("in/a.wav")).unwrap();
    let far = std::time::UNIX_EPOCH + Duration::from_secs(7_000_000_000);
    file.set_modified(far).unwrap();
    lake.until(70 * SECOND, || {
        count() == 0 && lake.timer.uptime().as_secs() >= 3
    })
    .await;
    assert_eq!(count(), 0);
    lake.until(70 * SECOND, || count() == 1).await;
    lake.stop.ask();
    watch.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_away_takes_nothing_with_it() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 3);
    let watch = start(&lake, lake.logs());
    lake.until(50 * SECOND, || lake.samples() == 3).await;
    fs::rename(lake.path("in"), lake.path("unplugged")).unwrap();
    lake.pass(125).await;
    let missing: i64 = lake.value("SELECT sum(missing) FROM checkpoints");
    assert_eq!(
        missing, 0,
        "a place that is not there says nothing of its files"
    );
    fs::rename(lake.path("unplugged"), lake.path("in")).unwrap();
    lake.append("metrics.jsonl", 3, 4);
    lake.until(70 * SECOND, || lake.samples() == 4).await;
    lake.stop.ask();
    assert_eq!(ended(watch).await.0, Outcome::Done);
}

/// A source without units that says at first that what follows from them is not all there is to say.
struct Preliminary(Arc<AtomicU32>);

#[async_trait]
impl Source for Preliminary {
    async fn units(&self, _: &Context) -> Result<Vec<Unit>> {
        Ok(Vec::new())
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
        if self.0.fetch_add(1, Ordering::Relaxed) < 2 {
            out.truncated();
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_time_alone_may_change_is_related_again() {
    let lake = Lake::new();
    let related = Arc::new(AtomicU32::new(0));
    let watch = start(
        &lake,
        lake.made("preliminary", Preliminary(related.clone())),
    );
    let count = || related.load(Ordering::Relaxed);
    lake.until(300 * SECOND, || count() == 3).await;
    lake.pass(200).await;
    assert_eq!(count(), 3);
    lake.stop.ask();
    watch.await.unwrap();
}
