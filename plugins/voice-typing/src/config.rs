//! The keys of a voice-typing source.

use std::path::PathBuf;
use std::time::Duration;

use datalake_core::{FileMode, Paths, Section};

datalake_core::config! {
    /// Dictations of the voice typing gateway: recordings, transcripts, and which belongs to which. At least one of
    /// `recordings` and `transcripts` must be given.
    pub struct VoiceConfig {
        /// Folders with recordings, or single files: the gateway's `recordings`, hyprwhspr's `longform_segments`.
        #[example(["~/omarchy-voice-typing/recordings", "~/Programs/recordings"])]
        pub recordings: Option<Paths>,
        /// Folders with transcripts, or single files: the gateway's `transcripts`.
        #[example(["~/omarchy-voice-typing/transcripts", "~/Programs/transcripts"])]
        pub transcripts: Option<Paths>,
        /// The gateway's logs, or folders with them. They say for certain which transcript a recording has, and why
        /// one has none.
        #[example(["~/omarchy-voice-typing/logs"])]
        pub logs: Option<Paths>,
        /// Spellings to put right, the gateway's `config/replacements.json`: `[{"from": ["Dovac"], "to": "Dvorak"}]`.
        /// A changed file applies to what is read from then on, and with `run --full` to everything.
        #[example("~/omarchy-voice-typing/config/replacements.json")]
        pub replacements: Option<PathBuf>,
        /// How recordings and transcripts are kept: as copies, or where they are.
        pub mode: FileMode = "copy",
        /// Whether to look at the shape of recordings for the player. It means decoding them.
        pub peaks: bool = true,
        /// How much later than its recording a transcript may be. The gateway waits 300 seconds for one, and the
        /// upload comes before.
        pub window: Duration = "330s",
    }
}

/// No transcript comes later than this.
const LONGEST_WINDOW: Duration = Duration::from_secs(3600);

/// Reads the section, and says what is missing or makes no sense together.
pub(crate) fn checked(section: &mut Section) -> Option<VoiceConfig> {
    let config = VoiceConfig::from_section(section)?;
    let names_nothing = config.recordings.is_none() && config.transcripts.is_none();
    if names_nothing {
        let message = "neither `recordings` nor `transcripts` is given: there is nothing to read";
        let hint = "name the gateway's folders, such as `recordings = \"~/Programs/recordings\"`";
        section.refuse_with_hint("recordings", message, Some(hint.to_owned()));
    }
    let is_too_long = config.window > LONGEST_WINDOW;
    if is_too_long {
        section.refuse("window", "`window` must be at most one hour");
    }
    (!names_nothing && !is_too_long).then_some(config)
}

impl VoiceConfig {
    /// All that is searched for files.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        let given = [&self.recordings, &self.transcripts, &self.logs];
        given.into_iter().flatten().flatten().cloned().collect()
    }
}
