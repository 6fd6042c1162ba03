#![no_main]

use std::sync::Arc;

use ground_stations::logger::{self, LoggerPlace, LoggerUnit};
use ground_stations::{Reader, Sensor};
use libfuzzer_sys::fuzz_target;
use smap_files::{BytesSource, SharedSource};

/// Both forms of the ISMN's tables, and what lies beside them.
const PATHS: [&str; 3] = [
    "NET/STA/NET_NET_STA_sm_0.050000_0.050000_Probe-1_20200101_20200102.stm",
    "NET/STA/NET_STA_static_variables.csv",
    "NET/STA/notes.stm",
];

fn looked_at(sensors: &[Sensor]) {
    for sensor in sensors {
        let _ = (sensor.records.summary(), sensor.records.iter().count(), sensor.problems());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let source: SharedSource = Arc::new(BytesSource::new("logger.csv", bytes.to_vec()));
    for path in PATHS {
        let mut reader = Reader::new();
        if reader.add(path, source.clone()).is_ok() {
            looked_at(&reader.read().sensors);
        }
    }
    let Ok(preview) = logger::preview(&source) else { return };
    let columns: Vec<String> = preview.number_columns.iter().map(|n| (n + 1).to_string()).collect();
    let orders = preview.date_orders.iter().copied().map(Some).chain([None]);
    for (date_order, unit) in orders.flat_map(|order| [(order, LoggerUnit::Percent), (order, LoggerUnit::Fraction)]) {
        let place = LoggerPlace {
            station: "Field".to_owned(),
            latitude: 35.5,
            longitude: -97.5,
            depth: (0.05, 0.05),
            unit,
            utc_offset: "+02:00".to_owned(),
            time_column: None,
            value_columns: columns.clone(),
            date_order,
        };
        if let Ok(sensors) = logger::read(&source, &place) {
            looked_at(&sensors);
        }
    }
});
