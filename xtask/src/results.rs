//! `cargo xtask results`: docs/results.md with its figure, and docs/simulated.md, from simulated scenes.
//!
//! The paper's 1000 epochs at a learning rate of 1e-4 take hours for all tables on two cores. Here a run has a twentieth of the epochs at ten
//! times the rate, and the pages say so; `loam experiment all --simulated` without those options is the paper's own training. Finished cells
//! stay in target/experiments, so a broken run goes on where it stopped.

use crate::process::{self, cargo};
use crate::{Result, failure, root};

/// Shortened training.
const SHORT: [&str; 4] = ["--epochs", "50", "--learning-rate", "0.001"];
/// Epochs of the TB CNN: its images are a ninth of a region, its arithmetic thirty times SMEN's.
const TB_EPOCHS: &str = "20";

/// Epochs at the paper's learning rate, and the title of their section: a fifth of its training, and the whole of it, for the region with the fewest images.
const AT_PAPER_RATE: [(&str, &str); 2] = [("200", "Tucson at the paper's learning rate"), ("1000", "Tucson, the paper's whole training")];

fn paper_rate(epochs: &str) -> String {
    format!("target/experiments/paper_rate_{epochs}.md")
}

/// Runs the experiments and writes the pages.
pub fn run() -> Result<()> {
    let docs = root().join("docs");
    let broken = |what: &'static str| move |e: std::io::Error| failure(format!("{what} ({e}): look at its permissions"));
    std::fs::create_dir_all(&docs).map_err(broken("docs/ cannot be made"))?;
    let loam = |experiment: &str| {
        let mut command = cargo();
        command.current_dir(root()).args(["run", "--quiet", "--locked", "--release", "--bin", "loam", "--", "experiment", experiment]);
        command.args(["--simulated", "--out", "target/experiments"]);
        command
    };
    process::run(loam("all").args(SHORT).args(["--report", "docs/results.md"]))?;
    for (epochs, _) in AT_PAPER_RATE {
        let report = paper_rate(epochs);
        process::run(loam("table1").args(["--region", "tucson", "--epochs", epochs, "--report", &report]))?;
    }
    process::run(loam("tb-cnn").args(["--epochs", TB_EPOCHS, "--report", "target/experiments/tb_cnn.md"]))?;
    let cannot = broken("docs/results.md cannot be put together");
    let mut page = std::fs::read_to_string(docs.join("results.md")).map_err(&cannot)?;
    for (epochs, title) in AT_PAPER_RATE {
        // The report's own headings one level down, without its preface.
        let whole = std::fs::read_to_string(root().join(paper_rate(epochs))).map_err(&cannot)?;
        let section = whole.split_once("## Table 1").map_or("", |(_, section)| section);
        page.push_str(&format!("\n## {title}, Table 1{section}"));
    }
    page.push_str("\n## The brightness-temperature CNN of the poster\n\n");
    page.push_str(&std::fs::read_to_string(root().join("target/experiments/tb_cnn.md")).map_err(&cannot)?);
    std::fs::write(docs.join("results.md"), page).map_err(&cannot)?;
    process::run(loam("simulator").args(SHORT).args(["--report", "docs/simulated.md"]))?;
    Ok(())
}
