//! What the page does, without a page: events in, state and effects out.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bundle;
mod follow;
mod lifes;
mod look;
mod open;
mod phrases;
mod plain;
mod said;
mod season;
mod stations;
mod training;

use jiff::civil::{Date, date};

use super::{Attach, Chosen, Due, Effect, Event, State};
use crate::protocol::{self, DayReport, Envelope, Failure, FileReport, MapReport, Request, Timeline};
use crate::state::hash::Hash;
use crate::state::remembered::Remembered;
use crate::state::season::Logic;
use loam_core::device_report::DeviceReport;
use loam_core::weights_report::WeightsReport;

/// The page with its worker as the test drives it.
struct Page {
    state: State,
    /// What was sent and not yet looked at.
    sent: Vec<(u64, Request, Attach)>,
    timers: Vec<Due>,
    /// How long each timer that was set waits, milliseconds.
    waits: Vec<u32>,
    others: Vec<Effect>,
}

impl Page {
    /// A page whose worker answered that it is there.
    fn ready() -> Self {
        let mut page = Self::unprobed();
        page.tell(Event::Probed { adapter: None, gpu_program: false });
        let start = page.find(|r| matches!(r, Request::Start { .. })).unwrap();
        page.answer(start, protocol::Event::Device(cpu()));
        page.answer(start, protocol::Event::Finished);
        page.method_told();
        page.sent.clear();
        page
    }

    fn blank() -> Self {
        Self {
            state: State::default(),
            sent: Vec::new(),
            timers: Vec::new(),
            waits: Vec::new(),
            others: Vec::new(),
        }
    }

    fn unprobed() -> Self {
        let mut page = Self::blank();
        page.tell(Event::SeasonPart(Logic::here()));
        page.tell(Event::Began { hash: Hash::default(), remembered: Remembered::Shipped });
        page
    }

    /// A page with three dates that can be predicted, and one that cannot; the map of the last one is there.
    fn with_map() -> Self {
        let mut page = Self::with_dates();
        page.run_timers();
        let id = page.predicting().expect("the map follows the dates");
        page.answer_map(id);
        page
    }

    fn with_dates() -> Self {
        let mut page = Self::ready();
        page.tell(Event::LoadDemo("tucson".into()));
        let demo = page.find(|r| matches!(r, Request::Demo { .. })).unwrap();
        let dates = page.find(|r| matches!(r, Request::Timeline { .. })).unwrap();
        page.answer(demo, protocol::Event::Finished);
        page.answer(dates, protocol::Event::Timeline(timeline()));
        page.answer(dates, protocol::Event::Finished);
        page
    }

    fn tell(&mut self, event: Event) {
        for effect in self.state.update(event) {
            match effect {
                Effect::Send { id, body, attach } => self.sent.push((id, body, attach)),
                Effect::Later(milliseconds, due) => {
                    self.waits.push(milliseconds);
                    self.timers.push(due);
                }
                other => self.others.push(other),
            }
        }
    }

    fn answer(&mut self, id: u64, body: protocol::Event) {
        self.tell(Event::Answered(Box::new(Envelope { id, body }), Vec::new()));
    }

    /// The worker was told the method, and names what it uses.
    fn method_told(&mut self) {
        let told = self.find(|r| matches!(r, Request::UseBest | Request::UseMethod { .. })).unwrap();
        self.answer(told, protocol::Event::Weights(shipped()));
        self.answer(told, protocol::Event::Finished);
    }

    /// The dates that were asked for last, and what waited for them.
    fn answer_dates(&mut self) {
        let dates = self.find(|r| matches!(r, Request::Timeline { .. })).unwrap();
        self.answer(dates, protocol::Event::Timeline(timeline()));
        self.answer(dates, protocol::Event::Finished);
        self.run_timers();
    }

    /// All timers that are set, in their order, once.
    fn run_timers(&mut self) {
        for due in std::mem::take(&mut self.timers) {
            self.tell(Event::Due(due));
        }
    }

    /// The newest request of a kind that was sent.
    fn find(&self, wanted: impl Fn(&Request) -> bool) -> Option<u64> {
        self.sent.iter().rev().find(|(_, body, _)| wanted(body)).map(|(id, ..)| *id)
    }

    /// The newest prediction that was asked for.
    fn predicting(&self) -> Option<u64> {
        self.find(|r| matches!(r, Request::Predict { .. }))
    }

    fn predictions(&self) -> usize {
        self.sent.iter().filter(|(_, body, _)| matches!(body, Request::Predict { .. })).count()
    }

    /// The worker makes the map that was asked for.
    fn answer_map(&mut self, id: u64) {
        self.answer_map_by(id, shipped());
        self.answer(id, protocol::Event::Finished);
    }

    /// One of the maps of a request, by these weights.
    fn answer_map_by(&mut self, id: u64, weights: WeightsReport) {
        let asked = self.sent.iter().find(|(n, ..)| *n == id).unwrap();
        let Request::Predict { date, settings } = asked.1.clone() else { panic!("no prediction") };
        let report = MapReport {
            date,
            settings,
            layers: Vec::new(),
            history: Vec::new(),
            scores: Vec::new(),
            mass: None,
            weights,
            device: cpu(),
            overpass: String::new(),
            overpasses: None,
            interval: String::new(),
            frame: ease_grid::Edges::default(),
            reference: None,
            inputs: Vec::new(),
            sensitivity: None,
            applicability: String::new(),
            simulated: true,
            warnings: Vec::new(),
            milliseconds: 90.0,
        };
        self.answer(id, protocol::Event::Map(Box::new(report)));
    }

    fn notices(&self) -> String {
        let all = self.state.notices.iter().map(|n| format!("{} {}", n.failure.what, n.failure.remedy));
        all.collect::<Vec<_>>().join("\n")
    }

    fn shown(&self) -> Option<Date> {
        self.state.map.as_ref().map(|m| m.report.date)
    }
}

fn cpu() -> DeviceReport {
    DeviceReport {
        gpu: false,
        name: "CPU".into(),
        why: "no WebGPU".into(),
        kernels: None,
        warning: None,
        check: None,
    }
}

fn shipped() -> WeightsReport {
    WeightsReport {
        name: "Tucson (shipped)".into(),
        hash: "0123456789abcdef".into(),
        simulated: true,
        shipped: Some("tucson".into()),
        ..WeightsReport::default()
    }
}

fn day(date: Date, blocked: Option<&str>) -> DayReport {
    DayReport {
        date,
        coarse: Some(1.0),
        fine: Some(0.5),
        fine_origin: Some(loam_core::file::FineOrigin::Product),
        backscatter: None,
        history: vec![date; 4],
        earlier: None,
        blocked: blocked.map(str::to_owned),
        simulated: true,
    }
}

const FIRST: Date = date(2018, 6, 1);
const SECOND: Date = date(2018, 6, 4);
const BLOCKED: Date = date(2018, 6, 5);
const LAST: Date = date(2018, 6, 9);

fn timeline() -> Timeline {
    let days =
        vec![day(FIRST, None), day(SECOND, None), day(BLOCKED, Some("SMAP saw none of it")), day(LAST, None)];
    Timeline { days }
}

fn failure(what: &str) -> protocol::Event {
    protocol::Event::Failed(Failure { what: what.into(), remedy: "Do it again.".into() })
}

fn blank(id: u32) -> FileReport {
    FileReport::blank(id, "x", 1)
}
