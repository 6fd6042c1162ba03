//! What tables need and is not on disk yet, computed in parallel: one image a step keeps few cores busy, and no cell waits for another.
//!
//! Every thread works alone where there are enough pieces (docs/decisions/012 has what that saves). What comes out does not depend on how
//! many threads there are. A GPU, of which there is one, trains the cells one after the other; the baselines, which are the CPU's, are
//! computed beside it.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::run::Place;
use super::table::{Kind, Options};
use super::{Cell, CellResult, ExperimentError, Gathered, Images, Runner};

/// Cost of a region's baselines in passes of the network over an image (measured: the LSTM takes most of it). Only the order of the work
/// depends on it.
const BASELINE_PASSES: usize = 225;

/// A piece of work.
enum Piece {
    Cell(Cell),
    Baselines(Images),
}

impl Piece {
    fn images(&self) -> &Images {
        match self {
            Self::Cell(cell) => &cell.images,
            Self::Baselines(images) => images,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Cell(cell) => cell.key(),
            Self::Baselines(images) => images.key(),
        }
    }

    /// Passes over an image, about.
    fn work(&self, train: usize) -> usize {
        train.saturating_mul(match self {
            Self::Cell(cell) => cell.epochs,
            Self::Baselines(_) => BASELINE_PASSES,
        })
    }
}

impl Runner<'_> {
    /// Computes, on all cores of the CPU and the GPU where there is one, what these tables and figures need and is not in the folder; they
    /// are then made from what is there.
    ///
    /// # Errors
    /// The first piece's that cannot be computed, after the other threads have ended theirs; finished ones stay on disk.
    pub fn compute_in_parallel(&mut self, kinds: &[Kind], options: &Options) -> Result<(), ExperimentError> {
        let missing = self.missing(kinds, options);
        if missing.is_empty() {
            return Ok(());
        }
        self.make_folder()?;
        let mut places: Vec<(Images, Gathered)> = Vec::new();
        for piece in &missing {
            if places.iter().all(|(images, _)| images != piece.images()) {
                places.push((piece.images().clone(), self.gather(piece.images())?));
            }
        }
        let mut pieces: Vec<(Piece, Place)> = Vec::new();
        for piece in missing {
            let place = places.iter().find(|(images, _)| images == piece.images());
            pieces.extend(place.map(|(_, gathered)| (piece, self.place(gathered))));
        }
        // Taken from the end, so the longest is begun first.
        pieces.sort_by_key(|(piece, place)| piece.work(place.gathered.train.len()));
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // Cells that are trained on a GPU, and what keeps the CPU's cores busy.
        let (on_gpu, on_cores): (Vec<_>, Vec<_>) =
            pieces.into_iter().partition(|(piece, _)| matches!(piece, Piece::Cell(cell) if cell.gpu));
        let side_by_side = cores.min(on_cores.len());
        let of_gpu = usize::from(!on_gpu.is_empty());
        let share = (cores / side_by_side.max(1)).max(1);
        let pools = (0..of_gpu + side_by_side)
            .map(|n| rayon::ThreadPoolBuilder::new().num_threads(if n < of_gpu { 1 } else { share }).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| ExperimentError::Threads(e.to_string()))?;
        let queues = [Mutex::new(on_gpu), Mutex::new(on_cores)];
        let listen = &*self.listen;
        let work = |thread: usize| -> Result<(), ExperimentError> {
            let queue = &queues[usize::from(thread >= of_gpu)];
            loop {
                let Some((piece, place)) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop() else {
                    return Ok(());
                };
                let progress = |progress| listen(thread, progress);
                let done = match &piece {
                    Piece::Cell(cell) => place.cell(cell, &progress).map(|_| ()),
                    Piece::Baselines(images) => place.baselines(images, &progress).map(|_| ()),
                };
                if done.is_err() {
                    queues
                        .iter()
                        .for_each(|queue| queue.lock().unwrap_or_else(PoisonError::into_inner).clear());
                    return done;
                }
            }
        };
        thread::scope(|scope| {
            let begin = |(n, pool)| scope.spawn(move || rayon::ThreadPool::install(pool, || work(n)));
            let threads: Vec<_> = pools.iter().enumerate().map(begin).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Vec<_>>()
        })
        .into_iter()
        .collect()
    }

    /// Every piece that is not on disk, once.
    fn missing(&self, kinds: &[Kind], options: &Options) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for kind in kinds {
            for row in kind.rows(options, &self.source) {
                // The figure shows the first seed's map, and no baseline.
                let seeds = if *kind == Kind::Figure2 { 1 } else { row.cells.len() };
                let baselines = row
                    .cells
                    .first()
                    .filter(|_| *kind != Kind::Figure2)
                    .map(|cell| Piece::Baselines(cell.images.clone()));
                pieces.extend(baselines);
                pieces.extend(row.cells.into_iter().take(seeds).map(Piece::Cell));
            }
        }
        let mut seen = HashSet::new();
        pieces.retain(|piece| {
            let kept = match piece {
                Piece::Cell(cell) => CellResult::kept(&self.folder, cell).is_some(),
                Piece::Baselines(images) => self.whole_baselines(images).is_some(),
            };
            !kept && seen.insert(piece.key())
        });
        pieces
    }
}
