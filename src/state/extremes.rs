//! Where a layer is lowest and highest, in words: for those who do not see the map.

use super::Layer;
use ease_grid::EaseWindow;
use loam_core::map::graticule::{latitude_label, longitude_label};

/// `Lowest 0.083 m³/m³ at 35.2° N, 97.51° W, highest 0.412 m³/m³ at 36.04° N, 98.7° W. 12 % of the cells have no value.`
#[must_use]
pub fn extremes(layer: &Layer, window: &EaseWindow, unit: &str) -> String {
    let known = layer.values.iter().enumerate().filter(|(_, value)| value.is_finite());
    let lowest = known.clone().min_by(|a, b| a.1.total_cmp(b.1));
    let highest = known.max_by(|a, b| a.1.total_cmp(b.1));
    let (Some(lowest), Some(highest)) = (lowest, highest) else {
        return "No cell has a value.".to_owned();
    };
    let place = |(index, value): (usize, &f32)| {
        let columns = window.columns.max(1);
        let (longitude, latitude) = window.lonlat(index % columns, index / columns);
        let value = format!("{value:.3}").replace('-', "−");
        format!("{value} {unit} at {}, {}", latitude_label(latitude), longitude_label(longitude))
    };
    let masked = 100.0 * (1.0 - layer.statistics.valid as f64 / layer.statistics.cells.max(1) as f64);
    format!("Lowest {}, highest {}. {masked:.0} % of the cells have no value.", place(lowest), place(highest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ease_grid::{Resolution, Statistics};
    use loam_core::layer::LayerKind;

    #[test]
    fn the_lowest_and_the_highest_cell_are_named_with_their_places() -> Result<(), ease_grid::GridError> {
        let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 10, 10)?;
        let mut values = vec![0.2; 100];
        (values[0], values[99]) = (-0.05, 0.41);
        values[50..62].fill(f32::NAN);
        let statistics = Statistics::of(&values);
        let layer =
            |values| Layer { key: LayerKind::Estimate.into(), values, reasons: vec![0; 100], statistics };
        // Four and a half cells north-west and south-east of the middle.
        assert_eq!(
            extremes(&layer(values), &window, "m³/m³"),
            "Lowest −0.050 m³/m³ at 35.61° N, 97.67° W, highest 0.410 m³/m³ at 35.35° N, 97.39° W. 12 % of the cells have no value."
        );
        let none = Layer { statistics: Statistics::of(&[]), ..layer(vec![f32::NAN; 4]) };
        assert_eq!(extremes(&none, &window, "K"), "No cell has a value.");
        Ok(())
    }
}
