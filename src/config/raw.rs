//! The configuration as people wrote it: tables whose values know their place, with environment
//! variables and arguments laid over them.

use std::path::PathBuf;
use std::sync::Arc;

use datalake_core::SourceEntry;
use datalake_core::config::{
    Data, DocumentKind, Entry, Folders, Item, Problem, Section, parse_document, suggestion,
};

use super::locate::{Located, locate};
use super::overrides::{self, Assignment};
use super::sections::{CORE_SECTIONS, table_names};
use super::{ConfigErrors, Inputs, select};

/// A `[source.NAME]` as written.
#[derive(Debug)]
pub(super) struct RawSource {
    pub(super) name: String,
    pub(super) section: Section,
    pub(super) chosen: bool,
    pub(super) ad_hoc: bool,
}

impl RawSource {
    /// The name of its plugin: its `type`, or else its own name. Nothing if `type` is no text.
    pub(super) fn plugin(&self) -> Option<&str> {
        match self.section.get("type") {
            Some(item) => item.as_text(),
            None => Some(&self.name),
        }
    }

    /// Its plugin.
    pub(super) fn entry(&self, entries: &[&'static SourceEntry]) -> Option<&'static SourceEntry> {
        let plugin = self.plugin()?;
        entries.iter().find(|entry| entry.name == plugin).copied()
    }
}

/// The configuration as people wrote it.
#[derive(Debug)]
pub(super) struct RawConfig {
    pub(super) file: Option<PathBuf>,
    pub(super) folders: Arc<Folders>,
    /// One for each of [`CORE_SECTIONS`], in the same order.
    pub(super) core: Vec<Section>,
    pub(super) sources: Vec<RawSource>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl RawConfig {
    /// Finds and reads the file and lays everything else over it.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, ConfigErrors> {
        let refused = |problems| ConfigErrors {
            problems,
            warnings: Vec::new(),
        };
        let Located {
            file,
            base,
            document,
        } = locate(inputs).map_err(|problem| refused(vec![problem]))?;
        let entries = parse_document(&document).map_err(refused)?;
        let mut raw = Self::empty(inputs, file, base);
        raw.sort_in(entries);
        if document.kind() == DocumentKind::BuiltIn {
            // It names every plugin there is; a program can be built without some of them.
            raw.sources
                .retain(|source| source.entry(inputs.entries).is_some());
        }
        raw.lay_over(inputs);
        Ok(raw)
    }

    fn empty(inputs: &Inputs<'_>, file: Option<PathBuf>, base: PathBuf) -> Self {
        let folders = Arc::new(Folders {
            base,
            working: inputs.working_folder.clone(),
            environment: inputs.environment.clone(),
        });
        let section = |core: &super::CoreSection| Section::new(core.name, Arc::clone(&folders));
        Self {
            file,
            core: CORE_SECTIONS.iter().map(section).collect(),
            sources: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
            folders,
        }
    }

    /// Environment below `--set`. The type of a source comes first, because it decides which
    /// variables the source has, and which sources `--source` means.
    fn lay_over(&mut self, inputs: &Inputs<'_>) {
        let assignments = Assignment::parse_all(&inputs.set, &mut self.problems);
        overrides::create_sources(self, &assignments);
        overrides::core_environment(self, &inputs.environment);
        overrides::source_types(self, &inputs.environment, &assignments);
        select::choose(self, inputs);
        overrides::source_environment(self, inputs);
        overrides::assign(self, &assignments, !inputs.sources.is_empty());
        select::add_defaults(self, inputs);
    }

    /// Puts the tables of the file where they belong.
    fn sort_in(&mut self, entries: Vec<Entry>) {
        let mut general = Vec::new();
        for entry in entries {
            let core = CORE_SECTIONS
                .iter()
                .position(|section| !section.name.is_empty() && section.name == entry.key);
            match (core, entry.item.data) {
                (Some(at), Data::Table(entries)) => {
                    let section = Section::new(entry.key, Arc::clone(&self.folders));
                    self.core[at] = section.with_entries(entry.key_place, entries);
                }
                (None, Data::Table(sources)) if entry.key == "source" => self.add_sources(sources),
                (core, data) => {
                    let item = Item {
                        data,
                        place: entry.item.place,
                    };
                    let entry = Entry { item, ..entry };
                    match misplaced(&entry, core.is_some() || entry.key == "source") {
                        Some(problem) => self.problems.push(problem),
                        None => general.push(entry),
                    }
                }
            }
        }
        for entry in general {
            self.core[0].add(entry);
        }
    }

    fn add_sources(&mut self, sources: Vec<Entry>) {
        for entry in sources {
            let Data::Table(entries) = entry.item.data else {
                let message = format!("`source.{}` must be a table", entry.key);
                let hint = format!("begin it with a line [source.{}]", nameable(&entry.key));
                self.problems
                    .push(Problem::new(message).at(entry.key_place).hint(hint));
                continue;
            };
            if !is_source_name(&entry.key) {
                let message = format!("`{}` cannot be the name of a source", entry.key);
                let hint = "use letters, digits, `-` and `_`";
                self.problems
                    .push(Problem::new(message).at(entry.key_place).hint(hint));
                continue;
            }
            let name = format!("source.{}", entry.key);
            let section = Section::new(name, Arc::clone(&self.folders));
            let section = section.with_entries(entry.key_place, entries);
            self.sources.push(RawSource {
                name: entry.key,
                section,
                chosen: false,
                ad_hoc: false,
            });
        }
    }

    /// Adds a source without any keys, unless there is one of this name.
    pub(super) fn ensure_source(&mut self, name: &str, ad_hoc: bool) {
        if !self.sources.iter().any(|source| source.name == name) {
            let section = Section::new(format!("source.{name}"), Arc::clone(&self.folders));
            let name = name.to_owned();
            self.sources.push(RawSource {
                name,
                section,
                chosen: false,
                ad_hoc,
            });
        }
    }
}

/// What is wrong with an entry above the first table; nothing if it may be a key there.
fn misplaced(entry: &Entry, names_a_table: bool) -> Option<Problem> {
    let key = &entry.key;
    let problem = |message: String| Problem::new(message).at(entry.key_place.clone());
    if names_a_table {
        let line = if key == "source" {
            "[source.NAME]".to_owned()
        } else {
            format!("[{key}]")
        };
        let message = format!("`{key}` must be a table, not {}", entry.item.describe());
        return Some(problem(message).hint(format!("begin it with a line {line}")));
    }
    if matches!(entry.item.data, Data::Table(_)) || list_of_tables(&entry.item.data) {
        let hint = suggestion(key, "known tables", table_names());
        return Some(problem(format!("unknown table [{key}]")).hint(hint));
    }
    let known = |section: &&super::CoreSection| section.fields.iter().any(|f| f.name == key);
    let owner = CORE_SECTIONS.iter().find(known)?;
    let message = format!("unknown key `{key}` above the first table");
    let hint = format!("it belongs below the line [{}]", owner.name);
    (!owner.name.is_empty()).then(|| problem(message).hint(hint))
}

fn list_of_tables(data: &Data) -> bool {
    match data {
        Data::List(items) => items.iter().any(|item| matches!(item.data, Data::Table(_))),
        _ => false,
    }
}

/// Source names stand in environment variables and file names, so they are plain.
pub(super) fn is_source_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 64 && name.chars().all(plain)
}

fn nameable(name: &str) -> &str {
    if is_source_name(name) { name } else { "NAME" }
}
