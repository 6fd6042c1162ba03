//! `loam rank`: every method on the newest dates of a region, best first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;
use std::path::PathBuf;

use burn::tensor::Device;
use loam_core::network::Network;
use loam_core::ranking::Ranking;
use loam_core::stack::{HistoryRule, Library, Preset, Series};
use loam_nn::ranking::{self, Contestant};
use loam_nn::{AnyNetwork, Data, Hears, Processor, Weights, block_on};

use super::files::{self, Inputs};
use super::reading::Reading;

/// Arguments of `loam rank`.
#[derive(clap::Args)]
pub struct Rank {
    #[command(flatten)]
    inputs: Inputs,
    /// oklahoma-city, tucson, geneva, or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    region: String,
    /// Simulated scenes of a preset region instead of files
    #[arg(long)]
    simulated: bool,
    /// Weights that take part instead of the shipped ones of their network; more than once for several
    #[arg(long)]
    weights: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// As JSON on standard output
    #[arg(long)]
    json: bool,
}

/// A ranking, and the weights of the networks in it.
pub struct Ranked {
    /// The ranking.
    pub ranking: Ranking,
    /// By network, with their names.
    pub weights: BTreeMap<Network, (String, Weights)>,
}

/// Ranks the closed forms and the shipped networks.
pub fn rank(
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    preset: Option<Preset>,
    device: &Device,
) -> Result<Ranked, Box<dyn std::error::Error>> {
    ranked(library, series, rule, preset, device, BTreeMap::new())
}

fn ranked(
    library: &Library,
    series: &mut Series,
    rule: HistoryRule,
    preset: Option<Preset>,
    device: &Device,
    mut weights: BTreeMap<Network, (String, Weights)>,
) -> Result<Ranked, Box<dyn std::error::Error>> {
    for network in Network::ALL.into_iter().filter(|network| network.is_shipped()) {
        if let Entry::Vacant(place) = weights.entry(network) {
            place.insert(super::shipped::weights(network, &series.region.window())?);
        }
    }
    let models = weights.values().map(|(_, weights)| AnyNetwork::load(weights, device));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    let contestants: Vec<Contestant> = models
        .iter()
        .zip(weights.values())
        .map(|(model, (name, weights))| Contestant { model, weights, name })
        .collect();
    let bar = super::progress::bar(1, "comparing methods");
    let mut listener = Hears(async |done: usize, total: usize, _: &str| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        ControlFlow::Continue(())
    });
    let data = Data { library, series, rule };
    let key = preset.map(|preset| preset.key);
    let ranking = block_on(ranking::rank(data, &contestants, device, key, &mut listener))?;
    bar.finish_and_clear();
    Ok(Ranked { ranking, weights })
}

impl Rank {
    /// Ranks and prints.
    pub fn run(self) -> super::Outcome {
        let (region, preset) = files::region(&self.region)?;
        let library = if self.simulated { files::simulated(preset)? } else { self.inputs.library()? };
        let mut series = self.reading.series(&library, region)?;
        let rule = self.reading.rule();
        let processor = block_on(Processor::open_cpu());
        let own = files::weights_by_network(&self.weights)?;
        let Ranked { ranking, .. } = ranked(&library, &mut series, rule, preset, processor.device(), own)?;
        if self.json {
            return super::print_json(&serde_json::json!(ranking));
        }
        say!("{}", ranking.sentence());
        for row in &ranking.rows {
            let gain = row.over_bilinear.map_or_else(String::new, |gain| {
                format!("{:+.4} ({:+.4} to {:+.4}) over bilinear", gain.mean, gain.low, gain.high)
            });
            let flattered = if row.flattered { "; trained on these dates, not chosen" } else { "" };
            say!("  {:<50} {:.4} m3/m3  {gain}{flattered}", row.method.name(), row.urmse);
        }
        for (method, why) in &ranking.left_out {
            say!("  {}: left out: {why}", method.name());
        }
        say!("  {} dates, {} pixels", ranking.dates.len(), ranking.pixels);
        Ok(())
    }
}
