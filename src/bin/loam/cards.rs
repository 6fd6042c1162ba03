//! `loam cards`: a model card for each weights file, on simulated scenes: as JSON beside the weights, and all of them as Markdown.

use std::path::PathBuf;

use loam::experiment::{Progress, Runner, Shelved, Source, cards, cards_markdown};
use loam_core::simulate::DEMO_SEED;
use loam_nn::{Processor, block_on, device};

use super::files;

/// Arguments of `loam cards`.
#[derive(clap::Args)]
pub struct Cards {
    /// Weights files of SMEN or RCN; a file's name without its ending is the card's key
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Folder for the cards, KEY.json [default: beside each file]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// All cards as one Markdown page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Folder where scores of baselines are kept; what is in it is not computed again
    #[arg(long, value_name = "FOLDER", default_value = "target/experiments")]
    kept: PathBuf,
}

impl Cards {
    /// Scores the files and writes the cards.
    pub fn run(self) -> super::Outcome {
        let mut shelved = Vec::new();
        for path in &self.files {
            let key = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let bytes = std::fs::metadata(path).map_or(0, |m| m.len()) as usize;
            shelved.push(Shelved { key, bytes, weights: files::weights(path)? });
        }
        std::fs::create_dir_all(&self.kept)
            .map_err(|e| format!("{} cannot be made ({e})", self.kept.display()))?;
        let processor = block_on(Processor::open_cpu());
        let source = Source::Simulated { seed: DEMO_SEED, contrast: 1.0 };
        let mut runner = Runner::new(
            source,
            self.kept.clone(),
            processor.device().clone(),
            device::CPU_NAME.into(),
            |_, progress| match progress {
                Progress::Gathering(what) => {
                    eprintln!("images: {}", what.split(',').next().unwrap_or_default())
                }
                Progress::Begun(what, _) => eprintln!("{what}"),
                Progress::Step(_) | Progress::Done => {}
            },
        );
        let cards = cards(&shelved, &mut runner, DEMO_SEED)?;
        for (card, path) in cards.iter().zip(&self.files) {
            let name = format!("{}.json", card.key);
            let to =
                self.out.as_ref().map_or_else(|| path.with_file_name(&name), |folder| folder.join(&name));
            files::write(&to, serde_json::to_string(card)?)?;
            say!("{}: {}", to.display(), card.limits.last().map_or("", String::as_str));
        }
        if let Some(path) = &self.report {
            let head = "Made by `loam cards`, the last step of `cargo xtask weights`; not written by hand.";
            let text = cards_markdown(&cards, DEMO_SEED, head);
            files::write(path, text)?;
        }
        Ok(())
    }
}
