//! Decoding takes little memory, however large the image is and however many are decoded at a time. This is a file
//! of its own, as the peak of a process is measured.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use datalake_screenshot::{probe, thumbnail};

const MIB: u64 = 1 << 20;

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// A black PNG.
fn png(side: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    let row = vec![0; side as usize * 3];
    (0..side).for_each(|_| rows.write_all(&row).unwrap());
    rows.finish().unwrap();
    writer.finish().unwrap();
    file
}

/// A black bitmap that is nowhere as a whole.
struct Bitmap {
    head: [u8; 54],
    length: u64,
    at: u64,
}

impl Bitmap {
    fn new(side: u32) -> Self {
        let length = 54 + u64::from(side) * u64::from(side) * 3;
        let mut head = [0; 54];
        head[..2].copy_from_slice(b"BM");
        for (at, number) in [
            (2, length as u32),
            (10, 54),
            (14, 40),
            (18, side),
            (22, side),
            (26, 24 << 16 | 1),
        ] {
            head[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        Self {
            head,
            length,
            at: 0,
        }
    }
}

impl Read for Bitmap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length - self.at).unwrap();
        let count = buffer.len().min(left);
        buffer[..count].fill(0);
        if let Some(head) = self.head.get(self.at as usize..) {
            let count = count.min(head.len());
            buffer[..count].copy_from_slice(&head[..count]);
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Bitmap {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
            SeekFrom::End(by) => self.length.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

fn small(mut file: impl Read + Seek) -> Result<(u32, u32), String> {
    let picture = probe(&mut file).unwrap();
    let made = thumbnail(&mut file, &picture, &mut || Ok(())).unwrap()?;
    Ok((made.width, made.height))
}

#[test]
fn large_images_take_little_memory() {
    // As a whole it would take 48 MB.
    let large = png(4_000);
    assert_eq!(small(Cursor::new(&large)), Ok((320, 320)));
    assert!(peak() < 30 * MIB, "{} MiB", peak() / MIB);

    // Each of these takes 51 MB, and there are 56 MiB for all.
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(small(Bitmap::new(4_100)), Ok((320, 320))));
        }
    });
    assert!(peak() < 90 * MIB, "{} MiB", peak() / MIB);

    // And these are refused before anything is decoded.
    let refused = small(Bitmap::new(5_000)).unwrap_err();
    assert_eq!(refused, "would take 73 MiB to decode, more than 56");
    let mut header = png(1);
    header[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let refused = small(Cursor::new(&header)).unwrap_err();
    assert_eq!(
        refused,
        "is too large for a small picture: 30000 × 30000 pixels"
    );
    header[16..24].copy_from_slice(&[0, 4, 0, 1, 0, 0, 0, 1]);
    let refused = small(Cursor::new(&header)).unwrap_err();
    assert_eq!(
        refused,
        "is too large for a small picture: 262145 × 1 pixels"
    );
}
