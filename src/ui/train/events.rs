//! What the worker says of training, turned into state.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use js_sys::Date as JsDate;
use leptos::prelude::*;

use super::state::Preview;
use super::words;
use crate::protocol::{Attachment, Event, Failure, StepReport, TrainStarted};
use crate::ui::ledger::Kind;
use crate::ui::state::App;
use loam_core::training::{EpochReport, RunReport};

/// Between two drawings of the chart: steps may come many times a second.
const DRAW: Duration = Duration::from_millis(200);
/// Between two epochs read out, milliseconds: an epoch may take less than its sentence.
const SPOKEN: f64 = 5000.0;
/// How often the runs are asked for again while the lost worker's lock on its run is not yet free.
const RETRIES: u32 = 5;

thread_local! {
    static DRAWING: Cell<bool> = const { Cell::new(false) };
    static LAST_SPOKEN: Cell<f64> = const { Cell::new(0.0) };
    static TRIED: Cell<u32> = const { Cell::new(0) };
}

/// Takes one event.
pub fn handle(app: App, event: Event, attachments: Vec<Attachment>) {
    let t = app.train;
    match event {
        Event::TrainSettings(settings) => {
            t.typed.set(Vec::new());
            t.settings.set(*settings);
            t.replaced.update(|n| *n += 1);
            app.said.set("The settings of the file are in the form.".to_owned());
        }
        Event::TrainPlan(plan) => {
            t.plan_problem.set(None);
            t.plan.set(Some(plan));
        }
        Event::TrainEstimate(estimate) => {
            t.plan_problem.set(None);
            t.plan.set(Some(estimate.plan.clone()));
            t.estimate.set(Some(*estimate));
        }
        Event::TrainStarted(started) => begun(app, *started),
        Event::TrainStep(step) => stepped(app, step),
        Event::TrainEpoch(epoch) => epoch_done(app, epoch),
        Event::TrainCheckpoint(checkpoint) => t.checkpoint.set(Some(checkpoint)),
        Event::TrainPreview(report) => {
            let mut attachments = attachments.into_iter();
            if let (Some(Attachment::F32(values)), Some(Attachment::U8(reasons))) =
                (attachments.next(), attachments.next())
                && values.len() == report.columns * report.rows
            {
                t.preview.set(Some(Arc::new(Preview { report, values, reasons })));
            }
        }
        Event::TrainPaused(paused) => {
            t.paused.set(paused);
            app.said.set(if paused {
                "Training is paused.".to_owned()
            } else {
                "Training goes on.".to_owned()
            });
        }
        Event::TrainDone(report) => done(app, *report),
        Event::Runs { runs, unsaved } => listed(app, runs, unsaved),
        _ => {}
    }
}

/// A request of training is over. `cancelled`: by the user, so its curves go too.
pub fn over(app: App, kind: Kind, cancelled: bool) {
    let t = app.train;
    match kind {
        Kind::Estimate => t.estimating.set(None),
        Kind::Train => {
            t.job.set(None);
            t.paused.set(false);
            t.stopping.set(false);
            if cancelled {
                t.clear();
            }
            app.ask_runs();
        }
        _ => {}
    }
}

/// No plan: said beside the form, because the page asked for it and not the user.
pub fn no_plan(app: App, failure: &Failure) {
    let remedy = if failure.remedy.is_empty() { String::new() } else { format!(" {}", failure.remedy) };
    app.train.plan.set(None);
    app.train.plan_problem.set(Some(format!("{}.{remedy}", failure.what.trim_end_matches('.'))));
}

fn begun(app: App, mut started: TrainStarted) {
    let t = app.train;
    t.clear();
    t.done.set(None);
    t.losses.set(std::mem::take(&mut started.losses));
    t.epochs.set(std::mem::take(&mut started.history));
    let (region, resumed) = (started.region.clone(), started.resumed);
    t.current.set(started.run.clone());
    t.started.set(Some(started));
    quiet_job(app);
    t.tick.update(|n| *n += 1);
    app.said.set(format!(
        "Training on {region} {}.",
        if resumed { "resumes from the last checkpoint" } else { "begins" }
    ));
}

/// What was being prepared is done.
fn quiet_job(app: App) {
    if app.train.job.with_untracked(|j| j.as_ref().is_some_and(|j| !j.what.is_empty())) {
        app.train.job.update(|j| {
            if let Some(j) = j {
                (j.what, j.done, j.total) = (String::new(), 0, 0);
            }
        });
    }
}

fn stepped(app: App, step: StepReport) {
    let t = app.train;
    let per_epoch = t.started.with_untracked(|s| s.as_ref().map_or(0, |s| s.steps_per_epoch));
    let index = step.epoch.saturating_sub(1) * per_epoch + step.step.saturating_sub(1);
    // By place, not by order: a run that was set back to a checkpoint repeats steps.
    t.losses.update_untracked(|losses| {
        // A gap beyond what any run has is a mistake of the worker, not a reason to fill the memory.
        if index < losses.len() + 1_000_000 {
            losses.resize(index, f64::NAN);
            losses.push(step.loss);
        }
    });
    t.step.set(Some(step));
    quiet_job(app);
    if !DRAWING.replace(true) {
        set_timeout(
            move || {
                DRAWING.set(false);
                t.tick.update(|n| *n += 1);
            },
            DRAW,
        );
    }
}

fn epoch_done(app: App, epoch: EpochReport) {
    let t = app.train;
    t.epochs.update(|epochs| {
        epochs.retain(|e| e.epoch < epoch.epoch);
        epochs.push(epoch);
    });
    let now = JsDate::now();
    if now - LAST_SPOKEN.get() >= SPOKEN {
        LAST_SPOKEN.set(now);
        let of = t.started.with_untracked(|s| s.as_ref().map_or(0, |s| s.settings.epochs));
        let validation =
            epoch.validation.map(|v| format!(", validation {}", words::loss(v))).unwrap_or_default();
        let best = if epoch.best { ", the best so far" } else { "" };
        app.said.set(format!(
            "Epoch {} of {of}: training {}{validation}{best}.",
            epoch.epoch,
            words::loss(epoch.train_loss)
        ));
    }
}

fn done(app: App, report: RunReport) {
    let t = app.train;
    t.paused.set(false);
    t.stopping.set(false);
    if let Some(result) = &report.result {
        let choice = result.choice.as_ref().map_or("", |choice| choice.sentence.as_str());
        app.said.set(format!("Training is over. {choice} {}", result.sentence));
    }
    t.runs.update(|runs| {
        runs.retain(|r| r.run != report.run);
        runs.insert(0, report.clone());
    });
    t.done.set(Some(report));
    // The worker named the weights in use before the page knew of the run.
    super::recall::remember(app);
}

fn listed(app: App, mut runs: Vec<RunReport>, unsaved: Option<String>) {
    let t = app.train;
    if unsaved.is_some() {
        // Runs of this session are known to the page alone.
        let here = t
            .runs
            .get_untracked()
            .into_iter()
            .filter(|r| r.result.is_some() && runs.iter().all(|k| k.run != r.run));
        let here: Vec<RunReport> = here.collect();
        runs.extend(here);
    }
    // What became of the run that was under way when the worker was lost.
    let broken = t.broken.get_untracked();
    let found =
        broken.as_ref().map(|id| runs.iter().find(|r| r.result.is_none() && r.run == *id).map(|r| r.in_use));
    t.runs.set(runs);
    t.unsaved.set(unsaved.clone());
    super::recall::recall(app, unsaved.as_deref());
    match found {
        None | Some(Some(false)) => TRIED.set(0),
        Some(Some(true)) if TRIED.get() < RETRIES => {
            // The lost worker's lock on its run is given back a moment after its end.
            TRIED.set(TRIED.get() + 1);
            set_timeout(move || app.ask_runs(), Duration::from_millis(800));
        }
        Some(Some(true)) => {}
        Some(None) => {
            t.broken.set(None);
            if broken.is_some_and(|id| !id.is_empty()) {
                let why = unsaved.unwrap_or_else(|| "it had no checkpoint yet".to_owned());
                app.fail(
                    "The run under way was lost with the worker",
                    &why,
                    "Start it again; nothing else is lost.",
                );
            }
        }
    }
}
