//! Maps made here against stations in the ground: which regions to predict, how estimates become layers of the comparison, a simulated
//! network over a simulated scene. Reading, matching and scores are `ground-stations`'.

mod about;
mod maps;
mod regions;
mod simulated;

pub use about::{coastline, software};
pub use maps::{Layers, add_day};
pub use regions::{Refused, regions_around};
pub use simulated::network_over;
