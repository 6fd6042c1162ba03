//! Maps made here against stations in the ground: which regions and dates to predict, how estimates become layers of the comparison, what is
//! noted meanwhile, the report, a simulated network. The command line and the session are driven by these same steps, so that both give the
//! same numbers. Reading, matching and scores are `ground-stations`'.

mod about;
mod dates;
mod maps;
mod notes;
mod outcome;
mod regions;
mod simulated;

pub use about::{About, about, coastline};
pub use dates::dates;
pub use maps::{Layers, add_day};
pub use notes::{BEST, Notes};
pub use outcome::{Outcome, compare, comparisons};
pub use regions::{Refused, regions_around};
pub use simulated::{OverScene, network_over};
