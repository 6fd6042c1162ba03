//! What every estimate is shown beside (model.md, section 3): one baseline a file, all on the same pixels.
//!
//! | baseline | file | sees |
//! |---|---|---|
//! | SMAP as is, bilinear, bicubic | [`interpolation`] | today's 36 km image |
//! | persistence | `persistence` | the last 3 km map, and what SMAP changed since |
//! | means of residuals | [`residuals`] | the four history maps; all training maps |
//! | random forest | `forest` | all of these, position, static statistics per pixel |
//! | LSTM per pixel | `loam::experiment` (it needs burn) | the series of 36 km values and residuals of a pixel |
//! | SMAP/Sentinel-1 disaggregation | [`disaggregation`] | today's backscatter, which SMEN does not see |
//!
//! A [`Case`] is one date with everything any of them may look at. The trained ones (forest, LSTM) are native only.

mod case;
pub mod disaggregation;
#[cfg(feature = "forest")]
mod forest;
pub mod interpolation;
mod persistence;
pub mod residuals;

pub use case::{Case, CaseInput, HISTORY};
#[cfg(feature = "forest")]
pub use forest::{Forest, ForestError, TREES};
pub use persistence::{last_known, persistence};
