//! All sensors that were read, and the files that were not.

use serde::Serialize;

use crate::sensor::{Sensor, Variable};

/// Sensors of any number of stations.
#[derive(Debug, Default)]
pub struct Stations {
    /// Those that were read.
    pub sensors: Vec<Sensor>,
    /// Files that were not, each with its reason.
    pub left_out: Vec<LeftOut>,
}

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    /// Which.
    pub file: String,
    /// Why: a sentence.
    pub why: String,
}

impl Stations {
    /// Takes a sensor in. Records of one that is there already (the same order in both forms, or another period of it) are merged: of equal times the
    /// first stays, and the file is listed where it brought nothing new.
    pub fn insert(&mut self, sensor: Sensor) {
        let Some(known) = self.sensors.iter_mut().find(|known| known.same(&sensor)) else {
            self.sensors.push(sensor);
            return;
        };
        let twice = known.records.merge(&sensor.records);
        if twice == sensor.records.len() {
            let why = format!("the same sensor and times are in {} already", known.file);
            self.left_out.push(LeftOut { file: sensor.file, why });
        }
    }

    /// Takes all of another in.
    pub fn extend(&mut self, other: Self) {
        for sensor in other.sensors {
            self.insert(sensor);
        }
        self.left_out.extend(other.left_out);
    }

    /// The sensors by station, in the order read: one place of one network. Sensors of one name that are more than 1 km apart are of
    /// two stations.
    #[must_use]
    pub fn by_station(&self) -> Vec<Station<'_>> {
        let mut stations: Vec<Station<'_>> = Vec::new();
        for sensor in &self.sensors {
            let near = |station: &&mut Station<'_>| {
                station.network == sensor.network
                    && station.name == sensor.station
                    && (station.latitude - sensor.latitude).abs() < 0.01
                    && (station.longitude - sensor.longitude).abs() < 0.01
            };
            match stations.iter_mut().find(near) {
                Some(station) => station.sensors.push(sensor),
                None => stations.push(Station {
                    network: &sensor.network,
                    name: &sensor.station,
                    latitude: sensor.latitude,
                    longitude: sensor.longitude,
                    sensors: vec![sensor],
                }),
            }
        }
        stations
    }

    /// The networks in it, in order of their names.
    #[must_use]
    pub fn networks(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.sensors.iter().map(|sensor| sensor.network.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Any of them simulated.
    #[must_use]
    pub fn simulated(&self) -> bool {
        self.sensors.iter().any(Sensor::simulated)
    }
}

/// The sensors of one place.
#[derive(Debug, Clone)]
pub struct Station<'a> {
    /// Network.
    pub network: &'a str,
    /// Name.
    pub name: &'a str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// In the order read.
    pub sensors: Vec<&'a Sensor>,
}

impl<'a> Station<'a> {
    /// Its sensors of a variable.
    pub fn of(&self, variable: Variable) -> impl Iterator<Item = &'a Sensor> + '_ {
        self.sensors.iter().copied().filter(move |sensor| sensor.variable == variable)
    }
}
