//! A few letters as dots, for the legend of a picture that no browser draws: digits, units and the word that simulated maps carry.

/// Dots of a letter, a row a byte, the leftmost of five in bit 4.
const GLYPHS: [(char, [u8; 7]); 28] = [
    ('0', [14, 17, 19, 21, 25, 17, 14]),
    ('1', [4, 12, 4, 4, 4, 4, 14]),
    ('2', [14, 17, 1, 2, 4, 8, 31]),
    ('3', [31, 2, 4, 2, 1, 17, 14]),
    ('4', [2, 6, 10, 18, 31, 2, 2]),
    ('5', [31, 16, 30, 1, 1, 17, 14]),
    ('6', [6, 8, 16, 30, 17, 17, 14]),
    ('7', [31, 1, 2, 4, 8, 8, 8]),
    ('8', [14, 17, 17, 14, 17, 17, 14]),
    ('9', [14, 17, 17, 15, 1, 2, 12]),
    ('.', [0, 0, 0, 0, 0, 12, 12]),
    ('-', [0, 0, 0, 31, 0, 0, 0]),
    ('/', [0, 1, 2, 4, 8, 16, 0]),
    ('m', [0, 0, 26, 21, 21, 17, 17]),
    ('³', [28, 4, 12, 4, 28, 0, 0]),
    ('K', [17, 18, 20, 24, 20, 18, 17]),
    ('d', [1, 1, 13, 19, 17, 17, 15]),
    ('y', [0, 0, 17, 17, 15, 1, 14]),
    ('A', [14, 17, 17, 17, 31, 17, 17]),
    ('D', [28, 18, 17, 17, 17, 18, 28]),
    ('E', [31, 16, 16, 30, 16, 16, 31]),
    ('I', [14, 4, 4, 4, 4, 4, 14]),
    ('L', [16, 16, 16, 16, 16, 16, 31]),
    ('M', [17, 27, 21, 21, 17, 17, 17]),
    ('S', [15, 16, 16, 14, 1, 1, 30]),
    ('T', [31, 4, 4, 4, 4, 4, 4]),
    ('U', [17, 17, 17, 17, 17, 17, 14]),
    ('B', [30, 17, 17, 30, 17, 17, 30]),
];

/// Columns from one letter to the next, dots.
pub(super) const ADVANCE: usize = 6;

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
        for (n, letter) in text.chars().enumerate() {
            let Some((_, rows)) = GLYPHS.iter().find(|(l, _)| *l == letter) else { continue };
            for (row, dots) in rows.iter().enumerate() {
                for column in (0..5).filter(|column| dots >> (4 - column) & 1 == 1) {
                    let at = (x + (n * ADVANCE + column) * size, y + row * size);
                    self.fill(at, (size, size), colour);
                }
            }
        }
    }
}
