//! Which method answers: left to Loam, one chosen by hand, or the one whose weights were loaded or trained.

use super::State;
use super::ledger::Kind;
use crate::protocol::Request;
use loam_core::method::Method;

/// What makes the maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Chosen {
    /// Whichever method is best on the region's own newest dates.
    #[default]
    Best,
    /// A method, by hand.
    Method(Method),
    /// The network of the weights in use: a file's, a run's, or the shipped ones by hand.
    Weights,
}

impl State {
    /// Tells the worker. Weights have requests of their own.
    pub(super) fn tell_choice(&mut self) {
        match *self.choice {
            Chosen::Best => drop(self.send(Kind::Weights, Request::UseBest)),
            Chosen::Method(method) => drop(self.send(Kind::Weights, Request::UseMethod { method })),
            Chosen::Weights => {}
        }
    }

    /// The choice that an address makes.
    pub(super) fn choose_method(&mut self, method: Option<Method>) {
        if let Some(method) = method.filter(|method| *self.choice != Chosen::Method(*method)) {
            self.choice.put(Chosen::Method(method));
            self.train.recall.put(None);
            self.tell_choice();
        }
    }
}
