//! The pixel regression on simulated scenes of Tucson: what it may see, in which order it may be asked, and how often its interval holds.

use std::sync::Arc;

use ease_grid::EaseWindow;
use jiff::civil::{Date, date};
use loam_core::closed_form::ClosedForm;
use loam_core::estimate::Estimate;
use loam_core::file::Correction;
use loam_core::simulate::{Scene, Simulator};
use loam_core::stack::{Content, Entry, HistoryRule, Library, Region, SceneDay, Series};
use smap_files::QualityRule;

const RULE: HistoryRule = HistoryRule { cover: 0.1, disaggregated: false };

/// The middle of the region: 24 x 24 cells.
fn scene(first: Date, last: Date) -> Scene {
    let whole = Scene::preset("tucson", 5).unwrap();
    let window = whole.region.window();
    let middle = |first: usize, cells: usize| (first + (cells / 24 - 1) * 12) as i64;
    let (column, row) = (middle(window.first_column, window.columns), middle(window.first_row, window.rows));
    let window = EaseWindow::new(window.resolution, column, row, 24, 24);
    Scene { region: Region::new(window.unwrap()).unwrap(), first, last, ..whole }
}

fn days(scene: &Scene) -> Vec<SceneDay> {
    Simulator::new(scene.clone()).map(SceneDay::from).collect()
}

fn opened(scene: &Scene, days: Vec<SceneDay>) -> (Library, Series) {
    let mut library = Library::default();
    library.insert(Entry {
        id: 0,
        name: "scenes".into(),
        content: Content::Simulated(Arc::new(days)),
        correction: Correction::default(),
    });
    let mut series = Series::new(scene.region, QualityRule::Recommended);
    series.load_all(&library).unwrap();
    (library, series)
}

fn estimate(library: &Library, series: &mut Series, date: Date) -> Estimate {
    ClosedForm::Regression.estimate(library, series, date, RULE).unwrap()
}

fn bits(estimate: &Estimate) -> [Vec<u32>; 2] {
    let channel = &estimate.channels[0];
    [&channel.estimate, &channel.interval.as_ref().unwrap().half_width]
        .map(|raster| raster.values().iter().map(|v| v.to_bits()).collect())
}

/// The date's own 3 km map and all that comes later may change or be absent; what lies before may not.
#[test]
fn an_estimate_is_made_from_the_past_alone() {
    let scene = scene(date(2016, 1, 1), date(2017, 6, 30));
    let all = days(&scene);
    let maps: Vec<Date> = all.iter().filter(|day| day.fine.is_some()).map(|day| day.date).collect();
    let t = maps[maps.len() / 2];
    let made = |days: Vec<SceneDay>| {
        let (library, mut series) = opened(&scene, days);
        bits(&estimate(&library, &mut series, t))
    };
    let known = made(all.clone());
    let up_to_t = all.iter().filter(|day| day.date <= t).cloned().collect();
    assert!(known == made(up_to_t), "later days were used");
    let with = |changed: &dyn Fn(Date) -> bool| {
        let wetter = |mut day: SceneDay| {
            let fine = day.fine.take().filter(|_| changed(day.date));
            let raster = fine.map(|fine| {
                let values = fine.values().iter().map(|v| 0.5 - v).collect();
                ease_grid::Raster::new(fine.grid().clone(), values, fine.reasons().to_vec()).unwrap()
            });
            SceneDay { fine: raster, ..day }
        };
        let days: Vec<SceneDay> =
            all.iter().map(|day| if changed(day.date) { wetter(day.clone()) } else { day.clone() }).collect();
        made(days)
    };
    assert!(known == with(&|date| date >= t), "the date's own map was used");
    assert!(known != with(&|date| date == maps[3]), "the past is what it is made from");
}

/// Which dates were asked for before, and in which order, changes nothing.
#[test]
fn an_estimate_does_not_depend_on_what_was_asked_before() {
    let scene = scene(date(2016, 1, 1), date(2017, 6, 30));
    let (library, mut series) = opened(&scene, days(&scene));
    let maps: Vec<Date> = series.maps(RULE).collect();
    let [early, middle, late] = [maps[8], maps[20], maps[38]];
    let mut asked = |dates: &[Date]| {
        let mut made = None;
        for date in dates {
            made = Some(bits(&estimate(&library, &mut series, *date)));
        }
        made
    };
    let direct = asked(&[late]);
    assert!(direct == asked(&[early, middle, late]));
    assert!(direct == asked(&[late, early, late]));
}

/// Calibrated from 20 dates on; then 90 % of the pixels, the date's mean error taken out, lie within it.
#[test]
fn the_interval_holds_what_it_says() {
    let scene = scene(date(2014, 1, 1), date(2017, 12, 31));
    let (library, mut series) = opened(&scene, days(&scene));
    let maps: Vec<Date> = series.maps(RULE).collect();
    let (mut within, mut pixels, mut half_width) = (0usize, 0usize, 0f64);
    for (earlier, &date) in maps.iter().enumerate() {
        if earlier != 15 && earlier < 60 {
            continue;
        }
        let made = estimate(&library, &mut series, date);
        let channel = &made.channels[0];
        let interval = channel.interval.as_ref().unwrap();
        assert_eq!(interval.width.is_calibrated(), earlier >= 60, "{date}: {:?}", interval.width);
        if earlier < 60 {
            continue;
        }
        let (map, reference) = (channel.estimate.values(), channel.reference.as_ref().unwrap().values());
        let error = |at: usize| f64::from(map[at] - reference[at]);
        let valid: Vec<usize> = (0..map.len()).filter(|at| error(*at).is_finite()).collect();
        let mean = valid.iter().map(|at| error(*at)).sum::<f64>() / valid.len() as f64;
        for at in valid {
            let half = f64::from(interval.half_width.values()[at]);
            pixels += 1;
            within += usize::from((error(at) - mean).abs() <= half);
            half_width += half;
        }
    }
    let share = within as f64 / pixels as f64;
    assert!(pixels > 20_000, "{pixels}");
    assert!((0.85..=0.95).contains(&share), "{share:.3} of {pixels} pixels");
    // Not by being as wide as the map.
    assert!((0.01..0.06).contains(&(half_width / pixels as f64)), "{}", half_width / pixels as f64);
}
