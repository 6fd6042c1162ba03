//! Progress bars on standard error; silent where that is not a terminal.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use loam::experiment::Progress;

/// A bar of `total` steps.
pub fn bar(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {elapsed} left {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// Of an experiment: a line for each piece of work that begins, and a bar for each thread that works.
pub struct Bars {
    begun: Instant,
    all: MultiProgress,
    of_threads: Mutex<Vec<ProgressBar>>,
}

impl Bars {
    /// None yet.
    pub fn new() -> Self {
        Self { begun: Instant::now(), all: MultiProgress::new(), of_threads: Mutex::default() }
    }

    /// Shows what happens on a thread.
    pub fn show(&self, thread: usize, progress: Progress) {
        let mut bars = self.of_threads.lock().unwrap_or_else(PoisonError::into_inner);
        while bars.len() <= thread {
            bars.push(ProgressBar::hidden());
        }
        let Some(bar) = bars.get_mut(thread) else { return };
        let line = |what: &str| {
            self.all.suspend(|| eprintln!("[{:>5.0} s] {what}", self.begun.elapsed().as_secs_f64()))
        };
        match progress {
            Progress::Gathering(what) => line(&format!("images: {what}")),
            Progress::Begun(what, steps) => {
                line(&what);
                *bar = self.all.add(self::bar(steps as u64, &what));
            }
            Progress::Step(n) => bar.set_position(n as u64),
            Progress::Done => bar.finish_and_clear(),
        }
    }
}
