//! Pairs as NetCDF, read back by netCDF4 and xarray, by QA4SM's rules for user data.

use std::path::Path;
use std::process::Command;

use ground_stations::matching::{Matcher, Rules};
use ground_stations::report::{pairs_csv, pairs_netcdf};
use ground_stations::{Stations, time};

use super::report::made;

/// Python with the packages of tests/reference/requirements-exports.txt, or why there is none.
fn python() -> Result<String, String> {
    let python = std::env::var("LOAM_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", "import netCDF4, xarray"]).output();
    let found = found.map_err(|e| format!("{python}: {e}"))?;
    let last = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().last().unwrap_or_default().to_owned();
    if found.status.success() { Ok(python) } else { Err(format!("{python}: {}", last(&found.stderr))) }
}

#[test]
fn pairs_are_what_qa4sm_takes_and_the_tables_to_the_bit() {
    let (stations, matched) = made();
    let bytes = pairs_netcdf(&matched, &stations, true).unwrap();
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            eprintln!("skipped: {why}: python -m pip install -r tests/reference/requirements-exports.txt");
            return;
        }
    };
    let folder = std::env::temp_dir().join(format!("loam-pairs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("pairs.nc"), bytes).unwrap();
    std::fs::write(folder.join("pairs.csv"), pairs_csv(&matched, &stations, true)).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/check_pairs.py");
    let output = Command::new(python).arg(script).arg(&folder).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{}", said(&output.stdout));
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
}

#[test]
fn a_file_holds_pairs_and_no_other_record() {
    let (mut stations, matched) = made();
    let bytes = pairs_netcdf(&matched, &stations, true).unwrap();
    // Records that are in no pair change nothing.
    for sensor in &mut stations.sensors {
        sensor.records.push(time::DAY * time::of_date(jiff::civil::date(2030, 1, 1)), 0.123_456, "G");
    }
    assert!(bytes == pairs_netcdf(&matched, &stations, true).unwrap());
    assert!(bytes.starts_with(b"\x89HDF"));
}

#[test]
fn what_cannot_be_a_file_is_refused_with_what_to_do() {
    let (stations, mut matched) = made();
    let empty = Stations::default();
    let none = Matcher::new(&empty, Rules::default(), Vec::new()).finish();
    assert!(pairs_netcdf(&none, &empty, false).unwrap_err().to_string().contains("there is no pair"));
    // Stations all over the world, no two in a row or a column.
    let cell = matched.cells[0].clone();
    matched.cells = (0..2000)
        .map(|n| ground_stations::matching::CellMatch { cell: (4 * n, 2 * n), ..cell.clone() })
        .collect();
    let why = pairs_netcdf(&matched, &stations, true).unwrap_err().to_string();
    assert!(why.contains("2000 rows") && why.contains("choose a shorter period"), "{why}");
}
