//! Files that are read as a whole, and parsers with a cursor of their own.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::files::testing::*;
use crate::*;

/// A source that makes one row of each file.
struct Documents(Files);

impl FileSource for Documents {
    type Cursor = u32;

    fn files(&self) -> Files {
        self.0.clone()
    }

    fn read(
        &self,
        _cx: &Context,
        file: &mut TrackedFile,
        from: u32,
        out: &mut FileEmit<'_, u32>,
    ) -> Result<()> {
        assert_eq!((from, file.start()), (0, 0));
        let mut text = String::new();
        let read = file
            .read_to_string(&mut text)
            .map_err(|error| Error::io(file.path().display(), error))?;
        assert_eq!(file.seek(SeekFrom::End(-1)).unwrap(), read as u64 - 1);
        assert_eq!(file.read(&mut [0; 9]).unwrap(), 1);
        let record = Record::new(&LINES, &Row { body: text.trim() });
        out.push(record.origin(file.origin(0, read as u64)))?;
        out.commit(&file.end()?, &7)
    }
}

fn documents() -> World {
    World::with(|root| file_source(Documents(Files::whole([root]))))
}

#[test]
fn read_once_and_again_when_the_content_changes() {
    let world = documents();
    world.write("a", "first");
    world.write("b", "second");
    assert_eq!(world.run().rows, ["first", "second"]);
    assert_idle(&world);
    assert_eq!(
        world.unit("a").state.hash,
        Some(*blake3::hash(b"first").as_bytes())
    );
    let unit = world.unit("a");
    let version = unit.checkpoint.as_ref().unwrap().version;
    assert_eq!(unit.cursor::<u32>(version), Some(7));
    assert_eq!(unit.cursor::<String>(version), None);
    assert_eq!(unit.cursor::<u32>(version + 1), None);
    world.write("a", "other");
    assert_eq!(world.run().rows, ["other"]);
    assert_eq!(world.unit("a").state.generation, 1);
    assert_idle(&world);
}

#[test]
fn a_touch_is_noted_without_reading() {
    let world = documents();
    world.write("a", "first");
    world.run();
    fs::File::options()
        .write(true)
        .open(world.path("a"))
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH)
        .unwrap();
    let ran = world.run();
    assert!(ran.rows.is_empty() && ran.commits == 1, "{ran:?}");
    assert_eq!(world.unit("a").state.modified, Some(Timestamp::EPOCH));
    assert!(
        world
            .unit("a")
            .checkpoint
            .unwrap()
            .cursor
            .ends_with("\"cursor\":7}")
    );
    assert_idle(&world);
}

#[test]
fn a_new_name_is_read_and_says_what_it_was_called() {
    let world = documents();
    world.write("a", "first");
    world.write("b", "second");
    world.run();
    world.rename("a", "c");
    fs::copy(world.path("b"), world.path("d")).unwrap();
    assert_eq!(world.run().rows, ["first", "second"]);
    assert_eq!(world.adopts("c"), Some(UnitId::new("a")));
    assert_eq!(world.adopts("d"), None);
    assert_idle(&world);
}

#[test]
fn one_that_changed_just_before_it_was_read_is_looked_at_again_once() {
    let world = documents();
    for round in 0..10 {
        world.write("a", format!("round {round}"));
        assert_eq!(world.run().rows, [format!("round {round}")]);
    }
    assert_idle(&world);
    note_settled(&world);
    assert_idle(&world);
}

#[test]
fn an_empty_file_is_read_once_too() {
    let world = World::with(|root| file_source(Sizes(Files::whole([root]))));
    world.write("a", "");
    assert_eq!(world.run().rows, ["0"]);
    assert_idle(&world);
    note_settled(&world);
    assert_idle(&world);
}

/// The first look after a change would show is noted, so that the file need not be opened again.
fn note_settled(world: &World) {
    world.let_settle();
    let before = world.sink.state().batches;
    assert_eq!(world.run().rows, Vec::<String>::new());
    assert!(world.sink.state().batches > before);
}

/// A source that makes a row of each file's size.
struct Sizes(Files);

impl FileSource for Sizes {
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
        out.push(Record::new(
            &LINES,
            &Row {
                body: &file.size().to_string(),
            },
        ))?;
        out.commit(&file.end()?, &())
    }
}

/// A source of pairs of lines, with the number of pairs as its cursor.
struct Pairs(Files);

impl FileSource for Pairs {
    type Cursor = u32;

    fn files(&self) -> Files {
        self.0.clone()
    }

    fn read(
        &self,
        _cx: &Context,
        file: &mut TrackedFile,
        from: u32,
        out: &mut FileEmit<'_, u32>,
    ) -> Result<()> {
        let (mut count, mut first) = (from, None);
        let mut lines = file.lines();
        let mut covered = lines.place();
        while let Some(piece) = lines.next_line()? {
            let Piece::Line(line) = piece else { continue };
            let text = line.text().unwrap().to_owned();
            match first.take() {
                None => first = Some(text),
                Some(before) => {
                    count += 1;
                    out.push(Record::new(
                        &LINES,
                        &Row {
                            body: &format!("{count}: {before} {text}"),
                        },
                    ))?;
                    covered = lines.place();
                }
            }
        }
        // The first half of a pair waits like an unfinished line.
        let place = if first.is_none() {
            lines.place()
        } else {
            covered
        };
        out.commit(&place, &count)
    }
}

fn pairs(root: &Path) -> Arc<dyn Source> {
    file_source(Pairs(Files::append_only([root])))
}

#[test]
fn a_parsers_own_cursor_goes_with_the_offset() {
    let world = World::with(pairs);
    let padding = "p".repeat(40);
    world.write("a", format!("a{padding}\nb\nc\n"));
    assert_eq!(world.run().rows, [format!("1: a{padding} b")]);
    assert_idle(&world);
    world.append("a", format!("d{padding}\ne\n"));
    assert_eq!(world.run().rows, [format!("2: c d{padding}")]);
    world.append("a", "f\n");
    world.rename("a", "a.1");
    assert_eq!(world.run().rows, ["3: e f"]);
    world.write("a.1", "x\ny\n");
    assert_eq!(world.run().rows, ["1: x y"]);
}
