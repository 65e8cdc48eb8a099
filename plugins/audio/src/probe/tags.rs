//! What people and programs write into recordings about them, under names of our own for what is common.

/// No recording has more that is worth keeping.
const MOST: usize = 64;
/// The longest text that is kept, in bytes; lyrics and the like.
const LONGEST: usize = 16 << 10;

/// Texts by name, in the order in which they were found. Of one name the first counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// The text under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Adds a text under the name that a format has for it.
    pub(crate) fn add(&mut self, name: &str, text: &str) {
        let name = common_name(name);
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
        let is_new = !name.is_empty() && !text.is_empty() && self.get(&name).is_none();
        if is_new && self.0.len() < MOST {
            self.0.push((name, shortened(text).to_owned()));
        }
    }

    /// Adds bytes that should be UTF-8.
    pub(crate) fn add_bytes(&mut self, name: &str, text: &[u8]) {
        self.add(name, &lossy(text));
    }
}

/// UTF-8, with bytes of older files taken for Latin-1.
pub(crate) fn lossy(text: &[u8]) -> String {
    match str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        Err(_) => text.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// The name under which a tag is kept: one for each of the meanings that many formats share, else the format's own
/// in lower case.
fn common_name(name: &str) -> String {
    let known = NAMES
        .iter()
        .find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    match known {
        Some((common, _)) => (*common).to_owned(),
        None => {
            let letters = name.chars().filter(|letter| !letter.is_control()).take(64);
            letters
                .flat_map(char::to_lowercase)
                .collect::<String>()
                .trim()
                .to_owned()
        }
    }
}

/// What RIFF (`INAM`), ID3v2.3 and v2.2 (`TIT2`, `TT2`), MP4 (`©nam`), AIFF (`NAME`) and Matroska, ASF and QuickTime
/// call the same thing.
#[rustfmt::skip]
static NAMES: &[(&str, &[&str])] = &[
    ("title", &["INAM", "TIT2", "TT2", "\u{a9}nam", "NAME", "WM/Title", "com.apple.quicktime.title"]),
    ("artist", &["IART", "TPE1", "TP1", "\u{a9}ART", "AUTH", "author", "com.apple.quicktime.artist", "lead_performer"]),
    ("album", &["IPRD", "TALB", "TAL", "\u{a9}alb", "WM/AlbumTitle", "com.apple.quicktime.album"]),
    ("comment", &["ICMT", "COMM", "COM", "\u{a9}cmt", "ANNO", "description", "WM/Comments", "comments",
        "com.apple.quicktime.comment", "com.apple.quicktime.description"]),
    ("genre", &["IGNR", "TCON", "TCO", "\u{a9}gen", "WM/Genre", "com.apple.quicktime.genre"]),
    ("date", &["ICRD", "TDRC", "TYER", "TYE", "\u{a9}day", "WM/Year", "year", "DATE_RECORDED", "DATE_RELEASED",
        "com.apple.quicktime.creationdate", "recorded date"]),
    ("track", &["ITRK", "TRCK", "TRK", "trkn", "TRACKNUMBER", "WM/TrackNumber", "track number", "part_number"]),
    ("copyright", &["ICOP", "TCOP", "TCR", "cprt", "\u{a9}cpy", "(c) "]),
    ("software", &["ISFT", "TSSE", "TSS", "\u{a9}too", "encoder", "ENCODED_BY", "TENC", "WM/EncodingSettings",
        "encoding application", "com.apple.quicktime.software"]),
    ("device", &["\u{a9}mod", "com.apple.quicktime.model"]),
    ("maker", &["\u{a9}mak", "com.apple.quicktime.make"]),
    ("location", &["\u{a9}xyz", "com.apple.quicktime.location.iso6709", "RECORDING_LOCATION"]),
    ("language", &["ILNG", "TLAN", "TLA", "WM/Language"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_names_become_one() {
        let mut tags = Tags::default();
        tags.add("TIT2", " Notes \0");
        tags.add("title", "second");
        tags.add("\u{a9}art", "Ada");
        tags.add("Odd Name", "x");
        tags.add_bytes("ICMT", b"caf\xe9");
        tags.add("genre", "");
        let all: Vec<_> = tags.iter().collect();
        assert_eq!(
            all,
            [
                ("title", "Notes"),
                ("artist", "Ada"),
                ("odd name", "x"),
                ("comment", "café")
            ]
        );
    }

    #[test]
    fn neither_their_number_nor_their_length_is_without_bounds() {
        let mut tags = Tags::default();
        for number in 0..1_000 {
            tags.add(&number.to_string(), &"é".repeat(10_000));
        }
        assert_eq!(tags.iter().count(), MOST);
        assert!(tags.iter().all(|(_, text)| text.len() <= LONGEST));
    }
}
