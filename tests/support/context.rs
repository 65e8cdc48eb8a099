//! A clean place to run the built binary in: a folder of its own that is both home and working folder, and
//! no environment but what the test gives.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use tempfile::TempDir;

use crate::support::output::Ran;
use crate::support::system::{self, Running};

/// The user that owns nothing, for tests of permissions where the tests run as root.
pub(crate) const NOBODY: u32 = 65_534;

/// A configuration with one source that reads the folder `in`.
pub(crate) const ONE_SOURCE: &str = "[source.memory-jsonl]\npath = [\"in\"]\n";

pub(crate) struct TestContext {
    home: TempDir,
    variables: Vec<(String, OsString)>,
    user: Option<u32>,
    binary: PathBuf,
    /// The processes that ran here, as their numbers show up in outputs.
    pids: Mutex<Vec<u32>>,
}

impl TestContext {
    /// A folder with nothing in it.
    pub(crate) fn bare() -> Self {
        let cx = Self {
            home: tempfile::Builder::new()
                .prefix("datalake-test")
                .tempdir()
                .unwrap(),
            variables: Vec::new(),
            user: None,
            binary: PathBuf::from(env!("CARGO_BIN_EXE_datalake")),
            pids: Mutex::default(),
        };
        // The machine's own name and zone would be in every snapshot.
        cx.with("TZ", "UTC").with("DATALAKE_DEVICE", "laptop")
    }

    /// A folder with a configuration of one source, and no input for it yet.
    pub(crate) fn new() -> Self {
        let cx = Self::bare();
        cx.write("datalake.toml", ONE_SOURCE);
        fs::create_dir(cx.path("in")).unwrap();
        cx
    }

    /// [`new`](Self::new) with the plugin's fixtures as input, read one after the other, so that the numbers of
    /// what is stored follow from the input.
    pub(crate) fn with_input() -> Self {
        let cx = Self::new().with("DATALAKE_RUN_THREADS", "1");
        for name in ["metrics.jsonl", "events.jsonl"] {
            let fixtures =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/memory-jsonl/fixtures");
            fs::copy(fixtures.join(name), cx.path("in").join(name)).unwrap();
        }
        cx
    }

    /// [`with_input`](Self::with_input) after a first run.
    pub(crate) fn filled() -> Self {
        let cx = Self::with_input();
        let ran = cx.run("run");
        assert_eq!(ran.code(), Some(0), "{ran}");
        cx
    }

    /// Sets a variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.set(name, value);
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.into()));
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Runs everything from here on as a user that permissions bind. Root, as whom CI runs its tests, may
    /// read and write whatever the permissions say.
    pub(crate) fn under_permissions(mut self) -> Self {
        if !system::is_root() {
            return self;
        }
        // The build folder may lie where that user cannot go.
        let copy = self.path("datalake-under-test");
        fs::copy(&self.binary, &copy).unwrap();
        for path in [self.home.path(), &copy] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        self.binary = copy;
        self.user = Some(NOBODY);
        self
    }

    /// Gives a path, and everything below it, to the user that the program runs as.
    pub(crate) fn give(&self, name: &str) {
        let Some(user) = self.user else { return };
        for path in self.files_and_folders(&self.path(name)) {
            std::os::unix::fs::chown(path, Some(user), Some(user)).unwrap();
        }
    }

    fn files_and_folders(&self, path: &Path) -> Vec<PathBuf> {
        let mut all = vec![path.to_owned()];
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                all.extend(self.files_and_folders(&entry.unwrap().path()));
            }
        }
        all
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn root(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file, and the folders it lies in.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn append(&self, name: &str, content: impl AsRef<[u8]>) {
        use std::io::Write;
        let mut file = fs::OpenOptions::new()
            .append(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(content.as_ref()).unwrap();
    }

    /// Holds the lock on reading a source, as another process would that says it is `process 1`.
    pub(crate) fn hold_lock(&self, source: &str) -> fs::File {
        let name = format!("datalake.db.locks/{source}.lock");
        self.write(
            &name,
            "process 1 (manual), since 2026-01-10T06:30:00.000000Z",
        );
        let file = fs::File::open(self.path(&name)).unwrap();
        file.lock().unwrap();
        file
    }

    /// The command with the arguments of a line as a shell would take it apart.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(words(line))
            .current_dir(self.home.path())
            .env_clear();
        command.env("HOME", self.home.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// Starts the program and lets it run.
    pub(crate) fn start(&self, line: &str) -> Running {
        let running = Running::start(line, self.command(line));
        self.pids.lock().unwrap().push(running.pid());
        running
    }

    /// Runs the program to its end with further arguments, which need not be text.
    pub(crate) fn run_with(&self, line: &str, more: &[&OsStr]) -> Ran {
        let mut command = self.command(line);
        command.args(more);
        let running = Running::start(line, command);
        self.pids.lock().unwrap().push(running.pid());
        running.finish()
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.start(line).finish()
    }

    /// Runs lines one after another and puts what each said into one text, without what differs from
    /// machine to machine.
    pub(crate) fn transcript(&self, lines: &[&str]) -> String {
        let texts: Vec<String> = lines
            .iter()
            .map(|line| self.shown(&self.run(line)))
            .collect();
        texts.join("\n")
    }

    /// What a run said, without what differs from machine to machine.
    pub(crate) fn shown(&self, ran: &Ran) -> String {
        crate::support::output::filter(&ran.to_string(), self.root(), &self.pids.lock().unwrap())
    }
}

/// A new folder. Its path is short wherever it can be: tables cut long ones and stand as wide as they are.
pub(crate) fn folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("datalake-test");
    builder
        .tempdir_in("/tmp")
        .or_else(|_| builder.tempdir())
        .unwrap()
}

/// Takes a line apart at spaces, except between quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quote = None;
    for letter in line.chars() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}
