//! The maps of a period, date after date, what a pixel's values over time say, and both as files.

use std::collections::BTreeMap;

use ease_grid::EaseWindow;
use jiff::civil::Date;
use loam_core::day_number::utc;
use loam_core::export::{Provenance, geotiff, netcdf};
use loam_core::region_settings::RegionSettings;
use loam_core::season::{Layers, Season, SeasonDay, Statistics, dates, in_common, sidecar};
use loam_core::stack::HistoryRule;

use super::Host;
use super::made_season::MadeSeason;
use super::provenance::{self, Circumstances};
use super::season_gathered::Gathered;
use super::state::{LONGEST_WORK_MS, RequestError, Session, packed};
use crate::protocol::{Attachment, Event, Failure, SEASON_KEY, SeasonReport};

/// Pixels between two looks at the clock.
const PIXELS: usize = 256;
impl<H: Host> Session<H> {
    /// Every date with a SMAP overpass; those that helpers make may come out of order. Other messages are heard between dates and, of networks, between tiles.
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
        let mut gathered = Gathered::new(dates.clone(), statistics);
        for (date, day) in kept {
            gathered.put(date, Some(&day));
        }
        let (newest, workers) = self.gather(id, &mut gathered, &settings).await?;
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
