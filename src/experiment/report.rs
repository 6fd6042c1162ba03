//! Tables as Markdown and CSV. Numbers are written as they came out; what SMEN does not beat is named.

use std::fmt::Write;

use super::table::{FOREST, MethodRow, Options, Range, Row, Spread, Table};
use super::{Kind, paper};

fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    if text == "-0.0000" { "0.0000".to_owned() } else { text }
}

fn interval(range: Option<Range>) -> String {
    range.map_or_else(|| "-".to_owned(), |r| format!("{:.4} to {:.4}", r.low, r.high))
}

fn spread(spread: &Spread) -> String {
    if spread.by_seed.len() > 1 {
        format!("{:.4} ({:.4} to {:.4})", spread.mean, spread.range.0, spread.range.1)
    } else {
        number(spread.mean)
    }
}

/// A table as Markdown, with a heading, the paper's figures beside ours, and every baseline of every row.
#[must_use]
pub fn markdown(table: &Table) -> String {
    let mut text = String::new();
    let o = &table.options;
    let simulated = table.rows.iter().any(|r| r.simulated);
    let _ = writeln!(text, "## {}\n", table.kind.title());
    let _ = writeln!(
        text,
        "Ours: {}. {} (the paper: {} epochs), Adam {:e}, {} image{} a step, {} seed{}, {}.{}\n",
        table.source,
        length(o),
        paper::EPOCHS,
        o.learning_rate,
        o.batch,
        if o.batch == 1 { "" } else { "s" },
        o.seeds,
        if o.seeds == 1 { "" } else { "s" },
        table.device,
        if table.rows.iter().any(|row| o.epochs_of(row.asked.0) < paper::EPOCHS) {
            " **Shortened: not the paper's training.**"
        } else {
            ""
        }
    );
    let ours = if simulated { "ours, simulated" } else { "ours, from files" };
    let _ = writeln!(
        text,
        "| | images train/test | paper train | paper test | {ours}: train | {ours}: test | test, 95 % over dates | training, s |\n|---|---|---|---|---|---|---|---|"
    );
    for row in &table.rows {
        let _ = writeln!(
            text,
            "| {} | {}/{} (paper {}/{}) | {:.3} | {:.3} | {} | {} | {} | {:.0} |",
            row.label,
            row.found.0,
            row.found.1,
            row.asked.0,
            row.asked.1,
            row.paper.0,
            row.paper.1,
            spread(&row.train),
            spread(&row.test),
            interval(row.methods.first().and_then(|m| m.interval)),
            row.seconds,
        );
    }
    let _ = writeln!(
        text,
        "\nuRMSE in m3/m3, mean over images{}.",
        if o.seeds > 1 { "; mean over seeds (least to greatest)" } else { "" }
    );
    for row in &table.rows {
        text.push_str(&baselines(row));
    }
    text.push_str(&evaluation(table));
    text
}

/// How long the trainings of a table were.
fn length(options: &Options) -> String {
    match options.steps {
        Some(steps) => format!("{steps} steps in every row, rounded up to whole epochs"),
        None => format!("{} epochs", options.epochs),
    }
}

fn baselines(row: &Row) -> String {
    let mut text = String::new();
    let what = if row.simulated { "SIMULATED scenes" } else { "from files" };
    let [a, b, c, d] = &row.period;
    let _ = writeln!(
        text,
        "\n### {} ({what})\n\nTrained on {} images, {a} to {b}; tested on {}, {c} to {d}.\n",
        row.label, row.found.0, row.found.1
    );
    let _ = writeln!(
        text,
        "| test dates | uRMSE | 95 % over dates | better than it by | RMSE | bias | R | block means against SMAP | pixels | dates |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    for m in &row.methods {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:+.4} | {} | {} | {} | {} |",
            m.name,
            number(m.urmse),
            interval(m.interval),
            m.gain.map_or_else(
                || "-".to_owned(),
                |g| format!("{:+.4} ({:+.4} to {:+.4})", g.mean, g.low, g.high)
            ),
            number(m.rmse),
            m.bias,
            m.r.map_or_else(|| "-".to_owned(), |r| format!("{r:.3}")),
            m.mass.map_or_else(|| "-".to_owned(), number),
            m.pixels,
            m.dates
        );
    }
    let lost: Vec<&MethodRow> = row.not_beaten().collect();
    if lost.is_empty() {
        let _ = writeln!(
            text,
            "\nSMEN beats every baseline here: the 95 % interval of each paired difference lies above zero."
        );
    } else {
        let names: Vec<String> = lost
            .iter()
            .filter_map(|m| {
                m.gain.map(|g| {
                    format!(
                        "{} ({}, {:+.4})",
                        m.name,
                        if g.high < 0.0 { "it is better" } else { "no clear difference" },
                        g.mean
                    )
                })
            })
            .collect();
        let _ = writeln!(text, "\n**SMEN does not beat:** {}.", names.join("; "));
    }
    let _ = writeln!(
        text,
        "\nInputs of the test dates outside the range of the training inputs (of which 1 % lie outside by definition): {:.1} % of SMAP, {:.1} % of the residuals.",
        100.0 * row.outside.0,
        100.0 * row.outside.1
    );
    for note in &row.notes {
        let _ = writeln!(text, "- {note}");
    }
    text
}

/// Does the paper's ordering hold?
fn evaluation(table: &Table) -> String {
    let mut text = String::new();
    match table.kind {
        Kind::Table2 => {
            let order = |get: fn(&Row) -> f64| {
                let mut rows: Vec<(&str, f64)> =
                    table.rows.iter().map(|r| (r.label.as_str(), get(r))).collect();
                rows.sort_by(|a, b| a.1.total_cmp(&b.1));
                rows.into_iter().map(|r| r.0).collect::<Vec<_>>()
            };
            let (paper, ours) = (order(|r| r.paper.1), order(|r| r.test.mean));
            let holds = if paper == ours { "holds" } else { "does **not** hold" };
            let _ = writeln!(
                text,
                "\nThe paper's order (best first: {}) {holds}: ours is {}.",
                paper.join(", "),
                ours.join(", ")
            );
            let gaps = |of: fn(&Row) -> f64| {
                table
                    .rows
                    .iter()
                    .map(|r| format!("{} {}", r.label, number(of(r))))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let _ = writeln!(
                text,
                "\nWhat each network knows of its training images alone, test minus training error: ours {}; the paper's {}.",
                gaps(|r| r.test.mean - r.train.mean),
                gaps(|r| r.paper.1 - r.paper.0)
            );
        }
        Kind::Table3 => {
            let tests: Vec<f64> = table.rows.iter().map(|r| r.test.mean).collect();
            let falls = tests.windows(2).all(|p| p[1] <= p[0] + 5e-4);
            let list = |values: Vec<f64>| values.into_iter().map(number).collect::<Vec<_>>().join(", ");
            let forest = table
                .rows
                .iter()
                .filter_map(|r| r.methods.iter().find(|m| m.name == FOREST).map(|m| m.urmse))
                .collect();
            let ours = table.rows.iter().map(|r| r.test.mean - r.train.mean).collect();
            let paper = table.rows.iter().map(|r| r.paper.1 - r.paper.0).collect();
            let holds = if falls { "holds (to 0.0005)" } else { "does **not** hold" };
            let _ = writeln!(
                text,
                "\nThe paper's trend, more training images give a smaller test error, {holds}: {}.",
                list(tests)
            );
            let _ = writeln!(
                text,
                "\nWhat more images take away is what a network knows of its training images alone, test minus training error: ours {}, the paper's \
                 {}. What they add to a method that learns each pixel's past: the random forest's test error is {}.",
                list(ours),
                list(paper),
                list(forest)
            );
        }
        Kind::Table1 | Kind::Figure2 => {}
    }
    text
}

/// One line for each row and method.
#[must_use]
pub fn csv(table: &Table) -> String {
    let mut text = String::from(
        "table,source,row,train_images,test_images,epochs,seeds,method,partial,urmse,low,high,gain,gain_low,gain_high,rmse,bias,r,mass,pixels,dates,paper_train,paper_test\n",
    );
    let quoted = |s: &str| format!("\"{}\"", s.replace('"', "\"\""));
    let maybe = |v: Option<f64>| v.map_or_else(String::new, |v| format!("{v:.6}"));
    for row in &table.rows {
        for m in &row.methods {
            let fields = [
                format!("{:?}", table.kind).to_lowercase(),
                quoted(&table.source),
                quoted(&row.label),
                row.found.0.to_string(),
                row.found.1.to_string(),
                table.options.epochs_of(row.asked.0).to_string(),
                table.options.seeds.to_string(),
                quoted(&m.name),
                m.partial.to_string(),
                maybe(Some(m.urmse)),
                maybe(m.interval.map(|i| i.low)),
                maybe(m.interval.map(|i| i.high)),
                maybe(m.gain.map(|i| i.mean)),
                maybe(m.gain.map(|i| i.low)),
                maybe(m.gain.map(|i| i.high)),
                maybe(Some(m.rmse)),
                maybe(Some(m.bias)),
                maybe(m.r),
                maybe(m.mass),
                m.pixels.to_string(),
                m.dates.to_string(),
                row.paper.0.to_string(),
                row.paper.1.to_string(),
            ];
            let _ = writeln!(text, "{}", fields.join(","));
        }
    }
    text
}

/// The tables in a few lines, in words that follow from the numbers: what SMEN beats in each row, and what the paper's epochs would take.
#[must_use]
pub fn summary(tables: &[Table]) -> String {
    let mut text = String::from("## In short\n\n");
    for table in tables {
        for row in &table.rows {
            let baselines: Vec<&MethodRow> = row.methods.iter().filter(|m| m.gain.is_some()).collect();
            let beaten = baselines.len() - row.not_beaten().count();
            let best = baselines.iter().filter(|m| !m.partial).min_by(|a, b| a.urmse.total_cmp(&b.urmse));
            let best =
                best.map_or_else(String::new, |m| format!("; the best baseline, {}, {:.4}", m.name, m.urmse));
            let per_run = row.seconds / row.test.by_seed.len().max(1) as f64;
            let epochs = table.options.epochs_of(row.asked.0);
            let whole = if epochs < paper::EPOCHS {
                let minutes = per_run * paper::EPOCHS as f64 / epochs as f64 / 60.0;
                format!(", so {} would take about {minutes:.0} minutes at this run's pace", paper::EPOCHS)
            } else {
                String::new()
            };
            let name = table.kind.title().split(':').next().unwrap_or_default();
            let _ = writeln!(
                text,
                "- {name}, {} ({}): SMEN {:.4}{best}. SMEN beats {beaten} of {} baselines. {epochs} epochs took {per_run:.0} s{whole} (which \
                 other work on the machine slows).",
                row.label,
                if row.simulated { "SIMULATED" } else { "from files" },
                row.test.mean,
                baselines.len(),
            );
        }
    }
    text.push('\n');
    text
}
