//! One table of the configuration while it is read: values are taken out one by one, and what
//! nobody took is reported.

use std::sync::Arc;

use serde::Serialize;

use super::document::{Document, DocumentKind, Place};
use super::field::Field;
use super::item::{Entry, Item, parse_document, parse_override};
use super::nearest::{nearest, suggestion};
use super::paths::Folders;
use super::problem::Problem;
use super::reader::Reader;
use super::value::ConfigValue;

/// An effective value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The full key, such as `server.api`.
    pub key: String,
    /// The value as TOML, `***` for secrets; nothing where there is no value.
    pub value: Option<String>,
    /// `default`, `datalake.toml:7`, `environment DATALAKE_SERVER_API` or `--set server.api`.
    pub origin: String,
}

/// A table of the configuration while it is read.
#[derive(Debug)]
pub struct Section {
    name: String,
    place: Option<Place>,
    entries: Vec<Entry>,
    folders: Arc<Folders>,
    also_known: Vec<&'static Field>,
    taken: Vec<(&'static str, Place)>,
    rows: Vec<Row>,
    problems: Vec<Problem>,
}

impl Section {
    /// An empty section; `name` is written as in the file: `server`, `source.notes`, or nothing
    /// for the keys that stand above the first table.
    pub fn new(name: impl Into<String>, folders: Arc<Folders>) -> Self {
        Self {
            name: name.into(),
            place: None,
            entries: Vec::new(),
            folders,
            also_known: Vec::new(),
            taken: Vec::new(),
            rows: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A section from TOML text, for tests. Its file is called `datalake.toml`, its name is
    /// `source.test`, and relative paths start at `/base`.
    pub fn from_text(text: &str) -> Self {
        let mut section = Self::new("source.test", Arc::new(Folders::at("/base")));
        match parse_document(&Document::file("datalake.toml", text)) {
            Ok(entries) => section.entries = entries,
            Err(problems) => section.problems = problems,
        }
        section
    }

    /// Adds the entries of a table; `place` is where the table begins.
    #[must_use]
    pub fn with_entries(mut self, place: Place, entries: Vec<Entry>) -> Self {
        self.place = Some(place);
        self.entries = entries;
        self
    }

    /// Names keys that are read by somebody else, so that they are suggested for unknown ones.
    pub fn also_known(&mut self, fields: &'static [Field]) {
        self.also_known.extend(fields);
    }

    /// Its name, such as `source.notes`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the meaning of a path depends on.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// A value that has not been taken yet.
    pub fn get(&self, key: &str) -> Option<&Item> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.item)
    }

    /// Adds what stands in the file.
    pub fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Sets a value over what the file says.
    pub fn set(&mut self, key: &str, item: Item) {
        self.entries.retain(|entry| entry.key != key);
        let key_place = item.place.clone();
        self.entries.push(Entry {
            key: key.to_owned(),
            key_place,
            item,
        });
    }

    /// Takes out a value. A mistake in it is reported and gives nothing.
    pub fn take<T: ConfigValue>(&mut self, field: &'static Field) -> Option<T> {
        let Some((item, place)) = self.take_item(field) else {
            let absent = T::absent();
            match &absent {
                Some(value) => self.keep_row::<T>(field, value, "default".into()),
                None => self.missing(field),
            }
            return absent;
        };
        self.taken.push((field.name, place));
        let mut reader = Reader::new(field, &self.folders, &mut self.problems);
        let value = T::read(&item, &mut reader)?;
        self.keep_row::<T>(field, &value, item.place.origin());
        Some(value)
    }

    /// The given item or the default, and the place to report problems at.
    fn take_item(&mut self, field: &Field) -> Option<(Item, Place)> {
        if let Some(at) = self
            .entries
            .iter()
            .position(|entry| entry.key == field.name)
        {
            let item = self.entries.remove(at).item;
            let place = item.place.clone();
            return Some((item, place));
        }
        let item = parse_override(&Document::default_value(field.raw_default?));
        let place = item.place.clone();
        Some((item, place))
    }

    fn keep_row<T: ConfigValue>(&mut self, field: &Field, value: &T, origin: String) {
        let row = Row {
            key: self.full_key(field.name),
            value: value.to_toml(),
            origin,
        };
        self.rows.push(row);
    }

    fn full_key(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    fn missing(&mut self, field: &Field) {
        let message = format!("`{}` is missing in [{}]", field.name, self.name);
        let example = field
            .example()
            .map(|example| format!(", such as `{} = {example}`", field.name));
        let hint = format!("it must be {}{}", field.kind(), example.unwrap_or_default());
        self.report(Problem::new(message).hint(hint));
    }

    /// Reports a problem with a key, at the place of its value. Call it after the key was taken,
    /// for rules that need more than one value.
    pub fn refuse(&mut self, key: &str, message: impl Into<String>) {
        self.refuse_with_hint(key, message, None);
    }

    /// The same, with what to do next.
    pub fn refuse_with_hint(
        &mut self,
        key: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let mut problem = Problem::new(message);
        problem = match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        };
        match self.taken.iter().find(|(name, _)| *name == key) {
            Some((_, place)) if place.document().kind() != DocumentKind::Default => {
                self.problems.push(problem.at(place.clone()));
            }
            _ => self.report(problem),
        }
    }

    /// Reports a problem; one without a place is placed where the section begins.
    pub fn report(&mut self, problem: Problem) {
        let place = if problem.place().is_none() {
            self.place.clone()
        } else {
            None
        };
        self.problems.push(match place {
            Some(place) => problem.at(place),
            None => problem,
        });
    }

    /// Reports every key that nobody took. Knows `fields` and what [`Section::also_known`] named.
    pub fn finish(&mut self, fields: &'static [Field]) {
        let known: Vec<&Field> = fields
            .iter()
            .chain(self.also_known.iter().copied())
            .collect();
        for entry in std::mem::take(&mut self.entries) {
            self.problems.push(self.unknown(entry, &known));
        }
    }

    fn unknown(&self, entry: Entry, known: &[&Field]) -> Problem {
        let names = known.iter().map(|field| field.name);
        let near = nearest(&entry.key, names.clone());
        let place = if self.name.is_empty() {
            String::new()
        } else {
            format!(" in [{}]", self.name)
        };
        let problem = Problem::new(format!("unknown key `{}`{place}", entry.key))
            .at(entry.key_place)
            .hint(suggestion(&entry.key, "known keys", names));
        // A misspelt `token` has the token behind it.
        let secret = known
            .iter()
            .any(|field| field.secret && Some(field.name) == near);
        if secret { problem.hide_line() } else { problem }
    }

    /// The problems found so far.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The problems and the effective values; the section is done.
    pub fn into_parts(self) -> (Vec<Problem>, Vec<Row>) {
        (self.problems, self.rows)
    }

    /// The reports of all problems, one blank line between them, for tests.
    pub fn report_text(&self) -> String {
        self.problems
            .iter()
            .map(Problem::render)
            .collect::<Vec<_>>()
            .join("\n\n")
    }
}
