//! Actions on a layer that is looked at by itself.

use crate::protocol::LookStep;
use loam_core::file::FileId;

/// What the user wants of it: asks, chooses, leaves.
#[derive(Debug, Clone, PartialEq)]
pub enum LookAction {
    /// A file, or a layer of it.
    Open(FileId, Option<String>),
    /// Another layer of the file.
    Layer(String),
    /// Another of its days.
    Step(LookStep),
    /// The whole layer, or what lies in the region.
    Whole(bool),
    /// Region, rules, date or files changed: drawn again where the picture depends on them.
    Again,
    /// The region goes where the layer lies.
    GoThere,
    /// Reading is to end.
    Cancel,
    /// Back to the map.
    Close,
}
