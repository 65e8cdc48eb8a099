//! When a schedule is due: from what the configuration says to instants. Nothing here knows what time it is;
//! that is always said.

use std::time::Duration;

use datalake_core::{Timestamp, Zone};
use jiff::civil::{Date, DateTime};

use crate::config::{Cron, Schedule, Schedules};

/// The calendar repeats after 400 years.
const MONTHS_OF_A_CYCLE: u32 = 400 * 12;

/// How far a run of a cron schedule may be put off: a tenth of its resolution.
const CRON_JITTER: Duration = Duration::from_secs(6);

impl Schedule {
    /// The next time after `instant`: for `every` that is the time after a run that began at `instant`, for cron
    /// the next one of the clock on the wall in `zone`. Other schedules have no times.
    ///
    /// A cron time that a clock change skips is due at the change, together with all that it skips; one that
    /// comes twice is due the first time.
    pub fn next_after(&self, instant: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Every(every) => instant.checked_add(every.period()),
            Self::Cron(cron) => cron.next_after(instant, zone),
            Self::Manual | Self::Once | Self::Watch => None,
        }
    }

    /// When it is due for a source whose last run by schedule began at `last`; a time that has passed since means
    /// at once. What never ran is due at once if it is `every`; a last run in the future says nothing, as the
    /// clock was wrong then or is now.
    pub fn due_since(
        &self,
        last: Option<Timestamp>,
        now: Timestamp,
        zone: &Zone,
    ) -> Option<Timestamp> {
        match (self, last.filter(|last| *last <= now)) {
            (Self::Every(_), None) => Some(now),
            (_, None) => self.next_after(now, zone),
            (_, Some(last)) => Some(self.next_after(last, zone)?.max(now)),
        }
    }

    /// How much later than `due` a source of this name is started, so that sources with the same schedule do not
    /// all start at once: at most a tenth of a period, at most six seconds after a cron time. It follows from
    /// its arguments alone.
    pub(super) fn jitter(&self, source: &str, due: Timestamp) -> Duration {
        let (period, greatest) = match self {
            Self::Every(every) => (every.period(), every.period() / 10),
            Self::Cron(_) => (Duration::from_secs(60), CRON_JITTER),
            Self::Manual | Self::Once | Self::Watch => return Duration::ZERO,
        };
        // The number of the due time, counted from 1970.
        let period = i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
        let number = due.as_micros().div_euclid(period);
        let hash = datalake_core::hash(format!("{source}\n{number}").as_bytes());
        let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let range = u64::try_from(greatest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(u64::from_le_bytes(*first) % range.saturating_add(1))
    }
}

/// The times at which a source would be run by its schedules, beginning with what is due now, to the second;
/// each run may begin a little later, see [`Agenda`](super::Agenda). `last` is the start of the last run by
/// schedule. A source that is only watched, or read once, or by hand, has no times.
pub fn next_runs<'a>(
    schedules: &'a Schedules,
    zone: &'a Zone,
    last: Option<Timestamp>,
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> + 'a {
    let first = schedules
        .iter()
        .filter_map(move |schedule| schedule.due_since(last, now, zone))
        .min();
    std::iter::successors(first, move |previous| {
        let next = schedules.iter();
        next.filter_map(|schedule| schedule.next_after(*previous, zone))
            .min()
    })
}

/// When a source is due next, from its schedules and the start of its last run by schedule alone.
pub fn next_due(
    schedules: &Schedules,
    zone: &Zone,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    next_runs(schedules, zone, last, now).next()
}

impl Cron {
    fn next_after(&self, instant: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let mut wall = instant.in_zone(zone);
        loop {
            wall = self.next_wall(wall)?;
            let time = zone.first_instant(wall)?;
            // In an hour that comes a second time the clock shows times that have been.
            if time > instant {
                return Some(time);
            }
        }
    }

    /// The first minute after `wall` that it names.
    fn next_wall(&self, wall: DateTime) -> Option<DateTime> {
        let (hour, minute) = (number(wall.hour()), number(wall.minute()));
        if self.names(wall.date())
            && let Some((hour, minute)) = self.next_time(hour, minute + 1)
        {
            return Some(wall.date().at(hour, minute, 0, 0));
        }
        let date = self.next_date(wall.date())?;
        let (hour, minute) = self.next_time(0, 0)?;
        Some(date.at(hour, minute, 0, 0))
    }

    /// The first time of a day from this one on.
    fn next_time(&self, hour: u32, minute: u32) -> Option<(i8, i8)> {
        let same_hour = self.hours.has(hour).then(|| self.minutes.next(minute));
        let (hour, minute) = match same_hour.flatten() {
            Some(minute) => (hour, minute),
            None => (self.hours.next(hour + 1)?, self.minutes.next(0)?),
        };
        Some((i8::try_from(hour).ok()?, i8::try_from(minute).ok()?))
    }

    fn names(&self, date: Date) -> bool {
        self.months.has(number(date.month())) && self.days_of(date) >> date.day() & 1 == 1
    }

    /// The first day after `date` that it names.
    fn next_date(&self, date: Date) -> Option<Date> {
        let mut month = date.first_of_month();
        let mut past = u64::MAX << 1 << date.day();
        for _ in 0..=MONTHS_OF_A_CYCLE {
            let days = self.days_of(month) & past;
            if self.months.has(number(month.month())) && days != 0 {
                let day = i8::try_from(days.trailing_zeros()).ok()?;
                return Date::new(month.year(), month.month(), day).ok();
            }
            past = u64::MAX;
            month = month.last_of_month().tomorrow().ok()?;
        }
        None
    }

    /// The days it names of the month of `date`, whatever month that is: bit 1 is the first.
    fn days_of(&self, date: Date) -> u64 {
        let first = u32::try_from(date.first_of_month().weekday().to_sunday_zero_offset());
        // The days of the week from the first of the month on, five weeks of them.
        let week = self.weekdays.0 << 7 | self.weekdays.0;
        let week = week >> first.unwrap_or_default() & 0x7f;
        let weekdays = [0, 7, 14, 21, 28].map(|at| week << at).iter().sum::<u64>() << 1;
        let month = (2 << date.days_in_month()) - 2;
        month
            & if self.either_day {
                self.days.0 | weekdays
            } else {
                self.days.0 & weekdays
            }
    }
}

/// A part of a date or of a time of day: none is negative.
fn number(part: i8) -> u32 {
    part.unsigned_abs().into()
}
