//! whisper.cpp's JSON, with tokens (`-ojf`) and without (`-oj`). Times are whole milliseconds.
//!
//! The confidence is the mean `p` of all tokens but the special ones.

use datalake_core::Reject;
use serde::de::{Deserialize, Deserializer, SeqAccess};

use super::loose::{Label, Loose, Number, Object, Text, loose};
use super::tokens::{Token, words};
use super::{Read, document};
use crate::model::{Millis, Segment, Transcript, millis, probability};
use crate::{Format, language};

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    model: Object<Model<'a>>,
    #[serde(borrow)]
    params: Object<Params<'a>>,
    #[serde(borrow)]
    result: Object<Outcome<'a>>,
    transcription: Parts,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Model<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Params<'a> {
    #[serde(borrow)]
    model: Text<'a>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Outcome<'a> {
    #[serde(borrow)]
    language: Text<'a>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Offsets {
    from: Number,
    to: Number,
}

impl Offsets {
    fn times(&self) -> (Option<Millis>, Option<Millis>) {
        let time = |number: Number| number.0.and_then(|number| millis(number / 1e3));
        (time(self.from), time(self.to))
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    speaker: Label<'a>,
    offsets: Object<Offsets>,
    tokens: Tokens,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct JsonToken<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    offsets: Object<Offsets>,
    p: Number,
}

/// The segments, and the sum and number of their tokens' probabilities.
#[derive(Default)]
struct Parts(Vec<Segment>, f64, usize);

#[derive(Default)]
struct Tokens(Vec<Token>);

impl<'de> Loose<'de> for Parts {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut parts = Self::default();
        while let Some(Object(part)) = list.next_element::<Object<Part<'de>>>()? {
            parts.add(part);
        }
        Ok(parts)
    }
}

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

impl<'de> Loose<'de> for Tokens {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut tokens = Vec::new();
        while let Some(Object(token)) = list.next_element::<Object<JsonToken<'de>>>()? {
            let text = token.text.0.unwrap_or_default();
            // `[_BEG_]`, `[_TT_150]`: marks of the model, not speech.
            if !text.is_empty() && !text.starts_with("[_") {
                let (start, end) = token.offsets.0.times();
                tokens.push(Token {
                    text: text.into(),
                    start,
                    end,
                    probability: token.p.0.and_then(probability),
                });
            }
        }
        Ok(Self(tokens))
    }
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

impl Parts {
    fn add(&mut self, part: Part<'_>) {
        let known = part.tokens.0.iter().filter_map(|token| token.probability);
        let (sum, count) = known.fold((0.0, 0), |(sum, count), p| (sum + p, count + 1));
        self.1 += sum;
        self.2 += count;
        let Some(text) = part.text.0.filter(|text| !text.trim().is_empty()) else {
            return;
        };
        let (start, end) = part.offsets.0.times();
        self.0.push(Segment {
            start,
            end,
            words: words(part.tokens.0, &text),
            text: text.trim().to_owned(),
            // Where the two channels are as loud it says "?".
            speaker: part.speaker.0.filter(|name| name != "?").map(String::from),
            confidence: (count > 0).then(|| sum / count as f64),
        });
    }
}

/// Reads a document of whisper.cpp.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let document: Document<'_> = document(text)?;
    let Parts(segments, sum, count) = document.transcription;
    let file = document.params.0.model.trimmed().map(model_name);
    let model = file.or_else(|| document.model.0.kind.trimmed());
    let mut transcript = Transcript::of_segments(segments);
    transcript.model = model.map(str::to_owned);
    transcript.language = document
        .result
        .0
        .language
        .trimmed()
        .and_then(language::code);
    transcript.confidence = (count > 0).then(|| sum / count as f64);
    transcript.provider = Some(Format::WhisperCpp.name().to_owned());
    Ok((Format::WhisperCpp, transcript))
}

/// `large-v3` of `models/ggml-large-v3.bin`.
fn model_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.strip_prefix("ggml-").unwrap_or(name);
    name.strip_suffix(".bin")
        .or_else(|| name.strip_suffix(".gguf"))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_named_without_their_files() {
        assert_eq!(model_name("models/ggml-large-v3.bin"), "large-v3");
        assert_eq!(model_name("C:\\models\\mine.gguf"), "mine");
        assert_eq!(model_name("base.en"), "base.en");
    }
}
