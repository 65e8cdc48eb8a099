//! The keys of an audio source.

use datalake_core::{FileMode, Paths};

datalake_core::config! {
    /// Recordings: folders of sound files, and of videos with sound.
    pub struct AudioConfig {
        /// A folder with recordings, a recording, or a list of both. In a folder files are taken by their
        /// extension, in whatever case; a file that is named itself is read whatever its name.
        pub path: Paths = ["~/Recordings"],
        /// Whether recordings are copied into the data folder (`copy`), or stay where they are (`reference`).
        pub mode: FileMode = "copy",
        /// Whether the shape of the sound is drawn for the player. It takes most of the time where sound is
        /// compressed.
        pub peaks: bool = true,
    }
}
