//! Dates, region, rules and the map.

use std::sync::Arc;

use jiff::civil::Date;

use super::ledger::Kind;
use super::{Chosen, Job, Layer, MapData, NOT_READ, READING, Ranked, State};
use crate::protocol::{Attachment, Failure, MapReport, Packed, Request, Timeline};
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::method::Method;
use loam_core::ranking::Ranking;
use loam_core::region_settings::RegionSettings;

/// Most that maps of other dates may take, bytes.
const MADE_BYTES: usize = 96 << 20;

impl State {
    /// Another date is chosen by the user.
    pub(super) fn choose_date(&mut self, date: Date) {
        if *self.date != Some(date) {
            self.keep_choice();
            self.date.set(Some(date));
            self.follow_map();
        }
    }

    /// Another region, or other rules, chosen by the user.
    pub(super) fn choose_settings(&mut self, settings: RegionSettings) {
        if settings != *self.settings {
            self.keep_choice();
            self.apply_settings(settings);
        }
    }

    /// The time line is asked for again where it depends on what changed.
    pub(super) fn apply_settings(&mut self, settings: RegionSettings) {
        let same = RegionSettings { mass_correction: self.settings.mass_correction, ..settings.clone() }
            == *self.settings;
        self.settings.set(settings);
        if !same {
            self.rules_changed();
            self.train_region_changed();
        }
        self.follow_map();
    }

    /// Region or rules changed, or what they mean: until the answer comes, the time line is that of others.
    pub(super) fn rules_changed(&mut self) {
        self.ask_timeline();
        let why = if self.busy(Kind::Timeline) { READING } else { NOT_READ };
        self.pending.put(Some(why));
    }

    pub(super) fn ask_timeline(&mut self) {
        let settings = self.settings.clone();
        self.send(Kind::Timeline, Request::Timeline { settings });
    }

    pub(super) fn take_timeline(&mut self, timeline: Timeline) {
        let present = *self.date;
        let known = |date: Date| timeline.days.iter().any(|d| d.date == date);
        if !timeline.days.is_empty() {
            let linked = self.linked.take();
            let chosen = linked.or(present).filter(|date| known(*date)).or_else(|| timeline.proposal());
            if let (Some(linked), Some(chosen)) = (linked.filter(|date| !known(*date)), chosen) {
                let of = self.desk.demo().map(super::place_name);
                let of = of.map_or_else(|| "the open files".to_owned(), |name| format!("the demo of {name}"));
                self.note(format!("{of} has no date {linked}, which the link asks for: {chosen} is shown"));
            }
            self.date.put(chosen);
        }
        self.timeline.set(timeline);
        self.train_dates_changed();
        self.follow_map();
    }

    pub(super) fn predict(&mut self) {
        let Some(date) = *self.date else { return };
        self.note_asked();
        let settings = self.settings.clone();
        if let Some(id) = self.send(Kind::Predict, Request::Predict { date, settings }) {
            self.predicted = *self.data;
            self.predicting.set(Some(Job::new(id, &date.to_string())));
            if !*self.playing {
                self.say(format!("Predicting {date}."));
            }
        }
    }

    /// Compares the methods on the newest dates of the region; the best then answers.
    pub(super) fn rank(&mut self) {
        let settings = self.settings.clone();
        if let Some(id) = self.send(Kind::Rank, Request::Rank { settings }) {
            self.predicting.set(Some(Job::new(id, "comparing methods")));
        }
    }

    pub(super) fn take_ranking(&mut self, best: Method, sentence: String, whole: Packed<Ranking>) {
        self.say(sentence);
        if *self.choice != Chosen::Best {
            self.choice.put(Chosen::Method(best));
        }
        let of: Ranked = (whole, self.settings.clone(), *self.data);
        self.ranking.set(Some(Arc::new(of)));
    }

    /// The ranking, where it is of the present region, rules and files.
    #[must_use]
    pub fn ranked(&self) -> Option<Arc<Ranked>> {
        let ranked = (*self.ranking).clone()?;
        let mass_correction = self.settings.mass_correction;
        let same = RegionSettings { mass_correction, ..ranked.1.clone() } == *self.settings;
        (same && ranked.2 == *self.data).then_some(ranked)
    }

    /// A job of a kind ends by the user's wish.
    pub(super) fn cancel_predicting(&mut self) {
        if let Some(id) = self.predicting.as_ref().map(|job| job.id) {
            self.playing.put(false);
            self.cancel(id);
            if let Some(job) = self.predicting.as_mut() {
                job.what = "cancelling".to_owned();
            }
        }
    }

    pub(super) fn take_map(&mut self, report: MapReport, attachments: &[Attachment]) {
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
        let estimate: LayerKey = LayerKind::Estimate.into();
        let mean = layers.iter().find(|l| l.key == estimate).and_then(|l| l.statistics.mean);
        let kelvin = report.weights.method().output().is_kelvin();
        let unit = if kelvin { "kelvin" } else { "cubic metres per cubic metre" };
        let mean = mean.map(|m| format!(", mean {m:.3} {unit}")).unwrap_or_default();
        let notes = match report.warnings.len() {
            0 => String::new(),
            1 => ", with a note beside it".to_owned(),
            n => format!(", with {n} notes beside it"),
        };
        if !*self.playing {
            self.say(format!("Map of {} ready{mean}{notes}.", report.date));
        }
        self.take_weights(report.weights.clone());
        let data = self.predicted;
        let map = Arc::new(MapData { report, layers, overpasses, data });
        self.keep_made(Arc::clone(&map));
        let shown = self.with_season_layers(&map);
        self.bundle_of_another_map();
        self.map.set(Some(shown));
        self.season.shown = false;
        self.played();
    }

    /// Keeps a map for series, as long as those before it are of the same choices.
    fn keep_made(&mut self, map: Arc<MapData>) {
        let of = |m: &MapData| {
            let report = &m.report;
            (m.data, report.settings.clone(), report.weights.hash.clone(), report.weights.method())
        };
        if self.made.first().is_some_and(|first| of(first) != of(&map)) {
            self.made.clear();
        }
        let bytes: usize = map.layers.iter().map(|l| l.values.len() * 5).sum();
        let most = (MADE_BYTES / bytes.max(1)).max(1);
        self.made.retain(|m| m.report.date != map.report.date);
        if self.made.len() >= most {
            self.made.remove(0);
        }
        let at = self.made.partition_point(|m| m.report.date < map.report.date);
        self.made.insert(at, map);
    }

    /// A prediction, or a time line, is over without an answer.
    pub(super) fn not_answered(&mut self, kind: Kind, failure: Failure) {
        if kind == Kind::Timeline && self.pending.is_some() {
            self.pending.set(Some(NOT_READ));
        }
        if matches!(kind, Kind::Predict) {
            self.playing.put(false);
        }
        self.notify(true, failure);
    }
}
