//! The map follows date, region and rules by itself, where the device makes one soon enough.

use jiff::civil::Date;

use super::choice::Chosen;
use super::ledger::Kind;
use super::{Due, State};
use crate::protocol::DayReport;
use crate::state::shown::Present;
use loam_core::region_settings::RegionSettings;
use loam_core::stack::Shipped;
use loam_core::weights_report::Prospect;

/// After a change before the map is asked for, milliseconds: keys repeat every 30.
const PAUSE: u32 = 40;
/// From one date to the next while playing, milliseconds, where its map is made sooner.
const SHOWN: u32 = 200;
/// A map that took longer is not made again without being asked for, milliseconds.
const SLOW: f64 = 4000.0;
/// Cells of a region that is large, where no map was made yet.
const LARGE: usize = 250_000;

/// A prediction that was asked for: it is not asked for again by itself, whatever came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    date: Date,
    settings: RegionSettings,
    data: u64,
    /// The best method's first answer is by a method that can be chosen by itself.
    choice: Chosen,
    prospect: Prospect,
}

impl State {
    /// The chosen date.
    #[must_use]
    pub fn day(&self) -> Option<&DayReport> {
        let date = (*self.date)?;
        self.timeline.days.iter().find(|d| d.date == date)
    }

    /// The weights that the next prediction will use.
    #[must_use]
    pub fn prospect(&self) -> Prospect {
        Shipped::prospect(&self.weights, &self.settings.window)
    }

    /// Why the map waits for a button; `None` where it follows by itself.
    #[must_use]
    pub fn by_hand(&self) -> Option<String> {
        if !*self.follow {
            return Some("The map does not follow: you switched that off.".to_owned());
        }
        if self.device.as_ref().is_some_and(|d| d.gpu)
            && self.adapter.as_ref().is_some_and(loam_core::device_report::AdapterReport::is_software)
        {
            return Some(
                "This graphics adapter is a CPU in disguise, so a map is made when you ask for it."
                    .to_owned(),
            );
        }
        let cells = self.settings.window.len();
        let last = self.map.as_ref().map(|m| {
            let share = cells as f64 / m.window().len().max(1) as f64;
            m.report.milliseconds * if m.method() == self.prospect().method() { share } else { 0.0 }
        });
        match last {
            Some(expected) if expected > SLOW => Some(format!(
                "A map takes about {:.0} s here, so it is made when you ask for it.",
                expected / 1000.0
            )),
            None if cells > LARGE => Some(format!(
                "{:.1} million cells take a while, so the map is made when you ask for it.",
                cells as f64 / 1e6
            )),
            _ => None,
        }
    }

    /// What to say of the map where it is not that of the present choices any more.
    #[must_use]
    pub fn stale(&self) -> Option<String> {
        let map = self.map.as_ref()?;
        let weights = self.prospect();
        let same_files = *self.data == map.data;
        let now = Present { date: *self.date, settings: &self.settings, weights: &weights, same_files };
        let text = map.report.stale(&map.report.changes(&now))?;
        if self.by_hand().is_some() || self.tried() {
            return Some(text);
        }
        let coming = match self.day().and_then(|day| day.blocked.as_ref()) {
            Some(_) if self.pending.is_none() => "No map can be made of the present choices.",
            _ => "The new map is being made.",
        };
        Some(text.replace("Predict again.", coming))
    }

    /// The map of the present choices does not come by itself: there is a button for it.
    #[must_use]
    pub fn needs_button(&self) -> bool {
        self.by_hand().is_some() || self.tried() && (self.map.is_none() || self.stale().is_some())
    }

    /// It was asked for, and that is over: it failed or was cancelled where there is still no such map.
    fn tried(&self) -> bool {
        !self.busy(Kind::Predict) && self.asked.is_some() && self.asked == self.wanted()
    }

    fn wanted(&self) -> Option<Asked> {
        let day = self.day()?;
        (day.blocked.is_none() && self.pending.is_none()).then(|| Asked {
            date: day.date,
            settings: self.settings.clone(),
            data: *self.data,
            choice: *self.choice,
            prospect: self.prospect(),
        })
    }

    /// Something changed that the map is made from.
    pub(super) fn follow_map(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        let due = Due::Follow(self.turn);
        self.later(if *self.playing { 1 } else { PAUSE }, due);
    }

    /// No change came since: the map is asked for, where there is something to make it from.
    pub(super) fn follow_now(&mut self, turn: u32) {
        if turn != self.turn {
            return;
        }
        // While playing, and where a map takes its time, that of a season is there at once.
        let at_once = *self.playing || self.busy(Kind::Season) || self.is_slow();
        if at_once && self.show_season_map() && *self.playing {
            return self.played();
        }
        let waits = self.reading.is_some()
            || self.busy(Kind::Rank)
            || self.busy(Kind::Season)
            || self.busy(Kind::Weights)
            || self.device.is_none();
        if waits || self.by_hand().is_some() {
            return;
        }
        let Some(wanted) = self.wanted() else {
            // A date that cannot be shown does not stop the others.
            if self.pending.is_none() {
                self.played();
            }
            return;
        };
        let whole = *self.playing || !self.season.shown;
        let there = self.map.is_some() && self.stale().is_none() && whole;
        if there || self.asked.as_ref() == Some(&wanted) {
            return;
        }
        self.predict();
    }

    /// The prediction of the present choices is asked for.
    pub(super) fn note_asked(&mut self) {
        self.asked = self.wanted();
    }

    /// The same may be asked for again.
    pub(super) fn forget_asked(&mut self) {
        self.asked = None;
    }

    /// Date after date, or no longer.
    pub(super) fn play(&mut self, on: bool) {
        self.playing.put(on);
        if on {
            // Undo comes back to where playing began.
            self.keep_choice();
            (self.map_came, self.time_is_up) = (true, false);
            self.later(1, Due::TimeIsUp);
        } else {
            self.follow_map();
        }
    }

    /// The map of a date came while playing.
    pub(super) fn played(&mut self) {
        self.map_came = true;
        if self.time_is_up {
            self.next_date();
        }
    }

    /// A date had its time while playing; where its map is still made, it has more.
    pub(super) fn time_is_up(&mut self) {
        self.time_is_up = true;
        if self.map_came {
            self.next_date();
        }
    }

    /// The next date that can be shown; at the last one playing ends.
    fn next_date(&mut self) {
        if !*self.playing {
            return;
        }
        (self.map_came, self.time_is_up) = (false, false);
        let next = (*self.date)
            .and_then(|date| super::days::step(&self.timeline, date, true, |d| d.blocked.is_none()));
        match next {
            Some(next) => {
                self.date.put(Some(next));
                self.follow_map();
                self.later(SHOWN, Due::TimeIsUp);
            }
            None => {
                self.playing.put(false);
                self.follow_map();
                self.say("The last date.");
            }
        }
    }
}
