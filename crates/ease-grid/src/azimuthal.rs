//! Lambert azimuthal equal area on WGS84: Snyder (1987), "Map projections: a working manual", pages 187 to 190. The polar
//! EASE-Grids 2.0 (EPSG:6931, 6932) are its polar aspects.

use super::ease2::{ECCENTRICITY, SEMI_MAJOR, geodetic_from_authalic, q, wrap};

/// One system, constants worked out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Azimuthal {
    longitude: f64,
    false_easting: f64,
    false_northing: f64,
    aspect: Aspect,
}

#[derive(Debug, Clone, Copy)]
enum Aspect {
    /// +1 at the north pole, -1 at the south pole.
    Polar(f64),
    /// Sine and cosine of the centre's authalic latitude, radius of the authalic sphere, and Snyder's D.
    Oblique { sin1: f64, cos1: f64, radius: f64, d: f64 },
}

impl Azimuthal {
    pub(super) fn new(latitude: f64, longitude: f64, false_easting: f64, false_northing: f64) -> Self {
        let aspect = if (latitude.abs() - 90.0).abs() < 1e-9 {
            Aspect::Polar(latitude.signum())
        } else {
            let phi = latitude.to_radians();
            let beta1 = (q(phi.sin()) / q(1.0)).clamp(-1.0, 1.0).asin();
            let radius = SEMI_MAJOR * (q(1.0) / 2.0).sqrt();
            let es = ECCENTRICITY * phi.sin();
            let m = phi.cos() / (1.0 - es * es).sqrt();
            Aspect::Oblique {
                sin1: beta1.sin(),
                cos1: beta1.cos(),
                radius,
                d: SEMI_MAJOR * m / (radius * beta1.cos()),
            }
        };
        Self { longitude, false_easting, false_northing, aspect }
    }

    pub(super) fn forward(&self, longitude: f64, latitude: f64) -> (f64, f64) {
        let lambda = wrap(longitude - self.longitude).to_radians();
        let sin_phi = latitude.to_radians().sin();
        let (x, y) = match self.aspect {
            Aspect::Polar(sign) => {
                let rho = SEMI_MAJOR * (q(1.0) - sign * q(sin_phi)).max(0.0).sqrt();
                (rho * lambda.sin(), -sign * rho * lambda.cos())
            }
            Aspect::Oblique { sin1, cos1, radius, d } => {
                let (sin, cos) = (q(sin_phi) / q(1.0)).clamp(-1.0, 1.0).asin().sin_cos();
                let b = radius * (2.0 / (1.0 + sin1 * sin + cos1 * cos * lambda.cos())).sqrt();
                (b * d * cos * lambda.sin(), b / d * (cos1 * sin - sin1 * cos * lambda.cos()))
            }
        };
        (x + self.false_easting, y + self.false_northing)
    }

    /// NaN outside the disc of the globe.
    pub(super) fn inverse(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = (x - self.false_easting, y - self.false_northing);
        let (lambda, beta) = match self.aspect {
            Aspect::Polar(sign) => {
                let sine = sign * (1.0 - (x * x + y * y) / (SEMI_MAJOR * SEMI_MAJOR * q(1.0)));
                (x.atan2(-sign * y), sine.asin())
            }
            Aspect::Oblique { sin1, cos1, radius, d } => {
                let rho = (x / d).hypot(d * y);
                if rho < 1e-9 {
                    (0.0, sin1.atan2(cos1))
                } else {
                    let (sin_c, cos_c) = (2.0 * (rho / (2.0 * radius)).asin()).sin_cos();
                    let sine = cos_c * sin1 + d * y * sin_c * cos1 / rho;
                    ((x * sin_c).atan2(d * rho * cos1 * cos_c - d * d * y * sin1 * sin_c), sine.asin())
                }
            }
        };
        (wrap(self.longitude + lambda.to_degrees()), geodetic_from_authalic(beta).to_degrees())
    }
}
