//! What the buttons do: requests to the worker.

use crate::protocol::{ExportForm, Request};
use crate::ui::ledger::Kind;
use crate::ui::state::{App, Job};
use loam_core::training::RunId;

fn job(id: u64, what: &str) -> Job {
    Job { id, done: 0, total: 0, what: what.to_owned() }
}

impl App {
    /// Asks which dates would train, validate and test. Not with settings that are refused anyway.
    pub fn plan_training(self) {
        let train = self.train.settings.get_untracked();
        if train.check().is_ok() {
            let settings = self.settings.get_untracked();
            self.send(Kind::Plan, Request::TrainPlan { train, settings }, &[]);
        }
    }

    /// Asks what a run would take.
    pub fn estimate_training(self) {
        let (train, settings) = (self.train.settings.get_untracked(), self.settings.get_untracked());
        if let Some(id) = self.send(Kind::Estimate, Request::TrainEstimate { train, settings }, &[]) {
            self.train.estimating.set(Some(job(id, "measuring three steps")));
        }
    }

    /// Trains.
    pub fn start_training(self) {
        if self.train.job.with_untracked(Option::is_some) {
            return;
        }
        let (train, settings) = (self.train.settings.get_untracked(), self.settings.get_untracked());
        if let Some(id) = self.send(Kind::Train, Request::Train { train, settings }, &[]) {
            self.begin_run(id, RunId::new(), "preparing the images");
        }
    }

    /// Goes on with an unfinished run.
    pub fn resume_run(self, run: RunId) {
        if self.train.job.with_untracked(Option::is_some) {
            return;
        }
        if let Some(id) = self.send(Kind::Train, Request::ResumeRun { run: run.clone() }, &[]) {
            self.begin_run(id, run, "reading the checkpoint");
        }
    }

    fn begin_run(self, id: u64, run: RunId, what: &str) {
        self.train.clear();
        self.train.broken.set(None);
        self.train.current.set(run);
        self.train.job.set(Some(job(id, what)));
        self.said.set("Training is being prepared.".to_owned());
    }

    /// Pauses the run, or lets it go on.
    pub fn pause_training(self, pause: bool) {
        self.send(Kind::Files, Request::PauseTraining { pause }, &[]);
    }

    /// Ends the run with its best weights.
    pub fn stop_training(self) {
        if self.send(Kind::Files, Request::StopTraining, &[]).is_some() {
            self.train.stopping.set(true);
        }
    }

    /// Uses the weights of the last run, or those from before it.
    pub fn keep_trained(self, keep: bool) {
        self.send(Kind::Weights, Request::KeepTrained { keep }, &[]);
    }

    /// Asks for the runs in the browser's storage.
    pub fn ask_runs(self) {
        self.send(Kind::Runs, Request::Runs, &[]);
    }

    /// Deletes a run.
    pub fn forget_run(self, run: RunId) {
        self.train.broken.set(None);
        self.send(Kind::Runs, Request::ForgetRun { run }, &[]);
    }

    /// Uses the weights of a finished run.
    pub fn use_run(self, run: RunId) {
        self.train.recall.set(None);
        self.send(Kind::Weights, Request::UseRun { run }, &[]);
    }

    /// Asks for the weights in use as a file.
    pub fn export_weights(self) {
        if self.send(Kind::Export, Request::Export { form: ExportForm::Weights }, &[]).is_some() {
            self.exporting.set(true);
        }
    }
}
