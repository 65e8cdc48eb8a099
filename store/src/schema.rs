//! The schema: `schema.sql` and the fragments of plugins, split into statements, and the differences between
//! them and what a database has.

use std::collections::BTreeMap;

use datalake_core::{Error, Result};
use rusqlite::Connection;

/// The stock schema.
pub const SCHEMA: &str = include_str!("../../schema.sql");

/// Stands behind the last column of a table in a plugin's fragment, for the columns that the store keeps. A
/// fragment with it is valid SQL as it is.
const KEPT_MARK: &str = "/* kept by the store */";
const KEPT_COLUMNS: &str = ",
    -- kept by the store
    origin INTEGER REFERENCES origins(id),
    origin_start INTEGER,
    origin_end INTEGER,
    origin_pointer TEXT,
    version TEXT NOT NULL DEFAULT '',
    version_hash BLOB NOT NULL DEFAULT x'',
    first_order TEXT,
    scope INTEGER REFERENCES scopes(id),
    seen TEXT,
    batch INTEGER";

/// What a statement makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ObjectKind {
    /// An ordinary table.
    Table,
    /// A virtual table.
    Virtual,
    /// An index.
    Index,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

/// One object of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// What it is.
    pub(crate) kind: ObjectKind,
    /// Its name.
    pub(crate) name: String,
    /// The statement that makes it, as SQLite stores it.
    pub(crate) sql: String,
}

/// The objects that a database should have, in the order in which they can be made.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The objects.
    pub(crate) objects: Vec<Object>,
    /// The whole text.
    pub(crate) text: String,
}

impl Schema {
    /// The stock schema and the fragments of plugins, each with its plugin's name.
    pub(crate) fn assemble(fragments: &[(String, String)]) -> Result<Self> {
        let mut text = String::from(SCHEMA);
        for (_, fragment) in fragments {
            text.push('\n');
            text.push_str(&fragment.replace(KEPT_MARK, KEPT_COLUMNS));
        }
        Ok(Self {
            objects: objects_of(&text).map_err(|error| blame(fragments, &error))?,
            text,
        })
    }

    /// Whether it has a table, view, index or trigger of this name.
    pub fn has(&self, name: &str) -> bool {
        let mut names = self.objects.iter().map(|object| &object.name);
        names.any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Lets SQLite itself read the statements, in a database in memory, and asks it what they made.
fn objects_of(text: &str) -> rusqlite::Result<Vec<Object>> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(text)?;
    present_objects(&connection)
}

/// Finds the plugin whose fragment does not go together with the stock schema.
fn blame(fragments: &[(String, String)], error: &rusqlite::Error) -> Error {
    for (plugin, fragment) in fragments {
        if let Err(own) = objects_of(&format!(
            "{SCHEMA}\n{}",
            fragment.replace(KEPT_MARK, KEPT_COLUMNS)
        )) {
            return Error::bug(format!(
                "the schema of the plugin {plugin} cannot be used: {own}"
            ));
        }
    }
    Error::bug(format!("the schema cannot be used: {error}"))
}

/// The objects a database has, without those that SQLite makes by itself (automatic indexes, the tables
/// behind a full-text index), in the order in which they can be made.
pub(crate) fn present_objects(connection: &Connection) -> rusqlite::Result<Vec<Object>> {
    let mut statement = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY rowid",
    )?;
    let mut objects = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })?
        .map(|row| row.map(|(kind, name, sql)| object(&kind, name, sql)))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let virtuals: Vec<String> = objects
        .iter()
        .filter(|o| o.kind == ObjectKind::Virtual)
        .map(|o| format!("{}_", o.name))
        .collect();
    objects.retain(|o| {
        o.kind != ObjectKind::Table || !virtuals.iter().any(|prefix| is_shadow(&o.name, prefix))
    });
    objects.sort_by_key(|o| o.kind);
    Ok(objects)
}

fn is_shadow(name: &str, prefix: &str) -> bool {
    matches!(
        name.strip_prefix(prefix),
        Some("data" | "idx" | "content" | "docsize" | "config")
    )
}

fn object(kind: &str, name: String, sql: String) -> Object {
    let kind = match kind {
        "index" => ObjectKind::Index,
        "view" => ObjectKind::View,
        "trigger" => ObjectKind::Trigger,
        _ if sql.starts_with("CREATE VIRTUAL TABLE") => ObjectKind::Virtual,
        _ => ObjectKind::Table,
    };
    Object { kind, name, sql }
}

/// What a database lacks, has too much of, or has otherwise than it should.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Tables to be built anew with their rows carried over.
    pub(crate) rebuild: Vec<Object>,
    /// Objects to make.
    pub(crate) create: Vec<Object>,
    /// Objects that carry no rows of their own and must go: indexes, views, triggers, full-text indexes.
    pub(crate) remove: Vec<Object>,
}

/// Compares what should be with what is. Tables nobody asked for stay: they may be the user's.
pub(crate) fn difference(wanted: &Schema, present: &[Object]) -> Difference {
    let have: BTreeMap<&str, &Object> = present
        .iter()
        .map(|object| (object.name.as_str(), object))
        .collect();
    let mut difference = Difference::default();
    for object in &wanted.objects {
        match have.get(object.name.as_str()) {
            None => difference.create.push(object.clone()),
            Some(own) if own.sql == object.sql => {}
            Some(_) if object.kind == ObjectKind::Table => difference.rebuild.push(object.clone()),
            Some(own) => {
                difference.remove.push((*own).clone());
                difference.create.push(object.clone());
            }
        }
    }
    difference
}
