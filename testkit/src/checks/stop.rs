//! Stopped at every commit point, by a wish and by death, and read on from the stored cursor.

use std::sync::Arc;

use super::NO_INPUTS;
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
    for at in 0..batches {
        for plan in [Plan::DieAfter(at), Plan::CancelAfter(at)] {
            if plan == Plan::CancelAfter(0) {
                continue;
            }
            let situation = match plan {
                Plan::DieAfter(_) => format!("killed after {at} of {batches} commits"),
                _ => format!("asked to stop after {at} of {batches} commits"),
            };
            let lake = stopped(kit, plan).map_err(|failure| failure.during(&situation))?;
            let strange: Vec<String> = lake.keys()?.difference(&keys).cloned().collect();
            ensure!(
                strange.is_empty(),
                "{situation} there are rows that a whole reading does not make: {}",
                strange.join("; ")
            );
            lake.sound().map_err(|failure| failure.during(&situation))?;
            lake.close();
            let ran = lake.read(&How::usual())?;
            ran.ok().map_err(|failure| failure.during(&situation))?;
            let rule = format!("{situation} and read on, it is not what a whole reading makes");
            ensure_same(&digest, &lake.digest(Detail::ORIGINS)?, &rule)?;
            lake.sound().map_err(|failure| failure.during(&situation))?;
        }
    }
    Ok(Verdict::Passed)
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
