//! What lies beside the values: `*_static_variables.csv` of a station and `frm_classification.csv` of an archive. Both are `;` separated,
//! with or without a header, or missing.

use crate::sensor::{Sensor, Surroundings};

/// The files beside the values are small; a larger one is none of them.
pub(crate) const LARGEST: u64 = 16 << 20;

/// Land cover and climate of a station's `static_variables.csv`: quantity, unit, depths, value, description.
pub(crate) fn surroundings(bytes: &[u8]) -> Surroundings {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Surroundings::default();
    for line in text.split(['\n', '\r']) {
        let fields: Vec<&str> = line.split(';').map(|f| f.trim().trim_matches('"')).collect();
        let (Some(quantity), Some(value)) = (fields.first(), fields.get(4)) else { continue };
        let description = fields.get(5).copied().unwrap_or_default();
        let whole =
            || if description.is_empty() { (*value).to_owned() } else { format!("{description} ({value})") };
        let quantity = quantity.to_ascii_lowercase();
        if value.is_empty() {
            continue;
        }
        if quantity.starts_with("land cover") {
            // One of several years: the last is the newest.
            found.land_cover = Some(whole());
        } else if quantity.starts_with("climate") && !quantity.contains("insitu") {
            found.climate = Some((*value).to_owned());
        }
    }
    found
}

/// A row of `frm_classification.csv`.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    network: String,
    station: String,
    instrument: String,
    depth_from: f64,
    depth_to: f64,
    class: String,
}

/// Rows of `frm_classification.csv`: network, station, instrument, depth_from, depth_to, frm_class, ...
pub(crate) fn classes(bytes: &[u8]) -> Vec<Class> {
    let text = String::from_utf8_lossy(bytes);
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(';').map(|f| f.trim().trim_matches('"')).collect();
        let word = |n: usize| fields.get(n).map(|f| (*f).to_owned());
        Some(Class {
            network: word(0)?,
            station: word(1)?,
            instrument: word(2)?,
            depth_from: word(3)?.parse().ok()?,
            depth_to: word(4)?.parse().ok()?,
            class: word(5).filter(|class| !class.is_empty())?,
        })
    };
    // The header, where there is one, has no numbers.
    text.split(['\n', '\r']).filter_map(row).collect()
}

/// An instrument without the signs that stand for its blanks: the table writes blanks where a file's name has hyphens.
fn plain(instrument: &str) -> String {
    instrument.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Class {
    /// It is of this sensor.
    pub(crate) fn is_of(&self, sensor: &Sensor) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 0.006;
        self.network == sensor.network
            && self.station == sensor.station
            && plain(&self.instrument) == plain(&sensor.instrument)
            && near(self.depth_from, sensor.depth_from)
            && near(self.depth_to, sensor.depth_to)
    }

    /// `representative`.
    pub(crate) fn class(&self) -> &str {
        &self.class
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_variables_with_and_without_a_header() {
        let rows = "clay fraction;% weight;0.00;0.30;23.00;;HWSD\r\n\
                    climate classification;;;;Cfa;Temperate - Hot Summer;koeppen\r\n\
                    land cover classification;;;;30;Mosaic cropland;ESA_CCI;;;;;2000\r\n\
                    land cover classification;;;;130;Grassland;ESA_CCI;;;;;2010\r\n";
        let expected = Surroundings {
            land_cover: Some("Grassland (130)".to_owned()),
            climate: Some("Cfa".to_owned()),
            frm_class: None,
        };
        assert_eq!(surroundings(rows.as_bytes()), expected);
        let header = "quantity_name;unit;depth_from[m];depth_to[m];value;description;source\n";
        assert_eq!(surroundings(format!("{header}{rows}").as_bytes()), expected);
        assert_eq!(surroundings(b""), Surroundings::default());
    }
}
