//! What the worker says, turned into state.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use leptos::prelude::*;

use super::canvas;
use super::cursor::View;
use super::ledger::Kind;
use super::link::NO_REQUEST;
use super::state::{App, FileRow, Job, Layer, MapData, NOT_READ};
use crate::protocol::{Attachment, Envelope, Event, Failure, FileReport, MapReport, Timeline};
use loam_core::file::DEMO_FILE;
use loam_core::layer::{LayerKey, LayerKind};

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
        // The row went when its removal was asked for; Undo may have brought it back since.
        Event::FileGone(_) => {}
        Event::SetAside(found) => {
            app.files.update(|rows| rows.retain(|row| !found.files.contains(&row.id)));
            app.set_aside.update(|list| list.push(found));
        }
        Event::Timeline(timeline) => {
            flush(app);
            if kind == Kind::Timeline {
                app.pending.set(None);
            }
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
        // The page does not ask for a season yet.
        Event::SeasonDay(_) | Event::Season(_) => {}
        Event::Ranking(ranking) => app.take_ranking(*ranking),
        Event::Weights(weights) => {
            let other = app.weights.with_untracked(|w| w.method() != weights.method());
            app.weights.set(weights);
            super::train::recall::taken(app, id);
            if other {
                // Another method can be used on other dates.
                app.rules_changed();
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
            if kind == Kind::Timeline && app.pending.get_untracked().is_some() {
                app.pending.set(Some(NOT_READ));
            }
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

/// The reports that wait are of files that are no longer open.
pub fn forget_waiting() {
    WAITING.with_borrow_mut(Vec::clear);
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
                // The demo's entry has the worker's number; any other that is not listed was removed meanwhile.
                None if report.id == DEMO_FILE => unknown.push(report),
                None => {}
            }
        }
    });
    if !unknown.is_empty() {
        app.files.update(|files| {
            files.extend(unknown.into_iter().map(|report| FileRow {
                id: report.id,
                name: report.name.clone(),
                bytes: report.bytes,
                report: ArcRwSignal::new(Some(report)),
                correction: ArcRwSignal::default(),
                member: None,
            }));
        });
    }
}

fn take_timeline(app: App, timeline: Timeline) {
    let present = app.date.get_untracked();
    let known = |date: Date| timeline.days.iter().any(|d| d.date == date);
    if !timeline.days.is_empty() {
        let linked = app.take_linked();
        let chosen = linked.or(present).filter(|date| known(*date)).or_else(|| timeline.proposal());
        if chosen != present {
            app.date.set(chosen);
        }
        if let (Some(linked), Some(chosen)) = (linked.filter(|date| !known(*date)), chosen) {
            let what = app
                .demo_name()
                .map_or_else(|| "the open files".to_owned(), |name| format!("the demo of {name}"));
            app.notify(
                false,
                Failure {
                    what: format!("{what} has no date {linked}, which the link asks for: {chosen} is shown"),
                    remedy: String::new(),
                },
            );
        }
    }
    app.timeline.set(timeline);
}

fn take_map(app: App, report: MapReport, attachments: Vec<Attachment>) {
    let mut layers = Vec::new();
    for head in &report.layers {
        if let (Some(Attachment::F32(values)), Some(Attachment::U8(reasons))) =
            (attachments.get(head.values), attachments.get(head.reasons))
        {
            layers.push(Layer {
                key: LayerKey { kind: head.kind, channel: head.channel },
                values: values.clone(),
                reasons: reasons.clone(),
                statistics: head.statistics,
            });
        }
    }
    let overpasses = match report.overpasses.and_then(|index| attachments.get(index)) {
        Some(Attachment::U8(codes)) => codes.clone(),
        _ => Vec::new(),
    };
    let same_place =
        app.map.with_untracked(|m| m.as_ref().is_some_and(|m| m.window() == report.settings.window));
    if !same_place {
        app.cursor.set(None);
        app.pinned.set(None);
        app.view.set(View::default());
    }
    let mean = layers.iter().find(|l| l.key == LayerKind::Estimate.into()).and_then(|l| l.statistics.mean);
    let unit =
        if report.weights.method().output().is_kelvin() { "kelvin" } else { "cubic metres per cubic metre" };
    let mean = mean.map(|m| format!(", mean {m:.3} {unit}")).unwrap_or_default();
    let notes = match report.warnings.len() {
        0 => String::new(),
        1 => ", with a note below it".to_owned(),
        n => format!(", with {n} notes below it"),
    };
    app.said.set(format!("Map of {} ready{mean}{notes}.", report.date));
    app.weights.set(report.weights.clone());
    app.map.set(Some(Arc::new(MapData { report, layers, overpasses, data: app.predicted() })));
}

/// Hands bytes to the browser's download.
pub fn save(app: App, name: &str, mime: &str, bytes: &[u8]) {
    match canvas::download(name, mime, bytes) {
        Ok(()) => app.said.set(format!("{name} saved.")),
        Err(why) => {
            app.fail(&format!("{name} could not be saved"), &why, "Check that this site may download files.")
        }
    }
}
