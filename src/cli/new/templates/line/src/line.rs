//! The format: what a line says, and what may be wrong with it.

use datalake_core::{Context, Line, Reject, Timestamp};
use serde::{Deserialize, Serialize};

/// A line as it is written. A field that is not here makes a reject, so that nothing is lost without a word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    at: String,
    title: String,
    #[serde(default)]
    body: String,
}

/// A row: the fields are the columns.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    device: String,
    at: Timestamp,
    title: String,
    body: String,
}

/// The entry of a line. A time without a zone is in that of the configuration.
pub(crate) fn entry(line: &Line<'_>, cx: &Context) -> Result<Entry, Reject> {
    let Written { at, title, body } = line.json()?;
    let time = cx.zone.parse(&at);
    Ok(Entry {
        device: cx.device.to_string(),
        at: time.ok_or_else(|| Reject::new("bad-time", format!("`{at}` is no time")))?,
        title,
        body,
    })
}
