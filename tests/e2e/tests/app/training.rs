//! Training in the tab, on the built app: a run from its settings to the map it changes, and a run that is killed again and again.

use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::{parts, turn};
use serde_json::json;

use super::{assert_quiet, by_hand};

const PATIENCE: Duration = Duration::from_secs(180);

fn open(name: &str) -> App {
    let app = App::open(name, Setting::smen()).expect("the app opens");
    app.click(parts::DEMO_TUCSON).unwrap();
    app.wait(PATIENCE, "a date that can be predicted", || app.session.find(parts::PREDICT_READY)).unwrap();
    app.open_training().unwrap();
    app
}

/// Waits for the maps of the present choices.
fn drawn(app: &App) {
    app.map_drawn(PATIENCE).unwrap();
}

fn fill(app: &App, css: &str, value: &str) {
    app.get(css).unwrap();
    let script = "const e = document.querySelector(arguments[0]); e.value = arguments[1];
                  e.dispatchEvent(new Event('input', { bubbles: true })); e.dispatchEvent(new Event('change', { bubbles: true }));";
    app.session.script(script, &[json!(css), json!(value)]).unwrap();
}

/// Puts a part of the page at the top of the window, for a picture.
fn show(app: &App, css: &str) {
    app.reveal(css).unwrap();
    app.session
        .script(
            "document.querySelector(arguments[0]).scrollIntoView({ block: 'start', behavior: 'instant' })",
            &[json!(css)],
        )
        .unwrap();
}

fn start(app: &App, epochs: usize) {
    fill(app, parts::TRAIN_EPOCHS, &epochs.to_string());
    app.click(parts::TRAIN_START).unwrap();
    app.text_when(parts::TRAIN_PROGRESS, PATIENCE, |text| text.to_lowercase().contains("epoch")).unwrap();
}

/// The saved table of runs: one map from column to value a run.
fn runs(app: &App) -> Vec<std::collections::HashMap<String, String>> {
    app.click(parts::RUNS_CSV).unwrap();
    let path = app.downloaded(".csv").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut lines = text.lines().map(|line| {
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                c => field.push(c),
            }
        }
        fields.push(field);
        fields
    });
    let head = lines.next().unwrap();
    lines.map(|row| head.iter().cloned().zip(row).collect()).collect()
}

#[test]
fn a_valley_is_learnt_and_the_page_stays_usable() {
    let _alone = turn::alone();
    let app = open("train");
    let estimate = {
        fill(&app, parts::TRAIN_EPOCHS, "4");
        app.click(parts::TRAIN_ESTIMATE).unwrap();
        app.text_when(parts::FINE_TUNE, PATIENCE, |text| text.contains("MB")).unwrap()
    };
    assert!(estimate.contains("SIMULATED"), "{estimate}");
    app.shoot("estimate").unwrap();
    app.forget_longtasks().unwrap();
    app.click(parts::TRAIN_START).unwrap();
    app.text_when(parts::TRAIN_PROGRESS, PATIENCE, |text| text.contains('2')).unwrap();
    let held_up = app.longest_task().unwrap();
    println!("longest task while training: {held_up} ms");
    assert!(held_up <= 50.0, "training held the page up for {held_up} ms");
    // A prediction between the steps.
    app.click("#date-back").unwrap();
    drawn(&app);
    let stage = |what: &str| println!("longest task so far ({what}): {} ms", app.longest_task().unwrap());
    stage("start, steps, a prediction");
    let title = app.session.script("return document.title", &[]).unwrap();
    println!("title while training: {title}");
    app.shoot("running").unwrap();
    stage("steps");
    app.click(parts::TRAIN_PAUSE).unwrap();
    app.text_when(parts::FINE_TUNE, PATIENCE, |text| text.to_lowercase().contains("paused")).unwrap();
    app.click(parts::TRAIN_PAUSE).unwrap();
    let sentence =
        app.text_when(parts::TRAIN_SENTENCE, PATIENCE, |text| text.contains("bilinear SMAP")).unwrap();
    println!("{sentence}");
    // Drawing seven maps beside a worker that takes a whole core.
    let held_up = app.longest_task().unwrap();
    assert!(held_up <= 200.0, "the page was held up for {held_up} ms");
    show(&app, parts::TRAIN_SENTENCE);
    app.shoot("done").unwrap();

    app.click(parts::TRAIN_KEEP).unwrap();
    app.text_when(parts::TRAIN_IN_USE, PATIENCE, |text| text == "the trained weights").unwrap();
    drawn(&app);
    by_hand(&app);
    app.click(parts::LAYOUT_ALL).unwrap();
    app.wait(PATIENCE, "the change to be drawn", || {
        Ok((app.colours("[data-layer=\"Change\"] canvas.base")? > 4).then_some(()))
    })
    .unwrap();
    app.get("[data-layer=\"Before\"]").unwrap();
    app.get("section.maps").unwrap();
    show(&app, "section.maps");
    app.shoot("before-after").unwrap();
    app.click(parts::TRAIN_REVERT).unwrap();
    app.text_when(parts::WEIGHTS, PATIENCE, |text| text.contains("Tucson (shipped)")).unwrap();
    // The map is still that of the trained weights, and says so.
    let stale = app.text_when(parts::STALE, PATIENCE, |text| text.contains("the weights changed")).unwrap();
    assert!(stale.contains("(fine-tuned here)"), "{stale}");
    let table = runs(&app);
    assert_eq!(table.len(), 1);
    assert!(table[0]["weights SHA-256"].len() >= 16, "{table:?}");
    assert_quiet(&app);
}

/// After a run the better weights on the test dates are in use, with the focus on the button that stands for them; what is in use is used again
/// after a reload, until the shipped weights are chosen.
#[test]
fn weights_in_use_are_chosen_and_survive_a_reload() {
    let app = open("recall");
    let reload = || {
        app.session.script("location.reload()", &[]).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        app.text_when(parts::RUN_TABLE, PATIENCE, |text| text.contains("Tucson")).unwrap();
    };
    start(&app, 1);
    let sentence =
        app.text_when(parts::TRAIN_SENTENCE, PATIENCE, |text| text.contains("bilinear SMAP")).unwrap();
    println!("{sentence}");
    let trained =
        sentence.starts_with("Chosen for use: the trained weights. Their uRMSE on the test dates is 0.0");
    assert!(
        trained || sentence.starts_with("Chosen for use: the weights from before the run. "),
        "{sentence}"
    );
    let (chosen, in_use) =
        if trained { ("train-keep", "the trained weights") } else { ("train-revert", "other weights") };
    app.text_when(parts::TRAIN_IN_USE, PATIENCE, |text| text == in_use).unwrap();
    let focus = || app.session.script("return document.activeElement.id", &[]);
    app.wait(PATIENCE, "the focus on what is in use", || {
        Ok((focus()?.as_str() == Some(chosen)).then_some(()))
    })
    .unwrap();
    let run = runs(&app).remove(0);
    let (after, before) =
        (run["test uRMSE after"].parse::<f64>().unwrap(), run["test uRMSE before"].parse::<f64>().unwrap());
    assert_eq!(trained, after < before, "{run:?}");

    app.click(parts::TRAIN_KEEP).unwrap();
    app.text_when(parts::TRAIN_IN_USE, PATIENCE, |text| text == "the trained weights").unwrap();
    reload();
    let said = app.text_when(parts::RECALLED, PATIENCE, |text| text.contains("are in use again")).unwrap();
    assert!(said.contains("The weights trained on Tucson on 2") && said.contains("SIMULATED"), "{said}");
    app.text_when(".weights", PATIENCE, |text| text.contains("fine-tuned here")).unwrap();
    app.shoot("again").unwrap();
    app.click(parts::RECALLED_SHIPPED).unwrap();
    app.text_when(".weights", PATIENCE, |text| text.contains("shipped")).unwrap();
    app.wait(PATIENCE, "the word of the run to go", || Ok((!app.has(parts::RECALLED)?).then_some(())))
        .unwrap();
    reload();
    std::thread::sleep(Duration::from_secs(1));
    assert!(!app.has(parts::RECALLED).unwrap(), "the shipped weights were in use");

    // Used from the table, and deleted while in use: said after the next load.
    app.click("#run-table [aria-label^=\"Use the weights\"]").unwrap();
    app.text_when(".weights", PATIENCE, |text| text.contains("fine-tuned here")).unwrap();
    reload();
    app.text_when(parts::RECALLED, PATIENCE, |text| text.contains("are in use again")).unwrap();
    app.click("#run-table [aria-label^=\"Delete\"]").unwrap();
    app.click("#run-table .confirm .danger").unwrap();
    app.wait(PATIENCE, "the run to be gone", || Ok((!app.has("#run-table tbody tr")?).then_some(())))
        .unwrap();
    app.session.script("location.reload()", &[]).unwrap();
    app.text_when(".notices", PATIENCE, |text| {
        text.contains("no longer in its storage") && text.contains("shipped weights")
    })
    .unwrap();

    // A file's weights cannot be kept.
    let file = xtask::root().join("public").join("weights").join("geneva.safetensors");
    app.choose_files("#weights-input", &[file]).unwrap();
    app.text_when(".weights", PATIENCE, |text| text.contains("geneva.safetensors")).unwrap();
    app.session.script("location.reload()", &[]).unwrap();
    app.text_when(".notices", PATIENCE, |text| {
        text.contains("geneva.safetensors") && text.contains("load the file again")
    })
    .unwrap();
    assert_quiet(&app);
}

/// Twenty times a run is killed in the middle, at a moment that nothing aligns with a step: the page is torn away, reloaded, or its worker
/// ended. Each time the run is offered again, goes on, and at the end has the weights of a run that never stopped.
#[test]
fn a_run_killed_twenty_times_ends_like_one_that_never_stopped() {
    let app = open("killed");
    start(&app, 12);
    app.text_when(parts::TRAIN_SENTENCE, PATIENCE, |text| text.contains("bilinear SMAP")).unwrap();
    let whole = runs(&app).remove(0);
    app.click(parts::TRAIN_REVERT).unwrap();
    app.text_when(parts::WEIGHTS, PATIENCE, |text| text.contains("Tucson (shipped)")).unwrap();
    start(&app, 12);
    let mut seen = Vec::new();
    for kill in 0..20u64 {
        // The moments drift through the step, the validation and the write of a checkpoint; some come before the first of them.
        std::thread::sleep(Duration::from_millis(150 + 137 * kill % 1400));
        match kill % 3 {
            0 => {
                app.session.navigate("about:blank").unwrap();
                app.session.navigate(&app.url).unwrap();
            }
            1 => {
                app.session.script("location.reload()", &[]).unwrap();
                std::thread::sleep(Duration::from_millis(50));
            }
            _ => app.end_worker().unwrap(),
        }
        let banner = app
            .text_when("main, .banner", PATIENCE, |_| true)
            .and_then(|_| app.get(parts::TRAIN_RESUME))
            .and_then(|_| app.text(".banner"));
        seen.push(banner.unwrap());
        app.click(parts::TRAIN_RESUME).unwrap();
        app.text_when(parts::TRAIN_PROGRESS, PATIENCE, |text| text.to_lowercase().contains("epoch")).unwrap();
    }
    println!("{}", seen.join("\n"));
    app.shoot("resumed").unwrap();
    app.text_when(parts::TRAIN_SENTENCE, PATIENCE, |text| text.contains("bilinear SMAP")).unwrap();
    let table = runs(&app);
    assert_eq!(table.len(), 2, "{table:?}");
    assert!(
        table.iter().all(|run| run["weights SHA-256"] == whole["weights SHA-256"]),
        "the same weights to the last bit: {table:?}"
    );
    assert_quiet(&app);
}

/// Tucson's demo with the page's own settings, 20 epochs from the shipped weights: the held-out dates gain.
#[test]
fn tucson_is_fine_tuned_with_the_settings_the_page_proposes() {
    let app = open("tucson");
    let epochs = app
        .session
        .script("return document.querySelector(arguments[0]).value", &[json!(parts::TRAIN_EPOCHS)])
        .unwrap();
    assert_eq!(epochs.as_str(), Some("20"));
    app.click(parts::TRAIN_START).unwrap();
    let sentence = app
        .text_when(parts::TRAIN_SENTENCE, Duration::from_secs(600), |text| text.contains("bilinear SMAP"))
        .unwrap();
    let run = runs(&app).remove(0);
    println!("{sentence}\n{run:?}");
    let number = |column: &str| run[column].parse::<f64>().unwrap_or_else(|_| panic!("{column}: {run:?}"));
    assert!(number("test uRMSE after") < number("test uRMSE before"), "{run:?}");
    assert!(sentence.starts_with("Chosen for use: the trained weights. "), "{sentence}");
    assert!(number("training (s)") < 600.0, "{run:?}");
    show(&app, parts::TRAIN_SENTENCE);
    app.shoot("done").unwrap();
    assert_quiet(&app);
}

/// Trains another network than SMEN; its worker is ended on the way and the run resumed. The run's row, and the map of its weights.
fn trained_through_a_loss(
    app: &App,
    network: &str,
    epochs: usize,
) -> std::collections::HashMap<String, String> {
    assert!(app.has("#train-inputs").unwrap());
    fill(app, parts::TRAIN_NETWORK, network);
    app.wait(PATIENCE, "SMEN's own settings to go", || Ok((!app.has("#train-inputs")?).then_some(())))
        .unwrap();
    app.text_when("#train-plan", PATIENCE, |text| text.contains("train ") && text.contains("left out 0"))
        .unwrap();
    show(app, parts::FINE_TUNE);
    app.shoot("form").unwrap();
    start(app, epochs);
    app.text_when("#train-checkpoint", PATIENCE, |text| {
        (1..=epochs).any(|epoch| text.contains(&format!("epoch {epoch}")))
    })
    .unwrap();
    app.shoot("running").unwrap();
    app.end_worker().unwrap();
    app.text_when(".banner", PATIENCE, |text| text.contains("resume") || text.contains("unfinished"))
        .unwrap();
    app.click(parts::TRAIN_RESUME).unwrap();
    let sentence =
        app.text_when(parts::TRAIN_SENTENCE, PATIENCE * 2, |text| text.contains("bilinear")).unwrap();
    println!("{sentence}");
    show(app, parts::TRAIN_SENTENCE);
    app.shoot("done").unwrap();
    app.text_when(".weights", PATIENCE, |text| text.contains("fine-tuned here")).unwrap();
    let run = runs(app).remove(0);
    assert_eq!(
        (run["unit"].as_str(), run["epochs done"].as_str()),
        ("m3/m3", epochs.to_string().as_str()),
        "{run:?}"
    );
    app.wait(PATIENCE, "a date that can be predicted", || app.session.find(parts::PREDICT_READY)).unwrap();
    drawn(app);
    run
}

/// The weights from before the run are used again.
fn taken_back(app: &App) {
    app.click(parts::TRAIN_REVERT).unwrap();
    app.text_when(".weights", PATIENCE, |text| !text.contains("fine-tuned here")).unwrap();
    assert_quiet(app);
}

/// The TB CNN on a few cells: chosen in the form, trained, its worker ended on the way, resumed, used, and taken back.
#[test]
fn the_tb_cnn_is_trained_in_the_tab() {
    let app = open("train-tbcnn");
    // 1.7 million parameters on one thread: a test needs few cells.
    fill(&app, "#columns", "9");
    fill(&app, "#rows", "9");
    app.text_when(parts::FINE_TUNE, PATIENCE, |text| text.contains("9 × 9")).unwrap();
    let run = trained_through_a_loss(&app, "tb-soil-moisture", 2);
    assert!(run["network"].contains("TB CNN"), "{run:?}");
    app.text_when(parts::SCORES, PATIENCE, |text| text.contains("TB CNN")).unwrap();
    taken_back(&app);
}

/// RCN on a part of the region: trained, its worker ended on the way, resumed, used with its interval, and taken back.
#[test]
fn rcn_is_fine_tuned_in_the_tab() {
    let app = open("train-rcn");
    fill(&app, "#columns", "24");
    fill(&app, "#rows", "24");
    app.text_when(parts::FINE_TUNE, PATIENCE, |text| text.contains("24 × 24")).unwrap();
    let run = trained_through_a_loss(&app, "rcn", 3);
    assert!(run["network"].contains("RCN"), "{run:?}");
    let number =
        |column: &str| run[column].parse::<f64>().unwrap_or_else(|e| panic!("{column}: {e}: {run:?}"));
    assert!(number("test uRMSE after") < number("test uRMSE bilinear"), "{run:?}");
    app.text_when(parts::SCORES, PATIENCE, |text| text.contains("RCN") && text.contains("pixel regression"))
        .unwrap();
    app.click(parts::LAYOUT_ALL).unwrap();
    for layer in ["Before", "Change", "HalfWidth"] {
        app.get(&format!("[data-layer=\"{layer}\"]")).unwrap();
    }
    show(&app, "section.maps");
    app.shoot("before-after").unwrap();
    taken_back(&app);
}

#[test]
fn a_second_tab_sees_that_a_run_is_being_trained() {
    let app = open("two-tabs");
    start(&app, 200);
    std::thread::sleep(Duration::from_secs(1));
    app.session.script("window.open(location.href.split('#')[0])", &[]).unwrap();
    // "Epoch 3 of 200, step 7 of 41, ...": both, for on a slow machine an epoch outlasts the test.
    let reached = |text: &str| {
        let numbers: Vec<u32> =
            text.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
        (numbers[0], numbers.get(2).copied().unwrap_or(0))
    };
    let before = app.text(parts::TRAIN_PROGRESS).unwrap();
    let first = app.session.switch_to_newest_window().unwrap();
    app.text_when(".banner", PATIENCE, |text| text.contains("another tab is training it")).unwrap();
    // The first tab lay in the background meanwhile: its run went on.
    std::thread::sleep(Duration::from_secs(2));
    app.session.switch_to_window(&first).unwrap();
    let after = app.text(parts::TRAIN_PROGRESS).unwrap();
    println!("before the other tab: {before}; after: {after}");
    assert!(reached(&after) > reached(&before), "a tab in the background trains on: {before}, then {after}");
    app.click(parts::TRAIN_CANCEL).unwrap();
    app.click(parts::TRAIN_CANCEL_YES).unwrap();
    app.wait(PATIENCE, "the run to be gone", || Ok((!app.has(parts::TRAIN_CANCEL)?).then_some(()))).unwrap();
    assert_quiet(&app);
}

/// The GPU is lost in the middle of a run (SwiftShader's, destroyed from outside): the page says so, starts another worker, offers the run,
/// and the run ends.
#[test]
fn a_lost_gpu_costs_no_run() {
    let app = App::open_with_mortal_gpu("lost-gpu", Setting { webgpu: true, ..Setting::smen() }).unwrap();
    fill(&app, "#preference", "gpu");
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check") && text.contains("GPU"))
        .unwrap();
    app.click(parts::DEMO_TUCSON).unwrap();
    app.wait(PATIENCE, "a date that can be predicted", || app.session.find(parts::PREDICT_READY)).unwrap();
    app.open_training().unwrap();
    // The plain convolutions take seconds a step on a software adapter: few cells.
    fill(&app, "#columns", "12");
    fill(&app, "#rows", "12");
    app.text_when(parts::FINE_TUNE, PATIENCE, |text| text.contains("12 × 12")).unwrap();
    start(&app, 2);
    app.text_when("#train-checkpoint", PATIENCE, |text| text.contains("checkpoint")).unwrap();
    app.tell_worker().unwrap();
    let banner = app.text_when(".banner", PATIENCE, |text| text.contains("resume")).unwrap();
    println!("{banner}");
    app.shoot("offered").unwrap();
    app.click(parts::TRAIN_RESUME).unwrap();
    app.text_when(parts::TRAIN_SENTENCE, PATIENCE, |text| text.contains("bilinear SMAP")).unwrap();
    app.shoot("done").unwrap();
}
