//! A season made elsewhere: `loam season --dask`, and its script with xarray, Dask and ONNX Runtime on two processes, where they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use ease_grid::{Raster, Reason};
use loam_core::export::{Provenance, geotiff};
use loam_core::simulate::{DEMO_SEED, Scene, Simulator, names};
use loam_core::stack::Region;
use smap_files::{Granule, Overpass, PathSource, Product, QualityRule, ReadOptions, Role};

use super::command_line::{json, refused, run};

/// Columns and rows: larger than a tile of the script, and than the page's presets.
const SIZE: (usize, usize) = (230, 170);
/// Edge of a tile: three beside each other, two below each other.
const TILE: &str = "96";
const PERIOD: [&str; 4] = ["--from", "2016-02-20", "--to", "2016-03-10"];
/// m3/m3.
const TOLERANCE: f32 = 1e-5;

/// Two cubes, in Python.
const COMPARE: &str = r#"
import sys, numpy as np, xarray as xr
ours, theirs = (xr.open_dataset(path, engine="h5netcdf") for path in sys.argv[1:])
for name in ("time", "y", "x", "lat", "lon", "quality_flag"):
    assert np.array_equal(ours[name].values, theirs[name].values), name
assert ("half_width_90" in ours) == ("half_width_90" in theirs)
for name in ("soil_moisture", "half_width_90"):
    if name in ours:
        a, b = ours[name].values, theirs[name].values
        assert a.shape == b.shape and np.array_equal(np.isnan(a), np.isnan(b)), name
        worst = np.nanmax(np.abs(a - b))
        assert worst < 1e-5, (name, worst)
        print(f"{name} {worst:.1e};", end=" ")
"#;

/// Python with the packages of src/bin/loam/dask/requirements.txt, or why there is none.
fn python() -> Result<PathBuf, String> {
    let python = std::env::var("LOAM_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python)
        .args(["-c", "import dask, distributed, h5netcdf, numpy, onnxruntime, xarray"])
        .output()
        .map_err(|e| format!("{python}: {e}"))?;
    let said = String::from_utf8_lossy(&found.stderr).lines().last().unwrap_or_default().to_owned();
    if found.status.success() { Ok(python.into()) } else { Err(format!("{python}: {said}")) }
}

/// Simulated scenes of a place that no preset is, as files. They end two cells beyond the region, so that SMEN sees an edge.
fn scenes(folder: &Path, (columns, rows): (usize, usize)) {
    let region = Region::around(-110.9, 32.2, columns, rows).unwrap();
    let (first, last) = ("2016-02-01".parse().unwrap(), "2016-03-10".parse().unwrap());
    let scene = Scene { region, first, last, ..Scene::preset("tucson", DEMO_SEED).unwrap() };
    for day in Simulator::with_margin(scene, 2) {
        let files = [
            (names::coarse(day.date, Overpass::Am), &day.am),
            (names::coarse(day.date, Overpass::Pm), &day.pm),
            (names::fine(day.date), &day.fine),
        ];
        for (name, raster) in files {
            let Some(raster) = raster else { continue };
            let facts = Provenance {
                date: Some(day.date),
                simulated: true,
                ..Provenance::new("soil moisture, simulated", "m3/m3")
            };
            std::fs::write(folder.join(name), geotiff::write(raster, &facts, None).unwrap()).unwrap();
        }
    }
}

fn place((columns, rows): (usize, usize)) -> String {
    format!("--region=-110.9,32.2,{columns},{rows}")
}

/// Runs the script of a folder; what it says.
fn script(python: &Path, folder: &Path, out: &Path, more: &[&str]) -> String {
    let mut script = Command::new(python);
    script.arg(folder.join("run_season.py")).args(["--out", text(out)]).args(more);
    let done = script.output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{}\n{}", said(&done.stdout), said(&done.stderr));
    said(&done.stdout)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn opened(path: &Path) -> Granule {
    smap_files::open(Arc::new(PathSource::open(path).unwrap())).unwrap()
}

/// The planes of a variable, one a date.
fn planes(cube: &Granule, name: &str) -> Vec<Raster> {
    let all = ReadOptions { quality: QualityRule::All, scale: None };
    let named = |n: &usize| cube.variables[*n].path.trim_start_matches('/').starts_with(name);
    (0..cube.variables.len()).filter(named).map(|n| cube.read(n, &all, None).unwrap()).collect()
}

fn largest_difference(a: &Raster, b: &Raster) -> f32 {
    let missing = |raster: &Raster| raster.values().iter().map(|v| v.is_nan()).collect::<Vec<_>>();
    assert_eq!(missing(a), missing(b), "the same cells have no value");
    let pairs = a.values().iter().zip(b.values()).filter(|(a, _)| a.is_finite());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn only_a_network_is_taken_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (cube, dask) = (folder.path().join("season.nc"), folder.path().join("dask"));
    let season = |more: &[&str]| {
        let words =
            ["season", "--simulated", "--region", "tucson", "--from", "2018-05-01", "--to", "2018-05-04"];
        run(&[&words[..], &["--out", text(&cube), "--dask", text(&dask)], more].concat())
    };
    refused(&season(&["--method", "bilinear"]), "add --network smen or --network rcn");
    refused(&season(&["--network", "smen", "--mass-correction"]), "leave one of them out");
    assert!(!dask.exists());
    let report = json(&season(&["--network", "smen", "--json"]));
    let (dates, made) = (report["dates"].as_u64().unwrap(), std::fs::read_dir(dask.join("inputs")).unwrap());
    assert_eq!(made.count() as u64, dates);
    for name in ["model.onnx", "run_season.py", "requirements.txt"] {
        assert!(dask.join(name).is_file(), "{name}");
    }
    // What a network saw is no map: opened by mistake it is known, and nothing of it is used.
    let inputs = std::fs::read_dir(dask.join("inputs")).unwrap().next().unwrap().unwrap().path();
    let inputs = opened(&inputs);
    assert_eq!((inputs.product, inputs.simulated), (Product::OwnMap, true));
    assert!(inputs.variables.iter().all(|variable| variable.role == Role::Other));
    // A date that lacks its inputs is made again, the others are kept; the last one always is.
    let again = |gone: bool| {
        if gone {
            let one =
                std::fs::read_dir(dask.join("inputs")).unwrap().map(|e| e.unwrap().path()).min().unwrap();
            std::fs::remove_file(one).unwrap();
        }
        json(&season(&["--network", "smen", "--json"]))["resumed"].as_u64().unwrap()
    };
    assert_eq!(again(false), dates - 1);
    assert_eq!(again(true), dates - 2);
}

/// SMEN and RCN over a raster of several tiles: cell for cell what `loam season` and `loam predict` give.
#[test]
fn dask_and_onnx_runtime_give_what_loam_gives() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            println!("skipped: xarray, Dask and ONNX Runtime are not at hand ({why})");
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    scenes(&files, SIZE);
    let place = place(SIZE);
    for network in ["smen", "rcn"] {
        let [cube, elsewhere, map] = ["season.nc", "elsewhere.nc", "map.tif"]
            .map(|name| folder.path().join(format!("{network}_{name}")));
        let dask = folder.path().join(network);
        let making = ["--network", network, &place, text(&files)];
        let words = ["season", "--json", "--out", text(&cube), "--dask", text(&dask)];
        let output = run(&[&words[..], &PERIOD, &making].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let dates = json(&output)["dates"].as_u64().unwrap() as usize;
        assert!(dates > 3);
        script(&python, &dask, &elsewhere, &["--workers", "2", "--chunk", TILE]);
        let (ours, theirs) = (opened(&cube), opened(&elsewhere));
        assert_eq!((theirs.product, theirs.simulated), (Product::OwnMap, true));
        let wanted = |n: &Raster| (n.grid().columns, n.grid().rows) == SIZE;
        let of_dates = |cube: &Granule| {
            planes(cube, "soil_moisture").into_iter().filter(wanted).take(dates).collect::<Vec<_>>()
        };
        let (ours, maps) = (of_dates(&ours), of_dates(&theirs));
        assert_eq!((ours.len(), maps.len()), (dates, dates));
        let worst = ours.iter().zip(&maps).map(|(a, b)| largest_difference(a, b)).fold(0.0, f32::max);
        println!("{network}: {dates} dates differ by {worst:.1e} at most");
        assert!(worst < TOLERANCE, "{network}: {worst}");
        // As xarray reads them: the half-width too, the flags, time and place.
        let compared = Command::new(&python).args(["-c", COMPARE, text(&cube), text(&elsewhere)]).output();
        let compared = compared.unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(compared.status.success(), "{network}: {}", said(&compared.stderr));
        println!("{network}: {}", said(&compared.stdout));
        // And a map of a date alone.
        let date = theirs.variables.iter().rfind(|v| v.role == Role::SoilMoisture).unwrap().date.unwrap();
        let words = ["predict", "--date", &date.to_string(), "--out", text(&map)];
        let output = run(&[&words[..], &making].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let last = &maps[dates - 1];
        let alone =
            opened(&map).read(0, &ReadOptions { quality: QualityRule::All, scale: None }, None).unwrap();
        assert!(alone.reasons().contains(&Reason::Valid));
        assert!(largest_difference(&alone, last) < TOLERANCE);
    }
}

/// What docs/guide/scale.md says of cost: core-seconds of `loam season`, without and with what Dask takes, and of the script.
#[test]
#[ignore = "a measurement"]
fn the_cost_of_a_million_cells() {
    const CORES: &str = "import os, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(sum(os.times()[2:4]))";
    let python = python().unwrap();
    let (folder, size) = (tempfile::tempdir().unwrap(), (800, 800));
    let files = folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    scenes(&files, size);
    let (place, out) = (place(size), folder.path().join("out.nc"));
    for network in ["smen", "rcn"] {
        let dask = folder.path().join(network);
        let making = ["--network", network, &place, text(&files)];
        for more in [&[][..], &["--dask", text(&dask)]] {
            let cube = folder.path().join(format!("{network}{}.nc", more.len()));
            let words = ["season", "--json", "--out", text(&cube)];
            let words = [&words[..], &PERIOD, &making, more].concat();
            let mut measured = Command::new(&python);
            measured.args(["-c", CORES, env!("CARGO_BIN_EXE_loam")]).args(words);
            let seconds = String::from_utf8(measured.output().unwrap().stdout).unwrap();
            println!("{network}, loam season {}: {} core-seconds", more.join(" "), seconds.trim());
        }
        for workers in ["1", "2"] {
            print!("{network}, {workers} workers: {}", script(&python, &dask, &out, &["--workers", workers]));
        }
        let bytes = |path: &Path| std::fs::metadata(path).unwrap().len();
        let inputs = std::fs::read_dir(dask.join("inputs")).unwrap().map(|e| bytes(&e.unwrap().path()));
        println!("{network}: {} bytes of inputs", inputs.sum::<u64>());
    }
}
