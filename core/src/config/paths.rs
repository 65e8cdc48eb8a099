//! Paths in the configuration: `~` and `$VARIABLE` are replaced, relative ones get their base.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::document::DocumentKind;
use super::environment::Environment;
use super::item::{Data, Item, toml_string};
use super::reader::Reader;
use super::value::ConfigValue;

/// Where `~` leads in a default while HOME is not set: below what is no folder, so that nothing is ever there.
const NOWHERE: &str = "/dev/null";

/// Of a default that begins with `~` while HOME is not set: the path as it is written. Nothing is there, and nobody has
/// made a mistake by that. One that a person has written is refused instead.
pub fn homeless(path: &Path) -> Option<&Path> {
    let written = path.strip_prefix(NOWHERE).ok()?;
    written.starts_with("~").then_some(written)
}

/// What the meaning of a path depends on.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// Where relative paths start.
    pub base: PathBuf,
    /// Where relative paths of the command line start: the folder the person is in.
    pub working: PathBuf,
    /// For `~` and variables.
    pub environment: Environment,
}

impl Folders {
    /// Folders with `base` for everything and an empty environment, for tests.
    pub fn at(base: impl Into<PathBuf>) -> Self {
        let base = base.into();
        Self {
            working: base.clone(),
            base,
            environment: Environment::default(),
        }
    }

    /// The full path that `text` means; `Err` is a sentence about what is wrong with it.
    pub fn resolve(&self, text: &str, kind: DocumentKind) -> Result<PathBuf, String> {
        if text.contains('\0') {
            return Err("a path cannot hold a zero character".into());
        }
        let expanded = self.expand_home(&self.expand_variables(text)?, kind)?;
        let base = if kind == DocumentKind::Argument {
            &self.working
        } else {
            &self.base
        };
        // Taking it apart removes `.`; `..` stays, because a link may stand before it.
        Ok(base.join(expanded).components().collect())
    }

    fn expand_home(&self, text: &str, kind: DocumentKind) -> Result<PathBuf, String> {
        let Some(rest) = text.strip_prefix('~') else {
            return Ok(PathBuf::from(text));
        };
        if !rest.is_empty() && !rest.starts_with(['/', std::path::MAIN_SEPARATOR]) {
            return Err("only `~/` for your own home folder is understood".into());
        }
        let nobodys = matches!(kind, DocumentKind::Default | DocumentKind::BuiltIn);
        let home = match self.environment.home() {
            None if nobodys => Path::new(NOWHERE).join("~"),
            home => home.ok_or("`~` has no meaning here, because HOME is not set")?,
        };
        Ok(home.join(rest.trim_start_matches(['/', std::path::MAIN_SEPARATOR])))
    }

    /// Replaces `$NAME` and `${NAME}`; `$$` stands for one `$`.
    fn expand_variables(&self, text: &str) -> Result<String, String> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                expanded.push('$');
                rest = after;
                continue;
            }
            let (name, after) = variable(after)
                .ok_or("`$` must be followed by the name of a variable; `$$` stands for `$`")?;
            let value = self.environment.get(name);
            expanded.push_str(value.ok_or(format!("`${name}` is not set in the environment"))?);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

/// The name at the start of a text, with or without braces, and what follows it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = match text.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => {
            let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
            text.split_at(end)
        }
    };
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, rest))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn path_text(path: &Path) -> String {
    toml_string(&homeless(path).unwrap_or(path).to_string_lossy())
}

impl ConfigValue for PathBuf {
    fn kind() -> String {
        "a path".into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1 })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = item.as_text() else {
            return reader.expected(item, &Self::kind());
        };
        if text.trim().is_empty() {
            return reader.refuse(
                item,
                format!("{} must not be empty", reader.subject()),
                None,
            );
        }
        match reader.folders().resolve(text, item.place.document().kind()) {
            Ok(path) => Some(path),
            Err(why) => reader.refuse(
                item,
                format!("{} cannot be used: {why}", reader.subject()),
                None,
            ),
        }
    }

    fn to_toml(&self) -> Option<String> {
        Some(path_text(self))
    }
}

/// One or more paths: a string, or a list of strings that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths(pub Vec<PathBuf>);

impl Paths {
    /// The paths in the order they were written.
    pub fn iter(&self) -> std::slice::Iter<'_, PathBuf> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Paths {
    type Item = &'a PathBuf;
    type IntoIter = std::slice::Iter<'a, PathBuf>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl ConfigValue for Paths {
    fn kind() -> String {
        "a path or a list of paths".into()
    }

    fn schema() -> Json {
        let path = PathBuf::schema();
        json!({ "anyOf": [path, { "type": "array", "items": path, "minItems": 1 }] })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        match &item.data {
            Data::List(items) if items.is_empty() => {
                let message = format!("{} must name at least one path", reader.subject());
                reader.refuse(item, message, None)
            }
            Data::List(_) => Vec::read(item, reader).map(Self),
            _ if item.as_text().is_some() => Some(Self(vec![PathBuf::read(item, reader)?])),
            _ => reader.expected(item, &Self::kind()),
        }
    }

    fn to_toml(&self) -> Option<String> {
        self.0.to_toml()
    }
}
