//! Whether a single file is one of Claude Code's logs.

use datalake_core::{Recognised, Sniffed};

use crate::line::{Entry, Object};

/// By a line of its start: logs are called by the ids of sessions, which say nothing to others.
pub(crate) fn recognises(file: &Sniffed<'_>) -> Recognised {
    match file.lines().any(is_line) {
        true => Recognised::Content,
        false => Recognised::No,
    }
}

fn is_line(line: &[u8]) -> bool {
    let Ok(Object(entry)) = serde_json::from_slice::<Object<'_>>(line) else {
        return false;
    };
    is_log_line(&entry) || is_prompt(&entry)
}

/// A line of a log has a type, and the session or a uuid; a summary has neither, and the message that it is about.
fn is_log_line(entry: &Entry<'_>) -> bool {
    let belongs = entry
        .session
        .get()
        .or(entry.uuid.get())
        .or(entry.leaf.get());
    entry.kind.get().is_some() && belongs.is_some()
}

/// A line of `history.jsonl`.
fn is_prompt(entry: &Entry<'_>) -> bool {
    entry.display.0.is_some() && entry.project.0.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(content: &str) -> Recognised {
        recognises(&Sniffed::new("a.jsonl", content.as_bytes()))
    }

    #[test]
    fn lines_say_what_they_are() {
        for line in [
            r#"{"type":"user","sessionId":"s","uuid":"u","message":{"role":"user","content":"hi"}}"#,
            r#"{"type":"summary","summary":"Fixed it","leafUuid":"u"}"#,
            r#"{"display":"hi","pastedContents":{},"timestamp":1,"project":"/a"}"#,
        ] {
            assert_eq!(seen(line), Recognised::Content, "{line}");
        }
        for line in [
            "",
            "[]",
            r#"{"type":"user"}"#,
            r#"{"timestamp": 1736847600, "pid": 1, "session_id": "s"}"#,
            r#"{"role":"user","content":"hi"}"#,
        ] {
            assert_eq!(seen(line), Recognised::No, "{line}");
        }
    }
}
