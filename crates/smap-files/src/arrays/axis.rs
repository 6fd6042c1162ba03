//! Numbers of a horizontal axis.

use crate::ReadError;
use crate::arrays::file::Array;

/// Longest axis that is read: whole planes of longitudes are axes, too.
const LONGEST: usize = 16 << 20;

/// Beginning and end of each of an axis' steps, where the file gives them (CF conventions 7.1).
pub(super) fn bounds<'a>(axis: &Array, mut beside: impl Iterator<Item = &'a Array>) -> Option<&'a Array> {
    let name = axis.text("bounds")?;
    beside.find(|a| a.name() == name && a.is_numeric() && a.shape == [axis.elements(), 2])
}

/// Numbers of an axis of at most so many steps, unpacked.
pub(super) fn unpacked(array: &Array, limit: usize) -> Result<Vec<f64>, ReadError> {
    let mut values = array.all_numbers(limit)?;
    if let Some((factor, offset)) = array.declared().linear() {
        values.iter_mut().for_each(|v| *v = *v * factor + offset);
    }
    Ok(values)
}

/// Numbers of an axis, unpacked: the middles of its cells, where the file gives their edges and the axis counts something
/// else, as a corner.
pub(super) fn axis_values(array: &Array, beside: &[&Array]) -> Result<Vec<f64>, String> {
    let unpacked = |array: &Array| unpacked(array, LONGEST).map_err(|e| e.to_string());
    let values = unpacked(array)?;
    let Some(edges) = bounds(array, beside.iter().copied()) else { return Ok(values) };
    let middles: Vec<f64> = unpacked(edges)?.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
    // Rounding alone is no other place.
    let step = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min);
    let elsewhere = middles.iter().zip(&values).any(|(middle, value)| (middle - value).abs() > 0.1 * step);
    Ok(if elsewhere && middles.iter().all(|v| v.is_finite()) { middles } else { values })
}
