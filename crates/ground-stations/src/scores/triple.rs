//! Triple collocation: how much of each of three series is signal, where no one knows the truth and the three err independently
//! (pytesmo's `tcol_metrics`; Gruber et al. 2016, 2020).

use serde::Serialize;

use super::bootstrap::{SAMPLES, Sequence, percentiles};
use super::pairwise::{LEVEL, Score};

/// Values from which on a verdict is given.
pub const FEWEST_FOR_TRIPLE: usize = 100;
/// Widest interval of the SNR that a verdict is given on, dB.
pub const WIDEST_SNR_INTERVAL: f64 = 3.0;

/// What a series was made from: series of one lineage share errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lineage {
    /// Probes in the ground.
    InSitu,
    /// SMAP's radiometer: its own maps (SPL3SMP, SPL3SMP_E), SPL2SMAP_S, which is disaggregated from it, SPL4, which assimilates it, and
    /// every estimate that starts from it.
    SmapRadiometer,
    /// Another instrument or model, by its name (`ASCAT`, `ERA5-Land`).
    Other(String),
}

impl Lineage {
    fn words(&self) -> &str {
        match self {
            Self::InSitu => "probes in the ground",
            Self::SmapRadiometer => "SMAP's radiometer",
            Self::Other(name) => name,
        }
    }
}

/// Why no triple collocation is made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TripleRefusal {
    /// Two series share their errors.
    #[error(
        "triple collocation needs three sources that err independently, and {first} and {second} both rest on {source_words}: \
         their shared errors would count as signal. Take a source that does not use it (ASCAT, a land model without assimilation)"
    )]
    NotIndependent {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// What both rest on.
        source_words: String,
    },
    /// Too few values.
    #[error("triple collocation needs {FEWEST_FOR_TRIPLE} values that all three have; there are {0}")]
    TooFew(usize),
}

/// How well a series represents what the three have in common (QA4SM's classes of fiducial reference measurements).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Representativeness {
    /// SNR above 3 dB.
    VeryRepresentative,
    /// SNR of 0 to 3 dB.
    Representative,
    /// SNR below 0 dB.
    NotRepresentative,
    /// The interval of the SNR is wider than 3 dB, or it is undefined.
    Undeducible,
}

/// Triple collocation of one of the three.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TripleMember {
    /// Its name.
    pub name: String,
    /// Signal to noise ratio, dB.
    pub snr: Score,
    /// Standard deviation of its error, in the unit of the first series.
    pub err_std: Score,
    /// Factor that brings it to the scale of the first series.
    pub beta: Score,
    /// What the SNR means.
    pub class: Representativeness,
}

/// Triple collocation of three series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Triple {
    /// Values.
    pub n_obs: usize,
    /// In the order given; the first is the reference of scale.
    pub members: [TripleMember; 3],
}

/// Covariances (divided by n - 1).
fn covariances(series: [&[f64]; 3], places: &[usize]) -> [[f64; 3]; 3] {
    let n = places.len() as f64;
    let means = series.map(|values| places.iter().map(|place| values[*place]).sum::<f64>() / n);
    let mut cov = [[0.0; 3]; 3];
    for (i, row) in cov.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            let product = |place: &usize| (series[i][*place] - means[i]) * (series[j][*place] - means[j]);
            *cell = places.iter().map(product).sum::<f64>() / (n - 1.0);
        }
    }
    cov
}

/// SNR, error standard deviation and beta of each.
fn metrics(cov: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let mut found = [[f64::NAN; 3]; 3];
    for (i, of) in found.iter_mut().enumerate() {
        let (j, k) = ((i + 1) % 3, (i + 2) % 3);
        let ratio = (cov[i][i] * cov[j][k] / (cov[i][j] * cov[i][k])).abs();
        let beta = match i {
            0 => 1.0,
            1 => cov[0][2] / cov[1][2],
            _ => cov[0][1] / cov[2][1],
        };
        let variance = cov[i][i] - cov[i][j] * cov[i][k] / cov[j][k];
        *of = [10.0 * (1.0 / (ratio - 1.0).abs()).log10(), variance.sqrt() * beta, beta];
    }
    found
}

/// Triple collocation with bootstrapped intervals. Each series has a name, its lineage, and values on the same times (numbers all).
///
/// # Errors
/// [`TripleRefusal`].
pub fn triple_collocation(series: [(&str, &Lineage, &[f64]); 3]) -> Result<Triple, TripleRefusal> {
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let ((first, of_first, _), (second, of_second, _)) = (series[a], series[b]);
        if of_first == of_second {
            return Err(TripleRefusal::NotIndependent {
                first: first.to_owned(),
                second: second.to_owned(),
                source_words: of_first.words().to_owned(),
            });
        }
    }
    let values = series.map(|(_, _, values)| values);
    let n = values.iter().map(|v| v.len()).min().unwrap_or(0);
    if n < FEWEST_FOR_TRIPLE {
        return Err(TripleRefusal::TooFew(n));
    }
    let all: Vec<usize> = (0..n).collect();
    let found = metrics(&covariances(values, &all));
    let mut samples: [[Vec<f64>; 3]; 3] = Default::default();
    let mut sequence = Sequence::new(0);
    let mut drawn = vec![0; n];
    for _ in 0..SAMPLES {
        drawn.iter_mut().for_each(|place| *place = sequence.below(n));
        for (of, found) in samples.iter_mut().zip(metrics(&covariances(values, &drawn))) {
            of.iter_mut().zip(found).for_each(|(all, value)| all.push(value));
        }
    }
    let mut samples = samples.into_iter().zip(found).zip(series);
    let mut member = || {
        let Some((([snr, err_std, beta], values), (name, _, _))) = samples.next() else {
            return TripleMember::undefined();
        };
        let score = |value, mut samples: Vec<f64>| Score {
            value,
            interval: Some(percentiles(&mut samples, 1.0 - LEVEL)),
        };
        let snr = score(values[0], snr);
        TripleMember {
            name: name.to_owned(),
            class: Representativeness::of(snr),
            snr,
            err_std: score(values[1], err_std),
            beta: score(values[2], beta),
        }
    };
    Ok(Triple { n_obs: n, members: [member(), member(), member()] })
}

impl TripleMember {
    fn undefined() -> Self {
        let none = Score { value: f64::NAN, interval: None };
        let class = Representativeness::Undeducible;
        Self { name: String::new(), snr: none, err_std: none, beta: none, class }
    }
}

impl Representativeness {
    fn of(snr: Score) -> Self {
        let known = snr.interval.is_some_and(|(low, high)| high - low <= WIDEST_SNR_INTERVAL);
        match snr.value {
            v if !known || v.is_nan() => Self::Undeducible,
            v if v < 0.0 => Self::NotRepresentative,
            v if v <= 3.0 => Self::Representative,
            _ => Self::VeryRepresentative,
        }
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::VeryRepresentative => "very representative",
            Self::Representative => "representative",
            Self::NotRepresentative => "not representative",
            Self::Undeducible => "cannot be told: the interval is wider than 3 dB",
        }
    }
}
