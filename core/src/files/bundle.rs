//! Files that belong together by their names: `talk.txt`, `talk.srt` and `talk.en.vtt` are one unit, `talk`. They are
//! read together whenever one of them comes, goes or changes.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::Files;
use super::bundle_mark::{BundleMark, Renamed};
use super::identity::Stamp;
use super::opened::{Opened, Stop};
use super::scan::{Found, concerns, find, tell_apart};
use super::signals::Signals;
use super::worker::{RELATING, lock, search, work};
use crate::blob::{Blob, ContentHash, FileRef, hex};
use crate::checkpoint::{Adopted, Checkpoint, KnownUnit, UnitId, UnitState};
use crate::error::Result;
use crate::output::{Emit, Output};
use crate::record::{Origin, Record};
use crate::reject::{Reject, Sample, Skip};
use crate::source::{Context, Source, Unit};
use crate::time::Timestamp;

/// A parser of bundles. It blocks, and it has no rules about files: those are kept for it.
pub trait BundleSource: Send + Sync + 'static {
    /// The files it reads, by [`Files::whole`]. Asked once.
    fn files(&self) -> Files;

    /// What the names of all files of a bundle have in common: a start of the file's name, which is not a path.
    fn stem<'n>(&self, name: &'n str) -> &'n str;

    /// Reads a bundle. What it pushes is committed when it returns without an error.
    fn read(&self, cx: &Context, bundle: &Bundle, out: &mut BundleEmit<'_>) -> Result<()>;

    /// See [`Source::relate`].
    fn relate(&self, _cx: &Context, _known: &[KnownUnit], _out: &mut Emit<'_>) -> Result<()> {
        Ok(())
    }
}

/// The source that reads bundles with `parser`.
pub fn bundle_source(parser: impl BundleSource) -> Arc<dyn Source> {
    let files = parser.files();
    Arc::new(ByBundle(Arc::new(Reader {
        parser,
        files,
        present: Mutex::default(),
        renamed: Mutex::default(),
    })))
}

/// The files of one stem that can be read, by name.
#[derive(Debug)]
pub struct Bundle {
    unit: UnitId,
    members: Vec<Member>,
}

impl Bundle {
    /// The unit it is: the path of its stem below the root.
    pub fn unit(&self) -> &UnitId {
        &self.unit
    }

    /// The size of all its files together, in bytes.
    pub fn size(&self) -> u64 {
        self.members.iter().map(Member::size).sum()
    }

    /// Its files.
    pub fn members(&self) -> &[Member] {
        &self.members
    }
}

/// One file of a bundle.
pub struct Member {
    name: String,
    path: PathBuf,
    opened: Opened,
    signals: Signals,
}

impl Member {
    /// Its file name, made readable where it is no text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.opened.stamp.size
    }

    /// When it was last changed.
    pub fn modified(&self) -> Option<Timestamp> {
        self.opened.stamp.modified()
    }

    /// Its place for records and rejects: the file's name as a pointer into the bundle.
    pub fn origin(&self) -> Origin {
        Origin {
            end: self.size(),
            ..Origin::pointer(self.name.as_str())
        }
    }

    /// All its bytes, if they are no more than `limit`.
    ///
    /// # Errors
    /// It has more, or cannot be read.
    pub fn bytes(&self, limit: u64) -> Result<Vec<u8>, Reject> {
        let size = self.size();
        if size > limit {
            let limit = crate::ByteSize(limit);
            let message = format!("it has more than {limit}");
            return Err(Reject::new("too-large", message));
        }
        self.head(size)
    }

    /// Its first bytes: `length` of them, or all of fewer.
    ///
    /// # Errors
    /// It cannot be read, or was replaced meanwhile.
    pub fn head(&self, length: u64) -> Result<Vec<u8>, Reject> {
        let length = length.min(self.size());
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        match self.opened.read_at(&mut bytes, 0, &self.signals) {
            Ok(read) if read == bytes.len() => Ok(bytes),
            Ok(_) => Err(Reject::new("changed", "it was replaced while it was read")),
            Err(stop) => Err(Reject::new("unreadable", stop.at(&self.path).to_string())),
        }
    }

    fn digest(&self) -> Result<ContentHash, Stop> {
        self.opened.digest(&self.signals)
    }

    /// Whether it looks as it did when it was opened.
    fn is_untouched(&self) -> bool {
        let now = fs::metadata(&self.path).map(|data| Stamp::of(&data));
        now.is_ok_and(|stamp| stamp == self.opened.stamp)
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Member").field(&self.name).finish()
    }
}

/// What a [`BundleSource`] pushes into.
pub struct BundleEmit<'a> {
    output: &'a mut Output,
}

impl BundleEmit<'_> {
    /// Adds a record.
    pub fn push(&mut self, record: Record) -> Result<()> {
        Emit::new(self.output).hold(record)
    }

    /// Stages a file for a record that will be pushed.
    pub fn file(&mut self, blob: Blob) -> Result<FileRef> {
        Emit::new(self.output).file(blob)
    }

    /// Notes an input that became no record.
    pub fn reject(&mut self, origin: Origin, why: Reject, sample: Sample) {
        self.output.reject(origin, why, sample);
    }

    /// Leaves the bundle out: it is something else than what this source reads.
    pub fn skip(&mut self, why: Skip) {
        self.output.skip(why);
    }
}

/// A bundle parser as a source.
struct ByBundle<T>(Arc<Reader<T>>);

#[async_trait]
impl<T: BundleSource> Source for ByBundle<T> {
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
        let (reader, context, id) = (self.0.clone(), cx.clone(), unit.id.clone());
        let stored = from.and_then(|from| from.decode(cx.cursor_version));
        let read = move |out: &mut Output| reader.read(&context, &id, stored, out);
        work(cx, unit.id.as_str(), out, read).await
    }

    async fn relate(&self, cx: &Context, known: &[KnownUnit], out: &mut Output) -> Result<()> {
        let (reader, context, known) = (self.0.clone(), cx.clone(), known.to_vec());
        let relate =
            move |out: &mut Output| reader.parser.relate(&context, &known, &mut Emit::new(out));
        work(cx, RELATING, out, relate).await
    }

    fn unit_of(&self, name: &str) -> UnitId {
        UnitId::new(self.0.stem(name))
    }

    fn concerns(&self, path: &Path) -> bool {
        concerns(&self.0.files, path)
    }

    fn roots(&self) -> Vec<PathBuf> {
        self.0.files.roots().to_vec()
    }
}

/// The files of a bundle as a search found them.
type Present = HashMap<UnitId, Vec<Found>>;

struct Reader<T> {
    parser: T,
    files: Files,
    /// The bundles of the last search.
    present: Mutex<Option<Arc<Present>>>,
    /// What was known before the run, by what a rename does not change.
    renamed: Mutex<Option<Arc<Renamed>>>,
}

impl<T: BundleSource> Reader<T> {
    fn units(&self, cx: &Context) -> Result<Vec<Unit>> {
        let present = self.search(cx)?;
        let mut units: Vec<Unit> = present
            .iter()
            .map(|(id, found)| self.unit(cx, id, found))
            .collect();
        units.sort_unstable_by(|left, right| left.id.cmp(&right.id));
        Ok(units)
    }

    fn search(&self, cx: &Context) -> Result<Arc<Present>> {
        let present = Arc::new(self.bundles(cx)?);
        *lock(&self.present) = Some(present.clone());
        Ok(present)
    }

    /// What there is, grouped by root, folder and stem.
    fn bundles(&self, cx: &Context) -> Result<Present> {
        let mut groups: HashMap<(usize, String), Vec<Found>> = HashMap::new();
        for found in find(&self.files, cx.chosen.as_deref(), &Signals::of(cx))? {
            let stem = self.stem(&found.name);
            groups.entry((found.root(), stem)).or_default().push(found);
        }
        let mut bundles: Vec<_> = groups.into_iter().collect();
        bundles.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        tell_apart(&self.files, &mut bundles, |(key, _)| (key.0, &mut key.1));
        let named = bundles.into_iter().map(|((_, name), mut found)| {
            found.sort_unstable_by(|left, right| left.name.cmp(&right.name));
            (UnitId::new(name), found)
        });
        Ok(named.collect())
    }

    /// The path of the stem of the file that has this path below a root.
    fn stem(&self, name: &str) -> String {
        let (folder, name) = match name.rfind('/') {
            Some(slash) => name.split_at(slash + 1),
            None => ("", name),
        };
        format!("{folder}{}", self.parser.stem(name))
    }

    fn unit(&self, cx: &Context, id: &UnitId, found: &[Found]) -> Unit {
        let there = |found: &Found| Some((found.what.as_ref().ok().copied()?, found.path.clone()));
        let stamps: Vec<(Stamp, PathBuf)> = found.iter().filter_map(there).collect();
        // The youngest tells whether somebody is still writing.
        let newest = stamps.iter().max_by_key(|(stamp, _)| stamp.changed());
        let stored = cx.known.get(id).and_then(|known| {
            let checkpoint = known.checkpoint.as_ref()?;
            checkpoint.decode::<BundleMark>(cx.cursor_version)
        });
        let problem = match newest {
            None => found.iter().find_map(|found| found.what.clone().err()),
            Some(_) => None,
        };
        Unit {
            path: newest.map(|(_, path)| path.clone()),
            size: stamps.iter().map(|(stamp, _)| stamp.size()).sum(),
            modified: newest.and_then(|(stamp, _)| stamp.modified()),
            stamp: newest.map(|(stamp, _)| *stamp),
            problem,
            current: !cx.full && stored.is_some_and(|mark| mark.covers(found)),
            whole: true,
            ..Unit::new(id.clone())
        }
    }

    fn read(
        &self,
        cx: &Context,
        unit: &UnitId,
        stored: Option<BundleMark>,
        out: &mut Output,
    ) -> Result<()> {
        let known = lock(&self.present).clone();
        let present = match known {
            Some(present) if present.contains_key(unit) => present,
            _ => self.search(cx)?,
        };
        let Some(found) = present.get(unit) else {
            out.truncated();
            return Ok(());
        };
        if !cx.full && stored.as_ref().is_some_and(|mark| mark.covers(found)) {
            return Ok(());
        }
        // The time before the look, so that a change right after it counts as one that may not show.
        let now = cx.clock.now();
        let bundle = open(cx, unit, found, out)?;
        let Some(first) = bundle.members.first() else {
            return Ok(());
        };
        let seen = Seen::of(&bundle, self.parser.stem(&first.name).len())?;
        let mark = seen.mark(bundle.members.len() == found.len(), now);
        let start = self.start(cx, unit, &mark, stored.as_ref(), &present);
        let mark = BundleMark {
            generation: start.generation,
            ..mark
        };
        if start.known && stored.is_some_and(|stored| stored.says_the_same(&mark)) {
            return Ok(());
        }
        out.state(seen.state(&bundle, &start));
        if !start.known {
            out.count(bundle.size());
            let emit = &mut BundleEmit { output: out };
            self.parser.read(cx, &bundle, emit)?;
        }
        Emit::new(out).commit(&BundleMark {
            end: mark.end && bundle.members.iter().all(Member::is_untouched),
            ..mark
        })
    }

    /// Whether its content is known already, and under which name and generation.
    fn start(
        &self,
        cx: &Context,
        unit: &UnitId,
        mark: &BundleMark,
        stored: Option<&BundleMark>,
        present: &Present,
    ) -> Start {
        if let Some(stored) = stored {
            return Start {
                known: stored.hash == mark.hash && stored.end && !cx.full,
                generation: stored.generation + u32::from(stored.hash != mark.hash),
                adopts: None,
            };
        }
        let renamed = self.renamed(cx);
        let own = cx.known.get(unit).map_or(0, |known| known.state.generation);
        match renamed.find(mark, |old| present.contains_key(old)) {
            Some((old, generation)) => {
                tracing::info!(source = %cx.source, %unit, %old, "the files have a new name");
                Start {
                    known: !cx.full,
                    generation: generation.max(own),
                    adopts: Some(Adopted {
                        unit: old.clone(),
                        generation,
                    }),
                }
            }
            None => Start {
                known: false,
                generation: own,
                adopts: None,
            },
        }
    }

    fn renamed(&self, cx: &Context) -> Arc<Renamed> {
        let mut renamed = lock(&self.renamed);
        match &*renamed {
            Some(renamed) if renamed.is_for(cx) => renamed.clone(),
            _ => renamed.insert(Arc::new(Renamed::new(cx))).clone(),
        }
    }
}

/// Where the reading of a bundle begins.
struct Start {
    /// Whether all of it has been read before.
    known: bool,
    generation: u32,
    adopts: Option<Adopted>,
}

/// What the files of a bundle look like, and a hash of all of them.
struct Seen {
    stamps: Vec<(String, Stamp)>,
    hash: ContentHash,
}

impl Seen {
    /// `stem` is the length of what their names have in common, which a rename may change.
    fn of(bundle: &Bundle, stem: usize) -> Result<Self> {
        let mut hasher = blake3::Hasher::new();
        let mut stamps = Vec::with_capacity(bundle.members.len());
        for member in &bundle.members {
            let digest = member.digest().map_err(|stop| stop.at(&member.path))?;
            let ending = member.name.as_bytes().get(stem..).unwrap_or_default();
            hasher.update(&(ending.len() as u64).to_le_bytes());
            hasher.update(ending).update(&digest);
            stamps.push((member.name.clone(), member.opened.stamp));
        }
        Ok(Self {
            stamps,
            hash: *hasher.finalize().as_bytes(),
        })
    }

    /// `end` says whether these are all files there are.
    fn mark(&self, end: bool, now: Timestamp) -> BundleMark {
        BundleMark {
            members: self.stamps.clone(),
            end,
            settled: self.stamps.iter().all(|(_, stamp)| stamp.is_settled(now)),
            generation: 0,
            hash: hex(&self.hash).into(),
        }
    }

    fn state(&self, bundle: &Bundle, start: &Start) -> UnitState {
        UnitState {
            generation: start.generation,
            size: bundle.size(),
            modified: bundle.members.iter().filter_map(Member::modified).max(),
            hash: Some(self.hash),
            missing: false,
            adopts: start.adopts.clone(),
        }
    }
}

/// Opens all that can be opened. What is no file, or cannot be read, becomes a reject; what has gone is left out.
fn open(cx: &Context, unit: &UnitId, found: &[Found], out: &mut Output) -> Result<Bundle> {
    let signals = Signals::of(cx);
    let mut members = Vec::with_capacity(found.len());
    for found in found {
        let name = found.name.rsplit('/').next().unwrap_or_default().to_owned();
        let opened = match &found.what {
            Ok(_) => Opened::open(&found.path),
            Err(problem) => Err(Stop::Problem(problem.clone())),
        };
        match opened {
            Ok(opened) => members.push(Member {
                name,
                path: found.path.clone(),
                opened,
                signals: signals.clone(),
            }),
            Err(Stop::Gone) => out.truncated(),
            Err(Stop::Problem(why)) => {
                out.reject(Origin::pointer(name), why, Sample::of(&[]));
                out.truncated();
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    Ok(Bundle {
        unit: unit.clone(),
        members,
    })
}
