//! Every message exactly as people see it.

use super::*;

const MANY_MISTAKES: &str = "\
api = 1
devic = 'laptop'

[servr]
api = '127.0.0.1:1'

[store]
cache = 'big'

[source.daily-notes]
pth = '/x'
schedule = 'wach'

[source.work]
type = 'dayly-notes'

[source.home]
";

const THEIR_REPORT: &str = "\
error: unknown key `api` above the first table
  --> datalake.toml:1:1
   |
 1 | api = 1
   | ^^^
hint: it belongs below the line [server]

error: unknown key `devic`
  --> datalake.toml:2:1
   |
 2 | devic = 'laptop'
   | ^^^^^
hint: did you mean `device`? known keys: device

error: unknown table [servr]
  --> datalake.toml:4:2
   |
 4 | [servr]
   |  ^^^^^
hint: did you mean `server`? known tables: store, log, server, time, run, watch, source

error: `cache` must be a size such as \"64 MiB\" or \"2 GB\"
  --> datalake.toml:8:9
   |
 8 | cache = 'big'
   |         ^^^^^

error: unknown key `pth` in [source.daily-notes]
   --> datalake.toml:11:1
    |
 11 | pth = '/x'
    | ^^^
hint: did you mean `path`? known keys: path, readers, token, type, enabled, schedule, tags, \
device, settle

error: `schedule` cannot be understood: did you mean \"watch\"?
   --> datalake.toml:12:12
    |
 12 | schedule = 'wach'
    |            ^^^^^^
hint: write \"watch\", \"once\", \"manual\", \"every 15m\" or five cron fields

error: there is no plugin `dayly-notes`
   --> datalake.toml:15:8
    |
 15 | type = 'dayly-notes'
    |        ^^^^^^^^^^^^^
hint: did you mean `daily-notes`? plugins of this program: daily-notes, letters, mute

error: [source.home] has no `type`, and no plugin is called `home`
   --> datalake.toml:17:9
    |
 17 | [source.home]
    |         ^^^^
hint: plugins of this program: mute, letters, daily-notes";

#[test]
fn every_problem_of_the_whole_file_is_reported_from_top_to_bottom() {
    assert_eq!(Desk::with(MANY_MISTAKES).wrong(), THEIR_REPORT);
}

#[test]
fn the_errors_become_one_error_of_usage() {
    let errors = Desk::with("a = 1\nb = 2").load().err().unwrap();
    let error = Error::from(errors);
    assert_eq!(error.kind(), datalake_core::ErrorKind::Usage);
    let text = error.to_string();
    assert!(
        text.starts_with("the configuration has 2 problems\n\nerror: unknown key `a`"),
        "{text}"
    );
}

#[test]
fn tables_that_are_none() {
    assert_eq!(
        Desk::with("server = 1\nsource = 'x'").wrong(),
        "\
error: `server` must be a table, not a whole number
  --> datalake.toml:1:1
   |
 1 | server = 1
   | ^^^^^^
hint: begin it with a line [server]

error: `source` must be a table, not a string
  --> datalake.toml:2:1
   |
 2 | source = 'x'
   | ^^^^^^
hint: begin it with a line [source.NAME]"
    );
    assert_eq!(
        Desk::with("[[source]]\nname = 'x'").wrong(),
        "\
error: `source` must be a table, not a list
  --> datalake.toml:1:3
   |
 1 | [[source]]
   |   ^^^^^^
hint: begin it with a line [source.NAME]"
    );
    assert_eq!(
        Desk::with("[source]\npath = '/x'").wrong(),
        "\
error: `source.path` must be a table
  --> datalake.toml:2:1
   |
 2 | path = '/x'
   | ^^^^
hint: begin it with a line [source.path]"
    );
    assert!(
        Desk::with("[[plugin]]\na = 1")
            .wrong()
            .starts_with("error: unknown table [plugin]\n")
    );
}

#[test]
fn source_names_are_plain() {
    assert_eq!(
        Desk::with("[source.'my notes']\ntype = 'daily-notes'").wrong(),
        "\
error: `my notes` cannot be the name of a source
  --> datalake.toml:1:9
   |
 1 | [source.'my notes']
   |         ^^^^^^^^^^
hint: use letters, digits, `-` and `_`"
    );
}

#[test]
fn a_missing_key_points_at_the_source() {
    assert_eq!(
        Desk::with("\n[source.letters]\nenabled = false").wrong(),
        "\
error: `folder` is missing in [source.letters]
  --> datalake.toml:2:9
   |
 2 | [source.letters]
   |         ^^^^^^^
hint: it must be a path, such as `folder = \"~/letters\"`"
    );
}

#[test]
fn a_type_that_is_no_text() {
    assert_eq!(
        Desk::with("[source.x]\ntype = 7").wrong(),
        "\
error: `type` must be a string, not a whole number
  --> datalake.toml:2:8
   |
 2 | type = 7
   |        ^"
    );
}

#[test]
fn a_plugin_that_gives_no_reason() {
    assert_eq!(
        Desk::with("[source.mute]").wrong(),
        "\
error: the plugin `mute` refused [source.mute] without a reason
  --> datalake.toml:1:9
   |
 1 | [source.mute]
   |         ^^^^
hint: this is a mistake in the plugin; report it"
    );
}

#[test]
fn a_plugin_can_have_rules_of_its_own() {
    let text = Desk::with("[source.daily-notes]\nreaders = 13").wrong();
    assert!(
        text.starts_with("error: thirteen readers quarrel\n  --> datalake.toml:2:11\n"),
        "{text}"
    );
}

#[test]
fn empty_names_and_tags() {
    let desk = Desk::with("device = ''\n[source.daily-notes]\ndevice = ' '\ntags = ['a', '']");
    let text = desk.wrong();
    let firsts: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(
        firsts,
        [
            "error: `device` must not be empty",
            "error: `device` must not be empty",
            "error: a tag must not be empty",
        ]
    );
}

#[test]
fn two_servers_on_one_address() {
    assert_eq!(
        Desk::with("[server]\nui = '127.0.0.1:8766'").wrong(),
        "\
error: `api` and `ui` cannot listen on the same address
  --> datalake.toml:2:6
   |
 2 | ui = '127.0.0.1:8766'
   |      ^^^^^^^^^^^^^^^^"
    );
    Desk::with("[server]\nui = '127.0.0.1:0'\napi = '127.0.0.1:0'").right();
}

#[test]
fn syntax_errors_alone_are_reported() {
    // What stands around a syntax error cannot be trusted, so nothing else is said.
    assert_eq!(
        Desk::with("[servr\napi = 1").wrong(),
        "\
error: this is not valid TOML: unclosed table, expected `]`
  --> datalake.toml:1:7
   |
 1 | [servr
   |       ^"
    );
}

#[test]
fn values_of_the_environment_and_of_set_name_their_place() {
    let desk = Desk::with("")
        .env("DATALAKE_SERVER_API", "everywhere")
        .set("run.threads=many");
    assert_eq!(
        desk.wrong(),
        "\
error: `api` must be an address with a port, such as \"127.0.0.1:8766\"
  --> environment DATALAKE_SERVER_API
   |
   | everywhere
   | ^^^^^^^^^^
hint: write the IP address in numbers; \"0.0.0.0:PORT\" listens on all networks

error: `threads` must be a whole number, not a string
  --> --set run.threads
   |
   | many
   | ^^^^"
    );
}

#[test]
fn set_that_makes_no_sense() {
    let wrong = |argument: &str| Desk::with("[source.daily-notes]").set(argument).wrong();
    assert_eq!(
        wrong("server.api"),
        "error: --set server.api has no value\nhint: write --set server.api=VALUE"
    );
    assert_eq!(
        wrong("api=1"),
        "error: --set api=... does not say whose key it is\n\
         hint: did you mean server.api? For a key of a source choose it with --source"
    );
    assert_eq!(
        wrong("path=/x"),
        "error: --set path=... does not say whose key it is\n\
         hint: choose a source with --source, or write source.NAME.KEY"
    );
    assert_eq!(
        wrong("servr.api=1"),
        "error: --set servr.api=... names an unknown section\n\
         hint: did you mean `server`? known sections: store, log, server, time, run, watch, source"
    );
    for argument in [
        "=1",
        "a.b.c=1",
        "source.daily-notes=1",
        ".api=1",
        "source.a b.c=1",
    ] {
        assert!(
            wrong(argument).contains("does not name a key"),
            "{argument}"
        );
    }
    assert_eq!(
        wrong("server.apii=1"),
        "\
error: unknown key `apii` in [server]
  --> --set server.apii
   |
   | 1
   | ^
hint: did you mean `api`? known keys: api, ui"
    );
    assert_eq!(
        wrong("source.dailynotes.path=/x"),
        "\
error: [source.dailynotes] has no `type`, and no plugin is called `dailynotes`
hint: did you mean `daily-notes`? plugins of this program: daily-notes, letters, mute"
    );
}

#[test]
fn files_that_cannot_be_read() {
    let mut desk = Desk::bare();
    desk.config = Some("there/is/none.toml".into());
    assert_eq!(
        desk.wrong(),
        "error: the configuration file there/is/none.toml does not exist\nhint: --config names it"
    );
    let desk = Desk::bare().env("DATALAKE_CONFIG", "none.toml");
    assert_eq!(
        desk.wrong(),
        "error: the configuration file none.toml does not exist\n\
         hint: environment DATALAKE_CONFIG names it"
    );
    let desk = Desk::bare();
    desk.write("datalake.toml", b"a = '\xff'");
    assert_eq!(
        desk.wrong(),
        "error: the configuration file datalake.toml cannot be read: it is not UTF-8 text"
    );
    let desk = Desk::bare();
    desk.write("datalake.toml/x", "a folder in its place");
    assert_eq!(
        desk.wrong(),
        "error: the configuration file datalake.toml cannot be read: is a directory"
    );
    let mut desk = Desk::bare();
    desk.environment.clear();
    assert_eq!(
        desk.wrong(),
        "error: there is no folder to keep the data in, because HOME is not set\n\
         hint: set HOME or PROJECT_ROOT, or write a datalake.toml and name it with --config"
    );
}

#[test]
fn warnings_do_not_stop_anything() {
    let desk = Desk::with("[source.letters]\nfolder = '/l'")
        .env("SCHEMA_FILE", "schema.sql")
        .env("DATALAKE_SERVR_API", "secret")
        .env("DATALAKE_XYZZY", "secret")
        .env("DATALAKE_CONFIG", "")
        .env("UNRELATED", "x");
    let warnings: Vec<String> = desk.right().warnings.iter().map(|w| w.render()).collect();
    assert_eq!(
        warnings,
        [
            "warning: SCHEMA_FILE is ignored: the schema is part of the program",
            "warning: the environment variable DATALAKE_SERVR_API means nothing and is ignored\n\
         hint: did you mean DATALAKE_SERVER_API?",
            "warning: the environment variable DATALAKE_XYZZY means nothing and is ignored",
            "warning: source `letters` uses the deprecated plugin `letters`\n\
         hint: use `daily-notes` instead",
        ]
    );
}

#[test]
fn no_report_and_no_table_holds_a_secret() {
    let desk = Desk::with("[source.daily-notes]\ntoken = 'swordfish'\nreaders = 13")
        .env("DATALAKE_SOURCE_DAILY_NOTES_TOKEN", "[\"swordfish\"]")
        .set("source.daily-notes.tokn=swordfish");
    let text = desk.wrong();
    assert!(!text.contains("swordfish"), "{text}");
    let desk = Desk::with("[source.daily-notes]\ntoken = 'swordfish'");
    let rows = table(desk.right().show());
    assert!(
        rows.contains("\"***\"") && !rows.contains("swordfish"),
        "{rows}"
    );
}
