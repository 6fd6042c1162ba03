//! Persistence: the last known 3 km pattern on today's SMAP, J(t') + (I(t) - I(t')) (model.md, section 3).

use super::{About, ClosedFormError, Given, Made, Needs, SMAP_AND_SENTINEL};

pub(super) const ABOUT: About = About {
    key: "persistence",
    name: "persistence",
    choice: "Persistence: the last 3 km pattern on today's SMAP",
    needs: Needs::History,
    citations: SMAP_AND_SENTINEL,
};

/// m3/m3, masked where SMAP is. Where no history date knows a residual, SMAP alone.
pub(super) fn map(given: &mut Given<'_>) -> Result<Made, ClosedFormError> {
    let latest = given.sample.residual_pattern(|known| known.last().copied());
    Ok(given.of_history(given.sample.coarse.plus(&latest)?))
}
