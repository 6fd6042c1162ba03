//! What page and worker say to each other: one [`Request`] enum, one [`Event`] enum, plain values only.
//!
//! A message is a head ([`wire`]) plus attachments (typed arrays, transferred and not copied; `File` objects on the way in). Heads name
//! attachments by their index. A long job is a stream of events under the request's id; a newer request of the same kind supersedes
//! an older one; [`Request::Cancel`] is honoured at the next step.

mod bundle;
mod event;
mod export;
mod failure;
mod files;
mod ground;
mod look;
mod map;
mod packed;
mod request;
mod season;
mod timeline;
mod training;
pub mod wire;

use serde::{Deserialize, Serialize};

pub use bundle::{BundleComparison, BundleEvent, BundleReport, BundleRequest};
pub use event::Event;
pub use export::ExportForm;
pub use failure::Failure;
pub use files::{FileReport, FileTicket, FoundMember, SetAside};
pub use ground::{
    Enough, GroundEvent, GroundForm, GroundRequest, LoggerCard, StationList, StationMark, ValidationReport,
};
pub use look::{LookAt, LookLayer, LookPicture, LookReport, LookStep};
pub use map::{LayerHead, MapReport};
pub use packed::Packed;
pub use request::Request;
pub use season::{SEASON_KEY, SeasonDayReport, SeasonReport};
pub use timeline::{DayReport, Timeline};
pub use training::{PreviewReport, StepReport, TrainEstimate, TrainStarted};

/// A message with its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Request id, given by the page, growing.
    pub id: u64,
    /// The message.
    pub body: T,
}

/// An attachment, by its kind.
#[derive(Debug, Clone)]
pub enum Attachment {
    /// `Float32Array`.
    F32(Vec<f32>),
    /// `Uint8Array`.
    U8(Vec<u8>),
}
