//! For `#[serde(deserialize_with = ...)]`: JSON (of `--json` and kept runs) knows no NaN. serde_json writes `null` for it, and it must
//! arrive as NaN: a loss that is NaN, say ([`TrainEnd::NotFinite`](crate::training::TrainEnd::NotFinite)).

use serde::{Deserialize, Deserializer};

/// A number.
///
/// # Errors
/// The deserializer's.
pub fn null_as_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    if !deserializer.is_human_readable() {
        return f64::deserialize(deserializer);
    }
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// A number of 32 bits.
///
/// # Errors
/// The deserializer's.
pub fn null_as_nan_f32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    if !deserializer.is_human_readable() {
        return f32::deserialize(deserializer);
    }
    Ok(Option::<f32>::deserialize(deserializer)?.unwrap_or(f32::NAN))
}

/// Many numbers.
///
/// # Errors
/// The deserializer's.
pub fn nulls_as_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    if !deserializer.is_human_readable() {
        return Vec::deserialize(deserializer);
    }
    let values = Vec::<Option<f64>>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}
