//! Google's Speech-to-Text, versions 1 and 2: a list of results, each with its alternatives.
//!
//! The confidence is the mean of the results' by their numbers of words.

use datalake_core::Reject;
use serde::Deserialize;

use super::loose::{List, Number, Object, Text};
use super::piece::{Seconds, Words, common_speaker};
use super::{Read, document};
use crate::model::{Segment, Transcript, probability, weighted_mean};
use crate::{Format, language};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    results: List<Object<Part<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow)]
    alternatives: List<Object<Alternative<'a>>>,
    #[serde(borrow, rename = "languageCode", alias = "language_code")]
    language: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Alternative<'a> {
    #[serde(borrow)]
    transcript: Text<'a>,
    confidence: Number,
    words: Words<Seconds>,
}

/// Reads a response.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let document: Document<'_> = document(text)?;
    let mut segments = Vec::new();
    let mut language = None;
    for Object(part) in document.results.0 {
        language = language.or_else(|| language::code(part.language.trimmed()?));
        let best = part.alternatives.0.into_iter().next();
        segments.extend(best.and_then(|Object(best)| segment(best)));
    }
    if segments.is_empty() {
        return Err(Reject::new(
            "no-transcript",
            "it has a list of `results`, but none of them has a `transcript`",
        ));
    }
    let confidences = segments
        .iter()
        .filter_map(|segment| Some((segment.confidence?, segment.words.len().max(1) as f64)));
    let confidence = weighted_mean(confidences);
    let mut transcript = Transcript::of_segments(segments);
    transcript.confidence = confidence;
    transcript.language = language;
    transcript.provider = Some(Format::Google.name().to_owned());
    Ok((Format::Google, transcript))
}

/// With speakers told apart the last result has all words once more and no text of its own: it is left out.
fn segment(best: Alternative<'_>) -> Option<Segment> {
    let text = best.transcript.trimmed()?;
    let mut words = best.words.0;
    // 0 stands for "not known".
    let confidence = best.confidence.0.filter(|number| *number > 0.0);
    Some(Segment {
        start: words.iter().find_map(|word| word.start),
        end: words.iter().rev().find_map(|word| word.end),
        text: text.to_owned(),
        speaker: common_speaker(&mut words, None),
        confidence: confidence.and_then(probability),
        words,
    })
}
