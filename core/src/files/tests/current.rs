//! What a search says of each file, without opening any: whether there is anything new in it.

use std::fs;

use crate::files::testing::*;
use crate::*;

/// Three files of lines that have been read and whose changes would show.
fn settled() -> World {
    let world = World::of_lines();
    world.write("a", "one\n");
    world.write("b", "two\nhalf");
    world.write("c.gz", gzip("three"));
    world.let_settle();
    world.run();
    world
}

/// The names of those with nothing new, and the bytes that wait in them.
fn current(world: &World) -> Vec<(String, u64)> {
    let units = world.units().into_iter().filter(|unit| unit.current);
    units
        .map(|unit| (unit.id.to_string(), unit.pending))
        .collect()
}

#[test]
fn what_was_read_to_its_end_is_current() {
    let world = settled();
    let expected = [("a", 0), ("b", 4), ("c.gz", 0)];
    assert_eq!(
        current(&world),
        expected.map(|(name, pending)| (name.to_owned(), pending))
    );
    assert_eq!(world.run().pending["b"], 4);
}

#[test]
fn a_unit_says_what_its_file_looks_like() {
    let world = settled();
    let unit = &world.units()[1];
    let stamp = Stamp::look(&world.path("b")).unwrap();
    assert_eq!((unit.stamp, unit.size), (stamp, 8));
    assert_eq!(unit.modified, stamp.unwrap().modified());
    assert!(!unit.whole);
    let documents = World::with(|root| line_source(TextLines(Files::whole([root]))));
    documents.write("a", "one");
    // A line source reads lines whatever its files are called.
    assert!(!documents.units()[0].whole);
}

#[test]
fn whatever_changes_makes_it_worth_a_look() {
    let world = settled();
    world.append("a", "more\n");
    assert_eq!(current(&world).len(), 2);
    let file = fs::File::options().write(true).open(world.path("b"));
    let time = std::time::SystemTime::UNIX_EPOCH;
    file.unwrap().set_modified(time).unwrap();
    assert_eq!(current(&world).len(), 1);
    fs::copy(world.path("c.gz"), world.path("new")).unwrap();
    world.rename("new", "c.gz");
    assert_eq!(current(&world), []);
}

#[test]
fn what_may_have_changed_unseen_is_not_current() {
    let world = World::of_lines();
    world.write("a", "one\n");
    world.run();
    assert_eq!(current(&world), []);
}

#[test]
fn a_full_run_and_another_version_of_the_cursor_read_everything() {
    let mut world = settled();
    world.full = true;
    assert_eq!(current(&world), []);
    world.full = false;
    world.version = 2;
    assert_eq!(current(&world), []);
}

#[test]
fn a_checkpoint_that_makes_no_sense_is_not_trusted() {
    let world = settled();
    let unit = UnitId::new("a");
    let honest = world.unit("a").checkpoint.unwrap();
    let forged = [
        honest.cursor.replace("\"cursor\":null", "\"cursor\":[7]"),
        honest.cursor.replace("\"end\":true", "\"end\":false"),
        honest.cursor.replace("\"tail\":\"", "\"tail\":\"x"),
        honest.cursor[..honest.cursor.len() - 1].to_owned(),
        "null".to_owned(),
    ];
    for cursor in forged {
        assert_ne!(*cursor, *honest.cursor);
        let checkpoint = Checkpoint {
            version: 1,
            cursor: cursor.into(),
        };
        let mut state = world.sink.state();
        state.known.get_mut(&unit).unwrap().checkpoint = Some(checkpoint);
        drop(state);
        let names: Vec<String> = current(&world).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "c.gz"]);
    }
}

#[test]
fn a_search_and_a_reading_give_signs_of_life() {
    let world = World::of_lines();
    for number in 0..50 {
        world.write(&format!("{number:02}"), "");
    }
    world.write("large", numbered("line", 0..100_000));
    world.write("packed.gz", gzip(numbered("line", 0..100_000)));
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let cx = world.context();
        let units = world.source.units(&cx).await.unwrap();
        let mut beats = cx.pulse.beats();
        assert!(beats >= 52, "{beats}");
        for unit in &units[50..] {
            let mut out = world.output(&cx, &unit.id);
            world.source.read(&cx, unit, None, &mut out).await.unwrap();
            out.finish().await.unwrap();
            let blocks = (numbered("line", 0..100_000).len() >> 18) as u64;
            assert!(cx.pulse.beats() > beats + blocks, "{}", unit.id);
            beats = cx.pulse.beats();
        }
    });
}

#[test]
fn hashing_gives_signs_of_life_and_hears_a_wish_to_stop() {
    use crate::files::opened::{Opened, Stop};
    use crate::files::signals::Signals;
    let world = World::of_lines();
    world.write("a", vec![7; 4 << 20]);
    let cx = world.context();
    let opened = Opened::open(&world.path("a")).unwrap();
    opened.digest(&Signals::of(&cx)).unwrap();
    assert!(cx.pulse.beats() >= 16, "{}", cx.pulse.beats());
    cx.cancel.cancel();
    let stopped = opened.digest(&Signals::of(&cx));
    let Err(Stop::Failed(error)) = stopped else {
        panic!("it went on")
    };
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
