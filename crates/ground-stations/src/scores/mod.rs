//! Scores of maps against stations, with the names and definitions of QA4SM 4.0 (pytesmo 0.18), checked against it on the same pairs.

mod anomaly;
mod bootstrap;
mod distributions;
mod groups;
mod pairwise;
mod rank;
mod triple;

pub(crate) use bootstrap::Sequence;
pub(crate) use pairwise::correlation;

pub use anomaly::{ANOMALY_DAYS, anomalies};
pub use groups::{Quartiles, Season};
pub use pairwise::{FEWEST_FOR_BOOTSTRAP, LEVEL, Pairwise, Score, pairwise, pairwise_values};
pub use triple::{
    FEWEST_FOR_TRIPLE, Lineage, Representativeness, Triple, TripleMember, TripleRefusal, WIDEST_SNR_INTERVAL,
    triple_collocation,
};
