//! Every test suite, one table at the end, and the closing line "N passed, N failed".
//!
//! | suite | what runs where |
//! |---|---|
//! | native | `cargo test`: readers, grid, stack, model, training, scores, exports; then this program's own tests |
//! | web-page | `tests/web_ui.rs` in headless Chromium: the page's components |
//! | web-worker | `tests/web_worker/`: the GPU's worker, CPU backend and WebGPU on SwiftShader |
//! | sizes | the small app is built, and its transfer sizes are held to their bars |
//! | e2e | `tests/e2e`: the built app in a real browser, through WebDriver |
//!
//! The browser suites are built in the profiles and with the features of the app's own programs: so they share the compiled dependencies with
//! the app, which is most of the time.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::process::{self, cargo};
use crate::tools::{self, WASM};
use crate::{Result, app, browser, dist_dir, failure, root, sizes, target_dir};

/// What to run.
#[derive(Debug, Default)]
pub struct Choice {
    /// Native tests only.
    pub quick: bool,
    /// One suite by name.
    pub only: Option<String>,
    /// Build app and worker tests without WebGPU.
    pub cpu_only: bool,
}

const SUITES: [&str; 5] = ["native", "web-page", "web-worker", "sizes", "e2e"];

/// The tests of the built app. Of the whole workspace, as the native tests are: what both depend on is compiled once.
const END_TO_END: [&str; 5] = ["test", "--locked", "--workspace", "--test", "app"];

/// The programs that browser tests are built as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebSuite {
    /// The page.
    Page,
    /// The worker.
    Worker,
}

impl WebSuite {
    /// That of the program whose compiled dependencies it shares.
    pub fn profile(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Worker => "worker",
        }
    }

    /// Name of its test in Cargo.toml.
    pub fn test(self) -> &'static str {
        match self {
            Self::Page => "web_ui",
            Self::Worker => "web_worker",
        }
    }

    fn features(self, cpu_only: bool) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Worker if cpu_only => "worker",
            Self::Worker => "worker,gpu",
        }
    }
}

/// What one suite came to.
#[derive(Debug, Default)]
struct Outcome {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Tests that failed, and sentences about suites that could not run.
    problems: Vec<String>,
    /// Lines "skipped ...", printed by tests whose data is not here.
    skipped: BTreeSet<String>,
    seconds: f64,
}

impl Outcome {
    fn stopped(why: String) -> Self {
        Self { failed: 1, problems: vec![why], ..Self::default() }
    }
}

/// Runs what was chosen. An error where any test failed.
pub fn run(choice: Choice) -> Result<()> {
    if let Some(only) = &choice.only
        && !SUITES.contains(&only.as_str())
    {
        return Err(failure(format!("there is no suite \"{only}\"; there are: {}", SUITES.join(", "))));
    }
    let chosen = |suite: &str| match &choice.only {
        Some(only) => only == suite,
        None => suite == "native" || !choice.quick,
    };
    // Linking a program for the browser uses one core, as many native tests do, and the worker's tests wait for the browser half of
    // their time: the app is built and both suites run beside the native ones. In other profiles for another target, so neither waits for the
    // native tests' lock. Some of the app's own tests measure how long the page is held up: they come afterwards.
    let beside = (chosen("native") && chosen("sizes")).then(|| {
        eprintln!(
            "\nThe app is built and tested in parts beside the native tests; its lines are among theirs."
        );
        std::thread::spawn(move || {
            // The worker's tests take minutes, mostly one core's: they run while the app is built, of what was compiled for them.
            let programs = [WebSuite::Worker, WebSuite::Page]
                .map(|suite| (suite, browser_tests(suite, choice.cpu_only)));
            let suites = std::thread::spawn(move || {
                programs.map(|(suite, program)| timed(|| run_in_browser(suite, &program?)))
            });
            let built = app::build(choice.cpu_only);
            (suites.join(), built)
        })
    });
    let mut outcomes: Vec<(&str, Outcome)> = Vec::new();
    let mut run = |suite: &'static str, outcome: &mut dyn FnMut() -> Result<Outcome>| {
        if chosen(suite) {
            eprintln!("\n==== {suite} ====");
            outcomes.push((suite, timed(outcome)));
        }
    };
    run("native", &mut native);
    match beside {
        Some(beside) => {
            // While the others go on. What does not compile is said when they run.
            if chosen("e2e") {
                let _ = process::run(cargo().args(END_TO_END).arg("--no-run"));
            }
            let panicked = |_| failure("the program that builds the app panicked; see above");
            let (suites, built) = beside.join().map_err(panicked)?;
            let [worker, page] = suites.map_err(panicked)?;
            outcomes.extend([("web-page", page), ("web-worker", worker)]);
            eprintln!("\n==== sizes ====");
            outcomes.push(("sizes", timed(|| built.and_then(|()| small()))));
        }
        None => {
            run("web-page", &mut || in_browser(WebSuite::Page, choice.cpu_only));
            run("web-worker", &mut || in_browser(WebSuite::Worker, choice.cpu_only));
            run("sizes", &mut || app::build(choice.cpu_only).and_then(|()| small()));
        }
    }
    if chosen("e2e") {
        eprintln!("\n==== e2e ====");
        outcomes.push(("e2e", timed(end_to_end)));
    }
    summary(&outcomes)
}

/// What a suite came to, and how long it took.
fn timed(suite: impl FnOnce() -> Result<Outcome>) -> Outcome {
    let start = Instant::now();
    let outcome = suite().unwrap_or_else(|stop| Outcome::stopped(stop.0));
    Outcome { seconds: start.elapsed().as_secs_f64(), ..outcome }
}

fn summary(outcomes: &[(&str, Outcome)]) -> Result<()> {
    println!(
        "\n{:<10} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "suite", "passed", "failed", "ignored", "skipped", "seconds"
    );
    for (suite, o) in outcomes {
        println!(
            "{suite:<10} {:>8} {:>8} {:>8} {:>8} {:>9.0}",
            o.passed,
            o.failed,
            o.ignored,
            o.skipped.len(),
            o.seconds
        );
    }
    for (suite, o) in outcomes {
        o.skipped.iter().for_each(|line| println!("{suite}: {line}"));
    }
    for (suite, o) in outcomes {
        o.problems.iter().for_each(|line| println!("{suite}: FAILED {line}"));
    }
    let (passed, failed) = outcomes.iter().fold((0, 0), |(p, f), (_, o)| (p + o.passed, f + o.failed));
    println!("\n{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(failure(format!("{failed} tests failed; they are named above"))) }
}

fn native() -> Result<Outcome> {
    let mut own = cargo();
    own.args(["test", "--locked", "--no-fail-fast", "--workspace", "--", "--show-output"]);
    count("native", &mut own)
}

fn in_browser(suite: WebSuite, cpu_only: bool) -> Result<Outcome> {
    run_in_browser(suite, &browser_tests(suite, cpu_only)?)
}

fn run_in_browser(suite: WebSuite, program: &Path) -> Result<Outcome> {
    let browser = browser::ensure()?;
    let mut command = Command::new(tools::test_runner()?);
    command.current_dir(root()).arg(program);
    command.env("CHROMEDRIVER", &browser.driver);
    // A SwiftShader pipeline takes seconds to compile; the runner's own 20 s are for small tests.
    command.env("WASM_BINDGEN_TEST_TIMEOUT", "900");
    count(suite.test(), &mut command)
}

/// Builds a suite's program. Linked as the app's programs are, it would take four minutes on one core.
fn browser_tests(suite: WebSuite, cpu_only: bool) -> Result<PathBuf> {
    tools::wasm_target()?;
    let mut command = cargo();
    command.args(["rustc", "--locked", "--profile", suite.profile(), "--target", WASM]);
    command.args(["--no-default-features", "--features", suite.features(cpu_only), "--test", suite.test()]);
    command.args(["--message-format", "json-render-diagnostics", "--", "-C", "lto=thin"]);
    let words = process::shown(&command);
    eprintln!("$ {words}");
    let built = command.stderr(Stdio::inherit()).output().map_err(|e| failure(format!("`{words}`: {e}")))?;
    let said = String::from_utf8_lossy(&built.stdout);
    let name = format!("\"name\":\"{}\"", suite.test());
    let program = said
        .lines()
        .filter(|line| line.contains(&name))
        .find_map(|line| line.split("\"executable\":\"").nth(1)?.split('"').next());
    program
        .filter(|_| built.status.success())
        .map(PathBuf::from)
        .ok_or_else(|| failure(format!("`{words}` failed ({}); its own message is above", built.status)))
}

fn small() -> Result<Outcome> {
    let problems = sizes::report(&dist_dir())?.broken();
    let failed = problems.len() as u64;
    Ok(Outcome { passed: 3 - failed, failed, problems, ..Outcome::default() })
}

fn end_to_end() -> Result<Outcome> {
    browser::ensure()?;
    if !dist_dir().join("index.html").is_file() {
        return Err(failure("dist/ is empty: the app was not built (cargo xtask build)"));
    }
    let mut command = cargo();
    // Two at a time: most of the time a test waits for its browser. Those that measure how long the page is held up run alone.
    command.args(END_TO_END).args(["--no-fail-fast", "--", "--show-output", "--test-threads=2"]);
    count("e2e", &mut command)
}

/// Runs a test command, passing its lines on, all of them to a log of the suite's, and counting its results.
fn count(suite: &str, command: &mut Command) -> Result<Outcome> {
    let words = process::shown(command);
    eprintln!("$ {words}");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| failure(format!("`{words}` could not be started ({e})")))?;
    let logs = target_dir().join("xtask");
    std::fs::create_dir_all(&logs).map_err(process::at(&logs))?;
    let log = Arc::new(Mutex::new(
        std::fs::File::create(logs.join(format!("last-output-{suite}.txt"))).map_err(process::at(&logs))?,
    ));
    let tally = Arc::new(Mutex::new(Tally::default()));
    let pipes: [Option<Box<dyn Read + Send>>; 2] =
        [child.stdout.take().map(|p| Box::new(p) as _), child.stderr.take().map(|p| Box::new(p) as _)];
    let threads: Vec<_> = pipes
        .into_iter()
        .flatten()
        .map(|pipe| {
            let (tally, log) = (Arc::clone(&tally), Arc::clone(&log));
            std::thread::spawn(move || {
                let mut hidden = false;
                for line in BufReader::new(pipe).split(b'\n').map_while(std::result::Result::ok) {
                    let line = String::from_utf8_lossy(&line);
                    if let Ok(mut file) = log.lock() {
                        let _ = writeln!(file, "{line}");
                    }
                    // The output of tests that passed is in the log; on the screen it would bury what failed.
                    hidden = match line.trim_end() {
                        "successes:" => true,
                        "failures:" => false,
                        text if text.starts_with("test result:") => false,
                        _ => hidden,
                    };
                    if let Ok(mut tally) = tally.lock() {
                        tally.read(&line);
                    }
                    if !hidden && !line.trim_end().ends_with("... ok") {
                        eprintln!("{line}");
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
    let status = child.wait().map_err(|e| failure(format!("`{words}`: {e}")))?;
    let mut outcome =
        std::mem::take(&mut tally.lock().map_err(|_| failure("a reader thread panicked"))?.outcome);
    let why = if !status.success() {
        // Did not compile, or the process died under a test.
        format!("`{words}` ended with {status} before it had counted a failure")
    } else if outcome.passed == 0 {
        format!("`{words}` ran no test")
    } else {
        return Ok(outcome);
    };
    if outcome.failed == 0 {
        outcome.failed = 1;
        outcome.problems.push(why);
    }
    Ok(outcome)
}

/// Reads what libtest and wasm-bindgen-test print.
#[derive(Debug, Default)]
struct Tally {
    outcome: Outcome,
}

impl Tally {
    fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(result) = line.strip_prefix("test result: ") {
            for piece in result.split(['.', ';']) {
                let mut words = piece.split_whitespace();
                let number = words.next().and_then(|w| w.parse::<u64>().ok());
                match (number, words.next()) {
                    (Some(n), Some("passed")) => self.outcome.passed += n,
                    (Some(n), Some("failed")) => self.outcome.failed += n,
                    (Some(n), Some("ignored")) => self.outcome.ignored += n,
                    _ => {}
                }
            }
        } else if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|l| l.strip_suffix("... FAILED").or_else(|| l.strip_suffix("... FAIL")))
        {
            self.outcome.problems.push(name.trim().to_owned());
        } else if line.starts_with("skipped ") {
            self.outcome.skipped.insert(line.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "test grid::a ... ok",
            "test grid::b ... FAILED",
            "skipped smap: ../shared/data/smap/a.h5 is not here",
            "skipped smap: ../shared/data/smap/a.h5 is not here",
            "test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 5 filtered out; finished in 0.01s",
            "test web::c ... FAIL",
            "test result: ok. 40 passed; 0 failed; 0 ignored; 0 filtered out; finished in 1.50s",
        ] {
            tally.read(line);
        }
        let o = tally.outcome;
        assert_eq!((o.passed, o.failed, o.ignored, o.skipped.len()), (41, 1, 2, 1));
        assert_eq!(o.problems, ["grid::b", "web::c"]);
    }
}
