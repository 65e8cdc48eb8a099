//! Paths of the user's files as text: as they are, or as a `file://` URL where they are no text. A path here is absolute,
//! so that the two are never mixed up, and either leads back to the file.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const SCHEME: &str = "file://";

/// The text that stands for `path`.
pub(crate) fn text_of(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut text = String::from(SCHEME);
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                text.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

/// The path that a text of the table `places`, or of a file kept by reference, stands for.
pub fn path_of(text: &str) -> PathBuf {
    let Some(encoded) = text.strip_prefix(SCHEME) else {
        return PathBuf::from(text);
    };
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2).and_then(hex))
            .flatten();
        let (byte, used) = escaped.map_or((*first, 0), |byte| (byte, 2));
        bytes.push(byte);
        rest = &tail[used..];
    }
    PathBuf::from(OsStr::from_bytes(&bytes))
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_stays_as_it_is_and_the_rest_becomes_a_url() {
        assert_eq!(text_of(Path::new("/a/50% ü.wav")), "/a/50% ü.wav");
        let odd = Path::new(OsStr::from_bytes(b"/a/caf\xe9 %.wav"));
        assert_eq!(text_of(odd), "file:///a/caf%E9%20%25.wav");
        assert_eq!(path_of("file:///a/%zz%4"), Path::new("/a/%zz%4"));
    }

    proptest! {
        #[test]
        fn every_path_is_found_again(bytes in proptest::collection::vec(1_u8.., 0..40)) {
            let path = PathBuf::from(OsStr::from_bytes(&[b"/", &bytes[..]].concat()));
            prop_assert_eq!(path_of(&text_of(&path)), path);
        }
    }
}
