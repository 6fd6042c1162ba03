//! The paper's results, reproduced (model.md, tables 1 to 3 and figure 2): SMEN trained and tested as the paper does, every baseline on the
//! same pixels, on a folder of SMAP files or on simulated scenes, with the same code. Native only.
//!
//! ```text
//! Source -> [images] -> Gathered (training and test Cases) -> [run] [parallel] -> CellResult, Baselines (kept on disk) -> [table] ->
//! [report] [figure]
//! ```
//!
//! | open point of the paper | reading here | why |
//! |---|---|---|
//! | which of the dates of 2016-2017 train | spread evenly over them | all seasons at every training-set size |
//! | which of 2018's test | spread evenly; the same for every method, seed and training-set size | |
//! | training dates that are history of a test date | left out | their target would be an input of the test |
//! | validation | none: weights of the epoch of lowest training loss | the paper names none; nothing is chosen on test dates |
//! | images per step | 1 | its loss is written for one image |
//! | region of Table 3 | Tucson | it has 10 test images in Table 1 |

mod card;
mod cards_page;
mod cell;
mod error;
mod estimate;
mod figure;
mod images;
mod lstm;
mod parallel;
mod past;
mod place;
mod report;
mod resumable;
mod run;
mod table;

pub mod download;
pub mod interval_score;
pub mod methods;
pub mod nominal;
pub mod paper;
pub mod records;
pub mod simulator;

pub use card::{Card, CardScore, PlaceScores, Seen, Shelved, cards};
pub use cards_page::cards_markdown;
pub use cell::{Baselines, Cell, CellResult, DateScore, Images, Method};
pub use error::ExperimentError;
pub use figure::figure_2;
pub use images::{Gathered, Source, evenly};
pub use lstm::{LstmSettings, PixelLstm};
pub use place::{TbCell, TbResult, TbScore, tb_cnn, tb_markdown};
pub use report::{csv, markdown, summary};
pub use resumable::KEPT_EVERY;
pub use run::{Listen, Progress, Runner};
pub use table::{Kind, MethodRow, Options, Row, Spread, Table};
