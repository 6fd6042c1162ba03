//! `cargo xtask weights`: the shipped weights, trained again on simulated scenes, and a model card of each: one file for each of the three regions,
//! and the general one, trained on these and on five more places (`src/simulate/places.rs`), for every region without weights of its own. Dates from
//! 2018 on are kept for testing.
//!
//! Two stages: single images at 1e-3, then four mirrored images at 2e-4, which takes the noise out. The result is rounded to 8 significant
//! bits, as bfloat16 has: the file stays float32 and takes about 52 kB as brotli instead of 142, and every score is that of the rounded weights.
//! RCN has one training of its own (best-map.md, section 2). The general weights see seven times as many images in an epoch, so they have fewer epochs. Files go to public/ together at the end: the program
//! that trains holds the shipped ones within itself, and a run that is interrupted leaves them as they were.

use std::path::Path;
use std::process::Command;

use crate::process::{self, at, cargo};
use crate::{Result, root, target_dir};

const TEST_FROM: &str = "2018-01-01";
/// First validation date of the general weights: the same for all places, so that none trains on what is later elsewhere.
const VALIDATE_FROM: &str = "2017-08-01";
/// Significant bits that are shipped.
const BITS: &str = "8";

/// A file: its name, what it is trained on, and the epochs of its two stages.
struct Wanted {
    name: &'static str,
    regions: &'static [&'static str],
    epochs: [&'static str; 2],
}

/// Places that the weights for everywhere are trained on.
const EIGHT: [&str; 8] =
    ["oklahoma-city", "tucson", "geneva", "tifton", "kenaston", "salamanca", "nagpur", "sodankyla"];

const ALL: [Wanted; 5] = [
    Wanted { name: "oklahoma-city", regions: &["oklahoma-city"], epochs: ["40", "25"] },
    Wanted { name: "tucson", regions: &["tucson"], epochs: ["40", "25"] },
    Wanted { name: "geneva", regions: &["geneva"], epochs: ["40", "25"] },
    Wanted { name: "general", regions: &EIGHT, epochs: ["16", "10"] },
    Wanted { name: RCN, regions: &EIGHT, epochs: ["20", ""] },
];

/// RCN's one training: one cycle over scenes that begin two years earlier, for it learns from every earlier map.
const RCN: &str = "rcn";
/// Of its weights six bits score as eight do (docs/decisions/017).
const RCN_BITS: &str = "6";
const RCN_FROM: &str = "2014-01-01";
const RCN_VALIDATE_FROM: &str = "2017-07-01";

/// Trains all files, scores them and writes their cards.
pub fn run() -> Result<()> {
    process::run(cargo().args(["build", "--quiet", "--locked", "--release", "--bin", "loam"]))?;
    let folder = target_dir().join("weights");
    std::fs::create_dir_all(&folder).map_err(at(&folder))?;
    let file = |name: &str| folder.join(format!("{name}.safetensors"));
    for wanted in &ALL {
        train(wanted, &file(wanted.name))?;
    }
    // Baselines are kept by place and scene, whose parameters no file name holds: always computed again.
    let kept = folder.join("baselines");
    if kept.is_dir() {
        std::fs::remove_dir_all(&kept).map_err(at(&kept))?;
    }
    let shown = |path: &Path| path.strip_prefix(root()).unwrap_or(path).to_owned();
    let mut cards = loam();
    cards.arg("cards").args(ALL.iter().map(|wanted| shown(&file(wanted.name))));
    cards.args(["--report", "docs/cards.md", "--kept"]).arg(shown(&kept));
    process::run(&mut cards)?;
    for wanted in &ALL {
        for ending in ["safetensors", "json"] {
            let name = format!("{}.{ending}", wanted.name);
            let to = root().join("public").join("weights").join(&name);
            std::fs::copy(folder.join(&name), &to).map_err(at(&to))?;
        }
    }
    Ok(())
}

/// The built program, in the repository's root.
fn loam() -> Command {
    let mut command =
        Command::new(target_dir().join("release").join(format!("loam{}", std::env::consts::EXE_SUFFIX)));
    command.current_dir(root());
    command
}

fn train(wanted: &Wanted, out: &Path) -> Result<()> {
    let [first, second] = wanted.epochs;
    if wanted.name == RCN {
        let mut command = loam();
        command.args([
            "train",
            "--simulated",
            "--network",
            RCN,
            "--from",
            RCN_FROM,
            "--validate-from",
            RCN_VALIDATE_FROM,
        ]);
        command
            .args(["--test-from", TEST_FROM, "--epochs", first, "--significant-bits", RCN_BITS, "--out"])
            .arg(out);
        wanted.regions.iter().for_each(|region| {
            command.args(["--region", region]);
        });
        process::run(&mut command)?;
        return Ok(());
    }
    let start = || {
        let mut command = loam();
        command.args(["train", "--simulated", "--test-from", TEST_FROM]);
        for region in wanted.regions {
            command.args(["--region", region]);
        }
        if wanted.regions.len() > 1 {
            command.args(["--validate-from", VALIDATE_FROM]);
        }
        command
    };
    process::run(
        start().args(["--epochs", first, "--learning-rate", "0.001", "--batch", "1", "--out"]).arg(out),
    )?;
    let mut finer = start();
    finer
        .args(["--epochs", second, "--learning-rate", "0.0002", "--batch", "4", "--flips", "--weights"])
        .arg(out);
    process::run(finer.args(["--significant-bits", BITS, "--out"]).arg(out))?;
    Ok(())
}
