//! The report and the table of pairs, as files.

use ease_grid::{EaseWindow, Raster, Reason, Resolution};
use ground_stations::evaluation::{Comparison, groups};
use ground_stations::matching::{Footprint, Layer, MapDay, Matched, Matcher, Overpass, Rules};
use ground_stations::report::{Report, pairs_csv};
use ground_stations::scores::Lineage;
use ground_stations::simulate::{Errors, SimulatedNetwork};
use ground_stations::{LeftOut, Reader, Stations, time};
use jiff::ToSpan;
use jiff::civil::date;
use smap_files::BytesSource;

pub(super) fn made() -> (Stations, Matched) {
    let window = EaseWindow::around(Resolution::M03, 6.1, 46.2, 12, 12).unwrap();
    let places: Vec<(f64, f64)> = (0..6).map(|n| window.lonlat(2 * n, 2 * n)).collect();
    let mut network = SimulatedNetwork::new(&places, Errors::default(), 3);
    let first = date(2020, 1, 1);
    let truth = |day: i32| 0.2 + 0.08 * (f64::from(day) * 0.2).sin();
    for n in 0..120 {
        network.day(time::of_date(first) + n, |_| Some(truth(n)));
    }
    let stations = network.finish();
    let layer =
        |name: &str, sparse| Layer { name: name.to_owned(), sparse, lineage: Lineage::SmapRadiometer };
    let layers = vec![layer("SMAP <36 km>", false), layer("estimate", false), layer("3 km product", true)];
    let mut matcher = Matcher::new(&stations, Rules::default(), layers);
    let map = |value: f64| {
        Raster::new(window.grid(), vec![value as f32; window.len()], vec![Reason::Valid; window.len()])
            .unwrap()
    };
    for n in 0..120i32 {
        let (coarse, fine, half) =
            (map(truth(n) + 0.02 * (1.7 * f64::from(n)).cos()), map(truth(n)), map(0.03));
        let mut maps = vec![(0, &coarse), (1, &fine)];
        if n % 6 == 0 {
            maps.push((2, &fine));
        }
        let date = first.checked_add(n.days()).unwrap();
        matcher.add(&MapDay { date, overpass: Overpass::Morning, maps, half_widths: vec![(1, &half)] });
    }
    let matched = matcher.finish();
    (stations, matched)
}

#[test]
fn the_report_holds_everything_and_fetches_nothing() {
    let (stations, matched) = made();
    let comparisons: Vec<Comparison> = groups(&matched)
        .iter()
        .flat_map(|layers| Footprint::ALL.map(|footprint| Comparison::of(&matched, layers, footprint)))
        .collect();
    assert_eq!(comparisons.len(), 4);
    let about = [("weights".to_owned(), "x.safetensors (SHA-256 0123456789abcdef)".to_owned())];
    let left_out = [LeftOut { file: "a&b.stm".to_owned(), why: "it holds no record".to_owned() }];
    let html = Report {
        title: "Maps against stations",
        simulated_maps: true,
        matched: &matched,
        stations: &stations,
        comparisons: &comparisons,
        baseline: Some(0),
        about: &about,
        citations: &["A paper".to_owned()],
        coastline: &[vec![(6.0, 46.0), (6.2, 46.3)]],
        left_out: &left_out,
    }
    .html();
    for words in [
        "SIMULATED. The maps and the stations are simulated",
        "0123456789abcdef",
        "a&amp;b.stm: it holds no record",
        "SMAP &lt;36 km&gt;",
        "both rest on SMAP&#39;s radiometer",
        "on all dates: the 3 km cell",
        "on dates with a 3 km product: the mean of 3 x 3 cells",
        "ubRMSD lower at 6 of 6 cells",
        "SIMULATED/point-01",
        "must not be passed on",
        "BIAS is map minus ground",
        "<th>rho</th><th>p</th><th>anomaly R</th>",
        "<th>MSE, 10<sup>-4</sup></th>",
        "A paper",
    ] {
        assert!(html.contains(words), "{words}");
    }
    // No script, nothing from elsewhere, no reference that could be followed but citations in plain text.
    for forbidden in ["<script", "src=", "href=", "url(", "@import", "NaN", "inf,"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    // Every element that is opened is closed.
    for element in
        ["table", "tr", "td", "th", "svg", "figure", "div", "ul", "li", "p", "h2", "h3", "span", "circle"]
    {
        let opened =
            html.matches(&format!("<{element}>")).count() + html.matches(&format!("<{element} ")).count();
        let closed = html.matches(&format!("</{element}>")).count();
        let alone = html.matches(&format!("<{element} ")).count()
            - html
                .match_indices(&format!("<{element} "))
                .filter(|(at, _)| !html[*at..].split('>').next().unwrap().ends_with('/'))
                .count();
        assert_eq!(opened - alone, closed, "{element}");
    }
    assert!(html.len() < 4 << 20);
}

#[test]
fn every_pair_is_a_line_under_the_terms() {
    let (stations, matched) = made();
    let csv = pairs_csv(&matched, &stations, false);
    let (head, rows): (Vec<&str>, Vec<&str>) = csv.lines().partition(|line| line.starts_with('#'));
    assert!(head.iter().any(|line| line.starts_with("# terms: ") && line.contains("providers")));
    assert!(head.contains(&"# simulated: stations"));
    assert_eq!(rows.len(), 1 + 120 * 6);
    let columns: Vec<&str> = rows[0].split(',').collect();
    let fields: Vec<&str> = rows[1].split(',').collect();
    assert_eq!((columns.len(), fields.len()), (10 + 9, 10 + 9));
    let field = |name: &str| fields[columns.iter().position(|c| *c == name).unwrap()];
    assert_eq!((field("network"), field("date"), field("sensors")), ("SIMULATED", "2020-01-01", "1"));
    assert_eq!((field("estimate half_width_90"), field("SMAP <36 km>")), ("0.03", "0.22"));
    // The product has no map on the second day.
    assert!(rows[2].ends_with(",,,"));
}

/// An archive with a gauge beside the probe (invented values): a bar for each day with rain, as long as its sum, flagged records left out.
#[test]
fn rain_stands_in_the_series_of_its_station() {
    let mut probe = String::from("N N A 46.2 6.1 300.0 0.05 0.05 Probe\n");
    let mut gauge = String::from("N N A 46.2 6.1 300.0 0.00 0.00 Gauge\n");
    for day in 1..=20 {
        probe += &format!("2020/06/{day:02} 05:30 0.2{} G M\n", day % 10);
        for (hour, mm) in [(3, 4.0), (15, 2.0)] {
            let mm = if day % 5 == 0 { mm * f64::from(day) / 5.0 } else { 0.0 };
            gauge += &format!("2020/06/{day:02} {hour:02}:00 {mm} G M\n");
        }
        gauge += &format!("2020/06/{day:02} 16:00 99.0 C01 M\n");
    }
    let mut reader = Reader::new();
    for (variable, depth, instrument, text) in
        [("sm", "0.050000_0.050000", "Probe", probe), ("p", "0.000000_0.000000", "Gauge", gauge)]
    {
        let name = format!("N/A/N_N_A_{variable}_{depth}_{instrument}_20200601_20200620.stm");
        reader.add(&name, std::sync::Arc::new(BytesSource::new(&name, text.into_bytes()))).unwrap();
    }
    let stations = reader.read();
    assert_eq!((stations.sensors.len(), stations.left_out.len()), (2, 0), "{:?}", stations.left_out);
    let layer = Layer { name: "map".to_owned(), sparse: false, lineage: Lineage::SmapRadiometer };
    let mut matcher = Matcher::new(&stations, Rules::default(), vec![layer]);
    let window = EaseWindow::around(Resolution::M03, 6.1, 46.2, 9, 9).unwrap();
    let map = Raster::new(window.grid(), vec![0.2; window.len()], vec![Reason::Valid; window.len()]).unwrap();
    for day in 1..=20 {
        let date = date(2020, 6, day);
        matcher.add(&MapDay {
            date,
            overpass: Overpass::Morning,
            maps: vec![(0, &map)],
            half_widths: vec![],
        });
    }
    let matched = matcher.finish();
    let report = Report {
        title: "Rain",
        simulated_maps: false,
        matched: &matched,
        stations: &stations,
        comparisons: &[],
        baseline: None,
        about: &[],
        citations: &[],
        coastline: &[],
        left_out: &[],
    };
    let (whole, page) = (report.html(), report.station(0).unwrap());
    for html in [&whole, &page] {
        assert_eq!(html.matches("class=\"rain\"").count(), 4, "days 5, 10, 15, 20: {html}");
        assert!(html.contains("rain from above, up to 24 mm a day"), "{html}");
    }
}
