//! Gladia's results (version 2), with the job around them or without.
//!
//! The confidence is the mean of the words'.

use datalake_core::{Reject, Timestamp};
use serde::Deserialize;

use super::loose::{List, Number, Object, Text};
use super::piece::{Seconds, Segments};
use super::{Read, document};
use crate::model::{Transcript, mean_confidence, millis};
use crate::{Format, language};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Job<'a> {
    #[serde(borrow)]
    created_at: Text<'a>,
    #[serde(borrow)]
    result: Object<Outcome<'a>>,
    /// Where the result stands alone.
    #[serde(borrow)]
    transcription: Object<Transcription<'a>>,
    metadata: Object<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outcome<'a> {
    #[serde(borrow)]
    transcription: Object<Transcription<'a>>,
    metadata: Object<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    audio_duration: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Transcription<'a> {
    #[serde(borrow)]
    full_transcript: Text<'a>,
    #[serde(borrow)]
    languages: List<Text<'a>>,
    utterances: Segments<Seconds>,
}

/// Reads a job or a result.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let job: Job<'_> = document(text)?;
    let Object(outcome) = job.result;
    let inner = outcome.transcription.0;
    let inner = match inner.full_transcript.0 {
        Some(_) => inner,
        None => job.transcription.0,
    };
    let Some(text) = inner.full_transcript.0 else {
        return Err(Reject::new(
            "no-transcript",
            "it looks like a result of Gladia, but there is no `full_transcript` in it",
        ));
    };
    let mut transcript = Transcript::of_segments(inner.utterances.take());
    text.trim().clone_into(&mut transcript.text);
    let duration = outcome
        .metadata
        .0
        .audio_duration
        .0
        .or(job.metadata.0.audio_duration.0);
    transcript.duration = duration.and_then(millis);
    let language = inner.languages.0.first().and_then(Text::trimmed);
    transcript.language = language.and_then(language::code);
    transcript.confidence = mean_confidence(transcript.words());
    transcript.created = job
        .created_at
        .trimmed()
        .and_then(|time| time.parse::<Timestamp>().ok());
    transcript.provider = Some(Format::Gladia.name().to_owned());
    Ok((Format::Gladia, transcript))
}
