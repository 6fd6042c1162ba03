//! worker_gpu
fn main() {}
