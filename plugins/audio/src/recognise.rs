//! Whether a single file is a recording.

use std::io::Cursor;

use datalake_core::{Recognised, Sniffed};

use crate::PATTERNS;
use crate::probe::probe;

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
    if head.starts_with(b"ID3") {
        return true;
    }
    let facts = probe(&mut Cursor::new(head), false, &mut || Ok(()));
    let format = facts.ok().and_then(|facts| facts.format);
    match format {
        Some("mp1" | "mp2" | "mp3") => matches!(head, [0xFF, 0xE0..=0xFF, ..]),
        format => format.is_some(),
    }
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

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..4096), name in ".*") {
            seen(&name, &bytes);
        }
    }
}
