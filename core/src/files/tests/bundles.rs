//! Files that are read together because they have one stem.

use std::fs;

use crate::files::testing::*;
use crate::*;

/// Makes one row of each bundle: its name, and what is in its files by their names. `bad` refuses a file.
struct Talks(Files);

impl BundleSource for Talks {
    fn files(&self) -> Files {
        self.0.clone()
    }

    fn stem<'n>(&self, name: &'n str) -> &'n str {
        name.split('.').next().unwrap_or(name)
    }

    fn read(&self, _cx: &Context, bundle: &Bundle, out: &mut BundleEmit<'_>) -> Result<()> {
        let mut told = bundle.unit().to_string();
        for member in bundle.members() {
            let text = member
                .bytes(20)
                .map(|bytes| String::from_utf8(bytes).unwrap());
            match text.as_deref() {
                Ok("bad") => {
                    let why = Reject::new("bad", "it is bad");
                    out.reject(member.origin(), why, Sample::of(b"bad"));
                }
                Ok("panic") => panic!("asked to panic"),
                Ok(text) => told.push_str(&format!(" {}:{text}", member.name())),
                Err(why) => out.reject(member.origin(), why.clone(), Sample::of(&[])),
            }
        }
        out.push(Record::new(&LINES, &Row { body: &told }))
    }
}

pub(super) fn talks() -> World {
    World::with(|root| bundle_source(Talks(Files::whole([root]))))
}

#[test]
fn files_of_one_stem_are_one_and_a_late_one_reads_all_again() {
    let world = talks();
    world.write("a.txt", "one");
    world.write("b.txt", "two");
    fs::create_dir(world.path("x")).unwrap();
    world.write("x/a.txt", "three");
    assert_eq!(
        world.run().rows,
        ["a a.txt:one", "b b.txt:two", "x/a a.txt:three"]
    );
    assert_idle(&world);
    world.write("a.en.srt", "uno");
    assert_eq!(world.run().rows, ["a a.en.srt:uno a.txt:one"]);
    assert_eq!(world.unit("a").state.generation, 1);
    world.write("a.txt", "eins");
    assert_eq!(world.run().rows, ["a a.en.srt:uno a.txt:eins"]);
    fs::remove_file(world.path("a.txt")).unwrap();
    assert_eq!(world.run().rows, ["a a.en.srt:uno"]);
    assert_idle(&world);
}

#[test]
fn what_has_only_been_touched_is_not_read_again() {
    let world = talks();
    world.write("a.txt", "one");
    world.write("a.srt", "uno");
    world.let_settle();
    world.run();
    assert_eq!(world.run().current, ["a"]);
    world.write("a.txt", "one");
    let ran = world.run();
    assert!(ran.rows.is_empty() && ran.current.is_empty(), "{ran:?}");
    assert_eq!(world.run().current, ["a"]);
}

#[test]
fn equal_contents_are_two_and_a_rename_is_none() {
    let world = talks();
    world.write("a.txt", "Okay.");
    world.write("b.txt", "Okay.");
    assert_eq!(world.run().rows, ["a a.txt:Okay.", "b b.txt:Okay."]);
    fs::remove_file(world.path("b.txt")).unwrap();
    world.write("c.txt", "Okay.");
    assert_eq!(world.run().rows, ["c c.txt:Okay."]);
    world.write("c.srt", "Si.");
    world.run();
    world.rename("c.txt", "d.txt");
    world.rename("c.srt", "d.srt");
    assert!(world.run().rows.is_empty());
    assert_eq!(world.adopts("d"), Some(UnitId::new("c")));
    assert_idle(&world);
    // What happens to it from now on is the new name's.
    world.write("d.srt", "No.");
    assert_eq!(world.run().rows, ["d d.srt:No. d.txt:Okay."]);
}

#[test]
fn one_that_cannot_be_read_leaves_the_others() {
    let world = talks();
    world.write("a.txt", "one");
    world.write("a.srt", "bad");
    world.write("a.vtt", "more than twenty bytes");
    std::os::unix::fs::symlink(world.path("nowhere"), world.path("a.tsv")).unwrap();
    let ran = world.run();
    assert_eq!(ran.rows, ["a a.txt:one"]);
    let codes: Vec<&str> = ran.rejects.iter().map(|(_, code)| *code).collect();
    assert_eq!(codes, ["not-a-file", "bad", "too-large"]);
    let places: Vec<_> = {
        let state = world.sink.state();
        let pointers = state
            .rejects
            .iter()
            .map(|(_, reject)| reject.origin.pointer.clone());
        pointers.flatten().map(|place| place.to_string()).collect()
    };
    assert_eq!(places, ["a.tsv", "a.srt", "a.vtt"]);
    fs::remove_file(world.path("a.tsv")).unwrap();
    world.run();
    assert_idle(&world);
}

#[test]
fn a_parser_that_panics_stops_its_bundle_alone() {
    let world = talks();
    world.write("a.txt", "panic");
    world.write("b.txt", "two");
    let ran = world.run();
    assert_eq!(ran.rows, ["b b.txt:two"]);
    let said = ran.errors[0].to_string();
    assert_eq!(said, "source `test`: a: panicked: asked to panic");
    assert!(world.unit("b").checkpoint.is_some());
}

#[test]
fn everything_is_read_again_when_it_is_asked_for() {
    let mut world = talks();
    world.write("a.txt", "one");
    world.run();
    world.full = true;
    assert_eq!(world.run().rows, ["a a.txt:one"]);
    assert_eq!(world.unit("a").state.generation, 0);
}

#[test]
fn stems_of_two_roots_are_told_apart() {
    let world = World::with(|root| {
        for folder in ["one", "two"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        bundle_source(Talks(Files::whole([root.join("one"), root.join("two")])))
    });
    world.write("one/a.txt", "1");
    world.write("two/a.srt", "2");
    world.write("two/b.txt", "3");
    let rows = world.run().rows;
    assert_eq!(rows, ["b b.txt:3", "one/a a.txt:1", "two/a a.srt:2"]);
}

#[test]
fn who_still_writes_shows_in_the_youngest_file() {
    let world = talks();
    world.write("a.txt", "one");
    world.write("a.srt", "two");
    let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
    let file = fs::File::open(world.path("a.srt")).unwrap();
    file.set_modified(later).unwrap();
    let units = world.units();
    let [unit] = &units[..] else {
        panic!("{units:?}")
    };
    assert!(unit.whole && !unit.current && unit.problem.is_none());
    assert_eq!(
        (unit.size, unit.path.clone()),
        (6, Some(world.path("a.srt")))
    );
}
