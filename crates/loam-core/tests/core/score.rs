//! Scores against numbers worked out by hand.

use ease_grid::{EaseWindow, Raster, Reason, Resolution};
use loam_core::network::Network;
use loam_core::score::{
    Accumulator, InputRange, OverDates, ScoreError, ScoreRow, Scores, bootstrap_mean, compare,
    mass_consistency, mass_corrected, persistence, scores_on,
};

const V: Reason = Reason::Valid;

fn near(a: Option<f64>, b: f64) {
    let a = a.unwrap();
    assert!((a - b).abs() < 1e-7, "{a} is not {b}");
}

fn raster(columns: usize, values: &[f32], reasons: &[Reason]) -> Raster {
    let window = EaseWindow::new(Resolution::M03, 2400, 1200, columns, values.len() / columns).unwrap();
    Raster::new(window.grid(), values.to_vec(), reasons.to_vec()).unwrap()
}

/// Estimate (1, 2, 4) against reference (1, 3, 2): differences 0, -1, 2; mean 1/3; squares 0, 1, 4.
#[test]
fn three_pixels_by_hand() {
    let s = Scores::of(&[1.0, 2.0, 4.0], &[1.0, 3.0, 2.0], &[true; 3]).unwrap();
    near(s.bias, 1.0 / 3.0);
    near(s.rmse, (5f64 / 3.0).sqrt());
    near(s.urmse, (5f64 / 3.0 - 1.0 / 9.0).sqrt());
    // Deviations: estimate (-4/3, -1/3, 5/3), squares 42/9; reference (-1, 1, 0), squares 2; products 4/3 - 1/3 = 1.
    near(s.r, 1.0 / (42f64 / 9.0 * 2.0).sqrt());
    near(s.slope, 0.5);
    assert_eq!(s.pixels, 3);
}

#[test]
fn masked_pixels_and_nan_never_count() {
    let clean = Scores::of(&[1.0, 2.0, 4.0], &[1.0, 3.0, 2.0], &[true; 3]).unwrap();
    let s = Scores::of(
        &[1.0, 99.0, 2.0, f32::NAN, 4.0, 7.0, f32::INFINITY],
        &[1.0, -99.0, 3.0, 5.0, 2.0, f32::NAN, 1.0],
        &[true, false, true, true, true, true, true],
    )
    .unwrap();
    assert_eq!(s, clean);
}

#[test]
fn what_cannot_be_told_is_none() {
    assert_eq!(Scores::of(&[f32::NAN], &[1.0], &[true]).unwrap(), Scores::default());
    let one = Scores::of(&[0.3], &[0.2], &[true]).unwrap();
    assert_eq!((one.urmse, one.r, one.slope, one.pixels), (None, None, None, 1));
    near(one.bias, f64::from(0.3f32) - f64::from(0.2f32));
    let flat = Scores::of(&[0.1; 4], &[0.1, 0.2, 0.3, 0.4], &[true; 4]).unwrap();
    assert_eq!(flat.r, None);
    assert!(flat.urmse.is_some() && flat.slope == Some(0.0));
    let reference_flat = Scores::of(&[0.1, 0.2], &[0.3, 0.3], &[true; 2]).unwrap();
    assert_eq!((reference_flat.r, reference_flat.slope), (None, None));
}

/// A large common offset must not eat a small spread: 1000 + tiny differences.
#[test]
fn sums_survive_offsets() {
    let e: Vec<f32> = (0..1000).map(|i| 1000.0 + (i % 2) as f32 * 0.125).collect();
    let r = vec![1000f32; 1000];
    near(Scores::of(&e, &r, &[true; 1000]).unwrap().urmse, 0.0625);
}

#[test]
fn lengths_must_agree() {
    let error = Scores::of(&[1.0], &[1.0, 2.0], &[true]).unwrap_err();
    assert!(matches!(error, ScoreError::Lengths { estimate: 1, reference: 2, mask: 1 }), "{error}");
    assert_eq!(Accumulator::default().scores(), Scores::default());
}

/// Image 1: differences 0, 2 (uRMSE 1, bias 1). Image 2: differences 0, 0, 0, 6 (mean 1.5, uRMSE sqrt(9 - 2.25)).
#[test]
fn dates_are_pooled_and_averaged() {
    let mut dates = OverDates::default();
    dates.add(&[1.0, 4.0], &[1.0, 2.0], &[true; 2]).unwrap();
    dates.add(&[1.0, 2.0, 3.0, 10.0], &[1.0, 2.0, 3.0, 4.0], &[true; 4]).unwrap();
    dates.add(&[1.0], &[5.0], &[false]).unwrap();
    let second = 6.75f64.sqrt();
    near(dates.mean_of_images().urmse, (1.0 + second) / 2.0);
    near(dates.mean_of_images().bias, 1.25);
    // Pooled: differences 0, 2, 0, 0, 0, 6: mean 8/6, mean square 40/6.
    near(dates.pooled().urmse, (40f64 / 6.0 - 64.0 / 36.0).sqrt());
    assert_eq!((dates.pooled().pixels, dates.mean_of_images().pixels, dates.images().len()), (6, 6, 3));
    assert_eq!(dates.urmse_by_image().len(), 2);
}

#[test]
fn bootstrap_is_seeded_and_plausible() {
    let values: Vec<f64> = (0..50).map(|i| f64::from(i % 10)).collect();
    let a = bootstrap_mean(&values, 2000, 7).unwrap();
    assert_eq!(Some(a), bootstrap_mean(&values, 2000, 7));
    assert_ne!(Some(a), bootstrap_mean(&values, 2000, 8));
    // sd 2.872 over 50 dates: standard error 0.406, so about 4.5 +- 0.80.
    assert_eq!((a.mean, a.dates), (4.5, 50));
    assert!((a.low - 3.70).abs() < 0.08 && (a.high - 5.30).abs() < 0.08, "{a:?}");
    let constant = bootstrap_mean(&[2.0; 5], 100, 1).unwrap();
    assert_eq!((constant.low, constant.high), (2.0, 2.0));
    assert_eq!(bootstrap_mean(&[1.0], 100, 1), None);
    assert_eq!(bootstrap_mean(&[1.0, f64::NAN], 100, 1), None);
}

#[test]
fn persistence_adds_the_coarse_change() {
    let fine = raster(4, &[0.10, 0.20, 0.30, 0.40], &[V, V, Reason::Water, V]);
    let then = raster(4, &[0.15, 0.15, 0.15, 0.15], &[V, V, V, Reason::Frozen]);
    let now = raster(4, &[0.25, 0.25, 0.25, 0.25], &[V, Reason::NoSmap, V, V]);
    let p = persistence(&fine, &then, &now).unwrap();
    assert!((p.at(0, 0).unwrap() - 0.20).abs() < 1e-7);
    assert_eq!(p.reasons(), &[V, Reason::NoSmap, Reason::Water, Reason::Frozen]);
    let elsewhere = raster(2, &[0.1; 4], &[V; 4]);
    assert!(matches!(persistence(&fine, &then, &elsewhere), Err(ScoreError::DifferentGrids { .. })));
}

/// All are scored on the pixels that all have: only the first and the last here.
#[test]
fn compare_uses_common_pixels() {
    let reference = raster(4, &[0.1, 0.2, 0.3, 0.4], &[V, V, Reason::NoSentinel1, V]);
    let a = raster(4, &[0.2, 0.0, 0.0, 0.5], &[V; 4]);
    let b = raster(4, &[0.1, 0.0, 0.3, 0.2], &[V, Reason::NoSmap, V, V]);
    let reports =
        compare(&reference, Network::default(), 0, &[(ScoreRow::Estimate, &a), (ScoreRow::Bilinear, &b)])
            .unwrap();
    assert_eq!(
        reports.iter().map(|r| (r.name.as_str(), r.pixels)).collect::<Vec<_>>(),
        [("SMEN", 2), ("bilinear SMAP", 2)]
    );
    near(reports[0].bias, 0.1);
    assert!(reports[0].urmse.unwrap() < 1e-8);
    near(reports[1].bias, -0.1);
    near(reports[1].urmse, 0.1);
    let other = raster(2, &[0.1; 4], &[V; 4]);
    let error = scores_on(&reference, &[("SMEN", &a), ("odd one", &other)]).unwrap_err();
    assert!(error.to_string().starts_with("odd one lies on another grid"), "{error}");
}

/// Columns 2400..2424 are two whole 36 km cells, rows 1200..1206 the upper half of one row of them.
#[test]
fn mass_is_compared_by_block() {
    let n = 24 * 6;
    let estimate: Vec<f32> =
        (0..n).map(|i| if i % 24 < 12 { 0.2 + (i % 2) as f32 * 0.1 } else { 0.4 }).collect();
    let coarse: Vec<f32> = (0..n).map(|i| if i % 24 < 12 { 0.25 } else { 0.3 }).collect();
    let mut reasons = vec![V; n];
    reasons[12] = Reason::Water;
    let m =
        mass_consistency(&raster(24, &estimate, &reasons), &raster(24, &coarse, &vec![V; n]), 0.25).unwrap();
    assert_eq!(m.cells.iter().map(|c| (c.column, c.row)).collect::<Vec<_>>(), [(200, 100), (201, 100)]);
    near(Some(m.cells[0].estimate), 0.25);
    near(Some(m.cells[0].share), 0.5);
    near(Some(m.cells[1].share), 71.0 / 144.0);
    near(m.scores.bias, 0.05);
    assert!(
        mass_consistency(&raster(24, &estimate, &reasons), &raster(24, &coarse, &vec![V; n]), 0.6)
            .unwrap()
            .cells
            .is_empty()
    );
}

/// Two blocks of 36 km, one cell each side of a border: means become SMAP's, differences inside a block stay.
#[test]
fn the_mass_correction_moves_whole_blocks() {
    // 24 x 12 cells from (2400, 1200): two whole 36 km cells.
    let window = EaseWindow::new(Resolution::M03, 2400, 1200, 24, 12).unwrap();
    let estimate: Vec<f32> = (0..288).map(|i| 0.2 + 0.001 * (i % 7) as f32).collect();
    let coarse: Vec<f32> = (0..288).map(|i| if i % 24 < 12 { 0.1 } else { 0.3 }).collect();
    let mut reasons = vec![V; 288];
    reasons[5] = Reason::Water;
    let estimate = Raster::new(window.grid(), estimate, reasons).unwrap();
    let coarse = Raster::new(window.grid(), coarse, vec![V; 288]).unwrap();
    let shifted = mass_corrected(&estimate, &coarse).unwrap();
    let consistency = mass_consistency(&shifted, &coarse, 0.0).unwrap();
    assert_eq!(consistency.cells.len(), 2);
    assert!(consistency.cells.iter().all(|c| (c.estimate - c.coarse).abs() < 1e-6));
    let inside = |r: &Raster| r.values()[1] - r.values()[0];
    assert!((inside(&shifted) - inside(&estimate)).abs() < 1e-6);
    assert!(!shifted.values()[5].is_finite());
}

#[test]
fn an_input_outside_the_training_range_is_counted() {
    let i: Vec<f32> = (0..1000).map(|n| 0.1 + 0.0002 * n as f32).collect();
    let d: Vec<f32> = (0..1000).map(|n| if n % 2 == 0 { 0.0 } else { 0.0001 * (n - 500) as f32 }).collect();
    let range = InputRange::of([(i.as_slice(), d.as_slice())].into_iter()).unwrap();
    assert!((range.coarse.0 - 0.101).abs() < 1e-3 && (range.coarse.1 - 0.299).abs() < 1e-3, "{range:?}");
    let (outside_i, outside_d) = range.outside(&i, &d);
    assert!(outside_i < 0.02 && outside_d < 0.02, "{outside_i} {outside_d}");
    // 0.299 is the upper end: of values moved up by 0.15 those that were above 0.149 lie outside, 755 of 1,000.
    let wet: Vec<f32> = i.iter().map(|v| v + 0.15).chain([f32::NAN; 500]).collect();
    let (outside_i, _) = range.outside(&wet, &d);
    assert!((outside_i - 0.75).abs() < 0.01, "{outside_i}");
    let odd: Vec<f32> = d.iter().map(|v| v * 3.0).collect();
    assert!(range.outside(&i, &odd).1 > 0.6);
    let metadata = range.to_metadata().into_iter().collect();
    assert_eq!(InputRange::from_metadata(&metadata), Some(range));
    assert_eq!(InputRange::from_metadata(&Default::default()), None);
    assert_eq!(InputRange::of([(i.as_slice(), [0f32; 4].as_slice())].into_iter()), None);
}
