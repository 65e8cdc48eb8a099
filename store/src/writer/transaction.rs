//! Transactions that hold the write lock from their start. In a rehearsal they are savepoints of one that is
//! rolled back at the end.

use std::cell::Cell;
use std::ops::Deref;

use datalake_core::Error;
use rusqlite::Connection;

use super::Failure;
use crate::error::is_busy;

/// How often a transaction is tried while another process keeps the database busy, each time for the whole
/// busy timeout.
const BUSY_ATTEMPTS: u32 = 6;

/// What ends transactions for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A commit.
    Real,
    /// Nothing: the one transaction around them all is never committed.
    Rehearsal,
}

/// A transaction. Dropped before it is committed, it is taken back.
pub(crate) struct Transaction<'c> {
    db: &'c Connection,
    mode: Mode,
    open: Cell<bool>,
}

impl<'c> Transaction<'c> {
    /// Starts a transaction, waiting for other processes to end theirs.
    pub(crate) fn begin(db: &'c mut Connection, mode: Mode) -> Result<Self, Failure> {
        match mode {
            Mode::Real => wait(db)?,
            // A savepoint outside a transaction would be one itself, and be committed: SQLite ends the one around
            // it when it runs out of room.
            Mode::Rehearsal if db.is_autocommit() => {
                let message = "the rehearsal has ended: the database rolled it back";
                return Err(Error::temporary(message)
                    .hint("make room on the disk, then start it again; nothing was changed")
                    .into());
            }
            Mode::Rehearsal => db.execute_batch("SAVEPOINT work")?,
        }
        Ok(Self {
            db,
            mode,
            open: Cell::new(true),
        })
    }

    /// Makes what was written final, as far as the mode makes anything final.
    pub(crate) fn commit(&self) -> rusqlite::Result<()> {
        self.db.execute_batch(match self.mode {
            Mode::Real => "COMMIT",
            Mode::Rehearsal => "RELEASE work",
        })?;
        self.open.set(false);
        Ok(())
    }
}

/// Starts a transaction, waiting for other processes to end theirs.
pub(crate) fn wait(db: &Connection) -> rusqlite::Result<()> {
    let mut attempt = 1;
    loop {
        match db.execute_batch("BEGIN IMMEDIATE") {
            Err(error) if is_busy(&error) && attempt < BUSY_ATTEMPTS => attempt += 1,
            other => return other,
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.db
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Some failures have made SQLite roll back by itself.
        if self.open.get() && !self.db.is_autocommit() {
            let _ = self.db.execute_batch(match self.mode {
                Mode::Real => "ROLLBACK",
                Mode::Rehearsal => "ROLLBACK TO work; RELEASE work",
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(db: &Connection) -> i64 {
        db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_rehearsal_without_its_transaction_takes_nothing_any_more() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (a)").unwrap();
        wait(&db).unwrap();
        let work = Transaction::begin(&mut db, Mode::Rehearsal).unwrap();
        work.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        work.commit().unwrap();
        drop(work);
        assert_eq!(rows(&db), 1);
        // As SQLite does it when the disk is full.
        db.execute_batch("ROLLBACK").unwrap();
        assert!(Transaction::begin(&mut db, Mode::Rehearsal).is_err());
        assert_eq!(rows(&db), 0);
    }

    #[test]
    fn what_is_not_committed_is_taken_back() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (a)").unwrap();
        for mode in [Mode::Real, Mode::Rehearsal] {
            if mode == Mode::Rehearsal {
                wait(&db).unwrap();
            }
            let work = Transaction::begin(&mut db, mode).unwrap();
            work.execute_batch("INSERT INTO t VALUES (1)").unwrap();
            drop(work);
            assert_eq!(rows(&db), 0);
            assert_eq!(db.is_autocommit(), mode == Mode::Real);
        }
    }
}
