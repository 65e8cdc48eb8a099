//! Files on their way into the store: hashed and copied in one pass over their bytes, by the worker that reads
//! them. The writer only gives the copy its final name.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::blob::{Blob, Content, ContentHash, FileMode, FileRef, Staged};
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// How much is read at once.
const BLOCK: usize = 256 << 10;

/// A place in the sink's keeping where a copy is laid until the batch that brings its row is written.
#[derive(Debug)]
pub struct Aside {
    /// Where it lies.
    pub path: PathBuf,
    /// The empty file there; nothing where nothing is kept, as in a rehearsal.
    pub file: Option<File>,
}

/// What a kept file is called and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// The folder below the data folder: `audio`, `screenshots`.
    pub folder: &'static str,
    /// The name people know it by. Only its last part is used, made safe for any file system.
    pub name: String,
    /// When the thing was made; decides the dated folder.
    pub made: Timestamp,
}

/// Hashes a file and, unless it stays where it is, lays a copy in the place that `aside` gives.
///
/// # Errors
/// The file cannot be read, or the copy not be written.
pub fn stage(aside: impl FnOnce() -> Result<Aside>, blob: Blob) -> Result<FileRef> {
    let place = match &blob.content {
        Content::Path(path) => Some(path.clone()),
        Content::Bytes(_) => None,
    };
    let kept = blob.mode == FileMode::Copy || place.is_none();
    let mut copy = Copying::new(kept.then(aside).transpose()?);
    match &blob.content {
        Content::Bytes(bytes) => copy.take(bytes)?,
        Content::Path(path) => {
            let mut file = File::open(path).map_err(|error| Error::io(path.display(), error))?;
            copy.clone_from(&file, None);
            read_all(&mut file, path, &mut copy)?;
        }
    }
    let naming = Naming {
        folder: blob.folder,
        name: blob.name,
        made: blob.made,
    };
    copy.finish(place, naming)
}

fn read_all(file: &mut File, path: &Path, copy: &mut Copying) -> Result<()> {
    let mut buffer = vec![0; BLOCK];
    loop {
        let read = match &mut copy.cloned {
            Some(cloned) => cloned.read(&mut buffer),
            None => file.read(&mut buffer),
        };
        match read {
            Ok(0) => return Ok(()),
            Ok(length) => copy.take(&buffer[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io(path.display(), error)),
        }
    }
}

/// A copy in the making. Dropped before it is finished, it takes what was written away again: the disk may be
/// full of it.
pub(crate) struct Copying {
    hasher: blake3::Hasher,
    /// Where bytes that are taken go; nothing where the copy has them already or none is kept.
    file: Option<File>,
    /// The copy, where the file system has made it at once.
    pub(crate) cloned: Option<File>,
    path: Option<PathBuf>,
}

impl Copying {
    /// A copy that is laid aside there; without a place only the hash is made.
    pub(crate) fn new(aside: Option<Aside>) -> Self {
        let (path, file) = aside.map_or((None, None), |aside| (Some(aside.path), aside.file));
        Self {
            hasher: blake3::Hasher::new(),
            file,
            cloned: None,
            path,
        }
    }

    /// Lets the file system share the blocks of `original` with the copy, where it can: then nothing is written, and
    /// what is read from now on has to come from [`Copying::cloned`], which nobody changes any more. Whatever lies
    /// behind `length` is cut off.
    pub(crate) fn clone_from(&mut self, original: &File, length: Option<u64>) {
        let Some(file) = &self.file else { return };
        if share_blocks(file, original).is_err() {
            return;
        }
        let cut = length.map_or(Ok(()), |length| file.set_len(length));
        let opened = cut.and_then(|()| match &self.path {
            Some(path) => File::open(path),
            None => Err(io::ErrorKind::NotFound.into()),
        });
        match opened {
            Ok(cloned) => (self.file, self.cloned) = (None, Some(cloned)),
            // It is written in the ordinary way then, from its first byte.
            Err(_) => drop(file.set_len(0)),
        }
    }

    /// The bytes that follow those taken before.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(|error| self.failed(error)),
            None => Ok(()),
        }
    }

    /// How many bytes were taken.
    pub(crate) fn taken(&self) -> u64 {
        self.hasher.count()
    }

    /// What was taken is all of it. The copy outlasts a loss of power from here on.
    pub(crate) fn finish(mut self, place: Option<PathBuf>, naming: Naming) -> Result<FileRef> {
        if let Some(file) = self.file.as_ref().or(self.cloned.as_ref()) {
            file.sync_all().map_err(|error| self.failed(error))?;
        }
        let Naming { folder, name, made } = naming;
        Ok(FileRef::new(Staged {
            hash: self.hash(),
            size: self.taken(),
            staged: self.path.take(),
            place,
            folder,
            name,
            made,
        }))
    }

    fn hash(&self) -> ContentHash {
        *self.hasher.finalize().as_bytes()
    }

    fn failed(&self, error: io::Error) -> Error {
        let path = self.path.as_deref().unwrap_or(Path::new("the copy"));
        Error::io(path.display(), error)
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(target_os = "linux")]
fn share_blocks(copy: &File, original: &File) -> io::Result<()> {
    Ok(rustix::fs::ioctl_ficlone(copy, original)?)
}

#[cfg(not(target_os = "linux"))]
fn share_blocks(_: &File, _: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
