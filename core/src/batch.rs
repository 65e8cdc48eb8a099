//! Records, rejects and the checkpoint that covers them: all or nothing. A batch keeps its rows encoded in
//! one run of bytes and each repeating text once, so that it costs the writer no allocation a row.

use std::collections::HashMap;
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, SourceName, UnitId, UnitState};
use crate::dataset::{Column, Dataset, Kind, Merge, Shape};
use crate::raw::RawBlock;
use crate::record::{Extras, Origin, Record, Scope, Version, spare};
use crate::reject::{Reject, Sample};
use crate::value::{ValueRef, Values, copy_with_entries, runs};

/// Which attempt at which unit a batch belongs to. After one batch of an attempt fails, the writer refuses
/// the later ones: their checkpoint would skip what was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The source.
    pub source: SourceName,
    /// The run, as numbered by the store.
    pub run: i64,
    /// The unit.
    pub unit: UnitId,
    /// The attempt at it, unique within the process.
    pub attempt: u64,
    /// The batch's number within the attempt, from 0.
    pub number: u64,
}

/// A reject in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Where the input stands.
    pub origin: Origin,
    /// What is wrong with it.
    pub why: Reject,
    /// Its bytes.
    pub sample: Sample,
}

/// The place of one record in a batch.
#[derive(Debug)]
struct Entry {
    dataset: u16,
    start: u32,
    end: u32,
    origin: (u64, u64),
    rest: Option<Box<Rest>>,
}

/// What few records have.
#[derive(Debug, Default)]
struct Rest {
    pointer: Option<Arc<str>>,
    extras: Extras,
    hash: [u8; 16],
}

/// One record of a batch, as the writer sees it.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'a> {
    /// Its dataset.
    pub dataset: &'static Dataset,
    /// The dataset's place in [`Batch::datasets`].
    pub dataset_number: usize,
    /// The first byte of its origin and the one behind the last.
    pub bytes: (u64, u64),
    /// Its place in a JSON document.
    pub pointer: Option<&'a Arc<str>>,
    /// What few records have.
    pub extras: Option<&'a Extras>,
    /// A hash of the row and its links, which decides between equal versions; zero for a series.
    pub hash: [u8; 16],
    row: &'a [u8],
}

impl<'a> RecordRef<'a> {
    /// Its values by column number.
    pub fn values(&self) -> Values<'a> {
        Values::new(self.row)
    }

    /// The encoded row: equal bytes are equal rows.
    pub fn encoded(&self) -> &'a [u8] {
        self.row
    }
}

/// What is written in one transaction.
#[derive(Debug)]
pub struct Batch {
    /// Which attempt it belongs to.
    pub ticket: Ticket,
    /// What the unit looks like.
    pub state: UnitState,
    rejects: Vec<Rejected>,
    /// About how much memory they take.
    reject_bytes: usize,
    preview_bytes: usize,
    raw: Vec<RawBlock>,
    raw_bytes: usize,
    /// The length of the unit's raw content, if all there was of it at the last look has now been pushed.
    pub raw_end: Option<u64>,
    /// Scopes of which everything has now been pushed.
    pub complete: Vec<(Scope, Version)>,
    /// Scopes whose rows older than the version are to be taken out: what `relate` wrote before.
    pub replaced: Vec<(Scope, Version)>,
    /// The cursor that covers everything pushed so far, if this batch moves it.
    pub checkpoint: Option<Checkpoint>,
    /// Whether the attempt ends with it.
    pub last: bool,
    /// Bytes of input read for it.
    pub read: u64,
    /// Whether this attempt met an input it could not read to its end; no scope is complete then.
    pub truncated: bool,
    datasets: Vec<&'static Dataset>,
    /// What there is to know of each dataset's columns.
    layouts: Vec<Layout>,
    entries: Vec<Entry>,
    rows: Vec<u8>,
    dictionary: Dictionary,
    times: Option<(i64, i64)>,
}

impl Batch {
    /// An empty batch.
    pub fn new(ticket: Ticket, state: UnitState) -> Self {
        Self {
            ticket,
            state,
            rejects: Vec::new(),
            reject_bytes: 0,
            preview_bytes: 0,
            raw: Vec::new(),
            raw_bytes: 0,
            raw_end: None,
            complete: Vec::new(),
            replaced: Vec::new(),
            checkpoint: None,
            last: false,
            read: 0,
            truncated: false,
            datasets: Vec::new(),
            layouts: Vec::new(),
            entries: Vec::new(),
            rows: Vec::new(),
            dictionary: Dictionary::default(),
            times: None,
        }
    }

    /// Adds a record. One that could not be encoded becomes a reject.
    pub fn push(&mut self, record: Record) {
        let origin = record.origin.unwrap_or_default();
        if let Some(why) = record.refused {
            let why = Reject::new("cannot-store", why);
            return self.reject(Rejected {
                origin,
                why,
                sample: Sample::of(&[]),
            });
        }
        let dataset = self.number(record.dataset);
        let start = self.rows.len();
        self.append(self.layouts[usize::from(dataset)], &record.row);
        let rest = (record.dataset.shape == Shape::Rows).then(|| {
            let extras = record.extras.map(|extras| *extras).unwrap_or_default();
            let previews = extras.previews.iter();
            self.preview_bytes += previews.map(|preview| preview.bytes.len()).sum::<usize>();
            let hash = content_hash(self.layouts[usize::from(dataset)], &record.row, &extras);
            Box::new(Rest {
                pointer: origin.pointer,
                extras,
                hash,
            })
        });
        spare::give(record.row);
        let origin = (origin.start, origin.end);
        self.entries.push(Entry {
            dataset,
            start: start as u32,
            end: self.rows.len() as u32,
            origin,
            rest,
        });
    }

    /// Adds a reject.
    pub fn reject(&mut self, reject: Rejected) {
        self.reject_bytes += reject.sample.head.len() + size_of::<Rejected>();
        self.rejects.push(reject);
    }

    /// Its rejects, in the order in which they were added.
    pub fn rejects(&self) -> &[Rejected] {
        &self.rejects
    }

    /// Adds raw bytes of the unit: blocks that follow each other.
    pub fn keep(&mut self, blocks: Vec<RawBlock>) {
        let packed = blocks.iter().map(|block| block.packed.len());
        self.raw_bytes += packed.sum::<usize>() + blocks.len() * size_of::<RawBlock>();
        self.raw.extend(blocks);
    }

    /// Its raw bytes, in their order.
    pub fn raw(&self) -> &[RawBlock] {
        &self.raw
    }

    /// About how much memory its raw bytes take.
    pub fn raw_size(&self) -> usize {
        self.raw_bytes
    }

    fn number(&mut self, dataset: &'static Dataset) -> u16 {
        // Two datasets never share a name, and a batch has few.
        let found = self
            .datasets
            .iter()
            .position(|known| std::ptr::eq(*known, dataset));
        let number = found.unwrap_or_else(|| {
            self.datasets.push(dataset);
            self.layouts.push(Layout::of(dataset));
            self.datasets.len() - 1
        });
        number as u16
    }

    fn append(&mut self, layout: Layout, row: &[u8]) {
        let is_time = |(column, _): &(usize, ValueRef<'_>)| layout.time == Some(*column);
        if layout.time.is_some()
            && let Some((_, ValueRef::Integer(micros))) = Values::new(row).find(is_time)
        {
            let (low, high) = self.times.unwrap_or((micros, micros));
            self.times = Some((low.min(micros), high.max(micros)));
        }
        if layout.repeating == 0 {
            return self.rows.extend_from_slice(row);
        }
        let dictionary = &mut self.dictionary;
        copy_with_entries(row, &mut self.rows, layout.repeating, |text| {
            dictionary.entry(text)
        });
    }

    /// The least and greatest time of its samples, in microseconds.
    pub fn times(&self) -> Option<(i64, i64)> {
        self.times
    }

    /// The records, in the order in which they were pushed.
    pub fn records(&self) -> impl Iterator<Item = RecordRef<'_>> {
        self.entries.iter().map(|entry| RecordRef {
            dataset: self.datasets[usize::from(entry.dataset)],
            dataset_number: usize::from(entry.dataset),
            bytes: entry.origin,
            pointer: entry.rest.as_ref().and_then(|rest| rest.pointer.as_ref()),
            extras: entry.rest.as_ref().map(|rest| &rest.extras),
            hash: entry.rest.as_ref().map_or([0; 16], |rest| rest.hash),
            row: &self.rows[entry.start as usize..entry.end as usize],
        })
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no record.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether writing it would change nothing: what ends an attempt whose last commit held everything.
    pub fn is_blank(&self) -> bool {
        let nothing = self.is_empty() && self.rejects.is_empty() && self.checkpoint.is_none();
        let no_raw = self.raw.is_empty() && self.raw_end.is_none();
        nothing && no_raw && self.complete.is_empty() && self.replaced.is_empty()
    }

    /// About how much memory its records, rejects and raw bytes take, in bytes.
    pub fn size(&self) -> usize {
        let entries = self.entries.len() * size_of::<Entry>();
        self.rows.len() + entries + self.reject_bytes + self.preview_bytes + self.raw_bytes
    }

    /// The datasets its records belong to.
    pub fn datasets(&self) -> &[&'static Dataset] {
        &self.datasets
    }

    /// The repeating texts, each once; [`ValueRef::Entry`] counts from 0.
    pub fn dictionary(&self) -> &[Arc<str>] {
        &self.dictionary.texts
    }
}

/// What a batch looks up for every record of a dataset.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// The time column of a series.
    time: Option<usize>,
    /// A bit for each column of repeating text.
    repeating: u128,
    /// A bit for each column that the content hash decides about: others are merged by their values.
    decided: u128,
}

impl Layout {
    fn of(dataset: &Dataset) -> Self {
        let bits = |wanted: fn(&Column) -> bool| {
            let columns = dataset.columns.iter().enumerate();
            let wanted = columns.filter(|(_, column)| wanted(column));
            wanted.fold(0, |bits, (number, _)| bits | 1 << number)
        };
        Self {
            time: dataset
                .time_column()
                .filter(|_| dataset.shape == Shape::Series),
            repeating: bits(|column| column.kind == Kind::Dictionary),
            decided: bits(|column| matches!(column.merge, Merge::Version | Merge::First)),
        }
    }
}

/// What decides between two records of equal version: any total order does that depends on nothing else, such as
/// the numbers that texts have in one batch.
fn content_hash(layout: Layout, row: &[u8], extras: &Extras) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for bytes in runs(row, layout.decided) {
        hasher.update(bytes);
    }
    for link in &extras.links {
        for part in [link.column, link.dataset, link.kind, &link.value] {
            hasher.update(part.as_bytes()).update(&[0]);
        }
    }
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

/// The repeating texts of a batch.
#[derive(Debug, Default)]
struct Dictionary {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// The number that a text with the same few bytes had last. Comparing with it is cheaper than hashing,
    /// and a batch has few different texts.
    recent: Vec<u32>,
}

/// Places in [`Dictionary::recent`].
const RECENT: usize = 256;

impl Dictionary {
    fn entry(&mut self, text: &str) -> u32 {
        if self.recent.is_empty() {
            self.recent = vec![u32::MAX; RECENT];
        }
        let place = place_of(text.as_bytes());
        let recent = self.recent[place];
        if self
            .texts
            .get(recent as usize)
            .is_some_and(|known| **known == *text)
        {
            return recent;
        }
        let known = self.numbers.get(text).copied();
        let number = known.unwrap_or_else(|| self.add(text));
        self.recent[place] = number;
        number
    }

    fn add(&mut self, text: &str) -> u32 {
        let number = self.texts.len() as u32;
        let text: Arc<str> = text.into();
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }
}

/// Mixes the length with the first and the last eight bytes.
fn place_of(text: &[u8]) -> usize {
    let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (first, last) = match text.len() {
        8.. => (word(text.first_chunk()), word(text.last_chunk())),
        _ => (
            text.iter()
                .fold(0, |mixed, byte| mixed << 8 | u64::from(*byte)),
            0,
        ),
    };
    let mixed =
        (first ^ last.rotate_left(32) ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 56) as usize % RECENT
}
