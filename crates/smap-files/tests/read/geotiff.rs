//! Every real GeoTIFF of ../shared/data compared with the values in its README (read there with rasterio), and GeoTIFFs made here for what
//! the real ones do not show.

use std::path::PathBuf;
use std::sync::Arc;

use ease_grid::{Crs, EaseWindow, Reason, Resolution, resample};
use smap_files::{
    BackscatterScale, Granule, Orbit, PathSource, Product, ReadError, ReadOptions, Role, geotiff, sentinel1,
};

fn open(path: &str) -> Option<Granule> {
    let full = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    if !full.exists() {
        eprintln!("skipped {path}: ../shared/data/{path} is not here");
        return None;
    }
    Some(geotiff::scan(Arc::new(PathSource::open(&full).unwrap())).unwrap())
}

/// Valid count, minimum, maximum and mean, as the README prints them.
fn statistics(granule: &Granule, variable: usize, valid: usize, min: f32, max: f32, mean: f64) {
    let s = granule.variables[variable].statistics.expect("statistics");
    assert_eq!(s.valid, valid, "{}", granule.file);
    assert_eq!((s.min.unwrap() as f32, s.max.unwrap() as f32), (min, max), "{}", granule.file);
    assert!((s.mean.unwrap() - mean).abs() < 5e-7, "{}: mean {:?}", granule.file, s.mean);
}

fn values(granule: &Granule, variable: usize, at: &[(usize, usize, f32)]) {
    let raster = geotiff::read(granule, variable, &ReadOptions::default(), None).unwrap();
    for &(row, column, value) in at {
        assert_eq!(raster.at(column, row), Ok(value), "{} [{row},{column}]", granule.file);
    }
}

fn window(granule: &Granule) -> EaseWindow {
    granule.variables[0].grid.as_ref().unwrap().ease_window().unwrap()
}

#[test]
fn smap_l4_on_the_9_km_grid() {
    let Some(g) = open("smap/SMAP_L4_SM_aup_input.tif") else { return };
    assert_eq!(g.product, Product::SoilMoistureGeoTiff);
    assert_eq!((g.variables[0].role, g.variables[0].dtype.as_str()), (Role::SoilMoisture, "float32"));
    assert_eq!(g.variables[0].shape, [508, 1123]);
    assert_eq!(g.variables[0].resolution, Some(Resolution::M09));
    // Integer-metre origin, snapped.
    assert_eq!(window(&g), EaseWindow::new(Resolution::M09, 87, 40, 1123, 508).unwrap());
    statistics(&g, 0, 246_473, 0.018_939_164, 0.785_894_16, 0.262_848_88);
    values(
        &g,
        0,
        &[
            (326, 605, 0.018_939_164),
            (59, 68, 0.785_894_16),
            (0, 158, 0.591_154_9),
            (254, 561, 0.183_473_93),
            (507, 1104, 0.141_670_15),
            (300, 796, 0.301_203_43),
            (338, 652, 0.114_804_36),
        ],
    );
    // Fill without a nodata tag.
    let whole = geotiff::read(&g, 0, &ReadOptions::default(), None).unwrap();
    assert_eq!(whole.reasons().iter().filter(|r| **r == Reason::NotObserved).count(), 324_011);
    // A 3 km region around Oklahoma City brings the 9 km cells that cover it, with the same values.
    let region = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 100, 100).unwrap();
    let part = geotiff::read(&g, 0, &ReadOptions::default(), Some(&region)).unwrap();
    let w = part.grid().ease_window().unwrap();
    assert_eq!((w.first_column, w.first_row, w.columns, w.rows), (866, 323, 34, 34));
    assert_eq!(part.at(883 - 866, 340 - 323), Ok(0.301_203_43));
    // Outside the file: masked, not clipped.
    let geneva = EaseWindow::around(Resolution::M03, 6.1432, 46.2044, 100, 100).unwrap();
    let none = geotiff::read(&g, 0, &ReadOptions::default(), Some(&geneva)).unwrap();
    assert_eq!(none.valid_count(), 0);
    assert!(none.reasons().iter().all(|r| *r == Reason::OutsideFile));
    assert_eq!(none.grid().ease_window().unwrap().resolution, Resolution::M09);
}

#[test]
fn smap_l4_crop_without_fill() {
    let Some(g) = open("smap/SMAP_L4_SM_aup_comparison.tif") else { return };
    assert_eq!(g.product, Product::SoilMoistureGeoTiff);
    assert_eq!(window(&g), EaseWindow::new(Resolution::M09, 664, 289, 64, 56).unwrap());
    statistics(&g, 0, 3584, 0.058_657_82, 0.308_203, 0.170_514_29);
    values(&g, 0, &[(0, 0, 0.137_321_98), (28, 32, 0.142_805_16), (55, 63, 0.304_770_74)]);
}

#[test]
fn smap_l4_in_utm_without_a_geographic_key() {
    let Some(g) = open("smap/SMAP_L4_SM_aup_UTM_input.tif") else { return };
    assert_eq!(g.product, Product::SoilMoistureGeoTiff);
    let grid = g.variables[0].grid.clone().unwrap();
    assert_eq!(grid.crs, Crs::Utm { zone: 18, north: true });
    assert_eq!(
        (grid.origin_x, grid.origin_y, grid.cell_x),
        (26_644.198_349_455_313, 1_394_260.355_065_541_8, 9_008.054_979_253_113)
    );
    assert_eq!(g.variables[0].resolution, None);
    statistics(&g, 0, 17_972, 0.013_625_86, 0.788_558_7, g.variables[0].statistics.unwrap().mean.unwrap());
    values(&g, 0, &[(0, 112, 0.093_978_64), (77, 74, 0.435_043_1), (154, 148, 0.371_932_74)]);
    // Pixels of 9 km are larger than 3 km cells: each cell takes the pixel its centre lies in.
    let whole = geotiff::read(&g, 0, &ReadOptions::default(), None).unwrap();
    let (x, y) = grid.centre(74, 77);
    let (lon, lat) = grid.crs.to_lonlat(x, y).unwrap();
    let here = EaseWindow::around(Resolution::M03, lon, lat, 1, 1).unwrap();
    assert_eq!(resample::to_window(&whole, &here).unwrap().at(0, 0), Ok(0.435_043_1));
}

#[test]
fn smap_36_km_altitude_is_listed_not_used() {
    let Some(g) = open("smap/SMAP_L3_FT_P_fill_float_input.tif") else { return };
    assert_eq!((g.product, g.variables[0].role), (Product::Unknown, Role::Other));
    assert!(g.problems[0].text.contains("not used"), "{:?}", g.problems);
    assert_eq!(window(&g), EaseWindow::global(Resolution::M36));
    let s = g.variables[0].statistics.unwrap();
    assert_eq!((s.valid, s.min.unwrap() as f32, s.max.unwrap() as f32), (352_517, -85.9438, 5999.495));
    values(&g, 0, &[(153, 590, -85.9438), (85, 698, 5999.495), (85, 220, 386.649_23), (94, 184, 749.302_86)]);
    let raster = geotiff::read(&g, 0, &ReadOptions::default(), None).unwrap();
    assert_eq!(raster.at(498, 56), Err(Reason::NotObserved), "Geneva holds fill");
}

#[test]
fn smap_freeze_thaw_bytes_with_undeclared_254() {
    let Some(g) = open("smap/SMAP_L3_FT_P_fill_uint_input.tif") else { return };
    assert_eq!((g.product, g.variables[0].dtype.as_str()), (Product::Unknown, "uint8"));
    assert!(g.problems[0].text.contains("class labels"), "{:?}", g.problems);
    let s = g.variables[0].statistics.unwrap();
    assert_eq!((s.valid, s.cells), (32_352 + 16_790, 391_384));
    assert!((s.mean.unwrap() - 16_790.0 / 49_142.0).abs() < 1e-12);
    values(&g, 0, &[(1, 243, 1.0), (2, 525, 0.0)]);
    let raster = geotiff::read(&g, 0, &ReadOptions::default(), None).unwrap();
    assert_eq!(raster.at(482, 203), Err(Reason::NotObserved));
}

#[test]
fn the_odd_polar_grid_is_not_snapped() {
    let Some(g) = open("smap/SMAP_L3_FT_P_polar_3d_input.tif") else { return };
    let grid = g.variables[0].grid.clone().unwrap();
    assert_eq!(grid.crs, Crs::Ease2North);
    assert_eq!((grid.origin_x, grid.origin_y, grid.cell_x), (-9_009_965.0, 9_009_965.0, 36_039.86));
    assert_eq!((grid.ease_window(), g.variables[0].resolution), (None, None));
    let s = g.variables[0].statistics.unwrap();
    assert_eq!((s.valid, s.min.unwrap() as f32, s.max.unwrap() as f32), (57_408, -27.225_857, 2_989.135_3));
    values(
        &g,
        0,
        &[(114, 241, 0.0), (385, 258, 947.828_4), (339, 350, -27.225_857), (245, 380, 2_989.135_3)],
    );
}

#[test]
fn sentinel1_in_degrees_two_planar_bands() {
    let Some(g) = open("sentinel1/Spain_7370579_S1Hand.tif") else { return };
    assert_eq!(g.product, Product::Sentinel1);
    let names: Vec<_> = g.variables.iter().map(|v| (v.path.as_str(), v.role, v.scale)).collect();
    let db = Some(BackscatterScale::Decibel);
    assert_eq!(names, [("VV", Role::BackscatterVv, db), ("VH", Role::BackscatterVh, db)]);
    let grid = g.variables[0].grid.clone().unwrap();
    assert_eq!(grid.crs, Crs::Geographic);
    assert_eq!((grid.origin_x, grid.origin_y), (-0.781_893_623_297_631_5, 38.128_812_571_396_27));
    statistics(&g, 0, 262_144, -39.241_085, 25.647_573, -11.362_844);
    statistics(&g, 1, 262_144, -47.060_482, 4.432_816, -19.108_969);
    values(
        &g,
        0,
        &[
            (0, 0, -8.939_436),
            (256, 256, -14.076_476),
            (511, 511, -9.801_636),
            (31, 233, -39.241_085),
            (266, 195, 25.647_573),
        ],
    );
    values(
        &g,
        1,
        &[(0, 0, -18.451_817), (256, 256, -23.336_187), (155, 509, -47.060_482), (383, 267, 4.432_816)],
    );

    // The mean in linear power, cell by cell, adds up to the mean of the whole: cells are weighted by the pixels they hold.
    for (band, linear) in [(0, -6.958_560), (1, -16.283_632)] {
        let raster = geotiff::read(&g, band, &ReadOptions::default(), None).unwrap();
        let mean = raster
            .values()
            .iter()
            .map(|v| sentinel1::power(BackscatterScale::Decibel, f64::from(*v)).unwrap())
            .sum::<f64>();
        let db = sentinel1::decibel(mean / raster.values().len() as f64).unwrap();
        assert!((db - linear).abs() < 1e-6, "{db}");
    }

    // 4 km x 5 km: the 3 km cells that it fills to a third or more count, no others.
    let (lon, lat) = (-0.781_893_6 + 256.0 * 8.983_152_84e-5, 38.128_812_57 - 256.0 * 8.983_152_84e-5);
    let region = EaseWindow::around(Resolution::M03, lon, lat, 9, 9).unwrap();
    let cells = sentinel1::aggregate(&g, 0, &ReadOptions::default(), &region).unwrap();
    assert_eq!(cells.at(0, 0), Err(Reason::OutsideFile));
    // Rows of cells read one by one, as a session does with large files, are the same to the bit.
    for row in 0..region.rows {
        let one = EaseWindow { first_row: region.first_row + row, rows: 1, ..region };
        let part = sentinel1::aggregate(&g, 0, &ReadOptions::default(), &one).unwrap();
        let bits = |r: &ease_grid::Raster, from: usize| -> Vec<u32> {
            r.values()[from..from + region.columns].iter().map(|v| v.to_bits()).collect()
        };
        assert_eq!(bits(&part, 0), bits(&cells, row * region.columns), "row {row}");
    }
    let sizes = pixels_by_cell(&grid, &region);
    let area = 9.016_117_629_9e6;
    for (i, n) in sizes.iter().enumerate() {
        // A pixel's area on the ellipsoid, at this latitude, is about 78.6 m2.
        let share = *n as f64 * 78.6 / area;
        let valid = cells.reasons()[i] == Reason::Valid;
        assert!((share - 0.3).abs() < 0.003 || valid == (share > 0.3), "cell {i}: {share} {valid}");
    }
    assert!(cells.valid_count() >= 2, "{}", cells.valid_count());
    // The centre cell by brute force: every pixel projected one by one.
    let raster = geotiff::read(&g, 0, &ReadOptions::default(), None).unwrap();
    for resolution in [Resolution::M03, Resolution::M01] {
        let w = EaseWindow::around(resolution, lon, lat, 1, 1).unwrap();
        let (mut sum, mut n) = (0.0, 0);
        for row in 0..512 {
            for column in 0..512 {
                let (x, y) = grid.centre(column, row);
                let (c, r) = ease_grid::ease2::fractional_index(resolution, x, y);
                if (c.floor() as usize, r.floor() as usize) == (w.first_column, w.first_row) {
                    sum += 10f64.powf(f64::from(raster.at(column, row).unwrap()) / 10.0);
                    n += 1;
                }
            }
        }
        let want = 10.0 * (sum / f64::from(n)).log10();
        let got = sentinel1::aggregate(&g, 0, &ReadOptions::default(), &w).unwrap().at(0, 0).unwrap();
        assert!((f64::from(got) - want).abs() < 1e-5, "{resolution:?}: {got} {want} of {n} pixels");
    }
}

/// Pixels whose centres lie in each cell, one by one.
fn pixels_by_cell(grid: &ease_grid::Grid, region: &EaseWindow) -> Vec<usize> {
    let mut counts = vec![0; region.len()];
    for i in 0..grid.len() {
        let (x, y) = grid.centre(i % grid.columns, i / grid.columns);
        let (c, r) = ease_grid::ease2::fractional_index(region.resolution, x, y);
        let (c, r) = (c.floor() as usize - region.first_column, r.floor() as usize - region.first_row);
        counts[r * region.columns + c] += 1;
    }
    counts
}

#[test]
fn sentinel1_in_utm_with_undeclared_polarisation_in_the_name() {
    let Some(g) = open("sentinel1/S1A__IW___A_20150309T173017_VV_grd_mli_geo_norm_db.tif") else { return };
    assert_eq!(
        (g.product, g.orbit, g.date),
        (Product::Sentinel1, Some(Orbit::Ascending), Some("2015-03-09".parse().unwrap()))
    );
    let v = &g.variables[0];
    assert_eq!((v.role, v.scale), (Role::BackscatterVv, Some(BackscatterScale::Decibel)));
    let grid = v.grid.clone().unwrap();
    assert_eq!(grid.crs, Crs::Utm { zone: 31, north: true });
    assert_eq!((grid.origin_x, grid.origin_y, grid.cell_x), (620_048.241_204, 4_830_114.701_07, 20.0));
    statistics(&g, 0, 217 * 268, -26.654_71, 1.432_585, -12.124_930);
    values(
        &g,
        0,
        &[
            (0, 0, -10.147_89),
            (108, 134, -21.294_958),
            (216, 267, -9.406_559),
            (135, 156, -26.654_71),
            (205, 253, 1.432_585),
        ],
    );
    let (x, y) = grid.centre(134, 108);
    let (lon, lat) = grid.crs.to_lonlat(x, y).unwrap();
    assert!((lon - 4.520_565_9).abs() < 6e-8 && (lat - 43.594_365_5).abs() < 6e-8, "{lon} {lat}");
    let raster = geotiff::read(&g, 0, &ReadOptions::default(), None).unwrap();
    let mean = raster.values().iter().map(|v| 10f64.powf(f64::from(*v) / 10.0)).sum::<f64>()
        / raster.values().len() as f64;
    assert!((10.0 * mean.log10() - -10.108_795).abs() < 1e-6);
    // 5.4 x 4.3 km: whole cells inside are rare, the cell of the centre is one that is covered.
    let region = EaseWindow::around(Resolution::M03, lon, lat, 1, 1).unwrap();
    let cell = sentinel1::aggregate(&g, 0, &ReadOptions::default(), &region).unwrap();
    assert!((-20.0..-5.0).contains(&cell.at(0, 0).unwrap()));
    // The user's word on the scale counts.
    let options = ReadOptions { scale: Some(BackscatterScale::DigitalNumber), ..ReadOptions::default() };
    let refusal = sentinel1::aggregate(&g, 0, &options, &region).unwrap_err();
    assert!(
        matches!(refusal, ReadError::Unsuitable { .. }) && refusal.to_string().contains("calibrate"),
        "{refusal}"
    );
}

#[test]
fn wrong_files_say_what_they_look_like() {
    if let Some(g) = open("sentinel1/Spain_7370579_S2Hand.tif") {
        assert_eq!(
            (g.product, g.variables.len(), g.variables[0].dtype.as_str()),
            (Product::Unknown, 13, "int16")
        );
        assert!(g.problems[0].text.contains("Sentinel-2"), "{:?}", g.problems);
        values(&g, 0, &[(0, 0, 1409.0)]);
        values(&g, 12, &[(511, 511, 421.0)]);
    }
    if let Some(g) = open("sentinel1/Spain_7370579_LabelHand.tif") {
        assert_eq!(g.product, Product::Unknown);
        assert!(g.problems[0].text.contains("class labels"), "{:?}", g.problems);
        let s = g.variables[0].statistics.unwrap();
        assert_eq!((s.valid, s.min, s.max), (262_144, Some(-1.0), Some(1.0)));
        assert!((s.mean.unwrap() * 262_144.0 - (70_035.0 - 99.0)).abs() < 1e-6);
        values(&g, 0, &[(0, 0, 1.0), (256, 256, 1.0), (19, 144, -1.0)]);
    }
}

// ---- files made here ----

mod made {
    use super::*;
    use smap_files::{BytesSource, SharedSource, Source};
    use std::io::Cursor;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use tiff_reader::constants::{Compression, PlanarConfiguration};
    use tiff_reader::{ByteOrder, Tag, TagValue};
    use tiff_writer::{ImageBuilder, TiffVariant, TiffWriteSample, TiffWriter, WriteOptions};

    /// GeoKeys: model, raster type, code.
    fn geo(image: ImageBuilder, model: u16, raster: u16, code: u16) -> ImageBuilder {
        let key = if model == 2 { 2048 } else { 3072 };
        image.tag(Tag::new(
            34735,
            TagValue::Short(vec![1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, raster, key, 0, 1, code]),
        ))
    }

    fn scale(image: ImageBuilder, x: f64, y: f64, cell: f64) -> ImageBuilder {
        image
            .tag(Tag::new(33550, TagValue::Double(vec![cell, cell, 0.0])))
            .tag(Tag::new(33922, TagValue::Double(vec![0.0, 0.0, 0.0, x, y, 0.0])))
    }

    fn file<T: TiffWriteSample>(
        image: ImageBuilder,
        variant: TiffVariant,
        order: ByteOrder,
        blocks: &[Vec<T>],
    ) -> Vec<u8> {
        let mut writer =
            TiffWriter::new(Cursor::new(Vec::new()), WriteOptions { byte_order: order, variant }).unwrap();
        let handle = writer.add_image(image.sample_type::<T>()).unwrap();
        for (i, block) in blocks.iter().enumerate() {
            writer.write_block(&handle, i, block).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn scan(name: &str, bytes: Vec<u8>) -> Result<Granule, ReadError> {
        geotiff::scan(Arc::new(BytesSource::new(name, bytes)))
    }

    fn first(granule: &Granule) -> Vec<f32> {
        geotiff::read(granule, 0, &ReadOptions::default(), None).unwrap().values().to_vec()
    }

    /// Every sample type, in both byte orders, classic and BigTIFF, in strips and in tiles.
    #[test]
    fn every_sample_type_in_every_layout() {
        fn one<T: TiffWriteSample + Copy + Default>(dtype: &str, values: [T; 6], want: [f32; 6]) {
            for order in [ByteOrder::LittleEndian, ByteOrder::BigEndian] {
                for variant in [TiffVariant::Classic, TiffVariant::BigTiff] {
                    for compression in [Compression::None, Compression::Deflate, Compression::Lzw] {
                        let image = || {
                            scale(
                                geo(ImageBuilder::new(3, 2).compression(compression), 1, 1, 32614),
                                6e5,
                                4e6,
                                100.0,
                            )
                        };
                        // Two strips of one row.
                        let stripped = file(
                            image().strips(1),
                            variant,
                            order,
                            &[values[..3].to_vec(), values[3..].to_vec()],
                        );
                        // One tile of 16 x 16, padded.
                        let mut tile = vec![T::default(); 256];
                        tile[..3].copy_from_slice(&values[..3]);
                        tile[16..19].copy_from_slice(&values[3..]);
                        let tiled = file(image().tiles(16, 16), variant, order, &[tile]);
                        for bytes in [stripped, tiled] {
                            let granule = scan("x.tif", bytes).unwrap();
                            assert_eq!(granule.variables[0].dtype, dtype);
                            assert_eq!(first(&granule), want, "{dtype} {order:?} {compression:?}");
                        }
                    }
                }
            }
        }
        one("uint8", [0u8, 1, 2, 3, 200, 255], [0.0, 1.0, 2.0, 3.0, 200.0, 255.0]);
        one("int8", [-128i8, -1, 0, 1, 2, 127], [-128.0, -1.0, 0.0, 1.0, 2.0, 127.0]);
        one("uint16", [0u16, 1, 2, 3, 4, 65535], [0.0, 1.0, 2.0, 3.0, 4.0, 65535.0]);
        one("int16", [-32768i16, -1, 0, 1, 2, 32767], [-32768.0, -1.0, 0.0, 1.0, 2.0, 32767.0]);
        one("uint32", [0u32, 1, 2, 3, 1 << 20, 1 << 31], [0.0, 1.0, 2.0, 3.0, 1048576.0, 2147483648.0]);
        one("int32", [-5i32, -1, 0, 1, 2, 1 << 30], [-5.0, -1.0, 0.0, 1.0, 2.0, 1073741824.0]);
        one("uint64", [0u64, 1, 2, 3, 4, 1 << 40], [0.0, 1.0, 2.0, 3.0, 4.0, 1099511627776.0]);
        one("int64", [-5i64, -1, 0, 1, 2, 1 << 40], [-5.0, -1.0, 0.0, 1.0, 2.0, 1099511627776.0]);
        one("float32", [0.125f32, -1.5, 0.0, 1.0, 2.0, 1e30], [0.125, -1.5, 0.0, 1.0, 2.0, 1e30]);
        one("float64", [0.1f64, -1.5, 0.0, 1.0, 2.0, 1e30], [0.1, -1.5, 0.0, 1.0, 2.0, 1e30]);
    }

    /// Blocks that GDAL's SPARSE_OK leaves out decode as zeros, which would be soil moisture of 0 or backscatter of 0 dB.
    #[test]
    fn blocks_never_written_are_not_observed() {
        let image = scale(geo(ImageBuilder::new(40, 32), 1, 1, 32614), 6e5, 4e6, 100.0).sample_type::<f32>();
        for (image, blocks, written, valid) in
            [(image.clone().tiles(16, 16), 6, 4, 16..32), (image.strips(16), 2, 1, 16..32)]
        {
            let mut writer = TiffWriter::new(Cursor::new(Vec::new()), WriteOptions::default()).unwrap();
            let tiled = blocks == 6;
            let handle = writer.add_image(image).unwrap();
            for i in 0..blocks {
                if i == written {
                    writer.write_block(&handle, i, &vec![0.25f32; if tiled { 256 } else { 640 }]).unwrap();
                } else {
                    writer.write_block_sparse(&handle, i).unwrap();
                }
            }
            let granule = scan("soil_moisture.tif", writer.finish().unwrap().into_inner()).unwrap();
            let raster = geotiff::read(&granule, 0, &ReadOptions::default(), None).unwrap();
            for row in 0..32 {
                for column in 0..40 {
                    let here = row >= 16 && (!tiled || valid.contains(&column));
                    assert_eq!(
                        raster.at(column, row),
                        if here { Ok(0.25) } else { Err(Reason::NotObserved) },
                        "{column} {row} {tiled}"
                    );
                }
            }
        }
    }

    fn soil_moisture(image: ImageBuilder) -> Vec<u8> {
        file(
            image.strips(2),
            TiffVariant::Classic,
            ByteOrder::LittleEndian,
            &[vec![0.1f32, 0.2, 0.3, -9999.0, 1.5, 0.25]],
        )
    }

    #[test]
    fn pixel_is_point_is_half_a_pixel_off() {
        let area = scan(
            "sm_a.tif",
            soil_moisture(scale(geo(ImageBuilder::new(3, 2), 1, 1, 32614), 600_000.0, 4_000_000.0, 100.0)),
        )
        .unwrap();
        let point = scan(
            "sm_p.tif",
            soil_moisture(scale(geo(ImageBuilder::new(3, 2), 1, 2, 32614), 600_000.0, 4_000_000.0, 100.0)),
        )
        .unwrap();
        let (a, p) = (area.variables[0].grid.clone().unwrap(), point.variables[0].grid.clone().unwrap());
        assert_eq!((a.origin_x, a.origin_y), (600_000.0, 4_000_000.0));
        assert_eq!((p.origin_x, p.origin_y), (599_950.0, 4_000_050.0));
        assert_eq!(p.centre(0, 0), (600_000.0, 4_000_000.0));
    }

    #[test]
    fn matrices_are_accepted_unrotated_and_refused_rotated() {
        let matrix = |rotation: f64, dy: f64| {
            let m = vec![
                100.0, rotation, 0.0, 6e5, rotation, dy, 0.0, 4e6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
            ];
            soil_moisture(geo(ImageBuilder::new(3, 2), 1, 1, 32614).tag(Tag::new(34264, TagValue::Double(m))))
        };
        let grid = scan("sm.tif", matrix(0.0, -100.0)).unwrap().variables[0].grid.clone().unwrap();
        assert_eq!((grid.origin_x, grid.origin_y, grid.cell_x, grid.cell_y), (6e5, 4e6, 100.0, 100.0));
        let refusal = scan("sm.tif", matrix(5.0, -100.0)).unwrap_err();
        assert!(
            matches!(refusal, ReadError::Unsuitable { .. }) && refusal.to_string().contains("rotated"),
            "{refusal}"
        );
        // From south to north: turned round, and said.
        let turned = scan("sm.tif", matrix(0.0, 100.0)).unwrap();
        let grid = turned.variables[0].grid.clone().unwrap();
        assert_eq!((grid.origin_x, grid.origin_y, grid.cell_y), (6e5, 4_000_200.0, 100.0));
        assert!(turned.problems[0].text.contains("south to north"), "{:?}", turned.problems);
        let north_up = scan("sm.tif", matrix(0.0, -100.0)).unwrap();
        let bits = |g: &Granule| first(g).into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let (turned, plain) = (bits(&turned), bits(&north_up));
        assert_eq!((&turned[..3], &turned[3..]), (&plain[3..], &plain[..3]));
    }

    #[test]
    fn fills_and_impossible_values_are_masked_apart() {
        let image = scale(geo(ImageBuilder::new(3, 2), 1, 1, 6933), -8_000_000.0, 4_000_000.0, 3000.0)
            .tag(Tag::new(42113, TagValue::Ascii("0.3".into())));
        // Of six values one is above 1: too many for soil moisture, so the name has to say it and 99 % have to fit.
        let granule = scan("soil_moisture.tif", soil_moisture(image)).unwrap();
        assert_eq!(granule.product, Product::Unknown);
        assert!(granule.problems[0].text.contains("declares no unit"), "{:?}", granule.problems);
        let image = scale(geo(ImageBuilder::new(200, 2), 1, 1, 6933), -8_000_000.0, 4_000_000.0, 3000.0)
            .tag(Tag::new(42113, TagValue::Ascii(" 0.3\0".into())));
        let mut values = vec![0.2f32; 400];
        (values[0], values[1], values[2], values[3]) = (-9999.0, 0.3, 1.01, f32::NAN);
        let granule = scan(
            "soil_moisture_20200601.tif",
            file(image.strips(2), TiffVariant::Auto, ByteOrder::LittleEndian, &[values]),
        )
        .unwrap();
        assert_eq!(granule.product, Product::SoilMoistureGeoTiff);
        assert_eq!(granule.date, Some("2020-06-01".parse().unwrap()));
        let raster = geotiff::read(&granule, 0, &ReadOptions::default(), None).unwrap();
        assert_eq!(
            raster.reasons()[..5],
            [
                Reason::NotObserved,
                Reason::NotObserved,
                Reason::OutOfRange,
                Reason::NotObserved,
                Reason::Valid
            ]
        );
        assert_eq!(granule.variables[0].statistics.unwrap().valid, 396);
    }

    #[test]
    fn unplaced_files_say_why() {
        let granule = scan("soil_moisture.tif", soil_moisture(ImageBuilder::new(3, 2))).unwrap();
        assert!(granule.variables[0].grid.is_none());
        assert!(granule.problems[0].text.contains("no georeference"), "{:?}", granule.problems);
        assert!(geotiff::read(&granule, 0, &ReadOptions::default(), None).is_err());
        // Lambert-93: known to nobody here, listed with its code.
        let granule =
            scan("a.tif", soil_moisture(scale(geo(ImageBuilder::new(3, 2), 1, 1, 2154), 6e5, 6e6, 100.0)))
                .unwrap();
        assert_eq!(granule.variables[0].grid.clone().unwrap().crs.epsg(), Some(2154));
        assert!(granule.problems[0].text.contains("EPSG:2154"), "{:?}", granule.problems);
    }

    #[test]
    fn raw_grd_measurements_are_refused_with_the_way_out() {
        let values = vec![vec![0u16, 130, 145, 160, 170, 180]];
        let plain =
            file(ImageBuilder::new(3, 2).strips(2), TiffVariant::Classic, ByteOrder::LittleEndian, &values);
        let refusal =
            scan("s1a-iw-grd-vv-20210119t031653-20210119t031718-036201-043ed0-001.tiff", plain).unwrap_err();
        assert!(matches!(refusal, ReadError::Unsuitable { .. }), "{refusal}");
        assert!(
            refusal.to_string().contains("raw Sentinel-1 GRD") && refusal.to_string().contains("calibrate"),
            "{refusal}"
        );
        // Renamed, but with ground control points in degrees, as ESA writes them.
        let points = (0..4).flat_map(|i| [f64::from(i), 0.0, 0.0, 6.0 + f64::from(i), 46.0, 0.0]).collect();
        let image =
            geo(ImageBuilder::new(3, 2), 2, 1, 4326).strips(2).tag(Tag::new(33922, TagValue::Double(points)));
        let refusal =
            scan("measurement.tiff", file(image, TiffVariant::Classic, ByteOrder::LittleEndian, &values))
                .unwrap_err();
        assert!(refusal.to_string().contains("raw Sentinel-1 GRD"), "{refusal}");
    }

    /// Linear power with zero borders, as HyP3 and Planetary Computer write it: zeros are no values, the mean is taken in power.
    #[test]
    fn linear_power_amplitude_and_decibel_agree() {
        let region = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 1, 1).unwrap();
        let (x, y) = Crs::Utm { zone: 14, north: true }.from_lonlat(-97.5164, 35.4676).unwrap();
        let n = 120usize;
        let power = |i: usize| {
            if i % n < 20 {
                0.0
            } else if (i + i / n).is_multiple_of(2) {
                0.01f32
            } else {
                0.3
            }
        };
        let make = |name: &str, value: &dyn Fn(f32) -> f32| {
            let image =
                scale(geo(ImageBuilder::new(n as u32, n as u32), 1, 1, 32614), x - 3000.0, y + 3000.0, 50.0)
                    .tiles(64, 64);
            let tiles: Vec<Vec<f32>> = (0..4)
                .map(|t| {
                    (0..64 * 64)
                        .map(|i| {
                            let (c, r) = (t % 2 * 64 + i % 64, t / 2 * 64 + i / 64);
                            if c < n && r < n { value(power(r * n + c)) } else { 0.0 }
                        })
                        .collect()
                })
                .collect();
            scan(
                name,
                file(
                    image.compression(Compression::Deflate),
                    TiffVariant::Auto,
                    ByteOrder::LittleEndian,
                    &tiles,
                ),
            )
            .unwrap()
        };
        let names = [
            ("S1A_IW_20200101T000000_DVP_RTC30_G_gpuned_1A2B_VH.tif", BackscatterScale::Power),
            ("S1A_IW_20200101T000000_DVP_RTC30_G_gauned_1A2B_VH.tif", BackscatterScale::Amplitude),
            ("S1A_IW_20200101T000000_DVP_RTC30_G_gduned_1A2B_VH.tif", BackscatterScale::Decibel),
        ];
        let granules = [
            make(names[0].0, &|p| p),
            make(names[1].0, &|p| p.sqrt()),
            make(names[2].0, &|p| if p > 0.0 { 10.0 * p.log10() } else { f32::NAN }),
        ];
        let want = 10.0 * ((0.01 + 0.3f64) / 2.0).log10();
        for (granule, (_, scale)) in granules.iter().zip(names) {
            assert_eq!(
                (granule.product, granule.date),
                (Product::Sentinel1, Some("2020-01-01".parse().unwrap()))
            );
            assert_eq!(
                (granule.variables[0].role, granule.variables[0].scale),
                (Role::BackscatterVh, Some(scale)),
                "{}",
                granule.file
            );
            assert_eq!(granule.variables[0].statistics.unwrap().valid, n * (n - 20), "zeros are no values");
            let cell =
                sentinel1::aggregate(granule, 0, &ReadOptions::default(), &region).unwrap().at(0, 0).unwrap();
            assert!((f64::from(cell) - want).abs() < 0.02, "{}: {cell} {want}", granule.file);
        }
    }

    /// A source that makes its bytes on the fly and counts them.
    struct Counting {
        head: Vec<u8>,
        length: u64,
        handed_out: AtomicU64,
        largest: AtomicUsize,
    }

    impl Source for Counting {
        fn name(&self) -> &str {
            "S1A_IW_20200101T000000_VV_sigma0_db.tif"
        }
        fn len(&self) -> u64 {
            self.length
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
            assert!(offset + buffer.len() as u64 <= self.length);
            self.handed_out.fetch_add(buffer.len() as u64, Ordering::Relaxed);
            self.largest.fetch_max(buffer.len(), Ordering::Relaxed);
            for (i, b) in buffer.iter_mut().enumerate() {
                let at = offset + i as u64;
                // Past the directory: float32 -12.5 over and over.
                *b = match self.head.get(at as usize) {
                    Some(b) => *b,
                    None => (-12.5f32).to_le_bytes()[((at - self.head.len() as u64) % 4) as usize],
                };
            }
            Ok(())
        }
    }

    /// 20 000 x 20 000 float32 (1.6 GB): in one strip, in strips of 10 rows, and in tiles of 512 x 512; bands of VV and VH interleaved.
    /// A scan looks at samples, a 3 km region needs its own pixels and little more, and no request is larger than a few megabytes.
    #[test]
    fn a_file_of_1600_mb_is_read_in_windows() {
        let n = 20_000u32;
        let crs = Crs::Utm { zone: 14, north: true };
        let (x, y) = crs.from_lonlat(-97.5164, 35.4676).unwrap();
        for layout in ["one strip", "strips", "tiles"] {
            let image = scale(geo(ImageBuilder::new(n, n), 1, 1, 32614), x - 100_000.0, y + 100_000.0, 10.0)
                .sample_type::<f32>();
            let (image, blocks, block_bytes) = match layout {
                "one strip" => (image.strips(n), 1, u64::from(n) * u64::from(n) * 4),
                "strips" => (image.strips(10), 2000, u64::from(n) * 40),
                _ => (image.tiles(512, 512), 40 * 40, 512 * 512 * 4),
            };
            let source = Arc::new(sparse(image, blocks, block_bytes));
            let shared: SharedSource = source.clone();
            let granule = geotiff::scan(shared).unwrap();
            assert_eq!(
                (granule.product, granule.variables[0].scale),
                (Product::Sentinel1, Some(BackscatterScale::Decibel)),
                "{layout}"
            );
            assert!(granule.variables[0].statistics.is_none());
            let scanned = source.handed_out.swap(0, Ordering::Relaxed);
            assert!(scanned < 100 << 20, "{layout}: the scan took {scanned} bytes");

            let region = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 9, 9).unwrap();
            let cells = sentinel1::aggregate(&granule, 0, &ReadOptions::default(), &region).unwrap();
            assert_eq!(cells.valid_count(), 81, "{layout}");
            assert!(cells.values().iter().all(|v| (v + 12.5).abs() < 1e-5));
            let read = source.handed_out.swap(0, Ordering::Relaxed);
            // 9 cells of 3.2 km are 2900 rows: 230 MB of whole rows, 60 MB of tiles.
            let most = if layout == "strips" { 260 << 20 } else { 80 << 20 };
            assert!(read < most, "{layout}: {read} bytes for 9 x 9 cells");
            let largest = source.largest.load(Ordering::Relaxed);
            assert!(largest <= 2 << 20, "{layout}: a request of {largest} bytes");

            // A region on the other side of the globe costs nothing.
            let geneva = EaseWindow::around(Resolution::M03, 6.1432, 46.2044, 9, 9).unwrap();
            assert_eq!(
                sentinel1::aggregate(&granule, 0, &ReadOptions::default(), &geneva).unwrap().valid_count(),
                0
            );
            assert!(source.handed_out.swap(0, Ordering::Relaxed) < 1 << 20, "{layout}");

            let refusal = geotiff::read(&granule, 0, &ReadOptions::default(), None).unwrap_err();
            assert!(
                matches!(refusal, ReadError::TooLarge { .. }) && refusal.to_string().contains("region"),
                "{refusal}"
            );
            assert_eq!(source.handed_out.load(Ordering::Relaxed) >> 20, 0, "refused before reading");
        }
    }

    /// An alpha band blanks the others in one strip that is read row by row (35 MB), too.
    #[test]
    fn an_alpha_band_counts_in_one_huge_strip() {
        let n = 2_100;
        let image = scale(geo(ImageBuilder::new(n, n), 1, 1, 32614), 6e5, 4e6, 100.0)
            .samples_per_pixel(2)
            .extra_samples(vec![tiff_reader::ExtraSample::UnassociatedAlpha])
            .strips(n);
        let mut values = [0.25f32, 1.0].repeat((n * n) as usize);
        for pixel in values.chunks_exact_mut(2).take(2 * n as usize) {
            pixel.fill(0.0);
            pixel[0] = 0.1;
        }
        let bytes = file(image, TiffVariant::Classic, ByteOrder::LittleEndian, &[values]);
        let granule = scan("soil_moisture.tif", bytes).unwrap();
        let raster = geotiff::read(&granule, 0, &ReadOptions::default(), None).unwrap();
        assert_eq!((raster.at(5, 1), raster.at(5, 2)), (Err(Reason::NotObserved), Ok(0.25)));
    }

    /// 1.6 GB in one compressed strip cannot be read in windows, and says so before reading.
    #[test]
    fn one_huge_compressed_strip_is_refused() {
        let n = 20_000u32;
        let image = scale(geo(ImageBuilder::new(n, n), 1, 1, 32614), 5e5, 4e6, 10.0)
            .compression(Compression::Deflate)
            .strips(n);
        let source = Arc::new(sparse(image.sample_type::<f32>(), 1, 1 << 20));
        let refusal = geotiff::scan(source.clone()).unwrap_err();
        assert!(refusal.to_string().contains("TILED=YES"), "{refusal}");
        assert!(source.handed_out.load(Ordering::Relaxed) < 1 << 20);
    }

    /// A file whose blocks all point at made-up pixels, one after another.
    fn sparse(image: ImageBuilder, blocks: usize, block_bytes: u64) -> Counting {
        let mut writer = TiffWriter::new(
            Cursor::new(Vec::new()),
            WriteOptions { variant: TiffVariant::BigTiff, ..WriteOptions::default() },
        )
        .unwrap();
        let handle = writer.add_image(image.planar_configuration(PlanarConfiguration::Chunky)).unwrap();
        for i in 0..blocks {
            writer.write_block_sparse(&handle, i).unwrap();
        }
        let mut head = writer.finish().unwrap().into_inner();
        // Put offsets and counts into the directory: tags 273/279 or 324/325, 8-byte values.
        head.resize(head.len().next_multiple_of(8), 0);
        let ifd = u64::from_le_bytes(head[8..16].try_into().unwrap()) as usize;
        let entries = u64::from_le_bytes(head[ifd..ifd + 8].try_into().unwrap()) as usize;
        let table = head.len() as u64;
        let data = table + 16 * blocks as u64;
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        for i in 0..blocks as u64 {
            offsets.extend((data + i * block_bytes).to_le_bytes());
            counts.extend(block_bytes.to_le_bytes());
        }
        for e in 0..entries {
            let at = ifd + 8 + 20 * e;
            let tag = u16::from_le_bytes([head[at], head[at + 1]]);
            let values = match tag {
                273 | 324 => &offsets,
                279 | 325 => &counts,
                _ => continue,
            };
            head[at + 2..at + 4].copy_from_slice(&16u16.to_le_bytes());
            head[at + 4..at + 12].copy_from_slice(&(blocks as u64).to_le_bytes());
            if blocks == 1 {
                head[at + 12..at + 20].copy_from_slice(&values[..8]);
            } else {
                let place = table + if matches!(tag, 273 | 324) { 0 } else { 8 * blocks as u64 };
                head[at + 12..at + 20].copy_from_slice(&place.to_le_bytes());
            }
        }
        head.extend(offsets);
        head.extend(counts);
        assert_eq!(head.len() as u64, data);
        Counting {
            length: data + block_bytes * blocks as u64,
            head,
            handed_out: AtomicU64::new(0),
            largest: AtomicUsize::new(0),
        }
    }
}
