//! How a side is cut into tiles with their halos.

/// Receptive field of SMEN to each side, in pixels.
pub const HALO: usize = 4;

/// A tile along one axis: it answers for `start..end` and looks at `from..to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
    pub from: usize,
    pub to: usize,
}

/// Cuts an axis into tiles of at most `tile` pixels, each with its halo.
pub(crate) fn spans(length: usize, tile: usize, halo: usize) -> Vec<Span> {
    (0..length)
        .step_by(tile.max(1))
        .map(|start| {
            let end = (start + tile.max(1)).min(length);
            Span { start, end, from: start.saturating_sub(halo), to: (end + halo).min(length) }
        })
        .collect()
}
