//! Rejected lines that are read again from what was kept of them.

use crate::files::testing::*;
use crate::*;

/// Replays one input of the unit `a`, and gives what came of it.
fn replay(world: &World, input: &Kept) -> (Result<bool>, Ran) {
    world.replay("a", input)
}

fn kept(start: u64, bytes: &[u8]) -> Kept {
    Kept {
        origin: Origin::bytes(start, start + bytes.len() as u64 + 1),
        sample: Sample::of(bytes),
    }
}

#[test]
fn a_line_gets_the_place_it_had_and_moves_no_checkpoint() {
    let world = World::of_lines();
    world.write("a", "one\nb\u{0}d\ntwo\n");
    world.run();
    let rejected = world.sink.state().rejects[0].1.clone();
    let before = world.unit("a").checkpoint;
    let input = Kept {
        origin: rejected.origin,
        sample: rejected.sample,
    };
    // It is as bad as before.
    let (done, ran) = replay(&world, &input);
    assert!(done.unwrap());
    assert_eq!(ran.rejects, [("a".to_owned(), "nul")]);
    // Mended meanwhile, so to say.
    let mended = Kept {
        sample: Sample::of(b"good"),
        ..input
    };
    let (done, ran) = replay(&world, &mended);
    assert!(done.unwrap());
    assert_eq!((ran.rows, ran.commits), (vec!["good".to_owned()], 0));
    let state = world.sink.state();
    assert_eq!(state.rows.last().unwrap().2, (4, 8));
    drop(state);
    assert_eq!(world.unit("a").checkpoint, before);
}

#[test]
fn what_is_not_there_as_a_whole_cannot_be_read_again() {
    let world = World::of_lines();
    world.write("a", "one\n");
    world.run();
    let long = kept(0, &vec![b'x'; REJECT_BYTES + 1]);
    for input in [long, kept(0, b"")] {
        let (done, ran) = replay(&world, &input);
        assert!(!done.unwrap());
        assert!(ran.rows.is_empty() && ran.rejects.is_empty(), "{ran:?}");
    }
}

#[test]
fn a_parser_that_panics_or_fails_is_caught() {
    let world = World::of_lines();
    world.write("a", "one\n");
    world.run();
    let (done, _) = replay(&world, &kept(0, b"panic"));
    let error = done.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    assert_eq!(
        error.to_string(),
        "source `test`: a: panicked: asked to panic"
    );
    let (done, _) = replay(&world, &kept(0, b"fail"));
    assert_eq!(done.unwrap_err().kind(), ErrorKind::Temporary);
}

/// A parser of files that has nothing to say of them.
struct Silent(Files);

impl FileSource for Silent {
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
        out.commit(&file.end()?, &())
    }
}

/// The same, but it can read a rejected input again.
struct Again(Silent);

impl FileSource for Again {
    type Cursor = ();

    fn files(&self) -> Files {
        self.0.files()
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        from: (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        self.0.read(cx, file, from, out)
    }

    fn replay(
        &self,
        _cx: &Context,
        unit: &UnitId,
        input: &Kept,
        out: &mut ReplayEmit<'_>,
    ) -> Result<bool> {
        let (origin, sample) = (input.origin.clone(), input.sample.clone());
        let body = unit.as_str();
        out.push(Record::new(&LINES, &Row { body }).origin(origin.clone()))?;
        out.reject(
            origin,
            Reject::new("half", "the other half is missing"),
            sample,
        );
        Ok(true)
    }
}

#[test]
fn a_parser_of_files_says_itself_whether_it_can() {
    let world = World::with(|root| file_source(Silent(Files::whole([root]))));
    let (done, ran) = replay(&world, &kept(7, b"x"));
    assert!(!done.unwrap() && ran.rows.is_empty());
    let world = World::with(|root| file_source(Again(Silent(Files::whole([root])))));
    let (done, ran) = replay(&world, &kept(7, b"x"));
    assert!(done.unwrap());
    assert_eq!(ran.rows, ["a"]);
    assert_eq!(ran.rejects, [("a".to_owned(), "half")]);
}
