//! The session behind the page: it owns files, device and tensors.
