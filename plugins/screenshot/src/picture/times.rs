//! Times as programs write them into images: which of them counts, and what its text means.

use datalake_core::name_time::{NameTime, Precision, WrittenZone, YEARS, name_time};

/// No zone is further from UTC than this, in seconds.
const FARTHEST: i32 = 18 * 3_600;
/// A longer text says more than a time.
const LONGEST_TEXT: usize = 100;

/// Where in an image a time is written. The first that is there counts: those of making before those of changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Exif `DateTimeOriginal`.
    ExifOriginal,
    /// XMP `photoshop:DateCreated` or `xmp:CreateDate`.
    Xmp,
    /// A text `Creation Time` of a PNG.
    PngText,
    /// Exif `DateTimeDigitized`.
    ExifDigitized,
    /// Exif or TIFF `DateTime`: the last change.
    ExifChanged,
    /// `tIME` of a PNG: the last change.
    PngTime,
}

impl Field {
    /// Whether it says when the image was made; the others say when it was last changed, and an editor sets them anew.
    pub fn is_of_making(self) -> bool {
        !matches!(self, Self::ExifChanged | Self::PngTime)
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExifOriginal => "exif:DateTimeOriginal",
            Self::Xmp => "xmp:CreateDate",
            Self::PngText => "png:Creation Time",
            Self::ExifDigitized => "exif:DateTimeDigitized",
            Self::ExifChanged => "exif:DateTime",
            Self::PngTime => "png:tIME",
        }
    }
}

/// A time that is written in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Written {
    /// Where.
    pub field: Field,
    /// The wall-clock time, and what is known of its zone.
    pub time: NameTime,
}

/// A time without the place where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found(NameTime);

impl Found {
    pub(crate) fn of(self, field: Field) -> Written {
        Written {
            field,
            time: self.0,
        }
    }
}

/// A time of Exif, with its fraction of a second and its offset from UTC, which are texts of their own and may be
/// empty. A camera that does not know the time writes spaces or zeros.
pub(crate) fn exif_time(time: &str, fraction: &str, offset: &str) -> Option<Found> {
    let time = time.trim();
    let fraction: String = fraction
        .trim()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let point = if fraction.is_empty() { "" } else { "." };
    let offset = offset.trim();
    let plain = || iso_time(&format!("{time}{point}{fraction}"));
    // An offset that cannot be read is none.
    if offset.is_empty() {
        plain()
    } else {
        iso_time(&format!("{time}{point}{fraction}{offset}")).or_else(plain)
    }
}

/// A time such as `2026-01-10T12:00:00.123+05:30`, or less of it; Exif writes `2026:01:10 12:00:00`.
pub(crate) fn iso_time(text: &str) -> Option<Found> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let &[y0, y1, y2, y3, b'-' | b':', m0, m1, b'-' | b':', d0, d1] = date.as_bytes() else {
        return None;
    };
    let digits = [y0, y1, y2, y3, m0, m1, d0, d1].map(char::from);
    let digits: String = digits.into_iter().filter(char::is_ascii_digit).collect();
    let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?);
    let Some(clock) = rest.strip_prefix(['T', 't', ' ']) else {
        let at_midnight = format!("{year}-{month}-{day}T00:00");
        return rest
            .is_empty()
            .then(|| time(&at_midnight, Precision::Day, WrittenZone::Local))?;
    };
    let end = clock.find(['Z', 'z', '+', '-', ' ']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(end);
    let precision = precision(clock)?;
    time(
        &format!("{year}-{month}-{day}T{clock}"),
        precision,
        zone_of(zone.trim())?,
    )
}

/// How much of a time of day is written; nothing if it is none.
fn precision(clock: &str) -> Option<Precision> {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let parts: Vec<&str> = clock.split(':').collect();
    let two_digits = |part: &&str| part.len() == 2 && is_number(part);
    let whole = parts.iter().all(two_digits) && fraction.len() <= 9 && is_number(fraction);
    match (parts.len(), fraction) {
        (2, "") if whole => Some(Precision::Minute),
        (3, "") if whole => Some(Precision::Second),
        (3, _) if whole => Some(Precision::Millisecond),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `Z`, `+05:30`, `+0530`, `+05`, or nothing.
fn zone_of(text: &str) -> Option<WrittenZone> {
    let sign = match text.bytes().next() {
        None => return Some(WrittenZone::Local),
        Some(b'Z' | b'z') if text.len() == 1 => return Some(WrittenZone::Utc),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let digits = text[1..].replacen(':', "", 1);
    let (hours, minutes) = digits.split_at_checked(2)?;
    let number = |text: &str| is_number(text).then(|| text.parse::<i32>().ok())?;
    let minutes = match minutes.len() {
        0 => 0,
        2 => number(minutes)?,
        _ => return None,
    };
    let offset = number(hours)? * 3_600 + minutes * 60;
    (offset <= FARTHEST && minutes < 60).then_some(WrittenZone::Offset(sign * offset))
}

fn time(wall: &str, precision: Precision, zone: WrittenZone) -> Option<Found> {
    sensible(NameTime {
        wall: wall.parse().ok()?,
        precision,
        zone,
    })
}

/// Cameras whose clock was never set begin in 1970, 1980 or at zero.
fn sensible(time: NameTime) -> Option<Found> {
    YEARS.contains(&time.wall.year()).then_some(Found(time))
}

/// A time of `tIME`, which is UTC.
pub(crate) fn utc_time(date: (u16, u8, u8), clock: (u8, u8, u8)) -> Option<Found> {
    let ((year, month, day), (hour, minute, second)) = (date, clock);
    let wall = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    time(&wall, Precision::Second, WrittenZone::Utc)
}

/// A text `Creation Time`. The format asks for `Sat, 10 Jan 2026 06:30:00 GMT`; programs also write ISO times, and
/// GNOME what the locale makes of `%c`. Of that only what can mean one thing is taken: months by their English
/// names, and years of four digits.
pub(crate) fn png_text_time(text: &str) -> Option<Found> {
    if let Some(found) = iso_time(text) {
        return Some(found);
    }
    if text.len() > LONGEST_TEXT {
        return None;
    }
    let mut words: Vec<&str> = text.split_whitespace().collect();
    // As C's asctime and date(1) write it, the year comes last: Sat Jan 10 12:00:00 GMT 2026.
    if let [_, _, _, _, .., year] = *words
        && year.len() == 4
        && is_number(year)
    {
        words.pop();
        words.insert(3, year);
    }
    let zone = match words.last().copied() {
        Some("GMT" | "UTC" | "UT" | "Z") => "Z",
        Some(zone) if zone.starts_with(['+', '-']) && zone.len() == 5 && is_number(&zone[1..]) => {
            zone
        }
        _ => "",
    };
    if !zone.is_empty() {
        words.pop();
    }
    let written = name_time(format!("{}{zone}", words.join(" ")))?;
    let numeric = !words
        .iter()
        .any(|word| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_alphabetic()));
    (!numeric).then(|| sensible(written))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(found: Option<Found>) -> String {
        found.map_or("none".to_owned(), |found| found.0.text())
    }

    #[test]
    fn iso_and_exif() {
        for (written, expected) in [
            ("2026-01-10T12:00:00+05:30", "2026-01-10T12:00:00+05:30"),
            ("2026:01:10 12:00:00", "2026-01-10T12:00:00"),
            (" 2026-01-10T12:00:00.123456Z ", "2026-01-10T12:00:00.123Z"),
            ("2026-01-10T12:00-0800", "2026-01-10T12:00-08:00"),
            ("2026-01-10 12:00:00 +01", "2026-01-10T12:00:00+01:00"),
            ("2026-01-10", "2026-01-10"),
            ("2026-13-10T12:00:00", "none"),
            ("2026-02-30", "none"),
            ("2026-01-10T24:00:00", "none"),
            ("2026-01-10T12:00:00+19:00", "none"),
            ("2026-01-10T12:00:00CET", "none"),
            ("1970:01:01 00:00:00", "none"),
            ("0000:00:00 00:00:00", "none"),
            ("    :  :     :  :  ", "none"),
            ("2026-01-10T1:00:00", "none"),
            ("20٢6-01-10", "none"),
            ("", "none"),
        ] {
            assert_eq!(text(iso_time(written)), expected, "{written:?}");
        }
    }

    #[test]
    fn the_three_texts_of_an_exif_time() {
        let time = "2026:01:10 12:00:00";
        assert_eq!(text(exif_time(time, "", "")), "2026-01-10T12:00:00");
        assert_eq!(
            text(exif_time(time, "5", "+05:30")),
            "2026-01-10T12:00:00.500+05:30"
        );
        assert_eq!(
            text(exif_time(time, "045 ", "   :  ")),
            "2026-01-10T12:00:00.045"
        );
        assert_eq!(text(exif_time(time, "x", "Z")), "2026-01-10T12:00:00Z");
        assert_eq!(text(exif_time("", "5", "+05:30")), "none");
    }

    #[test]
    fn creation_times_of_pngs() {
        for (written, expected) in [
            ("Sat, 10 Jan 2026 06:30:00 GMT", "2026-01-10T06:30:00Z"),
            (
                "Sat, 10 Jan 2026 12:00:00 +0530",
                "2026-01-10T12:00:00+05:30",
            ),
            ("10 January 2026 12:00:00", "2026-01-10T12:00:00"),
            ("2026-01-10T12:00:00", "2026-01-10T12:00:00"),
            // What %c is in the locales C, en_US, en_GB, en_IN, and for date(1).
            ("Sat Jan 10 12:00:00 2026", "2026-01-10T12:00:00"),
            ("Sat 10 Jan 2026 12:00:00 PM IST", "2026-01-10T12:00:00"),
            ("Sat 10 Jan 2026 01:05:09 PM EST", "2026-01-10T13:05:09"),
            ("Sat 10 Jan 2026 12:00:00 GMT", "2026-01-10T12:00:00Z"),
            (
                "Saturday 10 January 2026 01:05:09 PM IST",
                "2026-01-10T13:05:09",
            ),
            ("Sat Jan 10 12:00:00 UTC 2026", "2026-01-10T12:00:00Z"),
            // A day and a month that could be each other, and months in other languages.
            ("01/10/2026 12:00:00", "none"),
            ("10.01.2026 12:00:00", "none"),
            ("10/01/26 12:00:00", "none"),
            ("Сб 10 янв 2026 12:00:00", "none"),
            ("Sat Foo 10 12:00:00 2026", "none"),
            ("Sat Jan 10 12:00:00 1026", "none"),
            ("now", "none"),
            ("", "none"),
        ] {
            assert_eq!(text(png_text_time(written)), expected, "{written:?}");
        }
    }

    #[test]
    fn times_of_utc() {
        assert_eq!(
            text(utc_time((2026, 1, 10), (6, 30, 0))),
            "2026-01-10T06:30:00Z"
        );
        assert_eq!(text(utc_time((2026, 2, 30), (6, 30, 0))), "none");
        assert_eq!(text(utc_time((0, 0, 0), (0, 0, 0))), "none");
        assert_eq!(
            text(utc_time((u16::MAX, 255, 255), (255, 255, 255))),
            "none"
        );
    }

    #[test]
    fn making_comes_before_changing() {
        let all = [
            Field::ExifOriginal,
            Field::Xmp,
            Field::PngText,
            Field::ExifDigitized,
            Field::ExifChanged,
            Field::PngTime,
        ];
        assert!(all.is_sorted());
        assert!(all.is_sorted_by_key(|field| !field.is_of_making()));
    }
}
