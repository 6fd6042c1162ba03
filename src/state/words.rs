//! Training in words: times, losses, settings in short, and rows of a CSV file.

use super::days::date_of;
use loam_core::network::{Inputs, Network, Part};
use loam_core::score::Gain;
use loam_core::training::{DateRole, Start, TrainEnd, TrainSettings};

/// Seconds as one says them.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".to_owned();
    }
    let (value, unit) = match seconds {
        s if s < 1.0 => return "under 1 s".to_owned(),
        s if s < 90.0 => (s, "s"),
        s if s < 5400.0 => (s / 60.0, "min"),
        s if s < 172_800.0 => (s / 3600.0, "h"),
        s => (s / 86_400.0, "days"),
    };
    // Half hours count, half seconds do not.
    if value < 10.0 && unit != "s" && unit != "min" {
        format!("about {value:.1} {unit}")
    } else {
        format!("about {value:.0} {unit}")
    }
}

/// Seconds measured: `0.42 s`, `73 s`.
#[must_use]
pub fn seconds(value: f64) -> String {
    if value < 10.0 { format!("{value:.2} s") } else { format!("{value:.0} s") }
}

/// A loss, four decimals.
#[must_use]
pub fn loss(value: f64) -> String {
    if value.is_finite() { format!("{value:.4}") } else { "not a number".to_owned() }
}

/// A network's unit as the page writes it.
#[must_use]
pub fn unit(network: Network) -> &'static str {
    if network.output().is_kelvin() { "K" } else { "m³/m³" }
}

/// What a network's loss is, with its unit: `uRMSE, m³/m³`.
#[must_use]
pub fn loss_name(network: Network) -> String {
    format!("{}, {}", network.about().loss_name, unit(network))
}

/// Milliseconds since 1970 as date and time, UTC.
#[must_use]
pub fn moment(ms: f64) -> String {
    let minutes = (ms / 60_000.0).floor() as i64;
    let (day, minute) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
    format!("{} {:02}:{:02}", date_of(i32::try_from(day).unwrap_or(0)), minute / 60, minute % 60)
}

/// What a date is used for.
#[must_use]
pub fn role(role: DateRole) -> &'static str {
    match role {
        DateRole::Train => "train",
        DateRole::Validate => "validate",
        DateRole::Test => "test",
        DateRole::Gap => "left out",
    }
}

/// Every role, in the order of time, with the class of its colour.
pub const ROLES: [(DateRole, &str); 4] = [
    (DateRole::Train, "train"),
    (DateRole::Gap, "gap"),
    (DateRole::Validate, "validate"),
    (DateRole::Test, "test"),
];

/// A part of the network.
#[must_use]
pub fn part(part: Part) -> &'static str {
    match part {
        Part::Norms => "norms",
        Part::History => "history f",
        Part::Coarse => "coarse g",
        Part::Fusion => "fusion h",
    }
}

/// The inputs.
#[must_use]
pub fn inputs(inputs: Inputs) -> &'static str {
    match inputs {
        Inputs::Spatiotemporal => "both: 36 km image and history",
        Inputs::Spatial => "spatial: 36 km image alone",
        Inputs::Temporal => "temporal: history alone",
    }
}

/// What ended a run.
#[must_use]
pub fn end(end: TrainEnd) -> &'static str {
    match end {
        TrainEnd::Finished => "all epochs done",
        TrainEnd::Early => "stopped early, validation no longer improved",
        TrainEnd::Stopped => "stopped by you",
        TrainEnd::NotFinite => "the loss left the numbers; the best weights before are kept",
    }
}

/// The frozen parts.
#[must_use]
pub fn frozen(settings: &TrainSettings) -> String {
    let names: Vec<&str> = settings.frozen.iter().map(|p| part(*p)).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What differs from run to run, in one line.
#[must_use]
pub fn short(settings: &TrainSettings) -> String {
    let flips = if settings.flips { ", flips" } else { "" };
    let start = if settings.start == Start::Scratch { "from scratch, " } else { "" };
    let (rate, batch) = (settings.learning_rate, settings.batch);
    let about = settings.network.about();
    if about.inputs.len() > 1 {
        return format!(
            "{start}{}, rate {rate}, batch {batch}, frozen {}{flips}",
            settings.inputs.name(),
            frozen(settings)
        );
    }
    format!("{}: {start}rate {rate}, batch {batch}{flips}", about.short)
}

/// A gain with its interval: `0.0021 (0.0011 to 0.0030)`.
#[must_use]
pub fn gain(gain: &Gain) -> String {
    format!("{:.4} ({:.4} to {:.4})", gain.mean, gain.low, gain.high).replace('-', "−")
}

/// A line of a CSV file (RFC 4180): fields with commas, quotes or line breaks are quoted.
#[must_use]
pub fn csv_line(fields: &[String]) -> String {
    let quoted = fields.iter().map(|f| {
        if f.contains([',', '"', '\n', '\r']) { format!("\"{}\"", f.replace('"', "\"\"")) } else { f.clone() }
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}
