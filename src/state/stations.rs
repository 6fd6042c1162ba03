//! Stations in the ground, as the page sees them: what is open, what is under way, what the last validation found.

use std::collections::BTreeMap;
use std::sync::Arc;

use ground_stations::logger::LoggerPlace;
use ground_stations::matching::Rules;
use jiff::civil::Date;

use super::field::{Field, Fields};
use super::ground_action::GroundAction;
use super::ledger::Kind;
use super::logger_form::{Forms, form_of, waits_alike};
use super::{Chosen, Event, Job, State};
use crate::protocol::{GroundEvent, GroundRequest, Packed, Request, StationList, ValidationReport};
use ease_grid::{EaseWindow, Resolution};
use loam_core::file::FileId;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;

/// Edge of a region that is laid around stations, cells: that of the preset regions.
const EDGE: usize = 100;

impl GroundAction {
    /// As an event. With it goes the function that does it: so that lies in the part of the page that asks, and not in the first one.
    #[must_use]
    pub fn event(self) -> Event {
        Event::Ground(State::ground_action, self)
    }
}

/// What a validation is of.
#[derive(Debug, Clone, PartialEq)]
struct Choices {
    settings: RegionSettings,
    data: u64,
    rules: Rules,
    /// Those that were ticked.
    methods: Vec<Option<Method>>,
    /// Where none was: the method in use, where it was not left to Loam.
    method: Option<Method>,
}

/// A validation, and what it is of.
#[derive(Debug, PartialEq)]
pub struct Validated {
    /// What was found.
    pub report: ValidationReport,
    of: Choices,
}

/// Stations.
#[derive(Debug)]
pub struct Ground {
    /// Those that were read; none where none are open.
    pub stations: Field<Option<Arc<StationList>>>,
    /// Reading, or a validation, under way.
    pub job: Field<Option<Job>>,
    /// The last validation.
    pub validated: Field<Option<Arc<Validated>>>,
    /// The station that is looked at: its number, and what there is to see as HTML.
    pub chosen: Field<Option<(usize, String)>>,
    /// The rules of matching.
    pub rules: Field<Rules>,
    /// First and last date.
    pub period: Field<(Option<Date>, Option<Date>)>,
    /// The methods to compare, none for the best; where there is none, the one in use.
    pub methods: Field<Vec<Option<Method>>>,
    /// What is typed into the forms of loggers' tables.
    pub forms: Field<Forms>,
    /// What the user said of loggers' own tables. Kept as long as the page: a file that comes back is the same station again.
    described: BTreeMap<FileId, Packed<LoggerPlace>>,
    /// Files that are being read.
    unread: Vec<FileId>,
    /// What the validation under way is of.
    asked: Option<Choices>,
    /// Those of the demo were asked for.
    simulated: bool,
}

impl Ground {
    pub(super) fn new(f: &mut Fields) -> Self {
        Self {
            stations: f.of(None),
            job: f.of(None),
            validated: f.of(None),
            chosen: f.of(None),
            rules: f.of(Rules::default()),
            period: f.of((None, None)),
            methods: f.of(Vec::new()),
            forms: f.of(Forms::new()),
            described: BTreeMap::new(),
            unread: Vec::new(),
            asked: None,
            simulated: false,
        }
    }

    fn forget_list(&mut self) {
        self.stations.put(None);
        self.forget_validation();
    }

    fn forget_validation(&mut self) {
        self.validated.put(None);
        self.chosen.put(None);
    }
}

impl State {
    fn ground_action(&mut self, action: GroundAction) {
        match action {
            GroundAction::Simulate => {
                self.ground.simulated = true;
                self.ask_ground(GroundRequest::Simulate, "simulating stations");
            }
            GroundAction::Rules(rules) => self.ground.rules.put(rules),
            GroundAction::Period(from, to) => self.ground.period.put((from, to)),
            GroundAction::Methods(methods) => self.ground.methods.put(methods),
            GroundAction::Describe(file, place) => {
                self.ground.described.insert(file, place);
                self.ground.unread.push(file);
                self.read_stations();
            }
            GroundAction::Typed(file, form) => {
                self.ground.forms.insert(file, form);
            }
            GroundAction::SameForAll(file) => self.same_for_all(file),
            GroundAction::Validate if self.ground.job.is_none() => {
                let (from, to) = *self.ground.period;
                let rules = self.ground.rules.clone();
                let settings = self.settings.clone();
                self.ground.asked = Some(self.choices());
                let methods = self.ground.methods.clone();
                let request = GroundRequest::Validate { rules, methods, from, to, settings };
                self.ask_ground(request, "comparing with the stations");
            }
            GroundAction::Validate => {}
            GroundAction::Cancel => {
                if let Some(id) = self.ground.job.as_ref().map(|job| job.id) {
                    self.cancel(id);
                    if let Some(job) = self.ground.job.as_mut() {
                        job.what = "cancelling".to_owned();
                    }
                }
            }
            GroundAction::Station(number) => {
                if self.ground.validated.is_some() {
                    self.send(Kind::Ground, Request::Ground(GroundRequest::Station { number }));
                } else {
                    self.say("Press Validate first: then a station shows its series and scores.");
                }
            }
            GroundAction::Save(form) => {
                if self.send(Kind::Export, Request::Ground(GroundRequest::Save { form })).is_some() {
                    self.exporting.put(true);
                }
            }
            GroundAction::GoTo => self.go_to_stations(),
        }
    }

    /// What the form of one table says goes into those of the others that wait with the same columns.
    fn same_for_all(&mut self, file: FileId) {
        let packed = self.ground.stations.as_ref().and_then(|list| list.loggers.clone());
        let cards = packed.and_then(|packed| packed.open().ok()).unwrap_or_default();
        let Some(first) = cards.iter().find(|card| card.file == file) else { return };
        let from = form_of(&self.ground.forms, first);
        let mut given = 0;
        for card in cards.iter().filter(|card| waits_alike(first, card)) {
            let mut form = form_of(&self.ground.forms, card);
            form.take_choices(&from, &card.preview);
            if let Ok(form) = Packed::of(&form) {
                self.ground.forms.insert(card.file, form);
                given += 1;
            }
        }
        let s = if given == 1 { "" } else { "s" };
        self.say(format!("Given to {given} other table{s}. Name and place are each table's own."));
    }

    fn ask_ground(&mut self, request: GroundRequest, what: &str) {
        if let Some(id) = self.send(Kind::Ground, Request::Ground(request)) {
            self.ground.job.set(Some(Job::new(id, what)));
        }
    }

    /// Has what waits read, with what the user said of it.
    fn read_stations(&mut self) {
        let loggers = self.ground.described.iter().map(|(file, place)| (*file, place.clone())).collect();
        self.ask_ground(GroundRequest::Read { loggers }, "reading stations");
    }

    pub(super) fn take_ground(&mut self, event: GroundEvent) {
        match event {
            GroundEvent::Found(files) if files.is_empty() => self.ground.forget_list(),
            GroundEvent::Found(files) => {
                self.ground.unread = files;
                self.read_stations();
            }
            GroundEvent::Stations(list) => {
                self.ground.unread.clear();
                let before = list.marks.iter().all(|mark| mark.pairs.is_none());
                if before {
                    self.ground.forget_validation();
                    self.say(match (list.marks.len(), &list.loggers) {
                        (0, Some(_)) => "A logger's table is open: describe it under Ground.".to_owned(),
                        (stations, _) => format!("{stations} stations: see Ground."),
                    });
                }
                let any = !list.marks.is_empty() || list.loggers.is_some();
                self.ground.stations.set(any.then(|| Arc::new(list)));
            }
            GroundEvent::Validated(report) => {
                self.say(format!("Compared: {} pairs on {} dates.", report.pairs, report.dates));
                self.ground.chosen.put(None);
                if let Some(of) = self.ground.asked.take() {
                    self.ground.validated.set(Some(Arc::new(Validated { report, of })));
                }
            }
            GroundEvent::Station { number, html } => self.ground.chosen.set(Some((number, html))),
        }
    }

    /// A request about stations is over.
    pub(super) fn ground_over(&mut self) {
        if !self.busy(Kind::Ground) {
            self.ground.job.put(None);
        }
    }

    /// Nothing of stations is open any more.
    pub(super) fn forget_ground(&mut self) {
        self.ground.forget_list();
        self.ground.job.put(None);
        self.ground.unread.clear();
        self.ground.simulated = false;
    }

    /// The worker is gone, and what it had read with it.
    pub(super) fn ground_lost(&mut self) {
        self.ground.forget_list();
        self.ground.job.put(None);
    }

    /// The files of stations that were being read when the worker died are left out. Whether there were any.
    pub(super) fn leave_out_stations(&mut self, why: &str) -> bool {
        let unread = std::mem::take(&mut self.ground.unread);
        // Not again by itself what it may have died of.
        self.ground.simulated = false;
        self.ground.described.retain(|file, _| !unread.contains(file));
        for row in self.files.iter_mut().filter(|row| unread.contains(&row.id)) {
            row.refuse(format!(
                "reading stations stopped the worker ({why}), so it was left out; open it again alone."
            ));
        }
        !unread.is_empty()
    }

    /// Tells a fresh worker of the demo's stations.
    pub(super) fn simulate_again(&mut self) {
        if self.ground.simulated {
            self.ask_ground(GroundRequest::Simulate, "simulating stations");
        }
    }

    fn choices(&self) -> Choices {
        let methods = self.ground.methods.clone();
        let in_use = methods.is_empty() && *self.choice != Chosen::Best;
        Choices {
            settings: self.settings.clone(),
            data: *self.data,
            rules: self.ground.rules.clone(),
            method: in_use.then(|| self.weights.method()),
            methods,
        }
    }

    /// Why the last validation is not that of the present choices; `None` where it is.
    #[must_use]
    pub fn ground_stale(&self) -> Option<&'static str> {
        let of = &self.ground.validated.as_ref()?.of;
        let now = self.choices();
        if of.settings != now.settings {
            Some("These scores are for another region or other map rules.")
        } else if of.rules != now.rules {
            Some("These scores are for other rules of matching.")
        } else if of.data != now.data {
            Some("These scores are for other files.")
        } else if (&of.method, &of.methods) != (&now.method, &now.methods) {
            Some("These scores are for other methods.")
        } else {
            None
        }
    }

    /// No station lies in the region.
    #[must_use]
    pub fn stations_elsewhere(&self) -> bool {
        let window = self.settings.window;
        let inside =
            |at: f64, first: usize, count: usize| (first as f64..(first + count) as f64).contains(&at);
        self.ground.stations.as_ref().is_some_and(|list| {
            !list.marks.is_empty()
                && !list.marks.iter().any(|mark| {
                    inside(mark.column, window.first_column, window.columns)
                        && inside(mark.row, window.first_row, window.rows)
                })
        })
    }

    /// The region goes around the first station.
    fn go_to_stations(&mut self) {
        let Some((column, row)) =
            self.ground.stations.as_ref().and_then(|list| list.marks.first()).map(|m| (m.column, m.row))
        else {
            return;
        };
        let first = |at: f64, all: usize| (at as usize).saturating_sub(EDGE / 2).min(all - EDGE);
        let resolution = Resolution::M03;
        let mut settings = self.settings.clone();
        settings.window = EaseWindow {
            resolution,
            first_column: first(column, resolution.columns()),
            first_row: first(row, resolution.rows()),
            columns: EDGE,
            rows: EDGE,
        };
        settings.region = None;
        self.choose_settings(settings);
    }
}
