//! Every image of `fixtures/`: what it says of itself, and what its small picture looks like.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use datalake_screenshot::{Thumbnail, probe, thumbnail};

/// The four quarters in reading order: red, green, blue, white; `.` where nothing of them is left.
const UPRIGHT: &str = "RGBW";

/// File, format and size and bits, what is written in it, and the quarters of its small picture or why there is none.
const IMAGES: &[[&str; 4]] = &[
    ["rgb.png", "png 64×48×8", "", UPRIGHT],
    [
        "Screenshot_20260110_120000_Firefox.png",
        "png 64×48×8",
        "",
        UPRIGHT,
    ],
    ["one.png", "png 1×1×8", "", "RRRR"],
    ["wide.png", "png 30000×1×8", "", "RRRR"],
    ["rgba.png", "png 64×48×8", "", "WGBW"],
    ["rgb16.png", "png 64×48×16", "", UPRIGHT],
    ["gray.png", "png 64×48×8", "", "0123"],
    ["gray16.png", "png 64×48×16", "", "0123"],
    ["gray-alpha.png", "png 64×48×8", "", "3123"],
    ["bits.png", "png 64×48×1", "", "0033"],
    ["palette.png", "png 64×48×2", "", UPRIGHT],
    ["palette-alpha.png", "png 64×48×4", "", "WGBW"],
    ["interlaced.png", "png 64×48×8", "", UPRIGHT],
    ["animated.png", "png 64×48×8", "animated", UPRIGHT],
    ["no-pixels.png", "png 64×48×8", "", "has no pixels"],
    ["truncated.png", "png 64×48×8", "", "ends too early"],
    ["damaged.png", "png 64×48×8", "", "cannot be decoded: "],
    ["odd-chunks.png", "png 64×48×8", "", UPRIGHT],
    [
        "rfc1123.png",
        "png 64×48×8",
        "2026-01-10T06:30:00Z png:Creation Time",
        UPRIGHT,
    ],
    [
        "iso.png",
        "png 64×48×8",
        "2026-01-10T12:00:00+05:30 png:Creation Time, shows Café",
        UPRIGHT,
    ],
    [
        "locale.png",
        "png 64×48×8",
        "2026-01-10T12:00:00 png:Creation Time, by gnome-screenshot",
        UPRIGHT,
    ],
    [
        "packed.png",
        "png 64×48×8",
        "2026-01-10T12:00:00 png:Creation Time",
        UPRIGHT,
    ],
    ["bomb.png", "png 64×48×8", "", UPRIGHT],
    [
        "time.png",
        "png 64×48×8",
        "2026-01-10T06:30:00Z png:tIME",
        UPRIGHT,
    ],
    [
        "exif.png",
        "png 48×64×8",
        "2026-01-10T12:00:00.045+05:30 exif:DateTimeOriginal, by shooter 1.2, shows The editor",
        "BRWG",
    ],
    [
        "xmp.png",
        "png 64×48×8",
        "2026-01-10T12:00:00-08:00 xmp:CreateDate, by Shots & More",
        UPRIGHT,
    ],
    ["empty.png", "unknown", "", "is empty"],
    ["page.png", "unknown", "", "is not of a known format"],
    ["eight.png", "png", "", "ends too early"],
    ["rgb.jpg", "jpeg 64×48×8", "", UPRIGHT],
    [
        "exif.jpg",
        "jpeg 48×64×8",
        "2026-01-10T12:00:00.045+05:30 exif:DateTimeOriginal, by shooter 1.2, shows The editor",
        "BRWG",
    ],
    ["jpeg.png", "jpeg 64×48×8", "", UPRIGHT],
    ["progressive.jpg", "jpeg 64×48×8", "", UPRIGHT],
    ["gray.jpg", "jpeg 64×48×8", "", "1203"],
    ["cmyk.jpg", "jpeg 64×48×8", "", UPRIGHT],
    [
        "xmp.jpg",
        "jpeg 64×48×8",
        "2026-01-10T12:00:00-08:00 xmp:CreateDate, by Shots & More",
        UPRIGHT,
    ],
    [
        "truncated.jpg",
        "jpeg 48×64×8",
        "2026-01-10T12:00:00.045+05:30 exif:DateTimeOriginal, by shooter 1.2, shows The editor",
        // As browsers show it: what is missing is gray.
        ".R.G",
    ],
    ["cut.jpg", "jpeg", "", "ends too early"],
    ["lossy.webp", "webp 64×48×8", "", UPRIGHT],
    ["lossless.webp", "webp 64×48×8", "", UPRIGHT],
    ["alpha.webp", "webp 64×48×8", "", "WGBW"],
    ["animated.webp", "webp 64×48×8", "animated", UPRIGHT],
    [
        "exif.webp",
        "webp 48×64×8",
        "2026-01-10T12:00:00.045+05:30 exif:DateTimeOriginal, by shooter 1.2, shows The editor",
        "GWRB",
    ],
    ["still.gif", "gif 64×48×2", "", UPRIGHT],
    ["animated.gif", "gif 64×48×2", "animated", UPRIGHT],
    ["bottom-up.bmp", "bmp 64×48×8", "", UPRIGHT],
    ["top-down.bmp", "bmp 64×48×8", "", UPRIGHT],
    ["palette.bmp", "bmp 64×48×8", "", UPRIGHT],
    [
        "big-endian.tif",
        "tiff 64×48×8",
        "2026-03-04T05:06:07 exif:DateTime, by shooter 1.2",
        "WBGR",
    ],
    ["lzw.tif", "tiff 64×48×8", "", UPRIGHT],
    [
        "damaged.tif",
        "tiff 64×48×8",
        "",
        "cannot be decoded: invalid code in LZW stream",
    ],
    ["cmyk.tif", "tiff 64×48×8", "", UPRIGHT],
    ["gray16.tif", "tiff 64×48×16", "", "0123"],
    [
        "picture.avif",
        "avif 64×48×8",
        "2026-01-10T12:00:00.045+05:30 exif:DateTimeOriginal, by shooter 1.2, shows The editor",
        "is of a format that is not decoded",
    ],
    [
        "picture.heic",
        "heic 48×64×10",
        "2026-01-10T12:00:00.045+05:30 exif:DateTimeOriginal, by shooter 1.2, shows The editor",
        "is of a format that is not decoded",
    ],
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// What is found in an image, in the words of the table.
fn look(bytes: &[u8]) -> [String; 3] {
    let picture = probe(Cursor::new(bytes)).unwrap();
    let mut header = picture
        .format
        .map_or("unknown", |format| format.name())
        .to_owned();
    if let Some((width, height)) = picture.size() {
        write!(header, " {width}×{height}").unwrap();
    }
    if let Some(depth) = picture.bit_depth() {
        write!(header, "×{depth}").unwrap();
    }
    let mut written = Vec::new();
    if picture.animated {
        written.push("animated".to_owned());
    }
    if let Some(time) = picture.written {
        written.push(format!("{} {}", time.time.text(), time.field.name()));
    }
    written.extend(
        picture
            .software
            .as_ref()
            .map(|software| format!("by {software}")),
    );
    written.extend(picture.title.as_ref().map(|title| format!("shows {title}")));
    let made = thumbnail(Cursor::new(bytes), &picture, &mut || Ok(())).unwrap();
    let shown = match made {
        Ok(made) => quarters(&made),
        Err(why) => why,
    };
    [header, written.join(", "), shown]
}

/// The colours in the middle of the four quarters.
fn quarters(made: &Thumbnail) -> String {
    let shown = image::load_from_memory(&made.bytes).unwrap();
    assert_eq!((shown.width(), shown.height()), (made.width, made.height));
    let gray = !shown.color().has_color();
    let shown = shown.to_rgb8();
    let place = |side: u32, part: u32| side * (2 * part + 1) / 4;
    let places = [(0, 0), (1, 0), (0, 1), (1, 1)];
    let colors = places.map(|(x, y)| {
        shown
            .get_pixel(place(made.width, x), place(made.height, y))
            .0
    });
    colors
        .iter()
        .map(|color| if gray { shade(color[0]) } else { name(*color) })
        .collect()
}

fn shade(gray: u8) -> char {
    char::from(b'0' + ((u16::from(gray) + 42) / 85) as u8)
}

fn name(color: [u8; 3]) -> char {
    match color.map(|sample| match sample {
        0..=50 => 0,
        205.. => 1,
        _ => 2,
    }) {
        [1, 0, 0] => 'R',
        [0, 1, 0] => 'G',
        [0, 0, 1] => 'B',
        [1, 1, 1] => 'W',
        _ => '.',
    }
}

#[test]
fn every_image_is_what_it_should_be() {
    let mut wrong = String::new();
    for [file, header, written, shown] in IMAGES {
        let found = look(&fs::read(fixture(file)).unwrap());
        let same = found[0] == *header
            && found[1] == *written
            && (found[2] == *shown || (shown.ends_with(": ") && found[2].starts_with(shown)));
        if !same {
            writeln!(wrong, "{file}: {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_table_has_every_image() {
    let listed: BTreeSet<&str> = IMAGES.iter().map(|[file, ..]| *file).collect();
    let there = fs::read_dir(fixture("")).unwrap();
    let there: Vec<String> = there
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let there: BTreeSet<&str> = there
        .iter()
        .map(String::as_str)
        .filter(|file| *file != "make.py")
        .collect();
    assert_eq!(listed, there);
}
