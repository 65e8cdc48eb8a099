//! Tells formats by their first bytes.

use super::{
    Probe, Step, aac, aiff, amr, asf, au, caf, flac, id3, mkv, mp4, mpeg, ogg, riff, wavpack,
};

/// So much of a file's start is enough to tell.
const HEAD: usize = 4096;

/// Finds out what the file is, and reads it.
pub(super) fn read(probe: &mut Probe<'_>) -> Step {
    if probe.input.left() == 0 {
        probe.facts.unknown("the file is empty");
        return Ok(());
    }
    // Taggers put ID3 in front of anything.
    while id3::read(&mut probe.input, &mut probe.facts)? {}
    let head = probe.input.window(HEAD)?;
    if let Some(read) = by_magic(head) {
        return read(probe);
    }
    if let Some(name) = only_named(head) {
        probe.facts.format = Some(name);
        probe.facts.unknown("this format cannot be read");
        return Ok(());
    }
    // Formats without magic: a chain of frames.
    for read in [aac::read, aac::read_ac3, mpeg::read] {
        if read(probe)? {
            return Ok(());
        }
    }
    probe.facts.unknown("its content is no sound that we know");
    Ok(())
}

/// What reads a format.
type Reader = fn(&mut Probe<'_>) -> Step;

fn by_magic(head: &[u8]) -> Option<Reader> {
    let at = |place: usize, magic: &[u8]| {
        head.get(place..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    let reader: Reader = match head.first_chunk::<4>()? {
        b"RIFF" | b"RIFX" | b"RF64" | b"BW64" if at(8, b"WAVE") => riff::read_wav,
        b"riff" if at(0, riff::W64_RIFF) => riff::read_w64,
        b"FORM" if at(8, b"AIFF") || at(8, b"AIFC") => aiff::read,
        b".snd" => au::read,
        b"caff" if at(4, b"\0\x01") => caf::read,
        b"fLaC" => flac::read,
        b"OggS" => ogg::read,
        b"wvpk" => wavpack::read,
        [0x1A, 0x45, 0xDF, 0xA3] => mkv::read,
        [0x30, 0x26, 0xB2, 0x75] => asf::read,
        b"#!AM" if at(4, b"R\n") || at(4, b"R-WB\n") => amr::read,
        _ if mp4::begins(head) => mp4::read,
        _ => return None,
    };
    Some(reader)
}

/// Formats that are told apart and not read.
fn only_named(head: &[u8]) -> Option<&'static str> {
    let at = |place: usize, magic: &[u8]| {
        head.get(place..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    // Monkey's Audio counts its versions in thousandths.
    let is_ape = || {
        let version = head.get(4..).and_then(|rest| rest.first_chunk());
        version.is_some_and(|version| (1000..8000).contains(&u16::from_le_bytes(*version)))
    };
    match head.first_chunk::<4>()? {
        b"RIFF" if at(8, b"AVI ") => return Some("avi"),
        b"MAC " if is_ape() => return Some("ape"),
        _ => {}
    }
    let named: [(&[u8], &str); 14] = [
        (b"FLV\x01", "flv"),
        (b"MThd\0", "midi"),
        (b"MPCK", "musepack"),
        (b"MP+", "musepack"),
        (b"TTA1", "tta"),
        (b"tBaK", "tak"),
        (b"DSD \x1C", "dsf"),
        (b"FRM8", "dff"),
        (b".ra\xFD", "realaudio"),
        (b".RMF", "realmedia"),
        (b"#!AMR", "amr"),
        (b"Creative Voice File\x1A", "voc"),
        (b"\x7F\xFE\x80\x01", "dts"),
        (b"\x00\x00\x01\xBA", "mpeg"),
    ];
    let found = named.iter().find(|(magic, _)| head.starts_with(magic));
    // MPEG transport streams have a mark every 188 bytes, in that order and no other.
    let is_stream = || (0..8).all(|packet| head.get(packet * 188) == Some(&0x47));
    found
        .map(|(_, name)| *name)
        .or_else(|| is_stream().then_some("mpegts"))
}
