//! The region a map is made of: a window of 3 km cells, by name or by centre.

use serde::{Deserialize, Serialize};

use ease_grid::{EaseWindow, GridError, Resolution};

/// Smallest edge of a region: SMEN's receptive field (model.md).
pub const SMALLEST_EDGE: usize = 9;

/// A named place: one of the paper's regions, or one that the simulator knows beside them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// Used on the command line, in files and in links: `oklahoma-city`.
    pub key: &'static str,
    /// For people.
    pub name: &'static str,
    /// Centre, degrees east.
    pub longitude: f64,
    /// Centre, degrees north.
    pub latitude: f64,
    /// As the paper names it.
    pub climate: &'static str,
}

/// The three regions of the paper (model.md, table 1), 100 x 100 cells each.
pub const PRESETS: [Preset; 3] = [
    Preset {
        key: "oklahoma-city",
        name: "Oklahoma City",
        longitude: -97.5164,
        latitude: 35.4676,
        climate: "humid subtropical",
    },
    Preset { key: "tucson", name: "Tucson", longitude: -110.9747, latitude: 32.2226, climate: "hot desert" },
    Preset {
        key: "geneva",
        name: "Geneva",
        longitude: 6.1432,
        latitude: 46.2044,
        climate: "moderately continental",
    },
];

impl Preset {
    /// By key or name, whatever the case.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let wanted = text.trim().to_ascii_lowercase().replace([' ', '_'], "-");
        PRESETS.into_iter().find(|p| p.key == wanted)
    }

    /// The preset's region, 100 x 100 cells.
    ///
    /// # Errors
    /// Never for the presets above; the signature is [`Region::around`]'s.
    pub fn region(&self) -> Result<Region, GridError> {
        Region::around(self.longitude, self.latitude, 100, 100)
    }
}

/// A region: at least 9 x 9 cells of the 3 km EASE-Grid 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region(EaseWindow);

impl Region {
    /// From a window of the 3 km grid.
    ///
    /// # Errors
    /// [`GridError::TooSmall`] below 9 x 9 cells, [`GridError::DifferentGrids`] for another grid.
    pub fn new(window: EaseWindow) -> Result<Self, GridError> {
        if window.resolution != Resolution::M03 {
            return Err(GridError::DifferentGrids);
        }
        if window.columns < SMALLEST_EDGE || window.rows < SMALLEST_EDGE {
            return Err(GridError::TooSmall { columns: window.columns, rows: window.rows });
        }
        Ok(Self(window))
    }

    /// The poster's place of a preset, about 100 x 100 km: the nine 36 km cells in its middle.
    ///
    /// # Errors
    /// As [`Preset::region`].
    pub fn place(preset: Preset) -> Result<Self, GridError> {
        const CELLS: usize = 3;
        let all = preset.region()?.window().covering(Resolution::M36);
        let (left, top) =
            (all.first_column + (all.columns - CELLS) / 2, all.first_row + (all.rows - CELLS) / 2);
        Self::new(
            EaseWindow { first_column: left, first_row: top, columns: CELLS, rows: CELLS, ..all }
                .covering(Resolution::M03),
        )
    }

    /// `columns` x `rows` cells around a place.
    ///
    /// # Errors
    /// As [`EaseWindow::around`] and [`Region::new`].
    pub fn around(longitude: f64, latitude: f64, columns: usize, rows: usize) -> Result<Self, GridError> {
        if columns < SMALLEST_EDGE || rows < SMALLEST_EDGE {
            return Err(GridError::TooSmall { columns, rows });
        }
        Self::new(EaseWindow::around(Resolution::M03, longitude, latitude, columns, rows)?)
    }

    /// Its window.
    #[must_use]
    pub fn window(&self) -> EaseWindow {
        self.0
    }
}
