//! Where a sensor is, as the first line of a file or every line of the other form says it:
//! `network network station latitude longitude elevation depth_from depth_to`.

use super::FileName;
use crate::StationError;

/// Network, station and place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub network: String,
    pub station: String,
    pub latitude: f64,
    pub longitude: f64,
    pub elevation: Option<f64>,
    pub depth_from: f64,
    pub depth_to: f64,
}

/// Where the five numbers begin among words that begin with the network. Station names may end in a number ("Field 5"): then the numbers
/// are those whose depths agree with the file's name, which rounds otherwise.
pub(super) fn numbers_at(words: &[&str], name: Option<&FileName>) -> Option<usize> {
    let number = |n: usize| words.get(n).and_then(|word| word.parse::<f64>().ok());
    let fits = |n: &usize| {
        (0..5).all(|k| number(n + k).is_some()) && number(*n).is_some_and(|v| (-90.0..=90.0).contains(&v))
    };
    let agrees = |n: &usize| {
        let near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 0.006);
        name.is_some_and(|name| near(number(n + 3), name.depth_from) && near(number(n + 4), name.depth_to))
    };
    // Network and network's network, and a station of one word at least.
    let all = || (3..words.len()).filter(fits);
    all().find(agrees).or_else(|| all().next())
}

impl Place {
    /// From the words before and with the five numbers, which begin at `at`.
    pub(super) fn parse(words: &[&str], at: usize) -> Result<Self, StationError> {
        let number = |n: usize, what: &str| {
            let word = words.get(at + n).copied().unwrap_or_default();
            let value = word.parse::<f64>().ok().filter(|v| v.is_finite());
            value.ok_or_else(|| StationError::NoPlace(format!("{what} is \"{word}\"")))
        };
        let (latitude, longitude) = (number(0, "the latitude")?, number(1, "the longitude")?);
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=360.0).contains(&longitude) {
            return Err(StationError::NoPlace(format!("{latitude} N {longitude} E is no place on Earth")));
        }
        let depths = (number(3, "the upper depth")?, number(4, "the lower depth")?);
        Ok(Self {
            network: words.get(1).copied().unwrap_or_default().to_owned(),
            station: words.get(2..at).unwrap_or_default().join(" "),
            latitude,
            longitude: if longitude > 180.0 { longitude - 360.0 } else { longitude },
            elevation: number(2, "the elevation").ok().filter(|metres| *metres > -9000.0),
            depth_from: depths.0,
            depth_to: depths.1,
        })
    }
}
