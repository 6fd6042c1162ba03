//! The stations on a map: longitude and latitude as they are, stretched by the cosine of the middle latitude.

use std::fmt::Write;

use super::plot::{Plot, ticks};
use super::{Report, escaped};
use crate::matching::{StationMatch, Status};

const WIDTH: f64 = 720.0;

/// Of the stations with a chance of pairs, or of all where there is none.
pub(super) fn svg(report: &Report<'_>) -> String {
    let all = &report.matched.stations;
    let mut shown: Vec<&StationMatch> = all.iter().filter(|s| !s.pairs.is_empty()).collect();
    if shown.is_empty() {
        shown = all.iter().collect();
    }
    if shown.is_empty() {
        return String::new();
    }
    let bounds = |of: fn(&StationMatch) -> f64| {
        let low = shown.iter().map(|s| of(s)).fold(f64::INFINITY, f64::min);
        let high = shown.iter().map(|s| of(s)).fold(f64::NEG_INFINITY, f64::max);
        let margin = (0.1 * (high - low)).max(0.3);
        (low - margin, high + margin)
    };
    let (mut x, mut y) = (bounds(|s| s.longitude), bounds(|s| s.latitude));
    let squeeze = (0.5 * (y.0 + y.1)).to_radians().cos().max(0.2);
    // Neither a ribbon nor a tower.
    let (across, up) = ((x.1 - x.0) * squeeze, y.1 - y.0);
    if across > 2.5 * up {
        let more = (across / 2.5 - up) / 2.0;
        y = (y.0 - more, y.1 + more);
    } else if up > across {
        let more = (up - across) / squeeze / 2.0;
        x = (x.0 - more, x.1 + more);
    }
    let height = WIDTH * (y.1 - y.0) / ((x.1 - x.0) * squeeze);
    let plot = Plot { width: WIDTH, height: height.clamp(220.0, 760.0), x, y };
    let mut svg = plot.open("Stations by usable pairs");
    let degrees = |ticks: Vec<(f64, String)>| -> Vec<(f64, String)> {
        ticks.into_iter().map(|(place, label)| (place, format!("{label}°"))).collect()
    };
    svg.push_str(&plot.axes(&degrees(ticks(x, 6.0)), &degrees(ticks(y, 5.0)), "longitude", "latitude"));
    for line in report.coastline {
        let inside = |(lon, lat): &(f64, f64)| (x.0..=x.1).contains(lon) && (y.0..=y.1).contains(lat);
        for part in line.split(|point| !inside(point)).filter(|part| part.len() > 1) {
            svg.push_str("<polyline class=\"coast\" points=\"");
            for (lon, lat) in part {
                let _ = write!(svg, "{:.1},{:.1} ", plot.at_x(*lon), plot.at_y(*lat));
            }
            svg.push_str("\"/>");
        }
    }
    for station in shown {
        let (cx, cy) = (plot.at_x(station.longitude), plot.at_y(station.latitude));
        let title = escaped(&format!(
            "{}/{}: {} pairs, {}",
            station.network,
            station.name,
            station.pairs.len(),
            station.status.words()
        ));
        // Shapes differ too, not colours alone.
        let (element, shape) = match station.status {
            Status::Used => ("circle", format!("class=\"used\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"6\"")),
            Status::NoVerdict => {
                let (left, top) = (cx - 5.0, cy - 5.0);
                let at = format!("x=\"{left:.1}\" y=\"{top:.1}\"");
                ("rect", format!("class=\"some\" {at} width=\"10\" height=\"10\""))
            }
            _ => ("path", format!("class=\"few\" d=\"M{:.1} {:.1}l9 9m0 -9l-9 9\"", cx - 4.5, cy - 4.5)),
        };
        let _ = write!(svg, "<{element} {shape}><title>{title}</title></{element}>");
    }
    svg.push_str("</svg>\n<p class=\"legend\"><span class=\"used\">●</span> enough pairs for a verdict <span class=\"some\">■</span> for a number <span class=\"few\">×</span> too few, or none</p>\n");
    svg
}
