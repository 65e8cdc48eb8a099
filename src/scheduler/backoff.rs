//! How long a source that fails is left alone: 1, 2, 4 … 60 minutes from the end of the failure.

use std::time::Duration;

use datalake_core::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);

/// The longest pause after a failure.
pub(super) const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The failures of a source in a row, and the pause that the last of them brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<Timestamp>,
}

impl Backoff {
    /// The end of the pause; nothing where there is none, not even one that is over.
    pub(super) fn until(self) -> Option<Timestamp> {
        self.until
    }

    /// Whether the source is to be left alone.
    pub(super) fn rests(self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Counts a failure that ended now.
    pub(super) fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.rest(now);
    }

    /// Leaves the source alone from now on for as long as its failures so far ask for, without counting one.
    pub(super) fn rest(&mut self, now: Timestamp) {
        let doublings = self.failures.saturating_sub(1).min(6);
        let pause = (MINUTE * (1 << doublings)).min(LONGEST);
        self.until = now.checked_add(pause);
    }

    /// Forgets all failures.
    pub(super) fn recovered(&mut self) {
        *self = Self::default();
    }

    /// Keeps the rest of the pause when the clock is set back.
    pub(super) fn set_back(&mut self, by: Duration) {
        self.until = self.until.and_then(|until| until.checked_sub(by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..40)
            .map(|_| {
                backoff.failed(at(0));
                backoff.until().unwrap().since(at(0)).as_secs() / 60
            })
            .collect();
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(pauses[8..].iter().all(|pause| *pause == 60));
        backoff.recovered();
        assert!(!backoff.rests(at(0)));
        backoff.failed(at(0));
        assert_eq!(backoff.until(), Some(at(1)));
    }

    #[test]
    fn a_pause_ends_by_itself_and_survives_the_clock() {
        let mut backoff = Backoff::default();
        backoff.failed(at(0));
        assert!(backoff.rests(at(0)) && !backoff.rests(at(1)));
        backoff.set_back(Duration::from_secs(3600));
        assert_eq!(backoff.until(), Some(at(-59)));
        // A pause alone counts no failure.
        backoff.rest(at(0));
        backoff.failed(at(0));
        assert_eq!(backoff.until(), Some(at(2)));
    }
}
