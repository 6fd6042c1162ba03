//! From pairs to tables: every map side by side on the same pairs.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::matching::{CellMatch, Footprint, Matched, Pair, StationMatch};
use crate::scores::{
    ANOMALY_DAYS, Lineage, Pairwise, Quartiles, Season, Triple, TripleRefusal, anomalies, correlation,
    pairwise, pairwise_values, triple_collocation,
};

/// Scores of some layers on the pairs that all of them have.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Which layers, as numbers in [`Matched::layers`].
    pub layers: Vec<usize>,
    /// Which cells stand for a station.
    pub footprint: Footprint,
    /// Of each cell with a station, in the order of [`Matched::cells`].
    pub cells: Vec<CellScores>,
    /// Pairs of all cells that every layer has.
    pub pairs: usize,
    /// Pairs left out because a layer has no value there.
    pub not_on_every_map: usize,
    /// Of each layer and season: medians over cells.
    pub seasons: Vec<(Season, Vec<Option<Summary>>)>,
    /// Scores over space, of dates with enough cells.
    pub dates: Vec<DateScores>,
}

/// Scores over time at a cell.
#[derive(Debug, Clone)]
pub struct CellScores {
    /// Pairs that every layer has.
    pub n_obs: usize,
    /// Of each layer, in order; empty below [`crate::matching::Rules::fewest_pairs`].
    pub scores: Vec<LayerScores>,
}

/// Scores of one layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerScores {
    /// Against the ground.
    #[serde(flatten)]
    pub scores: Pairwise,
    /// Correlation of the anomalies: 35-day moving mean taken out of both, on these pairs.
    #[serde(rename = "anomaly_R")]
    pub anomaly_r: Option<f64>,
}

/// Scores over the cells of a date.
#[derive(Debug, Clone)]
pub struct DateScores {
    /// The date.
    pub date: Date,
    /// Of each layer.
    pub scores: Vec<Pairwise>,
}

/// Medians and quartiles of scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Pearson's R.
    #[serde(rename = "R")]
    pub r: Option<Quartiles>,
    /// Spearman's rho.
    pub rho: Option<Quartiles>,
    /// R of the anomalies.
    #[serde(rename = "anomaly_R")]
    pub anomaly_r: Option<Quartiles>,
    /// RMSD, m3/m3.
    #[serde(rename = "RMSD")]
    pub rmsd: Option<Quartiles>,
    /// Map minus ground, m3/m3.
    #[serde(rename = "BIAS")]
    pub bias: Option<Quartiles>,
    /// ubRMSD, m3/m3.
    pub urmsd: Option<Quartiles>,
}

impl Summary {
    /// Of many scores of one layer; `None` where there is none.
    #[must_use]
    pub fn of<'a>(scores: impl Iterator<Item = &'a LayerScores> + Clone) -> Option<Self> {
        scores.clone().next()?;
        let quartiles = |of: fn(&LayerScores) -> f64| Quartiles::of(scores.clone().map(of));
        Some(Self {
            r: quartiles(|s| s.scores.r.value),
            rho: quartiles(|s| s.scores.rho.value),
            anomaly_r: quartiles(|s| s.anomaly_r.unwrap_or(f64::NAN)),
            rmsd: quartiles(|s| s.scores.rmsd.value),
            bias: quartiles(|s| s.scores.bias.value),
            urmsd: quartiles(|s| s.scores.urmsd.value),
        })
    }
}

/// Pairs that every one of the layers has.
fn common<'a>(pairs: &'a [Pair], layers: &[usize], footprint: Footprint) -> Vec<&'a Pair> {
    let has = |pair: &&Pair| {
        layers.iter().all(|n| pair.values(footprint).get(*n).is_some_and(|value| value.is_finite()))
    };
    pairs.iter().filter(has).collect()
}

/// How two series are scored.
type Scoring = fn(&[f64], &[f64]) -> Option<Pairwise>;

fn scored(pairs: &[&Pair], layer: usize, footprint: Footprint, scoring: Scoring) -> Option<LayerScores> {
    let x = values(pairs, layer, footprint);
    let y = ground(pairs);
    let minutes: Vec<i32> = pairs.iter().map(|pair| pair.minutes).collect();
    let scores = scoring(&x, &y)?;
    let of = |values: &[f64]| anomalies(&minutes, values, ANOMALY_DAYS);
    let anomaly_r = Some(correlation(&of(&x), &of(&y)));
    Some(LayerScores { scores, anomaly_r: anomaly_r.filter(|r| r.is_finite()) })
}

fn ground(pairs: &[&Pair]) -> Vec<f64> {
    pairs.iter().map(|pair| pair.station).collect()
}

fn values(pairs: &[&Pair], layer: usize, footprint: Footprint) -> Vec<f64> {
    let value = |pair: &&Pair| pair.values(footprint).get(layer).copied().map_or(f64::NAN, f64::from);
    pairs.iter().map(value).collect()
}

/// A [`Comparison`] in the making, a cell at a time, so that whoever drives it can let others work in between.
pub struct Comparing<'a> {
    matched: &'a Matched,
    by_season: BTreeMap<Season, Vec<Vec<LayerScores>>>,
    by_date: BTreeMap<Date, Vec<&'a Pair>>,
    made: Comparison,
}

impl<'a> Comparing<'a> {
    /// Of these layers on the pairs that all have.
    #[must_use]
    pub fn new(matched: &'a Matched, layers: &[usize], footprint: Footprint) -> Self {
        let made = Comparison {
            layers: layers.to_vec(),
            footprint,
            cells: Vec::with_capacity(matched.cells.len()),
            pairs: 0,
            not_on_every_map: 0,
            seasons: Vec::new(),
            dates: Vec::new(),
        };
        Self { matched, by_season: BTreeMap::new(), by_date: BTreeMap::new(), made }
    }

    /// Scores the next cell; false once all are.
    pub fn step(&mut self) -> bool {
        let Some(cell) = self.matched.cells.get(self.made.cells.len()) else { return false };
        let (layers, footprint) = (&self.made.layers, self.made.footprint);
        let common = common(&cell.pairs, layers, footprint);
        let fewest = self.matched.rules.fewest_pairs;
        let score = |pairs: &[&Pair], scoring: Scoring| -> Vec<LayerScores> {
            if pairs.len() < fewest {
                return Vec::new();
            }
            layers.iter().filter_map(|layer| scored(pairs, *layer, footprint, scoring)).collect()
        };
        for season in Season::ALL {
            let of_season: Vec<&Pair> =
                common.iter().copied().filter(|pair| Season::of(pair.date) == season).collect();
            let scores = score(&of_season, pairwise_values);
            if scores.len() == layers.len() {
                self.by_season.entry(season).or_default().push(scores);
            }
        }
        let scores = CellScores { n_obs: common.len(), scores: score(&common, pairwise) };
        self.made.pairs += common.len();
        self.made.not_on_every_map += cell.pairs.len() - common.len();
        self.made.cells.push(scores);
        for pair in common {
            self.by_date.entry(pair.date).or_default().push(pair);
        }
        true
    }

    /// The comparison of the cells scored so far.
    #[must_use]
    pub fn finish(self) -> Comparison {
        let Self { matched, by_season, by_date, mut made } = self;
        let count = made.layers.len();
        let seasons = by_season.into_iter().map(|(season, cells)| {
            let of = |n| Summary::of(cells.iter().filter_map(move |scores| scores.get(n)));
            (season, (0..count).map(of).collect())
        });
        made.seasons = seasons.collect();
        let spatial = |(date, pairs): (Date, Vec<&Pair>)| {
            let y = ground(&pairs);
            let of = |layer: &usize| pairwise_values(&values(&pairs, *layer, made.footprint), &y);
            let scores: Vec<Pairwise> = made.layers.iter().filter_map(of).collect();
            (pairs.len() >= matched.rules.fewest_cells && scores.len() == count)
                .then_some(DateScores { date, scores })
        };
        made.dates = by_date.into_iter().filter_map(spatial).collect();
        made
    }
}

impl Comparison {
    /// Of these layers on the pairs that all have, without pause.
    #[must_use]
    pub fn of(matched: &Matched, layers: &[usize], footprint: Footprint) -> Self {
        let mut comparing = Comparing::new(matched, layers, footprint);
        while comparing.step() {}
        comparing.finish()
    }

    /// Medians of a layer (its place in [`Comparison::layers`]) over all cells with enough pairs.
    #[must_use]
    pub fn summary(&self, layer: usize) -> Option<Summary> {
        Summary::of(self.cells.iter().filter_map(|cell| cell.scores.get(layer)))
    }

    /// Medians of each layer by a word that cells have: network, land cover, climate. Cells without the word are left out.
    #[must_use]
    pub fn by<'m>(
        &self,
        matched: &'m Matched,
        word: impl Fn(&'m StationMatch) -> Option<&'m str>,
    ) -> BTreeMap<&'m str, Vec<Option<Summary>>> {
        let mut groups: BTreeMap<&str, Vec<&CellScores>> = BTreeMap::new();
        for (cell, scores) in matched.cells.iter().zip(&self.cells) {
            let first = cell.stations.first().and_then(|place| matched.stations.get(*place));
            if let (Some(word), false) = (first.and_then(&word), scores.scores.is_empty()) {
                groups.entry(word).or_default().push(scores);
            }
        }
        let of = |cells: Vec<&CellScores>| {
            let of = |n| Summary::of(cells.iter().filter_map(move |cell| cell.scores.get(n)));
            (0..self.layers.len()).map(of).collect()
        };
        groups.into_iter().map(|(word, cells)| (word, of(cells))).collect()
    }

    /// All pairs of a layer: ground, map.
    #[must_use]
    pub fn points(&self, matched: &Matched, layer: usize) -> Vec<(f64, f64)> {
        let Some(number) = self.layers.get(layer) else { return Vec::new() };
        let mut points = Vec::with_capacity(self.pairs);
        for cell in &matched.cells {
            for pair in common(&cell.pairs, &self.layers, self.footprint) {
                let value = pair.values(self.footprint).get(*number).copied();
                points.extend(value.map(|value| (pair.station, f64::from(value))));
            }
        }
        points
    }
}

/// Which layers are compared on which pairs: those of every date first; where there is a sparse one (a 3 km product), all of them on its dates.
/// A layer without a value at any pair would leave no pair: it takes no part ([`without_values`]).
#[must_use]
pub fn groups(matched: &Matched) -> Vec<Vec<usize>> {
    let none = without_values(matched);
    let all: Vec<usize> = (0..matched.layers.len()).filter(|n| !none.contains(n)).collect();
    let sparse = |n: &usize| matched.layers.get(*n).is_some_and(|layer| layer.sparse);
    let dense: Vec<usize> = all.iter().copied().filter(|n| !sparse(n)).collect();
    match (dense.len() == all.len(), dense.is_empty()) {
        (true, _) | (_, true) => vec![all],
        _ => vec![dense, all],
    }
}

/// Layers that have no value at any pair.
#[must_use]
pub fn without_values(matched: &Matched) -> Vec<usize> {
    let pairs = || matched.cells.iter().flat_map(|cell| &cell.pairs);
    let has = |n: usize| pairs().any(|pair| pair.cell.get(n).is_some_and(|value| value.is_finite()));
    (0..matched.layers.len()).filter(|n| !has(*n)).collect()
}

/// Triple collocation of the ground and two layers at a cell, on the pairs that both have.
///
/// # Errors
/// [`TripleRefusal`], for layers that share their errors above all.
pub fn triple_at(
    matched: &Matched,
    cell: &CellMatch,
    layers: (usize, usize),
) -> Result<Triple, TripleRefusal> {
    let footprint = Footprint::Cell;
    let common = common(&cell.pairs, &[layers.0, layers.1], footprint);
    let (first, second) = (values(&common, layers.0, footprint), values(&common, layers.1, footprint));
    let unknown = Lineage::Other("an unknown source".to_owned());
    let about = |layer: usize| {
        matched.layers.get(layer).map_or(("", &unknown), |layer| (layer.name.as_str(), &layer.lineage))
    };
    let ((name_1, of_1), (name_2, of_2)) = (about(layers.0), about(layers.1));
    triple_collocation([
        ("stations", &Lineage::InSitu, &ground(&common)),
        (name_1, of_1, &first),
        (name_2, of_2, &second),
    ])
}
