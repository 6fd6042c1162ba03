//! Coastlines and borders: Natural Earth 1:50 million (public domain), bundled, so that no tile server learns what anyone looks at.
//!
//! `tests/reference/make_coastline.py` writes `public/coastline.bin`, simplified to about a cell, and documents its format.

use super::lines::{Lines, LinesError, Reader};

/// Coastlines and borders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coastline(pub Lines);

impl Coastline {
    /// From the bytes of `coastline.bin`.
    ///
    /// # Errors
    /// [`LinesError`] for other or damaged bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LinesError> {
        Ok(Self(Reader::of("coastline.bin", "LCO2", bytes)?.lines()?))
    }
}

impl std::ops::Deref for Coastline {
    type Target = Lines;

    fn deref(&self) -> &Lines {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::LineKind;
    use ease_grid::{EaseWindow, Resolution};

    fn bundled() -> Coastline {
        match Coastline::parse(include_bytes!("../../../../public/coastline.bin")) {
            Ok(c) => c,
            Err(e) => panic!("{e}"),
        }
    }

    #[test]
    fn geneva_has_borders_and_oklahoma_city_has_none() {
        let coast = bundled();
        let lines = |lon, lat| match EaseWindow::around(Resolution::M03, lon, lat, 100, 100) {
            Ok(window) => coast.in_window(&window, 0.0),
            Err(e) => panic!("{e}"),
        };
        assert!(lines(6.1432, 46.2044).iter().any(|l| l.0 == LineKind::Border));
        assert_eq!(lines(-97.5164, 35.4676), []);
        // The Strait of Gibraltar: coast on both sides, Africa's below Europe's.
        let gibraltar = lines(-5.5, 36.0);
        let rows = |keep: fn(f64) -> bool| {
            gibraltar.iter().flat_map(|l| &l.1).filter(|p| (45.0..55.0).contains(&p.0) && keep(p.1)).count()
        };
        assert!(rows(|r| r < 50.0) > 0 && rows(|r| r > 50.0) > 0);
    }

    #[test]
    fn only_nearby_stretches_are_kept_and_far_points_dropped() {
        let coast = bundled();
        let window = EaseWindow::global(Resolution::M36);
        let (all, few) = (coast.in_window(&window, 0.0), coast.in_window(&window, 1.0));
        let points = |l: &[(LineKind, Vec<(f64, f64)>)]| l.iter().map(|l| l.1.len()).sum::<usize>();
        assert!(
            points(&all) > 30_000 && points(&few) < points(&all) / 2,
            "{} {}",
            points(&all),
            points(&few)
        );
        assert!(all.iter().flat_map(|l| &l.1).all(|p| p.0 >= -0.01 && p.0 <= 964.01));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = include_bytes!("../../../../public/coastline.bin");
        assert_eq!(
            Coastline::parse(b"<!DOCTYPE"),
            Err(LinesError::Foreign { file: "coastline.bin", magic: "LCO2" })
        );
        assert!(matches!(Coastline::parse(&bytes[..1000]), Err(LinesError::CutOff { .. })));
        assert!(matches!(
            Coastline::parse(b"LCO2\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff"),
            Err(LinesError::CutOff { .. })
        ));
    }
}
