//! The pixel regression for the browser's bench: a region with earlier maps, of which every pixel is known.

use ease_grid::{EaseWindow, Raster, Reason, Resolution};
use jiff::civil::{Date, date};
use loam_core::estimate::Interval;
use loam_core::regression::filter::Looks;
use loam_core::regression::interval::NORMAL;
use loam_core::regression::{Observed, PixelRegression, SmapMemory, SmapPlanes};
use wasm_bindgen::prelude::*;

/// Days between two maps.
const APART: i64 = 3;

/// The regression after some maps.
#[wasm_bindgen]
pub struct Regression {
    window: EaseWindow,
    past: PixelRegression,
    memory: SmapMemory,
    today: Today,
    map: Vec<f32>,
}

/// SMAP of a day, read.
struct Today {
    date: Date,
    coarse: Raster,
    first: Raster,
    evening: Raster,
}

fn raster(window: &EaseWindow, middle: f64, day: i64) -> Result<Raster, JsError> {
    let value = |k: usize| {
        let k = k as f64;
        (middle + 0.05 * (k * 0.37).sin() * (k * 0.011).cos() + 0.04 * (day as f64 * 0.8 + k * 1e-3).sin())
            as f32
    };
    let values = (0..window.len()).map(value).collect();
    Ok(Raster::new(window.grid(), values, vec![Reason::Valid; window.len()])?)
}

impl Today {
    fn new(window: &EaseWindow, day: i64) -> Result<Self, JsError> {
        let native = window.covering(Resolution::M36);
        Ok(Self {
            date: date(2016, 1, 1).saturating_add(jiff::Span::new().days(APART * day)),
            coarse: raster(window, 0.2, day)?,
            first: raster(&native, 0.2, day)?,
            evening: raster(&native, 0.21, day)?,
        })
    }

    fn planes(&self, memory: &SmapMemory, window: &EaseWindow) -> Result<SmapPlanes, JsError> {
        let looks = Looks { first: &self.first, overpass: None, evening: Some(&self.evening) };
        memory
            .planes(self.date, &self.coarse, &looks, window)?
            .ok_or_else(|| JsError::new("SMAP saw nothing: the bench's own data are wrong"))
    }
}

#[wasm_bindgen]
impl Regression {
    /// Over so many maps of a region of `side` x `side` cells.
    pub fn after(maps: u32, side: usize) -> Result<Regression, JsError> {
        let window = EaseWindow::around(Resolution::M03, -97.5, 35.5, side, side)?;
        let mut made = Self {
            window,
            past: PixelRegression::new(side, side * side),
            memory: SmapMemory::default(),
            today: Today::new(&window, 0)?,
            map: Vec::new(),
        };
        for day in 0..=i64::from(maps) {
            made.today = Today::new(&window, day)?;
            made.map = raster(&window, 0.2, 7 * day + 3)?.values().to_vec();
            if day < i64::from(maps) {
                made.learn()?;
                let smap = made.today.planes(&made.memory, &window)?;
                made.memory.add(made.today.date, &smap);
            }
        }
        Ok(made)
    }

    /// A new date: SMAP interpolated and filtered, the map, half the width of its interval. The map and the half-widths, one after the other.
    pub fn date(&self) -> Result<Vec<f32>, JsError> {
        let smap = self.today.planes(&self.memory, &self.window)?;
        let made = self.past.predict(&smap, self.memory.wetness(&smap, self.window.columns));
        let width = self.past.calibration().width(Interval::LEVEL, self.past.maps(), &NORMAL);
        let mut all = made.estimate;
        all.extend(made.sigma.iter().map(|sigma| sigma * width.sigmas));
        Ok(all)
    }

    /// One more map goes in: the date is predicted under every strength, then learnt from. Its mean residual.
    pub fn learn(&mut self) -> Result<f32, JsError> {
        let smap = self.today.planes(&self.memory, &self.window)?;
        let wetness = self.memory.wetness(&smap, self.window.columns);
        let observed = Observed::new(self.today.date, &smap, wetness, &self.map)
            .ok_or_else(|| JsError::new("no pixel is known: the bench's own data are wrong"))?;
        self.past.add(&observed);
        Ok(observed.level)
    }
}
