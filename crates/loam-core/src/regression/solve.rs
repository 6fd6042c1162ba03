//! Three unknowns: what a pixel's regression solves.

/// A symmetric matrix of 3 x 3, by its upper triangle: 00, 01, 02, 11, 12, 22.
pub type Symmetric = [f64; 6];

/// The inverse of a positive definite matrix, by its cofactors.
#[must_use]
pub fn inverse(m: &Symmetric) -> Symmetric {
    let [a, b, c, d, e, f] = *m;
    let (p, q, r) = (d * f - e * e, c * e - b * f, b * e - c * d);
    let scale = 1.0 / (a * p + b * q + c * r);
    [
        p * scale,
        q * scale,
        r * scale,
        (a * f - c * c) * scale,
        (b * c - a * e) * scale,
        (a * d - b * b) * scale,
    ]
}

/// `m v`.
#[must_use]
pub fn times(m: &Symmetric, v: [f64; 3]) -> [f64; 3] {
    let [a, b, c, d, e, f] = *m;
    [a * v[0] + b * v[1] + c * v[2], b * v[0] + d * v[1] + e * v[2], c * v[0] + e * v[1] + f * v[2]]
}

/// `v' m v`.
#[must_use]
pub fn quadratic(m: &Symmetric, v: [f64; 3]) -> f64 {
    times(m, v).iter().zip(v).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_undoes() {
        let m = [4.0, 1.0, -0.5, 3.0, 0.25, 2.0];
        for v in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.3, -2.0, 1.0]] {
            let back = times(&inverse(&m), times(&m, v));
            assert!(back.iter().zip(v).all(|(a, b)| (a - b).abs() < 1e-12), "{back:?}");
        }
        assert!(
            (quadratic(&m, [1.0, 2.0, -1.0]) - 22.0).abs() < 1e-12,
            "{}",
            quadratic(&m, [1.0, 2.0, -1.0])
        );
    }
}
