//! A run that finds nothing new writes nothing.

use std::sync::Arc;

use super::NO_INPUTS;
use crate::failure::{Outcome, Verdict, ensure};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "empty_run",
    rule: "a run that finds nothing new writes no batch, and leaves every cursor as it is to the byte",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let lake = Lake::full(kit)?;
    lake.read(&How::usual())?.ok()?;
    let before = lake.cursors()?;
    ensure!(
        !before.is_empty(),
        "after a whole reading no unit has a cursor: it would be read again every time"
    );
    for again in 1..=2 {
        // What is related is written as a set, and may be written again.
        let ran = lake.read(&How::units_only())?.ok()?;
        let after = lake.cursors()?;
        let changed: Vec<&str> = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| before != after)
            .map(|(before, _)| before.0.as_str())
            .collect();
        ensure!(
            changed.is_empty() && before.len() == after.len(),
            "run {again} found nothing new, and changed the cursor of: {}",
            changed.join(", ")
        );
        let (batches, records) = (ran.seen.batches, ran.records);
        ensure!(
            batches == 0 && records == 0,
            "run {again} found nothing new, and wrote {batches} batches with {records} records: the cursor is \
             not used"
        );
    }
    Ok(Verdict::Passed)
}
