//! Brightness temperature and land surface temperature consistent with simulated soil moisture: inputs of the TB CNN (model.md,
//! section 2).
//!
//! The tau-omega model (formats.md 2.7; SMAP ATBD, O'Neill et al., JPL D-66480, equation 1), soil and canopy at one temperature Ts:
//!
//! ```text
//! TB_p = Ts [ e_p g + (1 - omega)(1 - g)(1 + r_p g) ]        g = exp(-tau / cos theta),  tau = b VWC,  e_p = 1 - r_p
//! r_p  = |Fresnel_p(epsilon, theta)|^2 exp(-h cos^2 theta)
//! epsilon = 3.03 + 9.3 m + 146 m^2 - 76.7 m^3                (Topp, Davis and Annan 1980, WRR 16, 574: real part, m in m3/m3)
//! ```
//!
//! | constant | value | from |
//! |---|---|---|
//! | incidence theta | 40 degrees | SMAP's geometry |
//! | omega | 0.05 | SMAP ATBD, grassland and cropland (from memory) |
//! | b | 0.11 | SMAP ATBD, cropland (from memory) |
//! | h | 0.15 | SMAP ATBD, between cropland and grassland (from memory) |
//! | vegetation water content | mean 1.0 kg/m2, 0.5 per standard deviation of the vegetation map, 0.1 to 5 | **chosen** |
//! | radiometer noise | 1.3 K for a footprint | SMAP's requirement for TB (from memory) |
//! | LST | air temperature of the day, 6.5 K/km with height, up to 8 K warmer where the soil is dry | **chosen** |

use super::rng::exp;

/// Cosine of the incidence angle of 40 degrees, and its square.
const COS: f64 = 0.766_044_443_118_978;
/// Single-scattering albedo.
const OMEGA: f64 = 0.05;
/// Optical depth per vegetation water content, m2/kg.
const B: f64 = 0.11;
/// Roughness.
const H: f64 = 0.15;
/// Mean vegetation water content, kg/m2, its change per standard deviation, and its limits.
const VWC: (f64, f64) = (1.0, 0.5);
const VWC_LIMITS: (f64, f64) = (0.1, 5.0);
/// How much warmer dry ground is than wet ground, K.
const DRY_WARMTH: f64 = 8.0;
/// 0 degrees C, K.
const ZERO_C: f64 = 273.15;

/// Standard deviation of a footprint's noise, K.
pub const TB_NOISE: f32 = 1.3;

/// Real dielectric constant of soil at a volumetric moisture (m3/m3).
#[must_use]
pub fn topp(moisture: f64) -> f64 {
    3.03 + moisture * (9.3 + moisture * (146.0 - moisture * 76.7))
}

/// Smooth-surface reflectivity at 40 degrees: (V, H).
#[must_use]
pub fn fresnel(epsilon: f64) -> (f64, f64) {
    let root = (epsilon - (1.0 - COS * COS)).sqrt();
    let square = |x: f64| x * x;
    (square((epsilon * COS - root) / (epsilon * COS + root)), square((COS - root) / (COS + root)))
}

/// Brightness temperature (V, H) in K of ground at `temperature` K under `vwc` kg/m2 of vegetation.
#[must_use]
pub fn tau_omega(moisture: f64, temperature: f64, vwc: f64) -> (f64, f64) {
    let through = exp(-B * vwc / COS);
    let rough = exp(-H * COS * COS);
    let (v, h) = fresnel(topp(moisture));
    let emitted = |smooth: f64| {
        let r = smooth * rough;
        temperature * ((1.0 - r) * through + (1.0 - OMEGA) * (1.0 - through) * (1.0 + r * through))
    };
    (emitted(v), emitted(h))
}

/// Vegetation water content, kg/m2, from a vegetation map in standard deviations.
pub(super) fn vwc(vegetation: f32) -> f64 {
    (VWC.0 + VWC.1 * f64::from(vegetation)).clamp(VWC_LIMITS.0, VWC_LIMITS.1)
}

/// Land surface temperature, K: `air` in degrees C at the cell's height, warmer the emptier the surface layer (`filling` 0..1).
pub(super) fn surface_temperature(air: f64, filling: f32) -> f64 {
    ZERO_C + air + DRY_WARMTH * (1.0 - f64::from(filling))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At nadir V and H would agree; at 40 degrees V reflects less. Wet soil is colder, vegetation hides the ground.
    #[test]
    fn brightness_follows_the_physics() {
        // Fresnel by hand for epsilon = 10: root = sqrt(10 - 0.41318) = 3.09626; V ((7.66044 - 3.09626) / (7.66044 + 3.09626))^2 =
        // 0.18004; H ((0.76604 - 3.09626) / (0.76604 + 3.09626))^2 = 0.36400.
        let (v, h) = fresnel(10.0);
        assert!((v - 0.18004).abs() < 1e-4 && (h - 0.36400).abs() < 1e-4, "{v} {h}");
        // Topp's own table: 0.2 m3/m3 is about 10.1.
        assert!((topp(0.2) - 10.116).abs() < 1e-3);
        let tb = |m: f64| tau_omega(m, 290.0, 1.0);
        for pair in [0.05, 0.1, 0.2, 0.3, 0.4].windows(2) {
            let ((v0, h0), (v1, h1)) = (tb(pair[0]), tb(pair[1]));
            assert!(v0 > v1 && h0 > h1 && v0 > h0 && v1 > h1);
        }
        // Sensitivity in H between 1 and 4 K per 0.01 m3/m3.
        let slope = (tb(0.15).1 - tb(0.25).1) / 10.0;
        assert!((1.0..4.0).contains(&slope), "{slope} K per 0.01 m3/m3");
        // The formula of the header, worked out in Python.
        let near = |(v, h): (f64, f64), wanted: (f64, f64)| {
            (v - wanted.0).abs() < 0.01 && (h - wanted.1).abs() < 0.01
        };
        assert!(
            near(tb(0.45), (211.82, 174.40)) && near(tb(0.02), (280.47, 259.59)),
            "{:?} {:?}",
            tb(0.45),
            tb(0.02)
        );
        // Under very dense vegetation ground moisture hardly shows.
        let hidden = tau_omega(0.1, 290.0, 20.0).1 - tau_omega(0.4, 290.0, 20.0).1;
        assert!(hidden < 3.0, "{hidden}");
    }
}
