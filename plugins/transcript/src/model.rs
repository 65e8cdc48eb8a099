//! What a transcript says, whatever format it was written in: its text, and where they are known its language,
//! segments, words and how sure the recogniser was.

use std::collections::BTreeSet;

use datalake_core::Timestamp;
use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};
use unicode_segmentation::UnicodeSegmentation;

/// Milliseconds from the start of the recording; enough for seven weeks.
pub type Millis = u32;

/// One transcript, as one file holds it or several together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcript {
    /// What was said. Formats that know only segments give one line a segment.
    pub text: String,
    /// Its language: `en`, `pt-BR`.
    pub language: Option<String>,
    /// How sure the recogniser was, from 0 to 1. Each format says in its module what it is made of.
    pub confidence: Option<f64>,
    /// Who made it: `whisper`, `deepgram`.
    pub provider: Option<String>,
    /// With what: `large-v3`, `nova-2`.
    pub model: Option<String>,
    /// Its parts in their order.
    pub segments: Vec<Segment>,
    /// How long the recording is, where it is said.
    pub duration: Option<Millis>,
    /// SHA-256 of the recording in lower-case hex digits, where it is said.
    pub audio_sha256: Option<String>,
    /// When it was made, where it is said.
    pub created: Option<Timestamp>,
    /// What was odd about it.
    pub flags: Flags,
}

/// A stretch of speech.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Segment {
    /// Where it starts.
    pub start: Option<Millis>,
    /// Where it ends.
    pub end: Option<Millis>,
    /// What was said.
    pub text: String,
    /// Who said it.
    pub speaker: Option<String>,
    /// From 0 to 1.
    pub confidence: Option<f64>,
    /// Its words.
    pub words: Vec<Word>,
}

/// A word, or what the recogniser takes for one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Word {
    /// Where it starts.
    pub start: Option<Millis>,
    /// Where it ends.
    pub end: Option<Millis>,
    /// As it was said, with punctuation where the format has it.
    pub text: Box<str>,
    /// From 0 to 1.
    pub confidence: Option<f64>,
    /// Who said it, where that is not said of the segment.
    pub speaker: Option<Box<str>>,
}

/// What was odd about a file. Its transcript counts all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// It was UTF-16.
    Utf16,
    /// It was no UTF-8, and was read as Windows-1252.
    Cp1252,
    /// Some bytes, or halves of characters, stand for nothing; U+FFFD is in their place.
    Lossy,
    /// It held zero bytes, as files have after a crash.
    Nul,
    /// It breaks off in the middle of a character or a cue.
    Cut,
    /// Some cues could not be read and were left out.
    BadCues,
    /// Rolling captions, which say every line twice or more; each is here once.
    Rolling,
    /// Another file of the same transcript has other words.
    TextsDiffer,
}

impl Flag {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf16 => "utf-16",
            Self::Cp1252 => "cp1252",
            Self::Lossy => "lossy",
            Self::Nul => "nul",
            Self::Cut => "cut",
            Self::BadCues => "bad-cues",
            Self::Rolling => "rolling",
            Self::TextsDiffer => "texts-differ",
        }
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// All that was odd.
pub type Flags = BTreeSet<Flag>;

/// How much a transcript tells. More is better, whatever the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Richness {
    /// What was said.
    Text = 1,
    /// And when, by segments.
    Segments = 2,
    /// By words.
    Words = 3,
    /// And how sure the recogniser was of each.
    Confidence = 4,
}

impl Transcript {
    /// A transcript that is nothing but its text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A transcript of its segments; its text has one line a segment, as recognisers write text files.
    pub(crate) fn of_segments(segments: Vec<Segment>) -> Self {
        Self {
            text: joined(&segments),
            segments,
            ..Self::default()
        }
    }

    /// All words in their order.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        self.segments.iter().flat_map(|segment| &segment.words)
    }

    /// How many parts it holds in memory.
    pub(crate) fn parts(&self) -> usize {
        self.segments.len() + self.words().count()
    }

    /// Rounds probabilities to six places: more say nothing, and systems differ in the last ones of a logarithm.
    pub(crate) fn round(&mut self) {
        let segments = self.segments.iter_mut();
        let of_segments = segments.flat_map(|segment| {
            let words = segment.words.iter_mut().map(|word| &mut word.confidence);
            words.chain([&mut segment.confidence])
        });
        for number in of_segments.chain([&mut self.confidence]).flatten() {
            *number = (*number * 1e6).round() / 1e6;
        }
    }

    /// How much it tells.
    pub fn richness(&self) -> Richness {
        let timed = |word: &Word| word.start.is_some() && word.end.is_some();
        if self
            .words()
            .any(|word| timed(word) && word.confidence.is_some())
        {
            Richness::Confidence
        } else if self.words().any(timed) {
            Richness::Words
        } else if self.segments.iter().any(|segment| segment.start.is_some()) {
            Richness::Segments
        } else {
            Richness::Text
        }
    }

    /// The number of words in its text, by the word boundaries of Unicode (UAX #29): runs of letters and
    /// digits. Scripts without spaces have no dictionary there, so that each Chinese ideograph is a word,
    /// each run of Katakana is one, and Thai counts by letters.
    pub fn word_count(&self) -> usize {
        self.text.unicode_words().count()
    }
}

/// The texts of segments, one a line.
pub(crate) fn joined(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments.iter().filter(|segment| !segment.text.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&segment.text);
    }
    text
}

/// Whole milliseconds of a time in seconds; `None` for what is no time of a recording. Recognisers place a
/// first word slightly before the start now and then.
pub(crate) fn millis(seconds: f64) -> Option<Millis> {
    let millis = (seconds * 1e3).round();
    (-1e3..=f64::from(Millis::MAX))
        .contains(&millis)
        .then_some(millis.max(0.0) as Millis)
}

/// A probability; `None` for what is none.
pub(crate) fn probability(number: f64) -> Option<f64> {
    (0.0..=1.0).contains(&number).then_some(number)
}

/// The mean of values by their weights; `None` without any weight.
pub(crate) fn weighted_mean(values: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (sum, weight) = values.fold((0.0, 0.0), |(sum, total), (value, weight)| {
        (sum + value * weight, total + weight)
    });
    (weight > 0.0).then(|| sum / weight)
}

/// The mean of probabilities by their weights, as logarithms: recognisers sum these over tokens.
pub(crate) fn geometric_mean(probabilities: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let logarithms = probabilities.map(|(number, weight)| (number.ln(), weight));
    weighted_mean(logarithms).map(f64::exp)
}

/// The mean confidence of words.
pub(crate) fn mean_confidence<'a>(words: impl Iterator<Item = &'a Word>) -> Option<f64> {
    weighted_mean(words.filter_map(|word| Some((word.confidence?, 1.0))))
}

/// `{"start": 0, "end": 900, "text": "Hello", "speaker": "A", "confidence": 0.9, "words": […]}`; what is not
/// known is left out.
impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Segment", 6)?;
        macro_rules! known {
            ($field:ident) => {
                match &self.$field {
                    Some(value) => map.serialize_field(stringify!($field), value)?,
                    None => map.skip_field(stringify!($field))?,
                }
            };
        }
        known!(start);
        known!(end);
        map.serialize_field("text", &self.text)?;
        known!(speaker);
        known!(confidence);
        if !self.words.is_empty() {
            map.serialize_field("words", &self.words)?;
        }
        map.end()
    }
}

/// `[start, end, text, confidence, speaker]`; what is not known is null, and left out at the end.
impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = match (self.confidence, &self.speaker) {
            (_, Some(_)) => 5,
            (Some(_), None) => 4,
            (None, None) => 3,
        };
        let mut list = serializer.serialize_seq(Some(length))?;
        list.serialize_element(&self.start)?;
        list.serialize_element(&self.end)?;
        list.serialize_element(&self.text)?;
        if length > 3 {
            list.serialize_element(&self.confidence)?;
        }
        if length > 4 {
            list.serialize_element(&self.speaker)?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_unicode() {
        let count = |text: &str| Transcript::plain(text).word_count();
        assert_eq!(count("Don't stop: it's 3.5 o'clock — really!"), 6);
        assert_eq!(count(""), 0);
        assert_eq!(count(" … ?! "), 0);
        // An ideograph is a word, a run of Katakana is one.
        assert_eq!(count("今天天气很好。"), 6);
        assert_eq!(count("カタカナ"), 1);
        // Thai has neither spaces nor a dictionary here.
        assert!(count("สวัสดีครับ") > 1);
    }

    #[test]
    fn times_outside_a_recording_are_none() {
        assert_eq!(millis(1.0006), Some(1001));
        assert_eq!(millis(-0.04), Some(0));
        for odd in [-2.0, f64::NAN, f64::INFINITY, 1e300, 4_294_968.0] {
            assert_eq!(millis(odd), None, "{odd}");
        }
    }

    #[test]
    fn segments_become_short_json() {
        let word = |text: &str, confidence, speaker: Option<&str>| Word {
            start: Some(0),
            end: None,
            text: text.into(),
            confidence,
            speaker: speaker.map(Into::into),
        };
        let segment = Segment {
            start: Some(0),
            end: Some(900),
            text: String::from("a \"b\""),
            words: vec![
                word("a", Some(0.9), None),
                word("b", None, None),
                word("c", None, Some("A")),
            ],
            ..Segment::default()
        };
        assert_eq!(
            serde_json::to_string(&segment).unwrap(),
            r#"{"start":0,"end":900,"text":"a \"b\"","words":[[0,null,"a",0.9],[0,null,"b"],[0,null,"c",null,"A"]]}"#
        );
    }

    #[test]
    fn richness_grows_with_what_is_known() {
        let with = |start, words: Vec<Word>| {
            let segment = Segment {
                start,
                words,
                ..Segment::default()
            };
            Transcript::of_segments(vec![segment]).richness()
        };
        let word = |end, confidence| Word {
            start: Some(1),
            end,
            confidence,
            ..Word::default()
        };
        assert_eq!(Transcript::plain("a").richness(), Richness::Text);
        assert_eq!(with(None, vec![]), Richness::Text);
        assert_eq!(
            with(Some(1), vec![word(None, Some(0.5))]),
            Richness::Segments
        );
        assert_eq!(with(Some(1), vec![word(Some(2), None)]), Richness::Words);
        assert_eq!(
            with(None, vec![word(Some(2), Some(0.5))]),
            Richness::Confidence
        );
    }
}
