//! Small pictures of images whose decoders hold the whole image.

use std::io::{self, BufReader};
use std::panic::AssertUnwindSafe;

use datalake_core::{Error, Result};
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::input::{Bytes, Stop};
use crate::picture::Format;
use crate::size::Size;
use crate::thumbnail::shrink::{Pixel, Small};
use crate::thumbnail::shrinker;

/// What a decoder holds besides pixels.
const DECODER: u64 = 1 << 20;
const BUFFER: usize = 64 << 10;
/// The limit that the decoder of GIF has by itself.
const LONGEST_GIF_TEXT: u64 = 50_000_000;

/// How many bytes decoding takes at most.
///
/// One thing is not in it: a lossless WebP made for the purpose can have tables for decoding that are hundreds of
/// times as large as their description in the file, and its decoder has no limit for them.
pub(crate) fn memory(format: Option<Format>, pixels: u64, file: u64) -> u64 {
    let held = match format {
        // The file, and once more what is in it besides pixels.
        Some(Format::Jpeg) => 2 * file,
        Some(Format::Webp) => file,
        // Texts that stand before the pixels.
        Some(Format::Gif) => file.min(LONGEST_GIF_TEXT),
        _ => 0,
    };
    pixels.saturating_add(held).saturating_add(DECODER)
}

/// The samples of an image as they were decoded.
struct Samples {
    bytes: Vec<u8>,
    pixel: Pixel,
    /// How many bytes each sample has.
    width: usize,
}

pub(crate) fn shrink(
    file: &mut dyn Bytes,
    format: Option<Format>,
    (size, memory): (Size, u64),
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<Small, Stop> {
    alive().map_err(Stop::Failed)?;
    let mut samples = guarded(|| decode(file, format, (size, memory)))?;
    let row = size.width as usize * samples.pixel.bytes() * samples.width;
    let mut shrinker = shrinker(size, samples.pixel);
    for row in samples.bytes.chunks_exact_mut(row) {
        alive().map_err(Stop::Failed)?;
        shrinker.push(narrow(row, samples.width));
    }
    shrinker
        .finish()
        .ok_or_else(|| Stop::damaged("ends too early"))
}

/// Does work that panics where a decoder meets what its author did not think of.
fn guarded<T>(work: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
    // Nothing that it has touched is used afterwards but the file, which is read from its start or not at all.
    let done = std::panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(Stop::damaged("cannot be decoded: its decoder failed")))
}

fn decode(
    file: &mut dyn Bytes,
    format: Option<Format>,
    (size, memory): (Size, u64),
) -> Result<Samples, Stop> {
    let format = match format {
        Some(Format::Jpeg) => ImageFormat::Jpeg,
        Some(Format::Webp) => ImageFormat::WebP,
        Some(Format::Gif) => ImageFormat::Gif,
        Some(Format::Bmp) => ImageFormat::Bmp,
        Some(Format::Tiff) => ImageFormat::Tiff,
        other => return Err(Stop::Failed(Error::bug(format!("no decoder of {other:?}")))),
    };
    file.rewind()?;
    let file = BufReader::with_capacity(BUFFER, file);
    let mut reader = ImageReader::with_format(file, format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(memory);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(stop)?;
    if decoder.dimensions() != (size.width, size.height) {
        return Err(Stop::damaged("has two different sizes in its headers"));
    }
    let (pixel, width) = layout(decoder.color_type())?;
    let length = size.width as usize * size.height as usize * pixel.bytes() * width;
    if length as u64 > memory {
        return Err(Stop::damaged("has more samples than its headers say"));
    }
    let mut bytes = vec![0; length];
    decoder.read_image(&mut bytes).map_err(stop)?;
    Ok(Samples {
        bytes,
        pixel,
        width,
    })
}

/// The samples of a pixel, and the bytes of each.
fn layout(color: ColorType) -> Result<(Pixel, usize), Stop> {
    Ok(match color {
        ColorType::L8 => (Pixel::Gray, 1),
        ColorType::La8 => (Pixel::GrayAlpha, 1),
        ColorType::Rgb8 => (Pixel::Rgb, 1),
        ColorType::Rgba8 => (Pixel::Rgba, 1),
        ColorType::L16 => (Pixel::Gray, 2),
        ColorType::La16 => (Pixel::GrayAlpha, 2),
        ColorType::Rgb16 => (Pixel::Rgb, 2),
        ColorType::Rgba16 => (Pixel::Rgba, 2),
        ColorType::Rgb32F => (Pixel::Rgb, 4),
        ColorType::Rgba32F => (Pixel::Rgba, 4),
        _ => return Err(Stop::damaged("has samples of an unknown sort")),
    })
}

/// The samples of a row as bytes, in its first part.
fn narrow(row: &mut [u8], bytes: usize) -> &mut [u8] {
    let count = row.len() / bytes;
    if bytes > 1 {
        for sample in 0..count {
            let at = sample * bytes;
            row[sample] = match row[at..at + bytes] {
                [a, b] => (u16::from_ne_bytes([a, b]) >> 8) as u8,
                [a, b, c, d] => (f32::from_ne_bytes([a, b, c, d]) * 255.0 + 0.5) as u8,
                _ => 0,
            };
        }
    }
    &mut row[..count]
}

/// A file that cannot be read is noticed by whoever watches it: all errors of a decoder are about the image.
fn stop(error: ImageError) -> Stop {
    match error {
        ImageError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Stop::damaged("ends too early")
        }
        error => Stop::undecodable(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_is_an_image_that_cannot_be_decoded() {
        let quiet = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| ()));
        let done = guarded::<()>(|| panic!("in a decoder"));
        std::panic::set_hook(quiet);
        assert!(matches!(done, Err(Stop::Damaged(why)) if why.contains("its decoder failed")));
        assert!(matches!(guarded(|| Ok(1)), Ok(1)));
    }

    #[test]
    fn wide_samples_become_bytes() {
        let mut row: Vec<u8> = [0_u16, 0x80ff, 0xffff]
            .iter()
            .flat_map(|sample| sample.to_ne_bytes())
            .collect();
        assert_eq!(narrow(&mut row, 2), [0, 0x80, 0xff]);
        let samples = [0.0_f32, 0.5, 1.0, 7.0, -1.0, f32::NAN];
        let mut row: Vec<u8> = samples
            .iter()
            .flat_map(|sample| sample.to_ne_bytes())
            .collect();
        assert_eq!(narrow(&mut row, 4), [0, 128, 255, 255, 0, 0]);
    }
}
