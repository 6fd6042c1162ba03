//! `loam season --dask`: a folder with all that it takes to make the season's maps on other machines: the network as ONNX, what it saw of each
//! date, and a script for xarray, Dask and ONNX Runtime.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use loam_core::export::Provenance;
use loam_core::export::bundle::{INPUTS, SCRIPT};
use loam_core::export::netcdf::inputs::{self, Inputs};
use loam_core::season::SeasonDay;
use loam_nn::onnx::Signature;

use super::files;
use super::maker::Maker;

const TEXTS: [(&str, &str); 2] = [
    (SCRIPT, include_str!("dask/run_season.py")),
    ("requirements.txt", include_str!("dask/requirements.txt")),
];
const MODEL: &str = "model.onnx";

/// The folder.
pub struct Dask {
    folder: PathBuf,
    signature: Signature,
}

impl Dask {
    /// Begins it: the network and the script.
    pub fn begin(folder: &Path, maker: &Maker) -> Result<Self, Box<dyn std::error::Error>> {
        let Some((model, signature)) = maker.ready().onnx()? else {
            return Err(format!(
                "{} is no network, so there is nothing to run elsewhere: add --network smen or --network rcn",
                maker.method().words()
            )
            .into());
        };
        if maker.shifts() {
            return Err(
                "--dask does not go with --mass-correction, which is no part of the network: leave one of them out"
                    .into(),
            );
        }
        let dates = folder.join(INPUTS);
        std::fs::create_dir_all(&dates).map_err(|e| files::cannot_write(&dates, e))?;
        files::write(&folder.join(MODEL), model)?;
        for (name, text) in TEXTS {
            files::write(&folder.join(name), text)?;
        }
        Ok(Self { folder: folder.to_owned(), signature })
    }

    fn path(&self, date: Date) -> PathBuf {
        self.folder.join(INPUTS).join(format!("{date}.nc"))
    }

    /// What the folder holds for these dates, by name.
    pub fn files(&self, dates: impl Iterator<Item = Date>) -> Result<Vec<(String, Vec<u8>)>, String> {
        let fixed = TEXTS.iter().map(|(name, _)| *name).chain([MODEL]).map(str::to_owned);
        let names = fixed.chain(dates.map(|date| format!("{INPUTS}{date}.nc")));
        let read = |name: String| {
            let path = self.folder.join(&name);
            let bytes =
                std::fs::read(&path).map_err(|e| format!("{} cannot be read ({e})", path.display()))?;
            Ok((name, bytes))
        };
        names.map(read).collect()
    }

    /// True where a date's inputs are there.
    pub fn holds(&self, date: Date) -> bool {
        self.path(date).is_file()
    }

    /// Writes what the network saw of a date, beside the map that it made of it.
    pub fn keep(&self, maker: &mut Maker, day: &SeasonDay, facts: &Provenance) -> super::Outcome {
        let Some(seen) = maker.inputs(day.date)? else {
            let name = maker.method().short();
            return Err(format!(
                "what {name} sees is not given out: choose --network smen or --network rcn, or leave --dask out"
            )
            .into());
        };
        let inputs = Inputs {
            date: day.date,
            window: seen.window,
            region: maker.series.region.window(),
            bands: &self.signature.bands,
            planes: &seen.planes,
            flags: &day.flags,
            half_width_factor: seen.half_width_factor,
        };
        Ok(files::write(&self.path(day.date), inputs::write(&inputs, facts)?)?)
    }
}
