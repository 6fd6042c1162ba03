//! A file of either form, line by line. Which form it is, is told from its first line.

use std::borrow::Cow;

use super::place::{Place, numbers_at};
use super::row::{Clock, Row, clock, plain, text, value, word};
use super::{FileName, name};
use crate::records::Records;
use crate::sensor::{Form, Sensor, Surroundings, Variable};
use crate::{StationError, time};

/// A file being read.
pub struct Table {
    file: String,
    name: Option<FileName>,
    state: State,
    clock: Clock,
    sensors: Vec<(Place, String, Records)>,
    bad: Option<(usize, u64)>,
    /// Signs and blanks of the first line are not the ISMN's: every line is looked at for such.
    odd: bool,
}

enum State {
    /// Before the first line.
    Start,
    /// Header + values; all lines are of the only sensor.
    Values,
    /// CEOP: the latitude is this word of every line; what precedes the value in the line before; which sensor that is.
    Ceop { latitude: usize, place: Vec<u8>, sensor: usize },
}

impl Table {
    /// For the file at a path of its archive or folder.
    #[must_use]
    pub fn new(file: &str) -> Self {
        let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
        Self {
            file: file.to_owned(),
            name: name::FileName::parse(last),
            state: State::Start,
            clock: Clock::default(),
            sensors: Vec::new(),
            bad: None,
            odd: false,
        }
    }

    /// Takes a line that is not empty.
    ///
    /// # Errors
    /// [`StationError`] where the first line is of neither form.
    pub fn line(&mut self, number: u64, line: &[u8]) -> Result<(), StationError> {
        if matches!(self.state, State::Start) {
            let first = plain(line);
            self.odd = matches!(first, Cow::Owned(_));
            return self.first(&first);
        }
        let plain = if self.odd { plain(line) } else { Cow::Borrowed(line) };
        let line = &*plain;
        let (row, sensor) = match &mut self.state {
            State::Ceop { latitude, place, sensor } => {
                let Some((from, to)) = place_of(line, *latitude) else { return self.bad(number) };
                if line[from..to] != place[..] {
                    let Ok(found) = parse_place(&line[from..to], *latitude) else { return self.bad(number) };
                    *place = line[from..to].to_vec();
                    let known = self.sensors.iter().position(|(place, _, _)| *place == found);
                    *sensor = known.unwrap_or(self.sensors.len());
                    if known.is_none() {
                        self.sensors.push((found, String::new(), Records::default()));
                    }
                }
                (row(&mut self.clock, line, to), *sensor)
            }
            _ => {
                // The value follows date and time.
                let end =
                    word(line, 0).and_then(|(_, end)| word(line, end)).map_or(line.len(), |(_, end)| end);
                (row(&mut self.clock, line, end), 0)
            }
        };
        let (Some(row), Some((_, _, records))) = (row, self.sensors.get_mut(sensor)) else {
            return self.bad(number);
        };
        records.push(row.minutes, row.value, row.flag);
        Ok(())
    }

    fn bad(&mut self, number: u64) -> Result<(), StationError> {
        let (count, first) = self.bad.unwrap_or((0, number));
        self.bad = Some((count + 1, first));
        Ok(())
    }

    fn first(&mut self, line: &[u8]) -> Result<(), StationError> {
        let text = text(line);
        if text.contains(|c: char| c.is_ascii_control() && c != '\t') {
            return Err(StationError::NoTable("its first line is no text".to_owned()));
        }
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let starts_with_time = |n: usize| {
            words.get(n).is_some_and(|date| time::day(date.as_bytes()).is_some())
                && words.get(n + 1).is_some_and(|text| clock(text.as_bytes()).is_some())
        };
        if starts_with_time(0) {
            if !starts_with_time(2) {
                let why = "a line with the place should stand before the values";
                return Err(StationError::NoPlace(why.to_owned()));
            }
            // Behind the depths stand value and flag: with a station that ends in a number the flag tells which numbers they are.
            let is_flag = |n: usize| words.get(n).is_none_or(|word| word.parse::<f64>().is_err());
            let at = numbers_at(words.get(4..).unwrap_or_default(), self.name.as_ref())
                .map(|at| at + 4)
                .filter(|at| is_flag(at + 6))
                .or_else(|| (7..words.len()).find(|n| is_flag(n + 6) && numbers(&words, *n)));
            let Some(at) = at else {
                return Err(StationError::NoPlace("no latitude, longitude, elevation and depths".to_owned()));
            };
            self.state = State::Ceop { latitude: at, place: Vec::new(), sensor: 0 };
            return self.line(1, line);
        }
        let Some(at) = numbers_at(&words, self.name.as_ref()) else {
            let start: String = text.chars().take(60).collect();
            return Err(StationError::NoTable(format!("it begins \"{start}\"")));
        };
        let place = Place::parse(&words, at)?;
        let instrument = words.get(at + 5..).unwrap_or_default().join(" ");
        self.sensors.push((place, instrument, Records::default()));
        self.state = State::Values;
        Ok(())
    }

    /// The sensors of the file, once its lines are over: one, or as many as a CEOP file mixes.
    ///
    /// # Errors
    /// [`StationError::NoVariable`]; [`StationError::NoRecords`].
    pub fn finish(self) -> Result<Vec<Sensor>, StationError> {
        let Some(name) = self.name else { return Err(StationError::NoVariable) };
        let bad = self.bad.map_or_else(String::new, |(count, first)| {
            format!(": {count} lines are no record, the first is line {first}")
        });
        let network = name::network_folder(&self.file).unwrap_or_default();
        let mut sensors = Vec::new();
        for (place, instrument, mut records) in self.sensors {
            if records.is_empty() {
                continue;
            }
            records.settle();
            let network = if network.is_empty() { place.network } else { network.to_owned() };
            sensors.push(Sensor {
                network,
                station: place.station,
                latitude: place.latitude,
                longitude: place.longitude,
                elevation: place.elevation,
                depth_from: place.depth_from,
                depth_to: place.depth_to,
                variable: Variable::from_code(&name.variable),
                // Both forms have the name; of the first line's instrument several sensors may share one.
                instrument: if name.instrument.is_empty() { instrument } else { name.instrument.clone() },
                file: self.file.clone(),
                form: if matches!(self.state, State::Ceop { .. }) { Form::Ceop } else { Form::HeaderValues },
                records,
                bad_lines: self.bad,
                surroundings: Surroundings::default(),
            });
        }
        if sensors.is_empty() { Err(StationError::NoRecords(bad)) } else { Ok(sensors) }
    }
}

fn numbers(words: &[&str], from: usize) -> bool {
    (from..from + 6).all(|n| words.get(n).is_some_and(|word| word.parse::<f64>().is_ok()))
}

fn row<'a>(clock: &mut Clock, line: &'a [u8], at: usize) -> Option<Row<'a>> {
    let (date, end) = word(line, 0)?;
    let (time, _) = word(line, end)?;
    let minutes = clock.minutes(date, time)?;
    let (value, flag) = value(line, at)?;
    Some(Row { minutes, value, flag })
}

/// Where network to depths stand in a line of CEOP: from the fifth word to the end of the fifth number.
fn place_of(line: &[u8], latitude: usize) -> Option<(usize, usize)> {
    let mut at = 0;
    for _ in 0..4 {
        at = word(line, at)?.1;
    }
    let from = at;
    for _ in 4..latitude + 5 {
        at = word(line, at)?.1;
    }
    Some((from, at))
}

fn parse_place(line: &[u8], latitude: usize) -> Result<Place, StationError> {
    let text = text(line);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    Place::parse(&words, latitude - 4)
}
