//! `loam experiment`: the paper's tables and figure, made anew, with every baseline on the same pixels.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use loam::experiment::{Kind, Options, Progress, Runner, Source, Table, csv, download, figure_2, markdown, paper};
use loam::model::{Processor, block_on};
use loam::simulate::DEMO_SEED;

use super::files::{self, Inputs};

/// Which experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Three climates
    Table1,
    /// Spatial, temporal, both (Tucson)
    Table2,
    /// Size of the training set (Tucson)
    Table3,
    /// Input, estimate and truth side by side, as PNG
    Figure2,
    /// All of them
    All,
}

/// Arguments of `loam experiment`.
#[derive(clap::Args)]
pub struct Experiment {
    /// Which of the paper's results
    #[arg(value_enum)]
    what: What,
    /// Folder with SPL3SMP and SPL2SMAP_S files
    #[arg(long, value_name = "FOLDER", conflicts_with = "simulated")]
    data: Option<PathBuf>,
    /// Simulated scenes instead of files
    #[arg(long)]
    simulated: bool,
    /// Seed of the simulated scenes
    #[arg(long, default_value_t = DEMO_SEED)]
    scene_seed: u64,
    /// Simulated scenes: factor on the contrasts of soil and terrain; below 1 the sub-grid pattern is more event-driven
    #[arg(long, default_value_t = 1.0)]
    contrast: f32,
    /// Only these regions (table1, figure2); more than once for several
    #[arg(long)]
    region: Vec<String>,
    /// Training runs with seeds 0, 1, ... for each cell
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Passes over the training images
    #[arg(long, default_value_t = paper::EPOCHS)]
    epochs: usize,
    /// Images per step
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Adam's learning rate
    #[arg(long, default_value_t = paper::LEARNING_RATE)]
    learning_rate: f64,
    /// Where the network is trained
    #[arg(long, default_value = "cpu", value_parser = ["cpu", "gpu"])]
    device: String,
    /// Folder for finished cells, tables and figures; a cell that is in it is not computed again
    #[arg(long, default_value = "experiments")]
    out: PathBuf,
    /// All tables as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// All tables as one Markdown report
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print the file names and searches that the regions and the period need, and end
    #[arg(long)]
    download_list: bool,
    /// First date of --download-list [default: 2016-01-01]
    #[arg(long, value_parser = files::date)]
    from: Option<Date>,
    /// Last date of --download-list [default: 2018-12-31]
    #[arg(long, value_parser = files::date)]
    to: Option<Date>,
}

impl Experiment {
    /// Runs it.
    pub fn run(self) -> super::Outcome {
        if self.download_list {
            print!("{}", download::list(&self.region, self.from, self.to)?);
            return Ok(());
        }
        let source = self.source()?;
        let (processor, name) = self.device()?;
        let bar = std::cell::RefCell::new(indicatif::ProgressBar::hidden());
        let begun = std::time::Instant::now();
        let listen = |progress: Progress| match progress {
            Progress::Gathering(what) => {
                eprintln!("[{:>5.0} s] images: {what}", begun.elapsed().as_secs_f64());
            }
            Progress::Begun(what, steps) => {
                eprintln!("[{:>5.0} s] {what}", begun.elapsed().as_secs_f64());
                *bar.borrow_mut() = super::progress::bar(steps as u64, &what);
            }
            Progress::Step(n) => bar.borrow().set_position(n as u64),
            Progress::Done => bar.borrow().finish_and_clear(),
        };
        let mut runner = Runner::new(source, self.out.clone(), processor.device().clone(), name, listen);
        let options = Options {
            epochs: self.epochs,
            batch: self.batch,
            learning_rate: self.learning_rate,
            seeds: self.seeds,
            regions: self.region.clone(),
        };
        let kinds = match self.what {
            What::Table1 => vec![Kind::Table1],
            What::Table2 => vec![Kind::Table2],
            What::Table3 => vec![Kind::Table3],
            What::Figure2 => vec![Kind::Figure2],
            What::All => vec![Kind::Table1, Kind::Table2, Kind::Table3, Kind::Figure2],
        };
        let mut tables: Vec<Table> = Vec::new();
        let mut text = String::new();
        for kind in kinds {
            if kind == Kind::Figure2 {
                let path = self.out.join("figure2.png");
                figure_2(&mut runner, &options, &path)?;
                println!("{}", path.display());
                continue;
            }
            let table = runner.table(kind, &options)?;
            let section = markdown(&table);
            println!("{section}");
            let stem = format!("{kind:?}").to_lowercase();
            write(&self.out.join(format!("{stem}.md")), &section)?;
            write(&self.out.join(format!("{stem}.csv")), &csv(&table))?;
            write(&self.out.join(format!("{stem}.json")), &serde_json::to_string_pretty(&table)?)?;
            text.push_str(&section);
            text.push('\n');
            tables.push(table);
        }
        if let Some(path) = &self.json {
            write(path, &serde_json::to_string_pretty(&tables)?)?;
        }
        if let Some(path) = &self.report {
            let command: Vec<String> = std::env::args().skip(1).collect();
            let head = format!(
                "# Results\n\nMade by `loam {}`; not written by hand. Agreement with a 3 km product is not agreement with the ground.\n\n",
                command.join(" ")
            );
            write(path, &(head + &text))?;
        }
        Ok(())
    }

    fn source(&self) -> Result<Source, Box<dyn std::error::Error>> {
        match (&self.data, self.simulated) {
            (Some(folder), _) => Ok(Source::Files(Inputs { files: vec![folder.clone()], ..Inputs::default() }.library()?)),
            (None, true) => Ok(Source::Simulated { seed: self.scene_seed, contrast: self.contrast }),
            (None, false) => {
                Err("say what to run it on: --data FOLDER with SPL3SMP and SPL2SMAP_S files (--download-list names them), or --simulated"
                    .into())
            }
        }
    }

    fn device(&self) -> Result<(Processor, String), Box<dyn std::error::Error>> {
        if self.device == "gpu" {
            #[cfg(feature = "gpu")]
            return Ok((block_on(Processor::open_gpu())?, "GPU (wgpu)".to_owned()));
            #[cfg(not(feature = "gpu"))]
            return Err("this program was built without the GPU: cargo run --release --features gpu --bin loam -- experiment ...".into());
        }
        Ok((block_on(Processor::open_cpu()), loam::model::device::CPU_NAME.to_owned()))
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("{} cannot be written ({e})", path.display()))
}
