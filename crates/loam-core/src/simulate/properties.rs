//! What simulated scenes are like, measured, so that it can be compared with what has been published about real soil moisture
//! ([`TARGETS`]). A simulator that is kinder than Earth would flatter any method tested on it.

use super::climate::Climate;
use super::observe::COARSE_RANGE;
use super::simulator::{Scene, Simulator};
use ease_grid::Reason;

/// Measured over a scene. Lengths in km, times in days, moisture in m3/m3, shares 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Properties {
    /// Mean of the truth over space and time.
    pub mean: f64,
    /// Standard deviation over time of the region's mean.
    pub sd_time: f64,
    /// Standard deviation of 3 km cells inside their 36 km cell.
    pub sd_sub_grid: f64,
    /// Share of that variance that stays in the temporal mean: the persistent texture. The rest comes and goes with events.
    pub persistent: f64,
    /// Distance at which the truth's spatial correlation falls to 1/e.
    pub correlation_km: f64,
    /// e-folding time of the dry-down of 36 km means.
    pub drydown_days: f64,
    /// Standard deviation of SMAP's footprint against the truth's mean over it.
    pub smap_error: f64,
    /// Standard deviation of the 3 km map against the truth.
    pub fine_error: f64,
    /// Mean days between two 6 am overpasses of a place.
    pub smap_revisit: f64,
    /// Mean days between two 3 km maps of a place.
    pub fine_revisit: f64,
    /// Mean share of the region a 3 km map covers.
    pub fine_cover: f64,
    /// Share of the region under water, and of the cells a swath covers that are masked for any reason.
    pub masked: (f64, f64),
}

/// A published or required value, and where a measured one may lie.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Of what.
    pub what: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Reads it.
    pub of: fn(&Properties) -> f64,
    /// Lower and upper end by region: Oklahoma City, Tucson, Geneva.
    pub range: [(f64, f64); 3],
    /// What was published, and by whom. "Chosen" where nothing citable was at hand.
    pub source: &'static str,
}

/// The targets. "U" marks figures quoted from memory, not checked against the paper.
pub const TARGETS: [Target; 11] = [
    Target {
        what: "mean soil moisture",
        unit: "m3/m3",
        of: |p| p.mean,
        range: [(0.15, 0.25), (0.06, 0.12), (0.19, 0.30)],
        source: "chosen: driest in the desert, wettest in the continental climate; SPL3SMP's valid range is 0.02 to 0.5 (formats.md 2.2)",
    },
    Target {
        what: "standard deviation over time",
        unit: "m3/m3",
        of: |p| p.sd_time,
        range: [(0.03, 0.08), (0.015, 0.045), (0.025, 0.07)],
        source: "chosen",
    },
    Target {
        what: "standard deviation of 3 km cells inside a 36 km cell",
        unit: "m3/m3",
        of: |p| p.sd_sub_grid,
        range: [(0.02, 0.071); 3],
        source: "at most 0.071, the spread of point measurements over 50 km (Famiglietti et al. 2008, WRR 44, W01423; U); means over 3 km spread less",
    },
    Target {
        what: "persistent share of that variance",
        unit: "1",
        of: |p| p.persistent,
        range: [(0.31, 0.86); 3],
        source: "Washita '92, Oklahoma: persistent spatial structure explained 31 % of the variability; texture, vegetation density and time since rain 55 % (abstract of \"Variability of surface soil moisture at the watershed scale\"): at least the first, at most both together",
    },
    Target {
        what: "spatial correlation falls to 1/e at",
        unit: "km",
        of: |p| p.correlation_km,
        range: [(10.0, 150.0); 3],
        source: "nested structure from 1 to 140 km (semivariograms of SGP97); the time variations correlate over hundreds of km (Koster et al. 2019, JHM 20, 2129), more than the region",
    },
    Target {
        what: "dry-down to 1/e of 36 km means",
        unit: "days",
        of: |p| p.drydown_days,
        range: [(2.0, 20.0); 3],
        source: "SMAP: mostly 2 to 20 days, shorter in dry climates (McColl et al. 2017, GRL 44, 3682; U); faster than in situ probes (Shellito et al. 2018, HESS 22, 1649)",
    },
    Target {
        what: "SMAP footprint against the truth",
        unit: "m3/m3",
        of: |p| p.smap_error,
        range: [(0.02, 0.04); 3],
        source: "requirement: ubRMSE below 0.04, met at core validation sites (Colliander et al. 2022; formats.md 3)",
    },
    Target {
        what: "3 km map against the truth",
        unit: "m3/m3",
        of: |p| p.fine_error,
        range: [(0.015, 0.05); 3],
        source: "about 0.05 against stations, which includes what a probe differs from its 3 km cell (Das et al. 2019; formats.md 3; U)",
    },
    Target {
        what: "days between 6 am overpasses",
        unit: "days",
        of: |p| p.smap_revisit,
        range: [(1.5, 3.0); 3],
        source: "every two to three days for one overpass direction; about half of the grid each morning (formats.md 2.2)",
    },
    Target {
        what: "days between 3 km maps of a place",
        unit: "days",
        of: |p| p.fine_revisit,
        range: [(6.0, 24.0); 3],
        source: "at least the 6 days of two Sentinel-1 satellites (formats.md 2.1), at most 24 (chosen); for comparison, the paper's image counts (130, 40 and 90 in three years) are one map of some part of the region in 8.4, 27 and 12 days",
    },
    Target {
        what: "share of a region that one 3 km map covers",
        unit: "1",
        of: |p| p.fine_cover,
        range: [(0.3, 0.9); 3],
        source: "one swath of 250 km over a region of 300 km, less masks",
    },
];

/// Sums of pairs, for a correlation.
#[derive(Default, Clone, Copy)]
struct Pairs {
    n: f64,
    sums: [f64; 5],
}

impl Pairs {
    fn add(&mut self, a: f64, b: f64) {
        self.n += 1.0;
        for (sum, value) in self.sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
            *sum += value;
        }
    }

    fn correlation(&self) -> f64 {
        let [a, b, aa, bb, ab] = self.sums.map(|s| s / self.n.max(1.0));
        (ab - a * b) / ((aa - a * a) * (bb - b * b)).max(f64::MIN_POSITIVE).sqrt()
    }
}

/// Mean and standard deviation as they come.
#[derive(Default, Clone, Copy)]
struct Moments([f64; 3]);

impl Moments {
    fn add(&mut self, value: f64) {
        self.0 = [self.0[0] + 1.0, self.0[1] + value, self.0[2] + value * value];
    }

    fn mean(&self) -> f64 {
        self.0[1] / self.0[0].max(1.0)
    }

    fn sd(&self) -> f64 {
        (self.0[2] / self.0[0].max(1.0) - self.mean().powi(2)).max(0.0).sqrt()
    }
}

/// Lags of the spatial correlation, 3 km cells.
const LAGS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// Where the correlation falls to 1/e, by straight lines between the lags, km; the largest lag where it does not.
fn folding_length(pairs: &[Pairs; LAGS.len()]) -> f64 {
    let level = (-1f64).exp();
    let (mut lag, mut above) = (0.0, 1.0);
    for (next, pairs) in LAGS.iter().zip(pairs) {
        let (next, r) = (*next as f64, pairs.correlation());
        if r < level {
            return 3.0 * (lag + (next - lag) * (above - level) / (above - r));
        }
        (lag, above) = (next, r);
    }
    3.0 * lag
}

impl Properties {
    /// Runs a scene and measures it.
    #[must_use]
    pub fn of(scene: Scene) -> Self {
        let mut simulator = Simulator::new(scene);
        let window = simulator.truth_window();
        let region = simulator.scene().region.window();
        let land = simulator.land_reasons().to_vec();
        let blocks_across = window.columns / 12;
        let block_of = |i: usize| (i / window.columns / 12) * blocks_across + i % window.columns / 12;
        let blocks = blocks_across * (window.rows / 12);
        let (mut all, mut daily, mut smap, mut fine_error) =
            (Moments::default(), Moments::default(), Moments::default(), Moments::default());
        let mut persistent = vec![0f64; window.len()];
        let mut squares = 0f64;
        let mut lags = [Pairs::default(); LAGS.len()];
        let mut drydown = Moments::default();
        let mut past: Vec<Vec<f64>> = Vec::new();
        let (mut seen, mut mapped) = (vec![0usize; blocks], vec![0usize; region.len()]);
        let (mut cover, mut days) = (Moments::default(), 0usize);
        let mut masked = [0usize; 2];
        while let Some(day) = simulator.next() {
            let truth = simulator.truth();
            let mut sums = vec![(0f64, 0f64); blocks];
            for (i, value) in truth.iter().enumerate().filter(|(i, _)| land.get(*i) != Some(&Reason::Water)) {
                let sum = &mut sums[block_of(i)];
                *sum = (sum.0 + f64::from(*value), sum.1 + 1.0);
                all.add(f64::from(*value));
            }
            let means: Vec<f64> = sums.iter().map(|(sum, n)| sum / n.max(1.0)).collect();
            daily.add(means.iter().sum::<f64>() / blocks as f64);
            for (i, (value, persistent)) in truth.iter().zip(&mut persistent).enumerate() {
                let inside = f64::from(*value) - means[block_of(i)];
                *persistent += inside;
                squares += inside * inside;
            }
            if days.is_multiple_of(30) {
                for (lag, pairs) in LAGS.iter().zip(&mut lags) {
                    for line in truth.chunks_exact(window.columns) {
                        for (a, b) in line.iter().zip(line.iter().skip(*lag)) {
                            pairs.add(f64::from(*a), f64::from(*b));
                        }
                    }
                }
            }
            past.push(means.clone());
            if let [.., a, b, c, d] = past.as_slice() {
                for ((a, b), (c, d)) in a.iter().zip(b).zip(c.iter().zip(d)) {
                    let steps = [a - b, b - c, c - d];
                    // A spell without rain: each step smaller than the one before, all of them falls.
                    if steps[2] > 1e-3 && steps[0] > steps[1] && steps[1] > steps[2] {
                        drydown.add(-2.0 / (steps[2] / steps[0]).ln());
                    }
                }
            }
            if past.len() > 4 {
                past.remove(0);
            }
            if let Some(am) = &day.am {
                for (block, (value, reason)) in am.values().iter().zip(am.reasons()).enumerate() {
                    seen[block] += usize::from(*reason != Reason::NoSmap);
                    // Near the ends of the valid range noise is clipped and would look smaller.
                    if value.is_finite() && means[block] > f64::from(COARSE_RANGE.0) + 0.08 {
                        smap.add(f64::from(*value) - means[block]);
                    }
                }
            }
            if let Some(fine) = &day.fine {
                cover.add(fine.valid_count() as f64 / region.len() as f64);
                for (i, ((value, reason), truth)) in
                    fine.values().iter().zip(fine.reasons()).zip(day.truth.values()).enumerate()
                {
                    let swath = !matches!(reason, Reason::NoSentinel1 | Reason::NoSmap);
                    masked[0] += usize::from(swath && *reason != Reason::Valid);
                    masked[1] += usize::from(swath);
                    if value.is_finite() && truth.is_finite() {
                        mapped[i] += 1;
                        fine_error.add(f64::from(*value) - f64::from(*truth));
                    }
                }
            }
            days += 1;
        }
        let (n, cells) = (days.max(1) as f64, window.len() as f64);
        let variance = squares / n / cells;
        let every = |counts: &[usize]| {
            let counts: Vec<f64> = counts.iter().filter(|c| **c > 0).map(|c| *c as f64).collect();
            n * counts.len() as f64 / counts.iter().sum::<f64>().max(1.0)
        };
        let water = land.iter().filter(|r| **r == Reason::Water).count() as f64 / cells;
        Self {
            mean: all.mean(),
            sd_time: daily.sd(),
            sd_sub_grid: variance.sqrt(),
            persistent: persistent.iter().map(|sum| (sum / n).powi(2)).sum::<f64>()
                / cells
                / variance.max(f64::MIN_POSITIVE),
            correlation_km: folding_length(&lags),
            drydown_days: drydown.mean(),
            smap_error: smap.sd(),
            fine_error: fine_error.sd(),
            smap_revisit: every(&seen),
            fine_revisit: every(&mapped),
            fine_cover: cover.mean(),
            masked: (water, masked[0] as f64 / masked[1].max(1) as f64),
        }
    }

    /// A place's ([`super::place`]), with the contrasts of soil and terrain multiplied by `contrast`; `None` for an unknown key.
    #[must_use]
    pub fn of_preset(key: &str, seed: u64, contrast: f32) -> Option<Self> {
        let mut scene = Scene::preset(key, seed)?;
        let climate: &mut Climate = &mut scene.climate;
        climate.contrast *= contrast;
        Some(Self::of(scene))
    }
}
