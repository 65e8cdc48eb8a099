//! One execution of a source: its units, read one by one into a sink. The scheduler does this side by side and
//! the conformance kit in every odd order; what happens to one unit is the same for both.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{KnownUnit, UnitId};
use crate::error::Result;
use crate::output::{BATCH_BYTES, Job, Outcome, Output, Progress};
use crate::record::Origin;
use crate::reject::{Kept, Sample};
use crate::sink::Sink;
use crate::source::{Context, Source, Unit};
use crate::time::Timestamp;

/// The unit under which [`Source::relate`] writes.
pub const RELATE_UNIT: &str = "@relate";

/// What came of reading a unit: what the source says, and what the sink says. Where both failed, the sink's
/// error explains the source's.
pub type UnitDone = (Result<()>, Result<Outcome>);

/// What was related last: a hash of the units and the configuration.
#[derive(PartialEq, Serialize, Deserialize)]
struct Related {
    inputs: Box<str>,
}

/// A unit that was read and is not all written yet.
pub struct Parsed {
    read: Result<()>,
    output: Output,
    unit: UnitId,
    /// Who is told that the unit was read as a whole, where all are read again.
    whole: Option<Arc<Progress>>,
}

impl Parsed {
    /// Whether what waits to be written is little ([`LIGHT_BYTES`](crate::LIGHT_BYTES)): then another unit may be read
    /// meanwhile.
    pub fn is_light(&self) -> bool {
        self.output.is_light()
    }

    /// Waits until the sink has written what was read.
    pub async fn written(self) -> UnitDone {
        let done = (self.read, self.output.finish().await);
        if let Some(progress) = self.whole
            && is_whole(&done)
        {
            progress.note_whole(self.unit);
        }
        done
    }
}

/// An execution of a source.
pub struct Reading {
    /// The source.
    pub source: Arc<dyn Source>,
    /// What it is told about the world.
    pub context: Context,
    /// Where it writes.
    pub sink: Arc<dyn Sink>,
    /// The number of the run, as given by the store.
    pub run: i64,
    /// Tags that the configuration adds to every record.
    pub tags: Arc<[Box<str>]>,
    /// The source's configuration as text: what is related is related again when it changes.
    pub configuration: Arc<str>,
    /// After how many bytes an open batch is written.
    pub batch_bytes: usize,
    /// The run's counters.
    pub progress: Arc<Progress>,
}

impl Reading {
    /// An execution of `source` with the usual size of batches and no tags.
    pub fn new(source: Arc<dyn Source>, context: Context, sink: Arc<dyn Sink>, run: i64) -> Self {
        Self {
            source,
            context,
            sink,
            run,
            tags: Arc::default(),
            configuration: Arc::default(),
            batch_bytes: BATCH_BYTES,
            progress: Arc::default(),
        }
    }

    /// What there is to read.
    pub async fn units(&self) -> Result<Vec<Unit>> {
        self.source.units(&self.context).await
    }

    /// Reads one unit from where it was left. What was read before a failure stays. `attempt` is unique within
    /// the process.
    pub async fn unit(&self, unit: &Unit, attempt: u64) -> UnitDone {
        self.parse(unit, attempt).await.written().await
    }

    /// The first part of [`Reading::unit`]: what takes a reader. The sink may still have to write what it brought.
    pub async fn parse(&self, unit: &Unit, attempt: u64) -> Parsed {
        let mut output = self.output(&unit.id, attempt);
        let read = match &unit.problem {
            Some(problem) => {
                output.reject(Origin::default(), problem.clone(), Sample::of(&[]));
                output.truncated();
                Ok(())
            }
            None => self.read(unit, &mut output).await,
        };
        Parsed {
            read,
            output,
            unit: unit.id.clone(),
            whole: self.context.full.then(|| self.progress.clone()),
        }
    }

    async fn read(&self, unit: &Unit, output: &mut Output) -> Result<()> {
        let known = self.context.known.get(&unit.id);
        let from = known.and_then(|known| known.checkpoint.clone());
        let read = self.source.read(&self.context, unit, from, output).await;
        read.map_err(|error| error.at(unit.id.to_string()))
    }

    /// Reads rejected inputs of one unit again. The second value tells which of them the source could read from
    /// what was kept; those that still cannot become a record are rejects again.
    pub async fn replay(
        &self,
        unit: &UnitId,
        inputs: &[Kept],
        attempt: u64,
    ) -> (UnitDone, Vec<bool>) {
        let mut output = self.output(unit, attempt);
        let mut replayed = Vec::with_capacity(inputs.len());
        let mut read = Ok(());
        for input in inputs {
            let done = self
                .source
                .replay(&self.context, unit, input, &mut output)
                .await;
            match done {
                Ok(done) => replayed.push(done),
                Err(error) => {
                    read = Err(error.at(unit.to_string()));
                    break;
                }
            }
        }
        replayed.resize(inputs.len(), false);
        ((read, output.finish().await), replayed)
    }

    /// Writes what follows from all units, `known` being all that the source ever had. What was related from the same
    /// units under the same configuration is there already, and is not related again, unless the source said that it
    /// is not all there is to say yet.
    pub async fn relate(&self, known: &[KnownUnit], attempt: u64) -> UnitDone {
        match self.is_related(known).await {
            Ok(true) => return (Ok(()), Ok(Outcome::default())),
            Ok(false) => {}
            Err(error) => return (Err(error), Ok(Outcome::default())),
        }
        let mut output = self.output(&UnitId::new(RELATE_UNIT), attempt);
        let mut related = self.source.relate(&self.context, known, &mut output).await;
        if related.is_ok() && output.has_brought() && !output.is_truncated() {
            related = output.commit(&self.inputs(known)).await;
        }
        (related, output.finish().await)
    }

    async fn is_related(&self, known: &[KnownUnit]) -> Result<bool> {
        let (source, unit) = (&self.context.source, UnitId::new(RELATE_UNIT));
        if self.context.full {
            return Ok(false);
        }
        // A source that relates nothing has no such checkpoint, and its units need not be looked at.
        let stored = self.sink.checkpoint(source, &unit).await?;
        let stored = stored.and_then(|stored| stored.decode(self.context.cursor_version));
        Ok(stored.is_some_and(|stored: Related| stored == self.inputs(known)))
    }

    /// What relating rests on.
    fn inputs(&self, known: &[KnownUnit]) -> Related {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &[u8]| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        let Context { device, zone, .. } = &self.context;
        for part in [&**device, zone.name(), &self.configuration] {
            add(part.as_bytes());
        }
        self.tags.iter().for_each(|tag| add(tag.as_bytes()));
        for unit in known {
            let KnownUnit { id, state, .. } = unit;
            let cursor = unit.checkpoint.as_ref().map(|stored| &*stored.cursor);
            add(id.as_str().as_bytes());
            add(cursor.unwrap_or_default().as_bytes());
            add(state.hash.as_ref().map_or(&[], |hash| &hash[..]));
            let modified = state.modified.map_or(i64::MIN, Timestamp::as_micros);
            add(&modified.to_le_bytes());
            add(&state.size.to_le_bytes());
            add(&[u8::from(unit.missing)]);
        }
        Related {
            inputs: hasher.finalize().to_hex().as_str().into(),
        }
    }

    fn output(&self, unit: &UnitId, attempt: u64) -> Output {
        let known = self.context.known.get(unit);
        let state = known.map(|known| known.state.clone()).unwrap_or_default();
        let job = Job {
            source: self.context.source.clone(),
            run: self.run,
            unit: unit.clone(),
            attempt,
            cursor_version: self.context.cursor_version,
            tags: self.tags.clone(),
            batch_bytes: self.batch_bytes,
            progress: self.progress.clone(),
        };
        Output::new(job, state, self.sink.clone())
    }
}

/// Whether nothing of the unit was left out, what was rejected of it aside.
fn is_whole(done: &UnitDone) -> bool {
    match done {
        (Ok(()), Ok(outcome)) => !outcome.truncated && outcome.skipped.is_none(),
        _ => false,
    }
}
