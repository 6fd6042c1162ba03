//! From files to a prediction: format-faithful synthetic granules (tests/reference/make_granules.py) through library, series and network.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::{Date, date};
use loam::protocol::FileTicket;
use loam::session::open::open;
use loam_core::closed_form::{ClosedForm, ClosedFormError, Needs};
use loam_core::file::{Correction, FineOrigin};
use loam_core::stack::{HistoryRule, Library, Region, Series};
use loam_nn::networks::smen::estimate::{Engine, PredictError, predict};
use loam_nn::{Inputs, Processor, Smen, Weights, block_on};
use smap_files::{PathSource, QualityRule};

const FIRST: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_001.h5";
const SECOND: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5";
const NEIGHBOUR: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003025_097W34N_R18290_001.h5";

fn library() -> Library {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures");
    let mut names: Vec<String> = std::fs::read_dir(folder.clone())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.ends_with(".h5"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 12, "{names:?}");
    let mut library = Library::default();
    for (name, id) in names.into_iter().zip(1..) {
        let source = Arc::new(PathSource::open(&folder.join(&name)).unwrap());
        let ticket = FileTicket { id, name, bytes: 0, correction: Correction::default(), member: None };
        library.insert(block_on(open(&ticket, source)).unwrap());
    }
    library
}

fn series(library: &Library) -> Series {
    let mut series = Series::new(Region::around(-97.5, 35.0, 24, 24).unwrap(), QualityRule::Recommended);
    series.load_all(library).unwrap();
    assert_eq!(series.failures, []);
    series
}

const MAPPED: Date = date(2020, 6, 2);

#[test]
fn scenes_of_one_day_are_mosaicked_and_the_superseded_one_is_left_out() {
    let library = library();
    let mut series = series(&library);
    let day = series.day(&library, MAPPED).unwrap();
    assert!(!day.files.iter().any(|f| f == FIRST), "superseded by counter 002: {:?}", day.files);
    for file in [SECOND, NEIGHBOUR] {
        assert!(day.files.iter().any(|f| f == file), "{file} is missing from {:?}", day.files);
    }
    let fine = day.fine.unwrap();
    assert_eq!(fine.origin, FineOrigin::Product);
    let share = fine.raster.valid_count() as f64 / 576.0;
    assert!((0.3..1.0).contains(&share), "{share}");
    // The Sentinel-1 day is the day before: no map may appear there.
    assert!(
        !series.covers().contains_key(&date(2020, 6, 1)) || series.covers()[&date(2020, 6, 1)].fine.is_none()
    );
}

#[test]
fn backscatter_of_a_granule_comes_out_in_decibel() {
    let library = library();
    let day = series(&library).day(&library, MAPPED).unwrap();
    let (vv, vh) = (day.vv.unwrap().statistics(), day.vh.unwrap().statistics());
    assert!(vv.valid > 0 && vh.valid > 0);
    // Land lies between -30 and 0 dB (formats.md 2.6); linear power would lie above 0.
    assert!(vv.min.unwrap() > -40.0 && vv.max.unwrap() < 10.0 && vv.mean.unwrap() < -5.0, "{vv:?}");
    assert!(vh.mean.unwrap() < vv.mean.unwrap(), "cross-polarised backscatter is weaker: {vh:?} {vv:?}");
}

#[test]
fn a_prediction_uses_the_map_of_an_earlier_day_and_says_what_is_missing() {
    let library = library();
    let mut series = series(&library);
    let device = block_on(Processor::open_cpu());
    let model = Smen::from_weights(&Weights::init(Inputs::Spatiotemporal, 1), device.device()).unwrap();
    let mut run = |date| {
        let progress = async |_, _| std::ops::ControlFlow::Continue(());
        block_on(predict(
            &library,
            &mut series,
            date,
            HistoryRule::default(),
            false,
            Engine { model: &model, before: None, device: device.device(), tile: 128 },
            progress,
        ))
    };
    let outcome = run(date(2020, 6, 4)).unwrap();
    assert_eq!(outcome.sample.history[3].date, Some(MAPPED));
    assert!(outcome.sample.files.iter().any(|f| f == SECOND), "{:?}", outcome.sample.files);
    assert!(outcome.warnings.iter().any(|w| w.contains("1 of 4")), "{:?}", outcome.warnings);
    assert!(outcome.estimate.valid_count() > 0);
    assert!(!outcome.sample.simulated, "synthetic fixtures are not the simulator's");
    assert!(
        matches!(run(MAPPED), Err(PredictError::NoHistory { .. })),
        "the day's own map is its reference, never its history"
    );
}

#[test]
fn a_map_in_closed_form_names_the_files_it_used_and_no_others() {
    let library = library();
    let mut series = series(&library);
    let mut run =
        |method: ClosedForm, date| method.estimate(&library, &mut series, date, HistoryRule::default());
    let later = date(2020, 6, 4);
    for method in ClosedForm::ALL.iter().copied().filter(|m| m.about().needs != Needs::Backscatter) {
        let history = method.about().needs == Needs::History;
        let map = run(method, later).unwrap();
        let past = history || method.about().needs == Needs::Past;
        assert_eq!(map.files.iter().any(|f| f == SECOND), past, "{method:?}: {:?}", map.files);
        assert!(map.files.iter().any(|f| f.contains("20200604")), "{method:?}: {:?}", map.files);
        assert_eq!(map.warnings.iter().any(|w| w.contains("1 of 4")), history, "{:?}", map.warnings);
        match run(method, MAPPED) {
            Err(ClosedFormError::NoHistory { date, .. }) => assert!(history && date == MAPPED),
            Ok(map) => assert!(!history && map.reference.is_some(), "{method:?} gave SMAP back"),
            Err(error) => panic!("{method:?}: {error}"),
        }
    }
    assert!(
        matches!(run(ClosedForm::Disaggregation, later), Err(ClosedFormError::Missing { what, .. }) if what.contains("VV"))
    );
}
