//! Granules to samples: history, residuals, gaps, mosaics and superseding, on small scenes whose every number is known.

use std::sync::Arc;

use ease_grid::{EaseWindow, Raster, Reason, Resolution};
use jiff::civil::{Date, date};
use loam_core::file::{Correction, FineOrigin};
use loam_core::stack::{Content, Entry, HistoryRule, Library, Region, SceneDay, Series, StackError};
use smap_files::QualityRule;

/// 24 x 24 cells of 3 km: exactly 2 x 2 cells of 36 km.
fn window() -> EaseWindow {
    EaseWindow::new(Resolution::M03, 12 * 220, 12 * 85, 24, 24).unwrap()
}

fn raster(window: EaseWindow, value: impl Fn(usize, usize) -> f32) -> Raster {
    let values: Vec<f32> = (0..window.len()).map(|i| value(i % window.columns, i / window.columns)).collect();
    let reasons =
        values.iter().map(|v| if v.is_finite() { Reason::Valid } else { Reason::NotObserved }).collect();
    Raster::new(window.grid(), values, reasons).unwrap()
}

fn coarse(value: impl Fn(usize, usize) -> f32) -> Raster {
    raster(window().covering(Resolution::M36), value)
}

fn day(date: Date, coarse: Option<Raster>, fine: Option<Raster>) -> SceneDay {
    SceneDay { date, coarse, overpass: None, evening: None, fine, vv: None, vh: None }
}

fn library(days: Vec<SceneDay>) -> Library {
    let mut library = Library::default();
    library.insert(Entry {
        id: 0,
        name: "scenes".into(),
        content: Content::Simulated(Arc::new(days)),
        correction: Correction::default(),
    });
    library
}

fn series(library: &Library) -> Series {
    let mut series = Series::new(Region::new(window()).unwrap(), QualityRule::Recommended);
    series.load_all(library).unwrap();
    series
}

fn t(day: i8) -> Date {
    date(2018, 6, day)
}

/// A day that is cancelled is as if it had not been asked for, and can be read again.
#[test]
fn a_day_can_be_cancelled_while_it_is_read() {
    let library = library(vec![day(t(1), Some(coarse(|_, _| 0.2)), None)]);
    let mut series = Series::new(Region::new(window()).unwrap(), QualityRule::Recommended);
    let asked = std::cell::Cell::new(0);
    {
        let mut between = async || {
            asked.set(asked.get() + 1);
            std::ops::ControlFlow::Break(())
        };
        let cancelled = std::pin::pin!(series.load_in_steps(&library, t(1), &mut between));
        let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(Ok(flow)) = cancelled.poll(context) else { panic!("nothing here waits") };
        assert!(flow.is_break());
    }
    // A simulated day is one step.
    assert_eq!(asked.get(), 1);
    assert!(series.covers().is_empty());
    series.load(&library, t(1)).unwrap();
    assert_eq!(series.covers().len(), 1);
}

#[test]
fn every_3km_cell_gets_its_own_36km_value() {
    let library = library(vec![day(t(1), Some(coarse(|c, r| 0.1 + 0.1 * (c + 2 * r) as f32)), None)]);
    let day = series(&library).day(&library, t(1)).unwrap();
    let laid = day.coarse.unwrap();
    for (column, row, expected) in [(0, 0, 0.1), (11, 11, 0.1), (12, 0, 0.2), (11, 12, 0.3), (23, 23, 0.4)] {
        assert!((laid.at(column, row).unwrap() - expected).abs() < 1e-6, "{column},{row}");
    }
}

/// 6 pm is a second look where 6 am saw the cell; where it fills a cell in, it is the first and only one.
#[test]
fn the_evening_is_a_second_look_where_the_morning_saw_the_cell() {
    let first = coarse(|c, _| 0.1 + 0.1 * c as f32);
    let scene = SceneDay {
        overpass: Some(coarse(|c, _| c as f32)),
        evening: Some(coarse(|_, r| 0.3 + 0.1 * r as f32)),
        ..day(t(1), Some(first), None)
    };
    let library = library(vec![scene]);
    let day = series(&library).day(&library, t(1)).unwrap();
    let evening = day.evening.unwrap();
    let seen: Vec<Option<f32>> = (0..4).map(|at| evening.at(at % 2, at / 2).ok()).collect();
    assert_eq!(seen, [Some(0.3), None, Some(0.4), None]);
    assert_eq!(day.coarse_native.unwrap().at(1, 1).ok(), Some(0.2));
}

#[test]
fn residuals_are_oldest_first_and_zero_where_unknown() {
    let fine = |offset: f32| raster(window(), move |c, _| if c < 12 { 0.2 + offset } else { f32::NAN });
    let mut days: Vec<SceneDay> =
        (1..=5).map(|n| day(t(n), Some(coarse(|_, _| 0.2)), Some(fine(0.01 * f32::from(n))))).collect();
    days.push(day(t(9), Some(coarse(|_, _| 0.25)), None));
    let library = library(days);
    let sample = series(&library).sample(&library, t(9), HistoryRule::default()).unwrap();
    let dates: Vec<Option<Date>> = sample.history.iter().map(|s| s.date).collect();
    assert_eq!(dates, [Some(t(2)), Some(t(3)), Some(t(4)), Some(t(5))], "the four most recent, oldest first");
    let cells = window().len();
    for (plane, n) in (2..=5).enumerate() {
        assert!((sample.residuals[plane * cells] - 0.01 * n as f32).abs() < 1e-6, "plane {plane}");
        assert_eq!(sample.residuals[plane * cells + 12], 0.0, "no residual known there");
    }
    assert!(sample.history.iter().all(|s| s.known == 0.5 && s.origin == Some(FineOrigin::Product)));
    assert!(sample.coarse_input.iter().all(|v| *v == 0.25));
    assert!(sample.simulated);
}

#[test]
fn a_map_below_the_cover_rule_is_no_history() {
    let small = raster(window(), |c, r| if r == 0 && c < 12 { 0.3 } else { f32::NAN }); // 12 of 576 cells: 2 %
    let library = library(vec![
        day(t(1), Some(coarse(|_, _| 0.2)), Some(small)),
        day(t(3), Some(coarse(|_, _| 0.2)), None),
    ]);
    let series = series(&library);
    assert!(series.history(t(3), HistoryRule::default()).is_empty());
    assert_eq!(series.history(t(3), HistoryRule { cover: 0.02, ..HistoryRule::default() }), [t(1)]);
}

#[test]
fn a_map_without_smap_on_its_day_is_no_history() {
    let fine = raster(window(), |_, _| 0.3);
    let library = library(vec![day(t(1), None, Some(fine)), day(t(3), Some(coarse(|_, _| 0.2)), None)]);
    assert!(series(&library).history(t(3), HistoryRule::default()).is_empty());
}

#[test]
fn the_day_itself_and_later_days_are_never_history() {
    let fine = || raster(window(), |_, _| 0.3);
    let library = library((1..=4).map(|n| day(t(n), Some(coarse(|_, _| 0.2)), Some(fine()))).collect());
    assert_eq!(series(&library).history(t(3), HistoryRule::default()), [t(1), t(2)]);
}

#[test]
fn gaps_of_smap_are_filled_for_the_network_and_masked_in_the_output() {
    let library = library(vec![day(
        t(1),
        Some(coarse(|c, r| if (c, r) == (0, 0) { f32::NAN } else { 0.1 * (c + 1) as f32 })),
        None,
    )]);
    let sample = series(&library).sample(&library, t(1), HistoryRule::default()).unwrap();
    assert!(sample.coarse_input.iter().all(|v| v.is_finite()));
    assert!((sample.coarse_input[11] - 0.2).abs() < 1e-6, "the nearest valid cell lies to the east");
    assert!((sample.coarse_input[11 * 24] - 0.1).abs() < 1e-6, "the nearest valid cell lies to the south");
    let output = sample.masked_output(vec![0.3; 576]).unwrap();
    assert_eq!(output.at(0, 0), Err(Reason::NoSmap));
    assert_eq!(output.at(12, 0), Ok(0.3));
    assert_eq!(output.valid_count(), 3 * 144);
}

#[test]
fn no_smap_is_said_with_the_dates_that_have_it() {
    let library = library(vec![
        day(t(1), Some(coarse(|_, _| 0.2)), None),
        day(t(2), None, Some(raster(window(), |_, _| 0.3))),
    ]);
    let error = series(&library).sample(&library, t(2), HistoryRule::default()).unwrap_err();
    assert!(matches!(&error, StackError::NoCoarse { dates, .. } if *dates == [t(1)]), "{error}");
    let elsewhere = Region::around(6.0, 46.0, 24, 24).unwrap();
    let mut series = Series::new(elsewhere, QualityRule::Recommended);
    series.load_all(&library).unwrap();
    assert!(matches!(
        series.sample(&library, t(1), HistoryRule::default()),
        Err(StackError::CoarseElsewhere { .. })
    ));
}

#[test]
fn a_region_that_is_too_small_or_off_the_globe_is_refused() {
    assert!(Region::around(0.0, 0.0, 8, 100).unwrap_err().to_string().contains("at least 9 x 9"));
    assert!(Region::around(-179.9, 0.0, 100, 100).unwrap_err().to_string().contains("reaches past"));
    assert!(Region::around(0.0, 89.0, 100, 100).unwrap_err().to_string().contains("latitude"));
    assert!(Region::around(0.0, 0.0, usize::MAX, 9).is_err());
}
