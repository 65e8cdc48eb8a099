//! MPEG audio of layers 1 to 3, after ISO/IEC 11172-3 and 13818-3: MP3. All frames are counted; the first may hold
//! a count of its own (Xing, VBRI) and what an encoder put before and behind the sound (LAME).

use super::decode::Codec;
use super::frames::{self, Frame};
use super::{DurationSource, Facts, Probe, Step};

/// Reads a file of frames; `false` if it is none.
pub(super) fn read(probe: &mut Probe<'_>) -> Step<bool> {
    let Some(first) = frames::find(&mut probe.input, parse, true)? else {
        return Ok(false);
    };
    probe.facts.format = Some(codec_name(&first));
    read_frames(probe)?;
    Ok(true)
}

/// Reads frames up to the end of the input.
pub(super) fn read_frames(probe: &mut Probe<'_>) -> Step {
    let Some(first) = frames::find(&mut probe.input, parse, true)? else {
        probe
            .facts
            .unknown("there are no frames of MPEG audio in it");
        return Ok(());
    };
    probe.facts.codec = Some(codec_name(&first).into());
    probe.facts.sample_rate = Some(first.rate);
    probe.facts.channels = Some(first.channels);
    probe.wave.decode(Codec::Mpeg {
        layer: layer(&first),
    });
    let mut information = None;
    let mut is_whole = None;
    let chain = frames::walk(probe, parse, |frame, data, _, wave| {
        // Only a first frame can be one of these; it plays as silence in players that do not know them.
        if information.is_none() {
            information = Some(Information::parse(data));
            if information
                .as_ref()
                .is_some_and(|information| information.frames.is_some())
            {
                return false;
            }
        }
        is_whole.get_or_insert_with(|| begins_anew(data));
        wave.packet(data, frame.samples);
        true
    })?;
    let information = information.unwrap_or_default();
    let (rate, samples) = (f64::from(first.rate.max(1)), f64::from(first.samples));
    let stated = information.frames.filter(|&frames| frames > 0);
    frames::finish(
        &mut probe.facts,
        &chain,
        stated.map(|frames| f64::from(frames) * samples / rate),
    );
    let facts = &mut probe.facts;
    if facts.truncated {
        return Ok(());
    }
    // What the encoder added belongs to nobody's recording.
    if information.silence > 0 {
        shorten(
            facts,
            f64::from(information.silence) / rate,
            DurationSource::Scan,
        );
    } else if layer(&first) == 3 && is_whole == Some(true) && (DELAY + samples) / rate > TELLING {
        shorten(
            facts,
            (DELAY + samples / 2.0) / rate,
            DurationSource::Estimate,
        );
        facts.warn("nothing says how much silence the encoder added to it; that is estimated");
    }
    Ok(())
}

/// So many samples every encoder of layer 3 adds in front, as its filters and those of the decoder need them; behind the
/// sound it fills up the last frame.
const DELAY: f64 = 1_105.0;
/// What it adds is left alone where it is no longer than this, in seconds: with 22,050 samples a second and more.
const TELLING: f64 = 0.1;

fn shorten(facts: &mut Facts, silence: f64, source: DurationSource) {
    let seconds = facts.duration.seconds();
    if let Some(seconds) = seconds.filter(|&seconds| seconds > silence) {
        facts.last_seconds(seconds - silence, source);
    }
}

/// Whether a frame of layer 3 takes nothing from one before it, as the first of a recording does and one in its middle
/// seldom. Only of the versions with the lower sample rates.
fn begins_anew(data: &[u8]) -> bool {
    let has_checksum = data.get(1).is_some_and(|byte| byte & 1 == 0);
    let place = if has_checksum { 6 } else { 4 };
    data.get(place) == Some(&0)
}

/// What a first frame says of the whole file.
#[derive(Default)]
struct Information {
    /// Frames that follow; 0 if it only says that it is no sound.
    frames: Option<u32>,
    /// Samples that the encoder added at both ends.
    silence: u32,
}

impl Information {
    /// The tags stand at fixed places behind the side information.
    fn parse(data: &[u8]) -> Self {
        let at = |place: usize, magic: &[u8]| {
            data.get(place..)
                .is_some_and(|rest| rest.starts_with(magic))
        };
        let number = |place: usize| {
            data.get(place..)?
                .first_chunk()
                .map(|bytes| u32::from_be_bytes(*bytes))
        };
        if at(36, b"VBRI") {
            return Self {
                frames: number(36 + 14),
                silence: 0,
            };
        }
        // The side information is 32, 17 or 9 bytes long, after version and channels; a checksum may precede it.
        let place = [36, 21, 13, 38, 23, 15]
            .into_iter()
            .find(|&place| at(place, b"Xing") || at(place, b"Info"));
        let Some(place) = place else {
            return Self::default();
        };
        let flags = number(place + 4).unwrap_or(0);
        let frames = if flags & 1 != 0 {
            number(place + 8)
        } else {
            None
        };
        let length = 8 + [4, 4, 100, 4]
            .iter()
            .enumerate()
            .map(|(bit, size)| (flags >> bit & 1) * size)
            .sum::<u32>();
        let lame = place + length as usize;
        let has_delay = at(lame, b"LAME") || at(lame, b"Lavf") || at(lame, b"Lavc");
        let delay = number(lame + 21)
            .filter(|_| has_delay)
            .map_or(0, |bytes| bytes >> 8);
        Self {
            frames: Some(frames.unwrap_or(0)),
            silence: (delay >> 12) + (delay & 0xFFF),
        }
    }
}

fn layer(frame: &Frame) -> u8 {
    (frame.kind >> 8 & 3) as u8
}

fn codec_name(frame: &Frame) -> &'static str {
    match layer(frame) {
        1 => "mp1",
        2 => "mp2",
        _ => "mp3",
    }
}

/// Reads a header of four bytes.
pub(super) fn parse(head: &[u8]) -> Option<Frame> {
    let [0xFF, second, third, fourth, ..] = *head else {
        return None;
    };
    // Version 2.5 is 0, 2 is 2, 1 is 3; layer 3 is 1, layer 1 is 3.
    let (version, layer) = (second >> 3 & 3, 4 - (second >> 1 & 3));
    let (bit_rate, rate, padding) = (
        usize::from(third >> 4),
        usize::from(third >> 2 & 3),
        u32::from(third >> 1 & 1),
    );
    if second < 0xE0 || version == 1 || layer == 4 || fourth & 3 == 2 {
        return None;
    }
    let is_first = version == 3;
    let rate = *[44_100, 48_000, 32_000].get(rate)?
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let table = match (is_first, layer) {
        (true, 1) => 0,
        (true, 2) => 1,
        (true, _) => 2,
        (false, 1) => 3,
        (false, _) => 4,
    };
    // Neither the free format, whose length only the next frame tells, nor the forbidden rate.
    let bit_rate = *BIT_RATES[table].get(bit_rate.checked_sub(1)?)? * 1_000;
    let samples = match (layer, is_first) {
        (1, _) => 384,
        (3, false) => 576,
        _ => 1_152,
    };
    let bytes = match layer {
        1 => (12 * bit_rate / rate + padding) * 4,
        _ => samples / 8 * bit_rate / rate + padding,
    };
    let channels = if fourth >> 6 == 3 { 1 } else { 2 };
    let kind = u32::from(version) | u32::from(layer) << 8 | rate << 12;
    Some(Frame {
        bytes: bytes as usize,
        samples,
        rate,
        channels,
        kind,
    })
}

/// Kilobits a second of version 1 layers 1, 2 and 3, and of versions 2 and 2.5 layer 1, and 2 and 3.
#[rustfmt::skip]
static BIT_RATES: [[u32; 14]; 5] = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
