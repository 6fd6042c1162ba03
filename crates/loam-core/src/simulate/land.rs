//! What does not change: soil texture, terrain, vegetation, roughness, lakes, and what they do to moisture.
//!
//! **Chosen**: scales of 9 to 120 km, contrasts below. Texture sets residual, capacity and dry-down together, as clay does (it holds
//! more, and longer); terrain wets hollows and dries ridges. These are the persistent part of the sub-grid pattern.

use super::climate::Climate;
use super::field;
use super::rng::{Key, exp};
use ease_grid::{EaseWindow, Reason};

/// Texture: (lattice spacing in 3 km cells, share of the variance).
const TEXTURE_SCALES: [(f64, f32); 3] = [(3.0, 0.45), (10.0, 0.35), (40.0, 0.20)];
/// Terrain's hollows and ridges.
const TERRAIN_SCALES: [(f64, f32); 2] = [(3.0, 0.6), (6.0, 0.4)];
/// Height: ranges and basins.
const HEIGHT_SCALES: [(f64, f32); 3] = [(5.0, 0.15), (14.0, 0.35), (35.0, 0.50)];
/// Vegetation density.
const VEGETATION_SCALES: [(f64, f32); 2] = [(4.0, 0.5), (20.0, 0.5)];
/// Roughness as backscatter feels it.
const ROUGHNESS_SCALES: [(f64, f32); 2] = [(2.0, 0.5), (6.0, 0.5)];
/// The retrieval's persistent error follows fields and forests: small.
const PATTERN_SCALES: [(f64, f32); 2] = [(2.5, 0.6), (8.0, 0.4)];
/// Lakes.
const LAKE_SPACING: f64 = 4.0;

/// Relative change of residual, capacity and dry-down time per standard deviation of texture, at contrast 1.
const TEXTURE_EFFECT: [f32; 3] = [0.25, 0.13, 0.22];
/// Relative change of capacity per standard deviation of terrain, at contrast 1.
const TERRAIN_EFFECT: f32 = 0.08;
/// Relative change of rain per standard deviation of height.
const OROGRAPHIC_EFFECT: f32 = 0.12;
/// No relative change goes beyond this.
const LARGEST_CHANGE: f32 = 0.6;

/// Static maps over a window, row-major.
pub(super) struct Land {
    /// Residual soil moisture, m3/m3.
    pub residual: Vec<f32>,
    /// Capacity above the residual, m3/m3.
    pub capacity: Vec<f32>,
    /// Share of the moisture above the residual that is left after a day.
    pub daily: Vec<f32>,
    /// Factor on rain.
    pub rain: Vec<f32>,
    /// Height above the climate's mean, km.
    pub height_km: Vec<f32>,
    /// Vegetation, standard deviations.
    pub vegetation: Vec<f32>,
    /// Roughness, standard deviations.
    pub roughness: Vec<f32>,
    /// The retrieval's persistent error, standard deviations.
    pub pattern: Vec<f32>,
    /// Water, Mountain, Vegetation or Valid.
    pub reason: Vec<Reason>,
}

impl Land {
    /// Static maps over `window`; the shares of masks hold exactly over `region`, a part of it.
    pub(super) fn new(climate: &Climate, seed: u64, window: &EaseWindow, region: &EaseWindow) -> Self {
        let key = |purpose: u64| Key::new(seed, 0x1A4D_0000 + purpose);
        let texture = field::sum(window, key(1), &TEXTURE_SCALES);
        let terrain = field::sum(window, key(2), &TERRAIN_SCALES);
        let height = field::sum(window, key(3), &HEIGHT_SCALES);
        let vegetation = field::sum(window, key(4), &VEGETATION_SCALES);
        let roughness = field::sum(window, key(5), &ROUGHNESS_SCALES);
        let pattern = field::sum(window, key(6), &PATTERN_SCALES);
        // Lakes lie low.
        let mut lake: Vec<f32> = height.iter().map(|h| -0.8 * h).collect();
        field::add(&mut lake, window, key(7), LAKE_SPACING, (0.0, 0.0), 1.0);

        let change = |z: f32, effect: f32| {
            1.0 + (z * effect * climate.contrast).clamp(-LARGEST_CHANGE, LARGEST_CHANGE)
        };
        let residual: Vec<f32> =
            texture.iter().map(|&t| climate.residual * change(t, TEXTURE_EFFECT[0])).collect();
        let capacity = texture
            .iter()
            .zip(&terrain)
            .map(|(&t, &w)| {
                (climate.filled - climate.residual) * change(t * TEXTURE_EFFECT[1] + w * TERRAIN_EFFECT, 1.0)
            })
            .collect();
        let daily = texture
            .iter()
            .map(|&t| exp(-1.0 / f64::from(climate.drydown_days * change(t, TEXTURE_EFFECT[2]))) as f32)
            .collect();
        let rain = height.iter().map(|&h| (1.0 + h * OROGRAPHIC_EFFECT).max(0.3)).collect();

        let mut reason = vec![Reason::Valid; window.len()];
        // The last one set wins: water above all.
        for (map, share, why) in [
            (&vegetation, climate.vegetation, Reason::Vegetation),
            (&height, climate.mountains, Reason::Mountain),
            (&lake, climate.lakes, Reason::Water),
        ] {
            if let Some(limit) = upper_quantile(map, share, window, region) {
                for (reason, value) in reason.iter_mut().zip(map) {
                    if *value > limit {
                        *reason = why;
                    }
                }
            }
        }
        let height_km = height.iter().map(|h| h * climate.relief_m / 1000.0).collect();
        Self { residual, capacity, daily, rain, height_km, vegetation, roughness, pattern, reason }
    }
}

/// The value that the given share of the region's cells exceeds; `None` for a share of no cell.
fn upper_quantile(map: &[f32], share: f64, window: &EaseWindow, region: &EaseWindow) -> Option<f32> {
    let mut values: Vec<f32> = region_indices(window, region).filter_map(|i| map.get(i).copied()).collect();
    let above = (share.clamp(0.0, 1.0) * values.len() as f64).round() as usize;
    values.sort_by(|a, b| b.total_cmp(a));
    (above > 0).then(|| values.get(above).copied().unwrap_or(f32::NEG_INFINITY))
}

/// Indices into `window`'s cells of the cells of `region`, row by row.
pub(super) fn region_indices(
    window: &EaseWindow,
    region: &EaseWindow,
) -> impl Iterator<Item = usize> + use<> {
    let (left, top) = (region.first_column - window.first_column, region.first_row - window.first_row);
    let (columns, rows, stride) = (region.columns, region.rows, window.columns);
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (top + row) * stride + left + column))
}
