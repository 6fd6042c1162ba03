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
        let mut sums = [[Lanes::ZERO; 2]; ROWS];
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
        let mut sums = [Lanes::ZERO; ROWS];
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

/// Adds `left[i] . right[j]` to `out[i][j]`; all rows have the length of the first, a multiple of four.
#[inline(always)]
pub fn products_of_rows(left: [&[f32]; 2], right: [&[f32]; WIDTH], out: [&mut [f32; WIDTH]; 2]) {
    let [a, b] = left.map(|row| row.as_chunks::<WIDTH>().0);
    let [c, d, e, f] = right.map(|row| row.as_chunks::<WIDTH>().0);
    let mut sums = [[Lanes::ZERO; WIDTH]; 2];
    for (((((a, b), c), d), e), f) in a.iter().zip(b).zip(c).zip(d).zip(e).zip(f) {
        let right = [Lanes(*c), Lanes(*d), Lanes(*e), Lanes(*f)];
        for (sums, left) in sums.iter_mut().zip([Lanes(*a), Lanes(*b)]) {
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum = sum.add_product(left, right);
            }
        }
    }
    for (out, sums) in out.into_iter().zip(sums) {
        let [a, b, c, d] = Lanes::transpose(sums);
        (Lanes(*out) + ((a + c) + (b + d))).store(out);
    }
}
