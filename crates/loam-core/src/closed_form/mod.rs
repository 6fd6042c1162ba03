//! Methods that need no weights: the map of a date in closed form, from SMAP and what the region's files hold beside it. Each is a file
//! here and a line in the registry below; page, command line and score tables take it from there.

mod bicubic;
mod bilinear;
mod disaggregation;
mod estimate;
mod history_mean;
mod persistence;
mod regression;

use ease_grid::{GridError, Raster, resample};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::regression::interval::Width;
use crate::score::ScoreError;
use crate::stack::{Day, DisaggregationError, HistoryRule, HistorySlot, Library, Sample, Series, StackError};

/// What page and command line need to know of a method.
#[derive(Debug)]
pub struct About {
    /// On the command line and in forms.
    pub key: &'static str,
    /// In score tables and titles.
    pub name: &'static str,
    /// In a choice: what it makes of what.
    pub choice: &'static str,
    /// Which dates it has a map for.
    pub needs: Needs,
    /// What to cite beside the files.
    pub citations: &'static [&'static str],
}

/// What a date must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// SMAP alone.
    Coarse,
    /// SMAP, and earlier dates with SMAP and a 3 km map.
    History,
    /// SMAP; whatever earlier dates there are make it better.
    Past,
    /// SMAP and backscatter of the date.
    Backscatter,
}

/// What a method is given of a date.
pub struct Given<'a> {
    /// The files.
    pub library: &'a Library,
    /// Days of the region.
    pub series: &'a mut Series,
    /// The date.
    pub date: Date,
    /// Which 3 km maps count as earlier ones.
    pub rule: HistoryRule,
    /// What a network would be given: SMAP as it is, residuals of the history.
    pub sample: &'a Sample,
    /// Everything of the day.
    pub today: &'a Day,
}

/// A method's map, and what it was made of.
pub struct Made {
    /// m3/m3.
    pub raster: Raster,
    /// Files that went in.
    pub files: Vec<String>,
    /// Any of them simulated.
    pub simulated: bool,
    /// Fitted sensitivity of the disaggregation, m3/m3 per dB, where it was used.
    pub sensitivity: Option<f32>,
    /// Earlier dates that went in, oldest first, where the method does not look at the sample's own.
    pub history: Option<Vec<HistorySlot>>,
    /// Half-width of the 90 % interval, m3/m3, and how wide it is; none where the method does not say how sure it is.
    pub interval: Option<(Raster, Width)>,
}

impl Given<'_> {
    /// A map made of the date's files alone.
    fn of_today(&self, raster: Raster) -> Made {
        let Day { files, simulated, .. } = self.today;
        Made {
            raster,
            files: files.clone(),
            simulated: *simulated,
            sensitivity: None,
            history: None,
            interval: None,
        }
    }

    /// A map made of the date's files and of the history's.
    fn of_history(&self, raster: Raster) -> Made {
        let Sample { files, simulated, .. } = self.sample;
        let fitted = self.series.sensitivity.filter(|_| self.sample.uses_disaggregation());
        let sensitivity = fitted.map(|fitted| fitted.beta as f32);
        Made {
            raster,
            files: files.clone(),
            simulated: *simulated,
            sensitivity,
            history: None,
            interval: None,
        }
    }

    /// SMAP interpolated bilinearly.
    ///
    /// # Errors
    /// [`ClosedFormError::Missing`] where SMAP's own cells are not known.
    pub fn bilinear(&self) -> Result<Raster, ClosedFormError> {
        let native = self.native()?;
        Ok(resample::bilinear(native, &self.sample.region.window())?)
    }

    /// SMAP on its own cells.
    ///
    /// # Errors
    /// [`ClosedFormError::Missing`] where they are not known.
    pub fn native(&self) -> Result<&Raster, ClosedFormError> {
        self.today
            .coarse_native
            .as_ref()
            .ok_or(ClosedFormError::Missing { date: self.date, what: "SMAP on the global EASE-Grid" })
    }
}

/// Why a method has no map of a date.
#[derive(Debug, thiserror::Error)]
pub enum ClosedFormError {
    /// The date lacks what the method needs.
    #[error("{date} has no {what}: choose another date, another method, or open files that have it")]
    Missing {
        /// The date.
        date: Date,
        /// What is missing.
        what: &'static str,
    },
    /// The method lives from earlier dates, and there are none.
    #[error(
        "no date before {date} has both SMAP and a 3 km map over at least {percent:.0} % of the region, so there is no 3 km pattern to add to \
         SMAP: open earlier SPL2SMAP_S (3 km) files together with SMAP files of the same dates, or choose bilinear SMAP"
    )]
    NoHistory {
        /// The date.
        date: Date,
        /// The rule, per cent.
        percent: f32,
    },
    /// Days could not be read.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The disaggregation could not be fitted.
    #[error(transparent)]
    Disaggregation(#[from] DisaggregationError),
    /// Scores could not be computed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Rasters do not fit each other.
    #[error(transparent)]
    Grid(#[from] GridError),
}

/// Makes the enum of the methods from one line each.
macro_rules! registry {
    ($($(#[$doc:meta])* $variant:ident => $file:ident;)+) => {
        /// A method in closed form.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ClosedForm {
            $($(#[$doc])* $variant,)+
        }

        impl ClosedForm {
            /// Every method, in the order of a choice.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its row in the registry.
            #[must_use]
            pub const fn about(self) -> &'static About {
                match self {
                    $(Self::$variant => &$file::ABOUT,)+
                }
            }

            /// Its map of a date.
            ///
            /// # Errors
            /// [`ClosedFormError`].
            pub fn map(self, given: &mut Given<'_>) -> Result<Made, ClosedFormError> {
                match self {
                    $(Self::$variant => $file::map(given),)+
                }
            }
        }
    };
}

registry! {
    /// What each pixel's own past says.
    Regression => regression;
    /// SMAP interpolated bilinearly.
    Bilinear => bilinear;
    /// SMAP interpolated bicubically.
    Bicubic => bicubic;
    /// The last known 3 km pattern on today's SMAP.
    Persistence => persistence;
    /// Bilinear SMAP plus the mean of the history's residuals.
    HistoryMean => history_mean;
    /// SMAP split by the backscatter of the date.
    Disaggregation => disaggregation;
}

impl ClosedForm {
    /// By its key.
    #[must_use]
    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.about().key == key)
    }
}

/// SMAP alone.
const SMAP: &[&str] = &["SMAP L3 (SPL3SMP), NASA National Snow and Ice Data Center"];
/// SMAP and the 3 km product, or backscatter.
const SMAP_AND_SENTINEL: &[&str] = &[
    "SMAP/Sentinel-1 L2 (SPL2SMAP_S) and SMAP L3 (SPL3SMP), NASA National Snow and Ice Data Center",
    "Contains modified Copernicus Sentinel data",
];
