//! Stations' tables with a few bytes changed: none may panic. Seeds are fixed, so a failure comes back; fuzz/ looks further.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ground_stations::Reader;
use ground_stations::logger::{self, LoggerPlace, LoggerUnit};
use smap_files::{BytesSource, SharedSource};

const ISMN: &str = "NET   NET   STA   45.5  -100.25  310.0  0.0500  0.0500 Probe-1\n2020/01/01 00:00   0.2000 G M\n\
                    2020/01/01 01:00   0.2500 D03,D05 M\n2020/01/01 02:00   -9999.0 M M\n";
const CEOP: &str =
    "2020/01/01 00:00 2020/01/01 00:00 NET NET STA 45.50000 -100.25000 310.0 0.05 0.05 0.2000 G M\n";
const STATIC: &str = "quantity_name;unit;depth_from[m];depth_to[m];value;description\nclimate classification;unitless;0.0;0.0;Dfb;x\n";
const LOGGER: &str =
    "Datum;Zeit;Feuchte [%];T\n01.06.2020;06:00;21,5;17\n02.06.2020;06:00;NaN;18\n13.06.2020;06:00;22,5;\n";
const TOA5: &str = "\"TOA5\",\"CR1000\"\r\n\"TIMESTAMP\",\"RECORD\",\"VWC\"\r\n\"TS\",\"RN\",\"%\"\r\n\"2020-06-01 00:30:00\",1,21.5\r\n";
const NAMES: [&str; 3] = [
    "NET/STA/NET_NET_STA_sm_0.050000_0.050000_Probe-1_20200101_20200102.stm",
    "NET/STA/NET_STA_static_variables.csv",
    "loose.stm",
];
/// What stands in tables where it should not.
const PIECES: [&str; 15] = [
    "-",
    ".",
    "e308",
    "99999999999999999999",
    "\u{feff}",
    "\0",
    ";",
    ",",
    "\"",
    "\n",
    "é",
    "0000/00/00 00:00",
    "24:60",
    "NaN",
    "\n8074/08/16 12:00   0.2400 G M\n",
];

fn mutated(text: &str, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |n: usize| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) as usize % n.max(1)
    };
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=below(4) {
        let at = below(bytes.len() + 1);
        match below(5) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..(at + below(12)).min(bytes.len()))),
            2 if at < bytes.len() => bytes[at] = below(256) as u8,
            _ => drop(bytes.splice(at..at, PIECES[below(PIECES.len())].bytes())),
        }
    }
    bytes
}

fn read_every_way(bytes: Vec<u8>) {
    let source: SharedSource = Arc::new(BytesSource::new("logger.csv", bytes));
    for name in NAMES {
        let mut reader = Reader::new();
        if reader.add(name, source.clone()).is_ok() {
            reader
                .read()
                .sensors
                .iter()
                .for_each(|sensor| drop((sensor.records.summary(), sensor.problems())));
        }
    }
    let Ok(preview) = logger::preview(&source) else { return };
    for date_order in preview.date_orders.iter().copied().map(Some).chain([None]) {
        let place = LoggerPlace {
            station: "Field".to_owned(),
            latitude: 35.5,
            longitude: -97.5,
            depth: (0.05, 0.05),
            unit: LoggerUnit::Percent,
            utc_offset: "-11:30".to_owned(),
            time_column: None,
            value_columns: preview.number_columns.iter().map(|n| (n + 1).to_string()).collect(),
            date_order,
        };
        if let Ok(sensors) = logger::read(&source, &place) {
            sensors.iter().for_each(|sensor| drop(sensor.records.summary()));
        }
    }
}

#[test]
fn damaged_tables_of_stations_never_panic() {
    let mut changed = 0;
    for (n, text) in [ISMN, CEOP, STATIC, LOGGER, TOA5].into_iter().enumerate() {
        for seed in 0..1500 {
            let bytes = mutated(text, 10_000 * n as u64 + seed);
            changed += usize::from(bytes != text.as_bytes());
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            let read = catch_unwind(AssertUnwindSafe(|| read_every_way(bytes)));
            assert!(read.is_ok(), "seed {seed} of table {n}:\n{shown}");
        }
    }
    assert!(changed > 7000, "{changed} of 7,500 tables were changed");
}
