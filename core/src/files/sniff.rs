//! What a single file is: its name and its first bytes, by which plugins tell whether it is one of theirs.

use std::path::Path;

use super::names::own_name;
use super::opened::{Opened, Stop};
use super::signals::Signals;
use crate::error::Result;

/// How many bytes of a file are looked at.
const HEAD: usize = 4 << 10;

/// How sure a plugin is that a file is one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Recognised {
    /// It is none, as far as can be seen.
    #[default]
    No,
    /// Its name says so.
    Name,
    /// Its first bytes say so.
    Content,
}

/// Tells whether a file is one of a plugin's own. It sees whatever anybody may call by the name of a file.
pub type Recognise = fn(&Sniffed<'_>) -> Recognised;

/// A file as plugins see it who are asked whether it is one of theirs.
///
/// ```
/// use datalake_core::{Recognised, Sniffed};
/// fn recognises(file: &Sniffed<'_>) -> Recognised {
///     match file.head {
///         [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Recognised::Content,
///         _ if file.ends_with(&[".wav"]) => Recognised::Name,
///         _ => Recognised::No,
///     }
/// }
/// assert_eq!(recognises(&Sniffed::new("A.WAV", b"")), Recognised::Name);
/// assert_eq!(recognises(&Sniffed::new("a", b"RIFF\x24\0\0\0WAVEfmt ")), Recognised::Content);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sniffed<'a> {
    /// Its file name, made readable where it is no text.
    pub name: &'a str,
    /// Its first bytes, 4 KiB at most.
    pub head: &'a [u8],
    /// The first bytes of what a source of logs reads of it: of a compressed file those that it unpacks to.
    pub unpacked: &'a [u8],
    /// Its size in bytes.
    pub size: u64,
}

impl<'a> Sniffed<'a> {
    /// A file that is not compressed and has no more bytes than these.
    pub fn new(name: &'a str, head: &'a [u8]) -> Self {
        Self {
            name,
            head,
            unpacked: head,
            size: head.len() as u64,
        }
    }

    /// Whether its name ends with one of these, in whatever case.
    pub fn ends_with(&self, endings: &[&str]) -> bool {
        let name = self.name.as_bytes();
        let is_end = |ending: &&str| {
            let start = name.len().checked_sub(ending.len());
            start.is_some_and(|start| name[start..].eq_ignore_ascii_case(ending.as_bytes()))
        };
        endings.iter().any(is_end)
    }

    /// The whole lines at its start that are not blank, unpacked where it is compressed.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        let bytes = self.unpacked;
        let end = match bytes.iter().rposition(|byte| *byte == b'\n') {
            // More may follow.
            Some(last) if bytes.len() >= HEAD => last,
            None if bytes.len() >= HEAD => 0,
            _ => bytes.len(),
        };
        let lines = bytes[..end].split(|byte| *byte == b'\n');
        lines
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
    }
}

/// What was seen of a file.
#[derive(Debug, Clone)]
pub struct Sniff {
    name: String,
    head: Vec<u8>,
    unpacked: Option<Vec<u8>>,
    size: u64,
}

impl Sniff {
    /// Looks at the file at `path`.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is no file: what stands in the place of one is not opened.
    pub fn of(path: &Path) -> Result<Self> {
        Self::look(path).map_err(|stop| stop.at(path))
    }

    fn look(path: &Path) -> Result<Self, Stop> {
        let signals = Signals::default();
        let start = |opened: &Opened| {
            let mut bytes = vec![0; HEAD];
            let length = opened.read_at(&mut bytes, 0, &signals)?;
            bytes.truncate(length);
            Ok::<_, Stop>(bytes)
        };
        let opened = Opened::open(path)?;
        let head = start(&opened)?;
        let size = opened.stamp.size;
        let content = opened.unpacked(&signals)?;
        let unpacked = content.is_packed().then(|| start(&content)).transpose()?;
        Ok(Self {
            name: own_name(path),
            head,
            unpacked,
            size,
        })
    }

    /// What plugins are shown.
    pub fn shown(&self) -> Sniffed<'_> {
        Sniffed {
            name: &self.name,
            head: &self.head,
            unpacked: self.unpacked.as_deref().unwrap_or(&self.head),
            size: self.size,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let sniffed = Sniffed::new("x", bytes);
        let lines = sniffed.lines();
        lines
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    #[test]
    fn lines_are_whole() {
        assert_eq!(lines(b""), [""; 0]);
        assert_eq!(lines(b"\n \r\na\r\n\nb"), ["a", "b"]);
        let mut long = b"a\n".to_vec();
        long.resize(HEAD, b'x');
        assert_eq!(lines(&long), ["a"]);
        assert_eq!(lines(&long[2..]).len(), 1);
        assert_eq!(lines(&[b'x'; HEAD]), [""; 0]);
    }

    #[test]
    fn endings_are_of_any_case() {
        let named = |name| Sniffed::new(name, b"").ends_with(&[".wav", ".été"]);
        assert!(named("a.WAV") && named(".wav") && named("x.été"));
        assert!(!named("wav") && !named("") && !named("a.wavy") && !named("é"));
    }

    #[test]
    fn a_file_is_seen_as_it_is_and_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"a\xff.gz"));
        let text = "line\n".repeat(10_000);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        fs::write(&path, &packed).unwrap();
        let sniff = Sniff::of(&path).unwrap();
        let shown = sniff.shown();
        assert_eq!((shown.name, shown.size), ("a\\xFF.gz", packed.len() as u64));
        assert_eq!(shown.head, &packed[..]);
        assert_eq!(shown.unpacked, &text.as_bytes()[..HEAD]);
        // What breaks off at once is seen as far as it goes.
        fs::write(&path, &packed[..12]).unwrap();
        assert_eq!(Sniff::of(&path).unwrap().shown().unpacked, b"");
        fs::write(&path, vec![b'x'; 2 * HEAD]).unwrap();
        let sniff = Sniff::of(&path).unwrap();
        assert_eq!(sniff.shown().head.len(), HEAD);
        assert_eq!(sniff.shown().unpacked, sniff.shown().head);
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| Sniff::of(path).unwrap_err().message().to_owned();
        assert_eq!(
            said(folder.path()),
            "there is a folder where a file should be; it was not opened"
        );
        assert_eq!(
            said(&folder.path().join("nothing")),
            "there is no such file"
        );
    }
}
