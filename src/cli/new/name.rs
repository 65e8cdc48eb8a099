//! The name of a plugin that is to be: what it may be, and that nobody has it.

use std::fmt;

use datalake_core::registry::{self, is_kebab_case};
use datalake_core::{Error, Result};
use datalake_store::{Catalog, Schema};

/// A longer name would make lines of the crate too long for the formatter.
const LONGEST: usize = 40;

/// Crates that are called `datalake-…` and are no plugins.
const CRATES: &[&str] = &["benches", "core", "ledger", "plugins", "store", "testkit"];

/// The words that no Rust module can have for a name.
const KEYWORDS: &str = " abstract as async await become box break const continue crate do dyn else enum extern \
    false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static \
    struct super trait true try type typeof unsafe unsized use virtual where while yield ";

/// A name for a plugin.
#[derive(Debug)]
pub(super) struct Name(String);

impl Name {
    /// Takes a name that is well-formed and free.
    pub(super) fn parse(text: &str) -> Result<Self> {
        if !is_kebab_case(text) {
            let hint = match mended(text) {
                Some(mended) => format!("did you mean `{mended}`?"),
                None => String::from("for example `my-notes`"),
            };
            return Err(Error::usage(format!(
                "`{text}` is no name for a plugin: lower-case letters and digits, words joined by one `-`, a letter first"
            ))
            .hint(hint));
        }
        if text.len() > LONGEST {
            return Err(
                Error::usage(format!("`{text}` has more than {LONGEST} letters"))
                    .hint("choose a shorter name"),
            );
        }
        let name = Self(text.to_owned());
        name.is_free()?;
        Ok(name)
    }

    /// The name of the plugin.
    pub(super) fn kebab(&self) -> &str {
        &self.0
    }

    /// The name of its table, and of its crate behind `datalake_`.
    pub(super) fn table(&self) -> String {
        self.0.replace('-', "_")
    }

    fn is_free(&self) -> Result<()> {
        let taken = |what: String| {
            Err(Error::usage(format!("the name `{self}` is taken: {what}"))
                .hint("choose another name"))
        };
        if registry::find(&self.0).is_some() {
            return taken(String::from("there is a plugin of this name"));
        }
        if CRATES.contains(&self.0.as_str()) {
            return taken(format!("datalake has a crate `datalake-{self}`"));
        }
        if KEYWORDS.contains(&format!(" {self} ")) {
            return taken(String::from("it is a word of the Rust language"));
        }
        let table = self.table();
        if registry::datasets()?
            .iter()
            .any(|dataset| dataset.name == table)
        {
            return taken(format!("there is a dataset `{table}`"));
        }
        let schema = schema("")?;
        let index = format!("{table}_fts");
        match [&table, &index].into_iter().find(|name| schema.has(name)) {
            Some(there) => taken(format!("the store has a table `{there}`")),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The schema of this program with one more fragment.
pub(super) fn schema(fragment: &str) -> Result<Schema> {
    let entries = registry::sources()?;
    let own = entries
        .iter()
        .filter_map(|entry| Some((entry.name, entry.schema?)));
    let fragments: Vec<(&str, &str)> = own.chain([("new", fragment)]).collect();
    Catalog::new(&[], &fragments).check()
}

/// The well-formed name that is nearest to what somebody typed.
fn mended(text: &str) -> Option<String> {
    let mut name = String::new();
    let mut after_small = false;
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            // A capital behind a small letter begins a word.
            if letter.is_ascii_uppercase() && after_small {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
        after_small = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    let first = name.find(|c: char| c.is_ascii_lowercase())?;
    let name = name[first..].trim_end_matches('-');
    is_kebab_case(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        for (typed, meant) in [
            ("MyNotes", "my-notes"),
            ("my_notes", "my-notes"),
            ("My Notes!", "my-notes"),
            ("my--notes-", "my-notes"),
            ("2fa-codes", "fa-codes"),
            ("JSONLogs", "jsonlogs"),
        ] {
            assert_eq!(mended(typed).as_deref(), Some(meant), "{typed}");
        }
        assert_eq!(mended("日本"), None);
        assert_eq!(mended("42"), None);
    }
}
