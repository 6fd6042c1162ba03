//! What the worker says, turned into state.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use super::canvas;
use super::cursor::View;
use super::ledger::Kind;
use super::link::NO_REQUEST;
use super::state::{App, FileRow, Job, Layer, MapData};
use crate::protocol::{Attachment, Envelope, Event, Failure, FileReport, LayerKind, MapReport, Timeline};

thread_local! {
    /// Reports not shown yet: a demo has thousands, and each would redraw the list.
    static WAITING: RefCell<Vec<FileReport>> = const { RefCell::new(Vec::new()) };
}

/// Takes one event.
pub fn handle(app: App, envelope: Envelope<Event>, attachments: Vec<Attachment>) {
    let Envelope { id, body } = envelope;
    if id == NO_REQUEST {
        match body {
            Event::Failed(failure) => app.lost_later(failure.what),
            Event::Device(device) => app.device.set(Some(device)),
            Event::Warning(text) => app.notify(false, Failure { what: text, remedy: String::new() }),
            _ => {}
        }
        return;
    }
    let Some(kind) = app.kind_of(id) else { return };
    match body {
        Event::Device(device) => {
            app.alive();
            app.device.set(Some(device));
            app.ask_runs();
        }
        Event::FileRead(report) => wait(app, report),
        Event::FileGone(file) => app.files.update(|files| files.retain(|f| f.id != file)),
        Event::Timeline(timeline) => {
            flush(app);
            take_timeline(app, timeline);
        }
        Event::Progress { done, total, what } => {
            let job = Some(Job { id, done, total, what });
            match kind {
                Kind::Predict => app.predicting.set(job),
                Kind::Open => app.reading.set(job),
                Kind::Train => app.train.job.set(job),
                Kind::Estimate => app.train.estimating.set(job),
                _ => {}
            }
        }
        Event::Warning(text) => app.notify(false, Failure { what: text, remedy: String::new() }),
        Event::Map(report) => take_map(app, *report, attachments),
        Event::Weights(weights) => {
            let other = app.weights.with_untracked(|w| w.network != weights.network);
            app.weights.set(weights);
            super::train::recall::taken(app, id);
            if other {
                // Another network can be used on other dates.
                app.ask_timeline();
            }
        }
        Event::Exported { name, mime } => match attachments.into_iter().next() {
            Some(Attachment::U8(bytes)) => save(app, &name, &mime, &bytes),
            _ => app.fail("The export came without its bytes", "", "Reload the page and try again."),
        },
        Event::Cancelled => {
            over(app, id, kind, true);
            if kind != Kind::Plan {
                app.said.set("Cancelled.".to_owned());
            }
        }
        Event::Finished => over(app, id, kind, false),
        Event::Failed(failure) => {
            over(app, id, kind, false);
            if kind == Kind::Plan {
                super::train::events::no_plan(app, &failure);
            } else {
                app.notify(true, super::train::recall::failed(app, id, failure));
            }
        }
        training => super::train::events::handle(app, training, attachments),
    }
}

impl App {
    fn lost_later(self, why: String) {
        wasm_bindgen_futures::spawn_local(async move { self.lost(&why) });
    }
}

fn over(app: App, id: u64, kind: Kind, cancelled: bool) {
    app.end(id);
    match kind {
        Kind::Predict => app.predicting.set(None),
        Kind::Open => {
            flush(app);
            app.opened(id, cancelled);
            if !app.busy(Kind::Open) {
                app.reading.set(None);
            }
        }
        Kind::Export => app.exporting.set(app.busy(Kind::Export)),
        _ => super::train::events::over(app, kind, cancelled),
    }
}

fn wait(app: App, report: FileReport) {
    let first = WAITING.with_borrow_mut(|waiting| {
        waiting.push(report);
        waiting.len() == 1
    });
    if first {
        set_timeout(move || flush(app), Duration::from_millis(60));
    }
}

/// Shows the reports that wait.
pub fn flush(app: App) {
    let reports = WAITING.with_borrow_mut(std::mem::take);
    if reports.is_empty() {
        return;
    }
    let mut unknown = Vec::new();
    app.files.with_untracked(|files| {
        let known: std::collections::HashMap<u32, &FileRow> = files.iter().map(|r| (r.id, r)).collect();
        for report in reports {
            match known.get(&report.id) {
                Some(row) => row.report.set(Some(report)),
                None => unknown.push(report),
            }
        }
    });
    if !unknown.is_empty() {
        // The demo's files: their numbers are the worker's.
        app.files.update(|files| {
            files.extend(unknown.into_iter().map(|report| FileRow {
                id: report.id,
                name: report.name.clone(),
                bytes: report.bytes,
                report: ArcRwSignal::new(Some(report)),
                correction: ArcRwSignal::default(),
            }));
        });
    }
}

fn take_timeline(app: App, timeline: Timeline) {
    let present = app.date.get_untracked();
    let known = present.is_some_and(|date| timeline.days.iter().any(|d| d.date == date));
    if !known && !timeline.days.is_empty() {
        // The latest date with everything: a map to compare the estimate with, and a full history.
        let usable = || timeline.days.iter().rev().filter(|d| d.blocked.is_none());
        let best = usable().find(|d| d.fine.is_some() && d.history.len() >= 4).or_else(|| usable().next()).or(timeline.days.last());
        app.date.set(best.map(|d| d.date));
    }
    app.timeline.set(timeline);
}

fn take_map(app: App, report: MapReport, attachments: Vec<Attachment>) {
    let mut layers = Vec::new();
    for head in &report.layers {
        if let (Some(Attachment::F32(values)), Some(Attachment::U8(reasons))) =
            (attachments.get(head.values), attachments.get(head.reasons))
        {
            layers.push(Layer { kind: head.kind, values: values.clone(), reasons: reasons.clone(), statistics: head.statistics });
        }
    }
    let overpasses = match report.overpasses.and_then(|index| attachments.get(index)) {
        Some(Attachment::U8(codes)) => codes.clone(),
        _ => Vec::new(),
    };
    let same_place = app.map.with_untracked(|m| m.as_ref().is_some_and(|m| m.window() == report.settings.window));
    if !same_place {
        app.cursor.set(None);
        app.pinned.set(None);
        app.view.set(View::default());
    }
    for warning in &report.warnings {
        app.notify(false, Failure { what: warning.clone(), remedy: String::new() });
    }
    let mean = layers.iter().find(|l| l.kind == LayerKind::Estimate).and_then(|l| l.statistics.mean);
    let unit = if report.weights.network.is_brightness() { "kelvin" } else { "cubic metres per cubic metre" };
    let mean = mean.map(|m| format!(", mean {m:.3} {unit}")).unwrap_or_default();
    app.said.set(format!("Map of {} ready{mean}.", report.date));
    app.weights.set(report.weights.clone());
    app.map.set(Some(Arc::new(MapData { report, layers, overpasses })));
}

/// Hands bytes to the browser's download.
pub fn save(app: App, name: &str, mime: &str, bytes: &[u8]) {
    match canvas::download(name, mime, bytes) {
        Ok(()) => app.said.set(format!("{name} saved.")),
        Err(why) => app.fail(&format!("{name} could not be saved"), &why, "Check that this site may download files."),
    }
}
