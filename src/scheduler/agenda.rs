//! The agenda: which source is to be started now, and when to look again. It is told the time and what became
//! of the runs; it starts nothing, waits for nothing and asks no clock.

use std::sync::Arc;
use std::time::Duration;

use datalake_core::{SourceName, Timestamp, Zone};

use super::backoff::{self, Backoff};
use super::report::Outcome;
use super::trigger::Trigger;
use crate::config::{Schedule, Schedules};

/// A source for the agenda, with what the store knows of it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its name.
    pub source: SourceName,
    /// When it is read.
    pub schedules: Schedules,
    /// Whether a run that `once` started has ended as done or with rejects.
    pub once_done: bool,
    /// The start of its last run that `once` or a schedule started.
    pub last: Option<Timestamp>,
}

/// A source to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its name.
    pub source: SourceName,
    /// What starts it.
    pub trigger: Trigger,
}

/// A due time that passed while an earlier run of the source was under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The source.
    pub source: SourceName,
    /// When it would have been started.
    pub due: Timestamp,
    /// How many times this has happened to the source, this time included.
    pub total: u64,
}

/// The state of all schedules.
///
/// Whoever drives it asks [`due`](Self::due), starts what that names, says so with [`started`](Self::started)
/// and [`ended`](Self::ended), and asks again at [`next_wake`](Self::next_wake), or after a minute if that is
/// earlier: a timer that sleeps through a suspend, and a clock that is set, are not seen otherwise.
#[derive(Debug)]
pub struct Agenda {
    zone: Zone,
    now: Timestamp,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
}

impl Agenda {
    /// The agenda of a program that starts `now`; cron schedules are of `zone`.
    pub fn new(sources: impl IntoIterator<Item = Planned>, zone: Zone, now: Timestamp) -> Self {
        let entry = |planned| Entry::new(planned, &zone, now);
        Self {
            entries: sources.into_iter().map(entry).collect(),
            zone,
            now,
            skipped: Vec::new(),
        }
    }

    /// What is to be started now. It is named again until [`started`](Self::started) says that it was.
    pub fn due(&mut self, now: Timestamp) -> Vec<Due> {
        self.observe(now);
        let mut due = Vec::new();
        for entry in &mut self.entries {
            self.skipped.extend(entry.skip(now, &self.zone));
            due.extend(entry.due(now).map(|trigger| Due {
                source: Arc::clone(&entry.source),
                trigger,
            }));
        }
        due
    }

    /// When [`due`](Self::due) has something new to say, unless something ends earlier or the clock is set; `now`
    /// if it has already. Nothing if only the end of a run can bring something.
    pub fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        let wakes = self.entries.iter().filter_map(|entry| entry.wake(now));
        wakes.min().map(|wake| wake.max(now))
    }

    /// A source was started.
    pub fn started(&mut self, due: &Due, now: Timestamp) {
        self.observe(now);
        let zone = &self.zone;
        if let Some(entry) = entry(&mut self.entries, due) {
            entry.started(due.trigger, now, zone);
        }
    }

    /// What was started has ended. A pause after a failure begins now.
    pub fn ended(&mut self, due: &Due, outcome: Outcome, now: Timestamp) {
        self.observe(now);
        let zone = &self.zone;
        if let Some(entry) = entry(&mut self.entries, due) {
            self.skipped.extend(entry.skip(now, zone));
            entry.ended(due.trigger, outcome, now);
        }
    }

    /// The due times that were skipped since this was last asked.
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        std::mem::take(&mut self.skipped)
    }

    /// Notices a clock that was set back.
    fn observe(&mut self, now: Timestamp) {
        let back = self.now.since(now);
        if !back.is_zero() {
            for entry in &mut self.entries {
                entry.set_back(back, now, &self.zone);
            }
        }
        self.now = now;
    }
}

fn entry<'a>(entries: &'a mut [Entry], due: &Due) -> Option<&'a mut Entry> {
    entries.iter_mut().find(|entry| entry.source == due.source)
}

/// A schedule with times, and the next of them.
#[derive(Debug)]
struct Timer {
    schedule: Schedule,
    /// Nothing when it would be past the end of the calendar.
    due: Option<Timestamp>,
}

impl Timer {
    /// Sets it to the next time after a run that begins now.
    fn arm(&mut self, source: &str, now: Timestamp, zone: &Zone) {
        let next = self.schedule.next_after(now, zone);
        self.due = next.and_then(|due| due.checked_add(self.schedule.jitter(source, due)));
    }
}

/// What `once` and `watch` want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Nothing, or nothing any more.
    None,
    /// To be started.
    Start,
    /// It was started then.
    UnderWay(Timestamp),
}

/// The state of one source.
#[derive(Debug)]
struct Entry {
    source: SourceName,
    timers: Vec<Timer>,
    once: Wish,
    watch: Wish,
    /// Whether a run that a schedule started is under way.
    scheduled: bool,
    /// Whether a run that a schedule started has failed, so that it is to be tried again.
    retry: bool,
    backoff: Backoff,
    skipped: u64,
}

impl Entry {
    fn new(planned: Planned, zone: &Zone, now: Timestamp) -> Self {
        let Planned {
            source,
            schedules,
            once_done,
            last,
        } = planned;
        let has = |schedule| match schedules.iter().any(|known| *known == schedule) {
            true => Wish::Start,
            false => Wish::None,
        };
        let timers = schedules.iter().filter_map(|schedule| {
            let due = schedule.due_since(last, now, zone)?;
            // What is due now starts now; only what comes later is spread.
            let later = if due > now {
                schedule.jitter(&source, due)
            } else {
                Duration::ZERO
            };
            Some(Timer {
                schedule: schedule.clone(),
                due: due.checked_add(later),
            })
        });
        Self {
            timers: timers.collect(),
            once: if once_done {
                Wish::None
            } else {
                has(Schedule::Once)
            },
            watch: has(Schedule::Watch),
            scheduled: false,
            retry: false,
            backoff: Backoff::default(),
            skipped: 0,
            source,
        }
    }

    /// Whether it is being read by `once` or a schedule. A watch holds nobody up: it has no lock while idle.
    fn is_read(&self) -> bool {
        self.scheduled || matches!(self.once, Wish::UnderWay(_))
    }

    fn next_timer(&self) -> Option<Timestamp> {
        self.timers.iter().filter_map(|timer| timer.due).min()
    }

    /// What is to be started now: at most a run and the watch.
    fn due(&self, now: Timestamp) -> impl Iterator<Item = Trigger> + use<> {
        let awake = !self.backoff.rests(now);
        let timer = self.retry || self.next_timer().is_some_and(|due| due <= now);
        let run = match self.once {
            _ if self.is_read() => None,
            Wish::Start => Some(Trigger::Once),
            _ => timer.then_some(Trigger::Schedule),
        };
        let watch = (self.watch == Wish::Start).then_some(Trigger::Watch);
        run.into_iter().chain(watch).filter(move |_| awake)
    }

    /// When to look at it again; what has come already may lie before `now`.
    fn wake(&self, now: Timestamp) -> Option<Timestamp> {
        let rested = self.backoff.until().unwrap_or(now);
        let timer = self.next_timer();
        if self.is_read() {
            // A time that comes now is skipped, and counted.
            let watch = (self.watch == Wish::Start).then_some(rested);
            return timer.into_iter().chain(watch).min();
        }
        let waits = self.retry || [self.once, self.watch].contains(&Wish::Start);
        let timer = timer.map(|due| due.max(rested));
        waits.then_some(rested).into_iter().chain(timer).min()
    }

    fn started(&mut self, trigger: Trigger, now: Timestamp, zone: &Zone) {
        match trigger {
            Trigger::Watch => self.watch = Wish::UnderWay(now),
            Trigger::Once => self.once = Wish::UnderWay(now),
            Trigger::Schedule => self.scheduled = true,
            // What somebody asks for is no business of the agenda's.
            Trigger::Manual | Trigger::Replay | Trigger::Ingest | Trigger::Preview => {}
        }
        if trigger != Trigger::Watch {
            // It reads what all times that have passed would have read.
            self.retry = false;
            self.arm(now, zone);
        }
    }

    fn arm(&mut self, now: Timestamp, zone: &Zone) {
        for timer in &mut self.timers {
            timer.arm(&self.source, now, zone);
        }
    }

    fn ended(&mut self, trigger: Trigger, outcome: Outcome, now: Timestamp) {
        match trigger {
            Trigger::Once => self.once_ended(outcome, now),
            Trigger::Watch => self.watch_ended(outcome, now),
            Trigger::Schedule => {
                self.scheduled = false;
                self.retry = outcome == Outcome::Failed;
            }
            Trigger::Manual | Trigger::Replay | Trigger::Ingest | Trigger::Preview => {}
        }
        match outcome {
            Outcome::Done | Outcome::Rejects => self.backoff.recovered(),
            Outcome::Failed => self.backoff.failed(now),
            Outcome::Absent | Outcome::Cancelled | Outcome::Overlapped => {}
        }
    }

    /// Only a run that came to its end was the one.
    fn once_ended(&mut self, outcome: Outcome, now: Timestamp) {
        self.once = match outcome {
            Outcome::Done | Outcome::Rejects => Wish::None,
            Outcome::Failed => Wish::Start,
            Outcome::Absent | Outcome::Cancelled | Outcome::Overlapped => {
                self.backoff.rest(now);
                Wish::Start
            }
        };
    }

    /// A watch ends by itself only when it fails.
    fn watch_ended(&mut self, outcome: Outcome, now: Timestamp) {
        let held = match self.watch {
            Wish::UnderWay(since) => now.since(since),
            Wish::None | Wish::Start => Duration::ZERO,
        };
        if held >= backoff::LONGEST {
            // It never ends well, so that its standing for long is what says that it had recovered.
            self.backoff.recovered();
        }
        self.watch = match outcome {
            Outcome::Failed => Wish::Start,
            Outcome::Absent => {
                self.backoff.rest(now);
                Wish::Start
            }
            Outcome::Done | Outcome::Rejects | Outcome::Cancelled | Outcome::Overlapped => {
                Wish::None
            }
        };
    }

    /// Passes over the times that have come while it is being read; however many, that is one.
    fn skip(&mut self, now: Timestamp, zone: &Zone) -> Option<Skipped> {
        let due = self.next_timer().filter(|due| *due <= now)?;
        if !self.is_read() {
            return None;
        }
        for timer in &mut self.timers {
            if timer.due.is_some_and(|due| due <= now) {
                timer.arm(&self.source, now, zone);
            }
        }
        self.skipped += 1;
        Some(Skipped {
            source: Arc::clone(&self.source),
            due,
            total: self.skipped,
        })
    }

    /// The clock was set back: distances keep what is left of them, times of the clock on the wall come again.
    fn set_back(&mut self, by: Duration, now: Timestamp, zone: &Zone) {
        self.backoff.set_back(by);
        for timer in &mut self.timers {
            match timer.due.and_then(|due| due.checked_sub(by)) {
                Some(due) if matches!(timer.schedule, Schedule::Every(_)) => timer.due = Some(due),
                _ => timer.arm(&self.source, now, zone),
            }
        }
        for wish in [&mut self.once, &mut self.watch] {
            if let Wish::UnderWay(since) = wish {
                *since = since.checked_sub(by).unwrap_or(now);
            }
        }
    }
}
