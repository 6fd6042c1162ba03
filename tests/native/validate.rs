//! `loam inspect` on archives of stations, and `loam validate` on simulated scenes with simulated stations.

use std::path::Path;

use super::command_line::{json, refused, run};

const KEYS: [&str; 13] = [
    "depth_from",
    "depth_to",
    "elevation",
    "first",
    "flags",
    "last",
    "lat",
    "lon",
    "network",
    "records",
    "station",
    "sum",
    "variable",
];

#[test]
fn inspect_lists_the_sensors_of_real_archives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ismn");
    for name in [
        "zip_archives__ceop__Data_seperate_files_20170810_20180809.zip",
        "zip_archives__header__Data_seperate_files_header_20170810_20180809.zip",
    ] {
        let path = folder.join(name);
        if !path.exists() {
            eprintln!("skipped: ../shared/data/ismn/{name} is not here");
            continue;
        }
        let output = run(&["inspect", path.to_str().unwrap(), "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = json(&output);
        assert_eq!((found["file"].as_str(), found["product"].as_str()), (Some(name), Some("stations")));
        let sensors = found["sensors"].as_array().unwrap();
        assert_eq!(sensors.len(), 2);
        for sensor in sensors {
            let mut keys: Vec<&str> = sensor.as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys, KEYS);
        }
        // shared/data/README.md.
        let arm = &sensors[0];
        assert_eq!((arm["station"].as_str(), arm["records"].as_u64()), (Some("ARM-1"), Some(6865)));
        assert_eq!((arm["flags"]["G"].as_u64(), arm["flags"]["D03,D05"].as_u64()), (Some(6514), Some(17)));
        assert!((arm["sum"].as_f64().unwrap() - 899.493).abs() < 1e-9);
        assert_eq!(arm["first"].as_str(), Some("2017-08-10T00:00:00Z"));
    }
}

#[test]
fn a_folder_of_stations_is_one_description_and_a_loggers_table_is_previewed() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("NET/Field-1");
    std::fs::create_dir_all(&inside).unwrap();
    let table = "NET NET Field-1 35.5 -97.5 300.0 0.05 0.05 Probe\r\n2020/06/01 12:00 0.2 G M\r\n";
    std::fs::write(inside.join("NET_NET_Field-1_sm_0.050000_0.050000_Probe_20200601_20200601.stm"), table)
        .unwrap();
    std::fs::write(inside.join("NET_NET_Broken_sm_0.050000_0.050000_Probe_20200601_20200601.stm"), "no")
        .unwrap();
    std::fs::write(folder.path().join("Readme.txt"), "read me").unwrap();
    // What the Python package `ismn` leaves there is no logger's table; stations come in order of their names.
    std::fs::create_dir_all(folder.path().join("python_metadata")).unwrap();
    std::fs::write(folder.path().join("python_metadata/order.csv"), "time,sm\n2020-06-01 06:00,21.5\n")
        .unwrap();
    let second = folder.path().join("NET/Field-2");
    std::fs::create_dir_all(&second).unwrap();
    let name = "NET_NET_Field-2_sm_0.050000_0.050000_Probe_20200601_20200601.stm";
    std::fs::write(second.join(name), table.replace("Field-1", "Field-2")).unwrap();
    let output = run(&["inspect", folder.path().to_str().unwrap(), "--json"]);
    assert!(output.status.success());
    let found = json(&output);
    let names: Vec<_> =
        found["sensors"].as_array().unwrap().iter().map(|sensor| sensor["station"].clone()).collect();
    assert_eq!(names, ["Field-1", "Field-2"]);
    assert_eq!(found["left_out"].as_array().unwrap().len(), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("left out: NET/Field-1/NET_NET_Broken"));

    let csv = folder.path().join("logger.csv");
    std::fs::write(&csv, "time,sm\n2020-06-01 06:00,21.5\n").unwrap();
    let found = json(&run(&["inspect", csv.to_str().unwrap(), "--json"]));
    assert_eq!(found["preview"]["columns"].as_array().unwrap().len(), 2);
}

#[test]
fn validate_compares_simulated_maps_with_simulated_stations() {
    let folder = tempfile::tempdir().unwrap();
    let (out, csv) = (folder.path().join("report.html"), folder.path().join("pairs.csv"));
    let output = run(&[
        "validate",
        "--simulated",
        "--region",
        "tucson",
        "--from",
        "2016-03-01",
        "--to",
        "2016-06-30",
        "--methods",
        "regression,bilinear",
        "--out",
        out.to_str().unwrap(),
        "--csv",
        csv.to_str().unwrap(),
        "--json",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = json(&output);
    assert_eq!(
        (found["simulated"]["maps"].as_bool(), found["simulated"]["stations"].as_bool()),
        (Some(true), Some(true))
    );
    let stations = found["stations"].as_array().unwrap();
    assert_eq!(stations.len(), 16);
    let first = &found["comparisons"][0];
    let names: Vec<&str> =
        first["maps"].as_array().unwrap().iter().map(|m| m["map"].as_str().unwrap()).collect();
    assert_eq!(names[..2], ["SMAP as it is", "bilinear SMAP"]);
    assert_eq!(names.len(), 3);
    for map in first["maps"].as_array().unwrap() {
        let urmsd = map["median_over_cells"]["urmsd"]["median"].as_f64().unwrap();
        // The probe's own error is a part of it, and SMAP's noise of 0.025 another.
        assert!((0.015..0.08).contains(&urmsd), "{map}");
    }
    let refusal = found["triple_collocation"]["refused"].as_str().unwrap();
    assert!(refusal.contains("SMAP's radiometer"), "{refusal}");
    let html = std::fs::read_to_string(&out).unwrap();
    assert!(html.contains("SIMULATED. The maps and the stations are simulated") && !html.contains("<script"));
    let pairs = std::fs::read_to_string(&csv).unwrap();
    let rows = pairs.lines().filter(|line| !line.starts_with('#')).count() - 1;
    assert_eq!(Some(rows as u64), found["pairs"].as_u64());
}

/// Maps are disaggregated by what all dates of the scene say: a period chooses dates, and changes no map.
#[test]
fn a_period_limits_the_dates_that_are_compared_and_not_the_scene() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.html");
    let pairs = |from: &str, to: &str| -> Vec<String> {
        let csv = folder.path().join("pairs.csv");
        let mut words = vec!["validate", "--simulated", "--region", "tucson", "--methods", "regression"];
        words.extend(["--from", from, "--to", to, "--out", out.to_str().unwrap()]);
        words.extend(["--csv", csv.to_str().unwrap()]);
        let output = run(&words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(&csv).unwrap();
        text.lines().filter(|line| line.starts_with("SIMULATED")).map(str::to_owned).collect()
    };
    let within = |row: &String| {
        let date = row.split(',').nth(6).unwrap();
        ("2016-04-15"..="2016-05-31").contains(&date)
    };
    let short = pairs("2016-04-15", "2016-05-31");
    let mut long = pairs("2016-04-01", "2016-06-30");
    assert!(long.len() > short.len() && short.iter().all(within));
    long.retain(within);
    assert_eq!(short, long);
}

#[test]
fn what_is_missing_is_said_in_one_line() {
    refused(&run(&["validate", "x.h5", "--out", "r.html"]), "no stations were given");
    refused(&run(&["validate", "--simulated", "--out", "r.html"]), "simulated scenes exist for");
    refused(
        &run(&["validate", "--simulated", "--methods", "tb-brightness", "--out", "r.html"]),
        "makes soil moisture",
    );
}
