//! A layer of a file, looked at by itself over the stage: what is asked for, what came of it, and its end. The map below is not touched.

use std::sync::Arc;

use jiff::civil::Date;

use super::ledger::Kind;
use super::look_action::LookAction;
use super::{Event, Job, State};
use crate::protocol::{Attachment, Failure, LookAt, LookReport, LookStep, Packed, Request};
use loam_core::file::FileId;
use loam_core::region_settings::RegionSettings;

impl LookAction {
    /// As an event. With it goes the function that does it: so that lies in the part of the page that asks, and not in the first one.
    #[must_use]
    pub fn event(self) -> Event {
        Event::Look(State::look_action, self)
    }
}

/// A layer that was drawn, or why it was not.
#[derive(Debug)]
pub struct Looked {
    /// What it is.
    pub report: LookReport,
    /// Row-major, NaN where there is none.
    pub values: Vec<f32>,
    /// [`ease_grid::Reason`] by number.
    pub reasons: Vec<u8>,
    /// The edge of its grid in pixels, x and y in turn.
    pub footprint: Vec<f32>,
}

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Look {
    /// What was asked for.
    pub at: LookAt,
    /// With these region and rules.
    pub settings: RegionSettings,
    /// [`State::data`] at the time.
    data: u64,
    /// The chosen date at the time.
    date: Option<Date>,
    /// Reading under way.
    pub job: Option<Job>,
    /// What came last.
    pub shown: Option<Arc<Looked>>,
    /// Why the last request had no answer.
    pub failed: Option<Failure>,
    /// What takes the answer: it lies in the part of the page that asks, and not in the first one.
    take: fn(&mut State, &Packed<LookReport>, Vec<Attachment>),
}

impl State {
    fn look_action(&mut self, action: LookAction) {
        match (action, self.look.clone()) {
            (LookAction::Open(file, layer), before) => {
                let step = LookStep { date: *self.date, overpass: None };
                // What stands there stays until the new one is there, where it is of the same file.
                let shown = before.filter(|look| look.at.file == file).and_then(|look| look.shown);
                self.ask_look(LookAt { file, layer, step, whole: false }, shown);
            }
            (_, None) => {}
            (LookAction::Layer(layer), Some(look)) => {
                let step = look.step();
                self.ask_look(LookAt { layer: Some(layer), step, ..look.at }, look.shown);
            }
            (LookAction::Step(step), Some(look)) => {
                let layer = look.layer();
                self.ask_look(LookAt { layer, step, ..look.at }, look.shown);
            }
            (LookAction::Whole(whole), Some(look)) => {
                let (layer, step) = (look.layer(), look.step());
                self.ask_look(LookAt { layer, step, whole, ..look.at }, look.shown);
            }
            (LookAction::Again, Some(look)) => self.look_again(look),
            (LookAction::GoThere, Some(look)) => {
                let picture = look.shown.as_ref().and_then(|shown| shown.report.picture.as_ref().ok());
                if let Some(extent) = picture.map(|picture| picture.extent) {
                    self.go_to(&extent);
                    self.look_action(LookAction::Whole(false));
                }
            }
            (LookAction::Cancel, Some(look)) => {
                if let Some(id) = self.ledger.newest(Kind::Look) {
                    self.cancel(id);
                }
                if look.shown.is_none() {
                    self.look.take();
                }
            }
            (LookAction::Close, Some(_)) => self.end_look(),
        }
    }

    fn look_again(&mut self, look: Look) {
        let (now, then) = (&*self.settings, &look.settings);
        let moved = now.window != then.window && !look.at.whole;
        // A layer of several days follows the date, where it has it.
        let steps = look.shown.as_ref().map(|shown| shown.report.steps.as_slice()).unwrap_or_default();
        let of_date = || steps.iter().find(|step| step.date == *self.date);
        let follows = if *self.date == look.date { None } else { of_date().copied() };
        if moved || now.quality != then.quality || *self.data != look.data || follows.is_some() {
            let (layer, step) = (look.layer(), follows.unwrap_or_else(|| look.step()));
            self.ask_look(LookAt { layer, step, ..look.at }, look.shown);
        }
    }

    fn ask_look(&mut self, at: LookAt, shown: Option<Arc<Looked>>) {
        let settings = self.settings.clone();
        let request = Request::Look { at: at.clone(), settings: settings.clone() };
        let job = self.send(Kind::Look, request).map(|id| Job::new(id, "reading the layer"));
        let failed = job.is_none().then(|| Failure {
            what: "There is no worker to read the layer".to_owned(),
            remedy: "Reload the page.".to_owned(),
        });
        let (data, date) = (*self.data, *self.date);
        let take = State::look_came;
        self.look.set(Some(Look { at, settings, data, date, job, shown, failed, take }));
    }

    /// Back to the map.
    pub(super) fn end_look(&mut self) {
        for id in self.ledger.end_all(Kind::Look) {
            self.cancel(id);
        }
        if self.look.is_some() {
            self.look.take();
        }
    }

    /// The file that is looked at is gone.
    pub(super) fn look_without(&mut self, file: FileId) {
        if self.look.as_ref().is_some_and(|look| look.at.file == file) {
            self.end_look();
        }
    }

    /// The layer came.
    pub(super) fn take_look(&mut self, report: &Packed<LookReport>, attachments: Vec<Attachment>) {
        if let Some(take) = self.look.as_ref().map(|look| look.take) {
            take(self, report, attachments);
        }
    }

    fn look_came(&mut self, report: &Packed<LookReport>, attachments: Vec<Attachment>) {
        let report = match report.open() {
            Ok(report) => report,
            Err(error) => return self.look_failed(Failure::new(error, "Reload the page.")),
        };
        let mut arrays = attachments.into_iter();
        let (values, reasons, footprint) = match (arrays.next(), arrays.next(), arrays.next()) {
            (Some(Attachment::F32(v)), Some(Attachment::U8(r)), Some(Attachment::F32(f))) => (v, r, f),
            _ => Default::default(),
        };
        let Some(look) = self.look.as_mut() else { return };
        look.failed = None;
        look.shown = Some(Arc::new(Looked { report, values, reasons, footprint }));
    }

    /// How far reading is.
    pub(super) fn look_progress(&mut self, job: Option<Job>) {
        if let Some(look) = self.look.as_mut() {
            look.job = job;
        }
    }

    /// The request had no answer.
    pub(super) fn look_failed(&mut self, failure: Failure) {
        if let Some(look) = self.look.as_mut() {
            look.failed = Some(failure);
        }
    }
}

impl Look {
    /// The layer that is shown, else the one that was asked for.
    fn layer(&self) -> Option<String> {
        let shown = || {
            let report = &self.shown.as_ref()?.report;
            Some(report.layers.get(report.layer)?.name.clone())
        };
        self.at.layer.clone().or_else(shown)
    }

    /// Its day.
    fn step(&self) -> LookStep {
        let shown = || {
            let report = &self.shown.as_ref()?.report;
            report.steps.get(report.step).copied()
        };
        shown().unwrap_or(self.at.step)
    }
}
