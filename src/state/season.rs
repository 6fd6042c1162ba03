//! Every date of a period in a queue: asked for, cancelled, resumed, and what came of it.

use std::sync::Arc;

use ease_grid::{EaseWindow, Edges, Statistics};
use jiff::civil::Date;

use super::ledger::Kind;
use super::{Attach, Job, Layer, MapData, State};
use crate::protocol::shown::{Change, Present};
use crate::protocol::{Attachment, Failure, MapReport, Request, SEASON_KEY, SeasonDayReport, SeasonReport};
use loam_core::export::flags;
use loam_core::layer::LayerKind;
use loam_core::region_settings::RegionSettings;
use loam_core::season::{SeasonDay, sidecar};
use loam_core::weights_report::{Prospect, WeightsReport};

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

    /// The kept maps as the worker reads them.
    fn records(&self) -> Vec<u8> {
        let mut bytes = sidecar::head(SEASON_KEY);
        self.days.iter().for_each(|kept| bytes.extend(sidecar::record(&kept.day)));
        bytes
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

/// A plane of a window on the cells of a region.
fn spread<T: Copy>(plane: &[T], window: &EaseWindow, region: &EaseWindow, none: T) -> Vec<T> {
    let cell = |n: usize| place(window, region, n % region.columns, n / region.columns);
    (0..region.len()).map(|n| cell(n).and_then(|at| plane.get(at).copied()).unwrap_or(none)).collect()
}

fn layer(kind: LayerKind, values: Vec<f32>, reasons: Vec<u8>) -> Layer {
    let (mut valid, mut sum, mut min, mut max) = (0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for value in values.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)) {
        (valid, sum, min, max) = (valid + 1, sum + value, min.min(value), max.max(value));
    }
    let some = |value: f64| (valid > 0).then_some(value);
    let statistics = Statistics {
        valid,
        cells: values.len(),
        min: some(min),
        max: some(max),
        mean: some(sum / valid as f64),
    };
    Layer { key: kind.into(), values, reasons, statistics }
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

    /// Asks for every date of the period. Those that are kept of the same files, rules and weights are not made again.
    pub(super) fn predict_season(&mut self) {
        let (from, to) = (self.season.from, self.season.to);
        let settings = self.settings.clone();
        let asked = Some(settings.clone());
        let mut season = Season { from, to, data: *self.data, settings: asked, ..Season::default() };
        if self.season_changes().is_empty() {
            let before = &*self.season;
            let wanted = |kept: &&Arc<DayMap>| {
                let date = kept.day.date;
                from.is_none_or(|from| from <= date) && to.is_none_or(|to| date <= to)
            };
            season.days = before.days.iter().filter(wanted).cloned().collect();
            (season.like, season.window) = (before.like.clone(), before.window);
        }
        season.made = season.days.len();
        let attach = if season.days.is_empty() { Attach::Nothing } else { Attach::Bytes(season.records()) };
        let Some(id) = self.send_with(Kind::Season, Request::Season { from, to, settings }, attach) else {
            return;
        };
        let job = Job::new(id, "reading the dates");
        season.queue = Queue::Running { job, seconds_left: None, cancelling: false };
        self.season.set(season);
        self.show_season_layers();
        self.say("Predicting every date.");
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
    pub(super) fn season_day(&mut self, report: SeasonDayReport, mut attachments: Vec<Attachment>) {
        let mut take =
            |n: Option<usize>| Some(std::mem::replace(attachments.get_mut(n?)?, Attachment::U8(Vec::new())));
        let planes = (take(report.values), take(report.flags), take(report.half_width));
        if let Queue::Running { job, seconds_left, .. } = &mut self.season.queue {
            (job.done, job.total) = (report.done, report.total);
            *seconds_left = Some(report.seconds_left);
        }
        let (date, window) = (report.date, report.window);
        let cells = window.len();
        if let (Some(Attachment::F32(values)), Some(Attachment::U8(bits)), half_width) = planes
            && let Some(weights) = report.weights
            && (values.len(), bits.len()) == (cells, 2 * cells)
        {
            let half_width = match half_width {
                Some(Attachment::F32(plane)) if plane.len() == cells => Some(plane),
                _ => None,
            };
            if self.season.like.is_none() {
                let like = self.season_like(date, weights, report.simulated);
                self.season.like = like.map(Box::new);
            }
            let bytes = cells * if half_width.is_some() { 10 } else { 6 };
            let flags = bits.as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
            let (files, simulated) = (report.files, report.simulated);
            let day = SeasonDay { date, values, half_width, flags, files, simulated };
            let season = &mut *self.season;
            season.window = Some(window);
            season.made += 1;
            season.too_large |= bytes.saturating_mul(report.total as usize) > KEPT_BYTES;
            if season.too_large {
                season.days.clear();
            } else {
                let kept = Arc::new(DayMap { day, frame: report.frame });
                match season.days.binary_search_by_key(&date, |kept| kept.day.date) {
                    Ok(at) => {
                        season.days[at] = kept;
                        season.made -= 1;
                    }
                    Err(at) => season.days.insert(at, kept),
                }
            }
        } else {
            let why = report.left_out.unwrap_or_else(|| "its map did not arrive whole".to_owned());
            self.season.left_out.push((date, why));
        }
    }

    /// What the maps of the season have in common, from the first.
    fn season_like(&mut self, date: Date, weights: WeightsReport, simulated: bool) -> Option<MapReport> {
        if *self.weights != weights {
            self.take_weights(weights.clone());
        }
        Some(MapReport {
            date,
            settings: self.season.settings.clone()?,
            layers: Vec::new(),
            history: Vec::new(),
            scores: Vec::new(),
            mass: None,
            weights,
            device: (*self.device).clone()?,
            overpass: String::new(),
            overpasses: None,
            interval: String::new(),
            frame: Edges::default(),
            reference: None,
            inputs: Vec::new(),
            sensitivity: None,
            applicability: String::new(),
            simulated,
            warnings: vec![
                "shown from the season: SMAP, reference and scores come with a prediction of this date"
                    .to_owned(),
            ],
            milliseconds: 0.0,
        })
    }

    /// The season is whole.
    pub(super) fn season_made(&mut self, report: SeasonReport, attachments: &[Attachment]) {
        let region = self.season.like.as_ref().map_or(report.window, |like| like.settings.window);
        let kinds = [
            (LayerKind::SeasonMean, report.mean),
            (LayerKind::SeasonTrend, report.trend),
            (LayerKind::SeasonTrendError, report.trend_error),
            (LayerKind::SeasonDrydown, report.drydown),
            (LayerKind::SeasonCount, report.count),
        ];
        let plane = |(kind, at): (LayerKind, usize)| match attachments.get(at) {
            Some(Attachment::F32(values)) if values.len() == report.window.len() => {
                let values = spread(values, &report.window, &region, f32::NAN);
                let reasons = vec![0; values.len()];
                Some(layer(kind, values, reasons))
            }
            _ => None,
        };
        let layers: Vec<Layer> = kinds.into_iter().filter_map(plane).collect();
        let season = &mut *self.season;
        season.layers = layers;
        season.queue = Queue::Done;
        let (made, left_out) = (report.dates.len(), season.left_out.len());
        season.result = Some(Arc::new(report));
        self.show_season_layers();
        self.say(format!("The season is ready: {made} maps, {left_out} dates without one."));
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

    /// A map with the season's layers, where both are of the same region, rules, files and weights; else without.
    pub(super) fn with_season_layers(&self, mut map: MapData) -> MapData {
        map.layers.retain(|layer| !layer.key.kind.is_of_season());
        if let Some(like) = self.season.like.as_ref().filter(|_| self.season.data == map.data) {
            let weights = Prospect::InUse(map.report.weights.clone());
            let settings = &map.report.settings;
            let of = Present { date: Some(like.date), settings, weights: &weights, same_files: true };
            if like.changes(&of).is_empty() {
                map.layers.extend(self.season.layers.iter().cloned());
            }
        }
        map
    }

    /// The season's layers came, or are gone.
    fn show_season_layers(&mut self) {
        if let Some(map) = (*self.map).clone() {
            let with = self.with_season_layers((*map).clone());
            if with.layers.len() != map.layers.len() || !self.season.layers.is_empty() {
                self.map.set(Some(Arc::new(with)));
            }
        }
    }

    /// The map is to follow, and takes its time here.
    pub(super) fn is_slow(&self) -> bool {
        let slow = |map: &Arc<MapData>| map.report.milliseconds > SLOW;
        *self.follow && (self.map.as_ref().is_some_and(slow) || self.by_hand().is_some())
    }

    /// Shows the season's map of the chosen date; false where it is shown already, or there is none of the present choices.
    pub(super) fn show_season_map(&mut self) -> bool {
        let Some(date) = *self.date else { return false };
        if self.map.is_some() && self.stale().is_none() {
            return false;
        }
        let season = &*self.season;
        let at = season.days.binary_search_by_key(&date, |kept| kept.day.date);
        let (Ok(at), Some(like), Some(window)) = (at, &season.like, &season.window) else { return false };
        if self.pending.is_some() || !self.season_changes().is_empty() {
            return false;
        }
        let DayMap { day, frame } = &*season.days[at];
        let region = like.settings.window;
        let outside = flags::of(ease_grid::Reason::OutsideFile);
        let bits = spread(&day.flags, window, &region, outside);
        let reasons: Vec<u8> = bits.into_iter().map(|bits| flags::reason(bits) as u8).collect();
        let plane =
            |kind, values: &[f32]| layer(kind, spread(values, window, &region, f32::NAN), reasons.clone());
        let mut layers = vec![plane(LayerKind::Estimate, &day.values)];
        layers.extend(day.half_width.as_deref().map(|values| plane(LayerKind::HalfWidth, values)));
        let mut report = (**like).clone();
        (report.date, report.inputs, report.simulated) = (date, day.files.clone(), day.simulated);
        report.frame = if *window == region { *frame } else { Edges::default() };
        // How long a prediction takes stays known.
        report.milliseconds = self.map.as_ref().map_or(0.0, |map| map.report.milliseconds);
        let map = MapData { report, layers, overpasses: Vec::new(), data: season.data };
        let map = self.with_season_layers(map);
        self.map.set(Some(Arc::new(map)));
        self.season.shown = true;
        true
    }

    /// A file of the map is not to be that of another date.
    pub(super) fn no_file_of_season(&mut self) {
        let what = "The map that is shown comes from the season; its own file needs a prediction of the date";
        let remedy = "Wait until it is there, or press Predict; the cube under Season holds all dates.";
        self.notify(true, Failure { what: what.to_owned(), remedy: remedy.to_owned() });
    }

    /// What goes with a request for the cube.
    pub(super) fn season_records(&self) -> Attach {
        Attach::Bytes(self.season.records())
    }
}
