//! What the rest of the program asks of the store beside writing batches: locks, the past, rejects, cursors.

use datalake_core::{Error, KnownUnit, Result, SourceName, Timestamp, UnitId};

use crate::history::{self, LastRun};
use crate::lock::{Holder, LockKind, LockState, SourceLock, try_lock};
use crate::rejects::{self, StoredReject};
use crate::store::Store;
use crate::writer::forget::{Forgotten, OtherSource};
use crate::writer::{checkpoint_row, reset_cursors};

impl Store {
    /// Asks for the lock on reading a source, without waiting. Blocks for some milliseconds where it is held.
    pub fn lock_source(&self, source: &str, holder: &Holder) -> Result<LockState> {
        try_lock(&self.settings.database, source, LockKind::Source, holder)
    }

    /// Asks for the lock on watching a source, without waiting. It is held for the life of a watch, and the lock
    /// on reading the source only while the watch reads.
    pub fn lock_watch(&self, source: &str, holder: &Holder) -> Result<LockState> {
        try_lock(&self.settings.database, source, LockKind::Watch, holder)
    }

    /// Refuses whatever still comes of an attempt: its reader hangs and was given up, and may wake up later.
    pub async fn abandon(&self, attempt: u64) -> Result<()> {
        self.writer
            .call(move |writer| {
                writer.abandon(attempt);
                Ok(())
            })
            .await
    }

    /// Counts a due time of a source that was skipped because it was still being read: at its run in this
    /// process, else at the one that another has under way. Returns whether there is one.
    pub async fn count_overlap(&self, source: SourceName) -> Result<bool> {
        self.writer
            .call(move |writer| writer.count_overlap(&source))
            .await
    }

    /// Those of `units` that the source has ever had.
    pub async fn known_among(
        &self,
        source: SourceName,
        units: Vec<UnitId>,
    ) -> Result<Vec<KnownUnit>> {
        self.writer
            .call(move |writer| {
                let known = units.iter().filter_map(|unit| {
                    checkpoint_row(&writer.connection, &source, unit.as_str()).transpose()
                });
                known
                    .collect::<rusqlite::Result<_>>()
                    .map_err(|error| writer.explain(error))
            })
            .await
    }

    /// The newest run of a source that one of `triggers` started; with none given, the newest of all. One that
    /// has brought nothing yet is not told: its row is written at its end.
    pub async fn last_run(
        &self,
        source: SourceName,
        triggers: &'static [&'static str],
    ) -> Result<Option<LastRun>> {
        self.writer
            .call(move |writer| {
                history::last_run(&writer.connection, &source, triggers)
                    .map_err(|error| writer.explain(error))
            })
            .await
    }

    /// Whether a run that was to happen once has happened: one with the trigger `once` ended as `done` or
    /// `rejects`.
    pub async fn once_done(&self, source: SourceName) -> Result<bool> {
        self.writer
            .call(move |writer| {
                history::once_done(&writer.connection, &source)
                    .map_err(|error| writer.explain(error))
            })
            .await
    }

    /// A page of the open rejects with a number above `after`, in the order of their numbers; empty when there
    /// are no more. No `source` stands for all of them, and so do no `ids`. A page holds at most 500 rejects,
    /// and 4 MiB of their bytes.
    pub async fn open_rejects(
        &self,
        source: Option<SourceName>,
        ids: Vec<i64>,
        after: i64,
    ) -> Result<Vec<StoredReject>> {
        self.writer
            .call(move |writer| {
                rejects::open(&writer.connection, source.as_deref(), &ids, after)
                    .map_err(|error| writer.explain(error))
            })
            .await
    }

    /// Ends a replay: of these rejects, which `run` has read again, those that it did not meet once more count as
    /// replayed; the others stay open. Returns how many were replayed. To be called before the run ends.
    pub async fn settle_replay(&self, ids: Vec<i64>, run: i64) -> Result<usize> {
        self.writer
            .call(move |writer| writer.settle_replay(&ids, run))
            .await
    }

    /// After `run` has read a unit in full and without an error: the open rejects of its present content that the
    /// run did not meet count as replayed. Those of an earlier content stay open: it has gone unread, and what was
    /// kept of them is for a replay. Returns how many there were. To be called before the run ends.
    pub async fn resolve_unmet(&self, source: SourceName, unit: UnitId, run: i64) -> Result<usize> {
        self.writer
            .call(move |writer| writer.resolve_unmet(&source, &unit, run))
            .await
    }

    /// Drops rejects for good: a person has decided that nothing is lost with them. Their bytes go, their hash
    /// and length stay, so that the same input is never a reject again; what it might have been counts as not
    /// there when a scope is completed. Returns how many were not dropped before.
    pub async fn drop_rejects(&self, ids: Vec<i64>) -> Result<usize> {
        self.writer
            .call(move |writer| writer.drop_rejects(&ids))
            .await
    }

    /// Has one unit of a source, or all that are not gone, read again from the start at the next run, as the same
    /// generation of their content, as `run --full` would. Returns how many had been read before. The caller
    /// holds the source's lock.
    pub async fn reset_cursor(&self, source: SourceName, unit: Option<UnitId>) -> Result<usize> {
        self.writer
            .call(move |writer| reset_cursors(writer, &source, unit.as_ref()))
            .await
    }

    /// Takes out everything that came from a source, all or nothing, or only counts it for a preview: its rows
    /// with all that hangs on them, its samples, files, rejects, units and runs. What other sources have read as
    /// well comes back at their next runs: see [`Forgotten::others`].
    ///
    /// It takes the lock of the source, that on watching it, and those of the other sources it concerns; the
    /// caller holds none of them. Whoever watches one of the others asks for [`known`](datalake_core::Sink::known)
    /// units anew when it reads next.
    ///
    /// # Errors
    /// One of the sources is being read just now (temporary). A table of somebody's own refers to rows that
    /// would go, or rows of the source stand in a table of a plugin that this program lacks. Nothing was
    /// changed then.
    pub async fn forget(&self, source: SourceName, preview: bool) -> Result<Forgotten> {
        if preview {
            return self
                .writer
                .call(move |writer| writer.preview_forget(&source))
                .await;
        }
        loop {
            let name = source.clone();
            let (others, now) = self
                .writer
                .call(move |writer| writer.concerned(&name))
                .await?;
            let _locks = self.lock_all(&source, &others, now)?;
            let name = source.clone();
            let done = self
                .writer
                .call(move |writer| writer.forget(&name, &others))
                .await?;
            // Otherwise one more source has turned up meanwhile.
            if let Some(forgotten) = done {
                return Ok(forgotten);
            }
        }
    }

    fn lock_all(
        &self,
        source: &str,
        others: &[OtherSource],
        now: Timestamp,
    ) -> Result<Vec<SourceLock>> {
        let holder = Holder::this_process("forget", now);
        let others = others.iter().map(|other| other.source.as_str());
        let reading = std::iter::once(source).chain(others);
        let wanted = reading.map(|name| (name, LockKind::Source));
        let mut locks = Vec::new();
        for (name, kind) in wanted.chain([(source, LockKind::Watch)]) {
            match try_lock(&self.settings.database, name, kind, &holder)? {
                LockState::Taken(lock) => locks.push(lock),
                LockState::Held(other) => return Err(in_use(name, kind, other)),
            }
        }
        Ok(locks)
    }
}

fn in_use(source: &str, kind: LockKind, holder: Option<Holder>) -> Error {
    let what = match kind {
        LockKind::Source => "read",
        LockKind::Watch => "watched",
    };
    let by = holder.map_or_else(
        || String::from("another process"),
        |holder| holder.to_string(),
    );
    Error::temporary(format!("the source {source} is being {what} by {by}"))
        .hint("wait until it has ended, or stop it, then try again; nothing was changed")
}
