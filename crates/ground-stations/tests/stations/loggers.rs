//! Loggers' own tables.

use std::sync::Arc;

use ground_stations::logger::{DateOrder, LoggerPlace, LoggerUnit, preview, read};
use ground_stations::time;
use smap_files::{BytesSource, SharedSource};

fn source(text: &str) -> SharedSource {
    Arc::new(BytesSource::new("logger.csv", text.as_bytes().to_vec()))
}

fn place(columns: &[&str]) -> LoggerPlace {
    LoggerPlace {
        station: "Field 1".to_owned(),
        latitude: 35.5,
        longitude: -97.5,
        depth: (0.05, 0.05),
        unit: LoggerUnit::Percent,
        utc_offset: "+01:00".to_owned(),
        time_column: None,
        value_columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        date_order: None,
    }
}

/// Campbell Scientific's TOA5.
const TOA5: &str = "\"TOA5\",\"CR1000\",\"CR1000\",\"123\"\r\n\
    \"TIMESTAMP\",\"RECORD\",\"VWC_5cm\",\"VWC_10cm\",\"Batt\"\r\n\"TS\",\"RN\",\"%\",\"%\",\"V\"\r\n\"\",\"\",\"Avg\",\"Avg\",\"Min\"\r\n\
    \"2020-06-01 00:30:00\",1,21.5,30,12.5\r\n\"2020-06-01 01:30:00\",2,\"NAN\",31,12.5\r\n\"2020-06-01 02:30:00\",3,22.5,,12.5\r\n";

#[test]
fn a_table_with_several_head_lines() {
    let shown = preview(&source(TOA5)).unwrap();
    assert_eq!(shown.columns, ["TIMESTAMP", "RECORD", "VWC_5cm", "VWC_10cm", "Batt"]);
    assert_eq!((shown.delimiter, shown.time_column), (',', 0));
    assert_eq!(
        (shown.number_columns.as_slice(), shown.date_orders.as_slice()),
        (&[1, 2, 3, 4][..], &[DateOrder::YearMonthDay][..])
    );
    let sensors = read(&source(TOA5), &place(&["VWC_5cm", "4"])).unwrap();
    let [five, ten] = &sensors[..] else { panic!() };
    let of = |sensor: &ground_stations::Sensor| -> Vec<(String, f64)> {
        sensor.records.iter().map(|r| (time::text(r.minutes), r.value)).collect()
    };
    assert_eq!(
        of(five),
        [("2020-05-31T23:30:00Z".to_owned(), 0.215), ("2020-06-01T01:30:00Z".to_owned(), 0.225)]
    );
    assert_eq!((of(ten).len(), ten.instrument.as_str(), five.records.summary().good), (2, "VWC_10cm", 2));
}

#[test]
fn semicolons_decimal_commas_and_dates_that_can_be_read_twice() {
    let text = "Datum;Feuchte\n01.06.2020 06:00;21,5\n02.06.2020 06:00;22,5\nEnde\n";
    let sensors = read(&source(text), &place(&["Feuchte"])).unwrap();
    assert_eq!(sensors[0].records.at(0).map(|r| r.value), Some(0.215));
    assert_eq!(sensors[0].bad_lines, Some((1, 4)));
    let twice = "time,sm\n1/2/2020 6:00,20\n2/2/2020 6:00,21\n";
    let refusal = read(&source(twice), &place(&["sm"])).unwrap_err().to_string();
    assert!(refusal.contains("say which"), "{refusal}");
    let said = LoggerPlace { date_order: Some(DateOrder::MonthDayYear), ..place(&["sm"]) };
    let sensors = read(&source(twice), &said).unwrap();
    assert_eq!(sensors[0].records.at(1).map(|r| time::text(r.minutes)).unwrap(), "2020-02-02T05:00:00Z");
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    let refused = |text: &str, place: &LoggerPlace, holds: &str| {
        let why = read(&source(text), place).unwrap_err().to_string();
        assert!(why.contains(holds), "{why}");
    };
    refused(TOA5, &place(&["VWC"]), "no column \"VWC\"; it has TIMESTAMP, RECORD");
    refused(TOA5, &place(&[]), "no value column");
    refused(TOA5, &LoggerPlace { latitude: 135.0, ..place(&["VWC_5cm"]) }, "no place on Earth");
    refused(TOA5, &LoggerPlace { utc_offset: "CET".into(), ..place(&["VWC_5cm"]) }, "+02:00");
    refused(TOA5, &LoggerPlace { unit: LoggerUnit::Fraction, ..place(&["VWC_5cm"]) }, "is its unit percent?");
    refused("a,b\n1,2\n", &place(&["b"]), "no column of it holds dates");
    refused("", &place(&["b"]), "no column of it holds dates");
}
