//! Files that a user may have kept, as Loam wrote them on 2026-11-28: an interrupted run, its weights and settings. They
//! are read, and the run resumed to the bits it had then, by every later build. Neither the files (tests/fixtures/frozen) nor this test changes.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use ease_grid::{Edges, Reason};
use jiff::civil::date;
use loam_core::network::{Network, Part};
use loam_core::training::DateRole;
use loam_nn::run::Run;
use loam_nn::{Inputs, Random, Smen, Weights, block_on};
use loam_nn::{Keeper, MemoryStore, RunHead, RunImage, TrainEvent, TrainSample, TrainSettings, keeper};

const RUN: &str = "1795872938266";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/frozen")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// The run's files in a store of their own.
fn store() -> MemoryStore {
    let store = MemoryStore::default();
    for entry in std::fs::read_dir(folder().join("run")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        // Folders of a run stand in the names: `images+0.image`.
        store
            .files
            .borrow_mut()
            .insert(format!("runs/{RUN}/{}", name.replace('+', "/")), std::fs::read(entry.path()).unwrap());
    }
    store
}

/// The rest of a run: its losses, and the hash of its best weights.
fn rest(run: &mut Run<RunImage>) -> String {
    while let Some(event) = block_on(run.trainer.step()) {
        assert!(!matches!(event, TrainEvent::Failed(_)), "{event:?}");
    }
    let losses = run.trainer.losses().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    format!("{losses}\n{}\n", block_on(run.trainer.kept()).unwrap().hash())
}

#[test]
fn a_run_kept_then_is_resumed_to_the_same_bits() {
    let store = store();
    let listed = block_on(keeper::list(&store)).unwrap();
    assert_eq!(listed.len(), 1);
    let (report, progress) = (&listed[0], listed[0].progress.unwrap());
    assert_eq!((report.run.as_str(), report.region.as_str(), report.simulated), (RUN, "Tucson", true));
    assert_eq!((progress.epoch, progress.steps, report.result.is_none()), (2, 4, true));
    assert_eq!(
        (report.settings.network, report.settings.frozen.as_slice()),
        (Network::Smen, [Part::Norms].as_slice())
    );
    let (_keeper, kept) = block_on(Keeper::resume::<RunImage>(store, RUN)).unwrap().unwrap();
    assert_eq!(kept.images.len(), 7);
    assert!(kept.images.iter().all(|image| image.margin == Edges::all(4) && image.region_size() == (10, 9)));
    let mut run = Run::resumed(kept, &Device::flex()).unwrap();
    assert_eq!(rest(&mut run), text("expected.txt"));
}

#[test]
fn weights_and_settings_of_then_are_read() {
    let weights =
        Weights::from_bytes(&std::fs::read(folder().join("run/base.safetensors")).unwrap()).unwrap();
    assert_eq!(
        (weights.inputs(), weights.hash()),
        (Inputs::Spatiotemporal, text("weights.txt").trim().to_owned())
    );
    Smen::from_weights(&weights, &Device::flex()).unwrap();
    let settings: TrainSettings = serde_json::from_str(&text("settings.json")).unwrap();
    assert_eq!(
        settings,
        TrainSettings { validate_from: Some(date(2017, 6, 1)), ..TrainSettings::fine_tune() }
    );
}

/// Wrote the files, once.
#[test]
#[ignore = "the files never change"]
fn write_the_files() {
    let mut random = Random::new(1);
    let mut draw = |length: usize| -> Vec<f32> { (0..length).map(|_| random.symmetric(0.2)).collect() };
    let roles = [
        DateRole::Train,
        DateRole::Train,
        DateRole::Train,
        DateRole::Train,
        DateRole::Validate,
        DateRole::Validate,
        DateRole::Test,
    ];
    let (margin, cells) = (Edges::all(4), 18 * 17);
    let images: Vec<RunImage> = (1..)
        .zip(roles)
        .map(|(day, role)| {
            let mask =
                (0..cells).map(|at| if margin.hold(18, 17, at % 18, at / 18) { 0.0 } else { 1.0 }).collect();
            let sample = TrainSample {
                columns: 18,
                rows: 17,
                coarse_input: draw(cells),
                residuals: draw(4 * cells),
                target: draw(cells),
                mask,
            };
            RunImage {
                date: date(2017, 1, day),
                role,
                sample,
                margin,
                bilinear: draw(cells),
                reasons: vec![Reason::Valid as u8; cells],
            }
        })
        .collect();
    let mut head: RunHead = serde_json::from_str(&text("head.json")).unwrap();
    head.images = images.len();
    let base = Weights::init(Inputs::Spatiotemporal, 1);
    let store = MemoryStore::default();
    let mut kept =
        block_on(Keeper::begin(store.clone(), &head, &base, &images, async || {})).unwrap().unwrap();
    let mut run = Run::new(head, base.clone(), images, &Device::flex()).unwrap();
    while run.trainer.steps() < 4 {
        block_on(run.trainer.step());
    }
    block_on(kept.save(&block_on(run.trainer.checkpoint(1.5)).unwrap())).unwrap();
    std::fs::create_dir_all(folder().join("run")).unwrap();
    for (path, bytes) in store.files.borrow().iter() {
        let name = path.strip_prefix(&format!("runs/{RUN}/")).unwrap().replace('/', "+");
        std::fs::write(folder().join("run").join(name), bytes).unwrap();
    }
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder().join(name), bytes).unwrap();
    write("expected.txt", rest(&mut run).as_bytes());
    write("weights.txt", base.hash().as_bytes());
    let settings = TrainSettings { validate_from: Some(date(2017, 6, 1)), ..TrainSettings::fine_tune() };
    write("settings.json", &serde_json::to_vec_pretty(&settings).unwrap());
}
