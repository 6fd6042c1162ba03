//! Dates of a season that other workers make.
//!
//! Each helper opens the same files, and first predicts a date that is known already: others are assigned only to one whose map is the same
//! to the bit. So the maps do not depend on the number of workers. Dates of a helper that ends, or differs, are queued again.

use std::collections::{BTreeMap, VecDeque};

use jiff::civil::Date;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::season::SeasonDay;

use super::helper::{Helper, HelperMessage};
use super::season_day::{self, Made};
use crate::protocol::{Event, Request};

/// Id of the first request to a helper. Its host repeats earlier requests to it under the ids they had.
const FIRST: u64 = 1 << 32;
/// Dates that a helper has at once: one under way, one so that it need not wait.
const AHEAD: usize = 2;

/// What every helper works with.
pub(super) struct Task {
    pub method: Method,
    pub settings: RegionSettings,
    /// Weights of the user's own, as safetensors.
    pub weights: Option<Vec<u8>>,
    /// A date that is made already.
    pub known: SeasonDay,
}

/// The helpers at work.
pub(super) struct Shares<P> {
    task: Task,
    helpers: Vec<Share<P>>,
}

struct Share<P> {
    helper: P,
    /// Its map of the known date is the same to the bit.
    verified: bool,
    /// What it is making, by the request's id.
    dates: BTreeMap<u64, Date>,
    next: u64,
    /// Why it cannot be asked any more.
    lost: Option<String>,
}

impl<P: Helper> Shares<P> {
    /// Has each of them make the known date.
    pub fn begin(helpers: Vec<P>, task: Task) -> Self {
        let begun = |helper: P| {
            let mut share =
                Share { helper, verified: false, dates: BTreeMap::new(), next: FIRST, lost: None };
            if let Some(weights) = &task.weights {
                share.ask(Request::LoadWeights { name: "weights".to_owned() }, Some(weights));
            }
            share.assign(task.known.date, &task);
            share
        };
        let helpers = helpers.into_iter().map(begun).collect();
        Self { task, helpers }
    }

    /// Helpers whose maps are used.
    pub fn verified(&self) -> usize {
        self.helpers.iter().filter(|share| share.verified).count()
    }

    /// Some dates are still being made.
    pub fn waiting(&self) -> bool {
        self.helpers.iter().any(|share| share.verified && !share.dates.is_empty())
    }

    /// Assigns dates to helpers. The last one stays: the worker whose season it is makes it.
    pub fn assign(&mut self, todo: &mut VecDeque<Date>) {
        for share in self.helpers.iter_mut().filter(|share| share.verified) {
            while share.dates.len() < AHEAD && todo.len() > 1 {
                let Some(date) = todo.pop_front() else { break };
                share.assign(date, &self.task);
            }
        }
    }

    /// Dates that were made since, and why helpers were lost. The dates of a lost one are queued again.
    pub fn collect(&mut self, todo: &mut VecDeque<Date>) -> (Vec<Made>, Vec<String>) {
        let (mut made, mut lost) = (Vec::new(), Vec::new());
        self.helpers.retain_mut(|share| match share.collect(&self.task.known, &mut made) {
            Ok(()) => true,
            Err(why) => {
                todo.extend(share.dates.values().filter(|_| share.verified));
                todo.make_contiguous().sort_unstable();
                lost.push(why);
                false
            }
        });
        (made, lost)
    }
}

impl<P: Helper> Share<P> {
    fn ask(&mut self, request: Request, bytes: Option<&[u8]>) {
        self.lost = self.helper.ask(self.next, request, bytes).err().or(self.lost.take());
        self.next += 1;
    }

    fn assign(&mut self, date: Date, task: &Task) {
        let Task { method, settings, .. } = task;
        self.dates.insert(self.next, date);
        self.ask(Request::SeasonDate { date, method: *method, settings: settings.clone() }, None);
    }

    fn collect(&mut self, known: &SeasonDay, made: &mut Vec<Made>) -> Result<(), String> {
        while let Some(heard) = self.helper.next_message() {
            let (envelope, attachments) = match heard {
                HelperMessage::Event(envelope, attachments) => (envelope, attachments),
                HelperMessage::Lost(why) => return Err(why),
            };
            match envelope.body {
                Event::SeasonDay(report) => {
                    let Some(date) = self.dates.remove(&envelope.id) else { continue };
                    let day = season_day::read(&report, attachments)?;
                    if self.verified {
                        made.push(day);
                    } else if day.day.is_ok_and(|(day, _)| season_day::same(&day, known)) {
                        self.verified = true;
                    } else {
                        return Err(format!("its map of {date} is another"));
                    }
                }
                Event::Failed(failure) => return Err(failure.what),
                _ => {}
            }
        }
        self.lost.take().map_or(Ok(()), Err)
    }
}
