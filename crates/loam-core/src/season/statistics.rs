//! What a pixel's values over a season say: mean, linear trend, and how fast it dries.
//!
//! - **Mean** over the dates with a value.
//! - **Trend**: slope of the least-squares line through the values against time, per year of 365.25 days, with its standard error
//!   sqrt(SSE / (n - 2) / Sxx). Values of neighbouring dates are taken as independent, which they are not: the true error is larger.
//! - **Dry-down**: within an event, a run of at least [`EVENT_DATES`] consecutive dates on each of which the pixel is drier than on the
//!   one before, at most [`LONGEST_GAP`] days apart, soil moisture falls towards the season's smallest value w as exp(-t / tau). tau
//!   comes from one least-squares slope of ln(value - w) against time, common to all events of the pixel, each with a level of its own
//!   (after McColl et al. 2017, doi 10.1002/2017WR020819, who fit event by event). Values within [`NOISE`] of w carry no information
//!   on the rate and are left out. Fewer than [`FEWEST_EVENTS`] events: no value.

use jiff::civil::Date;

use crate::day_number::day_number;

/// Dates of an event, at least.
pub const EVENT_DATES: usize = 3;
/// Days between two dates of an event, at most: SMAP returns within three.
pub const LONGEST_GAP: f64 = 4.0;
/// Closest to the driest value that counts, m3/m3 (or K).
pub const NOISE: f64 = 0.005;
/// Events that a dry-down needs.
pub const FEWEST_EVENTS: u16 = 3;
/// Dates that a trend needs.
pub const TREND_DATES: usize = 10;
/// Days of the year that a trend is given for.
pub const YEAR: f64 = 365.25;

/// The series of all pixels, as they come.
#[derive(Debug, Clone)]
pub struct Statistics {
    cells: usize,
    days: Vec<f64>,
    /// Date after date.
    values: Vec<f32>,
}

/// Planes over the cells, row-major, NaN where there is no value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layers {
    /// Dates with a value.
    pub count: Vec<u16>,
    /// Mean, in the unit of the values.
    pub mean: Vec<f32>,
    /// Unit a year.
    pub trend: Vec<f32>,
    /// Standard error of the trend.
    pub trend_error: Vec<f32>,
    /// Time constant tau, days.
    pub drydown: Vec<f32>,
    /// Events that tau rests on.
    pub events: Vec<u16>,
}

impl Statistics {
    /// Of so many cells.
    #[must_use]
    pub fn new(cells: usize) -> Self {
        Self { cells, days: Vec::new(), values: Vec::new() }
    }

    /// Makes room for so many dates at once.
    ///
    /// # Errors
    /// Where there is no such memory.
    pub fn reserve(&mut self, dates: usize) -> Result<(), std::collections::TryReserveError> {
        self.values.try_reserve_exact(self.cells.saturating_mul(dates))
    }

    /// Adds a date, which lies behind those before. Values that are not finite are none; a plane of another size is left out.
    pub fn add(&mut self, date: Date, values: &[f32]) {
        if values.len() == self.cells {
            self.days.push(f64::from(day_number(date)));
            self.values.extend_from_slice(values);
        }
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> Layers {
        let mut layers = Layers::default();
        self.extend(&mut layers, 0..self.cells);
        layers
    }

    /// Adds the pixels of a range to layers that hold those before: a piece of work of its own for a program that yields.
    pub fn extend(&self, layers: &mut Layers, cells: std::ops::Range<usize>) {
        let mut pixel = Vec::with_capacity(self.days.len());
        for cell in cells {
            pixel.clear();
            let values = self.values.iter().skip(cell).step_by(self.cells.max(1));
            let dated = self.days.iter().zip(values).filter(|(_, value)| value.is_finite());
            pixel.extend(dated.map(|(day, value)| (*day, f64::from(*value))));
            layers.add(&pixel);
        }
    }
}

impl Layers {
    fn add(&mut self, pixel: &[(f64, f64)]) {
        let n = pixel.len();
        let mean = pixel.iter().map(|(_, v)| v).sum::<f64>() / n as f64;
        let (trend, error) = trend(pixel, mean).unwrap_or((f64::NAN, f64::NAN));
        let (drydown, events) = drydown(pixel);
        self.count.push(n.min(usize::from(u16::MAX)) as u16);
        self.mean.push(mean as f32);
        self.trend.push(trend as f32);
        self.trend_error.push(error as f32);
        self.drydown.push(drydown as f32);
        self.events.push(events);
    }
}

/// Slope per year and its standard error.
fn trend(pixel: &[(f64, f64)], mean: f64) -> Option<(f64, f64)> {
    let n = pixel.len();
    if n < TREND_DATES {
        return None;
    }
    let centre = pixel.iter().map(|(t, _)| t).sum::<f64>() / n as f64;
    let sum = |of: &dyn Fn(f64, f64) -> f64| pixel.iter().map(|(t, v)| of(t - centre, v - mean)).sum::<f64>();
    let sxx = sum(&|t, _| t * t);
    let slope = sum(&|t, v| t * v) / sxx;
    let sse = sum(&|t, v| (v - slope * t).powi(2));
    Some((slope * YEAR, (sse / (n - 2) as f64 / sxx).sqrt() * YEAR))
}

/// tau in days, NaN where the pixel does not say; and the events behind it.
fn drydown(pixel: &[(f64, f64)]) -> (f64, u16) {
    let driest = pixel.iter().map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
    let (mut sxx, mut sxy, mut events) = (0.0, 0.0, 0u16);
    let continues = |(t0, v0): &(f64, f64), (t1, v1): &(f64, f64)| v1 < v0 && t1 - t0 <= LONGEST_GAP;
    for run in pixel.chunk_by(continues) {
        let logs = run.iter().filter(|(_, v)| v - driest > NOISE).map(|(t, v)| (*t, (v - driest).ln()));
        let logs: Vec<(f64, f64)> = logs.collect();
        if logs.len() < EVENT_DATES {
            continue;
        }
        let n = logs.len() as f64;
        let (t, y) = logs.iter().fold((0.0, 0.0), |(t, y), (a, b)| (t + a / n, y + b / n));
        for (a, b) in &logs {
            sxx += (a - t) * (a - t);
            sxy += (a - t) * (b - y);
        }
        events = events.saturating_add(1);
    }
    let tau = if events >= FEWEST_EVENTS && sxy < 0.0 { -sxx / sxy } else { f64::NAN };
    (tau, events)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use jiff::ToSpan;

    fn first() -> Date {
        "2018-01-01".parse().unwrap()
    }

    fn of(values: impl IntoIterator<Item = f32>) -> Layers {
        let mut statistics = Statistics::new(1);
        for (n, value) in (0i64..).zip(values) {
            statistics.add(first().checked_add(n.days()).unwrap(), &[value]);
        }
        statistics.layers()
    }

    /// scipy.stats.linregress([0..12], values): scipy 1.17, on float32 values.
    #[test]
    fn the_trend_is_that_of_scipy() {
        let values = [0.21, 0.24, 0.19, 0.26, 0.22, 0.23, 0.28, 0.20, 0.25, 0.24, 0.21, 0.27, 0.25];
        let layers = of(values);
        let near = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-6 * b.abs().max(1.0);
        assert_eq!(layers.count, [13]);
        assert!(near(layers.mean[0], 0.234_615_383_2), "{:?}", layers.mean);
        assert!(near(layers.trend[0], SLOPE * YEAR), "{:?}", layers.trend);
        assert!(near(layers.trend_error[0], ERROR * YEAR), "{:?}", layers.trend_error);
        let few = of(values.into_iter().take(9));
        assert!(few.trend[0].is_nan() && few.mean[0].is_finite());
    }
    const SLOPE: f64 = 0.002_417_583_059_478_6;
    const ERROR: f64 = 0.002_006_400_971_993_0;

    /// Four dry-downs of one pixel towards 0.08 with tau = 6 days, and a day on which it is reached.
    fn drydowns(events: usize) -> Vec<f32> {
        let event =
            |from: f64| (0..8).map(move |t| (0.08 + (from - 0.08) * (-f64::from(t) / 6.0).exp()) as f32);
        let falls = [0.38, 0.3, 0.42, 0.35];
        falls.into_iter().take(events).flat_map(event).chain([0.08]).collect()
    }

    #[test]
    fn an_exponential_dry_down_gives_its_own_time_constant() {
        let layers = of(drydowns(4));
        assert_eq!(layers.events, [4]);
        assert!((layers.drydown[0] - 6.0).abs() < 1e-3, "{:?}", layers.drydown);
        let few = of(drydowns(2));
        assert!(few.drydown[0].is_nan() && few.events == [2], "two events are too few");
        // A day without a value takes nothing away; a gap longer than SMAP's return ends an event.
        let mut gaps = drydowns(4);
        for day in [1, 9, 10, 11, 12] {
            gaps[day] = f32::NAN;
        }
        let layers = of(gaps);
        assert_eq!(layers.events, [4], "of the second event three days are left behind the gap");
        assert!((layers.drydown[0] - 6.0).abs() < 1e-3, "{:?}", layers.drydown);
    }

    #[test]
    fn a_pixel_without_values_has_none() {
        let layers = of([f32::NAN; 20]);
        assert_eq!(layers.count, [0]);
        assert!(layers.mean[0].is_nan() && layers.trend[0].is_nan() && layers.drydown[0].is_nan());
    }
}
