//! A file that grows byte by byte.

use std::sync::Arc;

use super::NOT_GROWING;
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure, ensure_same};
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::observe::lines;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "append",
    rule: "a file that grows byte by byte gives each record once and never half of one: a line without its line \
           break waits",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    let growing = kit.traits()?.growing;
    if growing.is_empty() {
        return Verdict::none(NOT_GROWING);
    }
    for (name, bytes) in growing {
        let part = prefix(&bytes, kit.effort.appended);
        byte_by_byte(kit, &(name, part))?;
    }
    Ok(Verdict::Passed)
}

/// Whole lines: at least two, and no more than the limit asks for.
fn prefix(bytes: &[u8], limit: usize) -> Vec<u8> {
    let mut part = Vec::new();
    for (number, line) in lines(bytes).into_iter().enumerate() {
        if number >= 2 && part.len() + line.len() > limit {
            break;
        }
        part.extend_from_slice(line);
    }
    part
}

fn byte_by_byte(kit: &Arc<Kit>, input: &Input) -> Result {
    let (name, bytes) = input;
    let once = Lake::with(kit, std::slice::from_ref(input))?;
    let whole = once.read(&How::usual())?.ok()?;
    let lake = Lake::empty(kit)?;
    let mut pushed = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let situation = || format!("{name}, growing, at byte {at}");
        lake.append(name, &[*byte])?;
        let how = if at + 1 == bytes.len() {
            How::usual()
        } else {
            How::units_only()
        };
        let ran = lake
            .read(&how)?
            .ok()
            .map_err(|failure| failure.during(situation()))?;
        let news = ran.receipt.inserted + ran.receipt.changed + ran.receipt.rejected;
        ensure!(
            *byte == b'\n' || news == 0,
            "{}: the line has no line break yet, and is read: half of it became a record or a reject",
            situation()
        );
        pushed += ran.seen.records;
    }
    let wanted = whole.seen.records;
    let rule = format!("{name} makes another store when it grows byte by byte");
    ensure_same(
        &once.digest(Detail::ORIGINS)?,
        &lake.digest(Detail::ORIGINS)?,
        &rule,
    )?;
    ensure!(
        pushed == wanted,
        "{name}, growing byte by byte, gives {pushed} records in place of {wanted}: what was read before is read again"
    );
    lake.sound()
}
