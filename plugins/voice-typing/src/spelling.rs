//! Spellings that recognisers get wrong, put right: the gateway's `replacements.json`.
//!
//! ```json
//! [{"from": ["Dovac", "Dovak"], "to": "Dvorak"}, {"from": ["omarchy"], "to": "Omarchy"}]
//! ```
//!
//! Whole words are replaced, never parts of them. Of several spellings that fit at a place the longest counts, of
//! equal ones the first of the file. Case makes no difference in what is sought, and what is put there is written as
//! it stands in the file. A space in a spelling stands for any white space. What was put there is not looked at again.

use std::collections::HashMap;

use serde::Deserialize;

/// Spellings, by the letters they begin with.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Spellings {
    rules: HashMap<String, Vec<Rule>>,
}

#[derive(Debug, PartialEq)]
struct Rule {
    /// What is sought: lower case, one space between words.
    from: Vec<char>,
    to: String,
}

/// A part of the file.
#[derive(Deserialize)]
struct Entry {
    from: Vec<String>,
    to: String,
}

impl Spellings {
    /// Reads the file.
    ///
    /// # Errors
    /// It is no such JSON.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let entries: Vec<Entry> = serde_json::from_slice(json)?;
        let mut rules: HashMap<String, Vec<Rule>> = HashMap::new();
        for Entry { from, to } in entries {
            for spelling in from {
                let words: Vec<&str> = spelling.split_whitespace().collect();
                let words = words.join(" ");
                let from: Vec<char> = words.chars().flat_map(char::to_lowercase).collect();
                if !from.is_empty() {
                    let to = to.clone();
                    rules
                        .entry(head(&words))
                        .or_default()
                        .push(Rule { from, to });
                }
            }
        }
        for alike in rules.values_mut() {
            // Stable: of equal length the first of the file stays the first.
            alike.sort_by_key(|rule| std::cmp::Reverse(rule.from.len()));
        }
        Ok(Self { rules })
    }

    /// The text with its spellings put right; nothing where that makes no difference.
    pub(crate) fn correct(&self, text: &str) -> Option<String> {
        let mut corrected = String::new();
        let (mut done, mut at, mut before) = (0, 0, None);
        while let Some(letter) = text[at..].chars().next() {
            let begins = !joins(before, Some(letter));
            let fitting = begins.then(|| self.fitting(&text[at..])).flatten();
            let step = match fitting {
                Some((to, long)) => {
                    corrected.push_str(&text[done..at]);
                    corrected.push_str(to);
                    done = at + long;
                    long
                }
                None => letter.len_utf8(),
            };
            before = text[at..at + step].chars().next_back();
            at += step;
        }
        corrected.push_str(&text[done..]);
        (corrected != text).then_some(corrected)
    }

    /// What is to stand in place of how many bytes at the start of `text`.
    fn fitting(&self, text: &str) -> Option<(&str, usize)> {
        let mut rules = self.rules.get(&head(text))?.iter();
        rules.find_map(|rule| Some((&*rule.to, rule.fits(text)?)))
    }
}

impl Rule {
    /// How many bytes at the start of `text` it is about.
    fn fits(&self, text: &str) -> Option<usize> {
        let mut letters = text.char_indices().peekable();
        let mut sought = self.from.iter().copied().peekable();
        let mut last = None;
        while let Some(wanted) = sought.peek() {
            if *wanted == ' ' {
                sought.next();
                letters.next_if(|(_, letter)| letter.is_whitespace())?;
                while letters
                    .next_if(|(_, letter)| letter.is_whitespace())
                    .is_some()
                {}
                continue;
            }
            let (_, letter) = letters.next()?;
            last = Some(letter);
            for small in letter.to_lowercase() {
                sought.next_if_eq(&small)?;
            }
        }
        let next = letters.peek().copied();
        let ends = !joins(last, next.map(|(_, letter)| letter));
        ends.then(|| next.map_or(text.len(), |(at, _)| at))
    }
}

/// Whether two letters stand in the same word.
fn joins(one: Option<char>, next: Option<char>) -> bool {
    one.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric)
}

/// The letters and digits that a text begins with, in lower case.
fn head(text: &str) -> String {
    let letters = text.chars().take_while(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn corrected(json: &str, text: &str) -> Option<String> {
        Spellings::parse(json.as_bytes()).unwrap().correct(text)
    }

    const RULES: &str = r#"[
        {"from": ["Dovac", "Dovak"], "to": "Dvorak"},
        {"from": ["omarchy"], "to": "Omarchy"},
        {"from": ["hyper", "hyper whisper"], "to": "hyprwhspr"},
        {"from": ["hyper"], "to": "never"},
        {"from": ["see sharp", "C#"], "to": "C♯"},
        {"from": ["", " "], "to": "nothing"},
        {"from": ["straße"], "to": "street"}
    ]"#;

    #[test]
    fn whole_words_are_put_right() {
        for (text, expected) in [
            ("I use Dovac.", Some("I use Dvorak.")),
            ("DOVAK, dovac", Some("Dvorak, Dvorak")),
            ("Dovacs and undovac", None),
            ("Omarchy", None),
            ("omarchy", Some("Omarchy")),
            ("Dvorak", None),
            ("", None),
            // The longest counts, then the first; white space is white space.
            ("hyper\n\tWhisper", Some("hyprwhspr")),
            ("hyper whispers", Some("hyprwhspr whispers")),
            ("hyper", Some("hyprwhspr")),
            ("I see  sharp and C# here", Some("I C♯ and C♯ here")),
            ("(dovac)/dovac-dovac", Some("(Dvorak)/Dvorak-Dvorak")),
            ("STRASSE Straße STRAßE", Some("STRASSE street street")),
            ("日本dovac dovac日本", None),
        ] {
            assert_eq!(corrected(RULES, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_was_put_there_is_not_looked_at_again() {
        let turn = r#"[{"from": ["a"], "to": "b"}, {"from": ["b"], "to": "a"}, {"from": ["c"], "to": "c c"}]"#;
        assert_eq!(corrected(turn, "a b c").as_deref(), Some("b a c c"));
    }

    #[test]
    fn other_json_is_refused() {
        for json in [
            "",
            "{}",
            r#"[{"from": "x", "to": "y"}]"#,
            r#"[{"from": ["x"]}]"#,
        ] {
            assert!(Spellings::parse(json.as_bytes()).is_err(), "{json}");
        }
        assert_eq!(corrected("[]", "x"), None);
    }

    proptest! {
        #[test]
        fn what_is_not_sought_stays(before in "[ a-c,.é]{0,12}", after in "[ a-c,.é]{0,12}") {
            let text = format!("{before} Dovac {after}");
            prop_assert_eq!(corrected(RULES, &text), Some(format!("{before} Dvorak {after}")));
        }

        #[test]
        fn any_text_is_read(text in any::<String>(), from in any::<String>(), to in any::<String>()) {
            let rules = serde_json::json!([{"from": [from], "to": to}]).to_string();
            if let Some(corrected) = corrected(&rules, &text) {
                prop_assert!(corrected != text);
            }
        }
    }
}
