//! SMAP split by Sentinel-1's backscatter of the same date (formats.md 2.7, change form). It sees today's backscatter, which networks do not.
//! Fitted to earlier dates only.

use super::{About, ClosedFormError, Given, Made, Needs, SMAP_AND_SENTINEL};

pub(super) const ABOUT: About = About {
    key: "disaggregation",
    name: "SMAP/Sentinel-1 disaggregation",
    choice: "Disaggregation: SMAP split by the date's backscatter",
    needs: Needs::Backscatter,
    citations: SMAP_AND_SENTINEL,
};

/// m3/m3.
pub(super) fn map(given: &mut Given<'_>) -> Result<Made, ClosedFormError> {
    if given.today.vv.is_none() {
        return Err(ClosedFormError::Missing { date: given.date, what: "backscatter (VV)" });
    }
    let (raster, fitted, earlier) = given.series.disaggregated_before(given.date)?;
    let mut made = Made { sensitivity: Some(fitted.beta as f32), ..given.of_today(raster) };
    for day in earlier {
        made.files.extend_from_slice(&day.files);
        made.simulated |= day.simulated;
    }
    Ok(made)
}
