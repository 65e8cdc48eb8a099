//! `kill -9` of the reading process at seeded random instants, again and again until one gets through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::NO_INPUTS;
use crate::child::{End, Running};
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure, ensure_same};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::random::Random;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "kill",
    rule: "killed at any instant, again and again, then read once more: nothing lost, nothing twice, no row \
           without its file and no file without its row",
    run,
};

/// A process that reads fewer inputs is over before a kill can hit it.
const INPUTS: usize = 24;
const ZONE: &str = "UTC";

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    if kit.child.is_none() {
        return Verdict::none("this program does not say how it starts itself again");
    }
    let inputs = many(kit)?;
    let whole = Lake::read_once(kit, &inputs, &How::usual())?;
    let digest = whole.digest(Detail::ORIGINS)?;
    let took = unharmed(kit, &inputs, &digest)?;
    let mut kills = 0;
    let mut seed = 0;
    while kills < kit.effort.kills {
        // A machine that is slower now than before is hit too early, one that is faster too late.
        ensure!(
            seed < 8 * u64::from(kit.effort.kills),
            "only {kills} kills of {seed} rounds hit a process that was still reading"
        );
        let wanted = kit.effort.kills - kills;
        kills += round(kit, &inputs, &digest, (seed, took, wanted))
            .map_err(|failure| failure.during(format!("round {seed}")))?;
        seed += 1;
    }
    Ok(Verdict::Passed)
}

/// The inputs, and copies of them in folders of their own where the plugin reads them there.
fn many(kit: &Arc<Kit>) -> Result<Vec<Input>> {
    let mut inputs = kit.inputs.clone();
    if kit.traits()?.elsewhere != Some("older/{}") {
        return Ok(inputs);
    }
    let mut number = 0;
    while inputs.len() < INPUTS {
        number += 1;
        inputs.extend(
            kit.inputs
                .iter()
                .map(|(name, bytes)| (format!("copy-{number:02}/{name}"), bytes.clone())),
        );
    }
    Ok(inputs)
}

/// A process that nobody kills; how long it takes.
fn unharmed(kit: &Arc<Kit>, inputs: &[Input], digest: &str) -> Result<Duration> {
    let lake = Lake::with(kit, inputs)?;
    let begun = Instant::now();
    Running::start(kit, &lake, &How::one_by_one(), ZONE)?.finish()?;
    let took = begun.elapsed();
    let rule = "read in a process of its own, it is something else";
    ensure_same(digest, &lake.digest(Detail::ORIGINS)?, rule)?;
    Ok(took)
}

/// Kills until a process gets through, or there were enough. Returns how many it hit.
fn round(
    kit: &Arc<Kit>,
    inputs: &[Input],
    digest: &str,
    (seed, took, wanted): (u64, Duration, u32),
) -> Result<u32> {
    let mut random = Random(seed);
    let lake = Lake::with(kit, inputs)?;
    let mut kills = 0;
    while kills < wanted {
        let running = Running::start(kit, &lake, &How::one_by_one(), ZONE)?;
        let instant = random.below(took.as_micros() as u64);
        std::thread::sleep(Duration::from_micros(instant));
        if running.kill()? == End::Done {
            break;
        }
        kills += 1;
        // Not always: whoever looks also takes in what the killed one left in the log of the database.
        if random.below(2) == 0 {
            lake.has_its_files()?;
        }
    }
    lake.read(&How::usual())?.ok()?;
    lake.sound()?;
    lake.swept()?;
    let rule = format!("after {kills} kills it is not what a whole reading makes");
    ensure_same(digest, &lake.digest(Detail::ORIGINS)?, &rule)?;
    Ok(kills)
}
