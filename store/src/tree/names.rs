//! Names in the tree: safe on any file system, and never outside the root.

use std::path::{Component, Path};

use datalake_core::{Timestamp, Zone};

/// How long a file's own name may be, in bytes; the rest of the limit of 255 is for what tells names apart.
const NAME_LIMIT: usize = 200;
/// How much of that an extension may take.
const EXTENSION_LIMIT: usize = 20;

/// The folder of a day of `zone`, below `folder`.
pub(crate) fn dated(folder: &str, made: Timestamp, zone: &Zone) -> String {
    let day = made.in_zone(zone);
    format!(
        "{folder}/{:04}/{:02}/{:02}",
        day.year(),
        day.month(),
        day.day()
    )
}

/// The last part of a name, without what file systems refuse, at most [`NAME_LIMIT`] bytes long.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = last
        .chars()
        .map(|c| match c {
            c if c.is_control() || "<>:\"|?*".contains(c) => '_',
            c => c,
        })
        .collect();
    let trimmed = safe.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if trimmed.is_empty() {
        return String::from("file");
    }
    let (stem, extension) = split(trimmed);
    if extension.len() > EXTENSION_LIMIT {
        return cut(trimmed, NAME_LIMIT).to_owned();
    }
    format!("{}{extension}", cut(stem, NAME_LIMIT - extension.len()))
}

/// The name itself, then with eight letters of the hash, then with a number behind.
pub(crate) fn numbered(name: &str, hash: &str, attempt: u32) -> String {
    let (stem, extension) = split(name);
    match attempt {
        0 => name.to_owned(),
        1 => format!("{stem}-{}{extension}", &hash[..8]),
        more => format!("{stem}-{}-{more}{extension}", &hash[..8]),
    }
}

/// The stem, and the extension with its dot.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// At most so many bytes from the start, in whole letters.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether a path stays below the root.
pub(crate) fn is_inside(path: &str) -> bool {
    let parts = || Path::new(path).components();
    parts().next().is_some() && parts().all(|part| matches!(part, Component::Normal(_)))
}
