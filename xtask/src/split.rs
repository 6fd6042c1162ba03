//! Cuts the page in two: what is needed at once, and what is fetched when the first screen stands.
//!
//! trunk binds a program as one file. This step takes what the compiler wrote once more, lets `wasm-split-cli` move everything that only a
//! marked function reaches into a file of its own (`src/ui/later.rs`), binds the rest with wasm-bindgen under the name
//! trunk gave, and lays the parts and their loader beside it. Their names carry a hash of the whole, because parts of two builds, one of them
//! from a cache, would share memory without fitting together.

use std::path::{Path, PathBuf};

use crate::app::{content_hash, replaced};
use crate::tools::{Tools, WASM};
use crate::{Result, failure, process, target_dir};

/// What `wasm-split-cli` calls the loader.
const LOADER: &str = "__wasm_split.js";

/// Cuts the program that the compiler wrote to `<profile>/<program>.wasm` and trunk bound into `dist` as `<name>.js`.
pub fn program(tools: &Tools, wasm_split: &Path, dist: &Path, profile: &str, program: &str) -> Result<()> {
    let name = bound_name(dist, program)?;
    let raw = target_dir().join(WASM).join(profile).join(format!("{program}.wasm"));
    let work = target_dir().join("split").join(program);
    if work.is_dir() {
        std::fs::remove_dir_all(&work).map_err(process::at(&work))?;
    }
    let (cut, bound) = (work.join("cut"), work.join("bound"));
    std::fs::create_dir_all(&cut).map_err(process::at(&cut))?;
    let mut split = std::process::Command::new(wasm_split);
    split.arg(&raw).arg(&cut).args(["--target", "web", "--out-name", &name]);
    process::run(&mut split)?;
    let main = cut.join(format!("{name}.wasm"));
    let mut bind = std::process::Command::new(&tools.wasm_bindgen);
    bind.args([
        "--target",
        "web",
        "--no-typescript",
        "--keep-lld-exports",
        "--remove-name-section",
        "--out-name",
        &name,
        "--out-dir",
    ]);
    bind.arg(&bound).arg(&main);
    process::run(&mut bind)?;

    let mut parts = Vec::new();
    for entry in cut.read_dir().map_err(process::at(&cut))?.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        // What two marked functions share is a file of its own, `chunk_0.wasm`, loaded with either.
        let is_part = file.starts_with("split_") || file.starts_with("chunk_");
        if let Some(part) = file.strip_suffix(".wasm").filter(|_| is_part) {
            parts.push((part.to_owned(), read(&entry.path())?));
        }
    }
    parts.sort();
    if parts.is_empty() {
        return Err(failure(format!(
            "{program} was to be cut, and wasm-split-cli found no mark in {}",
            raw.display()
        )));
    }
    let binary = read(&bound.join(format!("{name}_bg.wasm")))?;
    let hash = content_hash(
        &parts.iter().map(|(_, bytes)| bytes.as_slice()).chain([binary.as_slice()]).collect::<Vec<_>>(),
    );
    let mut loader = text(&cut.join(LOADER))?;
    for (part, bytes) in &parts {
        let file = part_name(&name, part, &hash);
        loader = replaced(&loader, &format!("./{part}.wasm"), &format!("./{file}"))?;
        write(&dist.join(&file), bytes)?;
    }
    let loader_name = format!("{name}-parts-{hash}.js");
    write(&dist.join(&loader_name), loader.as_bytes())?;
    let script =
        replaced(&text(&bound.join(format!("{name}.js")))?, &imported(LOADER), &imported(&loader_name))?;
    write(&dist.join(format!("{name}.js")), script.as_bytes())?;
    write(&dist.join(format!("{name}_bg.wasm")), &binary)
}

/// How a script imports a file. The same name as a key of the imports object stays: it is the one the wasm asks for.
fn imported(file: &str) -> String {
    format!("from \"./{file}\"")
}

fn part_name(name: &str, part: &str, hash: &str) -> String {
    let part = part.strip_prefix("split_").unwrap_or(part);
    format!("{name}-{part}-{hash}.wasm")
}

/// The name of a program's script without `.js`: `app`, or with trunk's hash `app-0123456789abcdef`.
fn bound_name(dist: &Path, program: &str) -> Result<String> {
    let files = dist.read_dir().map_err(process::at(dist))?.flatten().map(|e| e.path());
    let mut scripts: Vec<PathBuf> = files.filter(|p| is_script_of(p, program)).collect();
    let script = scripts.pop().filter(|_| scripts.is_empty());
    let script = script.ok_or_else(|| {
        failure(format!("{} does not hold one script of {program}: trunk did not bind it", dist.display()))
    })?;
    Ok(script.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default())
}

fn is_script_of(path: &Path, program: &str) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(rest) = name.strip_prefix(program).and_then(|r| r.strip_suffix(".js")) else { return false };
    rest.is_empty() || rest.strip_prefix('-').is_some_and(|hash| hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(process::at(path))
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(process::at(path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(process::at(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn scripts_are_told_apart() {
        assert!(is_script_of(Path::new("dist/app-1a2b.js"), "app"));
        assert!(is_script_of(Path::new("dist/app.js"), "app"));
        assert!(!is_script_of(Path::new("dist/worker.js"), "app"));
        assert!(!is_script_of(Path::new("dist/app-1a2b-parts-3c4d.js"), "app"));
        assert!(!is_script_of(Path::new("dist/app-1a2b_bg.wasm"), "app"));
    }

    #[test]
    fn the_import_is_renamed_and_the_key_the_wasm_asks_for_is_not() {
        let script = "import * as import1 from \"./__wasm_split.js\"\n  \"./__wasm_split.js\": import1,";
        let renamed = replaced(script, &imported(LOADER), &imported("app-parts-1a.js")).unwrap();
        assert_eq!(
            renamed,
            "import * as import1 from \"./app-parts-1a.js\"\n  \"./__wasm_split.js\": import1,"
        );
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error() {
        assert_eq!(replaced("import './a.js';", "./a.js", "./b.js").unwrap(), "import './b.js';");
        assert!(replaced("import './a.js';", "./c.js", "./b.js").is_err());
    }
}
