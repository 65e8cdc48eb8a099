//! The shapes of times in names. A name is read as bytes, in lower case and with plain spaces: dates and times
//! are ASCII, whatever the rest is.

use jiff::civil::{Date, Time};

use super::words::{DATE_MARKS, HALVES, JOINTS, LONG_ID, Lead, MONTHS, UNIX_TOOLS, WORD};
use super::{NameTime, Precision, WrittenZone};
use crate::time::{Timestamp, Zone};

/// A name for matching: lower case, the spaces that some systems put before `PM` as plain ones, UUIDs blotted out.
pub(super) fn normalised(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, behind)) = rest.split_first() {
        // U+00A0; U+2009 and U+202F.
        rest = match rest {
            [0xC2, 0xA0, behind @ ..] | [0xE2, 0x80, 0x89 | 0xAF, behind @ ..] => {
                plain.push(b' ');
                behind
            }
            _ => {
                plain.push(byte.to_ascii_lowercase());
                behind
            }
        };
    }
    for start in 0..plain.len() {
        if let Some(id) = plain.get_mut(start..start + 36).filter(|id| is_uuid(id)) {
            id.fill(b'#');
        }
    }
    plain
}

fn is_uuid(text: &[u8]) -> bool {
    text.get(8) == Some(&b'-')
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The instant of a whole name: seconds since 1970 as some tools write them, and nowhere else.
pub(super) fn instant(name: &[u8]) -> Option<NameTime> {
    let digits = segment_of_hyprwhspr(name).or_else(|| {
        let (digits, tool) = name.split_at_checked(10)?;
        let tool = UNIX_TOOLS
            .iter()
            .find_map(|word| tool.strip_prefix(*word))?;
        let ends = !tool.first().is_some_and(u8::is_ascii_alphanumeric);
        ends.then_some(digits)
    })?;
    let seconds = str::from_utf8(digits).ok()?;
    let all = seconds.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = all.then(|| seconds.parse().ok())??;
    Some(NameTime {
        wall: Timestamp::from_seconds(seconds)?.in_zone(&Zone::utc()),
        precision: Precision::Second,
        zone: WrittenZone::Utc,
    })
}

/// The seconds of `<8 hexadecimal digits>_<3 digits>_<10 digits>.wav`.
fn segment_of_hyprwhspr(name: &[u8]) -> Option<&[u8]> {
    let (session, rest) = name.split_at_checked(8)?;
    let (index, rest) = rest.split_at_checked(5)?;
    let (seconds, rest) = rest.split_at_checked(10)?;
    let numbered =
        matches!(index, [b'_', number @ .., b'_'] if number.iter().all(u8::is_ascii_digit));
    let ends = matches!(rest.first(), None | Some(b'.'));
    let fits = numbered && ends && session.iter().all(u8::is_ascii_hexdigit);
    fits.then_some(seconds)
}

/// The date of three folders: `2026/01/9`.
pub(super) fn folder_date(parts: &[&[u8]]) -> Option<Date> {
    let [year, month, day] = parts else {
        return None;
    };
    let whole = |text, least, most| {
        let mut scan = Scan { text, at: 0 };
        let number = scan.digits(least, most)?;
        scan.peek().is_none().then_some(number)
    };
    date(whole(year, 4, 4)?, whole(month, 1, 2)?, whole(day, 1, 2)?)
}

/// The places in a name where a date can begin: each run of digits and each word.
pub(super) fn starts(text: &[u8]) -> impl Iterator<Item = Scan<'_>> {
    let class = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_alphabetic());
    (0..text.len())
        .filter(move |&at| {
            let here = class(&text[at]);
            here != (false, false) && (at == 0 || class(&text[at - 1]) != here)
        })
        .map(|at| Scan { text, at })
}

/// What an attempt to read a time of day comes to.
enum Clock {
    /// It looks otherwise.
    Other,
    /// It looks like a time of day, and there is no such one.
    Wrong,
    /// Here it is.
    Read(Time, Precision, Option<WrittenZone>),
}

/// What a clock shows, as it is written.
struct Hands {
    hour: i16,
    minute: i16,
    second: Option<i16>,
    /// Where it follows the seconds without a mark.
    millisecond: Option<i16>,
    /// What stands behind the hour.
    mark: Option<u8>,
    /// Whether the hour has two digits.
    padded: bool,
}

/// How a date is written.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// Without anything between its parts.
    Compact,
    /// With points, as versions are.
    Dotted,
    /// Otherwise.
    Plain,
}

/// A place where a time of day may begin behind a date.
struct Joined<'a> {
    scan: Scan<'a>,
    /// Whether a time without seconds may follow.
    minutes: bool,
    lead: Lead,
}

/// A place in a name.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// The date and, where one follows, the time of day that begin here.
    pub(super) fn date_and_time(self) -> Option<NameTime> {
        let mut behind = self;
        let (date, style) = behind.date()?;
        let zone = match self.text[..self.at].ends_with(b"gmt") {
            true => WrittenZone::Utc,
            false => WrittenZone::Local,
        };
        for mut joined in behind.joined() {
            match joined.scan.time_of_day(joined.minutes, joined.lead) {
                Clock::Other => {}
                Clock::Wrong => return None,
                Clock::Read(time, precision, written) => {
                    return Some(NameTime {
                        wall: date.to_datetime(time),
                        precision,
                        zone: written.unwrap_or(zone),
                    });
                }
            }
        }
        let is_date = style != Style::Dotted && behind.ends() && !behind.beside_id(self.at);
        is_date.then_some(NameTime {
            wall: date.at(0, 0, 0, 0),
            precision: Precision::Day,
            zone: WrittenZone::Local,
        })
    }

    fn date(&mut self) -> Option<(Date, Style)> {
        if self.peek()?.is_ascii_alphabetic() {
            let month = self.month()?;
            self.mark(b" -_.")?;
            let day = self.digits(1, 2)?;
            let _ = self.eat(b", ") || self.mark(b" -_.").is_some();
            return Some((date(self.digits(4, 4)?, month, day)?, Style::Plain));
        }
        if !self.may_begin() {
            return None;
        }
        match self.run() {
            8 | 14 => {
                let (year, month, day) = (self.take(4)?, self.take(2)?, self.take(2)?);
                Some((date(year, month, day)?, Style::Compact))
            }
            4 => {
                let year = self.digits(4, 4)?;
                let mark = self.mark(b" -_.:")?;
                let month = match self.digits(2, 2) {
                    Some(number) if DATE_MARKS.contains(&mark) => number,
                    Some(_) => return None,
                    None => self.month()?,
                };
                let day = self.eat(&[mark]).then(|| self.digits(1, 2))??;
                let style = match mark {
                    b'.' => Style::Dotted,
                    _ => Style::Plain,
                };
                Some((date(year, month, day)?, style))
            }
            1 | 2 => {
                let day = self.digits(1, 2)?;
                let _ = self.eat(b". ") || self.mark(b" -_.").is_some();
                let month = self.month()?;
                self.mark(b" -_.")?;
                Some((date(self.digits(4, 4)?, month, day)?, Style::Plain))
            }
            _ => None,
        }
    }

    /// The places behind each thing that may stand between a date and a time.
    fn joined(self) -> impl Iterator<Item = Joined<'a>> {
        let joints = JOINTS.iter().filter_map(move |(joint, minutes)| {
            let mut scan = self;
            scan.eat(joint).then_some(Joined {
                scan,
                minutes: *minutes,
                lead: Lead::None,
            })
        });
        let mut scan = self;
        let words = scan.words().then(|| Joined {
            scan,
            minutes: false,
            lead: Lead::of(&self.text[self.at..scan.at]),
        });
        self.half_before().into_iter().chain(joints).chain(words)
    }

    /// The place behind a half-day that stands before the hour, with a space between them or without.
    fn half_before(mut self) -> Option<Joined<'a>> {
        let spaced = self.eat(b" at ") || self.eat(b", ") || self.eat(b" ");
        HALVES.iter().find_map(|(word, ahead)| {
            let mut scan = self;
            let read = scan.eat(word) && (spaced || !word.is_ascii());
            scan.eat(b" ");
            (read && scan.run() > 0).then_some(Joined {
                scan,
                minutes: false,
                lead: Lead::Half(*ahead),
            })
        })
    }

    /// Goes past a space and one or two words with a space behind each, if digits follow.
    fn words(&mut self) -> bool {
        let mut words = 0;
        while words < 3 && self.eat(b" ") {
            if words > 0 && self.run() > 0 {
                return true;
            }
            let rest = self.text[self.at..].iter().take(WORD);
            self.at += rest
                .take_while(|byte| **byte != b' ' && !byte.is_ascii_digit())
                .count();
            words += 1;
        }
        false
    }

    /// A time of day up to the end of its word; one without seconds only where `minutes` will do.
    fn time_of_day(&mut self, minutes: bool, lead: Lead) -> Clock {
        let Some(hands) = self.hands() else {
            return Clock::Other;
        };
        let fraction = || hands.second.and_then(|_| self.fraction(hands.mark));
        let millisecond = hands.millisecond.or_else(fraction);
        let half = match (self.half(hands.hour), lead) {
            // In Japan the clock goes from 0 to 11.
            (None, Lead::Half(ahead)) => (0..=12).contains(&hands.hour).then_some(ahead),
            (None, Lead::Unknown) if (1..=12).contains(&hands.hour) => return Clock::Other,
            (half, _) => half,
        };
        let zone = self.zone(hands.mark);
        let enough = hands.second.is_some() || half.is_some() || (minutes && hands.padded);
        if !enough || !self.ends() {
            return Clock::Other;
        }
        let hour = half.map_or(hands.hour, |ahead| hands.hour % 12 + ahead);
        let precision = match (hands.second, millisecond) {
            (None, _) => Precision::Minute,
            (Some(_), None) => Precision::Second,
            (Some(_), Some(_)) => Precision::Millisecond,
        };
        let nanosecond = i32::from(millisecond.unwrap_or(0)) * 1_000_000;
        let second = hands.second.unwrap_or(0);
        let small = |number: i16| i8::try_from(number).unwrap_or(i8::MAX);
        match Time::new(small(hour), small(hands.minute), small(second), nanosecond) {
            Ok(time) => Clock::Read(time, precision, zone),
            Err(_) => Clock::Wrong,
        }
    }

    fn hands(&mut self) -> Option<Hands> {
        if let long @ (6 | 9) = self.run() {
            let (hour, minute, second) = (self.take(2)?, self.take(2)?, self.take(2)?);
            // Nine digits are as well a number of something else.
            if long == 9 && (hour > 23 || minute > 59 || second > 59) {
                return None;
            }
            return Some(Hands {
                hour,
                minute,
                second: Some(second),
                millisecond: if long == 9 { self.take(3) } else { None },
                mark: None,
                padded: true,
            });
        }
        let padded = self.run() == 2;
        let hour = self.digits(1, 2)?;
        let mark = self.mark(b"-_.:h")?;
        let minute = self.digits(2, 2)?;
        let (second_mark, end): (u8, &[u8]) = match mark {
            b'h' => (b'm', b"s"),
            mark => (mark, b""),
        };
        let more = self.peek() == Some(second_mark)
            && self.text.get(self.at + 1).is_some_and(u8::is_ascii_digit)
            && !matches!(&self.text[self.at..], [b'.', _, letter, ..] if letter.is_ascii_alphabetic());
        // A digit and letters are the extension of a file: `3gp`.
        let second = match more {
            true => Some(self.skip(1).digits(2, 2)?),
            false => None,
        };
        // What begins as `12h00m00s` ends so; what has a third number has seconds.
        (mark != b'h' || second.is_some() && self.eat(end)).then_some(Hands {
            hour,
            minute,
            second,
            millisecond: None,
            mark: Some(mark),
            padded,
        })
    }

    /// Thousandths of a second; what is finer is left out.
    fn fraction(&mut self, mark: Option<u8>) -> Option<i16> {
        let mut scan = *self;
        let long = match scan.mark(b".,-")? {
            b'-' => (mark == Some(b'-') && scan.run() == 3).then_some(3)?,
            _ => Some(scan.run()).filter(|long| (3..=9).contains(long))?,
        };
        let millisecond = scan.take(3)?;
        *self = scan;
        self.skip(long - 3);
        Some(millisecond)
    }

    /// Morning or afternoon, as hours to add. Behind an hour past twelve it is another word.
    fn half(&mut self, hour: i16) -> Option<i16> {
        let mut start = *self;
        start.eat(b" ");
        HALVES.iter().find_map(|(word, ahead)| {
            let mut scan = start;
            // A letter behind it makes it another word, in any script.
            let read = scan.eat(word) && scan.ends() && (1..=12).contains(&hour);
            let read = read && (word.is_ascii() || scan.peek().is_none_or(|byte| byte.is_ascii()));
            read.then(|| {
                *self = scan;
                *ahead
            })
        })
    }

    /// `Z` or an offset. A minus is one only behind colons: behind other times it leads a counter.
    fn zone(&mut self, mark: Option<u8>) -> Option<WrittenZone> {
        let mut scan = *self;
        if scan.eat(b"z") {
            *self = scan;
            return Some(WrittenZone::Utc);
        }
        let east = match scan.mark(b"+-")? {
            b'-' if mark != Some(b':') => return None,
            b'-' => -60,
            _ => 60,
        };
        let hours = scan.take(2)?;
        scan.eat(b":");
        let minutes = scan.digits(2, 2)?;
        // All offsets in use are whole quarters of an hour.
        if hours > 14 || minutes > 45 || minutes % 15 != 0 {
            return None;
        }
        *self = scan;
        Some(WrittenZone::Offset(east * i32::from(hours * 60 + minutes)))
    }

    /// Whether digits here can begin a date, by what stands before them: no sign of a telephone number, no point of
    /// a version, and no piece of a hexadecimal id.
    fn may_begin(&self) -> bool {
        let before = &self.text[..self.at];
        if let [.., b'+'] | [.., b'0'..=b'9', b'.'] = before {
            return false;
        }
        let alphanumeric = before
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric());
        let word = &before[before.len() - alphanumeric.count()..];
        word.is_empty() || word != b"v" && !word.iter().all(u8::is_ascii_hexdigit)
    }

    /// Whether the date from `start` to here stands beside a number that is an id.
    fn beside_id(&self, start: usize) -> bool {
        let digits = |byte: &&u8| byte.is_ascii_digit();
        let before = self.text[..start].iter().rev().skip(1).take_while(digits);
        let behind = self.text[self.at..].iter().skip(1).take_while(digits);
        before.count() >= LONG_ID || behind.count() >= LONG_ID
    }

    /// The number of a month's name, whole or its first three letters.
    fn month(&mut self) -> Option<i16> {
        let rest = &self.text[self.at..];
        let long = rest.iter().take_while(|byte| byte.is_ascii_alphabetic());
        let word = &rest[..long.count()];
        let named = |month: &&[u8]| *month == word || month[..3] == *word;
        let at = MONTHS.iter().position(named)?;
        self.at += word.len();
        i16::try_from(at + 1).ok()
    }

    /// Whether a word ends here: what follows is no letter and no digit.
    fn ends(&self) -> bool {
        !self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// How many digits stand here.
    fn run(&self) -> usize {
        let rest = self.text[self.at..].iter();
        rest.take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// Goes past `text`, if that stands here.
    fn eat(&mut self, text: &[u8]) -> bool {
        let here = self.text[self.at..].starts_with(text);
        if here {
            self.at += text.len();
        }
        here
    }

    /// Goes past one of these bytes.
    fn mark(&mut self, marks: &[u8]) -> Option<u8> {
        let mark = self.peek().filter(|byte| marks.contains(byte))?;
        self.at += 1;
        Some(mark)
    }

    fn skip(&mut self, bytes: usize) -> &mut Self {
        self.at += bytes;
        self
    }

    /// A number that has at least and at most so many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<i16> {
        let long = self.run();
        (least..=most).contains(&long).then(|| self.take(long))?
    }

    /// A number of the next digits, whatever follows them; at most four.
    fn take(&mut self, digits: usize) -> Option<i16> {
        let number = self.text.get(self.at..self.at + digits)?;
        let number = str::from_utf8(number).ok()?.parse().ok()?;
        self.at += digits;
        Some(number)
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
