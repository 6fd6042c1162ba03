//! What a logger's table looks like.

use serde::{Deserialize, Serialize};
use smap_files::SharedSource;

use super::csv::{delimiter, fields, number};
use super::moment::{DateOrder, is_clock, zoned};
use super::told::Told;
use crate::StationError;
use crate::lines::Lines;

/// Lines a preview is made from.
const LOOKED_AT: usize = 60;
/// Rows a preview shows.
const SHOWN: usize = 10;

/// What a table looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// What parts its fields.
    pub delimiter: char,
    /// Names of the columns; numbers from 1 where the file has none.
    pub columns: Vec<String>,
    /// The first column that holds times, from 0.
    pub time_column: usize,
    /// Every column that holds times.
    pub time_columns: Vec<TimeColumn>,
    /// Columns that hold numbers, from 0.
    pub number_columns: Vec<usize>,
    /// How the dates of [`Preview::time_column`] can be read. The user has to say which, where there are several.
    pub date_orders: Vec<DateOrder>,
    /// What it says of itself.
    pub told: Told,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// Line of the first row, from 0.
    pub(super) first_row: usize,
}

/// A column of times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeColumn {
    /// From 0.
    pub column: usize,
    /// Where it holds dates alone: columns that hold clock times. One belongs to it, of several none can be known to.
    pub clocks: Vec<usize>,
    /// How its dates can be read.
    pub orders: Vec<DateOrder>,
    /// Its times say their zone themselves.
    pub zoned: bool,
}

impl Preview {
    /// A column by its name, or its number from 1.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        let by_number = || name.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let found = self.columns.iter().position(|column| column == name).or_else(by_number);
        found.filter(|n| *n < self.columns.len())
    }

    /// What [`Preview::column`] finds a column by: its name, or its number where another has that name.
    #[must_use]
    pub fn key(&self, column: usize) -> String {
        let name = self.columns.get(column).filter(|name| self.column(name) == Some(column));
        name.cloned().unwrap_or_else(|| (column + 1).to_string())
    }
}

fn is_time(text: &str) -> bool {
    !DateOrder::fitting(&[text]).is_empty()
}

/// A column of a table, as times; `None` where it holds none in most rows.
fn times(rows: &[Vec<String>], column: usize) -> Option<TimeColumn> {
    let texts = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
    let texts: Vec<&str> = texts.filter(|text| is_time(text)).collect();
    let clocks = |column: &usize| {
        let clocks = rows.iter().filter_map(|row| row.get(*column)).filter(|text| is_clock(text));
        2 * clocks.count() > rows.len()
    };
    let dates_alone = !texts.iter().any(|text| text.trim().contains([' ', 'T']));
    let width = if dates_alone { rows.first().map_or(0, Vec::len) } else { 0 };
    (2 * texts.len() > rows.len()).then(|| TimeColumn {
        column,
        clocks: (0..width).filter(clocks).collect(),
        orders: DateOrder::fitting(&texts),
        zoned: texts.iter().all(|text| zoned(text)),
    })
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
    let first_row =
        table.iter().position(|fields| fields.len() > 1 && fields.iter().any(|text| is_time(text)));
    let columns_of_times = first_row.map(|first| {
        let rows = &table[first..];
        let width = rows.first().map_or(0, Vec::len);
        (0..width).filter_map(|column| times(rows, column)).collect::<Vec<_>>()
    });
    let (Some(first_row), Some([time, ..])) = (first_row, columns_of_times.as_deref()) else {
        let why =
            "no column of it holds dates and times, separated from values by commas, semicolons or tabs";
        return Err(StationError::NoTable(why.to_owned()));
    };
    let (head, rows) = table.split_at(first_row);
    let width = rows.first().map_or(0, Vec::len);
    // Above the rows: the first line of their width has the names (below it loggers write units).
    let names = head.iter().find(|fields| fields.len() == width);
    let columns: Vec<String> = (0..width)
        .map(|n| {
            names.and_then(|h| h.get(n)).filter(|h| !h.is_empty()).cloned().unwrap_or((n + 1).to_string())
        })
        .collect();
    let numbers = |column: &usize| {
        let known =
            rows.iter().filter_map(|row| row.get(*column)).filter(|text| number(text, delimiter).is_some());
        *column != time.column && 2 * known.count() > rows.len()
    };
    Ok(Preview {
        delimiter,
        time_column: time.column,
        number_columns: (0..width).filter(numbers).collect(),
        date_orders: time.orders.clone(),
        told: Told::of((&lines[..first_row], head), &columns, rows, delimiter),
        time_columns: columns_of_times.clone().unwrap_or_default(),
        rows: rows.iter().take(SHOWN).cloned().collect(),
        columns,
        first_row,
    })
}
