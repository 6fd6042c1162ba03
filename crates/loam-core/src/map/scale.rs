//! A colour scale: which value gets which colour, and the rule in words, always shown beside the map.
//!
//! Fixed limits by default (0 to 0.5 m3/m3): a stretch to the data's own range hides that two dates differ.

use super::ColourMap;

/// Largest and smallest value of the default soil-moisture scale, m3/m3.
pub const MOISTURE_LIMITS: (f64, f64) = (0.0, 0.5);
/// Limits of the default difference scale, m3/m3.
const DIFFERENCE_LIMITS: (f64, f64) = (-0.15, 0.15);
/// Limits of the backscatter scale, dB.
const BACKSCATTER_LIMITS: (f64, f64) = (-25.0, 0.0);

/// Limits of the scale of half-widths, m3/m3.
pub const HALF_WIDTH_LIMITS: (f64, f64) = (0.0, 0.15);
/// Limits of the scale of brightness and land surface temperature, K.
pub const KELVIN_LIMITS: (f64, f64) = (200.0, 320.0);
/// Limits of the scale of their differences, K.
const KELVIN_DIFFERENCE_LIMITS: (f64, f64) = (-10.0, 10.0);

/// Limits of the scale of a season's trend, a year.
const TREND_LIMITS: (f64, f64) = (-0.1, 0.1);
/// Limits of the scale of that trend's standard error, a year.
const TREND_ERROR_LIMITS: (f64, f64) = (0.0, 0.1);
/// Limits of the scale of dry-down times, days.
const DRYDOWN_LIMITS: (f64, f64) = (0.0, 30.0);
/// Limits of the scale of a season's number of maps.
const MAP_COUNT_LIMITS: (f64, f64) = (0.0, 365.0);

/// Why limits are refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScaleError {
    /// Not a number.
    #[error("“{text}” is not a number: type limits such as 0 and 0.5")]
    NotANumber {
        /// What was typed.
        text: String,
    },
    /// Upside down or empty.
    #[error("the smallest value ({min}) must be below the largest ({max})")]
    Empty {
        /// Lower limit.
        min: f64,
        /// Upper limit.
        max: f64,
    },
}

/// Cells drawn in the end colours because their value lies outside the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClipCounts {
    /// Below the lower limit.
    pub below: usize,
    /// Above the upper limit.
    pub above: usize,
}

/// Limits, unit and colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Value of the first colour.
    pub min: f64,
    /// Value of the last colour; above `min`.
    pub max: f64,
    /// Unit text: `m³/m³`.
    pub unit: &'static str,
    /// Colours.
    pub map: &'static ColourMap,
    /// The colours run the other way round.
    pub inverted: bool,
}

impl Scale {
    /// A season's trend. `kelvin`: of brightness temperature.
    #[must_use]
    pub fn trend(kelvin: bool) -> Self {
        Self::within(TREND_LIMITS, per_year(kelvin), ColourMap::difference())
    }

    /// The standard error of that trend.
    #[must_use]
    pub fn trend_error(kelvin: bool) -> Self {
        Self::within(TREND_ERROR_LIMITS, per_year(kelvin), named("viridis"))
    }

    /// Dry-down times of a season.
    #[must_use]
    pub fn drydown() -> Self {
        Self::within(DRYDOWN_LIMITS, "days", named("viridis"))
    }

    /// A season's number of maps.
    #[must_use]
    pub fn map_count() -> Self {
        Self::within(MAP_COUNT_LIMITS, "dates", named("viridis"))
    }

    fn within((min, max): (f64, f64), unit: &'static str, map: &'static ColourMap) -> Self {
        Self { min, max, unit, map, inverted: false }
    }

    /// Soil moisture, 0 to 0.5 m3/m3.
    #[must_use]
    pub fn moisture() -> Self {
        Self::within(MOISTURE_LIMITS, "m³/m³", ColourMap::moisture())
    }

    /// Difference of soil moisture about 0.
    #[must_use]
    pub fn difference() -> Self {
        Self::within(DIFFERENCE_LIMITS, "m³/m³", ColourMap::difference())
    }

    /// Half-width of an interval of soil moisture, 0 to 0.15 m3/m3. Neither in the colours of moisture nor in those of backscatter, which
    /// stands beside it.
    #[must_use]
    pub fn half_width() -> Self {
        Self::within(HALF_WIDTH_LIMITS, "m³/m³", named("viridis"))
    }

    /// Backscatter, -25 to 0 dB.
    #[must_use]
    pub fn backscatter() -> Self {
        Self::within(BACKSCATTER_LIMITS, "dB", named("cividis"))
    }

    /// Brightness and land surface temperature, 200 to 320 K.
    #[must_use]
    pub fn kelvin() -> Self {
        Self::within(KELVIN_LIMITS, "K", named("viridis"))
    }

    /// Difference of brightness temperatures about 0.
    #[must_use]
    pub fn kelvin_difference() -> Self {
        Self::within(KELVIN_DIFFERENCE_LIMITS, "K", ColourMap::difference())
    }

    /// Smallest and largest value.
    #[must_use]
    pub fn limits(&self) -> (f64, f64) {
        (self.min, self.max)
    }

    /// The same colours between typed limits.
    ///
    /// # Errors
    /// [`ScaleError`] where they are not numbers or the wrong way round.
    pub fn with_typed_limits(self, min: &str, max: &str) -> Result<Self, ScaleError> {
        let number = |text: &str| {
            let value = text.trim().replace('−', "-").replace(',', ".").parse::<f64>();
            value
                .ok()
                .filter(|v| v.is_finite())
                .ok_or_else(|| ScaleError::NotANumber { text: text.trim().to_owned() })
        };
        let (min, max) = (number(min)?, number(max)?);
        if min < max { Ok(Self { min, max, ..self }) } else { Err(ScaleError::Empty { min, max }) }
    }

    /// Entry 0..=255 of a value; the ends beyond the limits. `None` for NaN.
    #[must_use]
    pub fn entry(&self, value: f64) -> Option<u8> {
        if value.is_nan() {
            return None;
        }
        let share = (value - self.min) / (self.max - self.min);
        // 256 equal bins: the last one closed at the top.
        Some((share * 256.0).floor().clamp(0.0, 255.0) as u8)
    }

    /// The colour of an entry.
    #[must_use]
    pub fn colour(&self, entry: u8) -> [u8; 3] {
        self.map.colour(if self.inverted { 255 - entry } else { entry })
    }

    /// Cells outside the limits.
    #[must_use]
    pub fn clipped(&self, values: &[f32]) -> ClipCounts {
        let mut counts = ClipCounts::default();
        for value in values.iter().map(|v| f64::from(*v)) {
            if value < self.min {
                counts.below += 1;
            } else if value > self.max {
                counts.above += 1;
            }
        }
        counts
    }

    /// The rule in words: limits, unit, whether they are the default, and what is outside.
    #[must_use]
    pub fn rule(&self, default: (f64, f64), clipped: ClipCounts) -> String {
        self.rule_of(self.unit, "fixed", default, clipped)
    }

    /// The same with a unit that is not known beforehand, and what the default limits are.
    #[must_use]
    pub fn rule_of(&self, unit: &str, what: &str, default: (f64, f64), clipped: ClipCounts) -> String {
        let kind = if (self.min, self.max) == default { what } else { "set by you" };
        let mut text = format!("{} to {} {unit}, {kind}", tidy(self.min), tidy(self.max)).replace(" ,", ",");
        match (clipped.below, clipped.above) {
            (0, 0) => {}
            (below, 0) => text.push_str(&format!("; {below} cells below shown as the lowest")),
            (0, above) => text.push_str(&format!("; {above} cells above shown as the highest")),
            (below, above) => {
                text.push_str(&format!("; {below} cells below and {above} above shown as the ends"))
            }
        }
        text
    }

    /// About five round values between the limits, ends included where they are round.
    #[must_use]
    pub fn ticks(&self) -> Vec<f64> {
        ticks_between(self.min, self.max, 5)
    }
}

/// Round values (1, 2, 2.5 or 5 times a power of ten apart) in `min..=max`, about `wanted` of them.
#[must_use]
pub fn ticks_between(min: f64, max: f64, wanted: usize) -> Vec<f64> {
    let span = max - min;
    if !(span.is_finite() && span > 0.0) {
        return Vec::new();
    }
    let raw = span / wanted.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw * 0.999).unwrap_or(raw);
    let first = (min / step - 1e-9).ceil();
    let last = (max / step + 1e-9).floor();
    (0..=(last - first).max(0.0) as usize).map(|i| tidy_number((first + i as f64) * step)).collect()
}

/// Off with the dust of binary fractions.
fn tidy_number(value: f64) -> f64 {
    let rounded = (value * 1e9).round() / 1e9;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A number without trailing zeros and with a real minus sign.
#[must_use]
pub fn tidy(value: f64) -> String {
    format!("{}", tidy_number(value)).replace('-', "−")
}

fn named(key: &str) -> &'static ColourMap {
    ColourMap::find(key).unwrap_or(ColourMap::moisture())
}

fn per_year(kelvin: bool) -> &'static str {
    if kelvin { "K per year" } else { "m³/m³ per year" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_equal_bins_with_closed_ends() {
        let scale = Scale::moisture();
        for (value, entry) in
            [(0.0, 0), (0.25, 128), (0.5, 255), (-1.0, 0), (0.7, 255), (0.0019, 0), (0.002, 1)]
        {
            assert_eq!(scale.entry(value), Some(entry), "{value}");
        }
        assert_eq!(scale.entry(f64::NAN), None);
    }

    #[test]
    fn an_inverted_scale_has_its_colours_the_other_way_round() {
        let (scale, turned) = (Scale::moisture(), Scale { inverted: true, ..Scale::moisture() });
        for entry in [0, 17, 255] {
            assert_eq!(turned.colour(entry), scale.colour(255 - entry));
        }
        assert_eq!(turned.entry(0.0), scale.entry(0.0), "limits stay");
    }

    #[test]
    fn the_rule_names_limits_and_clipping() {
        let scale = Scale::moisture();
        let clipped = scale.clipped(&[0.1, 0.51, f32::NAN, -0.01, 0.6]);
        assert_eq!(clipped, ClipCounts { below: 1, above: 2 });
        assert_eq!(
            scale.rule(MOISTURE_LIMITS, clipped),
            "0 to 0.5 m³/m³, fixed; 1 cells below and 2 above shown as the ends"
        );
        let typed =
            scale.with_typed_limits("0,05", " 0.35 ").map(|s| s.rule(MOISTURE_LIMITS, ClipCounts::default()));
        assert_eq!(typed, Ok("0.05 to 0.35 m³/m³, set by you".to_owned()));
    }

    #[test]
    fn half_widths_have_colours_of_their_own() {
        let map = Scale::half_width().map;
        assert_eq!(map.made_for, super::super::MapUse::Sequential);
        for other in [Scale::moisture(), Scale::difference(), Scale::backscatter()] {
            assert_ne!(map.key, other.map.key);
        }
    }

    #[test]
    fn typed_limits_are_refused_in_words() {
        let scale = Scale::moisture();
        assert_eq!(scale.with_typed_limits("a", "1"), Err(ScaleError::NotANumber { text: "a".to_owned() }));
        assert_eq!(scale.with_typed_limits("0.5", "0.5"), Err(ScaleError::Empty { min: 0.5, max: 0.5 }));
        assert!(scale.with_typed_limits("inf", "nan").is_err());
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(Scale::moisture().ticks(), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(Scale::difference().ticks(), [-0.1, 0.0, 0.1]);
        assert_eq!(Scale::half_width().ticks(), [0.0, 0.05, 0.1, 0.15]);
        assert_eq!(ticks_between(-25.0, 0.0, 5), [-25.0, -20.0, -15.0, -10.0, -5.0, 0.0]);
        assert_eq!(ticks_between(0.03, 0.31, 5), [0.1, 0.2, 0.3]);
        assert!(ticks_between(1.0, 1.0, 5).is_empty());
        assert_eq!(tidy(-0.15), "−0.15");
    }
}
