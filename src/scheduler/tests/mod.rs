//! Schedules and the agenda, by table, by scenario and by chance. No test waits: the time is what it says.

mod agenda;
mod clocks;
mod cron;
mod engine;
mod next_runs;
mod oracle;

use std::time::Duration;

use datalake_core::{Timestamp, Zone};

use crate::config::{Schedule, Schedules};

/// Zones with every kind of oddity: an hour, half an hour, none, and a day left out.
const ZONES: [&str; 5] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
];

/// An instant from text without the `Z`.
#[track_caller]
fn at(text: &str) -> Timestamp {
    format!("{text}Z").parse().unwrap()
}

#[track_caller]
fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap_or_else(|error| panic!("{text} {error}"))
}

#[track_caller]
fn schedules(texts: &[&str]) -> Schedules {
    Schedules::new(texts.iter().map(|text| schedule(text)).collect()).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn minutes(minutes: u64) -> Duration {
    seconds(minutes * 60)
}

fn hours(hours: u64) -> Duration {
    minutes(hours * 60)
}
