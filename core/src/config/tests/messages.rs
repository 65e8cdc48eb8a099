//! Every message exactly as people see it.

use super::*;

#[test]
fn an_unknown_key_names_the_nearest() {
    assert_eq!(
        wrong("look = 'json'\n\n\npth = \"/var/log\""),
        "\
error: unknown key `pth` in [source.test]
  --> datalake.toml:4:1
   |
 4 | pth = \"/var/log\"
   | ^^^
hint: did you mean `path`? known keys: path, folder, readers, shift, share, active, words, settle, \
cache, look, author, token"
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text = wrong("readers = 'four'\nzzzzz = 1\nactive = 'yes'\nwords = ['a', 1, true]");
    let firsts: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(
        firsts,
        [
            "error: `readers` must be a whole number, not a string",
            "error: `active` must be true or false, not a string",
            "error: an entry of `words` must be a string, not a whole number",
            "error: an entry of `words` must be a string, not true or false",
            "error: unknown key `zzzzz` in [source.test]",
        ]
    );
}

#[test]
fn an_entry_of_a_list_is_marked_itself() {
    assert_eq!(
        wrong("path = ['/a',\n  7,\n]"),
        "\
error: an entry of `path` must be a path, not a whole number
  --> datalake.toml:2:3
   |
 2 |   7,
   |   ^"
    );
    assert_eq!(
        wrong("path = []"),
        "\
error: `path` must name at least one path
  --> datalake.toml:1:8
   |
 1 | path = []
   |        ^^"
    );
}

#[test]
fn numbers_outside_the_range() {
    let first = |text: &str| wrong(text).lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        first("readers = 65"),
        "error: `readers` must be from 1 to 64"
    );
    assert_eq!(
        first("readers = -1"),
        "error: `readers` must be from 1 to 64"
    );
    assert_eq!(
        first("shift = 99999999999999999999999999999999999999999999"),
        "error: `shift` must be from -9223372036854775808 to 9223372036854775807"
    );
    assert_eq!(
        first("share = 'half'"),
        "error: `share` must be a number, not a string"
    );
    assert_eq!(
        first("share = nan"),
        "error: `share` must be a number, not a number with a fraction"
    );
}

#[test]
fn durations_need_a_unit() {
    assert_eq!(
        wrong("settle = 5"),
        "\
error: `settle` must be a duration such as \"200ms\", \"5s\", \"15m\", \"2h\" or \"1d\"
  --> datalake.toml:1:10
   |
 1 | settle = 5
   |          ^
hint: add the unit: \"5s\" is in seconds, \"5m\" in minutes"
    );
    for text in [
        "''",
        "'5'",
        "'5 parsecs'",
        "'s'",
        "'-5s'",
        "'5.5s'",
        "'99999999999999999w'",
    ] {
        assert!(
            wrong(&format!("settle = {text}")).contains("must be a duration"),
            "{text}"
        );
    }
}

#[test]
fn sizes_need_a_known_unit() {
    assert_eq!(
        wrong("cache = '64 Mips'"),
        "\
error: `cache` must be a size such as \"64 MiB\" or \"2 GB\"
  --> datalake.toml:1:9
   |
 1 | cache = '64 Mips'
   |         ^^^^^^^^^"
    );
}

#[test]
fn a_choice_names_the_nearest() {
    assert_eq!(
        wrong("look = \"jsno\""),
        "\
error: `look` must be one of \"text\", \"json\"
  --> datalake.toml:1:8
   |
 1 | look = \"jsno\"
   |        ^^^^^^
hint: did you mean \"json\"?"
    );
}

#[test]
fn a_missing_key_says_what_to_write() {
    let complete = Needy::from_section(&mut Section::from_text("path = 'a'")).unwrap();
    assert_eq!(
        (complete.path.0.len(), complete.settle),
        (1, Duration::from_secs(5))
    );
    let mut section = Section::from_text("settle = '1s'");
    assert!(Needy::from_section(&mut section).is_none());
    assert_eq!(
        section.report_text(),
        "\
error: `path` is missing in [source.test]
hint: it must be a path or a list of paths, such as `path = \"~/notes\"`"
    );
}

#[test]
fn environment_and_arguments_are_named() {
    let mut section = Section::from_text("");
    section.set(
        "readers",
        parse_override(&Document::environment("DATALAKE_READERS", "many")),
    );
    section.set(
        "shift",
        parse_override(&Document::argument("shift", "[1, 2]")),
    );
    section.set("nope", parse_override(&Document::argument("nope", "1")));
    assert!(Everything::from_section(&mut section).is_none());
    let text = section.report_text();
    assert!(
        text.starts_with(
            "\
error: `readers` must be a whole number, not a string
  --> environment DATALAKE_READERS
   |
   | many
   | ^^^^

error: `shift` must be a whole number, not a list
  --> --set shift
   |
   | [1, 2]
   | ^^^^^^

error: unknown key `nope` in [source.test]
  --> --set nope
"
        ),
        "{text}"
    );
}

#[test]
fn paths_that_cannot_be_used() {
    let first = |text: &str| wrong(text).lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        first("folder = '$NOPE/x'"),
        "error: `folder` cannot be used: `$NOPE` is not set in the environment"
    );
    assert_eq!(
        first("folder = 'a$'"),
        "error: `folder` cannot be used: `$` must be followed by the name of a variable; \
         `$$` stands for `$`"
    );
    assert_eq!(
        first("folder = '~/x'"),
        "error: `folder` cannot be used: `~` has no meaning here, because HOME is not set"
    );
    assert_eq!(
        first("folder = '~bob/x'"),
        "error: `folder` cannot be used: only `~/` for your own home folder is understood"
    );
    assert_eq!(first("folder = ' '"), "error: `folder` must not be empty");
    assert_eq!(
        first("folder = \"a\\u0000b\""),
        "error: `folder` cannot be used: a path cannot hold a zero character"
    );
}

#[test]
fn all_syntax_errors_are_reported() {
    let text = Section::from_text("a = \nb = 1\nc = 'x\n").report_text();
    assert_eq!(
        text,
        "\
error: this is not valid TOML: string values must be quoted, expected literal string
  --> datalake.toml:1:5
   |
 1 | a =
   |     ^

error: this is not valid TOML: invalid literal string, expected `'`
  --> datalake.toml:3:7
   |
 3 | c = 'x
   |       ^"
    );
}

#[test]
fn a_secret_is_never_shown() {
    let mut reports = vec![
        wrong("token = [\"swordfish\"]"),
        wrong("tokn = 'swordfish'"),
    ];
    let mut section = Section::from_text("token = 'swordfish'");
    let made = Everything::from_section(&mut section).unwrap();
    let token = made.token.clone().unwrap();
    assert_eq!(token.reveal(), "swordfish");
    reports.push(format!(
        "{made:?} {token} {}",
        serde_json::to_string(&token).unwrap()
    ));
    reports.push(format!("{:?}", section.into_parts().1));
    for report in reports {
        assert!(!report.contains("swordfish"), "{report}");
    }
}

#[test]
fn odd_lines_are_shown_without_harm() {
    // A tab stays a tab so that the mark stands below; other control characters are replaced.
    assert_eq!(
        wrong("\twords = 1\r\n"),
        "\
error: `words` must be a list, each entry a string, not a whole number
  --> datalake.toml:1:10
   |
 1 | \twords = 1
   | \t        ^"
    );
    let long = wrong(&format!(
        "words = ['{}', 5, '{}']",
        "é".repeat(300),
        "b".repeat(300)
    ));
    let lines: Vec<&str> = long.lines().collect();
    assert_eq!(lines[1], "  --> datalake.toml:1:314");
    let mark = lines[4].find('^').map(|at| lines[4][..at].chars().count());
    let five = lines[3].chars().position(|c| c == '5');
    assert_eq!(mark, five);
    assert!(lines[3].chars().count() < 180, "{}", lines[3]);
}

#[test]
fn rules_over_several_values_point_at_one() {
    let mut section = Section::from_text("path = '/a'\nreaders = 2");
    assert!(Everything::from_section(&mut section).is_some());
    section.refuse("readers", "two readers cannot share one file");
    section.refuse_with_hint("nothing", "no such thing", Some("try again".into()));
    assert_eq!(
        section.report_text(),
        "\
error: two readers cannot share one file
  --> datalake.toml:2:11
   |
 2 | readers = 2
   |           ^

error: no such thing
hint: try again"
    );
}

#[test]
fn one_error_reports_everything_in_the_order_of_the_text() {
    let mut section = Section::from_text("zz = 1\nreaders = 'x'");
    assert!(Everything::from_section(&mut section).is_none());
    let (mut problems, _) = section.into_parts();
    sort_problems(&mut problems);
    let error = into_error(&problems).unwrap();
    assert_eq!(error.kind(), crate::ErrorKind::Usage);
    let text = error.to_string();
    assert!(
        text.starts_with("the configuration has 2 problems\n\nerror: unknown key `zz`"),
        "{text}"
    );
    assert!(text.contains("\n\nerror: `readers` must be"), "{text}");
    assert!(into_error(&[]).is_none());
    let one = into_error(&problems[..1]).unwrap().to_string();
    assert!(
        one.starts_with("the configuration has a problem\n\nerror: "),
        "{one}"
    );
}
