//! Reading the same input again changes nothing, whatever became of the cursors.

use std::sync::Arc;

use super::NO_INPUTS;
use crate::digest::Detail;
use crate::failure::{Outcome, Verdict, ensure, ensure_same};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "rerun",
    rule: "reading the same input again inserts nothing and changes nothing, with its cursors and without",
    run,
};

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let lake = Lake::full(kit)?;
    lake.read(&How::usual())?.ok()?;
    lake.sound()?;
    let first = lake.digest(Detail::ORIGINS)?;
    ensure!(
        first.contains("row ") || first.contains("reject "),
        "the fixtures make no record and no reject; `fixture_config` or the names of the files are wrong"
    );
    let full = How {
        full: true,
        ..How::usual()
    };
    for (again, how) in [
        ("a second run", How::usual()),
        ("a run that reads everything again", full),
        ("a run after the cursors were lost", How::usual()),
    ] {
        if again.contains("lost") {
            lake.close();
            lake.connection()?.execute("DELETE FROM checkpoints", [])?;
        }
        let ran = lake
            .read(&how)?
            .ok()
            .map_err(|failure| failure.during(again))?;
        let (inserted, changed) = (ran.receipt.inserted, ran.receipt.changed);
        ensure_same(
            &first,
            &lake.digest(Detail::ORIGINS)?,
            &format!("{again} changed what is stored"),
        )?;
        ensure!(
            inserted == 0 && changed == 0,
            "{again} inserted {inserted} rows and changed {changed}; a key must follow from the input alone"
        );
        lake.sound()?;
    }
    Ok(Verdict::Passed)
}
