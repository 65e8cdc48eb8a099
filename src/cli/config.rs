//! `datalake config`: every effective value and where it comes from, and the schema of the file.

use datalake_core::{Result, registry};

use super::app::App;
use super::{Exit, print};

pub(super) fn show(app: &App) -> Result<Exit> {
    let rows = app.config.show();
    if app.json {
        print::json(&rows)?;
    } else {
        let file = app.config.file.as_ref().map_or_else(
            || String::from("no configuration file: the built-in one is used"),
            |file| format!("configuration: {}", file.display()),
        );
        let table = crate::config::table(rows);
        print::stdout(|out| write!(out, "{file}\n\n{table}"))?;
    }
    Ok(Exit::Done)
}

/// Prints the JSON schema of the file; it is JSON for people as well.
pub(super) fn schema() -> Result<Exit> {
    print::json(&crate::config::json_schema(&registry::sources()?))?;
    Ok(Exit::Done)
}
