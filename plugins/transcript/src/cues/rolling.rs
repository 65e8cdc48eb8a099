//! Captions that say a line more than once: those that roll up, as YouTube makes them, where each cue begins with
//! the line before; and Whisper's that mark one word after the other.

use super::Cue;
use super::markup::Line;
use crate::model::Word;

/// Captions roll up over so many lines at most.
const MOST_LINES: usize = 4;

/// Without inline times so many cues must begin with the one before and go on to be taken for rolling: a
/// conversation may have one or two of them.
const TELLING: usize = 3;

/// Each line once, and whether any stood there more often.
pub(super) fn unroll(cues: Vec<Cue>) -> (Vec<Cue>, bool) {
    if !is_rolling(&cues) {
        return merge_marked(cues);
    }
    let mut out: Vec<Cue> = Vec::with_capacity(cues.len());
    // What the cue before said, with the lines that it had itself from the one before it.
    let mut before: Vec<String> = Vec::new();
    for mut cue in cues {
        let again = carried(&before, &cue.lines);
        before = cue.lines.iter().map(|line| line.text.clone()).collect();
        cue.lines.drain(..again);
        match out.last_mut() {
            // It stays on the screen, nothing more.
            Some(last) if cue.lines.is_empty() => {
                if cue.start <= last.end {
                    last.end = last.end.max(cue.end);
                }
            }
            _ => out.push(cue),
        }
    }
    (out, true)
}

/// How many lines at the start of a cue are the last of the one before.
fn carried<T: AsRef<str>>(before: &[T], lines: &[Line]) -> usize {
    let most = before.len().min(lines.len()).min(MOST_LINES);
    let is_carried = |count: &usize| {
        let last = &before[before.len() - count..];
        last.iter()
            .zip(lines)
            .all(|(one, other)| one.as_ref() == other.text)
    };
    (1..=most).rev().find(is_carried).unwrap_or(0)
}

impl AsRef<str> for Line {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Whether a quarter of the cues begin with the one before and say something new behind it.
fn is_rolling(cues: &[Cue]) -> bool {
    let goes_on = |pair: &&[Cue]| {
        let again = carried(&pair[0].lines, &pair[1].lines);
        again > 0 && again < pair[1].lines.len()
    };
    let rolling = cues.windows(2).filter(goes_on).count();
    let timed = || {
        let mut lines = cues.iter().flat_map(|cue| &cue.lines);
        lines.any(|line| !line.words.is_empty())
    };
    rolling * 4 >= cues.len() && (rolling >= TELLING || (rolling > 0 && timed()))
}

/// Cues of one text in which one word after the other is underlined become one cue with its words.
fn merge_marked(cues: Vec<Cue>) -> (Vec<Cue>, bool) {
    let is_marked = |cue: &Cue| cue.lines.iter().any(|line| line.marked.is_some());
    let mut out: Vec<(Cue, bool)> = Vec::with_capacity(cues.len());
    let mut merged = false;
    for mut cue in cues {
        let marked = is_marked(&cue);
        note_word(&mut cue);
        match out.last_mut() {
            Some((last, last_marked))
                if (marked || *last_marked) && last.end == cue.start && same_text(last, &cue) =>
            {
                last.end = cue.end;
                *last_marked |= marked;
                for (line, other) in last.lines.iter_mut().zip(cue.lines) {
                    line.words.extend(other.words);
                }
                merged = true;
            }
            _ => out.push((cue, marked)),
        }
    }
    (out.into_iter().map(|(cue, _)| cue).collect(), merged)
}

/// The underlined word is said during its cue.
fn note_word(cue: &mut Cue) {
    let (start, end) = (cue.start, cue.end);
    for line in &mut cue.lines {
        if let Some(marked) = line
            .marked
            .take()
            .filter(|marked| !marked.is_empty() && *marked != line.text)
        {
            line.words.push(Word {
                start: Some(start),
                end: Some(end),
                text: marked.into(),
                ..Word::default()
            });
        }
    }
}

fn same_text(one: &Cue, other: &Cue) -> bool {
    let text = |cue: &'_ Cue| cue.lines.len();
    text(one) == text(other)
        && one
            .lines
            .iter()
            .zip(&other.lines)
            .all(|(one, other)| one.text == other.text)
}

#[cfg(test)]
mod tests {
    use super::super::markup::{Dialect, lines};
    use super::*;

    fn cues(texts: &[&str]) -> Vec<Cue> {
        let numbered = texts.iter().zip(0_u32..);
        let cue = |(text, number): (&&str, u32)| {
            let (start, end) = (number * 1_000, number * 1_000 + 1_000);
            let text: Vec<&str> = text.split('|').collect();
            Cue {
                start,
                end,
                lines: lines(&text, (start, end), Dialect::Vtt),
            }
        };
        numbered.map(cue).collect()
    }

    fn unrolled(texts: &[&str]) -> (Vec<String>, bool) {
        let (cues, rolled) = unroll(cues(texts));
        let texts = cues.iter().map(|cue| {
            let lines: Vec<&str> = cue.lines.iter().map(|line| line.text.as_str()).collect();
            format!(
                "{}-{} {}",
                cue.start / 1_000,
                cue.end / 1_000,
                lines.join("|")
            )
        });
        (texts.collect(), rolled)
    }

    #[test]
    fn youtube_says_every_line_twice_and_thrice() {
        let (texts, rolled) = unrolled(&[
            " |hello<00:00:00.480><c> world</c>",
            "hello world| ",
            "hello world|and<00:00:02.480><c> then</c>",
            "and then| ",
            "and then|and<00:00:04.480><c> then</c>",
        ]);
        assert!(rolled);
        assert_eq!(texts, ["0-2 hello world", "2-4 and then", "4-5 and then"]);
    }

    #[test]
    fn two_lines_that_roll_without_inline_times() {
        let (texts, rolled) = unrolled(&["a|b", "b|c", "c|d", "d|e"]);
        assert!(rolled);
        assert_eq!(texts, ["0-1 a|b", "1-2 c", "2-3 d", "3-4 e"]);
    }

    #[test]
    fn what_somebody_says_again_stays() {
        for texts in [
            &["Okay.", "Okay.", "Okay.", "Okay.", "Okay."][..],
            &["Okay.", "Okay.|Bye.", "Bye."],
            &["a", "b|c", "c|d"],
        ] {
            let (found, rolled) = unrolled(texts);
            assert!(!rolled);
            assert_eq!(found.len(), texts.len());
        }
    }

    #[test]
    fn marked_words_become_words() {
        let (cues, rolled) = unroll(cues(&[
            "<u>so</u> what",
            "so what",
            "so <u>what</u>",
            "so what",
        ]));
        assert!(rolled);
        assert_eq!(cues.len(), 1);
        assert_eq!((cues[0].start, cues[0].end), (0, 4_000));
        let words: Vec<_> = cues[0].lines[0]
            .words
            .iter()
            .map(|word| (word.start.unwrap(), &*word.text))
            .collect();
        assert_eq!(words, [(0, "so"), (2_000, "what")]);
    }
}
