//! What shows of a plugin when it reads its inputs: which checks are about it follows from that.

use std::sync::Arc;

use crate::failure::Result;
use crate::kit::{Input, Kit};
use crate::lake::Lake;
use crate::reading::How;

/// What shows of a plugin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traits {
    /// The inputs that are read on when they grow.
    pub(crate) growing: Vec<Input>,
    /// Where an input can lie besides, as a pattern with `{}` for its path.
    pub(crate) elsewhere: Option<&'static str>,
}

/// Names that an input may have when it was moved, such as by rotation; the first that the plugin reads counts.
const ELSEWHERE: [&str; 3] = ["older/{}", "{}.1", "{}.old"];

impl Traits {
    /// Finds out.
    pub(crate) fn observe(kit: &Arc<Kit>) -> Result<Self> {
        let mut traits = Self::default();
        for input in &kit.inputs {
            if grows(kit, input)? {
                traits.growing.push(input.clone());
            }
        }
        for pattern in ELSEWHERE {
            if is_read_at(kit, pattern)? {
                traits.elsewhere = Some(pattern);
                break;
            }
        }
        Ok(traits)
    }

    /// The other place of an input.
    pub(crate) fn moved(&self, name: &str) -> Option<String> {
        self.elsewhere.map(|pattern| pattern.replace("{}", name))
    }
}

/// Whether what was appended to an input is read without what stood there before.
fn grows(kit: &Arc<Kit>, (name, bytes): &Input) -> Result<bool> {
    let lines = lines(bytes);
    if lines.len() < 2 || !bytes.ends_with(b"\n") {
        return Ok(false);
    }
    let (first, second) = halves(bytes);
    let lake = Lake::with(kit, &[(name.clone(), first.to_vec())])?;
    if lake.read(&How::units_only())?.error.is_some() {
        return Ok(false);
    }
    lake.append(name, second)?;
    let ran = lake.read(&How::units_only())?;
    Ok(ran.error.is_none() && ran.read == second.len() as u64)
}

/// Whether all inputs are found at their other place, beside the first.
fn is_read_at(kit: &Arc<Kit>, pattern: &str) -> Result<bool> {
    let lake = Lake::full(kit)?;
    let before = lake.read(&How::units_only())?.units.len();
    for (name, bytes) in &kit.inputs {
        lake.put(&pattern.replace("{}", name), bytes)?;
    }
    let after = lake.read(&How::units_only())?.units.len();
    Ok(before > 0 && after == 2 * before)
}

/// The lines of a text, each with its line break.
pub(crate) fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// A text in two parts of whole lines.
pub(crate) fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let lines = lines(bytes);
    let first: usize = lines[..lines.len().div_ceil(2)]
        .iter()
        .map(|line| line.len())
        .sum();
    bytes.split_at(first)
}

/// A text in three parts of whole lines.
pub(crate) fn thirds(bytes: &[u8]) -> [&[u8]; 3] {
    let lines = lines(bytes);
    let up_to = |part: usize| -> usize {
        let end = (lines.len() * part).div_ceil(3);
        lines[..end].iter().map(|line| line.len()).sum()
    };
    let (one, two) = (up_to(1), up_to(2));
    [&bytes[..one], &bytes[one..two], &bytes[two..]]
}

/// Whether a line says anything.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}
