//! `loam fetch-list`: what to fetch for a region and a period, as text. Nothing is requested.

use std::path::PathBuf;

use jiff::civil::Date;
use loam_core::fetch::{NEEDED, Search};
use serde_json::json;

use super::files;

/// Arguments of `loam fetch-list`.
#[derive(clap::Args)]
pub struct FetchList {
    /// oklahoma-city, tucson, geneva, or LON,LAT[,COLS,ROWS]
    #[arg(long, allow_hyphen_values = true)]
    region: String,
    /// First day; an estimate rests on earlier dates, so begin a year before the first one wanted
    #[arg(long, value_parser = files::date)]
    from: Date,
    /// Last day
    #[arg(long, value_parser = files::date)]
    to: Date,
    /// Write fetch.py (earthaccess), appeears.json and earth_engine.js into this folder instead of standard output
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// As JSON on standard output
    #[arg(long)]
    json: bool,
}

impl FetchList {
    /// Says what to fetch.
    pub fn run(self) -> super::Outcome {
        let (region, _) = files::region(&self.region)?;
        let search = Search::new(&region.window(), self.from, self.to)?;
        let texts = [
            ("fetch.py", search.earthaccess()),
            ("appeears.json", search.appeears()),
            ("earth_engine.js", search.earth_engine()),
        ];
        if let Some(folder) = &self.out {
            std::fs::create_dir_all(folder)
                .map_err(|e| format!("{} cannot be made ({e})", folder.display()))?;
            for (name, text) in &texts {
                let path = folder.join(name);
                files::write(&path, text)?;
            }
        }
        let [script, appeears, earth_engine] = texts.map(|(_, text)| text);
        if self.json {
            let collections = NEEDED.map(|c| {
                json!({
                    "short_name": c.short_name, "version": c.version, "doi": c.doi, "what": c.what, "address": search.address(c),
                })
            });
            return super::print_json(&json!({
                "bounds": search.bounds,
                "from": search.from,
                "to": search.to,
                "collections": collections,
                "earthaccess": script,
                "appeears": appeears,
                "earth_engine": earth_engine,
            }));
        }
        let [west, south, east, north] = search.bounds;
        say!(
            "{} to {}, longitude {west} to {east}, latitude {south} to {north} (with the margin)",
            self.from,
            self.to
        );
        for collection in NEEDED {
            say!("{}.{}: {}", collection.short_name, collection.version, collection.what);
            say!("  {}", search.address(collection));
        }
        match &self.out {
            Some(folder) => say!("{}: fetch.py, appeears.json, earth_engine.js", folder.display()),
            None => {
                say!("\n{script}");
                say!("AppEEARS and Earth Engine: --out FOLDER writes their recipes, --json prints them.");
            }
        }
        say!("Loam itself requests nothing. Earthdata login: free, https://urs.earthdata.nasa.gov");
        Ok(())
    }
}
