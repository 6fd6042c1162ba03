//! Rivers, lakes and towns: Natural Earth (public domain), bundled as coastlines are.
//!
//! `tests/reference/make_places.py` writes `public/places.bin` and documents its format.

use ease_grid::EaseWindow;
use ease_grid::ease2;

use super::lines::{Lines, LinesError, Reader};

/// A town.
#[derive(Debug, Clone, PartialEq)]
struct Town {
    longitude: f32,
    latitude: f32,
    name: String,
}

/// A town in the cells of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// From the window's west edge, cells.
    pub column: f64,
    /// From its north edge.
    pub row: f64,
    /// Its name.
    pub name: String,
}

/// Rivers and lakes, and towns, the most important first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Places {
    /// Rivers and lakes.
    pub water: Lines,
    towns: Vec<Town>,
}

impl Places {
    /// From the bytes of `places.bin`.
    ///
    /// # Errors
    /// [`LinesError`] for other or damaged bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LinesError> {
        let mut reader = Reader::of("places.bin", "LPL1", bytes)?;
        let water = reader.lines()?;
        let mut towns = Vec::new();
        for _ in 0..reader.count()? {
            let (longitude, latitude) = (reader.degrees()?, reader.degrees()?);
            towns.push(Town { longitude, latitude, name: reader.text()?.to_owned() });
        }
        Ok(Self { water, towns })
    }

    /// The towns in a window, the most important first.
    #[must_use]
    pub fn towns_in(&self, window: &EaseWindow) -> Vec<Spot> {
        let place = |town: &Town| {
            let (column, row) = ease2::fractional_index(
                window.resolution,
                f64::from(town.longitude),
                f64::from(town.latitude),
            );
            let (column, row) = (column - window.first_column as f64, row - window.first_row as f64);
            let inside =
                (0.0..window.columns as f64).contains(&column) && (0.0..window.rows as f64).contains(&row);
            inside.then(|| Spot { column, row, name: town.name.clone() })
        };
        self.towns.iter().filter_map(place).collect()
    }

    /// Number of towns.
    #[must_use]
    pub fn towns(&self) -> usize {
        self.towns.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::LineKind;
    use ease_grid::Resolution;

    const BYTES: &[u8] = include_bytes!("../../../../public/places.bin");

    fn bundled() -> Places {
        match Places::parse(BYTES) {
            Ok(places) => places,
            Err(error) => panic!("{error}"),
        }
    }

    fn around(longitude: f64, latitude: f64, cells: usize) -> EaseWindow {
        match EaseWindow::around(Resolution::M03, longitude, latitude, cells, cells) {
            Ok(window) => window,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn oklahoma_has_its_towns_the_largest_first_in_their_cells() {
        let spots = bundled().towns_in(&around(-97.5164, 35.4676, 100));
        let names: Vec<&str> = spots.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names.first(), Some(&"Oklahoma City"), "{names:?}");
        let there = |name: &str| names.contains(&name);
        assert!(there("Norman") && there("Lawton") && !there("Tulsa"), "{names:?}");
        // The window is about the city: it lies in its middle, to about the 2 km that places are rounded to.
        let city = &spots[0];
        assert!((city.column - 50.0).abs() < 2.0 && (city.row - 50.0).abs() < 2.0, "{city:?}");
    }

    #[test]
    fn lake_geneva_and_its_river_are_there() {
        let lines = bundled().water.in_window(&around(6.5, 46.4, 60), 0.0);
        assert!(lines.iter().any(|l| l.0 == LineKind::Lake), "Lake Geneva");
        assert!(lines.iter().any(|l| l.0 == LineKind::River), "the Rhone");
        // The lake's shore runs past Lausanne (6.63 E, 46.51 N) within three cells.
        let (column, row) = ease2::fractional_index(Resolution::M03, 6.63, 46.51);
        let window = around(6.5, 46.4, 60);
        let at = (column - window.first_column as f64, row - window.first_row as f64);
        let near = |p: &(f64, f64)| (p.0 - at.0).hypot(p.1 - at.1) < 3.0;
        assert!(lines.iter().filter(|l| l.0 == LineKind::Lake).flat_map(|l| &l.1).any(near));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        assert_eq!(Places::parse(b"LCO2"), Err(LinesError::Foreign { file: "places.bin", magic: "LPL1" }));
        for cut in [4, 9, 5_000, BYTES.len() - 1] {
            assert!(matches!(Places::parse(&BYTES[..cut]), Err(LinesError::CutOff { .. })), "{cut}");
        }
        assert_eq!(
            Places::parse(b"LPL1\0\0\0\0\x01\0\0\0\x02\0\x02\0\x01\xff"),
            Err(LinesError::NoText { file: "places.bin", at: 18 })
        );
    }
}
