//! Another time zone of the process, another time of day, another root.

use std::sync::Arc;

use datalake_core::Timestamp;

use super::NO_INPUTS;
use crate::child::Running;
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure_same};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "surroundings",
    rule: "the same input in another time zone of the process, at another time, below another root makes the \
           same store: the zone comes from the context, and a key never holds a root",
    run,
};

/// Far apart, and neither a whole hour from UTC.
const ZONES: [&str; 2] = ["Asia/Kathmandu", "America/St_Johns"];
/// In seconds since 1970: long ago, and long from now.
const TIMES: [i64; 2] = [1_000, 4_102_444_800];
const ROOTS: [&str; 2] = ["other", "a folder/w\u{ef}th \u{65e5}\u{672c} #1/in"];

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let digest = Lake::read_once(kit, &kit.inputs, &How::usual())?.digest(Detail::ORIGINS)?;
    for seconds in TIMES {
        let how = How {
            now: Timestamp::from_seconds(seconds).unwrap_or_default(),
            ..How::usual()
        };
        let lake = Lake::read_once(kit, &kit.inputs, &how)?;
        let rule = format!("read at {}, it is another store", how.now);
        ensure_same(&digest, &lake.digest(Detail::ORIGINS)?, &rule)?;
    }
    for root in ROOTS {
        let lake = below(kit, root)?;
        let rule = format!("below the root {root:?} it is another store");
        ensure_same(&digest, &lake.digest(Detail::ORIGINS)?, &rule)?;
    }
    if kit.child.is_some() {
        for zone in ZONES {
            let lake = Lake::full(kit)?;
            Running::start(kit, &lake, &How::usual(), zone)?.finish()?;
            let rule = format!("in a process with TZ={zone} it is another store");
            ensure_same(&digest, &lake.digest(Detail::ORIGINS)?, &rule)?;
        }
    }
    Ok(Verdict::Passed)
}

fn below(kit: &Arc<Kit>, root: &str) -> Result<Lake> {
    let lake = Lake::below(kit, root)?;
    for (name, bytes) in &kit.inputs {
        lake.put(name, bytes)?;
    }
    lake.read(&How::usual())?.ok()?;
    Ok(lake)
}
