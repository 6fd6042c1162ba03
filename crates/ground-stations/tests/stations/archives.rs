//! Real archives of the ISMN compared with shared/data/README.md, exactly.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ground_stations::{Form, Reader, Stations, Variable, time};

fn real(name: &str) -> Option<Stations> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ismn").join(name);
    if !path.exists() {
        eprintln!("skipped: ../shared/data/ismn/{name} is not here");
        return None;
    }
    let mut reader = Reader::new();
    reader.add_path(&path).unwrap();
    Some(reader.read())
}

fn both() -> impl Iterator<Item = (Stations, Form)> {
    [
        ("zip_archives__ceop__Data_seperate_files_20170810_20180809.zip", Form::Ceop),
        ("zip_archives__header__Data_seperate_files_header_20170810_20180809.zip", Form::HeaderValues),
    ]
    .into_iter()
    .filter_map(|(name, form)| Some((real(name)?, form)))
}

#[test]
fn both_forms_give_the_published_numbers() {
    for (stations, form) in both() {
        assert_eq!(stations.left_out, [], "{form:?}");
        assert_eq!(stations.networks(), ["COSMOS"]);
        assert_eq!(stations.sensors.len(), 2);
        let [arm, barrow] = &stations.sensors[..] else { panic!() };
        assert_eq!((arm.station.as_str(), barrow.station.as_str()), ("ARM-1", "Barrow-ARM"));
        for sensor in [arm, barrow] {
            assert_eq!((sensor.form, &sensor.variable), (form, &Variable::SoilMoisture));
            assert_eq!(sensor.instrument, "Cosmic-ray-Probe");
            assert_eq!((sensor.bad_lines, sensor.simulated()), (None, false));
            assert_eq!(sensor.records.step(), Some(60));
        }
        assert_eq!((arm.latitude, arm.longitude, arm.elevation), (36.6054, -97.4878, Some(322.0)));
        assert_eq!((arm.depth_from, arm.depth_to), (0.0, 0.19));
        assert_eq!((barrow.latitude, barrow.longitude, barrow.elevation), (71.3298, -156.6287, Some(4.0)));
        assert_eq!((barrow.depth_from, barrow.depth_to), (0.0, 0.21));
        assert_eq!(arm.surroundings.climate.as_deref(), Some("Cfa"));

        let counts = |pairs: &[(&str, usize)]| -> BTreeMap<String, usize> {
            pairs.iter().map(|(flag, n)| ((*flag).to_owned(), *n)).collect()
        };
        let s = arm.records.summary();
        assert_eq!((s.records, s.good), (6865, 6514));
        assert_eq!(
            s.flags,
            counts(&[("G", 6514), ("D05", 196), ("D03", 137), ("D03,D05", 17), ("D08,D05", 1)])
        );
        assert!((s.sum - 899.493).abs() < 1e-9 && (s.good_sum - 859.600).abs() < 1e-9, "{s:?}");
        assert_eq!(s.first.map(time::text).as_deref(), Some("2017-08-10T00:00:00Z"));
        assert_eq!(s.last.map(time::text).as_deref(), Some("2018-08-09T23:00:00Z"));
        let (first, last) = (arm.records.at(0).unwrap(), arm.records.at(6864).unwrap());
        assert_eq!((first.value, first.flag, last.value, last.flag), (0.141, "G", 0.11, "G"));

        let s = barrow.records.summary();
        assert_eq!((s.records, s.good), (7059, 4963));
        let flags = [
            ("G", 4963),
            ("D03", 1854),
            ("D03,D05", 211),
            ("D05", 28),
            ("D08", 1),
            ("D07", 1),
            ("D08,D03,D05", 1),
        ];
        assert_eq!(s.flags, counts(&flags));
        assert!((s.sum - 1612.047).abs() < 1e-9 && (s.good_sum - 1134.374).abs() < 1e-9, "{s:?}");
    }
}

#[test]
fn the_same_order_in_both_forms_counts_once() {
    let all: Vec<_> = both().collect();
    let Ok([(mut ceop, _), (header, _)]) = <[_; 2]>::try_from(all) else { return };
    ceop.extend(header);
    assert_eq!(ceop.sensors.len(), 2);
    assert_eq!(ceop.sensors[0].records.len(), 6865);
    assert_eq!(ceop.left_out.len(), 2);
    assert!(ceop.left_out[0].why.contains("already"), "{:?}", ceop.left_out);
}

#[test]
fn a_reader_goes_in_steps_and_may_stop_between_them() {
    let name = "zip_archives__ceop__Data_seperate_files_20170810_20180809.zip";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ismn").join(name);
    if !path.exists() {
        eprintln!("skipped: ../shared/data/ismn/{name} is not here");
        return;
    }
    let mut reader = Reader::new();
    reader.add_path(&path).unwrap();
    let mut seen = Vec::new();
    while let Some(progress) = reader.step() {
        seen.push(progress.done);
        assert_eq!(progress.total, 948_144 + 979_186 + 2810 + 2768);
    }
    assert!(seen.is_sorted() && seen.len() > 6, "{seen:?}");
    assert_eq!(seen.last(), Some(&1_932_908));
    // Stopped after the first file: what was read is there.
    let mut reader = Reader::new();
    reader.add_path(&path).unwrap();
    while reader.step().is_some_and(|progress| progress.done < 1_000_000) {}
    assert_eq!(reader.finish().sensors.len(), 1);
}
