//! PNG: its chunks (https://www.w3.org/TR/png-3/), which say where the pixels are and what is written beside them.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read, Seek, SeekFrom, Take};

use crate::exif;
use crate::input::{Bytes, Input, Stop};
use crate::picture::{Decoding, Picture};
use crate::shrink::Size;
use crate::times::{Field, png_text_time, utc_time};
use crate::xmp;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// With the usual 8 KiB of pixels a chunk that is a file of 8 GiB.
const CHUNKS: usize = 1 << 20;
/// Longer texts are no remarks about a picture, and all of one file are not kept together.
const LONGEST_TEXT: u32 = 256 << 10;
const LONGEST_TEXTS: usize = 1 << 20;
/// What a text may unpack to.
const UNPACKED_TEXT: usize = 1 << 20;
/// Large enough that reading costs nothing beside decoding.
const BUFFER: usize = 64 << 10;
/// Length, name and checksum.
const AROUND: u64 = 12;
/// The longest body of the chunks below: a palette.
const LONGEST_ESSENTIAL: u32 = 768;
const XMP: &str = "XML:com.adobe.xmp";

/// Where the pixels are.
#[derive(Debug, Clone)]
pub(crate) struct PixelData {
    /// The file up to the pixels with nothing in it but what they need: signature, header, palette, transparency.
    head: Vec<u8>,
    /// The first chunk of pixels, and how many bytes there are up to the end of the last.
    start: u64,
    length: u64,
    /// Bytes of a row as stored.
    pub(crate) row: u64,
    pub(crate) interlaced: bool,
}

/// The chunks that were of interest, as they stand in the file.
struct Chunks {
    essential: Vec<u8>,
    texts: Vec<u8>,
    pixels: Option<(u64, u64)>,
}

pub(crate) fn look(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    let mut chunks = Chunks {
        essential: SIGNATURE.to_vec(),
        texts: Vec::new(),
        pixels: None,
    };
    input.skip(SIGNATURE.len() as u64)?;
    let walked = walk(input, picture, &mut chunks);
    read_texts(&chunks, picture);
    if let (Some(at), Some((start, end))) = (header(&chunks.essential), chunks.pixels) {
        let decoding = Decoding::Png(PixelData {
            head: chunks.essential,
            start,
            length: end - start,
            row: (u64::from(at.size.width) * at.bits_per_pixel).div_ceil(8),
            interlaced: at.interlaced,
        });
        picture.set_raster((at.size.width, at.size.height), Some(at.bit_depth), decoding)?;
    }
    walked
}

fn walk(input: &mut Input<'_>, picture: &mut Picture, chunks: &mut Chunks) -> Result<(), Stop> {
    for _ in 0..CHUNKS {
        let start = input.position();
        let length = u32::from_be_bytes(input.array()?);
        let name = input.array()?;
        let body = input.position();
        let end = body + u64::from(length) + 4;
        match &name {
            b"IHDR" | b"PLTE" | b"tRNS" if length <= LONGEST_ESSENTIAL && chunks.pixels.is_none() => {
                copy(input, start..end, &mut chunks.essential)?;
                if let Some(at) = header(&chunks.essential) {
                    // In case there are no pixels.
                    let size = (at.size.width, at.size.height);
                    picture.set_raster(size, Some(at.bit_depth), Decoding::No)?;
                }
            }
            b"IDAT" => {
                let first = chunks.pixels.map_or(start, |(first, _)| first);
                chunks.pixels = Some((first, end.min(input.length())));
            }
            b"tEXt" | b"zTXt" | b"iTXt" if length <= LONGEST_TEXT && chunks.texts.len() < LONGEST_TEXTS => {
                copy(input, start..end, &mut chunks.texts)?;
            }
            b"tIME" => {
                let [y0, y1, month, day, hour, minute, second] = input.array()?;
                let date = (u16::from_be_bytes([y0, y1]), month, day);
                let time = utc_time(date, (hour, minute, second));
                picture.note_time(time.map(|time| time.of(Field::PngTime)));
            }
            b"eXIf" => exif::look(input, body..end - 4, picture)?,
            b"acTL" => picture.animated = true,
            b"IEND" => break,
            _ => {}
        }
        input.go_to(end)?;
    }
    Ok(())
}

/// Copies a few bytes of the file.
fn copy(input: &mut Input<'_>, range: std::ops::Range<u64>, to: &mut Vec<u8>) -> Result<(), Stop> {
    input.go_to(range.start)?;
    to.extend(input.bytes((range.end - range.start) as usize)?);
    Ok(())
}
