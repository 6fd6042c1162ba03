//! Tables: which cells each has, and what becomes of their results.

use serde::Serialize;

use super::paper::{self, Pair};
use super::{Baselines, Cell, CellResult, Images, Method, Source};
use loam_core::network::Inputs;
use loam_core::score::{DRAW_SEED, DRAWS, Interval, bootstrap_mean};
use loam_core::stack::Preset;

/// Name of the network in tables.
pub(super) const SMEN: &str = "SMEN";
/// The same, each 36 km block shifted to SMAP's mean.
pub(super) const SMEN_SHIFTED: &str = "SMEN, blocks shifted to SMAP's mean";
/// The random forest's.
pub(super) const FOREST: &str = "random forest";

/// An experiment of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Three regions.
    Table1,
    /// Which inputs.
    Table2,
    /// Size of the training set.
    Table3,
    /// Input, estimate, truth side by side.
    Figure2,
}

impl Kind {
    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Table1 => "Table 1: three climates",
            Self::Table2 => "Table 2: which inputs (Tucson)",
            Self::Table3 => "Table 3: size of the training set (Tucson, 10 fixed test images)",
            Self::Figure2 => "Figure 2: input, estimate, truth",
        }
    }
}

/// How to train.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Options {
    /// Passes over the training images.
    pub epochs: usize,
    /// Steps of every training in place of a number of epochs: rows with few images then learn for as long as those with many.
    pub steps: Option<usize>,
    /// Images per step.
    pub batch: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Trained on a GPU.
    pub gpu: bool,
    /// Seeds 0, 1, ... of first weights and order.
    pub seeds: u64,
    /// Keys of the regions wanted; empty for all.
    pub regions: Vec<String>,
    /// Numbers of training images wanted (Table 3); empty for all.
    pub images: Vec<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            epochs: paper::EPOCHS,
            steps: None,
            batch: 1,
            learning_rate: paper::LEARNING_RATE,
            gpu: false,
            seeds: 1,
            regions: Vec::new(),
            images: Vec::new(),
        }
    }
}

impl Options {
    /// Passes over this many training images.
    #[must_use]
    pub fn epochs_of(&self, images: usize) -> usize {
        self.steps.map_or(self.epochs, |steps| steps.div_ceil(images.div_ceil(self.batch.max(1)).max(1)))
    }
}

/// A row before it is filled: one cell for each seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What tells this row from the others.
    pub label: String,
    /// The paper's figures.
    pub paper: Pair,
    /// One for each seed.
    pub cells: Vec<Cell>,
}

impl Kind {
    /// The rows, in the paper's order.
    #[must_use]
    pub fn rows(self, options: &Options, source: &Source) -> Vec<Wanted> {
        let row = |label: String,
                   paper: Pair,
                   region: &str,
                   (train, test): (usize, usize),
                   inputs: Inputs| {
            let images = Images { region: region.to_owned(), train, test, source: source.tag() };
            let Options { batch, learning_rate, seeds, gpu, .. } = *options;
            let epochs = options.epochs_of(train);
            let cells = (0..seeds.max(1))
                .map(|seed| Cell { images: images.clone(), inputs, epochs, batch, learning_rate, seed, gpu })
                .collect();
            Wanted { label, paper, cells }
        };
        let both = Inputs::Spatiotemporal;
        let tucson = paper::TUCSON;
        match self {
            Self::Table1 | Self::Figure2 => paper::TABLE_1
                .into_iter()
                .filter(|r| {
                    options.regions.is_empty() || options.regions.iter().any(|wanted| wanted == r.region)
                })
                .map(|r| {
                    row(
                        Preset::find(r.region).map_or(r.region, |p| p.name).to_owned(),
                        r.urmse,
                        r.region,
                        r.images,
                        both,
                    )
                })
                .collect(),
            Self::Table2 => paper::TABLE_2
                .into_iter()
                .map(|(i, p)| row(i.name().to_owned(), p, tucson.region, tucson.images, i))
                .collect(),
            Self::Table3 => paper::TABLE_3
                .into_iter()
                .filter(|(train, _)| options.images.is_empty() || options.images.contains(train))
                .map(|(train, p)| {
                    row(format!("{train} training images"), p, tucson.region, (train, tucson.images.1), both)
                })
                .collect(),
        }
    }
}

/// Mean and spread over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Least and greatest.
    pub range: (f64, f64),
    /// By seed.
    pub by_seed: Vec<f64>,
}

impl Spread {
    fn of(by_seed: Vec<f64>) -> Self {
        let mean = by_seed.iter().sum::<f64>() / by_seed.len().max(1) as f64;
        let range = by_seed
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        Self { mean, range, by_seed }
    }
}

/// A mean over dates with its 95 % interval, as it is written out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// Mean.
    pub mean: f64,
    /// 2.5 % quantile.
    pub low: f64,
    /// 97.5 % quantile.
    pub high: f64,
}

impl From<Interval> for Range {
    fn from(interval: Interval) -> Self {
        Self { mean: interval.mean, low: interval.low, high: interval.high }
    }
}

/// A method beside SMEN.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodRow {
    /// Its name.
    pub name: String,
    /// Scored on pixels of its own, where it exists.
    pub partial: bool,
    /// Mean uRMSE over the test dates, m3/m3.
    pub urmse: f64,
    /// Its 95 % interval over dates; none below 2 dates.
    pub interval: Option<Range>,
    /// Its uRMSE minus SMEN's on the same dates and pixels: above 0 SMEN is better. None for SMEN.
    pub gain: Option<Range>,
    /// Mean RMSE, m3/m3.
    pub rmse: f64,
    /// Mean bias, m3/m3.
    pub bias: f64,
    /// Mean correlation.
    pub r: Option<f64>,
    /// uRMSE of its 36 km block means against SMAP, m3/m3.
    pub mass: Option<f64>,
    /// Pixels in all.
    pub pixels: usize,
    /// Dates.
    pub dates: usize,
}

/// A filled row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What tells this row from the others.
    pub label: String,
    /// The paper's (train, test) uRMSE, m3/m3.
    pub paper: Pair,
    /// Images asked for, as in the paper.
    pub asked: (usize, usize),
    /// Images found.
    pub found: (usize, usize),
    /// First and last training date, first and last test date.
    pub period: [String; 4],
    /// Made by the simulator.
    pub simulated: bool,
    /// Ours on the training images.
    pub train: Spread,
    /// Ours on the test images.
    pub test: Spread,
    /// SMEN first, then every baseline.
    pub methods: Vec<MethodRow>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// Seconds of training, all seeds.
    pub seconds: f64,
    /// Share of test inputs outside the range of the training inputs: (SMAP, residuals).
    pub outside: (f64, f64),
}

/// A filled table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Which.
    pub kind: Kind,
    /// "SIMULATED scenes ..." or "from ... files".
    pub source: String,
    /// How it was trained.
    pub options: Options,
    /// The device.
    pub device: String,
    /// The rows.
    pub rows: Vec<Row>,
}

/// The dates of several methods, averaged: SMEN over its seeds.
fn averaged(name: &str, methods: &[&Method]) -> Option<Method> {
    let first = methods.first()?;
    let n = methods.len() as f64;
    let mut dates = first.dates.clone();
    for (at, date) in dates.iter_mut().enumerate() {
        let mean = |get: fn(&super::DateScore) -> f64| {
            methods.iter().filter_map(|m| m.dates.get(at)).map(get).sum::<f64>() / n
        };
        date.urmse = mean(|d| d.urmse);
        date.rmse = mean(|d| d.rmse);
        date.bias = mean(|d| d.bias);
        date.r = date.r.map(|_| mean(|d| d.r.unwrap_or(0.0)));
        date.mass = date.mass.map(|_| mean(|d| d.mass.unwrap_or(0.0)));
    }
    Some(Method { name: name.to_owned(), partial: first.partial, dates })
}

/// A method's row; `beside` is SMEN on the same pixels.
pub(super) fn method_row(method: &Method, beside: Option<&Method>) -> MethodRow {
    let mean = |values: Vec<f64>| {
        if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
    };
    let of =
        |get: fn(&super::DateScore) -> f64| mean(method.dates.iter().map(get).collect()).unwrap_or(f64::NAN);
    let urmse: Vec<f64> = method.dates.iter().map(|d| d.urmse).collect();
    let gains: Vec<f64> = beside
        .iter()
        .flat_map(|smen| {
            method
                .dates
                .iter()
                .filter_map(|d| Some(d.urmse - smen.dates.iter().find(|s| s.date == d.date)?.urmse))
        })
        .collect();
    MethodRow {
        name: method.name.clone(),
        partial: method.partial,
        urmse: of(|d| d.urmse),
        interval: bootstrap_mean(&urmse, DRAWS, DRAW_SEED).map(Range::from),
        gain: bootstrap_mean(&gains, DRAWS, DRAW_SEED).map(Range::from),
        rmse: of(|d| d.rmse),
        bias: of(|d| d.bias),
        r: mean(method.dates.iter().filter_map(|d| d.r).collect()),
        mass: mean(method.dates.iter().filter_map(|d| d.mass).collect()),
        pixels: method.dates.iter().map(|d| d.pixels).sum(),
        dates: method.dates.len(),
    }
}

impl Row {
    /// From the results of a row's cells, in order of seeds, and the baselines on its images.
    #[must_use]
    pub fn of(wanted: &Wanted, results: &[CellResult], baselines: &Baselines) -> Self {
        let smen = averaged(SMEN, &results.iter().map(|r| &r.smen).collect::<Vec<_>>());
        let mass = averaged(SMEN_SHIFTED, &results.iter().map(|r| &r.smen_mass).collect::<Vec<_>>());
        let there = averaged(
            "SMEN where the disaggregation exists",
            &results.iter().filter_map(|r| r.smen_there.as_ref()).collect::<Vec<_>>(),
        );
        let mut methods: Vec<MethodRow> = smen.iter().map(|m| method_row(m, None)).collect();
        methods.extend(mass.iter().map(|m| method_row(m, None)));
        methods.extend(baselines.methods.iter().filter(|m| !m.partial).map(|m| method_row(m, smen.as_ref())));
        let partial: Vec<MethodRow> =
            baselines.methods.iter().filter(|m| m.partial).map(|m| method_row(m, there.as_ref())).collect();
        if !partial.is_empty() {
            methods.extend(there.iter().map(|m| method_row(m, None)));
            methods.extend(partial);
        }
        let mean_over_dates = |method: &Method| {
            method.dates.iter().map(|d| d.urmse).sum::<f64>() / method.dates.len().max(1) as f64
        };
        let images = wanted.cells.first().map_or((0, 0), |c| (c.images.train, c.images.test));
        let ends = |dates: &[jiff::civil::Date]| {
            let text = |date: Option<&jiff::civil::Date>| date.map_or_else(String::new, ToString::to_string);
            [text(dates.first()), text(dates.last())]
        };
        let ([a, b], [c, d]) = (ends(&baselines.train), ends(&baselines.test));
        let n = results.len().max(1) as f64;
        let outside = results.iter().fold((0.0, 0.0), |(i, d), r| (i + r.outside.0 / n, d + r.outside.1 / n));
        Self {
            label: wanted.label.clone(),
            paper: wanted.paper,
            asked: images,
            found: (baselines.train.len(), baselines.test.len()),
            period: [a, b, c, d],
            simulated: baselines.simulated,
            train: Spread::of(results.iter().map(|r| r.train_urmse).collect()),
            test: Spread::of(results.iter().map(|r| mean_over_dates(&r.smen)).collect()),
            methods,
            notes: baselines.notes.clone(),
            seconds: results.iter().map(|r| r.seconds).sum(),
            outside,
        }
    }

    /// Baselines that SMEN does not beat: the 95 % interval of the paired difference is not above zero.
    pub fn not_beaten(&self) -> impl Iterator<Item = &MethodRow> {
        self.methods.iter().filter(|m| m.gain.is_some_and(|g| g.low <= 0.0))
    }
}
