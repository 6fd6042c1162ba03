//! Which dates a validation predicts.

use std::ops::RangeInclusive;

use ground_stations::matching::Rules;
use ground_stations::{Sensor, Stations, Variable, time};
use jiff::civil::Date;

/// From the first to the last day of the records that can count, within a period. One more on either side: local time is not UTC. Empty where
/// no record can count.
#[must_use]
pub fn dates(stations: &Stations, rules: &Rules, period: &RangeInclusive<Date>) -> RangeInclusive<Date> {
    let counts = |sensor: &&Sensor| {
        sensor.variable == Variable::SoilMoisture && rules.admits_depth(sensor.depth_from, sensor.depth_to)
    };
    let (mut first, mut last) = (Date::MAX, Date::MIN);
    for sensor in stations.sensors.iter().filter(counts) {
        let summary = sensor.records.summary();
        if let (Some(a), Some(b)) = (summary.first, summary.last) {
            first = first.min(time::civil(a.saturating_sub(time::DAY)).date());
            last = last.max(time::civil(b.saturating_add(time::DAY)).date());
        }
    }
    first.max(*period.start())..=last.min(*period.end())
}
