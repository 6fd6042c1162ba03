//! What a station says at a time.

use super::Rules;
use crate::records::Records;
use crate::sensor::{Sensor, Variable};
use crate::stations::Station;

/// The sensors of a station that count.
pub(super) struct Point<'a> {
    /// Of soil moisture, each with its window in minutes.
    moisture: Vec<(&'a Records, i32)>,
    /// Of temperature, the one nearest to the surface first.
    temperature: Vec<(&'a Records, i32)>,
    /// Sensors at these depths do not count, since their values are in another unit.
    pub other_unit: bool,
}

/// What was found at a time.
pub(super) enum Found {
    /// Mean of so many sensors.
    Value(f64, u16),
    /// Records there are, and none is good.
    Flagged,
    /// No record within the window.
    Nothing,
    /// The soil was frozen.
    Frozen,
}

impl<'a> Point<'a> {
    pub(super) fn of(station: &Station<'a>, rules: &Rules) -> Self {
        let with_window = |sensor: &'a Sensor| {
            let records = &sensor.records;
            (records, rules.window_minutes(records.step()))
        };
        let (admitted, other): (Vec<&Sensor>, Vec<&Sensor>) = station
            .of(Variable::SoilMoisture)
            .filter(|sensor| rules.admits_depth(sensor.depth_from, sensor.depth_to))
            .partition(|sensor| rules.admits(sensor));
        let mut soil: Vec<&Sensor> = station.of(Variable::SoilTemperature).collect();
        soil.sort_by(|a, b| a.depth_to.total_cmp(&b.depth_to));
        let temperature = soil.into_iter().chain(station.of(Variable::AirTemperature));
        let temperature = temperature.filter(|sensor| sensor.other_unit().is_none());
        Self {
            other_unit: !other.is_empty(),
            moisture: admitted.into_iter().map(with_window).collect(),
            temperature: temperature.map(with_window).collect(),
        }
    }

    /// No sensor of it counts.
    pub(super) fn is_empty(&self) -> bool {
        self.moisture.is_empty()
    }

    pub(super) fn at(&self, minutes: i32, rules: &Rules) -> Found {
        let (mut sum, mut sensors, mut flagged) = (0.0, 0u16, false);
        for (records, window) in &self.moisture {
            match nearest(records, minutes, *window) {
                Ok(value) => {
                    sum += value;
                    sensors = sensors.saturating_add(1);
                }
                Err(records_there) => flagged |= records_there,
            }
        }
        if sensors == 0 {
            return if flagged { Found::Flagged } else { Found::Nothing };
        }
        if let Some(limit) = rules.frozen_below {
            let known =
                self.temperature.iter().find_map(|(records, window)| nearest(records, minutes, *window).ok());
            if known.is_some_and(|celsius| celsius < limit) {
                return Found::Frozen;
            }
        }
        Found::Value(sum / f64::from(sensors), sensors)
    }
}

/// The good value nearest to a time; of two as near the earlier. Else whether there are records within the window at all.
fn nearest(records: &Records, minutes: i32, window: i32) -> Result<f64, bool> {
    let mut best: Option<(i32, f64)> = None;
    let within = records.within(minutes - window, minutes + window);
    let there = !within.is_empty();
    for record in within.filter_map(|place| records.at(place)).filter(|record| record.good) {
        let away = (record.minutes - minutes).abs();
        if best.is_none_or(|(nearest, _)| away < nearest) {
            best = Some((away, record.value));
        }
    }
    best.map(|(_, value)| value).ok_or(there)
}
