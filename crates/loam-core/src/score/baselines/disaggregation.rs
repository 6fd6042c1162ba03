//! SMAP split by Sentinel-1's backscatter of the same date (formats.md 2.7), as [`Disaggregation`] does it in the app.
//!
//! It sees today's backscatter, which SMEN does not: where it wins, that is why. Fitted to dates before the first tested one only.

use jiff::civil::Date;

use crate::stack::{Day, Disaggregation, DisaggregationError, Region};

/// The disaggregation fitted to the days before a date.
///
/// # Errors
/// Those of [`Disaggregation::fit`].
pub fn fitted_before(
    region: &Region,
    days: &[(Date, Day)],
    before: Date,
) -> Result<Disaggregation, DisaggregationError> {
    Disaggregation::fit(
        region,
        days.iter()
            .filter(|(date, day)| *date < before && day.vv.is_some() && day.coarse.is_some())
            .map(|(_, day)| day),
    )
}

/// Its map of a day, m3/m3, NaN where it has none; `None` without backscatter or SMAP.
///
/// # Errors
/// Those of [`Disaggregation::apply`] but a missing layer.
pub fn estimate(fitted: &Disaggregation, day: &Day) -> Result<Option<Vec<f32>>, DisaggregationError> {
    match fitted.apply(day) {
        Ok(raster) => Ok(Some(raster.values().to_vec())),
        Err(DisaggregationError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
