//! Tables of scores.

use std::fmt::Write;

use super::{Report, class, escaped};
use crate::evaluation::{Comparison, Summary};
use crate::matching::{Exclusion, StationMatch};
use crate::scores::{Pairwise, Quartiles, Score};

/// SMAP's requirement, m3/m3.
const REQUIREMENT: f64 = 0.04;

/// A number with its decimals, or a dash.
pub(super) fn number(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { "–".to_owned() }
}

fn quartiles(found: Option<Quartiles>, decimals: usize) -> String {
    found.map_or_else(
        || "–".to_owned(),
        |q| {
            format!(
                "{} <small>({} to {})</small>",
                number(q.median, decimals),
                number(q.lower, decimals),
                number(q.upper, decimals)
            )
        },
    )
}

fn score(score: Score, decimals: usize) -> String {
    let interval = score.interval.filter(|(a, b)| a.is_finite() && b.is_finite());
    let shown = number(score.value, decimals);
    interval.map_or_else(
        || shown.clone(),
        |(low, high)| {
            format!("{shown} <small>({} to {})</small>", number(low, decimals), number(high, decimals))
        },
    )
}

fn p_value(p: f64) -> String {
    if p.is_nan() {
        "–".to_owned()
    } else if p < 0.001 {
        "&lt; 0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// A coloured mark and the name of a layer.
fn layer(report: &Report<'_>, number: usize) -> String {
    let name = report.matched.layers.get(number).map_or("", |layer| layer.name.as_str());
    format!("<span class=\"{}\">●</span> {}", class(number), escaped(name))
}

pub(super) fn key(report: &Report<'_>) -> String {
    let all: Vec<String> = (0..report.matched.layers.len()).map(|n| layer(report, n)).collect();
    format!("<p class=\"legend\"><span>▬</span> probe {}</p>\n", all.join(" "))
}

const SUMMARY_HEAD: &str =
    "<th>R</th><th>rho</th><th>anomaly R</th><th>RMSD</th><th>BIAS</th><th>ubRMSD</th>";

fn summary_cells(summary: Option<&Summary>) -> String {
    let Some(s) = summary else { return "<td colspan=\"6\" class=\"grey\">too few pairs</td>".to_owned() };
    let cells = [
        quartiles(s.r, 2),
        quartiles(s.rho, 2),
        quartiles(s.anomaly_r, 2),
        quartiles(s.rmsd, 4),
        quartiles(s.bias, 4),
        quartiles(s.urmsd, 4),
    ];
    cells.map(|cell| format!("<td>{cell}</td>")).concat()
}

/// Medians over cells, a row a layer.
pub(super) fn summary(report: &Report<'_>, comparison: &Comparison) -> String {
    let mut html = format!(
        "<table><thead><tr><th>map</th><th>cells</th>{SUMMARY_HEAD}<th>better than the baseline</th></tr></thead><tbody>\n"
    );
    let base = report.baseline.and_then(|base| comparison.layers.iter().position(|n| *n == base));
    for (place, n) in comparison.layers.iter().enumerate() {
        let found = comparison.summary(place);
        let cells = comparison.cells.iter().filter(|cell| !cell.scores.is_empty()).count();
        let urmsd = |cell: &crate::evaluation::CellScores, place: usize| {
            cell.scores.get(place).map(|s| s.scores.urmsd.value)
        };
        let better = base.filter(|base| *base != place).map(|base| {
            let better =
                comparison.cells.iter().filter(|cell| urmsd(cell, place) < urmsd(cell, base)).count();
            format!("ubRMSD lower at {better} of {cells} cells")
        });
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{cells}</td>{}<td>{}</td></tr>",
            layer(report, *n),
            summary_cells(found.as_ref()),
            better.unwrap_or_default()
        );
    }
    html.push_str("</tbody></table>\n");
    html
}

/// Scores of each cell and layer, with intervals.
pub(super) fn cells(report: &Report<'_>, comparison: &Comparison) -> String {
    let matched = report.matched;
    let mut html = "<table><thead><tr><th>stations of the cell</th><th>map</th><th>n</th><th>R</th><th>p</th><th>rho</th><th>p</th><th>anomaly R</th><th>RMSD</th><th>BIAS</th><th>ubRMSD</th><th>MSE, 10<sup>-4</sup></th><th>its parts by correlation, bias, variance, 10<sup>-4</sup></th><th>ubRMSD below 0.04?</th></tr></thead><tbody>\n".to_owned();
    for (cell, scores) in matched.cells.iter().zip(&comparison.cells) {
        let of = |place: &usize| matched.stations.get(*place).map(|s| format!("{}/{}", s.network, s.name));
        let names = escaped(&cell.stations.iter().filter_map(of).collect::<Vec<_>>().join(", "));
        if scores.scores.is_empty() {
            let _ = writeln!(
                html,
                "<tr class=\"grey\"><th scope=\"row\">{names}</th><td colspan=\"13\">{} pairs, too few for a number ({})</td></tr>",
                scores.n_obs, matched.rules.fewest_pairs
            );
        }
        for (n, found) in comparison.layers.iter().zip(&scores.scores) {
            let s: &Pairwise = &found.scores;
            let verdict = verdict(s, matched.rules.fewest_for_verdict);
            let parts = [s.mse_corr, s.mse_bias, s.mse_var].map(|part| score(times(1e4, part), 1)).join(", ");
            let _ = writeln!(
                html,
                "<tr><th scope=\"row\">{names}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{parts}</td><td>{verdict}</td></tr>",
                layer(report, *n),
                s.n_obs,
                score(s.r, 2),
                p_value(s.p_r),
                score(s.rho, 2),
                p_value(s.p_rho),
                number(found.anomaly_r.unwrap_or(f64::NAN), 2),
                score(s.rmsd, 4),
                score(s.bias, 4),
                score(s.urmsd, 4),
                score(times(1e4, s.mse), 1),
            );
        }
    }
    html.push_str("</tbody></table>\n");
    html
}

/// A score and its interval in another unit.
fn times(factor: f64, score: Score) -> Score {
    let interval = score.interval.map(|(low, high)| (factor * low, factor * high));
    Score { value: factor * score.value, interval }
}

/// Scores of one station, a row a layer, with intervals.
pub(super) fn station(report: &Report<'_>, comparison: &Comparison) -> String {
    let mut html = "<table><thead><tr><th>map</th><th>n</th><th>R</th><th>BIAS</th><th>RMSD</th><th>ubRMSD</th><th>ubRMSD below 0.04?</th></tr></thead><tbody>\n".to_owned();
    let scores = comparison.cells.iter().flat_map(|cell| &cell.scores);
    for (n, found) in comparison.layers.iter().zip(scores) {
        let s = &found.scores;
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            layer(report, *n),
            s.n_obs,
            score(s.r, 2),
            score(s.bias, 4),
            score(s.rmsd, 4),
            score(s.urmsd, 4),
            verdict(s, report.matched.rules.fewest_for_verdict),
        );
    }
    html.push_str("</tbody></table>\n");
    html
}

/// Dates of a station without a pair, by reason: `records flagged 3; frozen soil 2`.
pub(super) fn reasons(station: &StationMatch) -> String {
    let reasons = station.excluded.iter().map(|(why, n)| match why {
        Exclusion::Masked => {
            let masks: Vec<String> = station.masked.iter().map(|(why, n)| format!("{why} {n}")).collect();
            format!("{} {n} ({})", why.words(), masks.join(", "))
        }
        _ => format!("{} {n}", why.words()),
    });
    reasons.collect::<Vec<_>>().join("; ")
}

/// Whether the interval of the ubRMSD lies below SMAP's requirement.
fn verdict(scores: &Pairwise, fewest: usize) -> String {
    match scores.urmsd.interval {
        _ if scores.n_obs < fewest => format!("<span class=\"grey\">no verdict below {fewest} pairs</span>"),
        Some((_, high)) if high < REQUIREMENT => "yes".to_owned(),
        Some((low, _)) if low > REQUIREMENT => "no".to_owned(),
        _ => "cannot be told".to_owned(),
    }
}

/// Medians by a word of the cells.
pub(super) fn by<'r>(
    report: &'r Report<'_>,
    comparison: &Comparison,
    head: &str,
    word: impl Fn(&'r StationMatch) -> Option<&'r str>,
) -> String {
    let groups = comparison.by(report.matched, word);
    let rows = groups.iter().map(|(word, layers)| (escaped(word), layers.as_slice()));
    grouped(report, comparison, head, rows)
}

/// Medians by season.
pub(super) fn seasons(report: &Report<'_>, comparison: &Comparison) -> String {
    let rows =
        comparison.seasons.iter().map(|(season, layers)| (season.name().to_owned(), layers.as_slice()));
    grouped(report, comparison, "season", rows)
}

fn grouped<'c>(
    report: &Report<'_>,
    comparison: &Comparison,
    head: &str,
    rows: impl Iterator<Item = (String, &'c [Option<Summary>])>,
) -> String {
    let mut html = format!(
        "<table><thead><tr><th>{head}</th><th>map</th><th>cells</th>{SUMMARY_HEAD}</tr></thead><tbody>\n"
    );
    let mut any = false;
    for (word, layers) in rows {
        for (n, summary) in comparison.layers.iter().zip(layers) {
            any = true;
            let count = summary.as_ref().and_then(|s| s.urmsd).map_or(0, |q| q.count);
            let _ = writeln!(
                html,
                "<tr><th scope=\"row\">{word}</th><td>{}</td><td>{count}</td>{}</tr>",
                layer(report, *n),
                summary_cells(summary.as_ref())
            );
        }
    }
    html.push_str("</tbody></table>\n");
    if any { html } else { format!("<p class=\"grey\">No {head} has a cell with enough pairs.</p>\n") }
}

/// Medians over dates of the scores over space.
pub(super) fn spatial(report: &Report<'_>, comparison: &Comparison) -> String {
    let mut html = "<table><thead><tr><th>map</th><th>dates</th><th>R</th><th>rho</th><th>RMSD</th><th>BIAS</th><th>ubRMSD</th></tr></thead><tbody>\n".to_owned();
    for (place, n) in comparison.layers.iter().enumerate() {
        let all = |of: fn(&Pairwise) -> f64| {
            Quartiles::of(comparison.dates.iter().filter_map(|date| date.scores.get(place)).map(of))
        };
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            layer(report, *n),
            comparison.dates.len(),
            quartiles(all(|s| s.r.value), 2),
            quartiles(all(|s| s.rho.value), 2),
            quartiles(all(|s| s.rmsd.value), 4),
            quartiles(all(|s| s.bias.value), 4),
            quartiles(all(|s| s.urmsd.value), 4)
        );
    }
    html.push_str("</tbody></table>\n");
    html
}

/// What became of each station.
pub(super) fn stations(report: &Report<'_>) -> String {
    let mut html = "<table><thead><tr><th>station</th><th>latitude</th><th>longitude</th><th>sensors</th><th>pairs</th><th>status</th><th>dates without a pair, by reason</th></tr></thead><tbody>\n".to_owned();
    for station in &report.matched.stations {
        let grey =
            if station.pairs.len() < report.matched.rules.fewest_pairs { " class=\"grey\"" } else { "" };
        let _ = writeln!(
            html,
            "<tr{grey}><th scope=\"row\">{}</th><td>{:.4}</td><td>{:.4}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&format!("{}/{}", station.network, station.name)),
            station.latitude,
            station.longitude,
            station.sensors,
            station.pairs.len(),
            station.status.words(),
            escaped(&reasons(station))
        );
    }
    html.push_str("</tbody></table>\n");
    html
}
