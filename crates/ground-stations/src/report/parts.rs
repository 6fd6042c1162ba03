//! Parts of the report for a page that has a style of its own. The same tables and figures, so that page and report cannot differ.

use std::fmt::Write;

use super::{Report, escaped, figures, html, tables};
use crate::evaluation::{Comparison, groups};
use crate::matching::{CellMatch, Footprint, Matched};
use crate::sensor::Variable;
use crate::stations::Stations;

/// Width of a series beside a map, in the units of the picture.
const SERIES_WIDTH: f64 = 440.0;

/// The stations as a table, each with a button whose `data-station` is its number, and the files left out. With the status of each where there is
/// one.
#[must_use]
pub fn list(stations: &Stations, matched: Option<&Matched>) -> String {
    let mut html = "<table><thead><tr><th>station</th><th>depth, m</th><th>usable records</th>".to_owned();
    html.push_str(if matched.is_some() { "<th>pairs</th><th>status</th>" } else { "<th>from, to</th>" });
    html.push_str("</tr></thead><tbody>\n");
    for (number, station) in stations.by_station().iter().enumerate() {
        let mut depths: Vec<String> = Vec::new();
        let (mut good, mut first, mut last) = (0, None::<i32>, None::<i32>);
        for sensor in station.of(Variable::SoilMoisture) {
            let depth = if sensor.depth_from == sensor.depth_to {
                sensor.depth_to.to_string()
            } else {
                format!("{} to {}", sensor.depth_from, sensor.depth_to)
            };
            if !depths.contains(&depth) {
                depths.push(depth);
            }
            let summary = sensor.records.summary();
            good += summary.good;
            first = first.into_iter().chain(summary.first).min();
            last = last.into_iter().chain(summary.last).max();
        }
        let _ = write!(
            html,
            "<tr><th scope=\"row\"><button type=\"button\" class=\"quiet\" data-station=\"{number}\">{}</button></th><td>{}</td><td>{good}</td>",
            escaped(&format!("{}/{}", station.network, station.name)),
            if depths.is_empty() { "no soil moisture".to_owned() } else { escaped(&depths.join(", ")) },
        );
        let _ = match (matched, first, last) {
            (Some(matched), ..) => match matched.stations.get(number) {
                Some(of) => writeln!(html, "<td>{}</td><td>{}</td></tr>", of.pairs.len(), of.status.words()),
                None => writeln!(html, "<td></td><td></td></tr>"),
            },
            (None, Some(first), Some(last)) => {
                let day = |minutes| crate::time::civil(minutes).date();
                writeln!(html, "<td>{} {}</td></tr>", day(first), day(last))
            }
            _ => writeln!(html, "<td></td></tr>"),
        };
    }
    html.push_str("</tbody></table>\n");
    if !stations.left_out.is_empty() {
        let _ = writeln!(html, "<h3>Left out: {}</h3><ul>", stations.left_out.len());
        for file in &stations.left_out {
            let _ = writeln!(html, "<li>{}: {}</li>", escaped(&file.file), escaped(&file.why));
        }
        html.push_str("</ul>\n");
    }
    html
}

pub(super) fn scores(report: &Report<'_>) -> String {
    let mut text = String::new();
    html::overview(&mut text, report);
    for comparison in report.comparisons {
        let _ = writeln!(
            text,
            "<h3>{}, {}</h3><p>{} pairs that every map has; median over cells (quartiles).</p><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Scores, {}, {}\">{}</div>",
            capital(html::which_dates(report, comparison)),
            comparison.footprint.words(),
            comparison.pairs,
            html::which_dates(report, comparison),
            comparison.footprint.words(),
            tables::summary(report, comparison)
        );
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

pub(super) fn station(report: &Report<'_>, place: usize) -> Option<String> {
    let found = report.matched.stations.get(place)?;
    let all = report.stations.by_station();
    let mut html = String::new();
    let _ = writeln!(
        html,
        "<h3>{}</h3><p>{}: {} pairs.",
        escaped(&format!("{}/{}", found.network, found.name)),
        escaped(&capital(found.status.words())),
        found.pairs.len()
    );
    let reasons = tables::reasons(found);
    if !reasons.is_empty() {
        let _ = writeln!(html, "Dates without a pair: {}.", escaped(&reasons));
    }
    html.push_str("</p>\n");
    if found.pairs.is_empty() {
        return Some(html);
    }
    html.push_str(&tables::key(report));
    if let Some(station) = all.get(place) {
        html.push_str(&figures::series(report, station, found, SERIES_WIDTH));
    }
    // The station alone, as if its cell held no other.
    let alone = Matched {
        rules: report.matched.rules.clone(),
        layers: report.matched.layers.clone(),
        dates: report.matched.dates,
        cells: found
            .cell
            .map(|cell| CellMatch { cell, stations: vec![0], pairs: found.pairs.clone() })
            .into_iter()
            .collect(),
        stations: vec![found.clone()],
        deeper_sensors: 0,
    };
    for layers in groups(&alone) {
        let comparison = Comparison::of(&alone, &layers, Footprint::Cell);
        let of = Report { matched: &alone, ..*report };
        let dates = html::which_dates(&of, &comparison);
        let _ = writeln!(html, "<h4>{}: {} pairs</h4>", capital(dates), comparison.pairs);
        if comparison.cells.iter().all(|cell| cell.scores.is_empty()) {
            let fewest = alone.rules.fewest_pairs;
            let _ = writeln!(html, "<p class=\"grey\">Too few for a number, which needs {fewest}.</p>");
            continue;
        }
        let _ = writeln!(
            html,
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Scores of the station, {dates}\">{}</div>",
            tables::station(&of, &comparison)
        );
        html.push_str("<div class=\"scatters\">\n");
        for layer in 0..comparison.layers.len() {
            html.push_str(&figures::scatter(&of, &comparison, layer));
        }
        html.push_str("</div>\n");
    }
    Some(html)
}
