//! Screenshots as desktops make them: windows with text, flat areas, gradients, now and then a photo. The same
//! seed gives the same pixels on every machine.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// The size of every screenshot.
pub(crate) const WIDTH: usize = 2560;
pub(crate) const HEIGHT: usize = 1440;
const GLYPH_WIDTH: usize = 9;
const GLYPH_HEIGHT: usize = 14;
const LINE: usize = 21;
/// Shapes that stand for letters.
const GLYPHS: usize = 64;

type Color = [u8; 3];

/// SplitMix64: small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    fn color(&mut self, dark: bool) -> Color {
        let base = if dark { 20 } else { 200 };
        [0; 3].map(|_| base + self.below(45) as u8)
    }
}

/// A part of the screen.
#[derive(Clone, Copy)]
struct Area {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

struct Screen {
    pixels: Vec<u8>,
    random: Random,
    /// How much ink each pixel of each letter has.
    glyphs: Vec<[u8; GLYPH_WIDTH * GLYPH_HEIGHT]>,
}

/// Writes the screenshot of this number, with or without an alpha channel.
pub(crate) fn write(path: &Path, number: u64) -> io::Result<()> {
    let screen = Screen::draw(number);
    let alpha = number.is_multiple_of(3);
    let file = BufWriter::new(File::create(path)?);
    let mut encoder = png::Encoder::new(file, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(if alpha {
        png::ColorType::Rgba
    } else {
        png::ColorType::Rgb
    });
    encoder.set_depth(png::BitDepth::Eight);
    // What the PNG writers of desktops do: deflate at a middling level, a filter for each row.
    encoder.set_deflate_compression(png::DeflateCompression::Level(6));
    encoder.set_filter(png::Filter::Adaptive);
    let mut writer = encoder.write_header()?;
    if alpha {
        let pixels: Vec<u8> = screen
            .pixels
            .chunks_exact(3)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
            .collect();
        writer.write_image_data(&pixels)?;
    } else {
        writer.write_image_data(&screen.pixels)?;
    }
    writer.finish()?;
    Ok(())
}

impl Screen {
    fn draw(number: u64) -> Self {
        let mut random = Random(0x5eed_5c4e_e450_0001 ^ number.wrapping_mul(0x9e37_79b9));
        let glyphs = (0..GLYPHS).map(|_| glyph(&mut random)).collect();
        let mut screen = Self {
            pixels: vec![0; WIDTH * HEIGHT * 3],
            random,
            glyphs,
        };
        screen.wallpaper();
        let whole = Area {
            left: 0,
            top: 0,
            width: WIDTH,
            height: HEIGHT,
        };
        screen.fill(
            Area {
                height: 32,
                ..whole
            },
            [24, 24, 28],
        );
        for _ in 0..screen.random.between(1, 4) {
            screen.window();
        }
        screen
    }

    /// A gradient from corner to corner.
    fn wallpaper(&mut self) {
        let (from, to) = (self.random.color(true), self.random.color(false));
        for (row, pixels) in self.pixels.chunks_exact_mut(WIDTH * 3).enumerate() {
            for (column, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                let at = (row + column) as u32;
                for ((sample, from), to) in pixel.iter_mut().zip(from).zip(to) {
                    let all = (WIDTH + HEIGHT) as u32;
                    *sample = ((u32::from(from) * (all - at) + u32::from(to) * at) / all) as u8;
                }
            }
        }
    }

    fn window(&mut self) {
        let width = self.random.between(700, 1900);
        let height = self.random.between(500, 1200);
        let area = Area {
            left: self.random.below(WIDTH - width),
            top: 32 + self.random.below(HEIGHT - height - 32),
            width,
            height,
        };
        let dark = self.random.below(2) == 0;
        let (paper, bar) = (self.random.color(dark), self.random.color(dark));
        self.fill(area, paper);
        self.fill(Area { height: 36, ..area }, bar);
        let inside = Area {
            left: area.left + 16,
            top: area.top + 50,
            width: width - 32,
            height: height - 66,
        };
        match self.random.below(6) {
            0 => self.photo(inside),
            _ => self.text(inside, dark),
        }
    }

    fn fill(&mut self, area: Area, color: Color) {
        for row in area.top..area.top + area.height {
            let start = (row * WIDTH + area.left) * 3;
            let pixels = &mut self.pixels[start..start + area.width * 3];
            pixels
                .chunks_exact_mut(3)
                .for_each(|pixel| pixel.copy_from_slice(&color));
        }
    }

    /// Lines of words of a few colours, as code has them.
    fn text(&mut self, area: Area, dark: bool) {
        let inks = [(); 5].map(|()| self.random.color(!dark));
        for line in 0..area.height / LINE {
            let mut column = self.random.below(4) * 4;
            let end = self.random.between(8, 100).min(area.width / GLYPH_WIDTH);
            while column < end {
                let ink = inks[self.random.below(inks.len())];
                let word = self.random.between(2, 10).min(end - column);
                for _ in 0..word {
                    let glyph = self.random.below(GLYPHS);
                    self.letter(
                        area.left + column * GLYPH_WIDTH,
                        area.top + line * LINE,
                        glyph,
                        ink,
                    );
                    column += 1;
                }
                column += 1;
            }
        }
    }

    fn letter(&mut self, left: usize, top: usize, glyph: usize, ink: Color) {
        for row in 0..GLYPH_HEIGHT {
            for column in 0..GLYPH_WIDTH {
                let cover = u32::from(self.glyphs[glyph][row * GLYPH_WIDTH + column]);
                let at = ((top + row) * WIDTH + left + column) * 3;
                for (sample, ink) in self.pixels[at..at + 3].iter_mut().zip(ink) {
                    *sample =
                        ((u32::from(*sample) * (255 - cover) + u32::from(ink) * cover) / 255) as u8;
                }
            }
        }
    }

    /// Soft shapes with the noise of a camera.
    fn photo(&mut self, area: Area) {
        let waves = [(); 3].map(|()| (self.random.between(40, 200), self.random.between(40, 200)));
        for row in 0..area.height {
            for column in 0..area.width {
                let noise = self.random.next();
                let at = ((area.top + row) * WIDTH + area.left + column) * 3;
                for (sample, (wide, high)) in waves.iter().enumerate() {
                    let wave = triangle(column, *wide) + triangle(row, *high);
                    self.pixels[at + sample] =
                        (wave / 2 + (noise >> (8 * sample) & 7) as usize) as u8;
                }
            }
        }
    }
}

/// Up from 0 to 240 and down again.
fn triangle(at: usize, half: usize) -> usize {
    let at = at % (2 * half);
    at.min(2 * half - at) * 240 / half
}

/// A few strokes with soft edges.
fn glyph(random: &mut Random) -> [u8; GLYPH_WIDTH * GLYPH_HEIGHT] {
    let mut glyph = [0; GLYPH_WIDTH * GLYPH_HEIGHT];
    for _ in 0..random.between(2, 4) {
        let upright = random.below(2) == 0;
        let (column, row) = (
            random.between(1, GLYPH_WIDTH - 3),
            random.between(1, GLYPH_HEIGHT - 3),
        );
        for step in 0..random.between(3, 8) {
            let (x, y) = if upright {
                (column, (row + step) % (GLYPH_HEIGHT - 1))
            } else {
                ((column + step) % (GLYPH_WIDTH - 1), row)
            };
            glyph[y * GLYPH_WIDTH + x] = 255;
            let beside = if upright {
                y * GLYPH_WIDTH + x + 1
            } else {
                (y + 1) * GLYPH_WIDTH + x
            };
            glyph[beside] = glyph[beside].max(60 + random.below(120) as u8);
        }
    }
    glyph
}
