//! The words and marks of times in names: what stands between their parts, months, half-days.

/// What stands between the parts of a date.
pub(super) const DATE_MARKS: &[u8] = b"-_.:";
/// What stands between date and time, and whether a time without seconds may follow: behind the others it is
/// more likely a second date, a number or a version. Up to two words of any language are tried behind these.
pub(super) const JOINTS: &[(&[u8], bool)] = &[
    (b"", false),
    (b"t", true),
    (b"_", true),
    (b"-", true),
    (b" ", true),
    (b", ", true),
    (b" at ", true),
    (b"_at_", true),
    (b"-at-", true),
    (b" - ", false),
    (b".", false),
];
/// Morning and afternoon, before the hour or behind it, and how many hours the clock is then ahead of the one on the
/// wall. Korean stands here composed and decomposed.
pub(super) const HALVES: &[(&[u8], i16)] = &[
    (b"am", 0),
    (b"a.m.", 0),
    (b"a. m.", 0),
    (b"pm", 12),
    (b"p.m.", 12),
    (b"p. m.", 12),
    ("上午".as_bytes(), 0),
    ("下午".as_bytes(), 12),
    ("午前".as_bytes(), 0),
    ("午後".as_bytes(), 12),
    ("오전".as_bytes(), 0),
    ("오후".as_bytes(), 12),
    ("\u{110b}\u{1169}\u{110c}\u{1165}\u{11ab}".as_bytes(), 0),
    ("\u{110b}\u{1169}\u{1112}\u{116e}".as_bytes(), 12),
    ("π.μ.".as_bytes(), 0),
    ("μ.μ.".as_bytes(), 12),
    ("πμ".as_bytes(), 0),
    ("μμ".as_bytes(), 12),
    ("ص".as_bytes(), 0),
    ("م".as_bytes(), 12),
];
/// Words for `at` in scripts of which other words there are half-days.
const AT: &[&str] = &["בשעה", "في", "เวลา"];
pub(super) const MONTHS: &[&[u8]] = &[
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];
/// Tools that scripts let write names with seconds since 1970. Without such a word ten digits are as well a
/// telephone number.
pub(super) const UNIX_TOOLS: &[&[u8]] =
    &[b"_grim", b"_hyprshot", b"_screenshot", b"_screenrecording"];
/// The longest word between a date and a time, in bytes.
pub(super) const WORD: usize = 12;
/// Numbers of this length are ids of photos in networks; the digits beside them are no date.
pub(super) const LONG_ID: usize = 15;

/// What is said of a time of day before it.
#[derive(Clone, Copy)]
pub(super) enum Lead {
    /// Nothing.
    None,
    /// Morning or afternoon, as hours to add.
    Half(i16),
    /// A word that may be morning or afternoon.
    Unknown,
}

impl Lead {
    /// What the words between a date and a time say. In Latin, Greek and Cyrillic letters half-days stand behind.
    pub(super) fn of(words: &[u8]) -> Self {
        let words = String::from_utf8_lossy(words);
        let foreign = |letter: char| letter > '\u{52f}' && letter.is_alphabetic();
        match words.contains(foreign) && !AT.contains(&words.trim()) {
            true => Self::Unknown,
            false => Self::None,
        }
    }
}
