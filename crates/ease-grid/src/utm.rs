//! Universal Transverse Mercator on WGS84: Krüger's series to sixth order, as given by Karney (2011), "Transverse Mercator with
//! an accuracy of a few nanometers", equations 35 and 36. Written out because Sentinel-1 needs it for hundreds of millions of
//! pixels and a general projection library costs more code than these sixty lines.

use super::ease2::{ECCENTRICITY, SEMI_MAJOR, wrap};

/// Scale on the central meridian.
const K0: f64 = 0.9996;
/// False easting, metres.
const EASTING: f64 = 500_000.0;
/// False northing of southern zones, metres.
const NORTHING_SOUTH: f64 = 10_000_000.0;

/// One zone, constants worked out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Utm {
    central_meridian: f64,
    false_northing: f64,
    /// k0 times the rectifying radius, metres.
    radius: f64,
    alpha: [f64; 6],
    beta: [f64; 6],
}

impl Utm {
    pub(super) fn new(zone: u8, north: bool) -> Self {
        let f = 1.0 - (1.0 - ECCENTRICITY * ECCENTRICITY).sqrt();
        let n = f / (2.0 - f);
        let (n2, n3) = (n * n, n * n * n);
        let (n4, n5, n6) = (n2 * n2, n2 * n3, n3 * n3);
        Self {
            central_meridian: f64::from(zone) * 6.0 - 183.0,
            false_northing: if north { 0.0 } else { NORTHING_SOUTH },
            radius: K0 * SEMI_MAJOR / (1.0 + n) * (1.0 + n2 / 4.0 + n4 / 64.0 + n6 / 256.0),
            alpha: [
                n / 2.0 - 2.0 * n2 / 3.0 + 5.0 * n3 / 16.0 + 41.0 * n4 / 180.0 - 127.0 * n5 / 288.0
                    + 7891.0 * n6 / 37800.0,
                13.0 * n2 / 48.0 - 3.0 * n3 / 5.0 + 557.0 * n4 / 1440.0 + 281.0 * n5 / 630.0
                    - 1_983_433.0 * n6 / 1_935_360.0,
                61.0 * n3 / 240.0 - 103.0 * n4 / 140.0 + 15061.0 * n5 / 26880.0 + 167_603.0 * n6 / 181_440.0,
                49561.0 * n4 / 161_280.0 - 179.0 * n5 / 168.0 + 6_601_661.0 * n6 / 7_257_600.0,
                34729.0 * n5 / 80640.0 - 3_418_889.0 * n6 / 1_995_840.0,
                212_378_941.0 * n6 / 319_334_400.0,
            ],
            beta: [
                n / 2.0 - 2.0 * n2 / 3.0 + 37.0 * n3 / 96.0 - n4 / 360.0 - 81.0 * n5 / 512.0
                    + 96199.0 * n6 / 604_800.0,
                n2 / 48.0 + n3 / 15.0 - 437.0 * n4 / 1440.0 + 46.0 * n5 / 105.0
                    - 1_118_711.0 * n6 / 3_870_720.0,
                17.0 * n3 / 480.0 - 37.0 * n4 / 840.0 - 209.0 * n5 / 4480.0 + 5569.0 * n6 / 90720.0,
                4397.0 * n4 / 161_280.0 - 11.0 * n5 / 504.0 - 830_251.0 * n6 / 7_257_600.0,
                4583.0 * n5 / 161_280.0 - 108_847.0 * n6 / 3_991_680.0,
                20_648_693.0 * n6 / 638_668_800.0,
            ],
        }
    }

    /// NaN farther than 60 degrees from the central meridian, where the series means nothing.
    pub(super) fn forward(&self, longitude: f64, latitude: f64) -> (f64, f64) {
        let delta = wrap(longitude - self.central_meridian);
        if delta.abs() > 60.0 {
            return (f64::NAN, f64::NAN);
        }
        let lambda = delta.to_radians();
        let tau = conformal(latitude.to_radians().tan());
        let (xi0, eta0) = (tau.atan2(lambda.cos()), (lambda.sin() / tau.hypot(lambda.cos())).asinh());
        let (mut xi, mut eta) = (xi0, eta0);
        for (a, k) in self.alpha.iter().zip([2.0, 4.0, 6.0, 8.0, 10.0, 12.0]) {
            xi += a * (k * xi0).sin() * (k * eta0).cosh();
            eta += a * (k * xi0).cos() * (k * eta0).sinh();
        }
        (EASTING + self.radius * eta, self.false_northing + self.radius * xi)
    }

    pub(super) fn inverse(&self, x: f64, y: f64) -> (f64, f64) {
        let (xi0, eta0) = ((y - self.false_northing) / self.radius, (x - EASTING) / self.radius);
        let (mut xi, mut eta) = (xi0, eta0);
        for (b, k) in self.beta.iter().zip([2.0, 4.0, 6.0, 8.0, 10.0, 12.0]) {
            xi -= b * (k * xi0).sin() * (k * eta0).cosh();
            eta -= b * (k * xi0).cos() * (k * eta0).sinh();
        }
        let conformal_tau = xi.sin() / eta.sinh().hypot(xi.cos());
        let lambda = eta.sinh().atan2(xi.cos());
        (wrap(self.central_meridian + lambda.to_degrees()), geodetic(conformal_tau).atan().to_degrees())
    }
}

/// tan of the conformal latitude from tan of the geodetic (Karney's equations 7 to 9).
fn conformal(tau: f64) -> f64 {
    let secant = tau.hypot(1.0);
    let sigma = (ECCENTRICITY * (ECCENTRICITY * tau / secant).atanh()).sinh();
    tau * sigma.hypot(1.0) - sigma * secant
}

/// The inverse of [`conformal`] by Newton's method (equations 19 to 21): three steps reach rounding.
fn geodetic(target: f64) -> f64 {
    let e2 = ECCENTRICITY * ECCENTRICITY;
    let mut tau = target / (1.0 - e2);
    for _ in 0..4 {
        let here = conformal(tau);
        tau += (target - here) / here.hypot(1.0) * (1.0 + (1.0 - e2) * tau * tau)
            / ((1.0 - e2) * tau.hypot(1.0));
    }
    tau
}
