//! What is known of a recording after a look at its bytes.

use std::borrow::Cow;

use datalake_core::name_time::NameTime;

use super::moment;
use super::tags::Tags;

/// Why something is not known, or what is odd, in words for people.
pub type Remark = Cow<'static, str>;

/// What is known of a recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// What sort of file it is by its content, as people call it: `wav`, `mp3`, `m4a`. `None` if it is no
    /// recording that we know.
    pub format: Option<&'static str>,
    /// How the sound is written, by the name that other programs give it: `pcm_s16le`, `aac`, `opus`.
    pub codec: Option<Cow<'static, str>>,
    /// Samples of each channel in a second.
    pub sample_rate: Option<u32>,
    /// Channels.
    pub channels: Option<u32>,
    /// Bits of a sample, where it is written as it is or without loss.
    pub bits_per_sample: Option<u32>,
    /// How long it lasts.
    pub duration: Duration,
    /// Whether the file ends before the recording does, or nobody finished it.
    pub truncated: bool,
    /// What is odd about it.
    pub warnings: Vec<Remark>,
    /// What its makers wrote into it.
    pub tags: Tags,
    /// When it was made, as it says itself.
    pub made: Option<NameTime>,
    /// Its shape for the player.
    pub waveform: Waveform,
}

/// How long a recording lasts.
#[derive(Debug, Clone, PartialEq)]
pub enum Duration {
    /// So many seconds.
    Known {
        /// Seconds.
        seconds: f64,
        /// How that was found.
        source: DurationSource,
    },
    /// Nobody can tell, for this reason.
    Unknown(Remark),
}

impl Default for Duration {
    fn default() -> Self {
        Self::Unknown(Cow::Borrowed("nothing in the file says how long it is"))
    }
}

impl Duration {
    /// Seconds, if they are known.
    pub fn seconds(&self) -> Option<f64> {
        match self {
            Self::Known { seconds, .. } => Some(*seconds),
            Self::Unknown(_) => None,
        }
    }
}

/// How a duration was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurationSource {
    /// A header states it, and what is there agrees.
    Header,
    /// The container's index or time stamps of its parts.
    Container,
    /// All parts were counted.
    Scan,
    /// Length divided by a byte rate, or less what an encoder usually adds: nothing better is there.
    Estimate,
}

impl DurationSource {
    /// The name it is stored under.
    pub fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Container => "container",
            Self::Scan => "scan",
            Self::Estimate => "estimate",
        }
    }
}

/// The shape of a recording: pairs of the least and greatest sample of stretches of equal length, all channels
/// together, from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Waveform {
    /// Nobody asked for it.
    #[default]
    Unasked,
    /// Signed 8-bit integers, least before greatest: 512 to 1024 pairs, fewer for less than 512 frames.
    Drawn(Vec<u8>),
    /// It cannot be drawn, for this reason.
    Missing(Remark),
}

/// No file has more to say that anybody would read.
const MOST_WARNINGS: usize = 16;

impl Facts {
    /// Sets the duration to `frames` samples of each channel. Nothing at all is no duration: a recorder that was
    /// killed at once leaves that behind.
    pub(crate) fn last(&mut self, frames: u64, source: DurationSource) {
        match self.sample_rate {
            Some(rate) if rate > 0 => self.last_seconds(frames as f64 / f64::from(rate), source),
            _ => self.unknown("the sample rate is not stated"),
        }
    }

    /// Sets the duration.
    pub(crate) fn last_seconds(&mut self, seconds: f64, source: DurationSource) {
        // Nobody counts below a microsecond; sums of floats differ there.
        let seconds = (seconds * 1e6).round() / 1e6;
        // A century: what is longer is a mistake in a header.
        if seconds > 0.0 && seconds < 3.2e9 {
            self.duration = Duration::Known { seconds, source };
        } else if seconds > 0.0 {
            self.unknown("its length cannot be true");
        } else {
            self.unknown("there is no sound in it");
        }
    }

    /// Says why the duration cannot be known.
    pub(crate) fn unknown(&mut self, why: impl Into<Remark>) {
        self.duration = Duration::Unknown(why.into());
    }

    /// Notes what is odd, once.
    pub(crate) fn warn(&mut self, warning: impl Into<Remark>) {
        let warning = warning.into();
        if self.warnings.len() < MOST_WARNINGS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Notes that the file ends too early, with the reason for it.
    pub(crate) fn cut(&mut self, warning: impl Into<Remark>) {
        self.truncated = true;
        self.warn(warning);
    }

    /// Notes a time at which it was made; of several the one that says most counts.
    pub(crate) fn made_at(&mut self, time: Option<NameTime>) {
        let known = self.made.as_ref().map(moment::rank);
        if time.as_ref().map(moment::rank) > known {
            self.made = time;
        }
    }
}
