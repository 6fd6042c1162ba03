//! Two maps, cell by cell, as their GeoTIFFs hold them.

use ease_grid::EaseWindow;
use tiff_reader::{OpenOptions, ParseBudgets, TiffFile};

use super::manifest::{Manifest, MapOf};
use crate::export::cog::TILE;
use crate::export::geotiff::NODATA;

/// Bands of a map at most: estimate, half-width, the reference's own uncertainty, flags.
const MOST_BANDS: usize = 4;
/// Bits of a value.
const FLOAT_BITS: u16 = 32;

/// How two maps differ.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Comparison {
    /// Cells of the map.
    pub cells: usize,
    /// Cells of which any band differs in any bit.
    pub differing: usize,
    /// Cells that have a value in one map alone, or are masked for another reason.
    pub masked_otherwise: usize,
    /// Largest difference of estimate or half-width where both maps have a value, in the map's unit.
    pub largest: f32,
}

impl Comparison {
    /// Every cell of every band has the same bits.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.differing == 0
    }

    /// The same cells have a value, and none is off by more.
    #[must_use]
    pub fn is_within(&self, tolerance: f32) -> bool {
        self.masked_otherwise == 0 && self.largest <= tolerance
    }
}

/// A bundle's map, and how the one made again differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The bundle's.
    pub map: MapOf,
    /// How they differ.
    pub comparison: Comparison,
}

impl Outcome {
    /// In words: of how many cells, by how much.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { map, comparison: Comparison { cells, differing, masked_otherwise, largest } } = self;
        let MapOf { file, unit, tolerance, .. } = map;
        if *differing == 0 {
            return format!("{file}: all {cells} cells are the same");
        }
        let masked = match masked_otherwise {
            0 => String::new(),
            n => format!("; {n} of them have a value in one map alone, or are masked for another reason"),
        };
        format!(
            "{file}: {differing} of {cells} cells differ, by {largest:.2e} {unit} at most (the tolerance between processors is {tolerance:.0e}){masked}"
        )
    }
}

/// Whether the maps of a bundle were reproduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every bit.
    Exact,
    /// Within the tolerance, where the same bits cannot be asked for.
    Within,
    /// They differ.
    Differs,
}

impl Verdict {
    /// Of a bundle's maps. `gpu`: they were made again on a GPU.
    #[must_use]
    pub fn of(manifest: &Manifest, outcomes: &[Outcome], gpu: bool) -> Self {
        let tolerated = gpu || !manifest.device.is_exact_here();
        let within = |outcome: &Outcome| outcome.comparison.is_within(outcome.map.tolerance);
        if outcomes.iter().all(|outcome| outcome.comparison.is_exact()) {
            Self::Exact
        } else if tolerated && outcomes.iter().all(within) {
            Self::Within
        } else {
            Self::Differs
        }
    }

    /// In a sentence, of a map or of `every` map of a season.
    #[must_use]
    pub fn words(self, every: bool) -> String {
        let what = if every { "Every map of the season" } else { "The map" };
        match self {
            Self::Exact => format!("{what} is reproduced to the bit."),
            Self::Within => format!(
                "{what} is reproduced within the bundle's tolerance. On other kinds of processor the same bits cannot be expected."
            ),
            Self::Differs if every => "A map of the season differs from the bundle's.".to_owned(),
            Self::Differs => format!("{what} differs from the bundle's."),
        }
    }
}

/// Compares two maps of a window's cells, as GeoTIFFs that [`write_channel`](crate::export::geotiff::write_channel) wrote.
///
/// # Errors
/// A sentence: a file that is no such map.
pub fn compare(kept: &[u8], again: &[u8], window: &EaseWindow) -> Result<Comparison, String> {
    let (kept, mut again) = (bands(kept, window)?, bands(again, window)?);
    // The reference's own uncertainty, before the flags, was not written by earlier versions; it is no part of the estimate.
    if kept.len() >= 2 && kept.len() + 1 == again.len() {
        again.remove(again.len() - 2);
    }
    if kept.len() != again.len() {
        return Err(format!("it has {} bands, and the map made again has {}", kept.len(), again.len()));
    }
    let cells = window.len();
    let mut comparison = Comparison { cells, ..Comparison::default() };
    let (mut differing, mut masked) = (vec![false; cells], vec![false; cells]);
    for (n, (a, b)) in kept.iter().zip(&again).enumerate() {
        let is_flags = n + 1 == kept.len();
        for (i, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a.to_bits() != b.to_bits()) {
            differing[i] = true;
            if is_flags || (*a == NODATA) != (*b == NODATA) {
                masked[i] = true;
            } else if (a - b).abs().is_nan() {
                comparison.largest = f32::INFINITY;
            } else {
                comparison.largest = comparison.largest.max((a - b).abs());
            }
        }
    }
    let count = |cells: &[bool]| cells.iter().filter(|cell| **cell).count();
    (comparison.differing, comparison.masked_otherwise) = (count(&differing), count(&masked));
    Ok(comparison)
}

/// The values of each band at full resolution. The file may be anybody's, so what is to be decoded is checked before.
fn bands(bytes: &[u8], window: &EaseWindow) -> Result<Vec<Vec<f32>>, String> {
    let fail = |e: tiff_reader::TiffError| e.to_string();
    let options = OpenOptions {
        decode_output_bytes: window.len().max(TILE * TILE) * MOST_BANDS * size_of::<f32>(),
        parse_budgets: ParseBudgets {
            max_ifds: 64,
            max_ifd_entries: 256,
            max_tag_value_bytes: 32 << 20,
            max_metadata_value_bytes: 64 << 20,
        },
        ..OpenOptions::default()
    };
    let file = TiffFile::from_bytes_with_options(bytes.to_vec(), options).map_err(fail)?;
    let ifd = file.ifd(0).map_err(fail)?;
    let layout = ifd.raster_layout().map_err(fail)?;
    let tile = u32::try_from(TILE).ok();
    let is_own = (layout.width, layout.height) == (window.columns, window.rows)
        && layout.bits_per_sample == FLOAT_BITS
        && (1..=MOST_BANDS).contains(&layout.samples_per_pixel)
        && ifd.tile_width() == tile
        && ifd.tile_height() == tile;
    if !is_own {
        return Err(format!("it is no map of {} x {} cells as Loam writes it", window.columns, window.rows));
    }
    let band = |n| file.read_band::<f32>(0, n).map(|values| values.iter().copied().collect()).map_err(fail);
    (0..layout.samples_per_pixel).map(band).collect()
}
