//! The keys of a voice-typing source.

use std::path::PathBuf;
use std::time::Duration;

use datalake_core::{FileMode, Paths, Section};

datalake_core::config! {
    /// Dictations of the voice typing gateway: recordings, transcripts, and which belongs to which.
    pub struct VoiceConfig {
        /// Folders with recordings, or single files: the gateway's `recordings`, hyprwhspr's `longform_segments`. One
        /// that does not exist is passed over.
        pub recordings: Paths = ["~/omarchy-voice-typing/recordings", "~/Programs/recordings"],
        /// Folders with transcripts, or single files: the gateway's `transcripts`.
        pub transcripts: Paths = ["~/omarchy-voice-typing/transcripts", "~/Programs/transcripts"],
        /// The gateway's logs, or folders with them. They say for certain which transcript a recording has, and why
        /// one has none.
        #[example(["~/omarchy-voice-typing/logs"])]
        pub logs: Option<Paths>,
        /// Spellings to put right, the gateway's `config/replacements.json`: `[{"from": ["Dovac"], "to": "Dvorak"}]`.
        /// A changed file applies to what is read from then on, and with `run --full` to everything.
        #[example("~/omarchy-voice-typing/config/replacements.json")]
        pub replacements: Option<PathBuf>,
        /// Whether recordings and transcripts are copied into the data folder (`copy`), or stay where they are
        /// (`reference`).
        pub mode: FileMode = "copy",
        /// Whether the shape of the sound is drawn for the player. It takes most of the time where sound is
        /// compressed.
        pub peaks: bool = true,
        /// How much later than its recording a transcript may be. The gateway waits 300 seconds for one, and the
        /// upload comes before.
        pub window: Duration = "330s",
    }
}

/// No transcript comes later than this.
const LONGEST_WINDOW: Duration = Duration::from_secs(3600);

/// Reads the section.
pub(crate) fn checked(section: &mut Section) -> Option<VoiceConfig> {
    let config = VoiceConfig::from_section(section)?;
    if config.window > LONGEST_WINDOW {
        section.refuse("window", "`window` must be at most one hour");
        return None;
    }
    Some(config)
}

impl VoiceConfig {
    /// All that is searched for files.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        let logs = self.logs.iter().flatten();
        let all = self.recordings.iter().chain(&self.transcripts).chain(logs);
        all.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDERS: &str = "recordings = 'a'\ntranscripts = 'b'\n";

    #[test]
    fn a_window_of_hours_is_refused() {
        let mut section = Section::from_text(&format!("{FOLDERS}window = '61m'"));
        assert!(checked(&mut section).is_none());
        let said = section.report_text();
        assert!(said.contains("`window` must be at most one hour"), "{said}");
        let mut section = Section::from_text(&format!("{FOLDERS}window = '1h'"));
        assert!(checked(&mut section).is_some());
    }

    #[test]
    fn all_roots_are_searched() {
        let text = "recordings = ['a', 'b']\ntranscripts = 'c'\nlogs = 'd'";
        let config = checked(&mut Section::from_text(text)).unwrap();
        assert_eq!(config.roots().len(), 4);
    }
}
