//! Compressed logs that are damaged or made to do harm: what can be read is kept, and the rest is named.

use crate::files::opened::Opened;
use crate::files::signals::Signals;
use crate::files::testing::*;
use crate::files::unpack::Limits;
use crate::*;

/// The one reject of a world: its code, place and words.
fn only_reject(world: &World) -> (&'static str, u64, String) {
    let state = world.sink.state();
    let [
        (
            _,
            Rejected {
                origin,
                why,
                sample,
            },
        ),
    ] = &state.rejects[..]
    else {
        panic!("{} rejects", state.rejects.len());
    };
    assert_eq!((origin.start, sample.length), (origin.end, 0));
    (why.code, origin.start, why.message.to_string())
}

/// What can be read of a damaged file is read, once; its damage is said, once.
fn read_damaged(bytes: Vec<u8>) -> (World, Vec<String>) {
    let world = World::of_lines();
    world.write("a.gz", bytes);
    let ran = world.run();
    assert!(ran.errors.is_empty(), "{ran:?}");
    assert_eq!(ran.rejects.len(), 1, "{ran:?}");
    assert_idle(&world);
    world.let_settle();
    world.run();
    assert_eq!(world.run().current, ["a.gz"]);
    (world, ran.rows)
}

#[test]
fn broken_off_at_any_byte_all_complete_lines_before_are_kept() {
    let text = numbered("line", 0..300);
    for packed in [gzip(&text), zstandard(&text)] {
        let steps = (0..packed.len()).step_by(packed.len() / 97);
        for cut in steps.chain([1, 2, 3, 4, packed.len() - 1]) {
            let world = World::of_lines();
            world.write("a", &packed[..cut]);
            let ran = world.run();
            assert_eq!(ran.rows, rows(&text)[..ran.rows.len()]);
            // A start that is too short to be known is a line without an end.
            if !ran.rejects.is_empty() {
                let (code, at, words) = only_reject(&world);
                assert_eq!(code, "damaged-archive");
                assert!(words.contains("breaks off"), "{words}");
                let lines = numbered("line", 0..ran.rows.len());
                assert!(at >= lines.len() as u64 && at <= text.len() as u64);
            } else {
                assert!(cut < 4, "{cut}");
            }
            assert_idle(&world);
            // Its writer goes on.
            world.write("a", &packed);
            let rest = world.run();
            assert_eq!([ran.rows, rest.rows].concat(), rows(&text));
            assert!(rest.rejects.is_empty());
            assert_eq!(world.unit("a").state.generation, 0);
        }
    }
}

#[test]
fn a_broken_byte_anywhere_does_no_harm() {
    let text = numbered("line", 0..300);
    for packed in [gzip(&text), zstandard(&text)] {
        let mut told = 0;
        for at in (0..packed.len()).step_by(packed.len() / 97) {
            let mut bytes = packed.clone();
            bytes[at] ^= 0x55;
            let world = World::of_lines();
            world.write("a", bytes);
            let ran = world.run();
            assert!(ran.errors.is_empty(), "{ran:?}");
            told += usize::from(
                ran.rejects
                    .iter()
                    .any(|(_, code)| *code == "damaged-archive"),
            );
            assert_idle(&world);
        }
        assert!(told > 80, "{told}");
    }
}

#[test]
fn the_checksum_is_checked() {
    let text = numbered("line", 0..20);
    let mut packed = gzip(&text);
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let (world, got) = read_damaged(packed);
    assert_eq!(got, rows(&text));
    let (code, at, words) = only_reject(&world);
    assert_eq!((code, at), ("damaged-archive", text.len() as u64));
    assert!(words.contains("checksum"), "{words}");
}

#[test]
fn what_follows_the_compressed_data_is_named() {
    let text = numbered("line", 0..20) + "last";
    let (world, got) = read_damaged([&gzip(&text)[..], b"and some garbage"].concat());
    assert_eq!(got, rows(&text));
    let (code, at, words) = only_reject(&world);
    assert_eq!((code, at), ("damaged-archive", text.len() as u64));
    assert!(
        words.starts_with("16 bytes that are no part of it"),
        "{words}"
    );
    // The first bytes of a further member, and nothing behind.
    let (world, got) = read_damaged([&gzip(&text)[..], &gzip("x")[..3]].concat());
    assert_eq!(got, rows(&numbered("line", 0..20)));
    assert!(only_reject(&world).2.contains("breaks off"));
}

#[test]
fn a_window_that_takes_too_much_memory_is_refused() {
    // A frame with one block of two bytes; the byte behind the magic and the flags is the window.
    let frame = |window: u8| {
        let header = [0x28, 0xB5, 0x2F, 0xFD, 0, window];
        [&header[..], &[0x11, 0, 0], b"a\n"].concat()
    };
    let world = World::of_lines();
    world.write("a", frame((27 - 10) << 3));
    assert_eq!(world.run().rows, ["a"]);
    let (world, got) = read_damaged(frame((28 - 10) << 3));
    assert!(got.is_empty());
    assert_eq!(only_reject(&world).0, "window-too-large");
}

#[test]
fn what_expands_beyond_all_measure_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let signals = Signals::default();
    let length = |packed: Vec<u8>, bytes, ratio| {
        std::fs::write(&path, packed).unwrap();
        let limits = Limits { bytes, ratio };
        let opened = Opened::open(&path).and_then(|file| file.unpacked_within(limits, &signals));
        let opened = opened.unwrap();
        let length = opened.length(&signals).unwrap();
        let (end, ending) = opened.ending().unwrap();
        assert_eq!(end, length);
        (length, ending.damage.map(|why| why.code))
    };
    let zeroes = vec![0; 8 << 20];
    for packed in [gzip(&zeroes), zstandard(&zeroes)] {
        let (end, code) = length(packed.clone(), 1 << 20, 100);
        assert!((1 << 20..2 << 20).contains(&end), "{end}");
        assert_eq!(code, Some("expands-too-much"));
        // Either is fine by itself.
        assert_eq!(length(packed.clone(), 8 << 20, 100), (8 << 20, None));
        assert_eq!(length(packed, 1 << 20, 100_000), (8 << 20, None));
    }
}

#[test]
fn a_scope_is_not_complete_where_the_file_is_damaged() {
    let packed = gzip(numbered("line", 0..20));
    let world = World::of_lines();
    world.write("a.gz", &packed[..packed.len() - 9]);
    world.run();
    assert!(world.sink.state().truncated.contains("a.gz"));
}
