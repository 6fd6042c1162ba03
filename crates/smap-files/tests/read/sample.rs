//! Pixels at points: each is the one the point lies in, whatever the file and its coordinate system.

use std::path::PathBuf;
use std::sync::Arc;

use ease_grid::{Crs, EaseWindow, Grid, Raster, Reason, Resolution};
use smap_files::{Granule, PathSource, ReadOptions, Sampling};

fn fixture(name: &str) -> Granule {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    smap_files::open(Arc::new(PathSource::open(&path).unwrap())).unwrap()
}

fn sampled(mut sampling: Sampling) -> Raster {
    while sampling.step().unwrap() {}
    sampling.finish().unwrap()
}

/// The pixel of a whole raster that a place lies in, by the projection alone.
fn expected(raster: &Raster, x: f64, y: f64) -> Result<f32, Reason> {
    let grid = raster.grid();
    let (longitude, latitude) = Crs::Ease2Global.to_lonlat(x, y).unwrap();
    let (x, y) = grid.crs.from_lonlat(longitude, latitude).unwrap();
    let (column, row) = grid.index_of(x, y);
    if column < 0.0 || row < 0.0 {
        return Err(Reason::OutsideFile);
    }
    raster.at(column as usize, row as usize)
}

/// Around a grid's middle, in cells of an odd size so that no point lies on an edge.
fn target(grid: &Grid) -> Grid {
    let (x, y) = grid.centre(grid.columns / 2, grid.rows / 2);
    let (longitude, latitude) = grid.crs.to_lonlat(x, y).unwrap();
    let (x, y) = Crs::Ease2Global.from_lonlat(longitude, latitude).unwrap();
    Grid::new(Crs::Ease2Global, x - 41_003.7, y + 39_001.3, 977.7, 1013.1, 83, 79).unwrap()
}

#[test]
fn every_point_has_the_pixel_it_lies_in() {
    let files = [
        "SMAP_L3_SM_P_20200602_R18290_001.h5",
        "SMAP_L2_SM_P_30058_D_20200916T194350_R19240_001.h5",
        "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_001.h5",
        "foreign/NISAR_L3_PR_SME2_028_005_A_020_4005_DHDH_A_20260603T125218_20260603T125253_P05023_N_F_J_001.h5",
        "foreign/soil_moisture_utm_20200603.nc",
        "foreign/sm_square_turned_20200603.nc",
        "foreign/sm_360_20200603.nc",
        "foreign/okc_20200603.tif",
        "foreign/OPERA_L2_RTC-S1_T028-059007-IW1_20200603T003512Z_20200604T000000Z_S1A_30_v1.0_VV.tif",
        "foreign/SPL4SMGP.007_Geophysical_Data_sm_surface_doy2020155000000_aid0001.tif",
        "MOD11A1.061_1km_aid0001.nc",
    ];
    let options = ReadOptions::default();
    let (mut values, mut layers) = (0, 0);
    for name in files {
        let granule = fixture(name);
        let maps = granule.variables.iter().enumerate().filter(|(_, v)| v.no_map().is_none());
        for (index, variable) in maps.take(6) {
            let whole = granule.read(index, &options, None).unwrap();
            let target = target(whole.grid());
            let picture = sampled(granule.sample(index, &options, &target).unwrap());
            assert_eq!(picture.grid(), &target);
            for row in 0..target.rows {
                for column in 0..target.columns {
                    let (x, y) = target.centre(column, row);
                    let (got, wanted) = (picture.at(column, row), expected(&whole, x, y));
                    assert_eq!(got, wanted, "{name} {} at {column}, {row}", variable.path);
                    values += usize::from(got.is_ok());
                }
            }
            layers += 1;
        }
    }
    assert!(layers > 20 && values > 20_000, "{layers} layers, {values} values");
}

#[test]
fn a_point_on_an_edge_is_of_the_right_and_lower_pixel_as_in_resampling() {
    let fine = EaseWindow::new(Resolution::M09, 400, 200, 40, 40).unwrap();
    let values = (0..1600).map(|n| n as f32).collect();
    let raster = Raster::new(fine.grid(), values, vec![Reason::Valid; 1600]).unwrap();
    let coarse = fine.covering(Resolution::M36);
    let picture = sampled(Sampling::of(raster.clone(), &coarse.grid()).unwrap());
    let wanted = ease_grid::resample::nearest(&raster, &coarse).unwrap();
    assert_eq!(picture.values(), wanted.values());
    assert_eq!(picture.at(0, 0), Ok(82.0), "column 2 of row 2");
}

#[test]
fn a_layer_without_a_place_says_why_and_one_elsewhere_is_outside() {
    let granule = fixture("SMAP_L3_SM_P_20200602_R18290_001.h5");
    let index = granule.variables.iter().position(|v| v.role == smap_files::Role::SoilMoisture).unwrap();
    let far = EaseWindow::new(Resolution::M36, 0, 400, 3, 3).unwrap();
    let picture = sampled(granule.sample(index, &ReadOptions::default(), &far.grid()).unwrap());
    assert!(picture.reasons().iter().all(|r| *r != Reason::Valid));
    let text = granule.variables.iter().position(|v| v.no_map().is_some());
    if let Some(index) = text {
        let error = granule.sample(index, &ReadOptions::default(), &far.grid()).err().unwrap();
        assert!(error.to_string().contains(": "), "{error}");
    }
    let unknown = fixture("foreign/soil_moisture_ease1_20200603.tif");
    let error = unknown.sample(0, &ReadOptions::default(), &far.grid()).err().unwrap();
    assert!(error.to_string().contains("coordinate"), "{error}");
}
