//! Looks at a recording: bytes in, facts out. Formats are told by their first bytes, never by a name. All
//! containers are walked by code of this crate, which reads each byte once where the format lets it, holds a few
//! hundred kilobytes, and takes no header's word for what the rest of the file does not bear out. Only samples
//! that are compressed need a decoder, and only for the waveform.

mod aac;
mod aiff;
mod amr;
mod asf;
mod au;
mod caf;
mod decode;
mod esds;
mod facts;
mod flac;
mod frames;
mod id3;
mod input;
mod magic;
mod mkv;
mod moment;
mod mp4;
mod mpeg;
mod ogg;
mod opus;
mod pcm;
mod peaks;
mod riff;
mod tags;
mod vorbis;
mod wave;
mod waveformat;
mod wavpack;

use std::io::{self, Read, Seek};

pub use facts::{Duration, DurationSource, Facts, Remark, Waveform};
pub(crate) use id3::begins as begins_as_tag;
pub use tags::Tags;

use input::{Input, Step, Stop};
use wave::Wave;

/// Looks at the recording in `source`, which is read from its start. `waveform` says whether its shape is wanted;
/// `beat` is called between blocks, and its error ends the reading.
///
/// Whatever the bytes are, there are facts: an error is one of reading, or of `beat`.
pub fn probe(
    source: &mut (impl Read + Seek),
    waveform: bool,
    beat: &mut dyn FnMut() -> io::Result<()>,
) -> io::Result<Facts> {
    let mut probe = Probe {
        input: Input::new(source, beat)?,
        facts: Facts::default(),
        wave: Wave::new(waveform),
    };
    match magic::read(&mut probe) {
        Ok(()) => {}
        Err(Stop::End) => probe.facts.cut("the file ends in the middle of a header"),
        Err(Stop::Failed(error)) => return Err(error),
    }
    if let Duration::Unknown(why) = &probe.facts.duration {
        probe.wave.refuse(why.clone());
    }
    let mut facts = probe.facts;
    facts.waveform = probe.wave.finish();
    let date = facts.tags.get("date").and_then(moment::parse);
    facts.made_at(date);
    Ok(facts)
}

/// A recording that is being looked at.
struct Probe<'a> {
    input: Input<'a>,
    facts: Facts,
    wave: Wave,
}
