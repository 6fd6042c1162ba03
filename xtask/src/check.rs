//! Formatting, lints for host and wasm, documentation: what must hold before anything is tested.
//!
//! Lints for wasm run with a configuration of their own (`xtask/clippy-wasm/clippy.toml`): on wasm some calls compile and then panic
//! or hang, among them every synchronous read from the GPU. They run in the profile of the workers, whose build scripts and macros
//! the app and the browser tests use again.

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
    steps.push(("lints, wasm", wasm_lints()));
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

/// Page and both workers at once: each alone would read all of what is under them again.
fn wasm_lints() -> Option<Duration> {
    let mut command = cargo();
    command.args(["clippy", "--locked", "--profile", test::WebSuite::Worker.profile(), "--target", WASM]);
    command.args(["--no-default-features", "--features", "page,worker,gpu,program", "--lib"]);
    command.args(["app", "worker-cpu", "worker-gpu"].iter().flat_map(|bin| ["--bin", bin]));
    command.args(
        [test::WebSuite::Page, test::WebSuite::Worker].iter().flat_map(|suite| ["--test", suite.test()]),
    );
    command.args(["--", "-D", "warnings"]).env("CLIPPY_CONF_DIR", root().join("xtask").join("clippy-wasm"));
    process::run(&mut command).ok()
}
