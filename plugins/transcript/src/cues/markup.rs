//! The markup inside cues: tags, voices, inline times, characters written as entities.

use std::mem;

use super::timing::time;
use crate::model::{Millis, Word};

/// A line of a cue without its markup.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) speaker: Option<String>,
    /// Where it has inline times.
    pub(super) words: Vec<Word>,
    /// The word that is underlined, as Whisper marks the one that is being said.
    pub(super) marked: Option<String>,
}

/// Which markup a format has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// HTML tags and `{\an8}`.
    Srt,
    /// Tags of its own, voices, inline times and entities.
    Vtt,
}

/// The lines of a cue that has these times. A line in which the voice changes is two.
pub(super) fn lines(text: &[&str], (start, end): (Millis, Millis), dialect: Dialect) -> Vec<Line> {
    let mut reader = Reader {
        // Most cues are one line each, and a list that grows has room for four at once.
        lines: Vec::with_capacity(1),
        line: Line::default(),
        voice: None,
        chunk: 0,
        since: None,
        mark: None,
        start,
        end,
        dialect,
    };
    for line in text {
        reader.read(line);
    }
    reader.lines
}

struct Reader {
    lines: Vec<Line>,
    line: Line,
    voice: Option<String>,
    /// Where in the line's text began what is said since the last inline time.
    chunk: usize,
    since: Option<Millis>,
    /// Where in the line's text an underlined part began.
    mark: Option<usize>,
    start: Millis,
    end: Millis,
    dialect: Dialect,
}

impl Reader {
    fn read(&mut self, mut rest: &str) {
        while let Some(at) = rest.find(['<', '{']) {
            self.text(&rest[..at]);
            let open = &rest[at..];
            match tag(open, self.dialect) {
                Some((inner, length)) => {
                    self.tag(inner);
                    rest = &open[length..];
                }
                None => {
                    self.text(&open[..1]);
                    rest = &open[1..];
                }
            }
        }
        self.text(rest);
        self.finish();
    }

    fn text(&mut self, text: &str) {
        match self.dialect {
            Dialect::Vtt => unescape(text, &mut self.line.text),
            Dialect::Srt => self.line.text.push_str(text),
        }
    }

    fn tag(&mut self, inner: &str) {
        if self.dialect == Dialect::Vtt
            && let Some(time) = time(inner)
        {
            self.end_word(time);
            self.since = Some(time);
            return;
        }
        let (name, rest) = inner.split_once([' ', '\t']).unwrap_or((inner, ""));
        match name.split('.').next().unwrap_or_default() {
            "v" if self.dialect == Dialect::Vtt => {
                self.finish();
                let mut voice = String::new();
                unescape(rest.trim(), &mut voice);
                self.voice = Some(voice).filter(|voice| !voice.is_empty());
            }
            "/v" => {
                self.finish();
                self.voice = None;
            }
            "u" => self.mark = Some(self.line.text.len()),
            "/u" => {
                if let Some(marked) = self.mark.take().and_then(|at| self.line.text.get(at..)) {
                    self.line.marked = Some(marked.trim().to_owned());
                }
            }
            _ => {}
        }
    }

    /// Ends the word that began at the last inline time; the first began with the cue.
    fn end_word(&mut self, at: Millis) {
        let text = self.line.text[self.chunk..].trim();
        if !text.is_empty() {
            self.line.words.push(Word {
                start: Some(self.since.unwrap_or(self.start)),
                end: Some(at),
                text: text.into(),
                ..Word::default()
            });
        }
        self.chunk = self.line.text.len();
    }

    /// Ends a line.
    fn finish(&mut self) {
        if self.since.is_some() {
            self.end_word(self.end);
        }
        (self.chunk, self.since, self.mark) = (0, None, None);
        let mut line = mem::take(&mut self.line);
        line.text = line.text.trim().to_owned();
        if line.text.is_empty() {
            return;
        }
        line.speaker = self.voice.clone();
        if line.speaker.is_none()
            && let Some((name, rest)) = named_speaker(&line.text)
        {
            (line.speaker, line.text) = (Some(name.to_owned()), rest.to_owned());
        }
        self.lines.push(line);
    }
}

/// The tag that `text` begins with, and its length. `a < b` and `<3` have none.
fn tag(text: &str, dialect: Dialect) -> Option<(&str, usize)> {
    let (open, close) = if text.starts_with('{') {
        ("{\\", '}')
    } else {
        ("<", '>')
    };
    if open == "{\\" && dialect == Dialect::Vtt {
        return None;
    }
    let inner = text.strip_prefix(open)?;
    // Looking no further than the next that could be one keeps this linear.
    let end = inner.find([close, '<', '{'])?;
    let (inner, rest) = inner.split_at(end);
    let is_tag = rest.starts_with(close)
        && (open == "{\\"
            || inner
                .trim_start_matches('/')
                .starts_with(|c: char| c.is_ascii_alphabetic())
            || time(inner).is_some());
    is_tag.then_some((inner, open.len() + end + 1))
}

/// The speaker that WhisperX puts in front of a line: `[SPEAKER_01]: Hello`.
pub(super) fn named_speaker(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('[')?.split_once("]:")?;
    let digits = name.strip_prefix("SPEAKER_")?;
    let is_speaker = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let rest = rest.trim_start();
    (is_speaker && !rest.is_empty()).then_some((name, rest))
}

/// The characters that WebVTT knows by name, and non-breaking spaces and marks of direction as what they are.
fn unescape(text: &str, out: &mut String) {
    const NAMED: [(&str, &str); 8] = [
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", "\u{a0}"),
        ("&lrm;", "\u{200e}"),
        ("&rlm;", "\u{200f}"),
        ("&quot;", "\""),
        ("&#39;", "'"),
    ];
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, sign) = NAMED
            .into_iter()
            .find(|(name, _)| rest.starts_with(name))
            .unwrap_or(("&", "&"));
        out.push_str(sign);
        rest = &rest[name.len()..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str, dialect: Dialect) -> Vec<String> {
        let lines = lines(&[line], (0, 1_000), dialect);
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn tags_go_and_what_only_looks_like_one_stays() {
        let srt = |line: &str| texts(line, Dialect::Srt).join("|");
        assert_eq!(
            srt("{\\an8}<i>Hello</i> <font color=\"#fff\">you</font>"),
            "Hello you"
        );
        assert_eq!(
            srt("I <3 you, a < b > c, {braces}"),
            "I <3 you, a < b > c, {braces}"
        );
        assert_eq!(
            srt("<b>open <<i>twice</i> {\\an8 no end"),
            "open <twice {\\an8 no end"
        );
        assert_eq!(srt("fish &amp; chips"), "fish &amp; chips");
        assert_eq!(srt("<i></i>"), "");
        let vtt = |line: &str| texts(line, Dialect::Vtt).join("|");
        assert_eq!(
            vtt("<c.yellow>fish</c> &amp; &lt;chips&gt; &copy;"),
            "fish & <chips> &copy;"
        );
        assert_eq!(vtt("{\\an8}x"), "{\\an8}x");
    }

    #[test]
    fn voices_are_speakers() {
        let text = [
            "<v.loud Mary Ann>Hi <v Bob &amp; Co>Hello</v> all",
            "[SPEAKER_01]: Yes",
            "[music]: no",
        ];
        let read = lines(&text, (0, 1), Dialect::Vtt);
        let found: Vec<_> = read
            .iter()
            .map(|line| (line.speaker.as_deref(), line.text.as_str()))
            .collect();
        let expected = [
            (Some("Mary Ann"), "Hi"),
            (Some("Bob & Co"), "Hello"),
            (None, "all"),
            (Some("SPEAKER_01"), "Yes"),
            (None, "[music]: no"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn inline_times_make_words() {
        let text = ["so<00:00:00.300><c> what</c><00:00:00.700><c> now</c>"];
        let read = lines(&text, (100, 1_000), Dialect::Vtt);
        assert_eq!(read[0].text, "so what now");
        let words: Vec<_> = read[0]
            .words
            .iter()
            .map(|word| (word.start.unwrap(), word.end.unwrap(), &*word.text))
            .collect();
        assert_eq!(
            words,
            [(100, 300, "so"), (300, 700, "what"), (700, 1_000, "now")]
        );
    }

    #[test]
    fn the_underlined_word_is_noted() {
        let read = lines(&["so <u>what</u> now"], (0, 1), Dialect::Srt);
        assert_eq!(read[0].marked.as_deref(), Some("what"));
        assert_eq!(read[0].text, "so what now");
    }

    #[test]
    fn thousands_of_open_tags_take_no_time() {
        let line = "<".repeat(1 << 20) + ">";
        assert_eq!(texts(&line, Dialect::Vtt)[0].len(), line.len());
        let line = "{\\".repeat(1 << 19) + "}";
        assert!(texts(&line, Dialect::Srt)[0].len() < line.len());
    }
}
