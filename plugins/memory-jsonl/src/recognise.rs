//! Whether a single file is a memory log.

use datalake_core::{Recognised, Sniffed};

use crate::fields::Fields;

/// By a line of its start, else by its name: `metrics.jsonl`, `events-2026-01.jsonl.2.gz`.
pub(crate) fn recognises(file: &Sniffed<'_>) -> Recognised {
    let is_called = |start: &str| file.name.starts_with(start) && file.name.contains(".jsonl");
    match () {
        () if file.lines().any(is_line) => Recognised::Content,
        () if is_called("metrics") || is_called("events") => Recognised::Name,
        () => Recognised::No,
    }
}

/// Whether it is a sample or an event. Other logs have a time and a type, too: what makes an event is how grave it
/// is, or a message that is a text and no object.
fn is_line(line: &[u8]) -> bool {
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(line) else {
        return false;
    };
    let event = &fields.event;
    let says = event
        .message
        .is_some_and(|message| message.get().starts_with('"'));
    let is_sample = fields.pid.is_some() || fields.rss_bytes.is_some() || fields.rss_mb.is_some();
    let is_event = event.kind.is_some() && (event.severity.is_some() || says);
    fields.timestamp.is_some() && (is_sample || is_event)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(name: &str, content: impl AsRef<[u8]>) -> Recognised {
        recognises(&Sniffed::new(name, content.as_ref()))
    }

    #[test]
    fn lines_say_what_they_are_whatever_the_file_is_called() {
        for line in [
            r#"{"timestamp": 1736847600, "pid": 1}"#,
            r#"{"timestamp": "2025-01-14T09:46:00Z", "rss_bytes": 7, "other": [1]}"#,
            r#"{"timestamp": 1, "type": "hook_warn", "severity": "warning"}"#,
            r#"{"timestamp": 1, "type": "control", "message": "on"}"#,
        ] {
            assert_eq!(seen("a", line), Recognised::Content, "{line}");
            let later = format!("\nnot json\n{line}\n");
            assert_eq!(seen("a.txt", later), Recognised::Content, "{line}");
        }
    }

    #[test]
    fn other_logs_are_others() {
        for line in [
            "",
            "null",
            "[1]",
            r#"{"pid": 1}"#,
            r#"{"timestamp": 1}"#,
            r#"{"timestamp": 1, "message": "hello"}"#,
            r#"{"timestamp": null, "pid": 1}"#,
            r#"{"type": "user", "message": {"role": "user"}, "uuid": "x", "timestamp": "2026-01-10T06:30:00Z"}"#,
            r#"{"display": "a prompt", "timestamp": 1736847600000, "project": "/x"}"#,
            r#"{"timestamp": 1, "pid": 1"#,
        ] {
            assert_eq!(seen("a.jsonl", line), Recognised::No, "{line}");
        }
    }

    #[test]
    fn an_empty_one_goes_by_its_name() {
        for name in [
            "metrics.jsonl",
            "events-2026.jsonl.2.gz",
            "metrics-a.jsonl.1",
        ] {
            assert_eq!(seen(name, ""), Recognised::Name, "{name}");
        }
        assert_eq!(seen("metrics.txt", ""), Recognised::No);
        assert_eq!(seen("old-metrics.jsonl", ""), Recognised::No);
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), name in ".*") {
            seen(&name, bytes);
        }
    }
}
