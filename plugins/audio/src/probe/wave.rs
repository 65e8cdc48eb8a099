//! What becomes of the samples: the peaks, if somebody wants them.

use std::io;

use super::decode::{Codec, Decoder};
use super::facts::{Remark, Waveform};
use super::input::Input;
use super::pcm::Encoding;
use super::peaks::Peaks;

/// The shape of the recording while it is being read.
pub(crate) struct Wave(State);

enum State {
    /// Nobody wants it.
    Unasked,
    /// It is wanted, and nothing is known yet.
    Wanted,
    /// It cannot be had.
    Refused(Remark),
    /// Uncompressed samples; the bytes of a frame.
    Pcm(Encoding, u64, Peaks),
    /// Packets for a decoder.
    Coded(Decoder, Peaks),
}

impl Wave {
    pub(crate) fn new(wanted: bool) -> Self {
        Self(if wanted {
            State::Wanted
        } else {
            State::Unasked
        })
    }

    /// Whether it is of any use to hand it packets or samples.
    pub(crate) fn is_on(&self) -> bool {
        matches!(self.0, State::Pcm(..) | State::Coded(..))
    }

    /// Whether somebody wants it, and nothing spoke against it yet.
    pub(crate) fn is_wanted(&self) -> bool {
        matches!(self.0, State::Wanted) || self.is_on()
    }

    /// Says why it cannot be had.
    pub(crate) fn refuse(&mut self, why: impl Into<Remark>) {
        if self.is_wanted() {
            self.0 = State::Refused(why.into());
        }
    }

    /// What follows are packets of `codec`. What was drawn before stays.
    pub(crate) fn decode(&mut self, codec: Codec) {
        if !self.is_wanted() {
            return;
        }
        let drawn = match std::mem::replace(&mut self.0, State::Wanted) {
            State::Pcm(_, _, peaks) | State::Coded(_, peaks) => peaks,
            _ => Peaks::expecting(0),
        };
        match Decoder::new(codec) {
            Some(decoder) => self.0 = State::Coded(decoder, drawn),
            None => self.refuse("the decoder does not know this sort of its codec"),
        }
    }

    /// What follows are samples in pieces of whole frames; so many of them, if that is sure.
    pub(crate) fn samples(&mut self, encoding: Encoding, channels: u32, frames: u64) {
        let frame = encoding.bytes() * u64::from(channels);
        if self.is_wanted() && frame > 0 {
            self.0 = State::Pcm(encoding, frame, Peaks::expecting(frames));
        }
    }

    /// Adds a packet of `frames` frames, or a piece of samples.
    pub(crate) fn packet(&mut self, data: &[u8], frames: u32) {
        match &mut self.0 {
            State::Coded(decoder, peaks) => decoder.packet(data, frames, peaks),
            State::Pcm(encoding, frame, peaks) => add(*encoding, *frame, peaks, data),
            _ => {}
        }
    }

    /// Reads samples up to `end`.
    pub(crate) fn read_samples(&mut self, input: &mut Input<'_>, end: u64) -> io::Result<()> {
        let State::Pcm(encoding, frame, peaks) = &mut self.0 else {
            return Ok(());
        };
        let whole = usize::try_from(*frame).unwrap_or(usize::MAX);
        loop {
            let left = end.saturating_sub(input.position());
            let there = input.window(whole)?.len() as u64;
            let count = there.min(left) / *frame * *frame;
            if count == 0 {
                return Ok(());
            }
            add(*encoding, *frame, peaks, input.some(count)?);
        }
    }

    /// What came of it.
    pub(crate) fn finish(self) -> Waveform {
        match self.0 {
            State::Unasked => Waveform::Unasked,
            State::Wanted => Waveform::Missing("there is no sound in it".into()),
            State::Refused(why) => Waveform::Missing(why),
            State::Pcm(_, _, peaks) => drawn(peaks),
            State::Coded(decoder, peaks) => match decoder.trouble() {
                Some(why) => Waveform::Missing(why.into()),
                None => drawn(peaks),
            },
        }
    }
}

fn drawn(peaks: Peaks) -> Waveform {
    match peaks.into_bytes() {
        none if none.is_empty() => Waveform::Missing("there is no sound in it".into()),
        bytes => Waveform::Drawn(bytes),
    }
}

/// Adds the whole frames of `data`.
fn add(encoding: Encoding, frame: u64, peaks: &mut Peaks, mut data: &[u8]) {
    loop {
        let frames = (data.len() as u64 / frame).min(peaks.room());
        if frames == 0 {
            return;
        }
        // No more than the length of `data`.
        let (these, rest) = data.split_at((frames * frame) as usize);
        peaks.add(frames, encoding.range(these));
        data = rest;
    }
}
