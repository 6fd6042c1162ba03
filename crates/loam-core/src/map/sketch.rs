//! Lines and letters over a map's pixels: coasts, rivers, lakes, graticule, scale bar, towns; and a legend's colours and hatch. Said once for
//! the screen, the PNG figure and the SVG.

use ease_grid::ease2::{self, ECCENTRICITY, SEMI_MAJOR, X0, Y0};
use ease_grid::{EaseWindow, Edges};

use super::basemap::Near;
use super::labels::{self, DOT};
use super::lines::Stretch;
use super::pen::{Anchor, DARK, Face, Frame, HALO, Ink, Path, Pen, Stroke, around};
use super::{LineKind, Scale, graticule, paint};

/// Lines over a map, light or dark: dark with a pale rim, because the map's own colours do not follow the page's.
pub const LINE: Ink = Ink([0x14, 0x18, 0x1c], 0.75);
/// The rim.
pub const RIM: Ink = Ink([255, 255, 255], 0.55);
/// Rivers and lakes.
const WATER: Ink = Ink([0x16, 0x4a, 0x8c], 0.8);
const WATER_RIM: Ink = Ink([255, 255, 255], 0.35);
/// Letters on a map.
const LETTERS: f64 = 11.0;
/// Metres a pixel from which on rivers would be a tangle.
const TANGLE: f64 = 15_000.0;

/// A part of a window, drawn into a frame.
#[derive(Debug, Clone, Copy)]
pub struct Onto<'a> {
    /// The window.
    pub window: &'a EaseWindow,
    /// Left edge, top edge, columns and rows of the part, in the window's cells.
    pub part: (f64, f64, f64, f64),
    /// Where it is drawn.
    pub frame: Frame,
}

impl<'a> Onto<'a> {
    /// All of a window.
    #[must_use]
    pub fn whole(window: &'a EaseWindow, frame: Frame) -> Self {
        Self { window, part: (0.0, 0.0, window.columns as f64, window.rows as f64), frame }
    }

    fn x(&self, column: f64) -> f64 {
        self.frame.x + (column - self.part.0) * self.frame.width / self.part.2
    }

    fn y(&self, row: f64) -> f64 {
        self.frame.y + (row - self.part.1) * self.frame.height / self.part.3
    }

    /// Metres of the projection in a pixel.
    fn metres(&self) -> f64 {
        self.window.resolution.cell_m() * self.part.2 / self.frame.width
    }

    /// A row of cells in pixels, without points that nobody could tell apart.
    fn path(&self, points: &[(f64, f64)]) -> Path {
        let mut path = Path::new();
        for (n, &(column, row)) in points.iter().enumerate() {
            let (x, y) = (self.x(column), self.y(row));
            let near = |last: &(f64, f64)| (last.0 - x).abs() < 0.3 && (last.1 - y).abs() < 0.3;
            if n + 1 == points.len() || !path.last().is_some_and(near) {
                path.push((x, y));
            }
        }
        path
    }

    fn paths(&self, stretches: &[Stretch], kind: LineKind) -> Vec<Path> {
        stretches.iter().filter(|s| s.0 == kind).map(|s| self.path(&s.1)).collect()
    }
}

/// A line over its rim.
fn twice(width: f64, rim: f64, dash: Option<(f64, f64)>) -> [Stroke; 2] {
    [Stroke { ink: RIM, width: width + rim, dash }, Stroke { ink: LINE, width, dash }]
}

/// Everything that stands over a map's pixels, and towns last.
pub fn over(pen: &mut dyn Pen, near: Option<&Near>, onto: Onto) {
    pen.clip(onto.frame);
    if let Some(near) = near {
        outlines(pen, near, onto);
    }
    let mut taken = grid_lines(pen, onto);
    taken.extend(scale_bar(pen, onto));
    // Of simulated maps a stamp stands here.
    let Frame { x, y, width, .. } = onto.frame;
    taken.push(Frame { x: x + width - 104.0, y, width: 104.0, height: 28.0 });
    if let Some(near) = near {
        towns(pen, near, onto, &taken);
    }
    pen.unclip();
}

/// Rivers, lakes, borders (dashed) and coastlines.
fn outlines(pen: &mut dyn Pen, near: &Near, onto: Onto) {
    if onto.metres() < TANGLE {
        for (kind, width) in [(LineKind::River, 0.8), (LineKind::Lake, 1.0)] {
            let strokes = [Stroke::solid(WATER_RIM, width + 1.2), Stroke::solid(WATER, width)];
            pen.lines(&onto.paths(&near.water, kind), &strokes);
        }
    }
    pen.lines(&onto.paths(&near.coast, LineKind::Border), &twice(1.1, 1.4, Some((5.0, 3.0))));
    pen.lines(&onto.paths(&near.coast, LineKind::Coast), &twice(1.1, 1.4, None));
}

/// Graticule with labels inside the frame's edges. Where they stand.
fn grid_lines(pen: &mut dyn Pen, onto: Onto) -> Vec<Frame> {
    let frame = onto.frame;
    let (right, bottom) = (frame.x + frame.width, frame.y + frame.height);
    let grid = graticule(onto.window, onto.part, if frame.width < 220.0 { 2 } else { 4 });
    let down = grid.meridians.iter().map(|line| onto.x(line.at)).map(|x| vec![(x, frame.y), (x, bottom)]);
    let across = grid.parallels.iter().map(|line| onto.y(line.at)).map(|y| vec![(frame.x, y), (right, y)]);
    pen.lines(&down.chain(across).collect::<Vec<_>>(), &[Stroke::solid(LINE, 0.5)]);
    let face = Face::new(LETTERS, 400, DARK).with_halo();
    let mut taken = Vec::new();
    for line in &grid.meridians {
        let (x, wide) = (onto.x(line.at), labels::width(&line.label, LETTERS));
        if x > frame.x + 48.0 && x < right - 18.0 {
            pen.text(&line.label, (x, bottom - 5.5), face.at(Anchor::Middle));
            taken.push(Frame { x: x - wide / 2.0, y: bottom - 16.0, width: wide, height: 16.0 });
        }
    }
    for line in &grid.parallels {
        let y = onto.y(line.at);
        if y > frame.y + 10.0 && y < bottom - 18.0 {
            pen.text(&line.label, (frame.x + 4.0, y - 3.0), face);
            let wide = labels::width(&line.label, LETTERS);
            taken.push(Frame { x: frame.x, y: y - 14.0, width: wide + 4.0, height: 14.0 });
        }
    }
    taken
}

/// Kilometres on the ground, west to east at this latitude, in a metre of the projection: it is true at 30 degrees alone.
fn stretch(latitude: f64) -> f64 {
    let at_the_equator = -X0 / (std::f64::consts::PI * SEMI_MAJOR);
    let (sin, cos) = latitude.to_radians().sin_cos();
    cos / (1.0 - (ECCENTRICITY * sin).powi(2)).sqrt() / at_the_equator / 1000.0
}

/// The longest round length that takes less than a third of the frame: kilometres and pixels.
#[must_use]
pub fn bar(onto: Onto) -> Option<(f64, f64)> {
    let (_, top, _, rows) = onto.part;
    let middle = onto.window.first_row as f64 + top + rows / 2.0;
    let (_, latitude) = ease2::inverse(0.0, Y0 - middle * onto.window.resolution.cell_m());
    let a_pixel = onto.metres() * stretch(latitude);
    let most = onto.frame.width * 0.3 * a_pixel;
    let power = 10f64.powf(most.log10().floor());
    let length = [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|length| *length <= most)?;
    Some((length, length / a_pixel))
}

/// A scale bar above the frame's lower right corner. Where it stands.
fn scale_bar(pen: &mut dyn Pen, onto: Onto) -> Option<Frame> {
    let Frame { x, y, width, height } = onto.frame;
    if width < 180.0 || height < 90.0 {
        return None;
    }
    let (length, pixels) = bar(onto)?;
    let (right, line) = (x + width - 8.0, y + height - 22.0);
    let left = right - pixels;
    let shape = vec![(left, line - 4.0), (left, line), (right, line), (right, line - 4.0)];
    pen.lines(&[shape], &twice(1.4, 2.0, None));
    let text = format!("{length} km W–E");
    pen.text(&text, (right, line - 6.0), Face::new(LETTERS, 400, DARK).with_halo().at(Anchor::End));
    let wide = labels::width(&text, LETTERS).max(pixels);
    Some(Frame { x: right - wide, y: line - 18.0, width: wide, height: 20.0 })
}

/// Towns whose names fit.
fn towns(pen: &mut dyn Pen, near: &Near, onto: Onto, taken: &[Frame]) {
    let spots = near.towns.iter().map(|t| (onto.x(t.column), onto.y(t.row), t.name.as_str()));
    for label in labels::thinned(spots, onto.frame, LETTERS, taken) {
        pen.disc(label.dot, DOT + 1.0, HALO);
        pen.disc(label.dot, DOT, DARK);
        pen.text(label.name, label.text, Face::new(LETTERS, 400, DARK).with_halo());
    }
}

/// Veils the cells along the edges that the network estimated without what lies outside, and rules them off.
pub fn edges(pen: &mut dyn Pen, edges: &Edges, onto: Onto) {
    if edges.is_empty() {
        return;
    }
    let inside = |from: usize, to: usize, all: usize| {
        (from.min(all) as f64, all.saturating_sub(to).max(from.min(all)) as f64)
    };
    let window = onto.window;
    let (left, right) = inside(edges.west, edges.east, window.columns);
    let (top, bottom) = inside(edges.north, edges.south, window.rows);
    let (x0, x1) = (onto.x(0.0), onto.x(window.columns as f64));
    let (y0, y1) = (onto.y(0.0), onto.y(window.rows as f64));
    let (left, right, top, bottom) = (onto.x(left), onto.x(right), onto.y(top), onto.y(bottom));
    let frame = |x: f64, y: f64, to_x: f64, to_y: f64| Frame { x, y, width: to_x - x, height: to_y - y };
    pen.clip(onto.frame);
    for veil in [
        frame(x0, y0, x1, top),
        frame(x0, bottom, x1, y1),
        frame(x0, top, left, bottom),
        frame(right, top, x1, bottom),
    ] {
        pen.fill(veil, Ink([255, 255, 255], 0.45));
    }
    pen.lines(&[around(frame(left, top, right, bottom))], &twice(1.0, 1.4, Some((3.0, 3.0))));
    pen.unclip();
}

/// The colours of a scale from left to right.
pub fn ramp(pen: &mut dyn Pen, scale: &Scale, frame: Frame) {
    let step = frame.width / 256.0;
    for entry in 0..=255u8 {
        let x = frame.x + f64::from(entry) * step;
        // A little over the next one: no seams.
        let width = if entry == 255 { step } else { step + 0.6 };
        pen.fill(Frame { x, width, ..frame }, Ink(scale.colour(entry), 1.0));
    }
}

/// The hatch of masked cells.
pub fn hatch(pen: &mut dyn Pen, frame: Frame) {
    let [line, ground] = paint::HATCH;
    pen.clip(frame);
    pen.fill(frame, Ink(ground, 1.0));
    let steps = ((frame.width + frame.height) / 6.0).ceil() as usize;
    let stripe = |n: usize| {
        let x = frame.x - frame.height + 6.0 * n as f64;
        vec![(x, frame.y + frame.height), (x + frame.height, frame.y)]
    };
    pen.lines(&(0..steps).map(stripe).collect::<Vec<_>>(), &[Stroke::solid(Ink(line, 1.0), 2.0)]);
    pen.unclip();
}

#[cfg(test)]
mod tests {
    use super::*;
    use ease_grid::Resolution;

    #[test]
    fn the_bar_is_as_long_as_the_ground_it_says() -> Result<(), ease_grid::GridError> {
        for (longitude, latitude) in [(-97.5164, 35.4676), (6.1432, 46.2044), (-110.9, 0.0), (25.0, 66.0)] {
            let window = EaseWindow::around(Resolution::M03, longitude, latitude, 100, 100)?;
            let frame = Frame { x: 0.0, y: 0.0, width: 360.0, height: 360.0 };
            let (length, pixels) = bar(Onto::whole(&window, frame)).unwrap_or_default();
            assert!(pixels > 36.0 && pixels <= 108.0, "{pixels}");
            // The same stretch as an arc of the parallel on a sphere of the mean radius: within half a per cent of the ellipsoid.
            let x = |column: f64| X0 + (window.first_column as f64 + column) * Resolution::M03.cell_m();
            let degrees = ease2::inverse(x(pixels / 3.6), 0.0).0 - ease2::inverse(x(0.0), 0.0).0;
            let arc = degrees.to_radians() * 6_371.0 * latitude.to_radians().cos();
            assert!((arc / length - 1.0).abs() < 0.005, "{latitude}: {arc} for {length}");
        }
        Ok(())
    }

    #[test]
    fn points_that_nobody_tells_apart_are_dropped_and_ends_stay() -> Result<(), ease_grid::GridError> {
        let window = EaseWindow::around(Resolution::M03, 6.1432, 46.2044, 1000, 1000)?;
        let onto = Onto::whole(&window, Frame { x: 0.0, y: 0.0, width: 100.0, height: 100.0 });
        let points: Vec<(f64, f64)> = (0..=100).map(|n| (f64::from(n), 0.0)).collect();
        let path = onto.path(&points);
        assert!(path.len() < 40 && path.first() == Some(&(0.0, 0.0)) && path.last() == Some(&(10.0, 0.0)));
        Ok(())
    }
}
