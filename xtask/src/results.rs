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

/// A table once more, trained in another way.
struct OnceMore {
    experiment: &'static str,
    options: &'static [&'static str],
    /// What its report begins with, above the part that goes into the page.
    heading: &'static str,
    title: &'static str,
}

/// For the region with the fewest images: three seeds of the shortened training, three of a fifth of the paper's, the whole of the paper's. And
/// Table 3 with as many steps in every row, since in the table above a row of few images learns for a tenth of the steps.
const ONCE_MORE: [OnceMore; 4] = [
    OnceMore {
        experiment: "table1",
        options: &["--region", "tucson", "--seeds", "3", "--epochs", "50", "--learning-rate", "0.001"],
        heading: "## Table 1",
        title: "Tucson with three seeds, the shortened training, Table 1",
    },
    OnceMore {
        experiment: "table1",
        options: &["--region", "tucson", "--seeds", "3", "--epochs", "200"],
        heading: "## Table 1",
        title: "Tucson with three seeds at the paper's learning rate, Table 1",
    },
    OnceMore {
        experiment: "table1",
        options: &["--region", "tucson", "--epochs", "1000"],
        heading: "## Table 1",
        title: "Tucson, the paper's whole training, Table 1",
    },
    OnceMore {
        experiment: "table3",
        options: &["--steps", "6000"],
        heading: "## Table 3",
        title: "As many steps in every row, at the paper's learning rate, Table 3",
    },
];

impl OnceMore {
    fn report(&self) -> String {
        format!("target/experiments/once_more_{}_{}.md", self.experiment, self.options.join("").replace("--", "_"))
    }
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
    for one in &ONCE_MORE {
        process::run(loam(one.experiment).args(one.options).args(["--report", &one.report()]))?;
    }
    process::run(loam("tb-cnn").args(["--epochs", TB_EPOCHS, "--report", "target/experiments/tb_cnn.md"]))?;
    let cannot = broken("docs/results.md cannot be put together");
    let mut page = std::fs::read_to_string(docs.join("results.md")).map_err(&cannot)?;
    for one in &ONCE_MORE {
        // The report without its preface.
        let whole = std::fs::read_to_string(root().join(one.report())).map_err(&cannot)?;
        let section = whole.split_once(one.heading).map_or("", |(_, section)| section);
        page.push_str(&format!("\n## {}{section}", one.title));
    }
    page.push_str("\n## The brightness-temperature CNN of the poster\n\n");
    page.push_str(&std::fs::read_to_string(root().join("target/experiments/tb_cnn.md")).map_err(&cannot)?);
    std::fs::write(docs.join("results.md"), page).map_err(&cannot)?;
    process::run(loam("simulator").args(SHORT).args(["--report", "docs/simulated.md"]))?;
    Ok(())
}
