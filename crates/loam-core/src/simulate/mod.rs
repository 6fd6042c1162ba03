//! Seeded scenes that behave like SPL3SMP and SPL2SMAP_S. Everything made here is labelled simulated.
//!
//! The demo, many tests and the shipped weights stand on these scenes, so what they are and are not is said here. They are not maps
//! of the places they are named after; scores on them say what a method can do on data of this kind, never how well it does on Earth.
//!
//! | property | how | where it comes from |
//! |---|---|---|
//! | truth at 3 km, daily | residual + capacity x filling; exponential dry-down, rain fills | chosen |
//! | persistent sub-grid pattern | texture (9-120 km) and terrain (9-18 km) set residual, capacity, dry-down | chosen |
//! | event-driven sub-grid pattern | convective storms (20 km) that move, fronts (150 km) | chosen |
//! | their shares | [`PERSISTENT_SHARE`], measured by `tests/simulate.rs` | outcome |
//! | 36 km footprints | block mean of the 12 x 12 nested cells + noise of 0.025 m3/m3 | nesting: formats.md 2.4; noise: chosen |
//! | SMAP stripes | one overpass direction sees about half of the land a day, a place every 1-3 days, 2 on average | formats.md 2.2; orbit: general knowledge |
//! | 3 km maps | under Sentinel-1 swaths of 250 km, a place every 6-12 days, part of them missing | 12 days: formats.md 2.1; rest chosen |
//! | retrieval error | persistent pattern, 15 km error, speckle, half of the footprint's noise | model.md section 4 says why; sizes chosen |
//! | masks | lakes, mountains, dense vegetation, frozen ground; valid ranges | reasons: formats.md 2.1, 2.2; shares chosen |
//! | brightness temperature, land surface temperature | [`brightness`]: tau-omega on the truth, on request | constants and citations there |
//! | backscatter | linear in dB with moisture over larger vegetation and roughness patterns | levels: formats.md 2.6; slopes chosen |
//!
//! What of this can be measured is, beside published values, in [`properties`] and docs/simulated.md.
//!
//! Equal scenes give equal bits natively and on wasm (see [`rng`]).

pub mod brightness;
mod climate;
mod field;
mod land;
pub mod names;
mod observe;
mod orbit;
mod places;
pub mod properties;
pub mod rng;
mod simulator;
mod weather;

pub use climate::Climate;
pub use observe::{
    BACKSCATTER_SLOPE, COARSE_RANGE, FINE_RANGE, INHERITED_NOISE, MASKED_SHARE, RADIOMETER_NOISE,
};
pub use places::{TRAINING_PLACES, UNSEEN_PLACES, place};
pub use simulator::{Brightness, FIRST, LAST, Scene, SimulatedDay, Simulator};

/// Share of the true sub-grid variance (inside 36 km cells, over three years) that lies in the temporal mean, so stays; the rest
/// comes and goes with events. By preset: Oklahoma City, Tucson, Geneva. An outcome of the chosen parameters for typical seeds, to
/// +-0.1.
pub const PERSISTENT_SHARE: [(&str, f64); 3] = [("oklahoma-city", 0.60), ("tucson", 0.50), ("geneva", 0.75)];

/// Seed of the demo and of the scenes the shipped weights were trained on: the same places, so that the demo's later years are the
/// test years of those weights.
pub const DEMO_SEED: u64 = 2016;
