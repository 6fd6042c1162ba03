//! What makes maps of dates, as `predict` and `season` take it from the command line: method or weights, region, rules.

use std::ops::ControlFlow;
use std::path::PathBuf;

use ease_grid::Statistics;
use jiff::civil::Date;
use loam::session::provenance;
use loam_core::closed_form::ClosedForm;
use loam_core::device_report::DevicePreference;
use loam_core::estimate::Estimate;
use loam_core::method::Method;
use loam_core::stack::{HistoryRule, Library, Preset, Region, Series, StackError};
use loam_core::weights_report::WeightsReport;
use loam_nn::{AnyNetwork, AskedOfAny, Data, Hears, Processor, Weights, block_on, device};

use super::files::{self, Inputs};
use super::network::NetworkChoice;
use super::reading::Reading;

/// How maps are made.
#[derive(clap::Args)]
pub struct Making {
    /// Weights: a safetensors file with PyTorch names, or a state dict saved by PyTorch (.pt, .pth) [default: the shipped ones, as in the page: those of
    /// the preset region that holds the middle of this one, else the general ones; trained on simulated scenes]
    #[arg(long)]
    weights: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkChoice,
    /// A method in closed form instead of a network: regression (from all earlier 3 km maps, with a 90 % interval), bilinear, bicubic, persistence, history-mean or disaggregation
    #[arg(long, value_parser = super::network::closed_form, conflicts_with = "weights")]
    method: Option<ClosedForm>,
    /// The method that is best on the region's own newest dates; the pixel regression where these are too few to choose by
    #[arg(long, conflicts_with_all = ["weights", "method", "network"])]
    auto: bool,
    /// oklahoma-city, tucson, geneva (for a network of one place their middle 108 x 108 km), or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    pub region: String,
    /// Predict from the simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    #[command(flatten)]
    reading: Reading,
    /// Shift each 36 km block of the estimate to SMAP's mean: it then takes SMAP's noise over, and may show steps at the blocks' edges
    #[arg(long)]
    mass_correction: bool,
}

/// Either kind of method, ready.
enum By {
    ClosedForm(ClosedForm),
    Network { model: Box<AnyNetwork>, weights: Box<Weights>, report: WeightsReport, note: Option<String> },
}

/// The files over a region, and what makes maps from them.
pub struct Maker {
    pub library: Library,
    pub series: Series,
    rule: HistoryRule,
    preset: Option<Preset>,
    processor: Processor,
    by: By,
    shift: bool,
    circumstances: provenance::Circumstances,
}

impl Making {
    /// Reads the files and the weights.
    pub fn maker(&self, inputs: &Inputs) -> Result<Maker, Box<dyn std::error::Error>> {
        let processor = block_on(Processor::open_cpu());
        if let Some(method) = self.method {
            let (library, series, preset) = self.opened(inputs, files::region(&self.region)?)?;
            return Ok(self.made(library, series, preset, processor, By::ClosedForm(method)));
        }
        if self.auto {
            return self.the_best(inputs, processor);
        }
        let (chosen, _) = if self.weights.is_some() { (None, None) } else { self.network.chosen()? };
        if let Some(network) = chosen.filter(|network| !network.about().shipped) {
            return Err(format!(
                "no weights of the {} come with Loam: name yours with --weights",
                network.about().name
            )
            .into());
        }
        let (name, weights, place, note) = match &self.weights {
            Some(path) => {
                let weights = files::weights(path)?;
                self.network.check(&weights).map_err(|why| format!("{}: {why}", path.display()))?;
                let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                let place = files::region_for(weights.network(), &self.region)?;
                (name, weights, place, None)
            }
            None => {
                let (region, preset) = files::region(&self.region)?;
                let (shipped, weights) =
                    super::shipped::weights(chosen.unwrap_or_default(), &region.window())?;
                let note = shipped.note(preset.map(|p| p.key));
                (format!("{} (shipped)", shipped.name), weights, (region, preset), note)
            }
        };
        let (library, series, preset) = self.opened(inputs, place)?;
        let by = network(&name, weights, note, &processor)?;
        Ok(self.made(library, series, preset, processor, by))
    }

    /// The method that scores best on the region's newest dates.
    fn the_best(&self, inputs: &Inputs, processor: Processor) -> Result<Maker, Box<dyn std::error::Error>> {
        let (library, mut series, preset) = self.opened(inputs, files::region(&self.region)?)?;
        let mut ranked = super::rank::rank(&library, &mut series, self.reading.rule(), preset, processor.device())?;
        eprintln!("{}", ranked.ranking.sentence());
        let by = match ranked.ranking.best {
            Method::ClosedForm(method) => By::ClosedForm(method),
            Method::Network(kind) => {
                let (name, weights) =
                    ranked.weights.remove(&kind).ok_or("the best network has no weights")?;
                network(&name, weights, None, &processor)?
            }
        };
        Ok(self.made(library, series, preset, processor, by))
    }

    fn opened(
        &self,
        inputs: &Inputs,
        (region, preset): (Region, Option<Preset>),
    ) -> Result<(Library, Series, Option<Preset>), Box<dyn std::error::Error>> {
        let library = if self.simulated { files::simulated(preset)? } else { inputs.library()? };
        let series = self.reading.series(&library, region)?;
        Ok((library, series, preset))
    }

    fn made(
        &self,
        library: Library,
        series: Series,
        preset: Option<Preset>,
        processor: Processor,
        by: By,
    ) -> Maker {
        let weights = match &by {
            By::ClosedForm(method) => (*method).into(),
            By::Network { report, .. } => report.clone(),
        };
        let circumstances = provenance::Circumstances {
            quality: self.reading.quality(),
            weights,
            device: device::report(&device::decide(DevicePreference::Cpu, None), None, None),
        };
        let (rule, shift) = (self.reading.rule(), self.mass_correction);
        Maker { library, series, rule, preset, processor, by, shift, circumstances }
    }

    /// The rules in words: what besides files, method and region decides on the maps.
    pub fn rules(&self) -> String {
        let Self { mass_correction, simulated, reading, .. } = self;
        let HistoryRule { cover, disaggregated } = reading.rule();
        format!(
            "cover {cover} products {} mass {mass_correction} simulated {simulated} quality {:?}",
            !disaggregated,
            reading.quality()
        )
    }
}

fn network(
    name: &str,
    weights: Weights,
    note: Option<String>,
    processor: &Processor,
) -> Result<By, Box<dyn std::error::Error>> {
    let model = Box::new(AnyNetwork::load(&weights, processor.device())?);
    let report = weights.report(name);
    Ok(By::Network { model, weights: Box::new(weights), report, note })
}

impl Maker {
    /// Uncertainty of the reference that an estimate is scored against, where its product gives one (NISAR).
    pub fn uncertainty(&mut self, estimate: &Estimate) -> Result<Option<Statistics>, StackError> {
        let fine = self.series.day(&self.library, estimate.date)?.fine;
        let fine = fine.filter(|fine| Some(fine.origin) == estimate.reference);
        Ok(fine.and_then(|fine| fine.uncertainty).map(|raster| raster.statistics()))
    }

    /// The map of a date.
    pub fn estimate(&mut self, date: Date) -> Result<Estimate, Box<dyn std::error::Error>> {
        match &self.by {
            By::ClosedForm(method) => {
                Ok(method.estimate(&self.library, &mut self.series, date, self.rule)?)
            }
            By::Network { model, weights, note, .. } => {
                let (device, region) = (self.processor.device(), self.preset.map(|preset| preset.key));
                let asked =
                    AskedOfAny { date, shift: self.shift, weights, region, before: None, device, tile: None };
                let data = Data { library: &self.library, series: &mut self.series, rule: self.rule };
                let mut unheard = Hears(async |_: usize, _: usize, _: &str| ControlFlow::Continue(()));
                let mut estimate = block_on(model.estimate(data, &asked, &mut unheard))?;
                estimate.warnings.extend(note.clone());
                Ok(estimate)
            }
        }
    }

    /// What answers.
    pub fn method(&self) -> Method {
        self.circumstances.weights.method()
    }

    /// What is known of the maps besides their numbers.
    pub fn circumstances(&self) -> &provenance::Circumstances {
        &self.circumstances
    }
}
