//! Series and scatter plots.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::Date;

use super::plot::{Plot, ticks};
use super::{Report, colour, escaped};
use crate::evaluation::Comparison;
use crate::matching::{Pair, StationMatch};
use crate::sensor::Variable;
use crate::stations::Station;
use crate::time;

/// Days without a value after which a line ends.
const GAP: i32 = 4;
/// Points of a scatter plot at most; of more, every second, third, ...
const POINTS: usize = 4000;

/// Means of the good values, or sums, by day.
fn daily(
    station: &Station<'_>,
    variable: Variable,
    admitted: impl Fn(&crate::Sensor) -> bool,
    sum: bool,
) -> BTreeMap<i32, f64> {
    let mut days: BTreeMap<i32, (f64, u32)> = BTreeMap::new();
    for sensor in station.of(variable).filter(|sensor| admitted(sensor)) {
        for record in sensor.records.iter().filter(|record| record.good) {
            let day = days.entry(record.minutes.div_euclid(time::DAY)).or_default();
            *day = (day.0 + record.value, day.1 + 1);
        }
        // One gauge is enough.
        if sum {
            break;
        }
    }
    days.into_iter().map(|(day, (total, n))| (day, if sum { total } else { total / f64::from(n) })).collect()
}

/// The series of a station: probe, maps, intervals, rain. So wide, in the units of the picture.
pub(super) fn series(
    report: &Report<'_>,
    station: &Station<'_>,
    matched: &StationMatch,
    width: f64,
) -> String {
    let rules = &report.matched.rules;
    let (Some(first), Some(last)) = (matched.pairs.first(), matched.pairs.last()) else {
        return String::new();
    };
    let day = |pair: &Pair| f64::from(pair.minutes) / f64::from(time::DAY);
    let (from, to) = (day(first).floor() - 2.0, day(last).ceil() + 2.0);
    let within = |d: &i32| (from..=to).contains(&f64::from(*d));
    let probe =
        daily(station, Variable::SoilMoisture, |s| rules.admits_depth(s.depth_from, s.depth_to), false);
    let probe: Vec<(i32, f64)> = probe.into_iter().filter(|(d, _)| within(d)).collect();
    let rain = daily(station, Variable::Precipitation, |_| true, true);
    let rain: Vec<(i32, f64)> = rain.into_iter().filter(|(d, mm)| within(d) && *mm > 0.0).collect();
    let maps = matched.pairs.iter().flat_map(|pair| pair.cell.iter()).map(|v| f64::from(*v));
    let highest = probe.iter().map(|(_, v)| *v).chain(maps).filter(|v| v.is_finite()).fold(0.3, f64::max);
    let plot = Plot { width, height: 250.0, x: (from, to), y: (0.0, (highest * 20.0).ceil() / 20.0) };
    let name = format!("{}/{}", matched.network, matched.name);
    let mut svg = plot.open(&format!("Soil moisture at {name}: probe and maps"));
    svg.push_str(&plot.axes(&dates(from, to, width / 110.0), &ticks(plot.y, 5.0), "", "m³/m³"));
    let wettest = rain.iter().map(|(_, mm)| *mm).fold(1.0, f64::max);
    for (d, mm) in &rain {
        let length = 50.0 * mm / wettest;
        let _ = write!(
            svg,
            "<line class=\"rain\" x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{1:.1}\" y2=\"{2:.1}\"/>",
            plot.at_x(f64::from(*d) + 0.5),
            plot.at_y(plot.y.1),
            plot.at_y(plot.y.1) + length
        );
    }
    for part in probe.chunk_by(|a, b| b.0 - a.0 <= GAP) {
        svg.push_str("<polyline class=\"probe\" points=\"");
        for (d, value) in part {
            let _ = write!(svg, "{:.1},{:.1} ", plot.at_x(f64::from(*d) + 0.5), plot.at_y(*value));
        }
        svg.push_str("\"/>");
    }
    for n in 0..report.matched.layers.len() {
        for pair in &matched.pairs {
            let value = pair.cell.get(n).copied().map_or(f64::NAN, f64::from);
            if !value.is_finite() {
                continue;
            }
            let x = plot.at_x(day(pair));
            let half = pair.half_width.get(n).copied().map_or(f64::NAN, f64::from);
            if half.is_finite() {
                let _ = write!(
                    svg,
                    "<line stroke=\"{0}\" opacity=\"0.35\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{1:.1}\" y2=\"{2:.1}\"/>",
                    colour(n),
                    plot.at_y((value - half).max(0.0)),
                    plot.at_y((value + half).min(plot.y.1))
                );
            }
            let _ = write!(
                svg,
                "<circle fill=\"{}\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"1.8\"/>",
                colour(n),
                plot.at_y(value)
            );
        }
    }
    svg.push_str("</svg>\n");
    let rain = if rain.is_empty() {
        String::new()
    } else {
        format!("; rain from above, up to {wettest:.0} mm a day")
    };
    format!(
        "<figure><figcaption>{}: {} pairs; the line is the probe's daily mean{rain}</figcaption>{svg}</figure>\n",
        escaped(&name),
        matched.pairs.len()
    )
}

/// Days of months or years as ticks, about so many.
fn dates(from: f64, to: f64, wanted: f64) -> Vec<(f64, String)> {
    let months = ((to - from) / 30.0 / wanted).ceil().max(1.0) as i32;
    let first = time::civil(from as i32 * time::DAY).date();
    // Months since the year 0, in steps that begin with a year.
    let first = (12 * i32::from(first.year()) + i32::from(first.month()) - 1) / months * months;
    let mut found = Vec::new();
    for month in (first..).step_by(months.unsigned_abs() as usize) {
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        match time::day_number(year, month.unsigned_abs(), 1).map(f64::from) {
            Some(day) if day < from => {}
            Some(day) if day <= to => found.push((day, format!("{year}-{month:02}"))),
            _ => break,
        }
    }
    found
}

/// All pairs of a layer against the ground, with the line of equality.
pub(super) fn scatter(report: &Report<'_>, comparison: &Comparison, layer: usize) -> String {
    let Some(number) = comparison.layers.get(layer) else { return String::new() };
    let name = report.matched.layers.get(*number).map_or("", |layer| layer.name.as_str());
    let points = comparison.points(report.matched, layer);
    let every = points.len().div_ceil(POINTS).max(1);
    let highest = points.iter().flat_map(|(a, b)| [*a, *b]).fold(0.3, f64::max);
    let range = (0.0, (highest * 20.0).ceil() / 20.0);
    let plot = Plot { width: 300.0, height: 290.0, x: range, y: range };
    let mut svg = plot.open(&format!("{name} against the ground"));
    svg.push_str(&plot.axes(&ticks(range, 5.0), &ticks(range, 5.0), "ground, m³/m³", "map, m³/m³"));
    let _ = write!(
        svg,
        "<line class=\"equal\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        plot.at_x(range.0),
        plot.at_y(range.0),
        plot.at_x(range.1),
        plot.at_y(range.1)
    );
    for (ground, map) in points.iter().step_by(every) {
        let _ = write!(
            svg,
            "<circle fill=\"{}\" opacity=\"0.5\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.6\"/>",
            colour(*number),
            plot.at_x(*ground),
            plot.at_y(*map)
        );
    }
    svg.push_str("</svg>");
    let part = if every > 1 { format!(", every {every}th drawn") } else { String::new() };
    format!(
        "<figure><figcaption>{}: {} pairs{part}</figcaption>{svg}</figure>\n",
        escaped(name),
        points.len()
    )
}

/// Correlation over space, date by date.
pub(super) fn spatial(comparison: &Comparison) -> String {
    let day = |date: Date| f64::from(time::of_date(date));
    let (Some(first), Some(last)) = (comparison.dates.first(), comparison.dates.last()) else {
        return String::new();
    };
    let plot = Plot {
        width: 900.0,
        height: 200.0,
        x: (day(first.date) - 2.0, day(last.date) + 2.0),
        y: (-1.0, 1.0),
    };
    let mut svg = plot.open("Correlation over space by date");
    svg.push_str(&plot.axes(&dates(plot.x.0, plot.x.1, 8.0), &ticks(plot.y, 4.0), "", "R over cells"));
    for date in &comparison.dates {
        for (scores, number) in date.scores.iter().zip(&comparison.layers) {
            if scores.r.value.is_finite() {
                let _ = write!(
                    svg,
                    "<circle fill=\"{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2\"/>",
                    colour(*number),
                    plot.at_x(day(date.date)),
                    plot.at_y(scores.r.value)
                );
            }
        }
    }
    svg.push_str("</svg>\n");
    format!(
        "<figure><figcaption>Correlation over the cells of a date ({} dates)</figcaption>{svg}</figure>\n",
        comparison.dates.len()
    )
}
