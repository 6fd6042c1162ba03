//! Finds, checks and installs what turns the source into a web app: the wasm target, wasm-bindgen, trunk, wasm-split-cli and wasm-opt.
//!
//! Versions matter. wasm-bindgen's command must be of exactly the version in `Cargo.lock`, trunk 0.22 wants a newer compiler than ours,
//! and wasm-opt before 116 does not know what this compiler emits (Debian 12 ships 108). Where PATH has another version, ours goes to
//! `target/tools` and comes first on PATH for our own commands only; what the user has installed is never replaced.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::process::{self, cargo, find, output};
use crate::{Result, failure, root, target_dir};

/// The target of everything that runs in the browser.
pub const WASM: &str = "wasm32-unknown-unknown";
const TRUNK: &str = "0.21.14";
/// Cuts the page in two; of the generation of `wasm_split_helpers` in `Cargo.toml`.
const WASM_SPLIT: &str = "0.2.4";
/// Version of the wasm-opt crate; it holds Binaryen 116.
const WASM_OPT: &str = "0.116.1";
const WASM_OPT_OLDEST: u32 = 116;
/// Over the tools' own release profiles, on the way to a first start. trunk's asks for fat link-time optimisation in one unit, which
/// costs a newcomer minutes and saves a program that copies files nothing.
const QUICK: [(&str, &str); 2] =
    [("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")];

/// The tools of every build.
#[derive(Debug)]
pub struct Tools {
    /// trunk 0.21.
    pub trunk: PathBuf,
    /// wasm-bindgen of the version in `Cargo.lock`.
    pub wasm_bindgen: PathBuf,
    /// PATH with our tools first.
    pub path: OsString,
}

/// What makes the small app small.
#[derive(Debug)]
pub struct Shrinkers {
    /// wasm-split-cli.
    pub wasm_split: PathBuf,
    /// `None` where it could not be installed: the app is then larger, not broken.
    pub wasm_opt: Option<PathBuf>,
}

/// What it takes to build the app at all, installed where missing.
pub fn for_app() -> Result<Tools> {
    let _alone = one_at_a_time();
    wasm_target()?;
    let wasm_bindgen = wasm_bindgen("wasm-bindgen")?;
    Ok(Tools { trunk: trunk()?, wasm_bindgen, path: path_with_ours_first()? })
}

/// What the small app takes besides, installed where missing.
pub fn shrinkers() -> Result<Shrinkers> {
    let _alone = one_at_a_time();
    let wasm_split = wasm_split()?;
    let wasm_opt = match wasm_opt() {
        Ok(path) => Some(path),
        Err(why) => {
            eprintln!(
                "warning: {why}\n         The app is built without it: it works, and is larger than its bars allow."
            );
            None
        }
    };
    Ok(Shrinkers { wasm_split, wasm_opt })
}

/// The browser test runner, which comes with wasm-bindgen's command.
pub fn test_runner() -> Result<PathBuf> {
    let _alone = one_at_a_time();
    wasm_target()?;
    wasm_bindgen("wasm-bindgen-test-runner")
}

/// The app is built beside its tests: what one of them installs, the other waits for.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    INSTALLING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// PATH with `target/tools/bin` and cargo's own folder first.
pub fn path_with_ours_first() -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = folders().into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(dirs).map_err(|e| failure(format!("PATH cannot be extended: {e}")))
}

fn ours() -> PathBuf {
    target_dir().join("tools")
}

/// Where tools are looked for before PATH. Cargo's folder is not on PATH in every shell.
fn folders() -> Vec<PathBuf> {
    let mut dirs = vec![ours().join("bin")];
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    dirs.extend(home.or_else(|| std::env::home_dir().map(|h| h.join(".cargo"))).map(|h| h.join("bin")));
    dirs
}

/// The standard library for wasm.
pub fn wasm_target() -> Result<()> {
    if has_wasm_target() {
        return Ok(());
    }
    eprintln!("The compiler's {WASM} target is missing; adding it.");
    if find("rustup", &folders()).is_some() {
        let added = process::run(
            std::process::Command::new("rustup").args(["target", "add", WASM]).current_dir(root()),
        );
        if added.is_ok() && has_wasm_target() {
            return Ok(());
        }
    }
    Err(failure(format!(
        "the standard library for {WASM} is missing and could not be added.\n\
         With rustup:          rustup target add {WASM}\n\
         Debian's rustc:       apt-get install libstd-rust-dev-wasm32 (rustc must be 1.95 or newer: Loam's Cargo.toml says so)\n\
         Sources only:         apt-get install rust-src, then RUSTC_BOOTSTRAP=1 and `-Zbuild-std=std,panic_abort` on each wasm build"
    )))
}

fn has_wasm_target() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let Some(dir) = output(rustc, &["--print", "target-libdir", "--target", WASM]) else { return false };
    let Ok(entries) = Path::new(&dir).read_dir() else { return false };
    entries.flatten().any(|e| e.file_name().to_string_lossy().starts_with("libstd-"))
}

/// Version of a package in `Cargo.lock`.
pub fn locked_version(package: &str) -> Result<String> {
    let path = root().join("Cargo.lock");
    let text = std::fs::read_to_string(&path).map_err(process::at(&path))?;
    version_in_lock(&text, package)
        .ok_or_else(|| failure(format!("{} does not name {package}", path.display())))
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|l| *l == format!("name = \"{package}\""))?;
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

/// `program` of wasm-bindgen-cli, of the version in `Cargo.lock`.
pub fn wasm_bindgen(program: &str) -> Result<PathBuf> {
    let version = locked_version("wasm-bindgen")?;
    let fits = |path: &Path| version_of(path).as_deref() == Some(version.as_str());
    // Some releases build only with their lock file, others only without (it named a crate that the registry did not have yet).
    let cli = Tool {
        program,
        package: "wasm-bindgen-cli",
        version: &version,
        features: &[],
        locked: &[false, true],
        optimised: true,
    };
    cli.installed(fits)
}

fn trunk() -> Result<PathBuf> {
    let fits = |path: &Path| version_of(path).is_some_and(|v| v.starts_with("0.21."));
    // Without its look for newer versions of itself. It copies files and waits for compilers, so it need not be fast itself: that saves half of
    // the minutes it takes to compile.
    let trunk = Tool {
        program: "trunk",
        package: "trunk",
        version: TRUNK,
        features: &["--no-default-features", "--features", "rustls"],
        locked: &[true, false],
        optimised: false,
    };
    trunk.installed(fits)
}

/// It does not tell its version, so its own folder stands for it; another one on PATH is not used.
fn wasm_split() -> Result<PathBuf> {
    let folder = ours().join(format!("wasm-split-{WASM_SPLIT}"));
    let program = folder.join("bin").join(format!("wasm-split-cli{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    eprintln!("wasm-split-cli {WASM_SPLIT} is missing; installing it (this takes minutes, once).");
    let mut command = cargo();
    command.args([
        "install",
        "wasm_split_cli_support",
        "--version",
        WASM_SPLIT,
        "--features",
        "build-binary",
        "--locked",
        "--root",
    ]);
    command.arg(&folder).envs(QUICK);
    process::run(&mut command)?;
    if program.is_file() {
        Ok(program)
    } else {
        Err(failure(format!("{} was not installed", program.display())))
    }
}

fn wasm_opt() -> Result<PathBuf> {
    let fits = |path: &Path| binaryen_version(path).is_some_and(|v| v >= WASM_OPT_OLDEST);
    if let Some(path) = existing("wasm-opt", &fits) {
        return Ok(path);
    }
    if !["c++", "g++", "clang++"].iter().any(|name| find(name, &[]).is_some())
        && std::env::var_os("CXX").is_none()
    {
        return Err(failure(format!(
            "wasm-opt {WASM_OPT_OLDEST} or newer is missing, and building it needs a C++ compiler, which is missing too.\n\
             Debian, Ubuntu:  apt-get install g++        Fedora:  dnf install gcc-c++\n\
             macOS:           xcode-select --install     or all of it:  brew install binaryen"
        )));
    }
    // Without LLVM's part that rewrites debug information: our programs have none.
    let wasm_opt = Tool {
        program: "wasm-opt",
        package: "wasm-opt",
        version: WASM_OPT,
        features: &["--no-default-features"],
        locked: &[true, false],
        optimised: true,
    };
    wasm_opt.installed(fits)
}

/// "trunk 0.21.14" gives "0.21.14".
fn version_of(path: &Path) -> Option<String> {
    output(path, &["--version"])?
        .split_whitespace()
        .find(|w| w.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

/// "wasm-opt version 116 (version_116)" gives 116.
fn binaryen_version(path: &Path) -> Option<u32> {
    output(path, &["--version"])?.split_whitespace().find_map(|w| w.parse().ok())
}

fn existing(program: &str, fits: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let all = folders().into_iter().chain(std::env::split_paths(&path));
    all.map(|dir| dir.join(&file)).filter(|p| p.is_file()).find(|p| fits(p))
}

/// A program that a package of crates.io holds.
struct Tool<'a> {
    program: &'a str,
    package: &'a str,
    version: &'a str,
    features: &'a [&'a str],
    /// Ways to try in turn: with the package's lock file, or without.
    locked: &'a [bool],
    /// It computes itself, so that it is worth optimising.
    optimised: bool,
}

impl Tool<'_> {
    /// A fitting program, installed where there is none.
    fn installed(&self, fits: impl Fn(&Path) -> bool) -> Result<PathBuf> {
        let Self { program, package, version, features, locked, optimised } = *self;
        if let Some(path) = existing(program, &fits) {
            return Ok(path);
        }
        // Another version is in use on this machine: leave it alone.
        let beside = find(program, &folders()).is_some();
        eprintln!("{package} {version} is missing; installing it (this takes minutes, once).");
        let mut typed = String::new();
        for with_lock in locked {
            let mut command = cargo();
            command.args(["install", package, "--version", version]).args(features).envs(QUICK);
            if !optimised {
                command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
            }
            if *with_lock {
                command.arg("--locked");
            }
            if beside {
                command.arg("--root").arg(ours());
            }
            typed = process::shown(&command);
            if process::run(&mut command).is_ok()
                && let Some(path) = existing(program, &fits)
            {
                return Ok(path);
            }
        }
        Err(failure(format!(
            "{package} {version} could not be installed; the compiler's message is above. The command is: {typed}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.5\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "burn"), None);
    }
}
