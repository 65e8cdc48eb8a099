//! Makes a picture smaller while its rows come in: each pixel of the small picture is the average of the area
//! that it covers, weighed exactly. One row of sums is all that is held, however large the picture is.

use std::cmp::min;

use crate::size::Size;

/// The samples of a pixel, a byte each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pixel {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
}

impl Pixel {
    /// How many bytes it has.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// A small picture: gray if the large one was, red, green and blue otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Small {
    pub(crate) size: Size,
    /// One byte or three a pixel, row by row.
    pub(crate) samples: Vec<u8>,
}

/// So many bytes of 255 fit into 16 bits.
const ROWS_OF_U16: u16 = 257;

/// Takes the rows of a picture from the top down.
///
/// Areas are measured in whole numbers: a row of the large picture is as high as the small one has rows, and a
/// row of the small picture as high as the large one has. So weights are exact, and the sum of all weights of one
/// small pixel is `width * height` of the large picture. With sides of at most [`LONGEST_SIDE`] the sums of a
/// column fit into 32 bits, and those of a pixel into 64.
///
/// [`LONGEST_SIDE`]: crate::thumbnail::LONGEST_SIDE
pub(crate) struct Shrinker {
    from: Size,
    to: Size,
    pixel: Pixel,
    /// How many rows have come.
    row: u32,
    /// Sums of rows that lie within the present small row, without weight: cheap, but few fit.
    whole: Vec<u16>,
    wholes: u16,
    /// Weighed sums for the present small row.
    sums: Vec<u32>,
    samples: Vec<u8>,
}

impl Shrinker {
    pub(crate) fn new(from: Size, to: Size, pixel: Pixel) -> Self {
        // Gray with alpha becomes gray on its way in.
        let stored = if pixel == Pixel::GrayAlpha {
            1
        } else {
            pixel.bytes()
        };
        let columns = from.width as usize * stored;
        Self {
            from,
            to,
            pixel,
            row: 0,
            whole: vec![0; columns],
            wholes: 0,
            sums: vec![0; columns],
            samples: Vec::with_capacity((to.width * to.height) as usize * 3),
        }
    }

    /// How many bytes it takes at most for a picture of this size.
    pub(crate) fn memory(from: Size) -> u64 {
        u64::from(from.width) * 4 * 6
    }

    /// Takes the next row, and puts what can be seen through on white. Rows behind the last are ignored.
    pub(crate) fn push(&mut self, row: &mut [u8]) {
        if self.row == self.from.height {
            return;
        }
        let row = flatten(self.pixel, row);
        let (high, low) = (u64::from(self.from.height), u64::from(self.to.height));
        let top = u64::from(self.row) * low;
        let bottom = top + low;
        // Where the small row ends that `top` lies in.
        let border = (top / high + 1) * high;
        self.row += 1;
        if bottom <= border {
            self.add_whole(row);
        } else {
            self.add_part(row, (min(bottom, border) - top) as u32);
        }
        if bottom >= border {
            self.finish_row();
        }
        if bottom > border {
            self.add_part(row, (bottom - border) as u32);
        }
    }

    /// The small picture, once all rows have come.
    pub(crate) fn finish(self) -> Option<Small> {
        (self.row >= self.from.height).then_some(Small {
            size: self.to,
            samples: self.samples,
        })
    }

    fn add_whole(&mut self, row: &[u8]) {
        if self.wholes == ROWS_OF_U16 {
            self.weigh_wholes();
        }
        self.wholes += 1;
        for (sum, sample) in self.whole.iter_mut().zip(row) {
            *sum += u16::from(*sample);
        }
    }

    fn weigh_wholes(&mut self) {
        let weight = self.to.height;
        self.wholes = 0;
        for (sum, whole) in self.sums.iter_mut().zip(&mut self.whole) {
            *sum += u32::from(std::mem::take(whole)) * weight;
        }
    }

    fn add_part(&mut self, row: &[u8], weight: u32) {
        for (sum, sample) in self.sums.iter_mut().zip(row) {
            *sum += u32::from(*sample) * weight;
        }
    }

    fn finish_row(&mut self) {
        self.weigh_wholes();
        let scale = 1.0 / (f64::from(self.from.width) * f64::from(self.from.height));
        let sizes = (u64::from(self.from.width), u64::from(self.to.width));
        match self.pixel {
            Pixel::Gray | Pixel::GrayAlpha => {
                average::<1, 1>(&self.sums, sizes, scale, &mut self.samples)
            }
            Pixel::Rgb => average::<3, 3>(&self.sums, sizes, scale, &mut self.samples),
            Pixel::Rgba => average::<4, 3>(&self.sums, sizes, scale, &mut self.samples),
        }
        self.sums.fill(0);
    }
}

/// Averages the columns of a row of sums into pixels of `OUT` samples; the others of the `IN` are left out.
fn average<const IN: usize, const OUT: usize>(
    sums: &[u32],
    (wide, narrow): (u64, u64),
    scale: f64,
    samples: &mut Vec<u8>,
) {
    let (columns, _) = sums.as_chunks::<IN>();
    let mut part = [0_u64; OUT];
    let mut columns = columns.iter().zip(0_u64..);
    for pixel in 1..=narrow {
        let border = pixel * wide;
        let mut inside = [0_u64; OUT];
        let mut rest = [0_u64; OUT];
        for (column, number) in columns.by_ref() {
            let right = (number + 1) * narrow;
            if right > border {
                for (sample, sum) in column.iter().take(OUT).enumerate() {
                    part[sample] += u64::from(*sum) * (border - (right - narrow));
                    rest[sample] = u64::from(*sum) * (right - border);
                }
                break;
            }
            for (inside, sum) in inside.iter_mut().zip(column) {
                *inside += u64::from(*sum);
            }
            if right == border {
                break;
            }
        }
        for sample in 0..OUT {
            let total = inside[sample] * narrow + part[sample];
            samples.push((total as f64 * scale + 0.5) as u8);
        }
        part = rest;
    }
}

/// Puts a row on white where it can be seen through. Gray with alpha becomes gray; the alpha of colours stays where
/// it is, as moving it would cost more than to carry it along.
fn flatten(pixel: Pixel, row: &mut [u8]) -> &[u8] {
    match pixel {
        Pixel::Gray | Pixel::Rgb => row,
        Pixel::GrayAlpha => {
            let pixels = row.len() / 2;
            for at in 0..pixels {
                row[at] = on_white(row[2 * at], row[2 * at + 1]);
            }
            &row[..pixels]
        }
        Pixel::Rgba => {
            let (pixels, _) = row.as_chunks_mut::<4>();
            let alpha = pixels.iter().fold(u8::MAX, |all, pixel| all & pixel[3]);
            if alpha != u8::MAX {
                for [red, green, blue, alpha] in pixels {
                    (*red, *green, *blue) = (
                        on_white(*red, *alpha),
                        on_white(*green, *alpha),
                        on_white(*blue, *alpha),
                    );
                }
            }
            row
        }
    }
}

/// What one sees of a sample in front of white.
fn on_white(sample: u8, alpha: u8) -> u8 {
    let darkness = u16::from(u8::MAX - sample) * u16::from(alpha);
    u8::MAX - ((darkness + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrink(from: Size, to: Size, pixel: Pixel, samples: &[u8]) -> Vec<u8> {
        let mut shrinker = Shrinker::new(from, to, pixel);
        for row in samples.chunks(from.width as usize * pixel.bytes()) {
            shrinker.push(&mut row.to_vec());
        }
        let small = shrinker.finish().unwrap();
        assert_eq!(small.size, to);
        small.samples
    }

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    /// The same in the simplest way: every pixel with every other.
    fn by_hand(from: Size, to: Size, samples: &[u8]) -> Vec<u8> {
        let overlap = |small: u32, large: u32, (from, to): (u32, u32)| {
            let left = (small * from).max(large * to);
            ((small + 1) * from)
                .min((large + 1) * to)
                .saturating_sub(left)
        };
        let mut made = Vec::new();
        for y in 0..to.height {
            for x in 0..to.width {
                let mut sum = 0_u64;
                for row in 0..from.height {
                    for column in 0..from.width {
                        let weight = overlap(y, row, (from.height, to.height))
                            * overlap(x, column, (from.width, to.width));
                        sum += u64::from(weight)
                            * u64::from(samples[(row * from.width + column) as usize]);
                    }
                }
                let all = u64::from(from.width * from.height);
                made.push(((sum + all / 2) / all) as u8);
            }
        }
        made
    }

    #[test]
    fn areas_are_weighed_exactly() {
        let sizes = [(1, 1), (7, 3), (13, 29), (32, 32), (5, 600), (640, 2)];
        for from in sizes.map(|(width, height)| size(width, height)) {
            let samples: Vec<u8> = (0..from.width * from.height)
                .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
                .collect();
            for to in [
                from,
                size(1, 1),
                from.within(5),
                from.within(4),
                from.within(16),
            ] {
                let made = shrink(from, to, Pixel::Gray, &samples);
                let expected = by_hand(from, to, &samples);
                assert_eq!(made, expected, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn white_stays_white_however_many_rows() {
        let from = size(3, 70_000);
        let samples = vec![255; 3 * 70_000 * 3];
        let made = shrink(from, size(1, 3), Pixel::Rgb, &samples);
        assert_eq!(made, [255; 9]);
    }

    #[test]
    fn what_can_be_seen_through_lies_on_white() {
        let one = size(1, 1);
        assert_eq!(
            shrink(one, one, Pixel::Rgba, &[10, 20, 30, 255]),
            [10, 20, 30]
        );
        assert_eq!(shrink(one, one, Pixel::Rgba, &[10, 20, 30, 0]), [255; 3]);
        assert_eq!(
            shrink(one, one, Pixel::Rgba, &[0, 255, 51, 128]),
            [127, 255, 153]
        );
        assert_eq!(
            shrink(size(2, 1), size(2, 1), Pixel::GrayAlpha, &[9, 255, 9, 0]),
            [9, 255]
        );
    }

    #[test]
    fn a_picture_without_all_its_rows_is_none() {
        let mut shrinker = Shrinker::new(size(2, 2), size(1, 1), Pixel::Gray);
        shrinker.push(&mut [0, 0]);
        assert_eq!(shrinker.finish(), None);
    }
}
