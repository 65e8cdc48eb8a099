//! The power goes while memory logs are read: what was acknowledged is kept, what was not is read again.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "in a test a panic is the report, and what was printed before it is shown"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use super::nth::{State, command, fresh, second, with_scene};
use crate::power::{Tally, lose_power};
use crate::support::database::assert_sound;
use crate::support::input::Expected;
use datalake_testkit::deep;

const IMAGES: u64 = 10;
const DEEP_IMAGES: u64 = 100;

/// What a sound database holds.
fn found(place: &Path) -> BTreeSet<String> {
    let database = Connection::open(place.join("datalake.db")).expect("it is there");
    assert_sound(&database);
    let Expected {
        samples,
        events,
        rejects,
    } = Expected::found(&database);
    let samples = samples.iter().map(|sample| format!("{sample:?}"));
    let events = events.iter().map(|event| format!("{event:?}"));
    let rejects = rejects.iter().map(|reject| format!("{reject:?}"));
    samples.chain(events).chain(rejects).collect()
}

fn outages(state: &State, command: &dyn Fn(&Path) -> Command) -> Tally {
    let images = if deep() { DEEP_IMAGES } else { IMAGES };
    let tally = with_scene(state, command, |scene| {
        lose_power(scene, "datalake.db", &found, images)
    });
    println!("{tally:?}");
    assert!(tally.unsynced > images / 2, "{tally:?}");
    tally
}

/// Into a new database, and into one that is there.
#[test]
fn nothing_acknowledged_is_lost() {
    for state in [fresh(), second()] {
        let tally = outages(&state, &command);
        assert_eq!(tally.lost, 0, "{tally:?}");
        assert!(tally.empty < tally.images, "{tally:?}");
    }
}

/// A user may choose to lose the last commits: then some are lost, which shows that losses are seen here, and the
/// database is as sound and as easily completed as ever.
#[test]
fn without_syncs_the_last_commits_may_go() {
    let relaxed = |place: &Path| {
        let mut command = command(place);
        command.env("DATALAKE_STORE_SYNCHRONOUS", "normal");
        command
    };
    let tally = outages(&second(), &relaxed);
    assert!(tally.lost > 0, "{tally:?}");
}
