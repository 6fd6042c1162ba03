//! Every date of a period in a queue: asked for, cancelled, resumed, and what came of it.

mod logic;

use std::sync::Arc;

use ease_grid::{EaseWindow, Edges};
use jiff::civil::Date;

use super::{Job, Layer, MapData, State};
use crate::protocol::{Attachment, Failure, MapReport, Packed, SeasonDayReport, SeasonReport};
use crate::state::shown::{Change, Present};
use loam_core::region_settings::RegionSettings;
use loam_core::season::SeasonDay;

/// Most that the maps of a season may take, bytes: a year of 100 x 100 cells takes 37 MB. Of larger ones the page keeps no maps.
pub const KEPT_BYTES: usize = 128 << 20;
/// A map that takes longer is shown from the season first, milliseconds.
const SLOW: f64 = 500.0;

/// Where the queue is.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Queue {
    /// Nothing was asked for.
    #[default]
    Idle,
    /// Date after date is made.
    Running {
        /// How far it is.
        job: Job,
        /// What the rest will take, once that is known.
        seconds_left: Option<f64>,
        /// The user wants it to end.
        cancelling: bool,
    },
    /// It ended before the last date, or the worker that has what its files need is gone.
    Stopped {
        /// The worker was lost.
        lost: bool,
    },
    /// All dates were looked at.
    Done,
}

/// The map of a date, as a season keeps it.
#[derive(Debug)]
pub struct DayMap {
    /// The map.
    pub day: SeasonDay,
    /// Cells along the edges that lack their surroundings.
    pub frame: Edges,
}

impl DayMap {
    /// What it takes: values and half-widths of four bytes a cell, flags of two.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.day.values.len() * if self.day.half_width.is_some() { 10 } else { 6 }
    }
}

/// A season.
#[derive(Debug, Default)]
pub struct Season {
    /// First date wanted; the first there is where none is said.
    pub from: Option<Date>,
    /// Last date wanted.
    pub to: Option<Date>,
    /// Where the queue is.
    pub queue: Queue,
    /// Maps that are kept, in the order of time.
    pub days: Vec<Arc<DayMap>>,
    /// Dates with a map.
    pub made: usize,
    /// Its maps are more than [`KEPT_BYTES`], so that only what they say is kept.
    pub too_large: bool,
    /// Dates without a map, and why.
    pub left_out: Vec<(Date, String)>,
    /// What the values over time say, once the season is whole.
    pub result: Option<Arc<SeasonReport>>,
    /// The layers of that, on the region's cells.
    pub layers: Vec<Layer>,
    /// What a map of it is like: region, rules, weights. None before the first.
    pub like: Option<Box<MapReport>>,
    /// The map that is shown is one of these, without what a prediction has beside it.
    pub shown: bool,
    window: Option<EaseWindow>,
    /// Region and rules that it was asked for with.
    settings: Option<RegionSettings>,
    /// [`State::data`] when it was asked for.
    data: u64,
}

impl Season {
    /// Date after date is being made.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.queue, Queue::Running { .. })
    }

    /// Where a cell of a region lies in the maps.
    #[must_use]
    pub fn index(&self, region: &EaseWindow, column: usize, row: usize) -> Option<usize> {
        place(self.window.as_ref()?, region, column, row)
    }
}

/// Where a cell of a region lies in a window of the same or larger cells.
fn place(window: &EaseWindow, region: &EaseWindow, column: usize, row: usize) -> Option<usize> {
    let (per, of) = (window.resolution.per_36km(), region.resolution.per_36km());
    let column = ((region.first_column + column) * per / of).checked_sub(window.first_column)?;
    let row = ((region.first_row + row) * per / of).checked_sub(window.first_row)?;
    (column < window.columns && row < window.rows).then(|| row * window.columns + column)
}

/// What makes, keeps and shows a season. It is in the page's part that is fetched when the season's panel is opened: 5 kB that the first
/// screen does without. Before that there is no season.
#[derive(Debug, Clone, Copy)]
pub struct Logic {
    start: fn(&mut State),
    day: fn(&mut State, &Packed<SeasonDayReport>, Vec<Attachment>),
    made: fn(&mut State, &Packed<SeasonReport>, Vec<Attachment>),
    /// A map with the layers of the season, where both are of the same choices.
    with_layers: fn(&State, &Arc<MapData>) -> Arc<MapData>,
    show_map: fn(&mut State) -> bool,
    records: fn(&State) -> Vec<u8>,
}

impl State {
    /// The period that is wanted.
    pub(super) fn season_period(&mut self, from: Option<Date>, to: Option<Date>) {
        (self.season.from, self.season.to) = (from, to);
    }

    /// What the season was made from and is no longer the present choice.
    #[must_use]
    pub fn season_changes(&self) -> Vec<Change> {
        let Some(like) = &self.season.like else { return Vec::new() };
        let weights = self.prospect();
        let same_files = self.season.data == *self.data;
        like.changes(&Present {
            date: Some(like.date),
            settings: &self.settings,
            weights: &weights,
            same_files,
        })
    }

    /// Asks for every date of the period.
    pub(super) fn predict_season(&mut self) {
        if let Some(logic) = self.season_logic {
            (logic.start)(self);
        }
    }

    /// A season counts as asked for, though there may be no worker: for tests of what shows its answers.
    #[doc(hidden)]
    pub fn as_if_season(&mut self, id: u64) {
        let job = Job::new(id, "reading the dates");
        let queue = Queue::Running { job, seconds_left: None, cancelling: false };
        let settings = Some(self.settings.clone());
        self.season.set(Season { queue, settings, data: *self.data, ..Season::default() });
    }

    /// Ends it; what is made stays.
    pub(super) fn cancel_season(&mut self) {
        if let Queue::Running { job, cancelling, .. } = &mut self.season.queue {
            *cancelling = true;
            let id = job.id;
            self.cancel(id);
        }
    }

    pub(super) fn season_progress(&mut self, now: Job) {
        if let Queue::Running { job, .. } = &mut self.season.queue {
            *job = now;
        }
    }

    /// A date is made, or cannot be.
    pub(super) fn season_day(&mut self, report: &Packed<SeasonDayReport>, attachments: Vec<Attachment>) {
        if let Some(logic) = self.season_logic {
            (logic.day)(self, report, attachments);
        }
    }

    /// The season is whole.
    pub(super) fn season_made(&mut self, report: &Packed<SeasonReport>, attachments: Vec<Attachment>) {
        if let Some(logic) = self.season_logic {
            (logic.made)(self, report, attachments);
        }
    }

    /// The request is over: what is made stays.
    pub(super) fn season_over(&mut self) {
        if self.season.is_running() {
            self.season.queue = Queue::Stopped { lost: false };
        }
        self.follow_map();
    }

    /// The worker is gone.
    pub(super) fn season_lost(&mut self) {
        if self.season.queue != Queue::Idle {
            self.season.queue = Queue::Stopped { lost: true };
        }
    }

    /// A map with the season's layers, where both are of the same region, rules, files and weights.
    pub(super) fn with_season_layers(&self, map: &Arc<MapData>) -> Arc<MapData> {
        self.season_logic.map_or_else(|| Arc::clone(map), |logic| (logic.with_layers)(self, map))
    }

    /// The map is to follow, and takes its time here.
    pub(super) fn is_slow(&self) -> bool {
        let slow = |map: &Arc<MapData>| map.report.milliseconds > SLOW;
        *self.follow && (self.map.as_ref().is_some_and(slow) || self.by_hand().is_some())
    }

    /// Shows the season's map of the chosen date; false where it is shown already, or there is none of the present choices.
    pub(super) fn show_season_map(&mut self) -> bool {
        self.season_logic.is_some_and(|logic| (logic.show_map)(self))
    }

    /// A file of the map is not to be that of another date.
    pub(super) fn no_file_of_season(&mut self) {
        let what =
            "The map shown comes from the season and has no scores or inputs of its own to put into a file";
        let remedy = "Press Predict for this date, or save the cube under Season, which holds all dates.";
        self.notify(true, Failure { what: what.to_owned(), remedy: remedy.to_owned() });
    }

    /// What goes with a request for the cube.
    pub(super) fn season_records(&self) -> Vec<u8> {
        self.season_logic.map(|logic| (logic.records)(self)).unwrap_or_default()
    }
}
