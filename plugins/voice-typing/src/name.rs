//! What the names of the gateway's files say: when, and what of.
//!
//! | file | name |
//! | --- | --- |
//! | recording | `YYYYMMDD_HHMMSS_<name as uploaded>`, `…_audio.wav` where it was dictated |
//! | transcript of an uploaded recording | `YYYYMMDD_HHMMSS_<job id of AssemblyAI>.txt` |
//! | transcript of a streamed one | `YYYYMMDD_HHMMSS_<backend>.txt`: `nova-2`, `deepgram`, `local-whisper`, `lan-whisper` |
//! | segment of hyprwhspr | `<8 hex digits of a session>_<3-digit number>_<seconds since 1970>.wav` |
//!
//! The times are those of the clock on the gateway's wall.

use datalake_core::name_time::{NameTime, name_time};

/// The name of a file, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    /// The whole of it, without folders.
    pub(crate) file: &'a str,
    /// The same without the last extension.
    pub(crate) stem: &'a str,
    /// The extension, without its point; empty where there is none.
    pub(crate) extension: &'a str,
    /// What it says.
    pub(crate) says: Says<'a>,
}

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says<'a> {
    /// The gateway gave it.
    Stamped {
        /// When.
        time: NameTime,
        /// What stands behind the time: the uploaded name, a job's id or a backend.
        what: &'a str,
        /// The number that a copy was given, 0 for none: `_1`, ` (1)`.
        copy: u32,
    },
    /// Hyprwhspr gave it to a part of a long recording. The gateway got the whole.
    Segment,
    /// Somebody else gave it.
    Nothing,
}

/// Reads the last part of a path.
pub(crate) fn read(path: &str) -> Name<'_> {
    let file = path.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = match file.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (file, ""),
    };
    let says = stamped(stem).unwrap_or_else(|| match is_segment(stem) {
        true => Says::Segment,
        false => Says::Nothing,
    });
    Name {
        file,
        stem,
        extension,
        says,
    }
}

/// How long the time is: `YYYYMMDD_HHMMSS`.
pub(crate) const STAMP: usize = 15;

fn stamped(stem: &str) -> Option<Says<'_>> {
    let (stamp, rest) = stem.split_at_checked(STAMP)?;
    let shaped = stamp.bytes().enumerate().all(|(at, byte)| match at {
        8 => byte == b'_',
        _ => byte.is_ascii_digit(),
    });
    let rest = rest.strip_prefix('_').filter(|_| shaped)?;
    let time = name_time(stamp)?;
    let (what, copy) = without_copy(rest);
    Some(Says::Stamped { time, what, copy })
}

/// The name before a copy got a number: ` (2)`, `(2)`, `_2`, `~2`. A minus is none: models are called `nova-2`.
fn without_copy(name: &str) -> (&str, u32) {
    let number = |digits: &str| digits.parse().ok().filter(|_| is_number(digits));
    let bracketed = || {
        let (name, digits) = name.strip_suffix(')')?.rsplit_once('(')?;
        Some((name.trim_end_matches(' '), number(digits)?))
    };
    let marked = || {
        let (name, digits) = name.rsplit_once(['_', '~'])?;
        Some((name, number(digits)?))
    };
    let split = bracketed().or_else(marked);
    split
        .filter(|(name, _)| !name.is_empty())
        .unwrap_or((name, 0))
}

fn is_number(digits: &str) -> bool {
    (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_segment(stem: &str) -> bool {
    let mut parts = stem.split('_');
    let mut is = |long: usize, kind: fn(&u8) -> bool| {
        parts
            .next()
            .is_some_and(|part| part.len() == long && part.as_bytes().iter().all(kind))
    };
    is(8, u8::is_ascii_hexdigit)
        && is(3, u8::is_ascii_digit)
        && is(10, u8::is_ascii_digit)
        && parts.next().is_none()
}

/// The id of a job, in lower case, if that is what it is: 8-4-4-4-12 hexadecimal digits.
pub(crate) fn job(what: &str) -> Option<String> {
    let shaped = what.len() == 36
        && what.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    shaped.then(|| what.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(path: &str) -> String {
        match read(path).says {
            Says::Stamped { time, what, copy } => format!("{} {what} {copy}", time.text()),
            Says::Segment => "segment".into(),
            Says::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn names_of_the_gateway_are_read() {
        for (name, expected) in [
            (
                "recordings/20260105_211652_audio.wav",
                "2026-01-05T21:16:52 audio 0",
            ),
            ("20260105_211652_audio_1.wav", "2026-01-05T21:16:52 audio 1"),
            (
                "20260105_211652_audio (2).wav",
                "2026-01-05T21:16:52 audio 2",
            ),
            (
                "20260101_185106_Harvard_speech100.mp3",
                "2026-01-01T18:51:06 Harvard_speech100 0",
            ),
            ("20260213_091500_nova-2.txt", "2026-02-13T09:15:00 nova-2 0"),
            (
                "20260213_091500_nova-2_1.txt",
                "2026-02-13T09:15:00 nova-2 1",
            ),
            (
                "20260213_091500_local-whisper.txt",
                "2026-02-13T09:15:00 local-whisper 0",
            ),
            (
                "20260101_185119_6043afe6-2a85-4a9e-b0db-1655b08db282.txt",
                "2026-01-01T18:51:19 6043afe6-2a85-4a9e-b0db-1655b08db282 0",
            ),
            ("1a2b3c4d_003_1767225600.wav", "segment"),
            ("Harvard_speech100.wav", "nothing"),
            ("20261301_185106_audio.wav", "nothing"),
            ("20260101_185106.wav", "nothing"),
            ("20260101-185106_audio.wav", "nothing"),
            ("1a2b3c4d_003_1767225600_1.wav", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(shown(name), expected, "{name}");
        }
        assert_eq!(read("a/b.c/.hidden").stem, ".hidden");
        assert_eq!(read("a/b.tar.gz").extension, "gz");
    }

    #[test]
    fn jobs_are_told_from_backends() {
        let id = "6043AFE6-2a85-4a9e-b0db-1655b08db282";
        assert_eq!(
            job(id).as_deref(),
            Some("6043afe6-2a85-4a9e-b0db-1655b08db282")
        );
        assert_eq!(job("nova-2"), None);
        assert_eq!(job("6043afe6-2a85-4a9e-b0db-1655b08db28é"), None);
    }

    proptest! {
        #[test]
        fn any_name_is_read(name in any::<String>()) {
            let read = read(&name);
            prop_assert!(name.contains(read.stem) && name.ends_with(read.extension));
        }
    }
}
