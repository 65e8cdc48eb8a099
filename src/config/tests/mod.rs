//! Tests of the whole configuration, with plugins that exist only here.

mod generated;
mod messages;
mod precedence;
mod schedules;
mod selection;

use std::path::Path;
use std::sync::Arc;

use datalake_core::config::{Paths, Row, Secret, Section};
use datalake_core::{
    Checkpoint, Context, Fixtures, Output, Source, SourceEntry, Stability, Unit, async_trait,
    config,
};
use proptest::prelude::*;

use super::*;

config! {
    /// The keys of a plugin for notes.
    pub(super) struct NotesConfig {
        /// Where to read.
        pub path: Paths = ["/var/log/notes"],
        /// How many at once.
        #[range(1, 64)]
        pub readers: u32 = 4,
        /// The key to the door.
        pub token: Option<Secret>,
    }
}

config! {
    /// The keys of a plugin for letters.
    pub(super) struct LettersConfig {
        /// The folder they lie in.
        #[example("~/letters")]
        pub folder: PathBuf,
    }
}

/// A source that says in `roots` what it was configured with.
struct Fake(Vec<PathBuf>);

#[async_trait]
impl Source for Fake {
    async fn units(&self, _: &Context) -> Result<Vec<Unit>> {
        Ok(Vec::new())
    }

    async fn read(
        &self,
        _: &Context,
        _: &Unit,
        _: Option<Checkpoint>,
        _: &mut Output,
    ) -> Result<()> {
        Ok(())
    }

    fn roots(&self) -> Vec<PathBuf> {
        self.0.clone()
    }
}

fn notes(section: &mut Section) -> Option<Arc<dyn Source>> {
    let config = NotesConfig::from_section(section)?;
    if config.readers == 13 {
        section.refuse("readers", "thirteen readers quarrel");
    }
    Some(Arc::new(Fake(config.path.0)))
}

fn letters(section: &mut Section) -> Option<Arc<dyn Source>> {
    Some(Arc::new(Fake(vec![
        LettersConfig::from_section(section)?.folder,
    ])))
}

const BLANK: SourceEntry = SourceEntry {
    name: "blank",
    summary: "Nothing",
    stability: Stability::Stable,
    cursor_version: 1,
    fields: &[],
    datasets: &[],
    schema: None,
    recognises: None,
    build: |_| None,
    sample: "",
    fixtures: Fixtures::NONE,
};

static NOTES: SourceEntry = SourceEntry {
    name: "daily-notes",
    summary: "Notes of the day, one per line",
    fields: NotesConfig::FIELDS,
    build: notes,
    ..BLANK
};

static LETTERS: SourceEntry = SourceEntry {
    name: "letters",
    summary: "Letters, one file each",
    stability: Stability::Deprecated {
        use_instead: "daily-notes",
    },
    fields: LettersConfig::FIELDS,
    build: letters,
    ..BLANK
};

static MUTE: SourceEntry = SourceEntry {
    name: "mute",
    summary: "Refuses all",
    ..BLANK
};

static PLUGINS: &[&SourceEntry] = &[&NOTES, &LETTERS, &MUTE];

/// A situation to read the configuration in: a folder with a file, a home, nothing else.
struct Desk {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    set: Vec<String>,
    sources: Vec<String>,
    plugins: Vec<&'static str>,
    config: Option<PathBuf>,
    built_in: String,
}

impl Desk {
    /// Without any file.
    fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home").display().to_string();
        let built_in = "[source.daily-notes]\n[source.unknown-here]\n".to_owned();
        let (set, sources, config) = (Vec::new(), Vec::new(), None);
        Self {
            folder,
            environment: vec![("HOME".into(), home)],
            set,
            sources,
            plugins: Vec::new(),
            config,
            built_in,
        }
    }

    /// With this `datalake.toml`.
    fn with(text: &str) -> Self {
        let desk = Self::bare();
        desk.write("datalake.toml", text);
        desk
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    fn set(mut self, argument: &str) -> Self {
        self.set.push(argument.into());
        self
    }

    fn choose(mut self, source: &str) -> Self {
        self.sources.push(source.into());
        self
    }

    fn load(&self) -> Result<Config, ConfigErrors> {
        Config::load(&Inputs {
            config: self.config.clone(),
            set: self.set.clone(),
            sources: self.sources.clone(),
            plugins: self.plugins.clone(),
            environment: self.environment.iter().cloned().collect(),
            working_folder: self.folder.path().to_path_buf(),
            platform: Platform::Xdg,
            entries: PLUGINS,
            built_in: &self.built_in,
        })
    }

    fn right(&self) -> Config {
        self.load()
            .unwrap_or_else(|errors| panic!("{}", errors.report()))
    }

    /// The report of everything that is wrong, with the test's folder as `DESK`.
    fn wrong(&self) -> String {
        let Err(errors) = self.load() else {
            panic!("nothing was wrong")
        };
        self.plain(&errors.report())
    }

    fn plain(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "DESK")
    }

    /// The effective value of a key and where it came from.
    fn value(&self, key: &str) -> String {
        let config = self.right();
        let row = config
            .show()
            .iter()
            .find(|row| row.key == key)
            .unwrap()
            .clone();
        let Row { value, origin, .. } = row;
        self.plain(&format!(
            "{} from {origin}",
            value.as_deref().unwrap_or("nothing")
        ))
    }
}

fn shown(path: &Path, desk: &Desk) -> String {
    desk.plain(&path.display().to_string())
}

/// Any text, and texts that look a little like a configuration.
const FILES: &str =
    "\\PC*|(\\[?(source|server|device|daily-notes|type|\\.|=|'|[a-z\n\\]]){1,4}\n){0,9}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_panics(
        text in FILES,
        set in "\\PC{0,20}|(source|server|api|daily-notes|[.=a-z]){1,6}",
        source in "\\PC{0,9}|daily-notes|letters",
    ) {
        let desk = Desk::with(&text).set(&set).choose(&source);
        if let Err(errors) = desk.load() {
            prop_assert!(!errors.problems.is_empty());
            prop_assert!(!errors.report().is_empty());
        }
    }
}
