//! What the satellites make of the truth: 36 km footprints, 3 km retrievals, backscatter.
//!
//! * Footprint = mean of the truth over the block's 12 x 12 cells that are not water, plus radiometer noise.
//! * 3 km map = truth + a persistent retrieval pattern + an error correlated over about 15 km + speckle + part of the footprint's own
//!   noise (SPL2SMAP_S is disaggregated from the same SMAP brightness temperature, formats.md 2.7). The map is a retrieval:
//!   agreement with it is not agreement with the truth (model.md, section 4).
//! * Backscatter rises linearly in dB with soil moisture, over vegetation and roughness patterns that move it much more than
//!   moisture does, and over a season of vegetation that is stronger in VH. Its level is that of typical land (formats.md 2.6:
//!   VV -5..-17 dB, VH -12..-25 dB); its speckle is the one in the 3 km map. Slopes and patterns are **chosen**.

use super::climate::Climate;
use super::field;
use super::land::{Land, region_indices};
use super::rng::Key;
use ease_grid::{EaseWindow, Reason};

/// Standard deviation of one footprint's noise, m3/m3. **Chosen**: SMAP's requirement of 0.04 (model.md, table 1) holds for the whole
/// error against stations, of which radiometer noise is a part.
pub const RADIOMETER_NOISE: f32 = 0.025;
/// Share of a footprint's noise that the 3 km map of the same overpass inherits (0..1). **Chosen**.
pub const INHERITED_NOISE: f32 = 0.5;
/// Valid range of SPL3SMP's soil moisture (formats.md 2.2), m3/m3.
pub const COARSE_RANGE: (f32, f32) = (0.02, 0.5);
/// Valid range of SPL2SMAP_S's soil moisture (formats.md 2.1), m3/m3; its low end raised to SPL3SMP's.
pub const FINE_RANGE: (f32, f32) = (0.02, 0.75);
/// Share of a 36 km cell under water, frozen or in mountains from which on the cell is masked. **Chosen**.
pub const MASKED_SHARE: f32 = 0.5;
/// Rise of backscatter with soil moisture at mean vegetation, dB per m3/m3: VV, VH. **Chosen**.
pub const BACKSCATTER_SLOPE: [f32; 2] = [25.0, 12.0];

/// Lattice spacing of the correlated retrieval error, 3 km cells.
const RETRIEVAL_SPACING: f64 = 4.0;
/// Level of VV and VH at 0.2 m3/m3, dB.
const LEVEL_DB: [f32; 2] = [-11.0, -18.5];
/// dB per standard deviation of vegetation, of roughness, and at the height of the growing season: VV, VH.
const VEGETATION_DB: [f32; 2] = [0.8, 1.6];
const ROUGHNESS_DB: [f32; 2] = [1.2, 0.6];
const SEASON_DB: [f32; 2] = [0.2, 0.6];
/// Relative loss of the slope per standard deviation of vegetation, and its bounds.
const ATTENUATION: f32 = 0.15;
const ATTENUATION_RANGE: (f32, f32) = (0.5, 1.5);
/// Noise of VH beside what moisture brings, dB.
const VH_NOISE_DB: f32 = 0.35;
/// Open water: level of VV and VH in calm air, and how much a windy day adds, dB.
const WATER_DB: [f32; 2] = [-20.0, -26.0];
const WIND_DB: f32 = 1.5;

/// Noise streams of the observations.
pub(super) struct Observer {
    radiometer: [Key; 2],
    retrieval: Key,
    speckle: Key,
    backscatter: Key,
}

/// Which cells of a day are frozen, over the truth's window.
pub(super) struct Frost<'a>(pub Option<&'a [bool]>);

impl Frost<'_> {
    fn at(&self, index: usize) -> bool {
        self.0.and_then(|f| f.get(index)).copied().unwrap_or(false)
    }
}

impl Observer {
    pub(super) fn new(seed: u64) -> Self {
        let key = |purpose: u64| Key::new(seed, 0x0B5E_0000 + purpose);
        Self { radiometer: [key(1), key(2)], retrieval: key(3), speckle: key(4), backscatter: key(5) }
    }

    /// Noise of one 36 km cell, m3/m3; overpass 0 is am, 1 is pm.
    fn radiometer_noise(&self, overpass: usize, day: i64, column36: i64, row36: i64) -> f32 {
        self.radiometer
            .get(overpass)
            .map_or(0.0, |key| RADIOMETER_NOISE * key.day(day).normal(column36, row36))
    }

    /// 36 km footprints of an overpass. `window` is the truth's 3 km window, made of whole 36 km cells of `coarse`.
    pub(super) fn footprints(
        &self,
        overpass: usize,
        day: i64,
        (window, coarse): (&EaseWindow, &EaseWindow),
        truth: &[f32],
        (land, frost): (&Land, &Frost),
        sees: impl Fn(f64, f64) -> bool,
    ) -> (Vec<f32>, Vec<Reason>) {
        let mut values = Vec::with_capacity(coarse.len());
        let mut reasons = Vec::with_capacity(coarse.len());
        for row in 0..coarse.rows {
            for column in 0..coarse.columns {
                let centre = |first: usize, i: usize| (first + i * 12) as f64 + 6.0;
                if !sees(centre(window.first_column, column), centre(window.first_row, row)) {
                    values.push(f32::NAN);
                    reasons.push(Reason::NoSmap);
                    continue;
                }
                let (mut sum, mut land_cells, mut water, mut mountain, mut frozen) =
                    (0f64, 0u32, 0u32, 0u32, 0u32);
                for line in 0..12 {
                    let start = (row * 12 + line) * window.columns + column * 12;
                    for (i, truth) in truth.iter().enumerate().skip(start).take(12) {
                        match land.reason[i] {
                            Reason::Water => {
                                water += 1;
                                continue;
                            }
                            Reason::Mountain => mountain += 1,
                            _ => {}
                        }
                        frozen += u32::from(frost.at(i));
                        sum += f64::from(*truth);
                        land_cells += 1;
                    }
                }
                let masked = |cells: u32| cells as f32 >= MASKED_SHARE * 144.0;
                let reason = if masked(water) {
                    Reason::Water
                } else if masked(frozen) {
                    Reason::Frozen
                } else if masked(mountain) {
                    Reason::Mountain
                } else {
                    Reason::Valid
                };
                let mean = (sum / f64::from(land_cells.max(1))) as f32;
                let noise = self.radiometer_noise(
                    overpass,
                    day,
                    (coarse.first_column + column) as i64,
                    (coarse.first_row + row) as i64,
                );
                values.push((mean + noise).clamp(COARSE_RANGE.0, COARSE_RANGE.1));
                reasons.push(reason);
            }
        }
        (values, reasons)
    }

    /// The noise of the footprints around a 3 km cell (global indices), bilinear between their centres.
    fn inherited(&self, overpass: usize, day: i64, column: usize, row: usize) -> f32 {
        let split = |index: usize| {
            let u = (index as f32 + 0.5) / 12.0 - 0.5;
            (u.floor() as i64, u - u.floor())
        };
        let ((c, fx), (r, fy)) = (split(column), split(row));
        let at = |dc: i64, dr: i64| self.radiometer_noise(overpass, day, c + dc, r + dr);
        INHERITED_NOISE
            * ((1.0 - fy) * ((1.0 - fx) * at(0, 0) + fx * at(1, 0))
                + fy * ((1.0 - fx) * at(0, 1) + fx * at(1, 1)))
    }

    /// Speckle of a 3 km cell, m3/m3.
    fn speckle(&self, climate: &Climate, day: i64, column: usize, row: usize) -> f32 {
        climate.speckle * self.speckle.day(day).normal(column as i64, row as i64)
    }

    /// The 3 km map over the region. `sees` tells which SMAP overpass (0 am, 1 pm) the map of a 3 km cell is made from, or why there is
    /// none.
    pub(super) fn retrieval(
        &self,
        climate: &Climate,
        day: i64,
        (window, region): (&EaseWindow, &EaseWindow),
        truth: &[f32],
        (land, frost): (&Land, &Frost),
        sees: impl Fn(usize, usize) -> Result<usize, Reason>,
    ) -> (Vec<f32>, Vec<Reason>) {
        let mut error = vec![0f32; region.len()];
        field::add(
            &mut error,
            region,
            self.retrieval.day(day),
            RETRIEVAL_SPACING,
            (0.0, 0.0),
            climate.retrieval_error,
        );
        let mut reasons = Vec::with_capacity(region.len());
        for (i, (value, index)) in error.iter_mut().zip(region_indices(window, region)).enumerate() {
            let (column, row) =
                (region.first_column + i % region.columns, region.first_row + i / region.columns);
            let reason = match (land.reason[index], sees(column, row)) {
                (_, Err(unseen)) => unseen,
                (Reason::Valid, Ok(_)) if frost.at(index) => Reason::Frozen,
                (Reason::Valid, Ok(overpass)) => {
                    *value += truth[index]
                        + climate.retrieval_pattern * land.pattern[index]
                        + self.inherited(overpass, day, column, row)
                        + self.speckle(climate, day, column, row);
                    *value = value.clamp(FINE_RANGE.0, FINE_RANGE.1);
                    Reason::Valid
                }
                (masked, Ok(_)) => masked,
            };
            reasons.push(reason);
        }
        (error, reasons)
    }

    /// Backscatter VV and VH over the region, dB, and the reasons they share. `season` is -1 in deep winter and 1 in high summer.
    pub(super) fn backscatter(
        &self,
        climate: &Climate,
        (day, season): (i64, f32),
        (window, region): (&EaseWindow, &EaseWindow),
        truth: &[f32],
        land: &Land,
        swath: impl Fn(f64, f64) -> bool,
    ) -> ([Vec<f32>; 2], Vec<Reason>) {
        let mut bands = [Vec::with_capacity(region.len()), Vec::with_capacity(region.len())];
        let mut reasons = Vec::with_capacity(region.len());
        let noise = self.backscatter.day(day);
        let wind = WIND_DB * noise.normal(-1, -1);
        for (i, index) in region_indices(window, region).enumerate() {
            let (column, row) =
                (region.first_column + i % region.columns, region.first_row + i / region.columns);
            let seen = swath(column as f64 + 0.5, row as f64 + 0.5);
            reasons.push(if seen { Reason::Valid } else { Reason::NoSentinel1 });
            let vegetation = land.vegetation[index];
            let attenuation =
                (1.0 - ATTENUATION * vegetation).clamp(ATTENUATION_RANGE.0, ATTENUATION_RANGE.1);
            let moisture = truth[index] + self.speckle(climate, day, column, row) - 0.2;
            let extra = [0.0, VH_NOISE_DB * noise.normal(column as i64, row as i64)];
            for (band, values) in bands.iter_mut().enumerate() {
                values.push(if !seen {
                    f32::NAN
                } else if land.reason[index] == Reason::Water {
                    WATER_DB[band] + wind + extra[1]
                } else {
                    LEVEL_DB[band]
                        + VEGETATION_DB[band] * vegetation
                        + ROUGHNESS_DB[band] * land.roughness[index]
                        + SEASON_DB[band] * season * (1.0 + 0.5 * vegetation)
                        + BACKSCATTER_SLOPE[band] * attenuation * moisture
                        + extra[band]
                });
            }
        }
        (bands, reasons)
    }
}
