//! Chance that can be repeated, and how much of it there shall be.

/// Whether somebody has the time for more rounds.
#[expect(
    clippy::disallowed_methods,
    reason = "a switch for tests is no setting of the program"
)]
pub(crate) fn deep() -> bool {
    std::env::var_os("DATALAKE_TEST_DEEP").is_some()
}

/// Numbers that look random and follow from a seed (splitmix64): a failure can be repeated.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
