//! What values mean: paths, units, and text from the environment.

use super::*;

fn folders() -> Folders {
    Folders {
        base: "/base".into(),
        working: "/here".into(),
        environment: [("HOME", "/home/me"), ("LAKE", "/lake"), ("EMPTY", "")]
            .into_iter()
            .collect(),
    }
}

fn path(text: &str) -> String {
    let resolved = folders().resolve(text, DocumentKind::File);
    resolved.map_or_else(|why| why, |path| path.display().to_string())
}

#[test]
fn paths_are_expanded() {
    assert_eq!(path("a/b"), "/base/a/b");
    assert_eq!(path("./a/./b/"), "/base/a/b");
    assert_eq!(path("../a"), "/base/../a");
    assert_eq!(path("/a"), "/a");
    assert_eq!(path("~"), "/home/me");
    assert_eq!(path("~/a"), "/home/me/a");
    assert_eq!(path("a~"), "/base/a~");
    assert_eq!(path("$LAKE/a"), "/lake/a");
    assert_eq!(path("${LAKE}s/a"), "/lakes/a");
    assert_eq!(path("a$$b"), "/base/a$b");
    assert_eq!(path("$EMPTY/a"), "`$EMPTY` is not set in the environment");
    assert!(path("${LAKE").contains("must be followed by"));
    assert!(path("${}").contains("must be followed by"));
}

#[test]
fn a_path_of_the_command_line_starts_where_the_person_is() {
    let resolve = |kind| folders().resolve("a", kind).unwrap();
    assert_eq!(resolve(DocumentKind::Argument), PathBuf::from("/here/a"));
    assert_eq!(resolve(DocumentKind::Environment), PathBuf::from("/base/a"));
    assert_eq!(resolve(DocumentKind::Default), PathBuf::from("/base/a"));
}

#[test]
fn a_default_below_a_home_that_nobody_has_is_nowhere() {
    let nobodys = Folders::at("/base");
    let resolve = |text: &str, kind| nobodys.resolve(text, kind);
    for kind in [DocumentKind::Default, DocumentKind::BuiltIn] {
        let path = resolve("~/a/b", kind).unwrap();
        assert_eq!(homeless(&path), Some(Path::new("~/a/b")));
        let error = std::fs::metadata(&path).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotADirectory);
        assert_eq!(path.to_toml().as_deref(), Some("\"~/a/b\""));
        assert_eq!(
            resolve("~", kind).as_deref().map(homeless),
            Ok(Some(Path::new("~")))
        );
        assert!(resolve("~bob/a", kind).is_err());
        // With a home it is there, and what does not begin with it needs none.
        let path = folders().resolve("~/a", kind).unwrap();
        assert_eq!(
            (homeless(&path), path.as_path()),
            (None, Path::new("/home/me/a"))
        );
        assert_eq!(homeless(&resolve("a", kind).unwrap()), None);
    }
    for kind in [
        DocumentKind::File,
        DocumentKind::Environment,
        DocumentKind::Argument,
    ] {
        assert!(
            resolve("~/a", kind)
                .unwrap_err()
                .contains("HOME is not set")
        );
    }
    assert_eq!(homeless(Path::new("/dev/null/x")), None);
}

#[test]
fn one_path_or_many() {
    assert_eq!(right("path = 'a'").path.0, [PathBuf::from("/base/a")]);
    let many = right("path = ['a', '/b']").path;
    assert_eq!(many.iter().count(), 2);
    assert_eq!(many.to_toml().as_deref(), Some("[\"/base/a\", \"/b\"]"));
}

#[test]
fn durations() {
    let seconds = |text: &str| parse_duration(text).map(|time| time.as_secs_f64());
    assert_eq!(seconds("200ms"), Some(0.2));
    assert_eq!(seconds("5s"), Some(5.0));
    assert_eq!(seconds("15m"), Some(900.0));
    assert_eq!(seconds("2h"), Some(7200.0));
    assert_eq!(seconds("1d"), Some(86_400.0));
    assert_eq!(seconds("1w"), Some(604_800.0));
    assert_eq!(seconds(" 1 h 30 m "), Some(5400.0));
    assert_eq!(seconds("1h30m"), Some(5400.0));
    let shown = |millis| Duration::from_millis(millis).to_toml().unwrap();
    assert_eq!(shown(0), "\"0s\"");
    assert_eq!(shown(90_000), "\"90s\"");
    assert_eq!(shown(3_600_000), "\"1h\"");
    assert_eq!(shown(1_500), "\"1500ms\"");
}

#[test]
fn sizes() {
    assert_eq!(ByteSize::parse("16 MiB"), Some(ByteSize(16 << 20)));
    assert_eq!(ByteSize::parse("2gb"), Some(ByteSize(2_000_000_000)));
    assert_eq!(ByteSize::parse("7 B"), Some(ByteSize(7)));
    assert_eq!(ByteSize::parse("7"), None);
    assert_eq!(ByteSize::parse("99999999 TiB"), None);
    assert_eq!(ByteSize(1 << 30).to_string(), "1 GiB");
    assert_eq!(ByteSize(0).to_string(), "0 B");
    assert_eq!(right("cache = 4096").cache, ByteSize(4096));
}

#[test]
fn text_of_the_environment_needs_no_quotes() {
    for (value, author) in [
        ("alice", "alice"),
        ("007", "007"),
        ("true", "true"),
        ("\"quoted\"", "quoted"),
        ("[", "["),
        (" ", " "),
        ("2024-01-01", "2024-01-01"),
        ("a = b", "a = b"),
    ] {
        let mut section = Section::from_text("author = 'bob'");
        section.set(
            "author",
            parse_override(&Document::environment("AUTHOR", value)),
        );
        let made = Everything::from_section(&mut section).unwrap();
        assert_eq!(made.author.as_deref(), Some(author), "{value}");
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let environment = folders().environment;
    assert_eq!(environment.get("EMPTY"), None);
    assert_eq!(environment.get("LAKE"), Some("/lake"));
    assert_eq!(environment.iter().count(), 2);
}

#[test]
fn addresses_and_zones() {
    crate::config! {
        struct Net {
            api: std::net::SocketAddr = "127.0.0.1:8766",
            zone: Option<crate::Zone>,
        }
    }
    let read = |text: &str| {
        let mut section = Section::from_text(text);
        Net::from_section(&mut section).ok_or_else(|| section.report_text())
    };
    let made = read("api = 'localhost:80'\nzone = 'Asia/Kolkata'").unwrap();
    assert_eq!(made.api.to_string(), "127.0.0.1:80");
    assert_eq!(made.zone.unwrap().name(), "Asia/Kolkata");
    assert_eq!(
        read("api = 'lake.example'\nzone = 'IST'").unwrap_err(),
        "\
error: `api` must be an address with a port, such as \"127.0.0.1:8766\"
  --> datalake.toml:1:7
   |
 1 | api = 'lake.example'
   |       ^^^^^^^^^^^^^^
hint: write the IP address in numbers; \"0.0.0.0:PORT\" listens on all networks

error: `zone` must be the name of a time zone, such as \"Asia/Kolkata\"
  --> datalake.toml:2:8
   |
 2 | zone = 'IST'
   |        ^^^^^
hint: use a name of the IANA list, such as Europe/Berlin or Asia/Kolkata"
    );
}

#[test]
fn the_nearest_name() {
    let names = [
        "audio",
        "memory-jsonl",
        "screenshot",
        "transcript",
        "claude-sessions",
    ];
    for (typed, meant) in [
        ("memory", Some("memory-jsonl")),
        ("Memory_JSONL", Some("memory-jsonl")),
        ("screnshot", Some("screenshot")),
        ("audoi", Some("audio")),
        ("sessions", Some("claude-sessions")),
        ("spotify", None),
        ("", None),
    ] {
        assert_eq!(nearest(typed, names), meant, "{typed}");
    }
    assert_eq!(by_distance("claude", names)[0], "claude-sessions");
    assert_eq!(
        suggestion("x", "known", ["a", "b"]),
        "did you mean `a`? known: a, b"
    );
    assert_eq!(suggestion("xyzzy", "known", ["a", "b"]), "known: a, b");
}
