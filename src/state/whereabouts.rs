//! Where the open files lie, and the region that goes there.

use super::State;
use ease_grid::EaseWindow;
use loam_core::file::Usage;
use loam_core::stack::SMALLEST_EDGE;

/// Most cells along an edge of a region that is proposed.
const EDGE: usize = 200;

impl State {
    /// Where the open files lie: of 3 km maps, else backscatter, else others, what the first of them and all that meet it have in common, or the
    /// middle of it where that is large. `None` where no file says.
    #[must_use]
    pub fn whereabouts(&self) -> Option<EaseWindow> {
        let of = |wanted: &dyn Fn(Option<Usage>) -> bool| {
            let reports = self.files.iter().filter_map(|row| row.report.as_deref());
            let mut extents = reports.filter(|r| wanted(r.usage)).filter_map(|r| r.extent);
            let first = extents.next()?;
            Some(
                extents
                    .fold(first, |common, next| common.intersection(&next).filter(large).unwrap_or(common)),
            )
        };
        let large = of(&|u| u == Some(Usage::Fine))
            .or_else(|| of(&|u| u == Some(Usage::Backscatter)))
            .or_else(|| of(&|u| u.is_some_and(|u| u != Usage::Ignored)))?;
        Some(cut(&large))
    }

    /// The region goes to the data.
    pub(super) fn go_to_data(&mut self) {
        if let Some(window) = self.whereabouts() {
            self.go_to(&window);
        }
    }

    /// The region goes to an extent, or the middle of it where that is large.
    pub(super) fn go_to(&mut self, extent: &EaseWindow) {
        let window = cut(extent);
        let mut settings = self.settings.clone();
        (settings.window, settings.region) = (window, None);
        self.choose_settings(settings);
        self.say(format!("The region is now {}.", super::rectangle::size_text(&window)));
    }

    /// Own files that all lie outside the region: the region goes there, which is said.
    pub(super) fn follow_files(&mut self) {
        let window = self.settings.window;
        let extents = self.files.iter().filter_map(|row| row.report.as_deref()?.extent);
        let mut elsewhere = false;
        for extent in extents {
            if extent.intersection(&window).is_some() {
                return;
            }
            elsewhere = true;
        }
        if elsewhere && self.desk.demo().is_none() {
            self.go_to_data();
            self.note("The files lie outside the region that was chosen, so the region went to them; Undo brings the one before back".to_owned());
        }
    }
}

/// A region in the middle of an extent, no smaller than one can be, and inside the globe.
fn cut(extent: &EaseWindow) -> EaseWindow {
    let cut = |first: usize, count: usize, all: usize| {
        let kept = count.clamp(SMALLEST_EDGE, EDGE);
        ((first + count.saturating_sub(kept) / 2).min(all - kept), kept)
    };
    let globe = EaseWindow::global(extent.resolution);
    let (first_column, columns) = cut(extent.first_column, extent.columns, globe.columns);
    let (first_row, rows) = cut(extent.first_row, extent.rows, globe.rows);
    EaseWindow { first_column, first_row, columns, rows, ..*extent }
}

fn large(window: &EaseWindow) -> bool {
    window.columns >= SMALLEST_EDGE && window.rows >= SMALLEST_EDGE
}
