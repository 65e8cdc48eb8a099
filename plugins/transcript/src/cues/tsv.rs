//! Whisper's tables: a head line `start end text` between tabs, and times in whole milliseconds.

use datalake_core::Reject;

use super::markup::{Dialect, lines};
use super::{Cue, no_cues, transcript};
use crate::model::{Flag, Flags, Transcript};

/// Whether a text begins as such a table does.
pub(crate) fn is_tsv(text: &str) -> bool {
    let head = text.lines().next().unwrap_or_default();
    head.trim_end().split('\t').eq(["start", "end", "text"])
}

/// Reads a table.
pub(crate) fn tsv(text: &str, flags: &mut Flags) -> Result<Transcript, Reject> {
    if !is_tsv(text) {
        return Err(no_cues("TSV"));
    }
    let mut cues = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        match row(line) {
            Some(cue) if cue.lines.is_empty() => {}
            Some(cue) => cues.push(cue),
            None => {
                flags.insert(Flag::BadCues);
            }
        }
    }
    Ok(transcript(cues, flags))
}

fn row(line: &str) -> Option<Cue> {
    let mut fields = line.splitn(3, '\t');
    let start = fields.next()?.parse().ok()?;
    let end = fields.next()?.parse().ok()?;
    let text = fields.next()?;
    Some(Cue {
        start,
        end,
        lines: lines(&[text], (start, end), Dialect::Srt),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_whole_milliseconds() {
        let text = "start\tend\ttext\n0\t1500\tHello\n1500\t2000\t\n1.5\t2\tlost\n2000\t3000\tyou\tand me\n\n";
        let mut flags = Flags::new();
        let transcript = tsv(text, &mut flags).unwrap();
        assert_eq!(transcript.text, "Hello\nyou\tand me");
        assert_eq!(transcript.segments[1].start, Some(2_000));
        assert!(flags.iter().eq(&[Flag::BadCues]));
        assert_eq!(tsv("a\tb\n", &mut flags).unwrap_err().code, "no-cues");
    }
}
