//! Which stored numbers are values, and what they mean: one rule for every format.
//!
//! A file says it in many ways: `_FillValue`, `missing_value`, `valid_range`, `scale_factor` and `add_offset` (CF conventions 2.5 and 8.1),
//! GDAL's nodata, scale and offset, masks and alpha bands. Readers turn all of them into a [`ValueRule`]; nothing else masks or unpacks.

use ease_grid::Reason;

/// SMAP's fill value, declared or not.
const SMAP_FILL: f64 = -9999.0;

/// Numbers that programs leave in floats where there is no value, declared or not; none is a value of any quantity that is used.
const TYPICAL_FILLS: [f64; 8] =
    [-99.0, -999.0, 9999.0, -32768.0, 1e20, 9.969_209_968_386_869e36, -f32::MAX as f64, f32::MAX as f64];

/// What is asked of each stored number of a layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ValueRule {
    /// Stored numbers that stand for no value.
    pub(crate) fills: Vec<f64>,
    /// [`TYPICAL_FILLS`] are none either.
    pub(crate) typical_fills: bool,
    /// Bounds that the file declares of its stored numbers.
    pub(crate) stored_range: Option<(f64, f64)>,
    /// (factor, offset) from stored numbers to the unit.
    pub(crate) linear: Option<(f64, f64)>,
    /// What is possible, in the unit. Compared in float32, as most files store it.
    pub(crate) range: Option<(f32, f32)>,
    /// Linear backscatter has no power where there is no image: zeros (ASF HyP3, Planetary Computer borders) and what noise removal left
    /// below zero are no values.
    pub(crate) positive: bool,
    /// A zero stands for no value: temperatures of MODIS, dB whose other values are negative.
    pub(crate) no_zero: bool,
}

impl ValueRule {
    /// Fill values that a file declares, with -9999 for numbers that can hold it.
    pub(crate) fn filled(declared: impl IntoIterator<Item = f64>, dtype: &str) -> Self {
        let mut fills: Vec<f64> = declared.into_iter().filter(|v| v.is_finite()).collect();
        if !dtype.starts_with('u') {
            fills.push(SMAP_FILL);
        }
        Self { fills, ..Self::default() }
    }

    /// Whether a stored number stands for no value. Anything not finite does.
    pub(crate) fn is_fill(&self, stored: f64) -> bool {
        // A float64 attribute may describe float32 data.
        let among = |fills: &[f64]| fills.iter().any(|f| *f == stored || f64::from(*f as f32) == stored);
        // Hundreds of millions of pixels come here: most are told from the typical fills by one comparison.
        !stored.is_finite()
            || among(&self.fills)
            || (self.typical_fills && stored.abs() >= 99.0 && among(&TYPICAL_FILLS))
    }

    /// A stored number in its unit.
    pub(crate) fn physical(&self, stored: f64) -> f64 {
        self.linear.map_or(stored, |(factor, offset)| stored * factor + offset)
    }

    /// Whether a stored number counts, and if not, why.
    pub(crate) fn reason(&self, stored: f64) -> Reason {
        if self.is_fill(stored) || (self.no_zero && stored == 0.0) || (self.positive && stored <= 0.0) {
            return Reason::NotObserved;
        }
        let value = self.physical(stored) as f32;
        let outside = self.stored_range.is_some_and(|(low, high)| !(low..=high).contains(&stored))
            || self.range.is_some_and(|(low, high)| !(low..=high).contains(&value));
        if outside { Reason::OutOfRange } else { Reason::Valid }
    }
}

/// What a file declares of a layer's packing and bounds; attributes and items of any format give it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Declared {
    /// `scale_factor`, or GDAL's scale.
    pub(crate) factor: Option<f64>,
    /// `add_offset`, or GDAL's offset.
    pub(crate) offset: Option<f64>,
    /// `valid_min` or the first number of `valid_range`.
    pub(crate) low: Option<f64>,
    /// `valid_max` or the second number of `valid_range`.
    pub(crate) high: Option<f64>,
    /// The bounds are of the stored numbers, not of the unpacked ones: they have the type of the stored numbers (CF 2.5.1).
    pub(crate) bounds_are_stored: bool,
}

impl Declared {
    /// (factor, offset); `None` where nothing is packed.
    pub(crate) fn linear(&self) -> Option<(f64, f64)> {
        let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
        let (factor, offset) = (finite(self.factor).unwrap_or(1.0), finite(self.offset).unwrap_or(0.0));
        (factor != 0.0 && (factor, offset) != (1.0, 0.0)).then_some((factor, offset))
    }

    /// The bounds as stored numbers; those given in the unit a hair wider, since float32 has few of the decimals that texts name.
    pub(crate) fn stored_bounds(&self) -> Option<(f64, f64)> {
        let packing = self.linear().filter(|_| !self.bounds_are_stored);
        let stored = |bound: f64| packing.map_or(bound, |(factor, offset)| (bound - offset) / factor);
        let slack = |bound: f64| if bound.is_finite() { 1e-6 * bound.abs() } else { 0.0 };
        self.bounds().map(|(low, high)| {
            let (a, b) = (stored(low), stored(high));
            (a.min(b) - slack(a.min(b)), a.max(b) + slack(a.max(b)))
        })
    }

    /// The bounds, where they are bounds.
    pub(crate) fn bounds(&self) -> Option<(f64, f64)> {
        let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
        match (finite(self.low), finite(self.high)) {
            (None, None) => None,
            (low, high) => {
                let bounds = (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY));
                (bounds.0 < bounds.1).then_some(bounds)
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn fills_come_before_packing_and_ranges() {
        let rule = ValueRule {
            linear: Some((0.0001, 0.0)),
            range: Some((0.02, 0.5)),
            ..ValueRule::filled([-32768.0], "int16")
        };
        assert_eq!(rule.reason(1060.0), Reason::Valid);
        assert!((rule.physical(1060.0) - 0.106).abs() < 1e-12);
        assert_eq!(rule.reason(-32768.0), Reason::NotObserved);
        assert_eq!(rule.reason(-9999.0), Reason::NotObserved);
        assert_eq!(rule.reason(6000.0), Reason::OutOfRange);
        assert_eq!(rule.reason(200.0), Reason::Valid, "the bound itself, as float32");
        assert_eq!(ValueRule::filled([254.0], "uint8").reason(f64::NAN), Reason::NotObserved);
    }

    #[test]
    fn typical_fills_are_known_in_either_precision() {
        let rule = ValueRule { typical_fills: true, ..ValueRule::default() };
        for fill in [-99.0, -999.0, 9999.0, 1e20, f64::from(1e20f32), f64::from(f32::MAX)] {
            assert_eq!(rule.reason(fill), Reason::NotObserved, "{fill}");
            assert_eq!(ValueRule::default().reason(fill), Reason::Valid, "{fill}");
        }
        assert_eq!((rule.reason(-98.9), rule.reason(290.0)), (Reason::Valid, Reason::Valid));
    }

    #[test]
    fn zeros_stand_for_nothing_where_that_is_known() {
        let power = ValueRule { positive: true, ..ValueRule::default() };
        assert_eq!((power.reason(0.0), power.reason(0.01)), (Reason::NotObserved, Reason::Valid));
        let decibel = ValueRule { no_zero: true, ..ValueRule::default() };
        assert_eq!((decibel.reason(0.0), decibel.reason(-0.1)), (Reason::NotObserved, Reason::Valid));
    }

    #[test]
    fn bounds_and_packing_are_taken_where_they_make_sense() {
        let declared =
            Declared { factor: Some(0.02), low: Some(7500.0), high: Some(65535.0), ..Declared::default() };
        assert_eq!((declared.linear(), declared.bounds()), (Some((0.02, 0.0)), Some((7500.0, 65535.0))));
        let nothing = Declared {
            factor: Some(1.0),
            offset: Some(f64::NAN),
            low: Some(1.0),
            high: Some(0.0),
            ..Declared::default()
        };
        assert_eq!((nothing.linear(), nothing.bounds()), (None, None));
        assert_eq!(Declared { factor: Some(0.0), ..Declared::default() }.linear(), None);
        let packed = Declared { factor: Some(0.0001), high: Some(0.5), ..Declared::default() };
        let (low, high) = packed.stored_bounds().unwrap();
        assert!(low == f64::NEG_INFINITY && (5000.0..5000.1).contains(&high));
    }
}
