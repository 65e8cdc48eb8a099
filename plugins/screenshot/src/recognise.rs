//! Whether a single file is an image.

use datalake_core::{Recognised, Sniffed};

use crate::PATTERNS;
use crate::picture::Format;

/// By the format of its first bytes, else by its name.
pub(crate) fn recognises(file: &Sniffed<'_>) -> Recognised {
    let is_named = || {
        let mut patterns = PATTERNS.iter();
        patterns.any(|pattern| file.ends_with(&[pattern.trim_start_matches('*')]))
    };
    match () {
        () if Format::of(file.head).is_some() => Recognised::Content,
        () if is_named() => Recognised::Name,
        () => Recognised::No,
    }
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

    /// The inputs of this crate are all images but for one, whatever they are called.
    #[test]
    fn images_are_told_by_their_first_bytes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let content = fs::read(&path).unwrap();
            let is_image = PATTERNS.iter().any(|pattern| name.ends_with(&pattern[1..]));
            if !is_image || content.is_empty() {
                continue;
            }
            // A page of the web, as it comes where an image is not found any more.
            let expected = match name == "page.png" {
                true => Recognised::No,
                false => Recognised::Content,
            };
            assert_eq!(seen("picture", &content), expected, "{name}");
            count += 1;
        }
        assert!(count > 30, "{count}");
    }

    #[test]
    fn others_go_by_their_names() {
        assert_eq!(seen("a.PNG", b""), Recognised::Name);
        assert_eq!(seen("a.png", b"hello"), Recognised::Name);
        assert_eq!(seen("png", b"BM and other words"), Recognised::No);
        assert_eq!(
            seen("a.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomavc1"),
            Recognised::No
        );
        assert_eq!(seen("a", b"RIFF\x1a\0\0\0WAVEfmt "), Recognised::No);
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), name in ".*") {
            seen(&name, &bytes);
        }
    }
}
