//! Makes segments of a plain list of words: one a sentence, a turn of a speaker or a stretch between pauses.

use std::ops::Range;

use super::piece::{common_speaker, spaced};
use crate::model::{Millis, Segment, Word, mean_confidence};

/// A pause of this length ends a segment.
const PAUSE: Millis = 2_000;

/// So many words do, too: not all recognisers write full stops.
const LONGEST: usize = 100;

/// Between a word and the next a text may have so many bytes of punctuation.
const GAP: usize = 16;

/// The segments of words. Their texts are cut from `text` where the words stand in it in their order, so that
/// scripts without spaces get none.
pub(crate) fn sentences(words: Vec<Word>, text: &str) -> Vec<Segment> {
    let places = places(&words, text);
    let mut segments = Vec::new();
    let mut words = words.into_iter().peekable();
    let mut done = 0;
    while words.peek().is_some() {
        let sentence = sentence(&mut words);
        let next = done + sentence.len();
        let text = places.as_ref().and_then(|places| {
            let start = places.get(done)?.start;
            let end = places.get(next).map_or(text.len(), |next| next.start);
            Some(text.get(start..end)?.trim().to_owned())
        });
        done = next;
        segments.push(segment(sentence, text));
    }
    segments
}

fn sentence(words: &mut std::iter::Peekable<impl Iterator<Item = Word>>) -> Vec<Word> {
    let mut sentence: Vec<Word> = Vec::new();
    while let Some(word) = words.next_if(|word| goes_on(&sentence, word)) {
        sentence.push(word);
    }
    sentence
}

fn goes_on(sentence: &[Word], next: &Word) -> bool {
    let Some(last) = sentence.last() else {
        return true;
    };
    let pause = match (last.end, next.start) {
        (Some(end), Some(start)) => start.saturating_sub(end),
        _ => 0,
    };
    let ended = last
        .text
        .ends_with(['.', '?', '!', '…', '。', '？', '！', '।', '؟']);
    !ended && last.speaker == next.speaker && pause < PAUSE && sentence.len() < LONGEST
}

fn segment(mut words: Vec<Word>, text: Option<String>) -> Segment {
    let text = text.unwrap_or_else(|| spaced(&words));
    Segment {
        start: words.iter().find_map(|word| word.start),
        end: words.iter().rev().find_map(|word| word.end),
        text,
        speaker: common_speaker(&mut words, None),
        confidence: mean_confidence(words.iter()),
        words,
    }
}

/// Where the words stand in the text; `None` if one does not follow the one before.
fn places(words: &[Word], text: &str) -> Option<Vec<Range<usize>>> {
    let mut at = 0;
    let place = |word: &Word| {
        let rest = &text[at..];
        let window = rest.floor_char_boundary(word.text.len() + GAP);
        let start = at + rest[..window].find(&*word.text)?;
        at = start + word.text.len();
        Some(start..at)
    };
    words.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, start: Millis, speaker: Option<&str>) -> Word {
        Word {
            start: Some(start),
            end: Some(start + 100),
            text: text.into(),
            confidence: Some(0.5),
            speaker: speaker.map(Into::into),
        }
    }

    fn texts(words: Vec<Word>, text: &str) -> Vec<String> {
        let segments = sentences(words, text);
        segments.into_iter().map(|segment| segment.text).collect()
    }

    #[test]
    fn sentences_end_at_stops_pauses_and_other_speakers() {
        let words = vec![
            word("Hello", 0, Some("A")),
            word("there.", 100, Some("A")),
            word("Hi", 200, Some("A")),
            word("you", 300, Some("B")),
            word("too", 3_000, Some("B")),
        ];
        let segments = sentences(words, "");
        let found: Vec<_> = segments
            .iter()
            .map(|one| {
                (
                    one.text.as_str(),
                    one.speaker.as_deref(),
                    one.start,
                    one.end,
                )
            })
            .collect();
        let expected = [
            ("Hello there.", Some("A"), Some(0), Some(200)),
            ("Hi", Some("A"), Some(200), Some(300)),
            ("you", Some("B"), Some(300), Some(400)),
            ("too", Some("B"), Some(3_000), Some(3_100)),
        ];
        assert_eq!(found, expected);
        assert!(segments.iter().all(|one| one.confidence == Some(0.5)));
        assert!(
            segments
                .iter()
                .flat_map(|one| &one.words)
                .all(|word| word.speaker.is_none())
        );
    }

    #[test]
    fn texts_are_cut_from_the_whole_text() {
        let words = vec![
            word("今天", 0, None),
            word("很好", 100, None),
            word("对", 5_000, None),
        ];
        assert_eq!(
            texts(words.clone(), "今天很好。对！"),
            ["今天很好。", "对！"]
        );
        assert_eq!(texts(words, "something else"), ["今天 很好", "对"]);
    }

    #[test]
    fn a_flood_of_words_is_divided() {
        let words = (0..250).map(|at| word("a", at * 100, None)).collect();
        assert_eq!(sentences(words, "").len(), 3);
    }
}
