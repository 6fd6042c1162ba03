//! Which requests are under way, and whose answers still count.
//!
//! A newer request of the same kind supersedes an older one: late events of the older are dropped here, whatever the worker does.

use std::collections::BTreeMap;

/// Kinds of requests that supersede their own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Device choice and self-check.
    Device,
    /// Files in.
    Open,
    /// Files out and corrections: never superseded by each other.
    Files,
    /// The dates.
    Timeline,
    /// The map.
    Predict,
    /// Every method on the newest dates. It and a map supersede each other.
    Rank,
    /// Stations in the ground: each is answered.
    Ground,
    /// A layer by itself.
    Look,
    /// Every date of a period.
    Season,
    /// A bundle that is opened again.
    Bundle,
    /// A file to save.
    Export,
    /// Weights.
    Weights,
    /// A training run: never superseded by another.
    Train,
    /// Which dates a run would use.
    Plan,
    /// What a run would take.
    Estimate,
    /// The runs in the browser's storage: never superseded, each answer is the whole list.
    Runs,
}

/// Requests under way.
#[derive(Debug, Default)]
pub struct Ledger {
    last: u64,
    open: BTreeMap<u64, Kind>,
}

impl Ledger {
    /// A number for a new request; whatever it supersedes is forgotten.
    pub fn begin(&mut self, kind: Kind) -> u64 {
        if !matches!(kind, Kind::Files | Kind::Open | Kind::Ground | Kind::Export | Kind::Train | Kind::Runs)
        {
            let same = |k: Kind| if k == Kind::Rank { Kind::Predict } else { k };
            self.open.retain(|_, k| same(*k) != same(kind));
        }
        self.last += 1;
        self.open.insert(self.last, kind);
        self.last
    }

    /// The kind of a request that still counts.
    #[must_use]
    pub fn kind(&self, id: u64) -> Option<Kind> {
        self.open.get(&id).copied()
    }

    /// The newest request of a kind that is under way.
    #[must_use]
    pub fn newest(&self, kind: Kind) -> Option<u64> {
        self.open.iter().rev().find(|(_, k)| **k == kind).map(|(id, _)| *id)
    }

    /// The request is over.
    pub fn end(&mut self, id: u64) {
        self.open.remove(&id);
    }

    /// The requests of a kind are over: what still comes of them does not count. Returns their numbers.
    pub fn end_all(&mut self, kind: Kind) -> Vec<u64> {
        let ended = self.open.iter().filter(|(_, k)| **k == kind).map(|(id, _)| *id).collect();
        self.open.retain(|_, k| *k != kind);
        ended
    }

    /// All requests are over (the worker is gone); numbers keep growing. Returns what was under way.
    pub fn abandon(&mut self) -> Vec<Kind> {
        std::mem::take(&mut self.open).into_values().collect()
    }
}
