//! `loam export-model`: a network as ONNX, for ONNX Runtime, QGIS and other programs.

use std::path::PathBuf;

use loam_core::export::stac::{self, Model};
use loam_nn::onnx;
use serde_json::json;

use super::files;
use super::network::NetworkChoice;

/// Arguments of `loam export-model`.
#[derive(clap::Args)]
pub struct ExportModel {
    /// Weights: a safetensors file with PyTorch names, or a state dict saved by PyTorch (.pt, .pth)
    #[arg(long, required_unless_present = "region")]
    weights: Option<PathBuf>,
    /// The shipped weights of this region instead: oklahoma-city, tucson, geneva, or LON,LAT (the general ones)
    #[arg(long, allow_hyphen_values = true, conflicts_with = "weights")]
    region: Option<String>,
    #[command(flatten)]
    network: NetworkChoice,
    /// ONNX file to write
    #[arg(long)]
    out: PathBuf,
    /// Also write a STAC item of the model (.json, extension MLM) beside it
    #[arg(long)]
    stac: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

impl ExportModel {
    /// Writes the file.
    pub fn run(self) -> super::Outcome {
        let (name, weights) = match (&self.weights, &self.region) {
            (Some(path), _) => {
                let named = files::named_weights(path)?;
                self.network.check(&named.1).map_err(|why| format!("{}: {why}", path.display()))?;
                named
            }
            (None, region) => {
                let (region, _) = files::region(region.as_deref().unwrap_or_default())?;
                let (network, _) = self.network.chosen()?;
                super::shipped::weights(network.unwrap_or_default(), &region.window())?
            }
        };
        let (bytes, signature) = onnx::write(&weights, &name)?;
        files::write(&self.out, &bytes)?;
        let report = weights.report(&name);
        if self.stac {
            let file = self.out.file_name().unwrap_or_default().to_string_lossy();
            let model = Model {
                weights: &report,
                bands: &signature.bands,
                outputs: &signature.outputs,
                pixel: signature.pixel,
                version: env!("CARGO_PKG_VERSION"),
            };
            let path = self.out.with_extension("json");
            files::write(&path, stac::model_item(&file, &model))?;
        }
        if self.json {
            return super::print_json(&json!({
                "out": self.out,
                "bytes": bytes.len(),
                "weights": report,
                "bands": signature.bands,
                "outputs": signature.outputs,
                "pixels_seen_to_each_side": signature.sees,
                "pixel_metres": signature.pixel,
            }));
        }
        say!("{}: ONNX opset 17, {} bytes", self.out.display(), bytes.len());
        for (n, (name, unit)) in signature.bands.iter().enumerate() {
            say!("  input channel {n}: {name}, {unit}");
        }
        for (name, unit) in &signature.outputs {
            say!("  output: {name}, {unit}");
        }
        say!("  tiles overlap by {} pixels to each side", signature.sees);
        say!("  weights: {}, trained on {} (SHA-256 {})", report.name, report.trained_on, report.hash);
        Ok(())
    }
}
