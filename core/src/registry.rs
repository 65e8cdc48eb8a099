//! The plugins that are part of the program. Each registers itself with
//! [`register_source!`](crate::register_source!); everybody else asks here, because the order of
//! registration is arbitrary and a program that forgets to name the plugins would have none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Field, Section};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::{Recognise, Recognised, Sniffed};
use crate::source::Source;

/// How far a plugin can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// May change or vanish in any version.
    Experimental,
    /// Works; its keys may still change, with a note in the changelog.
    Beta,
    /// Its keys and datasets stay.
    Stable,
    /// Still works, but another plugin does the same better.
    Deprecated {
        /// The other plugin.
        use_instead: &'static str,
    },
}

impl Stability {
    /// Its name for lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Experimental => "experimental",
            Self::Beta => "beta",
            Self::Stable => "stable",
            Self::Deprecated { .. } => "deprecated",
        }
    }
}

/// Makes a source from its section; what is wrong with the section is reported to the section.
pub type Build = fn(&mut Section) -> Option<Arc<dyn Source>>;

/// A plugin that is part of the program. Made by [`register_source!`](crate::register_source!).
#[derive(Debug)]
pub struct SourceEntry {
    /// Its name, the `type` of a source: lower-case words joined by `-`.
    pub name: &'static str,
    /// What it reads, in one line.
    pub summary: &'static str,
    /// How far it can be relied on.
    pub stability: Stability,
    /// The version of what its cursors mean; with another one everything is read again.
    pub cursor_version: u32,
    /// Its own keys.
    pub fields: &'static [Field],
    /// The datasets it writes.
    pub datasets: &'static [&'static Dataset],
    /// The SQL of its tables, for a plugin that brings its own.
    pub schema: Option<&'static str>,
    /// Tells which single files are its own; none where it reads whole folders only.
    pub recognises: Option<Recognise>,
    /// Makes a source.
    pub build: Build,
    /// Its own keys in the sample configuration; empty means that they are taken from `fields`.
    pub sample: &'static str,
    /// What it brings to be tested with.
    pub fixtures: Fixtures,
}

/// Small inputs that a plugin carries, so that `datalake plugins test` can prove it wherever it runs.
#[derive(Debug, Clone, Copy)]
pub struct Fixtures {
    /// The files by their path below a source's root, and what is in them.
    pub files: &'static [(&'static str, &'static [u8])],
    /// How a test configures the plugin; `{root}` stands for the folder that the files lie in.
    pub config: &'static str,
    /// The records and rejects that the files become, as text; empty where the plugin does not carry it.
    pub golden: &'static str,
}

impl Fixtures {
    /// How a plugin is configured that does not say otherwise.
    pub const CONFIG: &'static str = "path = [\"{root}\"]\n";
    /// A plugin that carries nothing.
    pub const NONE: Self = Self {
        files: &[],
        config: Self::CONFIG,
        golden: "",
    };

    /// The same with these files.
    #[must_use]
    pub const fn files(mut self, files: &'static [(&'static str, &'static [u8])]) -> Self {
        self.files = files;
        self
    }

    /// The same, configured like this.
    #[must_use]
    pub const fn config(mut self, config: &'static str) -> Self {
        self.config = config;
        self
    }

    /// The same with what they become.
    #[must_use]
    pub const fn golden(mut self, golden: &'static str) -> Self {
        self.golden = golden;
        self
    }
}

inventory::collect!(SourceEntry);

/// The keys that every source has, which a plugin therefore cannot use.
pub const SHARED_KEYS: &[&str] = &["type", "enabled", "schedule", "tags", "device", "settle"];

/// All plugins by name. Fails when the program was put together wrongly.
pub fn sources() -> Result<Vec<&'static SourceEntry>> {
    checked(inventory::iter::<SourceEntry>().collect())
}

/// The plugin of this name.
pub fn find(name: &str) -> Option<&'static SourceEntry> {
    inventory::iter::<SourceEntry>().find(|entry| entry.name == name)
}

/// The plugins of `entries` that are surest that a file is one of their own: several where they are equally sure,
/// none where no plugin has seen anything of its own in it.
pub fn recognise(
    entries: &[&'static SourceEntry],
    file: &Sniffed<'_>,
) -> Vec<&'static SourceEntry> {
    let mut surest = Recognised::No;
    let mut found = Vec::new();
    for entry in entries {
        let sure = entry.recognises.map(|recognises| recognises(file));
        let sure = sure.unwrap_or_default();
        if sure > surest {
            surest = sure;
            found.clear();
        }
        if sure == surest && sure > Recognised::No {
            found.push(*entry);
        }
    }
    found
}

/// The datasets of all plugins by name.
pub fn datasets() -> Result<Vec<&'static Dataset>> {
    datasets_of(&sources()?)
}

/// Sorts entries by name and checks them; what [`sources`] does with the registered ones.
pub fn checked(mut entries: Vec<&'static SourceEntry>) -> Result<Vec<&'static SourceEntry>> {
    if entries.is_empty() {
        return Err(Error::bug("this program has no plugins").hint(
            "the crate of the program must name the plugins, or the linker drops them: \
             add `use datalake_plugins as _;`",
        ));
    }
    entries.sort_by_key(|entry| entry.name);
    for pair in entries.windows(2) {
        if pair[0].name == pair[1].name {
            let message = format!("two plugins are called `{}`", pair[0].name);
            return Err(Error::bug(message).hint("rename one of them"));
        }
    }
    entries.iter().try_for_each(|entry| check_entry(entry))?;
    datasets_of(&entries)?;
    Ok(entries)
}

fn check_entry(entry: &SourceEntry) -> Result<()> {
    if !is_kebab_case(entry.name) {
        let message = format!("the plugin name `{}` is not allowed", entry.name);
        let hint = "use lower-case letters and digits, words joined by one `-`, a letter first";
        return Err(Error::bug(message).hint(hint));
    }
    if let Some(field) = entry
        .fields
        .iter()
        .find(|field| SHARED_KEYS.contains(&field.name))
    {
        let message = format!("the plugin `{}` has a key `{}`", entry.name, field.name);
        let hint = format!(
            "every source already has {}: rename it",
            SHARED_KEYS.join(", ")
        );
        return Err(Error::bug(message).hint(hint));
    }
    Ok(())
}

/// The datasets of these plugins by name. One that several plugins write must be the same static.
pub fn datasets_of(entries: &[&'static SourceEntry]) -> Result<Vec<&'static Dataset>> {
    let mut found: BTreeMap<&str, (&'static Dataset, &str)> = BTreeMap::new();
    for entry in entries {
        for dataset in entry.datasets {
            let (first, owner) = found.entry(dataset.name).or_insert((dataset, entry.name));
            if !std::ptr::eq(*first, *dataset) {
                let message = format!(
                    "the plugins `{owner}` and `{}` both define the dataset `{}`",
                    entry.name, dataset.name
                );
                let hint = "define it once as a `static` and use that one, or rename one of them";
                return Err(Error::bug(message).hint(hint));
            }
        }
    }
    Ok(found.into_values().map(|(dataset, _)| dataset).collect())
}

/// Lower-case words joined by `-`, beginning with a letter.
pub fn is_kebab_case(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(word)
}

/// Registers a plugin. `schema`, `sample` and what follows it up to `build` can be left out.
///
/// `fixtures` names files of the crate's folder `fixtures/`, small ones, because they become part of the
/// program; `recognises` is a function that tells which single files are the plugin's own, see
/// [`Sniffed`]; `fixture_config` says how a test configures the plugin for the folder `{root}`, if not by
/// `path = ["{root}"]`; `golden` names the file in which the conformance kit keeps what the fixtures become.
///
/// ```
/// # use std::sync::Arc;
/// # use datalake_core::{Checkpoint, Context, Dataset, Column, Output, Result, Source, Unit};
/// # static NOTES: Dataset = Dataset::rows("notes", "Notes").columns(&[Column::text("body")]);
/// # struct Notes(NotesConfig);
/// # #[datalake_core::async_trait]
/// # impl Source for Notes {
/// #     async fn units(&self, _: &Context) -> Result<Vec<Unit>> { Ok(Vec::new()) }
/// #     async fn read(
/// #         &self, _: &Context, _: &Unit, _: Option<Checkpoint>, _: &mut Output,
/// #     ) -> Result<()> { Ok(()) }
/// # }
/// datalake_core::config! {
///     /// Where the notes are.
///     pub struct NotesConfig {
///         /// Files or folders to read.
///         pub path: datalake_core::config::Paths = ["~/notes"],
///     }
/// }
/// datalake_core::register_source! {
///     name: "notes",
///     summary: "Notes of the day, one per line",
///     stability: Beta,
///     cursor_version: 1,
///     config: NotesConfig,
///     datasets: [&NOTES],
///     build: |section| Some(Arc::new(Notes(NotesConfig::from_section(section)?))),
/// }
/// assert_eq!(datalake_core::registry::find("notes").unwrap().cursor_version, 1);
/// ```
#[macro_export]
macro_rules! register_source {
    (
        name: $name:expr,
        summary: $summary:expr,
        stability: $stability:expr,
        cursor_version: $cursor_version:expr,
        config: $config:ty,
        datasets: [$($dataset:expr),* $(,)?],
        $(schema: $schema:expr,)?
        $(sample: $sample:expr,)?
        $(recognises: $recognises:expr,)?
        $(fixtures: [$($fixture:literal),+ $(,)?],)?
        $(fixture_config: $fixture_config:expr,)?
        $(golden: $golden:literal,)?
        build: $build:expr $(,)?
    ) => {
        $crate::inventory::submit! {
            $crate::SourceEntry {
                name: $name,
                summary: $summary,
                stability: {
                    #[allow(unused_imports, reason = "only one of the names is used")]
                    use $crate::Stability::*;
                    $stability
                },
                cursor_version: $cursor_version,
                fields: <$config>::FIELDS,
                datasets: &[$($dataset),*],
                schema: $crate::__config_option!($($schema)?),
                recognises: $crate::__config_option!($($recognises)?),
                build: $build,
                sample: concat!($($sample)?),
                fixtures: $crate::Fixtures::NONE
                    $(.files(&[$((
                        $fixture,
                        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/", $fixture)),
                    )),+]))?
                    $(.config($fixture_config))?
                    $(.golden(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $golden))))?,
            }
        }
    };
}

/// An expression that may be missing.
#[doc(hidden)]
#[macro_export]
macro_rules! __config_option {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Column;

    static NOTES: Dataset = Dataset::rows("notes", "Notes").columns(&[Column::text("body")]);
    static OTHER_NOTES: Dataset = Dataset::rows("notes", "Notes").columns(&[Column::text("text")]);
    static AUDIO: Dataset = Dataset::rows("audio", "Audio").columns(&[Column::text("path")]);

    crate::config! {
        /// Takes a key that every source has.
        struct Greedy {
            /// Words.
            tags: Vec<String> = [],
        }
    }

    fn entry(name: &'static str, datasets: &[&'static Dataset]) -> &'static SourceEntry {
        Box::leak(Box::new(SourceEntry {
            name,
            summary: "for tests",
            stability: Stability::Beta,
            cursor_version: 1,
            fields: &[],
            datasets: datasets.to_vec().leak(),
            schema: None,
            recognises: None,
            build: |_| None,
            sample: "",
            fixtures: Fixtures::NONE,
        }))
    }

    /// The error that putting a program together from these entries gives.
    fn refused(entries: Vec<&'static SourceEntry>) -> String {
        let error = checked(entries).unwrap_err();
        format!("{error}; {}", error.hint_text().unwrap_or_default())
    }

    #[test]
    fn entries_are_sorted_and_datasets_are_counted_once() {
        let entries = vec![entry("notes", &[&NOTES, &AUDIO]), entry("audio", &[&AUDIO])];
        let names: Vec<&str> = checked(entries.clone())
            .unwrap()
            .iter()
            .map(|e| e.name)
            .collect();
        assert_eq!(names, ["audio", "notes"]);
        let datasets: Vec<&str> = datasets_of(&entries)
            .unwrap()
            .iter()
            .map(|d| d.name)
            .collect();
        assert_eq!(datasets, ["audio", "notes"]);
    }

    #[test]
    fn a_program_without_plugins_says_what_is_missing() {
        assert_eq!(
            refused(Vec::new()),
            "this program has no plugins; the crate of the program must name the plugins, or the \
             linker drops them: add `use datalake_plugins as _;`"
        );
        // Nothing registers itself in this crate.
        assert!(sources().is_err() && datasets().is_err() && find("notes").is_none());
    }

    #[test]
    fn names_are_unique_and_of_one_form() {
        assert_eq!(
            refused(vec![entry("a", &[]), entry("b", &[]), entry("a", &[])]),
            "two plugins are called `a`; rename one of them"
        );
        for name in [
            "", "Notes", "my_notes", "-a", "a-", "a--b", "1a", "a.b", "é",
        ] {
            assert!(
                refused(vec![entry(name, &[])]).contains("is not allowed"),
                "{name}"
            );
        }
        for name in ["a", "memory-jsonl", "mp3", "a-1"] {
            assert!(checked(vec![entry(name, &[])]).is_ok(), "{name}");
        }
    }

    #[test]
    fn two_datasets_of_one_name_must_be_the_same() {
        assert_eq!(
            refused(vec![entry("a", &[&NOTES]), entry("b", &[&OTHER_NOTES])]),
            "the plugins `a` and `b` both define the dataset `notes`; define it once as a \
             `static` and use that one, or rename one of them"
        );
    }

    #[test]
    fn the_surest_plugin_counts() {
        let sure = |name, recognises: Recognise| -> &'static SourceEntry {
            Box::leak(Box::new(SourceEntry {
                recognises: Some(recognises),
                ..*entry(name, &[])
            }))
        };
        let entries = [
            sure("by-ending", |file| match file.ends_with(&[".wav"]) {
                true => Recognised::Name,
                false => Recognised::No,
            }),
            entry("folders", &[]),
            sure("by-magic", |file| match file.head {
                b"RIFF" => Recognised::Content,
                _ => Recognised::No,
            }),
            sure("greedy", |_| Recognised::Name),
        ];
        let found = |name, head| -> Vec<&str> {
            let found = recognise(&entries, &Sniffed::new(name, head));
            found.iter().map(|entry| entry.name).collect()
        };
        assert_eq!(found("a.wav", b"RIFF"), ["by-magic"]);
        assert_eq!(found("a.WAV", b""), ["by-ending", "greedy"]);
        assert_eq!(found("a", b""), ["greedy"]);
        assert!(recognise(&entries[..3], &Sniffed::new("a", b"")).is_empty());
    }

    #[test]
    fn the_keys_of_every_source_are_taken() {
        let greedy = SourceEntry {
            fields: Greedy::FIELDS,
            ..*entry("greedy", &[])
        };
        assert_eq!(
            refused(vec![Box::leak(Box::new(greedy))]),
            "the plugin `greedy` has a key `tags`; every source already has type, enabled, \
             schedule, tags, device, settle: rename it"
        );
        let mut section = Section::from_text("tags = ['a']");
        assert_eq!(Greedy::from_section(&mut section).unwrap().tags, ["a"]);
    }
}
