//! SMAP over all its days: a Kalman filter of each of its own cells, which tells a day's noise from what is there.
//!
//! ```text
//! s(t) = s(t - dt) + change    variance q dt, dt in days, q in units of a look's noise variance
//! look = s(t) + noise          6 am and 6 pm are two looks; what 6 pm reads more on average at a cell is taken out of it
//! ```
//!
//! q belongs to the data: filters of five q run side by side, and the one under which SMAP's looks were likeliest answers, the size of the
//! noise left free (its maximum likelihood is put in).

use ease_grid::{Grid, GridError, Raster, Reason};
use jiff::civil::Date;

use super::days_between;

/// q that is chosen from, and the first while there is little to choose by.
const CHANGES: [f64; 5] = [0.03, 0.1, 0.3, 1.0, 3.0];
const FIRST: usize = 2;
/// Predicted looks before q is chosen.
const FEWEST_LOOKS: f64 = 50.0;
/// Days with both looks after which half of the mean difference between 6 pm and 6 am is believed.
const EVENING_HELD: f64 = 10.0;

/// What SMAP saw of a day on its own cells, m3/m3.
#[derive(Debug, Clone, Copy)]
pub struct Looks<'a> {
    /// 6 am, and 6 pm where that saw nothing.
    pub first: &'a Raster,
    /// Which of them it is: 0 for 6 am, 1 for 6 pm, masked where the file does not say.
    pub overpass: Option<&'a Raster>,
    /// 6 pm where 6 am saw the cell too.
    pub evening: Option<&'a Raster>,
}

/// A filter of one q: of each cell mean and variance of s, the latter in units of the noise's.
#[derive(Debug, Clone, PartialEq)]
struct Filter {
    mean: Vec<f64>,
    variance: Vec<f64>,
    /// Over predicted looks: squared innovations over their variance, logarithms of that variance.
    squares: f64,
    logs: f64,
}

impl Filter {
    fn take(&mut self, cell: usize, look: f64, is_first: bool) {
        if is_first {
            (self.mean[cell], self.variance[cell]) = (look, 1.0);
            return;
        }
        let (innovation, variance) = (look - self.mean[cell], self.variance[cell] + 1.0);
        self.squares += innovation * innovation / variance;
        self.logs += variance.ln();
        self.mean[cell] += self.variance[cell] / variance * innovation;
        self.variance[cell] /= variance;
    }
}

/// The cells of one grid.
#[derive(Debug, Clone, PartialEq)]
struct Track {
    grid: Grid,
    last: Date,
    filters: [Filter; CHANGES.len()],
    seen: Vec<bool>,
    /// Looks that were predicted.
    predicted: f64,
    /// Of each cell: days with both looks, and the sum of 6 pm less 6 am.
    evenings: Vec<(f64, f64)>,
}

impl Track {
    fn new(grid: Grid, cells: usize, date: Date) -> Self {
        let filter = Filter { mean: vec![0.0; cells], variance: vec![0.0; cells], squares: 0.0, logs: 0.0 };
        Self {
            grid,
            last: date,
            filters: std::array::from_fn(|_| filter.clone()),
            seen: vec![false; cells],
            predicted: 0.0,
            evenings: vec![(0.0, 0.0); cells],
        }
    }

    fn add(&mut self, date: Date, looks: &Looks<'_>) {
        let days = f64::from(days_between(self.last, date));
        for (filter, change) in self.filters.iter_mut().zip(CHANGES) {
            filter.variance.iter_mut().for_each(|variance| *variance += change * days);
        }
        self.last = date;
        let value = |raster: Option<&Raster>, cell: usize| {
            raster
                .and_then(|raster| raster.values().get(cell))
                .filter(|v| v.is_finite())
                .map(|v| f64::from(*v))
        };
        for cell in 0..self.seen.len() {
            let (days, sum) = self.evenings[cell];
            let evening_more = sum / (days + EVENING_HELD);
            let (first, evening) = (value(Some(looks.first), cell), value(looks.evening, cell));
            if let Some(first) = first {
                let of_evening = value(looks.overpass, cell) == Some(1.0);
                self.take(cell, if of_evening { first - evening_more } else { first });
            }
            if let Some(evening) = evening {
                self.take(cell, evening - evening_more);
                if let Some(first) = first {
                    self.evenings[cell] = (days + 1.0, sum + evening - first);
                }
            }
        }
    }

    fn take(&mut self, cell: usize, look: f64) {
        let is_first = !std::mem::replace(&mut self.seen[cell], true);
        self.filters.iter_mut().for_each(|filter| filter.take(cell, look, is_first));
        self.predicted += f64::from(u8::from(!is_first));
    }

    fn chosen(&self) -> &Filter {
        let misfit = |filter: &Filter| self.predicted * filter.squares.ln() + filter.logs;
        let best = self.filters.iter().min_by(|a, b| misfit(a).total_cmp(&misfit(b)));
        best.filter(|_| self.predicted >= FEWEST_LOOKS).unwrap_or(&self.filters[FIRST])
    }

    fn filtered(&self) -> Result<Raster, GridError> {
        let values = self.chosen().mean.iter().zip(&self.seen);
        let values = values.map(|(mean, seen)| if *seen { *mean as f32 } else { f32::NAN }).collect();
        let reason = |seen: &bool| if *seen { Reason::Valid } else { Reason::NotObserved };
        Raster::new(self.grid.clone(), values, self.seen.iter().map(reason).collect())
    }
}

/// SMAP's cells after some days. Days whose SMAP is of another grid (9 km beside 36 km) are filtered by themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SmapFilter {
    tracks: Vec<Track>,
}

impl SmapFilter {
    /// Adds the next day of SMAP and gives what it comes to: m3/m3, masked where SMAP never saw the cell. Days come in order.
    ///
    /// # Errors
    /// [`GridError`] where a raster does not fit its grid.
    pub fn add(&mut self, date: Date, looks: &Looks<'_>) -> Result<Raster, GridError> {
        let grid = looks.first.grid();
        let at = match self.tracks.iter().position(|track| track.grid == *grid) {
            Some(at) => at,
            None => {
                self.tracks.push(Track::new(grid.clone(), looks.first.values().len(), date));
                self.tracks.len() - 1
            }
        };
        self.tracks[at].add(date, looks);
        self.tracks[at].filtered()
    }
}
