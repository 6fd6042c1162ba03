//! Every trap that real archives have set, in tables written here (invented values).

use std::sync::Arc;

use ground_stations::{Form, Reader, Sensor, Stations};
use smap_files::{BytesSource, SharedSource};

fn source(name: &str, text: &str) -> SharedSource {
    Arc::new(BytesSource::new(name, text.as_bytes().to_vec()))
}

fn read(files: &[(&str, &str)]) -> Stations {
    let mut reader = Reader::new();
    for (path, text) in files {
        reader.add(path, source(path, text)).unwrap();
    }
    reader.read()
}

fn one(path: &str, text: &str) -> Sensor {
    let mut stations = read(&[(path, text)]);
    assert_eq!(stations.left_out, [], "{path}");
    assert_eq!(stations.sensors.len(), 1);
    stations.sensors.remove(0)
}

const NAME: &str = "NET/STA/NET_NET_STA_sm_0.050000_0.050000_Probe-1_20200101_20200102.stm";
const HEAD: &str = "NET   NET   STA   45.5  -100.25  310.0  0.0500  0.0500 Probe-1";
const ROWS: [&str; 3] =
    ["2020/01/01 00:00   0.2000 G M", "2020/01/01 01:00   0.2500 D03,D05 M", "2020/01/01 02:00   0.3000 G M"];

#[test]
fn line_ends_and_second_lines() {
    for end in ["\n", "\r\n", "\r", "\n\r"] {
        for second in ["", end] {
            let text = format!("{HEAD}{end}{second}{}{end}", ROWS.join(end));
            let sensor = one(NAME, &text);
            let s = sensor.records.summary();
            assert_eq!((s.records, s.good, s.sum), (3, 2, 0.75), "{end:?} {second:?}");
            assert_eq!((sensor.latitude, sensor.longitude, sensor.elevation), (45.5, -100.25, Some(310.0)));
            assert_eq!((sensor.form, sensor.bad_lines), (Form::HeaderValues, None));
        }
    }
}

#[test]
fn provider_flags_hold_anything_or_nothing() {
    let rows = [
        "2020/01/01 00:00   0.2000 G Frozen soil,OK,OK",
        "2020/01/01 01:00   0.2500 D01,D03 ",
        "2020/01/01 02:00   0.3000 G",
        "2020/01/01 03:00   0.3000 U M",
        "2020/01/01 04:00   0.3000",
        "2020/01/01 05:00   -9999.0 M M",
        "2020/01/01 06:00   NaN M M",
        "2020/01/01 07:00   1e-1 C03 x",
    ];
    let sensor = one(NAME, &format!("{HEAD}\n{}", rows.join("\n")));
    let s = sensor.records.summary();
    let flags: Vec<(&str, usize)> = s.flags.iter().map(|(f, n)| (f.as_str(), *n)).collect();
    assert_eq!(flags, [("C03", 1), ("D01,D03", 1), ("G", 2), ("M", 2), ("U", 1), ("none", 1)]);
    // U of old archives is good; -9999 and NaN are no values.
    assert_eq!((s.records, s.good), (8, 3));
    assert!((s.sum - 1.45).abs() < 1e-12, "{s:?}");
}

#[test]
fn names_with_spaces_signs_and_numbers() {
    // The folder is the network's and another than the station's; station and sensor hold spaces; the station ends in a number.
    let path = "FR_Net/Field-5 (#1)/FR_Net_FR_Net_Field #1 5_sm_0.050000_0.050000_Theta_Probe ML2_20200101_20200102.stm";
    let head = "Fr_Net_old FR_Net Field #1 5 45.5 -100.25 310.0 0.05 0.05 Theta_Probe ML2";
    let sensor = one(path, &format!("{head}\n{}", ROWS.join("\n")));
    assert_eq!((sensor.network.as_str(), sensor.station.as_str()), ("FR_Net", "Field #1 5"));
    assert_eq!((sensor.latitude, sensor.instrument.as_str()), (45.5, "Theta_Probe ML2"));
    // CEOP, of the same station.
    let line = |time: &str, value: &str, flag: &str| {
        format!(
            "2020/01/01 {time} 2020/01/01 {time} Fr_Net_old FR_Net Field #1 5 45.50000 -100.25000 310.00 0.05 0.05 {value} {flag}"
        )
    };
    let text = [
        line("00:00", "0.2000", "G M"),
        line("01:00", "0.2500", "D03 Frozen soil,OK,OK"),
        line("02:00", "0.3", "G"),
    ];
    let sensor = one(path, &text.join("\r"));
    assert_eq!((sensor.network.as_str(), sensor.station.as_str()), ("FR_Net", "Field #1 5"));
    assert_eq!((sensor.latitude, sensor.longitude, sensor.depth_to), (45.5, -100.25, 0.05));
    assert_eq!((sensor.form, sensor.instrument.as_str()), (Form::Ceop, "Theta_Probe ML2"));
    assert_eq!((sensor.records.len(), sensor.records.summary().good), (3, 2));
}

#[test]
fn a_file_of_two_sensors_gives_two() {
    let line = |n: usize, depth: &str| {
        format!(
            "2020/01/01 0{n}:00 2020/01/01 0{n}:02 NET NET STA 45.5 -100.25 310 {depth} {depth} 0.{n} G M"
        )
    };
    let text = [line(1, "0.05"), line(2, "0.10"), line(3, "0.05"), line(4, "0.10")].join("\n");
    let stations = read(&[(NAME, &text)]);
    let depths: Vec<(f64, usize)> = stations.sensors.iter().map(|s| (s.depth_to, s.records.len())).collect();
    assert_eq!(depths, [(0.05, 2), (0.1, 2)]);
}

#[test]
fn a_broken_station_never_costs_the_others() {
    let good = format!("{HEAD}\n{}", ROWS.join("\n"));
    let place = NAME.replace("STA", "NOPLACE");
    let empty = NAME.replace("STA", "EMPTY");
    let binary = NAME.replace("STA", "BINARY");
    let headless = NAME.replace("STA", "HEADLESS");
    let outside = NAME.replace("STA", "OUTSIDE");
    let zeros = "\0".repeat(200_000);
    let broken = [
        (
            place.as_str(),
            "NET NET STA here there 310.0 0.05 0.05 Probe\n2020/01/01 00:00 0.2 G M",
            "it begins",
        ),
        (empty.as_str(), HEAD, "no record"),
        (binary.as_str(), zeros.as_str(), "is no text"),
        (headless.as_str(), "2020/01/01 00:00 0.2 G M", "should stand before the values"),
        (
            outside.as_str(),
            "NET NET STA 45.5 -500 310.0 0.05 0.05 P\n2020/01/01 00:00 0.2 G",
            "no place on Earth",
        ),
        ("NET/STA/notes.stm", good.as_str(), "which variable"),
        ("NET/STA/NET_NET_STA_sm_0.050000_0.050000_P.stm", "", "no record"),
    ];
    let mut files: Vec<(&str, &str)> = broken.iter().map(|(path, text, _)| (*path, *text)).collect();
    files.insert(3, (NAME, &good));
    let stations = read(&files);
    assert_eq!(stations.sensors.len(), 1);
    assert_eq!(stations.sensors[0].records.len(), 3);
    assert_eq!(stations.left_out.len(), broken.len());
    for ((path, _, why), left) in broken.iter().zip(&stations.left_out) {
        assert!(left.file == *path && left.why.contains(why), "{left:?}");
    }
}

#[test]
fn lines_that_are_no_record_are_counted_and_times_put_in_order() {
    let text = format!(
        "{HEAD}\n2020/01/01 05:00 0.1 G M\nrubbish\n2020/13/01 00:00 0.2 G M\n2020/01/01 03:00 x G M\n2020/01/01 04:00 0.2 G M\n"
    );
    let sensor = one(NAME, &text);
    assert_eq!(sensor.bad_lines, Some((3, 3)));
    let values: Vec<f64> = sensor.records.iter().map(|record| record.value).collect();
    assert_eq!(values, [0.2, 0.1]);
}

#[test]
fn periods_of_one_sensor_are_one_series_and_tables_beside_it_are_read() {
    let later = NAME.replace("20200101_20200102", "20200102_20200103");
    let rows = "2020/01/01 02:00   0.9000 D03 M\n2020/01/02 00:00   0.4000 G M";
    let stations = read(&[
        (later.as_str(), &format!("{HEAD}\n{rows}")),
        (NAME, &format!("{HEAD}\n{}", ROWS.join("\n"))),
        (
            "NET/STA/NET_NET_STA_static_variables.csv",
            "land cover classification;;;;130;Grassland;ESA\nclimate classification;;;;Cfa;Temperate;KG\n",
        ),
        ("frm_classification.csv", "NET;STA;Probe-1;0.05;0.05;representative;2.5;300\n"),
    ]);
    assert_eq!((stations.sensors.len(), stations.left_out.len()), (1, 0));
    let sensor = &stations.sensors[0];
    assert_eq!(sensor.records.len(), 4);
    // Of equal times the one read first.
    assert_eq!(sensor.records.at(2).map(|r| r.value), Some(0.9));
    assert_eq!(sensor.surroundings.land_cover.as_deref(), Some("Grassland (130)"));
    assert_eq!(sensor.surroundings.climate.as_deref(), Some("Cfa"));
    assert_eq!(sensor.surroundings.frm_class.as_deref(), Some("representative"));
}

#[test]
fn old_names_say_their_variable_in_words_and_leave_out_the_sensor() {
    for (name, code, instrument) in [
        ("NET_NET_STA_Soil-Moisture_0.050000_0.050000_20010103_20090812.stm", "sm", "Probe-1"),
        ("NET_NET_STA_sm_0.05_0.05_Hydra_2000_2001.stm", "sm", "Hydra"),
        ("NET_NET_STA_Soil-Temperature_0.05_0.05_20010103_20090812.stm", "ts", "Probe-1"),
    ] {
        let sensor = one(name, &format!("{HEAD}\n{}", ROWS.join("\n")));
        assert_eq!((sensor.variable.code(), sensor.instrument.as_str()), (code, instrument), "{name}");
        assert_eq!((sensor.network.as_str(), sensor.station.as_str()), ("NET", "STA"));
    }
}

#[test]
fn signs_blanks_and_letters_of_other_programs() {
    // A true minus, a sign apart from its number, blanks that do not break.
    for longitude in ["\u{2212}100.25", "- 100.25", "-\u{a0}100.25", "259.75"] {
        let head = format!("NET NET STA 45.5 {longitude} 310.0 0.05 0.05 Probe-1");
        let sensor = one(NAME, &format!("{head}\n{}", ROWS.join("\n")));
        assert_eq!(
            (sensor.longitude, sensor.depth_to, sensor.records.len()),
            (-100.25, 0.05, 3),
            "{longitude}"
        );
        let row = |n: usize| {
            format!(
                "2020/01/01 0{n}:00 2020/01/01 0{n}:00 NET NET STA 45.5 {longitude} 310.0 0.05 0.05 0.{n} G M"
            )
        };
        let sensor = one(NAME, &[row(1), row(2), row(3)].join("\n"));
        assert_eq!(
            (sensor.form, sensor.longitude, sensor.records.len()),
            (Form::Ceop, -100.25, 3),
            "{longitude}"
        );
        assert_eq!((sensor.bad_lines, sensor.records.at(2).map(|r| r.value)), (None, Some(0.3)));
    }
    // Latin-1, in the first line of one form and in every line of the other.
    let bytes = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let head = format!("{}\n{}", HEAD.replace("STA", "Sodankyl\u{e4}"), ROWS.join("\n"));
    let row = "2020/01/01 00:00 2020/01/01 00:00 NET NET Sodankyl\u{e4} 45.5 26.6 179 0.05 0.05 0.2 G M";
    for text in [head.as_str(), row] {
        let mut reader = Reader::new();
        reader.add(NAME, Arc::new(BytesSource::new(NAME, bytes(text)))).unwrap();
        let stations = reader.read();
        assert_eq!(stations.left_out, []);
        assert_eq!(stations.sensors[0].station, "Sodankyl\u{e4}");
    }
    // The same in UTF-8.
    assert_eq!(one(NAME, row).station, "Sodankyl\u{e4}");
}

#[test]
fn times_may_say_that_they_are_utc_and_nothing_else() {
    let rows = ["2020/01/01 00:00Z 0.1 G", "2020/01/01 01:00:00Z 0.2 G", "2020/01/01 02:00+02:00 0.3 G"];
    let sensor = one(NAME, &format!("{HEAD}\n{}", rows.join("\n")));
    assert_eq!((sensor.records.len(), sensor.bad_lines), (2, Some((1, 4))));
}

#[test]
fn depths_are_as_the_file_says_and_count_by_both_ends() {
    for (from, to) in [("0.0500", "0.0000"), ("-0.0500", "-0.0500"), ("0.0000", "0.0500")] {
        let path = format!("NET/STA/NET_NET_STA_sm_{from}00_{to}00_P_20200101_20200102.stm");
        let sensor =
            one(&path, &format!("NET NET STA 45.5 -100.25 310.0 {from} {to} P\n{}", ROWS.join("\n")));
        assert_eq!((sensor.depth_from, sensor.depth_to), (from.parse().unwrap(), to.parse().unwrap()));
        let counts = ground_stations::matching::Rules::default().admits(&sensor);
        assert_eq!(counts, !from.starts_with('-'), "above the ground is no soil: {from}");
    }
}

#[test]
fn values_in_another_unit_are_said() {
    let rows = |values: [&str; 3]| {
        let row = |(n, value): (usize, &str)| format!("2020/01/01 0{n}:00 {value} U M");
        values.into_iter().enumerate().map(row).collect::<Vec<_>>().join("\n")
    };
    // As the ISMN's own Readme shows them.
    let percent = one(NAME, &format!("{HEAD}\n{}", rows(["10.30", "9.80", "0.9"])));
    let problems = percent.problems();
    assert!(problems.len() == 1 && problems[0].contains("not in m3/m3"), "{problems:?}");
    assert_eq!(percent.records.summary().sum, 21.0, "it is read as it stands");
    let kelvin = one(&NAME.replace("_sm_", "_ts_"), &format!("{HEAD}\n{}", rows(["280.1", "281", "279"])));
    assert!(kelvin.problems()[0].contains("not in degrees Celsius"), "{:?}", kelvin.problems());
    // A wild value or two are flagged by the archive, and no other unit.
    assert_eq!(one(NAME, &format!("{HEAD}\n{}", rows(["0.30", "9.80", "0.9"]))).problems(), [""; 0]);
}

#[test]
fn sensors_of_one_name_in_their_first_lines_are_told_apart_by_their_files() {
    let named = |probe: &str| NAME.replace("Probe-1", probe);
    let (one, two) = (named("CS616_1"), named("CS616_2"));
    let text = format!("{}\n{}", HEAD.replace("Probe-1", "CS616"), ROWS.join("\n"));
    let stations = read(&[(&one, &text), (&two, &text)]);
    assert_eq!((stations.sensors.len(), stations.left_out.len()), (2, 0));
    // The same sensor in both forms, whose first lines write it otherwise.
    let ceop = "2020/01/01 05:00 2020/01/01 05:00 NET NET STA 45.5 -100.25 310 0.05 0.05 0.2 G M";
    let text = format!("{}\n{}", HEAD.replace("Probe-1", "Probe 1"), ROWS.join("\n"));
    let stations = read(&[(NAME, &text), (NAME, ceop)]);
    assert_eq!((stations.sensors.len(), stations.sensors[0].records.len()), (1, 4));
}

#[test]
fn times_that_come_twice_are_merged_once() {
    let rows = "2020/01/01 00:00 0.9 G M\n2020/01/01 03:00 0.5 G M\n2020/01/01 03:00 0.6 G M\n2020/01/01 03:00 0.7 G M";
    let stations = read(&[
        (NAME, &format!("{HEAD}\n{}", ROWS.join("\n"))),
        (&NAME.replace("20200102", "20200103"), &format!("{HEAD}\n{rows}")),
    ]);
    let values: Vec<f64> = stations.sensors[0].records.iter().map(|record| record.value).collect();
    assert_eq!(values, [0.2, 0.25, 0.3, 0.5]);
}

/// A zip archive whose members are stored.
fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, body) in files {
        let at = out.len() as u32;
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for number in [0, body.len() as u32, body.len() as u32] {
            common.extend_from_slice(&u32::to_le_bytes(number));
        }
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(body);
        list.extend_from_slice(b"PK\x01\x02\x14\0");
        list.extend_from_slice(&common);
        list.extend_from_slice(&[0; 10]);
        list.extend_from_slice(&at.to_le_bytes());
        list.extend_from_slice(name.as_bytes());
    }
    let (at, count) = (out.len() as u32, files.len() as u16);
    let length = list.len() as u32;
    out.extend_from_slice(&list);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    for number in [count, count] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for number in [length, at] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&[0, 0]);
    out
}

#[test]
fn archives_in_archives_and_what_programs_leave_beside_stations() {
    let table = format!("{HEAD}\n{}", ROWS.join("\n")).into_bytes();
    let inner = zip(&[(NAME, table.clone()), ("Readme.txt", b"read me".to_vec())]);
    let inner_mac = format!("__MACOSX/{NAME}");
    let other = NAME.replace("STA", "OTHER");
    let outer = zip(&[
        ("order 1/stations.zip", inner),
        (&inner_mac, b"leavings".to_vec()),
        ("python_metadata/order.csv", b"variable;key\nx;y\n".to_vec()),
        (&other, String::from_utf8(table).unwrap().replace("STA", "OTHER").into_bytes()),
        ("broken.zip", b"PK\x03\x04 cut off".to_vec()),
        ("no archive.zip", b"text".to_vec()),
    ]);
    let source: SharedSource = Arc::new(BytesSource::new("outer.zip", outer));
    assert!(ground_stations::is_of_stations(&source));
    let mut reader = Reader::new();
    reader.add("outer.zip", source).unwrap();
    let stations = reader.read();
    let mut found: Vec<&str> = stations.sensors.iter().map(|sensor| sensor.station.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["OTHER", "STA"]);
    assert!(stations.sensors.iter().any(|s| s.file == format!("outer.zip/order 1/stations.zip/{NAME}")));
    assert_eq!(stations.left_out.len(), 1, "{:?}", stations.left_out);
    assert!(
        stations.left_out[0].file == "outer.zip/broken.zip"
            && stations.left_out[0].why.contains("interrupted")
    );
    // Nothing in it but archives of other things.
    let none: SharedSource =
        Arc::new(BytesSource::new("a.zip", zip(&[("b.zip", zip(&[("x.txt", Vec::new())]))])));
    assert!(!ground_stations::is_of_stations(&none));
    assert!(Reader::new().add("a.zip", none).is_err());
}
