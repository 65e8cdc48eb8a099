//! Plugins that hang or panic stop themselves alone.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Lake, MANUAL, Reads, ended};
use crate::scheduler::Outcome;

const SECOND: Duration = Duration::from_secs(1);

/// A reader that waits until the sender is dropped, whatever anybody asks of it.
fn hanging() -> (
    mpsc::Sender<()>,
    Reads<impl Fn(&super::Context) + Clone + Send + Sync>,
) {
    let (sender, receiver) = mpsc::channel::<()>();
    let receiver = Arc::new(Mutex::new(receiver));
    let read = move |_: &super::Context| {
        let _ = receiver.lock().unwrap().recv();
    };
    (sender, Reads(read))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_hangs_is_given_up_and_stops_nobody() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 3);
    let engine = lake.engine(1);
    let (sender, reads) = hanging();
    let stuck = lake.made("stuck", reads);
    let logs = lake.logs();
    let (run, told, source) = (engine.clone(), lake.told.clone(), stuck.clone());
    let first = tokio::spawn(async move { run.run(&source, MANUAL, &*told).await });
    lake.until(50 * SECOND, || lake.told.has("stuck manual"))
        .await;
    // The one place there is is taken; another one is lent for it.
    let (run, told) = (engine.clone(), lake.told.clone());
    let second = tokio::spawn(async move { run.run(&logs, MANUAL, &*told).await });
    lake.until(200 * SECOND, || lake.samples() == 3).await;
    lake.until(50 * SECOND, || second.is_finished()).await;
    assert_eq!(ended(second).await.0, Outcome::Done);
    assert!(!first.is_finished(), "five minutes have not passed");
    lake.until(320 * SECOND, || first.is_finished()).await;
    let (outcome, error) = ended(first).await;
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(error, "source `stuck`: it hangs: no sign of life for 300s");
    // While its thread is stuck there is no second one.
    let report = engine.run(&stuck, MANUAL, &*lake.told).await;
    let error = report.error.unwrap().to_string();
    assert_eq!(
        error,
        "source `stuck`: an earlier reader of this source still hangs"
    );
    drop(sender);
    for _ in 0..1_000 {
        let report = engine.run(&stuck, MANUAL, &*lake.told).await;
        if report.outcome == Outcome::Done {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the source stays refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_no_reader_that_does_not_hear_it() {
    let lake = Lake::new();
    let (_sender, reads) = hanging();
    let (engine, told, source) = (lake.engine(2), lake.told.clone(), lake.made("stuck", reads));
    let run = tokio::spawn(async move { engine.run(&source, MANUAL, &*told).await });
    lake.until(50 * SECOND, || lake.told.has("stuck manual"))
        .await;
    lake.stop.ask();
    lake.until(2 * SECOND, || run.is_finished()).await;
    assert_eq!(ended(run).await.0, Outcome::Cancelled);
    let outcome: String = lake.value("SELECT outcome FROM runs");
    assert_eq!(outcome, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_panics_fails_its_own_run() {
    let lake = Lake::new();
    lake.append("metrics.jsonl", 0, 3);
    let engine = lake.engine(1);
    let broken = lake.made("broken", Reads(|_: &super::Context| panic!("at line 7")));
    let report = engine.run(&broken, MANUAL, &*lake.told).await;
    assert_eq!(report.outcome, Outcome::Failed);
    let error = report.error.unwrap().to_string();
    assert!(error.contains("at line 7"), "{error}");
    let report = engine.run(&lake.logs(), MANUAL, &*lake.told).await;
    assert_eq!((report.outcome, lake.samples()), (Outcome::Done, 3));
}
