//! A progress bar on standard error; silent where that is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `total` steps.
pub fn bar(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {elapsed} left {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}
