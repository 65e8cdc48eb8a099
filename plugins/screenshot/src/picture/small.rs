//! GIF and BMP, whose headers are a few numbers each.

use crate::input::{Input, Stop};
use crate::picture::{Decoding, Picture};

/// A moving GIF says before its first frame that it will go on: so many extensions are looked at.
const EXTENSIONS: usize = 100;
/// With 255 bytes a block these are the longest texts that programs write.
const BLOCKS: usize = 10_000;
const EXTENSION: u8 = 0x21;
const CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;

/// GIF: <https://www.w3.org/Graphics/GIF/spec-gif89a.txt>.
pub(crate) fn gif(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    input.skip(6)?;
    let [w0, w1, h0, h1, packed, _, _] = input.array()?;
    let size = (u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1]));
    let table_bits = (packed & 7) + 1;
    let has_table = packed & 0x80 != 0;
    // The canvas, and a frame that may be as large, each with four bytes a pixel.
    let decoding = Decoding::Whole { bytes_per_pixel: 8 };
    let bits = if has_table { table_bits } else { 8 };
    picture.set_raster((size.0.into(), size.1.into()), Some(bits), decoding)?;
    if has_table {
        input.skip(3 << table_bits)?;
    }
    for _ in 0..EXTENSIONS {
        if input.byte()? != EXTENSION || !gif_extension(input, picture)? {
            break;
        }
    }
    Ok(())
}

/// An extension tells that there is a second frame: the first one has an end, or the whole is repeated. Gives
/// whether it is worth while to read on.
fn gif_extension(input: &mut Input<'_>, picture: &mut Picture) -> Result<bool, Stop> {
    let label = input.byte()?;
    for number in 0..BLOCKS {
        let length = input.byte()?;
        if length == 0 {
            return Ok(true);
        }
        let block = input.bytes(length.into())?;
        let moves = match (label, &*block) {
            (CONTROL, [_, low, high, ..]) => (*low, *high) != (0, 0),
            (APPLICATION, name) => name == b"NETSCAPE2.0",
            _ => false,
        };
        // What an extension is stands in its first block.
        picture.animated |= moves && number == 0;
    }
    Ok(false)
}

/// BMP: <https://learn.microsoft.com/en-us/windows/win32/gdi/bitmap-header-types>.
pub(crate) fn bmp(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    input.skip(14)?;
    let (width, height, bits) = if u32::from_le_bytes(input.array()?) == 12 {
        let [w0, w1, h0, h1, _, _, bits, _] = input.array()?;
        let side = |low, high| u32::from(u16::from_le_bytes([low, high]));
        (side(w0, w1), side(h0, h1), bits)
    } else {
        let width = i32::from_le_bytes(input.array()?);
        let height = i32::from_le_bytes(input.array()?);
        let [_, _, bits, _] = input.array()?;
        // A negative height means that the top row comes first.
        (
            u32::try_from(width).unwrap_or_default(),
            height.unsigned_abs(),
            bits,
        )
    };
    let depth = match bits {
        16 => 5,
        24 | 32 => 8,
        palette => palette,
    };
    // Those of 16 and 32 bits may have an alpha channel.
    let bytes_per_pixel = if matches!(bits, 16 | 32) { 4 } else { 3 };
    let decoding = Decoding::Whole { bytes_per_pixel };
    picture.set_raster((width, height), Some(depth), decoding)
}
