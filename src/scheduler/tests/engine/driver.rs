//! The scheduler from start to stop: what is due is run, and what became of it decides what is next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use datalake_core::{Checkpoint, Context, Error, Output, Result, Source, Unit};
use tokio::task::JoinHandle;

use super::{Lake, Reads, polling};
use crate::config::ConfiguredSource;
use crate::scheduler::tests::schedules;
use crate::scheduler::{Scheduler, SourceReport};

const SECOND: Duration = Duration::from_secs(1);

async fn start(lake: &Lake, sources: Vec<ConfiguredSource>) -> JoinHandle<Vec<SourceReport>> {
    let engine = lake.engine(2);
    let scheduler = Scheduler::new(engine, sources, polling(), lake.told.clone()).await;
    tokio::spawn(scheduler.unwrap().run())
}

/// A source on this schedule that counts how often it is read, and panics while `broken`.
fn counting(
    lake: &Lake,
    schedule: &[&str],
    broken: bool,
) -> (ConfiguredSource, Arc<AtomicUsize>, Arc<AtomicBool>) {
    let (count, broken) = (Arc::default(), Arc::new(AtomicBool::new(broken)));
    let (counted, breaks): (Arc<AtomicUsize>, _) = (Arc::clone(&count), broken.clone());
    let mut source = lake.made(
        "counting",
        Reads(move |_: &Context| {
            counted.fetch_add(1, Ordering::SeqCst);
            assert!(!breaks.load(Ordering::SeqCst), "broken");
        }),
    );
    source.settings.schedule = schedules(schedule);
    (source, count, broken)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_kept_and_every_run_has_its_row() {
    let lake = Lake::new();
    let (source, count, _) = counting(&lake, &["every 1m"], false);
    let scheduler = start(&lake, vec![source]).await;
    lake.until(60 * SECOND, || count.load(Ordering::SeqCst) == 1)
        .await;
    lake.pass(190).await;
    let times = count.load(Ordering::SeqCst);
    assert!((3..=4).contains(&times), "{times}");
    lake.stop.ask();
    let reports = scheduler.await.unwrap();
    assert_eq!(reports.len(), 1);
    let rows: i64 =
        lake.value("SELECT count(*) FROM runs WHERE \"trigger\" = 'schedule' AND outcome = 'done'");
    assert_eq!(rows, times as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn once_is_once_in_the_life_of_a_lake() {
    let lake = Lake::new();
    let (source, count, _) = counting(&lake, &["once"], false);
    let scheduler = start(&lake, vec![source.clone()]).await;
    lake.until(60 * SECOND, || lake.told.has("counting done"))
        .await;
    lake.stop.ask();
    scheduler.await.unwrap();
    let again = lake.started_again();
    let scheduler = start(&again, vec![source]).await;
    again.pass(100).await;
    again.stop.ask();
    scheduler.await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_tried_again_later_and_later_until_one_succeeds() {
    let lake = Lake::new();
    let (source, count, broken) = counting(&lake, &["every 1d"], true);
    let scheduler = start(&lake, vec![source]).await;
    let count = || count.load(Ordering::SeqCst);
    lake.until(60 * SECOND, || count() == 1).await;
    lake.pass(40).await;
    assert_eq!(count(), 1);
    lake.until(400 * SECOND, || count() == 2).await;
    lake.pass(100).await;
    assert_eq!(count(), 2);
    broken.store(false, Ordering::SeqCst);
    lake.until(400 * SECOND, || count() == 3).await;
    lake.pass(600).await;
    assert_eq!(count(), 3, "it has recovered, and its day is not over");
    lake.stop.ask();
    scheduler.await.unwrap();
    let outcomes: String = lake.value("SELECT group_concat(outcome) FROM runs ORDER BY id");
    assert_eq!(outcomes, "failed,failed,done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_beside_a_unit_that_its_plugin_fails_at() {
    let lake = Lake::new();
    let (source, count, broken) = counting(&lake, &["watch"], true);
    let scheduler = start(&lake, vec![source]).await;
    let count = || count.load(Ordering::SeqCst);
    lake.until(60 * SECOND, || lake.told.has("counting trouble"))
        .await;
    lake.pass(40).await;
    assert_eq!(count(), 1, "it is put off for a minute");
    lake.until(400 * SECOND, || count() == 2).await;
    broken.store(false, Ordering::SeqCst);
    lake.until(600 * SECOND, || count() == 3).await;
    lake.stop.ask();
    scheduler.await.unwrap();
    let outcomes: String =
        lake.value("SELECT group_concat(\"trigger\" || ' ' || outcome) FROM runs ORDER BY id");
    assert_eq!(outcomes, "watch done");
}

/// What is wrong with all of a source, and not with one unit, ends its watch.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_fails_is_begun_again() {
    let lake = Lake::new();
    let mut source = lake.made("unlisted", Unlisted(Arc::default()));
    source.settings.schedule = schedules(&["watch"]);
    let scheduler = start(&lake, vec![source]).await;
    lake.until(60 * SECOND, || lake.told.has("unlisted failed"))
        .await;
    lake.pass(90).await;
    lake.stop.ask();
    scheduler.await.unwrap();
    let outcomes: String =
        lake.value("SELECT group_concat(\"trigger\" || ' ' || outcome) FROM runs ORDER BY id");
    assert_eq!(outcomes, "watch failed,watch done");
}

/// A source whose units cannot be listed the first time.
struct Unlisted(Arc<AtomicUsize>);

#[async_trait]
impl Source for Unlisted {
    async fn units(&self, _: &Context) -> Result<Vec<Unit>> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::temporary("it does not answer")),
            _ => Ok(Vec::new()),
        }
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_by_the_clock_comes_beside_a_watch() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 3);
    let mut source = lake.logs();
    source.settings.schedule = schedules(&["watch", "every 5m"]);
    let scheduler = start(&lake, vec![source]).await;
    lake.until(20 * SECOND, || lake.told.has("memory-jsonl done"))
        .await;
    lake.append("metrics.jsonl", 3, 4);
    lake.until(20 * SECOND, || lake.samples() == 4).await;
    lake.stop.ask();
    scheduler.await.unwrap();
    let outcomes: String = lake.value("SELECT group_concat(\"trigger\" || ' ' || outcome) FROM (SELECT * FROM runs ORDER BY \"trigger\")");
    assert_eq!(outcomes, "schedule done,watch done");
    let inserted: i64 = lake.value("SELECT sum(inserted) FROM runs");
    assert_eq!(inserted, 4);
}
