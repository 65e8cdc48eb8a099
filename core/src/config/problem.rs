//! A mistake in the configuration, and how it is shown: what, where, the line itself, what next.

use std::fmt::{self, Write as _};

use super::document::{DocumentKind, Place};
use crate::error::Error;

/// Whether the configuration can be used in spite of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but somebody should know.
    Warning,
}

/// A mistake in the configuration.
#[derive(Debug, Clone)]
pub struct Problem {
    severity: Severity,
    message: String,
    place: Option<Place>,
    hint: Option<String>,
    hidden: bool,
}

impl Problem {
    /// An error; `message` says what is wrong, in lower case and without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        let severity = Severity::Error;
        Self {
            severity,
            message: message.into(),
            place: None,
            hint: None,
            hidden: false,
        }
    }

    /// A warning.
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::new(message)
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps the line out of the report, because it holds a secret.
    #[must_use]
    pub fn hide_line(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// What to do next.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether the configuration can be used in spite of it.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The whole report, without a line break at its end.
    pub fn render(&self) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut text = format!("{word}: {}", self.message);
        if let Some(place) = &self.place {
            // Writing to a String cannot fail.
            let _ = write_place(&mut text, place, self.hidden);
        }
        if let Some(hint) = &self.hint {
            let _ = write!(text, "\nhint: {hint}");
        }
        text
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

/// Puts problems into the order in which the person finds them: by text, then from top to bottom.
pub fn sort_problems(problems: &mut [Problem]) {
    problems.sort_by_cached_key(|problem| {
        problem.place.as_ref().map(|place| {
            let document = place.document();
            (
                document.kind(),
                document.label().to_owned(),
                place.span().start,
            )
        })
    });
}

/// One error of kind `Usage` that reports all problems; `None` if there are none.
pub fn into_error(problems: &[Problem]) -> Option<Error> {
    let count = match problems.len() {
        0 => return None,
        1 => "a problem".to_owned(),
        count => format!("{count} problems"),
    };
    let reports: Vec<String> = problems.iter().map(Problem::render).collect();
    let reports = reports.join("\n\n");
    Some(Error::usage(format!(
        "the configuration has {count}\n\n{reports}"
    )))
}

fn write_place(text: &mut String, place: &Place, hidden: bool) -> fmt::Result {
    let document = place.document();
    let (line, column) = place.line_column();
    let number = if document.has_lines() {
        line.to_string()
    } else {
        String::new()
    };
    let gutter = " ".repeat(number.len().max(1));
    write!(text, "\n {gutter}--> {}", document.label())?;
    if document.has_lines() {
        write!(text, ":{line}:{column}")?;
    }
    // The default is the program's own text, and a secret stays one.
    if hidden || document.kind() == DocumentKind::Default || document.text().is_empty() {
        return Ok(());
    }
    let (shown, before, marked) = excerpt(place);
    write!(
        text,
        "\n {gutter} |\n {number:>width$} | {shown}",
        width = gutter.len()
    )?;
    write!(text, "\n {gutter} | {before}{}", "^".repeat(marked))
}

/// At most this many characters of a line are shown, so that a file without line breaks does not
/// fill the screen.
const LONGEST: usize = 160;
/// How many of them stand before the mark, where the line is longer.
const LEAD: usize = 60;

/// The line of a place, the white space below it up to the mark, and the length of the mark.
fn excerpt(place: &Place) -> (String, String, usize) {
    let text = place.document().text();
    let span = place.span();
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.start..]
        .find('\n')
        .map_or(text.len(), |at| span.start + at);
    let line: Vec<char> = text[start..end].trim_end().chars().collect();
    let column = text[start..span.start].chars().count();
    let marked = text[span.start..span.end.min(end)]
        .trim_end()
        .chars()
        .count()
        .max(1);
    let from = if line.len() > LONGEST {
        column.saturating_sub(LEAD)
    } else {
        0
    };
    let to = line.len().min(from + LONGEST);
    let cut_before = if from > 0 { "…" } else { "" };
    let cut_after = if to < line.len() { "…" } else { "" };
    let shown = line.get(from..to).unwrap_or_default();
    let shown: String = shown.iter().map(visible).collect();
    // A tab below a tab keeps the mark in its column.
    let blank = |c: &char| if *c == '\t' { '\t' } else { ' ' };
    let mut before: String = cut_before.chars().map(|_| ' ').collect();
    before.extend(line.iter().take(column).skip(from).map(blank));
    before.extend(std::iter::repeat_n(' ', column.saturating_sub(line.len())));
    let marked = marked.min((to + 1).saturating_sub(column).max(1));
    (format!("{cut_before}{shown}{cut_after}"), before, marked)
}

/// Control characters would move the cursor of a terminal.
fn visible(c: &char) -> char {
    if c.is_control() && *c != '\t' {
        '\u{FFFD}'
    } else {
        *c
    }
}
