//! What the worker answers.

use super::ledger::Kind;
use super::{Effect, Job, State};
use crate::protocol::{Attachment, Envelope, Event};

/// Id of events that answer no request: a [`Event::Failed`] under it says that the worker is lost.
const NO_REQUEST: u64 = 0;

impl State {
    pub(super) fn answered(&mut self, envelope: Envelope<Event>, attachments: Vec<Attachment>) {
        let Envelope { id, body } = envelope;
        if id == NO_REQUEST {
            return match body {
                Event::Failed(failure) => self.worker_lost(&failure.what),
                Event::Device(device) => self.device.set(Some(device)),
                Event::Warning(text) => self.note(text),
                _ => {}
            };
        }
        let Some(kind) = self.ledger.kind(id) else { return };
        match body {
            Event::Device(device) => {
                self.alive();
                self.device.set(Some(device));
                self.ask_runs();
                self.follow_map();
            }
            Event::FileRead(report) => self.wait_with(report),
            // The row went when its removal was asked for; Undo may have brought it back since.
            Event::FileGone(_) => {}
            Event::SetAside(found) => {
                self.show_reports();
                self.set_aside(found);
            }
            Event::Timeline(timeline) => {
                self.show_reports();
                if kind == Kind::Timeline {
                    self.pending.put(None);
                }
                self.take_timeline(timeline);
            }
            Event::Progress { done, total, what } => {
                let job = Job { id, done, total, what };
                match kind {
                    Kind::Predict | Kind::Rank => self.predicting.set(Some(job)),
                    Kind::Open => self.reading.set(Some(job)),
                    Kind::Ground => self.ground.job.set(Some(job)),
                    Kind::Look => self.look_progress(Some(job)),
                    Kind::Season => self.season_progress(job),
                    Kind::Bundle => self.bundle_progress(job),
                    _ => self.training_progress(kind, job),
                }
            }
            Event::Warning(text) => self.note(text),
            Event::Map(report) => self.take_map(*report, &attachments),
            Event::Ground(event) => self.take_ground(*event),
            Event::Look(report) => self.take_look(&report, attachments),
            Event::SeasonDay(report) => self.season_day(&report, attachments),
            Event::Season(report) => self.season_made(&report, attachments),
            Event::Bundle(event) => self.take_bundle(event),
            Event::Ranking { best, sentence, whole } => self.take_ranking(best, sentence, whole),
            Event::Weights(weights) => {
                let other = self.weights.method() != weights.method();
                self.take_weights(weights);
                self.bundle_weights(kind);
                self.weights_taken(id);
                if other {
                    // Another method can be used on other dates.
                    self.rules_changed();
                }
                self.follow_map();
            }
            Event::Exported { name, mime } => match attachments.into_iter().next() {
                Some(Attachment::U8(bytes)) => self.out.push(Effect::Save { name, mime, bytes }),
                _ => self.fail("The export came without its bytes", "", "Reload the page and try again."),
            },
            Event::Cancelled => {
                self.over(id, kind, true);
                if kind != Kind::Plan {
                    self.say("Cancelled.");
                }
            }
            Event::Finished => self.over(id, kind, false),
            Event::Failed(failure) => {
                self.over(id, kind, false);
                if kind == Kind::Plan {
                    self.no_plan(&failure);
                } else if kind == Kind::Look {
                    self.look_failed(failure);
                } else {
                    let failure = self.recall_failed(id, failure);
                    self.not_answered(kind, failure);
                }
            }
            training => self.training_answered(id, training, attachments),
        }
    }

    /// A request is over, with or without an answer.
    pub(super) fn over(&mut self, id: u64, kind: Kind, cancelled: bool) {
        self.ledger.end(id);
        match kind {
            Kind::Predict | Kind::Rank => {
                self.predicting.put(None);
                self.follow_map();
            }
            Kind::Open => {
                self.show_reports();
                self.opened(id, cancelled);
                if !self.busy(Kind::Open) {
                    self.reading.put(None);
                    self.demo_returns();
                    if !cancelled {
                        self.follow_files();
                    }
                    self.follow_map();
                }
            }
            Kind::Weights => self.follow_map(),
            Kind::Ground => self.ground_over(),
            Kind::Look => self.look_progress(None),
            Kind::Season => self.season_over(),
            Kind::Bundle => self.bundle_over(),
            Kind::Export => {
                let more = self.busy(Kind::Export);
                self.exporting.put(more);
            }
            _ => self.training_over(id, kind, cancelled),
        }
    }

    /// A request could not be posted.
    pub(super) fn not_sent(&mut self, id: u64, why: &str) {
        if let Some(kind) = self.ledger.kind(id) {
            self.over(id, kind, false);
        }
        self.fail("The request could not be sent to the worker", why, "Reload the page.");
    }
}
