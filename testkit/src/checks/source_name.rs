//! Another name for the source.

use std::sync::Arc;

use super::NO_INPUTS;
use crate::digest::Detail;
use crate::failure::{Outcome, Verdict, ensure_same};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "source_name",
    rule: "the same input read by a source of another name changes nothing: a key never holds the source's name",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let other = How {
        source: "another name",
        ..How::usual()
    };
    let lake = Lake::full(kit)?;
    lake.read(&How::usual())?.ok()?;
    let digest = lake.digest(Detail::CONTENT)?;
    let alone = Lake::read_once(kit, &kit.inputs, &other)?;
    let rule = "a source of another name makes another store of the same input";
    ensure_same(&digest, &alone.digest(Detail::CONTENT)?, rule)?;
    lake.read(&other)?.ok()?;
    let rule = "a second source that reads the same input changes what is stored";
    ensure_same(&digest, &lake.digest(Detail::CONTENT)?, rule)?;
    lake.sound()?;
    Ok(Verdict::Passed)
}
