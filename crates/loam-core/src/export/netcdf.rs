//! A season as a NetCDF-4 cube (time, y, x) after the conventions CF-1.13 and ACDD-1.3.
//!
//! - `soil_moisture` with its half-width and flags as ancillary variables, on the cells of the EASE-Grid 2.0, whose grid mapping carries
//!   parameters and WKT: xarray, rioxarray, QGIS, GDAL and Panoply place it.
//! - mean, trend, its standard error, dry-down time constant and the counts they rest on, one plane each.
//! - provenance as attributes `loam_...`, by which Loam knows its own maps again.

pub mod inputs;

use std::fmt::Write as _;

use ease_grid::EaseWindow;
use netcdf_writer::{DimensionId, NcAttrValue, NcFileBuilder, NcWriteFormat, NcWriteOptions, VariableId};
use smap_files::own::{OWN_FLAG, OWN_HALF_WIDTH, OWN_MAP, OWN_PREFIX};

use super::geotiff::NODATA;
use super::stac::{extent, outline};
use super::{ExportError, Provenance, flags};
use crate::day_number::day_number;
use crate::output::Output;
use crate::season::statistics::{EVENT_DATES, FEWEST_EVENTS, LONGEST_GAP, NOISE, TREND_DATES};
use crate::season::{Layers, Season};

/// EPSG:6933 as PROJ 9 writes it (`pyproj.CRS(6933).to_wkt()`), without the ensemble's members.
const WKT: &str = r#"PROJCRS["WGS 84 / NSIDC EASE-Grid 2.0 Global",BASEGEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]],CONVERSION["US NSIDC EASE-Grid 2.0 Global",METHOD["Lambert Cylindrical Equal Area",ID["EPSG",9835]],PARAMETER["Latitude of 1st standard parallel",30,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8823]],PARAMETER["Longitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["False easting",0,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",6933]]"#;

/// Dates, rows and columns of a chunk: a pixel's year is in a dozen of them, a map of 100 x 100 in one.
const CHUNK: [usize; 3] = [32, 100, 100];

/// The file. `provenance` is what the dates have in common; `now` the moment of writing, `2026-11-29T07:00:00Z`, `command` what wrote it.
///
/// Memory: three times the maps.
///
/// # Errors
/// [`ExportError::NetCdf`] where the encoder refuses; [`ExportError::DifferentGrids`] where a date's maps are of another size.
pub fn write(
    season: &Season,
    provenance: &Provenance,
    now: Option<&str>,
    command: &str,
) -> Result<Vec<u8>, ExportError> {
    let cells = season.window.len();
    let fits = |plane: &[f32]| plane.len() == cells;
    if !season.days.iter().all(|day| fits(&day.values) && day.half_width.as_deref().is_none_or(fits)) {
        return Err(ExportError::DifferentGrids);
    }
    let file = File { builder: NcFileBuilder::new(), season };
    file.written(provenance, now, command).map_err(|e| ExportError::NetCdf(e.to_string()))
}

type Written<T = ()> = Result<T, netcdf_writer::Error>;

struct File<'a> {
    builder: NcFileBuilder,
    season: &'a Season,
}

/// Names and units of a quantity.
struct Quantity {
    name: &'static str,
    long_name: &'static str,
    /// CF standard name table, version 93.
    standard_name: &'static str,
    unit: &'static str,
}

impl Quantity {
    fn of(output: Output) -> Self {
        match output {
            Output::SoilMoisture => Self {
                name: OWN_MAP,
                long_name: "surface soil moisture, estimate at 3 km",
                standard_name: "volume_fraction_of_condensed_water_in_soil",
                unit: "m3 m-3",
            },
            Output::BrightnessV => Self {
                name: "brightness_temperature_v",
                long_name: "brightness temperature, vertical polarisation, estimate at 9 km",
                standard_name: "brightness_temperature",
                unit: "K",
            },
            Output::BrightnessH => Self {
                name: "brightness_temperature_h",
                long_name: "brightness temperature, horizontal polarisation, estimate at 9 km",
                standard_name: "brightness_temperature",
                unit: "K",
            },
        }
    }
}

impl File<'_> {
    fn written(mut self, provenance: &Provenance, now: Option<&str>, command: &str) -> Written<Vec<u8>> {
        let season = self.season;
        let window = season.window;
        let axes = [
            self.builder.add_dimension("time", season.days.len() as u64)?,
            self.builder.add_dimension("y", window.rows as u64)?,
            self.builder.add_dimension("x", window.columns as u64)?,
        ];
        self.globals(provenance, now, command)?;
        self.coordinates(axes)?;
        self.maps(axes)?;
        self.layers(&season.layers(), [axes[1], axes[2]])?;
        Ok(self.builder.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 })?.1)
    }

    fn text(&mut self, variable: VariableId, attributes: &[(&str, &str)]) -> Written {
        for (name, value) in attributes {
            self.builder.add_variable_attribute(variable, *name, NcAttrValue::Chars((*value).to_owned()))?;
        }
        Ok(())
    }

    fn globals(&mut self, provenance: &Provenance, now: Option<&str>, command: &str) -> Written {
        let season = self.season;
        let quantity = Quantity::of(season.output);
        let outline = outline(&season.window);
        let [west, south, east, north] = extent(&outline);
        let mut ring = String::new();
        for (n, [longitude, latitude]) in outline.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(ring, "{}{latitude} {longitude}", if n > 0 { ", " } else { "" });
        }
        let (first, last) = (season.days.first().map(|d| d.date), season.days.last().map(|d| d.date));
        let dates = first.zip(last).map(|(first, last)| format!("{first} to {last}")).unwrap_or_default();
        let simulated = if provenance.simulated { "SIMULATED, not an observation: " } else { "" };
        let model = provenance.model.as_deref().unwrap_or("an unnamed method");
        let made = now.map(|now| format!("{now} ")).unwrap_or_default();
        let version = &provenance.app_version;
        let id = format!(
            "loam-{}-c{}r{}-{}x{}-{}",
            quantity.name,
            season.window.first_column,
            season.window.first_row,
            season.window.columns,
            season.window.rows,
            dates.replace(" to ", "-")
        );
        let mut texts: Vec<(String, String)> = vec![
            ("Conventions", "CF-1.13, ACDD-1.3".to_owned()),
            ("title", format!("{simulated}{}, {dates}", provenance.product)),
            (
                "summary",
                format!(
                    "{simulated}{} of each date with a SMAP overpass, made by {model} with Loam {version} on the EASE-Grid 2.0. \
                     Each map is an estimate, not a product; {OWN_FLAG} says why a cell has no value.",
                    quantity.long_name
                ),
            ),
            ("id", id),
            ("naming_authority", "loam".to_owned()),
            ("keywords", "EARTH SCIENCE > LAND SURFACE > SOILS > SOIL MOISTURE/WATER CONTENT".to_owned()),
            ("keywords_vocabulary", "GCMD Science Keywords".to_owned()),
            ("standard_name_vocabulary", "CF Standard Name Table v93".to_owned()),
            ("cdm_data_type", "Grid".to_owned()),
            ("processing_level", "4".to_owned()),
            ("source", format!("{model} on {}", provenance.inputs.join("; "))),
            ("references", provenance.citations.join("; ")),
            ("history", format!("{made}{command} (Loam {version})")),
            ("comment", provenance.summary()),
            ("institution", "made with Loam on the user's own machine".to_owned()),
            ("creator_name", "Loam".to_owned()),
            ("creator_type", "institution".to_owned()),
            ("project", "Loam".to_owned()),
            ("acknowledgment", provenance.citations.join("; ")),
            ("license", "that of the inputs; Loam adds no terms".to_owned()),
            ("product_version", version.clone()),
            ("geospatial_bounds", format!("POLYGON (({ring}))")),
            ("geospatial_bounds_crs", "EPSG:4326".to_owned()),
            ("geospatial_lat_units", "degrees_north".to_owned()),
            ("geospatial_lon_units", "degrees_east".to_owned()),
            ("geospatial_vertical_positive", "down".to_owned()),
            ("geospatial_vertical_units", "m".to_owned()),
            ("time_coverage_resolution", "P1D".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        if let Some(now) = now {
            texts.push(("date_created".to_owned(), now.to_owned()));
        }
        if let Some((first, last)) = first.zip(last) {
            let days = day_number(last) - day_number(first) + 1;
            texts.push(("time_coverage_start".to_owned(), format!("{first}T00:00:00Z")));
            texts.push(("time_coverage_end".to_owned(), format!("{last}T23:59:59Z")));
            texts.push(("time_coverage_duration".to_owned(), format!("P{days}D")));
        }
        let own = provenance.numbered_items();
        texts.extend(own.into_iter().map(|(key, value)| (format!("{OWN_PREFIX}{key}"), value)));
        for (name, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
            self.builder.add_attribute(name, NcAttrValue::Chars(value))?;
        }
        let numbers = [
            ("geospatial_lat_min", south),
            ("geospatial_lat_max", north),
            ("geospatial_lon_min", west),
            ("geospatial_lon_max", east),
            ("geospatial_vertical_min", 0.0),
            ("geospatial_vertical_max", 0.05),
        ];
        for (name, value) in numbers {
            self.builder.add_attribute(name, NcAttrValue::Doubles(vec![value]))?;
        }
        Ok(())
    }

    fn coordinates(&mut self, [time, y, x]: [DimensionId; 3]) -> Written {
        let season = self.season;
        let window = season.window;
        // Counted from the grid's own corner: a cell has the same bits in every window, so that xarray aligns them.
        let (columns, rows) = (window.resolution.columns(), window.resolution.rows());
        let grid = EaseWindow { first_column: 0, first_row: 0, columns, rows, ..window }.grid();

        let variable = self.builder.add_variable::<i32>("time", &[time])?;
        self.text(
            variable,
            &[
                ("standard_name", "time"),
                ("long_name", "day of SMAP's overpass (6 am local; 6 pm where that fills gaps)"),
                ("units", "days since 1970-01-01 00:00:00"),
                ("calendar", "standard"),
                ("units_metadata", "leap_seconds: unknown"),
                ("axis", "T"),
            ],
        )?;
        let days: Vec<i32> = season.days.iter().map(|day| day_number(day.date)).collect();
        self.builder.write_variable(variable, &days)?;

        let lines = [
            ("y", y, window.rows, "projection_y_coordinate", "Y"),
            ("x", x, window.columns, "projection_x_coordinate", "X"),
        ];
        for (name, axis, n, standard_name, letter) in lines {
            let variable = self.builder.add_variable::<f64>(name, &[axis])?;
            let long_name = format!("{name} of the cell's centre, EASE-Grid 2.0 global");
            self.text(
                variable,
                &[
                    ("standard_name", standard_name),
                    ("long_name", &long_name),
                    ("units", "m"),
                    ("axis", letter),
                ],
            )?;
            let centre = |i| match name {
                "x" => grid.centre(window.first_column + i, 0).0,
                _ => grid.centre(0, window.first_row + i).1,
            };
            self.builder.write_variable(variable, &(0..n).map(centre).collect::<Vec<f64>>())?;
        }
        // One a cell, though the projection is cylindrical: rioxarray drops planes when it reprojects, and stumbles over lines.
        let (mut longitudes, mut latitudes) = (Vec::new(), Vec::new());
        for cell in 0..window.len() {
            let (longitude, latitude) = window.lonlat(cell % window.columns, cell / window.columns);
            longitudes.push(longitude);
            latitudes.push(latitude);
        }
        let planes = [
            ("lat", latitudes, "latitude", "degrees_north"),
            ("lon", longitudes, "longitude", "degrees_east"),
        ];
        for (name, values, standard_name, unit) in planes {
            let variable = self.builder.add_variable::<f64>(name, &[y, x])?;
            let long_name = format!("{standard_name} of the cell's centre");
            self.text(
                variable,
                &[("standard_name", standard_name), ("long_name", &long_name), ("units", unit)],
            )?;
            self.packed(variable, false)?;
            self.builder.write_variable(variable, &values)?;
        }
        if season.output == Output::SoilMoisture {
            let variable = self.builder.add_variable::<f64>("depth", &[])?;
            self.text(
                variable,
                &[
                    ("standard_name", "depth"),
                    ("long_name", "depth of the soil layer that L band sees, nominal"),
                    ("units", "m"),
                    ("positive", "down"),
                    ("axis", "Z"),
                    ("bounds", "depth_bounds"),
                ],
            )?;
            self.builder.write_variable(variable, &[0.025])?;
            let ends = self.builder.add_dimension("bounds", 2)?;
            let variable = self.builder.add_variable::<f64>("depth_bounds", &[ends])?;
            self.builder.write_variable(variable, &[0.0, 0.05])?;
        }

        let variable = self.builder.add_variable::<i32>("crs", &[])?;
        self.text(
            variable,
            &[
                ("long_name", "EASE-Grid 2.0 global, EPSG:6933"),
                ("grid_mapping_name", "lambert_cylindrical_equal_area"),
                ("crs_wkt", WKT),
            ],
        )?;
        let numbers = [
            ("standard_parallel", 30.0),
            ("longitude_of_central_meridian", 0.0),
            ("false_easting", 0.0),
            ("false_northing", 0.0),
            ("longitude_of_prime_meridian", 0.0),
            ("semi_major_axis", 6_378_137.0),
            ("inverse_flattening", 298.257_223_563),
        ];
        for (name, value) in numbers {
            self.builder.add_variable_attribute(variable, name, NcAttrValue::Doubles(vec![value]))?;
        }
        self.builder.write_variable(variable, &[6933])
    }

    fn maps(&mut self, axes: [DimensionId; 3]) -> Written {
        let season = self.season;
        let quantity = Quantity::of(season.output);
        let sure = season.days.iter().any(|day| day.half_width.is_some());
        let ancillary = if sure { format!("{OWN_HALF_WIDTH} {OWN_FLAG}") } else { OWN_FLAG.to_owned() };

        let variable = self.builder.add_variable::<f32>(quantity.name, &axes)?;
        self.text(
            variable,
            &[
                ("standard_name", quantity.standard_name),
                ("long_name", quantity.long_name),
                ("units", quantity.unit),
                ("cell_methods", "time: point area: mean"),
                ("ancillary_variables", &ancillary),
                ("coverage_content_type", "modelResult"),
            ],
        )?;
        let planes: Vec<f32> = season.days.iter().flat_map(|day| day.values.iter().copied()).collect();
        self.floats(variable, &planes, true)?;

        if sure {
            let variable = self.builder.add_variable::<f32>(OWN_HALF_WIDTH, &axes)?;
            let long_name = format!("half the width of the 90 % interval of {}", quantity.name);
            self.text(
                variable,
                &[
                    ("long_name", &long_name),
                    ("units", quantity.unit),
                    ("comment", "90 % of a date's pixels should lie within estimate +- half-width"),
                    ("coverage_content_type", "qualityInformation"),
                ],
            )?;
            let blank = vec![f32::NAN; season.window.len()];
            let planes = season.days.iter().map(|day| day.half_width.as_deref().unwrap_or(&blank));
            let planes: Vec<f32> = planes.flatten().copied().collect();
            self.floats(variable, &planes, true)?;
        }

        let variable = self.builder.add_variable::<u16>(OWN_FLAG, &axes)?;
        self.flag_texts(variable, quantity.name)?;
        self.placed(variable)?;
        self.packed(variable, true)?;
        let planes: Vec<u16> = season.days.iter().flat_map(|day| day.flags.iter().copied()).collect();
        self.builder.write_variable(variable, &planes)
    }

    /// What flags mean. `of`: whose.
    fn flag_texts(&mut self, variable: VariableId, of: &str) -> Written {
        let meanings = flags::MEANINGS.map(|(_, meaning)| meaning).join(" ");
        let long_name = format!("why {of} has no value; 0 where it counts");
        self.text(
            variable,
            &[
                ("standard_name", "status_flag"),
                ("long_name", &long_name),
                ("flag_meanings", &meanings),
                ("coverage_content_type", "qualityInformation"),
            ],
        )?;
        let masks = flags::MEANINGS.map(|(bit, _)| bit).to_vec();
        self.builder.add_variable_attribute(variable, "flag_masks", NcAttrValue::UShorts(masks))
    }

    fn layers(&mut self, layers: &Layers, axes: [DimensionId; 2]) -> Written {
        let quantity = Quantity::of(self.season.output);
        let unit = quantity.unit;
        let noise = format!("{NOISE} {unit}");
        let drydown = format!(
            "tau of exp(-t/tau) towards the pixel's smallest value, from events of {EVENT_DATES} or more consecutive falling dates at most \
             {LONGEST_GAP} days apart, values within {noise} of the smallest left out; none where fewer than {FEWEST_EVENTS} events"
        );
        let trend = format!(
            "least squares against time, per 365.25 days; none where fewer than {TREND_DATES} dates. The standard error takes dates as \
             independent, so the true one is larger"
        );
        let per_year = format!("{unit} year-1");
        let planes: [(&str, &[f32], &str, &str, &str); 4] = [
            ("mean", &layers.mean, unit, "mean over the dates with a value", ""),
            ("trend", &layers.trend, &per_year, "linear trend", &trend),
            ("trend_standard_error", &layers.trend_error, &per_year, "standard error of the trend", &trend),
            ("drydown_time", &layers.drydown, "days", "dry-down time constant", &drydown),
        ];
        for (name, plane, unit, words, comment) in planes {
            let variable = self.builder.add_variable::<f32>(format!("{}_{name}", quantity.name), &axes)?;
            let long_name = format!("{}: {words}", quantity.name.replace('_', " "));
            let kind = ("coverage_content_type", "modelResult");
            self.text(variable, &[("long_name", &long_name), ("units", unit), kind])?;
            if name == "mean" {
                let methods = "area: mean";
                self.text(variable, &[("standard_name", quantity.standard_name), ("cell_methods", methods)])?;
            } else {
                self.text(variable, &[("comment", comment)])?;
            }
            self.floats(variable, plane, false)?;
        }
        let counts: [(&str, &[u16], &str); 2] = [
            ("count", &layers.count, "dates with a value"),
            ("drydown_events", &layers.events, "events that the dry-down time constant rests on"),
        ];
        for (name, plane, words) in counts {
            let variable = self.builder.add_variable::<u16>(format!("{}_{name}", quantity.name), &axes)?;
            let kind = ("coverage_content_type", "qualityInformation");
            self.text(variable, &[("long_name", words), ("units", "1"), kind])?;
            if name == "count" {
                self.text(variable, &[("standard_name", "number_of_observations")])?;
            }
            self.placed(variable)?;
            self.packed(variable, false)?;
            self.builder.write_variable(variable, plane)?;
        }
        Ok(())
    }

    /// Grid mapping and auxiliary coordinates.
    fn placed(&mut self, variable: VariableId) -> Written {
        let depth = self.season.output == Output::SoilMoisture;
        let coordinates = if depth { "lat lon depth" } else { "lat lon" };
        self.text(variable, &[("grid_mapping", "crs"), ("coordinates", coordinates)])
    }

    /// Values with -9999 where there is none.
    fn floats(&mut self, variable: VariableId, values: &[f32], in_time: bool) -> Written {
        self.placed(variable)?;
        self.builder.set_variable_fill_value(variable, NODATA)?;
        self.packed(variable, in_time)?;
        let values: Vec<f32> = values.iter().map(|v| if v.is_finite() { *v } else { NODATA }).collect();
        self.builder.write_variable(variable, &values)
    }

    fn packed(&mut self, variable: VariableId, in_time: bool) -> Written {
        let sizes = [self.season.days.len(), self.season.window.rows, self.season.window.columns];
        let chunk: Vec<u64> = sizes.iter().zip(CHUNK).map(|(n, most)| (*n).min(most).max(1) as u64).collect();
        let chunk = if in_time { chunk } else { chunk.into_iter().skip(1).collect() };
        self.builder.set_variable_chunking(variable, chunk)?;
        self.builder.set_variable_deflate(variable, Some(4), true)
    }
}
