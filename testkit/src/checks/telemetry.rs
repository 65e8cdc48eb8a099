//! What is told of a run is what happened in it.

use std::sync::Arc;

use rusqlite::Row;

use super::NO_INPUTS;
use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::{How, Ran};
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "telemetry",
    rule: "the counters of a run in `runs` are those of what it brought: records, inserted, changed, rejected, bytes",
    run,
};

/// What a row of `runs` says.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    outcome: String,
    units: u64,
    bytes: u64,
    records: u64,
    inserted: u64,
    changed: u64,
    unchanged: u64,
    rejected: u64,
}

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let lake = Lake::full(kit)?;
    let ran = lake.read(&How::one_by_one())?.ok()?;
    let told = told(&lake, ran.run)?;
    agrees(&told, &ran)?;
    let (rows, rejects) = (lake.rows()?, lake.rejects()?);
    ensure!(
        told.inserted == rows,
        "the run inserted {} rows, and there are {rows}",
        told.inserted
    );
    ensure!(
        told.rejected == rejects,
        "the run rejected {} inputs, and there are {rejects}: each needs a place of its own",
        told.rejected
    );
    // What a table refuses was a record first and is a reject then.
    let stored = told.inserted + told.changed + told.unchanged;
    ensure!(
        (stored..=stored + told.rejected).contains(&told.records),
        "the run pushed {} records, of which {stored} were stored and {} rejected",
        told.records,
        told.rejected
    );
    let again = lake.read(&How::units_only())?.ok()?;
    agrees(&self::told(&lake, again.run)?, &again)?;
    Ok(Verdict::Passed)
}

fn agrees(told: &Told, ran: &Ran) -> Result {
    let receipt = ran.receipt;
    let wanted = Told {
        outcome: String::from("done"),
        units: ran.units.len() as u64,
        bytes: ran.read,
        records: ran.seen.records,
        inserted: receipt.inserted,
        changed: receipt.changed,
        unchanged: receipt.unchanged,
        rejected: receipt.rejected,
    };
    ensure!(
        *told == wanted,
        "the run says {told:?}, and it was {wanted:?}"
    );
    Ok(())
}

fn told(lake: &Lake, run: i64) -> Result<Told> {
    let sql = "SELECT outcome, units, bytes, records, inserted, changed, unchanged, rejected FROM runs WHERE id = ?1";
    let number = |row: &Row<'_>, place: usize| row.get::<_, i64>(place).map(|number| number as u64);
    Ok(lake.connection()?.query_row(sql, [run], |row| {
        Ok(Told {
            outcome: row.get(0)?,
            units: number(row, 1)?,
            bytes: number(row, 2)?,
            records: number(row, 3)?,
            inserted: number(row, 4)?,
            changed: number(row, 5)?,
            unchanged: number(row, 6)?,
            rejected: number(row, 7)?,
        })
    })?)
}
