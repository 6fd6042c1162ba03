//! A network's variants by input, and the parts of it that a training can leave as they are.

use serde::{Deserialize, Serialize};

/// Which inputs a network uses (the paper's Table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// `h(g(I))`: today's 36 km image alone.
    Spatial,
    /// `h(f(D))`: the residuals alone.
    Temporal,
    /// `h(g(I) + f(D))`: both.
    #[default]
    Spatiotemporal,
}

impl Inputs {
    /// Every variant.
    pub const ALL: [Inputs; 3] = [Inputs::Spatial, Inputs::Temporal, Inputs::Spatiotemporal];

    /// As in the metadata of a weights file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Inputs::Spatial => "spatial",
            Inputs::Temporal => "temporal",
            Inputs::Spatiotemporal => "spatiotemporal",
        }
    }

    /// From that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|inputs| inputs.name() == name)
    }

    /// Uses I(t), so has g.
    #[must_use]
    pub fn uses_coarse(self) -> bool {
        self != Inputs::Temporal
    }

    /// Uses D(t), so has f.
    #[must_use]
    pub fn uses_history(self) -> bool {
        self != Inputs::Spatial
    }
}

/// A part of the network that can be left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The norms: scale, offset and running statistics.
    Norms,
    /// f, the convolutions over the residuals.
    History,
    /// g, the convolution over today's 36 km image.
    Coarse,
    /// h, the fusing convolution.
    Fusion,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 4] = [Part::Norms, Part::History, Part::Coarse, Part::Fusion];

    /// Whether a network of these inputs has it.
    #[must_use]
    pub fn present(self, inputs: Inputs) -> bool {
        match self {
            Part::Norms | Part::History => inputs.uses_history(),
            Part::Coarse => inputs.uses_coarse(),
            Part::Fusion => true,
        }
    }
}
