//! Which retrievals count, and why the others do not: fill values, valid range, retrieval quality flag, surface flag.

use super::QualityRule;
use ease_grid::Reason;

/// `surface_flag` of land that was not observed: all eleven bits of SPL3SMP at once.
const NOT_OBSERVED: u32 = 2047;

/// Values that stand for "no value" in one dataset.
#[derive(Debug, Clone, Default)]
pub(super) struct Fill {
    values: Vec<f64>,
}

impl Fill {
    /// Declared values, plus SMAP's conventions: -9999 always; for integers without a declared value 254, 65534 or 4294967294.
    pub fn new(declared: &[f64], dtype: &str, smap: bool) -> Self {
        let mut values: Vec<f64> = declared.iter().copied().filter(|v| v.is_finite()).collect();
        let convention = match dtype {
            "uint8" => Some(254.0),
            "uint16" => Some(65534.0),
            "uint32" => Some(4_294_967_294.0),
            _ => None,
        };
        if smap && values.is_empty() {
            values.extend(convention);
        }
        if !dtype.starts_with('u') {
            values.push(-9999.0);
        }
        Self { values }
    }

    /// True for fill and for anything not finite.
    pub fn holds(&self, value: f64) -> bool {
        // A float64 attribute may describe float32 data.
        !value.is_finite() || self.values.iter().any(|f| *f == value || f64::from(*f as f32) == value)
    }
}

/// Everything that decides about a soil moisture value.
#[derive(Debug, Clone)]
pub(super) struct QualityScreen {
    /// Which retrievals count.
    pub rule: QualityRule,
    /// Fill of the values.
    pub fill: Fill,
    /// Valid range, inclusive, compared in float32 as stored.
    pub range: (f32, f32),
    /// Fill of the retrieval quality flag.
    pub quality_fill: Fill,
    /// Fill of the surface flag.
    pub surface_fill: Fill,
}

impl QualityScreen {
    /// Why the value does not count, or [`Reason::Valid`]. Flags are `None` where the file has none.
    pub fn reason(&self, value: f64, quality: Option<f64>, surface: Option<f64>) -> Reason {
        let surface_raw = surface;
        let surface = surface.map(|s| if self.surface_fill.holds(s) { NOT_OBSERVED } else { s as u32 });
        let named = |otherwise| match surface {
            Some(NOT_OBSERVED) => Reason::NotObserved,
            Some(bits) => surface_reason(bits).unwrap_or(otherwise),
            None => otherwise,
        };
        if self.fill.holds(value) {
            return named(Reason::NotObserved);
        }
        let value = value as f32;
        if value < self.range.0 || value > self.range.1 {
            return Reason::OutOfRange;
        }
        if self.rule == QualityRule::All {
            return Reason::Valid;
        }
        // A filled surface flag beside a value says nothing; 2047 says that the place was not observed.
        if surface_raw == Some(f64::from(NOT_OBSERVED)) {
            return Reason::NotObserved;
        }
        let Some(quality) = quality else {
            return Reason::Valid;
        };
        // Fill first: 65534 has bit 0 clear.
        let counts = !self.quality_fill.holds(quality) && {
            let bits = quality as u32;
            match self.rule {
                QualityRule::Recommended => bits & 1 == 0,
                // Attempted (bit 1 is 0) and, since a value in range is here, successful.
                QualityRule::WithUncertain => bits & 2 == 0,
                QualityRule::All => true,
            }
        };
        if counts { Reason::Valid } else { named(Reason::QualityFlag) }
    }
}

/// The reason a surface flag names: water before frozen ground before mountains, vegetation and towns. Coast, rain, nadir and scene
/// edge explain no missing value by themselves.
fn surface_reason(bits: u32) -> Option<Reason> {
    let any = |mask: u32| bits & mask != 0;
    if any(0b11) {
        Some(Reason::Water)
    } else if any(0b1_1110_0000) {
        Some(Reason::Frozen)
    } else if any(1 << 9) {
        Some(Reason::Mountain)
    } else if any(1 << 10) {
        Some(Reason::Vegetation)
    } else if any(1 << 3) {
        Some(Reason::Urban)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(rule: QualityRule) -> QualityScreen {
        let flags = Fill::new(&[65534.0], "uint16", true);
        QualityScreen {
            rule,
            fill: Fill::new(&[-9999.0], "float32", true),
            range: (0.02, 0.5),
            quality_fill: flags.clone(),
            surface_fill: flags,
        }
    }

    #[test]
    fn the_rules_differ_as_the_product_text_says() {
        use QualityRule::{All, Recommended, WithUncertain};
        // (flag, recommended, with uncertain, all)
        for (flag, a, b) in [
            (0, true, true),
            (8, true, true),
            (1, false, true),
            (9, false, true),
            (3, false, false),
            (7, false, false),
        ] {
            let valid = |rule| screen(rule).reason(0.2, Some(f64::from(flag)), Some(0.0)) == Reason::Valid;
            assert_eq!((valid(Recommended), valid(WithUncertain), valid(All)), (a, b, true), "flag {flag}");
        }
        assert_eq!(
            screen(Recommended).reason(0.2, Some(65534.0), Some(0.0)),
            Reason::QualityFlag,
            "a filled flag recommends nothing"
        );
        assert_eq!(screen(Recommended).reason(0.2, None, None), Reason::Valid);
    }

    #[test]
    fn fills_and_ranges() {
        let j = screen(QualityRule::All);
        assert_eq!(j.reason(-9999.0, Some(0.0), Some(0.0)), Reason::NotObserved);
        assert_eq!(j.reason(f64::NAN, None, None), Reason::NotObserved);
        assert_eq!(j.reason(f64::from(0.02f32), None, None), Reason::Valid, "the bound itself, as float32");
        assert_eq!(j.reason(0.6, None, None), Reason::OutOfRange);
        assert!(
            Fill::new(&[], "uint16", true).holds(65534.0) && !Fill::new(&[], "uint16", false).holds(65534.0)
        );
        assert!(
            Fill::new(&[], "float64", false).holds(-9999.0)
                && !Fill::new(&[f64::NAN], "float32", true).holds(0.0)
        );
    }

    #[test]
    fn masked_cells_name_their_reason() {
        let j = screen(QualityRule::Recommended);
        let why = |bits: u32| j.reason(0.2, Some(1.0), Some(f64::from(bits)));
        assert_eq!(why(0), Reason::QualityFlag);
        assert_eq!(why(1), Reason::Water);
        assert_eq!(why(2 | 1 << 9), Reason::Water);
        for bit in 5..=8 {
            assert_eq!(why(1 << bit), Reason::Frozen, "bit {bit}");
        }
        assert_eq!(why(1 << 9), Reason::Mountain);
        assert_eq!(why(1 << 10), Reason::Vegetation);
        assert_eq!(why(1 << 3), Reason::Urban);
        assert_eq!(why(1 << 2 | 1 << 4), Reason::QualityFlag);
        assert_eq!(why(2047), Reason::NotObserved, "2047 is no set of eleven flags");
        assert_eq!(j.reason(-9999.0, Some(7.0), Some(2047.0)), Reason::NotObserved);
        assert_eq!(j.reason(-9999.0, Some(7.0), Some(1.0)), Reason::Water, "skipped over water");
        assert_eq!(j.reason(-9999.0, Some(65534.0), Some(65534.0)), Reason::NotObserved);
    }
}
