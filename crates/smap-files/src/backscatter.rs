//! Which scale backscatter has, and which of its numbers count: one rule for every format. Names, units and sources say what a layer's
//! numbers are; its values are asked whether they contradict that, and decide where nothing says it.

use crate::BackscatterScale;
use crate::catalogue::{self, Source, Unit, words};
use crate::layer_use::SAY_SO;
use crate::summary::Summary;
use crate::values::ValueRule;

/// Median power above which backscatter is not calibrated: 10 dB, which land reaches in single pixels of towns alone.
const LARGEST_MEDIAN: f64 = 10.0;
/// Median below which backscatter is no dB, which calm water does not reach.
const SMALLEST_MEDIAN: f64 = -45.0;
/// Backscatter in dB: far outside what a sensor delivers lie undeclared fills (-99).
const DECIBEL_RANGE: (f32, f32) = (-90.0, 60.0);

/// What a file says of a layer of backscatter.
pub(crate) struct Said<'a> {
    /// Name of the file.
    pub(crate) file: &'a str,
    /// Its name speaks of this layer.
    pub(crate) alone: bool,
    pub(crate) source: Option<&'a Source>,
    /// Name of the layer.
    pub(crate) name: Option<&'a str>,
    pub(crate) units: Option<&'a str>,
    /// Whole numbers without a declared scale.
    pub(crate) whole: bool,
    /// Such numbers of 8 bits.
    pub(crate) bytes: bool,
    /// The declared offset makes another number than 0 of a stored 0.
    pub(crate) shifted: bool,
}

/// What a layer of backscatter is read as.
pub(crate) struct Found {
    /// `None`: nothing tells it.
    pub(crate) scale: Option<BackscatterScale>,
    /// Zeros stand for no value.
    pub(crate) no_zero: bool,
    /// The scale in words.
    pub(crate) unit: &'static str,
    /// What the user should know.
    pub(crate) note: Option<String>,
}

impl Said<'_> {
    /// The scale of a layer whose values look like this; or why it is not used.
    pub(crate) fn found(&self, values: &Summary) -> Result<Found, String> {
        use BackscatterScale::{Amplitude, Decibel, DigitalNumber, Power};
        if self.bytes {
            return Err(
                "it holds 8-bit grey values (0 to 255) stretched for display, as a picture does, not backscatter; download it again as 32-bit \
                 float"
                    .to_owned(),
            );
        }
        let no_backscatter =
            [Unit::Angle, Unit::Kelvin, Unit::Celsius, Unit::Millimetre, Unit::Percent, Unit::Volumetric];
        // Vertical velocity is called VV, too.
        let of_speed = |text: &str| text.contains("/s") || text.contains("s-1") || text.contains("s**-1");
        let other = |text: &&str| {
            of_speed(text) || Unit::parse(text).is_some_and(|unit| no_backscatter.contains(&unit))
        };
        if let Some(unit) = self.units.filter(other) {
            return Err(format!("its unit is {unit}, which backscatter is not in"));
        }
        let told = self.by_values(values);
        let declared = catalogue::declared_scale(self.source, self.units);
        let named = self.by_name();
        if [declared, named].contains(&Some(Decibel)) && matches!(told, Some(Power | Amplitude)) {
            return Err(format!(
                "its name or unit says dB, but half of its values lie above 0, as linear ones do and dB of land do not: which they are cannot be \
                 told; {SAY_SO}"
            ));
        }
        let median = values.median_nonzero();
        if let Some(median) = median.filter(|m| told == Some(Decibel) && *m < SMALLEST_MEDIAN) {
            return Err(format!(
                "half of its values are below {median:.0}, far less than the dB of land: they are scaled, or not calibrated; save them in dB"
            ));
        }
        // A power cannot be negative and dB of land are: where the values say otherwise, they are believed.
        let scale = match (declared, told) {
            (_, Some(Decibel | DigitalNumber)) | (None, _) => told,
            (declared, _) => declared,
        };
        let power = match (scale, median) {
            // No dB either: land does not reach 10 dB.
            (Some(Power) | None, median) => median,
            (Some(Amplitude), median) => median.map(|amplitude| amplitude * amplitude),
            _ => None,
        };
        if let Some(power) = power.filter(|power| *power > LARGEST_MEDIAN) {
            return Err(format!(
                "half of its values are above a power of {power:.0}, far more than land scatters: it is not calibrated. Calibrate it to sigma0 or \
                 gamma0 first (SNAP, pyroSAR or ASF HyP3)"
            ));
        }
        let no_zero = scale == Some(Decibel) && !self.shifted && values.zeros_among_negatives();
        let says_linear = [declared, named].iter().any(|s| matches!(s, Some(Power | Amplitude)));
        let (unit, note) = match scale {
            Some(Decibel) if says_linear => (
                "dB",
                Some(
                    "its name, unit or source says that it is linear, but its values are negative, as those of dB are: they are read as dB",
                ),
            ),
            Some(Decibel) => ("dB", None),
            Some(Power) => ("linear power", None),
            Some(Amplitude) => ("linear amplitude", None),
            Some(DigitalNumber) => (
                "whole numbers",
                Some(
                    "it holds whole numbers and declares no scale: uncalibrated digital numbers, or scaled ones; they are not used. If they are \
                     calibrated, say their scale in the file list; else calibrate them to sigma0 first (SNAP, pyroSAR or ASF HyP3)",
                ),
            ),
            None if !values.any_valid() => ("no value", None),
            None => (
                "scale unknown",
                Some(
                    "whether its values are dB or linear power cannot be told from them; say so in the file list",
                ),
            ),
        };
        Ok(Found { scale, no_zero, unit, note: note.map(str::to_owned) })
    }

    /// The scale that a name says: the layer's, else the file's where it speaks of it.
    fn by_name(&self) -> Option<BackscatterScale> {
        let of = |name: &str| {
            let words = words(name);
            let has = |wanted: &[&str]| words.iter().any(|w| wanted.contains(&w.as_str()));
            let code = words.iter().find_map(|w| hyp3(w));
            if has(&["db", "decibel", "decibels", "vvdb", "vhdb"]) || code == Some('d') {
                Some(BackscatterScale::Decibel)
            } else if has(&["linear", "power", "lin"]) || code == Some('p') {
                Some(BackscatterScale::Power)
            } else if has(&["amp", "amplitude", "sqrt"]) || code == Some('a') {
                Some(BackscatterScale::Amplitude)
            } else {
                None
            }
        };
        self.name.and_then(of).or_else(|| of(self.file).filter(|_| self.alone))
    }

    /// The scale that the values tell; that they are amplitudes only names can.
    fn by_values(&self, values: &Summary) -> Option<BackscatterScale> {
        let mut names = words(self.file);
        names.extend(self.name.map(words).unwrap_or_default());
        let median = values.median_nonzero()?;
        if self.whole && median.abs() >= 50.0 {
            return Some(BackscatterScale::DigitalNumber);
        }
        // Linear values left slightly negative by noise removal are not dB: dB has its median far below zero.
        if median < 0.0 || (values.negative_share() > 0.05 && median > 1.0) {
            return Some(BackscatterScale::Decibel);
        }
        if names.iter().any(|w| w == "amp" || w == "amplitude" || w == "sqrt" || hyp3(w) == Some('a')) {
            return Some(BackscatterScale::Amplitude);
        }
        if median < 1.0 {
            return Some(BackscatterScale::Power);
        }
        (self.whole && median >= 20.0).then_some(BackscatterScale::DigitalNumber)
    }
}

/// HyP3's processing code, six letters: radiometry g/s, scale p/a/d, masking, filter, area, e.g. `gpuned`.
fn hyp3(word: &str) -> Option<char> {
    let mut letters = word.chars();
    let (radiometry, scale) = (letters.next()?, letters.next()?);
    (word.len() == 6
        && matches!(radiometry, 'g' | 's')
        && matches!(scale, 'p' | 'a' | 'd')
        && word.ends_with(['d', 'm', 'c']))
    .then_some(scale)
}

/// What can be backscatter of this scale, added to a rule.
pub(crate) fn limit(rule: &mut ValueRule, scale: BackscatterScale, dtype: &str) {
    match scale {
        BackscatterScale::Decibel => {
            rule.range = Some(DECIBEL_RANGE);
            // Steps that begin at 0 have it outside the image: unpacked it would be the lowest dB.
            if rule.linear.is_some() && dtype.starts_with("uint") {
                rule.fills.push(0.0);
            }
        }
        BackscatterScale::DigitalNumber => rule.positive = true,
        BackscatterScale::Power | BackscatterScale::Amplitude => {
            rule.positive = true;
            // The same bounds as of dB: programs leave 1e-10 where there is no image.
            let linear = |decibel: f32| {
                let power = 10f32.powf(decibel / 10.0);
                if scale == BackscatterScale::Amplitude { power.sqrt() } else { power }
            };
            rule.range = Some((linear(DECIBEL_RANGE.0), linear(DECIBEL_RANGE.1)));
        }
    }
}
