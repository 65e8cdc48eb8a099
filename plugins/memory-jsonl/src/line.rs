//! One line becomes one record: a sample or an event.

use std::borrow::Cow;

use datalake_core::{Line, Record, Reject, Timestamp, Zone};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::fields::{Fields, Moment};
use crate::{EVENTS, METRICS};

/// How many bytes make one "MB" of these logs.
const BYTES_PER_MB: f64 = 1_048_576.0;

/// What a file holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Metrics,
    Events,
    /// The name does not say; each line is looked at.
    Unknown,
}

impl Kind {
    /// By the start of the file's name, whatever rotation has put behind it: `metrics.jsonl`,
    /// `events-2026-01.jsonl`, `metrics.jsonl.1`, `metrics.jsonl.2.gz`.
    pub(crate) fn of_file(unit: &str) -> Self {
        let name = unit.rsplit('/').next().unwrap_or_default();
        match name {
            name if name.starts_with("metrics") => Self::Metrics,
            name if name.starts_with("events") => Self::Events,
            _ => Self::Unknown,
        }
    }

    /// An event names its type, severity or message; a sample has none of them.
    fn is_event(self, fields: &Fields<'_>) -> bool {
        match self {
            Self::Metrics => false,
            Self::Events => true,
            Self::Unknown => {
                let event = &fields.event;
                event.kind.is_some() || event.severity.is_some() || event.message.is_some()
            }
        }
    }
}

#[derive(Serialize)]
struct Sample<'a> {
    time: Timestamp,
    device: &'a str,
    pid: i64,
    rss_bytes: i64,
    /// Absent where it follows from `rss_bytes` exactly.
    rss_mb: Option<f64>,
    rate: Option<f64>,
    session: Option<&'a str>,
    command: Option<&'a str>,
    extra: Option<String>,
}

#[derive(Serialize)]
struct Event<'a> {
    event_key: &'a Key,
    timestamp: Timestamp,
    timestamp_unix: i64,
    event_type: Cow<'a, str>,
    pid: Option<i64>,
    session_id: Option<&'a str>,
    severity: Cow<'a, str>,
    message: Option<Cow<'a, str>>,
    details: Option<Cow<'a, str>>,
    source_device: &'a str,
    metadata: Option<String>,
}

/// Bytes of a hash; a plain array would be taken for a list of numbers.
struct Key([u8; 16]);

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// The record of a line.
pub(crate) fn record(
    line: &Line<'_>,
    kind: Kind,
    device: &str,
    zone: &Zone,
) -> Result<Record, Reject> {
    let mut fields: Fields<'_> = line.json()?;
    let time = time(fields.timestamp.as_ref(), zone)?;
    if kind.is_event(&fields) {
        event(&mut fields, time, device)
    } else {
        sample(&mut fields, time, device)
    }
}

fn sample(fields: &mut Fields<'_>, time: Timestamp, device: &str) -> Result<Record, Reject> {
    let event = std::mem::take(&mut fields.event);
    let foreign = [
        ("type", event.kind),
        ("severity", event.severity),
        ("message", event.message),
        ("details", event.details),
    ];
    fields.extra.extend(
        foreign
            .into_iter()
            .filter_map(|(name, value)| Some((Cow::Borrowed(name), value?))),
    );
    let rss_bytes = fields.rss_bytes.unwrap_or(0);
    let exact = rss_bytes as f64 / BYTES_PER_MB;
    Ok(Record::new(
        &METRICS,
        &Sample {
            time,
            device,
            pid: fields.pid.unwrap_or(0),
            rss_bytes,
            rss_mb: fields.rss_mb.filter(|&mb| mb != exact),
            rate: fields.rate,
            session: fields.session.as_deref(),
            command: fields.command.as_deref(),
            extra: extra(&mut fields.extra)?,
        },
    ))
}

fn event(fields: &mut Fields<'_>, time: Timestamp, device: &str) -> Result<Record, Reject> {
    let numbers = [("rss_mb", fields.rss_mb), ("rate_mb_min", fields.rate)];
    let mut extra = extra_map(&mut fields.extra)?;
    extra.extend(
        numbers
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), raw(&value?)?))),
    );
    extra.extend(
        fields
            .rss_bytes
            .and_then(|bytes| Some((String::from("rss_bytes"), raw(&bytes)?))),
    );
    extra.extend(
        fields
            .command
            .as_ref()
            .and_then(|text| Some((String::from("command"), raw(text)?))),
    );
    let mut event = Event {
        event_key: &Key([0; 16]),
        timestamp: time,
        timestamp_unix: time.as_seconds(),
        event_type: text("type", fields.event.kind)?.unwrap_or(Cow::Borrowed("unknown")),
        pid: fields.pid,
        session_id: fields.session.as_deref(),
        severity: text("severity", fields.event.severity)?.unwrap_or(Cow::Borrowed("info")),
        message: text("message", fields.event.message)?,
        details: text_or_json(fields.event.details)?,
        source_device: device,
        metadata: json(&extra),
    };
    let key = key(&event);
    event.event_key = &key;
    Ok(Record::new(&EVENTS, &event))
}

/// The first 16 bytes of BLAKE3 over every field.
fn key(event: &Event<'_>) -> Key {
    let fields = (
        (
            &event.timestamp,
            &event.event_type,
            event.pid,
            event.session_id,
            &event.severity,
        ),
        (
            &event.message,
            &event.details,
            event.source_device,
            &event.metadata,
        ),
    );
    // Text, numbers and lists of them always become JSON.
    let text = serde_json::to_vec(&fields).unwrap_or_default();
    let mut key = [0; 16];
    key.copy_from_slice(&datalake_core::hash(&text)[..16]);
    Key(key)
}

fn time(moment: Option<&Moment<'_>>, zone: &Zone) -> Result<Timestamp, Reject> {
    let moment =
        moment.ok_or_else(|| Reject::new("missing-field", "the line has no `timestamp`"))?;
    let time = match moment {
        Moment::Whole(number) => Timestamp::from_log_integer(*number),
        Moment::Fraction(number) => Timestamp::from_log_float(*number),
        Moment::Text(text) => zone.parse(text),
    };
    time.ok_or_else(|| {
        let shown = match moment {
            Moment::Whole(number) => number.to_string(),
            Moment::Fraction(number) => number.to_string(),
            Moment::Text(text) => format!("{text:?}"),
        };
        Reject::new(
            "bad-time",
            format!("`timestamp` is {shown}, which is no time between the years 0 and 9999"),
        )
    })
}

/// A field that is text; what it may be besides is an error.
fn text<'a>(name: &str, value: Option<&'a RawValue>) -> Result<Option<Cow<'a, str>>, Reject> {
    let Some(value) = value.filter(|value| value.get() != "null") else {
        return Ok(None);
    };
    let text = value.get();
    if !text.starts_with('"') {
        return Err(Reject::new("wrong-type", format!("`{name}` is not a text")));
    }
    parsed(name, text).map(Some)
}

fn parsed<'a>(name: &str, text: &'a str) -> Result<Cow<'a, str>, Reject> {
    let inner = &text[1..text.len() - 1];
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(text)
        .map(Cow::Owned)
        .map_err(|_| {
            Reject::new(
                "lone-surrogate",
                format!("`{name}` has a \\u escape that is half of a character"),
            )
        })
}

/// `details`: text as it is, anything else as its JSON text.
fn text_or_json(value: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, Reject> {
    let Some(value) = value.filter(|value| value.get() != "null") else {
        return Ok(None);
    };
    if value.get().starts_with('"') {
        return parsed("details", value.get()).map(Some);
    }
    checked("details", value)?;
    Ok(Some(Cow::Borrowed(value.get())))
}

/// The text is kept as it stands, so that no digit is lost; it must be JSON that others can read again.
fn checked(name: &str, value: &RawValue) -> Result<(), Reject> {
    serde_json::from_str::<serde_json::Value>(value.get())
        .map(drop)
        .map_err(|error| {
            let (code, why) = match error.to_string() {
                text if text.starts_with("recursion limit") => {
                    ("too-deep", "is nested more than 128 levels deep")
                }
                _ => (
                    "lone-surrogate",
                    "has a \\u escape that is half of a character",
                ),
            };
            Reject::new(code, format!("`{name}` {why}"))
        })
}

/// Unknown fields as one JSON object, sorted by name so that their order makes no difference.
fn extra(fields: &mut Vec<(Cow<'_, str>, &RawValue)>) -> Result<Option<String>, Reject> {
    if fields.is_empty() {
        return Ok(None);
    }
    Ok(json(&extra_map(fields)?))
}

type Extra = std::collections::BTreeMap<String, Box<RawValue>>;

fn extra_map(fields: &mut Vec<(Cow<'_, str>, &RawValue)>) -> Result<Extra, Reject> {
    let mut map = Extra::new();
    for (name, value) in fields.drain(..) {
        checked(&name, value)?;
        map.insert(name.into_owned(), value.to_owned());
    }
    Ok(map)
}

fn json(extra: &Extra) -> Option<String> {
    (!extra.is_empty()).then(|| serde_json::to_string(extra).unwrap_or_default())
}

fn raw(value: &impl Serialize) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(kind: Kind, text: &str) -> Result<Record, Reject> {
        let line = Line {
            bytes: text.as_bytes(),
            start: 0,
            end: text.len() as u64,
        };
        record(&line, kind, "laptop", &Zone::utc())
    }

    #[track_caller]
    fn refused(kind: Kind, text: &str, code: &str, words: &str) {
        let why = parsed(kind, text).err().unwrap();
        assert_eq!(why.code, code, "{}", why.message);
        assert!(why.message.contains(words), "{}", why.message);
    }

    #[test]
    fn the_fixtures_are_good() {
        let fixtures = [
            (Kind::Metrics, include_str!("../fixtures/metrics.jsonl"), 7),
            (Kind::Events, include_str!("../fixtures/events.jsonl"), 4),
        ];
        for (kind, text, count) in fixtures {
            let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(lines.len(), count);
            for line in lines {
                parsed(kind, line).unwrap_or_else(|why| panic!("{line}: {}", why.message));
            }
        }
    }

    #[test]
    fn kinds_by_name() {
        let kind = |name: &str| Kind::of_file(name);
        assert_eq!(kind("metrics.jsonl"), Kind::Metrics);
        assert_eq!(kind("events/metrics.jsonl.3"), Kind::Metrics);
        assert_eq!(kind("metrics/events-2026-01.jsonl"), Kind::Events);
        assert_eq!(kind("metrics-2026.jsonl.2.gz"), Kind::Metrics);
        assert_eq!(kind("old/events.jsonl.1.zst"), Kind::Events);
        assert_eq!(kind("log.jsonl"), Kind::Unknown);
        assert_eq!(kind("log.jsonl.gz"), Kind::Unknown);
        assert_eq!(kind(""), Kind::Unknown);
    }

    #[test]
    fn a_line_of_unknown_kind_tells_by_its_fields() {
        let is_event = |text: &str| Kind::Unknown.is_event(&serde_json::from_str(text).unwrap());
        assert!(!is_event(r#"{"timestamp": 1, "pid": 2, "details": "x"}"#));
        for field in ["type", "severity", "message"] {
            assert!(is_event(&format!(r#"{{"timestamp": 1, "{field}": "x"}}"#)));
        }
    }

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        assert!(parsed(Kind::Metrics, r#"{"timestamp": 1, "pid": 7.0}"#).is_ok());
        refused(
            Kind::Metrics,
            r#"{"timestamp": 1, "pid": 7.5}"#,
            "wrong-type",
            "a whole number",
        );
        refused(
            Kind::Metrics,
            r#"{"timestamp": 1, "pid": 1e17}"#,
            "number-out-of-range",
            "does not fit",
        );
    }

    #[test]
    fn times_are_shown_as_they_were_written() {
        for written in ["\"soon\"", "1e300", "999999999999999"] {
            let line = format!(r#"{{"timestamp": {written}}}"#);
            let shown = if written == "1e300" { "1000" } else { written };
            refused(Kind::Metrics, &line, "bad-time", shown);
        }
        refused(
            Kind::Events,
            r#"{"type": "x"}"#,
            "missing-field",
            "`timestamp`",
        );
    }

    #[test]
    fn halves_of_characters_are_found_wherever_they_are() {
        for field in ["message", "details", "type", "severity", "note"] {
            let line = format!(r#"{{"timestamp": 1, "{field}": "\udc00"}}"#);
            refused(Kind::Events, &line, "lone-surrogate", "half of a character");
        }
        let whole = r#"{"timestamp": 1, "message": "\ud83d\ude00 \"quoted\""}"#;
        assert!(parsed(Kind::Events, whole).is_ok());
    }
}
