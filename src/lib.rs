//! Loam: soil-moisture maps at 3 km, made in a browser tab on the user's own device.
//!
//! The layout is the architecture. Each folder is one step of the data's way, and imports only point to the left:
//!
//! ```text
//! bytes -> [read] -> Granule -> [grid] -> Raster on a Grid -> [stack] -> Sample -> [model] -> Prediction -> [map] [export] [score]
//!                                                                  \-> [train] -> Weights -/
//! ```
//!
//! | folder | what it holds |
//! |---|---|
//! | [`grid`] | EASE-Grid 2.0 and other coordinate systems, grids, rasters with mask reasons, resampling |
//! | [`read`] | files to granules: SMAP HDF5, GeoTIFF, Sentinel-1; names, flags, fills |
//! | [`stack`] | granules to one aligned time series, and from it a network's sample |
//! | `kernels` | the network's expensive parts as operations of their own, with their gradients |
//! | [`model`] | SMEN, its weights on disk, the device it runs on |
//! | [`train`] | loss, trainer, split by time |
//! | [`score`] | uRMSE, bias, R; the baselines every estimate is shown beside |
//! | `experiment` | the paper's tables and figure, made anew, every baseline beside (native only) |
//! | [`simulate`] | seeded scenes for the demo and for tests, labelled simulated everywhere |
//! | [`map`] | colour maps, scales, graticule, coastline |
//! | [`export`] | GeoTIFF, CSV |
//! | [`protocol`] | what page and worker say to each other |
//! | `session` | files, series, weights and device together: what happens on each request |
//! | `worker` | the session in a Web Worker (wasm only) |
//! | `ui` | the page (leptos); the only place besides `bin/` that knows the DOM |

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
pub mod experiment;
pub mod export;
pub mod grid;
#[cfg(feature = "compute")]
pub mod kernels;
pub mod map;
#[cfg(feature = "compute")]
pub mod model;
pub mod protocol;
pub mod read;
pub mod score;
#[cfg(feature = "compute")]
pub mod session;
pub mod simulate;
pub mod stack;
#[cfg(feature = "compute")]
pub mod train;
#[cfg(all(feature = "page", target_arch = "wasm32"))]
pub mod ui;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod worker;
