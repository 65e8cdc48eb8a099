//! A whole file that is read and kept in one pass.

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use crate::files::testing::*;
use crate::*;

/// What a parser does with the file.
#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    To(u64),
    Back(i64),
    FromEnd(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_usize..400_000).prop_map(Step::Read),
        (0_u64..3_000_000).prop_map(Step::To),
        (-300_000_i64..300_000).prop_map(Step::Back),
        (-2_500_000_i64..10).prop_map(Step::FromEnd),
    ];
    proptest::collection::vec(step, 0..12)
}

/// Follows the steps, and compares with the plain file what it reads. What was kept is told.
struct Parser {
    files: Files,
    steps: Vec<Step>,
    mode: FileMode,
    kept: Arc<Mutex<Vec<FileRef>>>,
    /// What happens to the file in the middle.
    meanwhile: fn(&std::path::Path),
}

impl FileSource for Parser {
    type Cursor = ();

    fn files(&self) -> Files {
        self.files.clone()
    }

    fn read(
        &self,
        _cx: &Context,
        file: &mut TrackedFile,
        (): (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        let path = file.path().to_owned();
        let all = fs::read(&path).unwrap();
        let seen = RefCell::new(Vec::new());
        let mut intake = out
            .intake(file, self.mode)?
            .tap(|bytes| seen.borrow_mut().extend_from_slice(bytes));
        follow(&mut intake, &self.steps, &all);
        (self.meanwhile)(&path);
        let naming = Naming {
            folder: "things",
            name: String::from("name"),
            made: Timestamp::EPOCH,
        };
        let kept = out.keep(intake, naming)?;
        assert_eq!(seen.take(), all);
        assert_eq!(kept.hash(), blake3::hash(&all).as_bytes());
        assert_eq!(kept.size(), all.len() as u64);
        self.kept.lock().unwrap().push(kept);
        out.commit(&file.end()?, &())
    }
}

fn follow(intake: &mut Intake<'_>, steps: &[Step], all: &[u8]) {
    let mut position = 0;
    for step in steps {
        match *step {
            Step::Read(length) => {
                let mut bytes = Vec::new();
                intake.take(length as u64).read_to_end(&mut bytes).unwrap();
                let from = position.min(all.len() as u64) as usize;
                assert_eq!(bytes, all[from..(from + length).min(all.len())]);
                position += bytes.len() as u64;
            }
            Step::To(place) => position = intake.seek(SeekFrom::Start(place)).unwrap(),
            Step::Back(by) => {
                if let Ok(place) = intake.seek(SeekFrom::Current(by)) {
                    assert_eq!(Some(place), position.checked_add_signed(by));
                    position = place;
                }
            }
            Step::FromEnd(by) => {
                if let Ok(place) = intake.seek(SeekFrom::End(by)) {
                    position = place;
                }
            }
        }
    }
}

/// A world with one file of so many bytes, and what a reading of it kept.
fn read(length: usize, steps: Vec<Step>, mode: FileMode) -> (World, Vec<FileRef>, Ran) {
    read_while(length, steps, mode, |_| {})
}

fn read_while(
    length: usize,
    steps: Vec<Step>,
    mode: FileMode,
    meanwhile: fn(&std::path::Path),
) -> (World, Vec<FileRef>, Ran) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let world = World::with(|root| {
        file_source(Parser {
            files: Files::whole([root]),
            steps,
            mode,
            kept: kept.clone(),
            meanwhile,
        })
    });
    let bytes: Vec<u8> = (0..length).map(|n| (n * 7 % 251) as u8).collect();
    world.write("a", bytes);
    let ran = world.run();
    let kept = std::mem::take(&mut *kept.lock().unwrap());
    (world, kept, ran)
}

fn asides(world: &World) -> usize {
    fs::read_dir(world.sink.folder()).unwrap().count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_parser_does_each_byte_is_kept_once(length in 0_usize..2_500_000, steps in steps()) {
        let (world, kept, ran) = read(length, steps, FileMode::Copy);
        prop_assert!(ran.errors.is_empty(), "{:?}", ran.errors);
        let copy = kept[0].staged().staged.clone().unwrap();
        prop_assert!(fs::read(copy).unwrap() == fs::read(world.path("a")).unwrap());
        prop_assert_eq!(world.unit("a").state.hash, Some(*kept[0].hash()));
        assert_idle(&world);
    }
}

#[test]
fn by_reference_nothing_is_copied() {
    let (world, kept, _) = read(300_000, vec![Step::Read(10)], FileMode::Reference);
    assert_eq!(kept[0].staged().staged, None);
    assert_eq!(kept[0].staged().place, Some(world.path("a")));
    assert_eq!(asides(&world), 0);
}

/// Half of the old content and half of the new one must not become one file.
#[test]
fn a_file_that_is_replaced_meanwhile_is_read_later() {
    let shorter = |path: &std::path::Path| fs::write(path, "short").unwrap();
    let start = |path: &std::path::Path| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&[9; 1000], 0).unwrap();
    };
    let end = |path: &std::path::Path| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&[9; 1000], 299_000).unwrap();
        // The clock of the file system goes in steps.
        let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
        file.set_modified(later).unwrap();
    };
    for meanwhile in [shorter, start, end] {
        let steps = vec![Step::Read(200_000)];
        let (world, kept, ran) = read_while(300_000, steps, FileMode::Copy, meanwhile);
        assert!(kept.is_empty() && ran.errors.is_empty(), "{ran:?}");
        assert_eq!(asides(&world), 0, "half a copy stays");
        assert!(!world.sink.state().known.contains_key(&UnitId::new("a")));
    }
}

/// What nobody can have read before is not hashed before it is read; what may have been is.
#[test]
fn a_known_content_is_recognised_under_another_name() {
    let (world, kept, _) = read(300_000, vec![], FileMode::Copy);
    world.rename("a", "b");
    world.run();
    assert_eq!(world.adopts("b"), Some(UnitId::new("a")));
    assert_eq!(world.unit("b").state.hash, Some(*kept[0].hash()));
}
