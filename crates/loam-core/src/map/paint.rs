//! Values and reasons to RGBA, one pixel per EASE-Grid cell.
//!
//! A masked cell is painted with a diagonal hatch of two greys, never with a colour of the scale (users.md, convention 6 of section 2).

use super::Scale;
use ease_grid::Reason;

/// The two greys of the hatch: line, ground. Both without hue, which no colour of a moisture scale is.
pub const HATCH: [[u8; 3]; 2] = [[150, 150, 150], [206, 206, 206]];

/// Whether a masked cell lies on a line of the hatch.
#[must_use]
pub const fn is_hatched(column: usize, row: usize) -> bool {
    (column + row).is_multiple_of(4)
}

/// Row-major RGBA, 4 bytes per cell. `reasons` are [`Reason`] numbers; a value that is not finite counts as masked.
#[must_use]
pub fn paint(values: &[f32], reasons: &[u8], columns: usize, scale: &Scale) -> Vec<u8> {
    let mut rgba = Vec::with_capacity(values.len() * 4);
    let columns = columns.max(1);
    for (i, &value) in values.iter().enumerate() {
        let valid = reasons.get(i).is_none_or(|r| *r == Reason::Valid as u8) && value.is_finite();
        let entry = if valid { scale.entry(f64::from(value)) } else { None };
        let [r, g, b] = match entry {
            Some(entry) => scale.colour(entry),
            None if is_hatched(i % columns, i / columns) => HATCH[0],
            None => HATCH[1],
        };
        rgba.extend_from_slice(&[r, g, b, 255]);
    }
    rgba
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::COLOUR_MAPS;

    #[test]
    fn masked_cells_never_take_a_colour_of_the_scale() {
        let scale = Scale::moisture();
        let values = [0.1, f32::NAN, 0.2, f32::NAN];
        let reasons = [0, Reason::Water as u8, Reason::QualityFlag as u8, 0];
        let rgba = paint(&values, &reasons, 2, &scale);
        assert_eq!(rgba.len(), 16);
        let pixel = |i: usize| [rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2]];
        assert_eq!(Some(pixel(0)), scale.entry(f64::from(0.1f32)).map(|e| scale.colour(e)));
        assert!((1..4).all(|i| HATCH.contains(&pixel(i))));
        assert!(rgba.iter().skip(3).step_by(4).all(|a| *a == 255));
        for map in COLOUR_MAPS.iter().filter(|m| m.key != "vik" && m.key != "balance") {
            assert!((0..=255).all(|i| !HATCH.contains(&map.colour(i))), "{}", map.key);
        }
    }

    #[test]
    fn the_hatch_runs_diagonally() {
        let rgba = paint(&[f32::NAN; 16], &[1; 16], 4, &Scale::moisture());
        let on: Vec<usize> = (0..16).filter(|i| rgba[4 * i] == HATCH[0][0]).collect();
        assert_eq!(on, [0, 7, 10, 13]);
    }
}
