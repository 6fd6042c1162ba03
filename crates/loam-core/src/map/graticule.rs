//! Meridians and parallels crossing a window, in its cell coordinates.
//!
//! EASE-Grid 2.0 is cylindrical (formats.md 2.4): meridians are vertical and parallels horizontal straight lines, so each is one number.

use ease_grid::EaseWindow;
use ease_grid::ease2::{self, X0, Y0};

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct GraticuleLine {
    /// Distance from the window's left (meridians) or top (parallels) edge, in cells.
    pub at: f64,
    /// Degrees, east and north positive.
    pub degrees: f64,
    /// `97.5° W`.
    pub label: String,
}

/// The lines of a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graticule {
    /// West to east.
    pub meridians: Vec<GraticuleLine>,
    /// North to south.
    pub parallels: Vec<GraticuleLine>,
}

/// Steps between lines, degrees.
const STEPS: [f64; 12] = [0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 45.0];

/// Round meridians and parallels strictly inside a part of a window (`left`, `top`, `columns`, `rows` in its cells), about `wanted`
/// of each.
#[must_use]
pub fn graticule(window: &EaseWindow, part: (f64, f64, f64, f64), wanted: usize) -> Graticule {
    let (left, top, columns, rows) = part;
    let cell = window.resolution.cell_m();
    let x_of = |column: f64| X0 + (window.first_column as f64 + column) * cell;
    let y_of = |row: f64| Y0 - (window.first_row as f64 + row) * cell;
    let (west, north) = ease2::inverse(x_of(left), y_of(top));
    let (east, south) = ease2::inverse(x_of(left + columns), y_of(top + rows));
    let wanted = wanted.max(1) as f64;
    let meridians = round_values(west, east, (east - west) / wanted).into_iter().map(|degrees| {
        let (column, _) = ease2::fractional_index(window.resolution, degrees, 0.0);
        GraticuleLine { at: column - window.first_column as f64, degrees, label: longitude_label(degrees) }
    });
    let parallels = round_values(south, north, (north - south) / wanted).into_iter().rev().map(|degrees| {
        let (_, row) = ease2::fractional_index(window.resolution, 0.0, degrees);
        GraticuleLine { at: row - window.first_row as f64, degrees, label: latitude_label(degrees) }
    });
    Graticule { meridians: meridians.collect(), parallels: parallels.collect() }
}

fn round_values(low: f64, high: f64, spacing: f64) -> Vec<f64> {
    let step = STEPS.into_iter().find(|s| *s >= spacing * 0.999).unwrap_or(45.0);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last)
        .map(|i| (i as f64 * step * 1e6).round() / 1e6)
        .filter(|d| *d > low + 1e-6 && *d < high - 1e-6)
        .collect()
}

fn hemisphere(degrees: f64, positive: &str, negative: &str) -> String {
    let suffix = if degrees > 0.0 {
        positive
    } else if degrees < 0.0 {
        negative
    } else {
        return "0°".to_owned();
    };
    format!("{}° {suffix}", (degrees.abs() * 100.0).round() / 100.0)
}

/// `97.5° W`.
#[must_use]
pub fn longitude_label(degrees: f64) -> String {
    hemisphere(degrees, "E", "W")
}

/// `35° N`.
#[must_use]
pub fn latitude_label(degrees: f64) -> String {
    hemisphere(degrees, "N", "S")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ease_grid::{GridError, Resolution};

    #[test]
    fn oklahoma_has_whole_degrees_in_their_cells() -> Result<(), GridError> {
        let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 100, 100)?;
        let g = graticule(&window, (0.0, 0.0, 100.0, 100.0), 4);
        assert_eq!(g.meridians.iter().map(|l| l.degrees).collect::<Vec<_>>(), [-99.0, -98.0, -97.0, -96.0]);
        assert_eq!(g.meridians[0].label, "99° W");
        let north_to_south: Vec<f64> = g.parallels.iter().map(|l| l.degrees).collect();
        assert_eq!(north_to_south, [36.0, 35.0]);
        for line in &g.parallels {
            let (_, latitude) =
                ease2::inverse(0.0, Y0 - (window.first_row as f64 + line.at) * window.resolution.cell_m());
            assert!((latitude - line.degrees).abs() < 1e-6, "{line:?}: {latitude}");
        }
        assert!(g.parallels.windows(2).all(|w| w[0].at < w[1].at));
        Ok(())
    }

    #[test]
    fn a_zoomed_part_gets_finer_lines() -> Result<(), GridError> {
        let window = EaseWindow::around(Resolution::M03, 6.1432, 46.2044, 100, 100)?;
        let g = graticule(&window, (40.0, 40.0, 10.0, 10.0), 4);
        assert!(g.meridians.iter().all(|l| l.at > 40.0 && l.at < 50.0) && g.meridians.len() >= 2, "{g:?}");
        Ok(())
    }

    #[test]
    fn the_globe_gets_few_lines_and_the_equator_no_letter() {
        let g = graticule(&EaseWindow::global(Resolution::M36), (0.0, 0.0, 964.0, 406.0), 8);
        assert_eq!(g.meridians.len(), 7);
        let equator = g.parallels.iter().find(|l| l.degrees == 0.0);
        assert_eq!(equator.map(|l| (l.at.round(), l.label.as_str())), Some((203.0, "0°")));
    }
}
