//! Rules about the text of single files.

use super::SourceFile;

const LONGEST_LINE: usize = 140;
const LONGEST_RUST_FILE: usize = 500;

/// Rust files that may be longer, each with the reason. An entry that is no longer needed fails.
const MAY_BE_LONG: &[(&str, &str)] = &[];

/// This file has to spell what it forbids.
const RULES: &str = "xtask/src/tidy/text.rs";

/// Unfinished work belongs into an issue, where it is seen.
const MARKERS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// The same in code. A skipped test checks nothing, and nobody notices.
const UNFINISHED_CODE: &[&str] = &["todo!(", "unimplemented!(", "#[ignore"];

/// Where home folders are kept.
const HOMES: &[&str] = &["/home/", "/Users/"];

/// Home folders of nobody, for examples in docs and tests.
const EXAMPLE_NAMES: &[&str] = &["me", "you", "user", "alice", "bob", "ada", "example"];

/// Other folders that exist on a developer's machine only.
const DEVELOPER_FOLDERS: &[&str] = &["/root/."];

/// Where this checkout lies. A folder right below the root is left out: a container's `/src` may well be
/// meant where it is written.
fn own_checkout() -> Option<&'static str> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    folder.to_str().filter(|path| path.matches('/').count() > 1)
}

/// Every broken rule in all files.
pub(super) fn problems(files: &[SourceFile]) -> Vec<String> {
    let mut problems: Vec<String> = files.iter().flat_map(in_file).collect();
    problems.extend(length_problems(files, MAY_BE_LONG));
    problems
}

/// Recorded input and accepted output are kept byte for byte, so most rules are not for them.
fn is_recorded(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    folders
        .split('/')
        .any(|folder| folder == "fixtures" || folder == "snapshots")
        || name.ends_with(".snap")
        || name == "Cargo.lock"
}

fn in_file(file: &SourceFile) -> Vec<String> {
    let SourceFile { path, text } = file;
    let rust = path.ends_with(".rs");
    let mut problems = Vec::new();
    if rust && !text.starts_with("//!") {
        problems.push(format!(
            "{path}: must start with `//!` and say what the file is for"
        ));
    }
    if is_recorded(path) {
        return problems;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        problems.push(format!("{path}: does not end with a line break"));
    }
    for (index, line) in text.split('\n').enumerate() {
        let found = in_line(line, rust, path == RULES);
        problems.extend(
            found
                .into_iter()
                .map(|what| format!("{path}:{}: {what}", index + 1)),
        );
    }
    problems
}

fn in_line(line: &str, rust: bool, spells_rules: bool) -> Vec<String> {
    let mut problems = Vec::new();
    if line.ends_with(char::is_whitespace) {
        problems.push("white space at the end of the line".to_owned());
    }
    let length = line.chars().count();
    if rust && length > LONGEST_LINE {
        problems.push(format!(
            "{length} characters, at most {LONGEST_LINE} are allowed"
        ));
    }
    if spells_rules {
        return problems;
    }
    if let Some(marker) = MARKERS.iter().find(|marker| has_word(line, marker)) {
        problems.push(format!("`{marker}`: finish it, or write an issue instead"));
    }
    if let Some(code) = UNFINISHED_CODE
        .iter()
        .find(|code| rust && line.contains(**code))
    {
        problems.push(format!("`{code}`: finish it, or leave it out"));
    }
    if let Some(path) = developer_path(line) {
        problems.push(format!(
            "`{path}` exists on one machine only; for examples use /home/me/"
        ));
    }
    problems
}

/// True when the word stands there by itself, not as part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word)
    })
}

/// An absolute path of somebody's machine in this line, if there is one.
fn developer_path(line: &str) -> Option<&'static str> {
    let own = own_checkout();
    let fixed = DEVELOPER_FOLDERS
        .iter()
        .chain(&own)
        .find(|folder| absolute(line, folder).next().is_some());
    let home = HOMES.iter().find(|home| {
        absolute(line, home).any(|rest| {
            let name = rest.split(|c: char| !is_name(c)).next().unwrap_or_default();
            // Without a slash after it this is a file in that folder or just prose, and an empty
            // name means a placeholder such as `<name>` or `{user}`.
            let folder = rest[name.len()..].starts_with('/');
            folder && !name.is_empty() && !EXAMPLE_NAMES.contains(&name)
        })
    });
    fixed.or(home).copied()
}

/// What follows each place where an absolute path begins with `start`. In `~/home/`, `./home/`
/// and `https://example.org/home/` the path does not begin there.
fn absolute<'a>(line: &'a str, start: &str) -> impl Iterator<Item = &'a str> {
    let inside_a_path = |c: char| is_name(c) || matches!(c, '~' | '/' | '}' | '>' | ')' | '*');
    line.match_indices(start)
        .filter(move |(at, _)| !line[..*at].ends_with(inside_a_path))
        .map(|(at, found)| &line[at + found.len()..])
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Rust files that are too long, and exceptions that are no longer needed.
fn length_problems(files: &[SourceFile], may_be_long: &[(&str, &str)]) -> Vec<String> {
    let long: Vec<(&str, usize)> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .map(|file| (file.path.as_str(), file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_RUST_FILE)
        .collect();
    let excepted = |path: &str| may_be_long.iter().any(|(other, _)| *other == path);
    let too_long = long
        .iter()
        .filter(|(path, _)| !excepted(path))
        .map(|(path, lines)| {
            format!("{path}: {lines} lines, at most {LONGEST_RUST_FILE} are allowed; split it")
        });
    let outdated = may_be_long
        .iter()
        .filter(|(path, _)| !long.iter().any(|(other, _)| other == path))
        .map(|(path, _)| format!("{path}: not too long (any more); remove it from MAY_BE_LONG"));
    too_long.chain(outdated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn found(path: &str, text: &str) -> String {
        in_file(&file(path, text)).join("\n")
    }

    #[test]
    fn a_clean_file_has_no_problems() {
        assert_eq!(found("a.rs", "//! What it is for.\n\nfn main() {}\n"), "");
        assert_eq!(found("empty.md", ""), "");
    }

    #[test]
    fn rust_files_start_with_their_purpose() {
        assert!(found("a.rs", "fn main() {}\n").contains("must start with `//!`"));
        assert!(found("a.rs", "").contains("must start with `//!`"));
        assert!(found("tests/fixtures/a.rs", "fn main() {}\n").contains("must start"));
        assert_eq!(found("a.md", "text\n"), "");
    }

    #[test]
    fn white_space_and_line_ends() {
        assert!(found("a.md", "one \ntwo\n").contains("a.md:1: white space"));
        assert!(found("a.md", "one\r\n").contains("a.md:1: white space"));
        assert!(found("a.md", "one").contains("does not end"));
        assert_eq!(found("plugins/x/tests/fixtures/a.txt", "one \ntwo"), "");
    }

    #[test]
    fn long_lines_count_characters_not_bytes() {
        let line = |letters| format!("//! {}\n", "é".repeat(letters));
        assert_eq!(found("a.rs", &line(136)), "");
        assert!(found("a.rs", &line(137)).contains("141 characters"));
        assert_eq!(found("a.md", &line(200)), "");
    }

    #[test]
    fn unfinished_work_is_found_as_a_whole_word() {
        assert!(found("a.md", "a TODO: later\n").contains("`TODO`"));
        assert!(found("a.toml", "# FIXME\n").contains("`FIXME`"));
        assert_eq!(found("a.md", "TODOS mktemp.XXXXXX HACKATHON\n"), "");
        assert!(found("a.rs", "//! x\nfn a() { todo!() }\n").contains("a.rs:2: `todo!(`"));
        assert!(found("a.rs", "//! x\n#[ignore = \"slow\"]\n").contains("#[ignore"));
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for line in [
            "cd /home/karl/x",
            "\"/Users/karl/Library\"",
            "(/root/.cargo)",
        ] {
            assert!(developer_path(line).is_some(), "{line}");
        }
        if let Some(own) = own_checkout() {
            assert_eq!(developer_path(&format!("see {own}/src")), Some(own));
        }
        assert_eq!(
            found("tests/fixtures/log.jsonl", "{\"cwd\":\"/home/karl/x\"}\n"),
            ""
        );
    }

    #[test]
    fn example_paths_are_fine() {
        for line in [
            "/home/me/lake",
            "/home/<name>/lake",
            "under /home/ or",
            "~/home/karl/x",
            "./home/karl/x",
            "https://example.org/home/karl/x",
            "$BASE/home/karl/x",
        ] {
            assert_eq!(developer_path(line), None, "{line}");
        }
    }

    #[test]
    fn long_files_need_an_exception_and_exceptions_need_a_long_file() {
        let files = [
            file("long.rs", &"//!\n".repeat(501)),
            file("short.rs", &"//!\n".repeat(500)),
        ];
        let problems = length_problems(&files, &[]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("long.rs: 501 lines"));
        assert!(length_problems(&files, &[("long.rs", "a table")]).is_empty());
        let both = [("long.rs", "a table"), ("short.rs", "was long")];
        assert!(length_problems(&files, &both)[0].starts_with("short.rs: not too long"));
    }
}
