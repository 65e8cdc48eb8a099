//! Adds to TOML files that people keep, without touching anything else in them: order, remarks, line breaks.

use std::ops::Range;

use datalake_core::{Error, Result};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Entry<'a> = (&'a str, Range<usize>);

/// Adds `key = value` to the table at `path`: below the last key that begins with `like`, else below the last.
/// A key that is there already stays.
pub(super) fn add_key(
    text: &str,
    path: &[&str],
    like: &str,
    key: &str,
    value: &str,
) -> Result<String> {
    let document = parse(text)?;
    let table = table(document.get_ref(), path).ok_or_else(|| lacks(path))?;
    if table.iter().any(|(name, _)| name.get_ref() == key) {
        return Ok(text.to_owned());
    }
    let keys = table
        .iter()
        .map(|(name, value)| (&**name.get_ref(), value.span()));
    let after = last(keys, like).ok_or_else(|| lacks(path))?;
    // A remark may stand behind the value.
    let line = text[after.end..].find('\n').map(|at| after.end + at + 1);
    Ok(match line {
        Some(at) => format!("{}{key} = {value}\n{}", &text[..at], &text[at..]),
        None => format!("{text}\n{key} = {value}\n"),
    })
}

/// Adds a text to the list at `path`: behind the last one that begins with `like`, else behind the last, set off
/// as that is from the one before. A text that is there already stays.
pub(super) fn add_value(text: &str, path: &[&str], like: &str, value: &str) -> Result<String> {
    let document = parse(text)?;
    let (name, above) = path.split_last().ok_or_else(|| lacks(path))?;
    let list = table(document.get_ref(), above)
        .and_then(|table| table.get(*name))
        .ok_or_else(|| lacks(path))?;
    let DeValue::Array(items) = list.get_ref() else {
        return Err(lacks(path));
    };
    let texts: Vec<Entry<'_>> = items
        .iter()
        .filter_map(|item| Some((item.get_ref().as_str()?, item.span())))
        .collect();
    if texts.iter().any(|(text, _)| *text == value) {
        return Ok(text.to_owned());
    }
    let (at, separator) = match last(texts.iter().cloned(), like) {
        Some(after) => (after.end, separator(text, &texts, &after)),
        None => (list.span().start + 1, ""),
    };
    Ok(format!(
        "{}{separator}\"{value}\"{}",
        &text[..at],
        &text[at..]
    ))
}

/// What stands between a text of a list and the one before it.
fn separator<'t>(text: &'t str, texts: &[Entry<'_>], after: &Range<usize>) -> &'t str {
    let before = texts.iter().map(|(_, span)| span.end);
    before
        .filter(|end| *end <= after.start)
        .max()
        .map_or(", ", |end| &text[end..after.start])
}

/// Where the last of these stands whose name begins with `like`, or the last of all.
fn last<'a>(entries: impl Iterator<Item = Entry<'a>>, like: &str) -> Option<Range<usize>> {
    entries
        .max_by_key(|(name, span)| (name.starts_with(like), span.start))
        .map(|(_, span)| span)
}

fn parse(text: &str) -> Result<Spanned<DeTable<'_>>> {
    DeTable::parse(text).map_err(|error| Error::permanent(error.to_string()))
}

fn table<'t, 'a>(root: &'t DeTable<'a>, path: &[&str]) -> Option<&'t DeTable<'a>> {
    path.iter()
        .try_fold(root, |table, name| match table.get(*name)?.get_ref() {
            DeValue::Table(below) => Some(below),
            _ => None,
        })
}

fn lacks(path: &[&str]) -> Error {
    Error::permanent(format!("it has no `{}` to add to", path.join(".")))
        .hint("add the plugin by hand, as the other plugins are")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# Kept.\n[a]\nb = [\"p/x\", \"z\"] # why\nx-1 = 1 # one\ny = 2\n\n[c]\nd = []\n";

    #[test]
    fn keys_go_below_their_like() {
        let added = add_key(FILE, &["a"], "x-", "x-2", "{ }").unwrap();
        assert_eq!(added, FILE.replace("# one\n", "# one\nx-2 = { }\n"));
        assert_eq!(
            add_key(&added, &["a"], "x-", "x-2", "other").unwrap(),
            added
        );
        let added = add_key(FILE, &["a"], "none", "k", "3").unwrap();
        assert_eq!(added, FILE.replace("y = 2\n", "y = 2\nk = 3\n"));
        assert_eq!(
            add_key("[a]\nb = 1", &["a"], "", "c", "2").unwrap(),
            "[a]\nb = 1\nc = 2\n"
        );
    }

    #[test]
    fn texts_go_behind_their_like() {
        let added = add_value(FILE, &["a", "b"], "p/", "p/y").unwrap();
        assert_eq!(added, FILE.replace("\"p/x\"", "\"p/x\", \"p/y\""));
        assert_eq!(add_value(&added, &["a", "b"], "p/", "p/y").unwrap(), added);
        assert_eq!(
            add_value(FILE, &["c", "d"], "", "e").unwrap(),
            FILE.replace("[]", "[\"e\"]")
        );
        let lines = "[a]\nb = [\n    \"one\",\n    \"two\", # last\n]\n";
        let added = add_value(lines, &["a", "b"], "", "three").unwrap();
        assert_eq!(added, lines.replace("\"two\"", "\"two\",\n    \"three\""));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let error = add_key(FILE, &["e"], "", "k", "1").unwrap_err();
        assert_eq!(error.message(), "it has no `e` to add to");
        assert!(add_value(FILE, &["a", "y"], "", "k").is_err());
        assert!(add_value("[a", &["a", "y"], "", "k").is_err());
    }
}
