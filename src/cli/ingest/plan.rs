//! Which source reads which of the named files, and what they are called there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use datalake_core::{Chosen, Error, INGESTED, Result, SourceEntry, UnitId};

use super::super::app::App;
use super::input::{Named, Overrides};
use crate::config::ConfiguredSource;

/// What is to be done with the files.
pub(super) struct Plan {
    /// The files in the order in which they were named.
    pub(super) files: Vec<Planned>,
    /// What is read together.
    pub(super) groups: Vec<Group>,
}

/// A file and what is to be done with it.
pub(super) struct Planned {
    /// How it was named.
    pub(super) label: String,
    /// What it is.
    pub(super) entry: Option<&'static SourceEntry>,
    /// Its group and its unit there, or why it has none.
    pub(super) place: Result<(usize, UnitId)>,
}

/// Files that one source reads.
pub(super) struct Group {
    /// The source.
    pub(super) source: ConfiguredSource,
    /// Its files.
    pub(super) chosen: Arc<Chosen>,
}

/// A group that is filled.
struct Filling {
    source: ConfiguredSource,
    section: Arc<str>,
    chosen: Chosen,
}

/// The source whose keys count for a file.
struct Keys<'a> {
    source: &'a ConfiguredSource,
    /// The folder of this source that the file lies in, if it searches no other one.
    root: Option<PathBuf>,
}

impl Plan {
    pub(super) fn of(app: &App, named: Vec<Named>, overrides: &Overrides) -> Result<Self> {
        let mut groups: Vec<Filling> = Vec::new();
        let mut files = Vec::with_capacity(named.len());
        for Named { label, path, entry } in named {
            let (entry, place) = match entry {
                Err(error) => (None, Err(error)),
                Ok(entry) => {
                    let keys = Keys::of(app, entry, &path)?;
                    (Some(entry), Ok(fill(&mut groups, &keys, path, overrides)))
                }
            };
            files.push(Planned {
                label,
                entry,
                place,
            });
        }
        let groups = groups.into_iter().map(|group| Group {
            source: group.source,
            chosen: Arc::new(group.chosen),
        });
        Ok(Self {
            files,
            groups: groups.collect(),
        })
    }
}

/// Puts a file into its group; returns the group's place and the file's unit.
fn fill(
    groups: &mut Vec<Filling>,
    keys: &Keys<'_>,
    path: PathBuf,
    overrides: &Overrides,
) -> (usize, UnitId) {
    let (section, name) = (&keys.source.name, keys.name());
    let same = |group: &Filling| group.section == *section && *group.source.name == *name;
    let place = groups.iter().position(same).unwrap_or_else(|| {
        groups.push(Filling {
            source: overridden(keys.source, &name, overrides),
            section: section.clone(),
            chosen: Chosen::default(),
        });
        groups.len() - 1
    });
    let group = &mut groups[place];
    let name = group.chosen.add(path, keys.root.as_deref());
    (place, group.source.source.unit_of(&name))
}

/// A source under another name, with what the command line says over its keys.
fn overridden(source: &ConfiguredSource, name: &str, overrides: &Overrides) -> ConfiguredSource {
    let mut source = source.clone();
    source.name = name.into();
    source.settings.settle = Duration::ZERO;
    if let Some(tags) = &overrides.tags {
        source.settings.tags.clone_from(tags);
    }
    if overrides.device.is_some() {
        source.settings.device.clone_from(&overrides.device);
    }
    source
}

impl<'a> Keys<'a> {
    /// Those of the configured source in whose folder the file lies; else those of the only source of its plugin;
    /// else the plugin's defaults.
    fn of(app: &'a App, entry: &SourceEntry, path: &Path) -> Result<Self> {
        let of_plugin = app.config.sources.iter();
        let of_plugin = of_plugin.filter(|source| source.entry.name == entry.name);
        let (ad_hoc, configured): (Vec<_>, Vec<_>) = of_plugin.partition(|source| source.ad_hoc);
        if let Some((source, root)) = holder(&configured, path) {
            let root = (source.source.roots().len() == 1).then_some(root);
            return Ok(Self { source, root });
        }
        match (&configured[..], &ad_hoc[..]) {
            ([source], _) | (_, [source]) => Ok(Self { source, root: None }),
            _ => Err(Error::bug(format!("there is no source of {}", entry.name))),
        }
    }

    /// The name under which the files are ingested. Names of files below a folder mean something in this folder
    /// alone.
    fn name(&self) -> String {
        let plugin = self.source.entry.name;
        match self.root {
            Some(_) => format!("{INGESTED}{plugin}/{}", self.source.name),
            None => format!("{INGESTED}{plugin}"),
        }
    }
}

/// The source that searches the innermost folder around a file, and that folder; none where several do.
fn holder<'a>(
    sources: &[&'a ConfiguredSource],
    path: &Path,
) -> Option<(&'a ConfiguredSource, PathBuf)> {
    let mut holders = Vec::new();
    for source in sources {
        let roots = source.source.roots().into_iter();
        let real = roots.filter_map(|root| fs::canonicalize(root).ok());
        let innermost = real
            .filter(|root| root.is_dir() && path.starts_with(root))
            .max_by_key(|root| root.as_os_str().len());
        holders.extend(innermost.map(|root| (*source, root)));
    }
    let innermost = holders
        .iter()
        .map(|(_, root)| root.as_os_str().len())
        .max()?;
    holders.retain(|(_, root)| root.as_os_str().len() == innermost);
    let only = holders.len() == 1;
    holders.into_iter().next().filter(|_| only)
}
