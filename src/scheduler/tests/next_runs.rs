//! What `check` and `status` say of the times to come.

use super::*;
use crate::scheduler::{next_due, next_runs};

const NOW: &str = "2026-01-10T06:30:00";

#[track_caller]
fn coming(texts: &[&str], last: Option<&str>, expected: &[&str]) {
    let (schedules, zone) = (schedules(texts), zone("Asia/Kolkata"));
    let last = last.map(at);
    let times: Vec<String> = next_runs(&schedules, &zone, last, at(NOW))
        .take(3)
        .map(|time| time.to_string()[5..19].replace('T', " "))
        .collect();
    assert_eq!(times, expected, "{texts:?}");
    let first = next_due(&schedules, &zone, last, at(NOW));
    assert_eq!(first, next_runs(&schedules, &zone, last, at(NOW)).next());
}

#[test]
fn what_never_ran() {
    coming(
        &["every 15m"],
        None,
        &["01-10 06:30:00", "01-10 06:45:00", "01-10 07:00:00"],
    );
    coming(
        &["0 3 * * *"],
        None,
        &["01-10 21:30:00", "01-11 21:30:00", "01-12 21:30:00"],
    );
    for schedule in ["watch", "once", "manual"] {
        coming(&[schedule], None, &[]);
    }
}

#[test]
fn what_has_run() {
    coming(
        &["every 1h"],
        Some("2026-01-10T06:10:05"),
        &["01-10 07:10:05", "01-10 08:10:05", "01-10 09:10:05"],
    );
    // What is overdue is due now, once.
    coming(
        &["every 1h"],
        Some("2026-01-03T06:10:05"),
        &["01-10 06:30:00", "01-10 07:30:00", "01-10 08:30:00"],
    );
    coming(
        &["watch", "0 3 * * *"],
        Some("2026-01-03T06:10:05"),
        &["01-10 06:30:00", "01-10 21:30:00", "01-11 21:30:00"],
    );
    // A last run in the future says nothing.
    coming(
        &["0 3 * * *"],
        Some("2126-01-03T06:10:05"),
        &["01-10 21:30:00", "01-11 21:30:00", "01-12 21:30:00"],
    );
}

/// Each run reads everything, so that a distance counts from it, whatever started it.
#[test]
fn schedules_together() {
    coming(
        &["every 10h", "0 3 * * *"],
        Some("2026-01-10T02:30:00"),
        &["01-10 12:30:00", "01-10 21:30:00", "01-11 07:30:00"],
    );
}
