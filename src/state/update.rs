//! One event after the other.

use super::hash::Hash;
use super::ledger::Kind;
use super::remembered::Remembered;
use super::undo::Step;
use super::{Chosen, Due, Effect, Event, State, preset_settings};
use crate::protocol::Request;
use loam_core::stack::Preset;

impl State {
    /// Takes an event; says what is to be done outside, in this order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        self.happened(event);
        std::mem::take(&mut self.out)
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Began { hash, remembered } => {
                // The weights of a run, or the advice to load a file again, come when the runs are known.
                if remembered != Remembered::Shipped {
                    self.choice.put(Chosen::Weights);
                }
                self.train.recall.set(Some(remembered));
                self.linked = hash.date;
                self.take_address(hash);
            }
            Event::Address(hash) => {
                self.keep_choice();
                self.take_address(hash);
            }
            Event::Probed { adapter, gpu_program } => {
                (self.adapter, self.gpu_program) = (adapter, gpu_program);
                self.start_worker();
            }
            Event::WorkerRefused(why) => self.worker_refused(&why),
            Event::WorkerLost(why) => self.worker_lost(&why),
            Event::WorkerAbsent(why) => self.worker_absent(&why),
            Event::Answered(envelope, attachments) => self.answered(*envelope, attachments),
            Event::NotSent(id, why) => self.not_sent(id, &why),
            Event::Due(Due::Reports) => self.show_reports(),
            Event::Due(Due::Follow(turn)) => self.follow_now(turn),
            Event::Due(Due::TimeIsUp) => self.time_is_up(),
            Event::Due(Due::Plan(turn)) => self.plan_now(turn),
            Event::Due(Due::Curves) => self.draw_curves(),
            Event::Due(Due::Runs) | Event::Runs => self.ask_runs(),
            Event::Prefer(preference) => self.prefer(preference),
            Event::SelfCheck => drop(self.send(Kind::Device, Request::SelfCheck)),

            Event::LoadDemo(region) => self.load_demo(&region),
            Event::BackToDemo => self.back_to_demo(),
            Event::BackToOwn => self.back_to_own(),
            Event::BackToRemoved => {
                if let Some(at) = self.undo.iter().rposition(|step| *step == Step::Removal) {
                    self.undo.remove(at);
                }
                self.bring_removed_back();
            }
            Event::ForgetRemoved => {
                self.desk.forget_removed();
                self.forget_removal_steps();
            }
            Event::Open(files) => self.open(files),
            Event::OpenWeights { name, among_data } => self.open_weights(name, among_data),
            Event::WeightsRead => self.weights_read(),
            Event::WeightsUnreadable(why) => self.weights_unreadable(&why),
            Event::Forget(file) => self.forget(file),
            Event::ForgetAll => self.forget_all(),
            Event::Correct(file, correction) => self.correct(file, *correction),

            Event::Date(date) => {
                self.playing.put(false);
                self.choose_date(date);
            }
            Event::Settings(settings) => self.choose_settings(*settings),
            Event::GoToData => self.go_to_data(),
            Event::Predict => self.predict(),
            Event::Follow(on) => {
                self.follow.put(on);
                self.forget_asked();
                self.follow_map();
            }
            Event::Play(on) => self.play(on),
            Event::Rank => self.rank(),
            Event::CancelReading => {
                if let Some(id) = self.reading.as_ref().map(|job| job.id) {
                    self.cancel(id);
                    if let Some(job) = self.reading.as_mut() {
                        job.what = "cancelling".to_owned();
                    }
                }
            }
            Event::CancelPredicting => self.cancel_predicting(),
            Event::UseMethod(method) => {
                self.choice.put(Chosen::Method(method));
                self.tell_choice();
            }
            Event::UseBest => {
                self.choice.put(Chosen::Best);
                self.tell_choice();
            }
            Event::UseShipped => self.use_shipped(),
            Event::Export(form) => self.export(form),
            Event::Saved(name, Ok(())) => self.say(format!("{name} saved.")),
            Event::Saved(name, Err(why)) => {
                let remedy = "Check that this site may download files.";
                self.fail(&format!("{name} could not be saved"), &why, remedy);
            }
            Event::Dismiss(number) => self.notices.retain(|n| n.number != number),
            Event::Problem(failure) => self.notify(true, failure),
            Event::Say(text) => self.say(text),
            Event::Undo => self.take_back(),
            Event::Ground(act, action) => act(self, action),
            Event::Look(act, action) => act(self, action),
            Event::NotRemembered(why) => self.note(format!(
                "This browser does not remember which weights are in use, so the shipped ones are used after a reload: {why}"
            )),

            Event::Bundle(act, action) => act(self, action),

            Event::SeasonPart(logic) => self.season_logic = Some(logic),
            Event::SeasonPeriod(from, to) => self.season_period(from, to),
            Event::Season => self.predict_season(),
            Event::CancelSeason => self.cancel_season(),

            Event::TrainSettings(settings) => self.set_training(*settings),
            Event::TrainTyped(field, why) => self.train_typed(field, why),
            Event::TrainNetwork(network) => self.train_network(network),
            Event::TrainStart(start) => self.train_start(start),
            Event::SaveTrainSettings => self.save_train_settings(),
            Event::ReadTrainSettings(file, name) => self.read_train_settings(file, name),
            Event::Estimate => self.estimate(),
            Event::CancelEstimate => self.cancel_estimate(),
            Event::Train => self.train(),
            Event::Resume(run) => self.resume(run),
            Event::Pause(pause) => self.pause(pause),
            Event::Stop => self.stop(),
            Event::CancelRun => self.cancel_run(),
            Event::Keep(keep) => self.keep(keep),
            Event::ForgetRun(run) => self.forget_run(run),
            Event::UseRun(run) => self.use_run(run),
            Event::KeepRecalled => self.train.recalled.put(None),
        }
    }

    /// Region and date of an address.
    fn take_address(&mut self, hash: Hash) {
        self.choose_method(hash.method);
        let mut settings = self.settings.clone();
        if let Some(preset) = hash.preset.as_deref().and_then(Preset::find) {
            let of = preset_settings(preset);
            (settings.window, settings.region) = (of.window, of.region);
        } else if let Some(window) = hash.window {
            (settings.window, settings.region) = (window, None);
        }
        if settings != *self.settings {
            self.apply_settings(settings);
        }
        if hash.date.is_some() {
            self.date.put(hash.date);
            self.follow_map();
        }
    }
}
