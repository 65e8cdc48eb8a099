//! The keys of a screenshot source.

use datalake_core::{FileMode, Paths};

datalake_core::config! {
    /// Screenshots and other images.
    pub struct ScreenshotConfig {
        /// A folder with images, an image, or a list of both. In a folder files are taken by their extension, in
        /// whatever case; a file that is named itself is read whatever its name.
        pub path: Paths = ["~/Pictures/Screenshots"],
        /// Whether images are copied into the data folder (`copy`), or stay where they are (`reference`).
        pub mode: FileMode = "copy",
        /// Whether small pictures are made, to be shown in lists. It takes most of the time.
        pub thumbnails: bool = true,
    }
}
