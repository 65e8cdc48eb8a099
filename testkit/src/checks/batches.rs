//! Batches of any size.

use std::sync::Arc;

use super::NO_INPUTS;
use crate::digest::Detail;
use crate::failure::{Outcome, Verdict, ensure_same};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "batches",
    rule: "in batches of 1, 2, 7 or 500 records it is the same store as in one: a batch has no meaning",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let whole = Lake::full(kit)?;
    let seen = whole.read(&How::usual())?.ok()?.seen;
    let digest = whole.digest(Detail::ORIGINS)?;
    let record = seen.bytes / seen.records.max(1);
    for records in [1, 2, 7, 500] {
        // A batch is closed by the record that reaches the limit.
        let how = How {
            batch_bytes: ((records - 1) * record + 1) as usize,
            ..How::usual()
        };
        let lake = Lake::read_once(kit, &kit.inputs, &how)?;
        let rule =
            format!("in batches of about {records} records it is another store than in whole ones");
        ensure_same(&digest, &lake.digest(Detail::ORIGINS)?, &rule)?;
        lake.sound()?;
    }
    Ok(Verdict::Passed)
}
