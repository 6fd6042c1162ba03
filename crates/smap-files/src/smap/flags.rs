//! Which retrievals count, and why the others do not: fill values, valid range, retrieval quality flag, surface flag.

use crate::QualityRule;
use crate::values::ValueRule;
use ease_grid::Reason;

/// `surface_flag` of land that was not observed: all eleven bits of SPL3SMP at once.
const NOT_OBSERVED: u32 = 2047;

/// Fill values of one array: the declared ones, plus SMAP's conventions: -9999 always; for integers of SMAP without a declared value 254,
/// 65534 or 4294967294.
pub(crate) fn fills(declared: &[f64], dtype: &str, smap: bool) -> ValueRule {
    let mut rule = ValueRule::filled(declared.iter().copied(), dtype);
    let convention = match dtype {
        "uint8" => Some(254.0),
        "uint16" => Some(65534.0),
        "uint32" => Some(4_294_967_294.0),
        _ => None,
    };
    if smap && !declared.iter().any(|v| v.is_finite()) {
        rule.fills.extend(convention);
    }
    rule
}

/// Everything that decides about a soil moisture value.
#[derive(Debug, Clone)]
pub(crate) struct QualityScreen {
    /// Which retrievals count.
    pub rule: QualityRule,
    /// Fill, packing and range of the values.
    pub values: ValueRule,
    /// Fill of the retrieval quality flag.
    pub quality_fill: ValueRule,
    /// Fill of the surface flag.
    pub surface_fill: ValueRule,
}

impl QualityScreen {
    /// Why a stored number does not count, or [`Reason::Valid`]. Flags are `None` where the file has none.
    pub fn reason(&self, value: f64, quality: Option<f64>, surface: Option<f64>) -> Reason {
        let surface_raw = surface;
        let surface = surface.map(|s| if self.surface_fill.is_fill(s) { NOT_OBSERVED } else { s as u32 });
        let named = |otherwise| match surface {
            Some(NOT_OBSERVED) => Reason::NotObserved,
            Some(bits) => surface_reason(bits).unwrap_or(otherwise),
            None => otherwise,
        };
        match self.values.reason(value) {
            Reason::Valid => {}
            Reason::NotObserved => return named(Reason::NotObserved),
            other => return other,
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
        let counts = !self.quality_fill.is_fill(quality) && {
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
        let flags = fills(&[65534.0], "uint16", true);
        QualityScreen {
            rule,
            values: ValueRule { range: Some((0.02, 0.5)), ..fills(&[-9999.0], "float32", true) },
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
        assert!(fills(&[], "uint16", true).is_fill(65534.0) && !fills(&[], "uint16", false).is_fill(65534.0));
        assert!(
            fills(&[], "float64", false).is_fill(-9999.0)
                && !fills(&[f64::NAN], "float32", true).is_fill(0.0)
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
