//! The corpus of HDF5 files that break readers: no panic, hang or memory beyond a bound; values as h5py reads them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smap_files::{self as read, Granule, PathSource, QualityRule, ReadError, ReadOptions};

/// Sound files that hdf5-reader 0.12.1 cannot open: it misreads the address of the table of shared object header messages. No SMAP
/// and no NetCDF-4 file has one.
const KNOWN_GAPS: [&str; 3] =
    ["h5_rust-hdf5/sohm_list.h5", "h5_rust-hdf5/sohm_nested.h5", "h5_rust-hdf5/sohm_paged.h5"];

/// Arrays whose one fill value h5py counts as a value and Loam does not: by its `_FillValue` attribute, or without one by the fill
/// value that the dataset was created with. That value.
const DECLARED_FILL: [(&str, &str, f64); 7] = [
    ("h5_pyfive/enums_from_netcdf.nc", "enum_var", 255.0),
    ("h5_pyfive/h5netcdf_test.hdf5", "enum_var", 255.0),
    ("h5_pyfive/h5netcdf_test.hdf5", "y", -1.0),
    ("h5_jhdf/test_file.hdf5", "datasets_group/float/float64", 6.0),
    ("h5_jhdf/test_file2.hdf5", "datasets_group/float/float64", 6.0),
    ("h5_jhdf/test_fill_value_earliest.hdf5", "int/int8", 8.0),
    ("h5_jhdf/test_fill_value_latest.hdf5", "int/int8", 8.0),
];

/// A scalar of 4 bytes in a block of 262144: hdf5-reader refuses it, h5py reads its beginning.
const OVERSIZED_BLOCK: (&str, &str) = ("h5_pytables/zerodim-attrs-1.4.h5", "a");

fn known_gap(file: &str) -> bool {
    KNOWN_GAPS.contains(&file)
}

fn corpus() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/corpus");
    if path.join("H5_DATASETS.tsv").exists() && path.join("MANIFEST.tsv").exists() {
        return Some(path);
    }
    eprintln!("skipped: ../shared/data/corpus (MANIFEST.tsv, H5_DATASETS.tsv) is not here");
    None
}

fn rows(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn open(path: &std::path::Path) -> Result<Granule, ReadError> {
    read::open(Arc::new(PathSource::open(path).unwrap()))
}

fn sentence(error: &ReadError) -> String {
    let text = error.to_string();
    assert!(
        (20..700).contains(&text.len()) && !text.contains('\n') && !text.contains("Error {"),
        "not a sentence: {text}"
    );
    text
}

/// The largest resident set this process ever had, MB (Linux).
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[test]
fn every_file_is_read_or_refused_in_bounded_time_and_memory() {
    let Some(corpus) = corpus() else { return };
    let options = ReadOptions { quality: QualityRule::All, ..ReadOptions::default() };
    let (mut opened, mut refused, mut arrays, mut read, mut slowest) =
        (0, 0, 0, 0, (Duration::ZERO, String::new()));
    for row in rows(&corpus.join("MANIFEST.tsv")).iter().filter(|r| r[0].starts_with("h5_")) {
        let start = Instant::now();
        match open(&corpus.join(&row[0])) {
            Ok(granule) => {
                opened += 1;
                for i in 0..granule.variables.len() {
                    arrays += 1;
                    match granule.variable_statistics(i, &options) {
                        Ok(_) => read += 1,
                        Err(e) => drop(sentence(&e)),
                    }
                    if let Err(e) = granule.read(i, &options, None) {
                        sentence(&e);
                    }
                }
            }
            Err(e) => {
                println!("{}: {}", row[0], sentence(&e));
                refused += 1;
                assert!(row[2] != "ok" || known_gap(&row[0]), "{}: h5py reads it, but: {e}", row[0]);
            }
        }
        slowest = slowest.max((start.elapsed(), row[0].clone()));
    }
    println!(
        "{opened} opened, {refused} refused; {read} of {arrays} arrays are numbers and read; slowest {slowest:?}; peak {:?} MB",
        peak_mb()
    );
    assert_eq!(opened + refused, 111);
    assert!(slowest.0 < Duration::from_secs(20), "{slowest:?}");
    assert!(peak_mb().is_none_or(|mb| mb < 1000), "{:?} MB", peak_mb());
}

#[test]
fn values_equal_h5py() {
    let Some(corpus) = corpus() else { return };
    let options = ReadOptions { quality: QualityRule::All, ..ReadOptions::default() };
    let status: HashMap<String, String> =
        rows(&corpus.join("MANIFEST.tsv")).into_iter().map(|r| (r[0].clone(), r[2].clone())).collect();
    let mut files: HashMap<String, Granule> = HashMap::new();
    let (mut equal, mut linked, mut not_numbers, mut other_filters) = (0, 0, 0, 0);
    let (mut wrong, mut filled) = (Vec::new(), 0);
    for row in rows(&corpus.join("H5_DATASETS.tsv")) {
        let [file, dataset, shape, dtype, _, filters, finite, min, max, sum] =
            <[String; 10]>::try_from(pad(row)).unwrap();
        if status.get(&file).map(String::as_str) != Some("ok") || known_gap(&file) {
            continue;
        }
        let plain = filters == "-" || filters.split(',').all(|f| matches!(f, "1" | "2" | "3"));
        if !plain {
            other_filters += 1;
            continue;
        }
        let Ok(finite) = finite.parse::<usize>() else {
            not_numbers += 1;
            continue;
        };
        let granule = files
            .entry(file.clone())
            .or_insert_with(|| open(&corpus.join(&file)).unwrap_or_else(|e| panic!("{file}: {e}")));
        let path = format!("/{dataset}");
        let Some(index) = granule.variables.iter().position(|v| v.path == path) else {
            // A second name of an object that is listed under another.
            linked += 1;
            continue;
        };
        let fill =
            DECLARED_FILL.iter().find(|(of, at, _)| (*of, *at) == (&*file, &*dataset)).map(|row| row.2);
        match granule.variable_statistics(index, &options) {
            Ok(s) if fill.is_some() => {
                filled += 1;
                assert_eq!(s.valid + 1, finite, "{file} {dataset}");
                let left_out = sum.parse::<f64>().unwrap() - s.mean.unwrap_or_default() * s.valid as f64;
                assert!(
                    fill.is_some_and(|fill| (left_out - fill).abs() < 1e-9),
                    "{file} {dataset}: {left_out}"
                );
            }
            Err(_) if OVERSIZED_BLOCK == (file.as_str(), dataset.as_str()) => {}
            Ok(s) => {
                let near = |a: Option<f64>, b: &str| match (a, b.parse::<f64>()) {
                    (Some(a), Ok(b)) => a == b || (a - b).abs() <= 1e-9 * b.abs().max(1e-30),
                    (None, Err(_)) => true,
                    (None, Ok(b)) => finite == 0 && (b == 0.0 || b.is_nan()),
                    _ => false,
                };
                let total = s.mean.map(|m| m * s.valid as f64).or(Some(0.0));
                let close = match (total, sum.parse::<f64>()) {
                    (Some(a), Ok(b)) => (a - b).abs() <= 1e-5 * b.abs().max(1e-3),
                    _ => true,
                };
                if s.valid == finite && near(s.min, &min) && near(s.max, &max) && close {
                    equal += 1;
                } else {
                    wrong.push(format!(
                        "{file} {dataset} {shape} {dtype}: {s:?} against {finite} {min} {max} {sum}"
                    ));
                }
            }
            Err(e) => wrong.push(format!("{file} {dataset} {shape} {dtype}: {e}")),
        }
    }
    println!(
        "{equal} arrays equal h5py; {linked} second names, {not_numbers} not numbers, {other_filters} with other filters"
    );
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((equal, filled), (226, DECLARED_FILL.len()));
}

fn pad(mut row: Vec<String>) -> Vec<String> {
    row.resize(10, String::new());
    row
}
