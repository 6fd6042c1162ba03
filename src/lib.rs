//! Loam: soil-moisture maps at 3 km, made in a browser tab on the user's own device.
//!
//! This package is the app. What it stands on lies in `crates/`, and imports point down this list only:
//!
//! | crate | what it holds |
//! |---|---|
//! | `ease-grid` | EASE-Grid 2.0 and other coordinate systems, grids, rasters with mask reasons, resampling |
//! | `smap-files` | files to granules: SMAP HDF5, GeoTIFF, Sentinel-1; names, flags, fills |
//! | `ground-stations` | stations in the ground: ISMN archives and logger tables, matching with maps, QA4SM's scores, a report |
//! | `loam-core` | days of a region, samples, scores, simulated scenes, painting, exports |
//! | `loam-kernels` | the networks' expensive operations on CPU and GPU, with their gradients |
//! | `loam-nn` | the networks, their weights, the device, training |
//! | [`protocol`] | what page and worker say to each other |
//! | `link` | a worker from outside: messages out, events in (wasm only) |
//! | `validation` | maps made here against stations: regions, layers, a simulated network |
//! | `state` | what the page knows, and what happens to it on each event |
//! | `session` | files, series, weights and device together: what happens on each request |
//! | `experiment` | the paper's tables and figure, reproduced, every baseline beside (native only) |
//! | `worker` | the session in a Web Worker (wasm only) |
//! | `ui` | the page (leptos); the only place besides `bin/` that knows the DOM |

// The lints see all of the browser's features at once (xtask/src/check.rs); what one program alone leaves unused is seen where each is built.
#![cfg_attr(feature = "split", deny(unused))]

#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
pub mod experiment;
#[cfg(all(feature = "web", target_arch = "wasm32"))]
pub mod link;
pub mod protocol;
#[cfg(feature = "compute")]
pub mod session;
pub mod state;
#[cfg(all(feature = "page", target_arch = "wasm32"))]
pub mod ui;
#[cfg(feature = "compute")]
pub mod validation;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod worker;
