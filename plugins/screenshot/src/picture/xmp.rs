//! XMP packets: the few properties that tell when and by what an image was made. A packet is XML, but every
//! program writes these properties in the same two ways, so they are looked for and nothing is parsed.

use crate::picture::Picture;
use crate::picture::times::{Field, iso_time};

const CREATED: [&str; 2] = ["photoshop:DateCreated", "xmp:CreateDate"];
const TOOL: &str = "xmp:CreatorTool";

/// Reads a packet.
pub(crate) fn look(packet: &[u8], picture: &mut Picture) {
    let packet = String::from_utf8_lossy(packet);
    let created = CREATED
        .iter()
        .find_map(|name| iso_time(property(&packet, name)?));
    picture.note_time(created.map(|time| time.of(Field::Xmp)));
    if let Some(tool) = property(&packet, TOOL) {
        picture.note_software(&unescaped(tool));
    }
}

/// The value of a property, written as an attribute or as an element.
fn property<'a>(packet: &'a str, name: &str) -> Option<&'a str> {
    packet.match_indices(name).find_map(|(at, _)| {
        let before = packet[..at].chars().next_back()?;
        let behind = packet[at + name.len()..].trim_start();
        if before == '<' {
            return Some(behind.strip_prefix('>')?.split('<').next()?.trim());
        }
        let value = behind.strip_prefix('=')?.trim_start();
        let quote = value
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, _) = value[1..].split_once(quote)?;
        before.is_whitespace().then(|| value.trim())
    })
}

/// The five entities that XML knows by itself.
fn unescaped(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    let replaced = |text: String, (entity, letter): (&str, &str)| text.replace(entity, letter);
    entities.into_iter().fold(text.to_owned(), replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_attributes_or_elements() {
        let packet = "<a xmp:CreateDate = '2026-01-10T12:00:00' b=\"1\"><xmp:CreatorTool>A &amp;amp; B</xmp:CreatorTool>";
        assert_eq!(
            property(packet, "xmp:CreateDate"),
            Some("2026-01-10T12:00:00")
        );
        assert_eq!(
            property(packet, TOOL).map(unescaped).as_deref(),
            Some("A &amp; B")
        );
        assert_eq!(property(packet, "xmp:Create"), None);
        assert_eq!(property("see xmp:CreatorTool", TOOL), None);
        assert_eq!(property("<xmp:CreatorTool", TOOL), None);
        assert_eq!(property(" xmp:CreatorTool=\"open", TOOL), None);
    }
}
