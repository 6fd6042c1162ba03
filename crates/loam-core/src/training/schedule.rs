//! The learning rate over a run.

use serde::{Deserialize, Serialize};

/// How the learning rate changes over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// Up from a twenty-fifth over the first 30 % of the steps, then down to nearly nothing, both along a cosine (Smith and Topin 2019; the
    /// numbers are PyTorch's).
    OneCycle,
}

impl Schedule {
    /// The rate of a step (from 0) of so many, where the largest is `rate`.
    #[must_use]
    pub fn rate(self, rate: f64, step: usize, steps: usize) -> f64 {
        if self == Self::Constant {
            return rate;
        }
        let (first, last) = (rate / 25.0, rate / 25.0 / 1e4);
        let (step, top) = (step as f64, 0.3 * steps as f64 - 1.0);
        let cosine = |from: f64, to: f64, share: f64| {
            to + (from - to) / 2.0 * (1.0 + (std::f64::consts::PI * share.clamp(0.0, 1.0)).cos())
        };
        if step <= top {
            cosine(first, rate, step / top.max(1.0))
        } else {
            cosine(rate, last, (step - top) / (steps as f64 - 1.0 - top).max(1.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// torch.optim.lr_scheduler.OneCycleLR(max_lr=6e-4, total_steps=100), steps 0, 10, 29, 30, 60, 99.
    #[test]
    fn one_cycle_is_pytorchs() {
        let torch = [
            (0, 2.4e-5),
            (10, 1.7709836907846044e-4),
            (29, 6e-4),
            (30, 5.996979211707145e-4),
            (60, 3.5356805417131724e-4),
            (99, 2.4e-9),
        ];
        for (step, wanted) in torch {
            let rate = Schedule::OneCycle.rate(6e-4, step, 100);
            assert!((rate - wanted).abs() < 1e-9, "{step}: {rate} {wanted}");
        }
        assert_eq!(Schedule::Constant.rate(6e-4, 7, 100), 6e-4);
    }
}
