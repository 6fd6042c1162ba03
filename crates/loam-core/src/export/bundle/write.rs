//! The archive.

use super::manifest::{MANIFEST, Manifest, SCRIPT, WEIGHTS};
use crate::export::{ExportError, zip};

/// The archive: the same manifest, weights and maps give the same bytes. Maps are GeoTIFFs, in the manifest's order; `besides` are other files by
/// name, which nothing is made again from.
///
/// # Errors
/// [`ExportError::Bundle`] above 4 GB.
pub fn write(
    manifest: &Manifest,
    weights: Option<&[u8]>,
    maps: &[Vec<u8>],
    besides: &[(String, Vec<u8>)],
) -> Result<Vec<u8>, ExportError> {
    let refused = |why: String| ExportError::Bundle(why);
    let mut text = serde_json::to_vec_pretty(manifest).map_err(|e| refused(e.to_string()))?;
    text.push(b'\n');
    let notes = notes(manifest, besides.iter().any(|(name, _)| name == SCRIPT));
    let mut files: Vec<(&str, &[u8])> = vec![("README.txt", notes.as_bytes()), (MANIFEST, &text)];
    files.extend(manifest.maps.iter().zip(maps).map(|(map, bytes)| (map.file.as_str(), bytes.as_slice())));
    files.extend(weights.map(|bytes| (WEIGHTS, bytes)));
    files.extend(besides.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    zip::stored(&files).ok_or_else(|| refused("it would be larger than 4 GB".to_owned()))
}

/// For people. `elsewhere`: the script is there that makes the maps on other machines.
fn notes(manifest: &Manifest, elsewhere: bool) -> String {
    let files = match manifest.inputs.len() {
        0 => String::new(),
        n => format!(
            " --files FOLDER\n\nFOLDER: where the {n} input files are. They are not in here; manifest.json names them with size and SHA-256."
        ),
    };
    let (what, it) = if manifest.is_season() {
        ("The soil-moisture maps of a season, made with", "them")
    } else {
        ("A soil-moisture map made with", "it")
    };
    let exact = if manifest.device.gpu {
        format!("Made on a GPU: a CPU gives {it} within the tolerance that manifest.json states.")
    } else {
        "On the same kind of processor every value is the same to the bit.".to_owned()
    };
    let script = if elsewhere {
        "\n\nOn other machines, with Python: unpack this archive, then\n\n  python -m pip install -r requirements.txt\n  python run_season.py --out season.nc"
    } else {
        ""
    };
    let cite: String = manifest.citations.iter().map(|citation| format!("  {citation}\n")).collect();
    format!(
        "{what} {}, and what it takes to make {it} again.\n\n{}\n\n  loam reproduce THIS.zip{files}\n\n{exact}{script}\n\nPlease cite:\n{cite}",
        manifest.software.words(),
        manifest.title(),
    )
}
