//! What the page shows: rows of files, maps with their pixels, jobs under way, notices.

use std::sync::Arc;

use crate::protocol::{Failure, FileReport, FileTicket, MapReport};
use ease_grid::EaseWindow;
use loam_core::file::{Correction, FileId};
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::method::Method;

/// A row of the file list.
#[derive(Debug, Clone)]
pub struct FileRow {
    /// Its number.
    pub id: FileId,
    /// Name shown.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// What it is; `None` while it is being read.
    pub report: Option<Arc<FileReport>>,
    /// Counts up with every report: a row that shows an older one is drawn again.
    pub revision: u32,
    /// What the user knows better.
    pub correction: Correction,
    /// The file of the user's that it is read from: its own number, or an archive's. `None` where it is not read again.
    pub source: Option<FileId>,
    /// Its path in the archive.
    pub member: Option<String>,
}

impl FileRow {
    /// A file that was not read yet.
    #[must_use]
    pub fn new(id: FileId, name: String, bytes: u64) -> Self {
        let correction = Correction::default();
        Self { id, name, bytes, report: None, revision: 0, correction, source: Some(id), member: None }
    }

    /// What the worker says of it, or nothing while it is read again.
    pub(super) fn report(&mut self, report: Option<FileReport>) {
        self.report = report.map(Arc::new);
        self.revision += 1;
    }

    /// It was not read, and no worker reads it unasked.
    pub(super) fn refuse(&mut self, why: String) {
        self.source = None;
        let blank = FileReport::blank(self.id, &self.name, self.bytes);
        self.report(Some(FileReport { refused: Some(why), ..blank }));
    }

    /// What to ask the worker to open.
    pub(super) fn ticket(&self) -> FileTicket {
        FileTicket {
            id: self.id,
            name: self.name.clone(),
            bytes: self.bytes,
            correction: self.correction.clone(),
            member: self.member.clone(),
        }
    }
}

/// A layer with its pixels.
#[derive(Debug, Clone)]
pub struct Layer {
    /// What it shows.
    pub key: LayerKey,
    /// Row-major, NaN where masked.
    pub values: Vec<f32>,
    /// [`ease_grid::Reason`] by number.
    pub reasons: Vec<u8>,
    /// Of the valid cells.
    pub statistics: ease_grid::Statistics,
}

/// A finished map with its pixels.
#[derive(Debug, Clone)]
pub struct MapData {
    /// What it is and what it was made from.
    pub report: MapReport,
    /// What can be drawn.
    pub layers: Vec<Layer>,
    /// The state of the files it was made from: [`super::State::data`] at the time.
    pub data: u64,
    /// Of each cell of SMAP's layer: 1 for 6 am, 2 for 6 pm, 0 where there is none or the file does not say. May be empty.
    pub overpasses: Vec<u8>,
}

impl MapData {
    /// One of its layers.
    pub fn layer(&self, key: impl Into<LayerKey>) -> Option<&Layer> {
        let key = key.into();
        self.layers.iter().find(|l| l.key == key)
    }

    /// The region.
    #[must_use]
    pub fn window(&self) -> EaseWindow {
        self.report.settings.window
    }

    /// What made it.
    #[must_use]
    pub fn method(&self) -> Method {
        self.report.weights.method()
    }

    /// Half-width of the estimate's interval in a cell, where the layer is an estimate that has one there.
    #[must_use]
    pub fn half_width(&self, of: &Layer, index: usize) -> Option<f32> {
        let key = LayerKey { kind: LayerKind::HalfWidth, ..of.key };
        let layer = self.layer(key).filter(|_| of.key.kind == LayerKind::Estimate)?;
        layer.values.get(index).copied().filter(|half_width| half_width.is_finite())
    }

    /// How uncertain its product says the reference is in a cell, where the layer is a reference that has it there.
    #[must_use]
    pub fn reference_uncertainty(&self, of: &Layer, index: usize) -> Option<f32> {
        let layer =
            self.layer(LayerKind::ReferenceUncertainty).filter(|_| of.key.kind == LayerKind::Reference)?;
        layer.values.get(index).copied().filter(|uncertainty| uncertainty.is_finite())
    }

    /// What the map is of, for headings.
    #[must_use]
    pub fn quantity(&self) -> &'static str {
        if self.method().output().is_kelvin() {
            "Brightness temperature at 9 km"
        } else {
            "Soil moisture at 3 km"
        }
    }
}

/// A long job under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its request.
    pub id: u64,
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 where that is not known.
    pub total: u64,
    /// What is being done, for people.
    pub what: String,
}

impl Job {
    /// One of which nothing is done yet.
    #[must_use]
    pub fn new(id: u64, what: &str) -> Self {
        Self { id, done: 0, total: 0, what: what.to_owned() }
    }
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Its number.
    pub number: u64,
    /// Something went wrong.
    pub error: bool,
    /// What, and what to do.
    pub failure: Failure,
}
