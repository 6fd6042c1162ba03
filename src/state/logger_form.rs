//! What is typed into the form of a logger's own table, and the description that it makes.

use std::collections::BTreeMap;

use ground_stations::logger::{DateOrder, LoggerPlace, LoggerUnit, Preview, TimeColumn};
use loam_core::file::FileId;
use serde::{Deserialize, Serialize};

use crate::protocol::{LoggerCard, Packed};

/// The forms of the tables in which something was typed or chosen. Kept as long as the page, whatever becomes of the worker.
pub type Forms = BTreeMap<FileId, Packed<LoggerForm>>;

/// The form of a table: as it was typed, else as it is shown at first.
#[must_use]
pub fn form_of(forms: &Forms, card: &LoggerCard) -> LoggerForm {
    let typed = forms.get(&card.file).and_then(|form| form.open().ok());
    typed.unwrap_or_else(|| LoggerForm::of(&card.name, &card.preview, card.place.as_ref()))
}

/// Whether another table waits to be described and has the same columns.
#[must_use]
pub fn waits_alike(card: &LoggerCard, other: &LoggerCard) -> bool {
    let read = matches!(other.answer, Some(Ok(_)));
    other.file != card.file && !read && other.preview.columns == card.preview.columns
}

/// The fields as typed and chosen; empty where they are not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoggerForm {
    /// The station's name.
    pub station: String,
    /// Degrees north.
    pub latitude: String,
    /// Degrees east.
    pub longitude: String,
    /// Upper end, metres.
    pub upper: String,
    /// Lower end; empty where it is the upper one.
    pub lower: String,
    /// Key of [`UNITS`].
    pub unit: String,
    /// Offset from UTC.
    pub offset: String,
    /// [`Preview::key`] of the column.
    pub time: String,
    /// Of the columns.
    pub values: Vec<String>,
    /// Key of [`ORDERS`].
    pub order: String,
}

/// Units: key, words.
pub const UNITS: [(&str, &str, LoggerUnit); 2] =
    [("fraction", "m3/m3", LoggerUnit::Fraction), ("percent", "% by volume", LoggerUnit::Percent)];
/// Orders of dates: key, words.
pub const ORDERS: [(&str, &str, DateOrder); 3] = [
    ("ymd", "year, month, day", DateOrder::YearMonthDay),
    ("dmy", "day, month, year", DateOrder::DayMonthYear),
    ("mdy", "month, day, year", DateOrder::MonthDayYear),
];

/// A number as people type it: `−97,5`.
fn number(text: &str, what: &str) -> Result<f64, String> {
    let plain = text.trim().replace('−', "-").replace(',', ".");
    if plain.is_empty() {
        return Err(format!("{what} is missing: a file cannot say it."));
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| {
        format!(
            "{what}: \"{text}\" is not a number. Write it in decimal, as 35.5; south and west are negative."
        )
    })
}

impl LoggerForm {
    /// As it is shown at first: what was said before, else what the file says of itself, and nothing else.
    #[must_use]
    pub fn of(name: &str, preview: &Preview, place: Option<&LoggerPlace>) -> Self {
        let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        if let Some(place) = place {
            let (upper, lower) = place.depth;
            return Self {
                station: place.station.clone(),
                latitude: place.latitude.to_string(),
                longitude: place.longitude.to_string(),
                upper: upper.to_string(),
                lower: if lower == upper { String::new() } else { lower.to_string() },
                unit: key(&UNITS, place.unit),
                offset: place.utc_offset.clone(),
                time: place.time_column.clone().unwrap_or_default(),
                values: place.value_columns.clone(),
                order: place.date_order.map(|order| key(&ORDERS, order)).unwrap_or_default(),
            };
        }
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let mut form = Self {
            station: file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned(),
            latitude: text(preview.told.latitude),
            longitude: text(preview.told.longitude),
            ..Self::default()
        };
        if let [time] = preview.time_columns.as_slice() {
            form.time = preview.key(time.column);
            form.told_offset(preview);
        }
        if let [only] = preview.number_columns.as_slice() {
            form.values = vec![preview.key(*only)];
        }
        form.told(preview);
        form
    }

    /// Takes over what another table's form says, save name and place, which are each table's own. What the file says itself stays.
    pub fn take_choices(&mut self, from: &Self, preview: &Preview) {
        let Self { station, latitude, longitude, .. } = std::mem::take(self);
        *self = Self { station, latitude, longitude, ..from.clone() };
        self.told(preview);
        self.told_offset(preview);
    }

    /// The clock's offset, where the file says it of the column of times that is chosen.
    pub fn told_offset(&mut self, preview: &Preview) {
        let chosen = preview.column(&self.time);
        let time = preview.time_columns.iter().find(|time| Some(time.column) == chosen);
        let said = time.map(|time| said_offset(preview, time)).unwrap_or_default();
        if !said.is_empty() {
            self.offset = said;
        }
    }

    /// Unit and depth, where the file says the same of every column that is ticked.
    pub fn told(&mut self, preview: &Preview) {
        let ticked = || self.values.iter().filter_map(|text| preview.column(text));
        let mut units = ticked().map(|n| preview.told.units.get(n).copied().flatten());
        if let Some(Some(unit)) = units.next()
            && units.all(|other| other == Some(unit))
        {
            self.unit = key(&UNITS, unit);
        }
        let mut depths = ticked().map(|n| preview.told.depths.get(n).copied().flatten());
        if let Some(Some(depth)) = depths.next()
            && depths.all(|other| other == Some(depth))
        {
            (self.upper, self.lower) = (depth.to_string(), String::new());
        }
    }

    /// How the dates of the chosen column can be read.
    #[must_use]
    pub fn orders<'a>(&self, preview: &'a Preview) -> &'a [DateOrder] {
        let chosen = preview.column(&self.time);
        let found = preview.time_columns.iter().find(|time| Some(time.column) == chosen);
        found.map_or(&[], |time| time.orders.as_slice())
    }

    /// What it says.
    ///
    /// # Errors
    /// A sentence: which field is missing or not a number. Whether a number is possible, the reader says.
    pub fn place(&self, preview: &Preview) -> Result<LoggerPlace, String> {
        let missing = |what: &str| Err(format!("{what} is missing: a file cannot say it."));
        let latitude = number(&self.latitude, "Latitude")?;
        let longitude = number(&self.longitude, "Longitude")?;
        let upper = number(&self.upper, "Depth")?;
        let lower = if self.lower.trim().is_empty() { upper } else { number(&self.lower, "Lower end")? };
        if preview.column(&self.time).is_none() {
            return missing("The column of times");
        }
        if self.values.is_empty() {
            return missing("The column of soil moisture");
        }
        let Some(unit) = found(&UNITS, &self.unit) else { return missing("The unit") };
        if self.offset.trim().is_empty() {
            return missing("The logger's offset from UTC");
        }
        let orders = self.orders(preview);
        let date_order = found(&ORDERS, &self.order).filter(|order| orders.contains(order));
        if orders.len() > 1 && date_order.is_none() {
            return Err("The dates can be read in several ways: say which.".to_owned());
        }
        Ok(LoggerPlace {
            station: self.station.trim().to_owned(),
            latitude,
            longitude,
            depth: (upper, lower),
            unit,
            utc_offset: self.offset.trim().replace('−', "-"),
            time_column: Some(self.time.clone()),
            value_columns: self.values.clone(),
            date_order,
        })
    }
}

/// The offset that the file says of a column of times.
fn said_offset(preview: &Preview, time: &TimeColumn) -> String {
    let named = preview.told.utc_offsets.get(time.column).cloned().flatten();
    named.or_else(|| time.zoned.then(|| "+00:00".to_owned())).unwrap_or_default()
}

fn key<T: PartialEq>(all: &[(&str, &str, T)], wanted: T) -> String {
    all.iter().find(|(_, _, value)| *value == wanted).map_or_else(String::new, |(key, ..)| (*key).to_owned())
}

fn found<T: Copy>(all: &[(&str, &str, T)], wanted: &str) -> Option<T> {
    all.iter().find(|(key, ..)| *key == wanted).map(|(_, _, value)| *value)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ground_stations::logger::preview;
    use smap_files::{BytesSource, SharedSource};

    use super::*;

    fn seen(text: &str) -> Preview {
        preview(&(Arc::new(BytesSource::new("logger.csv", text.as_bytes().to_vec())) as SharedSource))
            .unwrap()
    }

    #[test]
    fn what_the_file_says_is_there_and_nothing_else() {
        let bare = seen("time,a,b\n2020-06-01 06:00,21.5,12\n2020-06-01 07:00,21.5,12\n");
        let form = LoggerForm::of("folder/Field 1.csv", &bare, None);
        let expected = LoggerForm { station: "Field 1".into(), time: "time".into(), ..LoggerForm::default() };
        assert_eq!(form, expected, "which column, its unit, place, depth and zone are open");

        let telling = seen(
            "# Latitude: 35.5 N\n# Longitude: 97.5 W\n\"Date Time, GMT-06:00\",\"VWC_5cm, m³/m³\"\n06/01/20 06:00:00 AM,0.215\n",
        );
        let form = LoggerForm::of("hobo.csv", &telling, None);
        assert_eq!((form.latitude.as_str(), form.longitude.as_str()), ("35.5", "-97.5"));
        assert_eq!(
            (form.unit.as_str(), form.upper.as_str(), form.offset.as_str()),
            ("fraction", "0.05", "-06:00")
        );
        assert_eq!((form.values.as_slice(), form.order.as_str()), (&["VWC_5cm, m³/m³".to_owned()][..], ""));
        assert_eq!(form.orders(&telling).len(), 3, "06/01/20 can be anything");
    }

    #[test]
    fn choices_of_another_table_give_way_to_what_the_file_says() {
        let from = LoggerForm {
            latitude: "1".into(),
            unit: "percent".into(),
            offset: "+01:00".into(),
            time: "time".into(),
            values: vec!["a (m3/m3)".into()],
            upper: "0.05".into(),
            ..LoggerForm::default()
        };
        let table = seen("time,a (m3/m3),b\n2020-06-01T06:00Z,0.2,12\n2020-06-01T07:00Z,0.2,12\n");
        let mut form = LoggerForm::of("other.csv", &table, None);
        form.take_choices(&from, &table);
        let expected = LoggerForm {
            station: "other".into(),
            latitude: String::new(),
            unit: "fraction".into(),
            offset: "+00:00".into(),
            ..from
        };
        assert_eq!(form, expected);
    }

    #[test]
    fn each_field_that_is_open_is_asked_for() {
        let table = seen("time,a (%),b\n1/2/2020 06:00,21.5,12\n2/2/2020 07:00,21.5,12\n");
        let mut form = LoggerForm::of("logger.csv", &table, None);
        let asked = |form: &LoggerForm, holds: &str| {
            let why = form.place(&table).unwrap_err();
            assert!(why.contains(holds), "{why}");
        };
        asked(&form, "Latitude is missing");
        form.latitude = "north".into();
        asked(&form, "\"north\" is not a number");
        (form.latitude, form.longitude) = ("35,5".into(), "−97.5".into());
        asked(&form, "Depth is missing");
        form.upper = "0.05".into();
        asked(&form, "column of soil moisture");
        form.values = vec!["a (%)".into()];
        form.told(&table);
        assert_eq!(form.unit, "percent");
        asked(&form, "offset from UTC");
        form.offset = "−06:00".into();
        asked(&form, "several ways");
        form.order = "ymd".into();
        asked(&form, "several ways");
        form.order = "mdy".into();
        let place = form.place(&table).unwrap();
        assert_eq!((place.latitude, place.longitude, place.depth), (35.5, -97.5, (0.05, 0.05)));
        assert_eq!((place.utc_offset.as_str(), place.date_order), ("-06:00", Some(DateOrder::MonthDayYear)));
        assert_eq!(LoggerForm::of("logger.csv", &table, Some(&place)).place(&table), Ok(place));
    }
}
