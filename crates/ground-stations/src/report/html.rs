//! The report's parts, in order.

use std::fmt::Write;

use super::{Report, csv, escaped, figures, map, tables};
use crate::evaluation::{Comparison, triple_at, without_values};
use crate::matching::Footprint;
use crate::scores::TripleRefusal;
use crate::sensor::is_simulated;
use crate::{citations, logger};

/// Width of a series, in the units of the picture.
const SERIES_WIDTH: f64 = 900.0;
/// Stations whose series are drawn.
const SERIES: usize = 40;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:62rem;margin:1.5rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.2rem;margin:1.8rem 0 .4rem;border-bottom:1px solid #bbb}h3{font-size:1rem;margin:1.2rem 0 .3rem}\
table{border-collapse:collapse;font-size:.8rem;width:100%;margin:.4rem 0}th,td{border-bottom:1px solid #ddd;padding:.18rem .4rem;text-align:left;vertical-align:top}\
thead th{border-bottom:2px solid #888}th[scope=row]{font-weight:400}small{color:#555;white-space:nowrap}.wide{overflow-x:auto}\
.simulated{border:3px solid #b00020;color:#b00020;padding:.5rem .8rem;font-weight:700}.grey{color:#777}\
svg{max-width:100%;height:auto;font:10px system-ui,sans-serif}figure{margin:.6rem 0;break-inside:avoid}figcaption{font-size:.85rem}\
.scatters{display:flex;flex-wrap:wrap;gap:.8rem}.scatters figure{flex:0 0 300px}\
.grid{stroke:#e4e4e4}.frame{fill:none;stroke:#777}.coast{fill:none;stroke:#8aa}.equal{stroke:#444;stroke-dasharray:4 3}\
.probe{fill:none;stroke:#111;stroke-width:1}.rain{stroke:#7aa6d8;stroke-width:1.2}\
circle.used{fill:#0072b2}rect.some{fill:#e69f00}path.few{stroke:#777;fill:none;stroke-width:1.6}span.used{color:#0072b2}span.some{color:#e69f00}span.few{color:#777}\
.l0{color:#0072b2}.l1{color:#e69f00}.l2{color:#009e73}.l3{color:#cc79a7}.l4{color:#d55e00}.l5{color:#56b4e9}.l6{color:#8c6d31}\
.legend{font-size:.85rem}@media print{body{max-width:none;margin:0}h2{break-after:avoid}tr{break-inside:avoid}}";

pub(super) fn write(report: &Report<'_>) -> String {
    let mut html = String::with_capacity(1 << 20);
    let title = escaped(report.title);
    // Writing to a String cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    if report.simulated() {
        let what = match (report.simulated_maps, report.stations.simulated()) {
            (true, true) => "The maps and the stations are",
            (true, false) => "The maps are",
            _ => "Stations are",
        };
        let _ = writeln!(
            html,
            "<p class=\"simulated\">SIMULATED. {what} simulated: nothing here is a measurement.</p>"
        );
    }
    overview(&mut html, report);
    rules(&mut html, report);
    html.push_str("<h2>Stations</h2>\n");
    html.push_str(&map::svg(report));
    for comparison in report.comparisons {
        compared(&mut html, report, comparison);
    }
    html.push_str("<h2>Triple collocation</h2>\n");
    html.push_str(&triple(report));
    series(&mut html, report);
    html.push_str("<h2>What became of each station</h2>\n<div class=\"wide\">");
    html.push_str(&tables::stations(report));
    html.push_str("</div>\n");
    if !report.left_out.is_empty() {
        html.push_str("<h3>Files left out</h3>\n<ul>\n");
        for file in report.left_out {
            let _ = writeln!(html, "<li>{}: {}</li>", escaped(&file.file), escaped(&file.why));
        }
        html.push_str("</ul>\n");
    }
    origin(&mut html, report);
    html.push_str("</body></html>\n");
    html
}

/// Stations, dates and pairs in numbers, and what was left out.
pub(super) fn overview(html: &mut String, report: &Report<'_>) {
    let matched = report.matched;
    let used = matched.stations.iter().filter(|s| s.pairs.len() >= matched.rules.fewest_pairs).count();
    let _ = writeln!(
        html,
        "<p>{} stations, {used} of them with enough pairs for a number, in {} cells of 3 km; {} dates with maps; {} pairs.</p>",
        matched.stations.len(),
        matched.cells.len(),
        matched.dates,
        matched.pairs()
    );
    let excluded = matched.excluded();
    if !excluded.is_empty() {
        let words: Vec<String> = excluded.iter().map(|(why, n)| format!("{} {n}", why.words())).collect();
        let _ = writeln!(html, "<p>Dates of stations without a pair: {}.</p>", words.join(", "));
    }
    let none = without_values(matched);
    if !none.is_empty() {
        let names: Vec<&str> =
            none.iter().filter_map(|n| matched.layers.get(*n)).map(|layer| layer.name.as_str()).collect();
        let _ = writeln!(
            html,
            "<p>Without a value at any pair, so not compared: {}.</p>",
            escaped(&names.join(", "))
        );
    }
}

fn rules(html: &mut String, report: &Report<'_>) {
    let matched = report.matched;
    html.push_str("<h2>Rules</h2>\n<ul>\n");
    for rule in matched.rules.words() {
        let _ = writeln!(html, "<li>{}</li>", escaped(&rule));
    }
    if matched.deeper_sensors > 0 {
        let _ = writeln!(
            html,
            "<li>Sensors down to 0.10 m would add {} more, which SMAP hardly sees.</li>",
            matched.deeper_sensors
        );
    }
    html.push_str("<li>BIAS is map minus ground. ubRMSD is QA4SM's urmsd. Intervals hold with 95 %: of R, rho, BIAS and ubRMSD by formula, of the others by bootstrap from 100 pairs on.</li>\n");
    html.push_str("<li>A probe is a point, a cell is 9 km². How a point differs from its cell costs about 0.02 to 0.04 m³/m³ alone, whatever the map is worth (Crow et al. 2012).</li>\n</ul>\n");
}

/// `on all dates`.
pub(super) fn which_dates(report: &Report<'_>, comparison: &Comparison) -> &'static str {
    let sparse = |n: &usize| report.matched.layers.get(*n).is_some_and(|layer| layer.sparse);
    if comparison.layers.iter().any(sparse) { "on dates with a 3 km product" } else { "on all dates" }
}

fn compared(html: &mut String, report: &Report<'_>, comparison: &Comparison) {
    let dates = which_dates(report, comparison);
    let _ = writeln!(
        html,
        "<h2>Maps against the ground {dates}: {}</h2>\n<p>All maps on the same {} pairs; {} pairs are left out because a map has no value there. Median over cells (quartiles).</p>",
        comparison.footprint.words(),
        comparison.pairs,
        comparison.not_on_every_map
    );
    html.push_str("<div class=\"wide\">");
    html.push_str(&tables::summary(report, comparison));
    html.push_str("</div>\n");
    if comparison.footprint == Footprint::Mean3x3 {
        return;
    }
    html.push_str("<div class=\"scatters\">\n");
    for layer in 0..comparison.layers.len() {
        html.push_str(&figures::scatter(report, comparison, layer));
    }
    html.push_str("</div>\n<h3>Each cell</h3>\n<div class=\"wide\">");
    html.push_str(&tables::cells(report, comparison));
    html.push_str("</div>\n<h3>Seasons</h3>\n");
    html.push_str(&tables::seasons(report, comparison));
    html.push_str("<h3>Networks</h3>\n");
    html.push_str(&tables::by(report, comparison, "network", |s| Some(&s.network)));
    html.push_str("<h3>Land cover</h3>\n");
    html.push_str(&tables::by(report, comparison, "land cover", |s| s.surroundings.land_cover.as_deref()));
    html.push_str("<h3>Climate (Köppen and Geiger)</h3>\n");
    html.push_str(&tables::by(report, comparison, "climate", |s| s.surroundings.climate.as_deref()));
    html.push_str("<h3>Over space, date by date</h3>\n");
    if comparison.dates.is_empty() {
        let _ = writeln!(
            html,
            "<p class=\"grey\">No date has the {} cells with a station that scores over space need.</p>",
            report.matched.rules.fewest_cells
        );
    } else {
        html.push_str(&tables::spatial(report, comparison));
        html.push_str(&figures::spatial(comparison));
    }
}

/// Triple collocation of every cell with two layers that do not share errors; else why not.
fn triple(report: &Report<'_>) -> String {
    let matched = report.matched;
    let mut html = String::new();
    let mut refusal = None;
    for cell in &matched.cells {
        for first in 0..matched.layers.len() {
            for second in first + 1..matched.layers.len() {
                match triple_at(matched, cell, (first, second)) {
                    Ok(found) => {
                        for member in &found.members {
                            let (low, high) = member.snr.interval.unwrap_or((f64::NAN, f64::NAN));
                            let _ = writeln!(
                                html,
                                "<tr><td>column {}, row {}</td><td>{}</td><td>{}</td><td>{} <small>({} to {})</small></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                                cell.cell.0,
                                cell.cell.1,
                                escaped(&member.name),
                                found.n_obs,
                                tables::number(member.snr.value, 1),
                                tables::number(low, 1),
                                tables::number(high, 1),
                                tables::number(member.err_std.value, 4),
                                tables::number(member.beta.value, 2),
                                member.class.words()
                            );
                        }
                    }
                    Err(TripleRefusal::TooFew(n)) => {
                        refusal = Some(TripleRefusal::TooFew(n));
                    }
                    Err(why) => {
                        refusal.get_or_insert(why);
                    }
                }
            }
        }
    }
    if html.is_empty() {
        let why = refusal.map_or_else(
            || "it needs the ground and two maps that err independently".to_owned(),
            |why| why.to_string(),
        );
        return format!("<p class=\"grey\">None: {}.</p>\n", escaped(&why));
    }
    format!(
        "<table><thead><tr><th>cell</th><th>source</th><th>n</th><th>SNR, dB</th><th>error sd, m³/m³</th><th>beta</th><th>class</th></tr></thead><tbody>\n{html}</tbody></table>\n"
    )
}

fn series(html: &mut String, report: &Report<'_>) {
    let all = report.stations.by_station();
    let mut shown: Vec<_> =
        all.iter().zip(&report.matched.stations).filter(|(_, m)| !m.pairs.is_empty()).collect();
    if shown.is_empty() {
        return;
    }
    html.push_str("<h2>Series</h2>\n");
    html.push_str(&tables::key(report));
    let count = shown.len();
    if count > SERIES {
        shown.sort_by_key(|(_, matched)| std::cmp::Reverse(matched.pairs.len()));
        shown.truncate(SERIES);
        let _ = writeln!(html, "<p>The {SERIES} stations with the most pairs, of {count}.</p>");
    }
    for (station, matched) in shown {
        html.push_str(&figures::series(report, station, matched, SERIES_WIDTH));
    }
}

fn origin(html: &mut String, report: &Report<'_>) {
    html.push_str("<h2>Where this comes from</h2>\n<table><tbody>\n");
    for (name, text) in report.about {
        let _ = writeln!(html, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escaped(name), escaped(text));
    }
    html.push_str("</tbody></table>\n<h3>Please cite</h3>\n<ul>\n");
    let networks = report.stations.networks();
    let own = |name: &&str| !is_simulated(name) && *name != logger::NETWORK;
    let networks: Vec<&str> = networks.into_iter().filter(own).collect();
    let of_networks = if networks.is_empty() { Vec::new() } else { citations::of_networks(&networks) };
    let fixed = [citations::QA4SM.to_owned(), citations::SAMPLING.to_owned()];
    for citation in of_networks.iter().chain(report.citations).chain(&fixed) {
        let _ = writeln!(html, "<li>{}</li>", escaped(citation));
    }
    let _ = writeln!(html, "</ul>\n<p>Terms: {}.</p>", escaped(csv::TERMS));
}
