//! The networks, their weights on disk, and the device they run on.
