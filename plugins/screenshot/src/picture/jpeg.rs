//! JPEG: the segments before the first scan (ITU-T T.81, Annex B; Exif 2.32, section 4.5.4).

use crate::input::{Input, Stop};
use crate::picture::{Decoding, Picture};
use crate::picture::{exif, xmp};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Real files have a few dozen.
const SEGMENTS: usize = 10_000;

/// The header of the picture.
struct Frame {
    size: (u32, u32),
    bit_depth: u8,
    components: u8,
    /// Coefficients a pixel of the whole picture, rounded up: parts with less detail have fewer.
    coefficients: u32,
    progressive: bool,
}

pub(crate) fn look(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    input.skip(2)?;
    let mut frame = None;
    for _ in 0..SEGMENTS {
        let marker = marker(input)?;
        if matches!(marker, 0x01 | 0xd0..=0xd7) {
            continue;
        }
        if marker == 0xd9 {
            break;
        }
        let length = u64::from(u16::from_be_bytes(input.array()?));
        let start = input.position();
        let end = start
            + length
                .checked_sub(2)
                .ok_or_else(|| Stop::damaged("has a segment of no length"))?;
        match marker {
            // These three are tables, in between the frames.
            0xc4 | 0xc8 | 0xcc => {}
            0xc0..=0xcf => {
                frame = Some(self::frame(input, marker)?);
                // In case it ends before its first scan.
                set_raster(picture, frame.as_ref(), true)?;
            }
            0xda => {
                let in_scan = input.byte()?;
                let together = frame
                    .as_ref()
                    .is_some_and(|frame| in_scan == frame.components);
                return set_raster(picture, frame.as_ref(), !together);
            }
            0xe1 => application(input, picture, end)?,
            _ => {}
        }
        input.go_to(end)?;
    }
    Ok(())
}

/// The next marker; any number of 0xff may stand before it.
fn marker(input: &mut Input<'_>) -> Result<u8, Stop> {
    if input.byte()? != 0xff {
        return Err(Stop::damaged("has no segment where one should be"));
    }
    loop {
        let byte = input.byte()?;
        if byte != 0xff {
            return Ok(byte);
        }
    }
}

fn frame(input: &mut Input<'_>, marker: u8) -> Result<Frame, Stop> {
    let [bit_depth, h0, h1, w0, w1, components] = input.array()?;
    let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
    let (mut all, mut widest, mut highest) = (0, 1, 1);
    for _ in 0..components {
        let [_, sampling, _] = input.array()?;
        let (wide, high) = (u32::from(sampling >> 4), u32::from(sampling & 15));
        (widest, highest) = (wide.max(widest), high.max(highest));
        all += wide * high;
    }
    Ok(Frame {
        size: (side(w0, w1), side(h0, h1)),
        bit_depth,
        components,
        coefficients: all.div_ceil(widest * highest),
        progressive: !matches!(marker, 0xc0 | 0xc1),
    })
}

/// What a decoder holds: the samples, and where not all of a place comes at once the coefficients of all places.
fn set_raster(picture: &mut Picture, frame: Option<&Frame>, piecemeal: bool) -> Result<(), Stop> {
    let Some(frame) = frame else {
        return Err(Stop::damaged("has no header before its first scan"));
    };
    let samples = if frame.components == 1 { 1 } else { 3 };
    let coefficients = match frame.progressive || piecemeal {
        // Of two bytes.
        true => 2 * frame.coefficients,
        false => 0,
    };
    let decoding = Decoding::Whole {
        bytes_per_pixel: samples + coefficients,
    };
    picture.set_raster(frame.size, Some(frame.bit_depth), decoding)
}

fn application(input: &mut Input<'_>, picture: &mut Picture, end: u64) -> Result<(), Stop> {
    let start = input.position();
    let left = usize::try_from(end - start).unwrap_or_default();
    let body = input.up_to(left)?;
    if body.starts_with(EXIF) {
        let place = start + EXIF.len() as u64;
        exif::look(input, place..end, picture)?;
    } else if let Some(packet) = body.strip_prefix(XMP) {
        xmp::look(packet, picture);
    }
    Ok(())
}
