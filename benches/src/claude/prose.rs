//! Words, code, paths and ids that look like those in real logs, to readers and to compressors.

use std::fmt::Write;

use crate::generate::Random;

const SYLLABLES: [&str; 24] = [
    "ba", "co", "de", "fi", "ga", "hu", "in", "ko", "la", "me", "no", "or", "pa", "qui", "re",
    "so", "ta", "un", "ve", "wi", "ex", "ya", "ze", "st",
];
const COMMON: [&str; 16] = [
    "the", "a", "to", "of", "and", "is", "in", "it", "that", "we", "for", "this", "file", "test",
    "so", "now",
];
const WORDS: usize = 6_000;
/// Files that a project has: what tools list repeats.
const SNIPPETS: usize = 400;

/// A source of text.
pub(crate) struct Prose {
    pub(crate) random: Random,
    words: Vec<String>,
    snippets: Vec<String>,
}

impl Prose {
    pub(crate) fn new(seed: u64) -> Self {
        let mut prose = Self {
            random: Random(seed),
            words: Vec::new(),
            snippets: Vec::new(),
        };
        for _ in 0..WORDS {
            let mut word = String::new();
            for _ in 0..=prose.random.below(3) {
                word.push_str(SYLLABLES[prose.random.below(SYLLABLES.len() as u64) as usize]);
            }
            prose.words.push(word);
        }
        for _ in 0..SNIPPETS {
            let line = prose.code_line();
            prose.snippets.push(line);
        }
        prose
    }

    /// A word: few are used often, and most seldom.
    fn word(&mut self) -> &str {
        if self.random.below(2) == 0 {
            return COMMON[self.random.below(COMMON.len() as u64) as usize];
        }
        let bound = 1 + self.random.below(WORDS as u64);
        let place = self.random.below(bound) as usize;
        &self.words[place]
    }

    /// So many words with some marks between them.
    pub(crate) fn text(&mut self, words: u64) -> String {
        let mut text = String::new();
        for number in 0..words {
            let word = self.word().to_owned();
            text.push_str(&word);
            match self.random.below(14) {
                _ if number + 1 == words => {}
                0 => text.push_str(". "),
                1 => text.push_str(", "),
                2 if number % 20 == 19 => text.push_str(".\n\n"),
                _ => text.push(' '),
            }
        }
        text
    }

    /// The name of one of a few things.
    pub(crate) fn name(&self, number: u64) -> &str {
        &self.words[100 + number as usize]
    }

    fn code_line(&mut self) -> String {
        let (one, two, three) = (
            self.word().to_owned(),
            self.word().to_owned(),
            self.word().to_owned(),
        );
        match self.random.below(5) {
            0 => format!("    let {one} = {two}.{three}()?;"),
            1 => format!("        if {one}.{two} {{ return Err(Error::{three}); }}"),
            2 => format!("    /// The {one} of {two} {three}."),
            3 => format!("    pub(crate) fn {one}_{two}(&self, {three}: &str) -> Result<()> {{"),
            _ => format!("        assert_eq!({one}, {two}.{three});"),
        }
    }

    /// So many numbered lines of code, of which most have stood somewhere before.
    pub(crate) fn code(&mut self, lines: u64) -> String {
        let mut text = String::new();
        let first = 1 + self.random.below(400);
        let start = self.random.below(SNIPPETS as u64) as usize;
        for number in 0..lines {
            let line = match self.random.below(8) {
                0 => self.code_line(),
                _ => self.snippets[(start + number as usize) % SNIPPETS].clone(),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{:>6}\t{line}", first + number);
        }
        text
    }

    pub(crate) fn path(&mut self) -> String {
        let folder = self.random.below(20);
        let file = self.random.below(200);
        format!("src/{}/{}.rs", self.name(folder), self.name(file))
    }

    pub(crate) fn command(&mut self) -> String {
        let path = self.path();
        let word = self.word().to_owned();
        format!("cargo nextest run -p {word} && rg -n \"{word}\" {path} | head -20")
    }

    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.random.next(), self.random.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }

    /// An id as the service gives them.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.noise(20))
    }

    /// Letters and digits that no compressor makes smaller than they are.
    pub(crate) fn noise(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let letters = (0..length).map(|_| char::from(LETTERS[self.random.below(64) as usize]));
        letters.collect()
    }
}
