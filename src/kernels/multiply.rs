//! The two matrix products of the Winograd domain, on small panels that stay in the first-level cache.

use super::lanes::{Lanes, WIDTH};

/// Rows of the left matrix that are worked on together.
pub const ROWS: usize = 4;

/// `out[row] = sum over k of left[k][row] * right[k]`: four rows of a product.
///
/// `left` holds four numbers per k, `right` one row of `stride` numbers per k, of which the first `columns` (a multiple of four) count;
/// each row of `out` has at least as many.
#[inline(always)]
pub fn product(left: &[[f32; ROWS]], right: &[f32], stride: usize, columns: usize, out: [&mut [f32]; ROWS]) {
    let mut at = 0;
    let [a, b, c, d] = out;
    let (a, b, c, d) = (&mut a[..columns], &mut b[..columns], &mut c[..columns], &mut d[..columns]);
    while at + 2 * WIDTH <= columns {
        let mut sums = [[Lanes::zero(); 2]; ROWS];
        for (weights, row) in left.iter().zip(right.chunks_exact(stride)) {
            let row = &row[at..at + 2 * WIDTH];
            let (low, high) = (Lanes::load(row), Lanes::load(&row[WIDTH..]));
            for (sum, weight) in sums.iter_mut().zip(weights) {
                let weight = Lanes::splat(*weight);
                sum[0] = sum[0].add_product(weight, low);
                sum[1] = sum[1].add_product(weight, high);
            }
        }
        for (row, sum) in [&mut *a, &mut *b, &mut *c, &mut *d].into_iter().zip(sums) {
            sum[0].store(&mut row[at..]);
            sum[1].store(&mut row[at + WIDTH..]);
        }
        at += 2 * WIDTH;
    }
    if at < columns {
        let mut sums = [Lanes::zero(); ROWS];
        for (weights, row) in left.iter().zip(right.chunks_exact(stride)) {
            let low = Lanes::load(&row[at..at + WIDTH]);
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = sum.add_product(Lanes::splat(*weight), low);
            }
        }
        for (row, sum) in [a, b, c, d].into_iter().zip(sums) {
            sum.store(&mut row[at..]);
        }
    }
}

/// Adds `sum over t of left[row][t] * right[t]` to `out[row]`: four rows of a product, each of `columns` numbers (a multiple of four).
///
/// `right` holds one row of `columns` numbers per t; the rows of `left` have as many numbers as there are such rows.
#[inline(always)]
pub fn add_product(left: [&[f32]; ROWS], right: &[f32], columns: usize, out: [&mut [f32]; ROWS]) {
    let length = right.len() / columns;
    let [a, b, c, d] = left.map(|row| &row[..length]);
    let out = out.map(|row| &mut row[..columns]);
    let mut at = 0;
    while at + 2 * WIDTH <= columns {
        let mut sums = [0, 1, 2, 3].map(|row: usize| [Lanes::load(&out[row][at..]), Lanes::load(&out[row][at + WIDTH..])]);
        for ((((row, a), b), c), d) in right.chunks_exact(columns).zip(a).zip(b).zip(c).zip(d) {
            let row = &row[at..at + 2 * WIDTH];
            let (low, high) = (Lanes::load(row), Lanes::load(&row[WIDTH..]));
            for (sum, factor) in sums.iter_mut().zip([a, b, c, d]) {
                let factor = Lanes::splat(*factor);
                sum[0] = sum[0].add_product(factor, low);
                sum[1] = sum[1].add_product(factor, high);
            }
        }
        for row in 0..ROWS {
            sums[row][0].store(&mut out[row][at..]);
            sums[row][1].store(&mut out[row][at + WIDTH..]);
        }
        at += 2 * WIDTH;
    }
    if at < columns {
        let mut sums = [0, 1, 2, 3].map(|row: usize| Lanes::load(&out[row][at..]));
        for ((((row, a), b), c), d) in right.chunks_exact(columns).zip(a).zip(b).zip(c).zip(d) {
            let low = Lanes::load(&row[at..at + WIDTH]);
            for (sum, factor) in sums.iter_mut().zip([a, b, c, d]) {
                *sum = sum.add_product(Lanes::splat(*factor), low);
            }
        }
        for row in 0..ROWS {
            sums[row].store(&mut out[row][at..]);
        }
    }
}

/// The first `columns` (a multiple of four) columns of a matrix as rows: `from` holds rows of `stride` numbers, a multiple of four of them.
#[inline(always)]
pub fn turn(from: &[f32], stride: usize, columns: usize, to: &mut [f32]) {
    let rows = from.len() / stride;
    for (block, from) in from.chunks_exact(WIDTH * stride).enumerate() {
        let [a, b, c, d] = [0, 1, 2, 3].map(|row: usize| &from[row * stride..][..columns]);
        for (at, to) in (0..columns).step_by(WIDTH).zip(to.chunks_exact_mut(WIDTH * rows)) {
            let turned = Lanes::transpose([&a[at..], &b[at..], &c[at..], &d[at..]].map(Lanes::load));
            for (row, to) in turned.into_iter().zip(to.chunks_exact_mut(rows)) {
                row.store(&mut to[block * WIDTH..]);
            }
        }
    }
}
