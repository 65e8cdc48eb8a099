//! Which kept content is meant: by the name of its file first, then through the rows that came from it.

use std::collections::BTreeSet;

use datalake_core::config::nearest;
use datalake_core::{Dataset, Error, Kind, Result, Shape};
use datalake_store::{Cell, RawContent, Reader};

use super::super::app::App;
use super::super::{datasets, print, sources};
use super::{DEADLINE, ExportArgs};

/// At most so many contents are named in an error.
const NAMED: usize = 10;

/// What a name can mean.
pub(super) struct Found {
    /// The contents that are meant.
    pub(super) contents: Vec<RawContent>,
    /// Contents that lie in a folder of that name: what belongs to the same thing.
    pub(super) below: Vec<RawContent>,
}

/// Finds what the arguments can mean. Only a list may be empty.
pub(super) fn find(app: &App, reader: &Reader, args: &ExportArgs) -> Result<Found> {
    if let Some(source) = &args.source {
        sources::known(app, reader, source)?;
    }
    let all = reader.raw_contents(DEADLINE)?;
    let mut found = match (&args.name, args.id) {
        (Some(dataset), Some(id)) => of_row(app, reader, &all, dataset, id)?,
        (Some(name), None) => named(app, reader, &all, name)?,
        (None, _) => Found {
            contents: all.clone(),
            below: Vec::new(),
        },
    };
    let any = !found.contents.is_empty();
    found.contents.retain(|content| is_wanted(content, args));
    found.below.retain(|content| is_wanted(content, args));
    let lists = args.list && (any_of(args).is_none() || !found.below.is_empty());
    if found.contents.is_empty() && !lists {
        return Err(nothing(reader, &all, args, any)?);
    }
    Ok(found)
}

/// What was asked for, in words; nothing where everything was.
fn any_of(args: &ExportArgs) -> Option<&str> {
    args.name
        .as_deref()
        .or(args.unit.as_deref())
        .or(args.source.as_deref())
}

fn is_wanted(content: &RawContent, args: &ExportArgs) -> bool {
    let source = args.source.as_ref();
    let unit = args.unit.as_ref();
    source.is_none_or(|source| *source == content.source)
        && unit.is_none_or(|unit| *unit == content.unit)
        && args
            .generation
            .is_none_or(|number| number == content.generation)
}

/// The content that a row came from.
fn of_row(app: &App, reader: &Reader, all: &[RawContent], name: &str, id: i64) -> Result<Found> {
    let catalog = app.catalog()?;
    let dataset = datasets::find(&catalog, name)?;
    let sql = match dataset.shape {
        Shape::Rows => format!("SELECT origin FROM {} WHERE id = ?1", dataset.table),
        // The numbers of samples are made of that of the content and a place in it.
        Shape::Series => String::from("SELECT id FROM origins WHERE id = ?1 >> 40"),
    };
    let row = reader.table(&sql, &[Cell::Integer(id)], DEADLINE)?;
    if row.rows.is_empty() {
        let hint = format!("`datalake list {name}` shows rows with their numbers");
        return Err(Error::usage(format!("{name} has no row {id}")).hint(hint));
    }
    let origins = print::integers(&row).into_iter().collect();
    let contents = of_origins(all, &origins);
    if contents.is_empty() {
        return Err(not_kept(&format!("the file that {name} {id} came from")));
    }
    Ok(Found {
        contents,
        below: Vec::new(),
    })
}

fn of_origins(all: &[RawContent], origins: &BTreeSet<i64>) -> Vec<RawContent> {
    let contents = all.iter();
    contents
        .filter(|content| origins.contains(&content.origin))
        .cloned()
        .collect()
}

/// By the path or the name of the file, else by the key of a row.
fn named(app: &App, reader: &Reader, all: &[RawContent], name: &str) -> Result<Found> {
    let pick = |is: &dyn Fn(&str, &str) -> bool| -> Vec<RawContent> {
        let contents = all.iter();
        contents
            .filter(|content| is(&content.unit, name))
            .cloned()
            .collect()
    };
    let below = pick(&is_below);
    let by_name = [
        pick(&is_path),
        pick(&is_file_name),
        pick(&is_stem),
        pick(&is_start),
    ];
    let contents = match by_name.into_iter().find(|found| !found.is_empty()) {
        Some(found) => found,
        None => of_origins(all, &origins_of_key(app, reader, name)?),
    };
    Ok(Found { contents, below })
}

/// The unit itself, or a path on the disk that ends with it.
fn is_path(unit: &str, name: &str) -> bool {
    let rest = name.strip_suffix(unit);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

fn file_name(unit: &str) -> &str {
    unit.rsplit('/').next().unwrap_or(unit)
}

fn is_file_name(unit: &str, name: &str) -> bool {
    file_name(unit) == name
}

/// The name without its ending, and that of a compression: `a.jsonl.gz`.
fn is_stem(unit: &str, name: &str) -> bool {
    let plain = [".gz", ".zst"]
        .iter()
        .find_map(|packed| unit.strip_suffix(packed));
    let file = file_name(plain.unwrap_or(unit));
    let stem = file.rsplit_once('.').map(|(stem, _)| stem);
    stem.is_some_and(|stem| stem == name && !name.is_empty())
}

/// The name without all that follows a dot: `a.meta.json`, unless there is an `a.json`.
fn is_start(unit: &str, name: &str) -> bool {
    let start = file_name(unit).split_once('.').map(|(start, _)| start);
    start.is_some_and(|start| start == name && !name.is_empty())
}

/// Whether the file lies in a folder of this name.
fn is_below(unit: &str, name: &str) -> bool {
    let mut folders = unit.split('/').rev().skip(1);
    folders.any(|folder| folder == name)
}

/// The contents that rows with this key came from.
fn origins_of_key(app: &App, reader: &Reader, key: &str) -> Result<BTreeSet<i64>> {
    let catalog = app.catalog()?;
    let mut origins = BTreeSet::new();
    for dataset in catalog.datasets() {
        if let Some(column) = text_key(dataset) {
            let sql = format!(
                "SELECT DISTINCT origin FROM {} WHERE {column} = ?1 AND origin IS NOT NULL",
                dataset.table
            );
            let rows = reader.table(&sql, &[Cell::Text(key.to_owned())], DEADLINE)?;
            origins.extend(print::integers(&rows));
        }
    }
    Ok(origins)
}

/// The column by whose text alone rows are told apart.
fn text_key(dataset: &Dataset) -> Option<&'static str> {
    let [column] = dataset.key else { return None };
    let is_text =
        |known: &&datalake_core::Column| known.name == *column && known.kind == Kind::Text;
    let rows = dataset.shape == Shape::Rows;
    (rows && dataset.columns.iter().any(|known| is_text(&known))).then_some(*column)
}

/// Why there is nothing. `any` says whether there was before the choice was narrowed.
fn nothing(reader: &Reader, all: &[RawContent], args: &ExportArgs, any: bool) -> Result<Error> {
    let name = any_of(args).unwrap_or_default();
    let list = "`datalake export --raw --list` lists what is kept";
    if any {
        let message =
            format!("of what `{name}` can mean nothing has this source, unit and generation");
        let list = match &args.name {
            Some(name) => format!("`datalake export --raw --list {name}` lists all of it"),
            None => list.to_owned(),
        };
        return Ok(Error::usage(message).hint(list));
    }
    let units = reader.table("SELECT DISTINCT unit FROM checkpoints", &[], DEADLINE)?;
    let units = units.rows.iter().map(|row| print::cell(&row[0]));
    let is = |unit: &str| is_path(unit, name) || is_file_name(unit, name) || is_start(unit, name);
    if let Some(unit) = units.into_iter().find(|unit| is(unit)) {
        return Ok(not_kept(&unit));
    }
    let names = all.iter().flat_map(|content| {
        let file = file_name(&content.unit);
        let stem = file.split('.').next().unwrap_or(file);
        [content.unit.as_str(), file, stem]
    });
    let hint = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`? {list}"),
        None => list.to_owned(),
    };
    Ok(Error::usage(format!("nothing that is kept is called `{name}`")).hint(hint))
}

fn not_kept(what: &str) -> Error {
    Error::usage(format!("the bytes of {what} are not kept")).hint(
        "they are for formats whose rows do not hold all of them; `datalake export --raw --list` lists what is kept",
    )
}

impl Found {
    /// The one content that is meant: of several that are the same to the byte, any.
    pub(super) fn only(&self, reader: &Reader, args: &ExportArgs) -> Result<&RawContent> {
        match self.contents.as_slice() {
            [content] => Ok(content),
            several if reader.same_raw(several, DEADLINE)? => Ok(&several[0]),
            several => Err(ambiguous(several, any_of(args).unwrap_or_default())),
        }
    }
}

/// Says which there are, and what tells them apart.
fn ambiguous(contents: &[RawContent], name: &str) -> Error {
    let mut message = format!("`{name}` can mean {} contents", contents.len());
    for content in contents.iter().take(NAMED) {
        let RawContent {
            source,
            unit,
            generation,
            bytes,
            ..
        } = content;
        let unit = print::line(unit);
        let bytes = print::bytes(*bytes);
        message.push_str(&format!(
            "\n  --source {source} --unit {unit} --generation {generation}  ({bytes})"
        ));
    }
    if contents.len() > NAMED {
        message.push_str(&format!("\n  and {} more", contents.len() - NAMED));
    }
    Error::usage(message)
        .hint("add what tells them apart; --list shows what has become of each file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let unit = "-home-me/0b1c.jsonl";
        assert!(is_path(unit, unit) && is_path(unit, "/root/projects/-home-me/0b1c.jsonl"));
        assert!(!is_path(unit, "/root/x-home-me/0b1c.jsonl"));
        assert!(is_file_name(unit, "0b1c.jsonl") && !is_file_name(unit, "0b1c"));
        assert!(is_stem(unit, "0b1c") && is_stem("0b1c.jsonl.gz", "0b1c"));
        assert!(!is_stem(unit, "0b1") && !is_stem(unit, "") && !is_stem(".jsonl", ""));
        assert!(!is_stem("x/0b1c.meta.json", "0b1c") && is_start("x/0b1c.meta.json", "0b1c"));
        assert!(is_below("x/0b1c/subagents/agent-1.jsonl", "0b1c"));
        assert!(!is_below("x/0b1c", "0b1c") && !is_below("x/y", ""));
    }
}
