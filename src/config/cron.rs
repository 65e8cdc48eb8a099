//! The five fields of cron, as sets of minutes, hours, days and months. Here is what they mean; the scheduler
//! computes from them when that is.

use std::fmt;

/// A schedule of five fields: minute, hour, day of the month, month, day of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    pub(crate) minutes: Bits,
    pub(crate) hours: Bits,
    pub(crate) days: Bits,
    pub(crate) months: Bits,
    /// Sunday is 0.
    pub(crate) weekdays: Bits,
    /// Whether a day of either field will do: so it is where both are restricted. A field that begins with `*`
    /// is not, even with a step.
    pub(crate) either_day: bool,
}

/// A set of numbers below 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits(pub(crate) u64);

impl Bits {
    pub(crate) fn has(self, number: u32) -> bool {
        self.0 >> number & 1 == 1
    }

    /// The least number of the set that is not below `from`.
    pub(crate) fn next(self, from: u32) -> Option<u32> {
        let rest = self.0.checked_shr(from)?.checked_shl(from)?;
        (rest != 0).then(|| rest.trailing_zeros())
    }
}

/// Why a text is no cron schedule.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CronError {
    /// It has not five fields.
    NoCron,
    /// A field says nothing.
    Field(String),
    /// There is no such day.
    Never(String),
}

/// Short names for common ones.
const NAMES: &[(&str, &str)] = &[
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

impl Cron {
    /// The names that stand for five fields.
    pub(super) fn short_names() -> impl Iterator<Item = &'static str> + Clone {
        NAMES.iter().map(|(name, _)| *name)
    }

    pub(super) fn parse(text: &str) -> Result<Self, CronError> {
        let fields = NAMES.iter().find(|(name, _)| *name == text);
        let fields = fields.map_or(text, |(_, fields)| *fields);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(CronError::NoCron);
        };
        let weekdays = WEEKDAY.read(weekday)?.0;
        let cron = Self {
            text: text.to_owned(),
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: DAY.read(day)?,
            months: MONTH.read(month)?,
            // 7 is Sunday as well.
            weekdays: Bits(weekdays & 0x7f | weekdays >> 7),
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        if cron.comes() {
            return Ok(cron);
        }
        let why = format!("no month of `{month}` has a day of `{day}`");
        Err(CronError::Never(why))
    }

    /// Whether there is a day for it. Every day of a month is each day of the week in some year.
    fn comes(&self) -> bool {
        let least = self.days.next(1).unwrap_or(u32::MAX);
        let longest = |month| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        self.either_day || (1..=12).any(|month| self.months.has(month) && least <= longest(month))
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a field of a cron schedule may hold.
struct CronField {
    name: &'static str,
    least: u32,
    greatest: u32,
    /// Where `*`, and a step without an end, ends.
    end: u32,
    /// Words that stand for numbers, counted from the least.
    words: &'static [&'static str],
}

const MINUTE: CronField = CronField {
    name: "minute",
    least: 0,
    greatest: 59,
    end: 59,
    words: &[],
};
const HOUR: CronField = CronField {
    name: "hour",
    least: 0,
    greatest: 23,
    end: 23,
    words: &[],
};
const DAY: CronField = CronField {
    name: "day of the month",
    least: 1,
    greatest: 31,
    end: 31,
    words: &[],
};
const MONTH: CronField = CronField {
    name: "month",
    least: 1,
    greatest: 12,
    end: 12,
    words: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
const WEEKDAY: CronField = CronField {
    name: "day of the week",
    least: 0,
    greatest: 7,
    end: 6,
    words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl CronField {
    /// `*`, `5`, `1-5`, `*/10`, `8-18/2`, `5/15`, and lists of these.
    fn read(&self, field: &str) -> Result<Bits, CronError> {
        let parts: Option<Vec<u64>> = field.split(',').map(|part| self.part(part)).collect();
        let wrong = || {
            let Self {
                name,
                least,
                greatest,
                ..
            } = self;
            CronError::Field(format!(
                "`{field}` is not a {name}: use {least} to {greatest}, `*`, `1-5` or `*/2`"
            ))
        };
        let all = parts.ok_or_else(wrong)?.into_iter();
        Ok(Bits(all.fold(0, |all, part| all | part)))
    }

    fn part(&self, part: &str) -> Option<u64> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(whole(step)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.end),
            Some((from, to)) => self.range(from, to)?,
            // A step from a number on goes to the end.
            None if step.is_some() => (self.number(range)?, self.end),
            None => (self.number(range)?, self.number(range)?),
        };
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        if step == 0 || from > to {
            return None;
        }
        Some((from..=to).step_by(step).fold(0, |bits, at| bits | 1 << at))
    }

    fn range(&self, from: &str, to: &str) -> Option<(u32, u32)> {
        let (from, to) = (self.number(from)?, self.number(to)?);
        // `fri-sun` ends with the Sunday that is 7.
        let sunday = self.greatest > self.end && to == self.least && from > to;
        Some((from, if sunday { self.greatest } else { to }))
    }

    fn number(&self, text: &str) -> Option<u32> {
        let mut words = self.words.iter();
        let number = match words.position(|word| word.eq_ignore_ascii_case(text)) {
            Some(at) => self.least + u32::try_from(at).ok()?,
            None => whole(text)?,
        };
        (self.least..=self.greatest)
            .contains(&number)
            .then_some(number)
    }
}

/// Digits alone: `parse` would take a sign as well.
fn whole(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
