//! What the line adapter does around a parser: commits, rejects, stopping, failing and panicking.

use crate::files::testing::*;
use crate::*;

#[test]
fn byte_by_byte_each_line_comes_once() {
    let world = World::of_lines();
    let text = "first\r\nsecond\n\n   \nthird \u{e4}\n";
    let mut got = Vec::new();
    for byte in text.bytes() {
        world.append("a", [byte]);
        got.extend(world.run().rows);
    }
    assert_eq!(got, ["first", "second", "third ä"]);
    world.append("a", "rest");
    assert_eq!(world.run().pending["a"], 4);
    // It is remembered without looking into the file.
    assert_eq!(world.run().pending["a"], 4);
}

#[test]
fn rows_know_where_they_came_from() {
    let world = World::of_lines();
    world.write("folder.txt", "\u{feff}one\r\n\ntwo\n");
    world.run();
    let state = world.sink.state();
    let places: Vec<(u64, u64)> = state.rows.iter().map(|row| row.2).collect();
    assert_eq!(places, [(3, 8), (9, 13)]);
}

#[test]
fn bad_lines_are_rejected_and_their_neighbours_kept() {
    let world = World::of_lines();
    world.write("a", b"good\nb\xffd\nb\0d\nfine\n");
    let ran = world.run();
    assert_eq!(ran.rows, ["good", "fine"]);
    assert_eq!(
        ran.rejects,
        [("a".to_owned(), "not-utf8"), ("a".to_owned(), "nul")]
    );
    let state = world.sink.state();
    assert_eq!(state.rejects[0].1.origin, Origin::bytes(5, 9));
    assert_eq!(state.rejects[0].1.sample, Sample::of(b"b\xffd"));
    assert_eq!(
        state.rejects[0].1.why.message,
        "byte 1 of the line (0xFF) is not UTF-8 text"
    );
    drop(state);
    assert_idle(&world);
}

#[test]
fn commits_come_every_so_many_lines_and_at_the_end() {
    let world = World::of_lines();
    world.write("a", numbered("n", 0..2 * BATCH_RECORDS + 1));
    let ran = world.run();
    assert_eq!((ran.rows.len(), ran.commits), (2 * BATCH_RECORDS + 1, 3));
    assert_idle(&world);
}

#[test]
fn rejects_count_for_commits_too() {
    let world = World::of_lines();
    world.write("a", b"\xff\n".repeat(BATCH_RECORDS + 5));
    let ran = world.run();
    assert_eq!((ran.rejects.len(), ran.commits), (BATCH_RECORDS + 5, 2));
}

#[test]
fn a_batch_over_its_bytes_is_committed_with_its_cursor() {
    let mut world = World::of_lines();
    world.batch_bytes = 1000;
    world.write("a", numbered("n", 0..100));
    let ran = world.run();
    assert_eq!(ran.rows.len(), 100);
    // No batch goes without a cursor, but for the empty one that ends the attempt.
    assert!(ran.commits > 3);
    assert_eq!(world.sink.state().batches, ran.commits + 1);
}

#[test]
fn after_a_failed_write_nothing_is_lost_and_nothing_doubled() {
    let mut failed = 0;
    for fail_after in 0..12 {
        let mut world = World::of_lines();
        world.batch_bytes = 1000;
        world.write("a", numbered("n", 0..100));
        world.sink.state().fail_after = Some(fail_after);
        let ran = world.run();
        world.sink.state().fail_after = None;
        failed += ran.errors.len();
        assert_eq!(world.run().errors.len(), 0);
        let got: Vec<String> = world
            .sink
            .state()
            .rows
            .iter()
            .map(|row| row.3.clone())
            .collect();
        assert_eq!(got, rows(&numbered("n", 0..100)));
    }
    assert!(failed > 3, "only {failed} writes failed");
}

#[test]
fn a_wish_to_stop_is_heard_at_the_next_line_and_what_was_done_is_committed() {
    let world = World::of_lines();
    world.write("a", format!("one\ncancel\n{}", numbered("n", 0..10)));
    let ran = world.run();
    assert_eq!(ran.rows, ["one", "cancel"]);
    assert_eq!(ran.errors[0].kind(), ErrorKind::Cancelled);
    let world = World {
        cancel: Cancel::default(),
        ..world
    };
    assert_eq!(world.run().rows, rows(&numbered("n", 0..10)));
}

#[test]
fn a_parser_that_fails_stops_its_unit_alone() {
    let world = World::of_lines();
    world.write("a", "one\nfail\ntwo\n");
    world.write("b", "other\n");
    let ran = world.run();
    assert_eq!(ran.rows, ["one", "other"]);
    assert_eq!(ran.errors[0].kind(), ErrorKind::Temporary);
}

#[test]
fn a_parser_that_panics_stops_its_unit_alone() {
    let world = World::of_lines();
    world.write("deep.txt", "one\npanic\ntwo\n");
    world.write("other.txt", "other\n");
    let ran = world.run();
    assert_eq!(ran.rows, ["one", "other"]);
    assert_eq!(ran.errors[0].kind(), ErrorKind::Bug);
    assert_eq!(
        ran.errors[0].to_string(),
        "source `test`: deep.txt: panicked: asked to panic"
    );
    assert!(world.unit("deep.txt").checkpoint.is_none());
}

#[test]
fn a_line_over_the_limit_is_rejected_and_its_neighbours_kept() {
    let world = World::of_lines();
    let long = "x".repeat(LINE_LIMIT + 1);
    world.write("a", format!("first\n{long}\nlast\n"));
    let ran = world.run();
    assert_eq!(ran.rows, ["first", "last"]);
    assert_eq!(ran.rejects, [("a".to_owned(), "line-too-long")]);
    let state = world.sink.state();
    let Rejected {
        origin,
        why,
        sample,
    } = &state.rejects[0].1;
    assert_eq!(*origin, Origin::bytes(6, 6 + LINE_LIMIT as u64 + 2));
    assert_eq!(
        why.message,
        "the line has 16777217 bytes; at most 16 MiB are read as one"
    );
    assert_eq!(
        (sample.head.len(), sample.length),
        (REJECT_BYTES, LINE_LIMIT as u64 + 1)
    );
}

/// Reads lines from a disk that breaks in the second run.
struct Breaking(Files);

impl FileSource for Breaking {
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
        if file.start() > 0 {
            file.break_disk();
        }
        let mut lines = file.lines();
        while let Some(piece) = lines.next_line()? {
            let Piece::Line(line) = piece else { continue };
            out.push(Record::new(
                &LINES,
                &Row {
                    body: line.text().unwrap(),
                },
            ))?;
        }
        out.commit(&lines.place(), &())
    }
}

#[test]
fn a_disk_that_fails_is_a_reject_at_its_place_and_is_tried_again() {
    let world = World::with(|root| file_source(Breaking(Files::append_only([root]))));
    world.write("a", "one\n");
    assert_eq!(world.run().rows, ["one"]);
    let before = world.unit("a").checkpoint;
    world.append("a", "two\n");
    for _ in 0..2 {
        let ran = world.run();
        assert_eq!(ran.rejects, [("a".to_owned(), "unreadable")]);
        assert!(ran.rows.is_empty() && ran.errors.is_empty(), "{ran:?}");
    }
    assert_eq!(world.sink.state().rejects[0].1.origin, Origin::bytes(4, 4));
    assert_eq!(world.unit("a").checkpoint, before);
}

#[test]
fn a_unit_that_went_away_is_no_failure() {
    let world = World::of_lines();
    world.write("a", "one\n");
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let units = runtime
        .block_on(world.source.units(&world.context()))
        .unwrap();
    std::fs::remove_file(world.path("a")).unwrap();
    let job = Job {
        source: "test".into(),
        run: 1,
        unit: units[0].id.clone(),
        attempt: u64::MAX,
        cursor_version: 1,
        tags: Default::default(),
        batch_bytes: BATCH_BYTES,
        progress: Default::default(),
    };
    runtime.block_on(async {
        let mut out = Output::new(job, UnitState::default(), world.sink.clone());
        world
            .source
            .read(&world.context(), &units[0], None, &mut out)
            .await
            .unwrap();
        // Nothing can be said of what it held.
        let nothing = Outcome {
            truncated: true,
            ..Outcome::default()
        };
        assert_eq!(out.finish().await.unwrap(), nothing);
    });
}
