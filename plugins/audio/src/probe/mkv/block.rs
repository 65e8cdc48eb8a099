//! Blocks: the time of a piece of a track, and the frames that are laced together in it.

use super::number;

/// The header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) track: u64,
    /// Ticks from the time of its cluster.
    pub(super) time: i16,
    lacing: Lacing,
    /// Bytes of the header.
    length: usize,
    /// Frames in it.
    pub(super) count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lacing {
    None,
    Xiph,
    Fixed,
    Ebml,
}

impl Block {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (track, length) = number(bytes, 8, false)?;
        let [high, low, flags] = *bytes.get(length..)?.first_chunk()?;
        let lacing =
            [Lacing::None, Lacing::Xiph, Lacing::Fixed, Lacing::Ebml][usize::from(flags >> 1 & 3)];
        let (length, count) = match lacing {
            Lacing::None => (length + 3, 1),
            _ => (length + 4, usize::from(*bytes.get(length + 3)?) + 1),
        };
        Some(Self {
            track,
            time: i16::from_be_bytes([high, low]),
            lacing,
            length,
            count,
        })
    }

    /// Its frames; `data` is the whole block. What does not fit into it is left out.
    pub(super) fn frames<'a>(&self, data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let body = data.get(self.length..).unwrap_or_default();
        let (lengths, mut rest) = self.lengths(body).unwrap_or_default();
        // The last one reaches to the end.
        lengths.into_iter().map_while(move |length| {
            let (frame, behind) = rest.split_at_checked(length.unwrap_or(rest.len()))?;
            rest = behind;
            Some(frame)
        })
    }

    /// The lengths of its frames, and what follows them.
    fn lengths<'a>(&self, mut rest: &'a [u8]) -> Option<(Vec<Option<usize>>, &'a [u8])> {
        let mut lengths = Vec::with_capacity(self.count);
        match self.lacing {
            Lacing::None => {}
            Lacing::Fixed => lengths.resize(self.count - 1, Some(rest.len() / self.count)),
            Lacing::Xiph => {
                for _ in 1..self.count {
                    let last = rest.iter().position(|byte| *byte < 255)?;
                    lengths.push(Some(last * 255 + usize::from(rest[last])));
                    rest = &rest[last + 1..];
                }
            }
            // The first as it is, then differences, whose middle is zero.
            Lacing::Ebml => {
                let mut length = 0;
                for place in 1..self.count {
                    let (value, size) = number(rest, 8, false)?;
                    let value = i64::try_from(value).ok()?;
                    let middle = if place == 1 {
                        0
                    } else {
                        (1 << (7 * size - 1)) - 1
                    };
                    length = value.checked_sub(middle)?.checked_add(length)?;
                    lengths.push(Some(usize::try_from(length).ok()?));
                    rest = &rest[size..];
                }
            }
        }
        lengths.push(None);
        Some((lengths, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(data: &[u8]) -> Vec<&[u8]> {
        Block::parse(data)
            .map(|block| block.frames(data).collect())
            .unwrap_or_default()
    }

    #[test]
    fn frames_are_taken_apart_by_each_sort_of_lacing() {
        assert_eq!(frames(b"\x81\0\x05\0abc"), [b"abc"]);
        assert_eq!(
            frames(b"\x81\0\x05\x02\x02\x01\x02abbccc"),
            [&b"a"[..], b"bb", b"ccc"]
        );
        assert_eq!(frames(b"\x81\0\x05\x04\x01aabb"), [b"aa", b"bb"]);
        // 1, then one more, then the rest.
        assert_eq!(
            frames(b"\x81\0\x05\x06\x02\x81\xC0abbccc"),
            [&b"a"[..], b"bb", b"ccc"]
        );
        assert_eq!(
            Block::parse(b"\x81\xFF\xFE\0").map(|block| block.time),
            Some(-2)
        );
    }

    #[test]
    fn lengths_that_cannot_be_are_no_frames() {
        assert!(frames(b"\x81\0\x05\x02\x01\x09abc").is_empty());
        assert!(frames(b"\x81\0\x05\x06\x02\x81\x80abc").is_empty());
        assert!(frames(b"\x81\0").is_empty());
        // Lengths of 56 bits, 255 of them.
        let wide = [
            &b"\x81\0\x05\x06\xFF"[..],
            &[b"\x01".as_slice(), &[0xFE; 7]].concat().repeat(255),
        ];
        assert!(frames(&wide.concat()).is_empty());
    }
}
