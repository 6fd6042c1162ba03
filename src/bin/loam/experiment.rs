//! `loam experiment`: the paper's tables and figure, reproduced, with every baseline on the same pixels.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::tensor::Device;
use jiff::civil::Date;
use loam::experiment::methods::{self, MethodsReport};
use loam::experiment::nominal::Validation;
use loam::experiment::records::{Records, TestDate};
use loam::experiment::{
    Kind, Options, Runner, Source, Table, TbCell, csv, download, figure_2, interval_score, markdown, paper,
    simulator, summary, tb_cnn, tb_markdown,
};
use loam_core::regression::PixelRegression;
use loam_core::simulate::DEMO_SEED;
use loam_core::stack::{PRESETS, Preset};
use loam_nn::tb_cnn::TbCase;
use loam_nn::{Processor, Rcn, Smen, Weights, block_on};

use super::files::{self, Inputs};
use super::progress::Bars;

/// What a reader of the report must know. The methods, not the results: those are in the tables.
const HOW_TO_READ: &str = "\
- The reference is a 3 km product, itself a retrieval (or a simulated one): agreement with it is not agreement with the ground.
- Simulated scenes say what a method can do on data of this kind, not how well it does on Earth (docs/simulated.md). The paper's figures are \
for real SMAP and SMAP/Sentinel-1 data: beside ours on simulated scenes they show the protocol, not a reproduction.
- \"Better than it by\" is the baseline's uRMSE minus SMEN's, paired by date on the same pixels, with its 95 % bootstrap interval over dates.
- What some baselines know and SMEN does not: the mean training residual and the forest know each pixel's own past over all training dates, so \
they work only in the region they were trained on, where SMEN's weights are the same for every pixel and see four earlier maps and 9 x 9 cells. \
These two, the mean of the history's residuals and the LSTM also start from bilinear SMAP, an interpolation over 36 km, where SMEN sees SMAP as \
is and reaches 4 cells (12 km) to each side. The disaggregation sees the test date's own backscatter. \
The pixel regression and RCN learn from every map that is strictly earlier, those of earlier test dates among them; RCN's weights are the shipped ones, \
trained on simulated scenes of eight places before 2018.
- A network trained for fewer epochs than the paper's is at a disadvantage beside baselines, which were not shortened.
";

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
    /// The three tables and the figure
    All,
    /// Simulated scenes beside published values, and results across the shares of persistent texture
    Simulator,
    /// The poster's brightness-temperature CNN, both cases (simulated scenes)
    TbCnn,
    /// Every method side by side, each date from what is strictly earlier, at all ten simulated places or those of --region
    Methods,
}

/// Arguments of `loam experiment`.
#[derive(clap::Args)]
pub struct Experiment {
    /// Which of the paper's results, one or several
    #[arg(value_enum, required = true)]
    what: Vec<What>,
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
    /// Only rows of so many training images (table3); more than once for several
    #[arg(long)]
    images: Vec<usize>,
    /// Training runs with seeds 0, 1, ... for each cell
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Passes over the training images
    #[arg(long, default_value_t = paper::EPOCHS)]
    epochs: usize,
    /// Steps of every training instead of epochs (the tables and the figure): rows with few images then learn for as long as those with
    /// many
    #[arg(long, conflicts_with = "epochs", value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// Images per step
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Adam's learning rate
    #[arg(long, default_value_t = paper::LEARNING_RATE)]
    learning_rate: f64,
    /// Where the network is trained
    #[arg(long, default_value = "cpu", value_parser = ["cpu", "gpu"])]
    device: String,
    /// RCN's weights, instead of the shipped ones (methods)
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Also by how many earlier maps there are (methods)
    #[arg(long)]
    lengths: bool,
    /// Folder for finished cells, tables and figures; a cell that is in it is not computed again
    #[arg(long, default_value = "target/experiments")]
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

/// Scores of every method at a place.
fn every_method(records: &Records, rcn: &Rcn) -> Result<methods::PlaceScore, Box<dyn std::error::Error>> {
    let mut compared = methods::closed_forms(records)?;
    let (_, weights) = super::shipped::weights(Smen::NETWORK, &records.preset.region()?.window())?;
    compared.push(methods::smen(records, &weights)?);
    compared.push(methods::rcn(records, rcn)?);
    Ok(methods::compare(records, &compared)?)
}

impl Experiment {
    /// Runs it.
    pub fn run(self) -> super::Outcome {
        if self.download_list {
            say!("{}", download::list(&self.region, self.from, self.to)?.trim_end());
            return Ok(());
        }
        match self.what[..] {
            [What::Simulator] => return self.simulator(),
            [What::TbCnn] => return self.tb_cnn(),
            [What::Methods] => return self.methods(),
            _ => {}
        }
        let mut kinds = Vec::new();
        for what in &self.what {
            kinds.extend_from_slice(match what {
                What::Table1 => &[Kind::Table1],
                What::Table2 => &[Kind::Table2],
                What::Table3 => &[Kind::Table3],
                What::Figure2 => &[Kind::Figure2],
                What::All => &[Kind::Table1, Kind::Table2, Kind::Table3, Kind::Figure2],
                What::Simulator | What::TbCnn | What::Methods => {
                    return Err(
                        "simulator, tb-cnn and methods have reports of their own: ask for each by itself"
                            .into(),
                    );
                }
            });
        }
        let source = self.source()?;
        let (processor, name) = self.device()?;
        let bars = Bars::new();
        let mut runner =
            Runner::new(source, self.out.clone(), processor.device().clone(), name, |thread, progress| {
                bars.show(thread, progress)
            });
        runner.rcn = Some(self.rcn_weights()?);
        let options = self.options();
        runner.compute_in_parallel(&kinds, &options)?;
        let mut tables: Vec<Table> = Vec::new();
        let mut text = String::new();
        for kind in kinds {
            if kind == Kind::Figure2 {
                let path = self.out.join("figure2.png");
                std::fs::create_dir_all(&self.out)
                    .map_err(|e| format!("{} cannot be made ({e})", self.out.display()))?;
                figure_2(&mut runner, &options, &path)?;
                say!("{}", path.display());
                if let Some(report) = &self.report {
                    let beside = report.with_file_name("figure2.png");
                    std::fs::copy(&path, &beside).map_err(|e| files::cannot_write(&beside, e))?;
                    text.push_str(&format!(
                        "## {}\n\n![SMAP, SMEN and the 3 km product, one row a region: {}](figure2.png)\n\nThe test date of each region whose 3 km map covers \
                         most; picked by coverage, not by score. Weights of Table 1, seed 0.\n",
                        kind.title(),
                        runner.source.words()
                    ));
                }
                continue;
            }
            let table = runner.table(kind, &options)?;
            let section = markdown(&table);
            say!("{section}");
            let stem = format!("{kind:?}").to_lowercase();
            files::write(&self.out.join(format!("{stem}.md")), &section)?;
            files::write(&self.out.join(format!("{stem}.csv")), csv(&table))?;
            files::write(&self.out.join(format!("{stem}.json")), &serde_json::to_string_pretty(&table)?)?;
            text.push_str(&section);
            text.push('\n');
            tables.push(table);
        }
        if let Some(path) = &self.json {
            files::write(path, &serde_json::to_string_pretty(&tables)?)?;
        }
        if let Some(path) = &self.report {
            let head = format!(
                "# Results\n\nMade by `loam {}`; not written by hand.\n\n{HOW_TO_READ}\n",
                arguments()
            );
            files::write(path, &(head + &summary(&tables) + &text))?;
        }
        Ok(())
    }

    /// The page on simulated scenes: properties, then Tucson's Table 1 at several contrasts.
    fn simulator(&self) -> super::Outcome {
        let regions = simulator::measured(self.scene_seed, 1.0);
        let mut text = format!(
            "# Simulated scenes beside published values\n\nMade by `loam {}`; not written by hand. \"U\" marks a figure quoted from memory. What the scenes \
             are made of: `crates/loam-core/src/simulate`.\n\n{}",
            arguments(),
            simulator::properties_markdown(self.scene_seed, &regions)
        );
        let (processor, name) = self.device()?;
        let bars = Bars::new();
        let tucson = methods::find(paper::TUCSON.region)?;
        let (rcn, mut rows, mut places) = (self.rcn()?, Vec::new(), Vec::new());
        for contrast in simulator::CONTRASTS {
            let share = simulator::measured(self.scene_seed, contrast)
                .into_iter()
                .find(|(key, _)| *key == paper::TUCSON.region);
            let persistent = share.map_or(f64::NAN, |(_, p)| p.persistent);
            let source = Source::Simulated { seed: self.scene_seed, contrast };
            places.push((contrast, persistent, every_method(&Records::new(&source, tucson)?, &rcn)?));
            let mut runner = Runner::new(
                source,
                self.out.clone(),
                processor.device().clone(),
                name.clone(),
                |thread, progress| {
                    bars.show(thread, progress);
                },
            );
            runner.rcn = Some(self.rcn_weights()?);
            let options = Options { regions: vec![paper::TUCSON.region.to_owned()], ..self.options() };
            eprintln!("soil contrast x {contrast}:");
            runner.compute_in_parallel(&[Kind::Table1], &options)?;
            let table = runner.table(Kind::Table1, &options)?;
            rows.extend(table.rows.into_iter().map(|row| (contrast, persistent, row)));
        }
        text.push_str(&format!(
            "\n## Results across the shares of texture (Tucson, Table 1's images, {} epochs, Adam {:e})\n\nuRMSE on the test dates, m3/m3. A persistent \
             sub-grid pattern can be learnt from the past, an event-driven one cannot: what a method gains here hangs on a share that the simulator \
             chose.\n\n{}",
            self.epochs,
            self.learning_rate,
            simulator::shares_markdown(&rows)
        ));
        text.push_str(&format!(
            "\n## Shipped weights and closed forms across the shares of texture (Tucson, all dates of 2018)\n\nAs in [every method](methods.md): each date \
             from what is strictly earlier, uRMSE in m3/m3. RCN and SMEN were trained on scenes of contrast 1.\n\n{}",
            methods::shares_markdown(&places)
        ));
        say!("{text}");
        if let Some(path) = &self.report {
            files::write(path, &text)?;
        }
        Ok(())
    }

    fn tb_cnn(&self) -> super::Outcome {
        std::fs::create_dir_all(&self.out)
            .map_err(|e| format!("{} cannot be made ({e})", self.out.display()))?;
        let region = self.region.first().map_or(paper::TUCSON.region, String::as_str);
        let mut text = String::new();
        for case in TbCase::ALL {
            let bar = super::progress::bar(1, case.name());
            let cell = TbCell {
                case,
                region: region.to_owned(),
                scene_seed: self.scene_seed,
                seed: 0,
                epochs: self.epochs,
            };
            let result = tb_cnn(&cell, &self.out, |done, total| {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            })?;
            bar.finish_and_clear();
            text.push_str(&tb_markdown(&cell, &result));
            text.push('\n');
        }
        say!("{text}");
        if let Some(path) = &self.report {
            files::write(path, &text)?;
        }
        Ok(())
    }

    fn methods(&self) -> super::Outcome {
        let source = self.source()?;
        let wanted: Vec<Preset> = match self.region.as_slice() {
            [] => methods::places().collect(),
            keys => keys.iter().map(|key| methods::find(key)).collect::<Result<_, _>>()?,
        };
        let mut report = MethodsReport {
            source: source.words(),
            simulated: source.is_simulated(),
            regions: BTreeMap::new(),
            lengths: BTreeMap::new(),
            nominal: None,
        };
        let (rcn, mut validation) = (self.rcn()?, Validation::default());
        for preset in wanted {
            let records = Records::new(&source, preset)?;
            let place = every_method(&records, &rcn)?;
            eprintln!("{}: {} test dates", preset.name, place.dates);
            report.regions.insert(preset.key, place);
            let mut lengths = BTreeMap::new();
            if self.lengths {
                let by = |past: &PixelRegression, test: &TestDate| Ok(methods::by_regression(past, test));
                lengths.insert("regression", methods::by_length(&records, by)?);
                let by = |past: &PixelRegression, test: &TestDate| methods::by_rcn(&rcn, past, test);
                lengths.insert(Rcn::NETWORK.about().key, methods::by_length(&records, by)?);
                validation.add(&records, &rcn)?;
            }
            report.lengths.insert(preset.key, lengths);
        }
        report.nominal = validation.widths().filter(|_| source.is_simulated());
        if let Some(path) = &self.json {
            files::write(path, &serde_json::to_string_pretty(&report)?)?;
        }
        let text = methods::markdown(&report);
        say!("{text}");
        if let Some(path) = &self.report {
            files::write(
                &path.with_file_name("reliability.svg"),
                interval_score::reliability_svg(&methods::reliability(&report)),
            )?;
            files::write(
                path,
                format!(
                    "# Every method side by side\n\nMade by `loam {}`; not written by hand. The [reliability curve](reliability.svg) of the intervals, mean over the places.\n\n{text}",
                    arguments()
                ),
            )?;
        }
        Ok(())
    }

    fn rcn_weights(&self) -> Result<Weights, Box<dyn std::error::Error>> {
        Ok(match &self.weights {
            Some(path) => files::weights(path)?,
            None => super::shipped::weights(Rcn::NETWORK, &PRESETS[0].region()?.window())?.1,
        })
    }

    fn rcn(&self) -> Result<Rcn, Box<dyn std::error::Error>> {
        Ok(Rcn::from_weights(&self.rcn_weights()?, &Device::flex())?)
    }

    fn options(&self) -> Options {
        Options {
            epochs: self.epochs,
            steps: self.steps.map(|steps| steps as usize),
            batch: self.batch,
            learning_rate: self.learning_rate,
            gpu: self.device == "gpu",
            seeds: self.seeds,
            regions: self.region.clone(),
            images: self.images.clone(),
        }
    }

    fn source(&self) -> Result<Source, Box<dyn std::error::Error>> {
        match (&self.data, self.simulated) {
            (Some(folder), _) => Ok(Source::Files(Box::new(Inputs { files: vec![folder.clone()], ..Inputs::default() }.library()?))),
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
            {
                let processor = block_on(Processor::open_gpu())?;
                let begun = std::time::Instant::now();
                let now = || begun.elapsed().as_secs_f64() * 1e3;
                let (form, warnings) = block_on(loam_nn::trusted_gpu(processor.device(), now))?;
                warnings.iter().for_each(|warning| eprintln!("note: {warning}"));
                let kernels =
                    form.map_or("burn's operations".to_owned(), |form| format!("kernels with {form}"));
                return Ok((processor, format!("GPU (wgpu), {kernels}, checked against the CPU")));
            }
            #[cfg(not(feature = "gpu"))]
            return Err("this program was built without the GPU: cargo run --release --features gpu --bin loam -- experiment ...".into());
        }
        Ok((block_on(Processor::open_cpu()), loam_nn::device::CPU_NAME.to_owned()))
    }
}

/// The command line, for a report to say how it was made.
fn arguments() -> String {
    std::env::args().skip(1).collect::<Vec<_>>().join(" ")
}
