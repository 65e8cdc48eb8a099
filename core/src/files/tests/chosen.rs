//! Files that are named one by one.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::bundles::talks;
use crate::files::testing::*;
use crate::*;

/// Has the world read these files of its folder, read before or not, and nothing else.
fn choose(world: &mut World, names: &[&str], root: Option<&Path>) {
    let mut chosen = Chosen::default();
    for name in names {
        chosen.add(Chosen::path(&world.path(name)).unwrap(), root);
    }
    world.chosen = Some(Arc::new(chosen));
    world.full = true;
}

fn root(world: &World) -> std::path::PathBuf {
    fs::canonicalize(world.folder.path()).unwrap()
}

#[test]
fn only_they_are_read_whatever_they_are_called() {
    let mut world =
        World::with(|root| line_source(TextLines(Files::append_only([root]).named(["*.log"]))));
    world.write("a.log", "one\n");
    world.write("b.txt", "two\n");
    world.write("c.log", "three\n");
    choose(&mut world, &["b.txt", "c.log"], None);
    assert_eq!(world.run().rows, ["two", "three"]);
    let units: Vec<String> = world
        .units()
        .iter()
        .map(|unit| unit.id.to_string())
        .collect();
    let name = |name: &str| root(&world).join(name).display().to_string();
    assert_eq!(units, [name("b.txt"), name("c.log")]);
    // Below a folder they are called as one who searches it calls them.
    let below = root(&world);
    choose(&mut world, &["c.log"], Some(&below));
    assert_eq!(world.units()[0].id, UnitId::new("c.log"));
}

#[test]
fn one_that_was_read_is_read_again() {
    let mut world = World::of_lines();
    world.write("a", "one\n");
    world.let_settle();
    choose(&mut world, &["a"], None);
    let unit = world.units()[0].id.to_string();
    assert_eq!(world.run().rows, ["one"]);
    assert_eq!(world.run().rows, ["one"]);
    world.append("a", "two\n");
    assert_eq!(world.run().rows, ["one", "two"]);
    assert_eq!(world.unit(&unit).state.generation, 0);
    world.write("a", "other\n");
    assert_eq!(world.run().rows, ["other"]);
    assert_eq!(world.unit(&unit).state.generation, 1);
}

/// Whether the file that had the content is still there nobody has looked: it is not in this call.
#[test]
fn a_copy_carries_nothing_on() {
    let mut world = World::of_lines();
    let text = numbered("line", 0..100);
    world.write("a", &text);
    choose(&mut world, &["a"], None);
    world.run();
    world.write("b", &text);
    choose(&mut world, &["b"], None);
    assert_eq!(world.run().rows, rows(&text));
    let unit = world.units()[0].id.to_string();
    assert_eq!(world.adopts(&unit), None);

    let mut world = talks();
    world.write("a.txt", "one");
    choose(&mut world, &["a.txt"], None);
    world.run();
    world.rename("a.txt", "b.txt");
    choose(&mut world, &["b.txt"], None);
    world.run();
    let unit = world.units()[0].id.to_string();
    assert_eq!(world.adopts(&unit), None);
}

/// Somebody has named it: nobody waits for what it may be made from.
#[test]
fn a_compressed_file_beside_its_original_is_read() {
    let mut world = World::of_lines();
    world.write("a", "one\n");
    world.write("a.gz", gzip("one\n"));
    assert_eq!(world.run().rows, ["one"]);
    choose(&mut world, &["a.gz"], None);
    assert_eq!(world.run().rows, ["one"]);
}

#[test]
fn files_of_one_stem_are_one_and_the_others_stay_out() {
    let mut world = talks();
    for folder in ["x", "y"] {
        fs::create_dir(world.path(folder)).unwrap();
    }
    for (name, text) in [
        ("x/a.txt", "one"),
        ("x/a.srt", "two"),
        ("x/a.vtt", "three"),
        ("y/a.txt", "four"),
    ] {
        world.write(name, text);
    }
    let below = root(&world);
    let names = ["x/a.txt", "x/a.srt", "y/a.txt"];
    choose(&mut world, &names, Some(&below));
    assert_eq!(
        world.run().rows,
        ["x/a a.srt:two a.txt:one", "y/a a.txt:four"]
    );
    let units = names.map(|name| world.source.unit_of(name).to_string());
    assert_eq!(units, ["x/a", "x/a", "y/a"]);
    choose(&mut world, &["x/a.vtt"], Some(&below));
    assert_eq!(world.run().rows, ["x/a a.vtt:three"]);
    assert_eq!(world.unit("x/a").state.generation, 1);
}

#[test]
fn what_has_gone_or_is_no_file_spoils_no_other() {
    let mut world = World::of_lines();
    for name in ["a", "b", "c"] {
        world.write(name, format!("{name}\n"));
    }
    choose(&mut world, &["a", "b", "c"], None);
    fs::remove_file(world.path("a")).unwrap();
    fs::remove_file(world.path("b")).unwrap();
    fs::create_dir(world.path("b")).unwrap();
    let ran = world.run();
    assert_eq!(ran.rows, ["c"]);
    assert_eq!(ran.rejects.len(), 1);
    assert_eq!(ran.rejects[0].1, "not-a-file");
}
