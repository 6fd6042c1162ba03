//! The rules of matching, as settings.

use serde::{Deserialize, Serialize};

use crate::sensor::Sensor;

/// What is compared with what. The defaults are QA4SM's where it has one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Sensors count that lie between these depths, metres. Default 0 to 0.05: SMAP sees about the upper 5 cm.
    pub depth: (f64, f64),
    /// A record counts at most this far from the overpass, hours, where records come at least hourly. Default 1.
    pub window_hours: f64,
    /// The same where records come more rarely: their own step, up to this, hours. Default 6 (QA4SM's window of 12 h).
    pub longest_window_hours: f64,
    /// Pairs of soil (else air) colder than this are left out as frozen, degrees Celsius. Default 4; `None` leaves none out.
    pub frozen_below: Option<f64>,
    /// Pairs for a number. Default 10 (QA4SM).
    pub fewest_pairs: usize,
    /// Pairs for a verdict. Default 30.
    pub fewest_for_verdict: usize,
    /// Cells with a station on a date, for scores over space. Default 5.
    pub fewest_cells: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            depth: (0.0, 0.05),
            window_hours: 1.0,
            longest_window_hours: 6.0,
            frozen_below: Some(4.0),
            fewest_pairs: 10,
            fewest_for_verdict: 30,
            fewest_cells: 5,
        }
    }
}

/// Depths are written with rounding.
const DEPTH_ROUNDING: f64 = 1e-4;

impl Rules {
    /// A sensor between these depths counts.
    #[must_use]
    pub fn admits_depth(&self, from: f64, to: f64) -> bool {
        let (upper, lower) = (from.min(to), from.max(to));
        upper >= self.depth.0 - DEPTH_ROUNDING && lower <= self.depth.1 + DEPTH_ROUNDING
    }

    /// A sensor counts: by its depth, and by its unit.
    #[must_use]
    pub fn admits(&self, sensor: &Sensor) -> bool {
        self.admits_depth(sensor.depth_from, sensor.depth_to) && sensor.other_unit().is_none()
    }

    /// The window for records that come every `step` minutes: minutes.
    #[must_use]
    pub fn window_minutes(&self, step: Option<i32>) -> i32 {
        let step = f64::from(step.unwrap_or(60)) / 60.0;
        (60.0 * step.clamp(self.window_hours, self.longest_window_hours.max(self.window_hours))) as i32
    }

    /// The rules in sentences, for reports.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![
            format!(
                "Sensors between {} and {} m below the ground. Values with the flag G (U in older archives); of several sensors at a station and time, their mean.",
                self.depth.0, self.depth.1
            ),
            format!(
                "The record nearest to the overpass (6 am or 6 pm local solar time where the file has no time of its own), at most {} h from it; where records come more rarely, at most one step of theirs and {} h.",
                self.window_hours, self.longest_window_hours
            ),
            "The 3 km cell that holds the station; beside it the mean of the 3 x 3 cells around it. Stations of one cell count as their mean."
                .to_owned(),
            format!(
                "At least {} pairs for a number, {} for a verdict; at least {} cells on a date for scores over space. 95 % intervals.",
                self.fewest_pairs, self.fewest_for_verdict, self.fewest_cells
            ),
        ];
        words.insert(
            2,
            match self.frozen_below {
                Some(limit) => format!(
                    "Pairs are left out as frozen where the archive has a temperature at that time (of the soil, else of the air) and it is below {limit} °C."
                ),
                None => "Frozen soil is not left out.".to_owned(),
            },
        );
        words
    }
}
