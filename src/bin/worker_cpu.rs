//! worker_cpu
fn main() {}
