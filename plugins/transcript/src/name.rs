//! What the name of a transcript's file says: the recording it belongs to, and the language.

use crate::language;

/// Endings of transcripts.
const TRANSCRIPTS: &[&str] = &["json", "srt", "tsv", "txt", "vtt"];

/// Endings of recordings; a transcript may have one before its own: `a.wav.json`.
const RECORDINGS: &[&str] = &[
    "3gp", "aac", "ac3", "aif", "aiff", "amr", "au", "avi", "caf", "flac", "m4a", "m4b", "m4v",
    "mka", "mkv", "mov", "mp2", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "opus", "wav", "weba",
    "webm", "wma", "wv",
];

/// The name of a transcript's file, in its parts. The folders before it stay with the stem.
///
/// ```
/// use datalake_transcript::FileName;
/// let name = FileName::of("talks/a.wav.en.srt");
/// assert_eq!((name.stem, name.extension), ("talks/a", "srt"));
/// assert_eq!(name.language.as_deref(), Some("en"));
/// assert_eq!(FileName::of("v1.2.txt").stem, "v1.2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName<'a> {
    /// What all files of one transcript have in common: the name without the endings of transcripts,
    /// languages and recordings.
    pub stem: &'a str,
    /// The same with the language, for a recording that is called so itself.
    pub with_language: &'a str,
    /// The language it says: only a known code in lower case does, such as `en` or `pt-BR`.
    pub language: Option<String>,
    /// Its ending as it is written, without the dot; empty where there is none that transcripts have.
    pub extension: &'a str,
}

impl<'a> FileName<'a> {
    /// The parts of a name or of a path below a root.
    pub fn of(path: &'a str) -> Self {
        let (rest, extension) = without(path, |ending| is_one_of(ending, TRANSCRIPTS));
        let (stem, suffix) = without(rest, |ending| language::of_suffix(ending).is_some());
        let (stem, _) = without(stem, |ending| is_one_of(ending, RECORDINGS));
        let (with_language, _) = without(rest, |ending| is_one_of(ending, RECORDINGS));
        Self {
            stem,
            with_language,
            language: language::of_suffix(suffix),
            extension,
        }
    }
}

/// What stands before the last dot, and what behind it, if that is wanted and something stands before.
fn without(path: &str, wanted: impl Fn(&str) -> bool) -> (&str, &str) {
    let is_name = |rest: &str| !rest.is_empty() && !rest.ends_with('/');
    match path.rsplit_once('.') {
        Some((rest, ending)) if is_name(rest) && wanted(ending) => (rest, ending),
        _ => (path, ""),
    }
}

fn is_one_of(ending: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

/// Who made a transcript of the voice gateway, by the end of its name: `20260213_101500_deepgram` is Deepgram's,
/// `…_nova-2` too, with its model, `…_local-whisper` and `…_lan-whisper` Whisper's, and one with the id of a job
/// AssemblyAI's.
pub fn provider_of(stem: &str) -> Option<(&'static str, Option<&str>)> {
    let name = stem.rsplit('/').next()?;
    let (time, suffix) = name.split_at_checked(16)?;
    let is_time = time.bytes().enumerate().all(|(at, byte)| match at {
        8 | 15 => byte == b'_',
        _ => byte.is_ascii_digit(),
    });
    match suffix {
        _ if !is_time => None,
        "local-whisper" | "lan-whisper" => Some(("whisper", None)),
        "deepgram" => Some(("deepgram", None)),
        model if model.starts_with("nova-") => Some(("deepgram", Some(model))),
        id if is_uuid(id) => Some(("assemblyai", None)),
        _ => None,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(path: &str, stem: &str, language: Option<&str>, extension: &str) {
        let name = FileName::of(path);
        assert_eq!(
            (name.stem, name.language.as_deref(), name.extension),
            (stem, language, extension)
        );
    }

    #[test]
    fn files_of_one_recording_have_one_stem() {
        for (path, language) in [
            ("x/a.json", None),
            ("x/a.txt", None),
            ("x/a.vtt", None),
            ("x/a.tsv", None),
            ("x/a.SRT", None),
            ("x/a.wav.json", None),
            ("x/a.MP3.srt", None),
            ("x/a.en.srt", Some("en")),
            ("x/a.wav.en.vtt", Some("en")),
            ("x/a.pt-BR.vtt", Some("pt-BR")),
            ("x/a.eng.srt", Some("en")),
            ("x/a.en-orig.vtt", Some("en")),
            ("x/a.zh-Hans.vtt", Some("zh-Hans")),
        ] {
            let name = FileName::of(path);
            assert_eq!(
                (name.stem, name.language.as_deref()),
                ("x/a", language),
                "{path}"
            );
        }
        assert_eq!(FileName::of("x/a.en.wav.json").stem, "x/a.en");
        assert_eq!(FileName::of("x/a.en.json").with_language, "x/a.en");
        assert_eq!(FileName::of("x/a.wav.en.json").with_language, "x/a.wav.en");
    }

    #[test]
    fn dots_that_belong_to_a_name_stay() {
        is("v1.2.txt", "v1.2", None, "txt");
        is("2026.01.10.srt", "2026.01.10", None, "srt");
        is("Dr. No.json", "Dr. No", None, "json");
        is("notes.final.txt", "notes.final", None, "txt");
        is("a.EN.srt", "a.EN", None, "srt");
        is("a.b/c.txt", "a.b/c", None, "txt");
        is("x.en/c", "x.en/c", None, "");
        is("...txt", "..", None, "txt");
        is("", "", None, "");
    }

    #[test]
    fn names_that_are_nothing_but_an_ending() {
        is(".json", ".json", None, "");
        is("x/.srt", "x/.srt", None, "");
        is("en.srt", "en", None, "srt");
        is("x/en.wav.srt", "x/en", None, "srt");
        is("wav.txt", "wav", None, "txt");
    }

    #[test]
    fn names_of_the_voice_gateway_say_who_made_them() {
        let uuid = "321da0ba-5a6b-4c1d-9e8f-001122334455";
        let named = format!("transcripts/20260101_185106_{uuid}");
        assert_eq!(provider_of(&named), Some(("assemblyai", None)));
        assert_eq!(
            provider_of("20260213_101500_nova-2"),
            Some(("deepgram", Some("nova-2")))
        );
        for whisper in ["local-whisper", "lan-whisper"] {
            let named = format!("20260213_101500_{whisper}");
            assert_eq!(provider_of(&named), Some(("whisper", None)));
        }
        let deepgram = "20260213_101500_deepgram";
        assert_eq!(provider_of(deepgram), Some(("deepgram", None)));
        for other in [
            uuid,
            "20260213_101500_talk",
            "2026-02-13_nova-2",
            "é0260213_101500_nova-2",
            "",
        ] {
            assert_eq!(provider_of(other), None, "{other}");
        }
    }
}
