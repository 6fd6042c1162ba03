//! Actions on a bundle that is open.

/// An action on the bundle, by the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleAction {
    /// Date, region, rules, method and weights as in the bundle.
    Adopt,
    /// Compare its map with the one that is shown.
    Compare,
    /// End the comparison.
    Cancel,
    /// Put it away. What it chose stays.
    Close,
}
