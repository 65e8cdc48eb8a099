//! Descriptors of MPEG-4 systems (ISO/IEC 14496-1), by which MP4, QuickTime and CAF say what decodes their sound.

use super::input::Cursor;

/// What decodes a stream.
#[derive(Debug, Default)]
pub(super) struct Descriptor {
    /// The codec, by the number that MPEG has for it; 0x40 is AAC.
    pub(super) object: u8,
    /// What the decoder is given.
    pub(super) private: Vec<u8>,
}

impl Descriptor {
    /// Reads as many descriptors as there are: each is a sort, a length in pieces of 7 bits, and a content.
    pub(super) fn parse(content: &[u8]) -> Self {
        let mut found = Self::default();
        let mut fields = Cursor(content);
        while found.read(&mut fields).is_some() {}
        found
    }

    fn read(&mut self, fields: &mut Cursor<'_>) -> Option<()> {
        let [kind] = fields.array()?;
        let mut length = 0;
        for _ in 0..4 {
            let [byte] = fields.array()?;
            length = length << 7 | usize::from(byte & 0x7F);
            if byte < 0x80 {
                break;
            }
        }
        match kind {
            // The stream's number and flags; the others stand inside.
            3 => {
                let [_, _, flags] = fields.array()?;
                fields.take(if flags & 0x80 != 0 { 2 } else { 0 })?;
            }
            4 => {
                [self.object] = fields.array()?;
                fields.take(12)?;
            }
            5 => self.private = fields.take(length)?.to_vec(),
            _ => {
                fields.take(length)?;
            }
        }
        Some(())
    }
}
