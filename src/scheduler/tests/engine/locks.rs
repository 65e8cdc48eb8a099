//! One execution of a source reads at a time.

use std::time::Duration;

use super::{Lake, MANUAL, Reads, ended, polling};
use crate::scheduler::{Outcome, RunOptions, Trigger};

const SECOND: Duration = Duration::from_secs(1);

const DUE: RunOptions = RunOptions {
    full: false,
    trigger: Trigger::Schedule,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_takes_the_source_from_a_watch_in_between() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 3);
    let (engine, told, source) = (lake.engine(2), lake.told.clone(), lake.logs());
    let watch = tokio::spawn(async move { engine.watch(&source, &polling(), &*told).await });
    lake.until(50 * SECOND, || lake.samples() == 3).await;
    // Another process with the same store.
    lake.append("metrics.jsonl", 3, 4);
    let other = lake.engine_over(lake.other(), 2);
    let (told, source) = (lake.told.clone(), lake.logs());
    let run = tokio::spawn(async move { other.run(&source, MANUAL, &*told).await });
    lake.until(50 * SECOND, || run.is_finished()).await;
    assert_eq!(ended(run).await.0, Outcome::Done);
    assert_eq!(lake.samples(), 4);
    lake.append("metrics.jsonl", 4, 6);
    lake.until(50 * SECOND, || lake.samples() == 6).await;
    lake.stop.ask();
    watch.await.unwrap();
    let outcomes: String =
        lake.value("SELECT group_concat(\"trigger\" || ' ' || outcome) FROM runs ORDER BY id");
    assert_eq!(outcomes, "watch done,manual done");
    let inserted: i64 = lake.value("SELECT sum(inserted) FROM runs");
    assert_eq!(inserted, 6, "nothing comes twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_run_gives_way_to_another_one_and_is_counted() {
    let lake = Lake::new();
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(receiver));
    let read = move |_: &super::Context| {
        let _ = receiver.lock().unwrap().recv();
    };
    let source = lake.made("slow", Reads(read));
    let engine = lake.engine(2);
    let (run, told, slow) = (engine.clone(), lake.told.clone(), source.clone());
    let first = tokio::spawn(async move { run.run(&slow, DUE, &*told).await });
    lake.until(50 * SECOND, || lake.told.has("slow schedule"))
        .await;
    let report = engine.run(&source, DUE, &*lake.told).await;
    assert_eq!(report.outcome, Outcome::Overlapped);
    // One that somebody asked for waits for its turn.
    let (run, told, slow) = (engine.clone(), lake.told.clone(), source.clone());
    let asked = tokio::spawn(async move { run.run(&slow, MANUAL, &*told).await });
    lake.until(50 * SECOND, || lake.told.has("slow waits"))
        .await;
    drop(sender);
    lake.until(50 * SECOND, || asked.is_finished()).await;
    assert_eq!(ended(first).await.0, Outcome::Done);
    assert_eq!(ended(asked).await.0, Outcome::Done);
    let rows: String =
        lake.value("SELECT group_concat(\"trigger\" || ' ' || overlapped) FROM runs ORDER BY id");
    assert_eq!(rows, "schedule 1,manual 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_watched_by_one_process() {
    let lake = Lake::new();
    let start = |engine: std::sync::Arc<super::Engine>| {
        let (told, source) = (lake.told.clone(), lake.logs());
        tokio::spawn(async move { engine.watch(&source, &polling(), &*told).await })
    };
    let first = start(lake.engine(2));
    lake.append("metrics.jsonl", 0, 3);
    lake.until(70 * SECOND, || lake.samples() == 3).await;
    let second = start(lake.engine_over(lake.other(), 2));
    lake.until(50 * SECOND, || lake.told.has("memory-jsonl waits"))
        .await;
    lake.stop.ask();
    assert_eq!(ended(first).await.0, Outcome::Done);
    assert_eq!(ended(second).await.0, Outcome::Cancelled);
}
