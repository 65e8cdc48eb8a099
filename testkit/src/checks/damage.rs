//! Damaged inputs: bad input is data.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::{NO_INPUTS, side_by_side};
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::mutate::{Amount, Damaged, long_line, of_lines, of_whole};
use crate::reading::{How, Ran};
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "damage",
    rule: "bad input is data: no error, no panic, no hang; what stands around it is read, and what becomes no \
           record becomes a reject with its place",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let growing = kit.traits()?.growing;
    let amount = Amount {
        cuts: kit.effort.cuts,
        flips: kit.effort.flips,
    };
    let known = References::default();
    for (number, input) in kit.inputs.iter().enumerate() {
        let by_line = growing.contains(input);
        let mut all = if by_line {
            of_lines(&input.1, amount)
        } else {
            of_whole(&input.1, amount)
        };
        if by_line && number == 0 {
            all.push(long_line(&input.1));
        }
        side_by_side(&all, |damaged| {
            let situation = format!("{} {}", input.0, damaged.what);
            one(kit, &input.0, damaged, &known).map_err(|failure| failure.during(situation))
        })?;
    }
    Ok(Verdict::Passed)
}

/// What a reading of what is spared makes, by the inputs.
type References = Mutex<HashMap<Vec<Input>, (BTreeSet<String>, String)>>;

fn one(kit: &Arc<Kit>, name: &str, damaged: &Damaged, known: &References) -> Result {
    let Damaged {
        bytes,
        spared,
        must_show,
        ..
    } = damaged;
    let (keys, digest) = reference(kit, name, spared, known)?;
    let length = bytes.len();
    let mut inputs = neighbour(kit, name);
    inputs.push((name.to_owned(), bytes.clone()));
    let lake = Lake::with(kit, &inputs)?;
    let ran = lake.read(&How::units_only())?.ok()?;
    lake.sound()?;
    let found = lake.keys()?;
    let lost: Vec<&str> = keys.difference(&found).map(String::as_str).collect();
    ensure!(
        lost.is_empty(),
        "records around the damage are lost: {}",
        lost.join("; ")
    );
    let rejects = rejects_of(&lake, name)?;
    for (start, end, _) in &rejects {
        ensure!(
            start <= end && *end <= length as i64,
            "a reject says that it stands at bytes {start} to {end} of {length}"
        );
    }
    match must_show {
        Some(range) => shows(&lake, &digest, &rejects, &ran, range.clone()),
        None => Ok(()),
    }
}

/// The damaged bytes became something: a reject that says where, or a record, or the unit was left out.
fn shows(
    lake: &Lake,
    reference: &str,
    rejects: &[(i64, i64, bool)],
    ran: &Ran,
    range: Range<usize>,
) -> Result {
    let overlaps = |(start, end, pointer): &(i64, i64, bool)| {
        *pointer || (*start < range.end as i64 && *end > range.start as i64)
    };
    if rejects.iter().any(overlaps) || ran.skipped > 0 {
        return Ok(());
    }
    let (start, end) = (range.start, range.end);
    ensure!(
        rejects.is_empty(),
        "the reject of the bytes {start} to {end} does not say where they stand: give it an origin"
    );
    ensure!(
        lake.digest(Detail::CONTENT)? != reference,
        "the bytes {start} to {end} became neither a record nor a reject: they were dropped without a word"
    );
    Ok(())
}

/// A neighbour of the damaged input: the smallest of the others.
fn neighbour(kit: &Kit, name: &str) -> Vec<Input> {
    let others = kit.inputs.iter().filter(|(other, _)| other != name);
    let smallest = others.min_by_key(|(_, bytes)| bytes.len());
    smallest.cloned().into_iter().collect()
}

fn reference(
    kit: &Arc<Kit>,
    name: &str,
    spared: &Option<Vec<u8>>,
    known: &References,
) -> Result<(BTreeSet<String>, String)> {
    let mut inputs = neighbour(kit, name);
    inputs.extend(spared.iter().map(|bytes| (name.to_owned(), bytes.clone())));
    let known = || known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known().get(&inputs) {
        return Ok(known.clone());
    }
    let lake = Lake::read_once(kit, &inputs, &How::units_only())?;
    let made = (lake.keys()?, lake.digest(Detail::CONTENT)?);
    known().insert(inputs, made.clone());
    Ok(made)
}

/// First byte, end, and whether there is a pointer.
fn rejects_of(lake: &Lake, unit: &str) -> Result<Vec<(i64, i64, bool)>> {
    let db = lake.connection()?;
    let sql = "SELECT place_start, place_end, pointer != '' FROM rejects AS r
               JOIN origins AS o ON o.id = r.origin WHERE o.unit = ?1";
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([unit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
