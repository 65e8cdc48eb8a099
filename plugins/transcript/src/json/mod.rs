//! Transcripts in JSON. Which recogniser wrote one shows by the names of its outermost fields.

mod assemblyai;
mod azure;
mod deepgram;
mod elevenlabs;
mod gladia;
mod google;
mod loose;
mod mend;
mod piece;
mod sentences;
mod tokens;
mod whisper;
mod whisper_cpp;

use datalake_core::Reject;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Format;
use crate::format::within_bounds;
use crate::model::{Flags, Transcript, mean_confidence};

use loose::{Object, Text};
use mend::{mend, why};
use piece::{Seconds, Segments};

/// The outermost fields that tell formats apart.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Outline<'a> {
    #[serde(borrow)]
    audio_duration: Field<'a>,
    #[serde(borrow, rename = "combinedPhrases")]
    combined_phrases: Field<'a>,
    #[serde(borrow)]
    duration_s: Field<'a>,
    #[serde(borrow)]
    error: Field<'a>,
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    language_code: Field<'a>,
    #[serde(borrow)]
    language_probability: Field<'a>,
    #[serde(borrow)]
    raw: Field<'a>,
    #[serde(borrow, rename = "recognizedPhrases")]
    recognized_phrases: Field<'a>,
    #[serde(borrow)]
    result: Field<'a>,
    #[serde(borrow)]
    results: Field<'a>,
    #[serde(borrow)]
    segments: Field<'a>,
    #[serde(borrow)]
    status: Field<'a>,
    #[serde(borrow)]
    text: Field<'a>,
    #[serde(borrow)]
    transcript: Field<'a>,
    #[serde(borrow)]
    transcription: Field<'a>,
    #[serde(borrow)]
    words: Field<'a>,
}

/// A field that may be absent, unread.
type Field<'a> = Option<&'a RawValue>;

/// What a JSON document turned out to be.
pub(crate) type Read = (Format, Transcript);

/// Reads a transcript in JSON.
///
/// Codes of what it may be instead: `not-json`, `cut-off`, `too-deep`, `provider-error` (it says why there is no
/// transcript), `not-finished`, `no-transcript` (nothing in it is one).
pub(crate) fn json(text: &str, flags: &mut Flags) -> Result<Read, Reject> {
    within_bounds(text, b"{")?;
    let text = mend(text, flags);
    let text = text.trim_ascii();
    let read = if text.starts_with('[') {
        list(text)
    } else {
        let outline: Outline<'_> = serde_json::from_str(text).map_err(|error| why(&error))?;
        object(&outline, text)
    };
    let (format, mut transcript) = read?;
    transcript.round();
    Ok((format, transcript))
}

fn object(outline: &Outline<'_>, text: &str) -> Result<Read, Reject> {
    let has =
        |field: &Field<'_>, start: char| field.is_some_and(|value| value.get().starts_with(start));
    let is_job = has(&outline.id, '"') && has(&outline.status, '"');
    let known = [
        &outline.audio_duration,
        &outline.language_code,
        &outline.words,
    ];
    if has(&outline.transcription, '[') {
        whisper_cpp::read(text)
    } else if has(&outline.results, '{') {
        deepgram::read(text)
    } else if has(&outline.results, '[') {
        google::read(text)
    } else if has(&outline.recognized_phrases, '[') || has(&outline.combined_phrases, '[') {
        azure::read(text)
    } else if has(&outline.result, '{') || has(&outline.transcription, '{') {
        gladia::read(text)
    } else if outline.language_probability.is_some() {
        elevenlabs::read(text)
    } else if is_job && known.iter().any(|field| field.is_some()) {
        assemblyai::read(text)
    } else if has(&outline.text, '"') && (has(&outline.raw, '{') || outline.duration_s.is_some()) {
        assemblyai::read_gateway(text)
    } else if [
        &outline.text,
        &outline.transcript,
        &outline.segments,
        &outline.words,
    ]
    .iter()
    .any(|field| has(field, '"') || has(field, '['))
    {
        whisper::read(text)
    } else {
        Err(nothing(outline))
    }
}

/// A list of segments, as people write who use a recogniser from a program of their own.
fn list(text: &str) -> Result<Read, Reject> {
    let segments: Segments<Seconds> = serde_json::from_str(text).map_err(|error| why(&error))?;
    let segments = segments.take();
    if segments.is_empty() {
        return Err(Reject::new(
            "no-transcript",
            "it is a list in JSON, and no element of it has a text",
        ));
    }
    let mut transcript = Transcript::of_segments(segments);
    transcript.confidence = mean_confidence(transcript.words());
    Ok((Format::Json, transcript))
}

fn nothing(outline: &Outline<'_>) -> Reject {
    if let Some(error) = outline.error {
        return failed(error);
    }
    Reject::new(
        "no-transcript",
        "it is JSON, but none of the transcripts that are known here, and it has no field `text` or `transcript`",
    )
}

/// What a provider wrote instead of a transcript.
fn failed(error: &RawValue) -> Reject {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said<'a> {
        #[serde(borrow)]
        message: Text<'a>,
    }
    let said: Text<'_> = serde_json::from_str(error.get()).unwrap_or_default();
    let inner: Object<Said<'_>> = serde_json::from_str(error.get()).unwrap_or_default();
    let said = said.trimmed().or_else(|| inner.0.message.trimmed());
    provider_error(said.unwrap_or("an error"))
}

/// The longest message of a provider that is passed on.
const LONGEST_MESSAGE: usize = 500;

fn provider_error(said: &str) -> Reject {
    let said = &said[..said.floor_char_boundary(LONGEST_MESSAGE)];
    Reject::new(
        "provider-error",
        format!("there is no transcript in it: the provider says {said:?}"),
    )
}

/// Reads a document as its format has it.
fn document<'a, T: Deserialize<'a> + Default>(text: &'a str) -> Result<T, Reject> {
    let Object(document) = serde_json::from_str(text).map_err(|error| why(&error))?;
    Ok(document)
}
