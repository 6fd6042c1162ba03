//! NISAR's 200 m maps as 3 km maps, with the uncertainty that the product gives.

use std::path::Path;
use std::sync::Arc;

use ease_grid::{EaseWindow, Resolution};
use jiff::civil::date;
use loam_core::file::{Correction, FineOrigin};
use loam_core::stack::{Content, Entry, Library, Region, Series};
use serde_json::Value;
use smap_files::{PathSource, QualityRule};

/// tests/reference/make_foreign.py: 4 x 4 cells of 3 km, of 15 x 15 cells of 200 m each.
#[test]
fn the_uncertainty_is_averaged_over_the_cells_of_the_map() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smap-files/tests/fixtures/foreign");
    let expected = std::fs::read_to_string(folder.join("nisar_uncertainty.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let file = expected["file"].as_str().unwrap();
    let granule = smap_files::open(Arc::new(PathSource::open(&folder.join(file)).unwrap())).unwrap();
    let mut library = Library::default();
    library.insert(Entry {
        id: 1,
        name: file.to_owned(),
        content: Content::File(Box::new(granule)),
        correction: Correction::default(),
    });
    let window = EaseWindow::new(Resolution::M03, 2640, 1010, 24, 24).unwrap();
    let mut series = Series::new(Region::new(window).unwrap(), QualityRule::Recommended);
    let fine = series.day(&library, date(2026, 6, 3)).unwrap().fine.unwrap();
    assert_eq!(fine.origin, FineOrigin::Nisar);
    let uncertainty = series.uncertainty(&library, date(2026, 6, 3)).unwrap().unwrap();
    let at = |name: &str| expected[name].as_u64().unwrap() as usize;
    let (left, top) = (at("first_column") - window.first_column, at("first_row") - window.first_row);
    let mut compared = 0;
    for (row, cells) in expected["uncertainty"].as_array().unwrap().iter().enumerate() {
        for (column, cell) in cells.as_array().unwrap().iter().enumerate() {
            let (x, y) = (left + column, top + row);
            match cell.as_f64() {
                Some(mean) => {
                    assert!(
                        (f64::from(uncertainty.at(x, y).unwrap()) - mean).abs() < 1e-6,
                        "{column}, {row}"
                    );
                    compared += 1;
                }
                None => assert!(uncertainty.at(x, y).is_err(), "{column}, {row}"),
            }
            assert_eq!(uncertainty.at(x, y).is_ok(), fine.raster.at(x, y).is_ok(), "{column}, {row}");
        }
    }
    assert_eq!((compared, uncertainty.valid_count()), (15, 15));
}
