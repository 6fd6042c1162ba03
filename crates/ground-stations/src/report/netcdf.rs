//! The pairs as NetCDF-4 in the form that QA4SM takes as a user's own data: three dimensions `time`, `lat`, `lon` with exact one-dimensional axes (the
//! EASE-Grid 2.0 has one longitude a column and one latitude a row), flat, numbers alone, names of letters, digits and underscores up to 30
//! characters, long names too. Read on 2026-11-29 in QA4SM's guidelines for user data and in `format_validator.py` of qa4sm-preprocessing.
//!
//! A cell holds the mean of its stations, with their count; rows and columns without a pair are left out.

use std::collections::{BTreeMap, BTreeSet};

use ease_grid::{Resolution, ease2};
use netcdf_writer::{
    DimensionId, NcAttrValue, NcFileBuilder, NcFillValueType, NcWriteFormat, NcWriteOptions, VariableId,
};

use super::csv::TERMS;
use crate::matching::{Matched, Pair};
use crate::stations::Stations;
use crate::{StationError, time};

/// Longest name that QA4SM takes.
const LONGEST: usize = 30;
/// Most values of all variables: 160 MB. Stations far apart span a grid that is empty but for them.
const MOST: usize = 40_000_000;
/// Dates, rows and columns of a chunk.
const CHUNK: [usize; 3] = [64, 64, 64];
/// No value.
const FILL: f32 = -9999.0;

/// What a variable takes of a pair.
type Count = fn(&Pair) -> u16;
type Values = fn(&Pair) -> &[f32];
type Written<T = ()> = Result<T, netcdf_writer::Error>;

/// The pairs of all cells. What is shared with [`super::pairs_csv`]: rules and terms, as attributes.
///
/// # Errors
/// [`StationError::NetCdf`] where there is no pair, where the cells span too large a grid, and where the encoder refuses.
pub fn pairs_netcdf(
    matched: &Matched,
    stations: &Stations,
    simulated_maps: bool,
) -> Result<Vec<u8>, StationError> {
    let refused = |why: String| StationError::NetCdf(why);
    let axes = Axes::of(matched);
    if axes.days.is_empty() {
        return Err(refused("there is no pair".to_owned()));
    }
    let values = axes.len().saturating_mul(4 + 3 * matched.layers.len());
    if values > MOST {
        return Err(refused(format!(
            "{} dates of cells that lie in {} rows and {} columns would be {values} values, most of them empty: choose a shorter period, or \
             stations nearer to each other; the CSV has them all",
            axes.days.len(),
            axes.rows.len(),
            axes.columns.len()
        )));
    }
    let simulated = match (simulated_maps, stations.simulated()) {
        (true, true) => "maps and stations",
        (true, false) => "maps",
        (false, true) => "stations",
        (false, false) => "",
    };
    let file = File { builder: NcFileBuilder::new(), axes, matched };
    file.written(simulated).map_err(|e| refused(e.to_string()))
}

/// What is along each dimension, and where.
struct Axes {
    /// Day numbers.
    days: Vec<i32>,
    rows: Vec<usize>,
    columns: Vec<usize>,
}

impl Axes {
    fn of(matched: &Matched) -> Self {
        let (mut days, mut rows, mut columns) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for cell in matched.cells.iter().filter(|cell| !cell.pairs.is_empty()) {
            columns.insert(cell.cell.0);
            rows.insert(cell.cell.1);
            days.extend(cell.pairs.iter().map(|pair| time::of_date(pair.date)));
        }
        let all = |set: BTreeSet<usize>| set.into_iter().collect();
        Self { days: days.into_iter().collect(), rows: all(rows), columns: all(columns) }
    }

    fn len(&self) -> usize {
        self.days.len().saturating_mul(self.rows.len()).saturating_mul(self.columns.len())
    }
}

struct File<'a> {
    builder: NcFileBuilder,
    axes: Axes,
    matched: &'a Matched,
}

impl File<'_> {
    fn written(mut self, simulated: &str) -> Written<Vec<u8>> {
        let dimensions = [
            self.builder.add_dimension("time", self.axes.days.len() as u64)?,
            self.builder.add_dimension("lat", self.axes.rows.len() as u64)?,
            self.builder.add_dimension("lon", self.axes.columns.len() as u64)?,
        ];
        self.globals(simulated)?;
        self.coordinates(dimensions)?;
        self.stations(dimensions)?;
        self.maps(dimensions)?;
        Ok(self.builder.to_vec(NcWriteOptions { format: NcWriteFormat::Nc4 })?.1)
    }

    fn globals(&mut self, simulated: &str) -> Written {
        let title = "pairs of stations and maps, soil moisture";
        let mut texts = vec![
            ("Conventions".to_owned(), "CF-1.13".to_owned()),
            (
                "title".to_owned(),
                if simulated.is_empty() { title.to_owned() } else { format!("SIMULATED {simulated}: {title}") },
            ),
            ("terms".to_owned(), TERMS.to_owned()),
            ("simulated".to_owned(), if simulated.is_empty() { "nothing" } else { simulated }.to_owned()),
            (
                "comment".to_owned(),
                "A cell holds the mean of the stations in it. Rows and columns of the 3 km EASE-Grid 2.0 (EPSG:6933) without a pair are left out."
                    .to_owned(),
            ),
        ];
        let rules = self.matched.rules.words();
        texts.extend(rules.into_iter().enumerate().map(|(n, rule)| (format!("rule_{}", n + 1), rule)));
        for (name, value) in texts {
            self.builder.add_attribute(name, NcAttrValue::Chars(value))?;
        }
        Ok(())
    }

    fn text(&mut self, variable: VariableId, attributes: &[(&str, &str)]) -> Written {
        for (name, value) in attributes {
            self.builder.add_variable_attribute(variable, *name, NcAttrValue::Chars((*value).to_owned()))?;
        }
        Ok(())
    }

    fn coordinates(&mut self, [time, lat, lon]: [DimensionId; 3]) -> Written {
        let variable = self.builder.add_variable::<i32>("time", &[time])?;
        self.text(
            variable,
            &[
                ("standard_name", "time"),
                ("long_name", "date of the overpass"),
                ("units", "days since 1970-01-01 00:00:00"),
                ("calendar", "standard"),
                ("axis", "T"),
            ],
        )?;
        self.builder.write_variable(variable, &self.axes.days)?;
        let cell = Resolution::M03.cell_m();
        let x = |column: usize| ease2::X0 + (column as f64 + 0.5) * cell;
        let y = |row: usize| ease2::Y0 - (row as f64 + 0.5) * cell;
        let latitudes: Vec<f64> = self.axes.rows.iter().map(|row| ease2::inverse(0.0, y(*row)).1).collect();
        let longitudes: Vec<f64> =
            self.axes.columns.iter().map(|column| ease2::inverse(x(*column), 0.0).0).collect();
        let lines = [
            ("lat", lat, latitudes, "latitude", "degrees_north", "Y", 90.0),
            ("lon", lon, longitudes, "longitude", "degrees_east", "X", 180.0),
        ];
        for (name, axis, values, standard_name, units, letter, most) in lines {
            let variable = self.builder.add_variable::<f64>(name, &[axis])?;
            let long_name = format!("{standard_name} of the centre");
            let texts = [
                ("standard_name", standard_name),
                ("long_name", &*long_name),
                ("units", units),
                ("axis", letter),
            ];
            self.text(variable, &texts)?;
            let range = NcAttrValue::Doubles(vec![-most, most]);
            self.builder.add_variable_attribute(variable, "valid_range", range)?;
            self.builder.write_variable(variable, &values)?;
        }
        Ok(())
    }

    /// What the ground says, when, and how many say it.
    fn stations(&mut self, axes: [DimensionId; 3]) -> Written {
        let moisture = ("m3 m-3", "soil moisture in the ground", "mean of the stations in the cell");
        self.variable(axes, "in_situ", moisture, f64::from(FILL), |pair| Some(pair.station))?;
        let seconds = |pair: &Pair| Some(60 * (pair.minutes - time::DAY * time::of_date(pair.date)));
        let words = ("s", "overpass after time", "time offset of QA4SM: seconds to add to time, UTC");
        self.variable(axes, "time_offset", words, i32::MIN, seconds)?;
        let counts: [(&str, &str, Count); 2] = [
            ("stations", "stations in the mean", |pair| pair.stations),
            ("sensors", "sensors in the mean", |pair| pair.sensors),
        ];
        for (name, words, of) in counts {
            self.variable(axes, name, ("1", words, words), i32::MIN, |pair| Some(i32::from(of(pair))))?;
        }
        Ok(())
    }

    /// Each map on the cell, on 3 x 3 cells, and its half-width where it says one.
    fn maps(&mut self, axes: [DimensionId; 3]) -> Written {
        let mut taken = BTreeSet::new();
        for (n, layer) in self.matched.layers.iter().enumerate() {
            let name = unique(&layer.name, &mut taken);
            let parts: [(&str, &str, Values); 3] = [
                ("", "the 3 km cell", |pair| &pair.cell),
                ("_3x3", "the mean of 3 x 3 cells", |pair| &pair.mean_3x3),
                ("_hw90", "half the width of the 90 % interval", |pair| &pair.half_width),
            ];
            for (end, words, of) in parts {
                let value = |pair: &Pair| of(pair).get(n).copied().filter(|value| value.is_finite());
                let any =
                    self.matched.cells.iter().flat_map(|cell| &cell.pairs).any(|pair| value(pair).is_some());
                // A half-width that no date has is none; a map without values is a finding.
                if any || end.is_empty() {
                    let long = cut(&format!("{}{}", layer.name, end.replace('_', " ")));
                    let comment = format!("{}: {words}", layer.name);
                    self.variable(axes, &format!("{name}{end}"), ("m3 m-3", &long, &comment), FILL, value)?;
                }
            }
        }
        Ok(())
    }

    /// A variable of all pairs: its unit, long name and comment.
    fn variable<T: NcFillValueType>(
        &mut self,
        axes: [DimensionId; 3],
        name: &str,
        (units, long_name, comment): (&str, &str, &str),
        fill: T,
        of: impl Fn(&Pair) -> Option<T>,
    ) -> Written {
        let variable = self.builder.add_variable::<T>(name, &axes)?;
        self.text(variable, &[("long_name", long_name), ("units", units), ("comment", comment)])?;
        self.builder.set_variable_fill_value(variable, fill)?;
        let Axes { days, rows, columns } = &self.axes;
        let sizes = [days.len(), rows.len(), columns.len()];
        let chunk: Vec<u64> = sizes.iter().zip(CHUNK).map(|(n, most)| (*n).min(most).max(1) as u64).collect();
        self.builder.set_variable_chunking(variable, chunk)?;
        self.builder.set_variable_deflate(variable, Some(4), true)?;
        let place =
            |all: &[usize]| all.iter().enumerate().map(|(at, of)| (*of, at)).collect::<BTreeMap<_, _>>();
        let (row_at, column_at) = (place(rows), place(columns));
        let mut values = vec![fill; self.axes.len()];
        for cell in &self.matched.cells {
            let (Some(column), Some(row)) = (column_at.get(&cell.cell.0), row_at.get(&cell.cell.1)) else {
                continue;
            };
            for pair in &cell.pairs {
                let day = days.binary_search(&time::of_date(pair.date));
                let at = day.ok().map(|day| (day * rows.len() + row) * columns.len() + column);
                if let (Some(slot), Some(value)) = (at.and_then(|at| values.get_mut(at)), of(pair)) {
                    *slot = value;
                }
            }
        }
        self.builder.write_variable(variable, &values)
    }
}

/// So many characters of a text, ASCII alone.
fn cut(text: &str) -> String {
    text.chars().filter(char::is_ascii).take(LONGEST).collect()
}

/// A layer's name of letters, digits and underscores, with room for an ending, as no other has it.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut plain = String::new();
    for letter in name.chars().map(|c| c.to_ascii_lowercase()) {
        if letter.is_ascii_alphanumeric() {
            plain.push(letter);
        } else if !plain.is_empty() && !plain.ends_with('_') {
            plain.push('_');
        }
    }
    if plain.is_empty() || plain.starts_with(|c: char| c.is_ascii_digit()) {
        plain.insert_str(0, "map_");
    }
    plain.truncate(LONGEST - "_hw90_9".len());
    let plain = plain.trim_end_matches('_');
    let numbered = (2..).map(|n| format!("{plain}_{n}"));
    let found = std::iter::once(plain.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let found = found.unwrap_or_else(|| plain.to_owned());
    taken.insert(found.clone());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_differ() {
        let mut taken = BTreeSet::new();
        let names = [
            "3 km product",
            "best method (auto)",
            "Best method: auto",
            "a method with a very long name of its own",
            "°",
        ];
        let found: Vec<String> = names.into_iter().map(|name| unique(name, &mut taken)).collect();
        assert_eq!(
            found,
            ["map_3_km_product", "best_method_auto", "best_method_auto_2", "a_method_with_a_very_lo", "map"]
        );
        assert!(found.iter().all(|name| name.len() + "_hw90".len() <= LONGEST));
    }
}
