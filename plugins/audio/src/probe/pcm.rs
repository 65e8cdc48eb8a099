//! Uncompressed samples: how they are written, and how far they reach. A peak has eight bits, so of an integer
//! sample only the topmost byte counts.

/// How one sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// One byte, 128 is silence.
    Unsigned,
    /// A two's complement integer of 1 to 8 bytes; one of fewer bits stands in the upper ones.
    Signed {
        /// Its bytes.
        bytes: u8,
        /// Whether the most significant byte comes first.
        big: bool,
    },
    /// IEEE 754, full scale is 1.0.
    Float {
        /// 4 or 8.
        bytes: u8,
        /// Whether the most significant byte comes first.
        big: bool,
    },
    /// G.711 mu-law, one byte.
    MuLaw,
    /// G.711 A-law, one byte.
    ALaw,
}

impl Encoding {
    /// Integers of `bits` bits, rounded up to whole bytes; of one byte signed only if `signed` says so.
    pub(crate) fn integer(bits: u32, big: bool, signed: bool) -> Option<Self> {
        let bytes = u8::try_from(bits.div_ceil(8))
            .ok()
            .filter(|bytes| (1..=8).contains(bytes))?;
        Some(match (bytes, signed) {
            (1, false) => Self::Unsigned,
            _ => Self::Signed { bytes, big },
        })
    }

    /// Floats of 32 or 64 bits.
    pub(crate) fn float(bits: u32, big: bool) -> Option<Self> {
        let bytes = u8::try_from(bits / 8)
            .ok()
            .filter(|_| bits == 32 || bits == 64)?;
        Some(Self::Float { bytes, big })
    }

    /// Bytes of a sample.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::Unsigned | Self::MuLaw | Self::ALaw => 1,
            Self::Signed { bytes, .. } | Self::Float { bytes, .. } => u64::from(bytes),
        }
    }

    /// The name that other programs give it: `pcm_s16le`.
    pub(crate) fn name(self) -> String {
        let order = |bytes: u8, big: bool| match (bytes, big) {
            (1, _) => "",
            (_, true) => "be",
            (_, false) => "le",
        };
        match self {
            Self::Unsigned => "pcm_u8".to_owned(),
            Self::Signed { bytes, big } => {
                format!("pcm_s{}{}", u32::from(bytes) * 8, order(bytes, big))
            }
            Self::Float { bytes, big } => {
                format!("pcm_f{}{}", u32::from(bytes) * 8, order(bytes, big))
            }
            Self::MuLaw => "pcm_mulaw".to_owned(),
            Self::ALaw => "pcm_alaw".to_owned(),
        }
    }

    /// The least and the greatest of the whole samples in `bytes`.
    pub(crate) fn range(self, bytes: &[u8]) -> [i8; 2] {
        match self {
            Self::Unsigned => span(bytes.iter().map(|&byte| (byte ^ 0x80) as i8)),
            Self::MuLaw => span(bytes.iter().map(|&byte| MU_LAW[usize::from(byte)])),
            Self::ALaw => span(bytes.iter().map(|&byte| A_LAW[usize::from(byte)])),
            // The most common by far, in a form that compiles to vector instructions.
            Self::Signed {
                bytes: 2,
                big: false,
            } => span16(bytes, i16::from_le_bytes),
            Self::Signed {
                bytes: 2,
                big: true,
            } => span16(bytes, i16::from_be_bytes),
            Self::Signed { bytes: width, big } => {
                let top = if big { 0 } else { usize::from(width) - 1 };
                let samples = bytes.chunks_exact(usize::from(width));
                span(samples.map(|sample| sample[top] as i8))
            }
            Self::Float {
                bytes: 8,
                big: false,
            } => span64(bytes, f64::from_le_bytes),
            Self::Float {
                bytes: 8,
                big: true,
            } => span64(bytes, f64::from_be_bytes),
            Self::Float { big: false, .. } => span32(bytes, f32::from_le_bytes),
            Self::Float { big: true, .. } => span32(bytes, f32::from_be_bytes),
        }
    }
}

/// The peak of a float sample: full scale is 1.0, beyond it is cut, what is no number is silence.
pub(crate) fn level(sample: f32) -> i8 {
    // `as` cuts what is out of range and makes 0 of NaN.
    (sample * 128.0).floor() as i8
}

/// The peaks of float samples.
pub(crate) fn span_float(samples: impl Iterator<Item = f32>) -> [i8; 2] {
    let (low, high) = samples.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), sample| {
        // Comparisons instead of `min` and `max`, which have to care about NaN and are slow for it.
        (
            if sample < low { sample } else { low },
            if sample > high { sample } else { high },
        )
    });
    if low > high {
        [0, 0]
    } else {
        [level(low), level(high)]
    }
}

fn span(samples: impl Iterator<Item = i8>) -> [i8; 2] {
    samples.fold([i8::MAX, i8::MIN], |[low, high], sample| {
        [low.min(sample), high.max(sample)]
    })
}

#[inline(always)]
fn span16(bytes: &[u8], order: impl Fn([u8; 2]) -> i16) -> [i8; 2] {
    let samples = bytes.as_chunks().0.iter().map(|&sample| order(sample));
    let [low, high] = samples.fold([i16::MAX, i16::MIN], |[low, high], sample| {
        [low.min(sample), high.max(sample)]
    });
    [(low >> 8) as i8, (high >> 8) as i8]
}

#[inline(always)]
fn span32(bytes: &[u8], order: impl Fn([u8; 4]) -> f32) -> [i8; 2] {
    span_float(bytes.as_chunks().0.iter().map(|&sample| order(sample)))
}

#[inline(always)]
fn span64(bytes: &[u8], order: impl Fn([u8; 8]) -> f64) -> [i8; 2] {
    span_float(
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&sample| order(sample) as f32),
    )
}

/// ITU-T G.711: the topmost byte of the 16-bit sample that each mu-law byte stands for.
static MU_LAW: [i8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let code = !(byte as u8);
        let magnitude = ((((code & 0x0F) as i32) << 3) + 0x84) << ((code & 0x70) >> 4);
        let sample = if code & 0x80 != 0 {
            0x84 - magnitude
        } else {
            magnitude - 0x84
        };
        table[byte] = (sample >> 8) as i8;
        byte += 1;
    }
    table
};

/// ITU-T G.711: the topmost byte of the 16-bit sample that each A-law byte stands for.
static A_LAW: [i8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let code = (byte as u8) ^ 0x55;
        let (segment, step) = ((code & 0x70) >> 4, ((code & 0x0F) as i32) << 4);
        let magnitude = if segment == 0 {
            step + 8
        } else {
            (step + 0x108) << (segment - 1)
        };
        let sample = if code & 0x80 != 0 {
            magnitude
        } else {
            -magnitude
        };
        table[byte] = (sample >> 8) as i8;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_reach_as_far_as_they_do() {
        let s16 = Encoding::Signed {
            bytes: 2,
            big: false,
        };
        assert_eq!(
            s16.range(&[0x00, 0x80, 0xFF, 0x7F, 0x00, 0x01]),
            [-128, 127]
        );
        let s16be = Encoding::Signed {
            bytes: 2,
            big: true,
        };
        assert_eq!(s16be.range(&[0x01, 0x00, 0xFF, 0x00]), [-1, 1]);
        let s24 = Encoding::Signed {
            bytes: 3,
            big: false,
        };
        assert_eq!(s24.range(&[0xFF, 0xFF, 0x10, 0x00, 0x00, 0xF0]), [-16, 16]);
        assert_eq!(Encoding::Unsigned.range(&[128, 0, 255]), [-128, 127]);
        let floats: Vec<u8> = [0.5_f32, -1.5, f32::NAN]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert_eq!(
            Encoding::Float {
                bytes: 4,
                big: false
            }
            .range(&floats),
            [-128, 64]
        );
        let doubles: Vec<u8> = [0.5_f64, -0.25]
            .iter()
            .flat_map(|v| v.to_be_bytes())
            .collect();
        assert_eq!(
            Encoding::Float {
                bytes: 8,
                big: true
            }
            .range(&doubles),
            [-32, 64]
        );
    }

    #[test]
    fn the_laws_are_those_of_g711() {
        // Silence, and both ends of the scale: 32124 and 32256 of 32768.
        assert_eq!(Encoding::MuLaw.range(&[0xFF]), [0, 0]);
        assert_eq!(Encoding::MuLaw.range(&[0x80, 0x00]), [-126, 125]);
        assert_eq!(Encoding::ALaw.range(&[0xAA, 0x2A]), [-126, 126]);
    }

    #[test]
    fn encodings_have_the_names_that_people_know() {
        let name = |encoding: Option<Encoding>| encoding.map(Encoding::name).unwrap_or_default();
        assert_eq!(name(Encoding::integer(8, false, false)), "pcm_u8");
        assert_eq!(name(Encoding::integer(8, true, true)), "pcm_s8");
        assert_eq!(name(Encoding::integer(12, false, false)), "pcm_s16le");
        assert_eq!(name(Encoding::integer(24, true, false)), "pcm_s24be");
        assert_eq!(name(Encoding::float(64, false)), "pcm_f64le");
        assert_eq!(Encoding::integer(65, false, false), None);
        assert_eq!(Encoding::float(16, false), None);
    }
}
