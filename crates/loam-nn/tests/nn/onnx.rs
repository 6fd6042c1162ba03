//! Networks as ONNX, run by ONNX Runtime against PyTorch's goldens, where it is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use loam_core::network::Inputs;
use loam_nn::rcn::COUNT;
use loam_nn::tb_cnn::{TbCase, first_weights};
use loam_nn::{Weights, golden_weights, onnx};

use super::rcn;

/// Seed of the goldens of tests/nn/tb_cnn.rs.
const SEED: u64 = 9;

/// Python with the packages of tests/reference/requirements-exports.txt, or why there is none.
fn python() -> Result<PathBuf, String> {
    let python = std::env::var("LOAM_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python)
        .args(["-c", "import numpy, onnx, onnxruntime, safetensors"])
        .output()
        .map_err(|e| format!("{python}: {e}"))?;
    let said = String::from_utf8_lossy(&found.stderr).lines().last().unwrap_or_default().to_owned();
    if found.status.success() { Ok(python.into()) } else { Err(format!("{python}: {said}")) }
}

#[test]
fn a_model_names_its_channels() {
    let (bytes, signature) = onnx::write(&golden_weights(Inputs::Spatiotemporal), "golden").unwrap();
    assert_eq!(bytes[..2], [0x08, 0x08], "IR version 8");
    let names: Vec<&str> = signature.bands.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 5);
    assert!(names[0].starts_with("SMAP") && names[1].contains("earlier date 1, oldest first"), "{names:?}");
    assert_eq!((signature.sees, signature.outputs.len()), (4, 1));
    for (inputs, bands) in [(Inputs::Spatial, 1), (Inputs::Temporal, 4)] {
        assert_eq!(onnx::write(&golden_weights(inputs), "golden").unwrap().1.bands.len(), bands);
    }
    let (bytes, rcn) = onnx::write(&rcn::weights(), "rcn").unwrap();
    assert_eq!((rcn.bands.len(), rcn.computed.len(), rcn.outputs.len()), (COUNT + 1, COUNT + 1, 2));
    assert_eq!((rcn.sees, rcn.mean_of, rcn.sigma), (24, Some(COUNT), Some(1)));
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("bands_computed") && text.contains("first_output_keeps_mean_of_band"));
    let mut broken = rcn::weights();
    broken.tensors.remove("block2.bias");
    let refused = onnx::write(&broken, "rcn").unwrap_err().to_string();
    assert!(refused.contains("block2.bias"), "{refused}");
}

#[test]
fn onnx_runtime_gives_what_pytorch_gives() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => {
            println!("skipped: ONNX Runtime is not at hand ({why})");
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, weights: &Weights| {
        std::fs::write(folder.path().join(name), onnx::write(weights, name).unwrap().0).unwrap();
    };
    write("smen.onnx", &golden_weights(Inputs::Spatiotemporal));
    for case in TbCase::ALL {
        write(&format!("{}.onnx", case.name()), &first_weights(case, SEED));
    }
    write("rcn.onnx", &rcn::weights());
    if let Ok(keep) = std::env::var("LOAM_KEEP_EXPORTS") {
        for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
            std::fs::copy(entry.path(), Path::new(&keep).join(entry.file_name())).unwrap();
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/check_onnx.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{}", said(&output.stdout));
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
}
