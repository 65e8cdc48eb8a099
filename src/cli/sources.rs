//! Sources as commands name them: those of the configuration, and those that only the store knows.

use std::collections::BTreeSet;
use std::time::Duration;

use datalake_core::config::{by_distance, nearest, suggestion};
use datalake_core::{Error, RELATE_UNIT, Result};
use datalake_store::{Cell, Reader};

use super::app::App;
use super::print;

const DEADLINE: Duration = Duration::from_secs(10);

/// Whether the store has anything of the source of this name.
///
/// # Errors
/// Neither the configuration nor the store knows it.
pub(super) fn known(app: &App, reader: &Reader, name: &str) -> Result<bool> {
    let sql = "SELECT source FROM checkpoints UNION SELECT source FROM origins UNION SELECT source FROM runs";
    let stored = reader.table(sql, &[], DEADLINE)?;
    let mut all: BTreeSet<String> = stored.rows.iter().map(|row| print::cell(&row[0])).collect();
    let is_stored = all.contains(name);
    let configured = app.config.sources.iter().map(|one| one.name.to_string());
    all.extend(configured);
    if all.contains(name) {
        return Ok(is_stored);
    }
    let names = by_distance(name, all.iter().map(String::as_str));
    let hint = match names.is_empty() {
        true => String::from("add a [source.NAME] table to datalake.toml"),
        false => suggestion(name, "sources", names),
    };
    Err(Error::usage(format!("there is no source `{name}`")).hint(hint))
}

/// Fails unless the source has, or had, a unit of this name.
pub(super) fn known_unit(reader: &Reader, source: &str, unit: &str) -> Result<()> {
    let sql = "SELECT unit FROM checkpoints WHERE source = ?1 AND unit != ?2";
    let texts = [source, RELATE_UNIT].map(|text| Cell::Text(text.to_owned()));
    let units = reader.table(sql, &texts, DEADLINE)?;
    let units: Vec<String> = units.rows.iter().map(|row| print::cell(&row[0])).collect();
    if units.iter().any(|known| known == unit) {
        return Ok(());
    }
    let list = format!("`datalake cursor show {source}` lists the units");
    let hint = match nearest(unit, units.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? {list}"),
        None => list,
    };
    Err(Error::usage(format!("the source {source} has no unit `{unit}`")).hint(hint))
}

/// The failure where somebody else reads the source.
pub(super) fn busy(source: &str, holder: Option<String>) -> Error {
    let by = holder.unwrap_or_else(|| String::from("another process"));
    Error::temporary(format!("the source {source} is being read by {by}"))
        .hint("wait until it has ended, or stop it, then try again; nothing was changed")
}
