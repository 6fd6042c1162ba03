//! The pixel regression and RCN against numpy and PyTorch (`tests/reference/make_rcn_goldens.py`): planes, output, loss, gradients, the losses
//! of five clipped steps of Adam along one cycle, and its weights on disk.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use ease_grid::{EaseWindow, Raster, Reason, Resolution};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use loam_core::closed_form::ClosedForm;
use loam_core::file::Correction;
use loam_core::network::Network;
use loam_core::regression::filter::{Looks, SmapFilter};
use loam_core::regression::{Observed, PixelRegression, SmapMemory, SmapPlanes};
use loam_core::simulate::{Scene, Simulator};
use loam_core::stack::{Content, Entry, HistoryRule, Library, Region, SceneDay, Series};
use loam_core::training::{DateRole, Schedule, TrainSettings};
use loam_nn::rcn::{COUNT, RcnImage, RcnPlanes, Seen, first_weights, loss, trained};
use loam_nn::{
    Adam, Archive, Asked, Checkpoint, Data, KeptImage, NetworkModel, Random, Rcn, TrainEvent, Trainer,
    WeightTensor, Weights, block_on,
};
use smap_files::QualityRule;

static GOLDENS: &[u8] = include_bytes!("../goldens/rcn.safetensors");
const SIZE: (usize, usize) = (17, 14);
const STEPS: usize = 5;

fn golden(name: &str) -> WeightTensor {
    Archive::from_bytes(GOLDENS).unwrap().tensors.remove(name).unwrap_or_else(|| panic!("no golden {name}"))
}

fn tensor(name: &str, device: &Device) -> Tensor<4> {
    let WeightTensor { shape, values } = golden(name);
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(tensor.without_autodiff().into_data_async()).unwrap().try_into_vec::<f32>().unwrap()
}

fn assert_close(name: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let largest = theirs.iter().fold(f32::MIN_POSITIVE, |l, v| l.max(v.abs()));
    let worst = ours.iter().zip(theirs).fold(0f32, |w, (a, b)| w.max((a - b).abs())) / largest;
    assert!(worst <= tolerance, "{name} differs by {worst:.1e} of its largest value");
}

fn day(n: usize) -> (Date, SmapPlanes, Vec<f32>) {
    let of = |key: &str| golden(&format!("day{n}.{key}")).values;
    let date = date(2016, 3, 1).checked_add((of("day")[0] as i64).days()).unwrap();
    let seen = of("seen").iter().map(|v| *v > 0.0).collect();
    let map = of("map").into_iter().map(|v| if v > -9000.0 { v } else { f32::NAN }).collect();
    let (as_is, bilinear, filtered) = (of("as_is"), of("bilinear"), of("filtered"));
    (date, SmapPlanes { seen, as_is, bilinear, filtered, filter: SmapFilter::default() }, map)
}

#[test]
fn planes_are_those_of_a_plain_reference() {
    let (mut memory, mut past) = (SmapMemory::default(), PixelRegression::new(SIZE.0, SIZE.0 * SIZE.1));
    for n in 0..4 {
        let (date, smap, map) = day(n);
        let wetness = memory.wetness(&smap, SIZE.0);
        past.add(&Observed::new(date, &smap, wetness, &map).unwrap());
        memory.add(date, &smap);
    }
    let (date, smap, _) = day(4);
    let made = past.predict(&smap, memory.wetness(&smap, SIZE.0));
    assert_close("estimate", &made.estimate, &golden("estimate").values, 1e-5);
    let planes = RcnPlanes::new(date, &smap, &past, &made, SIZE.0);
    assert_eq!(planes.size, SIZE);
    let (ours, theirs) = (&planes.inputs, golden("planes").values);
    assert_eq!(ours.len(), COUNT * SIZE.0 * SIZE.1);
    let cells = SIZE.0 * SIZE.1;
    for (n, (ours, theirs)) in ours.chunks_exact(cells).zip(theirs.chunks_exact(cells)).enumerate() {
        // Differences of small numbers: a thousandth of the largest is a ten-thousandth of m3/m3.
        assert_close(&format!("plane {n}"), ours, theirs, 1e-3);
    }
}

/// Forty days of six cells with gaps, 6 am and 6 pm: a q that is chosen, a cell seen on the last day alone, one that never is.
#[test]
fn the_filter_is_that_of_a_plain_reference() {
    let of = |key: &str| golden(&format!("filter.{key}")).values;
    let window =
        EaseWindow { first_column: 100, first_row: 50, columns: 3, rows: 2, resolution: Resolution::M36 };
    let cells = window.len();
    let raster = |values: &[f32]| {
        let known = |v: &f32| *v > -9000.0;
        let reasons = values.iter().map(|v| if known(v) { Reason::Valid } else { Reason::NoSmap }).collect();
        let values = values.iter().map(|v| if known(v) { *v } else { f32::NAN }).collect();
        Raster::new(window.grid(), values, reasons).unwrap()
    };
    let (first, overpass, evening) = (of("first"), of("overpass"), of("evening"));
    let mut filter = SmapFilter::default();
    for (n, (day, wanted)) in of("days").iter().zip(of("filtered").chunks_exact(cells)).enumerate() {
        let at = n * cells..(n + 1) * cells;
        let [first, overpass, evening] = [&first, &overpass, &evening].map(|all| raster(&all[at.clone()]));
        let looks = Looks { first: &first, overpass: Some(&overpass), evening: Some(&evening) };
        let date = date(2016, 1, 1).checked_add((*day as i64).days()).unwrap();
        let made = filter.add(date, &looks).unwrap();
        for (cell, (ours, theirs)) in made.values().iter().zip(wanted).enumerate() {
            if *theirs < -9000.0 {
                assert!(ours.is_nan(), "{date}, cell {cell}: {ours}");
            } else {
                assert!((ours - theirs).abs() < 1e-6, "{date}, cell {cell}: {ours} {theirs}");
            }
        }
    }
}

/// Gradients in the order of a walk, which is that of the schema.
struct Walk<'a>(&'a Gradients, Vec<Vec<f32>>);

impl ModuleVisitor for Walk<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.1.push(values(param.val().grad(self.0).unwrap()));
    }
}

/// Those of the goldens.
pub(super) fn weights() -> Weights {
    let mut weights = first_weights(1);
    for (name, tensor) in weights.tensors.iter_mut().filter(|(name, _)| !name.starts_with("inputs.")) {
        *tensor = golden(&format!("weights.{name}"));
    }
    weights
}

#[test]
fn outputs_gradients_and_five_steps_agree_with_pytorch() {
    let device = Device::flex().autodiff();
    let mut network = Rcn::from_weights(&weights(), &device).unwrap();
    let [x, base, target, mask] = ["x", "base", "target", "mask"].map(|part| tensor(part, &device));
    let mut adam = Adam::new().clipped(TrainSettings::proposed(Network::Rcn).clip);
    let mut losses = Vec::new();
    for step in 0..STEPS {
        let (estimate, log_variance) = network.corrected(x.clone(), base.clone());
        let loss = loss(estimate, log_variance, target.clone(), mask.clone());
        let gradients = loss.backward();
        losses.extend(values(loss));
        if step == 0 {
            assert_close("output", &values(network.forward(x.clone())), &golden("output").values, 1e-4);
            let mut walk = Walk(&gradients, Vec::new());
            network.visit(&mut walk);
            assert_eq!(walk.1.len(), trained().len());
            for ((name, _), ours) in trained().into_iter().zip(&walk.1) {
                let squares = ours.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>() as f32;
                assert_close(&name, &[squares], &golden(&format!("squares.{name}")).values, 1e-3);
                if ["first.weight", "block3.weight", "block6.bias", "last.weight", "last.bias"]
                    .contains(&&*name)
                {
                    assert_close(&name, ours, &golden(&format!("grad.{name}")).values, 1e-3);
                }
            }
        }
        network = adam.step(network, &gradients, Schedule::OneCycle.rate(6e-4, step, STEPS));
    }
    assert_close("losses", &losses, &golden("losses").values, 1e-4);
    assert!(losses[4] < losses[0]);
}

#[test]
fn first_weights_are_the_regression() {
    let network = Rcn::from_weights(&first_weights(3), &Device::flex()).unwrap();
    let x = tensor("x", &Device::flex());
    assert!(values(network.forward(x)).iter().all(|v| *v == 0.0));
    let base = [0.1, 0.2, 0.3];
    assert_eq!(Rcn::map(&base, &[0.0; 6]).0, base);
}

#[test]
fn weights_come_back_and_others_are_refused_with_a_table() {
    let weights = first_weights(3);
    let bytes = weights.to_bytes();
    let found = Weights::of_any_network(&bytes).unwrap();
    assert_eq!((found.network(), &found), (Network::Rcn, &weights));
    let mut broken = weights;
    broken.tensors.remove("block2.bias");
    broken.tensors.get_mut("inputs.spread").unwrap().values[3] = 0.0;
    let error = Weights::of_any_network(&broken.to_bytes()).unwrap_err().to_string();
    assert!(error.contains("block2.bias") && error.contains("above 0"), "{error}");
}

fn images(seed: u64, count: usize) -> Vec<RcnImage> {
    let mut random = Random::new(seed);
    let cells = 11 * 11;
    (0..count)
        .map(|n| {
            let mut draw = |planes: usize, most: f32| -> Vec<f32> {
                (0..planes * cells).map(|_| random.symmetric(most)).collect()
            };
            let mut seen = || Seen { inputs: draw(COUNT, 1.0), base: draw(1, 0.1) };
            let (whole, few) = (seen(), seen());
            RcnImage {
                date: date(2016, 1, 1 + n as i8),
                role: DateRole::Train,
                size: (11, 11),
                seen: whole,
                few: Some(few),
                target: draw(1, 0.2),
                mask: (0..cells).map(|at| f32::from(u8::from(at % 7 != 0))).collect(),
                bilinear: draw(1, 0.1),
                reasons: vec![0; cells],
            }
        })
        .collect()
}

/// Mirrored, exchanged, short histories, one cycle, clipped: whatever chance and schedule do comes again.
#[test]
fn a_run_broken_off_after_any_event_ends_with_the_same_bits() {
    let settings = TrainSettings { epochs: 3, batch: 2, ..TrainSettings::from_scratch(Network::Rcn) };
    let (train, validation) = (images(1, 5), images(2, 2));
    let fresh = || {
        let (train, validation) = (train.clone(), validation.clone());
        Trainer::new(&first_weights(1), train, validation, settings.clone(), &Device::flex()).unwrap()
    };
    let mut whole = fresh();
    let mut events = 0;
    while let Some(event) = block_on(whole.step()) {
        assert!(!matches!(event, TrainEvent::Failed(_)), "{event:?}");
        events += 1;
    }
    for stop in (0..events).step_by(3) {
        let mut first = fresh();
        for _ in 0..stop {
            block_on(first.step());
        }
        let bytes = block_on(first.checkpoint(1.5)).unwrap().to_bytes();
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        let (train, validation) = (train.clone(), validation.clone());
        let mut second = Trainer::resumed(
            checkpoint,
            &first_weights(1),
            train,
            validation,
            settings.clone(),
            &Device::flex(),
        )
        .unwrap();
        while block_on(second.step()).is_some() {}
        assert_eq!(second.losses(), whole.losses(), "stopped after {stop}");
        assert!(
            block_on(second.current()).unwrap() == block_on(whole.current()).unwrap(),
            "stopped after {stop}"
        );
    }
}

#[test]
fn an_image_comes_back_from_its_file() {
    let image = images(3, 1).remove(0);
    assert_eq!(RcnImage::from_bytes(&image.to_bytes()).unwrap(), image);
}

/// RCN's map and its interval follow from the files and the date: not from what was asked before, nor from a calculation broken off.
#[test]
fn a_map_and_its_interval_do_not_depend_on_what_was_asked_before() {
    let whole = Scene::preset("tucson", 5).unwrap();
    let window = whole.region.window();
    let window =
        EaseWindow::new(window.resolution, window.first_column as i64, window.first_row as i64, 12, 12);
    let region = Region::new(window.unwrap()).unwrap();
    let scene = Scene { region, first: date(2014, 1, 1), last: date(2017, 6, 30), ..whole };
    let mut library = Library::default();
    library.insert(Entry {
        id: 0,
        name: "scenes".into(),
        content: Content::Simulated(Arc::new(Simulator::new(scene).map(SceneDay::from).collect())),
        correction: Correction::default(),
    });
    let rule = HistoryRule { cover: 0.1, disaggregated: false };
    let (weights, device) = (first_weights(3), Device::flex());
    let network = Rcn::load(&weights, &device).unwrap();
    let opened = || {
        let mut series = Series::new(region, QualityRule::Recommended);
        series.load_all(&library).unwrap();
        series
    };
    let predict = |series: &mut Series, date: Date, days: usize| {
        let asked = Asked {
            date,
            shift: false,
            weights: &weights,
            region: None,
            before: None,
            device: &device,
            tile: None,
        };
        let data = Data { library: &library, series, rule };
        let mut heard = 0;
        let mut progress = async |_: usize, _: usize, _: &str| {
            heard += 1;
            if heard > days { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        block_on(network.estimate(data, &asked, &mut progress))
    };
    let made = |series: &mut Series, date: Date| {
        let made = predict(series, date, usize::MAX).unwrap();
        let channel = &made.channels[0];
        let interval = channel.interval.clone().unwrap();
        assert!(interval.width.is_calibrated(), "{date}: {:?}", interval.width);
        let bits = |raster: &Raster| raster.values().iter().map(|v| v.to_bits()).collect::<Vec<u32>>();
        (bits(&channel.estimate), bits(&interval.half_width))
    };
    let maps: Vec<Date> = opened().maps(rule).collect();
    assert!(maps.len() > 85, "{}", maps.len());
    let (early, late) = (maps[maps.len() - 16], maps[maps.len() - 1]);
    let direct = made(&mut opened(), late);
    // The network at an earlier date; the regression at an earlier date after it, then the network again.
    let mut series = opened();
    made(&mut series, early);
    assert!(direct == made(&mut series, late));
    let mut series = opened();
    made(&mut series, early);
    ClosedForm::Regression.estimate(&library, &mut series, maps[maps.len() - 2], rule).unwrap();
    assert!(direct == made(&mut series, late), "dates were missing in the interval");
    // A prediction of the last date that was broken off asks for other dates than one of an earlier date.
    let known = made(&mut opened(), early);
    let mut series = opened();
    let days = series.covers().range(..maps[50]).count();
    assert!(predict(&mut series, late, days).unwrap_err().is_cancelled());
    assert!(known == made(&mut series, early), "a broken-off prediction left its dates");
}
