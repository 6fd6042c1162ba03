//! `loam season`: the maps of all dates of a period, by the same code as `loam predict`, as a cube or a folder of GeoTIFFs.
//!
//! Dates that are done are kept in a file beside the output; a command that was interrupted resumes after them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use ease_grid::{EaseWindow, Raster, Reason};
use jiff::civil::Date;
use loam::session::bundle::Maps as BundleMaps;
use loam::session::provenance;
use loam_core::estimate::Estimate;
use loam_core::export::{self, Provenance};
use loam_core::output::Output;
use loam_core::season::{Layers, Season as Maps, SeasonDay, dates, in_common, sidecar};
use loam_core::stack::Content;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::dask::Dask;
use super::files::{self, Inputs};
use super::maker::{Maker, Making};
use super::predict::lettered;
use super::reading::Period;

/// Bytes at each end of an input file that its recognition rests on.
const ENDS: u64 = 64 << 10;

/// Bytes of a bundle's maps at most. They are held in memory, and the archive's format ends at 4 GB.
const LARGEST_BUNDLE: u64 = 3 << 30;

/// Arguments of `loam season`.
#[derive(clap::Args)]
pub struct Season {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    making: Making,
    #[command(flatten)]
    period: Period,
    /// NetCDF file (.nc) with all dates and the layers of the season, or a folder for a GeoTIFF a date and a layer
    #[arg(long, value_name = "FILE.nc|FOLDER")]
    out: PathBuf,
    /// Also write a folder that makes the same maps with xarray, Dask and ONNX Runtime, on this machine or a cluster: the network as ONNX, what it
    /// sees of each date, and run_season.py (SMEN and RCN)
    #[arg(long, value_name = "FOLDER")]
    dask: Option<PathBuf>,
    /// Also write a bundle: one zip with the maps of all dates and all that `loam reproduce` takes to make them again, but the input files, which it
    /// names; with --dask also what that folder holds. All dates are made in one run
    #[arg(long, value_name = "FILE.zip")]
    bundle: Option<PathBuf>,
    /// Also write a STAC item (.json) beside each date's GeoTIFF
    #[arg(long)]
    stac: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// A quantity of the maps: its output, its dates so far, the file that keeps them.
struct Kept {
    output: Output,
    window: EaseWindow,
    path: PathBuf,
    file: std::fs::File,
    days: BTreeMap<Date, SeasonDay>,
}

impl Season {
    /// Makes the maps.
    pub fn run(self) -> super::Outcome {
        let begun = Instant::now();
        let period = self.period.range()?;
        let mut maker = self.making.maker(&self.inputs)?;
        let cube = self.cube();
        if !cube {
            std::fs::create_dir_all(&self.out).map_err(|e| files::cannot_write(&self.out, e))?;
        }
        let dates = dates(&maker.series, &period);
        let Some(last) = dates.last().copied() else {
            return Err(
                "no date of this period has a SMAP overpass over the region: name more files, or other dates"
                    .into(),
            );
        };
        let dask = self.dask.as_deref().map(|folder| Dask::begin(folder, &maker)).transpose()?;
        let key = self.key(&maker)?;
        let mut kept = self.kept(&maker, &key)?;
        let done = |kept: &[Kept], date: Date| {
            let there = |kept: &Kept| {
                kept.days.contains_key(&date)
                    && (cube || self.tiff(date, kept.output).is_file())
                    && dask.as_ref().is_none_or(|dask| dask.holds(date))
            };
            kept.iter().all(there)
        };
        let (mut resumed, mut failures, mut newest) = (0, Vec::new(), None);
        let mut bundled = self.bundle.is_some().then(BundleMaps::default);
        let bar = super::progress::bar(dates.len() as u64, "predicting");
        for date in &dates {
            // The last one is made all the same: what the maps have in common is known from it.
            if done(&kept, *date) && *date != last && bundled.is_none() {
                resumed += 1;
            } else {
                match maker.estimate(*date) {
                    Ok(estimate) => {
                        self.keep(&estimate, &maker, &mut kept)?;
                        if let (Some(dask), Some(channel)) = (&dask, estimate.channels.first()) {
                            let facts = provenance::of(&estimate, 0, maker.circumstances());
                            dask.keep(&mut maker, &SeasonDay::of(&estimate, channel), &facts)?;
                        }
                        if let Some(maps) = &mut bundled {
                            maps.add(&estimate, maker.circumstances(), true)?;
                            if maps.bytes() > LARGEST_BUNDLE {
                                return Err(too_large(*date));
                            }
                        }
                        newest = Some(estimate);
                    }
                    Err(why) => failures.push((*date, why.to_string())),
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        let Some(newest) = newest.or_else(|| {
            let latest = kept.first()?.days.range(period.clone()).next_back().map(|(date, _)| *date)?;
            maker.estimate(latest).ok()
        }) else {
            let why = failures.first().map_or_else(String::new, |(date, why)| format!(" ({date}: {why})"));
            return Err(format!("none of the {} dates could be predicted{why}", dates.len()).into());
        };
        let mut written = Vec::new();
        for (n, kept) in kept.into_iter().enumerate() {
            let within = |(date, day)| period.contains(&date).then_some(day);
            let days: Vec<SeasonDay> = kept.days.into_iter().filter_map(within).collect();
            let inputs = days.iter().flat_map(|day| day.files.iter().cloned()).collect();
            let simulated = days.iter().any(|day| day.simulated);
            let facts = in_common(provenance::of(&newest, n, maker.circumstances()), inputs, simulated);
            let maps = Maps { output: kept.output, window: kept.window, days };
            if cube {
                let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                let bytes = export::netcdf::write(&maps, &facts, Some(&now), "loam season")?;
                let path = lettered(&self.out, kept.output.letter());
                files::write(&path, bytes)?;
                written.push(path);
            } else {
                self.layers(&maps, &facts, &mut written)?;
            }
        }
        written.extend(self.dask.clone());
        if let (Some(path), Some(maps)) = (&self.bundle, bundled) {
            let made = dates.iter().filter(|date| failures.iter().all(|(failed, _)| failed != *date));
            let besides = dask.as_ref().map(|dask| dask.files(made.copied())).transpose()?;
            files::write(path, maker.bundle(&newest, Some(maps), besides.unwrap_or_default())?)?;
            written.push(path.clone());
        }
        self.report(&newest, &dates, resumed, &failures, &written, begun)
    }

    /// One file of all dates, not a folder.
    fn cube(&self) -> bool {
        self.out.extension().is_some_and(|end| end.eq_ignore_ascii_case("nc"))
    }

    /// Everything that decides on the maps but the date: inputs, method, rules, region, version. Of a file its name, length and both ends
    /// count, so that a year of granules is not read twice.
    fn key(&self, maker: &Maker) -> Result<String, Box<dyn std::error::Error>> {
        let mut hash = Sha256::new();
        for entry in maker.library.iter() {
            hash.update(entry.name.as_bytes());
            match &entry.content {
                Content::Simulated(days) => hash.update(format!("{} simulated days", days.len())),
                Content::File(granule) => {
                    hash.update(granule.bytes.to_le_bytes());
                    hash.update(format!("{:?}", entry.correction));
                    let length = granule.bytes.min(ENDS);
                    let mut bytes = vec![0; usize::try_from(length)?];
                    for at in [0, granule.bytes - length] {
                        granule.source.read_at(at, &mut bytes)?;
                        hash.update(&bytes);
                    }
                }
            }
        }
        let weights = &maker.circumstances().weights;
        let window = maker.series.region.window();
        Ok(format!(
            "Loam {} {} weights {} {} {}:{},{},{},{} files {:x}",
            env!("CARGO_PKG_VERSION"),
            maker.method().key(),
            weights.hash,
            self.making.rules(),
            window.resolution.name(),
            window.first_column,
            window.first_row,
            window.columns,
            window.rows,
            hash.finalize()
        ))
    }

    /// The dates that are done, by quantity. What was begun with other inputs is put aside, and begun again.
    fn kept(&self, maker: &Maker, key: &str) -> Result<Vec<Kept>, Box<dyn std::error::Error>> {
        let mut all = Vec::new();
        for output in maker.method().outputs() {
            let window = maker.series.region.window().covering(output.resolution());
            let name = if self.cube() {
                let file = lettered(&self.out, output.letter());
                format!("{}.dates", file.display())
            } else {
                self.out.join(format!("season{}.dates", output.letter())).display().to_string()
            };
            let path = PathBuf::from(name);
            let bytes = std::fs::read(&path).unwrap_or_default();
            let found = sidecar::read(&bytes, key, window.len());
            if found.is_none() && !bytes.is_empty() {
                eprintln!(
                    "note: {} was made of other files, rules or weights: all dates are made again",
                    path.display()
                );
            }
            let (days, used) = found.unwrap_or_default();
            let mut file = std::fs::File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(|e| files::cannot_write(&path, e))?;
            let mut begin = || {
                use std::io::Seek;
                file.set_len(used as u64)?;
                file.seek(std::io::SeekFrom::End(0))?;
                if used == 0 { file.write_all(&sidecar::head(key)) } else { Ok(()) }
            };
            begin().map_err(|e| files::cannot_write(&path, e))?;
            let days = days.into_iter().map(|day| (day.date, day)).collect();
            all.push(Kept { output: *output, window, path, file, days });
        }
        Ok(all)
    }

    /// Keeps a date's maps.
    fn keep(&self, estimate: &Estimate, maker: &Maker, kept: &mut [Kept]) -> super::Outcome {
        for (n, (channel, kept)) in estimate.channels.iter().zip(kept).enumerate() {
            if estimate.window != kept.window {
                return Err(
                    format!("the map of {} lies on other cells than the region's", estimate.date).into()
                );
            }
            if !self.cube() {
                let facts = provenance::of(estimate, n, maker.circumstances());
                let path = self.tiff(estimate.date, kept.output);
                let bytes = export::geotiff::write_channel(channel, &facts, None)?;
                files::write(&path, bytes)?;
                if self.stac {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let item = export::stac::item(&name, channel, &facts, None)?;
                    let path = path.with_extension("json");
                    files::write(&path, item)?;
                }
            }
            let day = SeasonDay::of(estimate, channel);
            if kept.days.get(&day.date).is_none_or(|known| !same(known, &day)) {
                kept.file
                    .write_all(&sidecar::record(&day))
                    .map_err(|e| files::cannot_write(&kept.path, e))?;
                kept.days.insert(day.date, day);
            }
        }
        Ok(())
    }

    /// `FOLDER/loam_20180610.tif`.
    fn tiff(&self, date: Date, output: Output) -> PathBuf {
        self.out.join(format!("loam_{}{}.tif", date.to_string().replace('-', ""), output.letter()))
    }

    /// The layers of a season as GeoTIFFs.
    fn layers(&self, maps: &Maps, facts: &Provenance, written: &mut Vec<PathBuf>) -> super::Outcome {
        let Layers { mean, trend, trend_error, drydown, .. } = maps.layers();
        let (what, unit) = (maps.output.product(), maps.output.unit());
        let per_year = format!("{unit} per year");
        let planes = [
            ("mean", mean, unit, "mean"),
            ("trend", trend, &per_year, "linear trend"),
            ("trend_standard_error", trend_error, &per_year, "standard error of the linear trend"),
            ("drydown_time", drydown, "days", "dry-down time constant"),
        ];
        for (name, values, unit, words) in planes {
            let reasons =
                values.iter().map(|v| if v.is_finite() { Reason::Valid } else { Reason::NotObserved });
            let raster = Raster::new(maps.window.grid(), values.clone(), reasons.collect())?;
            let product = format!("{words} of {what}");
            let facts = Provenance { product, units: unit.to_owned(), ..facts.clone() };
            let path = self.out.join(format!("season_{name}{}.tif", maps.output.letter()));
            files::write(&path, export::geotiff::write(&raster, &facts, None)?)?;
            written.push(path);
        }
        Ok(())
    }

    fn report(
        &self,
        newest: &Estimate,
        dates: &[Date],
        resumed: usize,
        failures: &[(Date, String)],
        written: &[PathBuf],
        begun: Instant,
    ) -> super::Outcome {
        let made = dates.len() - resumed - failures.len();
        let seconds = begun.elapsed().as_secs_f64();
        if self.json {
            let failures: Vec<_> =
                failures.iter().map(|(date, why)| json!({ "date": date, "why": why })).collect();
            return super::print_json(&json!({
                "out": written,
                "method": newest.method.key(),
                "window": newest.window,
                "from": dates.first(),
                "to": dates.last(),
                "dates": dates.len() - failures.len(),
                "computed": made,
                "resumed": resumed,
                "left_out": failures,
                "simulated": newest.simulated,
                "seconds": seconds,
            }));
        }
        let simulated = if newest.simulated { " (SIMULATED scenes)" } else { "" };
        say!("{}{simulated}", newest.method.words());
        say!(
            "  {} dates: {made} computed, {resumed} kept from before, {} without a map; {seconds:.1} s",
            dates.len(),
            failures.len()
        );
        for (date, why) in failures.iter().take(5) {
            say!("  left out: {date}: {why}");
        }
        if failures.len() > 5 {
            say!("  left out: {} more", failures.len() - 5);
        }
        for path in written {
            say!("  {}", path.display());
        }
        if !self.cube() {
            say!("  {}: loam_YYYYMMDD.tif of each date", self.out.display());
        }
        Ok(())
    }
}

fn too_large(date: Date) -> Box<dyn std::error::Error> {
    format!("the bundle's maps take more than 3 GB by {date}: make a bundle of a shorter period, or of a smaller region").into()
}

/// The same values to the bit.
fn same(a: &SeasonDay, b: &SeasonDay) -> bool {
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    bits(&a.values) == bits(&b.values)
        && a.half_width.as_deref().map(bits) == b.half_width.as_deref().map(bits)
        && a.flags == b.flags
}
