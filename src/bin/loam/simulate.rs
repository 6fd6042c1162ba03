//! `loam simulate`: simulated scenes as GeoTIFFs, which every other command reads back like a user's own files.

use std::path::PathBuf;

use ease_grid::Edges;
use jiff::civil::Date;
use loam_core::export;
use loam_core::simulate::{DEMO_SEED, Scene, Simulator, names};
use loam_core::stack::{MARGIN, Region, Temperatures};
use serde_json::json;

use super::files;

/// Product and unit of most files.
const MOISTURE: (&str, &str) = ("soil moisture, simulated", "m3/m3");

/// Arguments of `loam simulate`.
#[derive(clap::Args)]
pub struct Simulate {
    /// oklahoma-city, tucson, geneva, or another place with simulated scenes (a wrong name lists them)
    #[arg(long)]
    region: String,
    /// Everything random hangs on it; the demo and the shipped weights use the default
    #[arg(long, default_value_t = DEMO_SEED)]
    seed: u64,
    /// First date
    #[arg(long, value_parser = files::date)]
    from: Option<Date>,
    /// Last date
    #[arg(long, value_parser = files::date)]
    to: Option<Date>,
    /// Folder to write to
    #[arg(long)]
    out: PathBuf,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

impl Simulate {
    /// Writes the scene.
    pub fn run(self) -> super::Outcome {
        let mut scene = Scene::preset(&self.region, self.seed)
            .ok_or_else(|| format!("there is no scene \"{}\": use one of {}", self.region, files::keys()))?;
        scene.first = self.from.unwrap_or(scene.first);
        scene.last = self.to.unwrap_or(scene.last);
        if scene.is_empty() {
            return Err(format!("{} to {} holds no day", scene.first, scene.last).into());
        }
        std::fs::create_dir_all(&self.out)
            .map_err(|e| format!("{} cannot be made ({e})", self.out.display()))?;
        let bar = super::progress::bar(scene.len() as u64, "simulating");
        let description = scene.description();
        let mut written = Vec::new();
        // With the margin that a prediction of the region looks at.
        let made = Region::new(scene.region.window().widened(&Edges::all(MARGIN)))?;
        let mut simulator = Simulator::with_margin(scene, MARGIN);
        while let Some(day) = simulator.next() {
            // Land surface temperature of the days that SMAP saw: input of the TB CNN.
            let seen = day.coarse();
            let surface = match simulator.brightness().filter(|_| seen.is_some()) {
                Some(brightness) => Temperatures::simulated(&brightness, &made, seen.as_ref())?.surface,
                None => None,
            };
            let layers = [
                (names::coarse(day.date, smap_files::Overpass::Am), &day.am, MOISTURE),
                (names::coarse(day.date, smap_files::Overpass::Pm), &day.pm, MOISTURE),
                (names::fine(day.date), &day.fine, MOISTURE),
                (names::surface(day.date), &surface, ("land surface temperature, simulated", "K")),
            ];
            for (name, raster, (product, unit)) in layers {
                if let Some(raster) = raster {
                    let provenance = export::Provenance {
                        date: Some(day.date),
                        simulated: true,
                        model: Some(description.clone()),
                        ..export::Provenance::new(product, unit)
                    };
                    let path = self.out.join(&name);
                    files::write(&path, export::geotiff::write(raster, &provenance, None)?)?;
                    written.push(name);
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if self.json {
            return super::print_json(
                &json!({"description": description, "folder": self.out, "files": written}),
            );
        }
        say!("{}: {} files. {description}", self.out.display(), written.len());
        Ok(())
    }
}
