//! What can go wrong between weights, device and network.

use std::fmt;

/// One line of a refused weights file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Tensor or metadata key.
    pub name: String,
    /// What the network needs, `-` for nothing.
    pub expected: String,
    /// What the file holds, `-` for nothing.
    pub found: String,
}

/// Errors of networks, weights and devices.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Neither a safetensors file nor a PyTorch state dict.
    #[error(
        "the weights cannot be read: {reason}. Give a safetensors file, for example one that Loam exported, or a state dict saved by \
         PyTorch: torch.save(model.state_dict(), \"weights.pt\")"
    )]
    UnreadableWeights {
        /// Why.
        reason: String,
    },
    /// A PyTorch checkpoint with more than tensors in it, usually a whole model.
    #[error(
        "the weights cannot be read: the PyTorch checkpoint holds a Python object, {name}, which only Python code can make, and Loam runs \
         none. Save the tensors alone: torch.save(model.state_dict(), \"weights.pt\")"
    )]
    PickledObject {
        /// The class or function, with its module.
        name: String,
    },
    /// Weights, but not of this network.
    #[error(
        "the weights do not fit SMEN ({} {}):\n{}Give a file with the tensors of SMEN, float32 and finite",
        rows.len(), if rows.len() == 1 { "mismatch" } else { "mismatches" }, Table(rows)
    )]
    UnfitWeights {
        /// All of them.
        rows: Vec<Mismatch>,
    },
    /// Weights, but not of this network.
    #[error(
        "the weights do not fit {network} ({} {}):\n{}Give a file with the tensors of {network}, float32 and finite",
        rows.len(), if rows.len() == 1 { "mismatch" } else { "mismatches" }, Table(rows)
    )]
    UnfitTensors {
        /// The network: `the TB CNN`, `RCN`.
        network: &'static str,
        /// All of them.
        rows: Vec<Mismatch>,
    },
    /// The raster is smaller than the network's receptive field.
    #[error("{columns} x {rows} cells are too few: SMEN needs at least 9 x 9. Choose a larger region")]
    TooSmall {
        /// Columns.
        columns: usize,
        /// Rows.
        rows: usize,
    },
    /// A plane does not have columns x rows values.
    #[error("{plane} has {found} values where {expected} are needed")]
    PlaneLength {
        /// Which plane.
        plane: &'static str,
        /// Columns x rows (x planes).
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// An input value is NaN or infinite.
    #[error(
        "{plane} is {value} at column {column}, row {row}: the network needs a number in every cell. \
         Fill missing cells before the prediction (nearest SMAP cell, residual 0)"
    )]
    NonFiniteInput {
        /// Which plane.
        plane: &'static str,
        /// Column.
        column: usize,
        /// Row.
        row: usize,
        /// The value.
        value: f32,
    },
    /// The network answered NaN or infinity.
    #[error(
        "the network gave {count} values that are not numbers on {device}. Use the CPU, or other weights"
    )]
    NonFiniteOutput {
        /// How many.
        count: usize,
        /// Which device.
        device: String,
    },
    /// Rows of a streamed raster could not be read, or not be written.
    #[error(
        "rows of the raster could not be {verb}: {reason}. Check the file and the space left, and start again"
    )]
    Rows {
        /// "read" or "written".
        verb: &'static str,
        /// Why.
        reason: String,
    },
    /// The caller said stop.
    #[error("the prediction was cancelled")]
    Cancelled,
    /// No such device here.
    #[error("no graphics device could be opened: {reason}. The CPU does the same work")]
    NoDevice {
        /// Why.
        reason: String,
    },
    /// The device computes something else.
    #[error(
        "the device's golden tile differs from the CPU's by {difference:.1e} m3/m3, {tolerance:.0e} is allowed. Use the CPU"
    )]
    FailedSelfCheck {
        /// Largest difference, m3/m3; NaN where the tile gave NaN.
        difference: f32,
        /// Allowed, m3/m3.
        tolerance: f32,
    },
    /// The device did not give its result.
    #[error("the device's result could not be read: {reason}. Reload, or use the CPU")]
    Readback {
        /// Why.
        reason: String,
    },
}

/// [`ModelError::UnreadableWeights`].
pub(crate) fn unreadable(reason: impl Into<String>) -> ModelError {
    ModelError::UnreadableWeights { reason: reason.into() }
}

/// A name out of a file of unknown origin, fit for a sentence: no control characters, no more than 200 characters.
pub(crate) fn shortened(name: &str) -> String {
    let mut text: String = name.chars().take(200).flat_map(char::escape_debug).collect();
    if name.chars().nth(200).is_some() {
        text.push('…');
    }
    text
}

/// Mismatches as a text table.
struct Table<'a>(&'a [Mismatch]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |get: fn(&Mismatch) -> &String, head: &str| {
            self.0.iter().map(|row| get(row).chars().count()).chain([head.len()]).max().unwrap_or_default()
        };
        let name = width(|row| &row.name, "tensor");
        let expected = width(|row| &row.expected, "expected");
        writeln!(f, "  {:name$}  {:expected$}  found", "tensor", "expected")?;
        for row in self.0 {
            writeln!(f, "  {:name$}  {:expected$}  {}", row.name, row.expected, row.found)?;
        }
        Ok(())
    }
}
