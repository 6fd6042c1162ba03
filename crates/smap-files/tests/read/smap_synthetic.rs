//! Synthetic granules of tests/reference/make_granules.py, with the traps of real ones; expected values computed by numpy.

use std::path::PathBuf;
use std::sync::Arc;

use ease_grid::{Crs, EaseWindow, Reason, Resolution};
use jiff::civil::date;
use serde_json::Value;
use smap_files::{
    self as read, DateOrigin, Granule, Orbit, Overpass, PathSource, Product, QualityRule, ReadOptions, Role,
};

const FIRST: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_001.h5";
const SECOND: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5";
const NEIGHBOUR: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003025_097W34N_R18290_001.h5";

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn open(name: &str) -> Granule {
    read::open(Arc::new(PathSource::open(&fixtures().join(name)).unwrap()))
        .unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixtures().join("granules.json")).unwrap()).unwrap()
}

fn options(rule: &str) -> ReadOptions {
    let quality = match rule {
        "recommended" => QualityRule::Recommended,
        "with_uncertain" => QualityRule::WithUncertain,
        _ => QualityRule::All,
    };
    ReadOptions { quality, ..ReadOptions::default() }
}

fn index(granule: &Granule, path: &str) -> usize {
    granule
        .variables
        .iter()
        .position(|v| v.path == path)
        .unwrap_or_else(|| panic!("{path} is not in {}", granule.file))
}

fn uint(value: &Value, key: &str) -> usize {
    usize::try_from(value[key].as_u64().unwrap()).unwrap()
}

/// Every 2-D layer of every fixture, under every quality rule: place, count, extremes, mean, cells, and what is masked.
#[test]
fn every_layer_equals_numpy() {
    let (mut layers, expected) = (0, expected());
    for (name, datasets) in expected["files"].as_object().unwrap() {
        let granule = open(name);
        for (path, rules) in datasets.as_object().unwrap() {
            if rules.get("row").is_some() {
                continue; // 1-D lists: below.
            }
            let variable = index(&granule, path);
            for (rule, wanted) in rules.as_object().unwrap() {
                let raster = granule.read(variable, &options(rule), None).unwrap();
                let window = raster.grid().ease_window().unwrap();
                let place = (window.first_row, window.first_column, window.rows, window.columns);
                assert_eq!(
                    place,
                    (
                        uint(wanted, "first_row"),
                        uint(wanted, "first_column"),
                        uint(wanted, "rows"),
                        uint(wanted, "columns")
                    ),
                    "{path}"
                );
                for s in [raster.statistics(), granule.variable_statistics(variable, &options(rule)).unwrap()]
                {
                    assert_eq!(
                        (s.valid, s.cells),
                        (uint(wanted, "valid"), window.len()),
                        "{name} {path} {rule}"
                    );
                    assert_eq!(
                        (s.min, s.max),
                        (wanted["min"].as_f64(), wanted["max"].as_f64()),
                        "{name} {path} {rule}"
                    );
                    assert!(
                        (s.mean.unwrap() - wanted["mean"].as_f64().unwrap()).abs() < 1e-9,
                        "{name} {path} {rule}"
                    );
                }
                for cell in wanted["cells"].as_array().unwrap() {
                    let (row, column) =
                        (cell[0].as_u64().unwrap() as usize, cell[1].as_u64().unwrap() as usize);
                    assert_eq!(
                        raster.at(column, row).map(f64::from),
                        Ok(cell[2].as_f64().unwrap()),
                        "{name} {path} {rule} {cell}"
                    );
                }
                layers += 1;
            }
        }
    }
    // 4 scenes with 2 resolutions and 1 with one, 4 days of 36 km groups, 1 of 9 km, TB V and H of 2 days and of 1 at 9 km: three rules
    // each; 5 of sigma0.
    println!("{layers} layers compared");
    assert_eq!(layers, 3 * (2 * 4 + 1 + 4 + 1 + 2 * 3) + 5);
}

#[test]
fn a_scene_belongs_to_smaps_day_and_its_counter_supersedes() {
    let (first, second, neighbour) = (open(FIRST), open(SECOND), open(NEIGHBOUR));
    for granule in [&first, &second, &neighbour] {
        assert_eq!(granule.product, Product::Spl2smapS);
        assert_eq!(
            granule.date,
            Some(date(2020, 6, 2)),
            "SMAP's day, although Extent begins on Sentinel-1's"
        );
        assert_eq!(
            (granule.sentinel1_date, granule.date_origin),
            (Some(date(2020, 6, 1)), Some(DateOrigin::Metadata))
        );
        assert_eq!(granule.orbit, Some(Orbit::Descending));
        assert!(granule.problems.is_empty() && !granule.simulated, "{:?}", granule.problems);
    }
    assert_eq!(first.identity, second.identity);
    assert_ne!(first.identity, neighbour.identity);
    assert_eq!(
        (first.version.clone(), second.version.clone()),
        (Some(("R18290".into(), 1)), Some(("R18290".into(), 2)))
    );
    let window = |g: &Granule| {
        g.variables[index(g, "/Soil_Moisture_Retrieval_Data_3km/soil_moisture_3km")]
            .grid
            .clone()
            .unwrap()
            .ease_window()
            .unwrap()
    };
    let overlap = window(&first).intersection(&window(&neighbour)).unwrap();
    assert_eq!((overlap.rows, overlap.columns), (8, 32));
}

#[test]
fn roles_and_resolutions_of_smap_sentinel_scenes() {
    let granule = open(FIRST);
    let role = |role| {
        granule
            .variables
            .iter()
            .filter(|v| v.role == role)
            .map(|v| v.path.rsplit('/').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        role(Role::SoilMoisture),
        ["soil_moisture_1km", "soil_moisture_3km"],
        "the baseline, not the _apm field beside it"
    );
    assert_eq!(role(Role::BackscatterVv), ["sigma0_vv_aggregated_3km"]);
    assert_eq!(role(Role::BackscatterVh), ["sigma0_vh_aggregated_3km"]);
    let by_name = |name: &str| granule.variables.iter().find(|v| v.path.ends_with(name)).unwrap();
    assert_eq!(by_name("/soil_moisture_3km").resolution, Some(Resolution::M03));
    assert_eq!(by_name("/soil_moisture_1km").resolution, Some(Resolution::M01));
    assert_eq!(by_name("/soil_moisture_1km").units.as_deref(), Some("cm**3/cm**3"));
    // Versions 1 and 2 call it otherwise, and some files have the _apm field alone.
    for (file, names) in [
        (
            "SMAP_L2_SM_SP_1BIWDV_20180815T113736_20180816T001324_097W35N_T15110_001.h5",
            &["disagg_soil_moisture_apm_1km", "disagg_soil_moisture_apm_3km"][..],
        ),
        (
            "SMAP_L2_SM_SP_1AIWDV_20190301T123000_20190301T003000_097W35N_R17000_001.h5",
            &["soil_moisture_apm_3km"],
        ),
    ] {
        let granule = open(file);
        let found: Vec<_> = granule
            .variables
            .iter()
            .filter(|v| v.role == Role::SoilMoisture)
            .map(|v| v.path.rsplit('/').next().unwrap())
            .collect();
        assert_eq!(found, names, "{file}");
    }
}

#[test]
fn brightness_temperature_is_found_by_polarisation_and_its_own_flag_masks_it() {
    for (file, group, v, overpass, resolution) in [
        (
            "SMAP_L3_SM_P_20200603_R18290_001.h5",
            "Soil_Moisture_Retrieval_Data_AM",
            "tb_v_corrected",
            Some(Overpass::Am),
            Resolution::M36,
        ),
        (
            "SMAP_L3_SM_P_20200604_R18290_001.h5",
            "Soil_Moisture_Retrieval_Data_PM",
            "tb_v_corrected_pm",
            Some(Overpass::Pm),
            Resolution::M36,
        ),
        (
            "SMAP_L3_SM_AP_20150601_R13080_001.h5",
            "Soil_Moisture_Retrieval_Data",
            "tb_v_disaggregated",
            None,
            Resolution::M09,
        ),
    ] {
        let granule = open(file);
        let found: Vec<_> = granule
            .variables
            .iter()
            .filter(|x| matches!(x.role, Role::BrightnessV | Role::BrightnessH))
            .collect();
        assert_eq!(found.len(), 2, "{file}: neither what is uncorrected nor a standard deviation");
        let one = &granule.variables[index(&granule, &format!("/{group}/{v}"))];
        assert_eq!(
            (one.role, one.overpass, one.resolution),
            (Role::BrightnessV, overpass, Some(resolution)),
            "{file}"
        );
        assert_eq!(one.units.as_deref(), Some("Kelvin"));
        let raster = granule.read(index(&granule, &one.path), &ReadOptions::default(), None).unwrap();
        let count = |reason| raster.reasons().iter().filter(|r| **r == reason).count();
        assert_eq!(count(Reason::OutOfRange), 1, "{file}: 345 K");
        assert!(count(Reason::QualityFlag) > 5 && count(Reason::NotObserved) > 5, "{file}");
        let named = [Reason::Water, Reason::Frozen, Reason::Vegetation].map(count);
        assert_eq!(named, [0; 3], "{file}: the surface flag says nothing of a brightness temperature");
        assert!(granule.problems.is_empty() || file.contains("_AP_"), "{:?}", granule.problems);
    }
    // The soil moisture of the same files is where it was.
    let granule = open("SMAP_L3_SM_P_20200603_R18290_001.h5");
    assert_eq!(granule.variables.iter().filter(|x| x.role == Role::SoilMoisture).count(), 1);
}

#[test]
fn land_surface_temperature_comes_in_kelvin_whatever_it_is_stored_as() {
    let expected = expected();
    let dates = [date(2020, 6, 2), date(2020, 6, 3), date(2020, 6, 2)];
    let names = [
        "MOD11A1.061_LST_Day_1km_doy2020154_aid0001.tif",
        "okc_LST_20200603_celsius.tif",
        "MOD11A1.061_1km_aid0001.nc",
    ];
    for (name, day) in names.into_iter().zip(dates) {
        let wanted = &expected["temperatures"][name];
        let granule = open(name);
        assert_eq!(
            (granule.product, granule.date),
            (Product::SurfaceTemperature, Some(day)),
            "{name}: {:?}",
            granule.problems
        );
        let variable = granule.variables.iter().position(|v| v.role == Role::SurfaceTemperature).unwrap();
        assert_eq!(granule.variables.iter().filter(|v| v.role == Role::SurfaceTemperature).count(), 1);
        assert_eq!(granule.variables[variable].units.as_deref(), Some("K"));
        let raster = granule.read(variable, &ReadOptions::default(), None).unwrap();
        let grid = raster.grid();
        assert_eq!(
            (grid.crs.clone(), grid.rows, grid.columns),
            (Crs::Geographic, uint(wanted, "rows"), uint(wanted, "columns"))
        );
        assert!(
            (grid.origin_x - wanted["left"].as_f64().unwrap()).abs() < 1e-9
                && (grid.origin_y - wanted["top"].as_f64().unwrap()).abs() < 1e-9
        );
        for s in
            [raster.statistics(), granule.variable_statistics(variable, &ReadOptions::default()).unwrap()]
        {
            assert_eq!((s.valid, s.cells), (uint(wanted, "valid"), grid.len()), "{name}");
            for (found, key) in [(s.min, "min"), (s.max, "max"), (s.mean, "mean")] {
                assert!(
                    (found.unwrap() - wanted[key].as_f64().unwrap()).abs() < 2e-5,
                    "{name} {key}: {found:?}"
                );
            }
        }
        for cell in wanted["cells"].as_array().unwrap() {
            let (row, column) = (cell[0].as_u64().unwrap() as usize, cell[1].as_u64().unwrap() as usize);
            assert!(
                (f64::from(raster.at(column, row).unwrap()) - cell[2].as_f64().unwrap()).abs() < 2e-5,
                "{name} {cell}"
            );
        }
        // A cloud is fill; 140 K is impossible (in the packed files: the other one holds NaN there).
        assert_eq!(raster.at(12, 6), Err(Reason::NotObserved), "{name}");
        let impossible = if name.contains("celsius") { Reason::NotObserved } else { Reason::OutOfRange };
        assert_eq!(raster.at(0, 0), Err(impossible), "{name}");
        // On 3 km cells: the mean of the pixels inside.
        let window = EaseWindow::around(Resolution::M03, -97.55, 35.5, 9, 9).unwrap();
        let part = granule.read(variable, &ReadOptions::default(), Some(&window)).unwrap();
        let mean = ease_grid::resample::to_window(&part, &window).unwrap().statistics();
        assert!(mean.valid == 81 && (mean.mean.unwrap() - 295.0).abs() < 6.0, "{name}: {mean:?}");
    }
}

#[test]
fn masked_cells_of_a_scene_say_why() {
    let granule = open(FIRST);
    let variable = index(&granule, "/Soil_Moisture_Retrieval_Data_3km/soil_moisture_3km");
    let raster = granule.read(variable, &ReadOptions::default(), None).unwrap();
    assert_eq!(raster.at(0, 0), Err(Reason::NotObserved), "a corner outside the footprint");
    let count = |reason| raster.reasons().iter().filter(|r| **r == reason).count();
    for reason in [
        Reason::Water,
        Reason::Frozen,
        Reason::Mountain,
        Reason::Vegetation,
        Reason::Urban,
        Reason::QualityFlag,
    ] {
        assert!(count(reason) > 5, "{reason:?}: {}", count(reason));
    }
    assert_eq!(count(Reason::OutOfRange), 1);
    // A region that begins west of the scene.
    let window = EaseWindow::new(Resolution::M03, 2620, 990, 20, 20).unwrap();
    let part = granule.read(variable, &ReadOptions::default(), Some(&window)).unwrap();
    assert_eq!(
        (part.at(0, 0), part.at(9, 19), part.at(19, 9)),
        (Err(Reason::OutsideFile), Err(Reason::OutsideFile), Err(Reason::OutsideFile))
    );
    for (column, row) in [(10usize, 10usize), (15, 12), (19, 19)] {
        assert_eq!(part.at(column, row), raster.at(column - 10, row - 10));
    }
    let elsewhere = EaseWindow::new(Resolution::M03, 100, 100, 9, 9).unwrap();
    assert_eq!(
        granule.read(variable, &ReadOptions::default(), Some(&elsewhere)).unwrap().at(4, 4),
        Err(Reason::OutsideFile)
    );
}

#[test]
fn am_and_pm_are_two_variables_and_hard_links_none_of_their_own() {
    let both = open("SMAP_L3_SM_P_20200602_R18290_001.h5");
    assert_eq!((both.product, both.date), (Product::Spl3smp, Some(date(2020, 6, 2))));
    let main: Vec<_> = both
        .variables
        .iter()
        .filter(|v| v.role == Role::SoilMoisture)
        .map(|v| (v.path.as_str(), v.overpass))
        .collect();
    let am = ("/Soil_Moisture_Retrieval_Data_AM/soil_moisture", Some(Overpass::Am));
    let pm = ("/Soil_Moisture_Retrieval_Data_PM/soil_moisture_pm", Some(Overpass::Pm));
    assert_eq!(main, [am, pm]);
    assert!(!both.variables.iter().any(|v| v.path.contains("dca")), "hard links are no layers");
    for (file, only) in
        [("SMAP_L3_SM_P_20200603_R18290_001.h5", am), ("SMAP_L3_SM_P_20200604_R18290_001.h5", pm)]
    {
        let one = open(file);
        let main: Vec<_> = one
            .variables
            .iter()
            .filter(|v| v.role == Role::SoilMoisture)
            .map(|v| (v.path.as_str(), v.overpass))
            .collect();
        assert_eq!(main, [only], "{file}");
    }
    // Stripes: where AM saw nothing PM often did, and land not observed is no water.
    let read = |path: &str| both.read(index(&both, path), &ReadOptions::default(), None).unwrap();
    let (a, p) = (read(am.0), read(pm.0));
    let either = a.values().iter().zip(p.values()).filter(|(x, y)| x.is_finite() ^ y.is_finite()).count();
    assert!(either > 5000, "{either}");
    // Row 61, column 170: land, in the gap of one of the two.
    assert!(matches!(
        (a.at(170, 61), p.at(170, 61)),
        (Err(Reason::NotObserved), Ok(_)) | (Ok(_), Err(Reason::NotObserved))
    ));
}

#[test]
fn enhanced_days_are_placed_by_their_axes() {
    let granule = open("SMAP_L3_SM_P_E_20200601_R19240_001.h5");
    assert_eq!((granule.product, granule.date), (Product::Spl3smpE, Some(date(2020, 6, 1))));
    let polar =
        &granule.variables[index(&granule, "/Soil_Moisture_Retrieval_Data_Polar_PM/soil_moisture_pm")];
    let grid = polar.grid.as_ref().unwrap();
    assert_eq!((&grid.crs, grid.columns, grid.rows, polar.resolution), (&Crs::Ease2North, 12, 10, None));
    assert_eq!((grid.origin_x, grid.origin_y), (-9e6 + 250.0 * 9000.0, 9e6 - 660.0 * 9000.0));
}

#[test]
fn half_orbits_are_placed_element_by_element() {
    let expected = expected();
    for (file, product, resolution, orbit, overpass, day) in [
        (
            "SMAP_L2_SM_P_30058_D_20200916T194350_R19240_001.h5",
            Product::Spl2smp,
            Resolution::M36,
            Orbit::Descending,
            Overpass::Am,
            date(2020, 9, 16),
        ),
        (
            "SMAP_L2_SM_P_E_47223_A_20231204T105336_R19240_001.h5",
            Product::Spl2smpE,
            Resolution::M09,
            Orbit::Ascending,
            Overpass::Pm,
            date(2023, 12, 4),
        ),
    ] {
        let granule = open(file);
        assert_eq!(
            (granule.product, granule.orbit, granule.date),
            (product, Some(orbit), Some(day)),
            "{file}"
        );
        let path = "/Soil_Moisture_Retrieval_Data/soil_moisture";
        let (variable, wanted) = (index(&granule, path), &expected["files"][file][path]);
        assert_eq!(granule.variables[variable].overpass, Some(overpass));
        for rule in ["recommended", "with_uncertain", "all"] {
            let (raster, f) = (granule.read(variable, &options(rule), None).unwrap(), &wanted[rule]);
            let window = raster.grid().ease_window().unwrap();
            assert_eq!(
                (window.resolution, window.first_row, window.first_column),
                (resolution, uint(wanted, "row"), uint(wanted, "column"))
            );
            assert_eq!(raster.valid_count(), uint(f, "cells"), "{file} {rule}");
            let s = granule.variable_statistics(variable, &options(rule)).unwrap();
            assert_eq!(s.valid, uint(f, "elements"), "{file} {rule}");
            assert!((s.mean.unwrap() - f["mean"].as_f64().unwrap()).abs() < 1e-9);
            let (row, column) =
                (f["shared"][0].as_u64().unwrap() as usize, f["shared"][1].as_u64().unwrap() as usize);
            let mean = raster.at(column - window.first_column, row - window.first_row).map(f64::from);
            assert_eq!(mean, Ok(f["shared"][2].as_f64().unwrap()), "two elements in one cell are averaged");
        }
    }
}

/// Renaming a file changes neither product nor day; a copy without metadata is told by its name.
#[test]
fn metadata_outrank_names() {
    let bytes = std::fs::read(fixtures().join(SECOND)).unwrap();
    let renamed = read::open(Arc::new(read::BytesSource::new("download (3) 20190101.h5", bytes))).unwrap();
    assert_eq!((renamed.product, renamed.date), (Product::Spl2smapS, Some(date(2020, 6, 2))));
    assert_eq!(renamed.version, Some(("R18290".to_owned(), 2)), "from the file's own name for itself");
}

/// Cut off and flipped files are refused or read, never worse.
#[test]
fn damage_is_survived() {
    let bytes = std::fs::read(fixtures().join(SECOND)).unwrap();
    let (mut refused, mut read_in_part, mut whole) = (0, 0, 0);
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for round in 0..200 {
        let mut damaged = bytes.clone();
        if round % 4 == 0 {
            damaged.truncate(random(bytes.len()));
        } else {
            for _ in 0..=random(8) {
                let at = random(damaged.len());
                damaged[at] = u8::try_from(random(256)).unwrap();
            }
        }
        match read::open(Arc::new(read::BytesSource::new(SECOND, damaged))) {
            Err(e) => {
                assert!(e.to_string().len() > 30, "{e}");
                refused += 1;
            }
            Ok(granule) => {
                let numeric =
                    |v: &&(usize, &read::Variable)| v.1.dtype.contains("float") || v.1.dtype.contains("int");
                let all: Vec<_> = granule.variables.iter().enumerate().collect();
                let failed = all
                    .iter()
                    .filter(numeric)
                    .filter(|(i, _)| granule.variable_statistics(*i, &ReadOptions::default()).is_err())
                    .count();
                for (i, v) in &all {
                    if v.grid.is_some() {
                        let _ = granule.read(*i, &ReadOptions::default(), None);
                    }
                }
                if failed == 0 { whole += 1 } else { read_in_part += 1 }
            }
        }
    }
    println!("{refused} refused, {read_in_part} read in part, {whole} read");
    assert!(refused >= 40 && whole >= 1, "{refused} {read_in_part} {whole}");
}
