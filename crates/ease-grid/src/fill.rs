//! Fills masked cells with the nearest valid value, for what cannot skip them: a convolution, an exponential mean.

/// No valid row.
const NONE: u32 = u32::MAX;

/// Replaces every non-finite value by that of the nearest finite cell (Euclidean distance between cell centres; on a tie the cell
/// further north, then further west). Row-major. Returns `false`, and changes nothing, where no cell is finite.
pub fn nearest_valid(values: &mut [f32], columns: usize) -> bool {
    let valid = values.iter().filter(|v| v.is_finite()).count();
    if columns == 0 || valid == 0 || valid == values.len() {
        return valid > 0 && columns > 0;
    }
    // For every cell the nearest valid row of its own column, by a sweep down and one up, row by row.
    let mut nearest_row = vec![NONE; values.len()];
    let mut seen = vec![NONE; columns];
    for (row, (line, nearest)) in
        values.chunks_exact(columns).zip(nearest_row.chunks_exact_mut(columns)).enumerate()
    {
        let row = row as u32;
        for ((value, seen), nearest) in line.iter().zip(&mut seen).zip(nearest) {
            *seen = if value.is_finite() { row } else { *seen };
            *nearest = *seen;
        }
    }
    seen.fill(NONE);
    for (row, (line, nearest)) in
        values.chunks_exact(columns).zip(nearest_row.chunks_exact_mut(columns)).enumerate().rev()
    {
        let row = row as u32;
        for ((value, seen), nearest) in line.iter().zip(&mut seen).zip(nearest) {
            *seen = if value.is_finite() { row } else { *seen };
            // NONE is farther than any row.
            let (above, below) = (*nearest, *seen);
            *nearest = if below.abs_diff(row) < above.abs_diff(row) { below } else { above };
        }
    }
    // Squares, so that the search below only adds and compares: it runs for every gap of every day.
    let square = |(i, near): (usize, &u32)| match *near {
        NONE => usize::MAX,
        near => (near as usize).abs_diff(i / columns).pow(2),
    };
    let away: Vec<usize> = nearest_row.iter().enumerate().map(square).collect();
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
                    let candidate = (nearest_row[row * columns + c] as usize, c);
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
