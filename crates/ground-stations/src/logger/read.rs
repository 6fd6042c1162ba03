//! A logger's table: what it looks like, and its sensors once the user has described it.

use serde::{Deserialize, Serialize};
use smap_files::SharedSource;

use super::csv::{delimiter, fields, number};
use super::moment::{DateOrder, minutes, offset};
use crate::lines::Lines;
use crate::records::Records;
use crate::sensor::{Form, Sensor, Surroundings, Variable};
use crate::{StationError, time};

/// What the network of a user's own loggers is called.
pub const NETWORK: &str = "own loggers";

/// Lines a preview is made from.
const LOOKED_AT: usize = 60;
/// Rows a preview shows.
const SHOWN: usize = 10;

/// The unit of a logger's soil moisture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoggerUnit {
    /// m3/m3.
    #[serde(rename = "m3/m3")]
    Fraction,
    /// Percent by volume.
    #[serde(rename = "percent")]
    Percent,
}

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

/// What a table looks like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// What parts its fields.
    pub delimiter: char,
    /// Names of the columns; numbers from 1 where the file has none.
    pub columns: Vec<String>,
    /// The column that holds times, from 0.
    pub time_column: usize,
    /// Columns that hold numbers, from 0.
    pub number_columns: Vec<usize>,
    /// How its dates can be read. The user has to say which, where there are several.
    pub date_orders: Vec<DateOrder>,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// Line of the first row, from 0.
    first_row: usize,
}

/// What a table looks like, from its first lines.
///
/// # Errors
/// [`StationError::NoTable`] where no column holds times.
pub fn preview(source: &SharedSource) -> Result<Preview, StationError> {
    let mut lines = Vec::new();
    Lines::new(source.clone()).step(&mut |_, line| {
        if lines.len() < LOOKED_AT {
            lines.push(String::from_utf8_lossy(line).into_owned());
        }
        Ok(())
    })?;
    let delimiter = delimiter(&lines);
    let table: Vec<Vec<String>> = lines.iter().map(|line| fields(line, delimiter)).collect();
    let is_time = |text: &str| !DateOrder::fitting(&[text]).is_empty();
    let found = table.iter().enumerate().find_map(|(row, fields)| {
        let column = fields.iter().position(|text| is_time(text))?;
        (fields.len() > 1).then_some((row, column))
    });
    let Some((first_row, time_column)) = found else {
        let why =
            "no column of it holds dates and times, separated from values by commas, semicolons or tabs";
        return Err(StationError::NoTable(why.to_owned()));
    };
    let rows = &table[first_row..];
    let width = rows.first().map_or(0, Vec::len);
    // Above the rows: the first line of their width has the names (below it loggers write units).
    let head = table[..first_row].iter().find(|fields| fields.len() == width);
    let columns: Vec<String> = (0..width)
        .map(|n| {
            head.and_then(|h| h.get(n)).filter(|h| !h.is_empty()).cloned().unwrap_or((n + 1).to_string())
        })
        .collect();
    let numbers = |column: usize| {
        let known =
            rows.iter().filter_map(|row| row.get(column)).filter(|text| number(text, delimiter).is_some());
        column != time_column && 2 * known.count() > rows.len()
    };
    let times: Vec<&str> = rows.iter().filter_map(|row| row.get(time_column)).map(String::as_str).collect();
    let times: Vec<&str> = times.into_iter().filter(|text| is_time(text)).collect();
    Ok(Preview {
        delimiter,
        time_column,
        number_columns: (0..width).filter(|column| numbers(*column)).collect(),
        date_orders: DateOrder::fitting(&times),
        rows: rows.iter().take(SHOWN).cloned().collect(),
        columns,
        first_row,
    })
}

/// The sensors of a table: one a value column.
///
/// # Errors
/// [`StationError::Logger`] where the description does not fit; those of [`preview`].
pub fn read(source: &SharedSource, place: &LoggerPlace) -> Result<Vec<Sensor>, StationError> {
    let preview = preview(source)?;
    let wrong = |why: String| StationError::Logger(why);
    if !(-90.0..=90.0).contains(&place.latitude) || !(-180.0..=180.0).contains(&place.longitude) {
        return Err(wrong(format!("{} N {} E is no place on Earth", place.latitude, place.longitude)));
    }
    let ahead = offset(&place.utc_offset)
        .ok_or_else(|| wrong(format!("\"{}\" is no offset from UTC: write +02:00", place.utc_offset)))?;
    let column = |name: &str| {
        let by_number = || name.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let found = preview.columns.iter().position(|column| column == name).or_else(by_number);
        found.filter(|n| *n < preview.columns.len()).ok_or_else(|| {
            wrong(format!("it has no column \"{name}\"; it has {}", preview.columns.join(", ")))
        })
    };
    let time_column = place.time_column.as_deref().map_or(Ok(preview.time_column), column)?;
    if place.value_columns.is_empty() {
        return Err(wrong("no value column was named".to_owned()));
    }
    let values: Vec<usize> = place.value_columns.iter().map(|name| column(name)).collect::<Result<_, _>>()?;
    let order = match (place.date_order, preview.date_orders.as_slice()) {
        (Some(order), _) => order,
        (None, [order]) => *order,
        (None, _) => {
            return Err(wrong("its dates can be read as day/month or as month/day: say which".to_owned()));
        }
    };
    let mut records = vec![Records::default(); values.len()];
    let (mut bad, mut first_bad) = (0, 0);
    let mut lines = Lines::new(source.clone());
    let mut take = |line_number: u64, line: &[u8]| {
        if line_number <= preview.first_row as u64 {
            return Ok(());
        }
        let row = fields(&String::from_utf8_lossy(line), preview.delimiter);
        let Some(at) = row.get(time_column).and_then(|text| minutes(text, order, ahead)) else {
            (bad, first_bad) = (bad + 1, if bad == 0 { line_number } else { first_bad });
            return Ok(());
        };
        for (records, column) in records.iter_mut().zip(&values) {
            // An empty field and the like is no record: the logger missed it.
            let value = row.get(*column).and_then(|text| number(text, preview.delimiter));
            if let Some(value) = value.filter(|value| value.is_finite()) {
                let value = if place.unit == LoggerUnit::Percent { value / 100.0 } else { value };
                records.push_unflagged(at, value);
            }
        }
        Ok(())
    };
    while lines.step(&mut take)? {}
    let mut sensors = Vec::new();
    for (mut records, column) in records.into_iter().zip(values) {
        records.settle();
        let name = preview.columns.get(column).cloned().unwrap_or_default();
        if records.is_empty() {
            return Err(wrong(format!("its column \"{name}\" holds no number")));
        }
        let highest = records.iter().map(|record| record.value).fold(0.0, f64::max);
        if highest > 1.5 {
            let first = records.at(0).map_or_else(String::new, |r| time::text(r.minutes));
            return Err(wrong(format!(
                "its column \"{name}\" reaches {highest} m3/m3, which no soil can hold (first record {first}): is its unit percent?"
            )));
        }
        sensors.push(Sensor {
            network: NETWORK.to_owned(),
            station: place.station.clone(),
            latitude: place.latitude,
            longitude: place.longitude,
            elevation: None,
            depth_from: place.depth.0,
            depth_to: place.depth.1,
            variable: Variable::SoilMoisture,
            instrument: name,
            file: source.name().to_owned(),
            form: Form::Logger,
            records,
            bad_lines: (bad > 0).then_some((bad, first_bad)),
            surroundings: Surroundings::default(),
        });
    }
    Ok(sensors)
}
