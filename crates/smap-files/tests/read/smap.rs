//! Real SMAP files compared with values read with h5py (shared/data/README.md), exactly.

use std::path::PathBuf;
use std::sync::Arc;

use ease_grid::{Crs, EaseWindow, Raster, Reason, Resolution, Statistics};
use jiff::civil::date;
use smap_files::{
    self as read, DateOrigin, Granule, Overpass, PathSource, Product, QualityRule, ReadError, ReadOptions,
    Role,
};

fn real(name: &str) -> Option<Granule> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/smap").join(name);
    if !path.exists() {
        eprintln!("skipped: ../shared/data/smap/{name} is not here");
        return None;
    }
    Some(read::open(Arc::new(PathSource::open(&path).unwrap())).unwrap_or_else(|e| panic!("{name}: {e}")))
}

fn index(granule: &Granule, path: &str) -> usize {
    granule
        .variables
        .iter()
        .position(|v| v.path == path)
        .unwrap_or_else(|| panic!("{path} is not in {}", granule.file))
}

fn all() -> ReadOptions {
    ReadOptions { quality: QualityRule::All, ..ReadOptions::default() }
}

fn statistics(granule: &Granule, path: &str) -> Statistics {
    granule
        .variable_statistics(index(granule, path), &ReadOptions::default())
        .unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn raster(granule: &Granule, path: &str) -> Raster {
    granule
        .read(index(granule, path), &ReadOptions::default(), None)
        .unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[track_caller]
fn check_statistics(s: &Statistics, valid: usize, cells: usize, min: f32, max: f32) {
    assert_eq!((s.valid, s.cells), (valid, cells));
    assert_eq!((s.min, s.max), (Some(f64::from(min)), Some(f64::from(max))));
}

#[test]
fn spl4_is_read_exactly() {
    let Some(g) = real("SMAP_L4_SM_aup_input.h5") else { return };
    assert_eq!((g.product, g.short_name.as_deref()), (Product::Spl4, Some("SPL4SMAU")));
    assert_eq!((g.date, g.date_origin), (Some(date(2020, 1, 28)), Some(DateOrigin::Metadata)));
    assert_eq!(g.identity.as_deref(), Some("SMAP_L4_SM_aup_20200128T150000"));
    assert_eq!(g.version, Some(("Vv4030".to_owned(), 1)));
    assert!(!g.simulated && g.problems.is_empty(), "{:?}", g.problems);
    let main: Vec<_> = g.variables.iter().filter(|v| v.role == Role::SoilMoisture).collect();
    assert_eq!(
        main.iter().map(|v| v.path.as_str()).collect::<Vec<_>>(),
        ["/Analysis_Data/sm_surface_analysis"]
    );
    assert_eq!(
        (main[0].units.as_deref(), main[0].dtype.as_str(), main[0].resolution),
        (Some("m3 m-3"), "float32", Some(Resolution::M09))
    );
    assert_eq!(
        main[0].grid.as_ref().unwrap().ease_window(),
        Some(EaseWindow::new(Resolution::M09, 87, 40, 1123, 508).unwrap())
    );

    let surface = "/Analysis_Data/sm_surface_analysis";
    let s = statistics(&g, surface);
    check_statistics(&s, 246_473, 570_484, 0.026819954, 0.79512596);
    assert!((s.mean.unwrap() - 0.25908924).abs() < 1e-8, "{:?}", s.mean);
    let r = raster(&g, surface);
    assert_eq!(r.valid_count(), 246_473);
    for (row, column, value) in [
        (0, 158, 0.584865),
        (254, 561, 0.1452673),
        (507, 1104, 0.088641554),
        (328, 734, 0.026819954),
        (171, 516, 0.79512596),
        (300, 796, 0.3413498f32),
        (338, 652, 0.14311048),
    ] {
        assert_eq!(r.at(column, row), Ok(value), "[{row},{column}]");
    }
    assert_eq!(r.at(0, 0), Err(Reason::NotObserved));
    let profile = raster(&g, "/Analysis_Data/sm_profile_analysis");
    check_statistics(&profile.statistics(), 246_473, 570_484, 0.040378746, 0.79829407);
    assert_eq!((profile.at(158, 0), profile.at(561, 254)), (Ok(0.60771805), Ok(0.2025568)));
    assert_eq!((profile.at(796, 300), profile.at(652, 338)), (Ok(0.3191425), Ok(0.17488362)));
    let temperature = raster(&g, "/Analysis_Data/surface_temp_analysis");
    check_statistics(&temperature.statistics(), 246_473, 570_484, 224.6639, 316.70364);
    assert_eq!((temperature.at(561, 254), temperature.at(796, 300)), (Ok(271.2007), Ok(276.77475)));
    let column = statistics(&g, "/cell_column");
    assert_eq!((column.valid, column.min, column.max), (570_484, Some(87.0), Some(1209.0)));
    assert_eq!((column.mean.unwrap() * 570_484.0).round(), 369_673_632.0);
    let time = statistics(&g, "/time");
    assert_eq!((time.valid, time.min), (1, Some(633_495_600.0)));
}

#[test]
fn windows_crop_and_say_what_lies_outside() {
    let Some(g) = real("SMAP_L4_SM_aup_input.h5") else { return };
    let surface = index(&g, "/Analysis_Data/sm_surface_analysis");
    let whole = g.read(surface, &all(), None).unwrap();
    // 20 columns west of the file's first, and across the narrow last chunk of each row (trap 7).
    for (column, row, columns, rows) in
        [(67, 200, 40, 30), (1190, 300, 50, 20), (883, 340, 1, 1), (0, 0, 60, 30)]
    {
        let window = EaseWindow::new(Resolution::M09, column, row, columns, rows).unwrap();
        let part = g.read(surface, &all(), Some(&window)).unwrap();
        assert_eq!(part.grid().ease_window(), Some(window));
        for r in 0..rows {
            for c in 0..columns {
                let (fc, fr) = (column + c as i64 - 87, row + r as i64 - 40);
                let inside = (0..1123).contains(&fc) && (0..508).contains(&fr);
                let expected =
                    if inside { whole.at(fc as usize, fr as usize) } else { Err(Reason::OutsideFile) };
                assert_eq!(part.at(c, r), expected, "{window:?} [{r},{c}]");
            }
        }
    }
    let other = EaseWindow::new(Resolution::M36, 200, 80, 10, 10).unwrap();
    assert!(matches!(g.read(surface, &all(), Some(&other)), Err(ReadError::Grid(_))));
    assert!(matches!(g.read(999, &all(), None), Err(ReadError::NoSuchVariable { index: 999, .. })));
    assert!(matches!(g.read(index(&g, "/time"), &all(), None), Err(ReadError::Unsuitable { .. })));
}

#[test]
fn the_spl4_crop_equals_its_parent() {
    let (Some(crop), Some(parent)) = (real("SMAP_L4_SM_aup_comparison.h5"), real("SMAP_L4_SM_aup_input.h5"))
    else {
        return;
    };
    assert_eq!(crop.product, Product::Spl4);
    let path = "/Analysis_Data/sm_profile_analysis";
    let window = EaseWindow::new(Resolution::M09, 664, 289, 64, 56).unwrap();
    let r = raster(&crop, path);
    check_statistics(&r.statistics(), 3584, 3584, 0.05865782, 0.308203);
    assert_eq!((r.at(0, 0), r.at(32, 28), r.at(63, 55)), (Ok(0.13732198), Ok(0.14280516), Ok(0.30477074)));
    // Rows 289..344 and columns 664..727 are indices of the global grid.
    let place = crop.variables[index(&crop, path)].grid.as_ref().unwrap().ease_window().unwrap();
    assert_eq!((place.columns, place.rows, place.first_column), (64, 56, 664), "{place:?} {window:?}");
    let same = parent.read(index(&parent, path), &ReadOptions::default(), Some(&place)).unwrap();
    assert_eq!(same.values(), r.values());
    assert_eq!(
        crop.variables[index(&crop, path)].role,
        Role::SoilMoisture,
        "the only soil moisture there is"
    );
}

#[test]
fn spl3smp_coordinates_come_from_the_grid_not_from_masked_latitudes() {
    let Some(g) = real("SC_SPL3SMP_009_prefetch.nc4") else { return };
    assert_eq!(g.product, Product::Spl3smp);
    for (path, valid, overpass) in [
        ("/Soil_Moisture_Retrieval_Data_AM/latitude", 202_934, Overpass::Am),
        ("/Soil_Moisture_Retrieval_Data_AM/longitude", 202_934, Overpass::Am),
        ("/Soil_Moisture_Retrieval_Data_PM/latitude_pm", 210_007, Overpass::Pm),
        ("/Soil_Moisture_Retrieval_Data_PM/longitude_pm", 210_007, Overpass::Pm),
    ] {
        let v = &g.variables[index(&g, path)];
        assert_eq!((v.overpass, v.resolution), (Some(overpass), Some(Resolution::M36)), "{path}");
        assert_eq!(v.grid, Some(EaseWindow::global(Resolution::M36).grid()), "{path}");
        let s = statistics(&g, path);
        assert_eq!((s.valid, s.cells), (valid, 391_384), "{path}: -9999 without _FillValue is no latitude");
    }
    let latitude = raster(&g, "/Soil_Moisture_Retrieval_Data_AM/latitude");
    assert_eq!(
        (latitude.at(0, 0), latitude.at(482, 203), latitude.at(963, 405)),
        (Ok(83.63197), Ok(-0.14122179), Ok(-83.63197))
    );
    assert_eq!(
        (latitude.at(220, 85), latitude.at(498, 56)),
        (Err(Reason::NotObserved), Err(Reason::NotObserved))
    );
    let window = EaseWindow::global(Resolution::M36);
    let mut compared = 0;
    for row in 0..406 {
        for column in 0..964 {
            if let Ok(value) = latitude.at(column, row) {
                assert!((f64::from(value) - window.lonlat(column, row).1).abs() < 3.8e-6, "[{row},{column}]");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 202_934);
    let pm = raster(&g, "/Soil_Moisture_Retrieval_Data_PM/longitude_pm");
    assert_eq!(
        (pm.at(220, 85), pm.at(498, 56), pm.at(184, 94)),
        (Ok(-97.6556), Ok(6.1618257), Err(Reason::NotObserved))
    );
}

#[test]
fn spl3smp_e_flags_and_polar_groups() {
    let Some(g) = real("hoss_shape_file_2d_no_dimensions_reference.nc4") else { return };
    assert_eq!(g.product, Product::Spl3smpE);
    let am = &g.variables[index(&g, "/Soil_Moisture_Retrieval_Data_AM/surface_flag")];
    assert_eq!(
        am.grid.as_ref().unwrap().ease_window(),
        Some(EaseWindow::new(Resolution::M09, 590, 195, 620, 274).unwrap())
    );
    assert_eq!((am.dtype.as_str(), am.overpass), ("uint16", Some(Overpass::Am)));
    for (path, valid, not_observed, zero) in [
        ("/Soil_Moisture_Retrieval_Data_AM/surface_flag", 98_894, Some(49_710), 20_411),
        ("/Soil_Moisture_Retrieval_Data_PM/surface_flag_pm", 98_894, Some(40_339), 29_725),
    ] {
        let r = raster(&g, path);
        assert_eq!(r.valid_count(), valid, "{path}");
        let count = |wanted: f32| r.values().iter().filter(|v| **v == wanted).count();
        assert_eq!((Some(count(2047.0)), count(0.0)), (not_observed, zero), "{path}");
    }
    let flag = raster(&g, "/Soil_Moisture_Retrieval_Data_AM/surface_flag");
    assert_eq!((flag.at(310, 137), flag.at(293, 145)), (Ok(136.0), Ok(2047.0)));
    assert_eq!(raster(&g, "/Soil_Moisture_Retrieval_Data_PM/surface_flag_pm").at(293, 145), Ok(136.0));
    assert_eq!(statistics(&g, "/Soil_Moisture_Retrieval_Data_AM/latitude").valid, 82_300);
    assert_eq!(statistics(&g, "/Soil_Moisture_Retrieval_Data_PM/latitude_pm").valid, 85_232);
    let polar = &g.variables[index(&g, "/Soil_Moisture_Retrieval_Data_Polar_AM/surface_flag")];
    let grid = polar.grid.as_ref().unwrap();
    assert_eq!(
        (&grid.crs, grid.columns, grid.rows, grid.cell_x, polar.resolution),
        (&Crs::Ease2North, 337, 551, 9000.0, None)
    );
    let (x, y) = grid.centre(0, 0);
    assert_eq!((x, y), (-6_754_500.0, 3_028_500.0));
    assert!(g.problems.iter().any(|p| p.text.contains("no soil moisture dataset")), "{:?}", g.problems);
}

#[test]
fn spl3ftp_with_dots_in_its_names() {
    let Some(g) = real("SMAP_L3_FT_P_corners_input.h5") else { return };
    assert_eq!((g.product, g.short_name.as_deref()), (Product::SmapOther, Some("SPL3FTP")));
    assert_eq!(
        (g.date, g.version.clone()),
        (Some(date(2018, 6, 16)), Some(("R16010".to_owned(), 1))),
        "variable-length strings"
    );
    let path = |name: &str| format!("/Freeze_Thaw_Retrieval_Data_Global/{name}");
    let s = statistics(&g, &path("altitude_dem.Bands_01"));
    check_statistics(&s, 9387, 11_011, -28.089489, 3496.4604);
    assert_eq!(statistics(&g, &path("altitude_dem.Bands_02")).valid, 8803);
    assert_eq!(statistics(&g, &path("latitude.Bands_01")).valid, 9387, "-9999 without _FillValue");
}

#[test]
fn three_dimensional_fractions_and_big_endian_placeholders() {
    let Some(g) = real("SC_SPL3SMP_subsetted_without_maskfill.nc4") else { return };
    assert_eq!(g.product, Product::Spl3smp);
    let path = "/Soil_Moisture_Retrieval_Data_AM/landcover_class_fraction";
    let s = statistics(&g, path);
    assert_eq!(
        (s.valid, s.cells, s.min, s.max),
        (6917, 13_122, Some(f64::from(0.00009427736f32)), Some(1.0))
    );
    assert_eq!(statistics(&g, "/Soil_Moisture_Retrieval_Data_AM/latitude").valid, 4238);
    let placeholder = statistics(&g, "/dim0");
    assert_eq!((placeholder.valid, placeholder.min, placeholder.max), (27, Some(0.0), Some(0.0)));
    assert_eq!(g.variables[index(&g, path)].grid, None, "no indices, no x and y: it has no place");
}
