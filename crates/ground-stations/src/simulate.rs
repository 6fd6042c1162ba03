//! A network of simulated stations over a known truth, so that a validation can be tried, and tested, where the right answer is known.
//!
//! What a probe says = the truth of its cell + how its point differs from the cell (a constant of each station, and a part that comes and goes
//! from day to day) + the sensor's noise. Everything made here is labelled simulated.

use crate::records::Records;
use crate::scores::Sequence;
use crate::sensor::{Form, SIMULATED, Sensor, Surroundings, Variable};
use crate::stations::Stations;
use crate::time;

/// Sizes of the errors, standard deviations in m3/m3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// How a station's point differs from its cell, always. **Chosen**; sampling alone costs about 0.02 to 0.04 (validation of sparse networks).
    pub representativeness: f64,
    /// How it differs on a day. **Chosen**.
    pub daily: f64,
    /// Of each record. **Chosen**; makers of probes promise 0.01 to 0.03.
    pub noise: f64,
}

impl Default for Errors {
    fn default() -> Self {
        Self { representativeness: 0.03, daily: 0.015, noise: 0.01 }
    }
}

/// A network in the making: truth is put in day by day.
#[derive(Debug, Clone)]
pub struct SimulatedNetwork {
    errors: Errors,
    stations: Vec<Made>,
}

#[derive(Debug, Clone)]
struct Made {
    longitude: f64,
    latitude: f64,
    offset: f64,
    random: Sequence,
    records: Records,
}

impl SimulatedNetwork {
    /// Stations at these places (degrees: longitude, latitude), with errors drawn from a seed.
    #[must_use]
    pub fn new(places: &[(f64, f64)], errors: Errors, seed: u64) -> Self {
        let station = |(n, (longitude, latitude)): (u64, &(f64, f64))| {
            let mut random = Sequence::new(seed.wrapping_mul(1_000_003).wrapping_add(n));
            let offset = errors.representativeness * random.normal();
            Made { longitude: *longitude, latitude: *latitude, offset, random, records: Records::default() }
        };
        Self { errors, stations: (0..).zip(places).map(station).collect() }
    }

    /// Places of the stations, degrees: longitude, latitude.
    pub fn places(&self) -> impl Iterator<Item = (f64, f64)> {
        self.stations.iter().map(|station| (station.longitude, station.latitude))
    }

    /// A constant of each station: how much its point is wetter than its cell, m3/m3. The right answer of a validation of the truth itself is
    /// minus this as BIAS.
    pub fn offsets(&self) -> impl Iterator<Item = f64> {
        self.stations.iter().map(|station| station.offset)
    }

    /// Hourly records of a day (its number since 1970) at every station: `truth` gives a station's cell's soil moisture by its number, m3/m3; none
    /// under a lake. The truth is taken as constant over the day.
    pub fn day(&mut self, day: i32, truth: impl Fn(usize) -> Option<f64>) {
        let errors = self.errors;
        for (n, station) in self.stations.iter_mut().enumerate() {
            let Some(truth) = truth(n).filter(|truth| truth.is_finite()) else { continue };
            let today = truth + station.offset + errors.daily * station.random.normal();
            for hour in 0..24 {
                let value = (today + errors.noise * station.random.normal()).max(0.0);
                station.records.push(day * time::DAY + 60 * hour, value, "G");
            }
        }
    }

    /// The stations.
    #[must_use]
    pub fn finish(self) -> Stations {
        let mut stations = Stations::default();
        for (n, made) in self.stations.into_iter().enumerate() {
            stations.sensors.push(Sensor {
                network: SIMULATED.to_owned(),
                station: format!("point-{:02}", n + 1),
                latitude: made.latitude,
                longitude: made.longitude,
                elevation: None,
                depth_from: 0.05,
                depth_to: 0.05,
                variable: Variable::SoilMoisture,
                instrument: "simulated".to_owned(),
                file: format!("{SIMULATED}/point-{:02}", n + 1),
                form: Form::Simulated,
                records: made.records,
                bad_lines: None,
                surroundings: Surroundings::default(),
            });
        }
        stations
    }
}

/// A simulated sensor as a file of the ISMN's form header + values, and its path in an archive: to try readers with. Refuses (`None`) any
/// other sensor: records of the ISMN must not be passed on.
#[must_use]
pub fn as_file(sensor: &Sensor) -> Option<(String, String)> {
    if sensor.form != Form::Simulated {
        return None;
    }
    let Sensor { network, station, instrument, depth_from, depth_to, .. } = sensor;
    let path = format!(
        "{network}/{station}/{network}_{network}_{station}_sm_{depth_from:.6}_{depth_to:.6}_{instrument}.stm"
    );
    let mut text = format!(
        "{network} {network} {station} {:.5} {:.5} {:.2} {depth_from:.4} {depth_to:.4} {instrument}\n",
        sensor.latitude,
        sensor.longitude,
        sensor.elevation.unwrap_or(0.0)
    );
    for record in sensor.records.iter() {
        let at = time::civil(record.minutes).strftime("%Y/%m/%d %H:%M");
        text.push_str(&format!("{at} {:.4} {} M\n", record.value, record.flag));
    }
    Some((path, text))
}
