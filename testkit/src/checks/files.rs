//! What happens to files while they are followed: rotation, renames, truncation, touches.

use std::sync::Arc;

use super::NO_INPUTS;
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure, ensure_same};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::observe::thirds;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "files",
    rule: "a file that is renamed, rotated, truncated, replaced, touched or removed gives each of its records once, \
           and what was read of it stays",
    run,
};

/// Long before the time that inputs have otherwise.
const BACKWARDS: u64 = 600_000_000;
const LATER: u64 = 1_900_000_000;

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let traits = kit.traits()?;
    for input in &kit.inputs {
        let about = |what: &'static str| {
            move |failure: crate::Failure| failure.during(format!("{}: {what}", input.0))
        };
        touched(kit, input).map_err(about("touched"))?;
        removed(kit, input).map_err(about("removed"))?;
        let other = traits.moved(&input.0);
        if let Some(other) = &other {
            renamed(kit, input, other).map_err(about("renamed"))?;
        }
        if traits.growing.contains(input) {
            time_goes_back(kit, input).map_err(about("changed back in time"))?;
            replaced(kit, input).map_err(about("removed and written anew"))?;
            rewritten(kit, input).map_err(about("truncated and written anew"))?;
            if let Some(other) = &other {
                rotated(kit, input, other).map_err(about("rotated"))?;
                copied_and_truncated(kit, input, other).map_err(about("copied and truncated"))?;
            }
        }
    }
    Ok(Verdict::Passed)
}

/// What these parts make when they are read as one file.
fn wanted(kit: &Arc<Kit>, name: &str, parts: &[&[u8]]) -> Result<String> {
    let input = (name.to_owned(), parts.concat());
    content(kit, &Lake::read_once(kit, &[input], &How::units_only())?)
}

/// What a lake holds, but for whether sets are complete: that is said of one content of a file, and what was
/// wrong with the one before does not count. Nor do the names by which others refer to a row: a file that gets
/// another name may get another such. Nor do rows that say where something stood. And what is kept raw is kept of each
/// content by itself: whether it is right is looked at wherever a lake is sound.
fn content(kit: &Kit, lake: &Lake) -> Result<String> {
    let digest = lake.digest(Detail::CONTENT)?;
    let lines = digest.lines();
    let placed = kit.entry.datasets.iter().filter(|dataset| dataset.placed);
    let placed = placed.map(|dataset| format!("row {} ", dataset.name));
    let mut left_out: Vec<String> = placed.collect();
    left_out.extend(["scope ", "aliases of ", "raw "].map(String::from));
    let lines = lines.filter(|line| !left_out.iter().any(|start| line.starts_with(start)));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

fn check(kit: &Arc<Kit>, lake: &Lake, name: &str, parts: &[&[u8]]) -> Result {
    lake.read(&How::units_only())?.ok()?;
    lake.sound()?;
    let rule = "it is not what the file ever held";
    ensure_same(&wanted(kit, name, parts)?, &content(kit, lake)?, rule)
}

fn started(kit: &Arc<Kit>, name: &str, bytes: &[u8]) -> Result<Lake> {
    let lake = Lake::with(kit, &[(name.to_owned(), bytes.to_vec())])?;
    lake.read(&How::units_only())?.ok()?;
    Ok(lake)
}

fn touched(kit: &Arc<Kit>, (name, bytes): &Input) -> Result {
    let lake = started(kit, name, bytes)?;
    let before = lake.rows()?;
    for time in [LATER, BACKWARDS] {
        lake.set_changed(name, time)?;
        let receipt = lake.read(&How::units_only())?.ok()?.receipt;
        let inserted = receipt.inserted;
        ensure!(
            inserted == 0 && lake.rows()? == before,
            "only its time has changed, and {inserted} rows were inserted"
        );
    }
    lake.sound()
}

fn removed(kit: &Arc<Kit>, (name, bytes): &Input) -> Result {
    let lake = started(kit, name, bytes)?;
    lake.remove(name)?;
    check(kit, &lake, name, &[bytes])
}

fn renamed(kit: &Arc<Kit>, (name, bytes): &Input, other: &str) -> Result {
    let lake = started(kit, name, bytes)?;
    lake.rename(name, other)?;
    check(kit, &lake, name, &[bytes])
}

fn time_goes_back(kit: &Arc<Kit>, (name, bytes): &Input) -> Result {
    let [one, two, three] = thirds(bytes);
    let lake = started(kit, name, one)?;
    for part in [two, three] {
        lake.append(name, part)?;
        lake.set_changed(name, BACKWARDS)?;
        lake.read(&How::units_only())?.ok()?;
    }
    lake.append(name, b"")?;
    check(kit, &lake, name, &[bytes])
}

/// Often the new file gets the inode of the old one.
fn replaced(kit: &Arc<Kit>, (name, bytes): &Input) -> Result {
    let [one, two, three] = thirds(bytes);
    let lake = started(kit, name, &[one, two].concat())?;
    lake.remove(name)?;
    lake.put(name, three)?;
    check(kit, &lake, name, &[bytes])
}

/// The same inode with other content, shorter and then longer than what was read.
fn rewritten(kit: &Arc<Kit>, (name, bytes): &Input) -> Result {
    let [one, two, three] = thirds(bytes);
    let lake = started(kit, name, one)?;
    lake.put(name, two)?;
    lake.read(&How::units_only())?.ok()?;
    lake.put(name, &[three, one, two].concat())?;
    check(kit, &lake, name, &[bytes])
}

/// The last lines of the old file were written after it was read.
fn rotated(kit: &Arc<Kit>, (name, bytes): &Input, other: &str) -> Result {
    let [one, two, three] = thirds(bytes);
    let lake = started(kit, name, one)?;
    lake.append(name, two)?;
    lake.rename(name, other)?;
    lake.put(name, three)?;
    check(kit, &lake, name, &[bytes])
}

fn copied_and_truncated(kit: &Arc<Kit>, (name, bytes): &Input, other: &str) -> Result {
    let [one, two, three] = thirds(bytes);
    let lake = started(kit, name, one)?;
    lake.append(name, two)?;
    lake.copy(name, other)?;
    lake.put(name, three)?;
    check(kit, &lake, name, &[bytes])
}
