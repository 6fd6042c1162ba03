//! What is SMAP's own in files of arrays: names of datasets, flags, metadata.

pub(crate) mod flags;
pub(crate) mod metadata;
pub(crate) mod names;
