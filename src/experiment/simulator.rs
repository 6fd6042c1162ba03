//! Simulated scenes beside published values, as a page: what a result on them is worth hangs on it.

use std::fmt::Write;

use super::table::FOREST;
use super::{Row, paper};
use loam_core::simulate::properties::{Properties, TARGETS};
use loam_core::stack::Preset;

/// Factors on the contrasts of soil and terrain that the shares of texture are shown for.
pub const CONTRASTS: [f32; 3] = [0.4, 1.0, 1.6];

/// Share of the variability that persistent spatial structure explained at Washita '92 ([`TARGETS`]).
const WASHITA: f64 = 0.31;

/// Properties of the three regions at one contrast, in the paper's order.
#[must_use]
pub fn measured(seed: u64, contrast: f32) -> Vec<(&'static str, Properties)> {
    let of = |row: &paper::RegionRow| Some((row.region, Properties::of_preset(row.region, seed, contrast)?));
    paper::TABLE_1.iter().filter_map(of).collect()
}

/// The page's first table: every property of the three regions, its target and where that comes from.
#[must_use]
pub fn properties_markdown(seed: u64, regions: &[(&'static str, Properties)]) -> String {
    let mut text = String::new();
    let names: Vec<&str> =
        regions.iter().map(|(key, _)| Preset::find(key).map_or(*key, |p| p.name)).collect();
    let _ = writeln!(
        text,
        "Seed {seed}, 2016 to 2018. In brackets the range a value must lie in; a value outside is marked **bold**.\n"
    );
    let _ = writeln!(
        text,
        "| property | {} | published or required |\n|---|{}---|",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for target in &TARGETS {
        let mut cells = Vec::new();
        for ((_, properties), (low, high)) in regions.iter().zip(target.range) {
            let value = (target.of)(properties);
            let mark = if (low..=high).contains(&value) { "" } else { "**" };
            cells.push(format!("{mark}{value:.3}{mark} ({low} to {high})"));
        }
        let _ = writeln!(
            text,
            "| {}, {} | {} | {} |",
            target.what,
            target.unit,
            cells.join(" | "),
            target.source
        );
    }
    let shares: Vec<String> =
        regions.iter().map(|(_, p)| format!("{:.3}, {:.3}", p.masked.0, p.masked.1)).collect();
    let _ = writeln!(
        text,
        "| share under water; share of a swath masked for any reason | {} | chosen |",
        shares.join(" | ")
    );
    let above: Vec<&str> = regions
        .iter()
        .zip(&names)
        .filter(|((_, p), _)| p.persistent > WASHITA)
        .map(|(_, name)| *name)
        .collect();
    if !above.is_empty() {
        let _ = writeln!(
            text,
            "\nIn {} the persistent share lies above the {WASHITA} of Washita '92: these scenes are kinder than that watershed to methods that learn from \
             the past. The next table shows results below it.",
            above.join(", ")
        );
    }
    text
}

/// The page's second table: SMEN and the best baselines at several shares of persistent texture. `rows` are (contrast, measured
/// persistent share, Tucson's row of Table 1).
#[must_use]
pub fn shares_markdown(rows: &[(f32, f64, Row)]) -> String {
    let mut text = String::from(
        "| contrast of soil and terrain | persistent share | SMEN | bilinear SMAP | mean training residual | random forest | gain over bilinear (95 %) | gain over the forest (95 %) |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (contrast, share, row) in rows {
        let of = |name: &str| row.methods.iter().find(|m| m.name.contains(name));
        let urmse = |name: &str| of(name).map_or_else(|| "-".to_owned(), |m| format!("{:.4}", m.urmse));
        let gain = |name: &str| {
            let gain = of(name).and_then(|m| m.gain);
            gain.map_or_else(
                || "-".to_owned(),
                |g| format!("{:+.4} ({:+.4} to {:+.4})", g.mean, g.low, g.high),
            )
        };
        let _ = writeln!(
            text,
            "| x {contrast} | {share:.2} | {:.4} | {} | {} | {} | {} | {} |",
            row.test.mean,
            urmse("bilinear SMAP"),
            urmse("mean training residual"),
            urmse(FOREST),
            gain("bilinear SMAP"),
            gain(FOREST),
        );
    }
    text
}
