//! The time that programs write into the names of files: screenshots, recordings, exports. It is the wall-clock
//! time at which a thing was made, and it survives copies that change the file system's times.
//!
//! ```
//! use datalake_core::name_time::{Precision, name_time};
//! use datalake_core::{Shown, Zone};
//!
//! let time = name_time("Screenshot 2026-01-10 at 1.05.09\u{202f}PM.png").unwrap();
//! assert_eq!(time.text(), "2026-01-10T13:05:09");
//! assert_eq!(time.precision, Precision::Second);
//!
//! let found = time.resolve(&Zone::named("Asia/Kolkata").unwrap()).unwrap(); // `cx.zone`
//! assert_eq!(found.time.to_string(), "2026-01-10T07:35:09.000000Z");
//! assert_eq!((found.offset, found.shown), (19_800, Shown::Once));
//!
//! assert_eq!(name_time("Screenshot (12).png"), None);
//! ```
//!
//! # What is read
//!
//! A date followed by a time of day, anywhere in the name; where there is none, a date alone; the first of several.
//!
//! | part | shapes |
//! | --- | --- |
//! | date | `20260110`, `2026-01-10`, `2026_01_10`, `2026.01.10`, `2026:01:10`, `10 January 2026`, `Jan 10, 2026`, `2026-Jan-10` |
//! | between | nothing (14 digits), `_`, `-`, `.`, `T`, a space, `, `, ` - `, `_at_`, one or two words such as ` at ` or ` a las ` |
//! | time | `120000`, `12-00-00`, `12_00_00`, `12.00.00`, `12:00:00`, `12h00m00s`; `12-00` and alike without seconds |
//! | then | `.123`, `-123` after `12-00-00`, `123` after `120000`; `AM`, `pm`, `p. m.`, `μ.μ.`; `Z`, `+10:00`, `+1000` |
//!
//! Half-days may stand before the hour, too: `PM 1.05.09`, `下午1.05.09`, `오후 1.05.09`. Behind a word of such a script
//! that is not known an hour from 1 to 12 may be either, and only the day counts.
//!
//! Three shapes name an instant: `GMT` in front of a date (Zoom), seconds since 1970 in front of the name of a tool
//! (`1767225600_grim.png`), and those of hyprwhspr's segments (`1a2b3c4d_003_1767225600.wav`).
//!
//! # What is not
//!
//! Days and hours that do not exist, years before 1990 and after 2037, and digits that belong
//! to something else: a longer number, a hexadecimal id, a UUID, a version (`v2026.01.10`), a telephone number,
//! a size (`1920x1080`). A bare dotted date counts as a version, too.

mod made;
mod scan;
#[cfg(test)]
mod tests;
mod words;

use std::ffi::OsStr;
use std::fmt::Write;
use std::ops::RangeInclusive;
use std::path::Path;

use jiff::civil::{Date, DateTime};

use crate::time::{Shown, Timestamp, Zone};

pub use made::Made;

/// How much of a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// The day; the time of day is midnight.
    Day,
    /// Hours and minutes.
    Minute,
    /// Seconds.
    Second,
    /// Thousandths of a second.
    Millisecond,
}

/// The zone of a time in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WrittenZone {
    /// None is written: it is what the clock on the wall showed.
    Local,
    /// UTC, by the program's habit; nothing is said about the place.
    Utc,
    /// A written offset, in seconds east of UTC.
    Offset(i32),
}

/// The time in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameTime {
    /// What is written, as a clock in [`zone`](Self::zone) shows it.
    pub wall: DateTime,
    /// How much of it is written.
    pub precision: Precision,
    /// Its zone.
    pub zone: WrittenZone,
}

/// An instant that a name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resolved {
    /// The instant.
    pub time: Timestamp,
    /// The offset of local time, in seconds east of UTC: the written one, otherwise that of the zone.
    pub offset: i32,
    /// Whether a clock change leaves it in doubt: of a time that comes twice the first is taken, one that was
    /// skipped counts as later by the gap. A time whose offset is known is never in doubt.
    pub shown: Shown,
}

impl NameTime {
    /// The instant, `zone` being that of times without one.
    pub fn resolve(&self, zone: &Zone) -> Option<Resolved> {
        let at = |offset: i32| {
            let (time, _) = Zone::utc().resolve(self.wall)?;
            Timestamp::from_micros(time.as_micros() - i64::from(offset) * 1_000_000)
        };
        let (time, offset, shown) = match self.zone {
            WrittenZone::Local => {
                let (time, offset) = zone.resolve(self.wall)?;
                (time, offset, zone.shown(self.wall))
            }
            WrittenZone::Utc => {
                let time = at(0)?;
                (time, zone.offset(time), Shown::Once)
            }
            WrittenZone::Offset(offset) => (at(offset)?, offset, Shown::Once),
        };
        Some(Resolved {
            time,
            offset,
            shown,
        })
    }

    /// The wall-clock time as text, for keys: just what is written, no more. `2026-01-10`, `2026-01-10T12:00`,
    /// `2026-01-10T12:00:00`, `2026-01-10T12:00:00.123`; with `Z` or `+10:00` where the zone is known.
    pub fn text(&self) -> String {
        let time = self.wall.time();
        let mut text = self.wall.date().to_string();
        // Writing to a String cannot fail.
        let _ = match self.precision {
            Precision::Day => Ok(()),
            Precision::Minute => write!(text, "T{:02}:{:02}", time.hour(), time.minute()),
            Precision::Second | Precision::Millisecond => write!(
                text,
                "T{:02}:{:02}:{:02}",
                time.hour(),
                time.minute(),
                time.second()
            ),
        };
        if self.precision == Precision::Millisecond {
            let _ = write!(text, ".{:03}", time.millisecond());
        }
        match self.zone {
            WrittenZone::Local => {}
            WrittenZone::Utc => text.push('Z'),
            WrittenZone::Offset(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.abs() / 60;
                let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
            }
        }
        text
    }
}

/// The time that is written in a file's name. Of a path only the last part is looked at; folders have
/// [`folder_time`].
pub fn name_time(name: impl AsRef<OsStr>) -> Option<NameTime> {
    let path = name.as_ref().as_encoded_bytes();
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    find(name)
}

/// The day that the folders of a path name, the innermost first: `2026/01/9/x.wav`, `2026-01-09 Walk/x.wav`.
/// Files are moved between folders, so it is a guess where [`name_time`] has none, and never part of a key.
pub fn folder_time(path: impl AsRef<Path>) -> Option<NameTime> {
    let folders = path.as_ref().parent()?.iter();
    let folders: Vec<&[u8]> = folders.map(OsStr::as_encoded_bytes).collect();
    (0..folders.len()).rev().find_map(|last| {
        let numbers = last.checked_sub(2).map(|first| &folders[first..=last]);
        let date = numbers.and_then(scan::folder_date);
        let date = date.filter(|date| is_allowed(*date));
        let date = date.or_else(|| Some(find(folders[last])?.wall.date()))?;
        Some(NameTime {
            wall: date.at(0, 0, 0, 0),
            precision: Precision::Day,
            zone: WrittenZone::Local,
        })
    })
}

/// The years that a name can mean: up to the last whole one that 32 bits of seconds reach. They do not follow the clock:
/// what a name tells must be the same whenever it is read.
pub const YEARS: RangeInclusive<i16> = 1990..=2037;

fn is_allowed(date: Date) -> bool {
    YEARS.contains(&date.year())
}

/// The time in a name: an instant, else the first date with a time of day, else the first date.
fn find(name: &[u8]) -> Option<NameTime> {
    let name = scan::normalised(name);
    if let Some(time) = scan::instant(&name) {
        return is_allowed(time.wall.date()).then_some(time);
    }
    let mut day = None;
    for start in scan::starts(&name) {
        match start
            .date_and_time()
            .filter(|time| is_allowed(time.wall.date()))
        {
            Some(time) if time.precision > Precision::Day => return Some(time),
            time => day = day.or(time),
        }
    }
    day
}
