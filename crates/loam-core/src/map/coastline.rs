//! Coastlines and borders: Natural Earth 1:50 million (public domain), bundled, so that no tile server learns what anyone looks at.
//!
//! `tests/reference/make_coastline.py` writes `public/coastline.bin`, simplified to about a cell, and documents its format.

use ease_grid::EaseWindow;
use ease_grid::ease2;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Between land and sea.
    Coast,
    /// Between countries.
    Border,
}

/// Why the bytes are no coastline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoastlineError {
    /// Wrong magic bytes.
    #[error(
        "coastline.bin does not start with LCO2: it is not the file that was built with this page; reload it"
    )]
    NotACoastline,
    /// Ended early.
    #[error("coastline.bin is cut off at byte {at}: reload the page")]
    CutOff {
        /// Where.
        at: usize,
    },
}

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

/// All lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coastline {
    lines: Vec<Line>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, CoastlineError> {
        let byte = self.bytes.get(self.at).copied().ok_or(CoastlineError::CutOff { at: self.at })?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u32, CoastlineError> {
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

    fn zigzag(&mut self) -> Result<i32, CoastlineError> {
        let n = self.varint()?;
        Ok(((n >> 1) as i32) ^ -((n & 1) as i32))
    }

    /// One coordinate of every point of every line, degrees.
    fn axis(&mut self, heads: &[(LineKind, u32)]) -> Result<Vec<f32>, CoastlineError> {
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
}

impl Coastline {
    /// From the bytes of `coastline.bin`.
    ///
    /// # Errors
    /// [`CoastlineError`] for other or damaged bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, CoastlineError> {
        let Some(rest) = bytes.strip_prefix(b"LCO2") else { return Err(CoastlineError::NotACoastline) };
        let Some((count, rest)) = rest.split_first_chunk::<4>() else {
            return Err(CoastlineError::CutOff { at: bytes.len() });
        };
        let mut reader = Reader { bytes: rest, at: 0 };
        let mut heads = Vec::new();
        for _ in 0..u32::from_le_bytes(*count) {
            let kind = if reader.byte()? == 1 { LineKind::Border } else { LineKind::Coast };
            heads.push((kind, reader.varint()?));
        }
        let longitudes = reader.axis(&heads)?;
        let latitudes = reader.axis(&heads)?;
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
        Ok(Self { lines: heads.into_iter().map(line).collect() })
    }

    /// The lines that come near a window, in its cell coordinates; only the stretches inside (with one point beyond on either side,
    /// for the canvas to clip). Points closer than `step` cells to the last one kept are left out.
    #[must_use]
    pub fn in_window(&self, window: &EaseWindow, step: f64) -> Vec<(LineKind, Vec<(f64, f64)>)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use ease_grid::Resolution;

    fn bundled() -> Coastline {
        match Coastline::parse(include_bytes!("../../../../public/coastline.bin")) {
            Ok(c) => c,
            Err(e) => panic!("{e}"),
        }
    }

    #[test]
    fn geneva_has_borders_and_oklahoma_city_has_none() {
        let coast = bundled();
        let lines = |lon, lat| match EaseWindow::around(Resolution::M03, lon, lat, 100, 100) {
            Ok(window) => coast.in_window(&window, 0.0),
            Err(e) => panic!("{e}"),
        };
        assert!(lines(6.1432, 46.2044).iter().any(|l| l.0 == LineKind::Border));
        assert_eq!(lines(-97.5164, 35.4676), []);
        // The Strait of Gibraltar: coast on both sides, Africa's below Europe's.
        let gibraltar = lines(-5.5, 36.0);
        let rows = |keep: fn(f64) -> bool| {
            gibraltar.iter().flat_map(|l| &l.1).filter(|p| (45.0..55.0).contains(&p.0) && keep(p.1)).count()
        };
        assert!(rows(|r| r < 50.0) > 0 && rows(|r| r > 50.0) > 0);
    }

    #[test]
    fn only_nearby_stretches_are_kept_and_far_points_dropped() {
        let coast = bundled();
        let window = EaseWindow::global(Resolution::M36);
        let (all, few) = (coast.in_window(&window, 0.0), coast.in_window(&window, 1.0));
        let points = |l: &[(LineKind, Vec<(f64, f64)>)]| l.iter().map(|l| l.1.len()).sum::<usize>();
        assert!(
            points(&all) > 30_000 && points(&few) < points(&all) / 2,
            "{} {}",
            points(&all),
            points(&few)
        );
        assert!(all.iter().flat_map(|l| &l.1).all(|p| p.0 >= -0.01 && p.0 <= 964.01));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = include_bytes!("../../../../public/coastline.bin");
        assert_eq!(Coastline::parse(b"<!DOCTYPE"), Err(CoastlineError::NotACoastline));
        assert!(matches!(Coastline::parse(&bytes[..1000]), Err(CoastlineError::CutOff { .. })));
        assert!(matches!(
            Coastline::parse(b"LCO2\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff"),
            Err(CoastlineError::CutOff { .. })
        ));
    }
}
