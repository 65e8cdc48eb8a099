//! Units in any order, and side by side.

use std::sync::Arc;

use super::NO_INPUTS;
use crate::digest::Detail;
use crate::failure::{Outcome, Verdict, ensure_same};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::reading::{How, Order};
use crate::sink::Plan;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "order",
    rule: "units read in any order, or side by side with their batches mixed, make the same store: nothing is \
           carried from one unit to the next",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let inputs = several(kit)?;
    if inputs.len() < 2 {
        return Verdict::none("it has one unit only, and reads no copy of it under another name");
    }
    let digest = Lake::read_once(kit, &inputs, &How::usual())?.digest(Detail::CONTENT)?;
    for seed in 0..6 {
        let lake = Lake::read_once(kit, &inputs, &How::usual().order(Order::Shuffled(seed)))?;
        let rule = "the same units in another order make another store";
        ensure_same(&digest, &lake.digest(Detail::CONTENT)?, rule)?;
        let mixed = How::one_by_one()
            .order(Order::Together)
            .plan(Plan::Shuffle(seed));
        let lake = Lake::read_once(kit, &inputs, &mixed)?;
        let rule = "units that are read side by side make another store than one after another";
        ensure_same(&digest, &lake.digest(Detail::CONTENT)?, rule)?;
        lake.sound()?;
    }
    Ok(Verdict::Passed)
}

/// The inputs; a single one a second time under another name.
fn several(kit: &Arc<Kit>) -> crate::Result<Vec<Input>> {
    let mut inputs = kit.inputs.clone();
    if let ([(name, bytes)], Some(other)) = (&kit.inputs[..], kit.traits()?.moved(&kit.inputs[0].0))
    {
        let mut lines = crate::observe::lines(bytes);
        lines.reverse();
        if name != &other && kit.traits()?.growing.len() == 1 {
            inputs.push((other, lines.concat()));
        }
    }
    Ok(inputs)
}
