//! The weights in use, as page, exports and kept runs name them.

use serde::{Deserialize, Serialize};

use crate::closed_form::ClosedForm;
use crate::method::Method;
use crate::network::Network;

/// Weights in use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WeightsReport {
    /// File or preset name.
    pub name: String,
    /// What they were trained on, in the file's own words.
    pub trained_on: String,
    /// Trained on simulated scenes.
    pub simulated: bool,
    /// SHA-256, first 16 hex digits.
    pub hash: String,
    /// Of which network.
    #[serde(default)]
    pub network: Network,
    /// A method in closed form, which has no weights, answers instead of the network.
    #[serde(default)]
    pub closed_form: Option<ClosedForm>,
    /// Key of the shipped weights; `None` for the user's own, and for trained ones.
    #[serde(default)]
    pub shipped: Option<String>,
}

impl WeightsReport {
    /// What makes the map.
    #[must_use]
    pub fn method(&self) -> Method {
        self.closed_form.map_or(Method::Network(self.network), Method::ClosedForm)
    }
}

impl From<ClosedForm> for WeightsReport {
    fn from(method: ClosedForm) -> Self {
        Self { name: format!("none: {}", method.about().name), closed_form: Some(method), ..Self::default() }
    }
}

/// The weights that the next prediction will use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prospect {
    /// Those in use.
    InUse(WeightsReport),
    /// Shipped ones, not loaded yet.
    Shipped {
        /// Their key.
        key: String,
        /// For people.
        name: String,
    },
}

impl Prospect {
    /// For people: `Tucson (shipped)`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::InUse(weights) => weights.name.clone(),
            Self::Shipped { name, .. } => format!("{name} (shipped)"),
        }
    }

    /// What will make the map.
    #[must_use]
    pub fn method(&self) -> Method {
        match self {
            Self::InUse(weights) => weights.method(),
            Self::Shipped { .. } => Method::default(),
        }
    }

    /// Whether a result was made with them. One hash may be the beginning of the other.
    #[must_use]
    pub fn made(&self, result: &WeightsReport) -> bool {
        match self {
            Self::InUse(weights) if weights.closed_form.is_some() => {
                weights.closed_form == result.closed_form
            }
            Self::InUse(weights) => {
                let (a, b) = (&weights.hash, &result.hash);
                !a.is_empty() && !b.is_empty() && (a.starts_with(b.as_str()) || b.starts_with(a.as_str()))
            }
            Self::Shipped { key, .. } => result.shipped.as_deref() == Some(key),
        }
    }
}
