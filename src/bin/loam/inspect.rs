//! `loam inspect FILE...`: what files are.

use std::path::PathBuf;

use ease_grid::{Grid, Statistics};
use serde_json::{Value, json};
use smap_files::companion::Passed;
use smap_files::{self as read, QualityRule, ReadOptions, Role, Variable};

use super::find::{Found, find};

/// Arguments of `loam inspect`.
#[derive(clap::Args)]
pub struct Inspect {
    /// HDF5, NetCDF-4 or TIFF files, folders, zip archives or patterns in quotes
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// JSON on standard output: of one file an object, of a folder, an archive, a pattern or several files a list
    #[arg(long)]
    json: bool,
    /// Which retrievals count in the statistics
    #[arg(long, value_enum, default_value = "recommended")]
    quality: Quality,
}

/// [`QualityRule`] on the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Quality {
    /// Recommended retrievals only
    Recommended,
    /// Also those of uncertain quality
    WithUncertain,
    /// Every value in the valid range
    All,
}

impl From<Quality> for QualityRule {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Recommended => Self::Recommended,
            Quality::WithUncertain => Self::WithUncertain,
            Quality::All => Self::All,
        }
    }
}

impl Inspect {
    /// Prints the descriptions. Files found in folders, by patterns or in archives that cannot be read are named on standard error; one that
    /// was named itself makes the command fail.
    pub fn run(self) -> super::Outcome {
        let (of_stations, files) = super::stations::split(&self.files);
        let stations = of_stations.iter().map(|path| super::stations::describe(path, self.json));
        let mut stations = stations.collect::<Result<Vec<_>, _>>()?;
        if let ([one], []) = (stations.as_mut_slice(), files.as_slice()) {
            return if self.json { super::print_json(one) } else { Ok(()) };
        }
        let mut passed = Passed::default();
        let found: Vec<Found> = find(&files, &mut passed)?
            .into_iter()
            .filter(|file| !super::stations::is_part(&file.path))
            .collect();
        // One file, named as such, is described alone.
        if let ([_], [only], []) = (files.as_slice(), found.as_slice(), stations.as_slice())
            && only.named
        {
            let description = self.describe(only).map_err(|why| format!("{}: {why}", only.path))?;
            return match description {
                Some(json) => super::print_json(&json),
                None => Ok(()),
            };
        }
        let given = !stations.is_empty();
        let (mut descriptions, mut refused, mut named) = (stations, 0, 0);
        for file in &found {
            match self.describe(file) {
                Ok(json) => descriptions.extend(json.map(|json| listed(json, &file.name))),
                Err(why) => {
                    refused += 1;
                    named += usize::from(file.named);
                    eprintln!("left out: {}: {why}", file.path);
                    descriptions.push(json!({ "file": file.name, "refused": why }));
                }
            }
        }
        if let Some(text) = passed.text() {
            eprintln!("note: {text}");
        }
        if self.json {
            super::print_json(&descriptions)?;
        }
        match found.len() {
            0 if given => Ok(()),
            0 => Err("there are no files to describe in what was named".into()),
            all if named > 0 || (refused == all && !given) => {
                Err(format!("{refused} of {all} files could not be read").into())
            }
            _ => Ok(()),
        }
    }

    /// The description as JSON, where that is asked for; else it is printed.
    fn describe(&self, file: &Found) -> Result<Option<Value>, String> {
        let granule = read::open(file.source()?).map_err(|e| e.to_string())?;
        let options = ReadOptions { quality: self.quality.into(), scale: None };
        let mut problems: Vec<String> = granule.problems.iter().map(|p| p.text.clone()).collect();
        let mut statistics = Vec::new();
        for (index, variable) in granule.variables.iter().enumerate() {
            let numeric = variable.dtype.starts_with("int")
                || variable.dtype.starts_with("uint")
                || variable.dtype.starts_with("float");
            statistics.push(if numeric {
                granule.variable_statistics(index, &options).map_err(|e| problems.push(e.to_string())).ok()
            } else {
                None
            });
        }
        let main = granule
            .variables
            .iter()
            .find(|v| v.role == Role::SoilMoisture && v.grid.is_some())
            .or_else(|| granule.variables.iter().find(|v| v.role != Role::Other && v.grid.is_some()))
            .or_else(|| granule.variables.iter().find(|v| v.grid.is_some()))
            .or_else(|| granule.variables.iter().max_by_key(|v| v.shape.iter().product::<u64>()));
        if self.json {
            let variables: Vec<Value> = granule
                .variables
                .iter()
                .zip(&statistics)
                .map(|(v, s)| variable_json(v, s.as_ref()))
                .collect();
            return Ok(Some(json!({
                "file": granule.file,
                "bytes": granule.bytes,
                "product": granule.product,
                "origin": granule.origin,
                "short_name": granule.short_name,
                "date": granule.date,
                "dates": granule.days(),
                "date_from": granule.date_origin,
                "sentinel1_date": granule.sentinel1_date,
                "orbit": granule.orbit,
                "version": granule.version.as_ref().map(|v| &v.0),
                "counter": granule.version.as_ref().map(|v| v.1),
                "simulated": granule.simulated,
                "quality": options.quality,
                "grid": main.and_then(grid_json),
                "shape": main.map(|v| &v.shape),
                "variables": variables,
                "problems": problems,
            })));
        }
        say!("{}", file.name);
        let product = serde_json::to_value(granule.product).map_err(|e| e.to_string())?;
        say!(
            "  product    {}{}",
            product.as_str().unwrap_or_default(),
            if granule.simulated { " (SIMULATED)" } else { "" }
        );
        if let Some(origin) = granule.origin {
            say!("  from       {origin}");
        }
        let days = granule.days();
        let date = match days.as_slice() {
            [] => "unknown".to_owned(),
            [day] => day.to_string(),
            [first, .., last] => format!("{} days from {first} to {last}", days.len()),
        };
        say!("  date       {date}");
        if let Some(variable) = main {
            say!("  grid       {}", grid_text(variable));
        }
        for problem in &problems {
            say!("  note       {problem}");
        }
        for (variable, statistics) in granule.variables.iter().zip(&statistics) {
            let numbers = match statistics {
                Some(Statistics { valid, cells, min: Some(min), max: Some(max), mean: Some(mean) }) => {
                    format!("{valid} of {cells} valid, {min:.6} to {max:.6}, mean {mean:.6}")
                }
                Some(s) => format!("no valid value among {}", s.cells),
                None => "not numeric".to_owned(),
            };
            let unit = variable
                .units
                .as_ref()
                .filter(|_| statistics.is_some())
                .map_or_else(String::new, |u| format!(" {u}"));
            let day = variable.date.map_or_else(String::new, |d| format!(" {d}"));
            say!("  {}{day} {} {:?}: {numbers}{unit}", variable.path, variable.dtype, variable.shape);
            if !variable.evidence.is_empty() {
                say!("    {}", variable.evidence);
            }
        }
        Ok(None)
    }
}

/// A description under the name in the list: of a member of an archive with the archive's.
fn listed(mut description: Value, name: &str) -> Value {
    if let Some(file) = description.get_mut("file") {
        *file = json!(name);
    }
    description
}

fn variable_json(variable: &Variable, statistics: Option<&Statistics>) -> Value {
    json!({
        "name": variable.path.rsplit('/').next().unwrap_or(&variable.path),
        "path": variable.path,
        "role": variable.role,
        "type": variable.dtype,
        "shape": variable.shape,
        "units": variable.units,
        "overpass": variable.overpass,
        "date": variable.date,
        "evidence": variable.evidence,
        "scale": variable.scale,
        "grid": grid_json(variable),
        "cells": statistics.map(|s| s.cells),
        "valid": statistics.map(|s| s.valid),
        "min": statistics.and_then(|s| s.min),
        "max": statistics.and_then(|s| s.max),
        "mean": statistics.and_then(|s| s.mean),
    })
}

fn grid_json(variable: &Variable) -> Option<Value> {
    let grid: &Grid = variable.grid.as_ref()?;
    let window = grid.ease_window();
    Some(json!({
        "name": grid_name(variable),
        "epsg": grid.crs.epsg(),
        "origin": [grid.origin_x, grid.origin_y],
        "cell": [grid.cell_x, grid.cell_y],
        "columns": grid.columns,
        "rows": grid.rows,
        "first_column": window.map(|w| w.first_column),
        "first_row": window.map(|w| w.first_row),
    }))
}

fn grid_name(variable: &Variable) -> String {
    match (variable.resolution, variable.grid.as_ref().and_then(|g| g.crs.epsg())) {
        (Some(resolution), _) => resolution.name().to_owned(),
        (None, Some(epsg)) => format!("EPSG:{epsg}"),
        (None, None) => "none".to_owned(),
    }
}

fn grid_text(variable: &Variable) -> String {
    match &variable.grid {
        Some(grid) => format!("{}, {} x {} cells", grid_name(variable), grid.columns, grid.rows),
        None => format!("none (shape {:?})", variable.shape),
    }
}
