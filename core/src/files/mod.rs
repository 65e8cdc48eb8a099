//! Files that sources read: which there are, whether they changed, and where to go on. Everything a
//! parser should not have to care for (rotation, truncation, torn lines, pipes in a file's place)
//! is here, once.

mod adopt;
mod bundle;
mod bundle_mark;
mod chosen;
mod emit;
mod file_source;
mod glob;
mod gone;
mod identity;
mod intake;
mod json;
mod keeper;
mod keeping;
mod line_source;
mod lines;
mod names;
mod opened;
mod scan;
mod session;
mod signals;
mod sniff;
mod start;
mod together;
mod tracked;
mod trouble;
mod unpack;
mod worker;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use glob::Glob;

pub use bundle::{Bundle, BundleEmit, BundleSource, Member, bundle_source};
pub use chosen::{Chosen, INGESTED};
pub use emit::{FileEmit, ReplayEmit};
pub use file_source::{FileSource, file_source};
pub use identity::{Covered, Stamp};
pub use intake::Intake;
pub use line_source::{LineEmit, LineSource, line_source};
pub use lines::{LINE_LIMIT, Line, LineReader, Overlong, Piece};
pub use sniff::{Recognise, Recognised, Sniff, Sniffed};
pub use together::together;
pub use tracked::{Place, TrackedFile};

/// How files change, and so how they are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// They only grow: reading goes on where it stopped. Logs.
    AppendOnly,
    /// They are read as a whole, and again when their content is another one. Recordings,
    /// documents.
    Whole,
}

/// Which files a source reads.
///
/// ```
/// use datalake_core::Files;
/// let logs = Files::append_only(["/home/me/logs"]).named(["metrics*.jsonl"]);
/// let voice = Files::whole(["/home/me/voice"]).named(["*.wav", "*.mp3"]).ignore_case();
/// assert_eq!(logs.roots().len() + voice.roots().len(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct Files {
    roots: Vec<PathBuf>,
    patterns: Vec<Glob>,
    ignore_case: bool,
    class: Class,
    depth: usize,
    follow_links: bool,
    keep_raw: bool,
}

impl Files {
    /// Files that only grow. Each root is a file, or a folder that is searched.
    pub fn append_only<P: Into<PathBuf>>(roots: impl IntoIterator<Item = P>) -> Self {
        Self::new(Class::AppendOnly, roots)
    }

    /// Files that are read as a whole. Each root is a file, or a folder that is searched.
    /// Unfinished downloads and editors' copies (`.part`, `.tmp`, `~`) are left alone.
    pub fn whole<P: Into<PathBuf>>(roots: impl IntoIterator<Item = P>) -> Self {
        Self::new(Class::Whole, roots)
    }

    fn new<P: Into<PathBuf>>(class: Class, roots: impl IntoIterator<Item = P>) -> Self {
        Self {
            roots: roots.into_iter().map(Into::into).collect(),
            patterns: Vec::new(),
            ignore_case: false,
            class,
            depth: usize::MAX,
            follow_links: true,
            keep_raw: false,
        }
    }

    /// Takes only files in folders whose name matches one of these; all of them if never called.
    ///
    /// `*` stands for any part of a name, `?` for one character, `**/` for any folders. A pattern
    /// without a `/` is about the name alone, in whatever folder; one with a `/` is about the path
    /// below the root.
    #[must_use]
    pub fn named<S: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.patterns = patterns
            .into_iter()
            .map(|pattern| Glob::new(pattern.as_ref()))
            .collect();
        self
    }

    /// Makes no difference between upper and lower case in names.
    #[must_use]
    pub fn ignore_case(mut self) -> Self {
        self.ignore_case = true;
        self
    }

    /// Goes at most so many folders deep: 1 looks at the files right in the root only.
    #[must_use]
    pub fn depth(mut self, folders: usize) -> Self {
        self.depth = folders;
        self
    }

    /// Whether links inside folders are followed. They are by default; a root always is.
    #[must_use]
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.follow_links = follow;
        self
    }

    /// Keeps their bytes as they are, too: for formats of which rows do not hold all. What was read can then be given
    /// back byte for byte, bad and unfinished lines included, after the files have gone. Of a compressed log that is
    /// what it unpacks to.
    #[must_use]
    pub fn keep_raw(mut self) -> Self {
        self.keep_raw = true;
        self
    }

    /// The files and folders that are searched.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// How the files change.
    pub fn class(&self) -> Class {
        self.class
    }
}
