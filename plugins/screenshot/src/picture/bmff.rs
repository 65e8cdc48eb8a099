//! AVIF and HEIC: the boxes that describe the main picture (ISO/IEC 14496-12 and 23008-12). There is no decoder for
//! either, so the size is all that is known of the pixels.

use image::metadata::Orientation;

use crate::input::{Input, Stop};
use crate::picture::exif;
use crate::picture::{Decoding, Format, Picture};

/// Boxes on the outermost level; real files have three to five.
const BOXES: usize = 1_000;
/// The description of a picture made of hundreds of tiles takes some 10 kB.
const LARGEST_META: u64 = 1 << 20;

/// Their decoders are large programs in C.
const NOT_DECODED: &str = "is of a format that is not decoded";

/// The format that a file with this start, an `ftyp` box, is of.
pub(crate) fn brand(head: &[u8]) -> Option<Format> {
    let length = u32::from_be_bytes(*head.first_chunk()?) as usize;
    let brands = head.get(8..length.min(head.len()))?;
    let (brands, _) = brands.as_chunks::<4>();
    // The first brand is the main one, the second a version, the others those it is compatible with.
    let one_of = |known: &[&[u8; 4]]| brands.iter().any(|brand| known.contains(&brand));
    if one_of(&[b"avif", b"avis"]) {
        Some(Format::Avif)
    } else if one_of(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ]) {
        Some(Format::Heic)
    } else {
        None
    }
}

pub(crate) fn look(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    for _ in 0..BOXES {
        if input.position() >= input.length() {
            break;
        }
        let start = input.position();
        let length = u64::from(u32::from_be_bytes(input.array()?));
        let kind = input.array::<4>()?;
        let length = match length {
            0 => input.length() - start,
            1 => u64::from_be_bytes(input.array()?),
            length => length,
        };
        let end = start.saturating_add(length);
        let left = end.saturating_sub(input.position());
        if &kind == b"meta" {
            if left > LARGEST_META {
                return Err(Stop::damaged("has a description of more than a megabyte"));
            }
            let meta = input.bytes(left as usize)?;
            return describe(&meta, input, picture);
        }
        if end <= start {
            break;
        }
        input.go_to(end)?;
    }
    Err(Stop::damaged("has no description of its picture"))
}

/// Reads the body of a `meta` box.
fn describe(meta: &[u8], input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    let meta = meta.get(4..).unwrap_or_default();
    let properties = child(meta, b"iprp").unwrap_or_default();
    let main = child(meta, b"pitm")
        .and_then(primary_item)
        .unwrap_or_default();
    let all: Vec<_> = boxes(child(properties, b"ipco").unwrap_or_default()).collect();
    let numbers: Vec<usize> = boxes(properties)
        .filter(|(kind, _)| kind == b"ipma")
        .flat_map(|(_, body)| associations(body, main).unwrap_or_default())
        .collect();
    let own = |wanted: &[u8; 4]| {
        let mut bodies = numbers
            .iter()
            .filter_map(|number| all.get(number.checked_sub(1)?));
        bodies
            .find(|(kind, _)| kind == wanted)
            .map(|(_, body)| *body)
    };
    let size = own(b"ispe").and_then(|body| {
        let mut body = Fields(body.get(4..)?);
        Some((body.number(4)?, body.number(4)?))
    });
    let (width, height) =
        size.ok_or_else(|| Stop::damaged("does not say how large its picture is"))?;
    let depth = own(b"pixi").and_then(|body| body.get(5).copied());
    picture.set_raster(
        (width as u32, height as u32),
        depth,
        Decoding::No(NOT_DECODED),
    )?;
    if let Some((place, length)) = exif_item(meta) {
        // Its first four bytes say how many more to leave out.
        input.go_to(place)?;
        let offset = u64::from(u32::from_be_bytes(input.array()?));
        exif::look(
            input,
            place.saturating_add(4 + offset)..place.saturating_add(length),
            picture,
        )?;
    }
    // Turning is said here; the Exif data may say it, too, and do not count.
    picture.orientation = turned(own(b"irot"));
    Ok(())
}

/// Quarters of a turn against the clock.
fn turned(irot: Option<&[u8]>) -> Orientation {
    match irot.and_then(<[u8]>::first).map(|quarters| quarters & 3) {
        Some(1) => Orientation::Rotate270,
        Some(2) => Orientation::Rotate180,
        Some(3) => Orientation::Rotate90,
        _ => Orientation::NoTransforms,
    }
}

fn primary_item(body: &[u8]) -> Option<u64> {
    let version = body.first()?;
    Fields(body.get(4..)?).number(if *version == 0 { 2 } else { 4 })
}

/// The numbers of an item's properties, counted from 1.
fn associations(body: &[u8], item: u64) -> Option<Vec<usize>> {
    let (version, wide) = (*body.first()?, body.get(3)? & 1 == 1);
    let mut fields = Fields(body.get(4..)?);
    for _ in 0..fields.number(4)? {
        let id = fields.number(if version == 0 { 2 } else { 4 })?;
        let count = fields.number(1)?;
        // The highest bit says that whoever does not know the property must not show the picture.
        let (bytes, mask) = if wide { (2, 0x7fff) } else { (1, 0x7f) };
        let numbers =
            (0..count).map(|_| fields.number(bytes).map(|number| (number & mask) as usize));
        let numbers: Option<Vec<usize>> = numbers.collect();
        if id == item {
            return numbers;
        }
        numbers?;
    }
    None
}

/// Where the Exif data lie in the file.
fn exif_item(meta: &[u8]) -> Option<(u64, u64)> {
    let list = child(meta, b"iinf")?;
    let head = if *list.first()? == 0 { 6 } else { 8 };
    let exif = boxes(list.get(head..)?).find_map(|(_, body)| {
        let wide = match body.first()? {
            2 => false,
            3 => true,
            _ => return None,
        };
        let mut fields = Fields(body.get(4..)?);
        let id = fields.number(if wide { 4 } else { 2 })?;
        let _protection = fields.number(2)?;
        fields.0.starts_with(b"Exif").then_some(id)
    })?;
    location(child(meta, b"iloc")?, exif)
}

/// The first extent of an item in an `iloc` box.
fn location(body: &[u8], wanted: u64) -> Option<(u64, u64)> {
    let version = *body.first()?;
    let mut fields = Fields(body.get(4..)?);
    let sizes = fields.number(2)?;
    let size = |shift: u32| (sizes >> shift & 15) as usize;
    let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
    let index_size = if version == 0 { 0 } else { size(0) };
    if index_size + offset_size + length_size == 0 {
        // Extents without any bytes could be without number.
        return None;
    }
    let wide = if version < 2 { 2 } else { 4 };
    for _ in 0..fields.number(wide)? {
        let id = fields.number(wide)?;
        // How the place is meant: 0 is a place in the file.
        let method = if version == 0 {
            0
        } else {
            fields.number(2)? & 15
        };
        let _reference = fields.number(2)?;
        let base = fields.number(base_size)?;
        for extent in 0..fields.number(2)? {
            fields.number(index_size)?;
            let offset = fields.number(offset_size)?;
            let length = fields.number(length_size)?;
            if id == wanted && method == 0 && extent == 0 {
                return Some((base.checked_add(offset)?, length));
            }
        }
    }
    None
}

/// The first box of a kind.
fn child<'a>(body: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(body)
        .find(|(kind, _)| kind == wanted)
        .map(|(_, body)| body)
}

/// The boxes in a body, as far as they are whole.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let mut fields = Fields(rest);
        let length = fields.number(4)? as usize;
        let kind = *fields.0.first_chunk()?;
        let length = if length == 0 { rest.len() } else { length };
        let body = rest.get(8..length)?;
        rest = &rest[length..];
        Some((kind, body))
    })
}

/// Numbers, the highest byte first, one behind the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// The next number, of 0 to 8 bytes.
    fn number(&mut self, bytes: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        (bytes <= 8).then(|| {
            number
                .iter()
                .fold(0, |all, byte| all << 8 | u64::from(*byte))
        })
    }
}
