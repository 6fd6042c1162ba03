//! Every pair, one line each.

use std::fmt::Write;

use crate::matching::Matched;
use crate::stations::Stations;
use crate::time;

/// The line that goes with every value of a station.
pub(super) const TERMS: &str = "station values are subject to the terms of their providers; those of the International Soil Moisture Network \
                                must not be passed on (https://ismn.earth/en/terms-of-use/)";

/// The pairs of all stations as CSV, with the rules and the terms in comments above.
#[must_use]
pub fn pairs_csv(matched: &Matched, stations: &Stations, simulated_maps: bool) -> String {
    let mut text = String::new();
    let mut comment = |key: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {key}: {}", value.replace(['\n', '\r'], " "));
    };
    comment("what", "pairs of stations and maps, soil moisture in m3/m3, times in UTC");
    comment("terms", TERMS);
    let simulated = match (simulated_maps, stations.simulated()) {
        (true, true) => "maps and stations",
        (true, false) => "maps",
        (false, true) => "stations",
        (false, false) => "nothing",
    };
    comment("simulated", simulated);
    for rule in matched.rules.words() {
        comment("rule", &rule);
    }
    text.push_str(
        "network,station,latitude,longitude,column_3km,row_3km,date,overpass,station_value,sensors",
    );
    for layer in &matched.layers {
        let name = quoted(&layer.name);
        let _ = write!(text, ",{name},{}", quoted(&format!("{} (3 x 3)", layer.name)));
        let _ = write!(text, ",{}", quoted(&format!("{} half_width_90", layer.name)));
    }
    text.push('\n');
    let number = |value: f32| if value.is_finite() { value.to_string() } else { String::new() };
    for station in &matched.stations {
        let (column, row) = station.cell.unwrap_or_default();
        for pair in &station.pairs {
            let _ = write!(
                text,
                "{},{},{},{},{column},{row},{},{},{},{}",
                quoted(&station.network),
                quoted(&station.name),
                station.latitude,
                station.longitude,
                pair.date,
                time::text(pair.minutes),
                pair.station,
                pair.sensors
            );
            for ((cell, mean), half) in pair.cell.iter().zip(&pair.mean_3x3).zip(&pair.half_width) {
                let _ = write!(text, ",{},{},{}", number(*cell), number(*mean), number(*half));
            }
            text.push('\n');
        }
    }
    text
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
