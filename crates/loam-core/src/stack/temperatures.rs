//! Brightness temperature and land surface temperature of a day: what the TB CNN needs besides soil moisture (model.md, section 2).
//!
//! * TB V and H on SMAP's 36 km cells. Both come from **one** overpass, the one that saw more of the region (6 am where both saw as much):
//!   between 6 am and 6 pm TB differs by more than the pattern inside a cell.
//! * TB V and H at 9 km of the same overpass, as the target: the radar's product (SPL3SMAP, SPL2SMAP) before SPL3SMP_E and SPL2SMP_E.
//! * Land surface temperature on the region's 3 km cells: the mean of the day's files, daytime before night.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::library::{Content, Piece};
use super::mosaic::{Mosaic, Scale};
use super::series::{coarse_window, read_elsewhere};
use super::{Library, Region, StackError};
use crate::file::Usage;
use crate::network::TbCase;
use crate::simulate::{Brightness, Scene, Simulator};
use ease_grid::{Edges, Raster, Reason, Resolution, resample};
use smap_files::{Granule, Orbit, Overpass, Product, QualityRule, ReadError, ReadOptions, Role};

/// TB at 9 km.
#[derive(Debug, Clone)]
pub struct FineBrightness {
    /// V and H on the region's 9 km cells, K.
    pub rasters: [Raster; 2],
    /// Product: `SPL3SMAP`, `SPL3SMP_E`, `simulated`.
    pub product: String,
    /// The enhanced product: posted at 9 km, but interpolated from the same radiometer.
    pub interpolated: bool,
}

/// Temperatures of a day. `None` where no file has them.
#[derive(Debug, Clone, Default)]
pub struct Temperatures {
    /// Soil moisture on 36 km cells, where the simulator made it again with the temperatures, m3/m3.
    pub moisture: Option<Raster>,
    /// TB V and H on 36 km cells, with a margin around the region where the files have one, K.
    pub coarse: Option<[Raster; 2]>,
    /// Whose they are.
    pub overpass: Option<Overpass>,
    /// TB at 9 km of the same overpass.
    pub fine: Option<FineBrightness>,
    /// Land surface temperature on the region's 3 km cells, K.
    pub surface: Option<Raster>,
    /// Files that went in.
    pub files: Vec<String>,
    /// Simulated.
    pub simulated: bool,
    /// Files that failed, with the sentence to show.
    pub failures: Vec<(String, String)>,
}

/// TB V and H of an overpass.
type Pair = [Option<Raster>; 2];

/// Of 6 am and of 6 pm.
#[derive(Default)]
struct Passes([Pair; 2]);

impl Passes {
    /// Lays a raster under what is there: the first valid value of a cell counts.
    fn add(&mut self, overpass: Overpass, channel: usize, raster: Raster) -> Result<(), StackError> {
        let Some(slot) = self.0.get_mut(overpass as usize).and_then(|pair| pair.get_mut(channel)) else {
            return Ok(());
        };
        *slot = Some(match slot.take() {
            None => raster,
            Some(first) if first.grid() != raster.grid() => first,
            Some(first) => {
                let (grid, mut values, mut reasons) = first.into_parts();
                for (i, (value, reason)) in raster.values().iter().zip(raster.reasons()).enumerate() {
                    let vague = matches!(reasons[i], Reason::NotObserved | Reason::OutsideFile);
                    if reasons[i] != Reason::Valid && (*reason == Reason::Valid || vague) {
                        (values[i], reasons[i]) = (*value, *reason);
                    }
                }
                Raster::new(grid, values, reasons)?
            }
        });
        Ok(())
    }

    /// Both channels of an overpass, each valid only where both are.
    fn both(&self, overpass: Overpass) -> Result<Option<[Raster; 2]>, StackError> {
        let Some([Some(v), Some(h)]) = self.0.get(overpass as usize) else { return Ok(None) };
        if v.grid() != h.grid() {
            return Ok(None);
        }
        let reasons: Vec<Reason> = v
            .reasons()
            .iter()
            .zip(h.reasons())
            .map(|(v, h)| if *v == Reason::Valid { *h } else { *v })
            .collect();
        let joint =
            |raster: &Raster| Raster::new(raster.grid().clone(), raster.values().to_vec(), reasons.clone());
        Ok(Some([joint(v)?, joint(h)?]))
    }
}

const OVERPASSES: [Overpass; 2] = [Overpass::Am, Overpass::Pm];
const BRIGHTNESS: [Role; 2] = [Role::BrightnessV, Role::BrightnessH];

/// The overpass of a variable: its group's, else its orbit's; products without either (the radar's) are of 6 am.
fn overpass_of(variable: Option<Overpass>, orbit: Option<Orbit>) -> Overpass {
    match (variable, orbit) {
        (Some(overpass), _) => overpass,
        (None, Some(Orbit::Ascending)) => Overpass::Pm,
        _ => Overpass::Am,
    }
}

fn is_interpolated(product: Product) -> bool {
    matches!(product, Product::Spl3smpE | Product::Spl2smpE)
}

impl Temperatures {
    /// Reads what a case needs of a date from the library's files. A file that fails is noted; the others still count.
    ///
    /// # Errors
    /// Only for faults that are not one file's.
    pub fn read(
        library: &Library,
        region: &Region,
        date: Date,
        quality: QualityRule,
        case: TbCase,
    ) -> Result<Self, StackError> {
        let mut this = Self::default();
        match case {
            TbCase::BrightnessTemperature => this.read_brightness(library, region, date, quality)?,
            TbCase::SoilMoisture => this.read_surface(library, region, date)?,
        }
        Ok(this)
    }

    fn note(&mut self, granule: &Granule, read: Result<bool, ReadError>) {
        match read {
            Ok(true) => {
                self.simulated |= granule.simulated;
                if !self.files.contains(&granule.file) {
                    self.files.push(granule.file.clone());
                }
            }
            Ok(false) => {}
            Err(error) => self.failures.push((granule.file.clone(), error.to_string())),
        }
    }

    fn read_brightness(
        &mut self,
        library: &Library,
        region: &Region,
        date: Date,
        quality: QualityRule,
    ) -> Result<(), StackError> {
        let window = region.window();
        let (native, nine) = (coarse_window(&window, Resolution::M36), window.covering(Resolution::M09));
        let options = ReadOptions { quality, scale: None };
        let mut coarse = Passes::default();
        // The radar's, then the interpolated.
        let mut fine: [(Passes, String); 2] = Default::default();
        for (entry, granule) in files(library, date, Usage::Temperature) {
            for (index, variable) in granule.variables.iter().enumerate() {
                let of_role = BRIGHTNESS.iter().position(|role| *role == variable.role);
                let Some(channel) = of_role.filter(|_| variable.is_of(date)) else {
                    continue;
                };
                let overpass = overpass_of(variable.overpass, entry.correction.orbit.or(granule.orbit));
                let (target, window) = match variable.resolution {
                    Some(Resolution::M36) => (&mut coarse, native),
                    Some(Resolution::M09) => {
                        let (passes, product) = &mut fine[usize::from(is_interpolated(granule.product))];
                        *product = granule
                            .short_name
                            .clone()
                            .unwrap_or_else(|| product_name(granule.product).to_owned());
                        (passes, nine)
                    }
                    _ => continue,
                };
                match granule.read(index, &options, Some(&window)) {
                    Ok(raster) => {
                        let any = raster.valid_count() > 0;
                        target.add(overpass, channel, raster)?;
                        self.note(granule, Ok(any));
                    }
                    Err(error) => self.note(granule, Err(error)),
                }
            }
        }
        let mut best: Option<(usize, Overpass, [Raster; 2])> = None;
        for overpass in OVERPASSES {
            if let Some(pair) = coarse.both(overpass)? {
                let seen = resample::nearest(&pair[0], &window)?.valid_count();
                if best.as_ref().is_none_or(|(most, ..)| seen > *most) {
                    best = Some((seen, overpass, pair));
                }
            }
        }
        let Some((_, overpass, pair)) = best else { return Ok(()) };
        (self.coarse, self.overpass) = (Some(pair), Some(overpass));
        for (interpolated, (passes, product)) in fine.into_iter().enumerate() {
            if let Some(rasters) = passes.both(overpass)?.filter(|pair| pair[0].valid_count() > 0)
                && self.fine.is_none()
            {
                self.fine = Some(FineBrightness { rasters, product, interpolated: interpolated == 1 });
            }
        }
        Ok(())
    }

    fn read_surface(&mut self, library: &Library, region: &Region, date: Date) -> Result<(), StackError> {
        let window = region.window();
        // Day, then night.
        let mut mosaics = [Mosaic::new(window), Mosaic::new(window)];
        for (_, granule) in files(library, date, Usage::Coarse) {
            let of_role = |(_, v): &(usize, &smap_files::Variable)| {
                v.role == Role::SurfaceTemperature && v.grid.is_some() && v.is_of(date)
            };
            for (index, variable) in granule.variables.iter().enumerate().filter(of_role) {
                let read = read_elsewhere(granule, index, &ReadOptions::default(), &window)
                    .and_then(|raster| Ok(resample::to_window(&raster, &window)?));
                match read {
                    Ok(raster) => {
                        let any = raster.valid_count() > 0;
                        let night = [&variable.path, &granule.file]
                            .iter()
                            .any(|name| name.to_ascii_lowercase().contains("night"));
                        mosaics[usize::from(night)].add(&raster, Scale::Linear);
                        self.note(granule, Ok(any));
                    }
                    Err(error) => self.note(granule, Err(error)),
                }
            }
        }
        for mosaic in mosaics {
            if let Some(raster) = mosaic.finish(None)?
                && self.surface.as_ref().is_none_or(|s| s.valid_count() == 0)
            {
                self.surface = Some(raster);
            }
        }
        Ok(())
    }

    /// What the simulator saw on a day, as files of it would say: TB only where a swath passed. `seen` is the day's soil moisture.
    ///
    /// # Errors
    /// Those of the rasters.
    pub fn simulated(
        brightness: &Brightness,
        region: &Region,
        seen: Option<&Raster>,
    ) -> Result<Self, StackError> {
        let truth = brightness.window;
        let cells = truth.covering(Resolution::M36);
        let nine = region.window().covering(Resolution::M09);
        let all = |window: &ease_grid::EaseWindow, values: &[f32]| {
            Raster::new(window.grid(), values.to_vec(), vec![Reason::Valid; values.len()])
                .map_err(StackError::from)
        };
        // Soil moisture is masked for more reasons than a swath that passed by; brightness is not.
        let seen_on = seen.map(|seen| seen.cropped(&cells)).transpose()?;
        let passed_by = |reason: &Reason| matches!(reason, Reason::NoSmap | Reason::OutsideFile);
        let unseen: Vec<bool> = match &seen_on {
            Some(seen) => seen.reasons().iter().map(passed_by).collect(),
            None => vec![true; cells.len()],
        };
        let footprints = |values: &[f32]| {
            let reasons =
                unseen.iter().map(|unseen| if *unseen { Reason::NoSmap } else { Reason::Valid }).collect();
            Raster::new(cells.grid(), values.to_vec(), reasons).map_err(StackError::from)
        };
        let [v, h] = &brightness.footprints;
        let fine = |values: &[f32]| Ok::<_, StackError>(resample::block_mean(&all(&truth, values)?, &nine)?);
        let any = unseen.contains(&false);
        let coarse = if any { Some([footprints(v)?, footprints(h)?]) } else { None };
        Ok(Self {
            moisture: seen_on,
            coarse,
            overpass: any.then_some(Overpass::Am),
            fine: Some(FineBrightness {
                rasters: [fine(&brightness.v)?, fine(&brightness.h)?],
                product: "simulated TB at 9 km".into(),
                interpolated: false,
            }),
            surface: Some(resample::nearest(&all(&truth, &brightness.surface)?, &region.window())?),
            files: vec!["Simulated brightness and land surface temperature".to_owned()],
            simulated: true,
            failures: Vec::new(),
        })
    }
}

fn product_name(product: Product) -> &'static str {
    match product {
        Product::Spl3smpE => "SPL3SMP_E",
        Product::Spl2smpE => "SPL2SMP_E",
        _ => "9 km product",
    }
}

/// The used files of a date but those of a kind that has nothing to say.
fn files(library: &Library, date: Date, without: Usage) -> impl Iterator<Item = (&super::Entry, &Granule)> {
    library.on(date).into_iter().filter_map(move |piece| match piece {
        Piece::File(entry, granule) if entry.usage() != without => Some((entry, granule)),
        _ => None,
    })
}

/// Dates on which the library has the inputs of a case, and those that have its target, too: a first look at what files hold, before any
/// pixel is read. Simulated days have everything that their own maps have.
#[must_use]
pub fn dates_with(library: &Library, case: TbCase) -> (BTreeSet<Date>, BTreeSet<Date>) {
    let (mut inputs, mut moisture, mut targets) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for entry in library.used().filter(|e| library.superseded_by(e).is_none()) {
        match &entry.content {
            Content::File(granule) => {
                for date in entry.dates() {
                    let has = |role: Role, resolution: Option<Resolution>| {
                        granule.variables.iter().any(|v| {
                            v.role == role
                                && v.grid.is_some()
                                && v.is_of(date)
                                && (resolution.is_none() || v.resolution == resolution)
                        })
                    };
                    match case {
                        TbCase::BrightnessTemperature => {
                            inputs.extend(has(Role::BrightnessV, Some(Resolution::M36)).then_some(date));
                            targets.extend(has(Role::BrightnessV, Some(Resolution::M09)).then_some(date));
                        }
                        TbCase::SoilMoisture => {
                            inputs.extend(has(Role::SurfaceTemperature, None).then_some(date));
                            moisture.extend(
                                (entry.usage() == Usage::Coarse && has(Role::SoilMoisture, None))
                                    .then_some(date),
                            );
                            targets.extend((entry.usage() == Usage::Fine).then_some(date));
                        }
                    }
                }
            }
            Content::Simulated(days) if library.scene.is_some() => {
                for day in days.iter().filter(|day| day.coarse.is_some()) {
                    inputs.insert(day.date);
                    moisture.insert(day.date);
                    if case == TbCase::BrightnessTemperature || day.fine.is_some() {
                        targets.insert(day.date);
                    }
                }
            }
            Content::Simulated(_) => {}
        }
    }
    if case == TbCase::SoilMoisture {
        inputs.retain(|date| moisture.contains(date));
    }
    targets.retain(|date| inputs.contains(date));
    (inputs, targets)
}

/// Simulates a scene's temperatures again, day after day, so that whoever drives it can pause between two days.
pub struct SimulatedTemperatures {
    simulator: Simulator,
    wanted: BTreeSet<Date>,
}

impl SimulatedTemperatures {
    /// For these dates of a scene, over its region and this one.
    #[must_use]
    pub fn new(scene: &Scene, wanted: BTreeSet<Date>, region: &Region) -> Self {
        let Edges { west, north, east, south } = Edges::between(&scene.region.window(), &region.window());
        let margin = west.max(north).max(east).max(south);
        Self { simulator: Simulator::with_margin(scene.clone(), margin), wanted }
    }

    /// One day on; with its temperatures and SMAP's soil moisture where they are wanted. `None` once all of them were made.
    pub fn step(&mut self) -> Option<Option<(Date, Brightness, Option<Raster>)>> {
        let date = self.simulator.next_date();
        if self.wanted.last().is_none_or(|last| date > *last) {
            return None;
        }
        if !self.wanted.contains(&date) {
            return self.simulator.pass().then_some(None);
        }
        let day = self.simulator.next()?;
        Some(self.simulator.brightness().map(|brightness| (date, brightness, day.coarse())))
    }
}
