//! `loam`, the native command line: inspect, simulate, train, predict, evaluate, validate, experiment, cards. Every command has `--json` for
//! machines.
//!
//! Exit codes: 0 done, 1 a map that `reproduce` could not make again, 2 a refusal with one clear line on standard error.

/// A line on standard output. Where nobody reads on (`loam inspect FILE | head`), the program ends.
macro_rules! say {
    ($($text:tt)*) => { $crate::line(format_args!($($text)*)) };
}

mod cards;
mod dask;
mod evaluate;
mod experiment;
mod export_model;
mod fetch_list;
mod files;
mod find;
mod inspect;
mod layer_use;
mod maker;
mod network;
mod predict;
mod progress;
mod rank;
mod reading;
mod ready;
mod reproduce;
mod score_table;
mod season;
mod series;
mod shipped;
mod simulate;
mod stations;
mod train;
mod validate;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "loam",
    version,
    about = "Soil-moisture maps at 3 km from SMAP and Sentinel-1",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What a file is: product, date, grid, variables and their statistics
    Inspect(inspect::Inspect),
    /// The 3 km map of a date, as a GeoTIFF
    Predict(predict::Predict),
    /// The maps of all dates of a period, as a NetCDF cube or a folder of GeoTIFFs, with mean, trend and dry-down
    Season(season::Season),
    /// The map of a bundle (`loam predict --bundle`, the page's export) made again, and compared bit by bit
    Reproduce(reproduce::Reproduce),
    /// What to fetch for a region and a period: exact searches, as scripts and addresses to use yourself
    FetchList(fetch_list::FetchList),
    /// Scores of weights against 3 km maps, beside the baselines
    Evaluate(evaluate::Evaluate),
    /// Every method on the newest dates of a region, best first
    Rank(rank::Rank),
    /// Maps against stations in the ground (ISMN archives, own loggers), as one HTML report
    Validate(validate::Validate),
    /// Train a network on files or on simulated scenes, split by time
    Train(train::Train),
    /// The paper's tables and figure, reproduced, with every baseline on the same pixels
    Experiment(experiment::Experiment),
    /// A model card for each weights file: data, split, scores beside every baseline, limits
    Cards(cards::Cards),
    /// A network as ONNX, for ONNX Runtime, QGIS and other programs
    ExportModel(export_model::ExportModel),
    /// Write simulated scenes as GeoTIFFs
    Simulate(simulate::Simulate),
}

/// A refusal: one line for a person.
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> std::process::ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Inspect(command) => command.run(),
        Command::Predict(command) => command.run(),
        Command::Season(command) => command.run(),
        Command::Reproduce(command) => match command.run() {
            Ok(true) => Ok(()),
            Ok(false) => return std::process::ExitCode::from(1),
            Err(error) => Err(error),
        },
        Command::FetchList(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Rank(command) => command.run(),
        Command::Validate(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Experiment(command) => command.run(),
        Command::Cards(command) => command.run(),
        Command::ExportModel(command) => command.run(),
        Command::Simulate(command) => command.run(),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            // One line, whatever a nested error holds: scripts read it.
            eprintln!("error: {}", error.to_string().replace('\n', " "));
            std::process::ExitCode::from(2)
        }
    }
}

fn line(text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    if writeln!(std::io::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Pretty JSON on standard output.
fn print_json(value: &impl serde::Serialize) -> Outcome {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}
