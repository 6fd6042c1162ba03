//! Stations in the ground: their files read in steps, the dates that have records predicted, pairs scored, report and pairs saved.
//!
//! What opens a file only notes that it is of stations ([`super::ground::Ground::found`]). All else is asked for by [`GroundRequest`] and lies in the part of
//! the worker that is loaded when it is asked for.

use ease_grid::{Resolution, ease2};
use ground_stations::matching::{Matched, Matcher, Rules, Status};
use ground_stations::{Reader, Stations, report};
use jiff::civil::Date;
use loam_core::closed_form::ClosedForm;
use loam_core::day_number::date_of;
use loam_core::iso_date;
use loam_core::map::Coastline;
use loam_core::region_settings::RegionSettings;
use loam_core::season;
use loam_core::stack::{HistoryRule, Region};

use super::Host;
use super::ground::GroundFile;
use super::state::{LONGEST_WORK_MS, RequestError, Session};
use crate::protocol::{
    Attachment, Enough, Event, FileReport, GroundEvent, GroundForm, GroundRequest, StationList, StationMark,
    ValidationReport,
};
use crate::validation::{self, About, BEST, Layers, Notes, Outcome, OverScene};

impl<H: Host> Session<H> {
    /// A request about stations.
    pub(super) async fn stations(&mut self, id: u64, request: GroundRequest) -> Result<(), RequestError> {
        match request {
            GroundRequest::Read => self.read_stations(id).await,
            GroundRequest::Simulate => self.simulate_stations(id).await,
            GroundRequest::Validate { rules, from, to, settings } => {
                self.validate(id, rules, (from, to), settings).await
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

    /// Reads the files that wait. One that cannot be read is listed with its reason.
    async fn read_stations(&mut self, id: u64) -> Result<(), RequestError> {
        let mut reader = Reader::new();
        let mut rows: Vec<FileReport> = Vec::new();
        for file in self.ground.files.iter().filter(|file| !file.read) {
            match file.no_archive() {
                Some(other) => rows.push(other),
                None => {
                    if let Err(error) = reader.add(&file.name, file.source.clone()) {
                        rows.push(file.refused(error.to_string()));
                    }
                }
            }
        }
        let read = self.read_in_steps(id, &mut reader).await;
        let read = read.map(|()| reader.finish());
        for file in self.ground.files.iter().filter(|file| !file.read) {
            if rows.iter().any(|row| row.id == file.id) {
                continue;
            }
            rows.push(match &read {
                Ok(read) => file.described(read),
                Err(_) => {
                    file.refused("reading stations was cancelled; open it again to have it read.".to_owned())
                }
            });
        }
        // Those that hold no station have nothing more to give.
        let refused = |file: &GroundFile| rows.iter().any(|row| row.id == file.id && row.refused.is_some());
        self.ground.files.retain(|file| !refused(file));
        for file in &mut self.ground.files {
            file.read = true;
        }
        for row in rows {
            self.emit(id, Event::FileRead(row));
        }
        let mut stations = std::mem::take(&mut self.ground.stations);
        let ended = read.map(|read| stations.extend(read));
        self.take_stations(id, stations);
        ended
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
    fn take_stations(&mut self, id: u64, stations: Stations) {
        self.ground.stations = stations;
        self.ground.outcome = None;
        self.tell_ground(id, GroundEvent::Stations(list(&self.ground.stations, None)));
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
        self.take_stations(id, over.stations());
        Ok(())
    }

    /// Predicts the dates that have records and compares.
    async fn validate(
        &mut self,
        id: u64,
        rules: Rules,
        period: (Option<Date>, Option<Date>),
        settings: RegionSettings,
    ) -> Result<(), RequestError> {
        if self.ground.stations.sensors.is_empty() {
            return Err(RequestError::failed(
                "no stations are open",
                "Open an archive of the ISMN (zip), a folder of .stm files, or the demo's simulated stations.",
            ));
        }
        // The matching borrows them while the session predicts.
        let stations = std::mem::take(&mut self.ground.stations);
        let outcome = self.outcome_of(id, &stations, rules, period, &settings).await;
        self.ground.stations = stations;
        let outcome = outcome?;
        let stations = &self.ground.stations;
        self.tell_ground(id, GroundEvent::Stations(list(stations, Some(&outcome.matched))));
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

    async fn outcome_of(
        &mut self,
        id: u64,
        stations: &Stations,
        rules: Rules,
        (from, to): (Option<Date>, Option<Date>),
        settings: &RegionSettings,
    ) -> Result<Outcome, RequestError> {
        let rule = HistoryRule::from(settings);
        self.settings = Some(settings.clone());
        self.ensure_series(id).await?;
        if self.auto.on {
            self.choose_best(id, settings).await?;
        }
        if self.active.output() != loam_core::method::Method::default().output() {
            return Err(RequestError::failed(
                format!("{} makes no soil moisture, which is what stations measure", self.active.name()),
                "Choose another method under Method.",
            ));
        }
        let name = if self.auto.on { BEST } else { self.active.name() };
        // Bilinear SMAP is there anyway.
        let named = (self.active != ClosedForm::Bilinear.into()).then(|| name.to_owned());
        let layers = Layers::new(named.iter().cloned().collect());
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
            if let Some(name) = &named {
                match self.map_of(id, *date, rule, settings, Some((n, dates.len()))).await {
                    Ok((estimate, weights)) => {
                        notes.used(name, &weights);
                        notes.made(&estimate);
                        estimates.push(Some(estimate));
                    }
                    Err(RequestError::Failed(failure)) => notes.failed(self.active, &failure.what, *date),
                    Err(other) => return Err(other),
                }
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
        let (end, mime, text) = match form {
            GroundForm::Report => ("report.html", "text/html", outcome.report(stations).html()),
            GroundForm::Pairs => ("pairs.csv", "text/csv", outcome.csv(stations)),
        };
        let exported = Event::Exported { name: format!("loam_{simulated}{end}"), mime: mime.to_owned() };
        self.host.emit(id, exported, vec![Attachment::U8(text.into_bytes())]);
        Ok(())
    }
}

/// The stations and where they are, with what became of each where that is known.
fn list(stations: &Stations, matched: Option<&Matched>) -> StationList {
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
    StationList {
        marks: stations.by_station().iter().enumerate().map(mark).collect(),
        html: report::list(stations, matched),
        simulated: stations.simulated(),
    }
}
