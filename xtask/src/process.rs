//! Runs other programs: echoes what it runs, times it, and turns a failure into a sentence.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Failure, Result, failure, root};

/// A cargo command in the repository's root, with the cargo that runs this one.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // Set by the outer `cargo run`; an inner build must look as it does when typed by hand, or artefacts are not shared.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let mut words = vec![file_name(command.get_program())];
    words.extend(command.get_args().map(|a| a.to_string_lossy().into_owned()));
    words
        .iter()
        .map(|w| if w.contains(' ') { format!("'{w}'") } else { w.clone() })
        .collect::<Vec<_>>()
        .join(" ")
}

fn file_name(program: &OsStr) -> String {
    Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned()
}

/// Runs with the terminal's output; prints the time it took.
pub fn run(command: &mut Command) -> Result<Duration> {
    let words = shown(command);
    eprintln!("\n$ {words}");
    let start = Instant::now();
    let status = command.status().map_err(|e| failure(format!("`{words}` could not be started ({e})")))?;
    let took = start.elapsed();
    eprintln!("  {} in {:.1} s", if status.success() { "done" } else { "failed" }, took.as_secs_f64());
    if status.success() {
        Ok(took)
    } else {
        Err(failure(format!("`{words}` failed ({status}); its own message is above")))
    }
}

/// Runs quietly and returns standard output, trimmed; `None` where it cannot be started or fails.
pub fn output(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let done =
        Command::new(program).args(arguments).current_dir(root()).stderr(Stdio::null()).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// First program of this name in the given folders, then on PATH.
pub fn find(name: &str, first: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    first.iter().cloned().chain(std::env::split_paths(&path)).map(|dir| dir.join(&file)).find(|p| p.is_file())
}

/// Adds the path to an input/output error.
pub fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Failure + '_ {
    move |e| failure(format!("{}: {e}", path.display()))
}
