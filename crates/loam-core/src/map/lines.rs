//! Lines on the globe as the bundled files hold them: read, and cut to a window's own cells.
//!
//! `tests/reference/make_coastline.py` and `make_places.py` write the files and document the format.

use ease_grid::EaseWindow;
use ease_grid::ease2;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Between land and sea.
    Coast,
    /// Between countries.
    Border,
    /// The middle of a river.
    River,
    /// The shore of a lake.
    Lake,
}

/// Why the bytes of a bundled file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// Wrong magic bytes.
    #[error(
        "{file} does not start with {magic}: it is not the file that was built with this page; reload it"
    )]
    Foreign {
        /// Of which file.
        file: &'static str,
        /// How it starts.
        magic: &'static str,
    },
    /// Ended early.
    #[error("{file} is cut off at byte {at}: reload the page")]
    CutOff {
        /// Of which file.
        file: &'static str,
        /// Where.
        at: usize,
    },
    /// A name is no text.
    #[error("{file} has a name that is no UTF-8 before byte {at}: reload the page")]
    NoText {
        /// Of which file.
        file: &'static str,
        /// Where.
        at: usize,
    },
}

/// A stretch of a line in the cells of a window.
pub type Stretch = (LineKind, Vec<(f64, f64)>);

/// One line, degrees, with its bounding box.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    kind: LineKind,
    points: Vec<(f32, f32)>,
    west: f32,
    south: f32,
    east: f32,
    north: f32,
}

/// All lines of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lines {
    lines: Vec<Line>,
}

/// Where reading a file is.
pub(super) struct Reader<'a> {
    file: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// After the magic bytes.
    pub fn of(file: &'static str, magic: &'static str, bytes: &'a [u8]) -> Result<Self, LinesError> {
        if !bytes.starts_with(magic.as_bytes()) {
            return Err(LinesError::Foreign { file, magic });
        }
        Ok(Self { file, bytes, at: magic.len() })
    }

    fn cut_off(&self) -> LinesError {
        LinesError::CutOff { file: self.file, at: self.at }
    }

    fn byte(&mut self) -> Result<u8, LinesError> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.cut_off())?;
        self.at += 1;
        Ok(byte)
    }

    /// Four bytes, little-endian.
    pub fn count(&mut self) -> Result<u32, LinesError> {
        let rest = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<4>());
        let bytes = rest.ok_or_else(|| self.cut_off())?;
        self.at += 4;
        Ok(u32::from_le_bytes(*bytes))
    }

    /// A text of at most 255 bytes after its length.
    pub fn text(&mut self) -> Result<&'a str, LinesError> {
        let length = usize::from(self.byte()?);
        let bytes = self.bytes.get(self.at..self.at + length).ok_or_else(|| self.cut_off())?;
        self.at += length;
        std::str::from_utf8(bytes).map_err(|_| LinesError::NoText { file: self.file, at: self.at })
    }

    fn varint(&mut self) -> Result<u32, LinesError> {
        let (mut value, mut shift) = (0u32, 0u32);
        loop {
            let byte = self.byte()?;
            value |= u32::from(byte & 127).checked_shl(shift).unwrap_or(0);
            if byte < 128 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    fn zigzag(&mut self) -> Result<i32, LinesError> {
        let n = self.varint()?;
        Ok(((n >> 1) as i32) ^ -((n & 1) as i32))
    }

    /// A coordinate by itself, degrees.
    pub fn degrees(&mut self) -> Result<f32, LinesError> {
        let (low, high) = (self.byte()?, self.byte()?);
        Ok(f32::from(i16::from_le_bytes([low, high])) / 50.0)
    }

    /// One coordinate of every point of every line, degrees.
    fn axis(&mut self, heads: &[(LineKind, u32)]) -> Result<Vec<f32>, LinesError> {
        let mut values = Vec::new();
        for &(_, length) in heads {
            let mut at = 0i32;
            for _ in 0..length {
                at = at.wrapping_add(self.zigzag()?);
                values.push(at as f32 / 50.0);
            }
        }
        Ok(values)
    }

    /// A number of lines, then the lines.
    pub fn lines(&mut self) -> Result<Lines, LinesError> {
        let mut heads = Vec::new();
        for _ in 0..self.count()? {
            let kind = match self.byte()? {
                1 => LineKind::Border,
                2 => LineKind::River,
                3 => LineKind::Lake,
                _ => LineKind::Coast,
            };
            heads.push((kind, self.varint()?));
        }
        let longitudes = self.axis(&heads)?;
        let latitudes = self.axis(&heads)?;
        let mut points = longitudes.into_iter().zip(latitudes);
        let line = |(kind, length): (LineKind, u32)| {
            let points: Vec<(f32, f32)> = points.by_ref().take(length as usize).collect();
            let mut line =
                Line { kind, points: Vec::new(), west: 180.0, south: 90.0, east: -180.0, north: -90.0 };
            for &(lon, lat) in &points {
                (line.west, line.east) = (line.west.min(lon), line.east.max(lon));
                (line.south, line.north) = (line.south.min(lat), line.north.max(lat));
            }
            Line { points, ..line }
        };
        Ok(Lines { lines: heads.into_iter().map(line).collect() })
    }
}

impl Lines {
    /// The lines that come near a window, in its cell coordinates; only the stretches inside (with one point beyond on either side,
    /// for the canvas to clip). Points closer than `step` cells to the last one kept are left out.
    #[must_use]
    pub fn in_window(&self, window: &EaseWindow, step: f64) -> Vec<Stretch> {
        let cell = window.resolution.cell_m();
        let x0 = ease2::X0 + window.first_column as f64 * cell;
        let y0 = ease2::Y0 - window.first_row as f64 * cell;
        let (width, height) = (window.columns as f64, window.rows as f64);
        let (west, north) = ease2::inverse(x0, y0);
        let (east, south) = ease2::inverse(x0 + width * cell, y0 - height * cell);
        let mut out = Vec::new();
        for line in &self.lines {
            let apart = f64::from(line.east) < west || f64::from(line.west) > east;
            if apart || f64::from(line.north) < south || f64::from(line.south) > north {
                continue;
            }
            let mut stretch: Vec<(f64, f64)> = Vec::new();
            let mut before: Option<((f64, f64), u8)> = None;
            let mut flush = |stretch: &mut Vec<(f64, f64)>| {
                if stretch.len() > 1 {
                    out.push((line.kind, std::mem::take(stretch)));
                } else {
                    stretch.clear();
                }
            };
            for &(lon, lat) in &line.points {
                let (x, y) = ease2::forward(f64::from(lon), f64::from(lat).clamp(-85.0, 85.0));
                let point = ((x - x0) / cell, (y0 - y) / cell);
                let code = outcode(point, width, height);
                match before {
                    // Both ends beyond the same side: the segment cannot cross the window.
                    Some((_, last)) if last & code != 0 => flush(&mut stretch),
                    Some((last, _)) => {
                        if stretch.is_empty() {
                            stretch.push(last);
                        }
                        let near = stretch
                            .last()
                            .is_some_and(|p| (p.0 - point.0).abs() < step && (p.1 - point.1).abs() < step);
                        if !near {
                            stretch.push(point);
                        }
                    }
                    None => {}
                }
                before = Some((point, code));
            }
            flush(&mut stretch);
        }
        out
    }

    /// Number of lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// No lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// Cohen-Sutherland code: which sides of the window a point lies beyond.
fn outcode((x, y): (f64, f64), width: f64, height: f64) -> u8 {
    u8::from(x < 0.0) | u8::from(x > width) << 1 | u8::from(y < 0.0) << 2 | u8::from(y > height) << 3
}
