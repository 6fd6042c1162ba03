//! A session: the opened files, the region's series, the weights and the device, and what happens on each [`Request`](crate::protocol::Request).
//!
//! The session knows neither DOM nor worker: a [`Host`] carries its events, its cancel flags and its weights. The page's worker is one
//! host; tests are another. The command line uses the same steps ([`open`], `loam_nn`) without the protocol.

mod auto;
mod beside;
pub mod bundle;
mod cost;
mod extent;
mod ground;
mod helper;
mod host;
mod job;
mod loaded;
mod logger;
mod look;
mod made_season;
mod networks;
pub mod open;
mod picture;
mod predict;
mod prepare;
pub mod provenance;
mod ranking;
mod reopen;
mod requests;
mod season;
mod season_day;
mod season_gathered;
mod season_shares;
mod state;
mod stations;
mod timeline;
mod training;

pub use helper::{Helper, HelperMessage};
pub use host::Host;
pub use state::Session;
pub use training::Work;
