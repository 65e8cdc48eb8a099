//! Whether a single file is a recording.

use std::io::Cursor;

use datalake_core::{Recognised, Sniffed};

use crate::PATTERNS;
use crate::probe::{begins_as_tag, probe};

/// By the format of its first bytes, else by its name.
pub(crate) fn recognises(file: &Sniffed<'_>) -> Recognised {
    let is_named = || {
        let mut patterns = PATTERNS.iter();
        patterns.any(|pattern| file.ends_with(&[pattern.trim_start_matches('*')]))
    };
    match () {
        () if !is_picture(file.head) && has_format(file.head) => Recognised::Content,
        () if is_named() => Recognised::Name,
        () => Recognised::No,
    }
}

/// Whether there is a format in which it can be sound. Behind a tag with a picture it begins too late to be seen.
/// Frames that stand somewhere in other bytes are there by chance.
fn has_format(head: &[u8]) -> bool {
    if is_text(head) {
        return false;
    }
    if begins_as_tag(head) {
        return true;
    }
    let facts = probe(&mut Cursor::new(head), false, &mut || Ok(()));
    let format = facts.ok().and_then(|facts| facts.format);
    match format {
        Some("mp1" | "mp2" | "mp3") => matches!(head, [0xFF, 0xE0..=0xFF, ..]),
        format => format.is_some(),
    }
}

/// Whether there is none of the bytes that no text has, and every header of sound: its numbers are mostly zeros.
/// Words such as `free` and `MAC ` are the mark of a format, and begin many a note.
fn is_text(head: &[u8]) -> bool {
    let controls = |byte: &u8| matches!(byte, 0..=8 | 0x0E..=0x1A | 0x1C..=0x1F);
    !head.iter().any(controls)
}

/// Whether it is a picture in the boxes of MP4: HEIC, AVIF, raw files of cameras.
fn is_picture(head: &[u8]) -> bool {
    const BRANDS: [&[u8]; 13] = [
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1",
        b"avif", b"avis", b"crx ",
    ];
    let brand = head.get(8..12);
    head.get(4..8) == Some(b"ftyp") && brand.is_some_and(|brand| BRANDS.contains(&brand))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn seen(name: &str, content: &[u8]) -> Recognised {
        recognises(&Sniffed::new(name, &content[..content.len().min(4096)]))
    }

    /// The inputs of this crate are all recordings but for one, whatever they are called.
    #[test]
    fn recordings_are_told_by_their_first_bytes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let others = ["make.py", "text.wav"];
            let is_text = others.contains(&&*name) || name.ends_with(".md");
            let expected = match is_text {
                true => Recognised::No,
                false => Recognised::Content,
            };
            let content = fs::read(&path).unwrap();
            assert_eq!(seen("recording", &content), expected, "{name}");
            count += 1;
        }
        assert!(count > 50, "{count}");
    }

    #[test]
    fn what_cannot_be_told_goes_by_its_name() {
        assert_eq!(seen("a.WAV", b""), Recognised::Name);
        assert_eq!(seen("a.m4a", b"hello"), Recognised::Name);
        assert_eq!(seen("a.txt", b"hello"), Recognised::No);
        assert_eq!(seen("wav", b""), Recognised::No);
    }

    #[test]
    fn pictures_and_texts_are_others() {
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        let avif = b"\0\0\0\x18ftypavif\0\0\0\0avifmif1";
        let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0";
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        let utf16 = b"\xff\xfeh\0e\0l\0l\0o\0\r\0\n\0";
        for other in [
            &heic[..],
            avif,
            webp,
            png,
            utf16,
            b"WEBVTT\n\n",
            b"PK\x03\x04",
        ] {
            assert_eq!(seen("x", other), Recognised::No, "{other:?}");
        }
        assert_eq!(
            seen("x", b"ID3\x04\0\0\x7f\x7f\x7f\x7fAPIC"),
            Recognised::Content
        );
    }

    #[test]
    fn a_text_is_no_recording_whatever_it_begins_with() {
        for text in [
            "I'm free at noon",
            "The free lunch is over",
            "The wide road",
            "Now skip this",
            "MAC address of the printer: 00:11:22:33:44:55",
            "Convert AVI files to something sane",
            "caffeine is what makes mornings possible",
            "ID3 tags explained: what players show",
            "DSD is a way to write sound",
            "MP+ is a format",
            "OggS\tis how a page begins",
            "fLaC, too",
            ".snd files",
        ] {
            assert_eq!(seen("note.md", text.as_bytes()), Recognised::No, "{text}");
            // A byte that no text has does not make it one, where a format's own header says more.
            let torn = format!("{text} \0\x01\x02");
            let is_named = ["MP+", "OggS", "fLaC", ".snd"]
                .iter()
                .any(|mark| text.starts_with(mark));
            if !is_named {
                assert_eq!(seen("note.md", torn.as_bytes()), Recognised::No, "{text}");
            }
        }
        assert_eq!(seen("x", b"MAC \x96\x0F\0\0"), Recognised::Content);
        assert_eq!(seen("x", b"RIFF\x1a\0\0\0AVI LIST"), Recognised::Content);
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..4096), name in ".*") {
            seen(&name, &bytes);
        }
    }
}
