//! Stations in the ground: their files read in steps, the dates that have records predicted, pairs scored, report and pairs saved.
//!
//! What opens a file only notes that it is of stations ([`super::ground::Ground::found`]). All else is asked for by [`GroundRequest`] and lies in the part of
//! the worker that is loaded when it is asked for.

use ease_grid::{Resolution, ease2};
use ground_stations::logger::LoggerPlace;
use ground_stations::matching::{Matched, Matcher, Rules, Status};
use ground_stations::{Reader, Stations, report};
use jiff::civil::Date;
use loam_core::closed_form::ClosedForm;
use loam_core::day_number::date_of;
use loam_core::file::FileId;
use loam_core::iso_date;
use loam_core::map::Coastline;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::season;
use loam_core::stack::{HistoryRule, Region};

use super::Host;
use super::ground::{Ground, GroundFile, NoArchive};
use super::state::{LONGEST_WORK_MS, RequestError, Session};
use crate::protocol::{
    Attachment, Enough, Event, FileReport, GroundEvent, GroundForm, GroundRequest, Packed, StationList,
    StationMark, ValidationReport,
};
use crate::validation::{self, About, BEST, Layers, Notes, Outcome, OverScene};

impl<H: Host> Session<H> {
    /// A request about stations.
    pub(super) async fn stations(&mut self, id: u64, request: GroundRequest) -> Result<(), RequestError> {
        match request {
            GroundRequest::Read { loggers } => {
                let opened = loggers.iter().map(|(file, place)| Ok((*file, place.open()?)));
                let described = opened.collect::<Result<Vec<_>, postcard::Error>>().map_err(damaged)?;
                self.read_stations(id, &described).await
            }
            GroundRequest::Simulate => self.simulate_stations(id).await,
            GroundRequest::Validate { rules, methods, from, to, settings } => {
                self.validate(id, (rules, methods), (from, to), settings).await
            }
            GroundRequest::Station { number } => self.show_station(id, number),
            GroundRequest::Save { form } => self.save_validation(id, form),
        }
    }

    fn tell_ground(&self, id: u64, event: GroundEvent) {
        self.emit(id, Event::Ground(Box::new(event)));
    }

    fn progress(&self, id: u64, done: usize, total: usize, what: String) {
        self.emit(id, Event::Progress { done: done as u64, total: total as u64, what });
    }

    /// Reads the files that wait, and loggers' tables as they are described. One that cannot be read is listed with its reason.
    async fn read_stations(
        &mut self,
        id: u64,
        described: &[(FileId, LoggerPlace)],
    ) -> Result<(), RequestError> {
        let mut reader = Reader::new();
        let mut rows: Vec<FileReport> = Vec::new();
        for file in self.ground.files.iter_mut().filter(|file| !file.read && file.logger.is_none()) {
            match file.no_archive() {
                Some(NoArchive::Other(other)) => rows.push(*other),
                Some(NoArchive::Logger(logger)) => file.logger = Some(logger),
                None => {
                    if let Err(error) = reader.add(&file.name, file.source.clone()) {
                        rows.push(file.refused(error.to_string()));
                    }
                }
            }
        }
        let read = self.read_in_steps(id, &mut reader).await;
        let (read, mut ended) = match read {
            Ok(()) => (Some(reader.finish()), Ok(())),
            Err(ended) => (None, Err(ended)),
        };
        for file in self.ground.files.iter().filter(|file| !file.read && file.logger.is_none()) {
            if rows.iter().any(|row| row.id == file.id) {
                continue;
            }
            rows.push(match &read {
                Some(read) => file.described(read),
                None => {
                    file.refused("reading stations was cancelled; open it again to have it read.".to_owned())
                }
            });
        }
        // Those that hold no station have nothing more to give.
        let refused = |file: &GroundFile| rows.iter().any(|row| row.id == file.id && row.refused.is_some());
        self.ground.files.retain(|file| !refused(file));
        for place in 0..self.ground.files.len() {
            let read = self.read_logger(id, place, described, ended.is_err()).await;
            ended = ended.and(read);
        }
        for file in &mut self.ground.files {
            rows.extend(file.as_logger());
            file.read = true;
        }
        for row in rows {
            self.emit(id, Event::FileRead(row));
        }
        let mut stations = std::mem::take(&mut self.ground.stations);
        stations.extend(read.unwrap_or_default());
        self.take_stations(id, stations)?;
        ended
    }

    /// Reads the file at a place, where it is a logger's table that is described otherwise than before.
    async fn read_logger(
        &mut self,
        id: u64,
        place: usize,
        described: &[(FileId, LoggerPlace)],
        mut cancelled: bool,
    ) -> Result<(), RequestError> {
        let Some(file) = self.ground.files.get_mut(place) else { return Ok(()) };
        let said = described.iter().find(|(of, _)| *of == file.id);
        let (Some(logger), Some((_, said))) = (&mut file.logger, said) else { return Ok(()) };
        if !logger.describe(said) {
            return Ok(());
        }
        let (name, source) = (file.name.clone(), file.source.clone());
        let read = match logger.reading(&source) {
            None => return Ok(()),
            Some(Err(why)) => Err(why),
            Some(Ok(mut reading)) => loop {
                if cancelled {
                    break Err("reading it was cancelled: press the button again".to_owned());
                }
                match reading.step() {
                    Ok(true) => {
                        let total = (source.len() >> 10) as usize;
                        let done = (reading.done() >> 10) as usize;
                        self.progress(id, done, total, format!("reading stations, kB: {name}"));
                        cancelled = self.yield_now(id).await.is_err();
                    }
                    Ok(false) => break reading.finish().map_err(|e| e.to_string()),
                    Err(why) => break Err(why.to_string()),
                }
            },
        };
        if let Some(logger) = self.ground.files.get_mut(place).and_then(|file| file.logger.as_mut()) {
            logger.take(read, &name);
        }
        if cancelled { Err(RequestError::Cancelled) } else { Ok(()) }
    }

    async fn read_in_steps(&self, id: u64, reader: &mut Reader) -> Result<(), RequestError> {
        let mut told = f64::NEG_INFINITY;
        while let Some(progress) = reader.step() {
            if self.host.now_ms() - told > LONGEST_WORK_MS {
                let (done, total) = ((progress.done >> 10) as usize, (progress.total >> 10) as usize);
                self.progress(id, done, total, format!("reading stations, kB: {}", progress.file));
                self.yield_now(id).await?;
                told = self.host.now_ms();
            }
        }
        Ok(())
    }

    /// These are the stations now; what was found of others before is gone.
    fn take_stations(&mut self, id: u64, stations: Stations) -> Result<(), RequestError> {
        self.ground.stations = stations;
        self.ground.take_loggers();
        self.ground.outcome = None;
        self.tell_ground(id, GroundEvent::Stations(list(&self.ground, None)?));
        Ok(())
    }

    /// Stations over the scenes of the demo.
    async fn simulate_stations(&mut self, id: u64) -> Result<(), RequestError> {
        let scene = self.library.scene.clone().ok_or_else(|| {
            RequestError::failed(
                "simulated stations stand on simulated scenes, and none are open",
                "Load a demo, or open stations of your own.",
            )
        })?;
        let total = scene.len();
        let mut over = OverScene::new(scene);
        let mut told = f64::NEG_INFINITY;
        while over.step().is_some() {
            if self.host.now_ms() - told > LONGEST_WORK_MS {
                self.progress(id, total - over.remaining(), total, "simulating stations".to_owned());
                self.yield_now(id).await?;
                told = self.host.now_ms();
            }
        }
        self.take_stations(id, over.stations())
    }

    /// Predicts the dates that have records and compares.
    async fn validate(
        &mut self,
        id: u64,
        how: (Rules, Vec<Option<Method>>),
        period: (Option<Date>, Option<Date>),
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        if self.ground.stations.sensors.is_empty() {
            return Err(RequestError::failed(
                "no stations are open",
                "Open an archive of the ISMN (zip), a folder of .stm files, a logger's table, or the demo's simulated stations.",
            ));
        }
        // The matching borrows them while the session predicts.
        let stations = std::mem::take(&mut self.ground.stations);
        let outcome = self.outcome_of(id, &stations, how, period, &settings).await;
        self.ground.stations = stations;
        let outcome = outcome?;
        let stations = &self.ground.stations;
        self.tell_ground(id, GroundEvent::Stations(list(&self.ground, Some(&outcome.matched))?));
        let report = ValidationReport {
            dates: outcome.matched.dates,
            pairs: outcome.matched.pairs(),
            html: outcome.report(stations).scores(),
            simulated: outcome.notes.simulated || stations.simulated(),
        };
        for (why, count) in &outcome.notes.failures {
            self.emit(id, Event::Warning(format!("On {count} dates: {why}")));
        }
        self.tell_ground(id, GroundEvent::Validated(report));
        self.ground.outcome = Some(outcome);
        Ok(())
    }

    /// The methods to compare, each with its name in the tables. Bilinear SMAP is there anyway.
    async fn wanted(
        &mut self,
        id: u64,
        methods: Vec<Option<Method>>,
        settings: &RegionSettings,
    ) -> Result<Vec<(String, Method)>, RequestError> {
        let in_use = || vec![(!self.auto.on).then_some(self.active)];
        let methods = if methods.is_empty() { in_use() } else { methods };
        let mut wanted = Vec::new();
        for method in methods {
            let (name, method) = match method {
                None => (BEST.to_owned(), self.best(id, settings).await?),
                Some(method) => (method.name().to_owned(), method),
            };
            if method.output() != Method::default().output() {
                return Err(RequestError::failed(
                    format!("{} makes no soil moisture, which is what stations measure", method.name()),
                    "Choose another method.",
                ));
            }
            if name == BEST || method != ClosedForm::Bilinear.into() {
                wanted.push((name, method));
            }
        }
        Ok(wanted)
    }

    async fn outcome_of(
        &mut self,
        id: u64,
        stations: &Stations,
        (rules, methods): (Rules, Vec<Option<Method>>),
        (from, to): (Option<Date>, Option<Date>),
        settings: &RegionSettings,
    ) -> Result<Outcome, RequestError> {
        let rule = HistoryRule::from(settings);
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        let wanted = self.wanted(id, methods, settings).await?;
        let layers = Layers::new(wanted.iter().map(|(name, _)| name.clone()).collect());
        let period = from.unwrap_or(Date::MIN)..=to.unwrap_or(Date::MAX);
        let period = validation::dates(stations, &rules, &period);
        let mut matcher = Matcher::new(stations, rules, layers.all());
        let mut notes = Notes::default();
        let dates = self.series.as_ref().map(|series| season::dates(series, &period)).unwrap_or_default();
        for (n, date) in dates.iter().enumerate() {
            self.progress(id, n, dates.len(), format!("predicting {date}"));
            self.yield_now(id).await?;
            let Some(series) = &mut self.series else { break };
            let bilinear = match ClosedForm::Bilinear.estimate(&self.library, series, *date, rule) {
                Ok(estimate) => estimate,
                Err(why) => {
                    notes.failed(ClosedForm::Bilinear.into(), &why.to_string(), *date);
                    continue;
                }
            };
            notes.simulated |= bilinear.simulated;
            let mut estimates = Vec::new();
            for (name, method) in &wanted {
                let made = self.map_of(id, *method, *date, rule, settings, Some((n, dates.len()))).await;
                estimates.push(match made {
                    Ok((estimate, weights)) => {
                        notes.used(name, &weights);
                        notes.made(&estimate);
                        Some(estimate)
                    }
                    Err(RequestError::Failed(failure)) => {
                        notes.failed(*method, &failure.what, *date);
                        None
                    }
                    Err(other) => return Err(other),
                });
            }
            validation::add_day(&mut matcher, &bilinear, &estimates);
        }
        let matched = matcher.finish();
        if matched.dates == 0 {
            return Err(RequestError::failed(
                "no date has both SMAP files of this region and the stations' records at these depths",
                "Check the dates of the files and the depths, or choose the region where the stations are.",
            ));
        }
        self.finish_outcome(id, matched, notes, settings).await
    }

    async fn finish_outcome(
        &self,
        id: u64,
        matched: Matched,
        notes: Notes,
        settings: &RegionSettings,
    ) -> Result<Outcome, RequestError> {
        let mut since = self.host.now_ms();
        let mut comparisons = Vec::new();
        for mut comparing in validation::comparisons(&matched) {
            while comparing.step() {
                if self.host.now_ms() - since > LONGEST_WORK_MS {
                    self.yield_now(id).await?;
                    since = self.host.now_ms();
                }
            }
            comparisons.push(comparing.finish());
        }
        let files = self.ground.files.iter().map(|file| file.name.clone());
        let region = Region::new(settings.window).map_err(|e| RequestError::failed(e, ""))?;
        let about = About {
            made: iso_date::text(&date_of((self.host.wall_ms() / 86_400_000.0) as i64).unwrap_or(Date::ZERO)),
            stations: files.collect(),
            regions: &[region],
            device: self.device.as_ref().map(|device| device.name.clone()).unwrap_or_default(),
            maps: self.library.iter().map(|entry| entry.name.clone()).collect(),
        };
        let about = validation::about(&about, &notes);
        let lines = self.host.coastline().await;
        let lines = lines.and_then(|bytes| Coastline::parse(&bytes).map_err(|e| e.to_string()));
        let coastline = match lines {
            Ok(lines) => validation::coastline(&lines, &matched),
            Err(why) => {
                self.emit(id, Event::Warning(format!("The report's map has no coastlines: {why}")));
                Vec::new()
            }
        };
        Ok(Outcome { matched, comparisons, notes, about, coastline })
    }

    fn outcome(&self) -> Result<&Outcome, RequestError> {
        self.ground.outcome.as_ref().ok_or_else(|| {
            RequestError::failed("nothing was compared with these stations yet", "Press Validate first.")
        })
    }

    fn show_station(&self, id: u64, number: usize) -> Result<(), RequestError> {
        let html = self.outcome()?.report(&self.ground.stations).station(number);
        let html =
            html.ok_or_else(|| RequestError::failed("this station is no longer open", "Open it again."))?;
        self.tell_ground(id, GroundEvent::Station { number, html });
        Ok(())
    }

    fn save_validation(&self, id: u64, form: GroundForm) -> Result<(), RequestError> {
        let (outcome, stations) = (self.outcome()?, &self.ground.stations);
        let simulated = if outcome.notes.simulated || stations.simulated() { "SIMULATED_" } else { "" };
        let (end, mime, bytes) = match form {
            GroundForm::Report => ("report.html", "text/html", outcome.report(stations).html().into_bytes()),
            GroundForm::Pairs => ("pairs.csv", "text/csv", outcome.csv(stations).into_bytes()),
            GroundForm::NetCdf => {
                let bytes = outcome.netcdf(stations).map_err(|e| RequestError::failed(e, ""))?;
                ("pairs.nc", "application/x-netcdf", bytes)
            }
        };
        let exported = Event::Exported { name: format!("loam_{simulated}{end}"), mime: mime.to_owned() };
        self.host.emit(id, exported, vec![Attachment::U8(bytes)]);
        Ok(())
    }
}

/// The stations and where they are, with what became of each where that is known.
fn list(ground: &Ground, matched: Option<&Matched>) -> Result<StationList, RequestError> {
    let stations = &ground.stations;
    let cards = ground.cards();
    let mark = |(number, station): (usize, &ground_stations::Station<'_>)| {
        let (column, row) = ease2::fractional_index(Resolution::M03, station.longitude, station.latitude);
        let of = matched.and_then(|matched| matched.stations.get(number));
        StationMark {
            column,
            row,
            pairs: of.map(|of| of.pairs.len()),
            enough: of.map_or(Enough::Unknown, |of| match of.status {
                Status::Used => Enough::Verdict,
                Status::NoVerdict => Enough::Number,
                _ => Enough::Nothing,
            }),
        }
    };
    Ok(StationList {
        marks: stations.by_station().iter().enumerate().map(mark).collect(),
        html: report::list(stations, matched),
        simulated: stations.simulated(),
        loggers: (!cards.is_empty()).then(|| Packed::of(&cards)).transpose().map_err(damaged)?,
    })
}

/// Bytes between page and worker that cannot be read or written.
fn damaged(error: postcard::Error) -> RequestError {
    RequestError::failed(
        format!("what was said of the loggers' tables is damaged ({error})"),
        "Reload the page.",
    )
}
