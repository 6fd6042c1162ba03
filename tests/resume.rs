//! A run killed at any moment: what is kept always loads, and never falls back behind the last checkpoint.
#![cfg(all(feature = "compute", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use burn::tensor::Device;
use loam::model::{Inputs, Random, Weights, block_on};
use loam::protocol::Part;
use loam::train::{
    Checkpoint, FolderStore, Keeper, MemoryStore, Store, StoreError, TrainError, TrainEvent, TrainSample, TrainSettings, Trainer,
};

fn samples(seed: u64, count: usize) -> Vec<TrainSample> {
    let mut random = Random::new(seed);
    let mut draw = |length: usize| -> Vec<f32> { (0..length).map(|_| random.symmetric(0.2)).collect() };
    (0..count).map(|_| TrainSample { columns: 9, rows: 9, i: draw(81), d: draw(324), target: draw(81), mask: vec![1.0; 81] }).collect()
}

fn settings() -> TrainSettings {
    TrainSettings { epochs: 4, batch: 2, learning_rate: 1e-3, flips: true, frozen: vec![Part::Coarse], ..TrainSettings::default() }
}

fn fresh() -> Trainer {
    Trainer::new(&Weights::init(Inputs::Spatiotemporal, 1), samples(1, 5), samples(2, 3), settings(), &Device::flex()).unwrap()
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
        let checkpoint = Checkpoint::from_bytes(&block_on(first.checkpoint(1.5)).unwrap().to_bytes()).unwrap();
        assert_eq!(checkpoint, block_on(first.checkpoint(1.5)).unwrap());
        drop(first);
        let mut second = resumed(checkpoint);
        let mut last = None;
        while let Some(event) = block_on(second.step()) {
            last = Some(event);
        }
        assert!(matches!(last, Some(TrainEvent::Finished { early: false, .. })), "stopped after {stop}: {last:?}");
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
    let other = Trainer::resumed(checkpoint.clone(), &weights, samples(1, 4), Vec::new(), settings(), &Device::flex());
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
        let dying = Dying { store: store.clone(), left: std::rc::Rc::new(std::cell::Cell::new((1 + random.below(9), random.unit()))) };
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
            (Some(newest), Some(kept)) => assert!(newest.steps >= kept.steps, "round {round}: {} {}", newest.steps, kept.steps),
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
