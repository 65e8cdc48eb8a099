//! Times that recorders and taggers write into files: `2026`, `2026-01-10`, `2026-01-10T12:00:00+05:30`.

use std::fmt;

/// A calendar day, with as much of a time of day as was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    year: u16,
    month: u8,
    day: u8,
    /// Hour, minute, second and microsecond.
    time: Option<(u8, u8, u8, u32)>,
    /// Minutes east of UTC.
    offset: Option<i16>,
}

/// How much a [`Moment`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// A day.
    Day,
    /// A time of day by the clocks of some unknown zone.
    Wall,
    /// An instant.
    Instant,
}

impl Moment {
    /// The day, with a time of day if one is given. `None` if there is no such day or time.
    fn new((year, month, day): (u16, u8, u8), time: Option<(u8, u8, u8, u32)>) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let is_time =
            time.is_none_or(|(hour, minute, second, _)| hour < 24 && minute < 60 && second < 60);
        let is_day = (1900..3000).contains(&year) && (1..=days).contains(&day);
        (is_day && is_time).then_some(Self {
            year,
            month,
            day,
            time,
            offset: None,
        })
    }

    /// The instant that is so many seconds after the start of 1970; `None` outside the years 1900 to 2999.
    pub(crate) fn unix(seconds: i64, micros: u32) -> Option<Self> {
        // Days to a date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
        let days = seconds.div_euclid(86_400).checked_add(719_468)?;
        let of_day = u32::try_from(seconds.rem_euclid(86_400)).ok()?;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = u8::try_from(of_year - (153 * month + 2) / 5 + 1).ok()?;
        let month = u8::try_from(if month < 10 { month + 3 } else { month - 9 }).ok()?;
        let year = u16::try_from(year_of_era + era * 400 + i64::from(month <= 2)).ok()?;
        let part = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
        let time = (
            part(of_day / 3_600),
            part(of_day / 60 % 60),
            part(of_day % 60),
            micros,
        );
        Some(Self {
            offset: Some(0),
            ..Self::new((year, month, day), Some(time))?
        })
    }

    /// Reads text as people and programs write it: a day, then perhaps a time, then perhaps an offset. A year or a
    /// month alone is no moment.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
        let mut rest = Rest(text);
        let Some(year) = rest.number(4) else {
            return Self::parse_ctime(text);
        };
        let separated = rest.any("-/:. ");
        let month = rest.number(2)?;
        if separated {
            rest.any("-/:. ").then_some(())?;
        }
        let day = (year, month as u8, rest.number(2)? as u8);
        if rest.0.is_empty() || !(rest.any("T_ ") || rest.any("-")) {
            return if rest.0.is_empty() {
                Self::new(day, None)
            } else {
                None
            };
        }
        let time = rest.time()?;
        let moment = Self::new(day, Some(time))?;
        match rest.0.trim_start() {
            "" => Some(moment),
            offset => Some(Self {
                offset: Some(parse_offset(offset)?),
                ..moment
            }),
        }
    }

    /// A day and a time of day that stand in fields of their own, as in the broadcast extension of WAV.
    pub(crate) fn parse_pair(day: &str, time: &str) -> Option<Self> {
        let moment = Self::parse(day).filter(|moment| moment.time.is_none())?;
        let mut rest = Rest(time.trim());
        match rest.time() {
            Some(time) => Self::new((moment.year, moment.month, moment.day), Some(time)),
            None => Some(moment),
        }
    }

    /// `Sat Jan 10 12:00:00 2026`, as C's `ctime` and the IDIT chunk of cameras write it.
    fn parse_ctime(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let month = words.nth(1)?;
        let month = MONTHS
            .iter()
            .position(|name| name.eq_ignore_ascii_case(month))? as u8
            + 1;
        let day = words.next()?.parse().ok()?;
        let time = Rest(words.next()?).time()?;
        let year = words.next()?.parse().ok()?;
        Self::new((year, month, day), Some(time))
    }

    /// How much it says.
    pub fn precision(&self) -> Precision {
        match (self.time, self.offset) {
            (None, _) => Precision::Day,
            (_, None) => Precision::Wall,
            _ => Precision::Instant,
        }
    }

    /// Seconds east of UTC of the zone it was written in, if that was written down.
    pub fn offset(&self) -> Option<i32> {
        self.offset.map(|minutes| i32::from(minutes) * 60)
    }
}

impl fmt::Display for Moment {
    /// ISO 8601.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        if let Some((hour, minute, second, micros)) = self.time {
            write!(f, "T{hour:02}:{minute:02}:{second:02}")?;
            if micros > 0 {
                write!(f, ".{micros:06}")?;
            }
        }
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let offset = offset.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", offset / 60, offset % 60)
            }
        }
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Z`, `UTC`, `+05:30`, `-0800`, `+01`.
fn parse_offset(text: &str) -> Option<i16> {
    if ["Z", "z", "UTC", "GMT"].contains(&text) {
        return Some(0);
    }
    let mut rest = Rest(text);
    let sign = if rest.any("-") {
        -1
    } else {
        i16::from(rest.any("+"))
    };
    let hours = rest.number(2)? as i16;
    rest.any(":");
    let minutes = if rest.0.is_empty() {
        0
    } else {
        rest.number(2)? as i16
    };
    (sign != 0 && rest.0.is_empty() && hours <= 14 && minutes < 60)
        .then_some(sign * (hours * 60 + minutes))
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
    fn time(&mut self) -> Option<(u8, u8, u8, u32)> {
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
        Moment::parse(text).map_or_else(|| "-".to_owned(), |moment| moment.to_string())
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
                "2026-01-10T12:00:00.250000+05:30",
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
    fn seconds_become_days() {
        let unix = |seconds| Moment::unix(seconds, 0).map(|moment| moment.to_string());
        assert_eq!(unix(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(unix(1_736_847_600).as_deref(), Some("2025-01-14T09:40:00Z"));
        assert_eq!(unix(951_782_399).as_deref(), Some("2000-02-28T23:59:59Z"));
        assert_eq!(unix(951_782_400).as_deref(), Some("2000-02-29T00:00:00Z"));
        assert_eq!(
            unix(-2_082_844_800).as_deref(),
            Some("1904-01-01T00:00:00Z")
        );
        assert_eq!((unix(i64::MAX), unix(i64::MIN)), (None, None));
    }

    #[test]
    fn a_day_and_a_time_apart_are_one_moment() {
        let pair = |day, time| Moment::parse_pair(day, time).map(|moment| moment.to_string());
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
