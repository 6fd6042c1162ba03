//! Figure 2 of the paper: SMAP, the estimate and the 3 km product side by side, one row a region, as a PNG.
//!
//! For each region the test date whose 3 km map covers most is shown: picked by coverage, never by score. The estimate covers the whole
//! region that SMAP saw, the product only its swaths.

use std::path::Path;

use super::estimate::{estimate, masked};
use super::table::{Kind, Options};
use super::{ExperimentError, Runner};
use loam_core::map::{Scale, font, paint};
use loam_core::score::Scores;
use loam_core::stack::Preset;
use loam_nn::{Smen, Weights};

/// Pixels of the figure for one 3 km cell.
const ZOOM: usize = 2;
/// Pixels between panels and around them.
const GAP: usize = 12;
/// Height of a heading.
const HEADING: usize = 22;
/// Enlargement of letters.
const LETTERS: usize = 1;

/// A canvas of RGB pixels.
struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, rgb: vec![255; 3 * width * height] }
    }

    fn dot(&mut self, x: usize, y: usize, colour: [u8; 3]) {
        if x < self.width
            && y < self.height
            && let Some(pixel) =
                self.rgb.get_mut(3 * (y * self.width + x)..).and_then(|rest| rest.get_mut(..3))
        {
            pixel.copy_from_slice(&colour);
        }
    }

    fn text(&mut self, left: usize, top: usize, text: &str) {
        for (x, y) in font::pixels(&text.to_ascii_uppercase(), LETTERS) {
            self.dot(left + x, top + y, [20, 20, 20]);
        }
    }

    fn map(&mut self, (left, top): (usize, usize), values: &[f32], columns: usize, scale: &Scale) {
        for (n, rgba) in paint::paint(values, &[], columns, scale).chunks_exact(4).enumerate() {
            let (x, y) = (left + n % columns * ZOOM, top + n / columns * ZOOM);
            for k in 0..ZOOM * ZOOM {
                self.dot(x + k % ZOOM, y + k / ZOOM, [rgba[0], rgba[1], rgba[2]]);
            }
        }
    }

    fn png(&self) -> Result<Vec<u8>, ExperimentError> {
        let failed = |e: png::EncodingError| ExperimentError::Figure(e.to_string());
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&self.rgb).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }
}

/// Draws figure 2 from the first seed's weights of Table 1's cells, which are trained where they are not on disk, and writes it.
///
/// # Errors
/// Those of the cells, and of writing.
pub fn figure_2(runner: &mut Runner, options: &Options, path: &Path) -> Result<(), ExperimentError> {
    let rows = Kind::Figure2.rows(options, &runner.source);
    if rows.is_empty() {
        return Err(ExperimentError::NoRows(Kind::Figure2.title()));
    }
    let source = runner.source.words();
    let mut panels = Vec::new();
    for wanted in &rows {
        let Some(cell) = wanted.cells.first() else { continue };
        let result = runner.cell(cell)?;
        let file = runner.folder.join(format!("{}.safetensors", cell.key()));
        let bytes = std::fs::read(&file).map_err(|e| ExperimentError::File {
            path: file,
            what: "read",
            why: e.to_string(),
        })?;
        let device = runner.device.clone();
        let smen = Smen::from_weights(&Weights::from_bytes(&bytes)?, &device)?;
        let gathered = runner.gathered(&cell.images)?;
        let Some(case) = gathered.test.iter().max_by_key(|case| case.scored_pixels()) else { continue };
        let map = masked(&estimate(&smen, &device, case)?, case);
        let truth: Vec<f32> = case.target.clone();
        let score = |map: &[f32]| {
            Ok::<_, ExperimentError>(Scores::of(map, &case.target, &case.scored)?.urmse.unwrap_or(f64::NAN))
        };
        let name = Preset::find(&cell.images.region).map_or(wanted.label.clone(), |p| p.name.to_owned());
        let heading = format!("{name}, {} (epochs {}, weights {})", case.date, cell.epochs, result.weights);
        let seen = masked(&case.coarse, case);
        panels.push((
            heading,
            case.columns,
            case.rows,
            [
                (format!("SMAP, 36 km: uRMSE {:.3}", score(&case.coarse)?), seen),
                (format!("SMEN, 3 km: uRMSE {:.3}", score(&map)?), map),
                ("3 km product".to_owned(), truth),
            ],
        ));
    }
    let width = GAP + panels.iter().map(|p| 3 * (p.1 * ZOOM + GAP)).max().unwrap_or(0);
    let height = 2 * HEADING + panels.iter().map(|p| p.2 * ZOOM + 2 * HEADING).sum::<usize>() + HEADING;
    let scale = Scale::moisture();
    let mut canvas = Canvas::new(width.max(300), height);
    canvas.text(GAP, 8, &format!("Soil moisture, m3/m3. {source}"));
    let mut top = HEADING;
    for (heading, columns, rows, maps) in &panels {
        canvas.text(GAP, top + 6, heading);
        top += HEADING;
        for (n, (label, values)) in maps.iter().enumerate() {
            let left = GAP + n * (columns * ZOOM + GAP);
            canvas.map((left, top), values, *columns, &scale);
            canvas.text(left, top + rows * ZOOM + 4, label);
        }
        top += rows * ZOOM + HEADING;
    }
    legend(&mut canvas, top, &scale);
    std::fs::write(path, canvas.png()?).map_err(|e| ExperimentError::File {
        path: path.to_owned(),
        what: "written",
        why: e.to_string(),
    })
}

/// The colour bar with its ends and middle.
fn legend(canvas: &mut Canvas, top: usize, scale: &Scale) {
    let (low, high) = loam_core::map::scale::MOISTURE_LIMITS;
    let length = canvas.width.saturating_sub(2 * GAP).min(400);
    for x in 0..length {
        let value = low + (high - low) * (x as f64 + 0.5) / length as f64;
        if let Some(entry) = scale.entry(value) {
            for y in 0..10 {
                canvas.dot(GAP + x, top + 8 + y, scale.colour(entry));
            }
        }
    }
    for (share, value) in [(0.0, low), (0.5, (low + high) / 2.0), (1.0, high)] {
        let x = GAP + ((length as f64 - 20.0) * share) as usize;
        canvas.text(x, top + 8 + 10 + font::HEIGHT / 2, &format!("{value:.2}"));
    }
    canvas.text(GAP + length + GAP, top + 10, "hatched: no value");
}
