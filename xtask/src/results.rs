//! `cargo xtask results`: docs/results.md with its figure, docs/simulated.md and docs/methods.md, from simulated scenes.
//!
//! Tables 1 and 2 are the paper's own training, 1000 epochs at a learning rate of 1e-4; below them stand shorter ones, and Table 3. Finished cells
//! stay in target/experiments, so a broken run goes on where it stopped. With `--gpu` SMEN is trained on a graphics card; the baselines and the
//! TB CNN are the CPU's all the same. With `--quick` every training is a fiftieth as long and the pages go to target/results-quick: to see that all
//! of it runs, and how a page looks, in the time the baselines take.

use std::path::Path;

use crate::process::{self, cargo};
use crate::{Result, failure, root};

/// Results of finished trainings that travel with the repository: all of them take hours, and need not be made in one go.
const FINISHED: &str = "docs/results";
/// Epochs of Tables 1 and 2: the paper's.
const PAPER_EPOCHS: &str = "1000";
/// Epochs of Tucson's training in docs/simulated.md, which has it for several shares of persistent texture: a fifth of the paper's, 6000 steps.
const SIMULATED_EPOCHS: &str = "200";
/// Epochs of the TB CNN: its images are a ninth of a region, its arithmetic thirty times SMEN's.
const TB_EPOCHS: &str = "20";
/// Its experiment, which is the CPU's.
const TB_CNN: &str = "tb-cnn";
/// Every method side by side with the shipped weights: minutes of the CPU.
const METHODS: &str = "methods";

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
    Shorter {
        experiment: "table3",
        options: &["--steps", "6000"],
        heading: "## Table 3",
        title: "As many steps in every row, Table 3",
    },
];

impl Shorter {
    fn report(&self, folder: &str) -> String {
        format!("{folder}/shorter_{}_{}.md", self.experiment, self.options.join("").replace("--", "_"))
    }
}

/// What `--quick` divides epochs and steps by.
const QUICK: usize = 50;

/// The same words, with numbers of epochs and steps a fiftieth as large.
fn quickly(words: &[&str]) -> Vec<String> {
    let after = |n: usize| n.checked_sub(1).map(|before| words[before]);
    let long = |n: usize, word: &str| match after(n) {
        Some("--epochs" | "--steps") => {
            word.parse().map_or_else(|_| word.to_owned(), |count: usize| (count / QUICK).max(1).to_string())
        }
        _ => word.to_owned(),
    };
    words.iter().enumerate().map(|(n, word)| long(n, word)).collect()
}

/// Copies the results of finished trainings, JSON files and the weights that Figure 2 is drawn from, into a folder that lacks them; with `newer` also
/// those that are newer here, to which baselines were added.
fn copy_finished(from: &Path, to: &Path, newer: bool) -> Result<()> {
    let cannot = |e: std::io::Error| {
        failure(format!("finished trainings cannot be copied ({e}): look at {}", to.display()))
    };
    std::fs::create_dir_all(to).map_err(cannot)?;
    let Ok(entries) = std::fs::read_dir(from) else { return Ok(()) };
    // Cells name their images; tables are made from them each time.
    let is_cell = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let drawn = name.contains(&format!("_spatiotemporal_epochs{PAPER_EPOCHS}_"))
            && name.ends_with(".safetensors");
        name.contains("_train") && (name.ends_with(".json") || drawn)
    };
    for path in entries.flatten().map(|entry| entry.path()).filter(is_cell) {
        let there = to.join(path.file_name().unwrap_or_default());
        let bytes = std::fs::read(&path).map_err(cannot)?;
        let kept = std::fs::read(&there).ok();
        if kept.as_ref().is_none_or(|kept| newer && *kept != bytes) {
            std::fs::write(&there, bytes).map_err(cannot)?;
        }
    }
    Ok(())
}

/// Runs the experiments and writes the pages.
pub fn run(gpu: bool, quick: bool) -> Result<()> {
    let (docs, parts) = if quick {
        ("target/results-quick", "target/results-quick/parts")
    } else {
        ("docs", "target/experiments")
    };
    let broken = |what: &'static str| {
        move |e: std::io::Error| failure(format!("{what} ({e}): look at its permissions"))
    };
    for folder in [docs, parts] {
        std::fs::create_dir_all(root().join(folder))
            .map_err(broken("the folder of the pages cannot be made"))?;
    }
    let (finished, experiments) = (root().join(FINISHED), root().join("target/experiments"));
    if !gpu && !quick {
        copy_finished(&finished, &experiments, false)?;
    }
    let experiment = |words: &[&str], report: &str| {
        let mut command = cargo();
        command.current_dir(root()).args(["run", "--quiet", "--locked", "--release"]);
        if gpu {
            command.args(["--features", "gpu"]);
        }
        command.args(["--bin", "loam", "--", "experiment"]);
        if quick {
            command.args(quickly(words))
        } else {
            command.args(words)
        };
        command.args(["--simulated", "--out", "target/experiments", "--report", report]);
        if gpu && ![TB_CNN, METHODS].contains(&words[0]) {
            command.args(["--device", "gpu"]);
        }
        process::run(&mut command)?;
        if gpu || quick { Ok(()) } else { copy_finished(&experiments, &finished, true) }
    };
    let (results, simulated, tb_cnn) =
        (format!("{docs}/results.md"), format!("{docs}/simulated.md"), format!("{parts}/tb_cnn.md"));
    experiment(&["table1", "table2", "figure2", "--epochs", PAPER_EPOCHS], &results)?;
    for one in &SHORTER {
        experiment(&[&[one.experiment], one.options].concat(), &one.report(parts))?;
    }
    experiment(&[TB_CNN, "--epochs", TB_EPOCHS], &tb_cnn)?;
    let cannot = broken("the results cannot be put together");
    let mut page = std::fs::read_to_string(root().join(&results)).map_err(&cannot)?;
    for one in &SHORTER {
        // The report without its preface.
        let whole = std::fs::read_to_string(root().join(one.report(parts))).map_err(&cannot)?;
        let section = whole.split_once(one.heading).map_or("", |(_, section)| section);
        page.push_str(&format!("\n## {}{section}", one.title));
    }
    page.push_str("\n## The brightness-temperature CNN of the poster\n\n");
    page.push_str(&std::fs::read_to_string(root().join(&tb_cnn)).map_err(&cannot)?);
    if quick {
        page.insert_str(0, &format!("**A quick run: every training is 1/{QUICK} as long as the titles say. These are no results.**\n\n"));
    }
    std::fs::write(root().join(&results), page).map_err(&cannot)?;
    experiment(&["simulator", "--epochs", SIMULATED_EPOCHS], &simulated)?;
    experiment(&[METHODS, "--lengths"], &format!("{docs}/methods.md"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_trainings_are_copied_once() -> std::io::Result<()> {
        let folder = std::env::temp_dir().join(format!("loam-results-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        std::fs::create_dir_all(&from)?;
        for name in ["a_train1.json", "b_train1.json", "a_train1.checkpoint", "table1.json"] {
            std::fs::write(from.join(name), name)?;
        }
        std::fs::create_dir_all(&to)?;
        std::fs::write(to.join("b_train1.json"), "own")?;
        assert!(copy_finished(&from, &to, false).is_ok());
        let read = |name: &str| std::fs::read_to_string(to.join(name)).ok();
        assert_eq!(
            (read("a_train1.json").as_deref(), read("b_train1.json").as_deref(), read("table1.json")),
            (Some("a_train1.json"), Some("own"), None)
        );
        assert!(copy_finished(&from, &to, true).is_ok());
        assert_eq!(read("b_train1.json").as_deref(), Some("b_train1.json"), "rows were added");
        std::fs::remove_dir_all(folder)
    }

    #[test]
    fn a_quick_run_is_shorter_and_otherwise_the_same() {
        let words = [
            "table1",
            "--seeds",
            "3",
            "--epochs",
            "200",
            "--steps",
            "6000",
            "--learning-rate",
            "0.001",
            "--epochs",
            "7",
        ];
        let quick = [
            "table1",
            "--seeds",
            "3",
            "--epochs",
            "4",
            "--steps",
            "120",
            "--learning-rate",
            "0.001",
            "--epochs",
            "1",
        ];
        assert_eq!(quickly(&words), quick);
    }
}
