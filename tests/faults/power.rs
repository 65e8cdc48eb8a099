//! Loss of power, played from a log of everything that a run changed: what had not been synced is lost, whole
//! or in part, in any order. What was acknowledged must be there, and a further run completes the rest.
//!
//! Contents count as kept up to the last sync of their file; of the writes since, each is kept, lost or torn by
//! chance. Names are kept as a file system with a journal does it: in order, at least up to the last one that a
//! sync of its file or its folder was about.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "in a test a panic is the report, and what was printed before it is shown"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tempfile::TempDir;

use crate::campaign::{Scene, copy_below, is_well, names, said};
use crate::shim::Faults;
use datalake_testkit::Random;

/// The least that a disk writes as a whole.
const SECTOR: usize = 512;

/// One entry of the shim's log; files are known by number.
enum Entry {
    Write {
        file: usize,
        at: usize,
        data: Vec<u8>,
    },
    Resize {
        file: usize,
        length: usize,
    },
    Sync {
        file: usize,
    },
    SyncFolder {
        path: String,
    },
    Name(Name),
}

/// A change of names.
enum Name {
    Create { file: usize, path: String },
    Folder { path: String },
    Link { from: String, to: String },
    Rename { from: String, to: String },
    Unlink { path: String },
}

/// A run as it was logged, and what was there before.
struct Recording {
    /// The files by their inodes, as the log knows them.
    inodes: HashMap<u64, usize>,
    files: BTreeMap<String, usize>,
    folders: BTreeSet<String>,
    contents: Vec<Vec<u8>>,
    entries: Vec<Entry>,
}

/// What came of a number of losses of power.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) images: u64,
    /// Those in which something had not been synced yet.
    pub(crate) unsynced: u64,
    /// Those without a database: it was not made yet.
    pub(crate) empty: u64,
    /// Those that lack something acknowledged.
    pub(crate) lost: u64,
}

/// Loses the power `images` times in the middle of a run of `scene`. `found` tells what a database holds. Every
/// image must be sound and complete after one more run; whether it holds what was acknowledged is counted.
pub(crate) fn lose_power(
    scene: &Scene<'_>,
    database: &str,
    found: &dyn Fn(&Path) -> BTreeSet<String>,
    images: u64,
) -> Tally {
    let place = scene.copy();
    let mut recording = Recording::before(place.path());
    let log = place.path().with_extension("faults-log");
    let ended = scene.run(place.path(), &Faults::logged(place.path(), &log));
    assert!(is_well(&ended), "{}", said(&ended));
    recording.read(&fs::read(&log).expect("the shim wrote it"), place.path());
    fs::remove_file(&log).expect("it is there");
    let complete = (found(place.path()), names(place.path()));
    let acknowledged = recording.acknowledged(database, found);
    assert!(acknowledged.len() > 2, "{} commits", acknowledged.len());
    let mut tally = Tally::default();
    for seed in 0..images {
        let at = recording.instant(&mut Random(seed));
        println!(
            "image {seed}: the power goes at {at} of {}",
            recording.entries.len()
        );
        let (image, unsynced) = recording.image(at, Some(&mut Random(seed)));
        tally.images += 1;
        tally.unsynced += u64::from(unsynced > 0);
        let holds = look(&image, database, found);
        tally.empty += u64::from(holds.is_none());
        let holds = holds.unwrap_or_default();
        let before = acknowledged.iter().rev().find(|(known, _)| *known <= at);
        tally.lost += u64::from(before.is_some_and(|(_, rows)| !rows.is_subset(&holds)));
        assert!(holds.is_subset(&complete.0), "more than there was to read");
        let again = scene.run(image.path(), &Faults::none(image.path()));
        assert!(is_well(&again), "{}", said(&again));
        (scene.stored)(image.path());
        assert_eq!(names(image.path()), complete.1, "left behind");
    }
    tally
}

/// What the database of an image holds, seen in a copy: opening it writes. `None` where there is none.
fn look(
    image: &TempDir,
    database: &str,
    found: &dyn Fn(&Path) -> BTreeSet<String>,
) -> Option<BTreeSet<String>> {
    if !image.path().join(database).exists() {
        return None;
    }
    let copy = tempfile::tempdir().expect("there is room");
    copy_below(image.path(), copy.path());
    Some(found(copy.path()))
}

impl Recording {
    /// What lies in a folder before anything happens.
    fn before(place: &Path) -> Recording {
        let mut recording = Recording {
            inodes: HashMap::new(),
            files: BTreeMap::new(),
            folders: BTreeSet::new(),
            contents: Vec::new(),
            entries: Vec::new(),
        };
        for name in names(place) {
            let path = place.join(&name);
            if path.is_dir() {
                recording.folders.insert(name);
            } else {
                let number = recording.contents.len();
                let inode = path.metadata().expect("it is there").ino();
                recording.inodes.insert(inode, number);
                recording.files.insert(name, number);
                recording
                    .contents
                    .push(fs::read(path).expect("it is there"));
            }
        }
        recording
    }

    /// Reads the shim's log: entries of four numbers and what follows them.
    fn read(&mut self, log: &[u8], place: &Path) {
        let mut rest = log;
        while let Some((head, behind)) = rest.split_first_chunk::<32>() {
            let number = |place: usize| u64::from_ne_bytes(head.as_chunks::<8>().0[place]);
            let (data, behind) = behind.split_at(number(3) as usize);
            rest = behind;
            let what = number(0) as u8;
            if what == b'C' {
                self.inodes.insert(number(1), self.contents.len());
                self.contents.push(Vec::new());
            }
            let file = self.inodes.get(&number(1)).copied();
            if let Some(entry) = entry(what, file, number(2) as usize, data, place) {
                self.entries.push(entry);
            }
        }
        assert!(rest.is_empty() && !self.entries.is_empty());
    }

    /// When the power goes: at any instant, or, every other time, just before a sync, when most is at stake.
    fn instant(&self, random: &mut Random) -> usize {
        let any = random.below(self.entries.len() as u64) as usize;
        let is_sync = |entry: &Entry| matches!(entry, Entry::Sync { .. });
        let sync = self.entries[any..].iter().position(is_sync);
        match sync {
            Some(distance) if random.below(2) == 0 => any + distance,
            _ => any,
        }
    }

    /// What is left when the power goes after `at` entries, and how many writes were unsynced. Without chance
    /// nothing is lost, as when the process is killed.
    fn image(&self, at: usize, mut chance: Option<&mut Random>) -> (TempDir, usize) {
        let mut contents = self.contents.clone();
        let mut pending: Vec<Vec<&Entry>> = contents.iter().map(|_| Vec::new()).collect();
        let mut changes: Vec<&Name> = Vec::new();
        let mut kept = 0;
        for entry in &self.entries[..at] {
            match entry {
                Entry::Write { file, .. } | Entry::Resize { file, .. } => {
                    pending[*file].push(entry)
                }
                Entry::Sync { file } => {
                    for write in pending[*file].drain(..) {
                        apply(&mut contents[*file], write);
                    }
                    let of_it = |name: &&Name| matches!(name, Name::Create { file: made, .. } if made == file);
                    kept = kept.max(changes.iter().rposition(of_it).map_or(0, |place| place + 1));
                }
                Entry::SyncFolder { path } => {
                    let in_it = |name: &&Name| name.touches(path);
                    kept = kept.max(changes.iter().rposition(in_it).map_or(0, |place| place + 1));
                }
                Entry::Name(name) => changes.push(name),
            }
        }
        let unsynced = pending.iter().map(Vec::len).sum();
        for (content, writes) in contents.iter_mut().zip(&pending) {
            lose_some(content, writes, chance.as_deref_mut());
        }
        if let Some(random) = chance {
            kept += random.below((changes.len() - kept) as u64 + 1) as usize;
            changes.truncate(kept);
        }
        (self.lay_out(&changes, &contents), unsynced)
    }

    /// Makes the folder in which so many names have changed.
    fn lay_out(&self, changes: &[&Name], contents: &[Vec<u8>]) -> TempDir {
        let (mut files, mut folders) = (self.files.clone(), self.folders.clone());
        for change in changes {
            match change {
                Name::Create { file, path } => _ = files.insert(path.clone(), *file),
                Name::Folder { path } => _ = folders.insert(path.clone()),
                Name::Link { from, to } => _ = files.insert(to.clone(), files[from]),
                Name::Rename { from, to } => {
                    let file = files.remove(from).expect("it was there");
                    files.insert(to.clone(), file);
                }
                Name::Unlink { path } => _ = files.remove(path).is_some() || folders.remove(path),
            }
        }
        let place = tempfile::Builder::new().prefix("datalake-power").tempdir();
        let place = place.expect("there is room");
        for folder in folders {
            fs::create_dir_all(place.path().join(folder)).expect("there is room");
        }
        let mut first: HashMap<usize, String> = HashMap::new();
        for (name, file) in files {
            let path = place.path().join(&name);
            match first.get(&file) {
                Some(other) => fs::hard_link(place.path().join(other), path),
                None => fs::write(path, &contents[file]),
            }
            .expect("its folder is there");
            first.entry(file).or_insert(name);
        }
        place
    }

    /// For each commit the instant from which on it was acknowledged, and what the database held then. A commit
    /// is a frame of the log with the size of the database in it. It has been acknowledged by the time that the
    /// next transaction, or the end, writes into the log again: there is one writer, which answers in between.
    /// This does not look at syncs, which are what is to be proved.
    fn acknowledged(
        &self,
        database: &str,
        found: &dyn Fn(&Path) -> BTreeSet<String>,
    ) -> Vec<(usize, BTreeSet<String>)> {
        let log = format!("{database}-wal");
        let logs: BTreeSet<usize> = self
            .entries
            .iter()
            .filter_map(|entry| entry.created(&log))
            .collect();
        let written: Vec<(usize, &[u8])> = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(place, entry)| match entry {
                Entry::Write { file, data, .. } if logs.contains(file) => {
                    Some((place, data.as_slice()))
                }
                _ => None,
            })
            .collect();
        let is_commit = |data: &[u8]| data.len() == 24 && data[4..8] != [0; 4];
        let mut acknowledged = Vec::new();
        for (place, (_, data)) in written.iter().enumerate() {
            // Behind the head of the frame comes the page.
            if let (true, Some((page, _))) = (is_commit(data), written.get(place + 1)) {
                let known = written
                    .get(place + 2)
                    .map_or(self.entries.len(), |(next, _)| *next);
                let (image, _) = self.image(page + 1, None);
                acknowledged.push((known, found(image.path())));
            }
        }
        acknowledged
    }
}

impl Entry {
    /// The file, if this creates one at `path`.
    fn created(&self, path: &str) -> Option<usize> {
        match self {
            Self::Name(Name::Create { file, path: at }) if at == path => Some(*file),
            _ => None,
        }
    }
}

impl Name {
    /// Whether it changes what is listed in a folder.
    fn touches(&self, folder: &str) -> bool {
        let is_in =
            |path: &String| path.rsplit_once('/').map_or("", |(parent, _)| parent) == folder;
        match self {
            Self::Create { path, .. } | Self::Folder { path } | Self::Unlink { path } => {
                is_in(path)
            }
            Self::Link { to, .. } => is_in(to),
            Self::Rename { from, to } => is_in(from) || is_in(to),
        }
    }
}

/// An entry of the log, unless it is about a file that is none of the place's.
fn entry(what: u8, file: Option<usize>, at: usize, data: &[u8], place: &Path) -> Option<Entry> {
    let mut paths = data.split(|byte| *byte == 0).map(|path| below(path, place));
    let mut path = || paths.next().expect("the entry has a path");
    Some(match what {
        b'W' => Entry::Write {
            file: file?,
            at,
            data: data.to_vec(),
        },
        b'T' => Entry::Resize {
            file: file?,
            length: at,
        },
        b'S' => Entry::Sync { file: file? },
        b'D' => Entry::SyncFolder { path: path() },
        b'C' => Entry::Name(Name::Create {
            file: file?,
            path: path(),
        }),
        b'M' => Entry::Name(Name::Folder { path: path() }),
        b'U' => Entry::Name(Name::Unlink { path: path() }),
        b'L' => Entry::Name(Name::Link {
            from: path(),
            to: path(),
        }),
        b'R' => Entry::Name(Name::Rename {
            from: path(),
            to: path(),
        }),
        other => panic!("the shim writes no {}", other as char),
    })
}

/// A path of the log, relative to the place.
fn below(path: &[u8], place: &Path) -> String {
    let path = String::from_utf8_lossy(path).into_owned();
    let root = place.to_str().expect("it is text");
    let below = path.strip_prefix(root).unwrap_or(&path);
    below.trim_matches('/').to_owned()
}

fn apply(content: &mut Vec<u8>, change: &Entry) {
    match change {
        Entry::Write { at, data, .. } => put(content, *at, data),
        Entry::Resize { length, .. } => content.resize(*length, 0),
        Entry::Sync { .. } | Entry::SyncFolder { .. } | Entry::Name(_) => {}
    }
}

fn put(content: &mut Vec<u8>, at: usize, data: &[u8]) {
    if content.len() < at + data.len() {
        content.resize(at + data.len(), 0);
    }
    content[at..at + data.len()].copy_from_slice(data);
}

/// Applies what was not synced: one half of the times each change by its own chance, else all up to one of them.
fn lose_some(content: &mut Vec<u8>, changes: &[&Entry], chance: Option<&mut Random>) {
    let Some(random) = chance else {
        return changes.iter().for_each(|change| apply(content, change));
    };
    let in_order = random.below(2) == 0;
    let end = random.below(changes.len() as u64 + 1) as usize;
    for (place, change) in changes.iter().enumerate() {
        let whole = if in_order {
            place < end
        } else {
            random.below(2) == 0
        };
        match change {
            _ if whole => apply(content, change),
            Entry::Write { at, data, .. } if random.below(3) == 0 => {
                tear(content, *at, data, random)
            }
            _ => {}
        }
    }
}

/// Writes each sector of a write or not.
fn tear(content: &mut Vec<u8>, at: usize, data: &[u8], random: &mut Random) {
    let mut start = 0;
    while start < data.len() {
        let end = data.len().min(start + SECTOR - (at + start) % SECTOR);
        if random.below(2) == 0 {
            put(content, at + start, &data[start..end]);
        }
        start = end;
    }
}
