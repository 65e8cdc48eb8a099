//! Times that recorders and taggers write into files: `2026-01-10`, `2026-01-10T12:00:00+05:30`, seconds since 1904.
//! They are what names tell as well, so they have the same type.

use datalake_core::name_time::{NameTime, Precision, WrittenZone};
use datalake_core::{DateTime, Timestamp, Zone};

/// Year, month and day.
type Day = (u16, u8, u8);
/// Hour, minute, second and microseconds.
type Time = (u8, u8, u8, u32);

/// The time of these parts; `None` if there is no such day or time of day.
fn moment(day: Day, time: Option<Time>, zone: WrittenZone) -> Option<NameTime> {
    let part = |part: u8| i8::try_from(part).ok();
    let (hour, minute, second, micros) = time.unwrap_or_default();
    let wall = DateTime::new(
        i16::try_from(day.0).ok()?,
        part(day.1)?,
        part(day.2)?,
        part(hour)?,
        part(minute)?,
        part(second)?,
        i32::try_from(micros).ok()? * 1_000,
    );
    Some(NameTime {
        wall: wall.ok()?,
        precision: match time {
            None => Precision::Day,
            Some((_, _, _, 0)) => Precision::Second,
            Some(_) => Precision::Millisecond,
        },
        zone,
    })
}

/// How much a time says: a day, a time of day by the clocks of some unknown zone, an instant, one in a known zone.
pub(super) fn rank(time: &NameTime) -> u8 {
    match (time.precision, time.zone) {
        (Precision::Day, _) => 0,
        (_, WrittenZone::Local) => 1,
        (_, WrittenZone::Utc) => 2,
        (_, WrittenZone::Offset(_)) => 3,
    }
}

/// The instant that is so many microseconds after the start of 1970.
pub(super) fn unix(micros: i64) -> Option<NameTime> {
    let second = micros.rem_euclid(1_000_000) == 0;
    Some(NameTime {
        wall: Timestamp::from_micros(micros)?.in_zone(&Zone::utc()),
        precision: if second {
            Precision::Second
        } else {
            Precision::Millisecond
        },
        zone: WrittenZone::Utc,
    })
}

/// Reads text as people and programs write it: a day, then perhaps a time, then perhaps an offset. A year or a
/// month alone is no time.
pub(super) fn parse(text: &str) -> Option<NameTime> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
    let mut rest = Rest(text);
    let Some(year) = rest.number(4) else {
        return parse_ctime(text);
    };
    let is_separated = rest.any("-/:. ");
    let month = rest.number(2)? as u8;
    if is_separated {
        rest.any("-/:. ").then_some(())?;
    }
    let day = (year, month, rest.number(2)? as u8);
    if rest.0.is_empty() {
        return moment(day, None, WrittenZone::Local);
    }
    rest.any("T_ -").then_some(())?;
    let time = rest.time()?;
    let zone = match rest.0.trim_start() {
        "" => WrittenZone::Local,
        offset => parse_offset(offset)?,
    };
    moment(day, Some(time), zone)
}

/// A day and a time of day that stand in fields of their own, as in the broadcast extension of WAV.
pub(super) fn parse_pair(day: &str, time: &str) -> Option<NameTime> {
    let day = parse(day).filter(|day| day.precision == Precision::Day)?;
    let Some((hour, minute, second, _)) = Rest(time.trim()).time() else {
        return Some(day);
    };
    let date = day.wall.date();
    let date = (
        u16::try_from(date.year()).ok()?,
        date.month() as u8,
        date.day() as u8,
    );
    moment(date, Some((hour, minute, second, 0)), WrittenZone::Local)
}

/// `Sat Jan 10 12:00:00 2026`, as C's `ctime` and the IDIT chunk of cameras write it.
fn parse_ctime(text: &str) -> Option<NameTime> {
    let mut words = text.split_ascii_whitespace();
    let month = words.nth(1)?;
    let is_month = |name: &&str| name.eq_ignore_ascii_case(month);
    let month = MONTHS.iter().position(is_month)? as u8 + 1;
    let day = words.next()?.parse().ok()?;
    let time = Rest(words.next()?).time()?;
    let year = words.next()?.parse().ok()?;
    moment((year, month, day), Some(time), WrittenZone::Local)
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Z`, `UTC`, `+05:30`, `-0800`, `+01`.
fn parse_offset(text: &str) -> Option<WrittenZone> {
    if ["Z", "z", "UTC", "GMT"].contains(&text) {
        return Some(WrittenZone::Utc);
    }
    let mut rest = Rest(text);
    let sign = if rest.any("-") {
        -1
    } else {
        i32::from(rest.any("+"))
    };
    let hours = i32::from(rest.number(2)?);
    rest.any(":");
    let minutes = if rest.0.is_empty() {
        0
    } else {
        i32::from(rest.number(2)?)
    };
    let is_offset = sign != 0 && rest.0.is_empty() && hours <= 14 && minutes < 60;
    is_offset.then_some(WrittenZone::Offset(sign * (hours * 60 + minutes) * 60))
}

/// Text that is left to read.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// Takes a number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<u16> {
        let (head, rest) = self.0.split_at_checked(digits)?;
        let number = head
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| head.parse().ok())??;
        self.0 = rest;
        Some(number)
    }

    /// Takes one letter of `letters`.
    fn any(&mut self, letters: &str) -> bool {
        let mut all = self.0.chars();
        let is_one = all.next().is_some_and(|letter| letters.contains(letter));
        if is_one {
            self.0 = all.as_str();
        }
        is_one
    }

    /// Takes hours and minutes, seconds if they follow, and their fraction.
    fn time(&mut self) -> Option<Time> {
        let hour = self.number(2)? as u8;
        self.any(":-. ");
        let minute = self.number(2)? as u8;
        let follows =
            self.any(":-. ") || self.0.starts_with(|letter: char| letter.is_ascii_digit());
        let second = if follows { self.number(2)? as u8 } else { 0 };
        let mut micros = 0;
        if self.0.starts_with(['.', ',']) {
            let digits = self.0[1..].bytes().take_while(u8::is_ascii_digit).count();
            let fraction: String = self.0[1..=digits]
                .chars()
                .chain("000000".chars())
                .take(6)
                .collect();
            micros = fraction.parse().ok()?;
            self.0 = &self.0[1 + digits..];
        }
        Some((hour, minute, second, micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        parse(text).map_or_else(|| "-".to_owned(), |time| time.text())
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, expected) in [
            ("2026-01-10", "2026-01-10"),
            ("2026/01/10", "2026-01-10"),
            ("20260110", "2026-01-10"),
            ("2026:01:10 12:00:00", "2026-01-10T12:00:00"),
            ("2026-01-10T12:00", "2026-01-10T12:00:00"),
            ("2026-01-10T12:00:00Z", "2026-01-10T12:00:00Z"),
            (
                "2026-01-10T12:00:00.25+0530",
                "2026-01-10T12:00:00.250+05:30",
            ),
            ("2026-01-10 12:00:00 -08:00", "2026-01-10T12:00:00-08:00"),
            ("20260110T120000.000Z", "2026-01-10T12:00:00Z"),
            ("2026-01-10 12:00:00 UTC\0", "2026-01-10T12:00:00Z"),
            ("Sat Jan 10 12:00:00 2026\n", "2026-01-10T12:00:00"),
            // A year or a month is no time, and neither is a day that never was.
            ("2026", "-"),
            ("2026-01", "-"),
            ("2026-13-01", "-"),
            ("2026-02-29", "-"),
            ("2024-02-29", "2024-02-29"),
            ("2026-01-10T25:00:00", "-"),
            ("2026-01-10 noon", "-"),
            ("0000-00-00", "-"),
            ("2026-01-10T12:00:00.é", "-"),
            ("é026", "-"),
            ("", "-"),
        ] {
            assert_eq!(parsed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn instants_are_utc() {
        let unix = |micros| unix(micros).map(|time| time.text());
        assert_eq!(unix(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        let late = unix(1_736_847_600_250_000);
        assert_eq!(late.as_deref(), Some("2025-01-14T09:40:00.250Z"));
        assert_eq!((unix(i64::MAX), unix(i64::MIN)), (None, None));
    }

    #[test]
    fn the_one_that_says_most_counts() {
        let rank = |text| parse(text).as_ref().map(rank);
        let times = [
            "",
            "2026-01-10",
            "2026-01-10T12:00",
            "2026-01-10T12:00Z",
            "2026-01-10T12:00+01",
        ];
        assert!(times.map(rank).windows(2).all(|two| two[0] < two[1]));
    }

    #[test]
    fn a_day_and_a_time_apart_are_one_moment() {
        let pair = |day, time| parse_pair(day, time).map(|time| time.text());
        assert_eq!(
            pair("2026-01-10", "12:00:01").as_deref(),
            Some("2026-01-10T12:00:01")
        );
        assert_eq!(
            pair("2026:01:10", "12-00-01").as_deref(),
            Some("2026-01-10T12:00:01")
        );
        assert_eq!(pair("2026-01-10", "").as_deref(), Some("2026-01-10"));
        assert_eq!(pair("", "12:00:01"), None);
    }
}
