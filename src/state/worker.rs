//! The worker's life: started, told what is open, lost, replaced without what it died of.

use super::ledger::Kind;
use super::train::Run;
use super::{Attach, Chosen, Effect, NOT_READ, State};
use crate::protocol::Request;
use loam_core::device_report::DevicePreference;
use loam_core::weights_report::WeightsReport;

/// Losses in a row after which no other worker is started.
const MOST_LOSSES: u32 = 3;

/// What to do after the worker died of what it was doing.
fn again(under_way: &[Kind]) -> &'static str {
    let has = |kind: Kind| under_way.contains(&kind);
    if has(Kind::Train) || has(Kind::Estimate) {
        "A run with a checkpoint is offered again. If it stops there again, choose a smaller region or batch."
    } else if has(Kind::Season) {
        "Press Resume under Season: the dates that are done are kept. If it stops there again, choose a smaller region."
    } else if has(Kind::Predict) {
        "Predict again; if it stops there again, make the region smaller."
    } else {
        "Repeat the last step."
    }
}

impl State {
    /// The user chooses a device: another worker.
    pub(super) fn prefer(&mut self, preference: DevicePreference) {
        self.preference.set(preference);
        self.gpu_absent = false;
        self.alive();
        self.start_worker();
    }

    /// Starts the worker (again), and tells it of preference and adapter and of what is open.
    pub(super) fn start_worker(&mut self) {
        let (preference, adapter) = (*self.preference, self.adapter.clone());
        // The GPU's program is three times the size of the CPU's: fetched only where it is used.
        self.with_gpu = self.gpu_program && !self.gpu_absent && preference.wants_gpu(adapter.as_ref());
        self.device.put(None);
        self.stopped.put(false);
        self.settle();
        self.out.push(Effect::StartWorker { gpu: self.with_gpu });
        self.has_worker = true;
        self.send(Kind::Device, Request::Start { preference, adapter });
        self.tell_again();
    }

    /// No job is under way any more. What was.
    fn settle(&mut self) -> Vec<Kind> {
        let under_way = self.ledger.abandon();
        self.reading.put(None);
        self.predicting.put(None);
        self.exporting.put(false);
        self.playing.put(false);
        self.opening.clear();
        if self.pending.is_some() {
            self.pending.set(Some(NOT_READ));
        }
        self.forget_asked();
        self.ground_lost();
        self.end_look();
        self.run_lost();
        self.season_lost();
        self.bundle_lost();
        under_way
    }

    /// Tells a fresh worker about demo, files, corrections and weights.
    fn tell_again(&mut self) {
        if let Some(region) = self.desk.demo().map(str::to_owned) {
            self.send(Kind::Open, Request::Demo { region });
            self.simulate_again();
        }
        match self.train.run_of(&self.weights) {
            Some(run) if self.train.unsaved.is_none() => self.use_run(run.run),
            lost => {
                if let Some(run) = lost {
                    self.note(format!(
                        "The weights trained on {} were lost with the worker: runs cannot be kept in this browser",
                        run.region
                    ));
                    self.weights.set(WeightsReport::default());
                }
                if self.weights_file.is_some() {
                    self.out.push(Effect::ReadWeights);
                }
            }
        }
        self.tell_choice();
        self.read_bundle();
        self.read_again();
        self.ask_timeline();
    }

    /// The browser started no worker.
    pub(super) fn worker_refused(&mut self, why: &str) {
        self.no_worker();
        self.fail("The worker could not be started", why, "Reload the page.");
    }

    fn no_worker(&mut self) {
        self.has_worker = false;
        self.settle();
        self.out.push(Effect::StopWorker);
        self.device.put(None);
        self.stopped.set(true);
    }

    /// The worker's program could not be loaded: the CPU's serves in place of the GPU's; without it nothing computes.
    pub(super) fn worker_absent(&mut self, why: &str) {
        if self.with_gpu {
            self.gpu_absent = true;
            self.note(format!("The program for the GPU could not be loaded, so the CPU is used: {why}"));
            return self.start_worker();
        }
        self.no_worker();
        self.fail("The worker could not be loaded", why, "Check the network, then reload the page.");
    }

    /// The worker died: start another, without what it died of; give up where it keeps dying.
    pub(super) fn worker_lost(&mut self, why: &str) {
        self.show_reports();
        self.losses += 1;
        let under_way = self.settle();
        let culprit = self.put_aside(&under_way, why);
        let what = format!("The worker stopped ({why})");
        if culprit.is_some() || self.losses <= MOST_LOSSES {
            let remedy = culprit.unwrap_or_else(|| again(&under_way).to_owned());
            let what = format!("{what} and was started again; your files are being read again");
            self.fail(&what, "", &remedy);
            self.start_worker();
        } else {
            self.no_worker();
            self.fail(
                &format!("{what} {} times and was not started again", self.losses),
                "",
                "Choose “CPU” under Method, “Device”, or reload the page. The file list is kept until then.",
            );
        }
    }

    /// Leaves out what the worker was busy with when it died; says what was left out.
    fn put_aside(&mut self, under_way: &[Kind], why: &str) -> Option<String> {
        if under_way.contains(&Kind::Weights) {
            if self.weights_file.take().is_some() {
                let said = "It stopped while loading your weights file: the shipped weights are used.";
                return Some(said.to_owned());
            }
            if self.train.run_of(&self.weights).is_some() || self.train.recalled.is_some() {
                self.weights.set(WeightsReport::default());
                self.train.recalled.put(None);
                self.remember_weights();
                let said = "It stopped while loading the weights of a run: the shipped weights are used.";
                return Some(said.to_owned());
            }
        }
        if under_way.contains(&Kind::Ground) && self.leave_out_stations(why) {
            return Some("It stopped while reading stations, which were left out.".to_owned());
        }
        if under_way.contains(&Kind::Bundle) {
            self.bundle.set(None);
            return Some("It stopped at the bundle, which was put away.".to_owned());
        }
        let name = under_way.contains(&Kind::Open).then(|| self.leave_out(why)).flatten()?;
        Some(format!("It stopped while reading {name}, which was left out."))
    }

    /// The worker proved alive: earlier losses are forgiven.
    pub(super) fn alive(&mut self) {
        self.losses = 0;
    }

    /// A run that was under way is lost with its worker.
    fn run_lost(&mut self) {
        self.train.estimating.put(None);
        let run = match &*self.train.run {
            Run::Preparing { run, .. } => run.clone(),
            Run::Running { run, .. } => Some(run.clone()),
            _ => return,
        };
        self.train.run.set(Run::Lost { run, asked: 0 });
    }

    /// The user's own weights: their bytes are read outside.
    pub(super) fn open_weights(&mut self, name: String, among_data: Option<bool>) {
        if let Some(several) = among_data {
            let which = if several { ", the last of several weights files;" } else { ";" };
            self.note(format!(
                "Loaded as weights, not as data: {name}{which} see Method, “Rules and weights”"
            ));
        }
        self.choice.put(Chosen::Weights);
        self.weights_file = Some(name);
        self.train.recall.put(None);
        self.out.push(Effect::ReadWeights);
    }

    /// Their bytes are there.
    pub(super) fn weights_read(&mut self) {
        if let Some(name) = self.weights_file.clone() {
            self.send_with(Kind::Weights, Request::LoadWeights { name }, Attach::Weights);
        }
    }

    /// They are not.
    pub(super) fn weights_unreadable(&mut self, why: &str) {
        let name = self.weights_file.clone().unwrap_or_default();
        self.fail(&format!("{name} could not be read ({why})"), "", "Choose the file again.");
    }

    /// The weights in use, as the worker says.
    pub(super) fn take_weights(&mut self, weights: WeightsReport) {
        self.weights.put(weights);
        self.train_weights_changed();
    }
}
