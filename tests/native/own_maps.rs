//! What Loam wrote itself is no product; and what went into a map is said: overpasses, simulated scenes beside observed files.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ease_grid::{Raster, Reason};
use jiff::civil::{Date, date};
use loam::protocol::FileTicket;
use loam::session::open::{MIXED, open, report};
use loam::session::provenance::{self, Circumstances};
use loam_core::export::{self, MapKind, Provenance};
use loam_core::file::{Correction, FineOrigin, Usage};
use loam_core::simulate::{DEMO_SEED, Scene, Simulator};
use loam_core::stack::{Entry, HistoryRule, Library, MARGIN, Region, SceneDay, Series};
use loam_nn::networks::smen::estimate::{Engine, Outcome, predict};
use loam_nn::{Processor, Smen, Weights, block_on};
use smap_files::{BytesSource, PathSource, Product};

const FROM: Date = date(2016, 5, 1);
const TO: Date = date(2016, 9, 30);

fn region() -> Region {
    Region::around(-110.9747, 32.2226, 30, 30).unwrap()
}

/// The scene as the files that `loam simulate` writes.
fn files() -> Vec<(String, Vec<u8>)> {
    let scene = Scene { first: FROM, last: TO, ..Scene::preset("tucson", DEMO_SEED).unwrap() };
    let mut files = Vec::new();
    for day in Simulator::with_margin(scene, MARGIN) {
        for (name, raster) in [
            (format!("coarse_{}.tif", day.date), day.coarse()),
            (format!("fine_{}.tif", day.date), day.fine.clone()),
        ] {
            if let Some(raster) = raster {
                let provenance = Provenance {
                    date: Some(day.date),
                    simulated: true,
                    ..Provenance::new("soil moisture, simulated", "m3/m3")
                };
                files.push((name, export::geotiff::write(&raster, &provenance, None).unwrap()));
            }
        }
    }
    files
}

fn opened(id: u32, name: &str, bytes: Vec<u8>, usage: Option<Usage>) -> Entry {
    let ticket = FileTicket {
        id,
        name: name.into(),
        bytes: 0,
        correction: Correction { usage, ..Correction::default() },
        member: None,
    };
    block_on(open(&ticket, Arc::new(BytesSource::new(name, bytes)))).unwrap()
}

fn library(files: &[(String, Vec<u8>)]) -> Library {
    let mut library = Library::default();
    for ((name, bytes), id) in files.iter().zip(1..) {
        library.insert(opened(id, name, bytes.clone(), None));
    }
    library
}

fn loaded(library: &Library) -> Series {
    let mut series = Series::new(region(), Default::default());
    series.load_all(library).unwrap();
    series
}

fn estimate(library: &Library, date: Date) -> Outcome {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/public/weights/tucson.safetensors");
    let processor = block_on(Processor::open_cpu());
    let model =
        Smen::from_weights(&Weights::from_bytes(&std::fs::read(path).unwrap()).unwrap(), processor.device())
            .unwrap();
    let engine = Engine { model: &model, before: None, device: processor.device(), tile: 128 };
    let go_on = async |_, _| ControlFlow::Continue(());
    block_on(predict(library, &mut loaded(library), date, HistoryRule::default(), false, engine, go_on))
        .unwrap()
}

fn provenance_of(outcome: Outcome) -> Provenance {
    let circumstances = Circumstances {
        quality: Default::default(),
        weights: Default::default(),
        device: loam_nn::device::report(&loam_nn::device::decide(Default::default(), None), None, None),
    };
    provenance::of(&outcome.into_estimate(false, None, String::new()), 0, &circumstances)
}

fn item(provenance: &Provenance, key: &str) -> Option<String> {
    provenance.items().into_iter().find(|(k, _)| *k == key).map(|(_, value)| value)
}

#[test]
fn an_estimate_that_loam_wrote_is_used_by_hand_alone_and_then_said() {
    let scene = files();
    let library_of = library(&scene);
    let series = loaded(&library_of);
    let rule = HistoryRule::default();
    // A date without a 3 km map, a full history, well seen by SMAP.
    let bare = |cover: &loam_core::stack::Cover| {
        cover.fine.is_none() && cover.coarse.is_some_and(|share| share > 0.6)
    };
    let date = *series
        .covers()
        .iter()
        .find(|(date, cover)| bare(cover) && series.history(**date, rule).len() == 4)
        .unwrap()
        .0;
    let outcome = estimate(&library_of, date);
    assert_eq!(outcome.sample.reference, None);
    let written = export::geotiff::write(&outcome.estimate.clone(), &provenance_of(outcome), None).unwrap();

    // Dropped beside the files: listed, with a sentence, and nothing changes.
    let mut beside = library_of.clone();
    let own = opened(9999, "loam_tucson.tif", written.clone(), None);
    let row = report(&beside, &own, &Default::default());
    assert_eq!((row.product, row.usage), (Some(Product::OwnMap), Some(Usage::Ignored)));
    assert!(
        row.problems
            .iter()
            .any(|problem| problem.contains("no reference, no history and no training target")),
        "{:?}",
        row.problems
    );
    assert_eq!(Product::OwnMap.name(), "a map that Loam made");
    beside.insert(own);
    let again = estimate(&beside, date);
    assert_eq!((again.sample.reference, again.scores.len()), (None, 0));
    assert_eq!(loaded(&beside).covers(), series.covers());

    // Chosen by hand it is the reference, and scores, warnings and exports say so.
    let mut chosen = library_of.clone();
    chosen.insert(opened(9999, "loam_tucson.tif", written, Some(Usage::Fine)));
    let scored = estimate(&chosen, date);
    assert_eq!(scored.sample.reference, Some(FineOrigin::OwnMap));
    assert!(
        scored.warnings.iter().any(|warning| warning.contains("a map that Loam made")),
        "{:?}",
        scored.warnings
    );
    let said = provenance_of(scored);
    assert!(said.scores[0].of.ends_with("against a map that Loam made"), "{}", said.scores[0].of);
    assert!(item(&said, "reference").unwrap().contains("an estimate that Loam made"));
    // As history of a later date it is named.
    let later = *series
        .covers()
        .range(date.tomorrow().unwrap()..)
        .find(|(_, c)| c.coarse.is_some_and(|share| share > 0.5))
        .unwrap()
        .0;
    let said = provenance_of(estimate(&chosen, later));
    assert_eq!(said.history_own_maps, [date]);
    assert_eq!(item(&said, "history_maps_that_loam_made"), Some(date.to_string()));
}

#[test]
fn files_from_before_the_mark_are_told_by_their_product() {
    let window = region().window();
    let raster =
        Raster::new(window.grid(), vec![0.2; window.len()], vec![Reason::Valid; window.len()]).unwrap();
    let named = |product: &str, kind| {
        let provenance = Provenance { kind, ..Provenance::new(product, "m3/m3") };
        let bytes = export::geotiff::write(&raster, &provenance, None).unwrap();
        // As builds before 2026-11-28 wrote it: without the item.
        let item = format!("  <Item name=\"loam_kind\">{}</Item>", kind.name());
        let at = bytes.windows(item.len()).position(|part| part == item.as_bytes()).unwrap();
        let mut bytes = bytes;
        bytes[at..at + item.len()].fill(b' ');
        opened(1, "x.tif", bytes, None)
    };
    let product = |entry: &Entry| report(&Library::default(), entry, &Default::default()).product;
    assert_eq!(product(&named("soil moisture, 3 km estimate", MapKind::Estimate)), Some(Product::OwnMap));
    assert_eq!(
        product(&named("brightness temperature TB V, 9 km estimate", MapKind::Estimate)),
        Some(Product::OwnMap)
    );
    assert_eq!(
        product(&named("soil moisture, simulated", MapKind::Scene)),
        Some(Product::SoilMoistureGeoTiff)
    );
}

#[test]
fn simulated_scenes_and_observed_files_never_mix() {
    let mut mixed = library(&files());
    let simulated = mixed.dates().len();
    assert!(simulated > 100);
    let name = "SMAP_L3_SM_P_20200602_R18290_001.h5";
    let source = PathSource::open(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures").join(name),
    )
    .unwrap();
    let ticket = FileTicket {
        id: 50_000,
        name: name.into(),
        bytes: 0,
        correction: Correction::default(),
        member: None,
    };
    mixed.insert(block_on(open(&ticket, Arc::new(source))).unwrap());
    assert_eq!(mixed.dates().into_iter().collect::<Vec<_>>(), [date(2020, 6, 2)]);
    let row = report(&mixed, mixed.get(1).unwrap(), &Default::default());
    assert!(row.problems.iter().any(|problem| problem == MIXED), "{:?}", row.problems);
    // And the scene of a demo, whose days are no files.
    let scene = Scene { first: FROM, last: FROM, ..Scene::preset("tucson", DEMO_SEED).unwrap() };
    let days: Vec<SceneDay> = Simulator::new(scene.clone()).map(SceneDay::from).collect();
    let mut demo = Library::simulated(scene, "demo".into(), days);
    assert_eq!(demo.dates().len(), 1);
    demo.insert(mixed.remove(50_000).unwrap());
    assert_eq!(demo.dates().into_iter().collect::<Vec<_>>(), [date(2020, 6, 2)]);
    demo.remove(50_000);
    assert_eq!(demo.dates().len(), 1, "it is back once the file is gone");
}

#[test]
fn the_overpass_is_said() {
    let scene = Scene { first: FROM, last: date(2016, 6, 15), ..Scene::preset("tucson", DEMO_SEED).unwrap() };
    let whole = scene.region;
    let days: Vec<_> = Simulator::with_margin(scene.clone(), MARGIN).collect();
    let kept: Vec<SceneDay> = days.iter().cloned().map(SceneDay::from).collect();
    let library = Library::simulated(scene, "Simulated".into(), kept);
    let mut series = Series::new(whole, Default::default());
    series.load_all(&library).unwrap();
    let (mut fills, mut alone) = (0, 0);
    for day in &days {
        let (Some(_), Ok(sample)) = (day.coarse(), series.sample(&library, day.date, HistoryRule::default()))
        else {
            continue;
        };
        let words = sample.overpass_words();
        let plane = sample.overpass.unwrap();
        let am = day.am.as_ref().map(|am| ease_grid::resample::nearest(am, &whole.window()).unwrap());
        let evening = plane
            .values()
            .iter()
            .zip(am.iter().flat_map(|am| am.values()))
            .filter(|(o, am)| **o == 1.0 && am.is_finite())
            .count();
        assert_eq!(evening, 0, "6 am comes first");
        let counts = [0.0, 1.0].map(|wanted| plane.values().iter().filter(|v| **v == wanted).count());
        match counts {
            [_, 0] => assert_eq!(words, "6 am (descending)"),
            [0, _] => {
                alone += 1;
                assert_eq!(words, "6 pm (ascending)");
            }
            [am, pm] => {
                fills += 1;
                let share = 100.0 * pm as f64 / (am + pm) as f64;
                let said = if share < 1.0 { "less than 1 %".to_owned() } else { format!("{share:.0} %") };
                assert_eq!(
                    words,
                    format!("6 am (descending); 6 pm (ascending) fills {said} of the cells seen")
                );
            }
        }
    }
    assert!(fills > 2 && alone > 2, "{fills} {alone}");
}
