//! What the sink of the tests keeps raw, by the rules of the store.

use std::collections::HashMap;

use super::State;
use crate::*;

impl State {
    /// Replaces what stood at the place of the first block and behind it. What a batch brings follows what is there.
    pub(super) fn keep(&mut self, batch: &Batch) {
        let own = (batch.ticket.unit.clone(), batch.state.generation);
        if let (false, Some(old)) = (self.raw.contains_key(&own), &batch.state.adopts) {
            let adopted = self.raw.remove(&(old.unit.clone(), old.generation));
            self.raw.extend(adopted.map(|blocks| (own.clone(), blocks)));
        }
        let kept = self.raw.entry(own).or_default();
        let end = |kept: &[RawBlock]| kept.last().map_or(0, RawBlock::end);
        for block in batch.raw() {
            kept.retain(|known| known.start < block.start);
            assert_eq!(end(kept), block.start, "a gap in {}", batch.ticket.unit);
            kept.push(block.clone());
        }
        if let Some(length) = batch.raw_end {
            kept.retain(|known| known.start < length);
            assert_eq!(end(kept), length, "not all of {}", batch.ticket.unit);
        }
    }

    /// All units, with what is kept raw under their names now.
    pub(super) fn known(&self) -> HashMap<UnitId, KnownUnit> {
        let mut known = self.known.clone();
        for unit in known.values_mut() {
            let kept = self.raw.get(&(unit.id.clone(), unit.state.generation));
            unit.raw = kept.and_then(|kept| kept.last()).map_or(0, RawBlock::end);
        }
        known
    }

    /// The raw bytes that are kept of what a unit holds now.
    pub(in crate::files) fn raw(&self, unit: &str) -> Vec<u8> {
        let unit = UnitId::new(unit);
        let generation = self.known[&unit].state.generation;
        let blocks = self.raw[&(unit, generation)].iter();
        let bytes = blocks.map(|block| unpack_raw(&block.packed, block.length, &block.hash));
        bytes.flat_map(|bytes| bytes.unwrap()).collect()
    }
}
