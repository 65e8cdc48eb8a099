//! What the agenda says, scene by scene.

use super::*;
use crate::scheduler::Outcome::{self, Absent, Cancelled, Done, Failed, Rejects};
use crate::scheduler::{Agenda, Due, Planned, Trigger};

const START: &str = "2026-01-10T06:30:00";

/// An agenda, and the time it is told.
struct Scene {
    agenda: Agenda,
    now: Timestamp,
}

fn planned(source: &str, texts: &[&str]) -> Planned {
    Planned {
        source: source.into(),
        schedules: schedules(texts),
        once_done: false,
        last: None,
    }
}

impl Scene {
    fn of(sources: impl IntoIterator<Item = Planned>) -> Self {
        let now = at(START);
        Self {
            agenda: Agenda::new(sources, zone("Europe/Berlin"), now),
            now,
        }
    }

    /// With one source.
    fn one(texts: &[&str]) -> Self {
        Self::of([planned("notes", texts)])
    }

    fn wait(&mut self, duration: Duration) -> &mut Self {
        self.now = self.now.checked_add(duration).unwrap();
        self
    }

    fn set_back(&mut self, duration: Duration) -> &mut Self {
        self.now = self.now.checked_sub(duration).unwrap();
        self
    }

    /// Waits for as long as the agenda says.
    #[track_caller]
    fn sleep(&mut self) -> Duration {
        let wake = self
            .agenda
            .next_wake(self.now)
            .expect("nothing to wait for");
        let slept = wake.since(self.now);
        self.now = wake;
        slept
    }

    fn due(&mut self) -> Vec<Due> {
        self.agenda.due(self.now)
    }

    /// What is due, as text, all of it started.
    fn start(&mut self) -> String {
        let due = self.due();
        for due in &due {
            self.agenda.started(due, self.now);
        }
        let names = due
            .iter()
            .map(|due| format!("{} {}", due.source, due.trigger.name()));
        names.collect::<Vec<_>>().join(", ")
    }

    fn end(&mut self, trigger: Trigger, outcome: Outcome) -> &mut Self {
        let source = "notes".into();
        self.agenda
            .ended(&Due { source, trigger }, outcome, self.now);
        self
    }

    /// A run by schedule that takes a second.
    fn run(&mut self, outcome: Outcome) -> String {
        let started = self.start();
        self.wait(seconds(1)).end(Trigger::Schedule, outcome);
        started
    }

    fn skipped(&mut self) -> Vec<u64> {
        let skipped = self.agenda.take_skipped();
        skipped.iter().map(|skipped| skipped.total).collect()
    }
}

#[track_caller]
fn between(duration: Duration, least: Duration, greatest: Duration) {
    assert!((least..=greatest).contains(&duration), "{duration:?}");
}

#[test]
fn by_hand_means_never() {
    let mut scene = Scene::one(&["manual"]);
    assert_eq!(scene.start(), "");
    assert_eq!(scene.agenda.next_wake(scene.now), None);
    assert_eq!(scene.wait(hours(1_000_000)).start(), "");
}

#[test]
fn once_is_one_time() {
    for outcome in [Done, Rejects] {
        let mut scene = Scene::one(&["once"]);
        assert_eq!(scene.start(), "notes once");
        assert_eq!(scene.start(), "");
        scene.wait(seconds(5)).end(Trigger::Once, outcome);
        assert_eq!(scene.agenda.next_wake(scene.now), None);
        assert_eq!(scene.wait(hours(10_000)).start(), "");
    }
    let done = Planned {
        once_done: true,
        ..planned("notes", &["once"])
    };
    assert_eq!(Scene::of([done]).start(), "");
}

#[test]
fn once_is_tried_until_it_came_to_its_end() {
    let mut scene = Scene::one(&["once"]);
    let mut pauses = Vec::new();
    for outcome in [Failed, Failed, Cancelled, Failed, Done] {
        assert_eq!(scene.start(), "notes once");
        scene.wait(minutes(7)).end(Trigger::Once, outcome);
        if outcome != Done {
            pauses.push(scene.sleep().as_secs() / 60);
        }
    }
    assert_eq!(pauses, [1, 2, 2, 4]);
    assert_eq!(scene.agenda.next_wake(scene.now), None);
}

/// A place that does not exist may come back at any time, and looking costs nothing.
#[test]
fn absent_places_are_looked_for_every_minute() {
    for (schedule, trigger) in [("once", Trigger::Once), ("watch", Trigger::Watch)] {
        let mut scene = Scene::one(&[schedule]);
        for _ in 0..10 {
            assert_eq!(scene.start(), format!("notes {schedule}"));
            scene.end(trigger, Absent);
            assert_eq!(scene.sleep(), minutes(1));
        }
    }
    let mut scene = Scene::one(&["every 1h"]);
    scene.run(Absent);
    between(scene.sleep(), minutes(59), minutes(66));
}

#[test]
fn every_counts_from_the_start_of_the_run_before() {
    let mut scene = Scene::one(&["every 10m"]);
    assert_eq!(scene.start(), "notes schedule");
    scene.wait(minutes(4)).end(Trigger::Schedule, Done);
    assert_eq!(scene.start(), "");
    between(scene.sleep(), minutes(6), minutes(7));
    assert_eq!(scene.start(), "notes schedule");
}

#[test]
fn every_counts_from_what_the_store_knows() {
    let first = |last: &str| {
        let last = Some(at(last));
        let mut scene = Scene::of([Planned {
            last,
            ..planned("notes", &["every 1h"])
        }]);
        scene.sleep()
    };
    assert_eq!(first("2026-01-10T05:20:00"), Duration::ZERO);
    between(first("2026-01-10T06:10:00"), minutes(40), minutes(46));
    // A clock that was wrong.
    assert_eq!(first("2026-01-10T06:30:01"), Duration::ZERO);
}

/// After a restart they are spread as they were before.
#[test]
fn sources_that_ran_at_the_same_time_do_not_start_in_step() {
    let first = |source| {
        let last = Some(at("2026-01-10T06:10:00"));
        Scene::of([Planned {
            last,
            ..planned(source, &["every 1h"])
        }])
        .sleep()
    };
    assert_ne!(first("a"), first("b"));
    assert_eq!(first("a"), first("a"));
}

#[test]
fn a_missed_time_is_made_up_for_at_the_start() {
    let last = Some(at("2026-01-08T02:00:01"));
    let mut scene = Scene::of([Planned {
        last,
        ..planned("notes", &["watch", "0 3 * * *"])
    }]);
    assert_eq!(scene.start(), "notes schedule, notes watch");
    scene.wait(minutes(1)).end(Trigger::Schedule, Done);
    scene.sleep();
    assert_eq!(scene.now.to_string()[..16], *"2026-01-11T02:00");
    // What never ran has missed nothing.
    assert_eq!(Scene::one(&["0 3 * * *"]).start(), "");
}

#[test]
fn after_a_sleep_there_is_one_run() {
    for schedule in ["every 15m", "*/15 * * * *"] {
        let mut scene = Scene::one(&[schedule]);
        scene.run(Done);
        for asleep in [hours(10), hours(24 * 365 * 100)] {
            assert_eq!(scene.wait(asleep).run(Done), "notes schedule", "{schedule}");
            assert_eq!(scene.start(), "");
            between(scene.sleep(), seconds(0), seconds(16 * 60 + 30));
        }
        assert!(scene.skipped().is_empty());
    }
}

#[test]
fn cron_keeps_its_minute() {
    let mut scene = Scene::one(&["*/5 * * * *"]);
    for _ in 0..200 {
        scene.sleep();
        let second = scene.now.as_micros().rem_euclid(300_000_000);
        assert!(second <= 6_000_000, "{second}");
        assert_eq!(scene.run(Done), "notes schedule");
    }
    assert_eq!(scene.now.since(at(START)).as_secs() / 300, 200);
}

#[test]
fn sources_do_not_start_in_step() {
    for (schedule, greatest) in [("every 1h", minutes(66)), ("0 * * * *", seconds(5406))] {
        let names: Vec<String> = (0..20).map(|number| format!("source-{number}")).collect();
        let first = |name: &String| {
            let mut scene = Scene::of([planned(name, &[schedule])]);
            scene.sleep();
            scene.start();
            let due = scene.due();
            assert!(due.is_empty());
            scene.agenda.next_wake(scene.now)
        };
        let mut starts: Vec<_> = names.iter().filter_map(first).collect();
        // The same names give the same times.
        assert_eq!(starts, names.iter().filter_map(first).collect::<Vec<_>>());
        starts.sort();
        starts.dedup();
        assert_eq!(starts.len(), names.len());
        assert!(starts[19].since(at(START)) <= greatest);
        // The same source does not always keep the same distance either.
        let mut scene = Scene::one(&[schedule]);
        scene.sleep();
        scene.run(Done);
        let distances = [0; 10].map(|_| {
            let slept = scene.sleep();
            scene.run(Done);
            slept
        });
        assert!(distances.iter().any(|distance| *distance != distances[0]));
    }
}

#[test]
fn a_time_that_comes_during_a_run_is_skipped() {
    let mut scene = Scene::one(&["every 10m"]);
    scene.start();
    for total in 1..=3 {
        between(scene.sleep(), minutes(10), minutes(11));
        assert_eq!(scene.start(), "");
        assert_eq!(scene.skipped(), [total]);
        assert!(scene.skipped().is_empty());
    }
    // It is not made up for when the run ends.
    scene.wait(minutes(1)).end(Trigger::Schedule, Done);
    assert_eq!(scene.start(), "");
    between(scene.sleep(), minutes(9), minutes(10));
    assert_eq!(scene.start(), "notes schedule");
}

#[test]
fn skipping_says_what_was_skipped() {
    let mut scene = Scene::one(&["*/10 * * * *", "every 10h"]);
    scene.start();
    // The end of the run is the first that is heard of it; many times are one.
    scene.wait(hours(2)).end(Trigger::Schedule, Done);
    let skipped = scene.agenda.take_skipped();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0].source.as_ref(), "notes");
    assert_eq!(skipped[0].due.to_string()[..16], *"2026-01-10T06:40");
    assert_eq!(scene.start(), "");
    between(scene.sleep(), seconds(600), seconds(606));
}

#[test]
fn a_watch_holds_no_run_up() {
    let mut scene = Scene::one(&["watch", "every 10m"]);
    assert_eq!(scene.start(), "notes schedule, notes watch");
    scene.wait(minutes(1)).end(Trigger::Schedule, Done);
    scene.sleep();
    assert_eq!(scene.start(), "notes schedule");
    assert!(scene.skipped().is_empty());
}

/// Both read everything; the one that is started first is enough.
#[test]
fn once_with_a_schedule() {
    let mut scene = Scene::one(&["once", "every 10m"]);
    assert_eq!(scene.start(), "notes once");
    scene.sleep();
    assert_eq!(scene.start(), "");
    assert_eq!(scene.skipped(), [1]);
    scene.end(Trigger::Once, Done);
    between(scene.sleep(), minutes(10), minutes(11));
    assert_eq!(scene.start(), "notes schedule");
}

#[test]
fn failures_are_tried_again_later_and_later() {
    // Neither is the regular time waited for, nor does it come before the end of the pause.
    for schedule in ["0 3 * * *", "every 10s"] {
        let mut scene = Scene::one(&[schedule]);
        scene.sleep();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            assert_eq!(scene.run(Failed), "notes schedule", "{schedule}");
            assert_eq!(scene.start(), "");
            pauses.push(scene.sleep().as_secs());
        }
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert!(scene.skipped().is_empty());
        assert_eq!(scene.run(Rejects), "notes schedule");
        let regular = scene.sleep();
        assert_ne!(regular, minutes(1));
        assert_eq!(scene.run(Failed), "notes schedule");
        assert_eq!(scene.sleep(), minutes(1));
    }
}

#[test]
fn a_stop_is_neither_failure_nor_success() {
    let mut scene = Scene::one(&["every 1h"]);
    scene.run(Cancelled);
    between(scene.sleep(), minutes(59), minutes(66));
    scene.run(Failed);
    assert_eq!(scene.sleep(), minutes(1));
    scene.run(Cancelled);
    between(scene.sleep(), minutes(59), minutes(66));
    scene.run(Failed);
    assert_eq!(scene.sleep(), minutes(2));
}

#[test]
fn a_watch_that_fails_is_started_again() {
    let mut scene = Scene::one(&["watch"]);
    for pause in [1, 2, 4] {
        assert_eq!(scene.start(), "notes watch");
        assert_eq!(scene.agenda.next_wake(scene.now), None);
        scene.wait(minutes(50)).end(Trigger::Watch, Failed);
        assert_eq!(scene.start(), "");
        assert_eq!(scene.sleep(), minutes(pause));
    }
    // One that stood for an hour had recovered.
    assert_eq!(scene.start(), "notes watch");
    scene.wait(minutes(60)).end(Trigger::Watch, Failed);
    assert_eq!(scene.sleep(), minutes(1));
    assert_eq!(scene.start(), "notes watch");
    scene.end(Trigger::Watch, Cancelled);
    assert_eq!(scene.start(), "");
    assert_eq!(scene.agenda.next_wake(scene.now), None);
}

/// The pause is the source's, whatever failed, and so is the recovery.
#[test]
fn a_watch_and_a_schedule_share_the_pause() {
    let mut scene = Scene::one(&["watch", "every 10m"]);
    scene.start();
    scene.wait(seconds(590)).end(Trigger::Schedule, Done);
    scene.end(Trigger::Watch, Failed);
    assert_eq!(scene.sleep(), minutes(1));
    assert_eq!(scene.start(), "notes schedule, notes watch");
    scene.end(Trigger::Watch, Failed);
    scene.wait(seconds(1)).end(Trigger::Schedule, Done);
    assert_eq!(scene.start(), "notes watch");
}

#[test]
fn what_is_due_stays_due_until_it_is_started() {
    let mut scene = Scene::of([planned("a", &["every 1h"]), planned("b", &["watch"])]);
    let due = scene.due();
    assert_eq!(due, scene.wait(seconds(1)).due());
    assert_eq!(scene.agenda.next_wake(scene.now), Some(scene.now));
    assert_eq!(scene.start(), "a schedule, b watch");
    assert!(scene.agenda.next_wake(scene.now) > Some(scene.now));
}

#[test]
fn a_clock_that_is_set_back() {
    let year = hours(24 * 365);
    // A distance keeps what was left of it.
    let mut scene = Scene::one(&["every 1h"]);
    scene.run(Done);
    assert_eq!(scene.wait(minutes(20)).start(), "");
    let left = scene.agenda.next_wake(scene.now).unwrap().since(scene.now);
    assert_eq!(scene.set_back(year).start(), "");
    assert_eq!(scene.sleep(), left);
    // A pause does, too.
    scene.run(Failed);
    assert_eq!(scene.set_back(year).start(), "");
    assert_eq!(scene.sleep(), minutes(1));
    // The clock on the wall counts from where it is.
    let mut scene = Scene::one(&["0 3 * * *"]);
    scene.wait(hours(1)).start();
    assert_eq!(scene.set_back(year).start(), "");
    let night = hours(18) + minutes(30);
    between(scene.sleep(), night, night + seconds(6));
}

/// The last hours of the calendar leave no next time; the clock that was set there comes back.
#[test]
fn the_end_of_the_calendar_is_survived() {
    for schedule in ["every 1d", "0 3 * * *"] {
        let mut scene = Scene::one(&[schedule]);
        let real = scene.now;
        scene.now = at("9999-12-30T21:59:00");
        assert_eq!(scene.run(Done), "notes schedule");
        assert_eq!(scene.agenda.next_wake(scene.now), None);
        scene.now = real;
        assert_eq!(scene.start(), "");
        between(scene.sleep(), hours(1), hours(27));
        assert_eq!(scene.start(), "notes schedule");
    }
}

#[test]
fn summer_time_brings_one_run_a_night() {
    let mut scene = Scene::of([planned("notes", &["30 2 * * *"])]);
    let mut nights = Vec::new();
    for _ in 0..365 {
        scene.sleep();
        nights.push(scene.now.in_zone(&zone("Europe/Berlin")).date());
        assert_eq!(scene.run(Done), "notes schedule");
    }
    assert!(
        nights
            .windows(2)
            .all(|pair| pair[0].tomorrow().unwrap() == pair[1])
    );
}
