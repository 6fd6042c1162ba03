//! Which maps serve as history, which retrievals count and which dates, as every command that estimates is told.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use loam_core::fetch::SearchError;
use loam_core::stack::{HistoryRule, Library, Region, Series};
use smap_files::QualityRule;

use super::files;
use super::inspect::Quality;

/// Which earlier maps serve as history.
#[derive(clap::Args)]
pub struct HistoryChoice {
    /// Smallest share of the region (0..1) a 3 km map must cover to serve as history
    #[arg(long, default_value_t = HistoryRule::default().cover)]
    history_cover: f32,
    /// History from 3 km products alone, without maps disaggregated here from backscatter
    #[arg(long)]
    products_only: bool,
}

impl HistoryChoice {
    /// As estimates take it.
    pub fn rule(&self) -> HistoryRule {
        HistoryRule { cover: self.history_cover, disaggregated: !self.products_only }
    }
}

/// What of a region's files counts.
#[derive(clap::Args)]
pub struct Reading {
    #[command(flatten)]
    history: HistoryChoice,
    /// Which retrievals count
    #[arg(long, value_enum, default_value = "recommended")]
    quality: Quality,
}

impl Reading {
    /// Which earlier maps serve as history.
    pub fn rule(&self) -> HistoryRule {
        self.history.rule()
    }

    /// Which retrievals count.
    pub fn quality(&self) -> QualityRule {
        self.quality.into()
    }

    /// The days of a region, read with a progress bar.
    pub fn series(&self, library: &Library, region: Region) -> Result<Series, Box<dyn std::error::Error>> {
        let mut series = Series::new(region, self.quality());
        super::series::load(&mut series, library)?;
        Ok(series)
    }
}

/// Dates, all where neither end is given.
#[derive(clap::Args)]
pub struct Period {
    /// First date [default: the first one there is]
    #[arg(long, value_parser = files::date)]
    pub from: Option<Date>,
    /// Last date [default: the last one there is]
    #[arg(long, value_parser = files::date)]
    pub to: Option<Date>,
}

impl Period {
    /// From the first to the last date.
    ///
    /// # Errors
    /// [`SearchError::Backwards`].
    pub fn range(&self) -> Result<RangeInclusive<Date>, SearchError> {
        let (from, to) = (self.from.unwrap_or(Date::MIN), self.to.unwrap_or(Date::MAX));
        if to < from { Err(SearchError::Backwards { from, to }) } else { Ok(from..=to) }
    }
}
