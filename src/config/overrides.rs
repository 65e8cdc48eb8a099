//! What is laid over the file: environment variables, and over them `--set`.

use datalake_core::SourceEntry;
use datalake_core::config::{
    Document, Environment, Field, Item, Problem, nearest, parse_override, suggestion,
};

use super::Inputs;
use super::raw::{RawConfig, is_source_name};
use super::sections::{CORE_SECTIONS, SourceSettings, table_names};

/// Variables of the seed, and a short name for the database: the later one wins.
const SHORT_NAMES: &[(&str, &str, &str)] = &[
    ("DATA_DIR", "store", "data_dir"),
    ("DB_FILE", "store", "db_file"),
    ("LOG_DIR", "log", "dir"),
    ("DATALAKE_DB", "store", "db_file"),
];

/// Variables with our prefix that are read elsewhere.
const OTHER_NAMES: &[&str] = &["DATALAKE_CONFIG", "DATALAKE_DB"];

const PREFIX: &str = "DATALAKE_";

/// The variable of a key: `server.api` is `DATALAKE_SERVER_API`.
fn variable(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    let upper = parts.map(|part| part.to_ascii_uppercase().replace('-', "_"));
    format!("{PREFIX}{}", upper.collect::<Vec<_>>().join("_"))
}

fn item_of(environment: &Environment, name: &str) -> Option<Item> {
    Some(parse_override(&Document::environment(
        name,
        environment.get(name)?,
    )))
}

/// Lays the variables of the core sections over them; the more specific name wins.
pub(super) fn core_environment(raw: &mut RawConfig, environment: &Environment) {
    for (name, section, key) in SHORT_NAMES {
        let at = CORE_SECTIONS.iter().position(|core| core.name == *section);
        if let (Some(at), Some(item)) = (at, item_of(environment, name)) {
            raw.core[at].set(key, item);
        }
    }
    for (at, core) in CORE_SECTIONS.iter().enumerate() {
        for field in core.fields {
            if let Some(item) = item_of(environment, &variable(&[core.name, field.name])) {
                raw.core[at].set(field.name, item);
            }
        }
    }
    if environment.get("SCHEMA_FILE").is_some() {
        let message = "SCHEMA_FILE is ignored: the schema is part of the program";
        raw.warnings.push(Problem::warning(message));
    }
}

/// Lays the types of sources over them.
pub(super) fn source_types(
    raw: &mut RawConfig,
    environment: &Environment,
    assignments: &[Assignment],
) {
    for source in &mut raw.sources {
        if let Some(item) = item_of(environment, &variable(&["source", &source.name, "type"])) {
            source.section.set("type", item);
        }
        for assignment in assignments {
            if let Key::Source(name, key) = &assignment.key
                && *name == source.name
                && key == "type"
            {
                source.section.set("type", assignment.item.clone());
            }
        }
    }
}

/// The keys of a source: those that all have, and those of its plugin.
fn source_fields(entry: Option<&'static SourceEntry>) -> impl Iterator<Item = &'static Field> {
    SourceSettings::FIELDS
        .iter()
        .chain(entry.map_or(&[][..], |entry| entry.fields))
}

/// Lays the other variables of sources over them, and warns of variables that mean nothing.
pub(super) fn source_environment(raw: &mut RawConfig, inputs: &Inputs<'_>) {
    let mut known: Vec<String> = OTHER_NAMES.iter().map(|&name| name.into()).collect();
    for core in CORE_SECTIONS {
        known.extend(
            core.fields
                .iter()
                .map(|field| variable(&[core.name, field.name])),
        );
    }
    for source in &mut raw.sources {
        for field in source_fields(source.entry(inputs.entries)) {
            let name = variable(&["source", &source.name, field.name]);
            if let Some(item) = item_of(&inputs.environment, &name) {
                source.section.set(field.name, item);
            }
            known.push(name);
        }
    }
    warn_of_unknown(raw, &inputs.environment, &known);
}

fn warn_of_unknown(raw: &mut RawConfig, environment: &Environment, known: &[String]) {
    // The common beginning would make every name look near.
    let tails = || known.iter().filter_map(|name| name.strip_prefix(PREFIX));
    for (name, _) in environment.iter() {
        let Some(tail) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if known.iter().any(|known| known == name) {
            continue;
        }
        let message = format!("the environment variable {name} means nothing and is ignored");
        let warning = Problem::warning(message);
        raw.warnings.push(match nearest(tail, tails()) {
            Some(near) => warning.hint(format!("did you mean {PREFIX}{near}?")),
            None => warning,
        });
    }
    for name in environment
        .unreadable()
        .iter()
        .filter(|name| name.starts_with(PREFIX))
    {
        let message = format!("the environment variable {name} is not UTF-8 text and is ignored");
        raw.warnings.push(Problem::warning(message));
    }
}

/// The key of a `--set`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// Without a dot: for every chosen source.
    Bare(String),
    /// `server.api`.
    Core(String, String),
    /// `source.NAME.key`.
    Source(String, String),
}

/// A `--set key=value`.
#[derive(Debug, Clone)]
pub(super) struct Assignment {
    pub(super) key: Key,
    pub(super) item: Item,
}

impl Assignment {
    /// Reads all arguments; those that make no sense become problems.
    pub(super) fn parse_all(arguments: &[String], problems: &mut Vec<Problem>) -> Vec<Self> {
        let mut parsed = Vec::new();
        for argument in arguments {
            match Self::parse(argument) {
                Ok(assignment) => parsed.push(assignment),
                Err(problem) => problems.push(*problem),
            }
        }
        parsed
    }

    fn parse(argument: &str) -> Result<Self, Box<Problem>> {
        let problem = |message: String, hint: String| Box::new(Problem::new(message).hint(hint));
        let Some((key, value)) = argument.split_once('=') else {
            let hint = format!("write --set {argument}=VALUE");
            return Err(problem(format!("--set {argument} has no value"), hint));
        };
        let key = key.trim();
        let item = parse_override(&Document::argument(key, value.trim()));
        let parts: Vec<&str> = key.split('.').map(str::trim).collect();
        let key = match parts[..] {
            ["source", name, key] if is_source_name(name) => Key::Source(name.into(), key.into()),
            [section, key] if section != "source" && !section.is_empty() => {
                Key::Core(section.into(), key.into())
            }
            [key] if !key.is_empty() => Key::Bare(key.into()),
            _ => {
                let hint = "write SECTION.KEY, such as server.api, or source.NAME.KEY";
                let message = format!("--set {key}=... does not name a key");
                return Err(problem(message, hint.into()));
            }
        };
        Ok(Self { key, item })
    }
}

/// A source that stands in no file can be made up of `--set` alone.
pub(super) fn create_sources(raw: &mut RawConfig, assignments: &[Assignment]) {
    for assignment in assignments {
        if let Key::Source(name, _) = &assignment.key {
            raw.ensure_source(name, false);
        }
    }
}

/// Lays the arguments over everything; the last one wins.
pub(super) fn assign(raw: &mut RawConfig, assignments: &[Assignment], some_chosen: bool) {
    for Assignment { key, item } in assignments {
        match key {
            Key::Source(name, key) => {
                for source in raw.sources.iter_mut().filter(|source| source.name == *name) {
                    source.section.set(key, item.clone());
                }
            }
            Key::Core(section, key) => {
                match CORE_SECTIONS.iter().position(|core| core.name == section) {
                    Some(at) => raw.core[at].set(key, item.clone()),
                    None => raw.problems.push(no_section(section, key)),
                }
            }
            Key::Bare(key) if some_chosen => {
                for source in raw.sources.iter_mut().filter(|source| source.chosen) {
                    source.section.set(key, item.clone());
                }
            }
            Key::Bare(key) if CORE_SECTIONS[0].fields.iter().any(|f| f.name == key) => {
                raw.core[0].set(key, item.clone());
            }
            Key::Bare(key) => raw.problems.push(whose(key)),
        }
    }
}

fn no_section(section: &str, key: &str) -> Problem {
    let hint = suggestion(section, "known sections", table_names());
    Problem::new(format!(
        "--set {section}.{key}=... names an unknown section"
    ))
    .hint(hint)
}

/// A key without a section and without a source.
fn whose(key: &str) -> Problem {
    let full = CORE_SECTIONS.iter().flat_map(|core| {
        let same = core.fields.iter().filter(|field| field.name == key);
        same.map(|field| core.key(field))
    });
    let problem = Problem::new(format!("--set {key}=... does not say whose key it is"));
    problem.hint(match full.into_iter().next() {
        Some(full) => format!("did you mean {full}? For a key of a source choose it with --source"),
        None => "choose a source with --source, or write source.NAME.KEY".to_owned(),
    })
}
