//! Makes a source of a parser that reads one file at a time: finds the files, opens them,
//! recognises them, and goes on where the last commit left off.

use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::adopt::{Index, Present};
use super::emit::{FileEmit, ReplayEmit};
use super::gone;
use super::identity::{Bookmark, Mark, Stamp};
use super::keeping::Keeping;
use super::names::packed_name;
use super::opened::{Opened, Stop};
use super::scan::{concerns, scan};
use super::session::Session;
use super::signals::Signals;
use super::start::{Facts, Start};
use super::tracked::TrackedFile;
use super::worker::{RELATING, lock, search, work};
use super::{Class, Files};
use crate::blob::{ContentHash, hex};
use crate::checkpoint::{Checkpoint, KnownUnit, UnitId};
use crate::error::{Error, Result};
use crate::output::{Emit, Output};
use crate::record::Origin;
use crate::reject::{Kept, Sample};
use crate::source::{Context, Source, Unit};
use crate::time::Timestamp;

/// A parser of one file. It blocks, and it has no rules about files: those are kept for it.
pub trait FileSource: Send + Sync + 'static {
    /// Where it stands in a file, as far as it cannot tell from the offset. `()` if it can.
    type Cursor: Serialize + DeserializeOwned + Default + Send;

    /// The files it reads. Asked once.
    fn files(&self) -> Files;

    /// Reads `file` from [`TrackedFile::start`] on. `from` is the cursor that was committed there,
    /// or the default at the start of a file and whenever its content was replaced.
    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        from: Self::Cursor,
        out: &mut FileEmit<'_, Self::Cursor>,
    ) -> Result<()>;

    /// Reads one rejected input again, from what was kept of it; see [`Source::replay`]. `false`
    /// where that takes more than these bytes: the file has to be read again.
    fn replay(
        &self,
        _cx: &Context,
        _unit: &UnitId,
        _input: &Kept,
        _out: &mut ReplayEmit<'_>,
    ) -> Result<bool> {
        Ok(false)
    }

    /// See [`Source::relate`].
    fn relate(&self, _cx: &Context, _known: &[KnownUnit], _out: &mut Emit<'_>) -> Result<()> {
        Ok(())
    }
}

/// The source that reads files with `parser`.
pub fn file_source<T: FileSource>(parser: T) -> Arc<dyn Source> {
    let files = parser.files();
    let (present, index) = Default::default();
    Arc::new(ByFile(Arc::new(Reader {
        parser,
        files,
        present,
        index,
    })))
}

/// A file parser as a source.
struct ByFile<T>(Arc<Reader<T>>);

#[async_trait]
impl<T: FileSource> Source for ByFile<T> {
    async fn units(&self, cx: &Context) -> Result<Vec<Unit>> {
        let (reader, context) = (self.0.clone(), cx.clone());
        search(move || reader.units(&context)).await
    }

    async fn read(
        &self,
        cx: &Context,
        unit: &Unit,
        from: Option<Checkpoint>,
        out: &mut Output,
    ) -> Result<()> {
        let (reader, context, file) = (self.0.clone(), cx.clone(), unit.clone());
        let read = move |out: &mut Output| reader.read(&context, &file, from, out);
        work(cx, unit.id.as_str(), out, read).await
    }

    async fn replay(
        &self,
        cx: &Context,
        unit: &UnitId,
        input: &Kept,
        out: &mut Output,
    ) -> Result<bool> {
        let (reader, context, id, kept) = (self.0.clone(), cx.clone(), unit.clone(), input.clone());
        let replay = move |output: &mut Output| {
            let mut out = ReplayEmit { output };
            reader.parser.replay(&context, &id, &kept, &mut out)
        };
        work(cx, unit.as_str(), out, replay).await
    }

    async fn relate(&self, cx: &Context, known: &[KnownUnit], out: &mut Output) -> Result<()> {
        let (reader, context, known) = (self.0.clone(), cx.clone(), known.to_vec());
        let relate =
            move |out: &mut Output| reader.parser.relate(&context, &known, &mut Emit::new(out));
        work(cx, RELATING, out, relate).await
    }

    fn concerns(&self, path: &Path) -> bool {
        concerns(&self.0.files, path)
    }

    fn roots(&self) -> Vec<PathBuf> {
        self.0.files.roots().to_vec()
    }
}

/// A parser, with what is worth remembering between its files. None of it decides anything: it
/// could all be found out again.
struct Reader<T> {
    parser: T,
    files: Files,
    /// The files of the last search.
    present: Mutex<Option<Arc<Present>>>,
    /// What was known before the run.
    index: Mutex<Option<Arc<Index>>>,
}

impl<T: FileSource> Reader<T> {
    fn units(&self, cx: &Context) -> Result<Vec<Unit>> {
        let mut units = scan(&self.files, cx.chosen.as_deref(), &Signals::of(cx))?;
        for unit in &mut units {
            self.judge(cx, unit);
        }
        if self.files.keep_raw {
            units.extend(gone::units(&self.files, cx, &units));
            units.sort_unstable_by(|left, right| left.id.cmp(&right.id));
        }
        self.remember(&units);
        Ok(units)
    }

    /// Says what the unit's checkpoint makes of its stamp.
    fn judge(&self, cx: &Context, unit: &mut Unit) {
        let known = cx.known.get(&unit.id);
        let checkpoint = known.and_then(|known| known.checkpoint.as_ref());
        let stored = checkpoint
            .filter(|checkpoint| checkpoint.version == cx.cursor_version)
            .and_then(|checkpoint| {
                serde_json::from_str::<Bookmark<&RawValue>>(&checkpoint.cursor).ok()
            });
        let packed = match &stored {
            Some(Bookmark { file: mark, .. }) if mark.hash.is_some() || mark.offset > 0 => {
                mark.hash.is_some()
            }
            // Nobody has looked into it: its name has to do.
            _ => unit.path.as_deref().and_then(packed_name).is_some(),
        };
        unit.whole = self.files.class() == Class::Whole || packed;
        if let Some(Bookmark { file: mark, cursor }) = stored {
            unit.current = !cx.full
                && mark.end
                && mark.settled
                && self.is_kept(&mark)
                && unit.stamp == Some(mark.stamp)
                && decode::<T::Cursor>(cursor).is_some();
            if unit.current && self.files.class() == Class::AppendOnly {
                unit.pending = mark.pending();
            }
        }
    }

    fn read(
        &self,
        cx: &Context,
        unit: &Unit,
        from: Option<Checkpoint>,
        out: &mut Output,
    ) -> Result<()> {
        match self.try_read(cx, unit, from, out) {
            Ok(()) => Ok(()),
            // The next search will not find it; what was read of it stays.
            Err(Stop::Gone) => {
                out.truncated();
                Ok(())
            }
            Err(Stop::Problem(why)) => {
                out.reject(Origin::default(), why, Sample::of(&[]));
                out.truncated();
                Ok(())
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn try_read(
        &self,
        cx: &Context,
        unit: &Unit,
        from: Option<Checkpoint>,
        out: &mut Output,
    ) -> Result<(), Stop> {
        if let Some(problem) = &unit.problem {
            return Err(Stop::Problem(problem.clone()));
        }
        let stored = from.and_then(|from| from.decode::<Bookmark>(cx.cursor_version));
        let stored = stored.filter(|stored| decode::<T::Cursor>(&stored.cursor).is_some());
        if unit.kept {
            return self.read_kept(cx, &unit.id, stored, out);
        }
        let path = unit
            .path
            .as_deref()
            .ok_or_else(|| Error::bug("this unit is not one of this source's"))?;
        if let Some(Bookmark { file: mark, .. }) = &stored
            && !cx.full
            && self.is_kept(mark)
            && Self::is_unchanged(path, mark)
        {
            if self.files.class() == Class::AppendOnly {
                out.unfinished(mark.pending());
            }
            return Ok(());
        }
        self.open_and_read(cx, (&unit.id, path), stored, out)
    }

    /// Whether the raw bytes of what was read are kept, as far as they should be.
    fn is_kept(&self, mark: &Mark) -> bool {
        mark.kept.is_some() || !self.files.keep_raw
    }

    fn is_unchanged(path: &Path, mark: &Mark) -> bool {
        let looks_the_same = || fs::metadata(path).is_ok_and(|data| Stamp::of(&data) == mark.stamp);
        mark.end && mark.settled && looks_the_same()
    }

    fn open_and_read(
        &self,
        cx: &Context,
        (unit, path): (&UnitId, &Path),
        stored: Option<Bookmark>,
        out: &mut Output,
    ) -> Result<(), Stop> {
        // The time before the look, so that a change right after it counts as one that may not
        // show.
        let now = cx.clock.now();
        let signals = &Signals::of(cx);
        let class = self.files.class();
        let mut opened = Opened::open(path)?;
        if class == Class::AppendOnly {
            opened = opened.unpacked(signals)?;
        }
        if cx.chosen.is_none() && is_in_the_making(&opened, path, now, signals)? {
            out.truncated();
            return Ok(());
        }
        let settled = opened.stamp.is_settled(now);
        let is_telling = match class {
            Class::AppendOnly => opened.is_packed(),
            Class::Whole => self.may_be_known(cx, unit, &opened, stored.as_ref()),
        };
        let hash = is_telling.then(|| opened.digest(signals)).transpose()?;
        let digits = hash.as_ref().map(|hash| hex(hash));
        let facts = Facts {
            cx,
            unit,
            class,
            opened: &opened,
            signals,
            hash: digits.as_deref(),
            stored: stored.as_ref(),
        };
        let start = facts.start(|| Ok((self.index(cx), self.present(cx)?)))?;
        let file = TrackedFile::new(opened, path.to_owned(), unit.clone(), signals.clone());
        self.follow(cx, file, (start, stored), (settled, hash), out)
    }

    /// Reads a file that is gone from what is kept of it.
    fn read_kept(
        &self,
        cx: &Context,
        unit: &UnitId,
        stored: Option<Bookmark>,
        out: &mut Output,
    ) -> Result<(), Stop> {
        let signals = Signals::of(cx);
        let Some(known) = cx.known.get(unit) else {
            return Err(Error::bug("nothing is known of this unit").into());
        };
        let Some((opened, _draft)) = gone::lay_out(known, out)? else {
            out.truncated();
            return Ok(());
        };
        let facts = Facts {
            cx,
            unit,
            class: self.files.class(),
            opened: &opened,
            signals: &signals,
            hash: None,
            stored: stored.as_ref(),
        };
        let start = facts.start_of_gone(known.state.generation)?;
        // Where it was, as far as its name tells.
        let root = self.files.roots().first();
        let path = root.map_or_else(PathBuf::new, |root| root.join(unit.as_str()));
        let file = TrackedFile::new(opened, path, unit.clone(), signals.clone());
        self.follow(cx, file, (start, stored), (false, None), out)
    }

    /// Reads an open file from where it begins. `settled` says whether a later change will show, `hash` what all of it
    /// hashes to, where that is known.
    fn follow(
        &self,
        cx: &Context,
        mut file: TrackedFile,
        (mut start, stored): (Start, Option<Bookmark>),
        (settled, hash): (bool, Option<ContentHash>),
        out: &mut Output,
    ) -> Result<(), Stop> {
        let unit = file.unit().clone();
        file.start_at(start.offset, std::mem::take(&mut start.tail), hash);
        // A content that was under another name for a while has left its raw bytes there.
        let raw = cx.known.get(&unit).map_or(0, |known| known.raw);
        let covered = start.done.as_ref().map_or(start.offset, |end| end.offset);
        start.kept = start.kept.filter(|_| raw >= covered);
        let keeping = self.keeping(&mut file, &start)?;
        let class = self.files.class();
        let mut session = Session::new(out, class, &file, settled, &start, stored);
        if self.files.keep_raw {
            session.keep(keeping, start.kept);
        }
        self.parse(cx, &mut file, &start, session)
    }

    /// What keeps the raw bytes of a file, unless they are there.
    fn keeping(&self, file: &mut TrackedFile, start: &Start) -> Result<Option<Keeping>, Stop> {
        let is_there = start.gone || (start.done.is_some() && start.kept.is_some());
        if !self.files.keep_raw || is_there {
            return Ok(None);
        }
        let from = start.kept.filter(|kept| *kept <= start.offset);
        let keeper = file.keep_from(from.unwrap_or(0))?;
        let (opened, path) = (file.opened().clone(), file.path().to_owned());
        let signals = file.signals().clone();
        Ok(Some(Keeping::new(keeper, opened, path, signals)))
    }

    /// Whether a whole file may hold what was read here or under another name, as far as its size and its start
    /// tell. If not, it is not hashed before it is read: who reads it may do that in passing.
    fn may_be_known(
        &self,
        cx: &Context,
        unit: &UnitId,
        opened: &Opened,
        stored: Option<&Bookmark>,
    ) -> bool {
        let size = opened.stamp.size;
        let here = stored.is_some_and(|stored| {
            stored.file.stamp.size == size && stored.file.head.starts(&opened.head)
        });
        here || self.index(cx).may_hold(unit, size, &opened.head)
    }

    fn parse(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        start: &Start,
        session: Session<'_>,
    ) -> Result<(), Stop> {
        let mut out = FileEmit {
            session,
            cursor: PhantomData,
        };
        let read = match (&start.cursor, &start.done) {
            // Only its times or its name have changed: the checkpoint takes note, and that is all.
            (Some(cursor), Some(end)) => out.session.commit(end, cursor.clone()),
            (cursor, _) => {
                let from = cursor.as_deref().and_then(decode::<T::Cursor>);
                self.parser
                    .read(cx, file, from.unwrap_or_default(), &mut out)
            }
        };
        out.session.note_rest();
        out.session.note_damage();
        if let Some((at, why)) = file.take_trouble() {
            out.reject(Origin::bytes(at, at), why, Sample::of(&[]));
            out.truncated();
            return Ok(());
        }
        match read {
            Err(_) if cx.cancel.is_cancelled() => Err(Error::cancelled().into()),
            // What it says of a file that changed under it means nothing; the next search finds it.
            Err(_) if file.is_changed() => {
                out.truncated();
                Ok(())
            }
            read => Ok(read?),
        }
    }

    fn remember(&self, units: &[Unit]) -> Arc<Present> {
        let present = Arc::new(Present::new(units));
        *lock(&self.present) = Some(present.clone());
        present
    }

    fn present(&self, cx: &Context) -> Result<Arc<Present>> {
        if let Some(present) = &*lock(&self.present) {
            return Ok(present.clone());
        }
        let units = scan(&self.files, cx.chosen.as_deref(), &Signals::of(cx))?;
        Ok(self.remember(&units))
    }

    fn index(&self, cx: &Context) -> Arc<Index> {
        // Whoever comes second waits for the first one's index: making it twice would take longer.
        let mut index = lock(&self.index);
        match &*index {
            Some(index) if index.is_for(cx) => index.clone(),
            _ => index.insert(Arc::new(Index::new(cx))).clone(),
        }
    }
}

/// Whether a compressed file is being made from one that is still there, as rotation does: then that
/// one is read, and this one carries it on when it has gone. A copy that stays is read after a
/// while.
fn is_in_the_making(
    opened: &Opened,
    path: &Path,
    now: Timestamp,
    signals: &Signals,
) -> Result<bool, Stop> {
    let Some(original) = packed_name(path).filter(|_| opened.is_packed()) else {
        return Ok(false);
    };
    if !opened.stamp.is_young(now) {
        return Ok(false);
    }
    match Opened::open(&original) {
        Ok(original) => opened.is_made_from(&original, signals),
        Err(Stop::Failed(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

fn decode<C: DeserializeOwned>(cursor: &RawValue) -> Option<C> {
    serde_json::from_str(cursor.get()).ok()
}
