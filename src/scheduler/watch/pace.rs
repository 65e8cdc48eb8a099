//! How often a watch looks: the hot files every two seconds, everything once a minute, less where nothing
//! happens and the system tells of changes, and never so often that it keeps a core busy.

use std::time::Duration;

use crate::config::Watch;

/// A watch that nothing happened in for so long is idle.
const IDLE: Duration = Duration::from_secs(600);
/// An idle watch that is told of changes looks this much less often.
const IDLE_FACTOR: u32 = 5;
/// Scans take at most this share of the time when they are regular…
const REGULAR_SHARE: u32 = 100;
/// … and this when changes ask for them.
const ASKED_SHARE: u32 = 10;
/// No scan comes earlier than this after another one, however quick it was.
const GAP: Duration = Duration::from_millis(200);

/// When to look. All instants are the timer's uptime.
#[derive(Debug)]
pub(super) struct Pace {
    poll: Duration,
    scan: Duration,
    /// Whether the system tells of changes.
    told: bool,
    looked: Duration,
    scanned: Duration,
    /// How long the last scan took.
    took: Duration,
    /// When something was last found.
    busy: Duration,
    /// When a scan was asked for.
    asked: Option<Duration>,
}

impl Pace {
    pub(super) fn new(settings: &Watch, told: bool, now: Duration) -> Self {
        Self {
            poll: settings.poll,
            scan: settings.scan,
            told,
            looked: now,
            scanned: now,
            took: Duration::ZERO,
            busy: now,
            asked: Some(now),
        }
    }

    /// When to look at the hot files.
    pub(super) fn next_look(&self, now: Duration) -> Duration {
        self.looked + self.poll * self.factor(now)
    }

    /// When to scan everything.
    pub(super) fn next_scan(&self, now: Duration) -> Duration {
        let regular = (self.scan * self.factor(now)).max(self.took * REGULAR_SHARE);
        let regular = self.scanned + regular;
        match self.asked {
            Some(asked) => regular.min(asked.max(self.scanned + GAP.max(self.took * ASKED_SHARE))),
            None => regular,
        }
    }

    fn factor(&self, now: Duration) -> u32 {
        let idle = now.saturating_sub(self.busy) >= IDLE;
        if self.told && idle { IDLE_FACTOR } else { 1 }
    }

    /// The hot files have been looked at.
    pub(super) fn looked(&mut self, now: Duration) {
        self.looked = now;
    }

    /// Everything has been scanned; `begun` is when the scan began.
    pub(super) fn scanned(&mut self, begun: Duration, took: Duration, now: Duration) {
        (self.scanned, self.looked, self.took) = (now, now, took);
        // What was asked for while it went on is not answered by it.
        self.asked = self.asked.filter(|asked| *asked > begun);
    }

    /// A scan is needed at `at`, or as soon as the pace allows.
    pub(super) fn ask(&mut self, at: Duration) {
        self.asked = Some(self.asked.map_or(at, |asked| asked.min(at)));
    }

    /// Something was found.
    pub(super) fn found(&mut self, now: Duration) {
        self.busy = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn pace(told: bool) -> Pace {
        let settings = Watch {
            notify: told,
            poll: secs(2),
            scan: secs(60),
        };
        Pace::new(&settings, told, secs(0))
    }

    fn scanned(pace: &mut Pace, at: u64, took: Duration) {
        pace.scanned(secs(at).saturating_sub(took), took, secs(at));
    }

    #[test]
    fn the_first_scan_is_at_once_and_then_every_minute() {
        let mut pace = pace(false);
        assert!(pace.next_scan(secs(0)) <= GAP);
        scanned(&mut pace, 1, Duration::from_millis(10));
        assert_eq!(pace.next_scan(secs(1)), secs(61));
        assert_eq!(pace.next_look(secs(1)), secs(3));
    }

    #[test]
    fn a_slow_scan_is_rarer() {
        let mut pace = pace(false);
        scanned(&mut pace, 10, secs(3));
        assert_eq!(pace.next_scan(secs(10)), secs(310));
        pace.ask(secs(10));
        assert_eq!(pace.next_scan(secs(10)), secs(40));
    }

    #[test]
    fn a_scan_that_is_asked_for_comes_soon() {
        let mut pace = pace(true);
        scanned(&mut pace, 10, Duration::from_millis(40));
        pace.ask(secs(11));
        assert_eq!(pace.next_scan(secs(11)), secs(11));
        // Asked for at a later time, it does not come earlier.
        scanned(&mut pace, 12, Duration::from_millis(40));
        pace.ask(secs(16));
        assert_eq!(pace.next_scan(secs(12)), secs(16));
        pace.ask(secs(20));
        assert_eq!(pace.next_scan(secs(12)), secs(16));
        scanned(&mut pace, 14, Duration::from_millis(40));
        pace.ask(secs(16));
        // A scan that began before somebody asked is no answer.
        pace.scanned(secs(15), secs(2), secs(17));
        assert_eq!(pace.next_scan(secs(17)), secs(37));
    }

    #[test]
    fn an_idle_watch_looks_less_often_if_it_is_told_of_changes() {
        for (told, factor) in [(true, 5), (false, 1)] {
            let mut pace = pace(told);
            scanned(&mut pace, 700, Duration::from_millis(10));
            assert_eq!(pace.next_look(secs(700)), secs(700 + 2 * factor));
            assert_eq!(pace.next_scan(secs(700)), secs(700 + 60 * factor));
            pace.found(secs(700));
            assert_eq!(pace.next_look(secs(700)), secs(702));
        }
    }
}
