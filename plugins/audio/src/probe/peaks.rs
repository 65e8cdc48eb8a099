//! The shape of a recording for the player: the least and the greatest sample of each stretch of it, made in one
//! pass without knowing how long it is.

/// Once there are this many pairs, each two become one: a recording has between half of it and all of it.
const MOST: usize = 1024;

/// The least and greatest sample of stretches of equal length, over all channels.
#[derive(Debug)]
pub(crate) struct Peaks {
    pairs: Vec<[i8; 2]>,
    /// Frames (one sample of each channel) in a stretch: a power of two.
    stretch: u64,
    /// The stretch that is being filled, and by how many frames it is.
    open: [i8; 2],
    filled: u64,
}

/// What any sample replaces.
const NONE: [i8; 2] = [i8::MAX, i8::MIN];

impl Peaks {
    /// Begins with stretches as long as `frames` frames need in the end. Expecting too few costs time only: the
    /// result is the same.
    pub(crate) fn expecting(frames: u64) -> Self {
        let stretch = frames
            .div_ceil(MOST as u64)
            .max(1)
            .checked_next_power_of_two();
        Self {
            pairs: Vec::new(),
            stretch: stretch.unwrap_or(1),
            open: NONE,
            filled: 0,
        }
    }

    /// How many frames fit into the stretch that is being filled.
    pub(crate) fn room(&self) -> u64 {
        self.stretch - self.filled
    }

    /// Adds at most [`room`](Self::room) frames whose samples lie between `range[0]` and `range[1]`.
    pub(crate) fn add(&mut self, frames: u64, range: [i8; 2]) {
        if self.pairs.len() == MOST && frames > 0 {
            self.fold();
        }
        self.open = union(self.open, range);
        self.filled += frames;
        if self.filled >= self.stretch {
            self.pairs.push(self.open);
            (self.open, self.filled) = (NONE, 0);
        }
    }

    /// Adds any number of frames of one value.
    pub(crate) fn add_level(&mut self, mut frames: u64, level: i8) {
        while frames > 0 {
            let count = self.room().min(frames);
            self.add(count, [level, level]);
            frames -= count;
        }
    }

    fn fold(&mut self) {
        self.pairs = self
            .pairs
            .chunks_exact(2)
            .map(|two| union(two[0], two[1]))
            .collect();
        self.stretch *= 2;
    }

    /// The pairs, least before greatest, as the bytes of signed 8-bit integers. Full scale is -128 to 127.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.pairs.push(self.open);
        }
        self.pairs
            .as_flattened()
            .iter()
            .map(|&sample| sample as u8)
            .collect()
    }
}

fn union(a: [i8; 2], b: [i8; 2]) -> [i8; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frame by frame: a ramp that wraps.
    fn ramp(mut peaks: Peaks, frames: u64) -> Vec<u8> {
        for frame in 0..frames {
            let sample = frame as i8;
            peaks.add(1, [sample, sample]);
        }
        peaks.into_bytes()
    }

    #[test]
    fn what_is_expected_changes_nothing_but_the_work() {
        for frames in [0, 1, 1023, 1024, 1025, 2048, 2049, 5000, 70_000] {
            let blind = ramp(Peaks::expecting(0), frames);
            assert_eq!(
                blind,
                ramp(Peaks::expecting(frames), frames),
                "{frames} frames"
            );
            let pairs = blind.len() as u64 / 2;
            assert!(
                pairs <= 1024 && (frames < 1024 || pairs > 512),
                "{frames}: {pairs}"
            );
        }
    }

    #[test]
    fn a_pair_spans_its_stretch() {
        let mut peaks = Peaks::expecting(4096);
        peaks.add(4, [-3, 9]);
        peaks.add_level(4, 5);
        peaks.add(1, [-128, 127]);
        assert_eq!(
            peaks.into_bytes(),
            [-3, 9, 5, 5, -128, 127].map(|v: i8| v as u8)
        );
    }
}
