//! Actions on a bundle that is open.

/// An action on the bundle, by the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleAction {
    /// Date, region, rules and method as in the bundle that was read.
    Adopt,
    /// The same once more, after other choices.
    Again,
    /// Compare its map with the one that is shown.
    Compare,
    /// End the comparison.
    Cancel,
    /// Put it away. What it chose stays.
    Close,
}
