//! The program that is measured: where it is, how it is started, and what it left behind.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::Outcome;
use crate::floor::CACHE_MIB;
use crate::measure::{self, Usage};

/// Where the program's standard error goes.
const MESSAGES: &str = "messages";

/// The folder of one run, with its own configuration, database, files and logs.
pub(crate) struct Store {
    folder: TempDir,
    source: &'static str,
}

impl Store {
    /// An empty one in `work`, to be filled from the memory logs in the folder `input`.
    pub(crate) fn new(work: &Path, input: &Path) -> Outcome<Self> {
        Self::of(work, "memory-jsonl", &[("path", input)], "")
    }

    /// An empty one in `work`, to be filled by the stock plugin `source`: its keys that are paths, and others as lines
    /// of TOML.
    pub(crate) fn of(
        work: &Path,
        source: &'static str,
        paths: &[(&str, &Path)],
        keys: &str,
    ) -> Outcome<Self> {
        let store = Self {
            folder: TempDir::new_in(work)?,
            source,
        };
        let mut configuration = format!(
            "[store]\ncache = \"{CACHE_MIB} MiB\"\nsynchronous = \"full\"\n\n\
             [source.{source}]\ntype = \"{source}\"\n{keys}\n"
        );
        for (key, path) in paths {
            // JSON strings of paths are TOML strings, too.
            let quoted = serde_json::to_string(path)?;
            configuration.push_str(&format!("{key} = {quoted}\n"));
        }
        fs::write(store.path("datalake.toml"), configuration)?;
        Ok(store)
    }

    /// A place in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path("datalake.db")
    }

    /// The command that reads the source.
    pub(crate) fn ingest(&self) -> Outcome<Command> {
        self.with_environment(Command::new(beside("datalake")?))
    }

    /// The same under strace, which notes what is done with files in `note.PID`.
    pub(crate) fn traced_ingest(&self, note: &Path) -> Outcome<Command> {
        let mut command = Command::new("strace");
        // One note for each thread (-ff), so that no call is split in two; files by name (-y).
        command.args(["-ff", "-y", "-s", "0", "-e"]);
        command
            .arg("trace=openat,read,pread64,readv,preadv,mmap")
            .arg("-o")
            .arg(note);
        command.arg(beside("datalake")?);
        self.with_environment(command)
    }

    /// Runs one of these commands; where it fails, what it said is part of the error.
    pub(crate) fn run(&self, command: &mut Command) -> Outcome<Usage> {
        self.run_to(command, 0)
    }

    /// Runs one of these commands over an input of which something is rejected.
    pub(crate) fn run_with_rejects(&self, command: &mut Command) -> Outcome<Usage> {
        self.run_to(command, 3)
    }

    fn run_to(&self, command: &mut Command, code: i32) -> Outcome<Usage> {
        measure::run_to(command, code).map_err(|error| {
            let said = fs::read_to_string(self.path(MESSAGES)).unwrap_or_default();
            format!("{error}\n{}", said.trim_end()).into()
        })
    }

    fn with_environment(&self, mut command: Command) -> Outcome<Command> {
        command.args(["run", "--source", self.source]);
        isolate(&mut command, self.folder.path())?;
        command.env("DATALAKE_CONFIG", self.path("datalake.toml"));
        command.env("DATA_DIR", self.path("data"));
        command.env("DB_FILE", self.database());
        command.env("LOG_DIR", self.path("logs"));
        Ok(command)
    }
}

/// `datalake --help`.
pub(crate) fn help(work: &Path) -> Outcome<Command> {
    let mut command = Command::new(beside("datalake")?);
    command.arg("--help");
    isolate(&mut command, work)?;
    Ok(command)
}

/// This program's own floor, as a process of its own so that it is measured in the same way.
pub(crate) fn floor(file: &Path, database: &Path, wide: bool) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["floor", "memory"]).arg(file).arg(database);
    if wide {
        command.arg("--wide");
    }
    Ok(command)
}

/// Another floor of this program, over the files of a folder.
pub(crate) fn floor_over(name: &str, folder: &Path, out: &Path) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["floor", name]).arg(folder).arg(out);
    command.stdout(Stdio::null());
    Ok(command)
}

/// The floor of a search: a walk with a stat of each file.
pub(crate) fn walk(folder: &Path) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["floor", "walk"]).arg(folder);
    command.stdout(Stdio::null());
    Ok(command)
}

/// Nothing of the person who measures may change what is measured: no variables, no terminal.
fn isolate(command: &mut Command, home: &Path) -> Outcome<()> {
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home);
    command
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let messages = fs::File::options()
        .create(true)
        .append(true)
        .open(home.join(MESSAGES))?;
    command.stderr(messages);
    Ok(())
}

/// A program of the same build.
fn beside(name: &str) -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} is not built: use `cargo xtask bench`", path.display()).into())
}

/// The number of rows of a table, and the bytes of the database with its log written back.
pub(crate) fn rows_and_bytes(database: &Path, table: &str) -> Outcome<(u64, u64)> {
    let connection = Connection::open(database)?;
    let count = format!("SELECT count(*) FROM {table}");
    let rows: i64 = connection.query_row(&count, [], |row| row.get(0))?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok((
        rows.unsigned_abs(),
        size(database)? + size(&with_suffix(database, "-wal"))?,
    ))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn size(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// What a traced run did with one file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reads {
    pub(crate) opens: u64,
    pub(crate) reads: u64,
    pub(crate) bytes: u64,
    pub(crate) maps: u64,
}

/// Adds up what strace noted in `note.*` about `file`.
pub(crate) fn reads_of(note: &Path, file: &Path) -> Outcome<Reads> {
    let (Some(folder), Some(prefix)) = (note.parent(), note.file_name()) else {
        return Err("the note of strace needs a folder and a name".into());
    };
    // strace shows the name that the kernel knows, without symbolic links.
    let shown = format!("<{}>", fs::canonicalize(file)?.display());
    let mut sum = Reads::default();
    let mut notes = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_stem() == Some(prefix) {
            notes += 1;
            fs::read_to_string(path)?
                .lines()
                .for_each(|line| add_call(&mut sum, line, &shown));
        }
    }
    if notes == 0 {
        return Err("strace noted nothing".into());
    }
    Ok(sum)
}

fn add_call(sum: &mut Reads, line: &str, file: &str) {
    if !line.contains(file) {
        return;
    }
    match line.split('(').next() {
        Some("openat") => sum.opens += 1,
        Some("mmap") => sum.maps += 1,
        _ => {
            sum.reads += 1;
            let result = line
                .rsplit("= ")
                .next()
                .and_then(|text| text.trim().parse().ok());
            sum.bytes += result.unwrap_or(0_u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_on_the_file_are_added_up() {
        let mut sum = Reads::default();
        let lines = [
            "openat(AT_FDCWD</tmp>, \"/a/m.jsonl\", O_RDONLY|O_CLOEXEC) = 5</a/m.jsonl>",
            "read(5</a/m.jsonl>, \"\"..., 4096)     = 4096",
            "pread64(5</a/m.jsonl>, \"\"..., 4096, 8192) = 100",
            "read(6</a/other>, \"\"..., 4096)     = 4096",
            "mmap(NULL, 4096, PROT_READ, MAP_SHARED, 5</a/m.jsonl>, 0) = 0x7f0000000000",
        ];
        lines
            .iter()
            .for_each(|line| add_call(&mut sum, line, "</a/m.jsonl>"));
        assert_eq!(
            sum,
            Reads {
                opens: 1,
                reads: 2,
                bytes: 4196,
                maps: 1
            }
        );
    }
}
