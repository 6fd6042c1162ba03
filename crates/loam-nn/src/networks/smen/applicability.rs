//! Are a prediction's inputs like those its weights were trained on? In words, with numbers; a warning where they clearly are not.

use crate::Weights;
use loam_core::score::{InputRange, WARN_SHARE};
use loam_core::stack::Sample;

/// What is said of a prediction's inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicability {
    /// One sentence for provenance: shares outside and the ranges, or that the weights do not say.
    pub words: String,
    /// What the user should know, where more than [`WARN_SHARE`] of an input lies outside.
    pub warning: Option<String>,
}

/// Of what SMAP saw and of the known residuals of a sample, each only where the network looks at it.
#[must_use]
pub fn applicability(weights: &Weights, sample: &Sample) -> Applicability {
    let Some(range) = InputRange::from_metadata(&weights.metadata) else {
        return Applicability {
            words: "unknown: these weights do not say which range of inputs they were trained on".into(),
            warning: None,
        };
    };
    let (coarse, residuals) = range.outside(sample.coarse.values(), &sample.residuals);
    let inputs = weights.inputs();
    let parts: Vec<(f64, String)> = [
        (inputs.uses_coarse(), coarse, "SMAP's values", range.coarse),
        (inputs.uses_history(), residuals, "the history's residuals", range.residuals),
    ]
    .into_iter()
    .filter(|(used, ..)| *used)
    .map(|(_, share, what, (low, high))| {
        (share, format!("{:.0} % of {what} lie outside {low:.2} to {high:.2} m3/m3", 100.0 * share))
    })
    .collect();
    let join = |parts: Vec<&str>| parts.join(" and ") + ", the range of the training";
    let far: Vec<&str> =
        parts.iter().filter(|(share, _)| *share > WARN_SHARE).map(|(_, text)| text.as_str()).collect();
    let warning = (!far.is_empty()).then(|| {
        format!(
            "{}: the estimate extrapolates there. Fine-tune on this region, or judge it by its scores.",
            join(far)
        )
    });
    Applicability { words: join(parts.iter().map(|(_, text)| text.as_str()).collect()), warning }
}
