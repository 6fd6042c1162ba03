//! A run killed at any moment: what is kept always loads, and never falls back behind the last checkpoint.

use burn::tensor::Device;
use loam_core::network::Part;
use loam_core::score::ScoreRow;
use loam_core::training::TrainEnd;
use loam_nn::{
    Checkpoint, FolderStore, Keeper, MemoryStore, Store, StoreError, TrainError, TrainEvent, TrainSample,
    TrainSettings, Trainer, keeper,
};
use loam_nn::{Inputs, Random, Weights, block_on};

fn samples(seed: u64, count: usize) -> Vec<TrainSample> {
    let mut random = Random::new(seed);
    let mut draw = |length: usize| -> Vec<f32> { (0..length).map(|_| random.symmetric(0.2)).collect() };
    (0..count)
        .map(|_| TrainSample {
            columns: 9,
            rows: 9,
            coarse_input: draw(81),
            residuals: draw(324),
            target: draw(81),
            mask: vec![1.0; 81],
        })
        .collect()
}

fn settings() -> TrainSettings {
    TrainSettings {
        epochs: 4,
        batch: 2,
        learning_rate: 1e-3,
        flips: true,
        frozen: vec![Part::Coarse],
        ..TrainSettings::default()
    }
}

fn fresh() -> Trainer {
    Trainer::new(
        &Weights::init(Inputs::Spatiotemporal, 1),
        samples(1, 5),
        samples(2, 3),
        settings(),
        &Device::flex(),
    )
    .unwrap()
}

fn resumed(checkpoint: Checkpoint) -> Trainer {
    let weights = Weights::init(Inputs::Spatiotemporal, 1);
    Trainer::resumed(checkpoint, &weights, samples(1, 5), samples(2, 3), settings(), &Device::flex()).unwrap()
}

fn weights_of(trainer: &Trainer) -> (Weights, Weights) {
    (block_on(trainer.current()).unwrap(), trainer.best().unwrap().clone())
}

#[test]
fn a_run_broken_off_after_any_event_ends_with_the_same_bits() {
    let mut whole = fresh();
    let mut events = 0;
    while block_on(whole.step()).is_some() {
        events += 1;
    }
    assert!(events > 20);
    for stop in 0..events {
        let mut first = fresh();
        for _ in 0..stop {
            block_on(first.step());
        }
        let checkpoint =
            Checkpoint::from_bytes(&block_on(first.checkpoint(1.5)).unwrap().to_bytes()).unwrap();
        assert_eq!(checkpoint, block_on(first.checkpoint(1.5)).unwrap());
        drop(first);
        let mut second = resumed(checkpoint);
        let mut last = None;
        while let Some(event) = block_on(second.step()) {
            last = Some(event);
        }
        assert!(
            matches!(last, Some(TrainEvent::Finished { early: false, .. })),
            "stopped after {stop}: {last:?}"
        );
        assert_eq!(second.losses(), whole.losses(), "stopped after {stop}");
        assert_eq!(second.history(), whole.history(), "stopped after {stop}");
        assert!(weights_of(&second) == weights_of(&whole), "stopped after {stop}");
    }
}

#[test]
fn a_checkpoint_of_other_images_or_with_one_wrong_bit_is_refused() {
    let mut trainer = fresh();
    for _ in 0..5 {
        block_on(trainer.step());
    }
    let checkpoint = block_on(trainer.checkpoint(1.5)).unwrap();
    let weights = Weights::init(Inputs::Spatiotemporal, 1);
    let other = Trainer::resumed(
        checkpoint.clone(),
        &weights,
        samples(1, 4),
        Vec::new(),
        settings(),
        &Device::flex(),
    );
    assert!(matches!(other, Err(TrainError::Checkpoint { .. })));
    let bytes = checkpoint.to_bytes();
    for at in [0, 31, 32, 40, 500, bytes.len() / 2, bytes.len() - 1] {
        let mut broken = bytes.clone();
        broken[at] ^= 4;
        assert!(matches!(Checkpoint::from_bytes(&broken), Err(TrainError::Checkpoint { .. })), "byte {at}");
    }
    for length in [0, 10, 32, 33, 1000, bytes.len() - 1] {
        assert!(Checkpoint::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
}

/// A store whose process dies in the middle of a write: the file holds the first bytes of the new contents, nothing is written after.
#[derive(Clone)]
struct Dying {
    store: MemoryStore,
    /// Writes until death, and the share of that write that still reaches the disk.
    left: std::rc::Rc<std::cell::Cell<(usize, f32)>>,
}

impl Store for Dying {
    type Lock = <MemoryStore as Store>::Lock;

    async fn write(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (left, share) = self.left.get();
        if left == 0 {
            return Err(StoreError::Failed { path: path.into(), why: "dead".into() });
        }
        self.left.set((left - 1, share));
        let length = if left == 1 { (bytes.len() as f32 * share) as usize } else { bytes.len() };
        self.store.write(path, &bytes[..length]).await
    }
    async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(path).await
    }
    async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        self.store.names(folder).await
    }
    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.store.remove(path).await
    }
    async fn lock(&self, path: &str) -> Result<Option<Self::Lock>, StoreError> {
        self.store.lock(path).await
    }
}

#[test]
fn killed_in_the_middle_of_any_write_the_last_checkpoint_stands() {
    let mut random = Random::new(9);
    for round in 0..20 {
        let store = MemoryStore::default();
        let dying = Dying {
            store: store.clone(),
            left: std::rc::Rc::new(std::cell::Cell::new((1 + random.below(9), random.unit()))),
        };
        let mut keeper = block_on(Keeper::create(dying, "run")).unwrap().unwrap();
        let mut trainer = fresh();
        let mut kept = None;
        while block_on(trainer.step()).is_some() {
            let checkpoint = block_on(trainer.checkpoint(1.5)).unwrap();
            match block_on(keeper.save(&checkpoint)) {
                Ok(_) => kept = Some(checkpoint),
                Err(_) => break,
            }
        }
        drop(keeper);
        let newest = ["a", "b"]
            .into_iter()
            .filter_map(|slot| block_on(store.read(&format!("runs/run/{slot}.checkpoint"))).unwrap())
            .filter_map(|bytes| Checkpoint::from_bytes(&bytes).ok())
            .max_by_key(|c| (c.steps, c.history.len()));
        match (newest, kept) {
            // Equal, or already the one whose acknowledgement was lost.
            (Some(newest), Some(kept)) => {
                assert!(newest.steps >= kept.steps, "round {round}: {} {}", newest.steps, kept.steps)
            }
            (newest, kept) => assert!(kept.is_none(), "round {round}: {newest:?}"),
        }
    }
}

#[test]
fn a_folder_is_a_store_with_locks() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore(folder.path().to_owned());
    block_on(async {
        store.write("runs/a/x", b"1").await.unwrap();
        store.write("runs/b/y", b"22").await.unwrap();
        assert_eq!(store.names("runs").await.unwrap(), ["a", "b"]);
        assert_eq!(store.names("nothing").await.unwrap(), Vec::<String>::new());
        assert_eq!(store.read("runs/b/y").await.unwrap().as_deref(), Some(&b"22"[..]));
        assert_eq!(store.read("runs/b/z").await.unwrap(), None);
        let held = store.lock("runs/a/lock").await.unwrap();
        assert!(held.is_some());
        assert!(store.lock("runs/a/lock").await.unwrap().is_none());
        drop(held);
        assert!(store.lock("runs/a/lock").await.unwrap().is_some());
        store.remove("runs/a").await.unwrap();
        store.remove("runs/a").await.unwrap();
        assert_eq!(store.names("runs").await.unwrap(), ["b"]);
    });
}

/// Files of a run that Loam kept on 2026-11-28, before score rows had keys and runs a choice.
const HEAD: &str = r#"{"report":{"run":"1795872938266","begun_ms":1795872938266.0,"region":"Tucson","settings":{"network":"smen","start":"current",
"inputs":"spatiotemporal","epochs":1,"learning_rate":0.001,"batch":8,"seed":0,"flips":true,"frozen":["norms"],"patience":0,
"checkpoint_steps":10,"validate_from":null,"test_from":null},"from":{"name":"tucson.safetensors",
"trained_on":"simulated scenes of Tucson, 2016-02-21 to 2017-05-28","simulated":true,"hash":"eeeb94b1f4850b9e","network":"smen"},
"device":"CPU (native SIMD, all cores)","simulated":true,"result":null,"progress":null,"in_use":true},
"settings":{"window":{"resolution":"M03","first_column":2168,"first_row":1086,"columns":100,"rows":100},"region":null,
"quality":"recommended","history_cover":0.1,"history_disaggregated":true,"mass_correction":false},"images":59,"left_out":4,
"facts":{"region":"tucson","trained_until":"2017-12-06"}}"#;
const RESULT: &str = r#"{"end":"finished","epochs":1,"best_epoch":1,"best_loss":0.05600544810295105,"seconds":20.26869555,"images":[41,9,9,4],
"scores":[{"name":"SMEN","urmse":0.06388786566838259,"bias":0.011853177144491026,"rmse":0.06919417489207283,
"r":0.302735471546104,"pixels":46812},{"name":"SMEN before training","urmse":0.03138358718779944,"bias":-0.0015264772920076163,
"rmse":0.0321490240491763,"r":0.6546528308396261,"pixels":46812},{"name":"bilinear SMAP","urmse":0.03468979594662165,
"bias":-0.0006710235324064304,"rmse":0.034810941426466804,"r":0.5511714472675862,"pixels":46812}],"dates":9,
"over_bilinear":{"mean":-0.029198069721760936,"low":-0.036783976094775274,"high":-0.021656838121751242},
"over_before":{"mean":-0.032504278480583154,"low":-0.0411101206773645,"high":-0.024396723624576875},
"sentence":"Worse than bilinear SMAP by 0.0292 m3/m3 in uRMSE (95 %: -0.0368 to -0.0217, 9 test dates). Worse than before training by 0.0325 m3/m3 in uRMSE (95 %: -0.0411 to -0.0244, 9 test dates).","hash":"3407f693b2b765fd"}"#;

#[test]
fn a_run_kept_by_an_earlier_build_is_still_read() {
    let store = MemoryStore::default();
    for (name, text) in [("head.json", HEAD), ("result.json", RESULT)] {
        block_on(store.write(&format!("runs/1795872938266/{name}"), text.as_bytes())).unwrap();
    }
    let runs = block_on(keeper::list(&store)).unwrap();
    assert_eq!((runs.len(), runs[0].region.as_str(), runs[0].in_use), (1, "Tucson", false));
    let result = runs[0].result.as_ref().expect("its result is read");
    assert_eq!(
        (result.end, result.choice.as_ref(), result.hash.as_str()),
        (TrainEnd::Finished, None, "3407f693b2b765fd")
    );
    // Rows without a key are found by their names.
    assert!(result.scores.iter().all(|score| score.row.is_none()));
    let found = [ScoreRow::Estimate, ScoreRow::Before, ScoreRow::Bilinear, ScoreRow::InUse]
        .map(|row| result.urmse(row));
    assert_eq!(
        found,
        [Some(0.06388786566838259), Some(0.03138358718779944), Some(0.03468979594662165), None]
    );
}
