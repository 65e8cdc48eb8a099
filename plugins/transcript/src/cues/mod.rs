//! Subtitles: SRT, WebVTT and the tables of Whisper. All three are cues, texts with a start and an end.

mod markup;
mod rolling;
mod srt;
mod timing;
mod tsv;
mod vtt;

use datalake_core::Reject;

use crate::model::{Flag, Flags, Millis, Segment, Transcript};

use markup::{Line, named_speaker};

pub(crate) use srt::{is_srt, srt};
pub(crate) use tsv::{is_tsv, tsv};
pub(crate) use vtt::{is_vtt, vtt};

/// A cue as it stands in the file.
#[derive(Debug, Default)]
struct Cue {
    start: Millis,
    end: Millis,
    lines: Vec<Line>,
}

/// The transcript of cues.
fn transcript(cues: Vec<Cue>, flags: &mut Flags) -> Transcript {
    let (cues, was_rolling) = rolling::unroll(cues);
    if was_rolling {
        flags.insert(Flag::Rolling);
    }
    Transcript::of_segments(cues.into_iter().flat_map(segments).collect())
}

/// The segments of a cue: one for each voice in it.
fn segments(cue: Cue) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for line in cue.lines {
        let speaker = line.speaker;
        match segments.last_mut() {
            Some(last) if last.speaker == speaker => {
                last.text.push('\n');
                last.text.push_str(&line.text);
                last.words.extend(line.words);
            }
            _ => segments.push(Segment {
                start: Some(cue.start),
                end: Some(cue.end),
                text: line.text,
                speaker,
                confidence: None,
                words: line.words,
            }),
        }
    }
    segments
}

/// The transcript of a plain text; of one whose lines name their speakers, as WhisperX writes it, with these.
pub(crate) fn plain(text: &str) -> Transcript {
    if named_speaker(text).is_none() {
        return Transcript::plain(text);
    }
    let mut segments: Vec<Segment> = Vec::new();
    for line in text.lines() {
        match (named_speaker(line), segments.last_mut()) {
            (None, Some(last)) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            (named, _) => {
                let (speaker, text) = named.unwrap_or(("", line));
                segments.push(Segment {
                    text: text.to_owned(),
                    speaker: Some(speaker.to_owned()),
                    ..Segment::default()
                });
            }
        }
    }
    Transcript::of_segments(segments)
}

fn no_cues(format: &str) -> Reject {
    Reject::new(
        "no-cues",
        format!("its name says {format}, but no line in it has times as {format} has them"),
    )
}
