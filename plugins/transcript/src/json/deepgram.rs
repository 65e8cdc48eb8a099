//! Deepgram's answers. They name the SHA-256 of the recording, and may have several channels.
//!
//! The confidence is that of each channel's best alternative, by their numbers of words.

use datalake_core::{Reject, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess};

use super::loose::{List, Loose, Number, Object, Text, loose};
use super::piece::{Seconds, Segments, Words, channel_name};
use super::sentences::sentences;
use super::{Read, document};
use crate::model::{Segment, Transcript, millis, probability, weighted_mean};
use crate::{Format, language};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    metadata: Object<Metadata<'a>>,
    #[serde(borrow)]
    results: Object<Results<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    sha256: Text<'a>,
    #[serde(borrow)]
    created: Text<'a>,
    model_info: FirstModel,
    duration: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Results<'a> {
    #[serde(borrow)]
    channels: List<Object<Channel<'a>>>,
    utterances: Segments<Seconds>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Channel<'a> {
    #[serde(borrow)]
    alternatives: List<Object<Alternative<'a>>>,
    #[serde(borrow)]
    detected_language: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Alternative<'a> {
    #[serde(borrow)]
    transcript: Text<'a>,
    #[serde(borrow)]
    languages: List<Text<'a>>,
    confidence: Number,
    words: Words<Seconds>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Model<'a> {
    #[serde(borrow)]
    arch: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

/// The model of the first entry of `model_info`, whose names are the ids of models.
#[derive(Default)]
struct FirstModel(Option<String>);

impl<'de> Loose<'de> for FirstModel {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let first = object.next_entry::<IgnoredAny, Object<Model<'de>>>()?;
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        let name = first.and_then(|(_, Object(model))| {
            let name = model.arch.trimmed().or_else(|| model.name.trimmed())?;
            Some(name.to_owned())
        });
        Ok(Self(name))
    }
}

impl<'de> Deserialize<'de> for FirstModel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

/// What one channel says.
struct Heard {
    text: String,
    language: Option<String>,
    confidence: Option<f64>,
    segments: Vec<Segment>,
}

/// Reads an answer.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let Document { metadata, results } = document(text)?;
    let (Object(metadata), Object(results)) = (metadata, results);
    let channels: Vec<Heard> = results.channels.0.into_iter().filter_map(heard).collect();
    if channels.is_empty() {
        return Err(Reject::new(
            "no-transcript",
            "it looks like an answer of Deepgram, but there is no channel with an alternative in it",
        ));
    }
    let confidences = channels.iter().filter_map(|channel| {
        let words: usize = channel
            .segments
            .iter()
            .map(|segment| segment.words.len())
            .sum();
        Some((channel.confidence?, words.max(1) as f64))
    });
    let texts = channels.iter().map(|channel| channel.text.as_str());
    let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
    let sha256 = metadata.sha256.trimmed().map(str::to_ascii_lowercase);
    let mut transcript = Transcript {
        text: texts.join("\n"),
        confidence: weighted_mean(confidences),
        language: channels.iter().find_map(|channel| channel.language.clone()),
        provider: Some(Format::Deepgram.name().to_owned()),
        model: metadata.model_info.0,
        duration: metadata.duration.0.and_then(millis),
        audio_sha256: sha256.filter(|digits| is_sha256(digits)),
        created: metadata
            .created
            .trimmed()
            .and_then(|time| time.parse::<Timestamp>().ok()),
        ..Transcript::default()
    };
    transcript.segments = match results.utterances.take() {
        utterances if !utterances.is_empty() => utterances,
        _ => interleaved(channels),
    };
    Ok((Format::Deepgram, transcript))
}

fn is_sha256(digits: &str) -> bool {
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn heard(Object(channel): Object<Channel<'_>>) -> Option<Heard> {
    let Object(best) = channel.alternatives.0.into_iter().next()?;
    let text = best.transcript.trimmed().unwrap_or_default().to_owned();
    let named = channel.detected_language.trimmed();
    let language = named.or_else(|| best.languages.0.first()?.trimmed());
    Some(Heard {
        language: language.and_then(language::code),
        confidence: best.confidence.0.and_then(probability),
        segments: sentences(best.words.0, &text),
        text,
    })
}

/// The segments of all channels in the order in which they were said. Of several channels each is a speaker.
fn interleaved(channels: Vec<Heard>) -> Vec<Segment> {
    let several = channels.len() > 1;
    let mut segments = Vec::new();
    for (channel, number) in channels.into_iter().zip(0..) {
        segments.extend(channel.segments.into_iter().map(|mut segment| {
            if several && segment.speaker.is_none() {
                segment.speaker = Some(channel_name(number));
            }
            segment
        }));
    }
    segments.sort_by_key(|segment| segment.start);
    segments
}
