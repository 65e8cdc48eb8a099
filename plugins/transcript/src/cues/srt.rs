//! SubRip: a number, a line with times, lines of text, a blank line. The numbers and blank lines may be
//! missing; the lines with times are what counts.

use datalake_core::Reject;

use super::markup::{Dialect, lines};
use super::timing::{Timing, timing};
use super::{Cue, no_cues, transcript};
use crate::model::{Flag, Flags, Transcript};

/// Whether a text begins as SRT does: a line with times first, or right behind a number.
pub(crate) fn is_srt(text: &str) -> bool {
    let mut first = text.lines().filter(|line| !line.trim().is_empty()).take(2);
    first.next().is_some_and(|line| {
        timing(line).is_some() || (is_number(line) && first.next().and_then(timing).is_some())
    })
}

/// Reads SRT.
pub(crate) fn srt(text: &str, flags: &mut Flags) -> Result<Transcript, Reject> {
    let mut reader = Reader::default();
    for line in text.lines() {
        match timing(line) {
            Some(times) => reader.cue(Some(times)),
            None if line.contains("-->") && line.starts_with(|c: char| c.is_ascii_digit()) => {
                flags.insert(Flag::BadCues);
                reader.cue(None);
            }
            None => reader.lines.push(line),
        }
    }
    if reader.times.is_some() && reader.lines.iter().all(|line| line.trim().is_empty()) {
        flags.insert(Flag::Cut);
    }
    reader.finish();
    if reader.cues.is_empty() && !flags.contains(&Flag::Cut) {
        return Err(no_cues("SRT"));
    }
    Ok(transcript(reader.cues, flags))
}

#[derive(Default)]
struct Reader<'a> {
    cues: Vec<Cue>,
    /// Those of the cue that is being read; `None` before the first, and for one whose times are unreadable.
    times: Option<Timing>,
    lines: Vec<&'a str>,
    /// The number of the last cue.
    number: Option<u64>,
}

impl Reader<'_> {
    /// Begins a cue; what stands right before its times is its number.
    fn cue(&mut self, times: Option<Timing>) {
        if let Some(last) = self.lines.last().filter(|line| is_number(line)) {
            let number: Option<u64> = last.trim().parse().ok();
            let stands_alone = match self.lines.as_slice() {
                [.., before, _] => before.trim().is_empty(),
                _ => true,
            };
            let follows =
                number.is_some() && number == self.number.map(|number| number.wrapping_add(1));
            if stands_alone || follows {
                self.number = number;
                self.lines.pop();
            }
        }
        self.finish();
        self.times = times;
    }

    /// Ends the cue that is being read.
    fn finish(&mut self) {
        if let Some(Timing { start, end }) = self.times.take() {
            let lines = lines(&self.lines, (start, end), Dialect::Srt);
            if !lines.is_empty() {
                self.cues.push(Cue { start, end, lines });
            }
        }
        self.lines.clear();
    }
}

fn is_number(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(u32, u32, String)>, Flags) {
        let mut flags = Flags::new();
        let transcript = srt(text, &mut flags).unwrap();
        let segments = transcript
            .segments
            .into_iter()
            .map(|segment| (segment.start.unwrap(), segment.end.unwrap(), segment.text));
        (segments.collect(), flags)
    }

    fn segment(start: u32, end: u32, text: &str) -> (u32, u32, String) {
        (start, end, text.to_owned())
    }

    #[test]
    fn numbers_and_blank_lines_may_be_missing() {
        let expected = [
            segment(1_000, 2_000, "Hello\nyou"),
            segment(3_000, 4_500, "It is 42"),
        ];
        for text in [
            "1\n00:00:01,000 --> 00:00:02,000\nHello\nyou\n\n2\n00:00:03,000 --> 00:00:04,500\nIt is 42\n\n",
            "00:00:01.000 --> 00:00:02.000\nHello\nyou\n\n00:00:03.000 --> 00:00:04.500\nIt is 42",
            "7\n00:00:01,000 --> 00:00:02,000\nHello\nyou\n8\n00:00:03,000 --> 00:00:04,500\nIt is 42",
            "\n\n1\n00:00:01,000 --> 00:00:02,000\n\nHello\n\nyou\n\n\n2\n00:00:03,000 --> 00:00:04,500 X1:1\nIt is 42",
        ] {
            let (found, flags) = read(text);
            assert_eq!(found, expected, "{text}");
            assert!(flags.is_empty() && is_srt(text));
        }
    }

    #[test]
    fn a_number_that_is_said_stays() {
        let (found, _) =
            read("00:01.000 --> 00:02.000\nwe count\n42\n00:03.000 --> 00:04.000\nyes");
        assert_eq!(found[0].2, "we count\n42");
    }

    #[test]
    fn a_bad_cue_spoils_no_other() {
        let (found, flags) = read(
            "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:99,000 --> x\nlost\n\n3\n00:00:05,000 --> 00:00:06,000\nc",
        );
        assert_eq!(
            found,
            [segment(1_000, 2_000, "a"), segment(5_000, 6_000, "c")]
        );
        assert!(flags.contains(&Flag::BadCues));
    }

    #[test]
    fn what_breaks_off_is_cut() {
        let (found, flags) =
            read("1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 --> 00:00:04,000\n");
        assert_eq!(found.len(), 1);
        assert!(flags.contains(&Flag::Cut));
    }

    #[test]
    fn a_text_without_times_is_none() {
        let why = srt("1\nhello\n\n2\nyou", &mut Flags::new()).unwrap_err();
        assert_eq!(why.code, "no-cues");
        assert!(!is_srt("1\nhello") && !is_srt("") && !is_srt("hello\n00:01 --> 00:02"));
    }
}
