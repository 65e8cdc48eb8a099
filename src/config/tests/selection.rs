//! `--source`: by name, by plugin, and sources that stand in no file.

use super::*;

const FILE: &str = "
[source.home]
type = 'daily-notes'
[source.work]
type = 'daily-notes'
[source.old]
type = 'daily-notes'
enabled = false
[source.letters]
folder = '/l'
";

fn selected(sources: &[&str]) -> Vec<String> {
    let desk = sources
        .iter()
        .fold(Desk::with(FILE), |desk, source| desk.choose(source));
    desk.right()
        .selected()
        .map(|source| source.name.to_string())
        .collect()
}

#[test]
fn without_a_choice_all_enabled_sources_run() {
    assert_eq!(selected(&[]), ["home", "work", "letters"]);
}

#[test]
fn a_name_goes_before_a_plugin() {
    assert_eq!(selected(&["work"]), ["work"]);
    assert_eq!(selected(&["letters"]), ["letters"]);
    // A name also chooses what is disabled.
    assert_eq!(selected(&["old", "home"]), ["home", "old"]);
}

/// The sources after a command has asked for plugins: names, plugins, roots, and whether they stand in no file.
fn with_plugins(text: &str, plugins: &[&'static str]) -> Vec<(String, &'static str, usize, bool)> {
    let mut desk = Desk::with(text);
    desk.plugins = plugins.to_vec();
    let sources = desk.right().sources;
    let shown = sources.iter().map(|source| {
        let roots = source.source.roots().len();
        (
            source.name.to_string(),
            source.entry.name,
            roots,
            source.ad_hoc,
        )
    });
    shown.collect()
}

#[test]
fn plugins_that_are_asked_for_have_a_source() {
    let ad_hoc = |plugin: &'static str| (format!("@ingest/{plugin}"), plugin, 1, true);
    let home = || (String::from("home"), "daily-notes", 1, false);
    assert_eq!(with_plugins("", &[]), []);
    // What a plugin must be told is told where it does not matter.
    let none = with_plugins("", &["daily-notes", "letters"]);
    assert_eq!(none, [ad_hoc("daily-notes"), ad_hoc("letters")]);
    let one = "[source.home]\ntype = 'daily-notes'\n";
    assert_eq!(with_plugins(one, &["daily-notes"]), [home()]);
    let two = format!("{one}[source.letters]\ntype = 'daily-notes'\n");
    let second = (String::from("letters"), "daily-notes", 1, false);
    assert_eq!(
        with_plugins(&two, &["daily-notes", "letters"]),
        [home(), second, ad_hoc("daily-notes"), ad_hoc("letters")]
    );
}

#[test]
fn a_plugin_means_its_enabled_sources() {
    assert_eq!(selected(&["daily-notes"]), ["home", "work"]);
    let desk = Desk::with("[source.old]\ntype = 'daily-notes'\nenabled = false");
    let config = desk.choose("daily-notes").right();
    assert_eq!(config.selected().count(), 1);
}

#[test]
fn a_plugin_without_a_source_runs_with_its_defaults() {
    let desk = Desk::with("")
        .choose("daily-notes")
        .set("path=here")
        .set("readers=2");
    let config = desk.right();
    let source = config.source("daily-notes").unwrap();
    assert!(source.ad_hoc && source.selected);
    assert_eq!(source.source.roots(), [desk.path("here")]);
    assert_eq!(
        desk.value("source.daily-notes.readers"),
        "2 from --set readers"
    );
    let text = Desk::with("").choose("letters").wrong();
    assert!(
        text.starts_with("error: `folder` is missing in [source.letters]\nhint: "),
        "{text}"
    );
}

#[test]
fn a_bare_key_goes_to_every_chosen_source() {
    let desk = Desk::with(FILE)
        .choose("home")
        .choose("work")
        .set("device=phone");
    let config = desk.right();
    let device = |name| config.source(name).unwrap().settings.device.clone();
    assert_eq!(device("home").as_deref(), Some("phone"));
    assert_eq!(device("work").as_deref(), Some("phone"));
    assert_eq!(device("letters"), None);
    assert_eq!(config.general.device, None);
    // Without a chosen source it is the key of that name above the first table.
    let config = Desk::with(FILE).set("device=phone").right();
    assert_eq!(config.general.device.as_deref(), Some("phone"));
}

#[test]
fn set_alone_can_make_a_source() {
    let desk = Desk::with("")
        .set("source.new.type=daily-notes")
        .set("source.new.path=/n");
    let config = desk.right();
    assert_eq!(
        config.source("new").unwrap().source.roots(),
        [PathBuf::from("/n")]
    );
    assert!(config.source("new").unwrap().selected);
    let config = desk.choose("daily-notes").right();
    assert_eq!(
        config
            .selected()
            .map(|s| s.name.to_string())
            .collect::<Vec<_>>(),
        ["new"]
    );
}

#[test]
fn an_unknown_source_lists_the_known_ones() {
    assert_eq!(
        Desk::with(FILE).choose("wrok").wrong(),
        "error: --source wrok: there is no such source or plugin\n\
         hint: did you mean `work`? sources and plugins: work, home, mute, old, letters, \
         daily-notes"
    );
}
