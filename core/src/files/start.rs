//! Where the reading of a file begins: where it stopped, where its content was left under another
//! name, or at its first byte.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::Class;
use super::adopt::{Candidate, Entry, Index, Present};
use super::identity::Bookmark;
use super::opened::{Opened, Stop};
use super::signals::Signals;
use super::tracked::Place;
use crate::checkpoint::{Adopted, UnitId};
use crate::source::Context;

/// Where to begin.
#[derive(Debug, Default)]
pub(crate) struct Start {
    pub(crate) offset: u64,
    /// The bytes before it.
    pub(crate) tail: Vec<u8>,
    /// The parser's cursor; its default if there is none.
    pub(crate) cursor: Option<Box<RawValue>>,
    pub(crate) generation: u32,
    /// The content that this is, under the name it had.
    pub(crate) adopts: Option<Adopted>,
    /// Up to where it has been read, if that was all of it.
    pub(crate) done: Option<Place>,
    /// Where the block of raw bytes begins with which keeping them goes on, if those before are there.
    pub(crate) kept: Option<u64>,
    /// Whether the file is gone, and this is what was kept of it.
    pub(crate) gone: bool,
}

/// What the decision rests on.
pub(crate) struct Facts<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) unit: &'a UnitId,
    pub(crate) class: Class,
    pub(crate) opened: &'a Opened,
    pub(crate) signals: &'a Signals,
    /// The file's hash in hexadecimal digits, if it is read as a whole or is compressed.
    pub(crate) hash: Option<&'a str>,
    /// What this path's checkpoint says.
    pub(crate) stored: Option<&'a Bookmark>,
}

impl Facts<'_> {
    /// Decides. `known` gives the units known before the run and the files that are there now; it
    /// is asked only where the content is not what was left at this path.
    pub(crate) fn start(
        &self,
        known: impl FnOnce() -> Result<(Arc<Index>, Arc<Present>), Stop>,
    ) -> Result<Start, Stop> {
        let start = match self.same_content()? {
            Some(start) => start,
            None => {
                let (index, present) = known()?;
                self.other_content(&index, &present)?
            }
        };
        if self.cx.full {
            return Ok(Start {
                offset: 0,
                tail: Vec::new(),
                cursor: None,
                done: None,
                kept: None,
                ..start
            });
        }
        Ok(start)
    }

    /// Decides for what was kept of a file that is gone: it is the content that it was.
    pub(crate) fn start_of_gone(&self, generation: u32) -> Result<Start, Stop> {
        let start = self.same_content()?.unwrap_or_else(|| Start {
            generation,
            ..Start::default()
        });
        Ok(Start {
            gone: true,
            ..start
        })
    }

    /// The file still holds what was read of it.
    fn same_content(&self) -> Result<Option<Start>, Stop> {
        let Some(Bookmark { file: mark, cursor }) = self.stored else {
            return Ok(None);
        };
        let start = |offset, tail| Start {
            offset,
            tail,
            cursor: Some(cursor.clone()),
            generation: mark.generation,
            adopts: None,
            done: None,
            kept: mark.kept,
            gone: false,
        };
        if self.hash.is_some() && self.hash == mark.hash.as_deref() {
            let done = mark.read_to_its_end();
            if done.is_some() || self.class == Class::Whole {
                let from = start(0, Vec::new());
                return Ok(Some(Start { done, ..from }));
            }
        }
        if self.class == Class::Whole || self.read_before().is_none() {
            return Ok(None);
        }
        let tail = self.opened.tail_of(mark, self.signals)?;
        Ok(tail.map(|tail| start(mark.offset, tail)))
    }

    /// What the checkpoint says, if something was read. Where nothing was there is nothing to
    /// recognise.
    fn read_before(&self) -> Option<&Bookmark> {
        self.stored
            .filter(|stored| self.class == Class::Whole || stored.file.offset > 0)
    }

    /// The path is new, or its content is.
    fn other_content(&self, index: &Index, present: &Present) -> Result<Start, Stop> {
        let Self {
            cx,
            unit,
            class,
            opened,
            hash,
            signals,
            ..
        } = *self;
        let own = self.generation();
        let file = Candidate {
            unit,
            opened,
            class,
            hash,
            signals,
        };
        if let Some((old, tail)) = index.find(&file, present)? {
            tracing::info!(source = %cx.source, %unit, old = %old.id, "the file has a new name");
            return Ok(self.adopted(old, tail, own));
        }
        if self.read_before().is_some() {
            tracing::info!(source = %cx.source, %unit, "rewritten: read from the start again");
        }
        Ok(Start {
            generation: own,
            ..Start::default()
        })
    }

    /// The generation of a content that was not read at this path before. A name and a generation
    /// together mean one content, so the next one follows on whatever was read.
    fn generation(&self) -> u32 {
        match (self.read_before(), self.stored) {
            (Some(read), _) => read.file.generation.saturating_add(1),
            (None, Some(stored)) => stored.file.generation,
            // Another version of the cursor: it is the same content as far as anybody knows.
            (None, None) => self
                .cx
                .known
                .get(self.unit)
                .map_or(0, |known| known.state.generation),
        }
    }
    /// A place where files are read by lines goes on where the old name stopped. A whole file is
    /// read again: its new name may say something new, and what it holds is known already.
    fn adopted(&self, old: &Entry, tail: Vec<u8>, own: u32) -> Start {
        let Bookmark { file: mark, cursor } = &old.bookmark;
        // Two new names may claim one old content, and only one gets what was kept of it. So raw bytes are kept from the
        // start again, which brings nothing new where they are there.
        let start = Start {
            generation: mark.generation.max(own),
            adopts: Some(Adopted {
                unit: old.id.clone(),
                generation: mark.generation,
            }),
            ..Start::default()
        };
        let same_file = self.hash.is_some() && self.hash == mark.hash.as_deref();
        match self.class {
            Class::Whole => start,
            Class::AppendOnly => Start {
                offset: mark.offset,
                tail,
                cursor: Some(cursor.clone()),
                done: mark.read_to_its_end().filter(|_| same_file),
                ..start
            },
        }
    }
}
