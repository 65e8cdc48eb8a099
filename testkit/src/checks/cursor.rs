//! What the plugin stores to know where it stopped.

use std::fs;
use std::sync::Arc;

use rusqlite::types::Value;
use serde_json::Value as Json;

use super::NO_INPUTS;
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure, ensure_same};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "cursor",
    rule: "a cursor is JSON of at most 4 KiB a unit; one of another version, or one that makes no sense, is read \
           again from the start or refused, and never skips anything",
    run,
};

const LARGEST: usize = 4 << 10;
/// Cursors of nobody.
const NONSENSE: [&str; 4] = [r#"{"from":"another plugin"}"#, r#""x""#, "[]", "{}"];

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let lake = Lake::full(kit)?;
    lake.read(&How::units_only())?.ok()?;
    let digest = lake.digest(Detail::CONTENT)?;
    let cursors = lake.cursors()?;
    for (unit, version, cursor) in &cursors {
        let length = cursor.len();
        ensure!(
            length <= LARGEST,
            "the cursor of {unit} has {length} bytes; at most {LARGEST} are allowed"
        );
        let own = kit.entry.cursor_version;
        ensure!(
            *version == own,
            "the cursor of {unit} has version {version}, not the plugin's {own}"
        );
    }
    written_anew(&lake, &digest)?;
    let stored = checkpoints(&lake)?;
    let version = kit.entry.cursor_version;
    for other in [version.checked_sub(1), version.checked_add(1)]
        .into_iter()
        .flatten()
    {
        let older = if other < version {
            "an older"
        } else {
            "a future"
        };
        let situation = format!("{older} version of the cursor ({other})");
        resumed(
            kit,
            &lake,
            &stored,
            (&situation, Some(other), None),
            &digest,
        )?;
    }
    for cursor in NONSENSE {
        let situation = format!("a cursor that makes no sense ({cursor})");
        resumed(
            kit,
            &lake,
            &stored,
            (&situation, None, Some(cursor)),
            &digest,
        )?;
    }
    Ok(Verdict::Passed)
}

/// A cursor means the same after another program has written its JSON anew.
fn written_anew(lake: &Lake, digest: &str) -> Result {
    lake.close();
    let db = lake.connection()?;
    for (unit, _, cursor) in lake.cursors()? {
        let json: Json = serde_json::from_str(&cursor)?;
        let anew = serde_json::to_string_pretty(&json)?;
        db.execute(
            "UPDATE checkpoints SET cursor = ?1 WHERE unit = ?2",
            [anew, unit],
        )?;
    }
    drop(db);
    let ran = lake.read(&How::units_only())?.ok()?;
    let inserted = ran.receipt.inserted;
    ensure!(
        inserted == 0,
        "with its cursors written anew as JSON it inserts {inserted} rows again"
    );
    let rule = "with its cursors written anew as JSON it makes another store";
    ensure_same(digest, &lake.digest(Detail::CONTENT)?, rule)
}

/// The rows about checkpoints, but for version and cursor: unit, generation, size, time, hash.
fn checkpoints(lake: &Lake) -> Result<Vec<[Value; 7]>> {
    let db = lake.connection()?;
    let sql = "SELECT unit, version, cursor, generation, size, modified_at, content_hash FROM checkpoints";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let mut values = [const { Value::Null }; 7];
        for (place, value) in values.iter_mut().enumerate() {
            *value = row.get(place)?;
        }
        Ok(values)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Reads into an empty store that has only these cursors: either all comes, or the plugin says that it cannot.
fn resumed(
    kit: &Arc<Kit>,
    lake: &Lake,
    stored: &[[Value; 7]],
    (situation, version, cursor): (&str, Option<u32>, Option<&str>),
    digest: &str,
) -> Result {
    lake.close();
    fs::write(lake.database(), kit.template()?)?;
    let db = lake.connection()?;
    for row in stored {
        let mut row = row.clone();
        if let Some(version) = version {
            row[1] = Value::Integer(version.into());
        }
        if let Some(cursor) = cursor {
            row[2] = Value::Text(cursor.to_owned());
        }
        let sql = "INSERT INTO checkpoints
                       (source, unit, version, cursor, generation, size, modified_at, content_hash, updated_at)
                   VALUES ('source', ?1, ?2, ?3, ?4, ?5, ?6, ?7, '')";
        db.execute(sql, rusqlite::params_from_iter(row))?;
    }
    drop(db);
    if lake.read(&How::units_only())?.error.is_some() {
        return Ok(());
    }
    let rule = format!("{situation} was taken for one of now: what it skips is missing");
    ensure_same(digest, &lake.digest(Detail::CONTENT)?, &rule)
}
