//! Files on their way into the store. A worker hashes and stages them; the writer gives them their final
//! name in the transaction that brings their row.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use crate::time::Timestamp;

/// BLAKE3 of a file's content.
pub type ContentHash = [u8; 32];

/// BLAKE3 of bytes at hand.
pub fn hash(bytes: &[u8]) -> ContentHash {
    *blake3::hash(bytes).as_bytes()
}

/// Bytes in lower-case hexadecimal digits, as people write hashes.
///
/// ```
/// assert_eq!(datalake_core::hex(&[0, 0xab]), "00ab");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

crate::config_enum! {
    /// How a file is kept.
    pub enum FileMode {
        /// A copy below the data folder.
        Copy = "copy",
        /// Where it is; the store only notes the place.
        Reference = "reference",
    }
}

/// Something small that shows what is in a file: a thumbnail, the peaks of a waveform. It follows from the content, is
/// kept with it in the database, and a better one takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What sort: `thumbnail`, `peaks`. A file has one of each sort.
    pub kind: &'static str,
    /// Its media type: `image/jpeg`.
    pub media_type: &'static str,
    /// Which way of making it made it: one of a greater version replaces those before.
    pub version: u32,
    /// Itself; some kilobytes, as it is held in memory and read in one piece.
    pub bytes: Box<[u8]>,
}

/// Where the bytes of a file are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// In a file of the user's, which stays as it is.
    Path(PathBuf),
    /// In memory.
    Bytes(Arc<[u8]>),
}

/// A file to keep.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Its bytes.
    pub content: Content,
    /// The folder below the data folder: `audio`, `screenshots`.
    pub folder: &'static str,
    /// The name people know it by. Only its last part is used, made safe for any file system.
    pub name: String,
    /// When the thing was made; decides the dated folder.
    pub made: Timestamp,
    /// How it is kept.
    pub mode: FileMode,
}

/// A file that has been hashed and staged.
#[derive(Debug, Clone)]
pub struct FileRef(pub(crate) Arc<Staged>);

/// What the writer needs to know of a staged file.
#[derive(Debug)]
pub struct Staged {
    /// BLAKE3 of the content.
    pub hash: ContentHash,
    /// Length in bytes.
    pub size: u64,
    /// Where the staged copy lies; `None` for a file kept by reference.
    pub staged: Option<PathBuf>,
    /// Where the user's file lies, if the content came from one: noted as a place.
    pub place: Option<PathBuf>,
    /// The folder below the data folder.
    pub folder: &'static str,
    /// The wished name.
    pub name: String,
    /// When the thing was made.
    pub made: Timestamp,
}

impl FileRef {
    /// Wraps what a sink staged.
    pub fn new(staged: Staged) -> Self {
        Self(Arc::new(staged))
    }

    /// What was staged.
    pub fn staged(&self) -> &Staged {
        &self.0
    }

    /// BLAKE3 of the content.
    pub fn hash(&self) -> &ContentHash {
        &self.0.hash
    }

    /// Length in bytes.
    pub fn size(&self) -> u64 {
        self.0.size
    }
}
