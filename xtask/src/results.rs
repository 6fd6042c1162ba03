//! `cargo xtask results`: docs/results.md with its figure, and docs/simulated.md, from simulated scenes.
//!
//! Tables 1 and 2 are the paper's own training, 1000 epochs at a learning rate of 1e-4; below them stand shorter ones, and Table 3. Finished cells
//! stay in target/experiments, so a broken run goes on where it stopped. With `--gpu` SMEN is trained on a graphics card; the baselines and the
//! TB CNN are the CPU's all the same.

use crate::process::{self, cargo};
use crate::{Result, failure, root};

/// Epochs of Tucson's training in docs/simulated.md, which has it for several shares of persistent texture: a fifth of the paper's, 6000 steps.
const SIMULATED_EPOCHS: &str = "200";
/// Epochs of the TB CNN: its images are a ninth of a region, its arithmetic thirty times SMEN's.
const TB_EPOCHS: &str = "20";
/// Its experiment, which is the CPU's.
const TB_CNN: &str = "tb-cnn";

/// A table trained in another way.
struct Shorter {
    experiment: &'static str,
    options: &'static [&'static str],
    /// What its report begins with, above the part that goes into the page.
    heading: &'static str,
    title: &'static str,
}

/// The paper's training overfits: Tables 1 and 2 once more, shortened, and for the region with the fewest images a fifth of it in three seeds. And Table 3
/// with as many steps in every row: with as many epochs a row of few images learns for a tenth of the steps, and two effects are mixed.
const SHORTER: [Shorter; 5] = [
    Shorter {
        experiment: "table1",
        options: &["--epochs", "50", "--learning-rate", "0.001"],
        heading: "## Table 1",
        title: "A twentieth of the paper's epochs at ten times its rate, Table 1",
    },
    Shorter {
        experiment: "table1",
        options: &["--region", "tucson", "--seeds", "3", "--epochs", "50", "--learning-rate", "0.001"],
        heading: "## Table 1",
        title: "The same, three seeds of Tucson, Table 1",
    },
    Shorter {
        experiment: "table2",
        options: &["--epochs", "50", "--learning-rate", "0.001"],
        heading: "## Table 2",
        title: "A twentieth of the paper's epochs at ten times its rate, Table 2",
    },
    Shorter {
        experiment: "table1",
        options: &["--region", "tucson", "--seeds", "3", "--epochs", "200"],
        heading: "## Table 1",
        title: "A fifth of the paper's training, three seeds of Tucson, Table 1",
    },
    Shorter { experiment: "table3", options: &["--steps", "6000"], heading: "## Table 3", title: "As many steps in every row, Table 3" },
];

impl Shorter {
    fn report(&self) -> String {
        format!("target/experiments/shorter_{}_{}.md", self.experiment, self.options.join("").replace("--", "_"))
    }
}

/// Runs the experiments and writes the pages.
pub fn run(gpu: bool) -> Result<()> {
    let docs = root().join("docs");
    let broken = |what: &'static str| move |e: std::io::Error| failure(format!("{what} ({e}): look at its permissions"));
    std::fs::create_dir_all(&docs).map_err(broken("docs/ cannot be made"))?;
    let loam = |experiments: &[&str]| {
        let mut command = cargo();
        command.current_dir(root()).args(["run", "--quiet", "--locked", "--release"]);
        if gpu {
            command.args(["--features", "gpu"]);
        }
        command.args(["--bin", "loam", "--", "experiment"]).args(experiments);
        command.args(["--simulated", "--out", "target/experiments"]);
        if gpu && experiments != [TB_CNN] {
            command.args(["--device", "gpu"]);
        }
        command
    };
    process::run(loam(&["table1", "table2", "figure2"]).args(["--report", "docs/results.md"]))?;
    for one in &SHORTER {
        process::run(loam(&[one.experiment]).args(one.options).args(["--report", &one.report()]))?;
    }
    process::run(loam(&[TB_CNN]).args(["--epochs", TB_EPOCHS, "--report", "target/experiments/tb_cnn.md"]))?;
    let cannot = broken("docs/results.md cannot be put together");
    let mut page = std::fs::read_to_string(docs.join("results.md")).map_err(&cannot)?;
    for one in &SHORTER {
        // The report without its preface.
        let whole = std::fs::read_to_string(root().join(one.report())).map_err(&cannot)?;
        let section = whole.split_once(one.heading).map_or("", |(_, section)| section);
        page.push_str(&format!("\n## {}{section}", one.title));
    }
    page.push_str("\n## The brightness-temperature CNN of the poster\n\n");
    page.push_str(&std::fs::read_to_string(root().join("target/experiments/tb_cnn.md")).map_err(&cannot)?);
    std::fs::write(docs.join("results.md"), page).map_err(&cannot)?;
    process::run(loam(&["simulator"]).args(["--epochs", SIMULATED_EPOCHS, "--report", "docs/simulated.md"]))?;
    Ok(())
}
