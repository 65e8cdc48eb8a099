//! Ogg (RFC 3533) with Vorbis, Opus, FLAC or Speex. Every page is checked and its position counted, so streams that
//! follow each other in one file, streams that were cut out of longer ones, and files whose end is missing all
//! come out right.

use std::io;

use super::decode::Codec;
use super::facts::{DurationSource, Facts};
use super::input::Input;
use super::wave::Wave;
use super::{Probe, Step, flac, opus, vorbis};

/// A packet longer than this is none that is needed; comments may hold pictures.
const LONGEST_PACKET: usize = 1 << 20;

pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    probe.facts.format = Some("ogg");
    let Probe { input, facts, wave } = probe;
    let mut link = Link::default();
    let (mut seconds, mut ended) = (0.0, true);
    let mut budget = input.end().saturating_mul(4).saturating_add(1 << 20);
    while let Some(page) = next_page(input, facts, &mut budget)? {
        if page.is_first && link.has_begun {
            seconds += link.seconds();
            link = Link::default();
        }
        if page.is_first {
            link.begin(&page, facts, wave);
        }
        link.has_begun |= !page.is_first;
        if let Some(stream) = link
            .stream
            .as_mut()
            .filter(|stream| stream.serial == page.serial)
        {
            ended = page.is_last;
            if !page.is_first {
                stream.take(&page, facts, wave);
            }
        }
    }
    seconds += link.seconds();
    if !ended {
        facts.cut("its end is missing");
    }
    if facts.codec.is_none() {
        facts.unknown("there is no sound in it that we know");
        wave.refuse("there is no decoder for its codec");
    } else {
        facts.last_seconds(seconds, DurationSource::Container);
    }
    Ok(())
}

/// A page.
struct Page<'a> {
    is_first: bool,
    is_last: bool,
    /// Samples up to the end of the last packet that ends here; `None` if none does.
    granule: Option<u64>,
    serial: u32,
    /// Whether its first packet began on an earlier page.
    continues: bool,
    /// Lengths of its pieces, each up to 255; a shorter one ends a packet.
    lacing: &'a [u8],
    body: &'a [u8],
    /// Whether all of the body is there.
    is_whole: bool,
}

/// The next sound page; what is damaged is stepped over. `budget` is how many bytes may still be checked: where each
/// of them looks like the start of a long page, the rest counts as damaged.
fn next_page<'a>(
    input: &'a mut Input<'_>,
    facts: &mut Facts,
    budget: &mut u64,
) -> io::Result<Option<Page<'a>>> {
    /// The longest page: a header, 255 lengths, and as many pieces of 255 bytes.
    const LONGEST: usize = 27 + 255 + 255 * 255;
    loop {
        input.beat()?;
        let window = input.window(LONGEST)?;
        if window.is_empty() {
            return Ok(None);
        }
        let length = page_length(window);
        let work = length.unwrap_or_default().min(window.len()) as u64;
        let Some(left) = budget.checked_sub(work) else {
            facts.warn("a part of it is damaged");
            return Ok(None);
        };
        *budget = left;
        let (is_page, is_whole) = match length {
            Some(length) if length <= window.len() => (is_sound(&window[..length]), true),
            // The last page, cut: what is there of it counts, though nothing can be checked.
            Some(_) => (window.len() < LONGEST, false),
            None => (false, false),
        };
        if is_page {
            if !is_whole {
                facts.cut("the file ends in the middle of a page");
            }
            let length = length.unwrap_or_default().min(window.len());
            return Ok(input
                .take(length)
                .ok()
                .and_then(|page| Page::parse(page, is_whole)));
        }
        facts.warn("a part of it is damaged");
        if !input.find(4, |window| window.starts_with(b"OggS"))? {
            return Ok(None);
        }
    }
}

/// The length of the page that begins here, if one does.
fn page_length(window: &[u8]) -> Option<usize> {
    let count = usize::from(*window.strip_prefix(b"OggS\0").and(window.get(26))?);
    let lacing = window.get(27..27 + count)?;
    Some(
        27 + count
            + lacing
                .iter()
                .map(|&piece| usize::from(piece))
                .sum::<usize>(),
    )
}

impl<'a> Page<'a> {
    fn parse(page: &'a [u8], is_whole: bool) -> Option<Self> {
        let (header, rest) = page.split_first_chunk::<27>()?;
        let (lacing, body) = rest.split_at_checked(header[26].into())?;
        let granule = i64::from_le_bytes(*header[6..].first_chunk()?);
        Some(Self {
            continues: header[5] & 1 != 0,
            is_first: header[5] & 2 != 0,
            is_last: header[5] & 4 != 0 && is_whole,
            granule: u64::try_from(granule).ok().filter(|_| is_whole),
            serial: u32::from_le_bytes(*header[14..].first_chunk()?),
            lacing,
            body,
            is_whole,
        })
    }
}

/// One of several streams that follow each other in a file.
#[derive(Default)]
struct Link {
    /// Whether pages other than first ones were seen.
    has_begun: bool,
    /// The first stream of sound in it.
    stream: Option<Stream>,
}

impl Link {
    fn begin(&mut self, page: &Page<'_>, facts: &mut Facts, wave: &mut Wave) {
        if page.body.starts_with(b"\x80theora") {
            facts.format = Some("ogv");
        }
        if self.stream.is_none() {
            self.stream = Stream::begin(page, facts, wave);
        }
    }

    fn seconds(&self) -> f64 {
        self.stream.as_ref().map_or(0.0, Stream::seconds)
    }
}

/// How the sound of a stream is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Vorbis,
    Opus,
    Flac,
    Speex,
}

/// A stream of sound.
struct Stream {
    serial: u32,
    kind: Kind,
    /// Granules in a second.
    rate: u32,
    /// Packets of headers that are still to come.
    headers: u32,
    /// The packet that goes on on the next page, unless it is too long.
    open: Option<Vec<u8>>,
    /// The first header, for the decoder.
    first: Vec<u8>,
    /// Samples that are left out at the start.
    skipped: u32,
    /// The first and the second granule of sound, and the last.
    granules: [Option<u64>; 2],
    last: u64,
    /// Samples of packets behind the last granule, where packets tell.
    since: u64,
}

impl Stream {
    fn begin(page: &Page<'_>, facts: &mut Facts, wave: &mut Wave) -> Option<Self> {
        let body = page.body;
        let (kind, rate, headers, skipped) = if let Some(rate) = vorbis::identify(body, facts) {
            (Kind::Vorbis, rate, 2, 0)
        } else if let Some(skipped) = opus::identify(body, facts) {
            facts.format = Some("opus");
            wave.refuse(opus::UNDRAWN);
            (Kind::Opus, opus::RATE, 1, skipped)
        } else if body.starts_with(b"\x7FFLAC") {
            let info = flac::Info::parse(body.get(17..)?)?;
            info.describe(facts);
            wave.decode(Codec::Flac(info.bytes.into()));
            (Kind::Flac, info.rate, 0, 0)
        } else if body.starts_with(b"Speex   ") {
            let field = |at: usize| {
                body.get(at..)?
                    .first_chunk()
                    .map(|four| u32::from_le_bytes(*four))
            };
            facts.format = Some("speex");
            facts.codec = Some("speex".into());
            facts.sample_rate = field(36).filter(|&rate| rate > 0);
            facts.channels = field(48).filter(|&channels| channels > 0);
            wave.refuse("there is no decoder for Speex");
            let more = field(68).unwrap_or(0);
            (Kind::Speex, field(36)?, more.saturating_add(1), 0)
        } else {
            return None;
        };
        Some(Self {
            serial: page.serial,
            kind,
            rate,
            headers,
            open: None,
            first: body.to_vec(),
            skipped,
            granules: [None; 2],
            last: 0,
            since: 0,
        })
    }

    /// Takes a page of this stream.
    fn take(&mut self, page: &Page<'_>, facts: &mut Facts, wave: &mut Wave) {
        let mut body = page.body;
        let mut length = 0;
        let mut open = self.open.take().filter(|_| page.continues);
        // The rest of a packet whose start is lost.
        let mut is_lost = page.continues && open.is_none();
        for &piece in page.lacing {
            length += usize::from(piece);
            if piece == 255 {
                continue;
            }
            let Some((data, rest)) = body.split_at_checked(length) else {
                return;
            };
            (body, length) = (rest, 0);
            match open.take() {
                Some(mut begun) => {
                    begun.extend_from_slice(data);
                    self.packet(&begun, facts, wave);
                }
                None if is_lost => {}
                None => self.packet(data, facts, wave),
            }
            is_lost = false;
        }
        if length > 0 && page.is_whole && !is_lost {
            let mut begun = open.unwrap_or_default();
            begun.extend_from_slice(body);
            self.open = Some(begun).filter(|begun| begun.len() <= LONGEST_PACKET);
        }
        if let Some(granule) = page.granule {
            self.reach(granule);
        }
    }

    fn reach(&mut self, granule: u64) {
        let is_sound = self.headers == 0 && granule > 0;
        if let Some(place) = self
            .granules
            .iter_mut()
            .find(|place| place.is_none() && is_sound)
        {
            *place = Some(granule);
        }
        (self.last, self.since) = (self.last.max(granule), 0);
    }

    fn packet(&mut self, data: &[u8], facts: &mut Facts, wave: &mut Wave) {
        let comments = match (self.kind, self.headers) {
            (Kind::Vorbis, 2) => data.get(7..),
            (Kind::Opus, 1) => data.strip_prefix(b"OpusTags"),
            (Kind::Speex, 1..) => Some(data),
            // FLAC says what a packet is: sound begins with ones, comments are block 4.
            (Kind::Flac, _) if data.first().is_some_and(|kind| kind & 0x7F == 4) => data.get(4..),
            (Kind::Flac, _) if data.first() != Some(&0xFF) => None,
            (Kind::Vorbis, 1) => {
                let headers = [&self.first, data].concat();
                wave.decode(Codec::Vorbis(headers.into()));
                None
            }
            (Kind::Opus, _) => {
                self.since += u64::from(opus::samples(data));
                None
            }
            _ => {
                wave.packet(data, 0);
                None
            }
        };
        if let Some(comments) = comments {
            vorbis::read_comments(comments, facts);
        }
        self.headers = self.headers.saturating_sub(1);
    }

    fn seconds(&self) -> f64 {
        let rate = u64::from(self.rate.max(1));
        // A stream that was cut out of a longer one, or recorded from the air, does not begin at 0: its first page
        // then reaches further than a page can.
        let start = match self.granules {
            [Some(first), Some(second)] => {
                let page = second.saturating_sub(first);
                if first > page.saturating_mul(2).saturating_add(rate) {
                    first - page
                } else {
                    0
                }
            }
            _ => 0,
        };
        let end = self.last.saturating_add(self.since);
        let skipped = if start == 0 {
            u64::from(self.skipped)
        } else {
            0
        };
        end.saturating_sub(start.saturating_add(skipped)) as f64 / rate as f64
    }
}

/// Whether the checksum of a whole page is right.
fn is_sound(page: &[u8]) -> bool {
    let Some((header, rest)) = page.split_first_chunk::<26>() else {
        return false;
    };
    // Of itself the checksum counts as zero.
    let stated = header[22..]
        .first_chunk()
        .map(|sum| u32::from_le_bytes(*sum));
    let sum = checksum(checksum(checksum(0, &header[..22]), &[0; 4]), rest);
    stated == Some(sum)
}

/// CRC-32 of polynomial 0x04C11DB7 from the most significant bit on, begun with 0 and not inverted.
fn checksum(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| {
        sum << 8 ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)]
    })
}

static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = sum << 1 ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
};
