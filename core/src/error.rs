//! The one error type that crosses crate borders: what happened, where, what to do next, and whether
//! trying again can help. Whoever decides on a retry or an exit status reads [`Error::kind`], never the text.

use std::fmt;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is, and so who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The command line or the configuration is wrong; the person who wrote it can mend it.
    Usage,
    /// The outside world is in the way for now (a full disk, a busy database); the same call may succeed later.
    Temporary,
    /// Trying again changes nothing until somebody mends the cause (a damaged database, a missing file).
    Permanent,
    /// The run was asked to stop.
    Cancelled,
    /// A plugin or this program broke one of its own rules.
    Bug,
}

/// A failure, written for the person who reads it.
///
/// ```
/// use datalake_core::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Permanent, "the file is empty")
///     .at("notes.jsonl")
///     .hint("restore it from a backup");
/// assert_eq!(error.to_string(), "notes.jsonl: the file is empty");
/// assert_eq!(error.hint_text(), Some("restore it from a backup"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    place: Vec<String>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of `kind`; `message` says what happened, in lower case and without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            place: Vec::new(),
            hint: None,
            source: None,
        }))
    }

    /// A mistake in usage or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// A failure that only somebody's action ends.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Permanent, message)
    }

    /// A failure that may pass.
    pub fn temporary(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Temporary, message)
    }

    /// A broken rule of the program's own.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
    }

    /// The run was asked to stop.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "stopped on request")
    }

    /// An input/output failure at `place`; a full disk and an interrupted call may pass, the rest will not.
    pub fn io(place: impl fmt::Display, error: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            Io::StorageFull
            | Io::QuotaExceeded
            | Io::Interrupted
            | Io::WouldBlock
            | Io::TimedOut => ErrorKind::Temporary,
            _ => ErrorKind::Permanent,
        };
        let full = matches!(error.kind(), Io::StorageFull | Io::QuotaExceeded);
        let made = Self::new(kind, plain_io(&error)).at(place.to_string());
        let made = match error.kind() {
            _ if full => made.hint("free some space, then run again: nothing is lost"),
            Io::PermissionDenied => {
                made.hint("give this user the right to it, or name another place")
            }
            Io::ReadOnlyFilesystem => made.hint("mount it writable, or name another place"),
            _ => made,
        };
        made.caused_by(error)
    }

    /// Puts `place` (a path, a table, a step) in front of what is already said.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.0.place.insert(0, place.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Keeps the failure underneath for the log.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same words once more, for a second one who is told. The failure underneath stays with the first.
    #[must_use]
    pub fn in_words(&self) -> Self {
        let Inner {
            kind,
            message,
            place,
            hint,
            ..
        } = &*self.0;
        Self(Box::new(Inner {
            kind: *kind,
            message: message.clone(),
            place: place.clone(),
            hint: hint.clone(),
            source: None,
        }))
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What to do next, where there is something.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// What happened, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

/// The operating system's words without the "(os error 28)" that helps nobody.
fn plain_io(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::from("input/output error"),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in &self.0.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)?;
        if let Some(hint) = &self.0.hint {
            write!(f, " (hint: {hint})")?;
        }
        if let Some(source) = &self.0.source {
            write!(f, " [{source}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
