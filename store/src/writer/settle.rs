//! What becomes of rejects afterwards: they are read again and found good, or a person drops them.

use datalake_core::{Result, UnitId};
use rusqlite::{Params, params};

use super::Writer;
use crate::rejects::list;

impl Writer {
    /// Of rejects that were read again, those that `run` did not meet once more count as replayed. Returns how
    /// many did.
    pub(crate) fn settle_replay(&mut self, ids: &[i64], run: i64) -> Result<usize> {
        let row = self.run_state(run)?.row;
        self.change(
            "status = 'open' AND last_run IS NOT ?2 AND id IN (SELECT value FROM json_each(?1))",
            "status = 'replayed'",
            params![list(ids), row],
        )
    }

    /// A unit was read in full by `run`, without an error: what it did not meet of the open rejects of the unit's
    /// present content is good by now. Of an earlier content this says nothing: nobody has read it. Returns how many
    /// there were.
    pub(crate) fn resolve_unmet(&mut self, source: &str, unit: &UnitId, run: i64) -> Result<usize> {
        let row = self.run_state(run)?.row;
        self.change(
            "status = 'open' AND last_run IS NOT ?3
                 AND origin IN (SELECT id FROM origins WHERE source = ?1 AND unit = ?2
                     ORDER BY generation DESC LIMIT 1)",
            "status = 'replayed'",
            params![source, unit.as_str(), row],
        )
    }

    /// A person has decided that nothing is lost with these. Returns how many were not dropped before.
    pub(crate) fn drop_rejects(&mut self, ids: &[i64]) -> Result<usize> {
        self.change(
            "status != 'dropped' AND id IN (SELECT value FROM json_each(?1))",
            "status = 'dropped', bytes = x''",
            params![list(ids)],
        )
    }

    /// Changes rejects, and begins no transaction where there are none to change.
    fn change(&mut self, which: &str, set: &str, parameters: impl Params + Copy) -> Result<usize> {
        let any = format!("SELECT 1 FROM rejects WHERE {which} LIMIT 1");
        let any = self
            .connection
            .prepare_cached(&any)
            .and_then(|mut statement| statement.exists(parameters));
        if !any.map_err(|error| self.explain(error))? {
            return Ok(0);
        }
        let sql = format!("UPDATE rejects SET {set} WHERE {which}");
        self.transact(|db| Ok(db.prepare_cached(&sql)?.execute(parameters)?))
    }
}
