//! Names of units from paths: readable, and reversible where a name is not text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A path with `/` between its parts. What is not text (bytes that are no UTF-8, control
/// characters) and the backslash itself are written as `\xFF`, so that two names never become one.
pub(crate) fn readable(path: &Path) -> String {
    if let Some(plain) = path.to_str()
        && !plain
            .bytes()
            .any(|byte| byte == b'\\' || byte.is_ascii_control())
        && !plain.starts_with('/')
    {
        return plain.to_owned();
    }
    let mut name = String::new();
    for part in path.components() {
        if !name.is_empty() {
            name.push('/');
        }
        escape(part.as_os_str(), &mut name);
    }
    name
}

fn escape(part: &OsStr, name: &mut String) {
    for chunk in part.as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => name.push_str("\\\\"),
                letter if letter.is_ascii_control() => push_byte(letter as u8, name),
                letter => name.push(letter),
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| push_byte(*byte, name));
    }
}

fn push_byte(byte: u8, name: &mut String) {
    name.push_str(&format!("\\x{byte:02X}"));
}

/// The last part of a path as it is called; the whole of it where it has no name, such as `/`.
pub(crate) fn own_name(path: &Path) -> String {
    match path.file_name() {
        Some(name) => readable(Path::new(name)),
        // `.` and `..` have no name of their own, but what they point to has.
        None => match path
            .canonicalize()
            .ok()
            .as_deref()
            .and_then(Path::file_name)
        {
            Some(name) => readable(Path::new(name)),
            None => String::from("root"),
        },
    }
}

/// The name of what a compressed file was made from, if the name says that it is one.
pub(crate) fn packed_name(path: &Path) -> Option<PathBuf> {
    let ending = path.extension()?;
    let packed = ["gz", "zst"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known));
    packed.then(|| path.with_extension(""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_back(name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = name.as_bytes();
        while let [first, tail @ ..] = rest {
            let (byte, used) = match (first, tail.first()) {
                (b'\\', Some(b'x')) => {
                    let digits = std::str::from_utf8(&tail[1..3]).unwrap();
                    (u8::from_str_radix(digits, 16).unwrap(), 4)
                }
                (b'\\', _) => (b'\\', 2),
                _ => (*first, 1),
            };
            bytes.push(byte);
            rest = &rest[used..];
        }
        bytes
    }

    #[test]
    fn names_stay_readable() {
        assert_eq!(readable(Path::new("Büro/2026 a.wav")), "Büro/2026 a.wav");
        assert_eq!(
            readable(Path::new(OsStr::from_bytes(b"caf\xe9\n.txt"))),
            "caf\\xE9\\x0A.txt"
        );
        assert_eq!(readable(Path::new("a\\xFF")), "a\\\\xFF");
        assert_eq!(own_name(Path::new("/a/b")), "b");
        assert_eq!(own_name(Path::new("/")), "root");
    }

    proptest! {
        #[test]
        fn names_can_be_read_back(bytes in proptest::collection::vec(1_u8.., 1..40)) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'/').collect();
            prop_assume!(!bytes.is_empty() && bytes != b"." && bytes != b"..");
            let name = readable(Path::new(OsStr::from_bytes(&bytes)));
            prop_assert_eq!(read_back(&name), bytes);
        }
    }
}
