//! What is known of how far a file has been read: which units a run over everything has read to their end, and what
//! a checkpoint says to people.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::files::testing::*;
use crate::*;

/// Far from the numbers that other runs of a world take.
static ATTEMPTS: AtomicU64 = AtomicU64::new(u64::MAX / 2);

/// The units that a run has read whole, by name. `between` happens after the search.
fn whole(world: &World, between: impl FnOnce()) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reading = Reading::new(world.source.clone(), world.context(), world.sink.clone(), 1);
    let units = runtime.block_on(reading.units()).unwrap();
    between();
    for unit in &units {
        let attempt = ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        runtime.block_on(reading.unit(unit, attempt)).1.unwrap();
    }
    let whole = reading.progress.take_whole();
    assert_eq!(reading.progress.take_whole(), [], "they are taken out");
    whole.iter().map(UnitId::to_string).collect()
}

#[test]
fn what_was_not_read_to_its_end_is_not_whole() {
    let mut world = World::of_lines();
    world.full = true;
    let packed = gzip(numbered("line", 0..200));
    world.write("cut.gz", &packed[..packed.len() / 2]);
    world.write("good", "one\n");
    world.write("goes", "one\n");
    world.write("rejected", b"one\n\xff\ntwo\n");
    world.write("unfinished", "one\nt");
    std::os::unix::fs::symlink("nowhere", world.path("link")).unwrap();
    let goes = world.path("goes");
    let found = whole(&world, || fs::remove_file(goes).unwrap());
    assert_eq!(found, ["good", "rejected", "unfinished"]);
}

/// A run that goes on where the last one stopped has seen nothing of what lies before.
#[test]
fn only_a_run_over_everything_reads_units_whole() {
    let mut world = World::of_lines();
    world.write("a", "one\n");
    assert!(whole(&world, || ()).is_empty());
    world.full = true;
    assert_eq!(whole(&world, || ()), ["a"]);
}

#[test]
fn what_a_checkpoint_covers() {
    let world = World::of_lines();
    let text = numbered("line", 0..100);
    world.write("all", "one\n");
    world.write("part", "one\ntw");
    world.write("packed.gz", gzip(&text));
    world.run();
    let covered = |name: &str| Covered::of(&world.unit(name).checkpoint.unwrap()).unwrap();
    let expected = [
        ("all", 4, true),
        ("part", 4, false),
        ("packed.gz", text.len(), true),
    ];
    for (name, bytes, all) in expected {
        let bytes = bytes as u64;
        assert_eq!(covered(name), Covered { bytes, all }, "{name}");
    }
    // A cursor of a plugin that follows no files.
    let other = Checkpoint::new(1, &"page 7").unwrap();
    assert_eq!(Covered::of(&other), None);
}
