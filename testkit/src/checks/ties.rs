//! Records of the same time, and records that come late.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::NOT_GROWING;
use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::observe::{is_blank, lines};
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "ties",
    rule: "records of the same time, records across the border of two batches and records that come late are all \
           kept: a time is never a cursor",
    run,
};

/// The first lines of an input are enough.
const LINES: usize = 40;

fn run(kit: &Arc<Kit>) -> Outcome {
    let growing = kit.traits()?.growing;
    if growing.is_empty() {
        return Verdict::none(NOT_GROWING);
    }
    let mut judged = 0;
    for (name, bytes) in &growing {
        let mut all = lines(bytes);
        all.retain(|line| !is_blank(line));
        all.truncate(LINES);
        let mut each = BTreeSet::new();
        for line in &all {
            each.extend(keys(
                kit,
                (name.clone(), line.to_vec()),
                &How::units_only(),
            )?);
        }
        if all_ways(kit, name, &all, &each)? {
            judged += 1;
        }
    }
    match judged {
        0 => Verdict::none("its lines depend on one another, so that their order means something"),
        _ => Ok(Verdict::Passed),
    }
}

fn keys(kit: &Arc<Kit>, input: Input, how: &How) -> Result<BTreeSet<String>> {
    Lake::read_once(kit, &[input], how)?.keys()
}

/// The lines forwards, backwards, in one run and a run each. `false` where a line needs the others to be
/// understood.
fn all_ways(kit: &Arc<Kit>, name: &str, all: &[&[u8]], each: &BTreeSet<String>) -> Result<bool> {
    let backwards: Vec<&[u8]> = all.iter().rev().copied().collect();
    let one_by_one = How {
        relate: false,
        ..How::one_by_one()
    };
    let forwards = keys(kit, (name.to_owned(), all.concat()), &How::units_only())?;
    if !forwards.is_subset(each) {
        return Ok(false);
    }
    compare(name, "in one run", each, &forwards)?;
    let batches = keys(kit, (name.to_owned(), all.concat()), &one_by_one)?;
    compare(name, "in batches of one record", each, &batches)?;
    let late = keys(
        kit,
        (name.to_owned(), backwards.concat()),
        &How::units_only(),
    )?;
    compare(name, "the latest first", each, &late)?;
    for (order, lines) in [
        ("a run for each line", all),
        ("the latest first, a run for each line", &backwards),
    ] {
        let lake = Lake::empty(kit)?;
        for line in lines {
            lake.append(name, line)?;
            lake.read(&How::units_only())?.ok()?;
        }
        compare(name, order, each, &lake.keys()?)?;
    }
    Ok(true)
}

fn compare(name: &str, order: &str, each: &BTreeSet<String>, found: &BTreeSet<String>) -> Result {
    let lost: Vec<&str> = each.difference(found).map(String::as_str).collect();
    ensure!(
        lost.is_empty(),
        "{name}, {order}: {} of {} records are lost that each line gives by itself: {}",
        lost.len(),
        each.len(),
        lost.first().copied().unwrap_or_default()
    );
    Ok(())
}
