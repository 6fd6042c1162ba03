//! Pixels and statistics of HDF5 arrays: fill values and quality flags become reasons here, once.

use std::ops::Range;
use std::sync::Arc;

use crate::arrays::file::{Array, File, too_large};
use crate::arrays::place::{Placement, check_cells, hint, leading_axes, mapping, place};
use crate::smap::flags::{QualityScreen, fills};
use crate::smap::names::{quality_flags, stem};
use crate::values::ValueRule;
use crate::{BackscatterScale, Granule, Product, QualityRule, ReadError, ReadOptions, Role, Variable};
use ease_grid::{EaseWindow, Grid, GridError, Raster, Reason, Statistics};

/// Elements a statistics pass looks at: more than twice the global 3 km grid.
const LARGEST_SCAN: u64 = 128 << 20;
/// Land surface temperature that can be, K: MODIS gives 150 to 1310, and nothing above 400 is ground.
pub(crate) const SURFACE_TEMPERATURE_RANGE: (f32, f32) = (150.0, 400.0);
/// Elements of a 1-D list.
const LARGEST_LIST: usize = 16 << 20;

/// An array with everything that decides about its values.
struct Layer {
    value: Array,
    quality: Option<Array>,
    surface: Option<Array>,
    screen: QualityScreen,
    /// Screen by range and flags (soil moisture, temperatures), or by fill alone.
    flagged: bool,
    siblings: Arc<[Array]>,
}

impl Layer {
    fn open(
        file: &File,
        granule: &Granule,
        variable: &Variable,
        rule: QualityRule,
    ) -> Result<Self, ReadError> {
        let value = file.array(&variable.path)?;
        let smap = !matches!(granule.product, Product::Unknown | Product::OtherSoilMoisture | Product::Nisar)
            || variable.given.is_some();
        let flagged = matches!(
            variable.role,
            Role::SoilMoisture
                | Role::SoilMoistureUncertainty
                | Role::BrightnessV
                | Role::BrightnessH
                | Role::SurfaceTemperature
        );
        let siblings = if granule.product == Product::Unknown && !flagged {
            Arc::default()
        } else {
            file.arrays_in(value.group())
        };
        let flag = |wanted: &str| {
            let fits = |a: &&Array| a.shape == value.shape && a.is_numeric() && stem(a.name()).stem == wanted;
            let main = stem(value.name());
            let same =
                |a: &&Array| stem(a.name()).apm == main.apm && stem(a.name()).resolution == main.resolution;
            let found = siblings.iter().filter(fits).find(same).or_else(|| siblings.iter().find(fits));
            found.map(|a| file.array(&a.path)).transpose()
        };
        let mut quality = None;
        if flagged && variable.role != Role::SurfaceTemperature {
            for wanted in quality_flags(value.name()) {
                if quality.is_none() {
                    quality = flag(&wanted)?;
                }
            }
        }
        // The surface flag says why nothing was retrieved, not what the radiometer saw.
        let surface = if variable.role == Role::SoilMoisture { flag("surface_flag")? } else { None };
        let fill_of = |a: Option<&Array>| a.map_or_else(ValueRule::default, |a| fill(a, smap));
        let screen = QualityScreen {
            rule,
            values: value_rule(&value, variable, granule.product, smap),
            quality_fill: fill_of(quality.as_ref()),
            surface_fill: fill_of(surface.as_ref()),
        };
        Ok(Self { value, quality, surface, screen, flagged, siblings })
    }

    /// Values and reasons of a box of indices.
    fn screened(&self, ranges: &[Range<u64>]) -> Result<(Vec<f64>, Vec<Reason>), ReadError> {
        let mut values = self.value.numbers(ranges)?;
        let rule = &self.screen.values;
        let reasons = if self.flagged {
            let read = |flag: &Option<Array>| flag.as_ref().map(|a| a.numbers(ranges)).transpose();
            let (quality, surface) = (read(&self.quality)?, read(&self.surface)?);
            let at = |flag: &Option<Vec<f64>>, i: usize| flag.as_ref().and_then(|f| f.get(i).copied());
            let reason = |(i, v): (usize, &f64)| self.screen.reason(*v, at(&quality, i), at(&surface, i));
            values.iter().enumerate().map(reason).collect()
        } else {
            let missing = |v: f64| rule.is_fill(v) || (rule.positive && v <= 0.0);
            let reason = |v: &f64| if missing(*v) { Reason::NotObserved } else { Reason::Valid };
            values.iter().map(reason).collect()
        };
        if rule.linear.is_some() {
            values.iter_mut().for_each(|value| *value = rule.physical(*value));
        }
        Ok((values, reasons))
    }
}

/// Declared fill of an array, and the conventions.
pub(super) fn fill(array: &Array, smap: bool) -> ValueRule {
    let attributes = array.attributes();
    let mut declared: Vec<f64> =
        ["_FillValue", "missing_value"].iter().flat_map(|name| attributes.numbers(name)).collect();
    // Fills of numbers that stand for unsigned ones are written signed.
    if let Some(turn) = array.unsigned_turn() {
        declared.iter_mut().filter(|n| **n < 0.0).for_each(|n| *n += turn);
    }
    fills(&declared, &array.type_name(), smap)
}

/// Which stored numbers of an array count, and what they mean.
fn value_rule(array: &Array, variable: &Variable, product: Product, smap: bool) -> ValueRule {
    let declared = array.declared();
    let mut rule = fill(array, smap);
    rule.linear = variable.stored_to_unit();
    // SPL4 holds values above its own valid_max of 0.9; physically 0..1.
    // Power given by the user has zeros where there is no image, as GeoTIFFs have.
    let linear = matches!(variable.scale, Some(BackscatterScale::Power | BackscatterScale::Amplitude));
    rule.positive = linear && product != Product::Spl2smapS;
    let possible = match variable.role {
        Role::BrightnessV | Role::BrightnessH => (0.0, 330.0),
        Role::SurfaceTemperature => {
            // MODIS: 0, declared or not; in degrees C it is a temperature. Declared limits of packed arrays are packed, too.
            rule.no_zero = variable.linear.is_none_or(|(_, offset)| offset == 0.0);
            rule.range = Some(SURFACE_TEMPERATURE_RANGE);
            return rule;
        }
        Role::SoilMoisture if product == Product::Spl2smapS => (0.0, 0.75),
        // Retrievals of other products scatter a little below zero.
        Role::SoilMoisture if product == Product::OtherSoilMoisture => (-0.1, 1.0),
        _ => (0.0, 1.0),
    };
    // Declared limits are in the file's unit, not in the one that the user's word leads to.
    let bounds = declared.bounds().filter(|_| product != Product::Spl4 && variable.given.is_none());
    if declared.bounds_are_stored {
        rule.stored_range = bounds;
        rule.range = Some(possible);
    } else {
        let within = |bound: f64, otherwise: f32| if bound.is_finite() { bound as f32 } else { otherwise };
        rule.range =
            Some(bounds.map_or(possible, |(low, high)| (within(low, possible.0), within(high, possible.1))));
    }
    rule
}

fn variable(granule: &Granule, index: usize) -> Result<&Variable, ReadError> {
    granule.variables.get(index).ok_or(ReadError::NoSuchVariable { index, count: granule.variables.len() })
}

/// See [`Granule::read`].
pub(crate) fn read(
    granule: &Granule,
    index: usize,
    options: &ReadOptions,
    window: Option<&EaseWindow>,
) -> Result<Raster, ReadError> {
    let variable = variable(granule, index)?;
    let file = File::open(&granule.source)?;
    let layer = Layer::open(&file, granule, variable, options.quality)?;
    let group: Vec<&Array> = layer.siblings.iter().collect();
    let root = file.arrays_in("");
    let root: Vec<&Array> = root.iter().collect();
    let hint = hint(&layer.value, granule.product, granule.short_name.as_deref());
    let leading = leading_axes(&layer.value, &group, &root);
    let crs = mapping(&layer.value, &group, &root);
    let apm = stem(layer.value.name()).apm;
    let placement = match place(
        layer.value.shape.get(leading..).unwrap_or_default(),
        hint,
        apm,
        crs.as_ref(),
        &group,
        &root,
    ) {
        Ok(Some(placement)) => placement,
        Ok(None) => {
            return Err(unplaced(variable, "the file has neither row and column indices nor x and y for it"));
        }
        Err(text) => return Err(unplaced(variable, &text)),
    };
    // Where the file's part begins in the raster asked for, and which part of the file that is.
    let target = Target::new(&placement, window)?;
    check_cells(&variable.path, target.grid.len())?;
    match placement {
        Placement::Map { row_axis, south_up, .. } => {
            let axis = leading + row_axis;
            let rows = layer.value.shape.get(axis).map_or(0, |n| *n as usize);
            read_map(&layer, &target, axis, variable.step, south_up.then_some(rows))
        }
        Placement::List { cells, .. } => read_list(&layer, &target, &cells),
    }
}

fn unplaced(variable: &Variable, why: &str) -> ReadError {
    ReadError::Unsuitable {
        what: format!("{} is no map Loam can place ({why})", variable.path),
        remedy:
            "ask the archive for a subset with EASE_row_index and EASE_column_index, or use the whole granule"
                .to_owned(),
    }
}

/// The raster to fill, and the box of file cells that goes into it.
struct Target {
    grid: Grid,
    /// Rows and columns of the file.
    rows: Range<usize>,
    columns: Range<usize>,
    /// Raster cell of the box's first cell.
    row: usize,
    column: usize,
}

impl Target {
    fn new(placement: &Placement, wanted: Option<&EaseWindow>) -> Result<Self, ReadError> {
        let whole = placement.grid();
        let (Some(here), Some(wanted)) = (placement.window(), wanted) else {
            return Ok(Self {
                grid: whole.clone(),
                rows: 0..whole.rows,
                columns: 0..whole.columns,
                row: 0,
                column: 0,
            });
        };
        if here.resolution != wanted.resolution {
            return Err(GridError::DifferentGrids.into());
        }
        let Some(common) = here.intersection(wanted) else {
            return Ok(Self { grid: wanted.grid(), rows: 0..0, columns: 0..0, row: 0, column: 0 });
        };
        let (row, column) = (common.first_row - here.first_row, common.first_column - here.first_column);
        Ok(Self {
            grid: wanted.grid(),
            rows: row..row + common.rows,
            columns: column..column + common.columns,
            row: common.first_row - wanted.first_row,
            column: common.first_column - wanted.first_column,
        })
    }

    fn empty(&self) -> (Vec<f32>, Vec<Reason>) {
        (vec![f32::NAN; self.grid.len()], vec![Reason::OutsideFile; self.grid.len()])
    }
}

/// Reads a map slab by slab. `step`: index on the first axis, of an array of several days. `turned`: rows are stored from south to north, of so
/// many in all.
fn read_map(
    layer: &Layer,
    target: &Target,
    row_axis: usize,
    step: Option<u64>,
    turned: Option<usize>,
) -> Result<Raster, ReadError> {
    let (mut values, mut reasons) = target.empty();
    let width = target.columns.len();
    // Rows as they are stored.
    let stored = turned.map_or(target.rows.clone(), |n| n - target.rows.end..n - target.rows.start);
    for slab in layer.value.slabs(row_axis, stored.start as u64..stored.end as u64, width as u64) {
        // Of an extra axis the first layer.
        let mut ranges = vec![0..1; layer.value.shape.len()];
        if let (Some(step), true) = (step, row_axis > 0) {
            ranges[0] = step..step + 1;
        }
        ranges[row_axis] = slab.clone();
        ranges[row_axis + 1] = target.columns.start as u64..target.columns.end as u64;
        let (slab_values, slab_reasons) = layer.screened(&ranges)?;
        for (i, (v, r)) in slab_values.chunks_exact(width).zip(slab_reasons.chunks_exact(width)).enumerate() {
            let file_row = slab.start as usize + i;
            let row = turned.map_or(file_row, |n| n - 1 - file_row);
            let at = (target.row + row - target.rows.start) * target.grid.columns + target.column;
            for (to, from) in values[at..at + width].iter_mut().zip(v) {
                *to = *from as f32;
            }
            reasons[at..at + width].copy_from_slice(r);
        }
    }
    Ok(Raster::new(target.grid.clone(), values, reasons)?)
}

/// A 1-D list: cells of the half orbit's bounding box that no element names were not observed; of several elements in one cell the
/// valid ones are averaged.
fn read_list(layer: &Layer, target: &Target, cells: &[Option<(u32, u32)>]) -> Result<Raster, ReadError> {
    if cells.len() > LARGEST_LIST {
        return Err(too_large(&layer.value.path, cells.len() as u64 * 8, LARGEST_LIST as u64 * 8));
    }
    let (list_values, list_reasons) = layer.screened(std::slice::from_ref(&(0..cells.len() as u64)))?;
    let (mut values, mut reasons) = target.empty();
    for row in 0..target.rows.len() {
        let at = (target.row + row) * target.grid.columns + target.column;
        reasons[at..at + target.columns.len()].fill(Reason::NotObserved);
    }
    let mut valid: Vec<(usize, f64)> = Vec::new();
    for ((cell, value), reason) in cells.iter().zip(&list_values).zip(&list_reasons) {
        let Some((column, row)) = cell.map(|(c, r)| (c as usize, r as usize)) else { continue };
        if !target.rows.contains(&row) || !target.columns.contains(&column) {
            continue;
        }
        let at = (target.row + row - target.rows.start) * target.grid.columns + target.column + column
            - target.columns.start;
        if *reason == Reason::Valid {
            valid.push((at, *value));
        } else if reasons[at] == Reason::NotObserved {
            reasons[at] = *reason;
        }
    }
    valid.sort_by_key(|(at, _)| *at);
    for same in valid.chunk_by(|a, b| a.0 == b.0) {
        let at = same[0].0;
        values[at] = (same.iter().map(|(_, v)| v).sum::<f64>() / same.len() as f64) as f32;
        reasons[at] = Reason::Valid;
    }
    Ok(Raster::new(target.grid.clone(), values, reasons)?)
}

/// See [`Granule::variable_statistics`].
pub(crate) fn statistics(
    granule: &Granule,
    index: usize,
    options: &ReadOptions,
) -> Result<Statistics, ReadError> {
    let variable = variable(granule, index)?;
    let file = File::open(&granule.source)?;
    let layer = Layer::open(&file, granule, variable, options.quality)?;
    let steps = variable.step.and(layer.value.shape.first().copied()).unwrap_or(1).max(1);
    let elements = layer.value.elements() / steps;
    if elements > LARGEST_SCAN {
        return Err(too_large(&variable.path, elements.saturating_mul(8), LARGEST_SCAN * 8));
    }
    let (mut valid, mut sum, mut min, mut max) = (0usize, 0f64, f64::INFINITY, f64::NEG_INFINITY);
    let mut add = |values: &[f64], reasons: &[Reason]| {
        for (&value, _) in values.iter().zip(reasons).filter(|(_, r)| **r == Reason::Valid) {
            valid += 1;
            sum += value;
            min = min.min(value);
            max = max.max(value);
        }
    };
    let shape = &layer.value.shape;
    match shape.split_first() {
        None => {
            let (values, reasons) = layer.screened(&[])?;
            add(&values, &reasons);
        }
        Some((&rows, rest)) => {
            let per_row = rest.iter().product::<u64>();
            let rows = variable.step.map_or(0..rows, |step| step..step + 1);
            for slab in layer.value.slabs(0, rows, per_row) {
                let ranges: Vec<Range<u64>> =
                    std::iter::once(slab).chain(rest.iter().map(|&d| 0..d)).collect();
                let (values, reasons) = layer.screened(&ranges)?;
                add(&values, &reasons);
            }
        }
    }
    let some = |v: f64| (valid > 0).then_some(v);
    Ok(Statistics {
        valid,
        cells: usize::try_from(elements).unwrap_or(usize::MAX),
        min: some(min),
        max: some(max),
        mean: some(sum / valid.max(1) as f64),
    })
}
