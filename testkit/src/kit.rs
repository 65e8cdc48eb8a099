//! A plugin with everything that the checks need: its inputs, how it is configured, how thorough to be.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use datalake_core::config::{Document, Place, parse_document};
use datalake_core::{Folders, Section, Source, SourceEntry, registry};

use crate::child::ChildCommand;
use crate::failure::{Failure, Result, ensure};
use crate::lake::Lake;
use crate::observe::Traits;
use crate::sound::files_below;
use crate::switches;

/// How thorough the checks are, and how patient.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How many processes are killed.
    pub kills: u32,
    /// At how many places each input is cut off.
    pub cuts: usize,
    /// How many bytes of each input are changed, one at a time.
    pub flips: usize,
    /// How many bytes are appended one at a time, of each input.
    pub appended: usize,
    /// One reading of a few small inputs takes no longer; what does hangs.
    pub reading: Duration,
    /// One check takes no longer.
    pub check: Duration,
}

impl Effort {
    /// For a person who waits: less than a minute for a plugin with small inputs.
    pub const QUICK: Self = Self {
        kills: 3,
        cuts: 64,
        flips: 24,
        appended: 300,
        reading: Duration::from_secs(20),
        check: Duration::from_secs(120),
    };
    /// For every change.
    pub const TESTS: Self = Self {
        kills: 20,
        check: Duration::from_secs(200),
        ..Self::QUICK
    };
    /// For a release: every byte, and 500 kills.
    pub const DEEP: Self = Self {
        kills: 500,
        cuts: usize::MAX,
        flips: 500,
        appended: usize::MAX,
        reading: Duration::from_secs(60),
        check: Duration::from_secs(1_800),
    };

    /// What the environment asks for: [`Effort::DEEP`] under `cargo xtask test --deep`.
    pub fn of_tests() -> Self {
        if switches::deep() {
            Self::DEEP
        } else {
            Self::TESTS
        }
    }
}

/// An input: its path below the root, and what is in it.
pub(crate) type Input = (String, Vec<u8>);

/// A plugin and what it is tested with.
#[derive(Debug)]
pub struct Kit {
    pub(crate) entry: &'static SourceEntry,
    pub(crate) inputs: Vec<Input>,
    pub(crate) config: String,
    /// The folder of the plugin's crate, where that is known: not to a program that was installed.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) child: Option<ChildCommand>,
    pub(crate) effort: Effort,
    traits: OnceLock<Result<Traits>>,
    /// A new database, made once: making it takes longer than most readings.
    template: OnceLock<Result<Vec<u8>>>,
}

impl Kit {
    /// The plugin of this name, with the inputs that it carries.
    ///
    /// # Errors
    /// No plugin of this program has the name.
    pub fn of(name: &str) -> Result<Self> {
        let entry = registry::find(name).ok_or_else(|| {
            Failure::new(format!(
                "no plugin `{name}` is registered in this program; the crate must be named, or the linker \
                 drops it: add `use datalake_{} as _;`",
                name.replace('-', "_")
            ))
        })?;
        Ok(Self::with(entry))
    }

    /// A plugin by its entry.
    pub fn with(entry: &'static SourceEntry) -> Self {
        let own = |(name, bytes): &(&str, &[u8])| ((*name).to_owned(), bytes.to_vec());
        Self {
            entry,
            inputs: entry.fixtures.files.iter().map(own).collect(),
            config: entry.fixtures.config.to_owned(),
            folder: None,
            child: None,
            effort: Effort::QUICK,
            traits: OnceLock::new(),
            template: OnceLock::new(),
        }
    }

    /// Says where the plugin's crate lies, for what is not part of the program: README and golden file.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Takes every file below a folder as input, in place of what the plugin carries.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read, or there is none.
    pub fn inputs_in(mut self, folder: &Path) -> Result<Self> {
        self.inputs.clear();
        for name in files_below(folder)? {
            let bytes = std::fs::read(folder.join(&name))?;
            self.inputs.push((name, bytes));
        }
        let shown = folder.display();
        ensure!(!self.inputs.is_empty(), "there are no inputs in {shown}");
        Ok(self)
    }

    /// How this program starts itself for one reading.
    #[must_use]
    pub fn child(mut self, child: ChildCommand) -> Self {
        self.child = Some(child);
        self
    }

    /// How thorough to be.
    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        self.effort = effort;
        self
    }

    /// The plugin's name.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The configuration for a root folder, as TOML.
    pub(crate) fn config_for(&self, root: &Path) -> String {
        config_text(&self.config, root)
    }

    /// A source as a new process would make it.
    pub(crate) fn source(&self, root: &Path) -> Result<Arc<dyn Source>> {
        let text = self.config_for(root);
        let mut section = section(&text);
        match build(self.entry, &mut section) {
            Some(source) => Ok(source),
            None => Err(Failure::new(format!(
                "the configuration of the test is refused; `fixture_config` must be right:\n{text}\n{}",
                section.report_text()
            ))),
        }
    }

    /// What shows of the plugin when it reads its inputs; found out once.
    pub(crate) fn traits(self: &Arc<Self>) -> Result<Traits> {
        self.traits.get_or_init(|| Traits::observe(self)).clone()
    }

    /// A new database.
    pub(crate) fn template(self: &Arc<Self>) -> Result<Vec<u8>> {
        self.template.get_or_init(|| Lake::template(self)).clone()
    }
}

/// Puts the root into a configuration.
pub(crate) fn config_text(config: &str, root: &Path) -> String {
    let root = root
        .to_string_lossy()
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    config.replace("{root}", &root)
}

/// A source's section with this text.
pub(crate) fn section(text: &str) -> Section {
    let document = Document::file("datalake.toml", text);
    // Somebody who has a home folder: defaults may begin with `~`.
    let folders = Folders {
        environment: [("HOME", "/base/home")].into_iter().collect(),
        ..Folders::at("/base")
    };
    let mut section = Section::new("source.test", Arc::new(folders));
    match parse_document(&document) {
        Ok(entries) => section = section.with_entries(Place::new(&document, 0..0), entries),
        Err(problems) => problems
            .into_iter()
            .for_each(|problem| section.report(problem)),
    }
    section
}

/// Lets the plugin read its section, as the program does; nothing where anything is wrong with it.
pub(crate) fn build(entry: &SourceEntry, section: &mut Section) -> Option<Arc<dyn Source>> {
    let source = (entry.build)(section);
    section.finish(entry.fields);
    source.filter(|_| section.problems().is_empty())
}
