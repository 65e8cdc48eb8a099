//! `--source`: which sources are meant, by name or by the name of their plugin.

use std::sync::Arc;

use datalake_core::config::{
    Data, Document, Problem, Section, by_distance, parse_override, suggestion, toml_string,
};
use datalake_core::{INGESTED, SourceEntry};

use super::Inputs;
use super::raw::{RawConfig, RawSource};

/// Marks the chosen sources, and adds one with the plugin's defaults where a plugin is named that
/// no source uses.
pub(super) fn choose(raw: &mut RawConfig, inputs: &Inputs<'_>) {
    for name in &inputs.sources {
        if let Some(source) = raw.sources.iter_mut().find(|source| source.name == *name) {
            source.chosen = true;
        } else if raw
            .sources
            .iter()
            .any(|source| source.plugin() == Some(name))
        {
            choose_by_plugin(raw, name);
        } else if inputs.entries.iter().any(|entry| entry.name == name) {
            raw.ensure_source(name, true);
            raw.sources
                .iter_mut()
                .filter(|s| s.name == *name)
                .for_each(|s| s.chosen = true);
        } else {
            let problem = unknown(raw, inputs, name);
            raw.problems.push(problem);
        }
    }
}

/// Chooses the sources of a plugin. The disabled ones are left out, unless there are no others:
/// then they must be the ones that are meant.
fn choose_by_plugin(raw: &mut RawConfig, plugin: &str) {
    let any_enabled = raw
        .sources
        .iter()
        .any(|s| s.plugin() == Some(plugin) && !is_disabled(s));
    for source in &mut raw.sources {
        if source.plugin() == Some(plugin) && !(any_enabled && is_disabled(source)) {
            source.chosen = true;
        }
    }
}

/// Adds a source with a plugin's defaults for each of the plugins asked for, unless just one source uses it already.
/// No section can have its name.
pub(super) fn add_defaults(raw: &mut RawConfig, inputs: &Inputs<'_>) {
    for plugin in &inputs.plugins {
        let using = |source: &&RawSource| source.plugin() == Some(plugin);
        let entry = inputs.entries.iter().find(|entry| entry.name == *plugin);
        if let Some(entry) = entry
            && raw.sources.iter().filter(using).count() != 1
        {
            let section = Section::new(format!("source.{plugin}"), Arc::clone(&raw.folders));
            raw.sources.push(RawSource {
                name: format!("{INGESTED}{plugin}"),
                section: with_defaults(section, entry),
                chosen: false,
                ad_hoc: true,
            });
        }
    }
}

/// What is read is named one by one: where it would search does not matter, but some plugins want to be told.
fn with_defaults(mut section: Section, entry: &SourceEntry) -> Section {
    let folders = entry.fields.iter();
    let folders = folders.filter(|field| field.required && field.kind().starts_with("a path"));
    let values = folders.map(|field| (field.name, "."));
    for (key, value) in values.chain([("type", entry.name)]) {
        let value = Document::default_value(&toml_string(value));
        section.set(key, parse_override(&value));
    }
    section
}

fn is_disabled(source: &RawSource) -> bool {
    let enabled = source.section.get("enabled").map(|item| &item.data);
    matches!(enabled, Some(Data::Bool(false)))
}

fn unknown(raw: &RawConfig, inputs: &Inputs<'_>, name: &str) -> Problem {
    let sources = raw.sources.iter().map(|source| source.name.as_str());
    let names = sources.chain(inputs.entries.iter().map(|entry| entry.name));
    let hint = suggestion(name, "sources and plugins", by_distance(name, names));
    Problem::new(format!(
        "--source {name}: there is no such source or plugin"
    ))
    .hint(hint)
}
