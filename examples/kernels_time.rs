//! Times SMEN on the CPU natively: inference and training step.
#![allow(missing_docs, clippy::unwrap_used)]
use burn::tensor::{Device, Tensor, TensorData};
use loam::model::{Inputs, Smen, golden_weights};
use loam::train::{Adam, urmse_loss};
use std::time::Instant;

fn wave(n: usize, a: f32, b: f32) -> Vec<f32> {
    (0..n).map(|k| a + b * (k as f32 * 0.37).sin() * (k as f32 * 0.011).cos()).collect()
}
fn main() {
    let side: usize = 100;
    for batch in [1usize, 4] {
        for autodiff in [false, true] {
            let device = if autodiff { Device::flex().autodiff() } else { Device::flex() };
            let mut smen = Smen::from_weights(&golden_weights(Inputs::Spatiotemporal), &device).unwrap();
            let cells = side * side;
            let t = |v: Vec<f32>, d: usize| Tensor::<5>::from_data(TensorData::new(v, [batch, 1, d, side, side]), &device);
            let i = t(wave(batch * cells, 0.25, 0.1), 1);
            let d = t(wave(batch * cells * 4, 0.0, 0.05), 4);
            let target = t(wave(batch * cells, 0.3, 0.07), 1);
            let mask = t(vec![1.0; batch * cells], 1);
            let mut adam = Adam::new();
            for frozen in [true, false] {
                if !autodiff && !frozen {
                    continue;
                }
                let mut parts: Vec<[f64; 4]> = vec![];
                let mut last = 0.0f32;
                for _ in 0..12 {
                    let t0 = Instant::now();
                    if autodiff {
                        let (e, s) =
                            if frozen { (smen.forward(i.clone(), d.clone()), vec![]) } else { smen.forward_train(i.clone(), d.clone()) };
                        let t1 = Instant::now();
                        let loss = urmse_loss(e, target.clone(), mask.clone());
                        last = loss.clone().into_scalar::<f32>();
                        let t2 = Instant::now();
                        let g = loss.backward();
                        let t3 = Instant::now();
                        smen = adam.step(smen, &g, 1e-4);
                        smen.absorb(s);
                        let t4 = Instant::now();
                        parts.push([t1 - t0, t2 - t1, t3 - t2, t4 - t3].map(|d| d.as_secs_f64() * 1e3));
                    } else {
                        let out = smen.forward(i.clone(), d.clone()).into_data();
                        last = out.as_slice::<f32>().unwrap()[0];
                        parts.push([t0.elapsed().as_secs_f64() * 1e3, 0.0, 0.0, 0.0]);
                    }
                }
                let med = |f: &dyn Fn(&[f64; 4]) -> f64| {
                    let mut v: Vec<f64> = parts.iter().map(f).collect();
                    v.sort_by(f64::total_cmp);
                    (v[v.len() / 2], v[0])
                };
                println!(
                    "B={batch} autodiff={autodiff} frozen={frozen}: total {:.2?} forward {:.2} loss {:.2} backward {:.2} adam {:.2}  last {last}",
                    med(&|p| p.iter().sum()),
                    med(&|p| p[0]).0,
                    med(&|p| p[1]).0,
                    med(&|p| p[2]).0,
                    med(&|p| p[3]).0
                );
            }
        }
    }
}
