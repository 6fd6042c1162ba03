//! Scenes of a day laid over each other.

use ease_grid::{EaseWindow, Raster, Reason};

use super::StackError;

/// In what form values are averaged.
#[derive(Clone, Copy)]
pub(super) enum Scale {
    Linear,
    /// dB in, averaged as power.
    Decibel,
}

/// Mean of all scenes that cover a cell.
pub(super) struct Mosaic {
    window: EaseWindow,
    sums: Vec<f64>,
    counts: Vec<u32>,
    reasons: Vec<Reason>,
    scenes: usize,
}

impl Mosaic {
    pub fn new(window: EaseWindow) -> Self {
        Self {
            window,
            sums: vec![0.0; window.len()],
            counts: vec![0; window.len()],
            reasons: vec![Reason::OutsideFile; window.len()],
            scenes: 0,
        }
    }

    pub fn add(&mut self, raster: &Raster, scale: Scale) {
        self.scenes += 1;
        for (i, (&value, &reason)) in raster.values().iter().zip(raster.reasons()).enumerate() {
            if reason == Reason::Valid {
                self.sums[i] += match scale {
                    Scale::Linear => f64::from(value),
                    Scale::Decibel => 10f64.powf(f64::from(value) / 10.0),
                };
                self.counts[i] += 1;
            } else if matches!(self.reasons[i], Reason::OutsideFile | Reason::NotObserved) {
                self.reasons[i] = reason;
            }
        }
    }

    /// The mean, `None` without a scene. Cells that no scene saw get the reason `unseen`, where one is given; else they keep their own.
    pub fn finish(self, unseen: Option<Reason>) -> Result<Option<Raster>, StackError> {
        if self.scenes == 0 {
            return Ok(None);
        }
        let mean = |i: usize| self.sums[i] / f64::from(self.counts[i]);
        let values = (0..self.sums.len())
            .map(|i| if self.counts[i] > 0 { mean(i) as f32 } else { f32::NAN })
            .collect();
        let reasons = self
            .reasons
            .iter()
            .zip(&self.counts)
            .map(|(&reason, &count)| match reason {
                _ if count > 0 => Reason::Valid,
                Reason::OutsideFile | Reason::NotObserved => unseen.unwrap_or(reason),
                other => other,
            })
            .collect();
        Ok(Some(Raster::new(self.window.grid(), values, reasons)?))
    }

    /// The same of decibels, which were averaged as power.
    pub fn finish_decibel(self) -> Result<Option<Raster>, StackError> {
        let Some(raster) = self.finish(Some(Reason::NoSentinel1))? else { return Ok(None) };
        let (grid, mut values, reasons) = raster.into_parts();
        for value in &mut values {
            *value = (10.0 * f64::from(*value).log10()) as f32;
        }
        Ok(Some(Raster::new(grid, values, reasons)?))
    }
}
