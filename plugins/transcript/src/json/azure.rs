//! Azure's results, of batch transcription (`recognizedPhrases`, in ticks of 100 ns) and of fast transcription
//! (`phrases`, in milliseconds).
//!
//! The confidence is the mean of the phrases' by their lengths.

use datalake_core::{Reject, Timestamp};
use serde::de::{Deserialize, Deserializer, SeqAccess};

use super::loose::{Label, List, Loose, Number, Object, Text, loose};
use super::piece::{Seconds, Segments, TICK, Words};
use super::{Read, document};
use crate::model::{Segment, Transcript, mean_confidence, millis, probability, weighted_mean};
use crate::{Format, language};

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    timestamp: Text<'a>,
    #[serde(borrow, rename = "combinedRecognizedPhrases")]
    combined: List<Object<Combined<'a>>>,
    #[serde(borrow, rename = "combinedPhrases")]
    combined_fast: List<Object<Combined<'a>>>,
    #[serde(rename = "durationInTicks")]
    ticks: Number,
    #[serde(rename = "durationMilliseconds")]
    milliseconds: Number,
    #[serde(rename = "recognizedPhrases")]
    recognized: Phrases,
    phrases: Segments<Seconds>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Combined<'a> {
    #[serde(borrow)]
    display: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Phrase<'a> {
    #[serde(borrow)]
    locale: Text<'a>,
    #[serde(borrow)]
    speaker: Label<'a>,
    channel: Number,
    #[serde(rename = "offsetInTicks")]
    offset: Number,
    #[serde(rename = "durationInTicks")]
    duration: Number,
    #[serde(borrow, rename = "nBest")]
    best: List<Object<Best<'a>>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Best<'a> {
    #[serde(borrow)]
    display: Text<'a>,
    #[serde(borrow)]
    lexical: Text<'a>,
    confidence: Number,
    #[serde(rename = "displayWords")]
    display_words: Words<Seconds>,
    words: Words<Seconds>,
}

/// The segments of a list of phrases, each with its channel, and the language of the first.
#[derive(Default)]
struct Phrases {
    segments: Vec<(Segment, Option<i64>)>,
    language: Option<String>,
}

impl<'de> Loose<'de> for Phrases {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut phrases = Self::default();
        while let Some(Object(phrase)) = list.next_element::<Object<Phrase<'de>>>()? {
            phrases.add(phrase);
        }
        Ok(phrases)
    }
}

impl<'de> Deserialize<'de> for Phrases {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

impl Phrases {
    fn add(&mut self, phrase: Phrase<'_>) {
        if self.language.is_none() {
            self.language = phrase.locale.trimmed().and_then(language::code);
        }
        let Some(Object(best)) = phrase.best.0.into_iter().next() else {
            return;
        };
        let Some(text) = best.display.trimmed().or_else(|| best.lexical.trimmed()) else {
            return;
        };
        let seconds = |ticks: Number| ticks.0.map(|ticks| ticks * TICK);
        let start = seconds(phrase.offset);
        let end = start
            .zip(seconds(phrase.duration))
            .map(|(start, length)| start + length);
        let words = match best.display_words.0 {
            words if words.is_empty() => best.words.0,
            words => words,
        };
        let segment = Segment {
            start: start.and_then(millis),
            end: end.and_then(millis),
            text: text.to_owned(),
            speaker: phrase.speaker.0.map(String::from),
            confidence: best.confidence.0.and_then(probability),
            words,
        };
        self.segments
            .push((segment, phrase.channel.0.map(|channel| channel as i64)));
    }
}

/// Reads a result.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let document: Document<'_> = document(text)?;
    let recognized = document.recognized;
    let phrases = document.phrases;
    let language = recognized.language.or(phrases.language.clone());
    let mut segments = Segments::<Seconds>::of(recognized.segments).take();
    if segments.is_empty() {
        segments = phrases.take();
    }
    segments.sort_by_key(|segment| segment.start);
    let combined = [document.combined.0, document.combined_fast.0]
        .into_iter()
        .flatten();
    let texts: Vec<String> = combined
        .filter_map(|Object(one)| {
            one.display
                .trimmed()
                .or_else(|| one.text.trimmed())
                .map(str::to_owned)
        })
        .collect();
    let mut transcript = Transcript::of_segments(segments);
    if !texts.is_empty() {
        transcript.text = texts.join("\n");
    }
    let from_ticks = || Some(document.ticks.0? * TICK);
    let duration = document
        .milliseconds
        .0
        .map(|number| number / 1e3)
        .or_else(from_ticks);
    transcript.duration = duration.and_then(millis);
    transcript.confidence = confidence(&transcript.segments);
    transcript.language = language;
    transcript.created = document
        .timestamp
        .trimmed()
        .and_then(|time| time.parse::<Timestamp>().ok());
    transcript.provider = Some(Format::Azure.name().to_owned());
    Ok((Format::Azure, transcript))
}

/// The mean of what segments say of themselves by their lengths, else the mean of their words.
fn confidence(segments: &[Segment]) -> Option<f64> {
    let weighted = segments.iter().filter_map(|segment| {
        let length = segment.end?.saturating_sub(segment.start?);
        Some((segment.confidence?, f64::from(length)))
    });
    let mean = weighted_mean(weighted);
    mean.or_else(|| mean_confidence(segments.iter().flat_map(|segment| &segment.words)))
}
