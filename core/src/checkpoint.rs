//! How far a unit has been read, and what is known of the units a source ever had.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::blob::ContentHash;
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// The name of a configured source: `[source.NAME]`.
pub type SourceName = Arc<str>;

/// The name of a unit: its path relative to the source's root, with `/` between the parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId(Arc<str>);

impl UnitId {
    /// A unit by its name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A plugin's own cursor for a unit: JSON that nobody else reads, with the version of its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The version of the cursor's meaning, from the registry entry. Another one means: read again.
    pub version: u32,
    /// The cursor as JSON text.
    pub cursor: Arc<str>,
}

impl Checkpoint {
    /// Wraps a cursor.
    pub fn new(version: u32, cursor: &impl Serialize) -> Result<Self> {
        let cursor = serde_json::to_string(cursor)
            .map_err(|error| Error::bug("the cursor cannot be written as JSON").caused_by(error))?;
        Ok(Self {
            version,
            cursor: cursor.into(),
        })
    }

    /// The cursor, if it has this version and shape; otherwise the unit is read again from the start.
    pub fn decode<C: DeserializeOwned>(&self, version: u32) -> Option<C> {
        if self.version != version {
            return None;
        }
        serde_json::from_str(&self.cursor).ok()
    }
}

/// What a unit looked like when its checkpoint was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitState {
    /// How often its content has been replaced. Rows keep the generation they came from.
    pub generation: u32,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// BLAKE3 of its content, for units that are read as a whole.
    pub hash: Option<ContentHash>,
    /// Whether it was gone, and was read from what is kept of it.
    pub missing: bool,
    /// The content whose rows and cursor it carries on, after a rename or rotation.
    pub adopts: Option<Adopted>,
}

/// A content that goes on under another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The unit that it was.
    pub unit: UnitId,
    /// Which of that unit's contents it was: that unit may have another by now.
    pub generation: u32,
}

/// A unit this source has or once had.
#[derive(Debug, Clone)]
pub struct KnownUnit {
    /// Its name.
    pub id: UnitId,
    /// How far it has been read.
    pub checkpoint: Option<Checkpoint>,
    /// What it looked like then.
    pub state: UnitState,
    /// Whether it was gone at the last look.
    pub missing: bool,
    /// How many raw bytes are kept of its content.
    pub raw: u64,
}
