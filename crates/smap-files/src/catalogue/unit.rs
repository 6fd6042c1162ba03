//! Units as files write them.

/// A unit, as far as Loam needs to tell it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unit {
    /// m3/m3, in any spelling.
    Volumetric,
    /// A number without a unit.
    One,
    /// Percent.
    Percent,
    /// Millimetres, or kg/m2 of water, which is the same.
    Millimetre,
    /// Kelvin.
    Kelvin,
    /// Degrees Celsius.
    Celsius,
    /// dB.
    Decibel,
    /// Linear power.
    Power,
    /// Linear amplitude.
    Amplitude,
    /// Degrees or radians.
    Angle,
    /// Anything else, as the file writes it.
    Other,
}

impl Unit {
    /// Reads a unit's text; `None` for an empty one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        if lower.is_empty() || lower == "none" || lower == "n/a" || lower == "-" {
            return None;
        }
        // "m3 m-3", "m^3/m^3", "cm**3/cm**3", "meter^3/meter^3", "m**3 m**-3", "m3m-3", "m³ m⁻³".
        let lower = lower.replace('³', "3").replace('²', "2");
        let bare: String = lower.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '%').collect();
        let bare =
            bare.replace("meters", "m").replace("metres", "m").replace("meter", "m").replace("metre", "m");
        Some(match bare.as_str() {
            "m3m3" | "cm3cm3" | "m3perm3" | "vv" | "volumetric" | "volumefraction" | "fractionofvolume" => {
                Self::Volumetric
            }
            "1" | "fraction" | "dimensionless" | "unitless" | "nounits" | "normalized" => Self::One,
            "%" | "percent" | "volumetric%" | "volumetricpercent" | "vol%" | "%vol" | "volpercent"
            | "volumepercent" | "%volumetric" | "percentage" | "m3m3100" | "%m3m3" => Self::Percent,
            // Depths of water in depths of soil.
            "mm" if lower.contains('/') => Self::Volumetric,
            "cmcm" | "cmcm1" | "mmmm" | "mmmm1" | "mm1" => Self::Volumetric,
            "mm" | "millimeter" | "millimeters" | "millim" | "millims" | "kgm2" => Self::Millimetre,
            "k" | "kelvin" | "kelvins" | "degk" | "degreesk" => Self::Kelvin,
            "c" | "degc" | "celsius" | "degreesc" | "degreec" | "degreescelsius" | "degreecelsius" => {
                Self::Celsius
            }
            "db" | "decibel" | "decibels" => Self::Decibel,
            "power" | "intensity" | "linearpower" | "linear" => Self::Power,
            "amplitude" => Self::Amplitude,
            "deg" | "degree" | "degrees" | "rad" | "radian" | "radians" => Self::Angle,
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_has_many_spellings() {
        for text in [
            "m3/m3",
            "m3 m-3",
            "m^3/m^3",
            "cm**3/cm**3",
            "meter^3/meter^3",
            "m**3 m**-3",
            "m³/m³ ",
            "m³ m⁻³",
            "cm3 cm-3",
        ] {
            assert_eq!(Unit::parse(text), Some(Unit::Volumetric), "{text}");
        }
        for (text, unit) in [
            ("%", Unit::Percent),
            ("mm", Unit::Millimetre),
            ("kg m-2", Unit::Millimetre),
            ("kg m⁻²", Unit::Millimetre),
            ("m/m", Unit::Volumetric),
            ("mm/mm", Unit::Volumetric),
            ("cm cm-1", Unit::Volumetric),
            ("mm/day", Unit::Other),
            ("°C", Unit::Celsius),
            ("Kelvin", Unit::Kelvin),
            ("degC", Unit::Celsius),
            ("dB", Unit::Decibel),
            ("intensity", Unit::Power),
            ("1", Unit::One),
            ("furlong", Unit::Other),
        ] {
            assert_eq!(Unit::parse(text), Some(unit), "{text}");
        }
        assert_eq!(Unit::parse(" "), None);
    }
}
