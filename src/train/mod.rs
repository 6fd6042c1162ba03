//! Loss, trainer, split by time.
