//! Several file sources as one: for files of one thing that change in different ways, such as logs that grow and
//! documents that are written anew.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::checkpoint::{Checkpoint, KnownUnit, UnitId};
use crate::error::{Error, Result};
use crate::output::Output;
use crate::reject::Kept;
use crate::source::{Context, Source, Unit};

/// The sources as one. A file that several of them would read is the first one's; the first one also relates.
pub fn together(sources: impl IntoIterator<Item = Arc<dyn Source>>) -> Arc<dyn Source> {
    Arc::new(Together {
        sources: sources.into_iter().collect(),
        owners: Mutex::default(),
    })
}

struct Together {
    sources: Vec<Arc<dyn Source>>,
    /// Which source found a unit at the last search.
    owners: Mutex<HashMap<UnitId, usize>>,
}

impl Together {
    /// The source that reads a unit.
    fn owner(&self, unit: &UnitId) -> Result<&Arc<dyn Source>> {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let number = owners.get(unit).copied().unwrap_or_default();
        self.sources
            .get(number)
            .ok_or_else(|| Error::bug("there is no source that could read anything"))
    }
}

#[async_trait]
impl Source for Together {
    async fn units(&self, cx: &Context) -> Result<Vec<Unit>> {
        let mut owners = HashMap::new();
        let mut units = Vec::new();
        for (number, source) in self.sources.iter().enumerate() {
            for unit in source.units(cx).await? {
                if !owners.contains_key(&unit.id) {
                    owners.insert(unit.id.clone(), number);
                    units.push(unit);
                }
            }
        }
        *self.owners.lock().unwrap_or_else(PoisonError::into_inner) = owners;
        units.sort_unstable_by(|left, right| left.id.cmp(&right.id));
        Ok(units)
    }

    async fn read(
        &self,
        cx: &Context,
        unit: &Unit,
        from: Option<Checkpoint>,
        out: &mut Output,
    ) -> Result<()> {
        self.owner(&unit.id)?.read(cx, unit, from, out).await
    }

    async fn replay(
        &self,
        cx: &Context,
        unit: &UnitId,
        input: &Kept,
        out: &mut Output,
    ) -> Result<bool> {
        self.owner(unit)?.replay(cx, unit, input, out).await
    }

    async fn relate(&self, cx: &Context, known: &[KnownUnit], out: &mut Output) -> Result<()> {
        match self.sources.first() {
            Some(first) => first.relate(cx, known, out).await,
            None => Ok(()),
        }
    }

    fn unit_of(&self, name: &str) -> UnitId {
        match self.sources.first() {
            Some(first) => first.unit_of(name),
            None => UnitId::new(name),
        }
    }

    fn concerns(&self, path: &Path) -> bool {
        self.sources.iter().any(|source| source.concerns(path))
    }

    fn roots(&self) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = Vec::new();
        for root in self.sources.iter().flat_map(|source| source.roots()) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        roots
    }
}
