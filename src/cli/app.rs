//! What every command starts from: the plugins, the configuration, and ways to open the store.

use std::io::Write;
use std::sync::Arc;

use datalake_core::registry;
use datalake_core::{Error, Result, SharedClock, SourceEntry, SystemClock, Zone};
use datalake_store::{Catalog, Created, Facts, Reader, Settings, Store, Synchronous};

use super::Global;
use crate::config::{self, Config, Inputs};

/// The program after its configuration has been read.
pub(super) struct App {
    pub(super) config: Config,
    pub(super) entries: Vec<&'static SourceEntry>,
    pub(super) json: bool,
}

impl App {
    /// Reads the configuration, says its warnings, and starts the logs; only commands that change the
    /// store write a log file.
    pub(super) fn load(
        global: &Global,
        sources: &[String],
        set: &[String],
        changes: bool,
    ) -> Result<Self> {
        Self::load_with(global, changes, |inputs| {
            inputs.sources = sources.to_vec();
            inputs.set = set.to_vec();
        })
    }

    /// The same for a command that changes the store and needs a source of each of these plugins, whether the
    /// configuration has one or not.
    pub(super) fn load_for_plugins(global: &Global, plugins: Vec<&'static str>) -> Result<Self> {
        Self::load_with(global, true, |inputs| inputs.plugins = plugins)
    }

    fn load_with(
        global: &Global,
        changes: bool,
        fill: impl FnOnce(&mut Inputs<'_>),
    ) -> Result<Self> {
        let entries = registry::sources()?;
        let mut inputs = Inputs::from_process(&entries)?;
        inputs.config.clone_from(&global.config);
        fill(&mut inputs);
        let config = Config::load(&inputs).map_err(Error::from)?;
        for warning in &config.warnings {
            // Nobody can be told when stderr is gone.
            let _ = writeln!(std::io::stderr(), "{}", warning.render());
        }
        let zone = config.time.zone.clone().unwrap_or_else(Zone::system);
        crate::logging::start(&config.log, changes, global.verbose, zone);
        Ok(Self {
            config,
            entries,
            json: global.json,
        })
    }

    /// Where the store is and how it works.
    pub(super) fn settings(&self) -> Settings {
        let store = &self.config.store;
        Settings {
            busy_timeout: store.busy_timeout,
            cache: store.cache.0,
            synchronous: match store.synchronous {
                config::Synchronous::Full => Synchronous::Full,
                config::Synchronous::Normal => Synchronous::Normal,
            },
            max_size: store.max_size.map(|size| size.0),
            ..Settings::new(&store.db_file, &store.data_dir)
        }
    }

    /// The datasets of all plugins, held against the schema.
    pub(super) fn catalog(&self) -> Result<Arc<Catalog>> {
        let datasets = registry::datasets()?;
        let fragments: Vec<(&str, &str)> = self
            .entries
            .iter()
            .filter_map(|entry| Some((entry.name, entry.schema?)))
            .collect();
        Ok(Arc::new(Catalog::new(&datasets, &fragments)))
    }

    /// Opens the store for writing, making it if it is not there.
    pub(super) fn store(&self, clock: SharedClock) -> Result<(Store, Created)> {
        let zone = self.config.time.zone.clone();
        let (mut store, created) =
            Store::open(self.settings(), self.catalog()?, clock, &self.birth(), zone)?;
        if let Some(device) = &self.config.general.device {
            store.set_device(device);
        }
        Ok((store, created))
    }

    /// Opens the store so that nothing that is written stays; what is not there is not made.
    pub(super) fn rehearsal(&self, clock: SharedClock) -> Result<Store> {
        let zone = self.config.time.zone.clone();
        let (settings, catalog) = (self.settings(), self.catalog()?);
        let mut store = Store::rehearse(settings, catalog, clock, &self.birth(), zone)?;
        if let Some(device) = &self.config.general.device {
            store.set_device(device);
        }
        Ok(store)
    }

    /// What a new database is told.
    fn birth(&self) -> Facts {
        let device = self.config.general.device.clone().unwrap_or_else(host_name);
        Facts {
            device: device.into(),
            zone: self.config.time.zone.clone().unwrap_or_else(Zone::system),
        }
    }

    /// Opens the database for reading.
    pub(super) fn reader(&self) -> Result<Reader> {
        Store::reader(&self.settings())
    }

    /// The clock.
    pub(super) fn clock() -> SharedClock {
        Arc::new(SystemClock)
    }
}

/// The name of this machine, for a new database.
fn host_name() -> String {
    let name = gethostname::gethostname().to_string_lossy().into_owned();
    if name.is_empty() {
        String::from("localhost")
    } else {
        name
    }
}

/// The lines that say what opening the store made.
pub(super) fn created_lines(app: &App, created: &Created) -> Vec<String> {
    let store = &app.config.store;
    let mut lines = Vec::new();
    if created.database {
        lines.push(format!("created the database {}", store.db_file.display()));
    }
    if created.data {
        lines.push(format!(
            "created the data folder {}",
            store.data_dir.display()
        ));
    }
    if let Some(backup) = &created.backup {
        lines.push(format!(
            "brought the database up to date; the state before lies in {}",
            backup.display()
        ));
    }
    lines
}
