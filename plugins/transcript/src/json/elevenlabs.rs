//! ElevenLabs' transcripts (Scribe). Spaces are entries of their own in the list of words.
//!
//! The confidence is exp of the words' mean `logprob`.

use datalake_core::Reject;
use serde::Deserialize;

use super::loose::Text;
use super::piece::{Seconds, Words};
use super::sentences::sentences;
use super::{Read, document};
use crate::model::{Transcript, geometric_mean};
use crate::{Format, language};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    language_code: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    words: Words<Seconds>,
}

/// Reads a transcript.
pub(super) fn read(text: &str) -> Result<Read, Reject> {
    let document: Document<'_> = document(text)?;
    let text = document.text.trimmed().unwrap_or_default();
    let mut transcript = Transcript::of_segments(sentences(document.words.0, text));
    text.clone_into(&mut transcript.text);
    let words = transcript.words();
    transcript.confidence = geometric_mean(words.filter_map(|word| Some((word.confidence?, 1.0))));
    transcript.language = document.language_code.trimmed().and_then(language::code);
    transcript.provider = Some(Format::ElevenLabs.name().to_owned());
    Ok((Format::ElevenLabs, transcript))
}
