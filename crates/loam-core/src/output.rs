//! What an estimate is of.

use std::ops::RangeInclusive;

use ease_grid::{Raster, Resolution};
use serde::{Deserialize, Serialize};

/// Physical range of soil moisture, m3/m3 (model.md, section 4).
const MOISTURE_RANGE: RangeInclusive<f32> = 0.0..=0.75;

/// A quantity that a map gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Surface soil moisture at 3 km. m3/m3.
    SoilMoisture,
    /// Brightness temperature, vertical polarisation, at 9 km. K.
    BrightnessV,
    /// Brightness temperature, horizontal polarisation, at 9 km. K.
    BrightnessH,
}

impl Output {
    /// Unit.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::SoilMoisture => "m3/m3",
            Self::BrightnessV | Self::BrightnessH => "K",
        }
    }

    /// True for a temperature.
    #[must_use]
    pub const fn is_kelvin(self) -> bool {
        !matches!(self, Self::SoilMoisture)
    }

    /// In a table: `TB V`.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::SoilMoisture => "soil moisture",
            Self::BrightnessV => "TB V",
            Self::BrightnessH => "TB H",
        }
    }

    /// As an export's product.
    #[must_use]
    pub const fn product(self) -> &'static str {
        match self {
            Self::SoilMoisture => "soil moisture, 3 km estimate",
            Self::BrightnessV => "brightness temperature TB V, 9 km estimate",
            Self::BrightnessH => "brightness temperature TB H, 9 km estimate",
        }
    }

    /// Behind an export's name, where several outputs make several files: `_TB_V_9km`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::SoilMoisture => "",
            Self::BrightnessV => "_TB_V_9km",
            Self::BrightnessH => "_TB_H_9km",
        }
    }

    /// Behind a name that the user gave: `map_V.tif`.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::SoilMoisture => "",
            Self::BrightnessV => "_V",
            Self::BrightnessH => "_H",
        }
    }

    /// What is said of estimates outside the physical range of soil moisture (model.md, section 4); `None` without any. A brightness
    /// temperature has no such range.
    #[must_use]
    pub fn out_of_range_warning(self, estimate: &Raster) -> Option<String> {
        let outside = |v: &&f32| v.is_finite() && !MOISTURE_RANGE.contains(*v);
        let cells = if self.is_kelvin() { 0 } else { estimate.values().iter().filter(outside).count() };
        (cells > 0).then(|| {
            format!("{cells} cells lie outside 0 to 0.75 m3/m3. They are clipped in the drawing only; exports carry them as computed.")
        })
    }

    /// Cells of the estimate.
    #[must_use]
    pub const fn resolution(self) -> Resolution {
        match self {
            Self::SoilMoisture => Resolution::M03,
            Self::BrightnessV | Self::BrightnessH => Resolution::M09,
        }
    }
}

#[cfg(test)]
mod tests {
    use ease_grid::{EaseWindow, GridError, Reason};

    use super::*;

    #[test]
    fn moisture_outside_the_physical_range_is_counted() -> Result<(), GridError> {
        let grid = EaseWindow::new(Resolution::M03, 0, 0, 5, 1)?.grid();
        let raster = |values: [f32; 5]| {
            let masked = [Reason::Valid, Reason::Valid, Reason::Valid, Reason::Valid, Reason::Water];
            Raster::new(grid.clone(), values.to_vec(), masked.to_vec())
        };
        let odd = raster([-0.01, 0.0, 0.75, 0.76, 9.0])?;
        let said = Output::SoilMoisture.out_of_range_warning(&odd);
        assert!(said.is_some_and(|text| text.starts_with("2 cells lie outside")));
        assert_eq!(Output::SoilMoisture.out_of_range_warning(&raster([0.1; 5])?), None);
        assert_eq!(Output::BrightnessV.out_of_range_warning(&raster([250.0; 5])?), None);
        Ok(())
    }
}
