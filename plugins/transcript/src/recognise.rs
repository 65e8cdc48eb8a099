//! Whether a single file is a transcript.

use datalake_core::{Recognised, Sniffed};

use crate::cues::{is_srt, is_tsv, is_vtt};
use crate::encoding::decode;

/// By its cues, or by the fields of its JSON, else by its name. A plain text says nothing of what it is; and of all
/// documents in JSON few are transcripts, so a name alone is not enough there.
pub(crate) fn recognises(file: &Sniffed<'_>) -> Recognised {
    let is_called = |endings: &[&str]| match file.ends_with(endings) {
        true => Recognised::Name,
        false => Recognised::No,
    };
    if file.size == 0 {
        return is_called(&[".txt", ".srt", ".vtt", ".tsv", ".json"]);
    }
    let Ok((text, _)) = decode(file.head) else {
        return Recognised::No;
    };
    let start = text.trim_start();
    let json = match start.as_bytes().first() {
        Some(b'{') => Outline::of(start).sure(),
        Some(b'[') => sure_of_list(start),
        _ => Recognised::No,
    };
    match json {
        Recognised::Content => Recognised::Content,
        _ if is_vtt(&text) || is_tsv(&text) || is_srt(&text) => Recognised::Content,
        Recognised::Name => is_called(&[".json", ".txt"]),
        Recognised::No => is_called(&[".txt", ".srt", ".vtt", ".tsv"]),
    }
}

/// A list of segments has texts; with times they are nothing else.
fn sure_of_list(text: &str) -> Recognised {
    match (has_field(text, "text"), has_field(text, "start")) {
        (true, true) => Recognised::Content,
        (true, false) => Recognised::Name,
        (false, _) => Recognised::No,
    }
}

/// Whether a field of this name occurs, at whatever depth.
fn has_field(text: &str, name: &str) -> bool {
    let quoted = format!("\"{name}\"");
    let behind =
        |(at, found): (usize, &str)| text[at + found.len()..].trim_start().starts_with(':');
    text.match_indices(&quoted).any(behind)
}

/// The outermost fields of a document whose end may be cut off, each with what its value begins with.
struct Outline<'a> {
    text: &'a str,
    fields: Vec<(&'a str, Option<u8>)>,
    /// Whether something follows the document: then it is a log of many.
    is_first_of_many: bool,
}

impl<'a> Outline<'a> {
    /// `text` begins with a brace.
    fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut outline = Self {
            text,
            fields: Vec::new(),
            is_first_of_many: false,
        };
        let mut depth = 0_usize;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    let end = end_of_string(bytes, at);
                    let behind = text.get(end + 1..).unwrap_or_default().trim_start();
                    if let (1, Some(value)) = (depth, behind.strip_prefix(':')) {
                        let name = text.get(at + 1..end).unwrap_or_default();
                        outline
                            .fields
                            .push((name, value.trim_start().bytes().next()));
                    }
                    at = end;
                }
                _ => {}
            }
            at += 1;
            if depth == 0 {
                outline.is_first_of_many =
                    !text.get(at..).unwrap_or_default().trim_start().is_empty();
                break;
            }
        }
        outline
    }

    fn has(&self, name: &str, starts: &[u8]) -> bool {
        let mut fields = self.fields.iter();
        fields
            .any(|(own, start)| *own == name && start.is_some_and(|start| starts.contains(&start)))
    }

    fn any(&self, names: &[&str]) -> bool {
        self.fields.iter().any(|(own, _)| names.contains(own))
    }

    /// How sure it is that this is a transcript: formats by the fields that tell them apart, and fields that only
    /// they have.
    fn sure(&self) -> Recognised {
        if self.is_first_of_many {
            return Recognised::No;
        }
        let within = |names: &[&str]| names.iter().any(|name| has_field(self.text, name));
        let told = [
            "segments",
            "words",
            "language",
            "duration",
            "duration_s",
            "raw",
            "utterances",
            "confidence",
        ];
        let has_text = self.has("text", b"\"") || self.has("transcript", b"\"");
        let is_job = self.has("id", b"\"") && self.has("status", b"\"");
        let is_known = self.has("transcription", b"[{")
            && within(&["text", "timestamps", "utterances"])
            || self.has("results", b"{[") && within(&["channels", "alternatives"])
            || self.any(&["recognizedPhrases", "combinedPhrases"])
            || self.has("result", b"{") && within(&["utterances", "transcription"])
            || self.any(&["language_probability"])
            || is_job && self.any(&["audio_duration", "language_code", "audio_url"])
            || has_text && self.any(&told)
            || self.has("segments", b"[") && within(&["start"]);
        match () {
            () if is_known => Recognised::Content,
            () if has_text || self.any(&["segments", "words"]) => Recognised::Name,
            () => Recognised::No,
        }
    }
}

/// The place of the quote that ends the string which begins at `start`, or behind the last byte.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn seen(name: &str, content: &[u8]) -> Recognised {
        recognises(&Sniffed::new(name, &content[..content.len().min(4096)]))
    }

    /// All inputs of this crate but plain texts are told by what is in them.
    #[test]
    fn formats_are_told_by_their_content() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let folders = [fixtures.clone(), fixtures.join("formats")];
        let mut others = Vec::new();
        let mut count = 0;
        for entry in folders
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap())
        {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() || name == "README.md" {
                continue;
            }
            count += 1;
            if seen("file", &fs::read(&path).unwrap()) != Recognised::Content {
                others.push(name);
            }
        }
        others.sort_unstable();
        let expected = [
            "20260213_101500_nova-2.txt",
            "brackets.txt",
            "cjk.txt",
            "plain.txt",
            "speakers.txt",
        ];
        assert_eq!(others, expected);
        assert!(count > 30, "{count}");
    }

    #[test]
    fn long_documents_are_told_by_their_start() {
        let text = "word ".repeat(2_000);
        let whisper = format!(r#"{{"text": "{text}", "segments": [], "language": "en"}}"#);
        assert_eq!(seen("talk.json", whisper.as_bytes()), Recognised::Name);
        assert_eq!(seen("talk", whisper.as_bytes()), Recognised::No);
        let segments =
            format!(r#"{{"segments": [{{"start": 0.0, "end": 1.5, "text": "{text}"}}]}}"#);
        assert_eq!(seen("talk", segments.as_bytes()), Recognised::Content);
        let list = format!(r#"[{{"start": 0.0, "end": 1.5, "text": "{text}"}}]"#);
        assert_eq!(seen("talk", list.as_bytes()), Recognised::Content);
    }

    #[test]
    fn other_documents_are_others() {
        for other in [
            r#"{"name": "datalake", "version": "1.0.0", "dependencies": {}}"#,
            r#"{"results": {"bindings": []}}"#,
            r#"{"timestamp": 1736847600, "pid": 1}"#,
            "{\"text\": \"a\", \"language\": \"en\"}\n{\"text\": \"b\"}\n",
            r#"{"type": "user", "message": {"role": "user", "content": "text"}, "uuid": "x"}"#,
            r#"[{"title": "a chat", "create_time": 1.5, "mapping": {}}]"#,
            "{",
            "[",
            r#"{"a\"#,
        ] {
            assert_eq!(seen("a.json", other.as_bytes()), Recognised::No, "{other}");
        }
        assert_eq!(
            seen("a.txt", b"\x00\x01\x02\x03\x04\x05\x06\x07"),
            Recognised::No
        );
    }

    #[test]
    fn names_count_where_the_content_says_nothing() {
        assert_eq!(seen("a.TXT", b"Hello."), Recognised::Name);
        assert_eq!(seen("a.srt", b"Hello."), Recognised::Name);
        assert_eq!(seen("a.json", br#"{"text": "Hello."}"#), Recognised::Name);
        assert_eq!(seen("a.txt", b"[Music]\nHello."), Recognised::Name);
        assert_eq!(seen("a.txt", b""), Recognised::Name);
        assert_eq!(seen("a.md", b"Hello."), Recognised::No);
        assert_eq!(seen("txt", b""), Recognised::No);
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), name in ".*") {
            seen(&name, &bytes);
        }

        #[test]
        fn any_start_does_no_harm(cut in 0_usize..2_000, at in 0_usize..2_000, byte: u8) {
            let text = r#"{"text": "a \"b\" é\u00e9 \\", "segments": [{"start": 0.5, "words": [{"word": "日本"}]}]} "#;
            let mut bytes = text.repeat(3).into_bytes();
            bytes.truncate(cut);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            seen("a.json", &bytes);
        }
    }
}
