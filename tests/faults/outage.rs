//! The power goes while memory logs are read: what was acknowledged is kept, what was not is read again.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use super::nth::{assert_stored, command, fresh, second};
use crate::campaign::Scene;
use crate::power::{Tally, lose_power};
use crate::support::context::TestContext;
use crate::support::database::assert_sound;
use crate::support::input::{Expected, deep};

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

fn outages((cx, expected): &(TestContext, Expected), command: &dyn Fn(&Path) -> Command) -> Tally {
    let stored = |place: &Path| assert_stored(place, expected);
    let scene = Scene {
        before: cx.root(),
        command,
        stored: &stored,
    };
    let images = if deep() { DEEP_IMAGES } else { IMAGES };
    let tally = lose_power(&scene, "datalake.db", &found, images);
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
