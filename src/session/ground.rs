//! The files of stations that are open, what was read of them, and the last validation.

use ground_stations::{Form, LeftOut, Sensor, Stations, is_of_stations};
use loam_core::file::FileId;
use smap_files::SharedSource;

use super::logger::Logger;
use crate::protocol::{FileReport, FileTicket, LoggerCard};
use crate::validation::Outcome;

/// Files of stations, what was read of them, and the last validation.
#[derive(Default)]
pub(super) struct Ground {
    /// Files of stations.
    pub files: Vec<GroundFile>,
    /// What was read of them.
    pub stations: Stations,
    /// The last validation.
    pub outcome: Option<Outcome>,
}

/// A file of stations.
pub(super) struct GroundFile {
    pub id: FileId,
    pub name: String,
    bytes: u64,
    pub source: SharedSource,
    /// What it is where it turns out to be of no station.
    otherwise: Option<Box<FileReport>>,
    /// It is a logger's own table.
    pub logger: Option<Box<Logger>>,
    /// It was read.
    pub read: bool,
}

/// Said of a file of stations in the list.
const KIND: &str = "soil moisture of stations";

/// Sentences on one file in the list.
const MOST_PROBLEMS: usize = 12;

impl Ground {
    /// A file of stations was opened, or one that may be: it waits. Its row in the list meanwhile.
    pub fn found(
        &mut self,
        ticket: &FileTicket,
        source: SharedSource,
        otherwise: Option<Box<FileReport>>,
    ) -> FileReport {
        let FileTicket { id, name, bytes, .. } = ticket;
        self.files.retain(|file| file.id != *id);
        let file = GroundFile {
            id: *id,
            name: name.clone(),
            bytes: *bytes,
            source,
            otherwise,
            logger: None,
            read: false,
        };
        let row = file.row("waits to be read".to_owned());
        self.files.push(file);
        row
    }

    /// The files that wait to be read.
    pub fn waiting(&self) -> Vec<FileId> {
        self.files.iter().filter(|file| !file.read).map(|file| file.id).collect()
    }

    /// The cards of loggers' own tables.
    pub fn cards(&self) -> Vec<LoggerCard> {
        let card = |file: &GroundFile| file.logger.as_ref().map(|logger| logger.card(file.id, &file.name));
        self.files.iter().filter_map(card).collect()
    }

    /// Loggers' sensors as they were read last, in place of those from before.
    pub fn take_loggers(&mut self) {
        let Self { files, stations, .. } = self;
        let loggers = files.iter().filter_map(|file| file.logger.as_ref().map(|logger| (file, logger)));
        stations.sensors.retain(|sensor| sensor.form != Form::Logger);
        stations.left_out.retain(|left| !loggers.clone().any(|(file, _)| file.holds(&left.file)));
        for sensor in loggers.flat_map(|(_, logger)| &logger.sensors) {
            stations.insert(sensor.clone());
        }
    }

    /// Takes a file out. True where it was of stations: what is left is to be read again, since records of several files may have been merged.
    pub fn forget(&mut self, id: FileId) -> bool {
        let before = self.files.len();
        self.files.retain(|file| file.id != id);
        if self.files.len() == before {
            return false;
        }
        for file in &mut self.files {
            file.read = false;
        }
        (self.stations, self.outcome) = (Stations::default(), None);
        true
    }
}

impl GroundFile {
    fn row(&self, evidence: String) -> FileReport {
        FileReport {
            variable: Some(KIND.to_owned()),
            evidence,
            ..FileReport::blank(self.id, &self.name, self.bytes)
        }
    }

    /// Its row, where it is a logger's own table.
    pub fn as_logger(&self) -> Option<FileReport> {
        let logger = self.logger.as_ref()?;
        let evidence = "a logger's own table";
        if let Some(words) = logger.words() {
            return Some(self.row(format!("{evidence}: {words}")));
        }
        let problem = logger.refused.clone().unwrap_or_else(|| {
            "Say under Ground where it stands, how deep, in which unit and time zone: then it is a station."
                .to_owned()
        });
        Some(FileReport { problems: vec![problem], ..self.row(evidence.to_owned()) })
    }

    pub fn refused(&self, why: String) -> FileReport {
        FileReport { refused: Some(why), ..FileReport::blank(self.id, &self.name, self.bytes) }
    }

    /// What was read of it.
    pub fn described(&self, read: &Stations) -> FileReport {
        let sensors = read.sensors.iter().filter(|sensor| self.holds(&sensor.file));
        let left_out: Vec<&LeftOut> = read.left_out.iter().filter(|file| self.holds(&file.file)).collect();
        let mut stations: Vec<(&str, &str)> =
            sensors.clone().map(|s| (s.network.as_str(), s.station.as_str())).collect();
        let count = stations.len();
        stations.sort_unstable();
        stations.dedup();
        let mut problems: Vec<String> = sensors.flat_map(Sensor::problems).map(|text| text + ".").collect();
        if count == 0
            && let Some(file) = left_out.first()
        {
            return self.refused(file.why.clone());
        }
        problems.extend(left_out.iter().map(|file| format!("Left out: {}: {}", file.file, file.why)));
        let more = problems.len().saturating_sub(MOST_PROBLEMS);
        problems.truncate(MOST_PROBLEMS);
        if more > 0 {
            problems.push(format!("And {more} more: all are listed under Ground."));
        }
        let evidence = match count {
            0 => "belongs to the stations beside it".to_owned(),
            _ => format!("{count} sensors at {} stations: see Ground", stations.len()),
        };
        FileReport { problems, simulated: read.simulated(), ..self.row(evidence) }
    }

    /// Whether what a message names lies in this file.
    fn holds(&self, shown: &str) -> bool {
        shown == self.name || shown.strip_prefix(self.name.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// What it is besides a file of the ISMN: `None` where it is one.
    pub fn no_archive(&self) -> Option<NoArchive> {
        let otherwise = self.otherwise.as_ref()?;
        if is_of_stations(&self.source) {
            return None;
        }
        Some(match Logger::found(&self.source) {
            Some(logger) => NoArchive::Logger(Box::new(logger)),
            None => NoArchive::Other(otherwise.clone()),
        })
    }
}

/// A table that may be of a station, and is no file of the ISMN.
pub(super) enum NoArchive {
    /// A logger's own.
    Logger(Box<Logger>),
    /// None of a station: its row.
    Other(Box<FileReport>),
}
