//! From what people wrote to what it means: every section is checked, every source is made, and
//! all problems are collected before anything is said.

use std::time::Duration;

use datalake_core::SourceEntry;
use datalake_core::config::{
    Document, Problem, Row, Section, by_distance, parse_override, sort_problems, suggestion,
    toml_string,
};

use super::raw::{RawConfig, RawSource};
use super::sections::{General, Log, Run, Server, SourceSettings, Store, Time, Watch};
use super::{Config, ConfigErrors, ConfiguredSource, Inputs};

/// What has been found so far.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    rows: Vec<Row>,
}

impl Findings {
    fn close(&mut self, section: Section) {
        let (problems, rows) = section.into_parts();
        self.problems.extend(problems);
        self.rows.extend(rows);
    }

    /// Reads a section with `read`.
    fn read<T>(&mut self, mut section: Section, read: fn(&mut Section) -> Option<T>) -> Option<T> {
        let made = read(&mut section);
        self.close(section);
        made
    }
}

/// Checks everything.
pub(super) fn resolve(raw: RawConfig, inputs: &Inputs<'_>) -> Result<Config, ConfigErrors> {
    let RawConfig {
        file,
        folders,
        core,
        sources,
        problems,
        mut warnings,
    } = raw;
    let mut findings = Findings {
        problems,
        rows: Vec::new(),
    };
    let core = read_core(core, &mut findings);
    let sources = read_sources(sources, inputs, &mut findings, &mut warnings);
    let Findings { mut problems, rows } = findings;
    sort_problems(&mut problems);
    let Some(core) = core.filter(|_| problems.is_empty()) else {
        return Err(ConfigErrors { problems, warnings });
    };
    let (general, store, log, server, time, run, watch) = core;
    let base = folders.base.clone();
    Ok(Config {
        file,
        base,
        general,
        store,
        log,
        server,
        time,
        run,
        watch,
        sources,
        warnings,
        rows,
    })
}

/// Looking more often than this would keep a core busy.
const SHORTEST_POLL: Duration = Duration::from_millis(100);

type Core = (General, Store, Log, Server, Time, Run, Watch);

/// Reads the core sections, all of them before the first bad one ends it.
fn read_core(core: Vec<Section>, findings: &mut Findings) -> Option<Core> {
    let Ok([general, store, log, server, time, run, watch]) = <[Section; 7]>::try_from(core) else {
        findings.problems.push(Problem::new(
            "the sections of the program do not match its table",
        ));
        return None;
    };
    let general = findings.read(general, read_general);
    let store = findings.read(store, Store::from_section);
    let log = findings.read(log, Log::from_section);
    let server = findings.read(server, read_server);
    let time = findings.read(time, Time::from_section);
    let run = findings.read(run, Run::from_section);
    let watch = findings.read(watch, read_watch);
    Some((general?, store?, log?, server?, time?, run?, watch?))
}

fn read_general(section: &mut Section) -> Option<General> {
    let general = General::from_section(section)?;
    refuse_empty(section, "device", general.device.as_deref());
    Some(general)
}

fn read_server(section: &mut Section) -> Option<Server> {
    let server = Server::from_section(section)?;
    // With port 0 the system gives each its own.
    if server.api == server.ui && server.api.port() != 0 {
        section.refuse("ui", "`api` and `ui` cannot listen on the same address");
    }
    Some(server)
}

fn read_watch(section: &mut Section) -> Option<Watch> {
    let watch = Watch::from_section(section)?;
    for (key, value) in [("poll", watch.poll), ("scan", watch.scan)] {
        if value < SHORTEST_POLL {
            section.refuse(key, format!("`{key}` must be 100ms or longer"));
        }
    }
    Some(watch)
}

fn refuse_empty(section: &mut Section, key: &str, value: Option<&str>) {
    if value.is_some_and(|value| value.trim().is_empty()) {
        section.refuse(key, format!("`{key}` must not be empty"));
    }
}

fn read_sources(
    sources: Vec<RawSource>,
    inputs: &Inputs<'_>,
    findings: &mut Findings,
    warnings: &mut Vec<Problem>,
) -> Vec<ConfiguredSource> {
    let mut made = Vec::new();
    for source in sources {
        let entry = source.entry(inputs.entries);
        let RawSource {
            name,
            mut section,
            chosen,
            ad_hoc,
        } = source;
        if let Some(entry) = entry {
            warn_of_deprecated(&name, entry, warnings);
        }
        let built = read_source(&name, &mut section, entry, inputs.entries);
        let before = findings.rows.len();
        findings.close(section);
        if let (Some((settings, source)), Some(entry)) = (built, entry) {
            let selected = if inputs.sources.is_empty() {
                settings.enabled
            } else {
                chosen
            };
            let name = name.into();
            made.push(ConfiguredSource {
                name,
                entry,
                settings,
                source,
                keys: keys(&findings.rows[before..]),
                selected,
                ad_hoc,
            });
        }
    }
    made
}

/// The keys of a section with their values, wherever they come from.
fn keys(rows: &[Row]) -> std::sync::Arc<str> {
    let mut keys: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} = {}\n",
                row.key,
                row.value.as_deref().unwrap_or_default()
            )
        })
        .collect();
    keys.sort_unstable();
    keys.concat().into()
}

fn warn_of_deprecated(name: &str, entry: &SourceEntry, warnings: &mut Vec<Problem>) {
    if let datalake_core::Stability::Deprecated { use_instead } = entry.stability {
        let message = format!(
            "source `{name}` uses the deprecated plugin `{}`",
            entry.name
        );
        let hint = format!("use `{use_instead}` instead");
        warnings.push(Problem::warning(message).hint(hint));
    }
}

type Built = (SourceSettings, std::sync::Arc<dyn datalake_core::Source>);

/// Reads the keys that every source has, then lets the plugin read its own.
fn read_source(
    name: &str,
    section: &mut Section,
    entry: Option<&'static SourceEntry>,
    entries: &[&'static SourceEntry],
) -> Option<Built> {
    let Some(entry) = entry else {
        report_unknown_plugin(name, section, entries);
        // Its own keys cannot be judged without the plugin, the others can.
        let _ = SourceSettings::take_from(section);
        return None;
    };
    if section.get("type").is_none() {
        let default = Document::default_value(&toml_string(entry.name));
        section.set("type", parse_override(&default));
    }
    section.also_known(SourceSettings::FIELDS);
    let before = section.problems().len();
    let settings = read_settings(section);
    let after_settings = section.problems().len();
    let source = (entry.build)(section);
    section.finish(entry.fields);
    if source.is_none() && section.problems().len() == after_settings {
        let message = format!(
            "the plugin `{}` refused [source.{name}] without a reason",
            entry.name
        );
        section.report(Problem::new(message).hint("this is a mistake in the plugin; report it"));
    }
    (section.problems().len() == before).then_some((settings?, source?))
}

fn read_settings(section: &mut Section) -> Option<SourceSettings> {
    let settings = SourceSettings::take_from(section)?;
    refuse_empty(section, "device", settings.device.as_deref());
    if settings.tags.iter().any(|tag| tag.trim().is_empty()) {
        section.refuse("tags", "a tag must not be empty");
    }
    Some(settings)
}

fn report_unknown_plugin(name: &str, section: &mut Section, entries: &[&'static SourceEntry]) {
    let given = section
        .get("type")
        .map(|item| (item.as_text().map(str::to_owned), &item.place));
    let (typed, problem) = match given {
        Some((Some(typed), place)) => {
            let message = format!("there is no plugin `{typed}`");
            (typed, Problem::new(message).at(place.clone()))
        }
        // Reading the settings says what is wrong with a type that is no text.
        Some((None, _)) => return,
        None => {
            let message =
                format!("[source.{name}] has no `type`, and no plugin is called `{name}`");
            (name.to_owned(), Problem::new(message))
        }
    };
    let plugins = by_distance(&typed, entries.iter().map(|entry| entry.name));
    section.report(problem.hint(suggestion(&typed, "plugins of this program", plugins)));
}
