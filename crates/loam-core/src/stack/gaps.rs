//! 3 km maps for days that have SMAP and backscatter but no 3 km product (formats.md 2.7, change form).

use ease_grid::Raster;
use jiff::civil::Date;

use super::disaggregate::{Disaggregation, DisaggregationError};
use super::{Day, Region, Sensitivity, Series};

impl Series {
    /// Fits the disaggregation to all loaded days with backscatter and lays its maps over those without a 3 km product. `None` where no
    /// day needs one. The sensitivity fitted is kept in [`Series::sensitivity`], to be shown beside every map that used it.
    ///
    /// # Errors
    /// Those of [`Disaggregation::fit`]: the days then stay without a 3 km map.
    pub fn fill_gaps(&mut self) -> Option<Result<usize, DisaggregationError>> {
        let positive = |share: Option<f32>| share.is_some_and(|s| s > 0.0);
        let gaps: Vec<Date> = self
            .covers()
            .iter()
            .filter(|(_, c)| positive(c.coarse) && positive(c.backscatter) && !positive(c.fine))
            .map(|(date, _)| *date)
            .collect();
        if gaps.is_empty() { None } else { Some(self.disaggregate(&gaps)) }
    }

    /// The disaggregation of a date, fitted to the loaded days before it: its map, the sensitivity, and those days.
    ///
    /// # Errors
    /// Those of [`Disaggregation::fit`] and [`Disaggregation::apply`].
    pub fn disaggregated_before(
        &self,
        date: Date,
    ) -> Result<(Raster, Sensitivity, Vec<&Day>), DisaggregationError> {
        let earlier: Vec<&Day> =
            self.kept_days_before(date).filter(|day| day.vv.is_some() && day.coarse.is_some()).collect();
        let fitted = Disaggregation::fit(&Region::new(self.wide)?, earlier.iter().copied())?;
        let day = self.kept_day(date).ok_or(DisaggregationError::Missing { what: "SMAP in memory" })?;
        Ok((fitted.apply(day)?.cropped(&self.region.window())?, fitted.fitted(), earlier))
    }

    fn disaggregate(&mut self, gaps: &[Date]) -> Result<usize, DisaggregationError> {
        // With the margin: history beyond the region's edge is looked at too.
        let fitted = Disaggregation::fit(
            &Region::new(self.wide)?,
            self.kept_days().filter(|day| day.vv.is_some() && day.coarse.is_some()),
        )?;
        let mut maps = Vec::new();
        for &date in gaps {
            if let Some(day) = self.kept_day(date) {
                maps.push((date, fitted.apply(day)?));
            }
        }
        self.sensitivity = Some(fitted.fitted());
        let made = maps.len();
        for (date, raster) in maps {
            self.set_disaggregated(date, raster)?;
        }
        Ok(made)
    }
}
