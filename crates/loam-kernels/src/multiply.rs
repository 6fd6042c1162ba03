//! The two matrix products of the Winograd domain, on small panels that stay in the first-level cache.

use super::f32x4::{F32x4, WIDTH};
use super::wide::{self, Vector, Work};

/// Rows of the left matrix that are worked on together.
pub const ROWS: usize = 4;

/// Four rows of a product, made some columns at a time.
trait Panel {
    /// Columns: a multiple of four.
    fn length(&self) -> usize;

    /// Makes `N` vectors of each row, from the column `at` on.
    fn columns<V: Vector, const N: usize>(&mut self, at: usize);
}

impl<P: Panel> Work for P {
    #[inline(always)]
    fn with<V: Vector>(mut self) {
        let length = self.length();
        let mut at = 0;
        while at + 2 * V::WIDTH <= length {
            self.columns::<V, 2>(at);
            at += 2 * V::WIDTH;
        }
        if at + V::WIDTH <= length {
            self.columns::<V, 1>(at);
            at += V::WIDTH;
        }
        if V::WIDTH > WIDTH && at < length {
            self.columns::<F32x4, 1>(at);
        }
    }
}

/// `out[row] = sum over k of left[k][row] * right[k]`: four rows of a product.
///
/// `left` holds four numbers per k, `right` one row of `stride` numbers per k, of which the first `columns` (a multiple of four) count;
/// each row of `out` has at least as many.
#[inline(always)]
pub fn product(left: &[[f32; ROWS]], right: &[f32], stride: usize, columns: usize, out: [&mut [f32]; ROWS]) {
    wide::run(Product { left, right, stride, out: out.map(|row| &mut row[..columns]) });
}

struct Product<'a> {
    left: &'a [[f32; ROWS]],
    right: &'a [f32],
    stride: usize,
    out: [&'a mut [f32]; ROWS],
}

impl Panel for Product<'_> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.out[0].len()
    }

    #[inline(always)]
    fn columns<V: Vector, const N: usize>(&mut self, at: usize) {
        let mut sums = [[V::splat(0.0); N]; ROWS];
        for (weights, row) in self.left.iter().zip(self.right.chunks_exact(self.stride)) {
            let row: [V; N] = vectors(&row[at..at + N * V::WIDTH]);
            for (sums, weight) in sums.iter_mut().zip(weights) {
                add(sums, V::splat(*weight), row);
            }
        }
        for (row, sums) in self.out.iter_mut().zip(sums) {
            store(sums, &mut row[at..at + N * V::WIDTH]);
        }
    }
}

/// Adds `sum over t of left[row][t] * right[t]` to `out[row]`: four rows of a product, each of `columns` numbers (a multiple of four).
///
/// `right` holds one row of `columns` numbers per t; the rows of `left` have as many numbers as there are such rows.
#[inline(always)]
pub fn add_product(left: [&[f32]; ROWS], right: &[f32], columns: usize, out: [&mut [f32]; ROWS]) {
    let length = right.len() / columns;
    wide::run(AddProduct {
        left: left.map(|row| &row[..length]),
        right,
        out: out.map(|row| &mut row[..columns]),
    });
}

struct AddProduct<'a> {
    left: [&'a [f32]; ROWS],
    right: &'a [f32],
    out: [&'a mut [f32]; ROWS],
}

impl Panel for AddProduct<'_> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.out[0].len()
    }

    #[inline(always)]
    fn columns<V: Vector, const N: usize>(&mut self, at: usize) {
        let columns = self.out[0].len();
        let [a, b, c, d] = self.left;
        let mut sums: [[V; N]; ROWS] =
            [0, 1, 2, 3].map(|row: usize| vectors(&self.out[row][at..at + N * V::WIDTH]));
        for ((((row, a), b), c), d) in self.right.chunks_exact(columns).zip(a).zip(b).zip(c).zip(d) {
            let row: [V; N] = vectors(&row[at..at + N * V::WIDTH]);
            for (sums, factor) in sums.iter_mut().zip([a, b, c, d]) {
                add(sums, V::splat(*factor), row);
            }
        }
        for (row, sums) in self.out.iter_mut().zip(sums) {
            store(sums, &mut row[at..at + N * V::WIDTH]);
        }
    }
}

/// Vectors side by side.
#[inline(always)]
fn vectors<V: Vector, const N: usize>(from: &[f32]) -> [V; N] {
    std::array::from_fn(|n| V::load(&from[n * V::WIDTH..]))
}

/// Adds the products of vectors with one number.
#[inline(always)]
fn add<V: Vector, const N: usize>(sums: &mut [V; N], factor: V, row: [V; N]) {
    for (sum, row) in sums.iter_mut().zip(row) {
        *sum = sum.add_product(factor, row);
    }
}

/// Vectors side by side, written.
#[inline(always)]
fn store<V: Vector, const N: usize>(sums: [V; N], to: &mut [f32]) {
    for (n, sum) in sums.into_iter().enumerate() {
        sum.store(&mut to[n * V::WIDTH..]);
    }
}

/// The first `columns` (a multiple of four) columns of a matrix as rows: `from` holds rows of `stride` numbers, a multiple of four of them.
#[inline(always)]
pub fn transpose(from: &[f32], stride: usize, columns: usize, to: &mut [f32]) {
    let rows = from.len() / stride;
    for (block, from) in from.chunks_exact(WIDTH * stride).enumerate() {
        let [a, b, c, d] = [0, 1, 2, 3].map(|row: usize| &from[row * stride..][..columns]);
        for (at, to) in (0..columns).step_by(WIDTH).zip(to.chunks_exact_mut(WIDTH * rows)) {
            let transposed = F32x4::transpose([&a[at..], &b[at..], &c[at..], &d[at..]].map(F32x4::load));
            for (row, to) in transposed.into_iter().zip(to.chunks_exact_mut(rows)) {
                row.store(&mut to[block * WIDTH..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that no vector could mix up unseen.
    fn numbers(count: usize, from: u32) -> Vec<f32> {
        (0..count as u32)
            .map(|n| ((n.wrapping_add(from).wrapping_mul(2_654_435_769)) >> 8) as f32 / 8_388_608.0 - 1.0)
            .collect()
    }

    fn rows(numbers: &mut [f32], length: usize) -> [&mut [f32]; ROWS] {
        let mut rows = numbers.chunks_exact_mut(length);
        std::array::from_fn(|_| rows.next().unwrap())
    }

    /// The widest vector of this processor gives the bits of four lanes, in every number of columns; and the values are those of the sums.
    #[test]
    fn products_have_the_same_bits_with_every_vector() {
        let inner = 24;
        for columns in (4..=44).step_by(4) {
            let stride = columns + 4;
            let (left, right) = (numbers(inner * ROWS, 1), numbers(inner * stride, 2));
            let left = left.as_chunks::<ROWS>().0;
            let (mut narrow, mut wide) = (vec![0.0; ROWS * columns], vec![0.0; ROWS * columns]);
            Product { left, right: &right, stride, out: rows(&mut narrow, columns) }.with::<F32x4>();
            product(left, &right, stride, columns, rows(&mut wide, columns));
            assert_eq!(narrow, wide, "{columns} columns");
            for row in 0..ROWS {
                for column in 0..columns {
                    let sum: f64 = (0..inner)
                        .map(|k| f64::from(left[k][row]) * f64::from(right[k * stride + column]))
                        .sum();
                    assert!((f64::from(wide[row * columns + column]) - sum).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn products_that_are_added_have_the_same_bits_with_every_vector() {
        let length = 17;
        for columns in (4..=44).step_by(4) {
            let (mut left, right) = (numbers(ROWS * length, 3), numbers(length * columns, 4));
            let before = numbers(ROWS * columns, 5);
            let (mut narrow, mut wide) = (before.clone(), before.clone());
            let left = rows(&mut left, length).map(|row| &*row);
            AddProduct { left, right: &right, out: rows(&mut narrow, columns) }.with::<F32x4>();
            add_product(left, &right, columns, rows(&mut wide, columns));
            assert_eq!(narrow, wide, "{columns} columns");
            for (row, left) in left.iter().enumerate() {
                for column in 0..columns {
                    let at = row * columns + column;
                    let sum: f64 = left
                        .iter()
                        .enumerate()
                        .map(|(t, v)| f64::from(*v) * f64::from(right[t * columns + column]))
                        .sum();
                    assert!((f64::from(wide[at]) - f64::from(before[at]) - sum).abs() < 1e-5);
                }
            }
        }
    }
}
