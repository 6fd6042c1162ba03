//! The sensors of a logger's table, once the user has described it.

use serde::{Deserialize, Serialize};
use smap_files::SharedSource;

use super::csv::{fields, number};
use super::moment::{DateOrder, minutes, offset};
use super::preview::{Preview, preview};
use super::unit::LoggerUnit;
use crate::lines::Lines;
use crate::records::Records;
use crate::sensor::{Form, Sensor, Surroundings, Variable};
use crate::{StationError, time};

/// What the network of a user's own loggers is called.
pub const NETWORK: &str = "own loggers";

/// Of m3/m3: what is below is a logger's code of a missing value (-6999), what is above is none of soil.
const POSSIBLE: std::ops::RangeInclusive<f64> = -0.1..=1.5;
/// A series in per cent that never exceeds this, m3/m3, is one in m3/m3.
const DRIEST: f64 = 0.01;

/// What the user says of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoggerPlace {
    /// What the station shall be called.
    pub station: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Of the sensors, metres: upper and lower end.
    pub depth: (f64, f64),
    /// Of the values.
    pub unit: LoggerUnit,
    /// Of the times, as the offset from UTC: `+00:00`, `+02:00`. Loggers mostly keep standard time through the summer.
    pub utc_offset: String,
    /// Name of the time column, or its number from 1; the one that holds times where none is named.
    pub time_column: Option<String>,
    /// Names or numbers of the value columns: each is a sensor.
    pub value_columns: Vec<String>,
    /// Order of year, month and day, where the dates can be read in several.
    pub date_order: Option<DateOrder>,
}

/// The sensors of a table: one a value column.
///
/// # Errors
/// [`StationError::Logger`] where the description does not fit; those of [`preview`].
pub fn read(source: &SharedSource, place: &LoggerPlace) -> Result<Vec<Sensor>, StationError> {
    let mut reading = Reading::new(source, place)?;
    while reading.step()? {}
    reading.finish()
}

/// A table being read, in steps of half a megabyte: whoever drives it can let others work, and stop.
pub struct Reading {
    preview: Preview,
    place: LoggerPlace,
    file: String,
    order: DateOrder,
    /// Minutes that the clock is ahead of UTC.
    ahead: i32,
    time_column: usize,
    /// The column of clock times, where dates have one of their own.
    clock_column: Option<usize>,
    value_columns: Vec<usize>,
    lines: Lines,
    records: Vec<Records>,
    /// Lines that could not be read, and the first one's number.
    bad: (usize, u64),
}

fn wrong(why: impl Into<String>) -> StationError {
    StationError::Logger(why.into())
}

fn column(preview: &Preview, name: &str) -> Result<usize, StationError> {
    preview
        .column(name)
        .ok_or_else(|| wrong(format!("it has no column \"{name}\"; it has {}", preview.columns.join(", "))))
}

impl Reading {
    /// Checks the description against the first lines.
    ///
    /// # Errors
    /// As [`read`].
    pub fn new(source: &SharedSource, place: &LoggerPlace) -> Result<Self, StationError> {
        let preview = preview(source)?;
        if place.station.trim().is_empty() {
            return Err(wrong("its station has no name: give it one"));
        }
        if !(-90.0..=90.0).contains(&place.latitude) || !(-180.0..=180.0).contains(&place.longitude) {
            return Err(wrong(format!("{} N {} E is no place on Earth", place.latitude, place.longitude)));
        }
        let (upper, lower) = place.depth;
        if !(0.0..=10.0).contains(&upper) || !(upper..=10.0).contains(&lower) {
            return Err(wrong(format!(
                "{upper} to {lower} m are no depths: write metres, the upper end first, as 0.05 or 0 to 0.05"
            )));
        }
        let ahead = offset(&place.utc_offset)
            .ok_or_else(|| wrong(format!("\"{}\" is no offset from UTC: write +02:00", place.utc_offset)))?;
        let time_column =
            place.time_column.as_deref().map_or(Ok(preview.time_column), |name| column(&preview, name))?;
        if place.value_columns.is_empty() {
            return Err(wrong("no column of soil moisture was named"));
        }
        let value_columns =
            place.value_columns.iter().map(|name| column(&preview, name)).collect::<Result<Vec<_>, _>>()?;
        let Some(times) = preview.time_columns.iter().find(|times| times.column == time_column) else {
            let name = preview.columns.get(time_column).cloned().unwrap_or_default();
            return Err(wrong(format!("its column \"{name}\" holds no dates with times")));
        };
        if times.clocks.len() > 1 {
            return Err(wrong(
                "its dates have no time of day, and several columns do: join date and time in one column",
            ));
        }
        let order = match (place.date_order, times.orders.as_slice()) {
            (Some(order), _) | (None, &[order]) => order,
            (None, _) => {
                return Err(wrong("its dates can be read as day/month or as month/day: say which"));
            }
        };
        Ok(Self {
            records: vec![Records::default(); value_columns.len()],
            place: place.clone(),
            file: source.name().to_owned(),
            order,
            ahead,
            time_column,
            clock_column: times.clocks.first().copied(),
            value_columns,
            lines: Lines::new(source.clone()),
            bad: (0, 0),
            preview,
        })
    }

    /// Bytes read so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.lines.done()
    }

    /// Reads on. False once the file is over.
    ///
    /// # Errors
    /// Those of the source.
    pub fn step(&mut self) -> Result<bool, StationError> {
        let Self { preview, place, order, ahead, lines, records, bad, .. } = self;
        let (time_column, clock_column, value_columns) =
            (self.time_column, self.clock_column, &self.value_columns);
        lines.step(&mut |line_number, line| {
            if line_number <= preview.first_row as u64 {
                return Ok(());
            }
            let row = fields(&String::from_utf8_lossy(line), preview.delimiter);
            let mut good = true;
            let text = match clock_column.map(|column| row.get(column)) {
                None => row.get(time_column).cloned(),
                // A date without its time of day is none.
                Some(clock) => row.get(time_column).zip(clock).map(|(date, clock)| {
                    if clock.is_empty() { String::new() } else { format!("{date} {clock}") }
                }),
            };
            if let Some(at) = text.and_then(|text| minutes(&text, *order, *ahead)) {
                for (records, column) in records.iter_mut().zip(value_columns) {
                    // An empty field and the like is no record: the logger missed it.
                    let value = row.get(*column).and_then(|text| number(text, preview.delimiter));
                    let Some(value) = value.filter(|value| value.is_finite()) else { continue };
                    let value = if place.unit == LoggerUnit::Percent { value / 100.0 } else { value };
                    good &= value >= *POSSIBLE.start();
                    if value >= *POSSIBLE.start() {
                        records.push_unflagged(at, value);
                    }
                }
            } else {
                good = false;
            }
            if !good {
                *bad = (bad.0 + 1, if bad.0 == 0 { line_number } else { bad.1 });
            }
            Ok(())
        })
    }

    /// The sensors.
    ///
    /// # Errors
    /// [`StationError::Logger`] where a column holds nothing that can be soil moisture.
    pub fn finish(self) -> Result<Vec<Sensor>, StationError> {
        let (bad, first_bad) = self.bad;
        let mut sensors = Vec::new();
        for (mut records, column) in self.records.into_iter().zip(self.value_columns) {
            records.settle();
            let name = self.preview.columns.get(column).cloned().unwrap_or_default();
            if records.is_empty() {
                let bad = if bad > 0 {
                    format!(
                        "; {bad} lines could not be read, the first is line {first_bad}: do the dates have another order?"
                    )
                } else {
                    String::new()
                };
                return Err(wrong(format!(
                    "its column \"{name}\" holds no values in its rows with a time{bad}"
                )));
            }
            let highest = records.iter().map(|record| record.value).fold(f64::MIN, f64::max);
            if highest > *POSSIBLE.end() {
                let first = records.at(0).map_or_else(String::new, |r| time::text(r.minutes));
                return Err(wrong(format!(
                    "its column \"{name}\" reaches {highest} m3/m3, which no soil can hold (first record {first}): is its unit percent?"
                )));
            }
            if self.place.unit == LoggerUnit::Percent && highest < DRIEST {
                return Err(wrong(format!(
                    "its column \"{name}\" never exceeds {} %, which is drier than soil: is its unit m3/m3?",
                    100.0 * highest
                )));
            }
            sensors.push(Sensor {
                network: NETWORK.to_owned(),
                station: self.place.station.clone(),
                latitude: self.place.latitude,
                longitude: self.place.longitude,
                elevation: None,
                depth_from: self.place.depth.0,
                depth_to: self.place.depth.1,
                variable: Variable::SoilMoisture,
                instrument: name,
                file: self.file.clone(),
                form: Form::Logger,
                records,
                bad_lines: (bad > 0).then_some((bad, first_bad)),
                surroundings: Surroundings::default(),
            });
        }
        Ok(sensors)
    }
}
