//! A wish to stop is heard.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::NOT_GROWING;
use super::memory::longer;
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure, ensure_same};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::reading::How;
use crate::sink::Plan;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "cancel",
    rule: "asked to stop, a reader stops at the next commit point, within two seconds",
    run,
};

/// What may still be on its way when somebody asks: a batch that waits, one that is being sent, one that is
/// being filled, and what ends the attempt.
const ON_THEIR_WAY: u64 = 4;
const LIMIT: Duration = Duration::from_secs(2);
const TRIES: u32 = 3;

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.traits()?.growing.is_empty() {
        return Verdict::none(NOT_GROWING);
    }
    let mut judged = 0;
    for input in longer(kit)? {
        let inputs = [input];
        let whole = Lake::with(kit, &inputs)?;
        let batches = whole.read(&How::one_by_one())?.ok()?.seen.batches;
        if batches < 3 * ON_THEIR_WAY {
            continue;
        }
        let name = &inputs[0].0;
        let (lake, took, written) = stopped(kit, &inputs)?;
        ensure!(
            took < LIMIT,
            "{name}: asked to stop, it went on for {took:?}"
        );
        ensure!(
            written <= 1 + ON_THEIR_WAY,
            "{name}: asked to stop after the first of {batches} batches, it wrote {written}: look at \
             `cx.cancel` between records"
        );
        lake.sound()?;
        lake.read(&How::usual())?.ok()?;
        let rule = format!("{name}: stopped and read on, it is not what a whole reading makes");
        ensure_same(
            &whole.digest(Detail::ORIGINS)?,
            &lake.digest(Detail::ORIGINS)?,
            &rule,
        )?;
        judged += 1;
    }
    match judged {
        0 => Verdict::none("its inputs make too few batches to be stopped between them"),
        _ => Ok(Verdict::Passed),
    }
}

/// A reading that is asked to stop after its first batch: how long it took, and how many batches it wrote.
fn stopped(kit: &Arc<Kit>, inputs: &[Input]) -> Result<(Lake, Duration, u64)> {
    let mut tries = 0;
    loop {
        let lake = Lake::with(kit, inputs)?;
        let begun = Instant::now();
        let ran = lake.read(&How::one_by_one().plan(Plan::CancelAfter(1)))?;
        let took = begun.elapsed();
        tries += 1;
        // Other work on this machine may slow one down, but hardly all.
        if took < LIMIT || tries == TRIES {
            return Ok((lake, took, ran.seen.batches));
        }
    }
}
