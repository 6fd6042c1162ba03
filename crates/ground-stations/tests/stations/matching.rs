//! The rules of matching, one by one, on tables written here; and a simulated network, whose right answers are known.

use std::sync::Arc;

use ease_grid::{EaseWindow, Raster, Reason, Resolution, ease2};
use ground_stations::evaluation::{Comparison, groups, triple_at};
use ground_stations::matching::{
    Exclusion, Footprint, Layer, MapDay, Matched, Matcher, Overpass, Rules, Status,
};
use ground_stations::scores::{Lineage, TripleRefusal};
use ground_stations::simulate::{Errors, SimulatedNetwork, as_file};
use ground_stations::{Reader, Stations, time};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use smap_files::BytesSource;

const DAY: Date = date(2020, 6, 1);

/// 5 x 5 cells around 0 N 0 E, where 6 am local time is 6:00 UTC.
fn window() -> EaseWindow {
    EaseWindow::around(Resolution::M03, 0.01, 0.01, 5, 5).unwrap()
}

fn layer(name: &str) -> Layer {
    Layer { name: name.to_owned(), sparse: false, lineage: Lineage::SmapRadiometer }
}

fn table(station: &str, variable: &str, depth: &str, rows: &[&str]) -> (String, String) {
    (
        format!("NET/{station}/NET_NET_{station}_{variable}_{depth}_{depth}_P_20200601_20200601.stm"),
        format!("NET NET {station} 0.01 0.01 1 {depth} {depth} P\n{}\n", rows.join("\n")),
    )
}

fn read(files: &[(String, String)]) -> Stations {
    let mut reader = Reader::new();
    for (path, text) in files {
        reader.add(path, Arc::new(BytesSource::new(path, text.clone().into_bytes()))).unwrap();
    }
    let stations = reader.read();
    assert_eq!(stations.left_out, []);
    stations
}

fn ramp() -> Raster {
    let window = window();
    let values = (0..window.len()).map(|n| 0.1 + 0.01 * n as f32).collect();
    Raster::new(window.grid(), values, vec![Reason::Valid; window.len()]).unwrap()
}

fn matched(stations: &Stations, rules: &Rules, raster: &Raster, overpass: Overpass<'_>) -> Matched {
    let mut matcher = Matcher::new(stations, rules.clone(), vec![layer("map")]);
    matcher.add(&MapDay { date: DAY, overpass, maps: vec![(0, raster)], half_widths: Vec::new() });
    matcher.finish()
}

fn only(files: &[(String, String)]) -> Matched {
    matched(&read(files), &Rules::default(), &ramp(), Overpass::Morning)
}

const HOURLY: [&str; 6] = [
    "2020/06/01 03:00 0.30 G M",
    "2020/06/01 04:00 0.31 G M",
    "2020/06/01 05:10 0.32 G M",
    "2020/06/01 06:20 0.33 G M",
    "2020/06/01 18:00 0.40 G M",
    "2020/06/01 19:00 0.41 G M",
];

#[test]
fn the_value_nearest_to_the_overpass_in_the_cell_that_holds_the_station() {
    let found = only(&[table("A", "sm", "0.05", &HOURLY)]);
    let pair = &found.stations[0].pairs[0];
    // The middle of 5 x 5, and the mean around it.
    assert_eq!((pair.station, pair.sensors, pair.cell[0]), (0.33, 1, 0.1 + 0.01 * 12.0));
    assert!((pair.mean_3x3[0] - 0.22).abs() < 1e-6);
    assert_eq!(time::text(pair.minutes), "2020-06-01T06:00:00Z");
    // 6 pm where the file says so; its own time where it has one.
    let evening = Raster::new(window().grid(), vec![1.0; 25], vec![Reason::Valid; 25]).unwrap();
    let stations = read(&[table("A", "sm", "0.05", &HOURLY)]);
    let found = matched(&stations, &Rules::default(), &ramp(), Overpass::Of(&evening));
    assert_eq!(found.stations[0].pairs[0].station, 0.40);
    let own = time::of_date(DAY) * time::DAY + 4 * 60 + 20;
    let found = matched(&stations, &Rules::default(), &ramp(), Overpass::At(own));
    assert_eq!(found.stations[0].pairs[0].station, 0.31);
}

#[test]
fn windows_are_an_hour_for_hourly_records_and_six_at_most() {
    let exclusion = |rows: &[&str]| {
        let found = only(&[table("A", "sm", "0.05", rows)]);
        (found.stations[0].pairs.len(), found.excluded().keys().copied().next())
    };
    let hourly = ["2020/06/01 03:00 0.3 G", "2020/06/01 04:00 0.3 G", "2020/06/01 04:59 0.3 G"];
    assert_eq!(exclusion(&hourly), (0, Some(Exclusion::Time)));
    assert_eq!(exclusion(&["2020/06/01 04:00 0.3 G", "2020/06/01 05:00 0.3 G"]), (1, None));
    // Every three hours: three.
    assert_eq!(exclusion(&["2020/06/01 00:00 0.3 G", "2020/06/01 03:00 0.3 G"]), (1, None));
    // Once a day: six, however rarely.
    assert_eq!(exclusion(&["2020/06/01 12:00 0.3 G", "2020/06/02 12:00 0.3 G"]), (1, None));
    assert_eq!(exclusion(&["2020/06/01 12:01 0.3 G", "2020/06/02 12:01 0.3 G"]), (0, Some(Exclusion::Time)));
}

#[test]
fn depths_flags_frost_and_masks_are_counted() {
    let found = only(&[table("A", "sm", "0.10", &HOURLY)]);
    assert_eq!(found.stations[0].status, Status::Excluded(Exclusion::Depth));
    assert_eq!(found.deeper_sensors, 1);
    let deep = Rules { depth: (0.0, 0.10), ..Rules::default() };
    let stations = read(&[table("A", "sm", "0.10", &HOURLY)]);
    assert_eq!(matched(&stations, &deep, &ramp(), Overpass::Morning).stations[0].pairs.len(), 1);

    let flagged = ["2020/06/01 06:00 0.9 D01 M", "2020/06/01 08:00 0.3 G M", "2020/06/01 09:00 0.3 G M"];
    let found = only(&[table("A", "sm", "0.05", &flagged)]);
    assert_eq!(found.stations[0].status, Status::Excluded(Exclusion::Flags));
    // A good value beside a flagged one counts.
    let beside = ["2020/06/01 06:00 0.9 D01 M", "2020/06/01 06:30 0.3 G M", "2020/06/01 07:00 0.3 G M"];
    assert_eq!(only(&[table("A", "sm", "0.05", &beside)]).stations[0].pairs[0].station, 0.3);

    // Percent is no m3/m3: such a sensor counts as none, and one in the right unit beside it does.
    let percent = ["2020/06/01 06:00 21.0 G M", "2020/06/01 07:00 22.0 G M"];
    let found = only(&[table("A", "sm", "0.05", &percent)]);
    assert_eq!((found.stations[0].status, found.stations[0].sensors), (Status::Excluded(Exclusion::Unit), 0));
    let found = only(&[table("A", "sm", "0.05", &percent), table("A", "sm", "0.04", &HOURLY)]);
    assert_eq!(found.stations[0].pairs.len(), 1);

    let cold = table("A", "ts", "0.05", &["2020/06/01 06:00 3.9 G M"]);
    let warm = table("A", "ts", "0.20", &["2020/06/01 06:00 9.9 G M"]);
    let moist = table("A", "sm", "0.05", &HOURLY);
    let found = only(&[moist.clone(), warm.clone(), cold]);
    assert_eq!(found.stations[0].status, Status::Excluded(Exclusion::Frozen));
    assert_eq!(only(&[moist.clone(), warm]).stations[0].pairs.len(), 1);
    // Kelvin tells no frost, and is not taken for warm soil either.
    let kelvin = table("A", "ts", "0.01", &["2020/06/01 06:00 274.0 G M"]);
    let cold = table("A", "ts", "0.05", &["2020/06/01 06:00 0.9 G M"]);
    let found = only(&[moist.clone(), kelvin, cold]);
    assert_eq!(found.stations[0].status, Status::Excluded(Exclusion::Frozen));

    let none = Raster::masked(window().grid(), Reason::Mountain);
    let stations = read(std::slice::from_ref(&moist));
    let found = matched(&stations, &Rules::default(), &none, Overpass::Morning);
    assert_eq!(found.stations[0].status, Status::Excluded(Exclusion::Masked));
    assert_eq!(found.stations[0].masked.get("mountains (surface flag)"), Some(&1));
    let far = EaseWindow::around(Resolution::M03, 50.0, 10.0, 5, 5).unwrap();
    let elsewhere = Raster::new(far.grid(), vec![0.2; 25], vec![Reason::Valid; 25]).unwrap();
    let found = matched(&stations, &Rules::default(), &elsewhere, Overpass::Morning);
    assert_eq!(found.stations[0].status, Status::Excluded(Exclusion::Outside));
    let found = only(&[table("A", "p", "0.00", &["2020/06/01 06:00 1.0 G M"])]);
    assert_eq!(found.stations[0].status, Status::Excluded(Exclusion::NoSoilMoisture));
}

#[test]
fn sensors_of_a_station_and_stations_of_a_cell_are_averaged() {
    let row = |value: &str| vec![format!("2020/06/01 06:00 {value} G M")];
    let of = |station: &str, value: &str, depth: &str| {
        let rows = row(value);
        table(station, "sm", depth, &rows.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let found = only(&[of("A", "0.20", "0.05"), of("A", "0.30", "0.02"), of("B", "0.35", "0.05")]);
    let [a, b] = &found.stations[..] else { panic!() };
    assert_eq!((a.pairs[0].station, a.pairs[0].sensors), (0.25, 2));
    assert_eq!((b.pairs[0].station, b.status), (0.35, Status::TooFew));
    let [cell] = &found.cells[..] else { panic!() };
    let pair = &cell.pairs[0];
    assert!((pair.station - 0.30).abs() < 1e-12);
    assert_eq!((pair.stations, pair.sensors, cell.stations.as_slice()), (2, 3, &[0, 1][..]));
}

/// Truth of a place and day: a season, weather, and a place's own level.
fn truth(place: usize, day: i32) -> f64 {
    let t = f64::from(day);
    0.22 + 0.06 * (t / 58.0).sin() + 0.05 * (t * 0.37).sin() + 0.02 * (place as f64 - 4.0) / 4.0
}

fn simulated(days: i32) -> (Stations, Vec<f64>, Matched) {
    let window = EaseWindow::around(Resolution::M03, -97.5, 35.5, 9, 9).unwrap();
    let places: Vec<(f64, f64)> = (0..9).map(|n| window.lonlat(n, n)).collect();
    let mut network = SimulatedNetwork::new(&places, Errors::default(), 7);
    let offsets: Vec<f64> = network.offsets().collect();
    let first = time::of_date(DAY);
    for day in first - 1..=first + days {
        network.day(day, |place| Some(truth(place, day)));
    }
    let stations = network.finish();
    let layers = vec![
        layer("truth"),
        layer("constant"),
        Layer { name: "product".into(), sparse: true, lineage: Lineage::SmapRadiometer },
    ];
    let mut matcher = Matcher::new(&stations, Rules::default(), layers);
    for n in 0..days {
        let raster = |of: &dyn Fn(usize) -> f32| {
            let values = (0..81).map(|cell| of(cell % 9)).collect();
            Raster::new(window.grid(), values, vec![Reason::Valid; 81]).unwrap()
        };
        let is_true = raster(&|place| truth(place, first + n) as f32);
        let constant = raster(&|_| 0.2);
        let mut maps = vec![(0, &is_true), (1, &constant)];
        if n % 6 == 0 {
            maps.push((2, &is_true));
        }
        let date = DAY.checked_add(n.days()).unwrap();
        matcher.add(&MapDay { date, overpass: Overpass::Morning, maps, half_widths: Vec::new() });
    }
    let matched = matcher.finish();
    (stations, offsets, matched)
}

#[test]
fn a_simulated_network_gives_back_the_errors_it_was_made_with() {
    let (stations, offsets, matched) = simulated(400);
    assert!(stations.simulated());
    assert_eq!(groups(&matched), [vec![0, 1], vec![0, 1, 2]]);
    let all = Comparison::of(&matched, &[0, 1], Footprint::Cell);
    // 35.5 N 97.5 W: 6 am is 12:30 UTC, between two records of the day.
    let expected = (0.015f64.powi(2) + 0.01f64.powi(2)).sqrt();
    let (mut held, mut total) = (0, 0);
    for (cell, station) in all.cells.iter().zip(matched.cells.iter().map(|cell| cell.stations[0])) {
        let scores = &cell.scores[0].scores;
        assert_eq!(cell.n_obs, 400);
        for (score, right) in [(scores.bias, -offsets[station]), (scores.urmsd, expected)] {
            let (low, high) = score.interval.unwrap();
            held += usize::from(low <= right && right <= high);
            total += 1;
            assert!((score.value - right).abs() < 0.003, "{score:?} {right}");
        }
        assert!(scores.r.value > 0.9 && cell.scores[0].anomaly_r.unwrap() > 0.8);
        assert!(cell.scores[1].scores.r.value.is_nan());
    }
    // 95 % intervals of 18 scores.
    assert!(held + 3 >= total, "{held} of {total}");
    let summary = all.summary(0).unwrap();
    assert!((summary.urmsd.unwrap().median - expected).abs() < 0.001);
    assert_eq!((all.pairs, all.not_on_every_map, all.seasons.len(), all.dates.len()), (3600, 0, 4, 400));
    let sparse = Comparison::of(&matched, &[0, 1, 2], Footprint::Mean3x3);
    assert_eq!((sparse.pairs, sparse.not_on_every_map), (67 * 9, 333 * 9));
    assert_eq!(sparse.by(&matched, |s| Some(s.network.as_str())).keys().collect::<Vec<_>>(), [&"SIMULATED"]);
    // Over space the offsets are what differs.
    let spatial = &all.dates[0].scores[0];
    assert_eq!(spatial.n_obs, 9);
    let refusal = triple_at(&matched, &matched.cells[0], (0, 2));
    assert!(matches!(refusal, Err(TripleRefusal::NotIndependent { .. })), "{refusal:?}");
}

#[test]
fn simulated_stations_are_read_back_from_their_files_as_simulated() {
    let (stations, _, _) = simulated(20);
    let files: Vec<(String, String)> =
        stations.sensors.iter().map(|sensor| as_file(sensor).unwrap()).collect();
    let again = read(&files);
    assert!(again.sensors.iter().all(|sensor| sensor.simulated()));
    for (a, b) in stations.sensors.iter().zip(&again.sensors) {
        assert_eq!((&a.station, a.records.len(), b.depth_to), (&b.station, b.records.len(), 0.05));
        assert!((a.records.summary().sum / b.records.summary().sum - 1.0).abs() < 5e-5);
        // Read from a file it may be anyone's: it is not written again.
        assert_eq!(as_file(b), None);
    }
}

#[test]
fn the_cell_is_that_of_the_grid() {
    // shared/data/README.md: ARM-1 lies in 3 km column 2651, row 982.
    let (column, row) = ease2::fractional_index(Resolution::M03, -97.4878, 36.6054);
    assert_eq!((column.floor(), row.floor()), (2651.0, 982.0));
    let (path, text) = table("A", "sm", "0.05", &HOURLY);
    let stations = read(&[(path, text.replace("0.01 0.01", "36.6054 -97.4878"))]);
    let found = matched(&stations, &Rules::default(), &ramp(), Overpass::Morning);
    assert_eq!(found.stations[0].cell, Some((2651, 982)));
}
