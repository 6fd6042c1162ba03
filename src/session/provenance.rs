//! Where a result came from, in the words that exports carry.
