//! What lies under every map: coastlines and borders, and where they are there rivers, lakes and towns. What is in a window is found once, not for
//! every frame of a pan.

use std::sync::{Arc, Mutex, PoisonError};

use ease_grid::EaseWindow;

use super::lines::Stretch;
use super::places::Spot;
use super::{Coastline, Places};

/// What lies in a window, in its cells.
#[derive(Debug, Default, PartialEq)]
pub struct Near {
    /// Coastlines and borders.
    pub coast: Vec<Stretch>,
    /// Rivers and lakes.
    pub water: Vec<Stretch>,
    /// Towns, the most important first.
    pub towns: Vec<Spot>,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Basemap {
    coast: Arc<Coastline>,
    places: Option<Arc<Places>>,
    last: Mutex<Option<(EaseWindow, bool, Arc<Near>)>>,
}

impl Basemap {
    /// Coastlines and borders alone.
    #[must_use]
    pub fn new(coast: Arc<Coastline>) -> Self {
        Self { coast, ..Self::default() }
    }

    /// With rivers, lakes and towns.
    #[must_use]
    pub fn with(&self, places: Arc<Places>) -> Self {
        Self { coast: Arc::clone(&self.coast), places: Some(places), ..Self::default() }
    }

    /// Coastlines and borders.
    #[must_use]
    pub fn coast(&self) -> &Coastline {
        &self.coast
    }

    /// Rivers, lakes and towns are there.
    #[must_use]
    pub fn has_places(&self) -> bool {
        self.places.is_some()
    }

    /// What lies in a window, with rivers, lakes and towns or without. What was asked for last is kept.
    #[must_use]
    pub fn near(&self, window: &EaseWindow, places: bool) -> Arc<Near> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., near)) = last.as_ref().filter(|(of, with, _)| of == window && *with == places) {
            return Arc::clone(near);
        }
        let with = places;
        let places = self.places.as_deref().filter(|_| places);
        let near = Arc::new(Near {
            coast: self.coast.in_window(window, 0.0),
            water: places.map(|p| p.water.in_window(window, 0.0)).unwrap_or_default(),
            towns: places.map(|p| p.towns_in(window)).unwrap_or_default(),
        });
        *last = Some((*window, with, Arc::clone(&near)));
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ease_grid::Resolution;

    #[test]
    fn a_window_is_searched_once() -> Result<(), Box<dyn std::error::Error>> {
        let coast = Coastline::parse(include_bytes!("../../../../public/coastline.bin"))?;
        let places = Places::parse(include_bytes!("../../../../public/places.bin"))?;
        let base = Basemap::new(Arc::new(coast));
        let window = EaseWindow::around(Resolution::M03, 6.1432, 46.2044, 100, 100)?;
        let first = base.near(&window, true);
        assert!(!first.coast.is_empty() && first.water.is_empty() && first.towns.is_empty());
        assert!(Arc::ptr_eq(&first, &base.near(&window, true)));
        // Another map's places are not those of this one.
        let base = base.with(Arc::new(places));
        let whole = base.near(&window, true);
        assert!(whole.coast == first.coast && !whole.water.is_empty() && !whole.towns.is_empty());
        assert_eq!(base.near(&window, false), first, "they can be left out");
        let other = EaseWindow::around(Resolution::M03, -97.5, 35.5, 100, 100)?;
        assert!(base.near(&other, true).coast.is_empty(), "not the last window's");
        Ok(())
    }
}
