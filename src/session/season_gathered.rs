//! A season while its dates are made, here and by helpers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::civil::Date;
use loam_core::estimate::Estimate;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::season::{SeasonDay, Statistics};
use loam_core::stack::Series;
use loam_core::weights_report::WeightsReport;
use loam_nn::Processor;

use super::Host;
use super::season_day::{Made, Progress};
use super::season_shares::{Shares, Task};
use super::state::{RequestError, Session};
use crate::protocol::{Event, Failure};

/// Dates that are made here after the first before it is known whether help is worth having.
const FEWEST_BEFORE_HELP: u32 = 4;
/// Seconds still to go from which on it is: a helper takes about one to start, and learns the past again.
const WORTH_HELP: f64 = 4.0;
/// Cells, summed over all dates, for which any network takes longer than a helper needs to start: helpers then begin with the season, and learn
/// the past while this worker does. The fastest network takes a second for a million.
const CELLS_WORTH_HELP: usize = 2_000_000;
/// Helpers at most.
const MOST_HELPERS: usize = 7;
/// Bytes of days that all helpers together may hold: each reads them for itself.
const HELPERS_BYTES: usize = 1 << 30;

/// The dates of a season, which are made in any order and taken in that of time.
pub(super) struct Gathered {
    dates: Vec<Date>,
    /// Values of dates that wait for one before them; none of those without a map.
    waiting: BTreeMap<Date, Option<Vec<f32>>>,
    /// Dates from the first on that are in the statistics.
    taken: usize,
    pub statistics: Statistics,
    /// Dates with a map.
    pub made: Vec<Date>,
    pub files: BTreeSet<String>,
    pub simulated: bool,
    /// Why the first date without a map has none.
    pub first: Option<Failure>,
}

impl Gathered {
    pub fn new(dates: Vec<Date>, statistics: Statistics) -> Self {
        let (waiting, made, files) = Default::default();
        Self { dates, waiting, taken: 0, statistics, made, files, simulated: false, first: None }
    }

    /// Dates that are made or cannot be.
    pub fn done(&self) -> usize {
        self.taken + self.waiting.len()
    }

    /// Dates that are neither made nor known not to be.
    fn missing(&self) -> VecDeque<Date> {
        let left = self.dates.iter().skip(self.taken);
        left.filter(|date| !self.waiting.contains_key(*date)).copied().collect()
    }

    fn put_made(&mut self, made: &Made) {
        match &made.day {
            Ok((day, _)) => self.put(made.date, Some(day)),
            Err(failure) => {
                self.first.get_or_insert_with(|| failure.clone());
                self.put(made.date, None);
            }
        }
    }

    pub fn put(&mut self, date: Date, day: Option<&SeasonDay>) {
        self.simulated |= day.is_some_and(|day| day.simulated);
        self.files.extend(day.into_iter().flat_map(|day| day.files.iter().cloned()));
        self.waiting.insert(date, day.map(|day| day.values.clone()));
        while let Some(date) = self.dates.get(self.taken)
            && let Some(values) = self.waiting.remove(date)
        {
            self.taken += 1;
            if let Some(values) = values {
                self.statistics.add(*date, &values);
                self.made.push(*date);
            }
        }
    }
}

impl<H: Host> Session<H> {
    /// Makes what is missing. The estimate of the newest date that was made here with its weights, and how many workers made dates.
    pub(super) async fn gather(
        &mut self,
        id: u64,
        gathered: &mut Gathered,
        settings: &RegionSettings,
    ) -> Result<(Option<(Estimate, WeightsReport)>, usize), RequestError> {
        let (mut todo, total) = (gathered.missing(), gathered.dates.len());
        let cells = settings.window.covering(self.active.output().resolution()).len() * todo.len();
        let at_once = matches!(self.active, Method::Network(_)) && cells >= CELLS_WORTH_HELP;
        let mut shares = todo.front().filter(|_| at_once).map(|first| self.shared(*first, None, settings));
        let mut newest = None;
        // The first date learns from all before it; those that follow say how long one takes.
        let mut following = None::<u32>;
        let mut began = self.host.now_ms();
        loop {
            let mut made = Vec::new();
            if let Some(shares) = &mut shares {
                let (others, lost) = shares.collect(&mut todo);
                made = others;
                for why in lost {
                    let text =
                        format!("A helper worker is no longer used ({why}); the others make its dates.");
                    self.emit(id, Event::Warning(text));
                }
                shares.assign(&mut todo);
            }
            if made.is_empty() {
                let Some(date) = todo.pop_front() else {
                    if shares.as_ref().is_some_and(Shares::waiting) {
                        self.host.helper_answered().await;
                        self.yield_now(id).await?;
                        continue;
                    }
                    break;
                };
                let done = gathered.done();
                let what = format!("predicting {date}");
                self.emit(id, Event::Progress { done: done as u64, total: total as u64, what });
                self.yield_now(id).await?;
                let of = (done, total);
                let (own, estimate) = self.made_of(id, self.active, date, settings, of).await?;
                newest = estimate.or(newest);
                if let Some(shares) = &mut shares {
                    shares.made_here(&own, todo.front().copied());
                }
                made.push(own);
            }
            for mut made in made {
                // A helper does not know where the weights come from.
                if let (Ok((_, weights)), Some((_, own))) = (&mut made.day, &newest) {
                    weights.clone_from(own);
                }
                gathered.put_made(&made);
                let to_do = (total - gathered.done()) as f64;
                let each = (self.host.now_ms() - began) / 1000.0 / f64::from(following.unwrap_or(0) + 1);
                let seconds_left = each * to_do;
                let progress = Progress { done: gathered.done() as u64, total: total as u64, seconds_left };
                if shares.is_none()
                    && following >= Some(FEWEST_BEFORE_HELP)
                    && seconds_left > WORTH_HELP
                    && let Ok((known, _)) = &made.day
                {
                    shares = Some(self.shared(made.date, Some(known.clone()), settings));
                }
                self.tell_day(id, made, progress)?;
                following = Some(following.map_or(0, |n| n + 1));
                if following == Some(0) {
                    began = self.host.now_ms();
                }
            }
        }
        Ok((newest, 1 + shares.map_or(0, |shares| shares.verified())))
    }

    /// Other workers, each of which first makes a date that is, or will be, made here too.
    fn shared(&self, proof: Date, known: Option<SeasonDay>, settings: &RegionSettings) -> Shares<H::Helper> {
        let own = match self.active {
            Method::Network(network) => self.networks.get(&network).filter(|loaded| loaded.own),
            Method::ClosedForm(_) => None,
        };
        let weights = own.map(|loaded| loaded.weights.to_bytes());
        let task = Task { method: self.active, settings: settings.clone(), weights, proof, known };
        // A graphics card has one queue, and its maps other bits than a processor's.
        let gpu = self.processor.as_ref().is_some_and(Processor::is_gpu)
            && matches!(task.method, Method::Network(_));
        let held = self.series.as_ref().map_or(0, Series::held_bytes).max(1);
        let most = if gpu { 0 } else { (HELPERS_BYTES / held).min(MOST_HELPERS) };
        Shares::begin(self.host.helpers(most), task)
    }
}
