//! Exported maps read back: by Loam's own reader, and by `geotiff` 0.1.0, which shares no code with it.

use std::io::Cursor;
use std::sync::Arc;

use ease_grid::{Crs, EaseWindow, Edges, Grid, Raster, Reason, Resolution};
use loam_core::estimate::{Channel, Interval};
use loam_core::export::{Provenance, Score, bundle, csv, geotiff as out};
use loam_core::output::Output;
use loam_core::regression::interval::Width;
use smap_files::{BytesSource, DateOrigin, Granule, Product, ReadOptions, Role, geotiff};

fn raster(window: EaseWindow) -> Raster {
    let n = window.len();
    let values = (0..n).map(|i| 0.05 + 0.4 * ((i * 7919) % 1009) as f32 / 1009.0).collect();
    let reasons = (0..n).map(|i| if i % 11 == 3 { Reason::Water } else { Reason::Valid }).collect();
    Raster::new(window.grid(), values, reasons).unwrap()
}

/// An estimate with its half-width, a fifth of it.
fn channel(window: EaseWindow) -> Channel {
    let estimate = raster(window);
    let values = estimate.values().iter().map(|v| v / 5.0).collect();
    let half_width = Raster::new(window.grid(), values, estimate.reasons().to_vec()).unwrap();
    let width = Width { sigmas: 1.7, dates: 64 };
    Channel {
        output: Output::SoilMoisture,
        estimate,
        coarse: None,
        reference: None,
        reference_uncertainty: None,
        scores: Vec::new(),
        interval: Some(Interval { half_width, width }),
    }
}

fn scanned(bytes: Vec<u8>) -> Granule {
    geotiff::scan(Arc::new(BytesSource::new("map.tif", bytes))).unwrap()
}

fn provenance() -> Provenance {
    Provenance {
        date: Some("2021-03-02".parse().unwrap()),
        model: Some("SMEN".into()),
        weights: Some("oklahoma-city".into()),
        weights_hash: Some("0123abcd".into()),
        trained_on: Some("simulated scenes".into()),
        device: Some("CPU (flex)".into()),
        self_check: Some("passed, 3e-7 <= 1e-4 & fine".into()),
        quality_rule: Some("recommended".into()),
        history: vec!["2021-02-18".parse().unwrap(), "2021-02-06".parse().unwrap()],
        inputs: vec!["SMAP_L3_SM_P_20210302_R18290_001.h5".into()],
        scores: vec![Score {
            of: "SMEN against SPL2SMAP_S".into(),
            urmse: 0.031,
            bias: -0.002,
            r: Some(0.81),
            cells: 9000,
        }],
        citations: vec!["Das et al. 2019".into(), "Müller & Söhne".into()],
        simulated: true,
        region: Some(region()),
        ..Provenance::new("soil moisture, 3 km estimate", "m3/m3")
    }
}

fn region() -> EaseWindow {
    EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 100, 100).unwrap()
}

#[test]
fn our_reader_finds_the_map_and_its_provenance() {
    for (columns, rows) in [(100, 100), (9, 11), (700, 530)] {
        let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, columns, rows).unwrap();
        let map = raster(window);
        let bytes = out::write(&map, &provenance(), Some("2026-01-02 03:04:05")).unwrap();
        let granule = geotiff::scan(Arc::new(BytesSource::new("map.tif", bytes))).unwrap();
        assert_eq!(granule.product, Product::OwnMap);
        assert_eq!(granule.variables[0].role, Role::SoilMoisture);
        assert_eq!(granule.variables[0].path, "soil moisture, 3 km estimate");
        assert_eq!(granule.variables[0].units.as_deref(), Some("m3/m3"));
        assert_eq!(granule.variables[0].resolution, Some(Resolution::M03));
        assert_eq!(
            (granule.date, granule.date_origin),
            (Some("2021-03-02".parse().unwrap()), Some(DateOrigin::Metadata))
        );
        assert!(granule.simulated, "simulated maps stay marked");
        assert!(
            granule.problems.len() == 1 && granule.problems[0].text.contains("Loam made this map"),
            "{:?}",
            granule.problems
        );
        let grid = granule.variables[0].grid.clone().unwrap();
        assert_eq!(grid, window.grid(), "corner and cell size to the last bit");
        let back = geotiff::read(&granule, 0, &ReadOptions::default(), None).unwrap();
        for (i, (a, r)) in map.values().iter().zip(map.reasons()).enumerate() {
            if *r == Reason::Valid {
                assert_eq!(back.values()[i], *a);
            } else {
                assert_eq!(back.reasons()[i], Reason::NotObserved, "-9999 comes back as a mask");
            }
        }
    }
}

#[test]
fn a_map_that_is_no_simulation_is_not_marked() {
    let bytes =
        out::write(&raster(region()), &Provenance::new("soil moisture, 3 km estimate", "m3/m3"), None)
            .unwrap();
    let granule = geotiff::scan(Arc::new(BytesSource::new("x.tif", bytes))).unwrap();
    assert!(!granule.simulated);
    assert_eq!(granule.date, None);
    let odd = out::write(&raster(region()), &Provenance::new("soil moisture <a & b>, \"c\"", "m3/m3"), None)
        .unwrap();
    let granule = geotiff::scan(Arc::new(BytesSource::new("x.tif", odd))).unwrap();
    assert_eq!(granule.variables[0].path, "soil moisture <a & b>, \"c\"");
}

#[test]
fn the_independent_reader_agrees() {
    for (columns, rows) in [(100, 100), (9, 11), (600, 40)] {
        let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, columns, rows).unwrap();
        let map = raster(window);
        let bytes = out::write(&map, &provenance(), None).unwrap();
        let other = ::geotiff::GeoTiff::read(Cursor::new(bytes)).unwrap();
        assert_eq!((other.raster_width, other.raster_height, other.num_samples), (columns, rows, 1));
        assert_eq!(other.geo_key_directory.projected_type, Some(6933));
        let grid = window.grid();
        let extent = other.model_extent();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(near(extent.min().x, grid.origin_x) && near(extent.max().y, grid.origin_y), "{extent:?}");
        assert!(near(extent.max().x, grid.origin_x + columns as f64 * grid.cell_x));
        assert!(near(extent.min().y, grid.origin_y - rows as f64 * grid.cell_y));
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = grid.centre(column, row);
                let value = other.get_value_at::<f32>(&geo_types::Coord { x, y }, 0).unwrap();
                assert_eq!(value, map.at(column, row).unwrap_or(out::NODATA), "[{row},{column}]");
            }
        }
    }
}

/// One tile and several. The independent reader knows no second band beside grey; rasterio reads them all in
/// tests/reference/check_exports.py.
#[test]
fn a_half_width_is_a_second_band_and_never_soil_moisture() {
    for (columns, rows) in [(100, 100), (9, 11), (700, 530)] {
        let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, columns, rows).unwrap();
        let channel = channel(window);
        let half_width = channel.half_width().unwrap();
        let bytes = out::write_channel(&channel, &provenance(), None).unwrap();
        let granule = scanned(bytes);
        assert_eq!(granule.product, Product::OwnMap);
        let described: Vec<_> = granule.variables.iter().map(|v| (v.path.as_str(), v.role)).collect();
        assert_eq!(
            described,
            [
                ("soil moisture, 3 km estimate", Role::SoilMoisture),
                ("half_width_90", Role::Other),
                ("quality_flag", Role::Other)
            ]
        );
        let second = &granule.variables[1];
        assert_eq!(second.units.as_deref(), Some("m3/m3"));
        assert!(second.evidence.starts_with("half-width of the 90 % interval"), "{}", second.evidence);
        for (band, map) in [&channel.estimate, half_width].into_iter().enumerate() {
            let back = geotiff::read(&granule, band, &ReadOptions::default(), None).unwrap();
            for row in 0..rows {
                for column in 0..columns {
                    assert_eq!(
                        back.at(column, row).ok(),
                        map.at(column, row).ok(),
                        "{band} [{row},{column}]"
                    );
                }
            }
        }
    }
}

/// It has a band of its own name before the flags, and is no soil moisture and no half-width. A map without an interval has it second.
#[test]
fn the_references_own_uncertainty_is_a_band_of_its_own() {
    let channel = channel(region());
    let values = channel.estimate.values().iter().map(|v| v / 7.0).collect();
    let own = Raster::new(region().grid(), values, channel.estimate.reasons().to_vec()).unwrap();
    let channel = Channel { reference_uncertainty: Some(own.clone()), ..channel };
    let alone = Channel { interval: None, ..channel.clone() };
    for (channel, band) in [(&channel, 2), (&alone, 1)] {
        let granule = scanned(out::write_channel(channel, &provenance(), None).unwrap());
        assert_eq!(granule.variables.len(), band + 2);
        let variable = &granule.variables[band];
        assert_eq!((variable.path.as_str(), variable.role), ("reference_uncertainty", Role::Other));
        assert!(variable.evidence.starts_with("the reference's own uncertainty"), "{}", variable.evidence);
        assert_eq!(granule.variables[band + 1].path, "quality_flag");
        let back = geotiff::read(&granule, band, &ReadOptions::default(), None).unwrap();
        let bits = |raster: &Raster| raster.values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back), bits(&own));
    }
    let text = csv::write(csv::Maps::of(&channel), &provenance()).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rows[0].split(',').nth(8), Some("reference_uncertainty"));
    assert_eq!(rows[1].split(',').nth(8).unwrap().parse::<f32>().ok(), own.at(0, 0).ok());
    // A bundle of before has no such band: its map is compared without.
    let before = Channel { reference_uncertainty: None, ..channel.clone() };
    let [before, now] =
        [before, channel].map(|channel| out::write_channel(&channel, &provenance(), None).unwrap());
    assert!(bundle::compare(&before, &now, &region()).unwrap().is_exact());
    assert!(bundle::compare(&now, &before, &region()).is_err(), "a band that is gone is told");
    let elsewhere = raster(EaseWindow::around(Resolution::M03, 6.1, 46.2, 9, 9).unwrap());
    let apart = Channel { reference_uncertainty: Some(elsewhere), ..alone };
    assert!(out::write_channel(&apart, &provenance(), None).is_err());
}

/// Another program may keep the second band alone: it is told by its name, not by its place.
#[test]
fn a_half_width_alone_is_no_soil_moisture_either() {
    let product = "soil moisture, 3 km estimate";
    let mut bytes = out::write(&raster(region()), &Provenance::new(product, "m3/m3"), None).unwrap();
    let described = format!("role=\"description\">{product}");
    let at = bytes.windows(described.len()).position(|part| part == described.as_bytes()).unwrap();
    let name = at + described.len() - product.len();
    bytes[name..name + product.len()].copy_from_slice(format!("{:<28}", "half_width_90").as_bytes());
    let granule = scanned(bytes);
    assert_eq!((granule.product, granule.variables.len()), (Product::OwnMap, 1));
    let only = &granule.variables[0];
    assert_eq!((only.path.as_str(), only.role), ("half_width_90", Role::Other));
}

#[test]
fn a_map_without_an_interval_has_its_flags_behind_it() {
    let frame = Edges { west: 2, ..Edges::default() };
    let channel = Channel { interval: None, ..channel(region()) };
    let bytes = out::write_channel(&channel, &Provenance { frame, ..provenance() }, None).unwrap();
    let granule = scanned(bytes);
    let described: Vec<_> = granule.variables.iter().map(|v| (v.path.as_str(), v.role)).collect();
    assert_eq!(
        described,
        [("soil moisture, 3 km estimate", Role::SoilMoisture), ("quality_flag", Role::Other)]
    );
    let bits = geotiff::read(&granule, 1, &ReadOptions::default(), None).unwrap();
    for row in 0..100 {
        for column in 0..100 {
            let expected = match channel.estimate.at(column, row) {
                Err(Reason::Water) => 2.0,
                Ok(_) if column < 2 => 2048.0,
                _ => 0.0,
            };
            assert_eq!(bits.at(column, row), Ok(expected), "[{row},{column}]");
        }
    }
}

#[test]
fn other_systems_keep_their_code() {
    for (crs, code) in
        [(Crs::Geographic, 4326), (Crs::Utm { zone: 14, north: true }, 32614), (Crs::Ease2North, 6931)]
    {
        let (x, y, s) =
            if crs == Crs::Geographic { (-98.0, 36.0, 0.01) } else { (600_000.0, 4_000_000.0, 100.0) };
        let grid = Grid::new(crs.clone(), x, y, s, s, 20, 10).unwrap();
        let map = Raster::new(grid.clone(), vec![0.25; 200], vec![Reason::Valid; 200]).unwrap();
        let bytes = out::write(&map, &Provenance::new("soil moisture", "m3/m3"), None).unwrap();
        let granule = geotiff::scan(Arc::new(BytesSource::new("x.tif", bytes))).unwrap();
        assert_eq!(granule.variables[0].grid.as_ref(), Some(&grid));
        assert_eq!(crs.epsg(), Some(code));
    }
    let grid =
        Grid::new(Crs::Other { epsg: None, description: "local".into() }, 0.0, 0.0, 1.0, 1.0, 1, 1).unwrap();
    assert!(
        out::write(&Raster::masked(grid, Reason::Water), &provenance(), None)
            .unwrap_err()
            .to_string()
            .contains("EPSG")
    );
}

#[test]
fn the_table_has_every_cell_and_its_reason() {
    let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 9, 9).unwrap();
    let estimate = raster(window);
    let reference = Raster::new(window.grid(), vec![0.25; 81], vec![Reason::Valid; 81]).unwrap();
    let smap = Raster::masked(window.grid(), Reason::NoSmap);
    let maps = csv::Maps {
        estimate: &estimate,
        half_width: None,
        smap: Some(&smap),
        reference: Some(&reference),
        reference_uncertainty: None,
    };
    let text = csv::write(maps, &provenance()).unwrap();
    let comments: Vec<&str> = text.lines().take_while(|l| l.starts_with('#')).collect();
    assert!(
        comments.contains(&"# date: 2021-03-02") && comments.contains(&"# simulated: true"),
        "{comments:?}"
    );
    assert!(comments.contains(&"# history: 2021-02-18 2021-02-06"));
    let lines: Vec<&str> = text.lines().skip(comments.len()).collect();
    assert_eq!(
        lines[0],
        "longitude,latitude,column,row,smap_36km,estimate_3km,half_width_90,reference_3km,reference_uncertainty,difference,reason"
    );
    assert_eq!(lines.len(), 82);
    // Oklahoma City's own cell, in the middle: column 2650, row 1021 (formats.md 2.4).
    let fields: Vec<&str> = lines[1 + 4 * 9 + 4].split(',').collect();
    assert_eq!((fields[2], fields[3], fields[4]), ("2650", "1021", ""));
    assert_eq!(
        (fields[6], fields[7], fields[8], fields[10]),
        ("", "0.25", "", ""),
        "no interval, no half-width"
    );
    let (lon, lat): (f64, f64) = (fields[0].parse().unwrap(), fields[1].parse().unwrap());
    assert!((lon - -97.5164).abs() < 0.016 && (lat - 35.4676).abs() < 0.016, "{lon} {lat}");
    let estimated: f32 = fields[5].parse().unwrap();
    assert_eq!(Ok(estimated), estimate.at(4, 4), "the shortest text that reads back to the same float32");
    assert_eq!(fields[9].parse::<f32>().unwrap(), estimated - 0.25);
    // Cell 3 is water.
    let fields: Vec<&str> = lines[1 + 3].split(',').collect();
    assert_eq!((fields[5], fields[9], fields[10]), ("", "", "water"));
    let elsewhere = raster(EaseWindow::around(Resolution::M03, 6.1, 46.2, 9, 9).unwrap());
    let apart = |maps| csv::write(maps, &provenance()).is_err();
    assert!(apart(csv::Maps { reference: Some(&elsewhere), ..maps }));
    assert!(apart(csv::Maps { half_width: Some(&elsewhere), ..maps }));
}

#[test]
fn the_table_has_the_half_width_beside_the_estimate() {
    let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 9, 9).unwrap();
    let channel = channel(window);
    let words = channel.interval.as_ref().map(Interval::words);
    let facts = Provenance { interval: words, ..provenance() };
    let text = csv::write(csv::Maps::of(&channel), &facts).unwrap();
    assert!(text.contains("\n# interval: 90 % interval calibrated on 64 earlier dates\n"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let header: Vec<&str> = lines[0].split(',').collect();
    assert_eq!((header[5], header[6]), ("estimate_3km", "half_width_90"));
    for (n, line) in lines[1..].iter().enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields.len(), header.len());
        let expected = channel.half_width().unwrap().at(n % 9, n / 9).ok();
        assert_eq!(fields[6].parse::<f32>().ok(), expected, "{line}");
    }
}
