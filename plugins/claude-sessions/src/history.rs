//! `history.jsonl`: the prompts as they were typed.

use datalake_core::{Context, Line, Piece, Record, Reject, Result, Timestamp, TrackedFile};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cursor::Cursor;
use crate::datasets::HISTORY;
use crate::json::{Moment, Text, mended, object, only_object};
use crate::key::{Bytes, clean, digest};
use crate::source::Out;

object! {
    /// A prompt.
    struct Prompt<'a> {
        display: Text<'a> = "display",
        pasted: Option<&'a RawValue> = "pastedContents",
        timestamp: Moment<'a> = "timestamp",
        project: Text<'a> = "project",
        session: Text<'a> = "sessionId",
    }
}
only_object!(Prompt);

#[derive(Serialize)]
struct Row<'a> {
    entry_key: Bytes,
    session_id: &'a str,
    display: &'a str,
    pasted_contents: Option<&'a str>,
    project: &'a str,
    source_device: &'a str,
    timestamp: Timestamp,
    timestamp_unix: i64,
}

/// Reads the prompts that are new.
pub(crate) fn read(cx: &Context, file: &mut TrackedFile, out: &mut Out<'_>) -> Result<()> {
    let modified = file.modified().unwrap_or(Timestamp::EPOCH);
    let mut lines = file.lines();
    loop {
        if cx.cancel.is_cancelled() {
            out.commit(&lines.place(), &Cursor::default())?;
            return Err(datalake_core::Error::cancelled());
        }
        match lines.next_line()? {
            Some(Piece::Line(line)) => match prompt(cx, modified, &line) {
                Ok(record) => out.push(record.origin(line.origin()))?,
                Err(why) => {
                    out.reject(line.origin(), why, datalake_core::Sample::of(line.bytes));
                }
            },
            Some(Piece::Overlong(long)) => {
                out.reject(long.origin(), long.reject(), long.sample.clone());
            }
            None => return out.commit(&lines.place(), &Cursor::default()),
        }
        if out.is_due() {
            out.commit(&lines.place(), &Cursor::default())?;
        }
    }
}

/// The prompt that a line is.
fn prompt(cx: &Context, modified: Timestamp, line: &Line<'_>) -> Result<Record, Reject> {
    let why = match line.json::<Prompt<'_>>() {
        Ok(prompt) => return Ok(record(cx, modified, &prompt)),
        Err(why) => why,
    };
    let mended = std::str::from_utf8(line.bytes).ok().and_then(mended);
    let prompt = mended.as_deref().map(serde_json::from_str::<Prompt<'_>>);
    match prompt {
        Some(Ok(prompt)) => Ok(record(cx, modified, &prompt)),
        _ => Err(why),
    }
}

/// A prompt has no id: its key is all that it says, and the device.
fn record(cx: &Context, modified: Timestamp, prompt: &Prompt<'_>) -> Record {
    let own = match &prompt.timestamp {
        Moment::Absent => None,
        Moment::Text(text) => cx.zone.parse(text),
        Moment::Number(number) => Timestamp::from_log_float(*number),
    };
    let text = |text: &Text<'_>| clean(text.get().unwrap_or_default()).into_owned();
    let (display, project, session) = (
        text(&prompt.display),
        text(&prompt.project),
        text(&prompt.session),
    );
    let pasted = prompt
        .pasted
        .map(|pasted| pasted.get())
        .filter(|pasted| pasted.len() > 2);
    let time = own.map(|time| time.to_string()).unwrap_or_default();
    let parts = [
        &*cx.device,
        &time,
        &display,
        &project,
        &session,
        pasted.unwrap_or_default(),
    ];
    let timestamp = own.unwrap_or(modified);
    let row = Row {
        entry_key: Bytes(digest(&parts.map(str::as_bytes)).to_vec()),
        session_id: &session,
        display: &display,
        pasted_contents: pasted,
        project: &project,
        source_device: &cx.device,
        timestamp,
        timestamp_unix: timestamp.as_seconds(),
    };
    Record::new(&HISTORY, &row)
}
