//! What is known of each of the recordings in `fixtures/`: one for each way in which recordings differ.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::Cursor;
use std::path::Path;

use datalake_audio::probe::{Duration, DurationSource, Facts, Waveform, probe};

fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    fs::read(path).unwrap()
}

fn facts(bytes: &[u8]) -> Facts {
    probe(&mut Cursor::new(bytes), true, &mut || Ok(())).unwrap()
}

/// What a file must come out as.
struct Expected {
    name: &'static str,
    format: &'static str,
    codec: &'static str,
    rate: u32,
    channels: u32,
    /// How long it really is; by what, or why that is not known.
    seconds: f64,
    source: &'static str,
    /// Whether it ends early, and whether it can be drawn.
    truncated: bool,
    drawn: bool,
}

/// name, format, codec, rate, channels, seconds, source or reason, then `cut` and `drawn` if they are so.
const TABLE: &str = "
s16.wav                | wav     | pcm_s16le     |  8000 | 1 | 0.25  | header    |     | drawn
u8.wav                 | wav     | pcm_u8        |  8000 | 1 | 0.25  | header    |     | drawn
s24.wav                | wav     | pcm_s24le     |  8000 | 1 | 0.25  | header    |     | drawn
s32.wav                | wav     | pcm_s32le     |  8000 | 1 | 0.25  | header    |     | drawn
f32.wav                | wav     | pcm_f32le     |  8000 | 1 | 0.25  | header    |     | drawn
mulaw.wav              | wav     | pcm_mulaw     |  8000 | 1 | 0.25  | header    |     | drawn
alaw.wav               | wav     | pcm_alaw      |  8000 | 1 | 0.25  | header    |     | drawn
stereo.wav             | wav     | pcm_s16le     |  8000 | 2 | 0.25  | header    |     | drawn
adpcm-ms.wav           | wav     | adpcm_ms      |  8000 | 1 | 0.5   | header    |     | drawn
adpcm-ima.wav          | wav     | adpcm_ima_wav |  8000 | 1 | 0.5   | header    |     | drawn
gsm.wav                | wav     | gsm           |  8000 | 1 | 1.0   | header    |     |
mp3-in.wav             | wav     | mp3           | 16000 | 1 | 1.0   | estimate  |     | drawn
rf64.wav               | wav     | pcm_s16le     |  8000 | 1 | 0.25  | header    |     | drawn
rifx.wav               | wav     | pcm_s16be     |  8000 | 1 | 0.25  | header    |     | drawn
s16.w64                | w64     | pcm_s16le     |  8000 | 1 | 0.25  | header    |     | drawn
size-unknown.wav       | wav     | pcm_s16le     |  8000 | 1 | 0.25  | scan      |     | drawn
size-7fffffff.wav      | wav     | pcm_s16le     |  8000 | 1 | 0.25  | scan      |     | drawn
size-80000000.wav      | wav     | pcm_s16le     |  8000 | 1 | 0.25  | scan      |     | drawn
size-zero-riff-0.wav   | wav     | pcm_s16le     |  8000 | 1 | 0.25  | scan      | cut | drawn
size-zero-riff-36.wav  | wav     | pcm_s16le     |  8000 | 1 | 0.25  | scan      | cut | drawn
size-stale.wav         | wav     | pcm_s16le     |  8000 | 1 | 0.25  | scan      | cut | drawn
fmt-last.wav           | wav     | pcm_s16le     |  8000 | 1 | 0.25  | header    |     | drawn
tagged.wav             | wav     | pcm_s16le     |  8000 | 1 | 0.25  | header    |     | drawn
cut.wav                | wav     | pcm_s16le     |  8000 | 1 | 0.125 | scan      | cut | drawn
header-only.wav        | wav     | pcm_s16le     |  8000 | 1 | 0     | there is no sound in it | cut |
text.wav               | -       | -             |     0 | 0 | 0     | its content is no sound that we know | |
s16.au                 | au      | pcm_s16be     |  8000 | 1 | 0.25  | header    |     | drawn
size-unknown.au        | au      | pcm_s16be     |  8000 | 1 | 0.25  | scan      |     | drawn
s16.aiff               | aiff    | pcm_s16be     |  8000 | 1 | 0.25  | header    |     | drawn
ima4.aifc              | aiff    | adpcm_ima_qt  |  8000 | 1 | 0.512 | header    |     | drawn
s16.caf                | caf     | pcm_s16le     |  8000 | 1 | 0.25  | header    |     | drawn
alac.caf               | caf     | alac          |  8000 | 1 | 0.5   | container |     | drawn
aac.caf                | caf     | aac           |  8000 | 1 | 1.0   | container |     | drawn
cbr.mp3                | mp3     | mp3           |  8000 | 1 | 1.0   | scan      |     | drawn
cbr-no-xing.mp3        | mp3     | mp3           | 16000 | 1 | 1.0   | estimate  |     | drawn
cut.mp3                | mp3     | mp3           | 16000 | 1 | 0.54  | scan      | cut | drawn
vbr.mp3                | mp3     | mp3           | 16000 | 1 | 1.0   | scan      |     | drawn
vbr-no-xing.mp3        | mp3     | mp3           | 16000 | 1 | 1.0   | estimate  |     | drawn
layer2.mp2             | mp2     | mp2           | 16000 | 1 | 1.0   | scan      |     | drawn
adts.aac               | aac     | aac           | 16000 | 1 | 1.0   | scan      |     | drawn
tone.ac3               | ac3     | ac3           | 32000 | 1 | 1.0   | scan      |     |
tone.eac3              | eac3    | eac3          | 32000 | 1 | 1.0   | scan      |     |
narrow.amr             | amr     | amr-nb        |  8000 | 1 | 1.0   | scan      |     |
wide.amr               | amr     | amr-wb        | 16000 | 1 | 1.0   | scan      |     |
cut.amr                | amr     | amr-nb        |  8000 | 1 | 0.5   | scan      | cut |
vorbis.ogg             | ogg     | vorbis        |  8000 | 1 | 1.0   | container |     | drawn
cut.ogg                | ogg     | vorbis        |  8000 | 1 | 0.64  | container | cut | drawn
flac.ogg               | ogg     | flac          |  8000 | 1 | 0.5   | container |     | drawn
voice.opus             | opus    | opus          | 48000 | 1 | 1.0   | container |     |
chained.ogg            | opus    | opus          | 48000 | 1 | 1.0   | container |     |
voice.spx              | speex   | speex         |  8000 | 1 | 1.0   | container |     |
voice.flac             | flac    | flac          |  8000 | 1 | 0.5   | header    |     | drawn
pipe.flac              | flac    | flac          |  8000 | 1 | 0.5   | scan      |     | drawn
cut.flac               | flac    | flac          |  8000 | 1 | 0.216 | scan      | cut | drawn
voice.wv               | wavpack | wavpack       |  8000 | 1 | 0.5   | header    |     |
opus.webm              | webm    | opus          | 48000 | 1 | 1.0   | container |     |
live.webm              | webm    | opus          | 48000 | 1 | 1.0   | scan      |     |
vorbis.webm            | webm    | vorbis        |  8000 | 1 | 1.0   | container |     | drawn
aac.mka                | mka     | aac           | 16000 | 1 | 1.0   | container |     | drawn
flac.mka               | mka     | flac          |  8000 | 1 | 0.5   | container |     | drawn
pcm.mka                | mka     | pcm_s16le     |  8000 | 1 | 0.25  | container |     | drawn
screen.mkv             | mkv     | aac           | 16000 | 1 | 1.0   | container |     | drawn
voice.m4a              | m4a     | aac           |  8000 | 1 | 1.0   | container |     | drawn
he-aac.m4a             | m4a     | he-aac        | 16000 | 1 | 1.0   | container |     | drawn
alac.m4a               | m4a     | alac          |  8000 | 1 | 0.5   | container |     | drawn
fragmented.m4a         | m4a     | aac           | 16000 | 1 | 1.0   | container |     | drawn
cut.m4a                | m4a     | aac           |  8000 | 1 | 0.5   | container | cut | drawn
no-index.m4a           | m4a     | -             |     0 | 0 | 0     | its index is missing: its recorder never finished it | cut |
pcm.mov                | mov     | pcm_s16le     |  8000 | 1 | 0.25  | container |     | drawn
opus.mp4               | m4a     | opus          | 48000 | 1 | 1.0   | container |     |
screen.mp4             | mp4     | aac           | 16000 | 1 | 1.0   | container |     | drawn
phone.3gp              | 3gp     | amr-nb        |  8000 | 1 | 1.0   | container |     |
voice.wma              | wma     | wmav2         |  8000 | 1 | 1.0   | header    |     |
live.wma               | wma     | wmav2         |  8000 | 1 | 1.0   | scan      |     |
";

impl Expected {
    fn parse(line: &'static str) -> Self {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [
            name,
            format,
            codec,
            rate,
            channels,
            seconds,
            source,
            cut,
            drawn,
        ] = fields[..]
        else {
            panic!("{line}");
        };
        Self {
            name,
            format,
            codec,
            rate: rate.parse().unwrap(),
            channels: channels.parse().unwrap(),
            seconds: seconds.parse().unwrap(),
            source,
            truncated: cut == "cut",
            drawn: drawn == "drawn",
        }
    }

    fn check(&self) {
        let facts = facts(&bytes(self.name));
        let name = self.name;
        assert_eq!(facts.format.unwrap_or("-"), self.format, "{name}: format");
        assert_eq!(
            facts.codec.as_deref().unwrap_or("-"),
            self.codec,
            "{name}: codec"
        );
        assert_eq!(facts.sample_rate.unwrap_or(0), self.rate, "{name}: rate");
        assert_eq!(
            facts.channels.unwrap_or(0),
            self.channels,
            "{name}: channels"
        );
        match &facts.duration {
            Duration::Known { seconds, source } => {
                assert_eq!(source.name(), self.source, "{name}: {seconds} seconds");
                // A tenth of a second is the bar; what a header says and the bytes confirm is exact.
                let bar = if self.codec.starts_with("pcm") {
                    0.001
                } else {
                    0.1
                };
                assert!(
                    (seconds - self.seconds).abs() <= bar,
                    "{name}: {seconds} seconds"
                );
            }
            Duration::Unknown(why) => assert_eq!(why, self.source, "{name}"),
        }
        assert_eq!(
            facts.truncated, self.truncated,
            "{name}: {:?}",
            facts.warnings
        );
        let is_drawn = matches!(&facts.waveform, Waveform::Drawn(peaks) if peaks.len() > 860);
        assert_eq!(is_drawn, self.drawn, "{name}: {:?}", facts.waveform);
    }
}

#[test]
fn every_recording_is_what_it_is() {
    let lines = TABLE.lines().filter(|line| !line.is_empty());
    let expected: Vec<Expected> = lines.map(Expected::parse).collect();
    expected.iter().for_each(Expected::check);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = names.filter(|name| name != "make.py" && name != "README.md");
    assert_eq!(names.count(), expected.len(), "each recording has a line");
}

fn peaks(name: &str) -> Vec<u8> {
    match facts(&bytes(name)).waveform {
        Waveform::Drawn(peaks) => peaks,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn the_shape_is_the_same_in_every_container() {
    let plain = peaks("s16.wav");
    for name in [
        "rifx.wav", "rf64.wav", "s16.w64", "s16.au", "s16.aiff", "s16.caf", "pcm.mka", "pcm.mov",
    ] {
        assert_eq!(peaks(name), plain, "{name}");
    }
    // More bits are rounded otherwise, by one at most.
    for name in [
        "s24.wav",
        "s32.wav",
        "f32.wav",
        "u8.wav",
        "mulaw.wav",
        "alaw.wav",
    ] {
        let differ = peaks(name).into_iter().zip(&plain);
        let most = differ
            .map(|(one, &other)| (one as i8).abs_diff(other as i8))
            .max();
        assert!(most <= Some(2), "{name}: {most:?}");
    }
    // The same tone, for half a second, of codecs without a loss.
    let longer = peaks("alac.m4a");
    for name in ["flac.ogg", "flac.mka", "alac.caf"] {
        assert_eq!(peaks(name), longer, "{name}");
    }
    // And twice the first quarter of a second.
    let flac = peaks("voice.flac");
    assert_eq!(flac, peaks("pipe.flac"));
    let (one, two) = flac.split_at(flac.len() / 2);
    assert_eq!(one, two);
    let folded: Vec<u8> = plain
        .chunks_exact(4)
        .flat_map(|pair| {
            let [a, b, c, d] = [pair[0], pair[1], pair[2], pair[3]].map(|byte| byte as i8);
            [a.min(c) as u8, b.max(d) as u8]
        })
        .collect();
    assert_eq!(one, folded);
}

#[test]
fn the_shape_shows_the_sound() {
    // The tone grows from a fifth of the full scale; at the end of the quarter of a second it is at a third.
    let shape: Vec<i8> = peaks("s16.wav").iter().map(|&byte| byte as i8).collect();
    let loudest = |part: &[i8]| part.iter().map(|peak| peak.unsigned_abs()).max().unwrap();
    let (start, end) = (&shape[..shape.len() / 8], &shape[shape.len() * 7 / 8..]);
    assert!((20..30).contains(&loudest(start)), "{}", loudest(start));
    assert!((40..50).contains(&loudest(end)), "{}", loudest(end));
    // Loud for half a second, then silent.
    let turns: Vec<i8> = peaks("vbr.mp3").iter().map(|&byte| byte as i8).collect();
    assert!(loudest(&turns[..turns.len() / 3]) > 40);
    assert!(loudest(&turns[turns.len() * 2 / 3..]) < 3);
}

/// With 8,000 samples a second the silence that an encoder adds is longer than a tenth of a second.
#[test]
fn silence_that_nobody_tells_of_is_estimated_and_said() {
    let told = bytes("cbr.mp3");
    let at = told.windows(4).position(|part| part == b"Info").unwrap() - 13;
    let frames = &told[at + 216..];
    let estimated = facts(frames);
    let Duration::Known { seconds, source } = estimated.duration else {
        panic!("{:?}", estimated.duration)
    };
    assert!((seconds - 1.0).abs() < 0.05, "{seconds}");
    assert_eq!(source, DurationSource::Estimate);
    assert_eq!(
        estimated.warnings,
        ["nothing says how much silence the encoder added to it; that is estimated"]
    );
    // Where the first frame needs one before it, it is no beginning, and nothing was added.
    let mut middle = frames.to_vec();
    assert_eq!(std::mem::replace(&mut middle[4], 1), 0);
    let counted = facts(&middle);
    assert!(counted.warnings.is_empty());
    assert!(counted.duration.seconds().unwrap() > 1.1);
}

#[test]
fn what_people_wrote_into_recordings_is_read() {
    for name in [
        "tagged.wav",
        "cbr.mp3",
        "voice.m4a",
        "voice.flac",
        "voice.wma",
    ] {
        let tags = facts(&bytes(name)).tags;
        assert_eq!(
            (tags.get("title"), tags.get("artist")),
            (Some("A note"), Some("Ada")),
            "{name}"
        );
    }
    for name in ["vorbis.ogg", "voice.opus", "opus.webm", "s16.aiff"] {
        assert_eq!(
            facts(&bytes(name)).tags.get("title"),
            Some("A note"),
            "{name}"
        );
    }
    let comment = |name| facts(&bytes(name)).tags.get("comment").map(str::to_owned);
    assert_eq!(comment("tagged.wav").as_deref(), Some("a meeting"));
    assert_eq!(comment("cbr.mp3").as_deref(), Some("of no weight"));
    assert_eq!(comment("voice.m4a").as_deref(), Some("of no weight"));
}

#[test]
fn the_time_that_says_most_is_taken() {
    let made = |name| facts(&bytes(name)).made.map(|time| time.text());
    // The broadcast extension knows the time of day, the list of tags the day only.
    assert_eq!(made("tagged.wav").as_deref(), Some("2026-01-10T12:34:56"));
    assert_eq!(made("cbr.mp3").as_deref(), Some("2026-01-10T12:34:56"));
    assert_eq!(made("vorbis.ogg").as_deref(), Some("2026-01-10"));
    assert_eq!(made("voice.m4a").as_deref(), Some("2026-01-10T12:34:56Z"));
    assert_eq!(made("opus.webm").as_deref(), Some("2026-01-10T12:34:56Z"));
    assert_eq!(made("s16.wav"), None);
}

#[test]
fn a_name_says_nothing_about_a_format() {
    // The same bytes behind a tag are still the same, and what follows the sound is no part of it.
    let tag = [
        b"ID3\x04\0\0\0\0\0\x0C".as_slice(),
        b"TIT2\0\0\0\x02\0\0\x03x",
    ]
    .concat();
    for name in ["s16.wav", "voice.flac", "adts.aac", "cbr-no-xing.mp3"] {
        let plain = facts(&bytes(name));
        let tagged = facts(&[tag.clone(), bytes(name)].concat());
        assert_eq!(
            tagged.tags.get("title"),
            plain.tags.get("title").or(Some("x")).map(|_| "x"),
            "{name}"
        );
        assert_eq!(tagged.duration, plain.duration, "{name}");
        assert_eq!(
            (tagged.format, tagged.waveform),
            (plain.format, plain.waveform),
            "{name}"
        );
    }
}

/// Taggers, uploads and copies put bytes of their own behind the last box; read as a box they are longer than the file.
#[test]
fn what_follows_the_last_box_takes_nothing_from_the_sound() {
    let old_tag = [b"TAG".to_vec(), vec![b'x'; 125]].concat();
    let boundary = b"\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n";
    for name in [
        "voice.m4a",
        "alac.m4a",
        "he-aac.m4a",
        "phone.3gp",
        "pcm.mov",
        "opus.mp4",
    ] {
        let whole = bytes(name);
        let alone = facts(&whole);
        assert!(!alone.truncated, "{name}");
        for tail in [
            &old_tag[..],
            boundary,
            b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        ] {
            let more = facts(&[&whole, tail].concat());
            assert_eq!(more.duration, alone.duration, "{name}");
            assert!(!more.truncated && !more.warnings.is_empty(), "{name}");
        }
        // The last box of these holds what counts.
        let cut = facts(&whole[..whole.len() - 10]);
        assert!(cut.truncated, "{name}");
    }
}
