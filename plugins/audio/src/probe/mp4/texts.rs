//! What people and phones write into MP4: Apple's lists of items (`ilst`), whose names stand in the box or in a list
//! of keys, and QuickTime's texts (`©nam`).

use super::super::facts::Facts;
use super::super::input::Cursor;
use super::super::tags::lossy;
use super::Header;

/// The list that is being read.
#[derive(Default)]
pub(super) struct Texts {
    /// Where the list of items ends.
    end: u64,
    /// Names that items refer to by number, from 1.
    keys: Vec<String>,
    /// The name of the item whose text is to come.
    name: String,
}

impl Texts {
    /// A list of items begins.
    pub(super) fn begin(&mut self, list: &Header) {
        self.end = list.end;
    }

    /// Whether a box is an item of the list: then its content is entered at this place.
    pub(super) fn enter(&mut self, header: &Header) -> Option<u64> {
        let is_item =
            header.place < self.end && ![b"data", b"name", b"mean"].contains(&&header.name);
        is_item.then(|| {
            let key = u32::from_be_bytes(header.name)
                .checked_sub(1)
                .and_then(|key| self.keys.get(key as usize));
            // Latin-1: the first letter is often a copyright sign.
            let own = || header.name.iter().map(|&byte| char::from(byte)).collect();
            self.name = key.cloned().unwrap_or_else(own);
            header.start
        })
    }

    /// Takes the content of a box.
    pub(super) fn value(
        &mut self,
        header: &Header,
        content: &[u8],
        facts: &mut Facts,
    ) -> Option<()> {
        match &header.name {
            b"keys" => self.keys = keys(content),
            b"name" if header.place < self.end => self.name = lossy(content.get(4..)?),
            b"data" if header.place < self.end => {
                let (kind, text) = content.split_at_checked(8)?;
                // 1 is UTF-8.
                if kind.starts_with(&[0, 0, 0, 1]) {
                    facts.tags.add_bytes(&self.name, text);
                }
            }
            // A length, a language, a text.
            [0xA9, name @ ..] => {
                let text = content.get(4..)?;
                let length = u16::from_be_bytes(*content.first_chunk()?).into();
                let name: String = ['\u{a9}']
                    .into_iter()
                    .chain(name.iter().map(|&byte| char::from(byte)))
                    .collect();
                facts
                    .tags
                    .add_bytes(&name, text.get(..length).unwrap_or(text));
            }
            _ => {}
        }
        Some(())
    }
}

/// Names with their length and sort in front.
fn keys(content: &[u8]) -> Vec<String> {
    let mut fields = Cursor(content.get(8..).unwrap_or_default());
    let mut keys = Vec::new();
    while let Some(length) = fields.array().map(u32::from_be_bytes) {
        let Some(key) = fields.take((length as usize).saturating_sub(4)) else {
            break;
        };
        keys.push(lossy(key.get(4..).unwrap_or_default()));
    }
    keys
}
