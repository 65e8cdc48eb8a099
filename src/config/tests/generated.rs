//! The files that are written from the tables.

// Only this makes the linker keep the plugins.
use datalake_plugins as _;

use super::*;

static SHIPPED: &[&SourceEntry] = &[&NOTES];

#[test]
fn datalake_toml_is_fresh() {
    // A program without plugins is refused elsewhere; here it only means an empty list.
    let entries = datalake_core::registry::sources().unwrap_or_default();
    let fresh = sample(&entries);
    assert!(
        BUILT_IN == fresh,
        "datalake.toml is stale: run `cargo xtask generate`"
    );
}

#[test]
fn the_shipped_configuration_works_in_an_empty_folder() {
    let entries = datalake_core::registry::sources().unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let config = Config::load(&Inputs {
        config: None,
        set: Vec::new(),
        sources: Vec::new(),
        plugins: Vec::new(),
        environment: [("HOME", home)].into_iter().collect(),
        working_folder: folder.path().to_path_buf(),
        platform: Platform::Xdg,
        entries: &entries,
        built_in: BUILT_IN,
    });
    let config = config.unwrap_or_else(|errors| panic!("{}", errors.report()));
    // Every plugin has a source there, so that nobody has to write a file to begin.
    assert_eq!(config.sources.len(), entries.len());
}

#[test]
fn the_sample_changes_nothing() {
    let mut desk = Desk::with(&sample(SHIPPED));
    let from_file = table(desk.right().show());
    std::fs::remove_file(desk.path("datalake.toml")).unwrap();
    desk.write("datalake.toml", "[source.daily-notes]");
    assert_eq!(from_file, table(desk.right().show()));
    // As the built-in configuration it works in an empty folder.
    std::fs::remove_file(desk.path("datalake.toml")).unwrap();
    desk.built_in = sample(SHIPPED);
    assert_eq!(desk.right().selected().count(), 1);
}

#[test]
fn every_key_of_the_sample_can_be_switched_on() {
    let switched: String = sample(SHIPPED)
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.contains(" = ") && !key.starts_with(' ') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = Desk::with(&switched).right();
    let from_file = |row: &&Row| row.origin.starts_with("datalake.toml:");
    let plain = config
        .show()
        .iter()
        .filter(|row| !row.key.starts_with("source."))
        .count();
    assert_eq!(
        config.show().iter().filter(from_file).count(),
        plain + NotesConfig::FIELDS.len()
    );
}

#[test]
fn the_sample_of_a_source() {
    let text = sample(&[&LETTERS]);
    let (_, source) = text.split_once("device, settle").unwrap_or(("", &text));
    let at = source.find("# Letters").unwrap();
    assert_eq!(
        &source[at..],
        "\
# Letters, one file each (deprecated)
[source.letters]
# The folder they lie in.
folder = \"~/letters\"
"
    );
    static OWN: SourceEntry = SourceEntry {
        sample: "# mine\nreaders = 1\n\n",
        ..NOTES
    };
    assert!(sample(&[&OWN]).ends_with("[source.daily-notes]\n# mine\nreaders = 1\n"));
    assert!(sample(SHIPPED).contains("#\n#   schedule = \"watch\"\n#       When `datalake serve`"));
}

#[test]
fn the_shared_keys_are_those_that_the_registry_protects() {
    let names: Vec<&str> = SourceSettings::FIELDS
        .iter()
        .map(|field| field.name)
        .collect();
    assert_eq!(names, datalake_core::registry::SHARED_KEYS);
}

#[test]
fn the_schema_knows_every_key() {
    let schema = json_schema(PLUGINS);
    let store = &schema["properties"]["store"];
    assert_eq!(store["additionalProperties"], false);
    assert_eq!(store["properties"]["cache"]["default"], "16 MiB");
    assert_eq!(schema["properties"]["device"]["type"], "string");
    let plugin = &schema["$defs"]["plugin-letters"];
    assert_eq!(plugin["required"], serde_json::json!(["folder"]));
    assert_eq!(plugin["properties"]["type"]["const"], "letters");
    assert_eq!(plugin["properties"]["settle"]["default"], "5s");
    let named = &schema["properties"]["source"]["properties"]["letters"];
    assert_eq!(named["then"]["$ref"], "#/$defs/plugin-letters");
}

#[test]
fn the_reference_has_a_line_for_every_key() {
    let page = reference(PLUGINS);
    let core = CORE_SECTIONS.iter().flat_map(|section| section.fields);
    let plugins = PLUGINS.iter().flat_map(|entry| entry.fields);
    for field in core.chain(SourceSettings::FIELDS).chain(plugins) {
        assert!(
            page.contains(&format!("\n| `{}` | ", field.name)),
            "{}",
            field.name
        );
    }
    assert!(
        page.contains("\n| `readers` | a whole number from 1 to 64 | `4` | How many at once. |\n")
    );
    assert!(page.contains("\n| `folder` | a path | must be given | The folder they lie in. |\n"));
    assert!(page.contains("as &lt;kind>/YYYY/MM/DD/"));
}

#[test]
fn generated_files_end_with_a_line_break() {
    for (path, text) in generated_files(PLUGINS) {
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{path}");
    }
}
