//! Makes words of the tokens of a language model, which are parts of words, and at times parts of characters.

use crate::model::{Millis, Word};

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// With the space before it; U+FFFD where it is a part of a character.
    pub(super) text: Box<str>,
    pub(super) start: Option<Millis>,
    pub(super) end: Option<Millis>,
    pub(super) probability: Option<f64>,
}

/// What a broken character may take up in the text before the next whole token.
const WINDOW: usize = 64;

/// The words of tokens that together are `text`. A word begins with a space, or with a character of a script
/// that has none between words.
pub(super) fn words(tokens: Vec<Token>, text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut current: Vec<Token> = Vec::new();
    for token in mended(tokens, text) {
        if begins_word(&token.text) {
            words.extend(word(&current));
            current.clear();
        }
        current.push(token);
    }
    words.extend(word(&current));
    words
}

fn begins_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_whitespace() || is_spaceless(c))
}

/// Whether it belongs to a script that puts no spaces between words: Thai and Lao, Burmese, Khmer, Kana,
/// Chinese characters.
fn is_spaceless(c: char) -> bool {
    matches!(
        u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF
            | 0xF900..=0xFAFF | 0x20000..=0x3FFFF
    )
}

fn word(tokens: &[Token]) -> Option<Word> {
    let text: String = tokens.iter().map(|token| &*token.text).collect();
    let text = text.trim();
    let known = tokens.iter().filter_map(|token| token.probability);
    let (sum, count) = known.fold((0.0, 0), |(sum, count), p| (sum + p, count + 1));
    (!text.is_empty()).then(|| Word {
        start: tokens.iter().find_map(|token| token.start),
        end: tokens.iter().rev().find_map(|token| token.end),
        text: text.into(),
        confidence: (count > 0).then(|| sum / f64::from(count)),
        speaker: None,
    })
}

/// The same tokens, with those that are parts of characters taken together and read from the whole text.
fn mended(tokens: Vec<Token>, text: &str) -> Vec<Token> {
    let is_part = |token: &Token| token.text.contains(char::REPLACEMENT_CHARACTER);
    if !tokens.iter().any(is_part) || text.contains(char::REPLACEMENT_CHARACTER) {
        return tokens;
    }
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = text;
    let mut parts: Option<Token> = None;
    for token in tokens {
        if is_part(&token) {
            parts = Some(match parts {
                Some(parts) => joined(parts, &token),
                None => token,
            });
            continue;
        }
        let window = &rest[..rest.floor_char_boundary(WINDOW + token.text.len())];
        if let Some(at) = window.find(&*token.text) {
            out.extend(parts.take().map(|parts| Token {
                text: rest[..at].into(),
                ..parts
            }));
            rest = &rest[at + token.text.len()..];
        }
        out.extend(parts.take());
        out.push(token);
    }
    out.extend(parts.map(|parts| Token {
        text: rest.into(),
        ..parts
    }));
    out
}

/// Two tokens as one. The least probable part decides: a character is no surer than its parts.
fn joined(one: Token, other: &Token) -> Token {
    let probability = match (one.probability, other.probability) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Token {
        end: other.end.or(one.end),
        probability,
        ..one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, start: Millis, probability: f64) -> Token {
        Token {
            text: text.into(),
            start: Some(start),
            end: Some(start + 10),
            probability: Some(probability),
        }
    }

    fn read(tokens: &[(&str, Millis)], text: &str) -> Vec<(String, Millis, Millis)> {
        let tokens = tokens
            .iter()
            .map(|(text, start)| token(text, *start, 0.5))
            .collect();
        let words = words(tokens, text).into_iter();
        let words = words.map(|word| {
            (
                word.text.into_string(),
                word.start.unwrap(),
                word.end.unwrap(),
            )
        });
        words.collect()
    }

    fn word(text: &str, start: Millis, end: Millis) -> (String, Millis, Millis) {
        (text.to_owned(), start, end)
    }

    #[test]
    fn parts_of_words_become_words() {
        let found = read(
            &[
                (" Un", 0),
                ("believ", 10),
                ("able", 20),
                (",", 30),
                (" no", 40),
            ],
            "",
        );
        assert_eq!(found, [word("Unbelievable,", 0, 40), word("no", 40, 50)]);
        let found = read(
            &[("今天", 0), ("很", 10), ("好", 20), ("。", 30)],
            "今天很好。",
        );
        assert_eq!(
            found,
            [
                word("今天", 0, 20 - 10),
                word("很", 10, 20),
                word("好。", 20, 40)
            ]
        );
    }

    #[test]
    fn parts_of_characters_are_read_from_the_text() {
        let broken = "\u{fffd}";
        let found = read(
            &[
                ("今", 0),
                (broken, 10),
                (broken, 20),
                ("好", 30),
                (broken, 40),
            ],
            "今餃好龘",
        );
        let expected = [
            word("今", 0, 10),
            word("餃", 10, 30),
            word("好", 30, 40),
            word("龘", 40, 50),
        ];
        assert_eq!(found, expected);
        // Where the text does not help they stay what they are.
        let found = read(&[(" a", 0), (broken, 10), (" b", 20)], "something else");
        assert_eq!(found[0].0, format!("a{broken}"));
    }

    #[test]
    fn the_confidence_of_a_word_is_the_mean_of_its_tokens() {
        let tokens = vec![token(" a", 0, 1.0), token("b", 1, 0.5)];
        assert_eq!(words(tokens, "")[0].confidence, Some(0.75));
        let tokens = vec![token("\u{fffd}", 0, 0.9), token("\u{fffd}", 1, 0.5)];
        assert_eq!(words(tokens, "餃")[0].confidence, Some(0.5));
    }
}
