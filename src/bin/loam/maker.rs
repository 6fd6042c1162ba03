//! What makes maps of dates, as `predict` and `season` take it from the command line: method or weights, region, rules.

use std::ops::ControlFlow;
use std::path::PathBuf;

use jiff::civil::Date;
use loam::session::bundle::{self, Contents, Maps};
use loam::session::provenance;
use loam_core::closed_form::ClosedForm;
use loam_core::device_report::DevicePreference;
use loam_core::estimate::Estimate;
use loam_core::export::bundle::Manifest;
use loam_core::method::Method;
use loam_core::ranking::{OTHERWISE, too_large};
use loam_core::region_settings::RegionSettings;
use loam_core::simulate::place;
use loam_core::stack::{HistoryRule, Library, Preset, Region, Series, Shipped};
use loam_nn::{Data, Processor, SeenInputs, Weights, block_on, device};

use super::files::{self, Inputs};
use super::network::NetworkChoice;
use super::reading::Reading;
use super::ready::Ready;

/// How maps are made.
#[derive(clap::Args)]
pub struct Making {
    /// Weights: a safetensors file with PyTorch names, or a state dict saved by PyTorch (.pt, .pth) [default for a network: the shipped ones, as in the
    /// page: those of the preset region that holds the middle of this one, else the general ones; trained on simulated scenes]
    #[arg(long)]
    weights: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkChoice,
    /// A method in closed form instead of a network: regression (from all earlier 3 km maps, with a 90 % interval), bilinear, bicubic, persistence, history-mean or disaggregation
    #[arg(long, value_parser = super::network::closed_form, conflicts_with = "weights")]
    method: Option<ClosedForm>,
    /// The method that is best on the region's own newest dates; the pixel regression where these are too few to choose by, or the region is too
    /// large to compare methods on [default, unless weights, a network or a method are named]
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

/// The files over a region, and what makes maps from them.
pub struct Maker {
    pub library: Library,
    pub series: Series,
    rule: HistoryRule,
    preset: Option<Preset>,
    processor: Processor,
    ready: Ready,
    /// Why this method was chosen, to be said with the first map.
    choice: Option<String>,
    /// What to add to the warnings of its estimates.
    note: Option<String>,
    shift: bool,
    circumstances: provenance::Circumstances,
}

impl Making {
    /// Reads the files and the weights.
    pub fn maker(&self, inputs: &Inputs) -> Result<Maker, Box<dyn std::error::Error>> {
        let processor = block_on(Processor::open_cpu());
        if let Some(method) = self.method {
            let (library, series, preset) = self.opened(inputs, files::region(&self.region)?)?;
            return Ok(self.made(library, series, preset, processor, Ready::ClosedForm(method)));
        }
        // The shift to SMAP's means is SMEN's alone.
        let by_hand = self.weights.is_some() || self.network.is_given() || self.mass_correction;
        if self.auto || !by_hand {
            return self.the_best(inputs, processor);
        }
        let (named, place, note) = match &self.weights {
            Some(path) => {
                let named = files::named_weights(path)?;
                self.network.check(&named.1).map_err(|why| format!("{}: {why}", path.display()))?;
                let place = files::region_for(named.1.network(), &self.region)?;
                (named, place, None)
            }
            None => {
                let network = self.network.chosen()?.0.unwrap_or_default();
                let (region, preset) = files::region(&self.region)?;
                let named = super::shipped::weights(network, &region.window())?;
                let note = Shipped::of(network, &region.window()).note(preset.map(|p| p.key));
                (named, (region, preset), note)
            }
        };
        let (library, series, preset) = self.opened(inputs, place)?;
        let ready = Ready::network(named, processor.device())?;
        Ok(Maker { note, ..self.made(library, series, preset, processor, ready) })
    }

    /// The method that scores best on the region's newest dates.
    fn the_best(&self, inputs: &Inputs, processor: Processor) -> Result<Maker, Box<dyn std::error::Error>> {
        let (library, mut series, preset) = self.opened(inputs, files::region(&self.region)?)?;
        if let Some(why) = too_large(&series.region.window()) {
            let Method::ClosedForm(method) = OTHERWISE else { return Err(why.into()) };
            let made = self.made(library, series, preset, processor, Ready::ClosedForm(method));
            return Ok(Maker { choice: Some(why), ..made });
        }
        let mut ranked =
            super::rank::rank(&library, &mut series, self.reading.rule(), preset, processor.device())?;
        let choice = Some(ranked.ranking.sentence());
        let (ready, note) = match ranked.ranking.best {
            Method::ClosedForm(method) => (Ready::ClosedForm(method), None),
            Method::Network(kind) => {
                let named = ranked.weights.remove(&kind).ok_or("the best network has no weights")?;
                let note = Shipped::of(kind, &series.region.window()).note(preset.map(|p| p.key));
                (Ready::network(named, processor.device())?, note)
            }
        };
        Ok(Maker { choice, note, ..self.made(library, series, preset, processor, ready) })
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
        ready: Ready,
    ) -> Maker {
        let rules = (self.reading.rule(), self.mass_correction);
        Maker::new(library, series, preset, processor, ready, rules)
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

/// Seconds since 1970: of the clock, or those that SOURCE_DATE_EPOCH says, so that a bundle can be made again byte by byte.
fn now() -> Result<i64, String> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("SOURCE_DATE_EPOCH is \"{text}\", which is not a number of seconds")),
        Err(_) => Ok(jiff::Timestamp::now().as_second()),
    }
}

impl Maker {
    /// `rule`: which maps are history; `shift`: each 36 km block to SMAP's mean.
    fn new(
        library: Library,
        series: Series,
        preset: Option<Preset>,
        processor: Processor,
        ready: Ready,
        (rule, shift): (HistoryRule, bool),
    ) -> Self {
        let circumstances = provenance::Circumstances {
            quality: series.quality,
            weights: ready.report(),
            device: device::report(&device::decide(DevicePreference::Cpu, None), None, None),
        };
        Self {
            library,
            series,
            rule,
            preset,
            processor,
            ready,
            choice: None,
            note: None,
            shift,
            circumstances,
        }
    }

    /// What made the map of a bundle, over files and scenes that were found again.
    pub fn of_bundle(
        manifest: &Manifest,
        weights: Option<&[u8]>,
        library: Library,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let settings = &manifest.settings;
        let processor = block_on(Processor::open_cpu());
        let ready = match (manifest.method, weights) {
            (Method::ClosedForm(method), _) => Ready::ClosedForm(method),
            (Method::Network(network), Some(bytes)) => {
                let weights = Weights::of_any_network(bytes)?;
                if weights.network() != network {
                    return Err("the bundle's weights are of another network than its map".into());
                }
                let name = manifest.weights.as_ref().map(|of| of.name.clone()).unwrap_or_default();
                Ready::network((name, weights), processor.device())?
            }
            (Method::Network(_), None) => return Err("the bundle holds no weights".into()),
        };
        let preset = settings.region.as_deref().map(|key| {
            place(key).ok_or_else(|| {
                format!("this Loam knows no region \"{key}\": use the one that made the bundle")
            })
        });
        let preset = preset.transpose()?;
        let mut series = Series::new(Region::new(settings.window)?, settings.quality);
        super::series::load(&mut series, &library)?;
        let rules = (HistoryRule::from(settings), settings.mass_correction);
        Ok(Self::new(library, series, preset, processor, ready, rules))
    }

    /// A map as a bundle; of a season with the maps of all its dates. `besides`: other files by name.
    pub fn bundle(
        &self,
        estimate: &Estimate,
        season: Option<Maps>,
        besides: Vec<(String, Vec<u8>)>,
    ) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let settings = self.settings();
        let bar = super::progress::bar(0, "hashing the input files");
        let between = &mut async |done: u64, total: u64| {
            bar.set_length(total >> 20);
            bar.set_position(done >> 20);
            ControlFlow::Continue(())
        };
        let hashed = block_on(bundle::inputs(&self.library, &settings.window, between))?;
        bar.finish_and_clear();
        let ControlFlow::Continue(inputs) = hashed else { return Err("interrupted".into()) };
        let (estimate, library) = (estimate, &self.library);
        let (circumstances, weights) = (&self.circumstances, self.ready.weights());
        let made = now()?;
        Ok(bundle::write(Contents {
            estimate,
            season,
            settings: &settings,
            circumstances,
            weights,
            library,
            inputs,
            besides,
            made,
        })?)
    }

    /// Region and rules.
    fn settings(&self) -> RegionSettings {
        let HistoryRule { cover, disaggregated } = self.rule;
        RegionSettings {
            window: self.series.region.window(),
            region: self.preset.map(|preset| preset.key.to_owned()),
            quality: self.circumstances.quality,
            history_cover: cover,
            history_disaggregated: disaggregated,
            mass_correction: self.shift,
        }
    }

    /// The map of a date.
    pub fn estimate(&mut self, date: Date) -> Result<Estimate, Box<dyn std::error::Error>> {
        let data = Data { library: &self.library, series: &mut self.series, rule: self.rule };
        let mut estimate =
            self.ready.estimate(data, date, self.shift, self.preset, self.processor.device())?;
        estimate.add_reference_uncertainty(&self.library, &self.series);
        estimate.warnings.extend(self.note.clone());
        if let Some(choice) = self.choice.take() {
            eprintln!("{choice}");
        }
        Ok(estimate)
    }

    /// The map of a date; where the best method was to answer and cannot on this date, as a network without earlier maps, that of the regression.
    pub fn estimate_or_otherwise(&mut self, date: Date) -> Result<Estimate, Box<dyn std::error::Error>> {
        let Some(choice) = self.choice.clone() else { return self.estimate(date) };
        let Method::ClosedForm(otherwise) = OTHERWISE else { return self.estimate(date) };
        let why = match self.estimate(date) {
            Err(why) if self.method() != OTHERWISE => why,
            made => return made,
        };
        let first = self.method().name();
        self.ready = Ready::ClosedForm(otherwise);
        self.circumstances.weights = self.ready.report();
        // What is said of the best method's weights is not of this map.
        self.note = None;
        let words = format!("{first} has no map of {date} ({why}): it is made by {}", OTHERWISE.name());
        self.choice = Some(format!("{choice}\n{words}"));
        let mut estimate = self.estimate(date).map_err(|_| why)?;
        estimate.warnings.push(words);
        Ok(estimate)
    }

    /// What its network saw of a date; `None` for a method or a network whose inputs are not given out.
    pub fn inputs(&mut self, date: Date) -> Result<Option<SeenInputs>, Box<dyn std::error::Error>> {
        let data = Data { library: &self.library, series: &mut self.series, rule: self.rule };
        self.ready.inputs(data, date, self.processor.device())
    }

    /// What it is ready with.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Each 36 km block of an estimate is shifted to SMAP's mean.
    pub fn shifts(&self) -> bool {
        self.shift
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use loam_core::season::dates;
    use loam_nn::Smen;

    use super::super::{series, shipped};
    use super::*;

    /// With SMEN as what answers, over Tucson's scenes; and the first date that SMAP saw, which has no earlier map.
    fn smen(choice: Option<&str>) -> (Maker, Date) {
        let (region, preset) = files::region("tucson").unwrap();
        let library = files::simulated(preset).unwrap();
        let named = shipped::weights(Smen::NETWORK, &region.window()).unwrap();
        let mut days = Series::new(region, Default::default());
        series::load(&mut days, &library).unwrap();
        let first = dates(&days, &(Date::MIN..=Date::MAX))[0];
        let processor = block_on(Processor::open_cpu());
        let ready = Ready::network(named, processor.device()).unwrap();
        let rules = (HistoryRule::default(), false);
        let maker = Maker::new(library, days, preset, processor, ready, rules);
        (Maker { choice: choice.map(str::to_owned), note: Some("of SMEN".into()), ..maker }, first)
    }

    #[test]
    fn a_date_that_the_best_network_cannot_make_is_given_to_the_regression() {
        let (mut maker, first) = smen(Some("SMEN was best"));
        let made = maker.estimate_or_otherwise(first).unwrap();
        assert_eq!((made.method, maker.method()), (OTHERWISE, OTHERWISE));
        assert!(
            made.warnings.iter().any(|text| text.starts_with("SMEN has no map of")),
            "{:?}",
            made.warnings
        );
        assert!(!made.warnings.iter().any(|text| text == "of SMEN"), "{:?}", made.warnings);
    }

    #[test]
    fn a_network_chosen_by_hand_is_not_replaced() {
        let (mut maker, first) = smen(None);
        assert!(maker.estimate_or_otherwise(first).is_err());
    }
}
