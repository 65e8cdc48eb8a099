//! A line that holds a JSON object, and what can be wrong with it: in words for people, with a code
//! that never changes, and with the place inside the line.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::{Category, Error as JsonError};

use super::lines::Line;
use crate::reject::Reject;

impl<'a> Line<'a> {
    /// The JSON object of this line.
    ///
    /// Codes of what it may be instead: `not-utf8`, `nul`, `not-json`, `not-an-object`, `too-deep`
    /// (more than 128 levels), `lone-surrogate`, `number-out-of-range`, `wrong-type`,
    /// `wrong-value`, `missing-field`, `unknown-field`, `duplicate-field`.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, Reject> {
        let text = self.utf8()?;
        // A list would be taken for a struct's fields in their order; no log means that.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(self.no_object(text));
        }
        serde_json::from_str(text)
            .map_err(|error| self.nul().unwrap_or_else(|| explain(text, &error)))
    }

    fn no_object(&self, text: &str) -> Reject {
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            return self.nul().unwrap_or_else(|| explain(text, &error));
        }
        let what = match text.trim_ascii_start().as_bytes().first() {
            Some(b'[') => "a list",
            Some(b'"') => "a text",
            Some(b'n') => "null",
            Some(b't' | b'f') => "true or false",
            _ => "a number",
        };
        Reject::new(
            "not-an-object",
            format!("the line is {what}, and not an object in braces"),
        )
    }
}

/// The reason for people. `serde_json` tells kinds of errors apart by their words only; the tests
/// below fail when a new version changes one.
fn explain(text: &str, error: &JsonError) -> Reject {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    // Columns are counted in bytes, from 1.
    let at = error.column().saturating_sub(1);
    let (code, words) = match error.classify() {
        Category::Data => data_error(text, at, said),
        Category::Eof => ("not-json", Cow::from("the JSON breaks off before its end")),
        Category::Syntax | Category::Io => syntax_error(said),
    };
    Reject::new(code, format!("{words} (byte {at} of the line)"))
}

fn syntax_error(said: &str) -> (&'static str, Cow<'_, str>) {
    match said {
        "recursion limit exceeded" => ("too-deep", "it is nested more than 128 levels deep".into()),
        "number out of range" => ("number-out-of-range", "a number is too large".into()),
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => (
            "lone-surrogate",
            "a \\u escape is half of a character, and the other half is missing".into(),
        ),
        said => ("not-json", format!("it is not JSON: {said}").into()),
    }
}

fn data_error<'a>(text: &str, at: usize, said: &'a str) -> (&'static str, Cow<'a, str>) {
    let starts = |start: &str| said.starts_with(start);
    if starts("invalid value: integer") || starts("invalid value: floating point") {
        return (
            "number-out-of-range",
            format!("a number does not fit: {said}").into(),
        );
    }
    // A whole number beyond 64 bits reaches us as a float that no integer field takes.
    if starts("invalid type: floating point") && is_whole_number(text, at) {
        return (
            "number-out-of-range",
            format!("a number does not fit: {said}").into(),
        );
    }
    let code = match () {
        () if starts("invalid type") => "wrong-type",
        () if starts("missing field") => "missing-field",
        () if starts("unknown field") => "unknown-field",
        () if starts("duplicate field") => "duplicate-field",
        () => "wrong-value",
    };
    (code, said.into())
}

/// Whether the number that ends at about `at` is written without a fraction or an exponent.
fn is_whole_number(text: &str, at: usize) -> bool {
    let is_number =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    let before = &text.as_bytes()[..(at + 1).min(text.len())];
    let from_end = before
        .iter()
        .rev()
        .skip_while(|byte| !is_number(byte))
        .take_while(|byte| is_number(byte));
    let mut number = from_end.peekable();
    number.peek().is_some() && number.all(|byte| byte.is_ascii_digit() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the parsing is looked at")]
    struct Sample<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        value: f64,
        count: Option<u32>,
        total: Option<u64>,
        rest: Option<Value>,
    }

    fn parse(bytes: &[u8]) -> Result<Sample<'_>, Reject> {
        Line {
            bytes,
            start: 0,
            end: bytes.len() as u64,
        }
        .json()
    }

    #[track_caller]
    fn fails(line: impl AsRef<[u8]>, code: &str, words: &str) {
        let why = parse(line.as_ref()).unwrap_err();
        assert_eq!(why.code, code, "{}", why.message);
        assert!(why.message.contains(words), "{}", why.message);
        assert!(!why.message.contains("line 1"), "{}", why.message);
    }

    #[test]
    fn good_lines() {
        assert_eq!(
            parse(br#"  {"name":"a","value":1.5,"count":3} "#)
                .unwrap()
                .name,
            "a"
        );
        assert_eq!(
            parse(r#"{"name":"a\u00e4\ud83d\ude00","value":1}"#.as_bytes())
                .unwrap()
                .name,
            "aä😀"
        );
    }

    #[test]
    fn what_is_not_json() {
        fails(r#"{"name":"a","value":1"#, "not-json", "breaks off");
        fails(
            r#"{"name":"a" "value":1}"#,
            "not-json",
            "(byte 12 of the line)",
        );
        fails(
            r#"{"name":"a","value":1} x"#,
            "not-json",
            "trailing characters",
        );
        fails("hello", "not-json", "expected value");
        fails(r#"{"name":"a","value":NaN}"#, "not-json", "expected value");
        fails(
            "{\"name\":\"a\tb\",\"value\":1}",
            "not-json",
            "control character",
        );
        fails(r#"{"name":"\q","value":1}"#, "not-json", "escape");
    }

    #[test]
    fn what_is_no_object() {
        fails(r#"["a",1.5,3,4,null]"#, "not-an-object", "a list");
        fails("null", "not-an-object", "null");
        fails("12", "not-an-object", "a number");
        fails("-12", "not-an-object", "a number");
        fails("true", "not-an-object", "true or false");
        fails(r#""text""#, "not-an-object", "a text");
        fails("[1,", "not-json", "breaks off");
    }

    #[test]
    fn what_has_the_wrong_type() {
        fails(r#"{"name":1,"value":1}"#, "wrong-type", "expected a string");
        fails(r#"{"name":"a","value":"1"}"#, "wrong-type", "expected f64");
        fails(
            r#"{"name":"a","value":1,"count":1.5}"#,
            "wrong-type",
            "floating point",
        );
        fails(
            r#"{"name":"a","value":1,"count":[]}"#,
            "wrong-type",
            "expected u32",
        );
        fails(r#"{"name":null,"value":1}"#, "wrong-type", "null");
    }

    #[test]
    fn fields_that_are_missing_unknown_or_doubled() {
        fails(r#"{"name":"a"}"#, "missing-field", "`value`");
        fails(r#"{"name":"a","value":1,"x":1}"#, "unknown-field", "`x`");
        fails(
            r#"{"name":"a","name":"b","value":1}"#,
            "duplicate-field",
            "`name`",
        );
    }

    #[test]
    fn numbers_that_do_not_fit() {
        fails(
            r#"{"name":"a","value":1e400}"#,
            "number-out-of-range",
            "too large",
        );
        fails(
            r#"{"name":"a","value":1,"count":4294967296}"#,
            "number-out-of-range",
            "does not fit",
        );
        fails(
            r#"{"name":"a","value":1,"count":-1}"#,
            "number-out-of-range",
            "does not fit",
        );
        fails(
            r#"{"name":"a","value":1,"total":18446744073709551616}"#,
            "number-out-of-range",
            "fit",
        );
        fails(
            r#"{"name":"a","value":1,"total": 18446744073709551616 ,"count":1}"#,
            "number-out-of-range",
            "fit",
        );
        fails(
            r#"{"name":"a","value":1,"total":1.5e3}"#,
            "wrong-type",
            "floating point",
        );
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| {
            format!(
                r#"{{"name":"a","value":1,"rest":{}{}}}"#,
                "[".repeat(levels),
                "]".repeat(levels)
            )
        };
        assert!(parse(nested(126).as_bytes()).is_ok());
        fails(nested(127), "too-deep", "128 levels");
        fails(nested(100_000), "too-deep", "128 levels");
        // What nobody asks for is passed over without going down into it.
        fails(
            "[".repeat(100_000) + &"]".repeat(100_000),
            "not-an-object",
            "a list",
        );
    }

    #[test]
    fn half_characters() {
        for half in [
            r"\ud83d",
            r"\ude00",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\u0041",
            r"\ud83d\ud83d",
        ] {
            fails(
                format!(r#"{{"name":"{half}","value":1}}"#),
                "lone-surrogate",
                "half of a character",
            );
        }
    }

    #[test]
    fn what_is_not_even_text() {
        fails(
            b"{\"name\":\"caf\xe9\",\"value\":1}",
            "not-utf8",
            "byte 12 of the line (0xE9)",
        );
        fails(b"{\"name\":\"a\0\",\"value\":1}", "nul", "byte 10");
        fails(b"\0\0\0\0", "nul", "byte 0");
        let bytes: &[u8] = b"a\0b";
        let line = Line {
            bytes,
            start: 0,
            end: 4,
        };
        assert_eq!(line.text().unwrap_err().code, "nul");
        assert_eq!(
            Line {
                bytes: b"\xff",
                ..line
            }
            .text()
            .unwrap_err()
            .code,
            "not-utf8"
        );
        assert_eq!(
            Line {
                bytes: b"ok",
                ..line
            }
            .text()
            .unwrap(),
            "ok"
        );
    }
}
