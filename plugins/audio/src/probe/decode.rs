//! Packets become samples: symphonia's decoders behind a guard. They are given packets that this crate has cut
//! out itself, so that no container can make them wait, allocate or go astray.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::pcm::span_float;
use super::peaks::Peaks;
use super::vorbis;

/// What a decoder needs to know before the first packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Codec {
    /// AAC-LC, with the rate and channels of its core: of HE-AAC the lower half of the band is decoded.
    Aac { rate: u32, channels: u32 },
    /// Its magic cookie.
    Alac(Box<[u8]>),
    /// Its stream information, 34 bytes.
    Flac(Box<[u8]>),
    /// MPEG audio of layer 1 to 3.
    Mpeg { layer: u8 },
    /// Its identification and setup packets, one behind the other.
    Vorbis(Box<[u8]>),
    /// ADPCM in blocks of so many frames.
    Adpcm {
        kind: Adpcm,
        rate: u32,
        channels: u32,
        frames: u32,
    },
}

/// The sorts of ADPCM that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adpcm {
    Microsoft,
    ImaWav,
    ImaQuickTime,
}

/// Samples that are decoded of one file at most: two hundred hours of speech at 16 kHz, or a day of stereo music.
/// A few bytes of FLAC can stand for half a million samples, so the length of the file is no bound.
const MOST_SAMPLES: u64 = 12_000_000_000;

/// A decoder and what it has done.
pub(crate) struct Decoder {
    inner: Option<Box<dyn AudioDecoder>>,
    samples: Vec<f32>,
    left: u64,
    decoded: bool,
}

impl Decoder {
    /// The decoder for `codec`; `None` if what is known of it makes no sense.
    pub(crate) fn new(codec: Codec) -> Option<Self> {
        let parameters = parameters(codec)?;
        let make =
            || symphonia::default::get_codecs().make_audio_decoder(&parameters, &<_>::default());
        // A constructor of a decoder may index past the end of hostile parameters; the file is kept all the same.
        let inner = catch_unwind(AssertUnwindSafe(make)).ok()?.ok()?;
        Some(Self {
            inner: Some(inner),
            samples: Vec::new(),
            left: MOST_SAMPLES,
            decoded: false,
        })
    }

    /// Decodes a packet of `frames` frames and adds its samples; silence stands for a packet that is damaged.
    pub(crate) fn packet(&mut self, data: &[u8], frames: u32, peaks: &mut Peaks) {
        let Some(decoder) = &mut self.inner else {
            return;
        };
        let packet = PacketRef::new(0, Timestamp::new(0), Duration::new(frames.into()), data);
        let samples = &mut self.samples;
        samples.clear();
        // Decoders are fuzzed, but some still index past the end of what damaged packets refer to. The decoder is
        // thrown away then, so nobody sees what state the panic left it in.
        let decode = catch_unwind(AssertUnwindSafe(|| {
            let buffer = decoder.decode_ref(&packet).ok()?;
            buffer.copy_to_vec_interleaved::<f32>(samples);
            Some(buffer.num_planes())
        }));
        match decode {
            Ok(Some(channels)) if channels > 0 => {
                self.decoded |= !self.samples.is_empty();
                add(&self.samples, channels, peaks);
            }
            Ok(_) => peaks.add_level(frames.into(), 0),
            Err(_) => self.inner = None,
        }
        self.left = self.left.saturating_sub(self.samples.len() as u64 + 1);
        if self.left == 0 {
            self.inner = None;
        }
    }

    /// Why its samples are not the whole recording.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        match (&self.inner, self.left) {
            (None, 0) => Some("it is too long to be drawn"),
            (None, _) => Some("the decoder fails on it"),
            _ if !self.decoded => Some("none of it could be decoded"),
            _ => None,
        }
    }
}

/// Adds interleaved samples.
fn add(mut samples: &[f32], channels: usize, peaks: &mut Peaks) {
    while samples.len() >= channels {
        let room = usize::try_from(peaks.room()).unwrap_or(usize::MAX);
        let frames = (samples.len() / channels).min(room);
        let (these, rest) = samples.split_at(frames * channels);
        peaks.add(frames as u64, span_float(these.iter().copied()));
        samples = rest;
    }
}

fn parameters(codec: Codec) -> Option<AudioCodecParameters> {
    let mut parameters = AudioCodecParameters::new();
    match codec {
        Codec::Aac { rate, channels } => {
            parameters.for_codec(id::CODEC_ID_AAC);
            set_shape(&mut parameters, rate, channels)?;
        }
        Codec::Alac(cookie) => {
            parameters
                .for_codec(id::CODEC_ID_ALAC)
                .with_extra_data(cookie);
        }
        Codec::Flac(info) => {
            parameters
                .for_codec(id::CODEC_ID_FLAC)
                .with_extra_data(info);
        }
        Codec::Mpeg { layer } => {
            parameters.for_codec(layer_id(layer)?);
        }
        Codec::Vorbis(headers) => {
            vorbis::is_reasonable(&headers).then_some(())?;
            parameters
                .for_codec(id::CODEC_ID_VORBIS)
                .with_extra_data(headers);
        }
        Codec::Adpcm {
            kind,
            rate,
            channels,
            frames,
        } => {
            let codec = match kind {
                Adpcm::Microsoft => id::CODEC_ID_ADPCM_MS,
                Adpcm::ImaWav => id::CODEC_ID_ADPCM_IMA_WAV,
                Adpcm::ImaQuickTime => id::CODEC_ID_ADPCM_IMA_QT,
            };
            parameters
                .for_codec(codec)
                .with_max_frames_per_packet(frames.into());
            parameters.with_frames_per_block(frames.into());
            set_shape(&mut parameters, rate, channels)?;
        }
    }
    Some(parameters)
}

fn layer_id(layer: u8) -> Option<AudioCodecId> {
    match layer {
        1 => Some(id::CODEC_ID_MP1),
        2 => Some(id::CODEC_ID_MP2),
        3 => Some(id::CODEC_ID_MP3),
        _ => None,
    }
}

/// Sets rate and channels, neither of which may be nothing.
fn set_shape(parameters: &mut AudioCodecParameters, rate: u32, channels: u32) -> Option<()> {
    let channels = u16::try_from(channels)
        .ok()
        .filter(|&channels| channels > 0 && rate > 0)?;
    parameters
        .with_sample_rate(rate)
        .with_channels(Channels::Discrete(channels));
    Some(())
}
