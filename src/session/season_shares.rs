//! Dates of a season that other workers make.
//!
//! Each helper opens the same files, and first predicts a date that is made here too: others are assigned only to one whose map is the same
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
    /// The date that every helper makes first, for comparison.
    pub proof: Date,
    /// The map that this worker made of it, once it has.
    pub known: Option<SeasonDay>,
}

/// The helpers at work.
pub(super) struct Shares<P> {
    task: Task,
    helpers: Vec<Share<P>>,
}

struct Share<P> {
    helper: P,
    /// Its map of the date for comparison, until it is compared.
    answer: Option<Made>,
    /// That map is the same to the bit.
    verified: bool,
    /// What it is making, by the request's id.
    dates: BTreeMap<u64, Date>,
    next: u64,
    /// Why it cannot be asked any more.
    lost: Option<String>,
}

impl<P: Helper> Shares<P> {
    /// Has each of them make the date for comparison.
    pub fn begin(helpers: Vec<P>, task: Task) -> Self {
        let begun = |helper: P| {
            let (verified, next, answer, lost) = (false, FIRST, None, None);
            let mut share = Share { helper, answer, verified, dates: BTreeMap::new(), next, lost };
            if let Some(weights) = &task.weights {
                share.ask(Request::LoadWeights { name: "weights".to_owned() }, Some(weights));
            }
            share.assign(task.proof, &task);
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

    /// This worker made a date; `next` is the one that it makes next. Where the date for comparison has no map, that one takes its place.
    pub fn made_here(&mut self, own: &Made, next: Option<Date>) {
        if self.task.known.is_some() || own.date != self.task.proof {
            return;
        }
        match (&own.day, next) {
            (Ok((day, _)), _) => self.task.known = Some(day.clone()),
            (Err(_), Some(next)) => {
                self.task.proof = next;
                for share in &mut self.helpers {
                    // An answer to the former request is not heard any more.
                    (share.answer, share.dates) = Default::default();
                    share.assign(next, &self.task);
                }
            }
            (Err(_), None) => {}
        }
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
        self.helpers.retain_mut(|share| match share.collect(self.task.known.as_ref(), &mut made) {
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

    fn collect(&mut self, known: Option<&SeasonDay>, made: &mut Vec<Made>) -> Result<(), String> {
        while let Some(heard) = self.helper.next_message() {
            let (envelope, attachments) = match heard {
                HelperMessage::Event(envelope, attachments) => (envelope, attachments),
                HelperMessage::Lost(why) => return Err(why),
            };
            match envelope.body {
                Event::SeasonDay(report) => {
                    if self.dates.remove(&envelope.id).is_none() {
                        continue;
                    }
                    let day = season_day::read(&report, attachments)?;
                    if self.verified {
                        made.push(day);
                    } else {
                        self.answer = Some(day);
                    }
                }
                Event::Failed(failure) => return Err(failure.what),
                _ => {}
            }
        }
        if let Some(known) = known
            && let Some(answer) = self.answer.take()
        {
            self.verified = answer.day.is_ok_and(|(day, _)| season_day::same(&day, known));
            if !self.verified {
                return Err(format!("its map of {} is another", known.date));
            }
        }
        self.lost.take().map_or(Ok(()), Err)
    }
}
