//! Prediction time in Chromium beside onnxruntime-web.

use crate::{Result, failure};

/// Measures both in one browser.
pub fn run() -> Result<()> {
    Err(failure("the bench is not written yet"))
}
