//! Several files of one transcript become one: the richest says what was said, and what it lacks is filled from the
//! others. The order in which they come changes nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use datalake_core::{Timestamp, Version};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use crate::format::Format;
use crate::language;
use crate::model::{Flag, Segment, Transcript};
use crate::name::FileName;

/// Counts up when rows or their links are made otherwise, so that those made before give way.
const READING: u64 = 1;

/// One file of a transcript, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its file name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// What it is.
    pub format: Format,
    /// What it says.
    pub transcript: Transcript,
}

impl Part {
    /// The language of its text. What the name says counts before what the content says: of a translation Whisper
    /// writes the language that was spoken.
    fn language(&self) -> Option<String> {
        let named = FileName::of(&self.name).language;
        named.or_else(|| self.transcript.language.clone())
    }
}

/// What the files of a transcript say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// What was said.
    pub transcript: Transcript,
    /// The name of the file that says it.
    pub file: String,
    /// The size of that file in bytes.
    pub size: u64,
    /// All files with their formats.
    pub formats: BTreeMap<String, Format>,
    /// What files say whose words are others: another recogniser, a translation, a corrected text.
    pub variants: Vec<Variant>,
    /// When the first of the files was last changed.
    pub oldest: Option<Timestamp>,
    /// When the last of the files was last changed.
    pub newest: Option<Timestamp>,
    /// Whether it is of the wanted language, as far as it is known.
    is_wanted: bool,
}

/// Other words for the same recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// The name of the file.
    pub file: String,
    /// The language of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What it says.
    pub text: String,
    /// The same with times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
}

impl Merged {
    /// What decides between two states of one transcript. First the newer way of reading; then richness: a richer one is
    /// the newer one, whenever it was written, so that a poorer file that stays behind, or comes later, takes nothing
    /// away. Of equally rich ones that with the last change counts, so that a corrected file does; then the one of more
    /// files, so that one which brings what the others lack counts, however old it is.
    pub fn version(&self) -> Version {
        let wanted = if self.is_wanted { 10 } else { 0 };
        let worth = 100 * READING + wanted + self.transcript.richness() as u64;
        let newest = self.newest.map_or(0, |time| time.as_micros().max(0) as u64);
        Version::number(worth)
            .then(newest)
            .then(self.formats.len() as u64)
    }
}

/// Makes one transcript of the files of one. `language` is the wanted one, where they are of several. `None` without
/// any file.
///
/// The text, segments and words are those of one file: of the wanted language before others; with words, their
/// times and confidence before words with times, segments with times, and text alone; then by the order of
/// [`Format`]; then by name. Language, confidence, provider, model and time of making are filled from the files
/// that have the same words, length and hash of the recording from any.
pub fn merge(parts: Vec<Part>, language: Option<&str>) -> Option<Merged> {
    let mut ranked: Vec<(Part, Option<String>)> = parts
        .into_iter()
        .map(|part| {
            let language = part.language();
            (part, language)
        })
        .collect();
    let is_wanted = |own: Option<&String>| match (own, language) {
        (Some(own), Some(wanted)) => language::base(own) == language::base(wanted),
        _ => true,
    };
    ranked.sort_by_cached_key(|(part, own)| {
        let richness = part.transcript.richness();
        (
            !is_wanted(own.as_ref()),
            Reverse(richness),
            part.format,
            part.name.clone(),
        )
    });
    let mut ranked = ranked.into_iter();
    let (best, own) = ranked.next()?;
    let mut merged = Merged::of(best, is_wanted(own.as_ref()));
    let mut languages: Vec<String> = own.iter().cloned().collect();
    merged.transcript.language = own;
    for (part, own) in ranked {
        languages.extend(own.clone());
        merged.add(part, own);
    }
    // What all agree on is said of the text that says nothing, too, even if its words are others.
    languages.dedup_by(|one, other| language::base(one) == language::base(other));
    if let [only] = &languages[..]
        && is_wanted(Some(only))
    {
        let language = &mut merged.transcript.language;
        language.get_or_insert_with(|| only.clone());
    }
    Some(merged)
}

impl Merged {
    fn of(part: Part, is_wanted: bool) -> Self {
        Self {
            file: part.name.clone(),
            size: part.size,
            formats: BTreeMap::from([(part.name, part.format)]),
            variants: Vec::new(),
            oldest: part.modified,
            newest: part.modified,
            transcript: part.transcript,
            is_wanted,
        }
    }

    /// Takes from a poorer file what is lacking.
    fn add(&mut self, part: Part, language: Option<String>) {
        self.formats.insert(part.name.clone(), part.format);
        self.oldest = self.oldest.into_iter().chain(part.modified).min();
        self.newest = self.newest.into_iter().chain(part.modified).max();
        let (mine, other) = (&mut self.transcript, part.transcript);
        fill(&mut mine.duration, other.duration);
        fill(&mut mine.audio_sha256, other.audio_sha256);
        if !same_words(&mine.text, &other.text) {
            mine.flags.insert(Flag::TextsDiffer);
            self.variants.push(Variant {
                file: part.name,
                language,
                text: other.text,
                segments: other.segments,
            });
            return;
        }
        fill(&mut mine.language, language);
        fill(&mut mine.created, other.created);
        // How sure one recogniser was, and its model, say nothing of another.
        let other_recogniser =
            matches!((&mine.provider, &other.provider), (Some(one), Some(other)) if one != other);
        if !other_recogniser {
            fill(&mut mine.provider, other.provider);
            fill(&mut mine.model, other.model);
            fill(&mut mine.confidence, other.confidence);
        }
    }
}

fn fill<T>(mine: &mut Option<T>, other: Option<T>) {
    if mine.is_none() {
        *mine = other;
    }
}

/// Whether two texts have the same words in the same order; case, punctuation and spaces aside.
fn same_words(one: &str, other: &str) -> bool {
    let letters = |text| UnicodeSegmentation::unicode_words(text).map(str::chars);
    let lower = |word: std::str::Chars<'_>| word.flat_map(char::to_lowercase).collect::<String>();
    one == other || letters(one).map(lower).eq(letters(other).map(lower))
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::format::parse;

    fn part(name: &str, text: &str, second: i64) -> Part {
        let (format, transcript) = parse(name, text.as_bytes()).unwrap();
        Part {
            name: name.to_owned(),
            size: text.len() as u64,
            modified: Timestamp::from_seconds(second),
            format,
            transcript,
        }
    }

    fn all(parts: &[Part]) -> Merged {
        merge(parts.to_vec(), None).unwrap()
    }

    const JSON: &str = r#"{"text": "Hello you.", "segments": [{"start": 0, "end": 1, "text": "Hello you.",
        "avg_logprob": -0.1, "words": [{"word": "Hello", "start": 0, "end": 0.5, "probability": 0.9}]}]}"#;
    const SRT: &str = "1\n00:00:00,000 --> 00:00:01,000\nHello you\n";

    #[test]
    fn the_richest_counts_and_is_filled_from_the_others() {
        let merged = all(&[
            part("a.en.srt", SRT, 30),
            part("a.txt", "hello you", 10),
            part("a.json", JSON, 20),
        ]);
        assert_eq!(
            (merged.file.as_str(), merged.size),
            ("a.json", JSON.len() as u64)
        );
        assert_eq!(merged.transcript.language.as_deref(), Some("en"));
        assert_eq!(merged.transcript.provider.as_deref(), Some("whisper"));
        assert!(merged.variants.is_empty() && merged.transcript.flags.is_empty());
        assert_eq!(merged.formats.len(), 3);
        assert_eq!(merged.oldest, Timestamp::from_seconds(10));
        assert_eq!(merged.newest, Timestamp::from_seconds(30));
    }

    #[test]
    fn other_words_are_a_variant_and_say_nothing_of_these() {
        let deepgram = r#"{"metadata": {"duration": 2.5}, "results": {"channels": [{"alternatives": [
            {"transcript": "Hallo Du.", "confidence": 0.5}], "detected_language": "de"}]}}"#;
        let merged = all(&[
            part("a.srt", SRT, 0),
            part("a.json", deepgram, 0),
            part("a.txt", "Hello, YOU", 0),
        ]);
        let Transcript {
            confidence,
            provider,
            duration,
            flags,
            ..
        } = merged.transcript;
        assert_eq!((confidence, provider, duration), (None, None, Some(2_500)));
        assert!(flags.iter().eq(&[Flag::TextsDiffer]));
        let [variant] = &merged.variants[..] else {
            panic!("{:?}", merged.variants)
        };
        assert_eq!(
            (variant.file.as_str(), variant.text.as_str()),
            ("a.json", "Hallo Du.")
        );
        assert_eq!(variant.language.as_deref(), Some("de"));
    }

    #[test]
    fn of_several_languages_the_wanted_one_counts() {
        let parts = [
            part("a.de.srt", "0:00:00.0 --> 0:00:01.0\nHallo du", 0),
            part("a.en-US.txt", "Hello you", 0),
        ];
        let wanted = |language| merge(parts.to_vec(), language).unwrap();
        assert_eq!(wanted(None).file, "a.de.srt");
        assert_eq!(wanted(Some("fr")).file, "a.de.srt");
        assert_eq!(wanted(Some("en")).file, "a.en-US.txt");
        assert!(wanted(Some("en")).version() > wanted(Some("fr")).version());
    }

    #[test]
    fn what_the_recogniser_of_other_words_is_sure_of_is_its_own() {
        let one = r#"{"text": "Hello you", "segments": [{"start": 0, "end": 1, "text": "Hello you"}], "language": "en"}"#;
        let other = r#"{"id": "x", "status": "completed", "text": "Hello you", "confidence": 0.5, "audio_duration": 1}"#;
        let merged = all(&[part("a.json", one, 0), part("a.wav.json", other, 0)]);
        assert_eq!(merged.transcript.provider.as_deref(), Some("whisper"));
        assert_eq!(
            (merged.transcript.confidence, merged.transcript.duration),
            (None, Some(1_000))
        );
    }

    #[test]
    fn words_are_compared_without_case_and_punctuation() {
        assert!(same_words("Hello, you!", "hello\nYOU"));
        assert!(same_words("ÄPFEL", "äpfel") && same_words("", " … "));
        assert!(!same_words("hello you", "hello") && !same_words("hello", "hello you"));
    }

    #[test]
    fn the_version_grows_with_richness_then_time_then_files() {
        let json = part("a.json", JSON, 10);
        let srt = part("a.srt", SRT, 500);
        let version = |parts: &[Part]| all(parts).version();
        assert!(version(from_ref(&json)) > version(from_ref(&srt)));
        let corrected = Part {
            modified: Timestamp::from_seconds(11),
            ..json.clone()
        };
        assert!(version(&[corrected]) > version(from_ref(&json)));
        let older = Part {
            modified: Timestamp::from_seconds(5),
            ..srt
        };
        assert!(version(&[json.clone(), older]) > version(&[json]));
        assert!(merge(Vec::new(), None).is_none());
    }

    fn any_part() -> impl Strategy<Value = (Format, Transcript, u64, Option<i64>)> {
        let word = prop_oneof![Just("Hello you"), Just("hello, you"), Just("bye"), Just("")];
        let format = select(vec![
            Format::Whisper,
            Format::Json,
            Format::Vtt,
            Format::Srt,
            Format::Txt,
        ]);
        let maybe = |names: &'static [&'static str]| proptest::option::of(select(names.to_vec()));
        let facts = (
            maybe(&["en", "en-US", "de"]),
            maybe(&["whisper", "deepgram"]),
            maybe(&["base", "nova-2"]),
            proptest::option::of(0.0..1.0_f64),
            proptest::option::of(0..5_u32),
        );
        let times = (0..4_usize, proptest::option::of(0..3_i64), 0..9_u64);
        (word, format, facts, times).prop_map(
            |(text, format, facts, (richness, modified, size))| {
                let (language, provider, model, confidence, duration) = facts;
                let word = crate::Word {
                    start: Some(0),
                    end: (richness > 1).then_some(5),
                    text: "x".into(),
                    confidence: (richness > 2).then_some(0.5),
                    speaker: None,
                };
                let segment = Segment {
                    start: (richness > 0).then_some(0),
                    text: text.to_owned(),
                    words: vec![word],
                    ..Segment::default()
                };
                let transcript = Transcript {
                    text: text.to_owned(),
                    language: language.map(str::to_owned),
                    provider: provider.map(str::to_owned),
                    model: model.map(str::to_owned),
                    confidence,
                    duration,
                    segments: vec![segment],
                    ..Transcript::default()
                };
                (format, transcript, size, modified)
            },
        )
    }

    /// Files of different names, in any order, with some of them chosen.
    fn bundles() -> impl Strategy<Value = (Vec<Part>, Vec<Part>)> {
        let names = [
            "a.json",
            "a.wav.json",
            "a.vtt",
            "a.en.srt",
            "a.de.srt",
            "a.txt",
        ];
        let parts = proptest::collection::vec(any_part(), names.len());
        let named = parts.prop_map(move |parts| {
            let parts = names.iter().zip(parts);
            let parts = parts.map(|(name, (format, transcript, size, modified))| Part {
                name: (*name).to_owned(),
                size,
                modified: modified.and_then(Timestamp::from_seconds),
                format,
                transcript,
            });
            parts.collect::<Vec<_>>()
        });
        named
            .prop_flat_map(|parts| subsequence(parts, 1..=6).prop_shuffle())
            .prop_flat_map(|parts| (Just(parts.clone()), some_of(parts)))
    }

    fn some_of(parts: Vec<Part>) -> impl Strategy<Value = Vec<Part>> {
        let most = parts.len();
        subsequence(parts, 1..=most)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

        #[test]
        fn the_order_of_files_changes_nothing((parts, _) in bundles(), language in select(vec![None, Some("en")])) {
            let mut sorted = parts.clone();
            sorted.sort_by(|one, other| one.name.cmp(&other.name));
            prop_assert_eq!(merge(parts, language), merge(sorted, language));
        }

        /// So that the store ends up with the same row whether the files come one by one or together.
        #[test]
        fn all_files_are_a_later_version_than_some(
            (parts, some) in bundles(),
            language in select(vec![None, Some("en")]),
        ) {
            let whole = merge(parts.clone(), language).unwrap().version();
            let part = merge(some.clone(), language).unwrap().version();
            prop_assert_eq!(whole.cmp(&part), parts.len().cmp(&some.len()));
        }
    }
}
