//! `datalake list`: the newest rows of any dataset.

use std::time::Duration;

use datalake_core::config::nearest;
use datalake_core::{Dataset, Error, Result, Shape};
use datalake_store::{Catalog, Cell, Reader, Table};

use super::app::App;
use super::print::{self, Grid};
use super::runs::{objects, zone};
use super::{Exit, ListArgs};

const DEADLINE: Duration = Duration::from_secs(10);
/// At most this many columns stand in a table; `--json` has all of them.
const SHOWN: usize = 7;

pub(super) fn list(app: &App, args: &ListArgs) -> Result<Exit> {
    let catalog = app.catalog()?;
    let dataset = find(&catalog, &args.dataset)?;
    let reader = app.reader()?;
    if !args.tags.is_empty() && !dataset.tags {
        return Err(Error::usage(format!(
            "the rows of {} have no tags",
            dataset.name
        )));
    }
    let table = newest(&reader, dataset, &args.tags, args.limit)?;
    if app.json {
        print::json(&objects(&table))?;
    } else {
        print_rows(&reader, dataset, &table)?;
    }
    Ok(Exit::Done)
}

/// The dataset of a name, or an error with the nearest.
pub(super) fn find(catalog: &Catalog, name: &str) -> Result<&'static Dataset> {
    catalog.dataset(name).ok_or_else(|| {
        let names: Vec<&str> = catalog
            .datasets()
            .iter()
            .map(|dataset| dataset.name)
            .collect();
        let all = names.join(", ");
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? The datasets are: {all}"),
            None => format!("the datasets are: {all}"),
        };
        Error::usage(format!("there is no dataset `{name}`")).hint(hint)
    })
}

fn newest(reader: &Reader, dataset: &Dataset, tags: &[String], limit: u32) -> Result<Table> {
    let wanted = vec!["instr(',' || tags || ',', ',' || ? || ',') > 0"; tags.len()].join(" AND ");
    let filter = if tags.is_empty() {
        String::new()
    } else {
        format!("WHERE {wanted}")
    };
    let sql = format!(
        "SELECT * FROM {} {filter} ORDER BY {} DESC LIMIT ?",
        dataset.name,
        order(dataset)
    );
    let mut parameters: Vec<Cell> = tags
        .iter()
        .map(|tag| Cell::Text(tag.trim().to_owned()))
        .collect();
    parameters.push(Cell::Integer(i64::from(limit)));
    reader.table(&sql, &parameters, DEADLINE)
}

/// A series is in the order of its key, which begins with the time; rows have an index over (time, id).
fn order(dataset: &Dataset) -> String {
    match dataset.shape {
        Shape::Series => dataset.time.to_owned(),
        Shape::Rows => format!("{} DESC, id", dataset.time),
    }
}

/// The id, the time, and the first columns that say something.
fn print_rows(reader: &Reader, dataset: &Dataset, table: &Table) -> Result<()> {
    if table.rows.is_empty() {
        return print::stdout(|out| writeln!(out, "no rows"));
    }
    let zone = zone(reader)?;
    let shown = shown_columns(dataset, table);
    let names: Vec<String> = shown
        .iter()
        .map(|&place| table.columns[place].to_uppercase())
        .collect();
    let mut grid = Grid::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &table.rows {
        let cells = shown
            .iter()
            .map(|&place| print::local(&print::cell(&row[place]), &zone));
        grid.row(cells.collect());
    }
    print::stdout(|out| grid.print(out))
}

fn shown_columns(dataset: &Dataset, table: &Table) -> Vec<usize> {
    let place = |name: &str| table.columns.iter().position(|column| column == name);
    let time = if dataset.time_is_number() {
        "timestamp"
    } else {
        dataset.time
    };
    let first = ["id", time]
        .into_iter()
        .chain(dataset.title)
        .chain(dataset.tags.then_some("tags"));
    let mut shown: Vec<usize> = first.filter_map(place).collect();
    let filled = |column: usize| table.rows.iter().any(|row| row[column] != Cell::Null);
    let kept = [
        "origin",
        "version",
        "scope",
        "seen",
        "batch",
        "ingested_at",
        "_unix",
        "_key",
    ];
    for column in 0..table.columns.len() {
        let name = &table.columns[column];
        let own = !kept
            .iter()
            .any(|kept| name.starts_with(kept) || name.ends_with(kept))
            && name != "time";
        if shown.len() < SHOWN && !shown.contains(&column) && own && filled(column) {
            shown.push(column);
        }
    }
    shown
}
