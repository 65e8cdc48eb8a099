//! What the tests of this module stand on: a folder, a sink that keeps everything in memory by the
//! rules of the store, and a run over all units of a source.

mod raw;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;

use super::*;
use crate::*;

pub(super) static LINES: Dataset = Dataset::rows("lines", "Lines")
    .columns(&[Column::text("body")])
    .key(&["body"]);

#[derive(serde::Serialize)]
pub(super) struct Row<'a> {
    pub(super) body: &'a str,
}

/// A source of text lines: each becomes a row. `fail` and `panic` do what they say.
pub(super) struct TextLines(pub(super) Files);

impl LineSource for TextLines {
    fn files(&self) -> Files {
        self.0.clone()
    }

    fn line(&self, cx: &Context, _line: &Line<'_>, out: &mut LineEmit<'_>) -> Result<()> {
        let Some(body) = out.text() else {
            return Ok(());
        };
        match body {
            "fail" => return Err(Error::temporary("asked to fail")),
            "panic" => panic!("asked to panic"),
            "cancel" => cx.cancel.cancel(),
            _ => {}
        }
        out.push(Record::new(&LINES, &Row { body }))
    }
}

/// One row as the sink got it: unit, generation, place, and the first column.
pub(super) type Got = (String, u32, (u64, u64), String);

/// Applies batches like the store: rows and checkpoint together, in order, nothing after a failure.
#[derive(Default)]
pub(super) struct MemorySink {
    state: Mutex<State>,
    /// Where copies of files are laid.
    folder: std::sync::OnceLock<TempDir>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) rows: Vec<Got>,
    pub(super) rejects: Vec<(String, Rejected)>,
    pub(super) known: HashMap<UnitId, KnownUnit>,
    pub(super) batches: usize,
    pub(super) commits: usize,
    /// The raw bytes that are kept of each unit's generations.
    pub(super) raw: HashMap<(UnitId, u32), Vec<RawBlock>>,
    /// The units that said that they could not be read to their end.
    pub(super) truncated: BTreeSet<String>,
    next: HashMap<u64, u64>,
    /// Fails the batch that comes after so many.
    pub(super) fail_after: Option<usize>,
}

impl MemorySink {
    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder
            .get_or_init(|| tempfile::tempdir().unwrap())
            .path()
    }
}

#[async_trait]
impl Sink for MemorySink {
    async fn write(&self, batch: Batch) -> Result<Receipt> {
        let mut state = self.state();
        let ticket = &batch.ticket;
        let next = state.next.entry(ticket.attempt).or_default();
        assert_eq!(
            *next, ticket.number,
            "batches of {} out of order",
            ticket.unit
        );
        *next += 1;
        if state.fail_after == Some(state.batches) {
            state.next.insert(ticket.attempt, u64::MAX);
            return Err(Error::temporary("the disk is full"));
        }
        state.batches += 1;
        Ok(state.apply(batch))
    }

    async fn checkpoint(&self, _source: &SourceName, unit: &UnitId) -> Result<Option<Checkpoint>> {
        Ok(self
            .state()
            .known
            .get(unit)
            .and_then(|known| known.checkpoint.clone()))
    }

    async fn known(&self, _source: &SourceName) -> Result<Vec<KnownUnit>> {
        Ok(self.state().known.values().cloned().collect())
    }

    fn raw(
        &self,
        _source: &SourceName,
        unit: &UnitId,
        generation: u32,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        let state = self.state();
        let Some(blocks) = state.raw.get(&(unit.clone(), generation)) else {
            return Ok(false);
        };
        for block in blocks {
            take(&unpack_raw(&block.packed, block.length, &block.hash).unwrap())?;
        }
        Ok(true)
    }

    fn aside(&self) -> Result<Aside> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = self.folder().join(number.to_string());
        let file = std::fs::File::create_new(&path).unwrap();
        Ok(Aside {
            path,
            file: Some(file),
        })
    }
}

impl State {
    fn apply(&mut self, batch: Batch) -> Receipt {
        let unit = batch.ticket.unit.clone();
        let name = unit.to_string();
        let receipt = Receipt {
            inserted: batch.len() as u64,
            rejected: batch.rejects().len() as u64,
            ..Receipt::default()
        };
        let generation = batch.state.generation;
        let row = |record: RecordRef<'_>| (name.clone(), generation, record.bytes, body(&record));
        self.rows.extend(batch.records().map(row));
        self.keep(&batch);
        if batch.truncated {
            self.truncated.insert(name.clone());
        }
        let rejects = batch.rejects().iter().cloned();
        self.rejects
            .extend(rejects.map(|reject| (name.clone(), reject)));
        let known = self.known.entry(unit.clone()).or_insert_with(|| KnownUnit {
            id: unit,
            checkpoint: None,
            state: UnitState::default(),
            missing: false,
            raw: 0,
        });
        known.state = batch.state;
        if let Some(checkpoint) = batch.checkpoint {
            known.checkpoint = Some(checkpoint);
            self.commits += 1;
        }
        receipt
    }
}

fn body(record: &RecordRef<'_>) -> String {
    match record.values().next() {
        Some((_, ValueRef::Text(body))) => body.to_owned(),
        other => panic!("a row with {other:?} in place of its body"),
    }
}

/// What one run did.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// The rows, by their text, in the order of units and lines.
    pub(super) rows: Vec<String>,
    /// The codes of the rejects, with their units.
    pub(super) rejects: Vec<(String, &'static str)>,
    pub(super) commits: usize,
    pub(super) errors: Vec<Error>,
    pub(super) pending: BTreeMap<String, u64>,
    pub(super) read: u64,
    /// The units of which the search said that there is nothing new.
    pub(super) current: Vec<String>,
}

/// A folder with a source over it and all it ever wrote.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) sink: Arc<MemorySink>,
    pub(super) source: Arc<dyn Source>,
    pub(super) version: u32,
    pub(super) full: bool,
    pub(super) backwards: bool,
    pub(super) batch_bytes: usize,
    pub(super) cancel: Cancel,
    /// The files to read instead of those in the folder.
    pub(super) chosen: Option<Arc<Chosen>>,
    /// Whether a change of a file is sure to show in its times by now. The real clock would answer by how
    /// busy the machine is.
    pub(super) settled: Cell<bool>,
}

static ATTEMPTS: AtomicU64 = AtomicU64::new(0);

impl World {
    /// A world of text lines in all files of a folder.
    pub(super) fn of_lines() -> Self {
        Self::with(|root| line_source(TextLines(Files::append_only([root]).keep_raw())))
    }

    pub(super) fn with(source: impl FnOnce(&Path) -> Arc<dyn Source>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = source(folder.path());
        Self {
            folder,
            sink: Arc::default(),
            source,
            version: 1,
            full: false,
            backwards: false,
            batch_bytes: BATCH_BYTES,
            cancel: Cancel::default(),
            chosen: None,
            settled: Cell::new(false),
        }
    }

    /// From now on a change of a file is sure to show in its times.
    pub(super) fn let_settle(&self) {
        self.settled.set(true);
    }

    fn clock(&self) -> FixedClock {
        let year_2100 = Timestamp::from_seconds(4_102_444_800).unwrap();
        FixedClock(if self.settled.get() {
            year_2100
        } else {
            Timestamp::EPOCH
        })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(name));
        std::io::Write::write_all(&mut file.unwrap(), text.as_ref()).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(super) fn context(&self) -> Context {
        let clock = Arc::new(self.clock());
        Context {
            known: Arc::new(self.sink.state().known()),
            full: self.full,
            cancel: self.cancel.clone(),
            chosen: self.chosen.clone(),
            ..Context::new(
                "test".into(),
                "here".into(),
                Zone::utc(),
                clock,
                self.version,
            )
        }
    }

    pub(super) fn unit(&self, name: &str) -> KnownUnit {
        self.sink.state().known[&UnitId::new(name)].clone()
    }

    /// The unit whose content this one carries on.
    pub(super) fn adopts(&self, name: &str) -> Option<UnitId> {
        self.unit(name).state.adopts.map(|adopted| adopted.unit)
    }

    /// Looks for units, as a run does.
    pub(super) fn units(&self) -> Vec<Unit> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let units = runtime
            .unwrap()
            .block_on(self.source.units(&self.context()));
        units.unwrap()
    }

    /// Reads every unit once, as a run does.
    pub(super) fn run(&self) -> Ran {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(self.run_units())
    }

    async fn run_units(&self) -> Ran {
        let before = self.so_far();
        let cx = self.context();
        let mut ran = Ran::default();
        let mut units = self.source.units(&cx).await.unwrap();
        if self.backwards {
            units.reverse();
        }
        self.mark_missing(&units);
        for unit in units {
            ran.current
                .extend(unit.current.then(|| unit.id.to_string()));
            self.run_unit(&cx, &unit, &mut ran).await;
        }
        self.since(before, ran)
    }

    /// Notes which of the known units have gone, as the engine does after each search.
    fn mark_missing(&self, units: &[Unit]) {
        let present = units.iter().filter(|unit| !unit.kept);
        let present: BTreeSet<&UnitId> = present.map(|unit| &unit.id).collect();
        for known in self.sink.state().known.values_mut() {
            known.missing = !present.contains(&known.id);
        }
    }

    /// Reads one rejected input of a unit again.
    pub(super) fn replay(&self, unit: &str, input: &Kept) -> (Result<bool>, Ran) {
        let (before, cx, unit) = (self.so_far(), self.context(), UnitId::new(unit));
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let done = runtime.block_on(async {
            let mut out = self.output(&cx, &unit);
            let done = self.source.replay(&cx, &unit, input, &mut out).await;
            out.finish().await.unwrap();
            done
        });
        (done, self.since(before, Ran::default()))
    }

    /// How many rows, rejects and commits there are.
    fn so_far(&self) -> (usize, usize, usize) {
        let state = self.sink.state();
        (state.rows.len(), state.rejects.len(), state.commits)
    }

    fn since(&self, (rows, rejects, commits): (usize, usize, usize), ran: Ran) -> Ran {
        let state = self.sink.state();
        let new = state.rows[rows..].iter();
        let rejected = state.rejects[rejects..].iter();
        Ran {
            rows: new.map(|(.., body)| body.clone()).collect(),
            rejects: rejected
                .map(|(unit, reject)| (unit.clone(), reject.why.code))
                .collect(),
            commits: state.commits - commits,
            ..ran
        }
    }

    pub(super) fn output(&self, cx: &Context, unit: &UnitId) -> Output {
        let job = Job {
            source: cx.source.clone(),
            run: 1,
            unit: unit.clone(),
            attempt: ATTEMPTS.fetch_add(1, Ordering::Relaxed),
            cursor_version: self.version,
            tags: Arc::default(),
            batch_bytes: self.batch_bytes,
            progress: Arc::default(),
        };
        let known = cx.known.get(unit);
        let state = known.map(|known| known.state.clone()).unwrap_or_default();
        Output::new(job, state, self.sink.clone())
    }

    async fn run_unit(&self, cx: &Context, unit: &Unit, ran: &mut Ran) {
        let known = cx.known.get(&unit.id);
        let from = known.and_then(|known| known.checkpoint.clone());
        let mut out = self.output(cx, &unit.id);
        let read = self.source.read(cx, unit, from, &mut out).await;
        let finished = out.finish().await;
        match read.and(finished) {
            Ok(outcome) => {
                if unit.current {
                    // What the search says of it is what a reading would have found.
                    let pending = unit.pending;
                    let nothing = Outcome {
                        pending,
                        ..Outcome::default()
                    };
                    assert_eq!(outcome, nothing, "{} was called current", unit.id);
                }
                ran.read += outcome.read;
                if outcome.pending > 0 {
                    ran.pending.insert(unit.id.to_string(), outcome.pending);
                }
            }
            Err(error) => ran.errors.push(error),
        }
    }
}

/// A gzip file of one member.
pub(super) fn gzip<T: AsRef<[u8]>>(content: T) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, content.as_ref()).unwrap();
    packed.finish().unwrap()
}

/// A zstd file of one frame, with its checksum.
pub(super) fn zstandard<T: AsRef<[u8]>>(content: T) -> Vec<u8> {
    let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    packed.include_checksum(true).unwrap();
    std::io::Write::write_all(&mut packed, content.as_ref()).unwrap();
    packed.finish().unwrap()
}

/// So many numbered lines, from `from` on.
pub(super) fn numbered(what: &str, numbers: std::ops::Range<usize>) -> String {
    numbers
        .map(|number| format!("{what} {number:04} and some words\n"))
        .collect()
}

/// The rows that a text should make.
pub(super) fn rows(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// What is written when nothing changed must be nothing at all.
#[track_caller]
pub(super) fn assert_idle(world: &World) {
    let before = world.sink.state().batches;
    let ran = world.run();
    assert!(
        ran.rows.is_empty() && ran.rejects.is_empty() && ran.errors.is_empty(),
        "{ran:?}"
    );
    assert_eq!(
        world.sink.state().batches,
        before,
        "an idle run wrote something"
    );
}
