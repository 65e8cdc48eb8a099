//! TIFF directories (TIFF 6.0, section 2): those of TIFF files, and those that other formats carry as Exif
//! (Exif 2.32, section 4.6). Both are read in place, one value at a time, so a file of any size costs nothing.

use std::ops::Range;

use image::metadata::Orientation;

use crate::input::{Input, Stop};
use crate::picture::times::{Field, exif_time};
use crate::picture::xmp;
use crate::picture::{Decoding, Picture};

/// Of a text so many bytes are read.
const LONGEST_TEXT: u32 = 1_000;
const LARGEST_XMP: u32 = 256 << 10;
/// Real directories have less than a hundred entries.
const ENTRIES: u16 = 1_000;
/// A decoder takes 32 bytes for each value of a list, so a picture with a longer one is not decoded.
const LONGEST_LIST: u32 = 1 << 16;
const ASCII: u16 = 2;

// Tags of the picture.
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS_PER_SAMPLE: u16 = 258;
const DESCRIPTION: u16 = 270;
const ORIENTATION: u16 = 274;
const SAMPLES_PER_PIXEL: u16 = 277;
const SOFTWARE: u16 = 305;
const CHANGED: u16 = 306;
const XMP: u16 = 700;
const EXIF: u16 = 0x8769;
// Tags of the Exif directory: three for each of the three times.
const ORIGINAL: u16 = 0x9003;
const DIGITIZED: u16 = 0x9004;
const CHANGED_OFFSET: u16 = 0x9010;
const ORIGINAL_OFFSET: u16 = 0x9011;
const DIGITIZED_OFFSET: u16 = 0x9012;
const CHANGED_FRACTION: u16 = 0x9290;
const ORIGINAL_FRACTION: u16 = 0x9291;
const DIGITIZED_FRACTION: u16 = 0x9292;

/// A part of a file that is laid out as a TIFF file is: places count from its start.
struct Tiff<'i, 'f> {
    input: &'i mut Input<'f>,
    range: Range<u64>,
    big_endian: bool,
}

/// An entry of a directory.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    /// Where its value lies.
    place: u64,
}

/// The texts of a time.
#[derive(Default)]
struct TimeTexts {
    time: Option<String>,
    offset: Option<String>,
    fraction: Option<String>,
}

/// Reads the Exif data in a part of a file, the first of several. They may be damaged; what can be read is taken.
pub(crate) fn look(
    input: &mut Input<'_>,
    range: Range<u64>,
    picture: &mut Picture,
) -> Result<(), Stop> {
    if std::mem::replace(&mut picture.has_exif, true) {
        return Ok(());
    }
    let back = input.position();
    match directories(input, range, picture, &mut |_, _| Ok(())) {
        Err(stop @ Stop::Failed(_)) => Err(stop),
        Ok(()) | Err(Stop::Damaged(_)) => input.go_to(back),
    }
}

/// Reads a TIFF file: the first of its pictures.
pub(crate) fn tiff(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    let (mut width, mut height, mut bits, mut samples) = (None, None, 1, 1);
    let mut longest = 0;
    let whole = 0..input.length();
    let read = directories(input, whole, picture, &mut |tiff, entry| {
        match entry.tag {
            WIDTH => width = tiff.number(entry)?,
            HEIGHT => height = tiff.number(entry)?,
            BITS_PER_SAMPLE => bits = tiff.number(entry)?.unwrap_or(1),
            SAMPLES_PER_PIXEL => samples = tiff.number(entry)?.unwrap_or(1),
            _ => {}
        }
        if entry.tag < XMP && entry.kind != ASCII {
            longest = longest.max(entry.count);
        }
        Ok(())
    });
    if let (Some(width), Some(height)) = (width, height) {
        // The samples as stored, and those given out, which have a byte at least.
        let bytes_per_pixel = bits.div_ceil(8).saturating_mul(samples).saturating_mul(2);
        let decoding = if longest > LONGEST_LIST {
            Decoding::No("has lists in its header that are longer than a picture needs")
        } else {
            Decoding::Whole { bytes_per_pixel }
        };
        picture.set_raster((width, height), u8::try_from(bits).ok(), decoding)?;
    }
    read
}

/// Reads the first directory and the Exif one; `more` sees the entries of the first.
fn directories(
    input: &mut Input<'_>,
    range: Range<u64>,
    picture: &mut Picture,
    more: &mut dyn FnMut(&mut Tiff<'_, '_>, &Entry) -> Result<(), Stop>,
) -> Result<(), Stop> {
    input.go_to(range.start)?;
    let big_endian = match input.array()? {
        [b'I', b'I', 42, 0] => false,
        [b'M', b'M', 0, 42] => true,
        [b'I', b'I', 43, 0] | [b'M', b'M', 0, 43] => {
            return Err(Stop::damaged("is a BigTIFF, which is not read"));
        }
        _ => return Err(Stop::damaged("has no header where its Exif data should be")),
    };
    let mut tiff = Tiff {
        input,
        range,
        big_endian,
    };
    let mut times = <[TimeTexts; 3]>::default();
    let first = tiff.u32_at(4)?;
    let mut exif = None;
    let read = tiff.directory(first, &mut |tiff, entry| {
        match entry.tag {
            ORIENTATION => turn(tiff.number(entry)?, picture),
            SOFTWARE => picture.note_software(&tiff.text(entry)?),
            DESCRIPTION => picture.note_title(&tiff.text(entry)?),
            XMP => tiff.xmp(entry, picture)?,
            EXIF => exif = tiff.number(entry)?,
            _ => {}
        }
        tiff.time(entry, &mut times)?;
        more(tiff, entry)
    });
    let read = read.and_then(|()| match exif {
        Some(place) => tiff.directory(place, &mut |tiff, entry| tiff.time(entry, &mut times)),
        None => Ok(()),
    });
    // Of a damaged directory, too, the times that came before the damage count.
    for (texts, field) in times.iter().zip([
        Field::ExifOriginal,
        Field::ExifDigitized,
        Field::ExifChanged,
    ]) {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let time = exif_time(
            &part(&texts.time),
            &part(&texts.fraction),
            &part(&texts.offset),
        );
        picture.note_time(time.map(|time| time.of(field)));
    }
    read
}

fn turn(orientation: Option<u32>, picture: &mut Picture) {
    let known = orientation.and_then(|number| Orientation::from_exif(u8::try_from(number).ok()?));
    picture.orientation = known.unwrap_or(picture.orientation);
}

impl Tiff<'_, '_> {
    /// Goes through a directory. An entry whose value cannot be read is left out.
    fn directory(
        &mut self,
        place: u32,
        each: &mut dyn FnMut(&mut Self, &Entry) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let place = u64::from(place);
        let count = self.u16_at(place)?;
        for number in 0..u64::from(count.min(ENTRIES)) {
            let entry = self.entry(place + 2 + number * 12)?;
            match each(self, &entry) {
                Ok(()) | Err(Stop::Damaged(_)) => {}
                Err(failed) => return Err(failed),
            }
        }
        Ok(())
    }

    fn entry(&mut self, place: u64) -> Result<Entry, Stop> {
        let tag = self.u16_at(place)?;
        let kind = self.u16_at(place + 2)?;
        let count = self.u32_at(place + 4)?;
        let size = match kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => 1,
        };
        // What fits into four bytes stands in the entry itself.
        let inside = u64::from(count) * size <= 4;
        let place = if inside {
            place + 8
        } else {
            self.u32_at(place + 8)?.into()
        };
        Ok(Entry {
            tag,
            kind,
            count,
            place,
        })
    }

    /// The first of an entry's whole numbers.
    fn number(&mut self, entry: &Entry) -> Result<Option<u32>, Stop> {
        Ok(match (entry.kind, entry.count) {
            (_, 0) => None,
            (1, _) => Some(self.at::<1>(entry.place)?[0].into()),
            (3, _) => Some(self.u16_at(entry.place)?.into()),
            (4 | 13, _) => Some(self.u32_at(entry.place)?),
            _ => None,
        })
    }

    fn text(&mut self, entry: &Entry) -> Result<String, Stop> {
        let bytes = self.bytes(entry, LONGEST_TEXT)?;
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn bytes(&mut self, entry: &Entry, most: u32) -> Result<Vec<u8>, Stop> {
        // Bytes, ASCII and undefined: a byte each.
        if !matches!(entry.kind, 1 | 2 | 7) {
            return Ok(Vec::new());
        }
        let length = entry.count.min(most);
        self.go_to(entry.place, length.into())?;
        self.input.bytes(length as usize)
    }

    fn xmp(&mut self, entry: &Entry, picture: &mut Picture) -> Result<(), Stop> {
        if entry.count <= LARGEST_XMP {
            xmp::look(&self.bytes(entry, LARGEST_XMP)?, picture);
        }
        Ok(())
    }

    /// Takes an entry that belongs to one of the times: original, digitized, changed.
    fn time(&mut self, entry: &Entry, times: &mut [TimeTexts; 3]) -> Result<(), Stop> {
        let [original, digitized, changed] = times;
        let text = match entry.tag {
            ORIGINAL => &mut original.time,
            ORIGINAL_OFFSET => &mut original.offset,
            ORIGINAL_FRACTION => &mut original.fraction,
            DIGITIZED => &mut digitized.time,
            DIGITIZED_OFFSET => &mut digitized.offset,
            DIGITIZED_FRACTION => &mut digitized.fraction,
            CHANGED => &mut changed.time,
            CHANGED_OFFSET => &mut changed.offset,
            CHANGED_FRACTION => &mut changed.fraction,
            _ => return Ok(()),
        };
        *text = Some(self.text(entry)?);
        Ok(())
    }

    fn u16_at(&mut self, place: u64) -> Result<u16, Stop> {
        let bytes = self.at(place)?;
        Ok(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32_at(&mut self, place: u64) -> Result<u32, Stop> {
        let bytes = self.at(place)?;
        Ok(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn at<const N: usize>(&mut self, place: u64) -> Result<[u8; N], Stop> {
        self.go_to(place, N as u64)?;
        self.input.array()
    }

    /// Goes to a place that has so many bytes behind it within the part.
    fn go_to(&mut self, place: u64, length: u64) -> Result<(), Stop> {
        // Places are 32 bits wide, and lengths of files fit into 63.
        let start = self.range.start + place;
        if start + length > self.range.end {
            return Err(Stop::damaged("has Exif data that point behind their end"));
        }
        self.input.go_to(start)
    }
}
