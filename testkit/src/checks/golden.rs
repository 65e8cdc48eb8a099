//! The fixtures become what they became when somebody looked last.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::NO_INPUTS;
use crate::digest::Detail;
use crate::failure::{Outcome, Result, Verdict, ensure, ensure_same};
use crate::kit::Kit;
use crate::lake::Lake;
use crate::reading::How;
use crate::suite::Check;
use crate::switches;

pub(super) const CHECK: Check = Check {
    name: "golden",
    rule: "the fixtures become the records and rejects of tests/golden.txt; DATALAKE_TEST_GOLDEN=write writes it \
           anew, and the difference is read before it is committed",
    run,
};

/// Where it is kept in the plugin's crate.
const FILE: &str = "tests/golden.txt";

fn run(kit: &Arc<Kit>) -> Outcome {
    if kit.inputs.is_empty() {
        return Verdict::none(NO_INPUTS);
    }
    let file = kit.folder.as_ref().map(|folder| folder.join(FILE));
    if let (true, Some(file)) = (switches::writes_golden(), &file) {
        fs::write(file, found(kit)?)?;
        return Ok(Verdict::Passed);
    }
    let wanted = match &file {
        Some(file) => read(file)?,
        None if kit.entry.fixtures.golden.is_empty() => {
            return Verdict::none("the plugin does not carry what its fixtures become");
        }
        None => kit.entry.fixtures.golden.to_owned(),
    };
    let rule = "the fixtures become something else than before";
    ensure_same(&wanted, &found(kit)?, rule)?;
    Ok(Verdict::Passed)
}

fn found(kit: &Arc<Kit>) -> Result<String> {
    let lake = Lake::read_once(kit, &kit.inputs, &How::usual())?;
    lake.digest(Detail::READABLE)
}

fn read(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let shown = file.display();
    ensure!(
        !text.is_empty(),
        "{shown} is not there yet; write it with DATALAKE_TEST_GOLDEN=write and read it"
    );
    Ok(text)
}
