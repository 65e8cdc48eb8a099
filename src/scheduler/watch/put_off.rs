//! Units that their plugin fails at: they are tried again later and later, while the watch goes on with the rest.

use std::collections::HashMap;
use std::time::Duration;

use datalake_core::UnitId;

/// The first pause, and how often it is doubled at most: to an hour.
const FIRST: Duration = Duration::from_secs(60);
const DOUBLED: u32 = 6;

/// The units that are put off. All instants are the timer's uptime.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    units: HashMap<UnitId, (u32, Duration)>,
}

impl PutOff {
    /// A unit has failed; returns when it is to be tried again.
    pub(super) fn failed(&mut self, unit: &UnitId, now: Duration) -> Duration {
        let (times, until) = self.units.entry(unit.clone()).or_default();
        let pause = FIRST * 2_u32.pow((*times).min(DOUBLED));
        *times += 1;
        *until = now + pause.min(Duration::from_secs(3600));
        *until
    }

    /// When a unit is to be tried again; `None` if it can be read now.
    pub(super) fn until(&self, unit: &UnitId, now: Duration) -> Option<Duration> {
        let (_, until) = self.units.get(unit)?;
        (*until > now).then_some(*until)
    }

    /// A unit was read.
    pub(super) fn recovered(&mut self, unit: &UnitId) {
        self.units.remove(unit);
    }

    /// Whether any unit is waiting to be tried again.
    pub(super) fn any(&self) -> bool {
        !self.units.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_until_it_recovers() {
        let unit = UnitId::new("a");
        let mut put_off = PutOff::default();
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(put_off.failed(&unit, minutes(100)), minutes(100 + pause));
        }
        assert_eq!(put_off.until(&unit, minutes(159)), Some(minutes(160)));
        assert_eq!(put_off.until(&unit, minutes(160)), None);
        assert_eq!(put_off.until(&UnitId::new("b"), minutes(0)), None);
        put_off.recovered(&unit);
        assert!(!put_off.any());
        assert_eq!(put_off.failed(&unit, minutes(0)), minutes(1));
    }
}
