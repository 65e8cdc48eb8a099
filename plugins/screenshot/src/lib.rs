//! The plugin `screenshot`: images, one a file. The file itself is kept beside its row, with a small picture of it.
//!
//! What it knows of images is for others, too: [`probe`] reads the headers of one, and [`thumbnail()`] makes the small
//! picture.

mod config;
mod ingest;
mod input;
mod name;
mod picture;
mod recognise;
mod size;
#[cfg(test)]
mod tests;
mod thumbnail;

use datalake_core::{
    Column, Context, Dataset, FileEmit, FileSource, Files, Merge, Result, TrackedFile, file_source,
};

use config::ScreenshotConfig;
pub use picture::{Field, Format, Picture, Written, probe};
pub use thumbnail::{Thumbnail, thumbnail};

const SUMMARY: &str = "Screenshots and other images, with a small picture of each";

/// The table and what its columns mean. The key is the content and the wall-clock time that is written in the name, or
/// else in the image: the same picture taken twice is two screenshots, and a copy is none. Neither part ever changes.
pub static SCREENSHOTS: Dataset = Dataset::rows("screenshots", SUMMARY)
    .columns(&[
        Column::text("blake3"),
        Column::text("wall_time"),
        Column::text("filename").merge(Merge::First),
        Column::text("app").merge(Merge::First),
        Column::text("source_device").merge(Merge::First),
        Column::time("created_at").merge(Merge::Time),
        Column::text("time_source").merge(Merge::Time),
        Column::integer("utc_offset").merge(Merge::Time),
        Column::integer("size_bytes"),
        Column::text("format"),
        Column::integer("width"),
        Column::integer("height"),
        Column::integer("bit_depth"),
        Column::text("title"),
        Column::text("software"),
        Column::text("metadata"),
    ])
    .key(&["blake3", "wall_time"])
    .time("created_at")
    .title("filename")
    .text(&["filename", "title", "app", "tags"])
    .device("source_device")
    .file("file_path")
    .tags();

struct Screenshots(ScreenshotConfig);

impl FileSource for Screenshots {
    // A file that is read as a whole needs no cursor of its own.
    type Cursor = ();

    fn files(&self) -> Files {
        Files::whole(self.0.path.0.clone())
            .named(PATTERNS)
            .ignore_case()
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        _from: (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        if let Some(record) = ingest::ingest(cx, file, out, &self.0)? {
            out.push(record)?;
        }
        out.commit(&file.end()?, &())
    }
}

/// The names of images. Recordings of a screen, which some programs write beside them, are not among them.
const PATTERNS: [&str; 14] = [
    "*.png", "*.apng", "*.jpg", "*.jpeg", "*.jpe", "*.jfif", "*.webp", "*.gif", "*.bmp", "*.tif",
    "*.tiff", "*.avif", "*.heic", "*.heif",
];

datalake_core::register_source! {
    name: "screenshot",
    summary: SUMMARY,
    stability: Stable,
    cursor_version: 1,
    config: ScreenshotConfig,
    datasets: [&SCREENSHOTS],
    recognises: recognise::recognises,
    fixtures: [
        "Screenshot_20260110_120000_Firefox.png",
        "rgb.png",
        "iso.png",
        "time.png",
        "exif.jpg",
        "truncated.png",
        "page.png",
        "picture.heic",
    ],
    golden: "tests/golden.txt",
    build: |section| Some(file_source(Screenshots(ScreenshotConfig::from_section(section)?))),
}
