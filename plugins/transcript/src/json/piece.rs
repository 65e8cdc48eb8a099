//! A piece of speech: a word, segment, utterance, phrase. Recognisers call the fields of it by many names, but
//! they mean the same, so one reader knows them all.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess};

use super::loose::{Label, Loose, Number, Text, loose};
use crate::language;
use crate::model::{Millis, Segment, Word, millis, probability};

/// What bare numbers count.
pub(crate) trait Unit: Default {
    const SECONDS: f64;
}

/// Most count seconds.
#[derive(Debug, Default)]
pub(crate) struct Seconds;
impl Unit for Seconds {
    const SECONDS: f64 = 1.0;
}

/// AssemblyAI counts milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Milliseconds;
impl Unit for Milliseconds {
    const SECONDS: f64 = 1e-3;
}

/// Azure counts in ticks of 100 ns, where it does not say milliseconds.
pub(crate) const TICK: f64 = 1e-7;

/// A word or a segment, whichever it is taken for.
#[derive(Debug, Default)]
pub(crate) struct Piece<'a, U: Unit> {
    text: Text<'a>,
    /// The word as it is written in a sentence, beside the bare word.
    written: Text<'a>,
    start: Option<f64>,
    end: Option<f64>,
    length: Option<f64>,
    confidence: Option<f64>,
    /// The mean logarithm of the probabilities of its tokens.
    log_probability: Option<f64>,
    speaker: Label<'a>,
    /// `word`, or what else it is: the space between two words.
    kind: Text<'a>,
    channel: Option<i64>,
    language: Text<'a>,
    words: Words<U>,
}

impl<'de, U: Unit> Loose<'de> for Piece<'de, U> {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut piece = Self::default();
        while let Some(Text(Some(name))) = object.next_key()? {
            piece.field(&name, &mut object)?;
        }
        Ok(piece)
    }
}

impl<'de, U: Unit> Piece<'de, U> {
    /// Reads one field.
    fn field<A: MapAccess<'de>>(&mut self, name: &str, object: &mut A) -> Result<(), A::Error> {
        let seconds = |from: &mut A, unit: f64| -> Result<Option<f64>, A::Error> {
            let Number(number) = from.next_value()?;
            Ok(number.map(|number| number * unit))
        };
        match name {
            "text" | "word" | "transcript" | "displayText" => {
                let Text(text) = object.next_value()?;
                self.text.0 = self.text.0.take().or(text);
            }
            "punctuated_word" => self.written = object.next_value()?,
            "start" | "startTime" | "startOffset" | "start_time" | "start_offset" => {
                self.start = seconds(object, U::SECONDS)?;
            }
            "end" | "endTime" | "endOffset" | "end_time" | "end_offset" => {
                self.end = seconds(object, U::SECONDS)?;
            }
            "offsetInTicks" => self.start = seconds(object, TICK)?,
            "durationInTicks" => self.length = seconds(object, TICK)?,
            "offsetMilliseconds" => self.start = seconds(object, Milliseconds::SECONDS)?,
            "durationMilliseconds" => self.length = seconds(object, Milliseconds::SECONDS)?,
            "confidence" | "probability" | "score" => self.confidence = seconds(object, 1.0)?,
            "avg_logprob" | "logprob" => self.log_probability = seconds(object, 1.0)?,
            "speaker" | "speaker_id" | "speakerLabel" | "speakerTag" => {
                self.speaker = object.next_value()?;
            }
            "channel" => self.channel = seconds(object, 1.0)?.map(|channel| channel as i64),
            "type" => self.kind = object.next_value()?,
            "language" | "locale" => self.language = object.next_value()?,
            "words" => self.words = object.next_value()?,
            _ => drop(object.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }

    fn times(&self) -> (Option<Millis>, Option<Millis>) {
        let end = self.end.or_else(|| Some(self.start? + self.length?));
        (self.start.and_then(millis), end.and_then(millis))
    }

    fn confidence(&self) -> Option<f64> {
        let from_log = || self.log_probability.map(f64::exp);
        self.confidence.or_else(from_log).and_then(probability)
    }

    /// As a word; `None` without text, and for the space between two words.
    fn word(self) -> Option<Word> {
        if self.kind.trimmed() == Some("spacing") {
            return None;
        }
        let (start, end) = self.times();
        let text = self.written.trimmed().or_else(|| self.text.trimmed())?;
        Some(Word {
            start,
            end,
            text: text.into(),
            confidence: self.confidence(),
            speaker: self.speaker.0.map(|name| Box::from(name.as_ref())),
        })
    }

    /// As a segment; `None` if nothing is said in it.
    fn segment(self) -> Option<Segment> {
        let (start, end) = self.times();
        let confidence = self.confidence();
        let text = self.text.trimmed().map(str::to_owned);
        let speaker = self.speaker.0.map(Cow::into_owned);
        let mut words = self.words.0;
        let text = text.or_else(|| (!words.is_empty()).then(|| spaced(&words)))?;
        Some(Segment {
            start,
            end,
            text,
            speaker: common_speaker(&mut words, speaker),
            confidence,
            words,
        })
    }
}

/// The speaker of words: the one that is said, or the one of all of them. Words say theirs only where it is another.
pub(crate) fn common_speaker(words: &mut [Word], said: Option<String>) -> Option<String> {
    let first = words.first().and_then(|word| word.speaker.as_deref());
    let all = first.filter(|first| {
        words
            .iter()
            .all(|word| word.speaker.as_deref() == Some(first))
    });
    let speaker = said.or_else(|| all.map(str::to_owned));
    for word in words {
        word.speaker
            .take_if(|name| Some(&**name) == speaker.as_deref());
    }
    speaker
}

/// The texts of words with spaces between them.
pub(crate) fn spaced(words: &[Word]) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&word.text);
    }
    text
}

impl<'de, U: Unit> Deserialize<'de> for Piece<'de, U> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

/// A list of words.
#[derive(Debug)]
pub(crate) struct Words<U>(pub(crate) Vec<Word>, PhantomData<U>);

impl<U> Default for Words<U> {
    fn default() -> Self {
        Self(Vec::new(), PhantomData)
    }
}

impl<'de, U: Unit> Loose<'de> for Words<U> {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut words = Vec::new();
        while let Some(piece) = list.next_element::<Piece<'de, U>>()? {
            words.extend(piece.word());
        }
        Ok(Self(words, PhantomData))
    }
}

impl<'de, U: Unit> Deserialize<'de> for Words<U> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

/// A list of segments.
#[derive(Debug)]
pub(crate) struct Segments<U> {
    /// Each with the number of its channel where it says one.
    segments: Vec<(Segment, Option<i64>)>,
    /// The language of the first that says one.
    pub(crate) language: Option<String>,
    unit: PhantomData<U>,
}

impl<U> Default for Segments<U> {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl<U> Segments<U> {
    /// Segments that were read elsewhere.
    pub(crate) fn of(segments: Vec<(Segment, Option<i64>)>) -> Self {
        Self {
            segments,
            language: None,
            unit: PhantomData,
        }
    }

    /// The segments. Where there are several channels, each is a speaker.
    pub(crate) fn take(self) -> Vec<Segment> {
        let first = self.segments.first().and_then(|(_, channel)| *channel);
        let several = self.segments.iter().any(|(_, channel)| *channel != first);
        let named = self.segments.into_iter().map(|(mut segment, channel)| {
            if let (true, None, Some(channel)) = (several, &segment.speaker, channel) {
                segment.speaker = Some(channel_name(channel));
            }
            segment
        });
        named.collect()
    }
}

/// What a channel is called as a speaker.
pub(crate) fn channel_name(channel: i64) -> String {
    format!("channel {channel}")
}

impl<'de, U: Unit> Loose<'de> for Segments<U> {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut all = Self::default();
        while let Some(piece) = list.next_element::<Piece<'de, U>>()? {
            if all.language.is_none() {
                all.language = piece.language.trimmed().and_then(language::code);
            }
            let channel = piece.channel;
            all.segments
                .extend(piece.segment().map(|segment| (segment, channel)));
        }
        Ok(all)
    }
}

impl<'de, U: Unit> Deserialize<'de> for Segments<U> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}
