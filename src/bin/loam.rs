//! loam
fn main() {}
