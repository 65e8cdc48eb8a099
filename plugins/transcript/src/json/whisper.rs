//! Whisper's own JSON, and what is shaped like it: faster-whisper and whisper-ctranslate2, OpenAI's
//! `verbose_json`, WhisperX, and anything else that has a `text`.
//!
//! The confidence is exp of the mean of `avg_logprob` by the lengths of segments; without it, as with WhisperX, the
//! mean of the words' `probability` or `score`.

use datalake_core::Reject;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::loose::{Label, Number, Text};
use super::piece::{Seconds, Segments, Words};
use super::sentences::sentences;
use super::{Read, document};
use crate::model::{Segment, Transcript, geometric_mean, mean_confidence, millis, probability};
use crate::{Format, language};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    transcript: Text<'a>,
    #[serde(borrow)]
    language: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    provider: Text<'a>,
    #[serde(borrow)]
    task: Label<'a>,
    usage: Option<IgnoredAny>,
    duration: Number,
    confidence: Number,
    segments: Segments<Seconds>,
    words: Words<Seconds>,
    word_segments: Option<IgnoredAny>,
}

/// Reads a document of this family.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let document: Document<'_> = document(text)?;
    let language = document.language.0.as_deref().unwrap_or_default();
    let text = document
        .text
        .0
        .as_deref()
        .or(document.transcript.0.as_deref());
    let text = text.map(str::trim);
    let mut segments = document.segments.take();
    let format = if document.word_segments.is_some() || (text.is_none() && !language.is_empty()) {
        Format::WhisperX
    } else if is_openai(&document.task, document.usage.is_some(), language) {
        Format::OpenAi
    } else if !segments.is_empty() || !language.is_empty() {
        Format::Whisper
    } else {
        Format::Json
    };
    if segments.is_empty() {
        segments = sentences(document.words.0, text.unwrap_or_default());
    }
    let mut transcript = Transcript::of_segments(segments);
    if let Some(text) = text {
        text.clone_into(&mut transcript.text);
    }
    let said = document.confidence.0.and_then(probability);
    transcript.confidence = said.or_else(|| confidence(&transcript.segments));
    transcript.language = language::code(language);
    transcript.duration = document.duration.0.and_then(millis);
    transcript.model = document.model.trimmed().map(str::to_owned);
    transcript.provider = match format {
        Format::Json => document.provider.trimmed().map(str::to_owned),
        format => Some(format.name().to_owned()),
    };
    Ok((format, transcript))
}

/// OpenAI names the language in English, or none at all beside the task. Servers that speak like it and run
/// Whisper on the spot have the code.
fn is_openai(task: &Label<'_>, has_usage: bool, language: &str) -> bool {
    has_usage || language::is_name(language) || (task.0.is_some() && language.is_empty())
}

/// exp of the mean of the segments' logarithms by their lengths. A segment of no length counts as a millisecond.
fn confidence(segments: &[Segment]) -> Option<f64> {
    let weighted = segments.iter().filter_map(|segment| {
        let length = segment.end?.saturating_sub(segment.start?).max(1);
        Some((segment.confidence?, f64::from(length)))
    });
    geometric_mean(weighted)
        .or_else(|| mean_confidence(segments.iter().flat_map(|segment| &segment.words)))
}
