//! The maps of a period, date after date, what a pixel's values over time say, and both as files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ease_grid::EaseWindow;
use jiff::civil::Date;
use loam_core::day_number::utc;
use loam_core::export::{Provenance, geotiff, netcdf};
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::season::{Layers, Season, SeasonDay, Statistics, dates, in_common, sidecar};
use loam_core::stack::{HistoryRule, Series};
use loam_core::weights_report::WeightsReport;
use loam_nn::Processor;

use super::Host;
use super::made_season::MadeSeason;
use super::provenance::{self, Circumstances};
use super::season_day::{Made, Progress};
use super::season_shares::{Asked, Shares};
use super::state::{LONGEST_WORK_MS, RequestError, Session, packed};
use crate::protocol::{Attachment, Event, Failure, SEASON_KEY, SeasonReport};

/// Pixels between two looks at the clock.
const PIXELS: usize = 256;
/// Dates that are made here after the first before it is known whether help is worth having.
const FEWEST_BEFORE_HELP: u32 = 4;
/// Seconds still to go from which on it is: a helper takes about one to start, and learns the past again.
const WORTH_HELP: f64 = 4.0;
/// Helpers at most.
const MOST_HELPERS: usize = 7;
/// Bytes of days that all helpers together may hold: each reads them for itself.
const HELPERS_BYTES: usize = 1 << 30;

/// The dates of a season, which are made in any order and taken in that of time.
struct Gathered {
    dates: Vec<Date>,
    /// Values of dates that wait for one before them; none of those without a map.
    waiting: BTreeMap<Date, Option<Vec<f32>>>,
    /// Dates from the first on that are in the statistics.
    taken: usize,
    statistics: Statistics,
    /// Dates with a map.
    made: Vec<Date>,
    files: BTreeSet<String>,
    simulated: bool,
    /// Why the first date without a map has none.
    first: Option<Failure>,
}

impl Gathered {
    fn new(dates: Vec<Date>, statistics: Statistics) -> Self {
        let (waiting, made, files) = Default::default();
        Self { dates, waiting, taken: 0, statistics, made, files, simulated: false, first: None }
    }

    /// Dates that are made or cannot be.
    fn done(&self) -> usize {
        self.taken + self.waiting.len()
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

    fn put(&mut self, date: Date, day: Option<&SeasonDay>) {
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
    /// Every date with a SMAP overpass, oldest first. Other messages are heard between dates and, of networks, between tiles.
    pub(super) async fn season(
        &mut self,
        id: u64,
        from: Option<Date>,
        to: Option<Date>,
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        let begun = self.host.now_ms();
        let rule = HistoryRule::from(&settings);
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        if self.auto.on {
            self.choose_best(id, &settings).await?;
        }
        let period = from.unwrap_or(Date::MIN)..=to.unwrap_or(Date::MAX);
        let dates = self.series.as_ref().map(|series| dates(series, &period)).unwrap_or_default();
        let window = settings.window.covering(self.active.output().resolution());
        let mut statistics = Statistics::new(window.len());
        if statistics.reserve(dates.len()).is_err() {
            return Err(RequestError::failed(
                format!(
                    "{} dates of {} cells are more than this browser gives memory for",
                    dates.len(),
                    window.len()
                ),
                "Choose a shorter period or a smaller region, or use `loam season` on the command line.",
            ));
        }
        let mut kept = self.kept_days(id, &window);
        // The last date is made all the same: what the maps have in common is known from it.
        if let Some(last) = dates.last() {
            kept.remove(last);
        }
        let mut todo: VecDeque<Date> =
            dates.iter().filter(|date| !kept.contains_key(*date)).copied().collect();
        let mut gathered = Gathered::new(dates.clone(), statistics);
        for (date, day) in kept {
            gathered.put(date, Some(&day));
        }
        let (mut newest, mut shares) = (None, None::<Shares<H::Helper>>);
        // The first date learns from all before it; those that follow say how long one takes.
        let mut following = None::<u32>;
        let mut began = self.host.now_ms();
        loop {
            let mut made = Vec::new();
            if let Some(shares) = &mut shares {
                let (others, lost) = shares.collect(&mut todo);
                made = others;
                for why in lost {
                    let text = format!(
                        "One of the workers that help is not used any more ({why}); its dates are made by the others."
                    );
                    self.emit(id, Event::Warning(text));
                }
                shares.give(&mut todo);
            }
            if made.is_empty() {
                let Some(date) = todo.pop_front() else {
                    if shares.as_ref().is_some_and(Shares::waiting) {
                        self.host.helped().await;
                        self.yield_now(id).await?;
                        continue;
                    }
                    break;
                };
                let done = gathered.done();
                let what = format!("predicting {date}");
                self.emit(id, Event::Progress { done: done as u64, total: dates.len() as u64, what });
                self.yield_now(id).await?;
                let of = (done, dates.len());
                let (own, estimate) = self.made_of(id, self.active, date, &settings, of).await?;
                newest = estimate.or(newest);
                made.push(own);
            }
            for mut made in made {
                // A helper does not know where the weights come from.
                if let (Ok((_, weights)), Some((_, own))) = (&mut made.day, &newest) {
                    weights.clone_from(own);
                }
                gathered.put_made(&made);
                let to_do = (dates.len() - gathered.done()) as f64;
                let each = (self.host.now_ms() - began) / 1000.0 / f64::from(following.unwrap_or(0) + 1);
                let seconds_left = each * to_do;
                let progress =
                    Progress { done: gathered.done() as u64, total: dates.len() as u64, seconds_left };
                if shares.is_none()
                    && following >= Some(FEWEST_BEFORE_HELP)
                    && seconds_left > WORTH_HELP
                    && let Ok((known, weights)) = &made.day
                {
                    shares = Some(self.shared(known.clone(), weights, &settings));
                }
                self.tell_day(id, made, progress)?;
                following = Some(following.map_or(0, |n| n + 1));
                if following == Some(0) {
                    began = self.host.now_ms();
                }
            }
        }
        let workers = 1 + shares.map_or(0, |shares| shares.proven());
        let Gathered { statistics, made, files, simulated, first, .. } = gathered;
        let Some(latest) = made.last().copied() else { return Err(none_made(first)) };
        let (estimate, weights) = match newest.filter(|(estimate, _)| estimate.date == latest) {
            Some(newest) => newest,
            // The last one could not be made, the others were there.
            None => {
                self.map_of(id, self.active, latest, rule, &settings, Some((dates.len(), dates.len())))
                    .await?
            }
        };
        let mut layers = Layers::default();
        let mut looked = self.host.now_ms();
        for start in (0..window.len()).step_by(PIXELS) {
            statistics.extend(&mut layers, start..(start + PIXELS).min(window.len()));
            if self.host.now_ms() - looked > LONGEST_WORK_MS {
                self.yield_now(id).await?;
                looked = self.host.now_ms();
            }
        }
        let period = (made.first().copied().unwrap_or(latest), latest);
        let Some(device) = self.device.clone() else {
            return Err(RequestError::failed("the session is not ready", "Reload the page."));
        };
        let circumstances = Circumstances { quality: settings.quality, weights, device };
        let facts = provenance::of(&estimate, 0, &circumstances);
        self.season = Some(MadeSeason {
            facts: in_common(facts, files.into_iter().collect(), simulated),
            output: estimate.channels.first().map_or(estimate.method.output(), |channel| channel.output),
            window,
            layers: layers.clone(),
            name: name(&settings, period, simulated),
        });
        let counts = |plane: Vec<u16>| plane.into_iter().map(f32::from).collect();
        let planes = [
            layers.mean,
            layers.trend,
            layers.trend_error,
            layers.drydown,
            counts(layers.count),
            counts(layers.events),
        ];
        let report = SeasonReport {
            method: self.active,
            window,
            dates: made,
            unit: self.active.output().unit().to_owned(),
            mean: 0,
            trend: 1,
            trend_error: 2,
            drydown: 3,
            count: 4,
            events: 5,
            simulated,
            workers,
            milliseconds: self.host.now_ms() - begun,
        };
        let attachments = planes.into_iter().map(Attachment::F32).collect();
        self.host.emit(id, Event::Season(packed(&report)?), attachments);
        Ok(())
    }

    /// Other workers, each of which first makes a date that is known.
    fn shared(
        &self,
        known: SeasonDay,
        weights: &WeightsReport,
        settings: &RegionSettings,
    ) -> Shares<H::Helper> {
        let own = weights.closed_form.is_none().then(|| self.networks.get(&weights.network)).flatten();
        let asked = Asked {
            method: self.active,
            settings: settings.clone(),
            weights: own.filter(|loaded| loaded.own).map(|loaded| loaded.weights.to_bytes()),
            known,
        };
        // A graphics card has one queue, and its maps other bits than a processor's.
        let gpu = self.processor.as_ref().is_some_and(Processor::is_gpu)
            && matches!(asked.method, Method::Network(_));
        let held = self.series.as_ref().map_or(0, Series::held_bytes).max(1);
        let most = if gpu { 0 } else { (HELPERS_BYTES / held).min(MOST_HELPERS) };
        Shares::begin(self.host.helpers(most), asked)
    }

    /// Dates that came with a request. None where none were sent.
    fn kept_days(&self, id: u64, window: &EaseWindow) -> BTreeMap<Date, SeasonDay> {
        let bytes = self.host.bytes(id, 0).unwrap_or_default();
        let days = sidecar::read(&bytes, SEASON_KEY, window.len()).map(|(days, _)| days).unwrap_or_default();
        days.into_iter().map(|day| (day.date, day)).collect()
    }

    fn made_season(&self) -> Result<&MadeSeason, RequestError> {
        self.season.as_ref().ok_or_else(|| {
            RequestError::failed(
                "the season is not in the worker any more",
                "Press Resume under Season: the dates that are kept are not made again.",
            )
        })
    }

    /// The layers of the last season, a band each.
    pub(super) fn export_season_layers(&self, id: u64) -> Result<(), RequestError> {
        let MadeSeason { facts, output, window, layers, name } = self.made_season()?;
        let unit = output.unit();
        let per_year = format!("{unit} per year");
        let counts = |plane: &[u16]| plane.iter().copied().map(f32::from).collect();
        let planes = vec![
            ("mean", unit, layers.mean.clone()),
            ("trend", per_year.as_str(), layers.trend.clone()),
            ("trend_standard_error", per_year.as_str(), layers.trend_error.clone()),
            ("drydown_time", "days", layers.drydown.clone()),
            ("drydown_events", "1", counts(&layers.events)),
            ("count", "1", counts(&layers.count)),
        ];
        let product = format!("season statistics of {}", output.product());
        let facts = Provenance { product, ..facts.clone() };
        let bytes = geotiff::write_planes(&window.grid(), planes, &facts, None)
            .map_err(|e| RequestError::failed(e, ""))?;
        let (name, mime) = (format!("{name}_statistics.tif"), "image/tiff".to_owned());
        self.host.emit(id, Event::Exported { name, mime }, vec![Attachment::U8(bytes)]);
        Ok(())
    }

    /// All dates of the last season, which come with the request, as a cube.
    pub(super) fn export_season_cube(&self, id: u64) -> Result<(), RequestError> {
        let MadeSeason { facts, output, window, name, .. } = self.made_season()?;
        let days: Vec<SeasonDay> = self.kept_days(id, window).into_values().collect();
        if days.is_empty() {
            return Err(RequestError::failed(
                "the maps of the season did not arrive",
                "Predict every date again.",
            ));
        }
        let season = Season { output: *output, window: *window, days };
        let seconds = (self.host.wall_ms() / 1000.0) as i64;
        let bytes = netcdf::write(&season, facts, utc(seconds).as_deref(), "the page of Loam")
            .map_err(|e| RequestError::failed(e, ""))?;
        let (name, mime) = (format!("{name}.nc"), "application/x-netcdf".to_owned());
        self.host.emit(id, Event::Exported { name, mime }, vec![Attachment::U8(bytes)]);
        Ok(())
    }
}

/// Beginning of a file's name: `loam_SIMULATED_tucson_season_20180501_20180531`.
fn name(settings: &RegionSettings, (first, last): (Date, Date), simulated: bool) -> String {
    let day = |date: Date| date.to_string().replace('-', "");
    let place = match &settings.region {
        Some(region) => provenance::file_stem(region),
        None => format!("c{}r{}", settings.window.first_column, settings.window.first_row),
    };
    let simulated = if simulated { "SIMULATED_" } else { "" };
    format!("loam_{simulated}{place}_season_{}_{}", day(first), day(last))
}

/// Why there is no season: the first date's reason.
fn none_made(first: Option<Failure>) -> RequestError {
    first.map_or_else(
        || {
            RequestError::failed(
                "no date of this period has a SMAP overpass over the region",
                "Choose another period, or open more files.",
            )
        },
        RequestError::Failed,
    )
}
