//! `datalake init`: makes the database and the data folder, and says what it made.

use datalake_core::Result;

use super::app::{App, created_lines};
use super::{Exit, print};

pub(super) fn run(app: &App) -> Result<Exit> {
    let (store, created) = app.store(App::clock())?;
    let settings = store.settings();
    if app.json {
        print::json(&serde_json::json!({
            "database": settings.database,
            "data": settings.data,
            "created_database": created.database,
            "created_data": created.data,
            "backup": created.backup,
            "device": &*store.facts().device,
            "zone": store.facts().zone.name(),
        }))?;
        return Ok(Exit::Done);
    }
    let mut lines = created_lines(app, &created);
    if lines.is_empty() {
        lines.push(format!(
            "the database {} is there already",
            settings.database.display()
        ));
    }
    lines.push(format!(
        "device: {}, time zone: {}",
        store.facts().device,
        store.facts().zone.name()
    ));
    print::stdout(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    Ok(Exit::Done)
}
