//! An array with all that decides about its values, and where it lies: fill values and quality flags become reasons here, once.

use std::ops::Range;
use std::sync::Arc;

use crate::arrays::file::{Array, File};
use crate::arrays::place::{Placement, hint, leading_axes, mapping, place};
use crate::smap::flags::{QualityScreen, fills};
use crate::smap::names::{quality_flags, stem};
use crate::values::ValueRule;
use crate::{BackscatterScale, Granule, Product, ReadError, ReadOptions, Role, Variable, backscatter};
use ease_grid::Reason;

/// Land surface temperature that can be, K: MODIS gives 150 to 1310, and nothing above 400 is ground.
pub(crate) const SURFACE_TEMPERATURE_RANGE: (f32, f32) = (150.0, 400.0);

/// An array with everything that decides about its values.
pub(super) struct Layer {
    pub(super) value: Array,
    quality: Option<Array>,
    surface: Option<Array>,
    screen: QualityScreen,
    /// By range and flags (soil moisture, temperatures, images), or by fill alone.
    screened: bool,
    siblings: Arc<[Array]>,
}

impl Layer {
    pub(super) fn open(
        file: &File,
        granule: &Granule,
        variable: &Variable,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let value = file.array(&variable.path)?;
        let smap = !matches!(
            granule.product,
            Product::Unknown | Product::OtherSoilMoisture | Product::Nisar | Product::Sentinel1
        ) || variable.given.is_some();
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
        // SPL2SMAP_S has values on the grid, not pixels of an image.
        let image = matches!(variable.role, Role::BackscatterVv | Role::BackscatterVh)
            && granule.product != Product::Spl2smapS;
        let values = if image {
            image_rule(&value, variable, options.scale, smap)
        } else {
            value_rule(&value, variable, granule.product, smap)
        };
        let fill_of = |a: Option<&Array>| a.map_or_else(ValueRule::default, |a| fill(a, smap));
        let screen = QualityScreen {
            rule: options.quality,
            values,
            quality_fill: fill_of(quality.as_ref()),
            surface_fill: fill_of(surface.as_ref()),
        };
        Ok(Self { value, quality, surface, screen, screened: flagged || image, siblings })
    }

    /// Values and reasons of a box of indices.
    pub(super) fn screened(&self, ranges: &[Range<u64>]) -> Result<(Vec<f64>, Vec<Reason>), ReadError> {
        let mut values = self.value.numbers(ranges)?;
        let rule = &self.screen.values;
        let reasons = if self.screened {
            let read = |flag: &Option<Array>| flag.as_ref().map(|a| a.numbers(ranges)).transpose();
            let (quality, surface) = (read(&self.quality)?, read(&self.surface)?);
            let at = |flag: &Option<Vec<f64>>, i: usize| flag.as_ref().and_then(|f| f.get(i).copied());
            let reason = |(i, v): (usize, &f64)| self.screen.reason(*v, at(&quality, i), at(&surface, i));
            values.iter().enumerate().map(reason).collect()
        } else {
            let reason = |v: &f64| if rule.is_fill(*v) { Reason::NotObserved } else { Reason::Valid };
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
    if declared.is_empty() {
        declared.extend(default_fill(&array.type_name()));
        // A zero counts by the quantity's own rule.
        declared.extend(array.never_written().filter(|number| *number != 0.0));
    }
    fills(&declared, &array.type_name(), smap)
}

/// What the NetCDF library leaves in cells that were never written, where a variable declares no fill; of bytes it leaves none that counts.
fn default_fill(dtype: &str) -> Option<f64> {
    match dtype {
        "int16" => Some(-32_767.0),
        "int32" => Some(-2_147_483_647.0),
        "uint16" => Some(65_535.0),
        "uint32" => Some(4_294_967_295.0),
        _ => None,
    }
}

/// Whether the declared offset makes another number than 0 of a stored 0.
fn is_shifted(array: &Array) -> bool {
    array.declared().linear().is_some_and(|(_, offset)| offset != 0.0)
}

/// A layer that declares nothing of cells without a value: its zeros are none, since no soil is without any water. NaN, which xarray declares
/// of all that it writes, says nothing.
pub(super) fn zeros_are_fill(array: &Array) -> bool {
    let attributes = array.attributes();
    !is_shifted(array)
        && ["_FillValue", "missing_value", "valid_min", "valid_range"]
            .iter()
            .all(|name| attributes.numbers(name).iter().all(|number| number.is_nan()))
}

/// Which pixels of an image of backscatter count, as in GeoTIFFs. `scale`: the user's word.
fn image_rule(array: &Array, variable: &Variable, scale: Option<BackscatterScale>, smap: bool) -> ValueRule {
    let mut rule = ValueRule {
        typical_fills: !array.is_whole(),
        stored_range: array.declared().stored_bounds(),
        linear: variable.stored_to_unit(),
        no_zero: variable.zero_is_no_value,
        ..fill(array, smap)
    };
    if let Some(scale) = scale.or(variable.scale) {
        backscatter::limit(&mut rule, scale, &variable.dtype);
    }
    rule
}

/// Which stored numbers of an array count, and what they mean.
fn value_rule(array: &Array, variable: &Variable, product: Product, smap: bool) -> ValueRule {
    let declared = array.declared();
    let mut rule = fill(array, smap);
    rule.linear = variable.stored_to_unit();
    // SPL4 holds values above its own valid_max of 0.9; physically 0..1.
    let possible = match variable.role {
        Role::BrightnessV | Role::BrightnessH => (0.0, 330.0),
        Role::SurfaceTemperature => {
            // MODIS: 0, declared or not; in degrees C it is a temperature. Declared limits of packed arrays are packed, too.
            rule.no_zero = variable.linear.is_none_or(|(_, offset)| offset == 0.0) && !is_shifted(array);
            rule.range = Some(SURFACE_TEMPERATURE_RANGE);
            return rule;
        }
        Role::SoilMoisture if product == Product::Spl2smapS => (0.0, 0.75),
        // Retrievals of other products scatter a little below zero.
        Role::SoilMoisture if product == Product::OtherSoilMoisture => {
            rule.no_zero = zeros_are_fill(array);
            (-0.1, 1.0)
        }
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

/// A layer, and where it lies.
pub(super) struct Placed {
    pub(super) layer: Layer,
    pub(super) placement: Placement,
    /// Axes before its rows.
    pub(super) leading: usize,
}

impl Placed {
    pub(super) fn open(
        granule: &Granule,
        variable: &Variable,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        let file = File::open(&granule.source)?;
        let layer = Layer::open(&file, granule, variable, options)?;
        let group: Vec<&Array> = layer.siblings.iter().collect();
        let root = file.arrays_in("");
        let root: Vec<&Array> = root.iter().collect();
        let hint = hint(&layer.value, granule.product, granule.short_name.as_deref());
        let leading = leading_axes(&layer.value, &group, &root);
        let crs = mapping(&layer.value, &group, &root);
        let apm = stem(layer.value.name()).apm;
        let shape = layer.value.shape.get(leading..).unwrap_or_default();
        let placement = match place(shape, hint, apm, crs.as_ref(), &group, &root) {
            Ok(Some(placement)) => placement,
            Ok(None) => {
                return Err(unplaced(
                    variable,
                    "the file has neither row and column indices nor x and y for it",
                ));
            }
            Err(text) => return Err(unplaced(variable, &text)),
        };
        Ok(Self { layer, placement, leading })
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
