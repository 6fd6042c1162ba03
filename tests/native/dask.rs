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

/// Larger than a tile of the script, and than the page's presets: 230 x 170 cells.
const PLACE: &str = "--region=-110.9,32.2,230,170";
/// Edge of a tile: three beside each other, two below each other.
const TILE: &str = "96";
const PERIOD: [&str; 4] = ["--from", "2016-02-20", "--to", "2016-03-10"];
/// m3/m3.
const TOLERANCE: f32 = 1e-5;

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
fn scenes(folder: &Path) {
    let region = Region::around(-110.9, 32.2, 230, 170).unwrap();
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
    scenes(&files);
    for network in ["smen", "rcn"] {
        let [cube, elsewhere, map] = ["season.nc", "elsewhere.nc", "map.tif"]
            .map(|name| folder.path().join(format!("{network}_{name}")));
        let dask = folder.path().join(network);
        let making = ["--network", network, PLACE, text(&files)];
        let words = ["season", "--json", "--out", text(&cube), "--dask", text(&dask)];
        let output = run(&[&words[..], &PERIOD, &making].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let dates = json(&output)["dates"].as_u64().unwrap() as usize;
        assert!(dates > 3);
        let script = Command::new(&python)
            .arg(dask.join("run_season.py"))
            .args(["--workers", "2", "--chunk", TILE, "--out", text(&elsewhere)])
            .output()
            .unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(script.status.success(), "{}\n{}", said(&script.stdout), said(&script.stderr));
        let (ours, theirs) = (opened(&cube), opened(&elsewhere));
        assert_eq!((theirs.product, theirs.simulated), (Product::OwnMap, true));
        for name in ["soil_moisture", "half_width_90"] {
            let wanted = |n: &Raster| (n.grid().columns, n.grid().rows) == (230, 170);
            let of_dates = |cube: &Granule| {
                planes(cube, name).into_iter().filter(wanted).take(dates).collect::<Vec<_>>()
            };
            let (ours, theirs) = (of_dates(&ours), of_dates(&theirs));
            assert_eq!(ours.len(), theirs.len(), "{name}");
            assert_eq!(ours.len(), if network == "smen" && name != "soil_moisture" { 0 } else { dates });
            let worst = ours.iter().zip(&theirs).map(|(a, b)| largest_difference(a, b)).fold(0.0, f32::max);
            println!("{network}, {name}: {dates} dates of 230 x 170 cells differ by {worst:.1e} at most");
            assert!(worst < TOLERANCE, "{network}, {name}: {worst}");
        }
        // And a map of a date alone.
        let date = theirs.variables.iter().rfind(|v| v.role == Role::SoilMoisture).unwrap().date.unwrap();
        let words = ["predict", "--date", &date.to_string(), "--out", text(&map)];
        let output = run(&[&words[..], &making].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let last = planes(&theirs, "soil_moisture").into_iter().nth(dates - 1).unwrap();
        let alone =
            opened(&map).read(0, &ReadOptions { quality: QualityRule::All, scale: None }, None).unwrap();
        assert!(alone.reasons().contains(&Reason::Valid));
        assert!(largest_difference(&alone, &last) < TOLERANCE);
    }
}
