//! docs/guide/files.md from the catalogue of sources (crates/smap-files/src/catalogue).

use crate::process::cargo;
use crate::{Result, failure, root};

/// The page, relative to the root.
const PAGE: &str = "docs/guide/files.md";

/// Writes the page.
pub fn write() -> Result<()> {
    let made = cargo()
        .args(["run", "--quiet", "--locked", "--package", "smap-files", "--example", "guide"])
        .output()
        .map_err(|e| failure(format!("cargo could not be started ({e})")))?;
    if !made.status.success() {
        return Err(failure(format!("the page was not made: {}", String::from_utf8_lossy(&made.stderr))));
    }
    let path = root().join(PAGE);
    std::fs::write(&path, made.stdout).map_err(|e| {
        failure(format!("{} cannot be written ({e}): look at its permissions", path.display()))
    })?;
    println!("{} is written.", path.display());
    Ok(())
}
