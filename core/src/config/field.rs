//! One key of a section, as data: the same table feeds parsing, help, samples and schemas.

/// A key that a section understands. Made by [`config!`](crate::config!).
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// Its doc comment as written: one line each, with the space that follows the slashes.
    pub raw_doc: &'static str,
    /// Its default as TOML, if it has one.
    pub raw_default: Option<&'static str>,
    /// A value to show in samples, as TOML.
    pub raw_example: Option<&'static str>,
    /// The smallest and greatest number allowed, where that is narrower than the type.
    pub range: Option<(i64, i64)>,
    /// Whether it must be given.
    pub required: bool,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// What a value looks like, for people.
    pub kind: fn() -> String,
    /// The JSON schema of a value.
    pub schema: fn() -> serde_json::Value,
}

impl Field {
    /// What the key means: the doc comment without the marks, lines separated by `\n`.
    pub fn doc(&self) -> String {
        let lines = self
            .raw_doc
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    /// The default as TOML on one line.
    pub fn default(&self) -> Option<String> {
        self.raw_default.map(one_line)
    }

    /// The example as TOML on one line; else the default.
    pub fn example(&self) -> Option<String> {
        self.raw_example.map(one_line).or_else(|| self.default())
    }

    /// What a value looks like, for people.
    pub fn kind(&self) -> String {
        let kind = (self.kind)();
        match self.range {
            Some((least, greatest)) => format!("{kind} from {least} to {greatest}"),
            None => kind,
        }
    }

    /// The JSON schema of a value, with its meaning, range and default.
    pub fn schema(&self) -> serde_json::Value {
        let mut schema = (self.schema)();
        let Some(object) = schema.as_object_mut() else {
            return schema;
        };
        object.insert("description".into(), self.doc().into());
        if let Some((least, greatest)) = self.range {
            object.insert("minimum".into(), least.into());
            object.insert("maximum".into(), greatest.into());
        }
        if let Some(default) = self.raw_default.and_then(super::item::toml_to_json) {
            object.insert("default".into(), default);
        }
        schema
    }
}

/// The compiler may break a long default into lines.
fn one_line(text: &str) -> String {
    super::item::toml_to_toml(text).unwrap_or_else(|| text.to_owned())
}

/// The key of a struct's field: `r#type` is the key `type`.
#[doc(hidden)]
pub const fn key_of(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}
