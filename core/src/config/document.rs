//! Where a configuration value came from: a text (a file, an environment variable, an argument)
//! and the range in it.

use std::ops::Range;
use std::sync::Arc;

/// What sort of text a value was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// The default of a field.
    Default,
    /// The configuration that is part of the program.
    BuiltIn,
    /// A configuration file.
    File,
    /// An environment variable.
    Environment,
    /// An argument of the command line.
    Argument,
}

/// A text that holds configuration, with a name for people.
#[derive(Debug)]
pub struct Document {
    kind: DocumentKind,
    label: String,
    text: String,
}

impl Document {
    fn new(kind: DocumentKind, label: String, text: String) -> Arc<Self> {
        Arc::new(Self { kind, label, text })
    }

    /// The default of a field, as TOML.
    pub fn default_value(text: &str) -> Arc<Self> {
        Self::new(DocumentKind::Default, "default".into(), text.into())
    }

    /// The configuration that is part of the program.
    pub fn built_in(text: &str) -> Arc<Self> {
        Self::new(
            DocumentKind::BuiltIn,
            "built-in datalake.toml".into(),
            text.into(),
        )
    }

    /// A configuration file, named as the person named it.
    pub fn file(label: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::new(DocumentKind::File, label.into(), text.into())
    }

    /// The value of an environment variable.
    pub fn environment(name: &str, value: &str) -> Arc<Self> {
        Self::new(
            DocumentKind::Environment,
            format!("environment {name}"),
            value.into(),
        )
    }

    /// The value of `--set key=value`. The label names only the key, because the value may be a
    /// secret.
    pub fn argument(key: &str, value: &str) -> Arc<Self> {
        Self::new(DocumentKind::Argument, format!("--set {key}"), value.into())
    }

    /// What sort of text it is.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// Its name for people.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True for texts of many lines, in which a line number helps.
    pub fn has_lines(&self) -> bool {
        matches!(self.kind, DocumentKind::File | DocumentKind::BuiltIn)
    }
}

/// A range in a [`Document`].
#[derive(Debug, Clone)]
pub struct Place {
    document: Arc<Document>,
    span: Range<usize>,
}

impl Place {
    /// The range `span`, cut to what the document has.
    pub fn new(document: &Arc<Document>, span: Range<usize>) -> Self {
        let text = document.text();
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end).max(start);
        Self {
            document: Arc::clone(document),
            span: start..end,
        }
    }

    /// The whole document.
    pub fn whole(document: &Arc<Document>) -> Self {
        Self::new(document, 0..document.text().len())
    }

    /// The document it is in.
    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }

    /// The range of bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text in the range.
    pub fn text(&self) -> &str {
        &self.document.text()[self.span.clone()]
    }

    /// Line and column, both from 1; the column counts characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.document.text()[..self.span.start];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }

    /// Where the value came from, in few words: `default`, `datalake.toml:7`,
    /// `environment DATALAKE_SERVER_API`, `--set server.api`.
    pub fn origin(&self) -> String {
        if self.document.has_lines() {
            format!("{}:{}", self.document.label(), self.line_column().0)
        } else {
            self.document.label().to_owned()
        }
    }
}

/// The last border between characters at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
