//! Every row of the table of decisions: what a change of a file means for where it is read on.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use crate::files::testing::*;
use crate::*;

/// A world in which `name` holds ten lines that have been read.
fn read_once(name: &str) -> World {
    let world = World::of_lines();
    world.write(name, numbered("old", 0..10));
    assert_eq!(world.run().rows, rows(&numbered("old", 0..10)));
    world
}

#[test]
fn what_was_appended_is_all_that_is_read() {
    let world = read_once("a");
    assert_idle(&world);
    world.append("a", numbered("new", 0..3));
    let ran = world.run();
    assert_eq!(ran.rows, rows(&numbered("new", 0..3)));
    assert_eq!(ran.read as usize, numbered("new", 0..3).len());
    assert_eq!(world.unit("a").state.generation, 0);
    assert_idle(&world);
}

#[test]
fn while_a_file_looks_the_same_its_content_is_not_looked_at() {
    let world = World::of_lines();
    world.write("a", "one line\n");
    world.let_settle();
    world.run();
    // A checkpoint that no longer fits the content: whoever looks at the content notices.
    let unit = UnitId::new("a");
    let honest = world.unit("a").checkpoint.unwrap();
    let forged = honest.cursor.replace("\"head\":\"9:", "\"head\":\"8:");
    assert_ne!(*honest.cursor, *forged);
    let forged = Checkpoint {
        cursor: forged.into(),
        ..honest
    };
    world.sink.state().known.get_mut(&unit).unwrap().checkpoint = Some(forged);
    assert_idle(&world);
    fs::set_permissions(world.path("a"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(world.run().rows, ["one line"]);
    assert_eq!(world.unit("a").state.generation, 1);
}

#[test]
fn a_change_within_one_step_of_the_file_systems_clock_is_seen() {
    let world = World::of_lines();
    for round in 0..20 {
        world.write("a", format!("round {round:04}\n"));
        assert_eq!(world.run().rows, [format!("round {round:04}")]);
    }
    assert_eq!(world.unit("a").state.generation, 19);
}

#[test]
fn truncated_and_written_again_on_the_same_inode() {
    let world = read_once("a");
    world.write("a", numbered("other", 0..20));
    assert_eq!(world.run().rows, rows(&numbered("other", 0..20)));
    assert_eq!(world.unit("a").state.generation, 1);
    // Also where it comes out just as long.
    world.write("a", numbered("third", 0..20));
    assert_eq!(world.run().rows, rows(&numbered("third", 0..20)));
    assert_eq!(world.unit("a").state.generation, 2);
    assert_idle(&world);
}

#[test]
fn same_start_but_another_content_before_the_offset() {
    let world = World::of_lines();
    let long = numbered("same", 0..100);
    world.write("a", format!("{long}{}", numbered("old", 0..5)));
    world.run();
    world.write("a", format!("{long}{}", numbered("new", 0..9)));
    assert_eq!(world.run().rows.len(), 109);
    assert_eq!(world.unit("a").state.generation, 1);
}

#[test]
fn truncated_to_a_part() {
    let world = read_once("a");
    world.write("a", numbered("old", 0..4));
    assert_eq!(world.run().rows, rows(&numbered("old", 0..4)));
    assert_eq!(world.unit("a").state.generation, 1);
}

#[test]
fn emptied_and_filled_again() {
    let world = read_once("a");
    world.write("a", "");
    assert!(world.run().rows.is_empty());
    assert_eq!(world.unit("a").state.generation, 1);
    assert_idle(&world);
    world.write("a", numbered("old", 0..2));
    assert_eq!(world.run().rows, rows(&numbered("old", 0..2)));
    assert_eq!(world.unit("a").state.generation, 1);
}

#[test]
fn deleted_and_made_again_even_with_the_same_inode() {
    let world = read_once("a");
    let mut reused = 0;
    for round in 0..20 {
        let inode = fs::metadata(world.path("a")).unwrap().ino();
        fs::remove_file(world.path("a")).unwrap();
        let text = numbered(&format!("round {round:02}"), 0..12);
        world.write("a", &text);
        reused += usize::from(fs::metadata(world.path("a")).unwrap().ino() == inode);
        assert_eq!(
            world.run().rows,
            rows(&text),
            "{reused} of {round} inodes were used again"
        );
    }
    assert_eq!(world.unit("a").state.generation, 20);
}

#[test]
fn the_same_bytes_in_a_new_inode_are_the_same_file() {
    let world = read_once("a");
    world.write("b.new", numbered("old", 0..12));
    world.rename("b.new", "a");
    assert_eq!(world.run().rows, rows(&numbered("old", 10..12)));
    assert_eq!(world.unit("a").state.generation, 0);
}

#[test]
fn touched_and_sent_back_in_time() {
    let world = read_once("a");
    for seconds in [2_000_000_000, 1_000_000] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        fs::File::options()
            .write(true)
            .open(world.path("a"))
            .unwrap()
            .set_modified(time)
            .unwrap();
        let ran = world.run();
        assert!(ran.rows.is_empty() && ran.commits == 1, "{ran:?}");
        assert_idle(&world);
    }
    assert_eq!(
        world.unit("a").state.modified,
        Timestamp::from_seconds(1_000_000)
    );
    world.append("a", numbered("new", 0..1));
    assert_eq!(world.run().rows, rows(&numbered("new", 0..1)));
}

#[test]
fn rotated_with_lines_written_in_between() {
    for backwards in [false, true] {
        let mut world = read_once("a");
        world.backwards = backwards;
        world.append("a", numbered("late", 0..2));
        world.rename("a", "a.1");
        world.write("a", numbered("fresh", 0..3));
        let mut ran = world.run().rows;
        ran.sort();
        let expected = numbered("fresh", 0..3) + &numbered("late", 0..2);
        assert_eq!(ran, rows(&expected));
        assert_eq!(world.adopts("a.1"), Some(UnitId::new("a")));
        assert_eq!(world.unit("a.1").state.generation, 0);
        assert_eq!(world.unit("a").state.generation, 1);
        assert_idle(&world);
    }
}

#[test]
fn rotated_while_nothing_stands_in_the_old_place() {
    let world = read_once("a");
    world.rename("a", "a.1");
    let ran = world.run();
    assert!(ran.rows.is_empty() && ran.commits == 1, "{ran:?}");
    assert_eq!(world.adopts("a.1"), Some(UnitId::new("a")));
    assert_idle(&world);
    world.write("a", numbered("fresh", 0..3));
    world.append("a.1", numbered("late", 0..1));
    assert_eq!(
        world.run().rows,
        rows(&(numbered("fresh", 0..3) + &numbered("late", 0..1)))
    );
}

#[test]
fn a_chain_of_rotations_in_one_step_in_any_order() {
    for backwards in [false, true] {
        let mut world = World::of_lines();
        world.backwards = backwards;
        for (name, what) in [("a.2", "first"), ("a.1", "second"), ("a", "third")] {
            world.write(name, numbered(what, 0..10));
        }
        assert_eq!(world.run().rows.len(), 30);
        world.append("a", numbered("late", 0..2));
        for (from, to) in [("a.2", "a.3"), ("a.1", "a.2"), ("a", "a.1")] {
            world.rename(from, to);
        }
        world.write("a", numbered("fourth", 0..10));
        let mut ran = world.run().rows;
        ran.sort();
        assert_eq!(
            ran,
            rows(&(numbered("fourth", 0..10) + &numbered("late", 0..2)))
        );
        for (now, before) in [("a.1", "a"), ("a.2", "a.1"), ("a.3", "a.2")] {
            assert_eq!(world.adopts(now), Some(UnitId::new(before)));
        }
        let generation = |name| world.unit(name).state.generation;
        assert_eq!(["a", "a.1", "a.2", "a.3"].map(generation), [1, 1, 1, 0]);
        assert_idle(&world);
    }
}

#[test]
fn two_files_that_change_places() {
    let world = read_once("a");
    world.write("b", numbered("other", 0..10));
    world.run();
    world.rename("a", "c.tmp");
    world.rename("b", "a");
    world.rename("c.tmp", "b");
    world.append("a", numbered("new", 0..1));
    assert_eq!(world.run().rows, rows(&numbered("new", 0..1)));
    assert_eq!(world.adopts("a"), Some(UnitId::new("b")));
    assert_eq!(world.adopts("b"), Some(UnitId::new("a")));
}

#[test]
fn copied_and_truncated() {
    let world = read_once("a");
    world.append("a", numbered("late", 0..2));
    fs::copy(world.path("a"), world.path("a.1")).unwrap();
    world.write("a", numbered("fresh", 0..1));
    assert_eq!(
        world.run().rows,
        rows(&(numbered("fresh", 0..1) + &numbered("late", 0..2)))
    );
    assert_eq!(world.adopts("a.1"), Some(UnitId::new("a")));
}

#[test]
fn a_copy_and_a_hard_link_are_read_from_their_start() {
    let world = read_once("a");
    fs::copy(world.path("a"), world.path("copy")).unwrap();
    fs::hard_link(world.path("a"), world.path("link")).unwrap();
    let ran = world.run();
    assert_eq!(ran.rows, rows(&numbered("old", 0..10).repeat(2)));
    assert_eq!(world.adopts("copy"), None);
    assert_eq!(world.adopts("link"), None);
    // The link changed the inode's ctime, and that alone.
    assert_eq!(world.unit("a").state.generation, 0);
    assert_idle(&world);
}

#[test]
fn of_two_vanished_candidates_the_one_read_furthest_is_carried_on() {
    let world = World::of_lines();
    world.write("x", numbered("same", 0..10));
    world.write("y", numbered("same", 0..20));
    world.run();
    world.rename("y", "z");
    fs::remove_file(world.path("x")).unwrap();
    world.append("z", numbered("new", 0..1));
    assert_eq!(world.run().rows, rows(&numbered("new", 0..1)));
    assert_eq!(world.adopts("z"), Some(UnitId::new("y")));
}

#[test]
fn of_several_names_a_content_had_the_last_is_carried_on() {
    let world = World::of_lines();
    world.write("a", numbered("old", 0..10));
    world.run();
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "d")] {
        world.rename(from, to);
        assert_eq!(world.run().rows, Vec::<String>::new());
        assert_eq!(world.adopts(to), Some(UnitId::new(from)));
    }
}

#[test]
fn a_short_start_is_no_proof() {
    let world = World::of_lines();
    world.write("a", "{\"version\":1}\n");
    world.write("empty", "");
    world.run();
    fs::remove_file(world.path("a")).unwrap();
    fs::remove_file(world.path("empty")).unwrap();
    world.write("b", "{\"version\":1}\n{\"other\":2}\n");
    assert_eq!(world.run().rows, ["{\"version\":1}", "{\"other\":2}"]);
    assert_eq!(world.adopts("b"), None);
}

#[test]
fn an_unfinished_line_that_is_taken_back_is_no_new_content() {
    let world = read_once("a");
    let kept = numbered("old", 0..10);
    world.append(
        "a",
        "torn, and long enough to be a part of the head of this short file",
    );
    let ran = world.run();
    assert_eq!((ran.rows.len(), ran.pending["a"]), (0, 65));
    // Shorter than what was seen of it, but not than what was read.
    world.write("a", format!("{kept}whole\n"));
    assert_eq!(world.run().rows, ["whole"]);
    assert_eq!(world.unit("a").state.generation, 0);
}

#[test]
fn shorter_than_the_head() {
    let world = World::of_lines();
    world.write("a", numbered("old", 0..100));
    world.run();
    world.write("a", &numbered("old", 0..100)[..50]);
    assert_eq!(world.run().rows, rows(&numbered("old", 0..2)));
    assert_eq!(world.unit("a").state.generation, 1);
}

#[test]
fn a_vanished_file_keeps_its_cursor() {
    let world = read_once("a");
    let text = fs::read(world.path("a")).unwrap();
    fs::remove_file(world.path("a")).unwrap();
    assert_idle(&world);
    assert!(world.unit("a").checkpoint.is_some());
    world.write("a", [&text[..], b"back again\n"].concat());
    assert_eq!(world.run().rows, ["back again"]);
}

#[test]
fn a_full_run_reads_again_in_the_same_generation() {
    let mut world = read_once("a");
    world.full = true;
    assert_eq!(world.run().rows.len(), 10);
    world.rename("a", "b");
    assert_eq!(world.run().rows.len(), 10);
    assert_eq!(world.adopts("b"), Some(UnitId::new("a")));
    assert_eq!(world.unit("b").state.generation, 0);
    world.full = false;
    assert_idle(&world);
}

#[test]
fn a_new_version_of_the_cursor_reads_again_in_the_same_generation() {
    let mut world = read_once("a");
    world.write("a", numbered("new", 0..10));
    world.run();
    world.version = 2;
    assert_eq!(world.run().rows.len(), 10);
    assert_eq!(world.unit("a").state.generation, 1);
    assert_idle(&world);
}
