//! WebVTT: blocks between blank lines. A block with times is a cue, with a name before them or none; the others are
//! notes, styles and regions. <https://www.w3.org/TR/webvtt1/>

use datalake_core::Reject;

use super::markup::{Dialect, lines};
use super::timing::{Timing, timing};
use super::{Cue, transcript};
use crate::language;
use crate::model::{Flag, Flags, Transcript};

const MAGIC: &str = "WEBVTT";

/// Whether a text says that it is WebVTT.
pub(crate) fn is_vtt(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_whitespace();
    text.strip_prefix(MAGIC)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(ends))
}

/// Reads WebVTT, with or without the line that says so.
pub(crate) fn vtt(text: &str, flags: &mut Flags) -> Result<Transcript, Reject> {
    let mut blocks = Blocks(text.lines());
    let mut language = None;
    let mut cues = Vec::new();
    let mut cut = false;
    if is_vtt(text) {
        language = header(&blocks.next().unwrap_or_default());
    }
    for block in blocks {
        cut = false;
        match cue(&block) {
            Block::Cue(times, text) => {
                let Timing { start, end } = times;
                let lines = lines(text, (start, end), Dialect::Vtt);
                cut = text.is_empty();
                if !lines.is_empty() {
                    cues.push(Cue { start, end, lines });
                }
            }
            Block::Other => {}
            Block::Bad => {
                flags.insert(Flag::BadCues);
            }
        }
    }
    if cut {
        flags.insert(Flag::Cut);
    }
    let mut transcript = transcript(cues, flags);
    transcript.language = language;
    Ok(transcript)
}

/// The language that the header of a file says, as YouTube's do.
fn header(lines: &[&str]) -> Option<String> {
    let fields = lines.iter().filter_map(|line| line.split_once(':'));
    let mut languages = fields.filter(|(name, _)| name.trim().eq_ignore_ascii_case("language"));
    language::code(languages.next()?.1)
}

enum Block<'b, 'a> {
    Cue(Timing, &'b [&'a str]),
    Other,
    Bad,
}

fn cue<'b, 'a>(block: &'b [&'a str]) -> Block<'b, 'a> {
    match block {
        [first, rest @ ..] if first.contains("-->") => match timing(first) {
            Some(times) => Block::Cue(times, rest),
            None => Block::Bad,
        },
        [first, ..] if is_aside(first) => Block::Other,
        [_, second, rest @ ..] if second.contains("-->") => match timing(second) {
            Some(times) => Block::Cue(times, rest),
            None => Block::Bad,
        },
        _ => Block::Bad,
    }
}

fn is_aside(line: &str) -> bool {
    let rest = ["NOTE", "STYLE", "REGION"]
        .iter()
        .find_map(|name| line.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Runs of lines that are not empty. A line with nothing but a space in it is not empty: YouTube's have them
/// inside cues.
struct Blocks<'a>(std::str::Lines<'a>);

impl<'a> Iterator for Blocks<'a> {
    type Item = Vec<&'a str>;

    fn next(&mut self) -> Option<Vec<&'a str>> {
        let first = self.0.by_ref().find(|line| !line.is_empty())?;
        let rest = self.0.by_ref().take_while(|line| !line.is_empty());
        Some(std::iter::once(first).chain(rest).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Transcript, Flags) {
        let mut flags = Flags::new();
        let transcript = vtt(text, &mut flags).unwrap();
        (transcript, flags)
    }

    #[test]
    fn cues_among_what_is_none() {
        let (transcript, flags) = read(
            "WEBVTT - talk\nKind: captions\nLanguage: pt-br\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\n\
             NOTE a note\nof two lines\n\nintro\n00:01.000 --> 00:02.500 line:0 align:start\n<v Ann>Olá\nvocê</v>\n\n\
             01:00:00.000 --> 01:00:01.000\n- Sim\n\nNOTED\n01:00:02.000 --> 01:00:03.000\nfim\n",
        );
        assert_eq!(transcript.text, "Olá\nvocê\n- Sim\nfim");
        assert_eq!(transcript.language.as_deref(), Some("pt-BR"));
        let first = &transcript.segments[0];
        assert_eq!(
            (first.start, first.end, first.speaker.as_deref()),
            (Some(1_000), Some(2_500), Some("Ann"))
        );
        assert_eq!(transcript.segments[1].start, Some(3_600_000));
        assert!(flags.is_empty());
    }

    #[test]
    fn a_header_alone_is_a_recording_of_silence() {
        for text in ["WEBVTT", "WEBVTT\n\n", "WEBVTT\tx\n"] {
            let (transcript, flags) = read(text);
            assert!(
                transcript.text.is_empty() && flags.is_empty() && is_vtt(text),
                "{text}"
            );
        }
        assert!(!is_vtt("WEBVTTX") && !is_vtt(" WEBVTT") && !is_vtt(""));
    }

    #[test]
    fn bad_and_cut_cues_spoil_no_other() {
        let (transcript, flags) = read(
            "WEBVTT\n\n00:01 --> soon\nlost\n\nstray\n\n00:02.000 --> 00:03.000\nhere\n\n00:04.000 --> 00:05.000\n",
        );
        assert_eq!(transcript.text, "here");
        assert!(flags.contains(&Flag::BadCues) && flags.contains(&Flag::Cut));
    }
}
