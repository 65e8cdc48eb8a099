//! The JSON schema of `datalake.toml`, for editors.

use datalake_core::SourceEntry;
use datalake_core::config::Field;
use serde_json::{Map, Value as Json, json};

use super::sections::{CORE_SECTIONS, SourceSettings};

/// The schema of the whole file for these plugins.
pub fn json_schema(entries: &[&'static SourceEntry]) -> Json {
    let mut properties = Map::new();
    for section in CORE_SECTIONS {
        if section.name.is_empty() {
            properties.extend(keys(section.fields));
        } else {
            let mut table = table(&keys(section.fields), section.fields);
            table["description"] = section.doc().into();
            properties.insert(section.name.into(), table);
        }
    }
    properties.insert("source".into(), sources(entries));
    let definition = |entry: &&SourceEntry| (format!("plugin-{}", entry.name), source(entry));
    let mut definitions: Map<String, Json> = entries.iter().map(definition).collect();
    definitions.insert("source".into(), typed_source(entries));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "datalake.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "$defs": definitions,
    })
}

fn keys(fields: &[Field]) -> Map<String, Json> {
    fields
        .iter()
        .map(|field| (field.name.to_owned(), field.schema()))
        .collect()
}

fn table(properties: &Map<String, Json>, fields: &[Field]) -> Json {
    let required: Vec<&str> = fields
        .iter()
        .filter(|f| f.required)
        .map(|f| f.name)
        .collect();
    let mut table =
        json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        table["required"] = required.into();
    }
    table
}

/// The table of one plugin's source.
fn source(entry: &SourceEntry) -> Json {
    let mut properties = keys(SourceSettings::FIELDS);
    properties.extend(keys(entry.fields));
    properties["type"]["const"] = entry.name.into();
    let mut table = table(&properties, entry.fields);
    table["description"] = entry.summary.into();
    table
}

/// All sources: the `type` decides which keys one has; without it the name does.
fn sources(entries: &[&'static SourceEntry]) -> Json {
    let typed = json!({ "$ref": "#/$defs/source" });
    let named = |entry: &&SourceEntry| {
        let untyped = json!({ "not": { "required": ["type"] } });
        let table = json!({ "allOf": [typed], "if": untyped, "then": plugin(entry) });
        (entry.name.to_owned(), table)
    };
    let named: Map<String, Json> = entries.iter().map(named).collect();
    json!({
        "type": "object",
        "description": "One table [source.NAME] for each thing to read",
        "propertyNames": { "pattern": "^[A-Za-z0-9_-]{1,64}$" },
        "properties": named,
        "additionalProperties": { "allOf": [typed], "required": ["type"] },
    })
}

/// A table whose `type`, if it has one, decides which keys it has.
fn typed_source(entries: &[&'static SourceEntry]) -> Json {
    let branch = |entry: &&SourceEntry| {
        let this =
            json!({ "required": ["type"], "properties": { "type": { "const": entry.name } } });
        json!({ "if": this, "then": plugin(entry) })
    };
    let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
    let branches: Vec<Json> = entries.iter().map(branch).collect();
    // An empty `allOf` is not allowed, so the properties stand in it as well.
    let known = json!({ "properties": { "type": { "enum": names } } });
    let all: Vec<Json> = std::iter::once(known).chain(branches).collect();
    json!({ "type": "object", "allOf": all })
}

fn plugin(entry: &SourceEntry) -> Json {
    json!({ "$ref": format!("#/$defs/plugin-{}", entry.name) })
}
