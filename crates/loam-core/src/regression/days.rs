//! Time between two dates.

use jiff::civil::Date;

/// Days from one date to a later one.
#[must_use]
pub fn days_between(before: Date, after: Date) -> f32 {
    before.until(after).map_or(0.0, |span| span.get_days() as f32)
}
