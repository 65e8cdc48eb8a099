//! Makes JSON of what is nearly JSON: recognisers write `NaN` for a probability of nothing, halves of characters,
//! and control characters inside texts. Zero characters, which no text of the store has, go as well.

use std::borrow::Cow;

use datalake_core::Reject;

use crate::model::{Flag, Flags};

/// Words that some programs write for numbers that JSON does not have.
const NO_NUMBERS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// The same document with `null` for numbers that are none, and U+FFFD for zeros and halves of characters. The
/// document itself where nothing is wrong, and what nobody can mend stays as it is.
pub(crate) fn mend<'a>(json: &'a str, flags: &mut Flags) -> Cow<'a, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut replace = |from: usize, to: usize, with: &str| {
        out.push_str(&json[copied..from]);
        out.push_str(with);
        copied = to;
    };
    let bytes = json.as_bytes();
    let mut at = 0;
    let mut inside = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => inside = !inside,
            b'\\' if inside => {
                let escape = escape(json, at);
                if let Some(flag) = escape.flag {
                    flags.insert(flag);
                    replace(at, at + escape.length, "\\ufffd");
                }
                at += escape.length;
                continue;
            }
            0..=0x1F if inside => replace(at, at + 1, &format!("\\u{byte:04x}")),
            b'N' | b'I' | b'-' if !inside => {
                if let Some(word) = NO_NUMBERS
                    .iter()
                    .find(|word| json[at..].starts_with(**word))
                {
                    replace(at, at + word.len(), "null");
                    at += word.len();
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(&json[copied..]);
    Cow::Owned(out)
}

struct Escape {
    length: usize,
    /// What is wrong with it.
    flag: Option<Flag>,
}

/// The escape that begins at `at`; a pair of halves that belong together is one.
fn escape(json: &str, at: usize) -> Escape {
    let (length, flag) = match unit(json, at) {
        Some(0) => (6, Some(Flag::Nul)),
        Some(0xD800..=0xDBFF) => match unit(json, at + 6) {
            Some(0xDC00..=0xDFFF) => (12, None),
            _ => (6, Some(Flag::Lossy)),
        },
        Some(0xDC00..=0xDFFF) => (6, Some(Flag::Lossy)),
        Some(_) => (6, None),
        None => (2, None),
    };
    Escape { length, flag }
}

/// The unit of an escape such as `\ud83d`.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok()
}

/// The reason why a document cannot be read.
///
/// Codes: `cut-off`, `too-deep` (more than 128 levels), `not-json`.
pub(crate) fn why(error: &serde_json::Error) -> Reject {
    let said = error.to_string();
    if error.is_eof() {
        let message = format!("the JSON breaks off before its end: {said}");
        return Reject::new("cut-off", message);
    }
    let code = if said.starts_with("recursion limit") {
        "too-deep"
    } else {
        "not-json"
    };
    Reject::new(code, format!("it is not the JSON of a transcript: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn mended(json: &str, expected: &str, lossy: bool) {
        let mut flags = Flags::new();
        assert_eq!(mend(json, &mut flags), expected);
        assert_eq!(flags.contains(&Flag::Lossy), lossy);
    }

    #[test]
    fn good_json_is_left_alone() {
        for json in [
            r#"{"a": "\ud83d\ude00 \\ud83d NaN \" -Infinity", "b": -1}"#,
            "",
            "{",
            r#"{"a": "\"#,
            r#"{"a": "\u12"#,
            r#""\u12é456""#,
        ] {
            let mut flags = Flags::new();
            assert!(matches!(mend(json, &mut flags), Cow::Borrowed(_)), "{json}");
            assert!(flags.is_empty());
        }
    }

    #[test]
    fn no_numbers_are_null() {
        mended(
            r#"{"a": NaN, "b": [-Infinity,Infinity], "c": "NaN"}"#,
            r#"{"a": null, "b": [null,null], "c": "NaN"}"#,
            false,
        );
    }

    #[test]
    fn halves_of_characters_are_marked() {
        mended(
            r#"{"a": "\ud83dx\ude00 \uD83D\uD83D\uDE00\\\ud83d"}"#,
            r#"{"a": "\ufffdx\ufffd \ufffd\uD83D\uDE00\\\ufffd"}"#,
            true,
        );
    }

    #[test]
    fn zeros_are_marked() {
        let mut flags = Flags::new();
        assert_eq!(
            mend(r#"["a\u0000", "\\u0000"]"#, &mut flags),
            r#"["a\ufffd", "\\u0000"]"#
        );
        assert!(flags.iter().eq(&[Flag::Nul]));
    }

    #[test]
    fn control_characters_in_texts_are_escaped() {
        mended(
            "{\n\"a\": \"b\tc\n\"}",
            "{\n\"a\": \"b\\u0009c\\u000a\"}",
            false,
        );
    }
}
