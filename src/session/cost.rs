//! Whether a training can work here: a start that cannot is refused with numbers and a proposal.

use ease_grid::EaseWindow;
use loam_nn::Needs;

/// What a 32-bit WebAssembly program can have, less a quarter for files and fragmentation.
const TAB_BYTES: u64 = 3 << 30;

/// Checks a run's needs against the adapter's buffer limit and a tab's memory.
///
/// # Errors
/// What does not fit with its numbers, and what to do.
pub fn check(
    needs: &Needs,
    buffer_limit: Option<u64>,
    window: &EaseWindow,
    batch: usize,
) -> Result<(), (String, String)> {
    let mega = |bytes: u64| bytes.div_ceil(1 << 20);
    let (what, have, need) = match buffer_limit {
        Some(limit) if limit > 0 && needs.largest_tensor > limit => {
            ("the graphics adapter's largest buffer", limit, needs.largest_tensor)
        }
        _ if cfg!(target_arch = "wasm32") && needs.memory > TAB_BYTES => {
            ("the memory a tab can have", TAB_BYTES, needs.memory)
        }
        _ => return Ok(()),
    };
    let fits = (batch as u64 * have / need).max(1);
    let remedy = if batch > 1 && (fits as usize) < batch {
        format!("Set the batch to {fits}, or choose a smaller region.")
    } else {
        let share = (have as f64 / need as f64).sqrt();
        let side = |edge: usize| ((edge as f64 * share) as usize).max(9);
        format!("Choose a region of about {} x {} cells.", side(window.columns), side(window.rows))
    };
    Err((
        format!(
            "{} x {} cells at batch {batch} need {} MB, more than {what} ({} MB)",
            window.columns,
            window.rows,
            mega(need),
            mega(have)
        ),
        remedy,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ease_grid::Resolution;
    use loam_nn::{NetworkModel, Smen};

    #[test]
    fn what_does_not_fit_is_refused_with_numbers_and_a_proposal() {
        let window = EaseWindow {
            resolution: Resolution::M03,
            first_column: 0,
            first_row: 0,
            columns: 1000,
            rows: 1000,
        };
        let needs = Smen::needs(1000, 1000, 10, 4);
        assert_eq!(needs.largest_tensor, 1000 * 1000 * 4 * 384);
        assert_eq!(check(&needs, None, &window, 4), Ok(()));
        let Err((what, remedy)) = check(&needs, Some(512 << 20), &window, 4) else { panic!("accepted") };
        assert!(what.contains("1465 MB") && what.contains("512 MB"), "{what}");
        assert!(remedy.contains("batch to 1"), "{remedy}");
        let Err((_, remedy)) = check(&Smen::needs(1000, 1000, 10, 1), Some(128 << 20), &window, 1) else {
            panic!("accepted")
        };
        assert!(remedy.contains("590 x 590") || remedy.contains("591 x 591"), "{remedy}");
    }
}
