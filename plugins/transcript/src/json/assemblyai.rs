//! AssemblyAI's transcripts, and the answer of the voice gateway that wraps one. Times are whole milliseconds.
//!
//! The confidence is the one it names.

use datalake_core::Reject;
use serde::Deserialize;

use super::loose::{Number, Object, Text};
use super::piece::{Milliseconds, Segments, Words};
use super::sentences::sentences;
use super::{Read, document, provider_error};
use crate::model::{Transcript, mean_confidence, millis, probability};
use crate::{Format, language};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Job<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    error: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    language_code: Text<'a>,
    #[serde(borrow)]
    speech_model: Text<'a>,
    confidence: Number,
    audio_duration: Number,
    words: Words<Milliseconds>,
    utterances: Segments<Milliseconds>,
}

/// The gateway's answer: the text, the job as it came, and how long the recording is in seconds.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    raw: Object<Job<'a>>,
    duration_s: Number,
}

/// Reads a job.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let job: Job<'_> = document(text)?;
    Ok((Format::AssemblyAi, transcript(job)?))
}

/// Reads an answer of the gateway.
pub(super) fn read_gateway(text: &str) -> Result<Read, Reject> {
    let mut answer: Answer<'_> = document(text)?;
    let Object(job) = &mut answer.raw;
    if answer.text.trimmed().is_some() {
        job.text = answer.text;
    }
    let mut transcript = transcript(answer.raw.0)?;
    transcript.duration = answer.duration_s.0.and_then(millis).or(transcript.duration);
    Ok((Format::Gateway, transcript))
}

fn transcript(job: Job<'_>) -> Result<Transcript, Reject> {
    match job.status.trimmed() {
        Some("error") => return Err(provider_error(job.error.trimmed().unwrap_or("an error"))),
        Some(status @ ("queued" | "processing" | "submitted")) => {
            return Err(Reject::new(
                "not-finished",
                format!("there is no transcript in it: the job is {status:?}"),
            ));
        }
        _ => {}
    }
    let text = job.text.trimmed().unwrap_or_default();
    let mut segments = job.utterances.take();
    if segments.is_empty() {
        segments = sentences(job.words.0, text);
    }
    let mut transcript = Transcript::of_segments(segments);
    if !text.is_empty() {
        text.clone_into(&mut transcript.text);
    }
    let said = job.confidence.0.and_then(probability);
    transcript.confidence = said.or_else(|| mean_confidence(transcript.words()));
    transcript.language = job.language_code.trimmed().and_then(language::code);
    transcript.model = job.speech_model.trimmed().map(str::to_owned);
    transcript.duration = job.audio_duration.0.and_then(millis);
    transcript.provider = Some(Format::AssemblyAi.name().to_owned());
    Ok(transcript)
}
