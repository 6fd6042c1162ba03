//! Fills masked cells with the nearest valid value, for what cannot skip them: a convolution, an exponential mean.

/// Replaces every non-finite value by that of the nearest finite cell (Euclidean distance between cell centres; on a tie the cell
/// further north, then further west). Row-major. Returns `false`, and changes nothing, where no cell is finite.
pub fn nearest_valid(values: &mut [f32], columns: usize) -> bool {
    let valid = values.iter().filter(|v| v.is_finite()).count();
    if columns == 0 || valid == 0 || valid == values.len() {
        return valid > 0 && columns > 0;
    }
    let rows = values.len() / columns;
    // For every cell the nearest valid row of its own column, and how far it is; a two-pass scan.
    let mut nearest_row: Vec<Option<usize>> = vec![None; values.len()];
    for column in 0..columns {
        let mut above = None;
        for row in 0..rows {
            let i = row * columns + column;
            if values[i].is_finite() {
                above = Some(row);
            }
            nearest_row[i] = above;
        }
        let mut below = None;
        for row in (0..rows).rev() {
            let i = row * columns + column;
            if values[i].is_finite() {
                below = Some(row);
            }
            nearest_row[i] = match (nearest_row[i], below) {
                (Some(a), Some(b)) => Some(if b.abs_diff(row) < row.abs_diff(a) { b } else { a }),
                (a, b) => a.or(b),
            };
        }
    }
    // Squares, so that the search below only adds and compares: it runs for every gap of every day.
    let away: Vec<usize> = nearest_row
        .iter()
        .enumerate()
        .map(|(i, near)| near.map_or(usize::MAX, |near| near.abs_diff(i / columns).pow(2)))
        .collect();
    let source = values.to_vec();
    for (row, line) in away.chunks_exact(columns).enumerate() {
        for column in 0..columns {
            let i = row * columns + column;
            if source[i].is_finite() {
                continue;
            }
            // Look outwards column by column until no column can hold anything nearer.
            let (mut least, mut best) = (usize::MAX, (0, 0));
            for step in 0..columns {
                let aside = step * step;
                if aside > least {
                    break;
                }
                let west = column.checked_sub(step);
                let east = (step > 0).then_some(column + step).filter(|c| *c < columns);
                for c in [west, east].into_iter().flatten() {
                    let distance = line[c].saturating_add(aside);
                    if distance > least || distance == usize::MAX {
                        continue;
                    }
                    let candidate = (nearest_row[row * columns + c].unwrap_or_default(), c);
                    if distance < least || candidate < best {
                        (least, best) = (distance, candidate);
                    }
                }
            }
            values[i] = source[best.0 * columns + best.1];
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::nearest_valid;

    #[test]
    fn equals_brute_force() {
        let (columns, rows) = (13, 9);
        let mut state = 7u64;
        let mut values: Vec<f32> = (0..columns * rows)
            .map(|i| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if (state >> 33).is_multiple_of(9) { i as f32 } else { f32::NAN }
            })
            .collect();
        let before = values.clone();
        assert!(nearest_valid(&mut values, columns));
        for (i, value) in values.iter().enumerate() {
            let (r, c) = (i / columns, i % columns);
            let best = before
                .iter()
                .enumerate()
                .filter(|(_, v)| v.is_finite())
                .map(|(j, v)| {
                    (
                        ((j / columns).abs_diff(r)).pow(2) + ((j % columns).abs_diff(c)).pow(2),
                        j / columns,
                        j % columns,
                        *v,
                    )
                })
                .min_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)))
                .map(|b| b.3);
            assert_eq!(Some(*value), best, "cell {r},{c}");
        }
    }

    #[test]
    fn nothing_valid_is_said() {
        let mut values = [f32::NAN; 4];
        assert!(!nearest_valid(&mut values, 2));
        assert!(values.iter().all(|v| v.is_nan()));
    }
}
