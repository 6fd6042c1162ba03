//! Ranks from 1; equal values share the mean of theirs.

/// Ranks of values that are all numbers.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while let Some(first) = order.get(start) {
        let same = order[start..].iter().take_while(|place| values[**place] == values[*first]).count();
        let rank = start as f64 + (same as f64 + 1.0) / 2.0;
        for place in &order[start..start + same.max(1)] {
            ranks[*place] = rank;
        }
        start += same.max(1);
    }
    ranks
}
