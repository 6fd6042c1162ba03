//! A season and its maps in every format, read back by Loam's own readers, and by the programs people use where these are installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use ease_grid::{Crs, EaseWindow, Edges, Raster, Reason, Resolution};
use jiff::civil::{Date, date};
use loam_core::closed_form::ClosedForm;
use loam_core::estimate::Estimate;
use loam_core::export::{Provenance, csv, flags, geotiff, kmz, netcdf, resampled, stac};
use loam_core::map::Scale;
use loam_core::output::Output;
use loam_core::season::{Season, SeasonDay, dates};
use loam_core::simulate::{Scene, Simulator};
use loam_core::stack::{HistoryRule, Library, Region, SceneDay, Series};
use loam_core::weights_report::WeightsReport;
use smap_files::{BytesSource, Granule, Product, QualityRule, ReadError, ReadOptions, Role, open};

const RULE: HistoryRule = HistoryRule { cover: 0.1, disaggregated: false };

/// Half a year of 60 x 45 cells at Oklahoma City, by regression.
struct Made {
    season: Season,
    last: Estimate,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let whole = Scene::preset("oklahoma-city", 5).unwrap();
        let w = whole.region.window();
        let (column, row) = ((w.first_column / 12 * 12 + 24) as i64, (w.first_row / 12 * 12 + 24) as i64);
        let region = Region::new(EaseWindow::new(w.resolution, column, row, 60, 45).unwrap()).unwrap();
        let scene = Scene { region, first: date(2016, 1, 1), last: date(2016, 9, 30), ..whole };
        let days: Vec<SceneDay> = Simulator::new(scene.clone()).map(SceneDay::from).collect();
        let library = Library::simulated(scene, "Simulated scenes".into(), days);
        let mut series = Series::new(region, QualityRule::Recommended);
        series.load_all(&library).unwrap();
        let period = date(2016, 4, 1)..=Date::MAX;
        let estimates: Vec<Estimate> = dates(&series, &period)
            .into_iter()
            .map(|date| ClosedForm::Regression.estimate(&library, &mut series, date, RULE).unwrap())
            .map(with_gaps)
            .collect();
        let days = estimates.iter().map(|e| SeasonDay::of(e, &e.channels[0])).collect();
        // A date whose map has both gaps and values.
        let partly = |e: &&Estimate| (1500..2700).contains(&e.channels[0].estimate.valid_count());
        let last = estimates.iter().rfind(partly).unwrap().clone();
        Made { season: Season { output: Output::SoilMoisture, window: region.window(), days }, last }
    })
}

/// The regression has a value in every cell of these scenes, so a lake and a corner that was not seen are cut out; on odd days a swath too.
fn with_gaps(mut estimate: Estimate) -> Estimate {
    let odd = estimate.date.day() % 2 == 1;
    let cut = |raster: &Raster| {
        let (grid, values, mut reasons) = raster.clone().into_parts();
        for (cell, reason) in reasons.iter_mut().enumerate() {
            let (column, row) = (cell % grid.columns, cell / grid.columns);
            if (10..18).contains(&column) && (8..14).contains(&row) {
                *reason = Reason::Water;
            } else if column + row > 90 || (odd && (30..36).contains(&column)) {
                *reason = Reason::NotObserved;
            }
        }
        Raster::new(grid, values, reasons).unwrap()
    };
    let channel = &mut estimate.channels[0];
    channel.estimate = cut(&channel.estimate);
    let interval = channel.interval.as_mut().unwrap();
    interval.half_width = cut(&interval.half_width);
    estimate
}

fn provenance_of(date: Option<Date>) -> Provenance {
    Provenance {
        date,
        region: Some(made().season.window),
        model: Some("pixel regression".into()),
        weights: Some("none".into()),
        inputs: vec!["Simulated scenes & more".into()],
        citations: vec!["Das et al. 2019, doi 10.5067/ASB0EQO2LYJV".into()],
        simulated: true,
        ..Provenance::new(Output::SoilMoisture.product(), "m3/m3")
    }
}

fn cube() -> Vec<u8> {
    let season = &made().season;
    netcdf::write(season, &provenance_of(None), Some("2026-11-29T07:00:00Z"), "loam season").unwrap()
}

fn scanned(name: &str, bytes: Vec<u8>) -> Result<Granule, ReadError> {
    open(Arc::new(BytesSource::new(name, bytes)))
}

#[test]
fn a_cube_is_known_again_as_loams_own_with_every_date() {
    let season = &made().season;
    let granule = scanned("season.nc", cube()).unwrap();
    assert_eq!((granule.product, granule.simulated), (Product::OwnMap, true));
    let said =
        granule.problems.iter().filter(|p| p.text.contains("Loam made this map (pixel regression, none)"));
    assert_eq!(said.count(), 1, "{:?}", granule.problems);
    assert_eq!(granule.problems.len(), 1, "{:?}", granule.problems);
    let of_role: Vec<_> = granule.variables.iter().filter(|v| v.role != Role::Other).collect();
    assert!(of_role.iter().all(|v| v.path.trim_start_matches('/') == "soil_moisture"));
    let found: Vec<Date> = of_role.iter().filter_map(|v| v.date).collect();
    assert_eq!(found, season.days.iter().map(|day| day.date).collect::<Vec<_>>());
    for (n, day) in season.days.iter().enumerate().step_by(17) {
        let index = granule.variables.iter().position(|v| v.date == Some(day.date)).unwrap();
        assert_eq!(
            granule.variables[index].grid.as_ref(),
            Some(&season.window.grid()),
            "corner and cell size"
        );
        let back = granule.read(index, &ReadOptions::default(), None).unwrap();
        for (cell, value) in day.values.iter().enumerate() {
            let (column, row) = (cell % season.window.columns, cell / season.window.columns);
            // An estimate may lie outside what soil can hold; a reader masks it there.
            let possible = (0.0..=1.0).contains(value).then_some(*value);
            assert_eq!(back.at(column, row).ok(), possible, "date {n}, cell {cell}");
        }
    }
    let evidence = |name: &str| {
        let found = granule.variables.iter().find(|v| v.path.trim_start_matches('/') == name);
        found.map(|v| v.evidence.clone()).unwrap_or_default()
    };
    assert!(evidence("half_width_90").starts_with("half-width of the 90 % interval"));
    assert!(evidence("quality_flag").starts_with("flags of a map that Loam made"));
}

/// A region as wide as a state: overviews, each half the one before, with means of what is valid.
#[test]
fn a_large_map_has_overviews_that_hold_means() {
    let window = EaseWindow::around(Resolution::M03, -97.5, 35.5, 700, 530).unwrap();
    let values: Vec<f32> = (0..window.len()).map(|i| ((i * 7919) % 1009) as f32 / 2048.0).collect();
    let reasons =
        (0..window.len()).map(|i| if i % 11 == 3 { Reason::Water } else { Reason::Valid }).collect();
    let raster = Raster::new(window.grid(), values, reasons).unwrap();
    let bytes = geotiff::write(&raster, &provenance_of(Some(date(2016, 6, 1))), None).unwrap();
    let file = tiff_reader::TiffFile::from_bytes(bytes).unwrap();
    assert_eq!(file.ifd_count(), 2);
    let sizes: Vec<(u32, u32)> = file.ifds().iter().map(|ifd| (ifd.width(), ifd.height())).collect();
    assert_eq!(sizes, [(700, 530), (350, 265)]);
    let overview = file.read_image::<f32>(1).unwrap();
    let overview: Vec<f32> = overview.iter().copied().collect();
    for (column, row) in [(0, 0), (17, 40), (349, 264)] {
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| raster.at(2 * column + x, 2 * row + y).ok());
        let valid: Vec<f64> = four.into_iter().flatten().map(f64::from).collect();
        let mean = (valid.iter().sum::<f64>() / valid.len() as f64) as f32;
        assert_eq!(overview[row * 350 + column], mean, "[{row},{column}]");
    }
}

#[test]
fn a_resampled_map_says_so_and_stays_loams_own() {
    let (estimate, provenance) = (&made().last, provenance_of(Some(made().last.date)));
    let window = estimate.window;
    for (text, code) in [("4326", 4326), ("utm", 32614)] {
        let crs = resampled::system(text, &window).unwrap();
        assert_eq!(crs.epsg(), Some(code));
        assert_eq!(resampled::suffix(&crs), format!("_resampled_EPSG{code}"));
        let bytes = geotiff::write_channel_in(&crs, &estimate.channels[0], &provenance, None).unwrap();
        let granule = scanned("map.tif", bytes).unwrap();
        assert_eq!(granule.product, Product::OwnMap);
        let grid = granule.variables[0].grid.clone().unwrap();
        assert_eq!(grid.crs, crs);
    }
    // In degrees the columns are the EASE-Grid's own.
    let grid = resampled::grid(&window, &Crs::Geographic).unwrap();
    assert_eq!((grid.columns, grid.rows), (window.columns, window.rows));
    for column in [0, 30, 59] {
        assert!((grid.centre(column, 0).0 - window.lonlat(column, 0).0).abs() < 1e-9);
    }
    for text in ["EPSG:3857", "mercator", "32661", ""] {
        assert!(
            resampled::system(text, &window).unwrap_err().to_string().contains("name 4326, utm"),
            "{text}"
        );
    }
    assert_eq!(resampled::system("EPSG:32719", &window).unwrap(), Crs::Utm { zone: 19, north: false });
}

/// Pictures and descriptions hold no values: each says so when it is opened alone.
#[test]
fn a_picture_for_a_globe_is_refused_with_what_to_open_instead() {
    let (estimate, provenance) = (&made().last, provenance_of(Some(made().last.date)));
    let bytes = kmz::write(&estimate.channels[0].estimate, &Scale::moisture(), &provenance).unwrap();
    let refused = scanned("map.kmz", bytes).unwrap_err().to_string();
    assert!(refused.contains("Loam") && refused.contains("GeoTIFF"), "{refused}");
}

/// Every pixel of the picture has the colour of the cell below it, and none where that has no value.
#[test]
fn a_picture_for_a_globe_shows_each_cell_where_it_lies() {
    let made = &made().last;
    let (raster, scale) = (&made.channels[0].estimate, Scale::moisture());
    let bytes = kmz::write(raster, &scale, &provenance_of(Some(made.date))).unwrap();
    let archive: smap_files::SharedSource = Arc::new(BytesSource::new("map.kmz", bytes));
    let members = smap_files::archive::all_members(&archive).unwrap().unwrap();
    let read = |name: &str| {
        let source = members.iter().find(|m| m.path() == name).unwrap().source().unwrap();
        let mut bytes = vec![0; source.len() as usize];
        source.read_at(0, &mut bytes).unwrap();
        bytes
    };
    let document = String::from_utf8(read("doc.kml")).unwrap();
    let edge = |name: &str| -> f64 {
        let (_, rest) = document.split_once(&format!("<{name}>")).unwrap();
        rest.split_once('<').unwrap().0.parse().unwrap()
    };
    let [west, south, east, north] = ["west", "south", "east", "north"].map(edge);
    let mut reader = png::Decoder::new(std::io::Cursor::new(read("map.png"))).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let (mut coloured, mut clear) = (0, 0);
    for (n, pixel) in pixels.chunks_exact(4).enumerate() {
        let longitude = west + (east - west) * ((n % width) as f64 + 0.5) / width as f64;
        let latitude = north - (north - south) * ((n / width) as f64 + 0.5) / height as f64;
        let (x, y) = ease_grid::ease2::fractional_index(made.window.resolution, longitude, latitude);
        let (column, row) = (x - made.window.first_column as f64, y - made.window.first_row as f64);
        // A pixel's centre on the edge of two cells may be of either.
        if [column, row].iter().any(|v| (v - v.round()).abs() < 1e-3) {
            continue;
        }
        let value = raster.at(column as usize, row as usize);
        let entry = value.ok().and_then(|value| scale.entry(f64::from(value)));
        let colour = entry.map_or([0; 4], |entry| {
            let [r, g, b] = scale.map.colour(entry);
            [r, g, b, 255]
        });
        assert_eq!(pixel, colour, "{longitude} {latitude}");
        if entry.is_some() { coloured += 1 } else { clear += 1 }
    }
    let valid = raster.valid_count() * 100 / raster.values().len();
    assert!((valid.saturating_sub(2)..=valid + 2).contains(&(coloured * 100 / (coloured + clear))));
    assert!(coloured > 10_000 && clear > 100, "{coloured} {clear}");
}

#[test]
fn flags_of_a_map_tell_why() {
    let estimate = &made().last;
    let channel = &estimate.channels[0];
    let bits = flags::plane(&channel.estimate, Edges { south: 1, ..Edges::default() });
    let edge = bits.iter().filter(|b| **b & flags::EDGE != 0).count();
    assert!(edge > 0 && edge <= 60);
    for (bits, reason) in bits.iter().zip(channel.estimate.reasons()) {
        assert_eq!(bits & !flags::EDGE, flags::of(*reason));
    }
}

/// Python with the packages of tests/reference/requirements-exports.txt, or why there is none.
fn python() -> Result<PathBuf, String> {
    let python = std::env::var("LOAM_PYTHON").unwrap_or_else(|_| "python3".into());
    let needs = "import compliance_checker, h5netcdf, jsonschema, netCDF4, PIL, pystac, rasterio, rio_cogeo, rioxarray, scipy, xarray";
    let found = Command::new(&python).args(["-c", needs]).output().map_err(|e| format!("{python}: {e}"))?;
    let last = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().last().unwrap_or_default().to_owned();
    if found.status.success() { Ok(python.into()) } else { Err(format!("{python}: {}", last(&found.stderr))) }
}

#[test]
fn the_programs_people_use_read_what_is_written() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            println!("skipped: xarray, GDAL, pystac and the CF checker are not at hand ({why})");
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let (estimate, provenance) = (&made().last, provenance_of(Some(made().last.date)));
    let channel = &estimate.channels[0];
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("season.nc", &cube());
    write("map.tif", &geotiff::write_channel(channel, &provenance, None).unwrap());
    write("map.json", stac::item("map.tif", channel, &provenance, None).unwrap().as_bytes());
    write("map.csv", csv::write(csv::Maps::of(channel), &provenance).unwrap().as_bytes());
    write("map.kmz", &kmz::write(&channel.estimate, &Scale::moisture(), &provenance).unwrap());
    for text in ["4326", "utm"] {
        let crs = resampled::system(text, &estimate.window).unwrap();
        let bytes = geotiff::write_channel_in(&crs, channel, &provenance, None).unwrap();
        write(&format!("map{}.tif", resampled::suffix(&crs)), &bytes);
    }
    let weights = WeightsReport {
        name: "Tucson (shipped)".into(),
        trained_on: "simulated scenes".into(),
        simulated: true,
        hash: "0123456789abcdef".into(),
        ..WeightsReport::default()
    };
    let channel = |name: &str| vec![(name.to_owned(), "m3/m3")];
    let (bands, outputs) = (channel("SMAP"), channel("soil moisture"));
    let model = stac::Model {
        weights: &weights,
        bands: &bands,
        outputs: &outputs,
        pixel: 3002.685,
        version: "0.1.0",
    };
    write("model.json", stac::model_item("model.onnx", &model).as_bytes());
    if let Ok(keep) = std::env::var("LOAM_KEEP_EXPORTS") {
        for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
            std::fs::copy(entry.path(), Path::new(&keep).join(entry.file_name())).unwrap();
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/check_exports.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{}", said(&output.stdout));
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
}
