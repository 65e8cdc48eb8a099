//! Times of cues: `00:00:01,000 --> 00:00:02.500 align:start`.

use crate::model::Millis;

/// A start, an end and what stands behind them.
#[derive(Debug, PartialEq)]
pub(super) struct Timing {
    pub(super) start: Millis,
    pub(super) end: Millis,
}

/// The times of a line that has an arrow between two of them. Hours may be missing, the fraction may be behind
/// a comma or a point, and settings may follow.
pub(super) fn timing(line: &str) -> Option<Timing> {
    let (start, rest) = line.split_once("-->")?;
    let end = rest.split_ascii_whitespace().next()?;
    Some(Timing {
        start: time(start.trim())?,
        end: time(end)?,
    })
}

/// `01:02:03,500`, `02:03.5`, `1:02:03`.
pub(super) fn time(text: &str) -> Option<Millis> {
    let (clock, fraction) = text.split_once([',', '.']).unwrap_or((text, ""));
    let mut seconds: u32 = 0;
    let mut parts = 0;
    for part in clock.split(':') {
        parts += 1;
        let number = number(part)?;
        // Only the first part may be as large as it likes.
        if parts > 1 && (part.len() != 2 || number > 59) {
            return None;
        }
        seconds = seconds.checked_mul(60)?.checked_add(number)?;
    }
    if !(2..=3).contains(&parts) {
        return None;
    }
    seconds
        .checked_mul(1_000)?
        .checked_add(thousandths(fraction)?)
}

fn number(digits: &str) -> Option<u32> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok())?
}

/// The first three digits of a fraction: `5` is half a second.
fn thousandths(fraction: &str) -> Option<Millis> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(*b"000").take(3);
    Some(digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_all_their_spellings() {
        let pairs = [
            ("00:00:01,000", 1_000),
            ("00:00:01.5", 1_500),
            ("01:02:03,0456", 3_723_045),
            ("02:03.250", 123_250),
            ("1:02:03", 3_723_000),
            ("100:00:00.000", 360_000_000),
            ("90:00", 5_400_000),
        ];
        for (text, expected) in pairs {
            assert_eq!(time(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "1",
            "1.5",
            ":",
            "::",
            "00:00:00:00",
            "00:60",
            "00:1",
            "-00:01",
            "00:00:01,x",
            "+1:00",
            "00:00:0é",
            "99999999:00:00",
            "4294967295:00",
            "1193:02:48",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn lines_with_an_arrow() {
        let expected = Timing {
            start: 1_000,
            end: 2_000,
        };
        for line in [
            "00:00:01,000 --> 00:00:02,000",
            "00:01.000 --> 00:02.000 align:start position:0%",
            "  00:00:01.000-->00:00:02.000  ",
        ] {
            assert_eq!(timing(line).as_ref(), Some(&expected), "{line}");
        }
        for line in [
            "",
            "-->",
            "00:01 -->",
            "--> 00:01",
            "a --> b",
            "00:01 -> 00:02",
        ] {
            assert_eq!(timing(line), None, "{line}");
        }
    }
}
