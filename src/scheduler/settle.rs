//! Whole files are read when nobody writes to them any more: when size and times have stayed the same for a
//! while.

use std::collections::HashMap;
use std::time::Duration;

use datalake_core::{Stamp, Timestamp, Unit, UnitId};

/// The young files of one source, with when each was first seen as it is now.
#[derive(Debug, Default)]
pub(super) struct Settling {
    seen: HashMap<UnitId, (Option<Stamp>, Timestamp)>,
}

impl Settling {
    /// How much longer `unit` must be left alone before it is read; `None` means that it can be read.
    ///
    /// A file that was last changed long enough ago is ready at first sight. One whose time lies in the future
    /// is ready when it was seen to stay the same.
    pub(super) fn wait(
        &mut self,
        unit: &Unit,
        settle: Duration,
        now: Timestamp,
    ) -> Option<Duration> {
        if !unit.whole || settle.is_zero() {
            return None;
        }
        let age = unit.modified.and_then(|modified| since(modified, now));
        let (stamp, first) = self
            .seen
            .entry(unit.id.clone())
            .or_insert((unit.stamp, now));
        if *stamp != unit.stamp || *first > now {
            (*stamp, *first) = (unit.stamp, now);
        }
        let quiet = since(*first, now).unwrap_or_default();
        let left = settle.saturating_sub(age.unwrap_or_default().max(quiet));
        if left.is_zero() {
            self.seen.remove(&unit.id);
            return None;
        }
        Some(left)
    }

    /// Forgets files that are not there any more.
    pub(super) fn keep(&mut self, is_there: impl Fn(&UnitId) -> bool) {
        self.seen.retain(|unit, _| is_there(unit));
    }
}

/// The time from `earlier` to `now`; `None` where it lies ahead.
fn since(earlier: Timestamp, now: Timestamp) -> Option<Duration> {
    let micros = now.as_micros().checked_sub(earlier.as_micros())?;
    u64::try_from(micros).ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(5);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn unit(modified: i64) -> Unit {
        Unit {
            modified: Some(at(modified)),
            whole: true,
            ..Unit::new(UnitId::new("a.wav"))
        }
    }

    fn wait(settling: &mut Settling, unit: &Unit, now: i64) -> Option<u64> {
        settling
            .wait(unit, SETTLE, at(now))
            .map(|left| left.as_secs())
    }

    #[test]
    fn old_files_are_ready_and_young_ones_wait() {
        let mut settling = Settling::default();
        assert_eq!(wait(&mut settling, &unit(100), 105), None);
        assert_eq!(wait(&mut settling, &unit(100), 101), Some(4));
        assert_eq!(wait(&mut settling, &unit(100), 104), Some(1));
        assert_eq!(wait(&mut settling, &unit(100), 105), None);
    }

    #[test]
    fn a_change_starts_the_wait_anew() {
        let mut settling = Settling::default();
        assert_eq!(wait(&mut settling, &unit(100), 103), Some(2));
        assert_eq!(wait(&mut settling, &unit(103), 104), Some(4));
    }

    #[test]
    fn a_time_in_the_future_is_no_reason_to_wait_for_ever() {
        let mut settling = Settling::default();
        assert_eq!(wait(&mut settling, &unit(9_000), 100), Some(5));
        assert_eq!(wait(&mut settling, &unit(9_000), 103), Some(2));
        assert_eq!(wait(&mut settling, &unit(9_000), 105), None);
        // Nor is a clock that was set back meanwhile.
        assert_eq!(wait(&mut settling, &unit(9_000), 200), Some(5));
        assert_eq!(wait(&mut settling, &unit(9_000), 50), Some(5));
        assert_eq!(wait(&mut settling, &unit(9_000), 55), None);
    }

    #[test]
    fn logs_do_not_wait() {
        let log = Unit {
            whole: false,
            ..unit(100)
        };
        assert_eq!(wait(&mut Settling::default(), &log, 100), None);
    }

    #[test]
    fn files_that_went_away_are_forgotten() {
        let mut settling = Settling::default();
        assert_eq!(wait(&mut settling, &unit(9_000), 100), Some(5));
        settling.keep(|_| false);
        assert_eq!(wait(&mut settling, &unit(9_000), 105), Some(5));
    }
}
