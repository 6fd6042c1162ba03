//! A logger's own table in a session: what it looks like, what the user said of it, its sensors.

use ground_stations::logger::{LoggerPlace, Preview, Reading, preview};
use ground_stations::{Sensor, time};
use loam_core::file::FileId;
use smap_files::SharedSource;

use crate::protocol::LoggerCard;

/// A logger's own table.
pub(super) struct Logger {
    preview: Preview,
    place: Option<LoggerPlace>,
    /// What was read by that.
    pub sensors: Vec<Sensor>,
    /// Why nothing was.
    pub refused: Option<String>,
}

impl Logger {
    /// A table that has a column of times.
    pub fn found(source: &SharedSource) -> Option<Self> {
        let preview = preview(source).ok()?;
        Some(Self { preview, place: None, sensors: Vec::new(), refused: None })
    }

    /// The user says what it is. True where it is to be read by that.
    pub fn describe(&mut self, place: &LoggerPlace) -> bool {
        let known = self.place.as_ref() == Some(place) && !self.sensors.is_empty();
        if !known {
            (self.place, self.sensors, self.refused) = (Some(place.clone()), Vec::new(), None);
        }
        !known
    }

    /// What reads it as it was described.
    pub fn reading(&self, source: &SharedSource) -> Option<Result<Reading, String>> {
        self.place.as_ref().map(|place| Reading::new(source, place).map_err(|e| e.to_string()))
    }

    /// It was read, or why not. `file`: its name in the list.
    pub fn take(&mut self, read: Result<Vec<Sensor>, String>, file: &str) {
        match read {
            Ok(sensors) => {
                let named = |sensor| Sensor { file: file.to_owned(), ..sensor };
                self.sensors = sensors.into_iter().map(named).collect();
            }
            Err(why) => self.refused = Some(why),
        }
    }

    /// What was read of it: `1 sensor of Field 1, 14250 records from 2018-01-01 to 2019-08-20 UTC`.
    pub fn words(&self) -> Option<String> {
        let first = self.sensors.first()?;
        let summaries = self.sensors.iter().map(|sensor| sensor.records.summary());
        let records: usize = summaries.clone().map(|summary| summary.records).sum();
        let from = summaries.clone().filter_map(|summary| summary.first).min();
        let to = summaries.filter_map(|summary| summary.last).max();
        let day =
            |minutes: Option<i32>| minutes.map(|m| time::civil(m).date().to_string()).unwrap_or_default();
        let count = self.sensors.len();
        let mut text = format!(
            "{count} sensor{} of {}, {records} records from {} to {} UTC",
            if count == 1 { "" } else { "s" },
            first.station,
            day(from),
            day(to)
        );
        if let Some((bad, line)) = first.bad_lines {
            text.push_str(&format!("; {bad} lines could not be read, the first is line {line}"));
        }
        Some(text)
    }

    /// As the page shows it.
    pub fn card(&self, file: FileId, name: &str) -> LoggerCard {
        let refused = self.refused.clone().map(Err);
        LoggerCard {
            file,
            name: name.to_owned(),
            preview: self.preview.clone(),
            place: self.place.clone(),
            answer: refused.or_else(|| self.words().map(Ok)),
        }
    }
}
