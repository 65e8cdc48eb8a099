//! Small pictures of images, as they are shown in lists.

mod rows;
mod shrink;
mod whole;

use std::io::{self, Read, Seek, SeekFrom};

use datalake_core::{Budget, Error, Preview, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, RgbImage};

use crate::input::{Bytes, Stop, failed};
use crate::picture::{Decoding, Picture, Raster};
use crate::size::Size;
use shrink::{Pixel, Shrinker, Small};

/// The longer side of a small picture, in pixels. An image that is smaller keeps its size.
const SIDE: u32 = 320;
/// Counts up when the same image would give another small picture.
const VERSION: u32 = 1;
/// JPEG, whatever the image is: on 320 pixels nobody sees the difference, and PNGs of gradients and photos would be
/// five times as large. What can be seen through is put on white; of screenshots that is the shadow of a window.
const MEDIA_TYPE: &str = "image/jpeg";
/// Where the encoder's marks are no longer seen around letters.
const QUALITY: u8 = 80;

/// Images with a longer side have no small picture: a row alone would take megabytes.
pub(crate) const LONGEST_SIDE: u32 = 1 << 18;
/// Images with more pixels have none: they take as many seconds as a usual one takes hundredths.
const MOST_PIXELS: u64 = 400_000_000;
/// The memory for decoding, of all readers together. The allocator keeps some of it for a while, so that the whole
/// program takes half as much again.
static MEMORY: Budget = Budget::new(56 << 20);

/// A small picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// It, as a JPEG file.
    pub bytes: Vec<u8>,
}

impl Thumbnail {
    /// As it is kept beside the image.
    pub fn preview(self) -> Preview {
        Preview {
            kind: "thumbnail",
            media_type: MEDIA_TYPE,
            version: VERSION,
            bytes: self.bytes.into(),
        }
    }
}

/// Makes a small picture of an image that was probed before: at most 320 pixels on the longer side and never larger than
/// the image, upright, of an animation the first frame. The inner error says why there is none, following "the image".
///
/// `alive` is called again and again; an error of it ends the work.
///
/// # Errors
/// `file` could not be read, or `alive` gave an error.
pub fn thumbnail(
    mut file: impl Read + Seek,
    picture: &Picture,
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<Result<Thumbnail, String>> {
    let raster = match &picture.raster {
        Ok(raster) => raster,
        Err(why) => return Ok(Err(why.clone())),
    };
    let mut watched = Watched {
        file: &mut file,
        failure: None,
    };
    let small = shrink(&mut watched, picture, raster, alive);
    if let Some(failure) = watched.failure {
        return Err(failed(failure));
    }
    match small.and_then(|small| encode(small, picture)) {
        Ok(thumbnail) => Ok(Ok(thumbnail)),
        Err(Stop::Damaged(why)) => Ok(Err(why)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn shrink(
    file: &mut Watched<'_>,
    picture: &Picture,
    raster: &Raster,
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<Small, Stop> {
    let Size { width, height } = raster.size;
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > LONGEST_SIDE || pixels > MOST_PIXELS {
        return Err(Stop::damaged(format!(
            "is too large for a small picture: {width} × {height} pixels"
        )));
    }
    let length = file.seek(SeekFrom::End(0))?;
    let need = match &raster.decoding {
        Decoding::Png(data) => rows::memory(data, raster.size),
        Decoding::Whole { bytes_per_pixel } => {
            whole::memory(picture.format, pixels * u64::from(*bytes_per_pixel), length)
        }
        Decoding::No(why) => return Err(Stop::damaged(*why)),
    };
    let need = need.saturating_add(Shrinker::memory(raster.size));
    let Some(_share) = MEMORY.share(need, alive).map_err(Stop::Failed)? else {
        let (need, most) = (need.div_ceil(1 << 20), MEMORY.all() >> 20);
        return Err(Stop::damaged(format!(
            "would take {need} MiB to decode, more than {most}"
        )));
    };
    match &raster.decoding {
        Decoding::Png(data) => rows::shrink(file, data, raster.size, alive),
        _ => whole::shrink(file, picture.format, (raster.size, need), alive),
    }
}

/// A shrinker for images of this size.
fn shrinker(size: Size, pixel: Pixel) -> Shrinker {
    Shrinker::new(size, size.within(SIDE), pixel)
}

fn encode(small: Small, picture: &Picture) -> Result<Thumbnail, Stop> {
    let Size { width, height } = small.size;
    let gray = small.samples.len() as u64 == u64::from(width) * u64::from(height);
    let made = if gray {
        GrayImage::from_raw(width, height, small.samples).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, small.samples).map(DynamicImage::from)
    };
    let wrong = || {
        Stop::Failed(Error::bug(
            "a small picture has not as many samples as its size says",
        ))
    };
    let mut upright = made.ok_or_else(wrong)?;
    upright.apply_orientation(picture.orientation);
    let (width, height) = (upright.width(), upright.height());
    let mut bytes = Vec::new();
    let kind = if gray {
        ExtendedColorType::L8
    } else {
        ExtendedColorType::Rgb8
    };
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode(upright.as_bytes(), width, height, kind)
        .map_err(|error| {
            Stop::Failed(Error::bug("a small picture could not be encoded").caused_by(error))
        })?;
    Ok(Thumbnail {
        width,
        height,
        bytes,
    })
}

/// A file that keeps what went wrong when it was read: a decoder may take that for a fault of the image.
pub(crate) struct Watched<'a> {
    file: &'a mut dyn Bytes,
    failure: Option<io::Error>,
}

impl Watched<'_> {
    fn noted<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure = Some(error);
            }
            kind.into()
        })
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        self.noted(read)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // A decoder that follows a wrong number may ask for a place before the start.
        self.file.seek(to)
    }
}
