//! A bundle that is opened again: its choices become the page's, and its map is compared with the one made again.

use super::bundle_action::BundleAction;
use super::ledger::Kind;
use super::{Attach, Chosen, Job, State};
use crate::protocol::{BundleComparison, BundleEvent, BundleReport, BundleRequest, Request};
use loam_core::export::bundle::file_name;
use loam_core::file::{Correction, FileId};
use loam_core::method::Method;

/// A bundle, as the page knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reopened {
    /// Its file.
    file: FileId,
    /// What it says, once it is read.
    pub report: Option<BundleReport>,
    /// What a comparison found.
    pub compared: Option<BundleComparison>,
    /// A comparison, under way.
    pub job: Option<Job>,
    /// Its choices are to become the page's when it is read.
    adopt: bool,
}

impl State {
    /// A bundle lies among the files that were opened.
    pub(super) fn found_bundle(&mut self, file: FileId) {
        self.bundle.set(Some(Reopened { file, report: None, compared: None, job: None, adopt: true }));
        self.read_bundle();
    }

    /// Has the worker read the bundle (again).
    pub(super) fn read_bundle(&mut self) {
        if let Some(file) = self.bundle.as_ref().map(|bundle| bundle.file) {
            let request = Request::Bundle(BundleRequest::Open);
            self.send_with(Kind::Bundle, request, Attach::Files(vec![file]));
        }
    }

    pub(super) fn bundle_action(&mut self, action: BundleAction) {
        match action {
            BundleAction::Adopt => {
                if let Some(bundle) = self.bundle.as_mut() {
                    (bundle.adopt, bundle.compared) = (true, None);
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
            BundleAction::Close => self.bundle.set(None),
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
            BundleEvent::Opened(report) => {
                let adopt = std::mem::take(&mut bundle.adopt);
                bundle.report = Some((*report).clone());
                if adopt {
                    self.adopt(*report);
                }
            }
        }
    }

    /// The choices of a bundle become the page's. Its method and weights are the worker's already.
    fn adopt(&mut self, report: BundleReport) {
        let BundleReport { title, date, settings, method, demo, .. } = report;
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
        // What was said of its files holds for those that are open, and for those that come.
        let corrected: Vec<(FileId, Correction)> =
            self.files.iter().filter_map(|row| Some((row.id, self.correction_of(&row.name)?))).collect();
        for (file, correction) in corrected {
            self.correct(file, correction);
        }
        // Of files that are still to come, or a scene that is being made, the date is not known yet.
        if self.timeline.days.iter().any(|day| day.date == date) {
            self.choose_date(date);
        } else {
            self.linked = Some(date);
            self.date.put(None);
        }
        self.say(format!("Bundle opened: {title}."));
    }

    /// What the bundle says that the user said of a file of this name.
    pub(super) fn correction_of(&self, name: &str) -> Option<Correction> {
        let report = self.bundle.as_ref()?.report.as_ref()?;
        let input = report.inputs.iter().find(|input| file_name(&input.name) == file_name(name))?;
        (input.correction != Correction::default()).then(|| input.correction.clone())
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
