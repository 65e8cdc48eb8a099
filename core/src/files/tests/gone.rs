//! Files that are gone, where the parser has changed since: they are read from what is kept of them.

use std::collections::BTreeSet;

use crate::files::testing::*;
use crate::*;

/// A world in which a file was read, with a line that has no end, and is gone since the run before the last.
fn gone() -> World {
    let world = World::of_lines();
    world.write("a", numbered("line", 0..3) + "torn");
    world.write("b", "another\n");
    world.run();
    std::fs::remove_file(world.path("a")).unwrap();
    world.run();
    world
}

#[test]
fn a_changed_parser_reads_what_is_kept() {
    let mut world = gone();
    let before = world.unit("a");
    world.version += 1;
    let ran = world.run();
    assert_eq!(ran.errors.len(), 0, "{ran:?}");
    assert_eq!(ran.rows, rows(&(numbered("line", 0..3) + "another")));
    let after = world.unit("a");
    assert_eq!(after.checkpoint.unwrap().version, world.version);
    assert_eq!(after.state.generation, before.state.generation);
    assert_eq!(after.state.modified, before.state.modified);
    assert!(after.state.missing);
    assert_eq!(
        world.sink.state().raw("a"),
        (numbered("line", 0..3) + "torn").into_bytes()
    );
    assert_idle(&world);
    assert_eq!(std::fs::read_dir(world.sink.folder()).unwrap().count(), 0);
}

#[test]
fn a_reading_that_was_broken_off_is_taken_up_again() {
    let mut world = gone();
    world.batch_bytes = 1;
    world.version += 1;
    let batches = world.sink.state().batches;
    world.sink.state().fail_after = Some(batches + 2);
    assert_eq!(world.run().errors.len(), 2);
    world.sink.state().fail_after = None;
    let ran = world.run();
    assert_eq!(ran.errors.len(), 0, "{ran:?}");
    let read = &world.sink.state().rows[4..].to_vec();
    let got: BTreeSet<&String> = read.iter().map(|row| &row.3).collect();
    let mut expected = rows(&numbered("line", 0..3));
    expected.push("another".to_owned());
    assert_eq!(got, expected.iter().collect());
    assert_idle(&world);
}

#[test]
fn a_file_that_comes_back_goes_on_where_it_was() {
    let mut world = gone();
    world.version += 1;
    world.run();
    world.write("a", numbered("line", 0..3) + "torn and more\n");
    let ran = world.run();
    assert_eq!(ran.rows, ["torn and more"]);
    assert_eq!(world.unit("a").state.generation, 0);
    assert!(!world.unit("a").state.missing);
    let kept = (numbered("line", 0..3) + "torn and more\n").into_bytes();
    assert_eq!(world.sink.state().raw("a"), kept);
}

/// A disk that is not there just now is not empty.
#[test]
fn what_was_there_at_the_look_before_is_left_alone() {
    let mut world = World::of_lines();
    world.write("a", numbered("line", 0..3));
    world.run();
    std::fs::remove_file(world.path("a")).unwrap();
    world.version += 1;
    assert_eq!(world.run().rows.len(), 0);
    assert_eq!(world.run().rows.len(), 3);
}

#[test]
fn without_raw_bytes_a_gone_file_stays_as_it_is() {
    let mut world = World::with(|root| line_source(TextLines(Files::append_only([root]))));
    world.write("a", numbered("line", 0..3));
    world.run();
    std::fs::remove_file(world.path("a")).unwrap();
    world.run();
    world.version += 1;
    assert_idle(&world);
}
