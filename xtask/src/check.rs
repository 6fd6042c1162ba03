//! Formatting, lints for host and wasm, documentation: what must hold before anything is tested.
//!
//! Lints for wasm run with a configuration of their own (`xtask/clippy-wasm/clippy.toml`): on wasm some calls compile and then panic
//! or hang, among them every synchronous read from the GPU. They run in the profiles of the app's programs, whose build scripts and
//! macros the app and the browser tests use again.

use std::time::Duration;

use crate::process::{self, cargo};
use crate::tools::{WASM, wasm_target};
use crate::{Result, failure, root, test};

/// Runs all checks, goes on after a failed one, and fails at the end.
pub fn run() -> Result<()> {
    wasm_target()?;
    let mut steps: Vec<(&str, Option<Duration>)> = Vec::new();
    steps.push(("formatting", process::run(cargo().args(["fmt", "--all", "--check"])).ok()));
    let host = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    steps.push(("lints, host", process::run(cargo().args(host)).ok()));
    steps.push(("lints, wasm page", wasm_lints("page,program", &["app"], test::WebSuite::Page)));
    steps.push((
        "lints, wasm worker",
        wasm_lints("worker,gpu,program", &["worker-cpu", "worker-gpu"], test::WebSuite::Worker),
    ));
    let mut doc = cargo();
    doc.args(["doc", "--locked", "--no-deps", "--lib", "--workspace", "--exclude", "e2e"])
        .env("RUSTDOCFLAGS", "-D warnings");
    steps.push(("documentation", process::run(&mut doc).ok()));

    println!("\n{:<24} {:>8}", "check", "seconds");
    for (name, took) in &steps {
        println!("{name:<24} {:>8}", took.map_or("FAILED".to_owned(), |t| format!("{:.0}", t.as_secs_f64())));
    }
    if let Some(tree) =
        process::output("cargo", &["tree", "--locked", "--duplicates", "--depth", "0", "--edges", "normal"])
    {
        let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        names.sort_unstable();
        names.dedup();
        println!("for information: crates in more than one version: {}", names.join(", "));
    }
    let failed = steps.iter().filter(|(_, took)| took.is_none()).count();
    if failed == 0 { Ok(()) } else { Err(failure(format!("{failed} of {} checks failed", steps.len()))) }
}

fn wasm_lints(features: &str, bins: &[&str], suite: test::WebSuite) -> Option<Duration> {
    let mut command = cargo();
    command.args([
        "clippy",
        "--locked",
        "--profile",
        suite.profile(),
        "--target",
        WASM,
        "--no-default-features",
        "--features",
        features,
        "--lib",
    ]);
    for bin in bins {
        command.args(["--bin", bin]);
    }
    command.args(["--test", suite.test(), "--", "-D", "warnings"]);
    command.env("CLIPPY_CONF_DIR", root().join("xtask").join("clippy-wasm"));
    process::run(&mut command).ok()
}
