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
    refused(TOA5, &place(&[]), "no column of soil moisture");
    refused(TOA5, &LoggerPlace { latitude: 135.0, ..place(&["VWC_5cm"]) }, "no place on Earth");
    refused(TOA5, &LoggerPlace { utc_offset: "CET".into(), ..place(&["VWC_5cm"]) }, "+02:00");
    refused(TOA5, &LoggerPlace { unit: LoggerUnit::Fraction, ..place(&["VWC_5cm"]) }, "is its unit percent?");
    refused("time,sm\n2020-06-01 06:00,0.21\n", &place(&["sm"]), "is its unit m3/m3?");
    refused(TOA5, &LoggerPlace { depth: (0.1, 0.05), ..place(&["VWC_5cm"]) }, "0.1 to 0.05 m are no depths");
    refused(TOA5, &LoggerPlace { depth: (5.0, 50.0), ..place(&["VWC_5cm"]) }, "are no depths");
    refused(TOA5, &LoggerPlace { station: " ".into(), ..place(&["VWC_5cm"]) }, "no name");
    refused(
        TOA5,
        &LoggerPlace { time_column: Some("Batt".into()), ..place(&["VWC_5cm"]) },
        "\"Batt\" holds no dates",
    );
    let order = Some(DateOrder::DayMonthYear);
    refused(TOA5, &LoggerPlace { date_order: order, ..place(&["VWC_5cm"]) }, "another order?");
    refused("a,b\n1,2\n", &place(&["b"]), "no column of it holds dates");
    refused("", &place(&["b"]), "no column of it holds dates");
}

#[test]
fn what_a_table_says_of_itself_is_known_and_nothing_is_guessed() {
    let told = preview(&source(TOA5)).unwrap().told;
    assert_eq!((told.latitude, told.longitude), (None, None));
    assert_eq!(told.units[1..4], [None, Some(LoggerUnit::Percent), Some(LoggerUnit::Percent)]);
    assert_eq!(told.depths[2..], [Some(0.05), Some(0.1), None]);
    // Onset's HOBOware.
    let hobo = "\"Plot Title: field\"\n\"#\",\"Date Time, GMT-06:00\",\"Water Content, m³/m³\"\n1,06/01/20 06:00:00 AM,0.215\n";
    let shown = preview(&source(hobo)).unwrap();
    assert_eq!((shown.time_column, shown.told.utc_offsets[1].as_deref()), (1, Some("-06:00")));
    assert_eq!(shown.told.units[2], Some(LoggerUnit::Fraction));
    // A place in every row, and times with a zone.
    let rows = "time,lat,lon,sm\n2020-06-01T06:00Z,35.5,-97.5,21\n2020-06-01T07:00Z,35.5,-97.5,22\n";
    let shown = preview(&source(rows)).unwrap();
    assert_eq!((shown.told.latitude, shown.told.longitude), (Some(35.5), Some(-97.5)));
    assert!(shown.time_columns[0].zoned && shown.told.units == [None; 4]);
    // One that moves has no place.
    let moving = rows.replace("07:00Z,35.5", "07:00Z,35.6");
    assert_eq!(preview(&source(&moving)).unwrap().told.latitude, None);
}

#[test]
fn a_time_column_is_read_by_its_own_dates_and_codes_of_missing_values_are_none() {
    let text = "sent,taken,sm\n2020-06-02,1/6/2020 06:00,21\n2020-06-02,13/6/2020 07:00,-6999\n";
    let shown = preview(&source(text)).unwrap();
    let columns: Vec<usize> = shown.time_columns.iter().map(|time| time.column).collect();
    assert_eq!((columns, shown.time_column), (vec![0, 1], 0));
    let taken = LoggerPlace { time_column: Some("taken".into()), ..place(&["sm"]) };
    let sensors = read(&source(text), &taken).unwrap();
    assert_eq!(sensors[0].records.at(0).map(|r| time::text(r.minutes)).unwrap(), "2020-06-01T05:00:00Z");
    assert_eq!((sensors[0].records.len(), sensors[0].bad_lines), (1, Some((1, 3))));
    // Names that occur twice are told apart by their numbers.
    let twice = preview(&source("time,sm,sm\n2020-06-01 06:00,1,2\n")).unwrap();
    assert_eq!((twice.key(1), twice.key(2)), ("sm".to_owned(), "3".to_owned()));
    assert_eq!(twice.column("3"), Some(2));
}

#[test]
fn dates_and_clock_times_in_columns_of_their_own_are_one() {
    let text = "Datum;Uhrzeit;VWC %\n01.06.2020;06:00;21,5\n01.06.2020;07:00;22,5\n02.06.2020;;23,5\n";
    let shown = preview(&source(text)).unwrap();
    assert_eq!(
        (shown.time_columns[0].clocks.as_slice(), shown.number_columns.as_slice()),
        (&[1][..], &[2][..])
    );
    let sensors = read(&source(text), &place(&["VWC %"])).unwrap();
    let times: Vec<String> = sensors[0].records.iter().map(|r| time::text(r.minutes)).collect();
    assert_eq!(times, ["2020-06-01T05:00:00Z", "2020-06-01T06:00:00Z"]);
    assert_eq!(sensors[0].bad_lines, Some((1, 4)), "a date without its time of day");
    let two = "date,start,end,sm\n2020-06-01,06:00,07:00,21\n";
    let why = read(&source(two), &place(&["sm"])).unwrap_err().to_string();
    assert!(why.contains("several columns do"), "{why}");
}
