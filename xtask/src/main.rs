//! `cargo xtask ...`: parses the command line and calls the step; the steps live in the library.

use std::process::ExitCode;

use xtask::server::Server;
use xtask::{
    Result, app, architecture, bench, check, dev, dist_dir, failure, files, results, served_dir, sizes, test,
    weights,
};

const USAGE: &str = "\
cargo xtask serve [--port 8080] [--cpu-only] [--no-build]   install what is missing, build the app, serve it on this machine;
                                                            --release: the small one of `build`, which takes longer
cargo xtask dev [--port 8080] [--cpu-only]                  the same; then build again with every edit, and reload the page
cargo xtask build [--cpu-only]                              the small app for a server, in dist/
cargo xtask sizes                                           transfer sizes of dist/, held to their bars
cargo xtask test [--quick] [--only SUITE]                   every test (native, browser, end to end); --quick: native ones only
                                                            SUITE: native, web-page, web-worker, sizes, e2e
cargo xtask check                                           formatting, lints for host and wasm, documentation
cargo xtask architecture                                    the table of imports in ARCHITECTURE.md
cargo xtask files                                           docs/guide/files.md from the catalogue of sources
cargo xtask weights                                         train the shipped weights again on simulated scenes, and score them
cargo xtask results [--gpu] [--quick]                       docs/results.md and docs/simulated.md again, on simulated scenes (hours on two cores);
                                                            --quick: a fiftieth of it, into target/results-quick
cargo xtask bench [--quick] [--side 100] [--json FILE]      prediction and training in Chromium beside onnxruntime-web and TensorFlow.js: SMEN and
                                                            RCN on the CPU, SMEN on WebGPU; smaller images (--side) where the adapter is a CPU
cargo xtask bench --native [--quick] [--side 100] ...       the same natively, on a graphics adapter and the CPU, beside PyTorch where it is

  --cpu-only   serve, dev, build, test, bench: leave WebGPU out (a much shorter build; the page then says that it computes on the CPU)";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("\nerror: {stop}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty() || words.iter().any(|w| w == "--help" || w == "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    let command = words.remove(0);
    let cpu_only = take_flag(&mut words, "--cpu-only");
    if cpu_only && !matches!(command.as_str(), "serve" | "dev" | "build" | "test" | "bench") {
        return Err(failure(format!("{command} has no --cpu-only.\n\n{USAGE}")));
    }
    match command.as_str() {
        "serve" => {
            let port = take_port(&mut words)?;
            let (no_build, small) = (take_flag(&mut words, "--no-build"), take_flag(&mut words, "--release"));
            nothing_left(&words)?;
            if small {
                if !no_build {
                    app::build(cpu_only)?;
                }
                return Server::start(&dist_dir(), port)?.serve_forever();
            }
            // A newcomer sees the page minutes sooner without the GPU's program, which then follows.
            let at_once = !no_build && !cpu_only && !app::is_served_with_gpu();
            if !no_build {
                app::for_serving(cpu_only || at_once, false)?;
            }
            let server = Server::start(&served_dir(), port)?;
            if at_once {
                println!(
                    "\nLoam is at {}   It computes on the CPU until the GPU's program is compiled.\n",
                    server.url()
                );
                app::for_serving(false, false)?;
                println!("\nThe GPU's program is there: reload the page to use it.");
            }
            server.serve_forever()
        }
        "dev" => {
            let port = take_port(&mut words)?;
            nothing_left(&words)?;
            dev::run(port, cpu_only)
        }
        "build" => {
            nothing_left(&words)?;
            app::build(cpu_only)
        }
        "sizes" => {
            nothing_left(&words)?;
            sizes::report(&dist_dir())?.hold()
        }
        "files" => {
            nothing_left(&words)?;
            files::write()
        }
        "check" => {
            nothing_left(&words)?;
            check::run()
        }
        "test" => {
            let quick = take_flag(&mut words, "--quick");
            let only = take_value(&mut words, "--only")?;
            nothing_left(&words)?;
            test::run(test::Choice { quick, only, cpu_only })
        }
        "architecture" => {
            nothing_left(&words)?;
            architecture::run()
        }
        "weights" => {
            nothing_left(&words)?;
            weights::run()
        }
        "results" => {
            let (gpu, quick) = (take_flag(&mut words, "--gpu"), take_flag(&mut words, "--quick"));
            nothing_left(&words)?;
            results::run(gpu, quick)
        }
        "bench" => {
            let side = match take_value(&mut words, "--side")? {
                Some(text) => text.parse().ok().filter(|side| (9..=1000).contains(side)),
                None => Some(100),
            };
            let side = side.ok_or_else(|| failure("--side takes a number of pixels from 9 to 1000"))?;
            let quick = take_flag(&mut words, "--quick");
            let native = take_flag(&mut words, "--native");
            let json = take_value(&mut words, "--json")?;
            nothing_left(&words)?;
            bench::run(&bench::Choice { quick, native, cpu_only, side, json })
        }
        other => Err(failure(format!("there is no command \"{other}\".\n\n{USAGE}"))),
    }
}

fn take_flag(words: &mut Vec<String>, name: &str) -> bool {
    let before = words.len();
    words.retain(|w| w != name);
    words.len() < before
}

fn take_value(words: &mut Vec<String>, name: &str) -> Result<Option<String>> {
    let Some(at) = words.iter().position(|w| w == name) else { return Ok(None) };
    if at + 1 >= words.len() {
        return Err(failure(format!("{name} needs a value.\n\n{USAGE}")));
    }
    words.remove(at);
    Ok(Some(words.remove(at)))
}

fn take_port(words: &mut Vec<String>) -> Result<u16> {
    match take_value(words, "--port")? {
        Some(text) => text
            .parse()
            .map_err(|_| failure(format!("--port takes a number from 0 to 65535, not \"{text}\""))),
        None => Ok(8080),
    }
}

fn nothing_left(words: &[String]) -> Result<()> {
    match words.first() {
        None => Ok(()),
        Some(word) => Err(failure(format!("\"{word}\" is not understood here.\n\n{USAGE}"))),
    }
}
