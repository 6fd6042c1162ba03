//! A picture that no browser draws: rectangles and a few letters.

use crate::map::font;

/// A picture of `width` columns, four bytes a pixel.
pub(super) struct Picture {
    pub width: usize,
    pub rgba: Vec<u8>,
}

impl Picture {
    /// All in one colour.
    pub fn new(width: usize, height: usize, colour: [u8; 4]) -> Self {
        Self { width, rgba: colour.repeat(width * height) }
    }

    /// Colours a rectangle, as far as it lies in the picture.
    pub fn fill(&mut self, (left, top): (usize, usize), (width, height): (usize, usize), colour: [u8; 4]) {
        for y in top..top + height {
            for x in left..(left + width).min(self.width) {
                let at = 4 * (y * self.width + x);
                if let Some(pixel) = self.rgba.get_mut(at..at + 4) {
                    pixel.copy_from_slice(&colour);
                }
            }
        }
    }

    /// Writes a text, its upper left corner at (x, y), each dot `size` pixels wide. A letter that has no dots here leaves a gap.
    pub fn write(&mut self, text: &str, (x, y): (usize, usize), size: usize, colour: [u8; 4]) {
        for (column, row) in font::pixels(text, size) {
            self.fill((x + column, y + row), (1, 1), colour);
        }
    }
}
