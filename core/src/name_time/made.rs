//! When a thing was made: what it says itself, what its name says, what the file system says, in this order.

use super::{NameTime, Precision, is_allowed};
use crate::time::{Shown, TimeSource, Timestamp, Zone};

/// When a thing was made, and how that was found.
///
/// ```
/// use datalake_core::name_time::{Made, name_time};
/// use datalake_core::{TimeSource, Timestamp, Zone};
///
/// let changed = Timestamp::EPOCH;
/// let made = |name| Made::find(None, name_time(name), &Zone::utc())
///     .unwrap_or_else(|| Made::at(changed, TimeSource::Mtime, &Zone::utc()));
/// assert_eq!(made("20260105_211652_audio.wav").source, TimeSource::Name);
/// assert_eq!(made("audio.wav").source, TimeSource::Mtime);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The instant.
    pub time: Timestamp,
    /// How it was found.
    pub source: TimeSource,
    /// The offset of local time then, in seconds east of UTC.
    pub offset: i32,
    /// Whether a clock change leaves it in doubt.
    pub shown: Shown,
}

impl Made {
    /// By what the thing says itself, else by its name. A day alone is better than nothing, but not than a time of day
    /// from either. Clocks that were never set begin in 1904, 1970 or 1980: years that no name can mean tell nothing.
    pub fn find(embedded: Option<NameTime>, name: Option<NameTime>, zone: &Zone) -> Option<Self> {
        let embedded = embedded.filter(|time| is_allowed(time.wall.date()));
        let has_time = |time: &NameTime| time.precision > Precision::Day;
        let written = [
            (embedded.filter(has_time), TimeSource::Embedded),
            (name.filter(has_time), TimeSource::Name),
            (embedded, TimeSource::Embedded),
            (name, TimeSource::Name),
        ];
        let mut written = written.into_iter();
        written.find_map(|(time, source)| Self::written(time?, source, zone))
    }

    /// At the time that is written somewhere, unless it names no instant.
    pub fn written(time: NameTime, source: TimeSource, zone: &Zone) -> Option<Self> {
        let found = time.resolve(zone)?;
        Some(Self {
            time: found.time,
            source,
            offset: found.offset,
            shown: found.shown,
        })
    }

    /// At an instant.
    pub fn at(time: Timestamp, source: TimeSource, zone: &Zone) -> Self {
        Self {
            time,
            source,
            offset: zone.offset(time),
            shown: Shown::Once,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::name_time;
    use super::*;

    /// A text with the time of an embedded one is as good as a name.
    fn made(embedded: &str, name: &str) -> Option<(String, TimeSource, i32)> {
        let zone = Zone::named("Asia/Kolkata").unwrap();
        let made = Made::find(name_time(embedded), name_time(name), &zone)?;
        let time = made.time.to_string()[..16].to_owned();
        Some((time, made.source, made.offset))
    }

    #[test]
    fn the_best_time_counts() {
        use TimeSource::{Embedded, Name};
        let time = |text: &str, source| Some((text.to_owned(), source, 19_800));
        let name = "20260105_211652_audio.wav";
        let embedded = made("2026-01-10T12-00-00", name);
        assert_eq!(embedded, time("2026-01-10T06:30", Embedded));
        assert_eq!(made("", name), time("2026-01-05T15:46", Name));
        // A day is less than a time of day, and more than nothing.
        assert_eq!(made("2026-01-10", name), time("2026-01-05T15:46", Name));
        let day = made("2026-01-10", "a.wav");
        assert_eq!(day, time("2026-01-09T18:30", Embedded));
        let day = made("", "PTT-20260110-WA0001.opus");
        assert_eq!(day, time("2026-01-09T18:30", Name));
        assert_eq!(made("", "a.wav"), None);
    }

    #[test]
    fn clocks_that_were_never_set_tell_nothing() {
        let mut never = name_time("2026-01-10 12-00-00").unwrap();
        for year in ["1904", "1970", "1980", "2038"] {
            never.wall = format!("{year}-01-01T00:00:00").parse().unwrap();
            assert_eq!(Made::find(Some(never), None, &Zone::utc()), None, "{year}");
        }
    }

    #[test]
    fn a_clock_change_leaves_a_doubt() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let shown = |name| Made::find(None, name_time(name), &zone).unwrap().shown;
        assert_eq!(shown("20251026_023000.png"), Shown::Twice);
        assert_eq!(shown("20260329_023000.png"), Shown::Never);
        assert_eq!(shown("20260329_033000.png"), Shown::Once);
    }
}
