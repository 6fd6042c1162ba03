//! What a few values from the middle of an array say against the unit that its file declares. They are never evidence for one.

use ease_grid::Reason;

use crate::arrays::file::Array;
use crate::arrays::layer::fill;
use crate::summary::Summary;
use crate::values::ValueRule;

/// Medians of land surface temperature, K.
pub(super) const GROUND: std::ops::RangeInclusive<f64> = 190.0..=350.0;
/// Rows and columns looked at in the middle of a map.
const SAMPLE: u64 = 64;
/// Images of a stack looked at until there are values [`ENOUGH`].
const IMAGES: u64 = 64;
/// Strips of an image, and rows of each.
const STRIPS: u64 = 5;
const STRIP_ROWS: u64 = 8;
/// Values that tell a scale.
const ENOUGH: usize = 4096;
/// Below this no soil is anywhere in a map, m3/m3.
pub(crate) const DRIEST: f64 = 0.002;

/// Values in the middle of an array, unpacked and then `linear` applied, in order.
fn sample(array: &Array, linear: Option<(f64, f64)>) -> Vec<f64> {
    let maps = array.shape.len().saturating_sub(2);
    let part = |(axis, n): (usize, &u64)| {
        let count = if axis < maps { 1 } else { SAMPLE }.min(*n);
        let first = (n - count) / 2;
        first..first + count
    };
    let ranges: Vec<_> = array.shape.iter().enumerate().map(part).collect();
    let rule = ValueRule { typical_fills: true, no_zero: true, ..fill(array, false) };
    let is_value = |v: &f64| rule.reason(*v) == Reason::Valid;
    let mut values: Vec<f64> =
        array.numbers(&ranges).unwrap_or_default().into_iter().filter(is_value).collect();
    for (factor, offset) in array.declared().linear().into_iter().chain(linear) {
        values.iter_mut().for_each(|v| *v = *v * factor + offset);
    }
    values.sort_by(f64::total_cmp);
    values
}

/// What the values of an array of images look like, unpacked. Images of a swath are empty in places: strips from top to bottom are looked at,
/// image after image until there are values enough.
pub(super) fn summary(array: &Array) -> Summary {
    let rule = ValueRule {
        typical_fills: !array.is_whole(),
        linear: array.declared().linear(),
        ..fill(array, false)
    };
    let mut summary = Summary::new(rule);
    let rows = array.shape.len().saturating_sub(2);
    let images = array.shape.iter().take(rows).product::<u64>();
    let height = array.shape.get(rows).copied().unwrap_or_default();
    let looked_at = images.min(IMAGES);
    for image in (0..looked_at).map(|n| (2 * n + 1) * images / (2 * looked_at)) {
        for strip in 0..STRIPS {
            let middle = (2 * strip + 1) * height / (2 * STRIPS);
            let first = middle.saturating_sub(STRIP_ROWS / 2);
            let mut ranges = vec![0..0; rows];
            let mut left = image;
            for (range, n) in ranges.iter_mut().zip(&array.shape).rev() {
                *range = left % n..left % n + 1;
                left /= n;
            }
            ranges.push(first..(first + STRIP_ROWS).min(height));
            ranges.extend(array.shape.get(rows + 1..).unwrap_or_default().iter().map(|n| 0..*n));
            summary.add(&array.numbers(&ranges).unwrap_or_default());
        }
        if summary.valid() >= ENOUGH {
            break;
        }
    }
    summary
}

/// The middle one of the values in the middle of an array, `linear` applied; `None` where there are none.
pub(super) fn median_of_sample(array: &Array, linear: Option<(f64, f64)>) -> Option<f64> {
    let values = sample(array, linear);
    values.get(values.len() / 2).copied()
}

/// What the values of a layer say against the unit that leads to m3/m3 by a factor.
pub(super) fn against_moisture(array: &Array, factor: f64) -> Option<String> {
    let values = sample(array, None);
    let (median, largest) = (*values.get(values.len() / 2)?, *values.last()?);
    if factor != 1.0 && largest <= 1.0 {
        return Some("its unit is percent, but none of its values is above 1, as in m3/m3".to_owned());
    }
    if largest * factor < DRIEST {
        let scale = array.declared().linear().map_or_else(String::new, |(scale, _)| {
            format!(" by its scale of {scale}, which was probably applied before")
        });
        return Some(format!("its values, {largest:.5} at most, are too small for m3/m3{scale}"));
    }
    (!(-0.1..=1.0).contains(&(median * factor)))
        .then(|| format!("its values, {median:.2} in the middle, are no m3/m3, which lie within 0 and 1"))
}
