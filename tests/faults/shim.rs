//! Runs a program under the shim: compiles `shim.c` once, and says what is to go wrong and what came of it.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::NamedTempFile;

const SOURCE: &str = include_str!("shim.c");

/// A class of calls; the order is that of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Write,
    Fsync,
    Rename,
    Open,
    Unlink,
    Mkdir,
    /// All that change something: the above but for syncs and for opening what is there.
    Change,
}

/// How many classes there are.
const CLASSES: usize = 7;

impl Class {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Fsync => "fsync",
            Self::Rename => "rename",
            Self::Open => "open",
            Self::Unlink => "unlink",
            Self::Mkdir => "mkdir",
            Self::Change => "change",
        }
    }
}

/// What is to go wrong below a folder, and what was counted there.
pub(crate) struct Faults {
    root: PathBuf,
    plan: String,
    disk: Option<u64>,
    log: Option<PathBuf>,
    counts: NamedTempFile,
}

impl Faults {
    /// Nothing goes wrong.
    pub(crate) fn none(root: &Path) -> Self {
        let counts = NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).expect("there is room");
        Self {
            root: root.to_owned(),
            plan: String::new(),
            disk: None,
            log: None,
            counts,
        }
    }

    /// What `plan` says, in the words of the shim.
    pub(crate) fn plan(root: &Path, plan: impl Into<String>) -> Self {
        Self {
            plan: plan.into(),
            ..Self::none(root)
        }
    }

    /// The folder lies on a disk of this many bytes.
    pub(crate) fn disk(root: &Path, bytes: u64) -> Self {
        Self {
            disk: Some(bytes),
            ..Self::none(root)
        }
    }

    /// Every change is written to the file `log`.
    pub(crate) fn logged(root: &Path, log: &Path) -> Self {
        Self {
            log: Some(log.to_owned()),
            ..Self::none(root)
        }
    }

    /// Puts `command` under the shim.
    pub(crate) fn apply(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", library())
            .env("FAULT_ROOT", &self.root)
            .env("FAULT_PLAN", &self.plan)
            .env("FAULT_COUNTS", self.counts.path());
        if let Some(disk) = self.disk {
            command.env("FAULT_DISK", disk.to_string());
        }
        if let Some(log) = &self.log {
            command.env("FAULT_LOG", log);
        }
    }

    /// How many calls of a class the program has made.
    pub(crate) fn seen(&self, class: Class) -> u64 {
        self.count(class as usize)
    }

    /// How many calls were hit.
    pub(crate) fn hits(&self) -> u64 {
        self.count(CLASSES)
    }

    /// The most bytes that the disk held at once.
    pub(crate) fn peak(&self) -> u64 {
        self.count(CLASSES + 1)
    }

    fn count(&self, place: usize) -> u64 {
        let bytes = fs::read(self.counts.path()).expect("the shim wrote it");
        let number = bytes.as_chunks::<8>().0.get(place);
        u64::from_ne_bytes(*number.expect("the shim was loaded"))
    }
}

/// The compiled shim. Several processes may compile it at once: each does so under a name of its own, and the
/// last one to finish gives it the common name, which says what it was made from.
fn library() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = folder.join(format!("shim-{:016x}.so", hasher.finish()));
    if library.exists() {
        return library;
    }
    let source = tempfile::Builder::new().suffix(".c").tempfile_in(folder);
    let source = source.expect("there is room").into_temp_path();
    fs::write(&source, SOURCE).expect("there is room");
    let draft = NamedTempFile::new_in(folder)
        .expect("there is room")
        .into_temp_path();
    let made = Command::new("cc")
        .args([
            "-std=gnu11",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
        ])
        .args(["-U_FORTIFY_SOURCE", "-pthread", "-o"])
        .args([&*draft, &*source])
        .output()
        .expect("the C compiler that has made SQLite is there");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    draft.persist(&library).expect("both are in one folder");
    library
}
