//! The folder in which the benchmarks work, and the generated files in it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Options, Outcome, generate};

/// A folder of memory logs, as the plugin is given it.
pub(crate) struct Input {
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
    pub(crate) lines: u64,
}

impl Input {
    /// Reads the file once, so that no run pays for the disk.
    pub(crate) fn warm(&self) -> Outcome<()> {
        io::copy(&mut File::open(&self.file)?, &mut io::sink())?;
        Ok(())
    }
}

/// The folder of one call of this program; it goes when the program ends.
pub(crate) struct Work {
    folder: TempDir,
}

impl Work {
    pub(crate) fn new(options: &Options) -> Outcome<Self> {
        let name = tempfile::Builder::new()
            .prefix("datalake-bench-")
            .to_owned();
        let folder = match &options.folder {
            Some(folder) => name.tempdir_in(folder)?,
            None => name.tempdir()?,
        };
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A log of so many lines, generated when it is first asked for.
    pub(crate) fn memory(&self, lines: u64) -> Outcome<Input> {
        let folder = self.path().join(format!("memory-{lines}"));
        let file = folder.join("metrics.jsonl");
        if !file.exists() {
            fs::create_dir_all(&folder)?;
            to_file(&file, |out| generate::memory(out, lines))?;
        }
        Ok(Input {
            folder,
            file,
            lines,
        })
    }
}

/// Writes a file through a large buffer.
pub(crate) fn to_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Outcome<()> {
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    write(&mut out)?;
    out.flush()?;
    Ok(())
}
