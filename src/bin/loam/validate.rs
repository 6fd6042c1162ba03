//! `loam validate`: estimates on many dates against stations in the ground, as one report.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ground_stations::evaluation::{Comparison, triple_at};
use ground_stations::matching::{Matched, Matcher, Rules};
use ground_stations::{Sensor, Stations};
use jiff::civil::Date;
use loam::validation::{self, About, BEST, Layers, Notes, Outcome};
use loam_core::closed_form::ClosedForm;
use loam_core::estimate::Estimate;
use loam_core::map::Coastline;
use loam_core::method::Method;
use loam_core::network::Network;
use loam_core::simulate::{DEMO_SEED, Scene};
use loam_core::stack::{HistoryRule, Library, Preset, Region, Series};
use loam_nn::{Data, Processor, Weights, block_on};
use serde_json::{Value, json};

use super::files::{self, Inputs};
use super::reading::{Period, Reading};
use super::ready::Ready;

/// Arguments of `loam validate`.
#[derive(clap::Args)]
pub struct Validate {
    #[command(flatten)]
    inputs: Inputs,
    /// Stations: ISMN archives as they come (zip, of either form), folders of them, single .stm files
    #[arg(long, num_args = 1.., value_name = "PATH")]
    stations: Vec<PathBuf>,
    /// A logger's own table: JSON as docs/guide/ground.md shows, naming the file and what it cannot say (place, depth, unit, UTC offset). Repeatable
    #[arg(long, value_name = "JSON")]
    logger: Vec<PathBuf>,
    /// oklahoma-city, tucson, geneva, or LON,LAT[,COLS,ROWS] [default: regions of 100 x 100 cells around the stations]
    #[arg(long, allow_hyphen_values = true)]
    region: Option<String>,
    /// Methods whose estimates are compared, beside SMAP as it is, bilinear SMAP and the 3 km product: auto (the best on the region's own
    /// newest dates), smen, rcn, regression, bicubic, persistence, history-mean, ...
    #[arg(long, value_delimiter = ',', default_value = "auto")]
    methods: Vec<String>,
    /// Weights instead of the shipped ones of their network; more than once for several
    #[arg(long)]
    weights: Vec<PathBuf>,
    /// Depths of the sensors that count, metres: from the surface to 0.05 is what SMAP sees
    #[arg(long, default_value = "0-0.05", value_parser = depth)]
    depth: (f64, f64),
    #[command(flatten)]
    period: Period,
    /// Simulated scenes of a preset region instead of files; without --stations also simulated stations, whose errors are known
    #[arg(long)]
    simulated: bool,
    #[command(flatten)]
    reading: Reading,
    /// The report: one HTML file
    #[arg(long)]
    out: PathBuf,
    /// Also write every pair as CSV. Station values stay subject to their providers' terms
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Also write every pair as NetCDF-4, in the form that QA4SM takes as data of one's own; station values stay subject to those terms
    #[arg(long)]
    netcdf: Option<PathBuf>,
    /// Scores as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// `0-0.05`.
fn depth(text: &str) -> Result<(f64, f64), String> {
    let wrong = || format!("\"{text}\" are no depths: write them in metres, as 0-0.05");
    let (upper, lower) = text.split_once('-').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| (0.0..=10.0).contains(v));
    let (upper, lower) = (number(upper).ok_or_else(wrong)?, number(lower).ok_or_else(wrong)?);
    if upper <= lower { Ok((upper, lower)) } else { Err(wrong()) }
}

/// A method as asked for.
#[derive(Clone, Copy)]
enum Wanted {
    /// The best on the region's own newest dates.
    Auto,
    Of(Method),
}

impl Wanted {
    fn parse(key: &str) -> Result<Self, String> {
        if key == "auto" {
            return Ok(Self::Auto);
        }
        let found = Method::find(key.trim()).filter(|method| method.output() == Method::default().output());
        let keys = || Method::all().map(Method::key).collect::<Vec<_>>().join(", ");
        found.map(Self::Of).ok_or_else(|| {
            format!("there is no method \"{key}\" that makes soil moisture; there are: auto, {}", keys())
        })
    }

    fn name(self) -> String {
        match self {
            Self::Auto => BEST.to_owned(),
            Self::Of(method) => method.name().to_owned(),
        }
    }
}

/// What a logger's JSON names.
#[derive(serde::Deserialize)]
struct LoggerFile {
    file: PathBuf,
    #[serde(flatten)]
    place: ground_stations::logger::LoggerPlace,
}

impl Validate {
    /// Predicts, matches, scores and writes.
    pub fn run(self) -> super::Outcome {
        let mut wanted = self.methods.iter().map(|key| Wanted::parse(key)).collect::<Result<Vec<_>, _>>()?;
        // Bilinear SMAP is there anyway.
        wanted.retain(|method| !matches!(method, Wanted::Of(Method::ClosedForm(ClosedForm::Bilinear))));
        let period = self.period.range()?;
        let own = files::weights_by_network(&self.weights)?;
        let asked = self.region.as_deref().map(files::region).transpose()?;
        let (library, stations) = self.sources(asked)?;
        let rules = Rules { depth: self.depth, ..Rules::default() };
        let layers = Layers::new(wanted.iter().map(|method| method.name()).collect());
        let mut matcher = Matcher::new(&stations, rules.clone(), layers.all());
        let regions = match asked {
            Some((region, preset)) => vec![(region, preset)],
            None => self.regions(&matcher)?,
        };
        let mut run = Run {
            library: &library,
            rule: self.reading.rule(),
            processor: block_on(Processor::open_cpu()),
            own,
            wanted,
            notes: Notes::default(),
            dates: validation::dates(&stations, &rules, &period),
        };
        for (region, preset) in &regions {
            let mut series = self.reading.series(&library, *region)?;
            run.region(&mut matcher, &mut series, *preset)?;
        }
        for (why, count) in &run.notes.failures {
            eprintln!("note: on {count} dates: {why}");
        }
        let matched = matcher.finish();
        if matched.dates == 0 {
            return Err("no date has both SMAP files and the stations' records: check the dates of the files with `loam inspect`".into());
        }
        self.write(run, matched, &stations, &regions)
    }

    /// Maps and stations.
    fn sources(
        &self,
        asked: Option<(Region, Option<Preset>)>,
    ) -> Result<(Library, Stations), Box<dyn std::error::Error>> {
        let mut stations = Stations::default();
        for path in &self.stations {
            stations.extend(super::stations::read(path)?);
        }
        for path in &self.logger {
            let text =
                std::fs::read(path).map_err(|e| format!("{}: cannot be read ({e})", path.display()))?;
            let logger: LoggerFile =
                serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
            // Beside the JSON, where it is no path of its own.
            let table = path.parent().map_or_else(|| logger.file.clone(), |folder| folder.join(&logger.file));
            stations.extend(super::stations::read_logger(&table, &logger.place)?);
        }
        for file in &stations.left_out {
            eprintln!("left out: {}: {}", file.file, file.why);
        }
        for problem in stations.sensors.iter().flat_map(Sensor::problems) {
            eprintln!("note: {problem}");
        }
        let named = !self.stations.is_empty() || !self.logger.is_empty();
        if named && stations.sensors.is_empty() {
            return Err("no station could be read".into());
        }
        if !self.simulated {
            if !named {
                return Err("no stations were given: name an ISMN archive with --stations, or a logger's table with --logger".into());
            }
            return Ok((self.inputs.library()?, stations));
        }
        let preset = asked.and_then(|(_, preset)| preset);
        if named {
            return Ok((files::simulated(preset)?, stations));
        }
        let preset =
            preset.ok_or_else(|| format!("simulated scenes exist for {} only: --region", files::keys()))?;
        // All of it, whichever dates are compared: earlier ones are history, and maps are disaggregated by what all dates say.
        let scene = Scene::preset(preset.key, DEMO_SEED)
            .ok_or_else(|| format!("there is no scene of {}", preset.name))?;
        let bar = super::progress::bar(scene.len() as u64, "simulating");
        let made = validation::network_over(scene, preset.name, || bar.inc(1));
        bar.finish_and_clear();
        Ok(made)
    }

    fn regions(&self, matcher: &Matcher<'_>) -> Result<Vec<(Region, Option<Preset>)>, String> {
        let places: Vec<(f64, f64)> = matcher.places().collect();
        let (regions, refused) = validation::regions_around(&places);
        for ((longitude, latitude), why) in refused {
            eprintln!("left out: the station at {longitude} E {latitude} N: {why}");
        }
        if regions.is_empty() {
            return Err(format!(
                "none of the stations has a sensor of soil moisture between {} and {} m: ask for other depths with --depth",
                self.depth.0, self.depth.1
            ));
        }
        Ok(regions.into_iter().map(|region| (region, None)).collect())
    }

    fn write(
        &self,
        run: Run<'_>,
        matched: Matched,
        stations: &Stations,
        regions: &[(Region, Option<Preset>)],
    ) -> super::Outcome {
        let comparisons = validation::compare(&matched);
        let archives = self.stations.iter().chain(&self.logger).map(|path| path.display().to_string());
        let regions: Vec<Region> = regions.iter().map(|(region, _)| *region).collect();
        let about = About {
            made: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
            stations: archives.collect(),
            regions: &regions,
            device: "CPU".to_owned(),
            maps: run.library.iter().map(|entry| entry.name.clone()).collect(),
        };
        let about = validation::about(&about, &run.notes);
        let coastline = Coastline::parse(COASTLINE).map_err(|e| e.to_string())?;
        let coastline = validation::coastline(&coastline, &matched);
        let outcome = Outcome { matched, comparisons, notes: run.notes, about, coastline };
        files::write(&self.out, outcome.report(stations).html())?;
        if let Some(path) = &self.csv {
            files::write(path, outcome.csv(stations))?;
        }
        if let Some(path) = &self.netcdf {
            files::write(path, outcome.netcdf(stations).map_err(|e| e.to_string())?)?;
        }
        if self.json {
            return super::print_json(&self.summary(&outcome, stations));
        }
        self.print(&outcome.matched, &outcome.comparisons);
        Ok(())
    }

    fn summary(&self, outcome: &Outcome, stations: &Stations) -> Value {
        let Outcome { matched, comparisons, notes, .. } = outcome;
        let name = |n: &usize| matched.layers.get(*n).map_or("", |layer| layer.name.as_str());
        let compared = |comparison: &Comparison| {
            let layers = comparison.layers.iter().enumerate().map(|(place, n)| {
                let cells = comparison.cells.iter().zip(&matched.cells).map(|(cell, of)| {
                    json!({
                        "column": of.cell.0,
                        "row": of.cell.1,
                        "stations": of.stations.iter().filter_map(|s| matched.stations.get(*s)).map(|s| format!("{}/{}", s.network, s.name)).collect::<Vec<_>>(),
                        "n_obs": cell.n_obs,
                        "scores": cell.scores.get(place),
                    })
                });
                json!({ "map": name(n), "median_over_cells": comparison.summary(place), "cells": cells.collect::<Vec<_>>() })
            });
            json!({
                "footprint": comparison.footprint,
                "pairs": comparison.pairs,
                "not_on_every_map": comparison.not_on_every_map,
                "dates_with_spatial_scores": comparison.dates.len(),
                "maps": layers.collect::<Vec<_>>(),
            })
        };
        let station = |s: &ground_stations::matching::StationMatch| {
            json!({
                "network": s.network, "station": s.name, "lat": s.latitude, "lon": s.longitude,
                "sensors": s.sensors, "pairs": s.pairs.len(), "status": s.status.words(), "excluded": s.excluded,
            })
        };
        let triple = matched.cells.first().map(|cell| match triple_at(matched, cell, (1, 2)) {
            Ok(found) => json!(found),
            Err(why) => json!({ "refused": why.to_string() }),
        });
        json!({
            "out": self.out,
            "simulated": { "maps": notes.simulated, "stations": stations.simulated() },
            "rules": matched.rules,
            "dates": matched.dates,
            "pairs": matched.pairs(),
            "excluded": matched.excluded(),
            "sensors_that_0_to_0.10_m_would_add": matched.deeper_sensors,
            "methods": notes.used,
            "stations": matched.stations.iter().map(station).collect::<Vec<_>>(),
            "left_out": stations.left_out,
            "comparisons": comparisons.iter().map(compared).collect::<Vec<_>>(),
            "triple_collocation": triple,
        })
    }

    fn print(&self, matched: &Matched, comparisons: &[Comparison]) {
        say!("{}", self.out.display());
        say!(
            "  {} stations, {} cells with pairs, {} dates, {} pairs",
            matched.stations.len(),
            matched.cells.len(),
            matched.dates,
            matched.pairs()
        );
        for (why, count) in matched.excluded() {
            say!("  without a pair: {}: {count}", why.words());
        }
        for comparison in comparisons {
            say!("  {}, {} pairs, medians over cells:", comparison.footprint.words(), comparison.pairs);
            for (place, n) in comparison.layers.iter().enumerate() {
                let name = matched.layers.get(*n).map_or("", |layer| layer.name.as_str());
                let Some(s) = comparison.summary(place) else {
                    say!("    {name:<40} too few pairs");
                    continue;
                };
                let median = |q: Option<ground_stations::scores::Quartiles>| q.map_or(f64::NAN, |q| q.median);
                say!(
                    "    {name:<40} R {:.2}  RMSD {:.4}  BIAS {:+.4}  ubRMSD {:.4} m3/m3",
                    median(s.r),
                    median(s.rmsd),
                    median(s.bias),
                    median(s.urmsd)
                );
            }
        }
    }
}

const COASTLINE: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/public/coastline.bin"));

/// What predicts.
struct Run<'a> {
    library: &'a Library,
    rule: HistoryRule,
    processor: Processor,
    own: BTreeMap<Network, (String, Weights)>,
    wanted: Vec<Wanted>,
    notes: Notes,
    dates: RangeInclusive<Date>,
}

impl Run<'_> {
    /// Predicts a region on all dates of the stations and matches them.
    fn region(
        &mut self,
        matcher: &mut Matcher<'_>,
        series: &mut Series,
        preset: Option<Preset>,
    ) -> super::Outcome {
        let ready = self.ready(series, preset)?;
        let dates = loam_core::season::dates(series, &self.dates);
        let bar = super::progress::bar(dates.len() as u64, "predicting");
        for date in dates {
            bar.inc(1);
            let bilinear = match ClosedForm::Bilinear.estimate(self.library, series, date, self.rule) {
                Ok(estimate) => estimate,
                Err(why) => {
                    self.notes.failed(ClosedForm::Bilinear.into(), &why.to_string(), date);
                    continue;
                }
            };
            self.notes.simulated |= bilinear.simulated;
            let mut estimates = Vec::with_capacity(ready.len());
            for method in &ready {
                estimates.push(self.estimate(method, series, date, preset));
            }
            validation::add_day(matcher, &bilinear, &estimates);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn ready(
        &mut self,
        series: &mut Series,
        preset: Option<Preset>,
    ) -> Result<Vec<Ready>, Box<dyn std::error::Error>> {
        let mut ready = Vec::with_capacity(self.wanted.len());
        for wanted in self.wanted.clone() {
            let method = match wanted {
                Wanted::Of(method) => method,
                Wanted::Auto => {
                    let ranked =
                        super::rank::rank(self.library, series, self.rule, preset, self.processor.device())?;
                    eprintln!("{}", ranked.ranking.sentence());
                    ranked.ranking.best
                }
            };
            let one = match method {
                Method::ClosedForm(form) => Ready::ClosedForm(form),
                Method::Network(network) => {
                    let named = match self.own.get(&network) {
                        Some(named) => named.clone(),
                        None => super::shipped::weights(network, &series.region.window())?,
                    };
                    Ready::network(named, self.processor.device())?
                }
            };
            self.notes.used(&wanted.name(), &one.report());
            ready.push(one);
        }
        Ok(ready)
    }

    /// The estimate of a date; none where the method has none there, which is counted.
    fn estimate(
        &mut self,
        method: &Ready,
        series: &mut Series,
        date: Date,
        preset: Option<Preset>,
    ) -> Option<Estimate> {
        let data = Data { library: self.library, series, rule: self.rule };
        match method.estimate(data, date, false, preset, self.processor.device()) {
            Ok(estimate) => {
                self.notes.made(&estimate);
                Some(estimate)
            }
            Err(why) => {
                self.notes.failed(method.report().method(), &why.to_string(), date);
                None
            }
        }
    }
}
