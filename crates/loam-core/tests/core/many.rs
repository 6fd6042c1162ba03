//! A library of a thousand days: what it lists and plans. Counted, not timed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ease_grid::{EaseWindow, Resolution};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use loam_core::file::{Correction, Usage};
use loam_core::stack::{Content, Entry, Library, Region, Series};
use smap_files::{BytesSource, QualityRule};

const DAYS: usize = 1_000;

#[test]
fn a_thousand_days_of_small_files_are_listed_and_planned() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../smap-files/tests/fixtures/foreign/soil_moisture_v20190101_20200603.tif");
    let bytes = std::fs::read(fixture).unwrap();
    let first = date(2018, 1, 1);
    let days: Vec<Date> = (0..DAYS as i64).map(|n| first.checked_add(n.days()).unwrap()).collect();
    let mut library = Library::default();
    for (day, id) in days.iter().zip(1..) {
        let name = format!("soil_moisture_{}.tif", day.strftime("%Y%m%d"));
        let granule = smap_files::open(Arc::new(BytesSource::new(&name, bytes.clone()))).unwrap();
        let content = Content::File(Box::new(granule));
        library.insert(Entry { id, name, content, correction: Correction::default() });
    }
    assert_eq!(library.dates(), days.iter().copied().collect::<BTreeSet<_>>());
    assert!(library.iter().all(|e| e.usage() == Usage::Coarse && library.superseded_by(e).is_none()));
    assert!(days.iter().all(|day| library.on(*day).len() == 1));

    let window = EaseWindow::new(Resolution::M03, 2640, 1010, 24, 24).unwrap();
    let mut series = Series::new(Region::new(window).unwrap(), QualityRule::Recommended);
    assert_eq!(series.missing(&library), days);
    for day in [days[0], days[DAYS / 2], days[DAYS - 1]] {
        series.load(&library, day).unwrap();
    }
    assert_eq!(series.missing(&library).len(), DAYS - 3);
    assert_eq!(series.covers().len(), 3);
    assert!(series.failures.is_empty(), "{:?}", series.failures);
}
