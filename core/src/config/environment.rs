//! The environment variables, read once and passed around, so that tests can set them freely.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The environment of the process, or of a test.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    unreadable: Vec<String>,
}

impl Environment {
    /// The environment of this process.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that reads it"
    )]
    pub fn from_process() -> Self {
        let mut made = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => _ = made.variables.insert(name, value),
                Err(_) => made.unreadable.push(name),
            }
        }
        made.unreadable.sort();
        made
    }

    /// A variable. One that is set to nothing counts as not set, because compose files pass
    /// empty ones on.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// All variables that have a value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Names of variables whose value is not Unicode text and so cannot be read.
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// The person's home folder.
    pub fn home(&self) -> Option<PathBuf> {
        let windows = if cfg!(windows) {
            self.get("USERPROFILE")
        } else {
            None
        };
        windows.or_else(|| self.get("HOME")).map(PathBuf::from)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self {
            variables: variables.collect(),
            unreadable: Vec::new(),
        }
    }
}
