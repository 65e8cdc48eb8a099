//! PNG: its chunks (<https://www.w3.org/TR/png-3/>), which say where the pixels are and what is written beside them.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read, Seek, SeekFrom, Take};
use std::ops::Range;

use crate::input::{Bytes, Input, Stop};
use crate::picture::exif;
use crate::picture::times::{Field, png_text_time, utc_time};
use crate::picture::xmp;
use crate::picture::{Decoding, Picture};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The header of a picture of one gray pixel.
const ONE_PIXEL: &[u8] = b"\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55";
/// The start of a chunk of pixels.
const PIXELS_FOLLOW: &[u8] = b"\0\0\0\0IDAT";
/// The last chunk of every file.
const END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";
/// With the usual 8 KiB of pixels a chunk that is a file of 8 GiB.
const CHUNKS: usize = 1 << 20;
/// A longer text is no remark about a picture.
const LONGEST_TEXT: u32 = 256 << 10;
/// From here on no more texts are taken.
const ENOUGH_TEXT: usize = 1 << 20;
/// So many texts of each sort are looked at.
const TEXTS: usize = 100;
/// What a text may unpack to.
const UNPACKED_TEXT: usize = 256 << 10;
/// Large enough that reading costs nothing beside decoding.
const BUFFER: usize = 64 << 10;
/// The longest body of the chunks that pixels need: a palette.
const LONGEST_ESSENTIAL: u32 = 768;
/// From here on no more of them are taken: a file has each of them once.
const ENOUGH_ESSENTIAL: usize = 4096;
const XMP: &str = "XML:com.adobe.xmp";

/// Where the pixels are.
#[derive(Debug, Clone)]
pub(crate) struct PixelData {
    /// The file up to the pixels with nothing in it but what they need: signature, header, palette, transparency.
    head: Vec<u8>,
    /// The chunks of pixels.
    pixels: Range<u64>,
    /// What follows them: the end, unless they are cut off.
    tail: &'static [u8],
    /// Bytes of a row as stored.
    pub(crate) row: u64,
    pub(crate) interlaced: bool,
}

/// The chunks that are of interest, as they stand in the file.
struct Chunks {
    essential: Vec<u8>,
    texts: Vec<u8>,
    pixels: Option<Range<u64>>,
}

/// The numbers of the header.
struct Header {
    size: (u32, u32),
    bit_depth: u8,
    bits_per_pixel: u64,
    interlaced: bool,
}

pub(crate) fn look(input: &mut Input<'_>, picture: &mut Picture) -> Result<(), Stop> {
    let mut chunks = Chunks {
        essential: SIGNATURE.to_vec(),
        texts: Vec::new(),
        pixels: None,
    };
    input.skip(SIGNATURE.len() as u64)?;
    let walked = walk(input, picture, &mut chunks);
    read_texts(&chunks.texts, picture);
    let Some(header) = Header::of(&chunks.essential) else {
        return walked.and(Err(Stop::damaged("has no header")));
    };
    let decoding = match chunks.pixels {
        Some(pixels) => Decoding::Png(PixelData {
            head: chunks.essential,
            tail: if pixels.end <= input.length() {
                END
            } else {
                &[]
            },
            pixels,
            row: (u64::from(header.size.0) * header.bits_per_pixel).div_ceil(8),
            interlaced: header.interlaced,
        }),
        None => Decoding::No("has no pixels"),
    };
    picture.set_raster(header.size, Some(header.bit_depth), decoding)?;
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
            b"IHDR" | b"PLTE" | b"tRNS"
                if length <= LONGEST_ESSENTIAL
                    && chunks.essential.len() < ENOUGH_ESSENTIAL
                    && chunks.pixels.is_none() =>
            {
                copy(input, start..end, &mut chunks.essential)?;
            }
            b"IDAT" => {
                // Only the first run of them counts.
                let pixels = chunks.pixels.get_or_insert(start..start);
                if pixels.end == start {
                    pixels.end = end;
                }
            }
            b"tEXt" | b"zTXt" | b"iTXt"
                if length <= LONGEST_TEXT && chunks.texts.len() < ENOUGH_TEXT =>
            {
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
fn copy(input: &mut Input<'_>, range: Range<u64>, to: &mut Vec<u8>) -> Result<(), Stop> {
    input.go_to(range.start)?;
    to.extend(input.bytes((range.end - range.start) as usize)?);
    Ok(())
}

impl Header {
    /// Reads the first chunk behind the signature.
    fn of(file: &[u8]) -> Option<Self> {
        let chunk = file.get(SIGNATURE.len()..)?;
        let body = chunk.strip_prefix(b"\0\0\0\x0dIHDR")?;
        let &[
            w0,
            w1,
            w2,
            w3,
            h0,
            h1,
            h2,
            h3,
            bit_depth,
            colours,
            _,
            _,
            interlaced,
            ..,
        ] = body
        else {
            return None;
        };
        let samples = match colours {
            0 | 3 => 1,
            4 => 2,
            2 => 3,
            _ => 4,
        };
        Some(Self {
            size: (
                u32::from_be_bytes([w0, w1, w2, w3]),
                u32::from_be_bytes([h0, h1, h2, h3]),
            ),
            bit_depth,
            bits_per_pixel: u64::from(bit_depth) * samples,
            interlaced: interlaced != 0,
        })
    }
}

/// Reads texts, as chunks, with the decoder, which takes them out of a picture that consists of them.
fn read_texts(texts: &[u8], picture: &mut Picture) {
    let file = [SIGNATURE, ONE_PIXEL, texts, PIXELS_FOLLOW].concat();
    let Ok(reader) = png::Decoder::new(Cursor::new(file)).read_info() else {
        return;
    };
    let info = reader.info();
    for text in info.uncompressed_latin1_text.iter().take(TEXTS) {
        note_text(&text.keyword, &text.text, picture);
    }
    for text in info.compressed_latin1_text.iter().take(TEXTS) {
        let mut text = text.clone();
        if text.decompress_text_with_limit(UNPACKED_TEXT).is_ok() {
            note_text(&text.keyword, &text.get_text().unwrap_or_default(), picture);
        }
    }
    for text in info.utf8_text.iter().take(TEXTS) {
        let mut text = text.clone();
        if text.decompress_text_with_limit(UNPACKED_TEXT).is_ok() {
            note_text(&text.keyword, &text.get_text().unwrap_or_default(), picture);
        }
    }
}

fn note_text(keyword: &str, text: &str, picture: &mut Picture) {
    match keyword {
        "Creation Time" => {
            let time = png_text_time(text);
            picture.note_time(time.map(|time| time.of(Field::PngText)));
        }
        "Software" => picture.note_software(text),
        "Title" | "Description" => picture.note_title(text),
        XMP => xmp::look(text.as_bytes(), picture),
        _ => {}
    }
}

/// The file as the decoder is shown it: its pixels and what they need. Whatever else stands in it, right or wrong,
/// large or small, is no matter of the pixels.
pub(crate) struct Pixels<'a>(Chain<Chain<&'a [u8], FilePart<'a>>, &'static [u8]>);

type FilePart<'a> = BufReader<Take<&'a mut dyn Bytes>>;

impl PixelData {
    /// The pixels of `file`.
    pub(crate) fn of<'a>(&'a self, file: &'a mut dyn Bytes) -> io::Result<Pixels<'a>> {
        file.seek(SeekFrom::Start(self.pixels.start))?;
        let pixels = file.take(self.pixels.end - self.pixels.start);
        let pixels = BufReader::with_capacity(BUFFER, pixels);
        Ok(Pixels(self.head.chain(pixels).chain(self.tail)))
    }
}

impl Read for Pixels<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl BufRead for Pixels<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.0.consume(length);
    }
}

/// The decoder asks for it and never does it.
impl Seek for Pixels<'_> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_come_over_and_over_are_not_kept() {
        let palette = [&b"\0\0\x03\0PLTE"[..], &[0; 768 + 4]].concat();
        let file = [
            SIGNATURE,
            ONE_PIXEL,
            &palette.repeat(1000),
            PIXELS_FOLLOW,
            &[0; 4],
            END,
        ];
        let mut file = Cursor::new(file.concat());
        let mut chunks = Chunks {
            essential: SIGNATURE.to_vec(),
            texts: Vec::new(),
            pixels: None,
        };
        let mut input = Input::new(&mut file).unwrap();
        input.skip(SIGNATURE.len() as u64).unwrap();
        walk(
            &mut input,
            &mut Picture::unknown("nothing was read"),
            &mut chunks,
        )
        .unwrap();
        assert!(chunks.essential.len() < 5 << 10);
        assert!(chunks.essential.len() > ONE_PIXEL.len() + palette.len());
        assert!(chunks.pixels.is_some());
    }
}
