//! A store that has troubles of its own: the same key twice, a record it cannot take, a lock, a full disk.

use std::sync::Arc;
use std::time::Duration;

use super::NO_INPUTS;
use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::observe::lines;
use crate::reading::How;
use crate::sink::Plan;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "sink",
    rule: "the same record twice in a batch, a record that cannot be stored, a locked database and a full disk \
           leave no half of a commit, and nothing is missing once they are over",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let whole = Lake::read_once(kit, &kit.inputs, &How::units_only())?;
    twice(kit, &whole).map_err(|failure| failure.during("every line twice"))?;
    poison(kit, &whole).map_err(|failure| failure.during("a record that cannot be stored"))?;
    locked(kit, &whole).map_err(|failure| failure.during("a locked database"))?;
    full(kit).map_err(|failure| failure.during("a full disk"))?;
    Ok(Verdict::Passed)
}

/// Each line that is read by itself comes twice, in one batch.
fn twice(kit: &Arc<Kit>, whole: &Lake) -> Result {
    let growing = kit.traits()?.growing;
    let doubled = |input: &Input| {
        let (name, bytes) = input;
        let lines = lines(bytes);
        let twice = lines
            .iter()
            .flat_map(|line| [*line, *line])
            .collect::<Vec<_>>();
        let bytes = if growing.contains(input) {
            twice.concat()
        } else {
            bytes.clone()
        };
        (name.clone(), bytes)
    };
    let inputs: Vec<Input> = kit.inputs.iter().map(doubled).collect();
    let lake = Lake::read_once(kit, &inputs, &How::units_only())?;
    lake.sound()?;
    ensure!(
        lake.keys()? == whole.keys()?,
        "there are other rows than when each line comes once"
    );
    Ok(())
}

/// The one record becomes a reject, and its neighbours stay.
fn poison(kit: &Arc<Kit>, whole: &Lake) -> Result {
    let lake = Lake::full(kit)?;
    let ran = lake.read(&How::units_only().plan(Plan::Poison))?.ok()?;
    lake.sound()?;
    ensure!(ran.receipt.rejected > 0, "it did not become a reject");
    ensure!(lake.keys()? == whole.keys()?, "other rows suffer from it");
    Ok(())
}

/// Another program holds the database for longer than the store waits.
fn locked(kit: &Arc<Kit>, whole: &Lake) -> Result {
    let mut lake = Lake::full(kit)?;
    lake.set_patience(Duration::from_millis(15));
    // Opened before somebody locks it, as in a program that runs all the time.
    drop(lake.store()?);
    let other = lake.connection()?;
    other.execute_batch("BEGIN IMMEDIATE")?;
    let ran = lake.read(&How::units_only());
    other.execute_batch("ROLLBACK")?;
    drop(other);
    if let Ok(ran) = ran {
        ensure!(
            ran.error.is_some(),
            "nothing could be written, and the plugin says that all went well"
        );
    }
    ensure!(
        lake.rows()? == 0,
        "there are rows that were never committed"
    );
    lake.set_patience(Duration::from_secs(10));
    lake.read(&How::units_only())?.ok()?;
    lake.sound()?;
    complete(&lake, whole)
}

/// The database reaches its limit in the middle of a reading.
fn full(kit: &Arc<Kit>) -> Result {
    let inputs = bulky(kit)?;
    let whole = Lake::read_once(kit, &inputs, &How::units_only())?;
    let keys = whole.keys()?;
    let smallest = kit.template()?.len() as u64;
    for more in [0, 16 << 10, 64 << 10] {
        let mut lake = Lake::with(kit, &inputs)?;
        lake.set_max_size(Some(smallest + more));
        let how = How {
            relate: false,
            ..How::one_by_one()
        };
        // Where it was not full after all, nothing is said either.
        let full = lake.read(&how)?.error.is_some();
        lake.sound()?;
        ensure!(
            lake.keys()?.is_subset(&keys),
            "there are rows that a whole reading does not make"
        );
        lake.set_max_size(None);
        lake.read(&How::units_only())?.ok()?;
        lake.sound()?;
        complete(&lake, &whole)
            .map_err(|failure| failure.during(if full { "room again" } else { "room enough" }))?;
    }
    Ok(())
}

/// Once the trouble is over, everything comes.
fn complete(lake: &Lake, whole: &Lake) -> Result {
    let (wanted, found) = (whole.keys()?, lake.keys()?);
    let lost: Vec<&str> = wanted.difference(&found).map(String::as_str).collect();
    ensure!(
        lost.is_empty(),
        "when it was over, this never came: {}",
        lost.join("; ")
    );
    ensure!(
        found.len() == wanted.len(),
        "when it was over, there were rows that a whole reading does not make"
    );
    let (wanted, found) = (whole.rejects()?, lake.rejects()?);
    ensure!(
        found == wanted,
        "when it was over, there were {found} rejects in place of {wanted}"
    );
    Ok(())
}

/// The inputs that grow with many bad lines in them: rejects need room whatever the format is.
fn bulky(kit: &Arc<Kit>) -> Result<Vec<Input>> {
    let growing = kit.traits()?.growing;
    let with_bad_lines = |input: &Input| {
        let (name, bytes) = input;
        if !growing.contains(input) {
            return input.clone();
        }
        let mut text = Vec::new();
        for (number, line) in lines(bytes).into_iter().enumerate() {
            text.extend_from_slice(line);
            let bad = format!("{number} ][ ");
            text.extend_from_slice(bad.repeat(4_096 / bad.len()).as_bytes());
            text.push(b'\n');
        }
        (name.clone(), text)
    };
    Ok(kit.inputs.iter().map(with_bad_lines).collect())
}
