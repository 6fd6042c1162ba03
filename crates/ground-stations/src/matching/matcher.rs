//! Matching, a day of maps after the other: only what lies at stations is kept.

use std::collections::{BTreeMap, BTreeSet};

use ease_grid::{EaseWindow, Raster, Reason, Resolution};
use jiff::civil::Date;

use super::point::{Found, Point};
use super::result::{CellMatch, Exclusion, Layer, Matched, Pair, StationMatch, Status, mean_of};
use super::rules::Rules;
use crate::sensor::Variable;
use crate::stations::Stations;
use crate::time;

/// When the satellite passed.
#[derive(Debug, Clone, Copy)]
pub enum Overpass<'a> {
    /// The file's own time, minutes since 1970 UTC.
    At(i32),
    /// 6 am local solar time everywhere.
    Morning,
    /// 6 am where the raster holds 0, 6 pm where it holds 1; 6 am where it holds nothing. On the same window as the maps.
    Of(&'a Raster),
}

/// The maps of a date.
#[derive(Debug, Clone)]
pub struct MapDay<'a> {
    /// The date.
    pub date: Date,
    /// When SMAP passed.
    pub overpass: Overpass<'a>,
    /// Maps in m3/m3 on windows of the 3 km EASE-Grid 2.0, each with the number of its layer.
    pub maps: Vec<(usize, &'a Raster)>,
    /// Half-widths of 90 % intervals, likewise.
    pub half_widths: Vec<(usize, &'a Raster)>,
}

/// Stations, and the pairs found so far.
pub struct Matcher<'a> {
    rules: Rules,
    layers: Vec<Layer>,
    points: Vec<Point<'a>>,
    found: Vec<StationMatch>,
    /// The window each station's maps came on first: others that overlap it do not count twice.
    windows: Vec<Option<EaseWindow>>,
    dates: BTreeSet<Date>,
    deeper_sensors: usize,
}

impl<'a> Matcher<'a> {
    /// For stations, by rules, with these series of maps.
    #[must_use]
    pub fn new(stations: &'a Stations, rules: Rules, layers: Vec<Layer>) -> Self {
        let all = stations.by_station();
        let points: Vec<Point<'a>> = all.iter().map(|station| Point::of(station, &rules)).collect();
        let wide = Rules { depth: (0.0, 0.10), ..rules.clone() };
        let mut deeper_sensors = 0;
        let mut found = Vec::with_capacity(all.len());
        for station in &all {
            let counts = |rules: &Rules| {
                let fits = |sensor: &&crate::Sensor| rules.admits(sensor);
                station.of(Variable::SoilMoisture).filter(fits).count()
            };
            let sensors = counts(&rules);
            deeper_sensors += counts(&wide).saturating_sub(sensors);
            let surroundings = station.sensors.first().map(|s| s.surroundings.clone()).unwrap_or_default();
            found.push(StationMatch {
                network: station.network.to_owned(),
                name: station.name.to_owned(),
                latitude: station.latitude,
                longitude: station.longitude,
                surroundings,
                cell: cell_of(station.longitude, station.latitude),
                sensors,
                pairs: Vec::new(),
                excluded: BTreeMap::new(),
                masked: BTreeMap::new(),
                status: if station.of(Variable::SoilMoisture).next().is_none() {
                    Status::Excluded(Exclusion::NoSoilMoisture)
                } else {
                    Status::NoDates
                },
            });
        }
        let windows = vec![None; found.len()];
        Self { rules, layers, points, found, windows, dates: BTreeSet::new(), deeper_sensors }
    }

    /// Places of the stations that can have a pair, degrees: longitude, latitude. For choosing which maps to make.
    pub fn places(&self) -> impl Iterator<Item = (f64, f64)> {
        let counts = |(station, point): (&StationMatch, &Point<'_>)| {
            (!point.is_empty() && station.cell.is_some()).then_some((station.longitude, station.latitude))
        };
        self.found.iter().zip(&self.points).filter_map(counts)
    }

    /// Takes the maps of a date and a window in. Several windows of a date may come one after the other, each with the stations in it: a station
    /// outside all windows of a date is counted once, by [`Matcher::finish`].
    pub fn add(&mut self, day: &MapDay<'_>) {
        self.dates.insert(day.date);
        let Some(window) = day.maps.iter().find_map(|(_, raster)| raster.grid().ease_window()) else {
            return;
        };
        let all = self.found.iter_mut().zip(&self.points).zip(&mut self.windows);
        for ((station, point), first) in all {
            let Some((column, row)) = station.cell.and_then(|cell| within(&window, cell)) else { continue };
            if point.is_empty() || *first.get_or_insert(window) != window {
                continue;
            }
            let values = Values::at(day, self.layers.len(), (column, row));
            if values.cell.iter().all(|v| v.is_nan()) {
                station.mask(values.why.unwrap_or(Reason::NotObserved));
                continue;
            }
            let minutes = overpass_minutes(day, (column, row), station.longitude);
            match point.at(minutes, &self.rules) {
                Found::Value(value, sensors) => station.pairs.push(Pair {
                    date: day.date,
                    minutes,
                    station: value,
                    sensors,
                    stations: 1,
                    cell: values.cell,
                    mean_3x3: values.mean_3x3,
                    half_width: values.half_width,
                }),
                Found::Flagged => station.exclude(Exclusion::Flags),
                Found::Nothing => station.exclude(Exclusion::Time),
                Found::Frozen => station.exclude(Exclusion::Frozen),
            }
        }
    }

    /// The pairs, once all maps were taken in.
    #[must_use]
    pub fn finish(mut self) -> Matched {
        let dates = self.dates.len();
        for (station, point) in self.found.iter_mut().zip(&self.points) {
            let met = station.pairs.len() + station.excluded.values().sum::<usize>();
            let why = match station.status {
                Status::Excluded(why) => why,
                _ if point.is_empty() && point.other_unit => Exclusion::Unit,
                _ if point.is_empty() => Exclusion::Depth,
                _ => Exclusion::Outside,
            };
            if dates > met {
                *station.excluded.entry(why).or_default() += dates - met;
            }
            station.pairs.sort_by_key(|pair| pair.date);
            station.settle(&self.rules);
        }
        let mut by_cell: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (place, station) in self.found.iter().enumerate().filter(|(_, s)| !s.pairs.is_empty()) {
            if let Some(cell) = station.cell {
                by_cell.entry(cell).or_default().push(place);
            }
        }
        let cells = by_cell.into_iter().map(|(cell, stations)| {
            let of: Vec<&StationMatch> = stations.iter().filter_map(|place| self.found.get(*place)).collect();
            CellMatch { cell, pairs: mean_of(&of), stations }
        });
        let cells = cells.collect();
        Matched {
            rules: self.rules,
            layers: self.layers,
            dates,
            stations: self.found,
            cells,
            deeper_sensors: self.deeper_sensors,
        }
    }
}

/// The cell of the global 3 km grid.
fn cell_of(longitude: f64, latitude: f64) -> Option<(usize, usize)> {
    let one = EaseWindow::around(Resolution::M03, longitude, latitude, 1, 1).ok()?;
    Some((one.first_column, one.first_row))
}

/// A cell of the global grid as one of the window.
fn within(window: &EaseWindow, (column, row): (usize, usize)) -> Option<(usize, usize)> {
    let column = column.checked_sub(window.first_column)?;
    let row = row.checked_sub(window.first_row)?;
    (column < window.columns && row < window.rows).then_some((column, row))
}

fn overpass_minutes(day: &MapDay<'_>, (column, row): (usize, usize), longitude: f64) -> i32 {
    let evening = match day.overpass {
        Overpass::At(minutes) => return minutes,
        Overpass::Morning => false,
        Overpass::Of(raster) => raster.at(column, row).is_ok_and(|value| value == 1.0),
    };
    let local = if evening { 18.0 } else { 6.0 };
    // The sun needs an hour for 15 degrees.
    let offset = (60.0 * (local - longitude / 15.0)).round() as i32;
    time::of_date(day.date).saturating_mul(time::DAY).saturating_add(offset)
}

/// What the maps say at a cell.
struct Values {
    cell: Vec<f32>,
    mean_3x3: Vec<f32>,
    half_width: Vec<f32>,
    /// Why the first map has no value.
    why: Option<Reason>,
}

impl Values {
    fn at(day: &MapDay<'_>, layers: usize, (column, row): (usize, usize)) -> Self {
        let none = || vec![f32::NAN; layers];
        let mut found = Self { cell: none(), mean_3x3: none(), half_width: none(), why: None };
        for (layer, raster) in &day.maps {
            if *layer >= layers {
                continue;
            }
            let value = raster.at(column, row);
            found.why = found.why.or(value.err());
            found.cell[*layer] = value.unwrap_or(f32::NAN);
            let (mut sum, mut count) = (0.0f32, 0u8);
            for r in row.saturating_sub(1)..=row + 1 {
                for c in column.saturating_sub(1)..=column + 1 {
                    if let Ok(value) = raster.at(c, r) {
                        sum += value;
                        count += 1;
                    }
                }
            }
            // Where the cell itself has no value its neighbours do not stand for it.
            if count > 0 && value.is_ok() {
                found.mean_3x3[*layer] = sum / f32::from(count);
            }
        }
        for (layer, raster) in &day.half_widths {
            if let Some(place) = found.half_width.get_mut(*layer) {
                *place = raster.at(column, row).unwrap_or(f32::NAN);
            }
        }
        found
    }
}
