//! Which file is read, which value wins, and where paths start.

use super::*;

#[test]
fn the_first_file_wins() {
    let mut desk = Desk::bare();
    let device = |desk: &Desk| desk.value("device");
    assert_eq!(device(&desk), "nothing from default");
    desk.write("home/.config/datalake/datalake.toml", "device = 'home'");
    assert_eq!(
        device(&desk),
        "\"home\" from DESK/home/.config/datalake/datalake.toml:1"
    );
    desk.write("datalake.toml", "\ndevice = 'here'");
    assert_eq!(device(&desk), "\"here\" from datalake.toml:2");
    desk.write("a/env.toml", "device = 'env'");
    desk = desk.env("DATALAKE_CONFIG", "a/env.toml");
    assert_eq!(device(&desk), "\"env\" from a/env.toml:1");
    desk.write("b/named.toml", "device = 'named'");
    desk.config = Some("b/named.toml".into());
    assert_eq!(device(&desk), "\"named\" from b/named.toml:1");
}

#[test]
fn data_does_not_end_up_in_the_folder_for_configuration() {
    let desk = Desk::bare();
    desk.write("home/.config/datalake/datalake.toml", "");
    let data = desk.right().store.data_dir;
    assert_eq!(shown(&data, &desk), "DESK/home/.local/share/datalake/data");
}

#[test]
fn the_xdg_folder_is_respected_if_it_is_absolute() {
    let desk = Desk::bare();
    desk.write("xdg/datalake/datalake.toml", "device = 'xdg'");
    let folder = desk.path("xdg").display().to_string();
    let desk = desk.env("XDG_CONFIG_HOME", &folder);
    assert_eq!(
        desk.value("device"),
        "\"xdg\" from DESK/xdg/datalake/datalake.toml:1"
    );
    let desk = desk.env("XDG_CONFIG_HOME", "xdg");
    assert_eq!(desk.value("device"), "nothing from default");
}

#[test]
fn the_folders_of_other_platforms() {
    let pairs = [
        ("HOME", "/home/me"),
        ("APPDATA", "/roaming"),
        ("LOCALAPPDATA", "/local"),
    ];
    let environment: Environment = pairs.into_iter().collect();
    let folder = |platform: Platform| {
        let config = platform.config_folder(&environment).unwrap();
        let data = platform.data_folder(&environment).unwrap();
        (config.display().to_string(), data.display().to_string())
    };
    let support = "/home/me/Library/Application Support/datalake".to_owned();
    assert_eq!(folder(Platform::MacOs), (support.clone(), support));
    assert_eq!(
        folder(Platform::Windows),
        ("/roaming/datalake".into(), "/local/datalake".into())
    );
    assert_eq!(
        folder(Platform::Xdg),
        (
            "/home/me/.config/datalake".into(),
            "/home/me/.local/share/datalake".into()
        )
    );
}

#[test]
fn relative_paths_start_at_the_base() {
    let store = |desk: &Desk| {
        let config = desk.right();
        let paths = [
            &config.store.data_dir,
            &config.store.db_file,
            &config.log.dir,
        ];
        paths.map(|path| shown(path, desk)).join(" ")
    };
    // Without a file: the data folder.
    let share = "DESK/home/.local/share/datalake";
    let usual = format!("{share}/data {share}/datalake.db {share}/logs");
    assert_eq!(store(&Desk::bare()), usual);
    // With one: its folder.
    assert_eq!(
        store(&Desk::with("")),
        "DESK/data DESK/datalake.db DESK/logs"
    );
    let mut desk = Desk::bare();
    desk.write(
        "a/lake.toml",
        "[store]\ndata_dir = '/abs'\ndb_file = '~/x.db'",
    );
    desk.config = Some("./a/lake.toml".into());
    assert_eq!(store(&desk), "/abs DESK/home/x.db DESK/a/logs");
    assert_eq!(desk.right().file, Some(desk.path("./a/lake.toml")));
    // PROJECT_ROOT goes before both.
    let desk = Desk::with("").env("PROJECT_ROOT", "/root/of/it");
    assert_eq!(
        store(&desk),
        "/root/of/it/data /root/of/it/datalake.db /root/of/it/logs"
    );
    let desk = Desk::bare().env("PROJECT_ROOT", "rel");
    assert_eq!(shown(&desk.right().base, &desk), "DESK/rel");
}

#[test]
fn a_path_of_the_command_line_starts_at_the_current_folder() {
    let desk = Desk::with("[source.daily-notes]")
        .env("PROJECT_ROOT", "/root/of/it")
        .set("source.daily-notes.path=notes");
    let key = "source.daily-notes.path";
    assert_eq!(
        desk.value(key),
        format!("[\"DESK/notes\"] from --set {key}")
    );
}

#[test]
fn the_more_specific_variable_wins_and_set_wins_over_all() {
    let key = "store.db_file";
    let mut desk = Desk::with("[store]\ndb_file = '/file.db'");
    assert_eq!(desk.value(key), "\"/file.db\" from datalake.toml:2");
    for (name, value) in [
        ("DB_FILE", "/seed.db"),
        ("DATALAKE_DB", "/short.db"),
        ("DATALAKE_STORE_DB_FILE", "/long.db"),
    ] {
        desk = desk.env(name, value);
        assert_eq!(
            desk.value(key),
            format!("\"{value}\" from environment {name}")
        );
    }
    desk = desk
        .set("store.db_file=/one.db")
        .set("store.db_file=/two.db");
    assert_eq!(desk.value(key), "\"/two.db\" from --set store.db_file");
}

#[test]
fn every_core_key_has_a_variable() {
    let desk = Desk::with("")
        .env("DATA_DIR", "/d")
        .env("LOG_DIR", "/l")
        .env("DATALAKE_DEVICE", "007")
        .env("DATALAKE_TIME_ZONE", "Asia/Kolkata")
        .env("DATALAKE_SERVER_API", "0.0.0.0:80")
        .env("DATALAKE_STORE_CACHE", "1 GiB")
        .env("DATALAKE_STORE_BUSY_TIMEOUT", "1m")
        .env("DATALAKE_STORE_SYNCHRONOUS", "normal")
        .env("DATALAKE_LOG_FORMAT", "json")
        .env("DATALAKE_RUN_THREADS", "3");
    let config = desk.right();
    assert!(config.warnings.is_empty());
    assert_eq!(config.store.data_dir, Path::new("/d"));
    assert_eq!(config.log.dir, Path::new("/l"));
    assert_eq!(config.general.device.as_deref(), Some("007"));
    assert_eq!(config.time.zone.unwrap().name(), "Asia/Kolkata");
    assert_eq!(config.server.api.port(), 80);
    assert_eq!(config.store.cache.0, 1 << 30);
    assert_eq!(config.store.busy_timeout.as_secs(), 60);
    assert_eq!(config.store.synchronous, Synchronous::Normal);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.run.threads, 3);
}

#[test]
fn variables_of_sources() {
    let desk = Desk::with("[source.my-notes]\npath = '/file'")
        .env("DATALAKE_SOURCE_MY_NOTES_TYPE", "daily-notes")
        .env("DATALAKE_SOURCE_MY_NOTES_PATH", "[\"/a\", \"b\"]")
        .env("DATALAKE_SOURCE_MY_NOTES_TAGS", "work")
        .env("DATALAKE_SOURCE_MY_NOTES_ENABLED", "false");
    let config = desk.right();
    assert!(config.warnings.is_empty());
    let source = config.source("my-notes").unwrap();
    assert_eq!(source.entry.name, "daily-notes");
    assert_eq!(source.source.roots(), [PathBuf::from("/a"), desk.path("b")]);
    assert_eq!(source.settings.tags, ["work"]);
    assert!(!source.settings.enabled && !source.selected);
    let desk = desk
        .set("source.my-notes.enabled=true")
        .set("source.my-notes.path=/set");
    assert_eq!(
        desk.value("source.my-notes.path"),
        "[\"/set\"] from --set source.my-notes.path"
    );
    assert!(desk.right().source("my-notes").unwrap().selected);
}

#[test]
fn an_empty_variable_changes_nothing() {
    let desk = Desk::with("device = 'file'").env("DATALAKE_DEVICE", "");
    assert_eq!(desk.value("device"), "\"file\" from datalake.toml:1");
}

#[test]
fn the_built_in_configuration_is_used_without_a_file() {
    let desk = Desk::bare();
    let config = desk.right();
    assert_eq!(config.file, None);
    let names: Vec<&str> = config.selected().map(|source| &*source.name).collect();
    // It also names a plugin that this program was built without.
    assert_eq!(names, ["daily-notes"]);
}

#[test]
fn show_tells_every_value() {
    let desk = Desk::with("[source.daily-notes]\nschedule = ['watch', '0 3 * * *']\ntoken = 'x'");
    let desk = desk.env("PROJECT_ROOT", "/lake");
    assert_eq!(
        table(desk.right().show()),
        "\
device                       (none)                  default
store.data_dir               \"/lake/data\"            default
store.db_file                \"/lake/datalake.db\"     default
store.busy_timeout           \"10s\"                   default
store.cache                  \"16 MiB\"                default
store.max_size               (none)                  default
store.synchronous            \"full\"                  default
log.dir                      \"/lake/logs\"            default
log.level                    \"info\"                  default
log.format                   \"text\"                  default
server.api                   \"127.0.0.1:8766\"        default
server.ui                    \"127.0.0.1:5050\"        default
time.zone                    (none)                  default
run.threads                  0                       default
run.stall                    \"5m\"                    default
watch.notify                 true                    default
watch.poll                   \"2s\"                    default
watch.scan                   \"1m\"                    default
source.daily-notes.type      \"daily-notes\"           default
source.daily-notes.enabled   true                    default
source.daily-notes.schedule  [\"watch\", \"0 3 * * *\"]  datalake.toml:2
source.daily-notes.tags      []                      default
source.daily-notes.device    (none)                  default
source.daily-notes.settle    \"5s\"                    default
source.daily-notes.path      [\"/var/log/notes\"]      default
source.daily-notes.readers   4                       default
source.daily-notes.token     \"***\"                   datalake.toml:3
"
    );
    let json = serde_json::to_value(&desk.right().show()[8]).unwrap();
    let expected =
        serde_json::json!({ "key": "log.level", "value": "\"info\"", "origin": "default" });
    assert_eq!(json, expected);
}
