//! A training run in plain values: its settings, its dates by role, its progress and its result. What computes it is in `loam-nn`.

mod plan;
pub mod recipe;
mod run;
pub mod schedule;
mod settings;

pub use plan::{DateRole, PlannedDate, TrainPlan, UnusableDate};
pub use run::{CheckpointReport, Choice, EpochReport, RunId, RunReport, TrainEnd, TrainResult};
pub use schedule::Schedule;
pub use settings::{Range, SettingError, Start, TrainSettings};
