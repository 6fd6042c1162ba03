//! One date of a run: what the network sees and what it is held against, complete, so that a run goes on and is scored without the files
//! it came from (a browser does not keep them over a reload).

use jiff::civil::Date;

use super::{KeptImage, TrainError, TrainSample};
use crate::model::Archive;
use crate::protocol::{DateRole, day};

/// An image of a run, row-major from the north-west corner, m3/m3.
#[derive(Debug, Clone, PartialEq)]
pub struct RunImage {
    /// Its date.
    pub date: Date,
    /// What it is used for.
    pub role: DateRole,
    /// Input, target, mask.
    pub sample: TrainSample,
    /// Bilinear SMAP: the baseline. NaN where it has no value.
    pub bilinear: Vec<f32>,
    /// [`crate::grid::Reason`] of SMAP's cells, by number: where the estimate is masked.
    pub reasons: Vec<u8>,
}

impl KeptImage for RunImage {
    type Example = TrainSample;

    fn date(&self) -> Date {
        self.date
    }

    fn role(&self) -> DateRole {
        self.role
    }

    fn example(&self) -> &TrainSample {
        &self.sample
    }

    fn to_bytes(&self) -> Vec<u8> {
        let sample = &self.sample;
        let mut archive = head(self.date, self.role, (sample.columns, sample.rows));
        for (name, values) in
            [("i", &sample.i), ("d", &sample.d), ("target", &sample.target), ("mask", &sample.mask), ("bilinear", &self.bilinear)]
        {
            archive.put(name, values.clone());
        }
        archive.put("reasons", self.reasons.iter().map(|r| f32::from(*r)).collect());
        archive.to_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let mut archive = Archive::from_bytes(bytes).map_err(broken)?;
        let (date, role, (columns, rows)) = read_head(&archive)?;
        let mut take = |name: &str| archive.take(name).map_err(broken);
        Ok(Self {
            date,
            role,
            sample: TrainSample { columns, rows, i: take("i")?, d: take("d")?, target: take("target")?, mask: take("mask")? },
            bilinear: take("bilinear")?,
            reasons: take("reasons")?.into_iter().map(|r| r as u8).collect(),
        })
    }
}

/// A file that says date, role and size, and holds no planes yet.
pub(super) fn head(date: Date, role: DateRole, (columns, rows): (usize, usize)) -> Archive {
    let mut archive = Archive::default();
    for (key, text) in [
        ("date", day::text(&date)),
        ("role", serde_json::to_string(&role).unwrap_or_default()),
        ("columns", columns.to_string()),
        ("rows", rows.to_string()),
    ] {
        archive.metadata.insert(key.into(), text);
    }
    archive
}

/// What [`head`] wrote.
pub(super) fn read_head(archive: &Archive) -> Result<(Date, DateRole, (usize, usize)), TrainError> {
    let text = |key: &str| archive.metadata.get(key).ok_or_else(|| broken(format!("{key} is missing")));
    let number = |key: &str| text(key)?.parse::<usize>().map_err(|_| broken(format!("{key} is no number")));
    let date = day::parse(text("date")?).ok_or_else(|| broken("its date".into()))?;
    let role = serde_json::from_str(text("role")?).map_err(|error| broken(error.to_string()))?;
    Ok((date, role, (number("columns")?, number("rows")?)))
}

/// An image that is not as it was written.
pub(super) fn broken(reason: String) -> TrainError {
    TrainError::Checkpoint { reason: format!("an image of the run is damaged ({reason})") }
}
