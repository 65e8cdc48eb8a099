//! What was given on the command line: files and what they are, tags, a device. None of it need be text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use datalake_core::config::suggestion;
use datalake_core::{Chosen, Error, Result, Sniff, SourceEntry, registry};

/// What the command line says over the configuration.
pub(super) struct Overrides {
    pub(super) tags: Option<Vec<String>>,
    pub(super) device: Option<String>,
}

/// A file as it was named.
pub(super) struct Named {
    /// How it was named, made readable where that is no text.
    pub(super) label: String,
    /// The path by which it is known however it was named.
    pub(super) path: PathBuf,
    /// Whose it is.
    pub(super) entry: Result<&'static SourceEntry>,
}

impl Named {
    /// Looks at a file. `kind` says whose it is, whatever it looks like.
    pub(super) fn look(
        file: &Path,
        kind: Option<&'static SourceEntry>,
        entries: &[&'static SourceEntry],
    ) -> Self {
        let label = text(file.as_os_str());
        let seen = Sniff::of(file).map_err(|error| unreadable(file, &error));
        let found = seen.and_then(|sniff| {
            let entry = kind.map_or_else(|| recognised(&sniff, entries), Ok)?;
            Ok((Chosen::path(file)?, entry))
        });
        let (path, entry) = match found {
            Ok((path, entry)) => (path, Ok(entry)),
            Err(error) => (file.to_owned(), Err(error)),
        };
        Self { label, path, entry }
    }
}

fn unreadable(file: &Path, error: &Error) -> Error {
    let words = Error::new(error.kind(), error.message());
    match error.hint_text() {
        _ if file.is_dir() => words.hint(
            "a folder is read by a source: `datalake run --source PLUGIN --set path=FOLDER`, \
             or a [source.NAME] table in datalake.toml",
        ),
        Some(hint) => words.hint(hint),
        None => words,
    }
}

fn recognised(sniff: &Sniff, entries: &[&'static SourceEntry]) -> Result<&'static SourceEntry> {
    match registry::recognise(entries, &sniff.shown())[..] {
        [one] => Ok(one),
        [] => Err(Error::permanent("no plugin knows what this file is")
            .hint(format!("say what it is: {}", choices(&kinds(entries))))),
        ref several => {
            let names: Vec<&str> = several.iter().map(|entry| entry.name).collect();
            let message = format!("it may be of more than one kind: {}", names.join(", "));
            Err(Error::permanent(message).hint(format!("say which it is: {}", choices(&names))))
        }
    }
}

fn choices(names: &[&str]) -> String {
    let choices: Vec<String> = names.iter().map(|name| format!("--kind {name}")).collect();
    choices.join(", ")
}

/// The plugins that take single files.
fn kinds(entries: &[&'static SourceEntry]) -> Vec<&'static str> {
    let entries = entries.iter().filter(|entry| entry.recognises.is_some());
    entries.map(|entry| entry.name).collect()
}

/// The plugin that `--kind` names.
pub(super) fn kind(entries: &[&'static SourceEntry], name: &OsStr) -> Result<&'static SourceEntry> {
    let name = text(name);
    let known = entries.iter().find(|entry| entry.name == name);
    let hint = || suggestion(&name, "kinds", kinds(entries));
    match known {
        Some(entry) if entry.recognises.is_some() => Ok(entry),
        Some(_) => Err(Error::usage(format!(
            "--kind {name}: this plugin reads whole folders and no single files"
        ))
        .hint(format!("give it a [source.{name}] table in datalake.toml"))),
        None => Err(Error::usage(format!("--kind {name}: there is no such kind")).hint(hint())),
    }
}

/// What the command line says of tags and the device.
pub(super) fn overrides(tags: &[impl AsRef<OsStr>], device: Option<&OsStr>) -> Result<Overrides> {
    let device = device.map(text);
    if device
        .as_ref()
        .is_some_and(|device| device.trim().is_empty())
    {
        return Err(Error::usage("--device must not be empty").hint("leave it out to use this one"));
    }
    let texts = tags.iter().map(|tags| text(tags.as_ref()));
    let tags = (!tags.is_empty()).then(|| texts.flat_map(|tags| parts(&tags)).collect());
    Ok(Overrides { tags, device })
}

/// The tags of a list: commas part them, as everywhere. Whatever else is in one is part of it.
fn parts(tags: &str) -> Vec<String> {
    let parts = tags.split(',').map(str::trim);
    parts
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// An argument as text. Bytes that are none are written as `\xFF`, as in the names of units.
fn text(argument: &OsStr) -> String {
    let mut text = String::new();
    for chunk in argument.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use datalake_core::{Fixtures, Recognised, Stability};

    use super::*;

    const FOLDERS: SourceEntry = SourceEntry {
        name: "folders",
        summary: "for tests",
        stability: Stability::Beta,
        cursor_version: 1,
        fields: &[],
        datasets: &[],
        schema: None,
        recognises: None,
        build: |_| None,
        sample: "",
        fixtures: Fixtures::NONE,
    };
    static ENTRIES: [&SourceEntry; 3] = [
        &FOLDERS,
        &SourceEntry {
            name: "letters",
            recognises: Some(|file| match file.ends_with(&[".txt"]) {
                true => Recognised::Name,
                false => Recognised::No,
            }),
            ..FOLDERS
        },
        &SourceEntry {
            name: "notes",
            recognises: Some(|_| Recognised::Name),
            ..FOLDERS
        },
    ];

    /// What is said of a file of this name.
    fn taken(name: &str, entries: &[&'static SourceEntry]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, "x").unwrap();
        match Named::look(&path, None, entries).entry {
            Ok(entry) => entry.name.to_owned(),
            Err(error) => format!("{error}; {}", error.hint_text().unwrap_or_default()),
        }
    }

    #[test]
    fn nobody_guesses_between_equals() {
        assert_eq!(taken("a", &ENTRIES), "notes");
        assert_eq!(
            taken("a.txt", &ENTRIES),
            "it may be of more than one kind: letters, notes; say which it is: --kind letters, --kind notes"
        );
        assert_eq!(
            taken("a", &ENTRIES[..2]),
            "no plugin knows what this file is; say what it is: --kind letters"
        );
    }

    #[test]
    fn kinds_are_plugins_that_take_single_files() {
        let said = |name: &str| match kind(&ENTRIES, OsStr::new(name)) {
            Ok(entry) => entry.name.to_owned(),
            Err(error) => format!("{error}; {}", error.hint_text().unwrap_or_default()),
        };
        assert_eq!(said("notes"), "notes");
        assert_eq!(
            said("letter"),
            "--kind letter: there is no such kind; did you mean `letters`? kinds: letters, notes"
        );
        assert_eq!(
            said("folders"),
            "--kind folders: this plugin reads whole folders and no single files; give it a [source.folders] \
             table in datalake.toml"
        );
    }

    #[test]
    fn arguments_need_not_be_text() {
        let tags = [
            OsStr::new("it's,\"so\", ,,a\nb"),
            OsStr::from_bytes(b"\xff\xe9,c"),
            OsStr::new(" , "),
        ];
        let read = overrides(&tags, Some(OsStr::from_bytes(b"my\xffphone"))).unwrap();
        let expected = ["it's", "\"so\"", "a\nb", "\\xFF\\xE9", "c"];
        assert_eq!(read.tags.unwrap(), expected);
        assert_eq!(read.device.unwrap(), "my\\xFFphone");
        let none = overrides(&[""; 0], None).unwrap();
        assert!(none.tags.is_none() && none.device.is_none());
        // Somebody wants none.
        assert_eq!(overrides(&[""], None).unwrap().tags, Some(Vec::new()));
        assert!(overrides(&[""; 0], Some(OsStr::new(" "))).is_err());
    }
}
