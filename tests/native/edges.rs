//! The edges of an estimate: cells at a region's edge are given what lies outside it, and where nothing does, the frame is known, marked
//! and left out of scores.

use std::ops::ControlFlow;

use ease_grid::{Edges, Raster, Reason, Resolution};
use jiff::civil::{Date, date};
use loam_core::layer::LayerKind;
use loam_core::network::TbCase;
use loam_core::score::ScoreRow;
use loam_core::simulate::{DEMO_SEED, Scene, Simulator};
use loam_core::stack::{HistoryRule, Library, MARGIN, Region, SceneDay, Series};
use loam_core::training::{DateRole, TrainSettings};
use loam_nn::networks::smen::estimate::{Engine, Outcome, predict};
use loam_nn::networks::smen::{image_estimate, images};
use loam_nn::networks::tb_cnn::{estimate as tb, images as tb_images};
use loam_nn::tb_cnn::TbCnn;
use loam_nn::{HALO, Planes, Processor, Smen, TB_HALO, Weights, block_on};
use loam_nn::{MARGIN_KEY, NetworkModel};

const DAY: Date = date(2016, 9, 14);
const RULE: HistoryRule = HistoryRule { cover: 0.1, disaggregated: false };

/// Days of Tucson's scene, with a margin of so many cells.
fn scene(margin: usize) -> (Library, Region) {
    let scene = Scene {
        first: date(2016, 5, 1),
        last: date(2016, 10, 20),
        ..Scene::preset("tucson", DEMO_SEED).unwrap()
    };
    let region = scene.region;
    let days: Vec<SceneDay> = Simulator::with_margin(scene.clone(), margin).map(SceneDay::from).collect();
    (Library::simulated(scene, "Simulated".into(), days), region)
}

/// A part of a region: first column and row within it, columns and rows.
fn part(region: &Region, left: usize, top: usize, columns: usize, rows: usize) -> Region {
    let window = region.window();
    let part = ease_grid::EaseWindow {
        first_column: window.first_column + left,
        first_row: window.first_row + top,
        columns,
        rows,
        ..window
    };
    Region::new(part).unwrap()
}

fn loaded(library: &Library, region: Region) -> Series {
    let mut series = Series::new(region, Default::default());
    series.load_all(library).unwrap();
    series
}

/// The date with a 3 km map, a full history and the widest view of SMAP.
fn best_day(library: &Library, region: Region) -> Date {
    let series = loaded(library, region);
    let full = |date: &Date| series.history(*date, RULE).len() == 4;
    let covers = series
        .covers()
        .iter()
        .filter(|(date, cover)| cover.fine.is_some_and(|fine| fine > 0.4) && full(date));
    *covers.max_by(|a, b| a.1.coarse.unwrap_or(0.0).total_cmp(&b.1.coarse.unwrap_or(0.0))).unwrap().0
}

fn weights() -> Weights {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/public/weights/tucson.safetensors");
    Weights::from_bytes(&std::fs::read(path).unwrap()).unwrap()
}

fn estimate(library: &Library, region: Region, date: Date) -> Outcome {
    let processor = block_on(Processor::open_cpu());
    let model = Smen::from_weights(&weights(), processor.device()).unwrap();
    let engine = Engine { model: &model, before: None, device: processor.device(), tile: 128 };
    let mut series = loaded(library, region);
    block_on(predict(library, &mut series, date, RULE, false, engine, async |_, _| ControlFlow::Continue(())))
        .unwrap()
}

/// Largest difference of the cells that both hold, and how many those are.
fn difference(a: &Raster, b: &Raster) -> (f32, usize) {
    let (here, there) = (a.grid().ease_window().unwrap(), b.grid().ease_window().unwrap());
    let common = here.intersection(&there).unwrap();
    let (a, b) = (a.cropped(&common).unwrap(), b.cropped(&common).unwrap());
    assert_eq!(a.reasons(), b.reasons());
    let gaps: Vec<f32> = a
        .values()
        .iter()
        .zip(b.values())
        .filter(|(a, _)| a.is_finite())
        .map(|(a, b)| (a - b).abs())
        .collect();
    (gaps.iter().copied().fold(0.0, f32::max), gaps.len())
}

#[test]
fn the_margin_is_the_networks_receptive_field() {
    assert_eq!(MARGIN, HALO);
}

#[test]
fn a_cell_has_the_same_estimate_in_every_box() {
    let (library, region) = scene(MARGIN);
    let day = best_day(&library, region);
    let whole = estimate(&library, region, day);
    assert_eq!((whole.sample.margin(), whole.sample.frame()), (Edges::all(MARGIN), Edges::default()));
    for (left, top, columns, rows) in [(30, 20, 40, 30), (0, 0, 25, 25), (45, 35, 55, 65)] {
        let boxed = estimate(&library, part(&region, left, top, columns, rows), day);
        // Which dates are history is decided by their share of the box.
        let dates = |outcome: &Outcome| outcome.sample.history.map(|slot| slot.date);
        assert_eq!(dates(&boxed), dates(&whole), "another box, another history");
        assert_eq!((boxed.estimate.grid().columns, boxed.estimate.grid().rows), (columns, rows));
        let (largest, cells) = difference(&whole.estimate, &boxed.estimate);
        println!("{left}, {top}: {largest:.1e} m3/m3 over {cells} cells");
        assert!(cells > 300 && largest < 2e-6, "{largest} over {cells} cells");
    }
}

#[test]
fn a_frame_without_data_is_known_and_left_out_of_the_scores() {
    let (library, region) = scene(0);
    let (with_margin, _) = scene(MARGIN);
    let day = best_day(&library, region);
    let (bare, full) = (estimate(&library, region, day), estimate(&with_margin, region, day));
    let frame = bare.sample.frame();
    // SMAP's 36 km cells reach beyond the region where it does not end with one.
    let cells = region.window().covering(Resolution::M36).covering(Resolution::M03);
    let there = Edges::between(&region.window(), &cells);
    assert_eq!(frame, there.missing(MARGIN));
    assert!(
        !frame.is_empty() && bare.warnings.iter().any(|warning| warning.contains("left out of the scores")),
        "{:?}",
        bare.warnings
    );
    assert!(!full.warnings.iter().any(|warning| warning.contains("left out of the scores")));
    let pixels = |outcome: &Outcome| {
        outcome.scores.iter().find(|score| score.is(ScoreRow::Estimate, 0)).unwrap().pixels
    };
    let window = region.window();
    let framed = |i: usize| frame.hold(window.columns, window.rows, i % window.columns, i / window.columns);
    let reference = &full.layers.iter().find(|(kind, _)| *kind == LayerKind::Reference).unwrap().1;
    let counted = reference.reasons().iter().zip(full.estimate.reasons()).enumerate();
    let counted =
        counted.filter(|(i, (r, e))| (**r, **e) == (Reason::Valid, Reason::Valid) && !framed(*i)).count();
    assert!(
        pixels(&bare) <= counted && pixels(&bare) < pixels(&full),
        "{} of {}",
        pixels(&bare),
        pixels(&full)
    );
    // The values stay: those of the network over the data that there is, with zeros beyond, as PyTorch pads.
    let sample = &bare.sample;
    let processor = block_on(Processor::open_cpu());
    let model = Smen::from_weights(&weights(), processor.device()).unwrap();
    let planes = Planes {
        columns: sample.input.columns,
        rows: sample.input.rows,
        coarse_input: sample.coarse_input.clone(),
        residuals: sample.residuals.clone(),
    };
    let output = block_on(loam_nn::predict(&model, processor.device(), &planes, 128, async |_, _| {
        ControlFlow::Continue(())
    }))
    .unwrap();
    assert_eq!(sample.masked_output(output).unwrap().values().len(), window.len());
    let (drier, n) = bare.estimate.values().iter().zip(full.estimate.values()).enumerate().fold(
        (0.0, 0),
        |(sum, n), (i, (a, b))| {
            if framed(i) && a.is_finite() && b.is_finite() {
                (sum + f64::from(a - b), n + 1)
            } else {
                (sum, n)
            }
        },
    );
    println!("the frame is drier by {:.4} m3/m3 over {n} cells", -drier / f64::from(n));
    assert!(n > 100 && drier < 0.0);
}

#[test]
fn images_of_a_training_see_the_margin_and_do_not_learn_from_it() {
    let (library, whole) = scene(MARGIN);
    let region = part(&whole, 30, 30, 24, 20);
    let mut series = loaded(&library, region);
    let settings = TrainSettings::fine_tune();
    let gathered = block_on(images::gather(&library, &mut series, RULE, &settings, async |_, _, _| {
        ControlFlow::Continue(())
    }))
    .unwrap();
    let image = gathered.images.iter().find(|image| image.role == DateRole::Test).unwrap();
    assert_eq!((image.sample.columns, image.sample.rows, image.margin), (32, 28, Edges::all(MARGIN)));
    for (at, mask) in image.sample.mask.iter().enumerate() {
        assert!(*mask == 0.0 || !image.margin.hold(32, 28, at % 32, at / 32));
    }
    // Its estimate is the one that a prediction gives.
    let processor = block_on(Processor::open_cpu());
    let model = Smen::from_weights(&weights(), processor.device()).unwrap();
    let go_on = async |_, _| ControlFlow::Continue(());
    let values =
        image.in_region(&block_on(image_estimate(&model, processor.device(), image, go_on)).unwrap());
    let predicted = estimate(&library, region, image.date);
    let pairs = predicted.estimate.values().iter().zip(&values).filter(|(a, _)| a.is_finite());
    assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 2e-6);
    // Kept and read again, narrowed where another date has no margin.
    let kept = <loam_nn::RunImage as loam_nn::KeptImage>::to_bytes(image);
    assert_eq!(<loam_nn::RunImage as loam_nn::KeptImage>::from_bytes(&kept).unwrap().margin, image.margin);
    let narrowed = image.clone().narrowed(Edges { west: 1, ..Edges::all(MARGIN) });
    assert_eq!((narrowed.sample.columns, narrowed.region_size()), (29, (24, 20)));
    let inner = |image: &loam_nn::RunImage| image.in_region(&image.sample.coarse_input);
    assert_eq!(inner(&narrowed), inner(image));
    let masks =
        image.in_region(&image.sample.mask).into_iter().zip(narrowed.in_region(&narrowed.sample.mask));
    for (at, (before, after)) in masks.enumerate() {
        assert_eq!(after, if at % 24 < 3 { 0.0 } else { before }, "column {}", at % 24);
    }
}

#[test]
fn the_tb_cnn_has_the_same_estimate_in_every_box() {
    let (library, whole) = scene(MARGIN);
    let processor = block_on(Processor::open_cpu());
    for case in TbCase::ALL {
        // First weights are as good as any: what is asked is which cells they see.
        let (network, _) =
            TbCnn::from_weights(&loam_nn::tb_cnn::first_weights(case, 3), processor.device()).unwrap();
        let of =
            |region: Region| {
                let mut series = Series::new(region, Default::default());
                let go_on = async |_| ControlFlow::Continue(());
                let (sample, _) =
                    block_on(tb::sample(&library, &mut series, case, TB_HALO, DAY, go_on)).unwrap();
                block_on(tb::predict(&network, processor.device(), sample, async |_, _| {
                    ControlFlow::Continue(())
                }))
                .unwrap()
            };
        let (a, b) = (of(part(&whole, 31, 31, 36, 36)), of(part(&whole, 46, 40, 24, 24)));
        assert_eq!(
            (a.frame, b.frame),
            (Edges::default(), Edges::default()),
            "{} cells are seen around each",
            TB_HALO
        );
        for (a, b) in a.estimates.iter().zip(&b.estimates) {
            let (largest, cells) = difference(a, b);
            println!("{}: {largest:.1e} {} over {cells} cells", case.words(), case.unit());
            assert!(cells >= 36 && largest < 1e-3 * case.spread(), "{largest} over {cells} cells");
        }
    }
}

#[test]
fn images_of_the_tb_cnn_see_what_its_weights_say() {
    let (library, whole) = scene(MARGIN);
    let case = TbCase::SoilMoisture;
    let region = part(&whole, 40, 40, 24, 20);
    let plain = loam_nn::tb_cnn::first_weights(case, 3);
    let mut wide = plain.clone();
    wide.metadata.insert(MARGIN_KEY.into(), TB_HALO.to_string());
    assert_eq!((plain.margin(), wide.margin()), (0, TB_HALO));
    let processor = block_on(Processor::open_cpu());
    for weights in [plain, wide] {
        let halo = weights.margin();
        let (network, _) = TbCnn::from_weights(&weights, processor.device()).unwrap();
        let mut series = loaded(&library, region);
        let dates = [best_day(&library, region)].into();
        let go_on = async |_| ControlFlow::Continue(());
        let gathered = block_on(tb_images::images(&library, &mut series, case, halo, &dates, go_on)).unwrap();
        let image = &gathered.images[0];
        assert_eq!(image.size, (24 + 2 * halo, 20 + 2 * halo));
        let margin = Edges::all(halo);
        assert!(image.mask.iter().enumerate().all(|(at, m)| *m == 0.0
            || !margin.hold(image.size.0, image.size.1, at % image.size.0, at / image.size.0)));
        // The scores of a training's images are those of a prediction of the same place.
        let networks = [(ScoreRow::Estimate, &network)];
        let proceed = &mut async |_: usize, _: usize, _: &str| ControlFlow::Continue(());
        let scored = block_on(TbCnn::score(&networks, processor.device(), image, proceed)).unwrap();
        let (sample, _) = block_on(tb::sample(&library, &mut series, case, halo, image.date, go_on)).unwrap();
        let predicted = block_on(tb::predict(&network, processor.device(), sample, async |_, _| {
            ControlFlow::Continue(())
        }))
        .unwrap();
        assert_eq!(predicted.frame, Edges::default());
        let of = |scores: &[loam_core::score::ScoreReport]| {
            scores.iter().find(|s| s.is(ScoreRow::Estimate, 0)).unwrap().clone()
        };
        let (a, b) = (of(&scored), of(&predicted.scores[0]));
        assert_eq!(a.pixels, b.pixels);
        assert!((a.urmse.unwrap() - b.urmse.unwrap()).abs() < 1e-6, "{a:?} {b:?}");
    }
}
