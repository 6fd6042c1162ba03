//! Gaussian smoothing of a plane.

/// Smooths with a Gaussian of `sigma` cells. Beyond the edges the plane is mirrored, edge cells twice; the kernel ends after four sigmas.
/// Row-major, any extent.
#[must_use]
pub fn gaussian(plane: &[f32], columns: usize, sigma: f32) -> Vec<f32> {
    if columns == 0 || plane.is_empty() {
        return plane.to_vec();
    }
    let kernel = kernel(sigma);
    let radius = kernel.len() / 2;
    let mut wide = vec![0f32; columns + 2 * radius];
    let mut along_rows = vec![0f32; plane.len()];
    for (row, out) in plane.chunks_exact(columns).zip(along_rows.chunks_exact_mut(columns)) {
        for (at, value) in wide.iter_mut().enumerate() {
            *value = row[mirrored(at as isize - radius as isize, columns)];
        }
        for (shift, weight) in kernel.iter().enumerate() {
            for (sum, value) in out.iter_mut().zip(&wide[shift..]) {
                *sum += weight * value;
            }
        }
    }
    // Whole rows are added, so that memory is read in order.
    let rows = plane.len() / columns;
    let mut smooth = vec![0f32; plane.len()];
    for (row, out) in smooth.chunks_exact_mut(columns).enumerate() {
        for (shift, weight) in kernel.iter().enumerate() {
            let from = mirrored((row + shift) as isize - radius as isize, rows) * columns;
            for (sum, value) in out.iter_mut().zip(&along_rows[from..from + columns]) {
                *sum += weight * value;
            }
        }
    }
    smooth
}

/// Weights of 2 radius + 1 cells; their sum is 1.
fn kernel(sigma: f32) -> Vec<f32> {
    let radius = (4.0 * sigma + 0.5) as i32;
    let bell = |at: i32| (-0.5 * f64::from(at * at) / f64::from(sigma * sigma)).exp();
    let sum: f64 = (-radius..=radius).map(bell).sum();
    (-radius..=radius).map(|at| (bell(at) / sum) as f32).collect()
}

/// Index of a position within `length` cells that are mirrored at both ends: d c b a | a b c d | d c b a.
fn mirrored(at: isize, length: usize) -> usize {
    let at = at.rem_euclid(2 * length as isize) as usize;
    if at < length { at } else { 2 * length - 1 - at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_beyond_an_edge_are_mirrored() {
        let seen: Vec<usize> = (-4..8).map(|at| mirrored(at, 3)).collect();
        assert_eq!(seen, [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1]);
    }

    /// scipy.ndimage.gaussian_filter(a, 1.5) of a[r, c] = (7 r + 3 c) % 11, shape (4, 5), in float64.
    #[test]
    fn equals_scipy() {
        let plane: Vec<f32> =
            (0..4).flat_map(|r| (0..5).map(move |c| ((7 * r + 3 * c) % 11) as f32)).collect();
        let wanted = [
            4.4201, 4.7481, 5.0402, 5.0272, 4.8546, 4.9327, 5.068, 5.1119, 4.9277, 4.6899, 5.504, 5.3981,
            5.1385, 4.7186, 4.3531, 5.819, 5.5575, 5.1106, 4.5288, 4.0511,
        ];
        for (got, wanted) in gaussian(&plane, 5, 1.5).iter().zip(wanted) {
            assert!((got - wanted).abs() < 1e-3, "{got} {wanted}");
        }
    }

    #[test]
    fn a_constant_stays() {
        assert!(gaussian(&[2.0; 35], 7, 8.0).iter().all(|v| (v - 2.0).abs() < 1e-5));
    }
}
