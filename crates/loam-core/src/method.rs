//! Whatever makes the map of a date: a method in closed form, or a network with weights.

use serde::{Deserialize, Serialize};

use crate::closed_form::{ClosedForm, Needs};
use crate::network::Network;
use crate::output::Output;
use crate::score::ScoreRow;

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// With weights.
    Network(Network),
    /// Without.
    ClosedForm(ClosedForm),
}

impl Default for Method {
    fn default() -> Self {
        Self::Network(Network::default())
    }
}

impl From<Network> for Method {
    fn from(network: Network) -> Self {
        Self::Network(network)
    }
}

impl From<ClosedForm> for Method {
    fn from(method: ClosedForm) -> Self {
        Self::ClosedForm(method)
    }
}

impl Method {
    /// Every method, networks first.
    pub fn all() -> impl Iterator<Item = Self> {
        Network::ALL
            .into_iter()
            .map(Self::Network)
            .chain(ClosedForm::ALL.iter().copied().map(Self::ClosedForm))
    }

    /// By its key.
    #[must_use]
    pub fn find(key: &str) -> Option<Self> {
        Self::all().find(|method| method.key() == key)
    }

    /// On the command line and in forms.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Network(network) => network.about().key,
            Self::ClosedForm(method) => method.about().key,
        }
    }

    /// In score tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network(network) => network.about().name,
            Self::ClosedForm(method) => method.about().name,
        }
    }

    /// In a title: `SMEN`, `history-mean`.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Network(network) => network.about().name,
            Self::ClosedForm(method) => method.about().key,
        }
    }

    /// In a choice.
    #[must_use]
    pub fn choice(self) -> &'static str {
        match self {
            Self::Network(network) => network.about().short,
            Self::ClosedForm(method) => method.about().choice,
        }
    }

    /// In a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Network(network) => network.words(),
            Self::ClosedForm(method) => method.about().name,
        }
    }

    /// What it gives, channel by channel.
    #[must_use]
    pub fn outputs(self) -> &'static [Output] {
        match self {
            Self::Network(network) => network.about().outputs,
            Self::ClosedForm(_) => &[Output::SoilMoisture],
        }
    }

    /// What its first channel is of.
    #[must_use]
    pub fn output(self) -> Output {
        self.outputs()[0]
    }

    /// It looks at the maps of earlier dates.
    #[must_use]
    pub fn uses_history(self) -> bool {
        match self {
            Self::Network(network) => network.about().uses_history,
            Self::ClosedForm(method) => matches!(method.about().needs, Needs::History | Needs::Past),
        }
    }

    /// It looks at the maps of all earlier dates, and has a map without any.
    #[must_use]
    pub fn whole_past(self) -> bool {
        match self {
            Self::Network(network) => network.about().whole_past,
            Self::ClosedForm(method) => method.about().needs == Needs::Past,
        }
    }

    /// Its estimates can be shifted to SMAP's means over 36 km blocks.
    #[must_use]
    pub fn can_shift(self) -> bool {
        match self {
            Self::Network(network) => network.about().can_shift,
            Self::ClosedForm(_) => false,
        }
    }

    /// Stem of an exported file, where the name alone does not say what it is.
    #[must_use]
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::Network(network) => network.about().file,
            Self::ClosedForm(method) => Some(method.about().key),
        }
    }

    /// Name of a row of scores.
    #[must_use]
    pub fn row_name(self, row: ScoreRow, channel: u8) -> String {
        match (self, row) {
            (Self::Network(network), _) => network.row_name(row, channel),
            (Self::ClosedForm(method), ScoreRow::Estimate) => method.about().name.to_owned(),
            (Self::ClosedForm(_), _) => Network::default().row_name(row, channel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_a_key_of_its_own() {
        for method in Method::all() {
            assert_eq!(Method::find(method.key()), Some(method));
        }
    }
}
