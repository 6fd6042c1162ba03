//! What can be taken back: region, rules and date as they were, and files that were removed.

use jiff::civil::Date;

use super::State;
use loam_core::region_settings::RegionSettings;

/// Steps that are kept.
const MOST: usize = 100;

/// One step back.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// To this region, these rules and this date.
    Choice(Box<RegionSettings>, Option<Date>),
    /// The files that were removed.
    Removal,
}

impl Step {
    /// What it takes back, for a button.
    #[must_use]
    pub fn words(&self, now: &RegionSettings) -> &'static str {
        match self {
            Self::Removal => "Undo: bring the removed files back",
            Self::Choice(before, _) if before.window != now.window => "Undo: the region before",
            Self::Choice(before, _) if **before != *now => "Undo: the rules before",
            Self::Choice(..) => "Undo: the date before",
        }
    }
}

impl State {
    /// Keeps the present choice, to come back to.
    pub(super) fn keep_choice(&mut self) {
        let step = Step::Choice(Box::new(self.settings.clone()), *self.date);
        self.keep_step(step);
    }

    pub(super) fn keep_step(&mut self, step: Step) {
        if self.undo.last() == Some(&step) && step != Step::Removal {
            return;
        }
        if self.undo.len() == MOST {
            self.undo.remove(0);
        }
        self.undo.push(step);
    }

    /// What was removed came back by another way, or other files are open.
    pub(super) fn forget_removal_steps(&mut self) {
        if self.undo.contains(&Step::Removal) {
            self.undo.retain(|step| *step != Step::Removal);
        }
    }

    /// Takes the last step back.
    pub(super) fn take_back(&mut self) {
        let Some(step) = (if self.undo.is_empty() { None } else { self.undo.pop() }) else { return };
        let words = step.words(&self.settings);
        self.say(format!("{words}."));
        match step {
            Step::Removal => self.bring_removed_back(),
            Step::Choice(settings, date) => {
                if *settings != *self.settings {
                    self.apply_settings(*settings);
                }
                self.date.put(date);
                self.follow_map();
            }
        }
    }
}
