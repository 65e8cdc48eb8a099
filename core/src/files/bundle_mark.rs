//! What is known of a bundle between two looks: kept in its checkpoint, and searched when it has a new name.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::identity::{Identity, Stamp};
use super::scan::Found;
use crate::checkpoint::{KnownUnit, UnitId};
use crate::source::Context;

/// What its files looked like when they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BundleMark {
    /// Names and looks, by name.
    pub(crate) members: Vec<(String, Stamp)>,
    /// Whether all there was has been read.
    pub(crate) end: bool,
    /// Whether any later change shows in a stamp.
    pub(crate) settled: bool,
    pub(crate) generation: u32,
    /// A hash of all contents and the endings of the names, in hexadecimal digits.
    pub(crate) hash: Box<str>,
}

impl BundleMark {
    /// Whether nothing has changed since, as far as a search tells. Then nothing is opened.
    pub(crate) fn covers(&self, found: &[Found]) -> bool {
        let same = |((name, stamp), found): (&(String, Stamp), &Found)| {
            found.name.rsplit('/').next() == Some(name) && found.what.as_ref() == Ok(stamp)
        };
        self.end
            && self.settled
            && self.members.len() == found.len()
            && self.members.iter().zip(found).all(same)
    }

    /// Whether a later look that says `other` found nothing new. That a change would show by now is new, once.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let alike = Self {
            settled: self.settled,
            ..other.clone()
        };
        *self == alike && (self.settled || !other.settled)
    }

    /// What a rename does not change.
    fn identity(&self) -> Vec<Identity> {
        let mut identity: Vec<_> = self
            .members
            .iter()
            .map(|(_, stamp)| stamp.identity())
            .collect();
        identity.sort_unstable();
        identity
    }
}

/// The bundles known before the run, to find the one that a bundle of an unknown name was.
///
/// Equal contents alone say nothing: two recordings of "Okay." have two transcripts. What is the same file by its
/// inode and time, too, was renamed.
pub(crate) struct Renamed {
    /// Held to tell whether it is still the snapshot that was indexed.
    snapshot: Arc<HashMap<UnitId, KnownUnit>>,
    version: u32,
    known: HashMap<Vec<Identity>, Vec<(UnitId, BundleMark)>>,
}

impl Renamed {
    pub(crate) fn new(cx: &Context) -> Self {
        let mut known: HashMap<_, Vec<_>> = HashMap::new();
        // As for single files: what is chosen carries on nothing.
        for unit in cx.known.values().filter(|_| cx.chosen.is_none()) {
            let checkpoint = unit.checkpoint.as_ref();
            let mark = checkpoint.and_then(|known| known.decode::<BundleMark>(cx.cursor_version));
            if let Some(mark) = mark.filter(|mark| mark.end) {
                known
                    .entry(mark.identity())
                    .or_default()
                    .push((unit.id.clone(), mark));
            }
        }
        for units in known.values_mut() {
            units.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        }
        Self {
            snapshot: cx.known.clone(),
            version: cx.cursor_version,
            known,
        }
    }

    /// Whether it is about what this context knows.
    pub(crate) fn is_for(&self, cx: &Context) -> bool {
        Arc::ptr_eq(&self.snapshot, &cx.known) && self.version == cx.cursor_version
    }

    /// The unit that these files were, and its generation, if it is not there any more.
    pub(crate) fn find(
        &self,
        mark: &BundleMark,
        is_there: impl Fn(&UnitId) -> bool,
    ) -> Option<(&UnitId, u32)> {
        let known = self.known.get(&mark.identity())?.iter();
        let mut gone = known.filter(|(old, was)| was.hash == mark.hash && !is_there(old));
        gone.next().map(|(old, was)| (old, was.generation))
    }
}
