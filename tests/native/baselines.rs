//! The baselines against numbers worked out by hand, and the trained ones on a problem whose answer is known.

use jiff::civil::date;
use loam::experiment::{LstmSettings, PixelLstm};
use loam_core::score::Scores;
use loam_core::score::baselines::residuals::{Usual, history_mean};
use loam_core::score::baselines::{Case, CaseInput, Forest, HISTORY, last_known};
use loam_nn::{Random, block_on};

const SIDE: usize = 20;

/// A date whose target is bilinear SMAP, a pattern that never changes, and noise; its history saw the same pattern, once.
fn case(n: u64, noise: f32) -> Case {
    let cells = SIDE * SIDE;
    let mut random = Random::new(100 + n);
    let pattern: Vec<f32> = (0..cells)
        .map(|p| 0.05 * ((p % SIDE) as f32 / SIDE as f32 - 0.5) + if p / SIDE > 9 { 0.03 } else { -0.03 })
        .collect();
    let level = 0.1 + 0.2 * random.unit();
    let bilinear = vec![level; cells];
    let mut residuals = vec![0f32; HISTORY * cells];
    for (plane, known) in residuals.chunks_exact_mut(cells).zip([true, false, true, true]) {
        for (r, p) in plane.iter_mut().zip(&pattern) {
            *r = if known { p + random.symmetric(noise) } else { 0.0 };
        }
    }
    let target: Vec<f32> = pattern.iter().map(|p| level + p + random.symmetric(noise)).collect();
    let (coarse, edges) = (bilinear.clone(), Default::default());
    Case {
        date: date(2016, 1, 1 + n as i8),
        columns: SIDE,
        rows: SIDE,
        input: CaseInput { columns: SIDE, rows: SIDE, margin: edges, coarse, residuals: residuals.clone() },
        coarse: bilinear.clone(),
        bicubic: bilinear.clone(),
        bilinear,
        past: vec![level; HISTORY * cells],
        residuals,
        target,
        scored: (0..cells).map(|p| p % 7 != 3).collect(),
        disaggregated: None,
    }
}

fn urmse(estimate: &[f32], case: &Case) -> f64 {
    let scores = Scores::of(estimate, &case.target, &case.scored).unwrap();
    assert_eq!(scores.pixels, case.scored_pixels(), "an estimate has a hole where it counts");
    scores.urmse.unwrap()
}

#[test]
fn persistence_takes_the_latest_known_residual_and_the_mean_takes_all() {
    let mut one = case(0, 0.0);
    let cells = one.len();
    // Pixel 0: residuals 0.01, unknown, 0.03, unknown. Pixel 1: none known.
    for (n, value) in [0.01, 0.0, 0.03, 0.0].into_iter().enumerate() {
        one.residuals[n * cells] = value;
        one.residuals[n * cells + 1] = 0.0;
    }
    (one.coarse[0], one.bilinear[0]) = (0.20, 0.22);
    (one.coarse[1], one.bilinear[1]) = (0.30, 0.33);
    let (last, mean) = (last_known(&one), history_mean(&one));
    assert!((last[0] - 0.23).abs() < 1e-6 && (last[1] - 0.30).abs() < 1e-6, "{} {}", last[0], last[1]);
    assert!((mean[0] - 0.24).abs() < 1e-6 && (mean[1] - 0.33).abs() < 1e-6, "{} {}", mean[0], mean[1]);
}

#[test]
fn a_training_pixel_does_not_see_its_own_target() {
    let cases = [case(0, 0.0), case(1, 0.0), case(2, 0.0)];
    let usual = Usual::of(&cases);
    let (n, mean, sd) = usual.at(0, None);
    assert!(n == 3.0 && sd < 1e-6);
    // Three times the same residual: without one of them two remain, of the same mean.
    let (n, without, _) = usual.at(0, Some(mean));
    assert!(n == 2.0 && (without - mean).abs() < 1e-6);
    // Without a residual that was ten times as large, the mean of the other two changes as it must: (3 m - 10 m) / 2.
    assert!((usual.at(0, Some(10.0 * mean)).1 + 3.5 * mean).abs() < 1e-6);
    assert_eq!(Usual::of(&[]).at(0, None), (0.0, 0.0, 0.0));
}

#[test]
fn forest_and_lstm_learn_a_lasting_pattern_and_are_the_same_for_a_seed() {
    let noise = 0.01;
    let train: Vec<Case> = (0..8).map(|n| case(n, noise)).collect();
    let test = case(20, noise);
    // Uniform in +-noise.
    let floor = f64::from(noise) / 3f64.sqrt();
    let plain = urmse(&test.bilinear, &test);
    assert!(plain > 0.03, "{plain}");
    assert!(urmse(&Usual::of(&train).estimate(&test), &test) < 1.2 * floor);

    let forest = Forest::fit(&train, 1).unwrap();
    let estimate = forest.estimate(&test).unwrap();
    assert!(urmse(&estimate, &test) < 1.35 * floor, "{} for a floor of {floor}", urmse(&estimate, &test));
    let again = Forest::fit(&train, 1).unwrap().estimate(&test).unwrap();
    assert!(estimate.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits()));
    assert!(estimate.iter().zip(&test.scored).all(|(e, scored)| e.is_finite() == *scored));

    let settings = LstmSettings { epochs: 60, ..LstmSettings::default() };
    let fit = || block_on(PixelLstm::fit(&train, settings, |_, _| {})).unwrap();
    let estimate = block_on(fit().estimate(&test)).unwrap();
    // It knows no position: only the history's three noisy residuals.
    assert!(urmse(&estimate, &test) < 0.5 * plain, "{} for {plain}", urmse(&estimate, &test));
    let bias = Scores::of(&estimate, &test.target, &test.scored).unwrap().bias.unwrap();
    assert!(bias.abs() < 0.005, "{bias}");
    let again = block_on(fit().estimate(&test)).unwrap();
    assert!(estimate.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits()));
    assert!(Forest::fit(&[], 1).is_err());
}
