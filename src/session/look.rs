//! A layer of a file, drawn by itself: no region, no earlier map, no estimate is needed.

use ease_grid::{Grid, Raster, Resolution};
use loam_core::map::histogram::{apart, percentiles, rounded};
use loam_core::region_settings::RegionSettings;
use loam_core::stack::{Content, Entry, SceneDay};
use smap_files::sentinel1::{decibel, power};
use smap_files::{BackscatterScale, Granule, ReadError, ReadOptions, Role, Sampling, Variable};

use super::Host;
use super::open::{grid_text, main_layer};
use super::picture::{Bounds, Picture, cell_metres};
use super::state::{LONGEST_WORK_MS, RequestError, Session, packed};
use crate::protocol::{Attachment, Event, LookAt, LookLayer, LookPicture, LookReport, LookStep};

/// Shares of the values that the scale leaves to its end colours.
const LIMITS: (f64, f64) = (0.02, 0.98);

/// What of a day of the simulator can be drawn: name, what it is, its role, the raster.
type Simulated = (&'static str, &'static str, Role, fn(&SceneDay) -> Option<&Raster>);
const SIMULATED: [Simulated; 4] = [
    ("SMAP, 36 km", "soil moisture, simulated", Role::SoilMoisture, |day| day.coarse.as_ref()),
    ("3 km map", "soil moisture, simulated", Role::SoilMoisture, |day| day.fine.as_ref()),
    ("backscatter VV", "3 km, simulated", Role::BackscatterVv, |day| day.vv.as_ref()),
    ("backscatter VH", "3 km, simulated", Role::BackscatterVh, |day| day.vh.as_ref()),
];

/// A layer that was found, on one of its days.
enum Found<'a> {
    File(&'a Granule, usize, &'a Variable),
    Simulated(&'a Raster, Role),
}

impl<H: Host> Session<H> {
    /// Draws a layer, or says why it cannot be drawn.
    pub(super) async fn look(
        &mut self,
        id: u64,
        at: LookAt,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let gone = || RequestError::failed("this file is no longer open as a map", "Open it again.");
        let entry = self.library.get(at.file).ok_or_else(gone)?;
        let layers = layers_of(entry);
        let named = |name: &str| layers.iter().position(|layer| layer.name == name);
        let first = || main_layer(entry).and_then(|v| named(&v.path));
        let drawable = || layers.iter().position(|layer| layer.drawable).unwrap_or(0);
        let layer = at.layer.as_deref().and_then(named).or_else(first).unwrap_or_else(drawable);
        let steps = layers.get(layer).map(|layer| steps_of(entry, &layer.name)).unwrap_or_default();
        let same_day = || steps.iter().position(|(step, _)| step.date == at.step.date);
        let step = steps.iter().position(|(step, _)| *step == at.step).or_else(same_day).unwrap_or(0);
        let mut attachments = Vec::new();
        let picture = match steps.get(step) {
            None => {
                let what = format!("{} holds no layer that could be drawn", entry.name);
                Err(RequestError::failed(what, "Choose another file."))
            }
            Some((_, found)) => self.draw(id, entry, found, at.whole, &settings, &mut attachments).await,
        };
        let report = LookReport {
            name: entry.name.clone(),
            layer,
            steps: steps.iter().map(|(step, _)| *step).collect(),
            step,
            simulated: entry.simulated(),
            picture: match picture {
                Ok(picture) => Ok(picture),
                Err(RequestError::Failed(failure)) => Err(failure),
                Err(other) => return Err(other),
            },
            layers,
        };
        self.host.emit(id, Event::Look(packed(&report)?), attachments);
        Ok(())
    }

    async fn draw(
        &self,
        id: u64,
        entry: &Entry,
        found: &Found<'_>,
        whole: bool,
        settings: &RegionSettings,
        attachments: &mut Vec<Attachment>,
    ) -> Result<LookPicture, RequestError> {
        let region = &settings.window;
        let failed = |error: ReadError| RequestError::failed(error, "");
        let options = ReadOptions { quality: settings.quality, scale: entry.correction.scale };
        let (grid, role) = match found {
            Found::Simulated(raster, role) => (raster.grid().clone(), *role),
            Found::File(_, _, variable) => match (variable.no_map(), &variable.grid) {
                (None, Some(grid)) => (grid.clone(), variable.role),
                (Some((what, remedy)), _) => return Err(failed(ReadError::Unsuitable { what, remedy })),
                (None, None) => {
                    return Err(failed(ReadError::Unsuitable {
                        what: format!("{} has no place on a map", variable.path),
                        remedy: "choose another layer".to_owned(),
                    }));
                }
            },
        };
        grid.crs.projection().map_err(|error| RequestError::failed(error, ""))?;
        let bounds = Bounds::of(&grid).ok_or_else(|| {
            RequestError::failed("the layer lies where no map reaches", "Choose another layer.")
        })?;
        let here = Bounds::of_window(region);
        let in_region = bounds.meets(&here);
        let whole = whole || !in_region;
        let cell = cell_metres(&grid);
        let picture = if whole {
            Picture::of(&bounds, cell)
        } else {
            // Like the other maps of the region: its own cells, or finer ones.
            Picture::of(&here, cell.min(Resolution::M03.cell_m()))
        };
        let raster = match found {
            Found::Simulated(raster, _) => Sampling::of((*raster).clone(), &picture.grid()),
            Found::File(granule, index, _) => granule.sample(*index, &options, &picture.grid()),
        };
        let raster = self.sampled(id, raster.map_err(failed)?).await?;
        let scale = match found {
            Found::File(_, _, variable) => options.scale.or(variable.scale),
            Found::Simulated(..) => Some(BackscatterScale::Decibel),
        };
        let (raster, unit) = in_unit(raster, role, scale, found).map_err(failed)?;
        let mut values = raster.values().to_vec();
        let (low, high) = percentiles(&mut values, LIMITS).map_or((0.0, 1.0), |(low, high)| apart(low, high));
        let first = attachments.len();
        attachments.push(Attachment::F32(raster.values().to_vec()));
        attachments.push(Attachment::U8(raster.reasons().iter().map(|r| *r as u8).collect()));
        attachments.push(Attachment::F32(picture.footprint(&grid, &bounds)));
        Ok(LookPicture {
            window: picture.window,
            per: picture.per,
            whole,
            in_region,
            extent: bounds.window(Resolution::M03),
            role,
            unit,
            grid: own_grid(found, &grid),
            statistics: raster.statistics(),
            limits: rounded(low, high),
            values: first,
            reasons: first + 1,
            footprint: first + 2,
        })
    }

    /// Reads what a picture needs; other messages are heard in between, a cancel among them.
    async fn sampled(&self, id: u64, mut sampling: Sampling) -> Result<Raster, RequestError> {
        let mut since = self.host.now_ms();
        while sampling.step().map_err(|error| RequestError::failed(error, ""))? {
            if self.host.now_ms() - since > LONGEST_WORK_MS {
                let (done, total) = sampling.progress();
                let what = "reading the layer".to_owned();
                self.emit(id, Event::Progress { done: done as u64, total: total as u64, what });
                self.yield_now(id).await?;
                since = self.host.now_ms();
            }
        }
        sampling.finish().map_err(|error| RequestError::failed(error, ""))
    }
}

/// The layers of a file, each once, in its order.
fn layers_of(entry: &Entry) -> Vec<LookLayer> {
    let granule = match &entry.content {
        Content::Simulated(_) => {
            let layer = |(name, about, ..): &Simulated| LookLayer {
                name: (*name).to_owned(),
                about: (*about).to_owned(),
                drawable: true,
            };
            return SIMULATED.iter().map(layer).collect();
        }
        Content::File(granule) => granule,
    };
    let mut layers: Vec<LookLayer> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for variable in granule.variables.iter().filter(|v| seen.insert(v.path.as_str())) {
        let why = variable.no_map();
        let drawable = why.is_none();
        let about = why.map_or_else(|| variable.evidence.clone(), |(what, _)| what);
        layers.push(LookLayer { name: variable.path.clone(), about, drawable });
    }
    layers
}

/// The days of a layer.
fn steps_of<'a>(entry: &'a Entry, name: &str) -> Vec<(LookStep, Found<'a>)> {
    match &entry.content {
        Content::Simulated(days) => {
            let Some((_, _, role, of)) = SIMULATED.iter().find(|layer| layer.0 == name) else {
                return Vec::new();
            };
            let step = |day: &'a SceneDay| {
                let step = LookStep { date: Some(day.date), overpass: None };
                Some((step, Found::Simulated(of(day)?, *role)))
            };
            days.iter().filter_map(step).collect()
        }
        Content::File(granule) => {
            let of_layer: Vec<_> =
                granule.variables.iter().enumerate().filter(|(_, v)| v.path == name).collect();
            let several = of_layer.len() > 1;
            let step = |(index, variable): (usize, &'a Variable)| {
                let own = variable.date.filter(|_| entry.correction.date.is_none());
                let overpass = variable.overpass.filter(|_| several);
                (
                    LookStep { date: own.or_else(|| entry.date()), overpass },
                    Found::File(granule, index, variable),
                )
            };
            of_layer.into_iter().map(step).collect()
        }
    }
}

/// Values with their unit. Backscatter in linear power is shown in dB, as on every other map.
fn in_unit(
    raster: Raster,
    role: Role,
    scale: Option<BackscatterScale>,
    found: &Found<'_>,
) -> Result<(Raster, String), ReadError> {
    let own = match found {
        Found::File(_, _, variable) => variable.units.clone().unwrap_or_default(),
        Found::Simulated(..) => String::new(),
    };
    Ok(match (role, scale) {
        (Role::SoilMoisture | Role::SoilMoistureUncertainty, _) => (raster, "m³/m³".to_owned()),
        (Role::BrightnessV | Role::BrightnessH | Role::SurfaceTemperature, _) => (raster, "K".to_owned()),
        (Role::BackscatterVv | Role::BackscatterVh, Some(BackscatterScale::DigitalNumber)) => {
            (raster, "digital number".to_owned())
        }
        (Role::BackscatterVv | Role::BackscatterVh, Some(BackscatterScale::Decibel)) => {
            (raster, "dB".to_owned())
        }
        (Role::BackscatterVv | Role::BackscatterVh, Some(scale)) => {
            let (grid, values, reasons) = raster.into_parts();
            let in_decibels = |value: f32| {
                power(scale, f64::from(value)).and_then(decibel).map_or(f32::NAN, |db| db as f32)
            };
            let values = values.into_iter().map(in_decibels).collect();
            // A value without power is none: the raster says so.
            (Raster::new(grid, values, reasons)?, "dB".to_owned())
        }
        _ => (raster, own),
    })
}

fn own_grid(found: &Found<'_>, grid: &Grid) -> String {
    match found {
        Found::File(_, _, variable) => grid_text(variable.resolution, grid),
        Found::Simulated(..) => grid_text(grid.ease_window().map(|w| w.resolution), grid),
    }
}
