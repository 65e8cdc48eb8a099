//! Instants, zones and the clock. Instants are UTC microseconds; as text they have one width
//! (`2026-01-10T06:30:00.000000Z`), so that text order is time order. Nothing else asks the system for the time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// The newtype name by which the row encoder knows a [`Timestamp`].
pub(crate) const TIMESTAMP_TOKEN: &str = "datalake::Timestamp";

const MICROS: i64 = 1_000_000;
/// 0000-01-01T00:00:00Z and 9999-12-30T22:00:00Z (the last instant that every zone can show), in seconds.
const EARLIEST: i64 = -62_167_219_200;
const LATEST: i64 = 253_402_207_200;
/// From this magnitude on a bare number of a log is milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// An instant: microseconds since 1970-01-01T00:00:00Z, between the years 0 and 9999.
///
/// ```
/// use datalake_core::Timestamp;
/// let time = Timestamp::from_seconds(1_736_847_600).unwrap();
/// assert_eq!(time.to_string(), "2025-01-14T09:40:00.000000Z");
/// assert_eq!("2025-01-14T15:10:00+05:30".parse::<Timestamp>().unwrap(), time);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The start of 1970.
    pub const EPOCH: Self = Self(0);

    /// From microseconds; `None` outside the years 0 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        let seconds = micros.div_euclid(MICROS);
        (EARLIEST..LATEST)
            .contains(&seconds)
            .then_some(Self(micros))
    }

    /// From seconds; `None` outside the years 0 to 9999.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        Self::from_micros(seconds.checked_mul(MICROS)?)
    }

    /// From fractional seconds, rounded to the microsecond.
    pub fn from_seconds_f64(seconds: f64) -> Option<Self> {
        let micros = (seconds * 1e6).round();
        // The limits leave room: 9e17 is far past the year 9999 and within both i64 and f64.
        (micros.abs() < 9e17)
            .then_some(micros as i64)
            .and_then(Self::from_micros)
    }

    /// From a whole number of a log: seconds, or milliseconds from 10^11 on (either sign).
    pub fn from_log_integer(number: i64) -> Option<Self> {
        if number.unsigned_abs() >= MILLISECONDS_FROM as u64 {
            Self::from_micros(number.checked_mul(1_000)?)
        } else {
            Self::from_seconds(number)
        }
    }

    /// From a fractional number of a log: seconds, or milliseconds from 10^11 on (either sign).
    pub fn from_log_float(number: f64) -> Option<Self> {
        if number.abs() >= MILLISECONDS_FROM {
            Self::from_seconds_f64(number / 1e3)
        } else {
            Self::from_seconds_f64(number)
        }
    }

    /// From the operating system's time of a file.
    pub fn from_system(time: std::time::SystemTime) -> Option<Self> {
        let micros = match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).ok()?,
            Err(before) => i64::try_from(before.duration().as_micros())
                .ok()?
                .checked_neg()?,
        };
        Self::from_micros(micros)
    }

    /// Microseconds since 1970.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub fn as_seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// The instant that is `duration` later; `None` past the year 9999.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_micros(self.0.checked_add(micros)?)
    }

    /// The instant that is `duration` earlier; `None` before the year 0.
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_micros(self.0.checked_sub(micros)?)
    }

    /// How much later this instant is than `earlier`; nothing if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }

    /// The calendar day and time of day this instant has in `zone`.
    pub fn in_zone(self, zone: &Zone) -> DateTime {
        zone.0.to_datetime(self.jiff())
    }

    fn jiff(self) -> jiff::Timestamp {
        // In range by construction; the fallback is never taken.
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Writes the fixed-width text into `out`.
    pub(crate) fn write_text(self, out: &mut Vec<u8>) {
        static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        // Writing to a Vec cannot fail, and the instant is in range.
        let _ = PRINTER.print_timestamp(&self.jiff(), &mut *out);
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(27);
        self.write_text(&mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Reads ISO 8601 / RFC 3339 text that names its offset or `Z`.
    fn from_str(text: &str) -> Result<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(|time| Self::from_micros(time.as_microsecond()))
            .ok_or_else(|| {
                Error::permanent(format!(
                    "{text:?} is not an instant such as 2026-01-10T06:30:00Z"
                ))
            })
    }
}

impl Serialize for Timestamp {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_newtype_struct(TIMESTAMP_TOKEN, &self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A time zone: what "today" means, and how a wall-clock time without an offset becomes an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The system's zone; UTC where it has none that has a name.
    pub fn system() -> Self {
        let zone = TimeZone::system();
        if zone.iana_name().is_some() {
            Self(zone)
        } else {
            Self::utc()
        }
    }

    /// The zone of an IANA name such as `Asia/Kolkata`.
    pub fn named(name: &str) -> Result<Self> {
        TimeZone::get(name).map(Self).map_err(|_| {
            Error::usage(format!("{name:?} is not a time zone"))
                .hint("use a name of the IANA list, such as Europe/Berlin or Asia/Kolkata")
        })
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant of a wall-clock time here, and the offset used, in seconds east of UTC. A time that a
    /// clock change skips counts as later by the gap; of one that comes twice the first is taken.
    pub fn resolve(&self, wall: DateTime) -> Option<(Timestamp, i32)> {
        let zoned = self.0.to_ambiguous_zoned(wall).compatible().ok()?;
        let time = Timestamp::from_micros(zoned.timestamp().as_microsecond())?;
        Some((time, zoned.offset().seconds()))
    }

    /// How often clocks here showed `wall`.
    pub fn shown(&self, wall: DateTime) -> Shown {
        match self.0.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { .. } => Shown::Once,
            AmbiguousOffset::Gap { .. } => Shown::Never,
            AmbiguousOffset::Fold { .. } => Shown::Twice,
        }
    }

    /// The first instant at which clocks here show `wall` or a later time: of a time that comes twice the
    /// first one, of a time that a clock change skips the change itself. Unlike [`resolve`](Self::resolve) it
    /// keeps the order of wall-clock times; it is meant for appointments, the other for what was written down.
    pub fn first_instant(&self, wall: DateTime) -> Option<Timestamp> {
        let ambiguous = self.0.to_ambiguous_timestamp(wall);
        let first = match ambiguous.offset() {
            AmbiguousOffset::Gap { after, .. } => {
                let before = ambiguous.earlier().ok()?;
                let mut changes = self.0.following(before);
                changes.find(|change| change.offset() == after)?.timestamp()
            }
            _ => ambiguous.earlier().ok()?,
        };
        Timestamp::from_micros(first.as_microsecond())
    }

    /// The instant of ISO 8601 text; where it names no offset, it is a wall-clock time here.
    pub fn parse(&self, text: &str) -> Option<Timestamp> {
        let instant = text.parse::<Timestamp>().ok();
        instant.or_else(|| Some(self.resolve(text.parse().ok()?)?.0))
    }

    /// The offset in force at `time`, in seconds east of UTC.
    pub fn offset(&self, time: Timestamp) -> i32 {
        self.0.to_offset(time.jiff()).seconds()
    }
}

/// How often the clocks of a zone showed a wall-clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shown {
    /// Once, as is usual.
    Once,
    /// Never: a clock change skipped it.
    Never,
    /// Twice: the hour came again.
    Twice,
}

/// How the time of a record was found. A better source wins over a worse one, whichever came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeSource {
    /// The file system's modification time: copies and clean-ups change it.
    Mtime,
    /// Taken over from what the thing belongs to.
    Parent,
    /// A file beside it.
    Sidecar,
    /// The file's name.
    Name,
    /// Inside the thing itself.
    Embedded,
}

impl TimeSource {
    /// The rank of a source by its stored name; an unknown or missing one ranks lowest.
    pub fn rank(name: &str) -> u8 {
        match name {
            "embedded" => 5,
            "name" => 4,
            "sidecar" => 3,
            "parent" => 2,
            "mtime" => 1,
            _ => 0,
        }
    }
}

/// Where "now" comes from, so that tests can say when it is.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> Timestamp {
        Timestamp::from_system(std::time::SystemTime::now()).unwrap_or_default()
    }
}

/// A clock that stands still where a test put it.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A clock to hand around.
pub type SharedClock = Arc<dyn Clock>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_one_width_and_sorts_like_time() {
        let times = [
            i64::MIN,
            EARLIEST * MICROS,
            -1,
            0,
            1,
            1_736_847_600_500_000,
            LATEST * MICROS - 1,
        ];
        let texts: Vec<String> = times
            .iter()
            .filter_map(|&t| Timestamp::from_micros(t))
            .map(|t| t.to_string())
            .collect();
        assert_eq!(texts.len(), 6);
        assert!(texts.iter().all(|t| t.len() == 27), "{texts:?}");
        assert!(texts.is_sorted(), "{texts:?}");
    }

    #[test]
    fn bare_numbers_are_seconds_or_milliseconds() {
        let second = Timestamp::from_seconds(1_736_847_600);
        assert_eq!(Timestamp::from_log_integer(1_736_847_600), second);
        assert_eq!(Timestamp::from_log_integer(1_736_847_600_000), second);
        assert_eq!(
            Timestamp::from_log_float(1_736_847_600.25).map(Timestamp::as_micros),
            Some(1_736_847_600_250_000)
        );
        assert_eq!(
            Timestamp::from_log_integer(-100_000_000_000).map(Timestamp::as_seconds),
            Some(-100_000_000)
        );
        assert_eq!(
            Timestamp::from_log_integer(99_999_999_999).map(Timestamp::as_seconds),
            Some(99_999_999_999)
        );
        assert_eq!(Timestamp::from_log_integer(i64::MAX), None);
        assert_eq!(Timestamp::from_log_float(f64::NAN), None);
    }

    #[test]
    fn clock_changes_are_decided() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let skipped = jiff::civil::date(2026, 3, 29).at(2, 30, 0, 0);
        assert_eq!(
            zone.resolve(skipped).unwrap().0.to_string(),
            "2026-03-29T01:30:00.000000Z"
        );
        let twice = jiff::civil::date(2026, 10, 25).at(2, 30, 0, 0);
        assert_eq!(
            zone.resolve(twice).unwrap(),
            ("2026-10-25T00:30:00Z".parse().unwrap(), 7200)
        );
    }

    #[test]
    fn appointments_keep_their_order_through_clock_changes() {
        let first = |zone: &str, wall: &str| {
            let zone = Zone::named(zone).unwrap();
            let instant = zone.first_instant(wall.parse().unwrap()).unwrap();
            instant.to_string()[..16].to_owned()
        };
        let berlin = |wall| first("Europe/Berlin", wall);
        assert_eq!(berlin("2026-03-29T01:59"), "2026-03-29T00:59");
        assert_eq!(berlin("2026-03-29T02:00"), "2026-03-29T01:00");
        assert_eq!(berlin("2026-03-29T02:59"), "2026-03-29T01:00");
        assert_eq!(berlin("2026-03-29T03:00"), "2026-03-29T01:00");
        assert_eq!(berlin("2026-10-25T02:30"), "2026-10-25T00:30");
        assert_eq!(berlin("2026-10-25T03:00"), "2026-10-25T02:00");
        // Half an hour.
        let lord_howe = |wall| first("Australia/Lord_Howe", wall);
        assert_eq!(lord_howe("2025-10-05T02:10"), "2025-10-04T15:30");
        // A whole day that never was.
        let apia = |wall| first("Pacific/Apia", wall);
        assert_eq!(apia("2011-12-30T17:00"), "2011-12-30T10:00");
        assert_eq!(apia("2011-12-31T00:00"), "2011-12-30T10:00");
    }

    #[test]
    fn arithmetic_ends_where_the_calendar_does() {
        let second = Duration::from_secs(1);
        let time = Timestamp::from_seconds(100).unwrap();
        assert_eq!(time.checked_add(second), Timestamp::from_seconds(101));
        assert_eq!(time.checked_sub(second), Timestamp::from_seconds(99));
        assert_eq!(Timestamp::EPOCH.since(time), Duration::ZERO);
        assert_eq!(time.since(Timestamp::EPOCH), Duration::from_secs(100));
        assert_eq!(time.checked_add(Duration::MAX), None);
        assert_eq!(time.checked_sub(Duration::MAX), None);
        let last = Timestamp::from_seconds(LATEST - 1).unwrap();
        assert_eq!(last.checked_add(second), None);
    }
}
