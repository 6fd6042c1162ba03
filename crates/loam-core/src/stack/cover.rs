//! What of a region a day covers.

use crate::file::FineOrigin;

/// How much of the region a day covers: shares 0..1, `None` where the day has no such layer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cover {
    /// SMAP.
    pub coarse: Option<f32>,
    /// The 3 km map.
    pub fine: Option<f32>,
    /// Where that map comes from.
    pub fine_origin: Option<FineOrigin>,
    /// Backscatter.
    pub backscatter: Option<f32>,
    /// Simulated.
    pub simulated: bool,
    /// There are SMAP files of the day, and the region lies outside all of them.
    pub coarse_elsewhere: bool,
}

impl Cover {
    /// SMAP and a 3 km product to score against. A map disaggregated here is made from SMAP itself: scores against it would be scores against
    /// our own formula.
    #[must_use]
    pub fn is_scorable(&self) -> bool {
        self.fine_origin.is_some_and(FineOrigin::is_product) && self.coarse.is_some_and(|share| share > 0.0)
    }
}
