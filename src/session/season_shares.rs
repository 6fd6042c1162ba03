//! Dates of a season that other workers make.
//!
//! Each helper opens the same files, and first makes a date that is there already: only who comes to the same bits is given others. So
//! the maps are the same for any number of workers. A helper that ends, or differs, gives its dates back.

use std::collections::{BTreeMap, VecDeque};

use jiff::civil::Date;
use loam_core::method::Method;
use loam_core::region_settings::RegionSettings;
use loam_core::season::SeasonDay;

use super::helper::{Heard, Helper};
use super::season_day::{self, Made};
use crate::protocol::{Event, Request};

/// Id of the first request to a helper. Those that its host has it do again come before, under ids of their own.
const FIRST: u64 = 1 << 32;
/// Dates that a helper has at once: one under way, one so that it need not wait.
const AHEAD: usize = 2;

/// What is asked of every helper.
pub(super) struct Asked {
    pub method: Method,
    pub settings: RegionSettings,
    /// Weights of the user's own, as safetensors.
    pub weights: Option<Vec<u8>>,
    /// A date that is made already.
    pub known: SeasonDay,
}

/// The helpers at work.
pub(super) struct Shares<P> {
    asked: Asked,
    helpers: Vec<Share<P>>,
}

struct Share<P> {
    helper: P,
    /// It made the known date to the same bits.
    proven: bool,
    /// What it is making, by the request's id.
    dates: BTreeMap<u64, Date>,
    next: u64,
    /// Why it can be asked nothing more.
    lost: Option<String>,
}

impl<P: Helper> Shares<P> {
    /// Has each of them make the known date.
    pub fn begin(helpers: Vec<P>, asked: Asked) -> Self {
        let begun = |helper: P| {
            let mut share = Share { helper, proven: false, dates: BTreeMap::new(), next: FIRST, lost: None };
            if let Some(weights) = &asked.weights {
                share.ask(Request::LoadWeights { name: "weights".to_owned() }, Some(weights));
            }
            share.give(asked.known.date, &asked);
            share
        };
        let helpers = helpers.into_iter().map(begun).collect();
        Self { asked, helpers }
    }

    /// Helpers whose maps are used.
    pub fn proven(&self) -> usize {
        self.helpers.iter().filter(|share| share.proven).count()
    }

    /// Some dates are still being made.
    pub fn waiting(&self) -> bool {
        self.helpers.iter().any(|share| share.proven && !share.dates.is_empty())
    }

    /// Gives dates away. The last one stays: whoever asks makes it.
    pub fn give(&mut self, todo: &mut VecDeque<Date>) {
        for share in self.helpers.iter_mut().filter(|share| share.proven) {
            while share.dates.len() < AHEAD && todo.len() > 1 {
                let Some(date) = todo.pop_front() else { break };
                share.give(date, &self.asked);
            }
        }
    }

    /// Dates that were made since. What a lost helper was making goes back to what is to be done; why it is lost is said.
    pub fn collect(&mut self, todo: &mut VecDeque<Date>) -> (Vec<Made>, Vec<String>) {
        let (mut made, mut lost) = (Vec::new(), Vec::new());
        self.helpers.retain_mut(|share| match share.collect(&self.asked.known, &mut made) {
            Ok(()) => true,
            Err(why) => {
                todo.extend(share.dates.values().filter(|_| share.proven));
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

    fn give(&mut self, date: Date, asked: &Asked) {
        let Asked { method, settings, .. } = asked;
        self.dates.insert(self.next, date);
        self.ask(Request::SeasonDate { date, method: *method, settings: settings.clone() }, None);
    }

    fn collect(&mut self, known: &SeasonDay, made: &mut Vec<Made>) -> Result<(), String> {
        while let Some(heard) = self.helper.heard() {
            let (envelope, attachments) = match heard {
                Heard::Event(envelope, attachments) => (envelope, attachments),
                Heard::Lost(why) => return Err(why),
            };
            match envelope.body {
                Event::SeasonDay(report) => {
                    let Some(date) = self.dates.remove(&envelope.id) else { continue };
                    let day = season_day::read(&report, attachments)?;
                    if self.proven {
                        made.push(day);
                    } else if day.day.is_ok_and(|(day, _)| season_day::same(&day, known)) {
                        self.proven = true;
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
