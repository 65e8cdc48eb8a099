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
    /// What decides between two states of one transcript. A richer one is the newer one, whenever it was written:
    /// a poorer file that stays behind, or comes later, takes nothing away. Of equally rich ones that with the
    /// last change counts, so that a corrected file does; then the one of more files, so that one which brings
    /// what the others lack counts, however old it is.
    pub fn version(&self) -> Version {
        let worth = self.transcript.richness() as u64 + if self.is_wanted { 10 } else { 0 };
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
    let is_wanted = |own: &Option<String>| match (own, language) {
        (Some(own), Some(wanted)) => language::base(own) == language::base(wanted),
        _ => true,
    };
    ranked.sort_by_cached_key(|(part, own)| {
        let richness = part.transcript.richness();
        (
            !is_wanted(own),
            Reverse(richness),
            part.format,
            part.name.clone(),
        )
    });
    let mut ranked = ranked.into_iter();
    let (best, own) = ranked.next()?;
    let mut merged = Merged::of(best, is_wanted(&own));
    let mut languages: Vec<String> = own.iter().cloned().collect();
    merged.transcript.language = own;
    for (part, own) in ranked {
        languages.extend(own.clone());
        merged.add(part, own);
    }
    // What all agree on is said of the text that says nothing, too, even if its words are others.
    let bases = |language: &String| language::base(language).to_owned();
    languages.dedup_by_key(|language| bases(language));
    if let [only] = &languages[..] {
        merged
            .transcript
            .language
            .get_or_insert_with(|| only.clone());
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
