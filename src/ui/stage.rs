//! Which layers a map has, and what of them was chosen to be seen.

use crate::state::MapData;
use loam_core::layer::{LayerKey, LayerKind};

/// Layers of a channel, in this order.
const ORDER: [LayerKind; 17] = [
    LayerKind::Coarse,
    LayerKind::Estimate,
    LayerKind::Before,
    LayerKind::Change,
    LayerKind::Reference,
    LayerKind::ReferenceUncertainty,
    LayerKind::Difference,
    LayerKind::HalfWidth,
    LayerKind::Bilinear,
    LayerKind::BackscatterVv,
    LayerKind::BackscatterVh,
    LayerKind::SurfaceTemperature,
    LayerKind::SeasonMean,
    LayerKind::SeasonTrend,
    LayerKind::SeasonTrendError,
    LayerKind::SeasonDrydown,
    LayerKind::SeasonCount,
];
/// Those that are shown at first: what went in and what came out.
pub const FIRST: [LayerKind; 2] = [LayerKind::Coarse, LayerKind::Estimate];
/// With what the estimate is compared with, where there is one.
pub const COMPARED: [LayerKind; 4] =
    [LayerKind::Coarse, LayerKind::Estimate, LayerKind::Reference, LayerKind::Difference];

/// What was chosen to be on the stage: of whichever map comes next, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The first channel's layers of these kinds.
    Kinds(&'static [LayerKind]),
    /// Every layer of the date.
    All,
    /// These alone.
    These(Vec<LayerKey>),
}

impl Stage {
    /// Those of its layers that a map has.
    pub fn of(&self, data: &MapData) -> Vec<LayerKey> {
        match self {
            Self::Kinds(kinds) => of(data, kinds),
            Self::All => layers(data).into_iter().filter(|key| !key.kind.is_of_season()).collect(),
            Self::These(keys) => layers(data).into_iter().filter(|key| keys.contains(key)).collect(),
        }
    }
}

/// The layers of a map, channel by channel.
pub fn layers(data: &MapData) -> Vec<LayerKey> {
    let channels = 0..data.method().outputs().len() as u8;
    let all = channels.flat_map(|channel| ORDER.into_iter().map(move |kind| LayerKey { kind, channel }));
    all.filter(|key| data.layer(*key).is_some()).collect()
}

/// The first of these kinds that are there.
pub fn of(data: &MapData, kinds: &[LayerKind]) -> Vec<LayerKey> {
    layers(data).into_iter().filter(|key| key.channel == 0 && kinds.contains(&key.kind)).collect()
}
