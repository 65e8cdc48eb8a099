//! A slow sink: the reader waits instead of filling the memory.

use std::sync::Arc;
use std::time::Duration;

use super::NO_INPUTS;
use crate::failure::{Outcome, Verdict, ensure};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::observe::lines;
use crate::reading::How;
use crate::sink::Plan;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "memory",
    rule: "behind a slow store a reader holds three batches at most, each no larger than twice the limit and what \
           one input makes",
    run,
};

/// The batch that is being written, the one that waits, and the one that is being filled or sent.
const BATCHES: u64 = 3;
/// So many lines make enough batches to fill every queue.
const LINES: usize = 48;
const PAUSE: Duration = Duration::from_millis(4);

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let inputs = longer(kit)?;
    let single = Lake::with(kit, &inputs)?
        .read(&How::one_by_one())?
        .ok()?
        .seen;
    if single.batches < 2 * BATCHES {
        return Verdict::none("its inputs make too few batches to fill a queue");
    }
    let one_input = single.largest.max(single.largest_record);
    let limit = 3 * (single.bytes / single.records.max(1)) as usize;
    let how = How {
        batch_bytes: limit,
        ..How::usual().plan(Plan::Slow(PAUSE))
    };
    let seen = Lake::with(kit, &inputs)?.read(&how)?.ok()?.seen;
    let most = BATCHES * seen.most;
    ensure!(
        seen.waiting <= most,
        "{} records waited for the store at once; with batches of {} records at most {most} may",
        seen.waiting,
        seen.most
    );
    let ceiling = 2 * limit + one_input;
    ensure!(
        seen.largest <= ceiling,
        "a batch had {} bytes where batches are written from {limit} bytes on; at most {ceiling} may be",
        seen.largest
    );
    Ok(Verdict::Passed)
}

/// The inputs, with those that grow made longer by more of the same.
pub(super) fn longer(kit: &Arc<Kit>) -> crate::Result<Vec<Input>> {
    let growing = kit.traits()?.growing;
    let longer = |input: &Input| {
        let (name, bytes) = input;
        let times = if growing.contains(input) {
            LINES.div_ceil(lines(bytes).len().max(1))
        } else {
            1
        };
        (name.clone(), bytes.repeat(times))
    };
    Ok(kit.inputs.iter().map(longer).collect())
}
