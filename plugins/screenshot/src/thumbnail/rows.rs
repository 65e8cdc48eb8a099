//! Small pictures of PNGs. The rows are decoded one by one, so that an image of any size takes a few rows of
//! memory; only the rare interlaced ones are decoded as a whole.

use std::io;

use datalake_core::{Error, Result};
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};

use crate::input::{Bytes, Stop};
use crate::picture::png::PixelData;
use crate::size::Size;
use crate::thumbnail::shrink::{Pixel, Small};
use crate::thumbnail::shrinker;

/// What the decoder holds besides rows.
const DECODER: u64 = 512 << 10;
/// It keeps several rows as they are stored.
const ROWS: u64 = 8;
/// A pixel that has been decoded.
const PIXEL: u64 = 4;
/// All chunks that are passed to it are small.
const CHUNKS: usize = 1 << 20;

/// How many bytes decoding takes at most.
pub(crate) fn memory(data: &PixelData, size: Size) -> u64 {
    let rows = if data.interlaced { size.height } else { 1 };
    data.row * ROWS + u64::from(size.width) * u64::from(rows) * PIXEL + DECODER
}

pub(crate) fn shrink(
    file: &mut dyn Bytes,
    data: &PixelData,
    size: Size,
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<Small, Stop> {
    // A row, too, counts towards the limit.
    let limits = Limits {
        bytes: CHUNKS + size.width as usize * PIXEL as usize,
    };
    // Checksums are looked at: that costs a hundredth, and a damaged image is known as one.
    let mut decoder = Decoder::new_with_limits(data.of(file)?, limits);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(stop)?;
    let pixel = match reader.output_color_type() {
        (ColorType::Grayscale, BitDepth::Eight) => Pixel::Gray,
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => Pixel::GrayAlpha,
        (ColorType::Rgb, BitDepth::Eight) => Pixel::Rgb,
        (ColorType::Rgba, BitDepth::Eight) => Pixel::Rgba,
        other => return Err(Stop::Failed(Error::bug(format!("PNG rows of {other:?}")))),
    };
    let mut shrinker = shrinker(size, pixel);
    let row = size.width as usize * pixel.bytes();
    if data.interlaced {
        let mut samples = vec![0; row * size.height as usize];
        reader.next_frame(&mut samples).map_err(stop)?;
        samples
            .chunks_exact_mut(row)
            .for_each(|row| shrinker.push(row));
    } else {
        let mut samples = vec![0; row];
        while reader.read_row(&mut samples).map_err(stop)?.is_some() {
            alive().map_err(Stop::Failed)?;
            shrinker.push(&mut samples);
        }
    }
    shrinker
        .finish()
        .ok_or_else(|| Stop::damaged("ends too early"))
}

fn stop(error: DecodingError) -> Stop {
    match error {
        DecodingError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Stop::damaged("ends too early")
        }
        error => Stop::undecodable(&error),
    }
}
