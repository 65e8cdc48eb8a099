//! WebP: the chunks of its RIFF container (<https://developers.google.com/speed/webp/docs/riff_container>).

use crate::input::{Input, Stop};
use crate::picture::{Decoding, Picture};
use crate::picture::{exif, xmp};

/// Real files have less than ten; an animation has one a frame.
const CHUNKS: usize = 100_000;
const ANIMATED: u8 = 0x02;
/// A larger packet is no description of one image.
const LARGEST_XMP: u64 = 256 << 10;
/// What decoders hold a pixel, rounded up: three samples of brightness and colour to give out, and what they are made
/// of.
const LOSSY: u32 = 5;
/// The same, and four samples that are decoded.
const LOSSLESS: u32 = 8;
/// Either of them, and an alpha channel that is decoded by itself.
const EXTENDED: u32 = 12;
/// An animation has a canvas besides.
const MOVING: u32 = 20;

pub(crate) fn look(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    input.skip(12)?;
    for _ in 0..CHUNKS {
        if input.position() >= input.length() {
            break;
        }
        let [a, b, c, d, length @ ..] = input.array::<8>()?;
        let start = input.position();
        let length = u64::from(u32::from_le_bytes(length));
        let end = start + length;
        match &[a, b, c, d] {
            b"VP8X" => extended(input, picture)?,
            // Behind VP8X these are parts of what that describes.
            b"VP8L" if picture.raster.is_err() => return lossless(input, picture),
            b"VP8 " if picture.raster.is_err() => return lossy(input, picture),
            b"EXIF" => exif::look(input, start..end, picture)?,
            b"XMP " if length <= LARGEST_XMP => xmp::look(&input.up_to(length as usize)?, picture),
            _ => {}
        }
        // Chunks begin at even places.
        input.go_to(end + (length & 1))?;
    }
    Ok(())
}

fn extended(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = input.array()?;
    let side = |bytes: [u8; 3]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) + 1;
    picture.animated = flags & ANIMATED != 0;
    let bytes_per_pixel = if picture.animated { MOVING } else { EXTENDED };
    let size = (side([w0, w1, w2]), side([h0, h1, h2]));
    picture.set_raster(size, Some(8), Decoding::Whole { bytes_per_pixel })
}

fn lossless(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    let [signature, bits @ ..] = input.array::<5>()?;
    if signature != 0x2f {
        return Err(Stop::damaged("has no picture where one should be"));
    }
    let bits = u32::from_le_bytes(bits);
    let size = ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    let decoding = Decoding::Whole {
        bytes_per_pixel: LOSSLESS,
    };
    picture.set_raster(size, Some(8), decoding)
}

fn lossy(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    let [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1] = input.array()? else {
        return Err(Stop::damaged("has no picture where one should be"));
    };
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    let decoding = Decoding::Whole {
        bytes_per_pixel: LOSSY,
    };
    picture.set_raster((side(w0, w1), side(h0, h1)), Some(8), decoding)
}
