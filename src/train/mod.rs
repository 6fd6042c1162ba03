//! Loss, trainer, split by time.

mod adam;
mod loss;

pub use adam::Adam;
pub use loss::urmse_loss;
