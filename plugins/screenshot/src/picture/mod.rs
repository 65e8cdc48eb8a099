//! What an image file says of itself: its format, its size, and who made it when. Only headers are read.

mod bmff;
mod exif;
mod jpeg;
pub(crate) mod png;
mod small;
mod times;
mod webp;
mod xmp;

use std::io::{Read, Seek};

use datalake_core::Result;
use image::metadata::Orientation;

use crate::input::{Bytes, Input, Stop};
use crate::size::Size;
use png::PixelData;
pub use times::{Field, Written};

/// So many bytes at the start decide on the format.
const MAGIC: usize = 64;
/// Of a text so many characters are kept.
const LONGEST_TEXT: usize = 200;

/// The format of an image, by its first bytes; names and extensions are not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// PNG, animated ones too.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP, lossy or lossless.
    Webp,
    /// GIF.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF.
    Tiff,
    /// AVIF.
    Avif,
    /// HEIC and other HEIF.
    Heic,
}

impl Format {
    /// The format of a file that begins with these bytes.
    pub fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Self::Webp,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            // The header of a bitmap is 12 to 124 bytes long, which text that begins with BM does not say.
            [b'B', b'M', rest @ ..] if matches!(rest.get(12..16), Some([12..=124, 0, 0, 0])) => {
                Self::Bmp
            }
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Self::Tiff,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => return bmff::brand(head),
            _ => return None,
        })
    }

    /// Its short name, which is also the usual extension of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Avif => "avif",
            Self::Heic => "heic",
        }
    }
}

/// What an image file says of itself.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its format; nothing if it is none of those that are known.
    pub format: Option<Format>,
    /// Whether it moves.
    pub animated: bool,
    /// The best of the times written in it.
    pub written: Option<Written>,
    /// The program or the device that made it.
    pub software: Option<String>,
    /// What it shows, in the words of whoever made it.
    pub title: Option<String>,
    /// Whether Exif data were read: the first count.
    has_exif: bool,
    /// How it is turned for showing it.
    pub(crate) orientation: Orientation,
    /// Its pixels, or why nothing is known of them.
    pub(crate) raster: Result<Raster, String>,
}

/// The pixels of an image.
#[derive(Debug, Clone)]
pub(crate) struct Raster {
    /// The size as stored, before it is turned.
    pub(crate) size: Size,
    pub(crate) bit_depth: Option<u8>,
    pub(crate) decoding: Decoding,
}

/// How the pixels can be read.
#[derive(Debug, Clone)]
pub(crate) enum Decoding {
    /// From a PNG.
    Png(PixelData),
    /// By a decoder that holds the whole picture, with so many bytes a pixel at most.
    Whole { bytes_per_pixel: u32 },
    /// Not at all; says why, following "the image".
    No(&'static str),
}

/// Reads the headers of an image. An error means that `file` could not be read; an image that is damaged or no
/// image at all is an answer like any other.
pub fn probe(mut file: impl Read + Seek) -> Result<Picture> {
    let mut picture = Picture::unknown("is not of a known format");
    match look(&mut file, &mut picture) {
        Ok(()) => Ok(picture),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Damaged(why)) => {
            // What was found before the damage stands.
            if picture.raster.is_err() {
                picture.raster = Err(why);
            }
            Ok(picture)
        }
    }
}

fn look(file: &mut dyn Bytes, picture: &mut Picture) -> Result<(), Stop> {
    let mut input = Input::new(file)?;
    let head = input.up_to(MAGIC)?;
    if head.is_empty() {
        return Err(Stop::damaged("is empty"));
    }
    picture.format = Format::of(&head);
    let Some(format) = picture.format else {
        return Ok(());
    };
    picture.raster = Err("has no size in its header".to_owned());
    input.go_to(0)?;
    match format {
        Format::Png => png::look(&mut input, picture),
        Format::Jpeg => jpeg::look(&mut input, picture),
        Format::Webp => webp::look(&mut input, picture),
        Format::Gif => small::gif(&mut input, picture),
        Format::Bmp => small::bmp(&mut input, picture),
        Format::Tiff => exif::tiff(&mut input, picture),
        Format::Avif | Format::Heic => bmff::look(&mut input, picture),
    }
}

impl Picture {
    fn unknown(why: &str) -> Self {
        Self {
            format: None,
            animated: false,
            written: None,
            software: None,
            title: None,
            has_exif: false,
            orientation: Orientation::NoTransforms,
            raster: Err(why.to_owned()),
        }
    }

    /// Its width and height in pixels, as one sees it: turned as its orientation says.
    pub fn size(&self) -> Option<(u32, u32)> {
        let Size { width, height } = self.raster.as_ref().ok()?.size;
        let lies = matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        );
        Some(if lies {
            (height, width)
        } else {
            (width, height)
        })
    }

    /// The bits of one sample; where there is a palette, of a number of a colour.
    pub fn bit_depth(&self) -> Option<u8> {
        self.raster.as_ref().ok()?.bit_depth
    }

    /// Why its size is not known; follows "the image".
    pub fn problem(&self) -> Option<&str> {
        self.raster.as_ref().err().map(String::as_str)
    }

    /// Takes note of the size; one without any pixel is none.
    pub(crate) fn set_raster(
        &mut self,
        (width, height): (u32, u32),
        bit_depth: Option<u8>,
        decoding: Decoding,
    ) -> Result<(), Stop> {
        if width == 0 || height == 0 {
            return Err(Stop::damaged(format!(
                "is {width} × {height} pixels by its header"
            )));
        }
        self.raster = Ok(Raster {
            size: Size { width, height },
            bit_depth,
            decoding,
        });
        Ok(())
    }

    /// Takes note of a time, unless a better one is known.
    pub(crate) fn note_time(&mut self, written: Option<Written>) {
        if let Some(written) = written
            && self.written.is_none_or(|known| written.field < known.field)
        {
            self.written = Some(written);
        }
    }

    /// Takes note of the program, unless one is known.
    pub(crate) fn note_software(&mut self, text: &str) {
        note(&mut self.software, text);
    }

    /// Takes note of a title, unless one is known.
    pub(crate) fn note_title(&mut self, text: &str) {
        note(&mut self.title, text);
    }
}

fn note(field: &mut Option<String>, text: &str) {
    if field.is_none() {
        let cleaned: String = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(LONGEST_TEXT)
            .collect();
        let cleaned = cleaned.trim();
        *field = (!cleaned.is_empty()).then(|| cleaned.to_owned());
    }
}
