//! The worker's program, bound, cut in parts ([`cut`]) and laid into `dist/`.
//!
//! What a demo's first prediction on the CPU calls is the main program. It is known from a run: `cargo xtask profile` marks every function
//! that is entered, and keeps their names as hashes in `xtask/worker.hot`. Functions that name a crate which comes with the feature `gpu`
//! alone, as `cargo tree` says, go to the GPU's part with all that only they call; the rest (decoders, training, exports, operations of burn that no demo uses) is a part too. A stale list costs bytes and
//! fetches, nothing else; an end-to-end test sees them.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::app::{all_files, content_hash};
use crate::cut::{self, Plan};
use crate::tools::{Tools, WASM};
use crate::{Result, failure, process, root, target_dir};

/// The parts, by number (`src/worker/parts.rs` knows the same numbers).
pub const PARTS: [&str; 2] = ["rest", "gpu"];
/// Words in names of functions of the GPU path that no crate of its own tells: modules, and crates that the CPU path names without need.
const GPU_WORDS: [&str; 4] = ["wgpu", "cubecl", "tracel_", "kernels::gpu"];
/// The script that starts parts, and the line of it that is filled in.
const SCRIPT: &str = "parts.js";
const NO_FILES: &str = "const FILES = [];";

/// Names of functions, as hashes, one a line.
pub fn hot_list() -> PathBuf {
    root().join("xtask").join("worker.hot")
}

/// The bound program, whole.
pub fn whole() -> PathBuf {
    bound().join("worker_bg.wasm")
}

fn bound() -> PathBuf {
    target_dir().join("split").join("worker").join("bound")
}

/// FNV-1a, 64 bits: the same on every machine and in every release of the compiler.
pub fn hash(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

/// Binds what the compiler wrote, cuts it and writes the pieces over what trunk laid into `dist`.
pub fn build(tools: &Tools, dist: &Path) -> Result<()> {
    bind(tools)?;
    let list = hot_list();
    let text = std::fs::read_to_string(&list).map_err(process::at(&list))?;
    let hot: HashSet<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let of_gpu = gpu_crates()?;
    let place = |name: &str| if hot.contains(hash(name).as_str()) { None } else { Some(usize::from(is_of_gpu(name, &of_gpu))) };
    let whole = read(&whole())?;
    let pieces = cut::cut(&whole, &Plan { parts: PARTS.len(), place: &place, load: "__wbg_loadPart_" })?;
    eprintln!("worker: {} functions moved to parts, {} of them called from outside their part", pieces.moved, pieces.called_from_outside);
    let hash = content_hash(&[&whole, text.as_bytes()]);
    let mut files = Vec::new();
    for (name, bytes) in PARTS.iter().zip(&pieces.parts) {
        let file = format!("worker-{name}-{hash}.wasm");
        write(&dist.join(&file), bytes)?;
        files.push(format!("'./{file}'"));
    }
    write(&dist.join("worker_bg.wasm"), &pieces.main)?;
    lay_scripts(dist, &format!("const FILES = [{}];", files.join(", ")))
}

/// Crates of the worker that come with the feature `gpu` alone, by their names in code. Of two versions of a crate only one may be the GPU's,
/// and names do not say which: such a crate is none of them.
fn gpu_crates() -> Result<BTreeSet<String>> {
    let without = crates("worker")?;
    Ok(crates("worker,gpu")?.into_iter().filter(|name| !without.contains(name)).collect())
}

fn crates(features: &str) -> Result<BTreeSet<String>> {
    let mut tree = process::cargo();
    tree.args(["tree", "--locked", "--edges", "normal", "--target", WASM, "--no-default-features", "--features", features]);
    tree.args(["--prefix", "none", "--format", "{lib}"]);
    let words = process::shown(&tree);
    let done = tree.output().map_err(|e| failure(format!("`{words}` could not be started ({e})")))?;
    if !done.status.success() {
        return Err(failure(format!("`{words}` failed: {}", String::from_utf8_lossy(&done.stderr).trim())));
    }
    // A crate met again is marked with (*).
    let names = String::from_utf8_lossy(&done.stdout);
    Ok(names.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Whether a function's name has a word of the GPU's, or names one of its crates; in generic arguments too.
fn is_of_gpu(name: &str, of_gpu: &BTreeSet<String>) -> bool {
    // Paths begin with a crate, and what follows a type (`<T>::f`) with colons.
    let mut paths = name.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    GPU_WORDS.iter().any(|word| name.contains(word))
        || paths.any(|path| path.split_once("::").is_some_and(|(root, _)| of_gpu.contains(root)))
}

fn bind(tools: &Tools) -> Result<()> {
    let raw = target_dir().join(WASM).join("release").join("worker.wasm");
    let bound = bound();
    if bound.is_dir() {
        std::fs::remove_dir_all(&bound).map_err(process::at(&bound))?;
    }
    let mut bind = Command::new(&tools.wasm_bindgen);
    bind.args(["--target", "web", "--no-typescript", "--no-demangle", "--out-name", "worker", "--out-dir"]).arg(&bound).arg(&raw);
    process::run(&mut bind).map(|_| ())
}

/// The worker's script as bound here, and the one that starts parts with their names in it.
pub fn lay_scripts(dist: &Path, parts: &str) -> Result<()> {
    let bound = bound();
    let mut filled = 0;
    for path in all_files(&bound)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "js")) {
        let below = path.strip_prefix(&bound).map_err(|e| failure(e.to_string()))?;
        let text = std::fs::read_to_string(&path).map_err(process::at(&path))?;
        let is_script = path.file_name().is_some_and(|name| name == SCRIPT);
        filled += usize::from(is_script && text.contains(NO_FILES));
        let to = dist.join(below);
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(process::at(folder))?;
        }
        write(&to, if is_script { text.replace(NO_FILES, parts) } else { text }.as_bytes())?;
    }
    if filled == 1 {
        Ok(())
    } else {
        Err(failure(format!("{SCRIPT} with the line \"{NO_FILES}\" was not found once below {}", bound.display())))
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(process::at(path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(process::at(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{gpu_crates, hash, is_of_gpu};

    #[test]
    fn the_hash_is_the_published_one() {
        // Test vectors of FNV-1a's authors.
        assert_eq!(hash(""), "cbf29ce484222325");
        assert_eq!(hash("foobar"), "85944171f73967e8");
    }

    #[test]
    fn crates_of_the_gpu_are_known_by_the_root_of_a_path_and_no_other_word() {
        let of_gpu = gpu_crates().unwrap();
        for name in
            ["wgpu", "naga_types", "cubecl_core", "cubek_matmul", "burn_cubecl", "pliron", "arrayvec", "wide", "slotmap", "utf8_chars"]
        {
            assert!(of_gpu.contains(name), "{name} in {of_gpu:?}");
        }
        for name in ["burn_flex", "burn_backend", "hdf5_reader", "hashbrown", "serde", "loam", "cubecl_common"] {
            assert!(!of_gpu.contains(name), "{name} is the CPU's too");
        }
        for name in [
            "pliron::context::Context::new",
            "<pliron::op::Op as core::fmt::Debug>::fmt",
            "core::ptr::drop_in_place::<alloc::vec::Vec<wide::f32x4_::f32x4>>",
            "<alloc::vec::Vec<&mut dyn slotmap::Key>>::push",
            "<loam::kernels::gpu::launch::Launch>::finish",
            "burn_dispatch::backends::wgpu::start",
        ] {
            assert!(is_of_gpu(name, &of_gpu), "{name}");
        }
        for name in ["burn_std::wide::load", "<burn_flex::Tensor>::wide::<f32>", "loam::pliron", "my_wide::of", "wide", "<T>::wide::g"] {
            assert!(!is_of_gpu(name, &of_gpu), "{name}");
        }
    }
}
