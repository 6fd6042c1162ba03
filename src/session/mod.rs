//! A session: the opened files, the region's series, the weights and the device, and what happens on each [`Request`](crate::protocol::Request).
//!
//! The session knows neither DOM nor worker: a [`Host`] carries its events, its cancel flags and its weights. The page's worker is one
//! host; tests are another. The command line uses the same steps ([`open`], [`predict`]) without the protocol.

pub mod applicability;
mod cost;
mod host;
pub mod images;
mod network;
pub mod open;
pub mod predict;
mod prepare;
pub mod provenance;
mod requests;
pub mod run;
pub mod tb;
pub mod tb_run;
mod timeline;
mod training;
pub mod verdict;

pub use host::Host;
pub use requests::Session;
pub use training::Work;
