//! Compressed logs: they are read once, as what they unpack to, and carry on what they were made from.

use std::fs;
use std::time::SystemTime;

use crate::files::testing::*;
use crate::*;

/// A way to compress.
type Pack = fn(&str) -> Vec<u8>;

/// Both ways, with the ending of their names.
const CODINGS: [(&str, Pack); 2] = [("gz", |text| gzip(text)), ("zst", |text| zstandard(text))];

#[test]
fn read_once_also_when_touched_or_renamed() {
    for (ending, pack) in CODINGS {
        let world = World::of_lines();
        let name = format!("log.1.{ending}");
        world.write(&name, pack(&numbered("old", 0..50)));
        let ran = world.run();
        assert_eq!(ran.rows, rows(&numbered("old", 0..50)));
        assert_eq!(ran.read, fs::metadata(world.path(&name)).unwrap().len());
        assert!(ran.pending.is_empty());
        assert_idle(&world);
        world.let_settle();
        world.run();
        assert_eq!(world.run().current, [name.as_str()]);
        let file = fs::File::options().write(true).open(world.path(&name));
        file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let ran = world.run();
        assert!(ran.rows.is_empty() && ran.commits == 1, "{ran:?}");
        assert_eq!(world.unit(&name).state.generation, 0);
        let other = format!("log.2.{ending}");
        world.rename(&name, &other);
        let ran = world.run();
        assert!(ran.rows.is_empty() && ran.commits == 1, "{ran:?}");
        assert_eq!(world.adopts(&other), Some(UnitId::new(name)));
        assert_eq!(world.run().current, [other.as_str()]);
    }
}

#[test]
fn the_content_says_what_is_compressed_and_not_the_name() {
    let world = World::of_lines();
    world.write("plain.GZ", "text\n");
    world.write("plain.zst", "more text\n");
    world.write("packed.log", gzip("from gzip\n"));
    world.write("packed.txt", zstandard("from zstd\n"));
    let expected = ["from gzip", "from zstd", "text", "more text"];
    assert_eq!(world.run().rows, expected);
    assert_idle(&world);
    world.append("plain.GZ", "grows\n");
    assert_eq!(world.run().rows, ["grows"]);
    // Only one that is compressed has to be left alone until it is complete.
    let mut whole = world.units();
    whole.retain(|unit| unit.whole);
    let names: Vec<&str> = whole.iter().map(|unit| unit.id.as_str()).collect();
    assert_eq!(names, ["packed.log", "packed.txt"]);
    let new = World::of_lines();
    new.write("a.jsonl.1.Gz", "");
    new.write("a.jsonl.1", "");
    let whole: Vec<bool> = new.units().iter().map(|unit| unit.whole).collect();
    assert_eq!(whole, [false, true]);
}

#[test]
fn files_read_as_a_whole_are_not_unpacked() {
    struct Raw(Files);
    impl FileSource for Raw {
        type Cursor = ();
        fn files(&self) -> Files {
            self.0.clone()
        }
        fn read(
            &self,
            _cx: &Context,
            file: &mut TrackedFile,
            _from: (),
            out: &mut FileEmit<'_, ()>,
        ) -> Result<()> {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(file, &mut bytes).unwrap();
            let body = format!("{:02x}{:02x}", bytes[0], bytes[1]);
            out.push(Record::new(&LINES, &Row { body: &body }))?;
            out.commit(&file.end()?, &())
        }
    }
    let world = World::with(|root| file_source(Raw(Files::whole([root]))));
    world.write("a.gz", gzip("text"));
    assert_eq!(world.run().rows, ["1f8b"]);
}

#[test]
fn places_are_places_in_the_unpacked_content_and_the_last_line_needs_no_break() {
    for (ending, pack) in CODINGS {
        let world = World::of_lines();
        world.write(&format!("a.{ending}"), pack("\u{feff}one\r\n\ntwo\nlast"));
        assert_eq!(world.run().rows, ["one", "two", "last"]);
        let state = world.sink.state();
        let places: Vec<(u64, u64)> = state.rows.iter().map(|row| row.2).collect();
        assert_eq!(places, [(3, 8), (9, 13), (13, 17)]);
    }
}

#[test]
fn several_members_and_frames_are_one_content() {
    let parts = ["one\ntw", "o\n", "", "three\n"];
    let skipped = [0x52, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let gzips: Vec<u8> = parts.iter().flat_map(gzip).collect();
    let frames: Vec<u8> = parts.iter().flat_map(zstandard).collect();
    let files = [
        gzips.clone(),
        frames.clone(),
        [&skipped[..], &frames, &skipped].concat(),
        // As tapes leave it.
        [&gzips[..], &[0; 9000]].concat(),
        [&gzip("one\ntwo\n")[..], &zstandard("three\n")].concat(),
    ];
    for bytes in files {
        let world = World::of_lines();
        world.write("a", bytes);
        let ran = world.run();
        assert_eq!(ran.rows, ["one", "two", "three"]);
        assert!(ran.rejects.is_empty(), "{ran:?}");
        assert_idle(&world);
    }
}

#[test]
fn an_empty_one_is_read_once() {
    let world = World::of_lines();
    world.write("a.gz", gzip(""));
    world.write("b.zst", zstandard(""));
    let ran = world.run();
    assert!(ran.rows.is_empty() && ran.commits == 2, "{ran:?}");
    assert_idle(&world);
    world.rename("a.gz", "c.gz");
    assert_eq!(world.run().rows, Vec::<String>::new());
}

#[test]
fn after_a_stop_it_goes_on_where_it_was() {
    for (ending, pack) in CODINGS {
        let world = World::of_lines();
        let text = format!("{}cancel\n{}", numbered("a", 0..900), numbered("b", 0..900));
        world.write(&format!("a.{ending}"), pack(&text));
        let ran = world.run();
        assert_eq!(ran.rows.len(), 901);
        let world = World {
            cancel: Cancel::default(),
            ..world
        };
        let ran = world.run();
        assert_eq!(ran.rows, rows(&numbered("b", 0..900)));
        let state = world.sink.state();
        let (start, _) = state.rows[901].2;
        assert_eq!(start, text.find("b 0000").unwrap() as u64);
        drop(state);
        assert_idle(&world);
    }
}

#[test]
fn after_a_failed_write_nothing_is_lost_and_nothing_doubled() {
    for fail_after in 0..12 {
        let mut world = World::of_lines();
        world.batch_bytes = 1000;
        world.write("a.gz", gzip(numbered("n", 0..100)));
        world.sink.state().fail_after = Some(fail_after);
        world.run();
        world.sink.state().fail_after = None;
        assert_eq!(world.run().errors.len(), 0);
        let state = world.sink.state();
        let got: Vec<&str> = state.rows.iter().map(|row| row.3.as_str()).collect();
        assert_eq!(got, rows(&numbered("n", 0..100)));
    }
}

#[test]
fn rotated_and_compressed_it_is_not_read_twice() {
    for (ending, pack) in CODINGS {
        for backwards in [false, true] {
            let mut world = World::of_lines();
            world.backwards = backwards;
            world.write("log", numbered("old", 0..20));
            world.run();
            // Lines that nobody saw before, the last of them without its end.
            let all = numbered("old", 0..25) + "torn";
            let packed = format!("log.1.{ending}");
            world.write(&packed, pack(&all));
            world.write("log", numbered("fresh", 0..3));
            let mut got = world.run().rows;
            got.sort();
            let expected = numbered("fresh", 0..3) + &numbered("old", 20..25) + "torn";
            assert_eq!(got, rows(&expected));
            let state = world.unit(&packed).state;
            assert_eq!(world.adopts(&packed), Some(UnitId::new("log")));
            assert_eq!(state.generation, 0);
            assert_eq!(world.unit("log").state.generation, 1);
            assert_idle(&world);
        }
    }
}

#[test]
fn a_chain_of_rotations_with_late_compression_in_any_order() {
    for backwards in [false, true] {
        let mut world = World::of_lines();
        world.backwards = backwards;
        world.write("log.2.gz", gzip(numbered("first", 0..10)));
        world.write("log.1", numbered("second", 0..10));
        world.write("log", numbered("third", 0..10));
        assert_eq!(world.run().rows.len(), 30);
        world.append("log", numbered("late", 0..2));
        world.rename("log.2.gz", "log.3.gz");
        world.write("log.2.gz", gzip(numbered("second", 0..10)));
        world.rename("log", "log.1");
        world.write("log", numbered("fourth", 0..10));
        let mut got = world.run().rows;
        got.sort();
        let expected = numbered("fourth", 0..10) + &numbered("late", 0..2);
        assert_eq!(got, rows(&expected));
        let steps = [
            ("log.1", "log"),
            ("log.2.gz", "log.1"),
            ("log.3.gz", "log.2.gz"),
        ];
        for (now, before) in steps {
            assert_eq!(world.adopts(now), Some(UnitId::new(before)));
        }
        assert_idle(&world);
    }
}

#[test]
fn one_in_the_place_of_an_empty_one_carries_on_what_it_was_made_from() {
    let world = World::of_lines();
    world.write("log.1", numbered("old", 0..10));
    world.write("log.2.gz", gzip(""));
    world.run();
    fs::remove_file(world.path("log.1")).unwrap();
    world.write("log.2.gz", gzip(numbered("old", 0..11)));
    assert_eq!(world.run().rows, rows(&numbered("old", 10..11)));
    assert_eq!(world.adopts("log.2.gz"), Some(UnitId::new("log.1")));
}

#[test]
fn compressed_in_place_or_at_another_level_it_is_the_same_content() {
    let world = World::of_lines();
    world.write("log", numbered("old", 0..20));
    world.run();
    world.write("log", gzip(numbered("old", 0..20)));
    let ran = world.run();
    assert!(ran.rows.is_empty() && ran.commits == 1, "{ran:?}");
    world.write("log", zstandard(numbered("old", 0..22)));
    assert_eq!(world.run().rows, rows(&numbered("old", 20..22)));
    world.write("log", numbered("old", 0..23));
    assert_eq!(world.run().rows, rows(&numbered("old", 22..23)));
    assert_eq!(world.unit("log").state.generation, 0);
    world.write("log", gzip(numbered("new", 0..20)));
    assert_eq!(world.run().rows, rows(&numbered("new", 0..20)));
    assert_eq!(world.unit("log").state.generation, 1);
    assert_idle(&world);
}

#[test]
fn a_last_line_that_goes_on_after_all_is_read_as_a_whole() {
    let world = World::of_lines();
    let start = numbered("old", 0..10) + "half a ";
    world.write("a.gz", gzip(&start));
    assert_eq!(world.run().rows.last().unwrap(), "half a ");
    world.write("a.gz", [gzip(&start), gzip("line\n")].concat());
    let ran = world.run();
    assert_eq!(ran.rows, rows(&(start + "line\n")));
    assert_eq!(world.unit("a.gz").state.generation, 1);
}

#[test]
fn while_it_is_being_made_the_original_is_read_and_then_it_carries_on() {
    for (ending, pack) in CODINGS {
        let world = World::of_lines();
        let text = numbered("line", 0..4000);
        world.write("log.1", &text[..text.len() / 2]);
        let packed = pack(&text);
        let (mut got, name) = (world.run().rows, format!("log.1.{ending}"));
        world.append("log.1", &text[text.len() / 2..]);
        // The writer has come so far; at last the original still stands beside it.
        for sixth in 0..=6 {
            world.write(&name, &packed[..packed.len() * sixth / 6]);
            let ran = world.run();
            assert!(ran.rejects.is_empty(), "{ran:?}");
            got.extend(ran.rows);
        }
        fs::remove_file(world.path("log.1")).unwrap();
        got.extend(world.run().rows);
        assert_eq!(got, rows(&text));
        assert_eq!(world.adopts(&name), Some(UnitId::new("log.1")));
        assert_idle(&world);
    }
}

#[test]
fn one_that_stays_beside_its_original_is_a_copy_after_a_while() {
    let world = World::of_lines();
    world.write("log", numbered("line", 0..10));
    world.write("log.gz", gzip(numbered("line", 0..10)));
    assert_eq!(world.run().rows, rows(&numbered("line", 0..10)));
    assert_idle(&world);
    world.let_settle();
    assert_eq!(world.run().rows, rows(&numbered("line", 0..10)));
    world.run();
    assert_eq!(world.run().current, ["log", "log.gz"]);
    // One that holds more was not made from it.
    let other = World::of_lines();
    other.write("log", numbered("line", 0..10));
    other.write("log.gz", gzip(numbered("line", 0..11)));
    assert_eq!(other.run().rows.len(), 21);
}

#[test]
fn a_parser_of_files_can_go_to_and_fro_in_it() {
    use std::io::{Read, Seek, SeekFrom};
    struct Seeking(Files);
    impl FileSource for Seeking {
        type Cursor = ();
        fn files(&self) -> Files {
            self.0.clone()
        }
        fn read(
            &self,
            _cx: &Context,
            file: &mut TrackedFile,
            _from: (),
            out: &mut FileEmit<'_, ()>,
        ) -> Result<()> {
            let mut text = String::new();
            file.seek(SeekFrom::End(-4)).unwrap();
            file.read_to_string(&mut text).unwrap();
            file.seek(SeekFrom::Start(1)).unwrap();
            file.read_to_string(&mut text).unwrap();
            out.push(Record::new(&LINES, &Row { body: &text }))?;
            let end = file.end()?;
            assert_eq!(end, file.place_at(end.offset())?);
            assert_ne!(end, file.place_at(2)?);
            out.commit(&end, &())
        }
    }
    let world = World::with(|root| file_source(Seeking(Files::append_only([root]))));
    world.write("a.gz", gzip("0123456789"));
    assert_eq!(world.run().rows, ["6789123456789"]);
    assert_idle(&world);
}
