//! What a table says of itself: its place, and of each column unit and depth. What it does not say is left open: a guess would pass for a measurement.

use serde::{Deserialize, Serialize};

use super::csv::number;
use super::moment::offset;
use super::unit::LoggerUnit;

/// What a table says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Of each column, its unit.
    pub units: Vec<Option<LoggerUnit>>,
    /// Of each column, the depth that its name holds, metres: `VWC_5cm`.
    pub depths: Vec<Option<f64>>,
    /// Of each column, the offset from UTC that its name holds: `Date Time, GMT-06:00`.
    pub utc_offsets: Vec<Option<String>>,
}

impl Told {
    /// From the lines above the rows (`head`, as text and as fields), the names of the columns and the first rows.
    pub(super) fn of(
        head: (&[String], &[Vec<String>]),
        columns: &[String],
        rows: &[Vec<String>],
        delimiter: char,
    ) -> Self {
        let (text, fields) = head;
        let unit = |(n, name): (usize, &String)| {
            let below =
                fields.iter().filter(|line| line.len() == columns.len()).filter_map(|line| line.get(n));
            let mut said: Vec<LoggerUnit> = below.chain([name]).filter_map(|text| unit(text)).collect();
            said.dedup();
            if let [unit] = said[..] { Some(unit) } else { None }
        };
        // A column that says the same in every row.
        let constant = |words: &[&str]| {
            let column =
                columns.iter().position(|name| words.contains(&name.to_ascii_lowercase().as_str()))?;
            let mut values = rows.iter().map(|row| number(row.get(column)?, delimiter));
            let first = values.next()??;
            values.all(|value| value == Some(first)).then_some(first)
        };
        let place =
            |words: &[&str]| constant(words).or_else(|| text.iter().find_map(|line| after(line, words)));
        Self {
            latitude: place(&["latitude", "lat"]),
            longitude: place(&["longitude", "lon", "long"]),
            units: columns.iter().enumerate().map(unit).collect(),
            depths: columns.iter().map(|name| depth(name)).collect(),
            utc_offsets: columns.iter().map(|name| utc_offset(name)).collect(),
        }
    }
}

/// A unit of soil moisture that a text names.
fn unit(text: &str) -> Option<LoggerUnit> {
    let text = text.to_lowercase().replace('³', "3").replace('^', "").replace("⁻", "-");
    let fraction = ["m3/m3", "m3 m-3", "m3m-3", "m3/cm3", "m3 cm-3"].iter().any(|unit| text.contains(unit));
    match (fraction, text.contains('%') || text.contains("percent")) {
        (true, false) => Some(LoggerUnit::Fraction),
        (false, true) => Some(LoggerUnit::Percent),
        _ => None,
    }
}

/// The depth that a name holds, metres: the one number before `cm`.
fn depth(name: &str) -> Option<f64> {
    let name = name.to_ascii_lowercase();
    let mut found = name.match_indices("cm").filter_map(|(at, _)| {
        // cm3/cm3 is a unit.
        let unit = name[at + 2..].starts_with(['3', '^', '-']);
        let before = name[..at].trim_end_matches([' ', '_']);
        let digits = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let range =
            before[..digits].strip_suffix('-').is_some_and(|of| of.ends_with(|c: char| c.is_ascii_digit()));
        if unit || range { None } else { before[digits..].parse::<f64>().ok() }
    });
    let depth = found.next()?;
    found.next().is_none().then_some(depth / 100.0)
}

/// The offset from UTC behind `GMT` or `UTC`.
fn utc_offset(name: &str) -> Option<String> {
    let name = name.to_ascii_uppercase().replace('−', "-");
    let at = ["GMT", "UTC"].iter().find_map(|zone| name.find(zone))? + 3;
    let rest = name[at..].trim_start();
    let end =
        rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | ':'))).unwrap_or(rest.len());
    if end == 0 {
        return Some("+00:00".to_owned());
    }
    offset(&rest[..end]).map(|_| rest[..end].to_owned())
}

/// The number behind one of these words: `# Latitude: 35.5 N`.
fn after(line: &str, words: &[&str]) -> Option<f64> {
    let line = line.to_ascii_lowercase();
    let parts: Vec<&str> = line
        .split([' ', ',', ';', '\t', ':', '=', '"', '#', '(', ')', '°'])
        .filter(|part| !part.is_empty())
        .collect();
    let at = parts.iter().position(|part| words.contains(part))?;
    let value: f64 = parts.get(at + 1)?.parse().ok()?;
    let south_or_west = parts.get(at + 2).is_some_and(|part| matches!(*part, "s" | "w"));
    Some(if south_or_west { -value.abs() } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_depths_are_taken_from_what_is_written_and_nothing_else() {
        use LoggerUnit::{Fraction, Percent};
        let units = ["VWC (%)", "SM [m³/m³]", "theta cm3/cm3", "m^3/m^3", "VWC", "% of m3/m3", "percent"];
        let found: Vec<_> = units.into_iter().map(unit).collect();
        assert_eq!(
            found,
            [Some(Percent), Some(Fraction), Some(Fraction), Some(Fraction), None, None, Some(Percent)]
        );
        let depths = ["VWC_5cm", "SM 10 cm", "2.5cm", "theta cm3/cm3", "0-5cm", "5cm to 10cm", "VWC_5"];
        let found: Vec<_> = depths.into_iter().map(depth).collect();
        assert_eq!(found, [Some(0.05), Some(0.1), Some(0.025), None, None, None, None]);
    }

    #[test]
    fn a_zone_is_what_stands_behind_its_word() {
        let names = ["Date Time, GMT-06:00", "time (UTC)", "UTC+1", "GMT now", "Datum", "GMT+99"];
        let found: Vec<_> = names.into_iter().map(utc_offset).collect();
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(found, [is("-06:00"), is("+00:00"), is("+1"), is("+00:00"), None, None]);
    }

    #[test]
    fn a_place_is_a_number_behind_its_word() {
        let lat = &["latitude", "lat"];
        assert_eq!(after("# Latitude: 35.5 N", lat), Some(35.5));
        assert_eq!(after("\"Lat\";\"35.5\";\"S\"", lat), Some(-35.5));
        assert_eq!(after("time,lat,lon", lat), None);
        assert_eq!(after("platform 3", lat), None);
    }
}
