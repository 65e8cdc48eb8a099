//! Tests of reading sections: every message as people see it, and that nothing panics.

mod messages;
mod values;

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

crate::config_enum! {
    /// How it looks.
    pub(super) enum Look {
        /// Words.
        Text = "text",
        /// Braces.
        Json = "json",
    }
}

crate::config! {
    /// A section with a key of every kind.
    /// Used by the tests only.
    pub(super) struct Everything {
        /// Where to read.
        ///
        /// A second paragraph.
        pub path: Paths = ["/var/log/claude-memory"],
        /// One folder.
        pub folder: PathBuf = "data",
        /// How many.
        #[example(8)]
        #[range(1, 64)]
        pub readers: u32 = 4,
        /// Below zero, too.
        pub shift: i64 = -3,
        /// A part of the whole.
        pub share: f64 = 0.5,
        /// Whether.
        pub active: bool = true,
        /// Words.
        pub words: Vec<String> = [],
        /// How long to wait.
        pub settle: Duration = "5s",
        /// How much to keep.
        pub cache: ByteSize = "64 MiB",
        /// How it looks.
        pub look: Look = "text",
        /// Who.
        #[example("alice")]
        pub author: Option<String>,
        /// The key to the door.
        pub token: Option<Secret>,
    }
}

crate::config! {
    /// A section with a key that must be given.
    pub(super) struct Needy {
        /// Where to read.
        #[example("~/notes")]
        pub path: Paths,
        /// How long to wait.
        pub settle: Duration = "5s",
    }
}

/// Everything that is wrong with this text as a section with a key of every kind.
fn wrong(text: &str) -> String {
    let mut section = Section::from_text(text);
    assert!(Everything::from_section(&mut section).is_none(), "{text}");
    section.report_text()
}

fn right(text: &str) -> Everything {
    let mut section = Section::from_text(text);
    let made = Everything::from_section(&mut section);
    made.unwrap_or_else(|| panic!("{}", section.report_text()))
}

#[test]
fn defaults_are_read_like_values() {
    let made = right("");
    assert_eq!(made.path.0, [PathBuf::from("/var/log/claude-memory")]);
    assert_eq!(made.folder, PathBuf::from("/base/data"));
    assert_eq!(
        (made.readers, made.shift, made.share, made.active),
        (4, -3, 0.5, true)
    );
    assert_eq!(made.words, Vec::<String>::new());
    assert_eq!(made.settle, Duration::from_secs(5));
    assert_eq!(made.cache, ByteSize(64 << 20));
    assert_eq!(made.look, Look::Text);
    assert_eq!((made.author, made.token), (None, None));
}

#[test]
fn rows_say_where_values_came_from() {
    let mut section = Section::from_text("\nlook = 'json'\ntoken = 'swordfish'");
    section.set(
        "shift",
        parse_override(&Document::environment("SHIFT", "-7")),
    );
    section.set("words", parse_override(&Document::argument("words", "one")));
    let made = Everything::from_section(&mut section).unwrap();
    assert_eq!((made.shift, made.words), (-7, vec!["one".to_owned()]));
    let (_, rows) = section.into_parts();
    let text: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{}|{}|{}",
                row.key,
                row.value.as_deref().unwrap_or("-"),
                row.origin
            )
        })
        .collect();
    assert_eq!(
        text,
        [
            "source.test.path|[\"/var/log/claude-memory\"]|default",
            "source.test.folder|\"/base/data\"|default",
            "source.test.readers|4|default",
            "source.test.shift|-7|environment SHIFT",
            "source.test.share|0.5|default",
            "source.test.active|true|default",
            "source.test.words|[\"one\"]|--set words",
            "source.test.settle|\"5s\"|default",
            "source.test.cache|\"64 MiB\"|default",
            "source.test.look|\"json\"|datalake.toml:2",
            "source.test.author|-|default",
            "source.test.token|\"***\"|datalake.toml:3",
        ]
    );
}

#[test]
fn the_table_of_fields_says_what_the_source_code_says() {
    assert_eq!(
        Everything::RAW_DOC,
        " A section with a key of every kind.\n Used by the tests only.\n"
    );
    let field = |name: &str| {
        Everything::FIELDS
            .iter()
            .find(|field| field.name == name)
            .unwrap()
    };
    assert_eq!(field("path").doc(), "Where to read.\n\nA second paragraph.");
    assert_eq!(
        field("path").default().as_deref(),
        Some("[\"/var/log/claude-memory\"]")
    );
    assert_eq!(field("path").kind(), "a path or a list of paths");
    assert_eq!(field("shift").default().as_deref(), Some("-3"));
    assert_eq!(field("words").default().as_deref(), Some("[]"));
    assert_eq!(field("readers").kind(), "a whole number from 1 to 64");
    assert_eq!(field("readers").example().as_deref(), Some("8"));
    assert_eq!(field("look").kind(), "one of \"text\", \"json\"");
    assert!(!field("author").required && !field("token").required);
    assert!(field("token").secret && !field("author").secret);
    assert!(Needy::FIELDS[0].required && !Needy::FIELDS[1].required);
    assert_eq!(
        field("readers").schema(),
        serde_json::json!({
            "type": "integer", "minimum": 1, "maximum": 64, "default": 4, "description": "How many."
        })
    );
    assert_eq!(
        field("look").schema(),
        serde_json::json!({
            "enum": ["text", "json"], "default": "text", "description": "How it looks."
        })
    );
}

#[test]
fn a_long_default_stays_on_one_line() {
    crate::config! {
        struct Long {
            many: Vec<String> = [
                "the first of many words", "the second of many words", "the third of many words",
                "the fourth of many words",
            ],
        }
    }
    let shown = Long::FIELDS[0].default().unwrap();
    assert!(
        !shown.contains('\n') && shown.starts_with("[\"the first") && shown.ends_with("words\"]")
    );
    let mut section = Section::from_text("");
    assert_eq!(Long::from_section(&mut section).unwrap().many.len(), 4);
}

#[test]
fn a_section_can_be_read_in_two_parts() {
    let mut section = Section::from_text("settle = '1s'\nlook = 'json'\nreader = 1\nnope = 1");
    section.also_known(Needy::FIELDS);
    let settle = section.take::<Duration>(&Needy::FIELDS[1]);
    assert_eq!(settle, Some(Duration::from_secs(1)));
    assert!(Everything::take_from(&mut section).is_some());
    section.finish(Everything::FIELDS);
    let reports = section.report_text();
    assert!(reports.contains("did you mean `readers`?"), "{reports}");
    assert!(
        reports.contains("unknown key `nope` in [source.test]"),
        "{reports}"
    );
    assert_eq!(section.problems().len(), 2);
}

/// Any text, and texts that look a little like a section.
const SECTIONS: &str =
    "\\PC*|([a-z]{1,7}( = |\\.|\n)(\"|'|\\[|\\{|[0-9]|\t|é|\r|,|\\]){0,6}\n?){0,9}";

proptest! {
    #[test]
    fn no_text_panics(text in SECTIONS) {
        let mut section = Section::from_text(&text);
        let _ = Everything::from_section(&mut section);
        let _ = section.report_text();
    }

    #[test]
    fn no_value_panics(key in 0..12usize, text in "\\PC*|[-+0-9a-zA-Z_ \\[\\]\"'.,{}$~]{0,12}") {
        let key = Everything::FIELDS[key].name;
        for document in [Document::environment("NAME", &text), Document::argument(key, &text)] {
            let mut section = Section::from_text("");
            section.set(key, parse_override(&document));
            let made = Everything::from_section(&mut section);
            prop_assert_eq!(made.is_none(), !section.report_text().is_empty());
        }
    }

    #[test]
    fn durations_and_sizes_read_back(millis in 0..u64::MAX / 1000, bytes: u64) {
        let time = Duration::from_millis(millis);
        let text = time.to_toml().unwrap();
        prop_assert_eq!(parse_duration(text.trim_matches('"')), Some(time));
        let size = ByteSize(bytes);
        prop_assert_eq!(ByteSize::parse(&size.to_string()), Some(size));
    }
}
