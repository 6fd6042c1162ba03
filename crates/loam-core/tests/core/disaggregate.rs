//! The change-form disaggregation (formats.md 2.7) on simulated scenes and on made-up days with known answers.

use ease_grid::{Raster, Reason, Resolution};
use loam_core::file::FineOrigin;
use loam_core::score::{Accumulator, mass_consistency};
use loam_core::simulate::{BACKSCATTER_SLOPE, Scene, Simulator};
use loam_core::stack::{Day, Disaggregation, DisaggregationError, Fine, Region};

fn day_of(simulated: &loam_core::simulate::SimulatedDay, region: &Region) -> Day {
    Day {
        coarse: simulated.coarse_on_fine_cells(region),
        fine: simulated.fine.clone().map(|raster| Fine { raster, origin: FineOrigin::Product }),
        vv: simulated.vv.clone(),
        vh: simulated.vh.clone(),
        simulated: true,
        ..Day::default()
    }
}

/// One number per 36 km cell of the region, then per fine cell less its cell's mean.
fn less_block_mean(raster: &Raster, values: &[f64], valid: &[bool]) -> Vec<f64> {
    let window = raster.grid().ease_window().unwrap();
    let blocks = window.covering(Resolution::M36);
    let block = |i: usize| {
        ((window.first_row + i / window.columns) / 12 - blocks.first_row) * blocks.columns
            + (window.first_column + i % window.columns) / 12
            - blocks.first_column
    };
    let mut sums = vec![(0.0, 0usize); blocks.len()];
    for i in (0..values.len()).filter(|&i| valid[i]) {
        sums[block(i)].0 += values[i];
        sums[block(i)].1 += 1;
    }
    (0..values.len()).map(|i| values[i] - sums[block(i)].0 / sums[block(i)].1 as f64).collect()
}

#[test]
fn simulated_scenes_show_where_it_is_wetter_than_usual() {
    for (preset, smallest_r) in [("oklahoma-city", 0.55), ("tucson", 0.5), ("geneva", 0.4)] {
        let scene = Scene::preset(preset, 3).unwrap();
        let region = scene.region;
        let mut truth_mean = vec![0f64; region.window().len()];
        let (mut days, mut all) = (Vec::new(), 0f64);
        for simulated in Simulator::new(scene) {
            all += 1.0;
            truth_mean.iter_mut().zip(simulated.truth.values()).for_each(|(m, v)| *m += f64::from(*v));
            if simulated.vv.is_some() {
                days.push((day_of(&simulated, &region), simulated.truth));
            }
        }
        truth_mean.iter_mut().for_each(|m| *m /= all);
        let model = Disaggregation::fit(&region, days.iter().map(|d| &d.0)).unwrap();
        let s = model.fitted();
        let ideal = 1.0 / f64::from(BACKSCATTER_SLOPE[0]);

        let (mut anomaly, mut absolute, mut largest_mass, mut spread) =
            (Accumulator::default(), Accumulator::default(), 0f64, 0f64);
        for (day, truth) in &days {
            let Ok(map) = model.apply(day) else { continue };
            let valid: Vec<bool> = map
                .reasons()
                .iter()
                .zip(truth.reasons())
                .map(|(a, b)| *a == Reason::Valid && *b == Reason::Valid)
                .collect();
            let f64s = |r: &Raster| r.values().iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let estimate = less_block_mean(&map, &f64s(&map), &valid);
            let unusual: Vec<f64> =
                truth.values().iter().zip(&truth_mean).map(|(t, m)| f64::from(*t) - m).collect();
            let unusual = less_block_mean(truth, &unusual, &valid);
            let sub_grid = less_block_mean(truth, &f64s(truth), &valid);
            for i in (0..valid.len()).filter(|&i| valid[i]) {
                anomaly.add(estimate[i] as f32, unusual[i] as f32);
                absolute.add(estimate[i] as f32, sub_grid[i] as f32);
                spread += estimate[i] * estimate[i];
            }
            let mass = mass_consistency(&map, day.coarse.as_ref().unwrap(), 0.0).unwrap();
            largest_mass = mass.cells.iter().fold(largest_mass, |m, c| m.max((c.estimate - c.coarse).abs()));
        }
        let (a, b) = (anomaly.scores(), absolute.scores());
        eprintln!(
            "{preset}: beta {:.4} (ideal {ideal:.4}) gamma {:.2} r {:.2} pairs {}; r to unusual truth {:.3}, to sub-grid truth {:.3}, slope {:.2}, sd {:.4}, mass {:.1e}",
            s.beta,
            s.gamma,
            s.r,
            s.pairs,
            a.r.unwrap(),
            b.r.unwrap(),
            a.slope.unwrap(),
            (spread / a.pixels as f64).sqrt(),
            largest_mass
        );
        assert!(s.beta > 0.6 * ideal && s.beta < 1.4 * ideal, "{preset}: beta {}", s.beta);
        assert!(s.r > 0.5, "{preset}: r {}", s.r);
        assert!(a.pixels > 100_000, "{preset}: {}", a.pixels);
        assert!(a.r.unwrap() > smallest_r, "{preset}: {:?}", a.r);
        assert!(b.r.unwrap() > 0.0 && b.r < a.r, "{preset}: {:?}", b.r);
        assert!(largest_mass < 1e-6, "{preset}: {largest_mass}");
    }
}

/// 24 x 24 cells: two by two whole 36 km cells. VV = pattern + 20 dB per m3/m3, no noise.
fn made_up(slope: f32, dates: usize, vh: bool) -> (Region, Vec<Day>, Vec<Vec<f32>>) {
    let window = ease_grid::EaseWindow::new(Resolution::M03, 2400, 1200, 24, 24).unwrap();
    let region = Region::new(window).unwrap();
    let raster = |v: &[f32]| Raster::new(window.grid(), v.to_vec(), vec![Reason::Valid; 576]).unwrap();
    let (mut days, mut truths) = (Vec::new(), Vec::new());
    for t in 0..dates {
        // Mean of the block differs by date; within each block the left half is wetter on odd dates, the right half on even ones.
        let sign = if t % 2 == 0 { 1.0 } else { -1.0 };
        let mean = 0.2 + 0.02 * (t % 5) as f32;
        let truth: Vec<f32> =
            (0..576).map(|i| mean + if i % 12 < 6 { -0.03 * sign } else { 0.03 * sign }).collect();
        let pattern = |i: usize| ((i * 7919) % 13) as f32 * 0.3;
        let vv: Vec<f32> = truth.iter().enumerate().map(|(i, s)| -14.0 + pattern(i) + slope * s).collect();
        let cross: Vec<f32> = (0..576).map(|i| -20.0 + 2.0 * pattern(i)).collect();
        days.push(Day {
            coarse: Some(raster(&[mean; 576])),
            vv: Some(raster(&vv)),
            vh: vh.then(|| raster(&cross)),
            ..Day::default()
        });
        truths.push(truth);
    }
    (region, days, truths)
}

#[test]
fn without_noise_the_truth_comes_back() {
    for vh in [false, true] {
        let (region, days, truths) = made_up(20.0, 10, vh);
        let model = Disaggregation::fit(&region, days.iter()).unwrap();
        let s = model.fitted();
        assert!((s.beta - 0.05).abs() < 1e-3, "{s:?}");
        assert!((s.gamma - if vh { 0.5 } else { 0.0 }).abs() < 1e-3, "{s:?}");
        assert_eq!(s.pairs, 40);
        for (day, truth) in days.iter().zip(&truths) {
            let map = model.apply(day).unwrap();
            for (a, b) in map.values().iter().zip(truth) {
                assert!((a - b).abs() < 2e-3, "{a} {b}");
            }
        }
    }
}

#[test]
fn refusals_say_why() {
    let (region, days, _) = made_up(20.0, 4, false);
    let error = Disaggregation::fit(&region, days.iter()).unwrap_err();
    assert!(matches!(error, DisaggregationError::FewPairs { pairs: 16, needed: 20 }), "{error}");
    let (region, days, _) = made_up(-20.0, 10, false);
    let error = Disaggregation::fit(&region, days.iter()).unwrap_err();
    assert!(matches!(error, DisaggregationError::NotSensitive { beta, .. } if beta < 0.0), "{error}");
    let (region, days, _) = made_up(20.0, 10, false);
    let model = Disaggregation::fit(&region, days.iter()).unwrap();
    let bare = Day { coarse: days[0].coarse.clone(), ..Day::default() };
    assert!(matches!(model.apply(&bare), Err(DisaggregationError::Missing { what: "VV backscatter" })));
    assert!(matches!(model.apply(&Day::default()), Err(DisaggregationError::Missing { what: "SMAP" })));
}

#[test]
fn masks_stay_masks() {
    let (region, mut days, _) = made_up(20.0, 10, false);
    let grid = region.window().grid();
    let hole = |raster: &Raster, holes: &[(usize, Reason)]| {
        let mut reasons = raster.reasons().to_vec();
        holes.iter().for_each(|(i, r)| reasons[*i] = *r);
        Raster::new(grid.clone(), raster.values().to_vec(), reasons).unwrap()
    };
    let mut fine = vec![Reason::NoSentinel1; 576];
    fine[5] = Reason::Water;
    days[1].fine = Some(Fine {
        raster: Raster::new(grid.clone(), vec![0.1; 576], fine).unwrap(),
        origin: FineOrigin::Product,
    });
    days[0].coarse = Some(hole(days[0].coarse.as_ref().unwrap(), &[(30, Reason::NoSmap)]));
    days[0].vv = Some(hole(days[0].vv.as_ref().unwrap(), &[(50, Reason::NotObserved)]));
    // The lower right 36 km cell has backscatter in 60 of 144 cells only.
    let few: Vec<_> =
        (0..576).filter(|i| i / 24 >= 17 && i % 24 >= 12).map(|i| (i, Reason::NotObserved)).collect();
    assert_eq!(few.len(), 84);
    days[0].vv = Some(hole(days[0].vv.as_ref().unwrap(), &few));
    let map = Disaggregation::fit(&region, days.iter()).unwrap().apply(&days[0]).unwrap();
    let reason = |i: usize| map.reasons()[i];
    assert_eq!([reason(5), reason(30), reason(50)], [Reason::Water, Reason::NoSmap, Reason::NoSentinel1]);
    assert_eq!([reason(575), reason(12 * 24 + 12)], [Reason::NoSentinel1; 2]);
    assert_eq!(map.valid_count(), 576 - 3 - 144);
}
