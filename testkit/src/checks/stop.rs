//! Stopped at every commit point, by a wish and by death, and read on from the stored cursor.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{NO_INPUTS, side_by_side};
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure, ensure_same};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::sink::Plan;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "stop",
    rule: "stopped at any commit point and read on from the stored cursor, the store is as if it had never been \
           stopped: a cursor covers just what was pushed before it",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let whole = Lake::full(kit)?;
    let batches = whole.read(&How::one_by_one())?.ok()?.seen.batches;
    let keys = whole.keys()?;
    let digest = whole.digest(Detail::ORIGINS)?;
    let stops = (0..batches).flat_map(|at| [Plan::DieAfter(at), Plan::CancelAfter(at + 1)]);
    side_by_side(&stops.collect::<Vec<_>>(), |plan| {
        let situation = match plan {
            Plan::DieAfter(at) => format!("killed after {at} of {batches} commits"),
            plan => format!("asked to stop after one of {batches} commits ({plan:?})"),
        };
        one(kit, *plan, &keys, &digest).map_err(|failure| failure.during(situation))
    })?;
    Ok(Verdict::Passed)
}

/// Stops, looks, and reads on.
fn one(kit: &Arc<Kit>, plan: Plan, keys: &BTreeSet<String>, digest: &str) -> Result {
    let lake = stopped(kit, plan)?;
    let strange: Vec<String> = lake.keys()?.difference(keys).cloned().collect();
    ensure!(
        strange.is_empty(),
        "there are rows that a whole reading does not make: {}",
        strange.join("; ")
    );
    lake.sound()?;
    lake.close();
    lake.read(&How::usual())?.ok()?;
    let rule = "read on, it is not what a whole reading makes";
    ensure_same(digest, &lake.digest(Detail::ORIGINS)?, rule)?;
    lake.sound()
}

/// A lake in which a reading was stopped. A stop ends it with an error, or not at all if it was done anyway.
fn stopped(kit: &Arc<Kit>, plan: Plan) -> Result<Lake> {
    let lake = Lake::full(kit)?;
    let ran = lake.read(&How::one_by_one().plan(plan))?;
    let killed = matches!(plan, Plan::DieAfter(_));
    ensure!(
        ran.error.is_some() || !killed,
        "the store refused a batch, and the plugin says that all went well"
    );
    Ok(lake)
}
