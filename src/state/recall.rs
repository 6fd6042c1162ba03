//! Which weights are in use, remembered over a reload: a run's are used again, which is said; a file's have to be loaded again.

use super::ledger::Kind;
use super::remembered::Remembered;
use super::{Chosen, Effect, State, words};
use crate::protocol::{Failure, Request};
use loam_core::training::RunReport;

/// What to do, in all cases.
const SHIPPED: &str = "The shipped weights are used";

/// A run whose weights were in use before the page was loaded, and the request to use them again.
#[derive(Debug, Clone, PartialEq)]
pub struct RecalledRun {
    /// The request's number.
    pub request: u64,
    /// The run.
    pub run: RunReport,
}

impl RecalledRun {
    /// What is said of it.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "The weights trained on {} on {} (UTC) are in use again.",
            self.run.region,
            words::moment(self.run.begun_ms)
        )
    }
}

impl State {
    /// Remembers what is in use now.
    pub(super) fn remember_weights(&mut self) {
        let weights = &*self.weights;
        if weights.closed_form.is_some() || weights.hash.is_empty() && !weights.network.is_shipped() {
            return; // A method without weights, or a network whose weights are not there.
        }
        let in_use = match self.train.run_of(weights) {
            Some(run) => Remembered::Run(run.run),
            None if self.weights_file.as_ref().is_some_and(|name| *name == weights.name) => {
                Remembered::File(weights.name.clone())
            }
            None => Remembered::Shipped,
        };
        self.out.push(Effect::Remember(in_use));
    }

    /// Asks for the weights that were in use before the page was loaded, once, when the runs are known. `unsaved`: why there can be none.
    pub(super) fn recall(&mut self, unsaved: Option<&str>) {
        let Some(remembered) = self.train.recall.as_ref().cloned() else { return };
        self.train.recall.set(None);
        match remembered {
            Remembered::Shipped => {}
            Remembered::Run(id) => {
                let run = self.train.runs.iter().find(|r| r.run == id && r.result.is_some()).cloned();
                if let Some(run) = run {
                    if let Some(request) = self.send(Kind::Weights, Request::UseRun { run: id }) {
                        self.train.recalled.set(Some(RecalledRun { request, run }));
                    }
                    return;
                }
                // A run is named after the moment it began.
                let begun = id
                    .parse()
                    .map_or_else(|_| id.clone(), |begun| format!("begun {} (UTC)", words::moment(begun)));
                let why = match unsaved {
                    Some(why) => format!("its storage cannot be used ({why})"),
                    None => {
                        // Where the storage cannot be told from an empty one it is asked again next time; here the run is gone.
                        self.out.push(Effect::Remember(Remembered::Shipped));
                        "they are no longer in its storage".to_owned()
                    }
                };
                let what =
                    format!("The weights of the run {begun} were in use in this browser before, but {why}");
                self.notify(false, Failure { what, remedy: SHIPPED.to_owned() });
            }
            Remembered::File(name) => {
                self.out.push(Effect::Remember(Remembered::Shipped));
                let what = format!(
                    "The weights of the file {name} were in use before the page was loaded again; a file's weights are not kept"
                );
                let remedy =
                    format!("{SHIPPED} until you load the file again under Method, “Rules and weights”");
                self.notify(false, Failure { what, remedy });
            }
        }
    }

    /// The worker named the weights in use, in answer to this request.
    pub(super) fn weights_taken(&mut self, request: u64) {
        let recalled = self.train.recalled.as_ref().filter(|r| r.request == request);
        if let Some(sentence) = recalled.map(RecalledRun::sentence) {
            self.say(sentence);
        }
        self.remember_weights();
    }

    /// A request about weights failed: what is said of it.
    pub(super) fn recall_failed(&mut self, request: u64, failure: Failure) -> Failure {
        let Some(recalled) = self.train.recalled.as_ref().filter(|r| r.request == request).cloned() else {
            return failure;
        };
        self.train.recalled.set(None);
        let remedy =
            format!("{SHIPPED}. {} Reload the page to try again, or delete the run.", failure.remedy);
        let of = recalled.run.region;
        Failure {
            what: format!("The weights trained on {of} could not be used again: {}", failure.what),
            remedy,
        }
    }

    /// The shipped weights, from now on.
    pub(super) fn use_shipped(&mut self) {
        self.choice.put(Chosen::Weights);
        self.weights_file = None;
        self.train.recall.put(None);
        // The shipped weights of a region may be named by the next prediction alone.
        self.out.push(Effect::Remember(Remembered::Shipped));
        self.send(Kind::Weights, Request::ShippedWeights);
    }
}
