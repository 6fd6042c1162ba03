//! `cargo xtask weights`: the shipped weights, trained anew on the simulated scenes of the three regions. Dates from 2018 on are kept for
//! testing; the last lines printed for each region are the scores on them.
//!
//! Two stages: 40 epochs of single images at 1e-3, then 25 epochs of four mirrored images at 2e-4, which takes the noise out. The result is
//! rounded to 8 significant bits, as bfloat16 has: the file stays float32 and takes about 52 kB as brotli instead of 142, and the scores printed are
//! those of the rounded weights. About three minutes a region on two cores.

use crate::process::{self, cargo};
use crate::{Result, root};

const REGIONS: [&str; 3] = ["oklahoma-city", "tucson", "geneva"];
const TEST_FROM: &str = "2018-01-01";
/// Significant bits that are shipped.
const BITS: &str = "8";

/// Trains and scores all regions.
pub fn run() -> Result<()> {
    for region in REGIONS {
        let out = root().join("public").join("weights").join(format!("{region}.safetensors"));
        let loam = || {
            let mut command = cargo();
            command.current_dir(root()).args(["run", "--quiet", "--locked", "--release", "--bin", "loam", "--"]);
            command
        };
        let train = ["train", "--simulated", "--region", region, "--test-from", TEST_FROM];
        let mut first = loam();
        first.args(train).args(["--epochs", "40", "--learning-rate", "0.001", "--batch", "1", "--out"]).arg(&out);
        process::run(&mut first)?;
        let mut second = loam();
        second.args(train).args(["--epochs", "25", "--learning-rate", "0.0002", "--batch", "4", "--flips", "--weights"]).arg(&out);
        process::run(second.args(["--significant-bits", BITS, "--out"]).arg(&out))?;
        let mut score = loam();
        process::run(score.args(["evaluate", "--simulated", "--region", region, "--from", TEST_FROM, "--weights"]).arg(&out))?;
    }
    Ok(())
}
