//! What a check can say: that all is well, that it is about something the plugin does not have, or what
//! broke, where, and which rule that is.

use std::fmt;

/// What came of a check that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The rule holds.
    Passed,
    /// The rule is about something that this plugin does not have; this is why.
    NotApplicable(String),
}

impl Verdict {
    /// The rule is about something that this plugin does not have.
    pub(crate) fn none(why: impl Into<String>) -> Result<Self> {
        Ok(Self::NotApplicable(why.into()))
    }
}

/// What broke, where, and which rule that is; written for the author of the plugin.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure(String);

/// The result of everything in this crate that can fail.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;
/// What a check comes to.
pub(crate) type Outcome = Result<Verdict>;

impl Failure {
    /// A failure in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// Puts the situation in front of what is already said.
    #[must_use]
    pub fn during(self, situation: impl fmt::Display) -> Self {
        Self(format!("{situation}: {}", self.0))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failure {
    /// As text: a test that returns it shows it like this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<datalake_core::Error> for Failure {
    fn from(error: datalake_core::Error) -> Self {
        match error.hint_text() {
            Some(hint) => Self(format!("{error} (hint: {hint})")),
            None => Self(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(format!("in the test's own folder: {error}"))
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self(format!("looking into the database: {error}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("JSON: {error}"))
    }
}

/// Ends the check with a failure unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err($crate::failure::Failure::new(format!($($what)+)));
        }
    };
}
pub(crate) use ensure;

/// Ends the check with a failure unless both texts have the same lines; says which lines only one of them has.
pub(crate) fn ensure_same(wanted: &str, found: &str, rule: &str) -> Result {
    if wanted == found {
        return Ok(());
    }
    let list = |title: &str, of: &str, other: &str| {
        let known: std::collections::HashSet<&str> = other.lines().collect();
        let only: Vec<&str> = of.lines().filter(|line| !known.contains(line)).collect();
        let mut text = String::new();
        for line in only.iter().take(4) {
            text.push_str(&format!("\n  {title}: {}", shortened(line)));
        }
        if only.len() > 4 {
            text.push_str(&format!("\n  {title}: and {} more", only.len() - 4));
        }
        text
    };
    let missing = list("missing", wanted, found);
    let extra = list("extra", found, wanted);
    Err(Failure(format!("{rule}{missing}{extra}")))
}

fn shortened(line: &str) -> String {
    const LONGEST: usize = 300;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
