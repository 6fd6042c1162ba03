//! What a session keeps of a season that was made. Its maps are the page's.

use ease_grid::EaseWindow;
use loam_core::export::Provenance;
use loam_core::output::Output;
use loam_core::season::Layers;

/// For its files.
pub(super) struct MadeSeason {
    /// What the dates have in common.
    pub facts: Provenance,
    /// What its maps are of.
    pub output: Output,
    /// Their cells.
    pub window: EaseWindow,
    /// What they say.
    pub layers: Layers,
    /// Beginning of a file's name.
    pub name: String,
}
