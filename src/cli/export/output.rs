//! Where the bytes go: to stdout piece by piece, or into a file that has its name only when it is whole.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use datalake_core::{Error, Result};
use datalake_store::{RawContent, Reader};

use super::DEADLINE;

/// Writes to stdout. A reader that has gone away wants nothing more.
pub(super) fn to_stdout(reader: &Reader, content: &RawContent) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = |written: std::io::Result<()>| match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::io("stdout", error)),
    };
    reader.raw_bytes(content, DEADLINE, |bytes| written(out.write_all(bytes)))?;
    written(out.flush()).map(drop)
}

/// Writes to a file that is not there yet. Returns its path.
///
/// # Errors
/// The file is there, or cannot be written. Nothing is left behind then.
pub(super) fn to_file(reader: &Reader, content: &RawContent, path: &Path) -> Result<PathBuf> {
    let failed = |error| Error::io(path.display(), error);
    if path.symlink_metadata().is_ok() {
        return Err(is_there(path));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut draft = tempfile::Builder::new()
        .prefix(".datalake-export-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    reader.raw_bytes(content, DEADLINE, |bytes| {
        draft.write_all(bytes).map_err(failed).map(|()| true)
    })?;
    draft.as_file().sync_all().map_err(failed)?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(path.to_owned()),
        Err(kept) if kept.error.kind() == ErrorKind::AlreadyExists => Err(is_there(path)),
        Err(kept) => Err(failed(kept.error)),
    }
}

fn is_there(path: &Path) -> Error {
    Error::usage("there is something of this name already")
        .at(path.display().to_string())
        .hint("name another file, or take that one away; nothing was written")
}
