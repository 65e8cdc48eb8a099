//! How large a picture is, and how large a small one of it.

/// The size of a picture in pixels. Neither is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    /// The size of a picture of the same shape whose longer side has at most `side` pixels; never larger than
    /// it is, and never thinner than a pixel.
    pub(crate) fn within(self, side: u32) -> Self {
        let longer = self.width.max(self.height);
        if longer <= side {
            return self;
        }
        let scaled = |length: u32| {
            let rounded =
                (u64::from(length) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer);
            (rounded as u32).max(1)
        };
        Self {
            width: scaled(self.width),
            height: scaled(self.height),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_their_shape() {
        let within = |width, height| {
            let size = Size { width, height }.within(320);
            (size.width, size.height)
        };
        assert_eq!(within(2560, 1440), (320, 180));
        assert_eq!(within(1366, 768), (320, 180));
        assert_eq!(within(1440, 3200), (144, 320));
        assert_eq!(within(320, 1), (320, 1));
        assert_eq!(within(48, 64), (48, 64));
        assert_eq!(within(30_000, 1), (320, 1));
        assert_eq!(within(u32::MAX, u32::MAX), (320, 320));
    }
}
