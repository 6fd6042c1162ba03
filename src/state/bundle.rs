//! A bundle that is opened again: its choices become the page's, and its map is compared with the one made again.

use super::bundle_action::BundleAction;
use super::ledger::Kind;
use super::{Attach, Chosen, Event, Job, State};
use crate::protocol::{BundleComparison, BundleEvent, BundleReport, BundleRequest, Packed, Request};
use loam_core::file::FileId;
use loam_core::method::Method;

/// A bundle, as the page knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reopened {
    /// Its file.
    file: FileId,
    /// What it says, once it is read.
    pub report: Option<Packed<BundleReport>>,
    /// What a comparison found.
    pub compared: Option<BundleComparison>,
    /// A comparison, under way.
    pub job: Option<Job>,
    /// SHA-256 of the weights that it brought, as the worker names them; empty where it brought none.
    weights: String,
    /// Its choices are to become the page's once it is read: [`BundleAction::Adopt`] does that.
    pub adopt: bool,
}

impl BundleAction {
    /// As an event. With it goes the function that does it: so that lies in the part of the page that asks, and not in the first one.
    #[must_use]
    pub fn event(self) -> Event {
        Event::Bundle(State::bundle_action, self)
    }
}

impl State {
    /// A bundle lies among the files that were opened.
    pub(super) fn found_bundle(&mut self, file: FileId) {
        let weights = String::new();
        self.bundle.set(Some(Reopened {
            file,
            report: None,
            compared: None,
            job: None,
            weights,
            adopt: true,
        }));
        self.read_bundle();
    }

    /// Has the worker read the bundle (again). Its method answers where its choices are to be taken over, and in a fresh worker where its
    /// weights were in use.
    pub(super) fn read_bundle(&mut self) {
        if let Some(bundle) = self.bundle.as_ref() {
            let its_weights = !bundle.weights.is_empty() && self.weights.hash == bundle.weights;
            let in_use = bundle.adopt || its_weights && *self.choice == Chosen::Weights;
            let file = bundle.file;
            let request = Request::Bundle(BundleRequest::Open { in_use });
            self.send_with(Kind::Bundle, request, Attach::Files(vec![file]));
        }
    }

    /// The worker named the weights that answer a request: those of the bundle, where it was one about it.
    pub(super) fn bundle_weights(&mut self, kind: Kind) {
        let hash = self.weights.hash.clone();
        if let Some(bundle) = self.bundle.as_mut().filter(|_| kind == Kind::Bundle) {
            bundle.weights = hash;
        }
    }

    /// It is put away, here and in the worker.
    pub(super) fn close_bundle(&mut self) {
        if self.bundle.is_some() {
            self.bundle.set(None);
            self.send(Kind::Bundle, Request::Bundle(BundleRequest::Close));
        }
    }

    fn bundle_action(&mut self, action: BundleAction) {
        match action {
            BundleAction::Adopt => {
                let report = match self.bundle.as_mut() {
                    Some(bundle) => {
                        bundle.adopt = false;
                        bundle.report.as_ref().map(Packed::open)
                    }
                    None => None,
                };
                match report {
                    Some(Ok(report)) => self.adopt(report),
                    Some(Err(error)) => {
                        self.fail("The bundle cannot be shown", &error.to_string(), "Reload the page.");
                    }
                    None => {}
                }
            }
            BundleAction::Again => {
                if let Some(bundle) = self.bundle.as_mut() {
                    (bundle.adopt, bundle.report, bundle.compared) = (true, None, None);
                }
                self.read_bundle();
            }
            BundleAction::Compare => {
                let job = self
                    .send(Kind::Bundle, Request::Bundle(BundleRequest::Compare))
                    .map(|id| Job::new(id, "comparing"));
                if let Some(bundle) = self.bundle.as_mut() {
                    (bundle.job, bundle.compared) = (job, None);
                }
            }
            BundleAction::Cancel => {
                if let Some(id) = self.bundle.as_ref().and_then(|bundle| Some(bundle.job.as_ref()?.id)) {
                    self.cancel(id);
                }
            }
            BundleAction::Close => self.close_bundle(),
        }
    }

    pub(super) fn take_bundle(&mut self, event: BundleEvent) {
        let Some(bundle) = self.bundle.as_mut() else { return };
        match event {
            BundleEvent::Compared(compared) => {
                let said = compared.verdict.clone();
                bundle.compared = Some(compared);
                self.say(said);
            }
            BundleEvent::Opened(report) => bundle.report = Some(report),
        }
    }

    /// The choices of a bundle become the page's. Its method and weights are the worker's already.
    fn adopt(&mut self, report: BundleReport) {
        let BundleReport { title, dates, settings, method, demo, .. } = report;
        if let Some(demo) = demo.filter(|demo| self.desk.demo() != Some(demo.as_str())) {
            self.load_demo(&demo);
        }
        self.weights_file = None;
        self.train.recall.put(None);
        self.choice.put(match method {
            Method::Network(_) => Chosen::Weights,
            method @ Method::ClosedForm(_) => Chosen::Method(method),
        });
        self.choose_settings(settings);
        let last = dates.last().copied();
        // Of files that are still to come, or a scene that is being made, the date is not known yet.
        match last.filter(|last| self.timeline.days.iter().any(|day| day.date == *last)) {
            Some(date) => self.choose_date(date),
            None => {
                self.linked = last;
                self.date.put(None);
            }
        }
        self.say(format!("Bundle opened: {title}."));
    }

    /// What was found of a map is not said of the next one.
    pub(super) fn bundle_of_another_map(&mut self) {
        if self.bundle.as_ref().is_some_and(|bundle| bundle.compared.is_some())
            && let Some(bundle) = self.bundle.as_mut()
        {
            bundle.compared = None;
        }
    }

    pub(super) fn bundle_progress(&mut self, job: Job) {
        if let Some(own) = self.bundle.as_mut().and_then(|bundle| bundle.job.as_mut()) {
            *own = job;
        }
    }

    /// A request about the bundle is over.
    pub(super) fn bundle_over(&mut self) {
        if let Some(bundle) = self.bundle.as_mut() {
            bundle.job = None;
            // One that could not be read is none.
            if bundle.report.is_none() {
                self.bundle.set(None);
            }
        }
        self.follow_map();
    }

    /// The worker is gone.
    pub(super) fn bundle_lost(&mut self) {
        if let Some(bundle) = self.bundle.as_mut() {
            bundle.job = None;
        }
    }
}
