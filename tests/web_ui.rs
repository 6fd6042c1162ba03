//! The page's parts in a real browser: painting, protocol, cursor, links, and the page itself with no worker to talk to.
#![cfg(all(target_arch = "wasm32", feature = "page"))]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by panicking")]

use ease_grid::{EaseWindow, Edges};
use jiff::civil::date;
use js_sys::{Array, Float32Array, Uint8Array};
use leptos::prelude::provide_context;
use loam::link;
use loam::protocol::{
    Attachment, DayReport, Envelope, Event, MapReport, PreviewReport, Request, SeasonDayReport, SeasonReport,
    StepReport, Timeline, TrainStarted, wire,
};
use loam::state::cursor::Cell;
use loam::state::ledger::Kind;
use loam::state::{Job, Layer, MapData, RecalledRun, Remembered, Run, days};
use loam::ui::train::{self, curve, runs};
use loam::ui::{
    App, canvas, date_words, dates, drop, exports, figure, files, layers, maps, notices, outside, panel,
    scores, season, values,
};
use loam_core::closed_form::ClosedForm;
use loam_core::device_report::{DeviceReport, SelfCheckReport};
use loam_core::file::FineOrigin;
use loam_core::layer::{LayerKey, LayerKind};
use loam_core::map::{ColourMap, Scale, paint};
use loam_core::network::{Network, TbCase};
use loam_core::score::ScoreRow;
use loam_core::score::{Gain, ScoreReport};
use loam_core::stack::HistorySlot;
use loam_core::training::{
    CheckpointReport, Choice, DateRole, EpochReport, PlannedDate, RunReport, TrainEnd, TrainPlan,
    TrainResult, TrainSettings,
};
use loam_core::weights_report::WeightsReport;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn a_cell_is_one_pixel_of_the_published_colour() {
    let scale = Scale::moisture();
    let rgba = paint(&[0.0, 0.25, 0.5, f32::NAN], &[0, 0, 0, 2], 2, &scale);
    let canvas = canvas::from_rgba(&rgba, 2, 2).unwrap();
    assert_eq!((canvas.width(), canvas.height()), (2, 2));
    let data = canvas::context(&canvas).unwrap().get_image_data(0, 0, 2, 2).unwrap().data().0;
    for (pixel, entry) in [(0, 0u8), (1, 128), (2, 255)] {
        assert_eq!(data[pixel * 4..pixel * 4 + 3], ColourMap::moisture().colour(entry), "pixel {pixel}");
    }
    assert!(data[12] == data[13] && data[13] == data[14], "a masked cell is grey");
}

#[wasm_bindgen_test]
fn requests_go_out_with_their_attachments() {
    let bytes = Uint8Array::from(&[1u8, 2, 3][..]);
    let request = Envelope { id: 7, body: Request::LoadWeights { name: "w.safetensors".into() } };
    let (message, transfer) = link::encode(&request, &[bytes.into()]).unwrap();
    assert_eq!((message.length(), transfer.length()), (2, 2), "the head is transferred too");
    let back: Envelope<Request> = wire::read(&Uint8Array::from(message.get(0)).to_vec()).unwrap();
    assert!(
        matches!(back, Envelope { id: 7, body: Request::LoadWeights { name } } if name == "w.safetensors")
    );
}

fn head(id: u64, body: Event) -> JsValue {
    Uint8Array::from(wire::write(&Envelope { id, body }).unwrap().as_slice()).into()
}

#[wasm_bindgen_test]
fn events_come_in_with_their_attachments() {
    let message = Array::of3(
        &head(3, Event::Finished),
        &Float32Array::from(&[0.5f32, f32::NAN][..]),
        &Uint8Array::from(&[0u8, 2][..]),
    );
    let (envelope, attachments) = link::decode(&message).unwrap();
    assert!(matches!(envelope, Envelope { id: 3, body: Event::Finished }));
    assert!(
        matches!(&attachments[..], [Attachment::F32(v), Attachment::U8(r)] if v[0] == 0.5 && v[1].is_nan() && r[..] == [0, 2])
    );
    let json = Uint8Array::from(br#"{"id":3,"body":"Finished"}"#.as_slice());
    for wrong in [
        JsValue::from_str("hello"),
        Array::of1(&"{}".into()).into(),
        Array::of1(&json).into(),
        Array::new().into(),
    ] {
        let why = link::decode(&wrong).err().unwrap();
        assert!(why.contains("reload the page"), "{why}");
    }
}

#[wasm_bindgen_test]
fn a_self_check_that_gave_nan_can_be_told() {
    let check = SelfCheckReport { runs: 3, largest_difference: f32::NAN, tolerance: 1e-4, passed: false };
    let report = DeviceReport {
        gpu: true,
        name: "x".into(),
        why: "y".into(),
        kernels: None,
        warning: None,
        check: Some(check),
    };
    let (envelope, _) = link::decode(&Array::of1(&head(1, Event::Device(report)))).unwrap();
    let Event::Device(device) = envelope.body else { panic!("not a device") };
    assert!(device.check.unwrap().largest_difference.is_nan());
}

#[wasm_bindgen_test]
fn smoothing_keeps_a_constant_and_leaves_nan_out() {
    assert!(curve::smooth(&[3.0; 5], 0.9).iter().all(|v| (v - 3.0).abs() < 1e-12), "no pull towards 0");
    assert_eq!(
        curve::smooth(&[1.0, 5.0, 2.0], 0.0),
        [1.0, 5.0, 2.0],
        "without smoothing the values themselves"
    );
    let gap = curve::smooth(&[1.0, f64::NAN, 1.0], 0.5);
    assert!(gap[1].is_nan() && (gap[2] - 1.0).abs() < 1e-12);
    // Weights 1/2 and 1/4 of the second and first value, divided by their sum.
    assert!((curve::smooth(&[0.0, 3.0], 0.5)[1] - 2.0).abs() < 1e-12);
}

#[wasm_bindgen_test]
fn a_thinned_curve_keeps_its_spikes() {
    let mut values = vec![0.5; 10_000];
    values[7_321] = 9.0;
    let thin = curve::thin(&values, 200);
    assert!(thin.len() <= 200 && thin.iter().any(|p| p.1 == 9.0), "{}", thin.len());
    assert_eq!(curve::thin(&[1.0, 2.0], 200), [(0.0, 1.0), (1.0, 2.0)]);
}

#[wasm_bindgen_test]
fn axes_hold_every_value() {
    let (low, high) = curve::limits([0.02, f64::NAN, 0.05].into_iter(), false).unwrap();
    assert!((0.0..0.02).contains(&low) && high > 0.05);
    assert_eq!(curve::limits([0.0, f64::NAN].into_iter(), true), None, "nothing above 0");
    let (low, high) = curve::limits([0.003, 0.4].into_iter(), true).unwrap();
    assert!((curve::place(low, (low, high), true), curve::place(high, (low, high), true)) == (0.0, 1.0));
    assert_eq!(curve::ticks(low, high, 5, true), [0.005, 0.01, 0.02, 0.05, 0.1, 0.2]);
    let flat = curve::limits([0.04].into_iter(), false).unwrap();
    assert!(flat.0 < 0.04 && flat.1 > 0.04);
}

fn score(name: &str, urmse: f64) -> ScoreReport {
    ScoreReport {
        name: name.into(),
        urmse: Some(urmse),
        bias: Some(0.0),
        rmse: Some(urmse),
        r: Some(0.5),
        pixels: 100,
        row: None,
        channel: 0,
    }
}

fn run(name: &str, finished: bool) -> RunReport {
    let result = TrainResult {
        end: TrainEnd::Early,
        epochs: 9,
        best_epoch: 4,
        best_loss: 0.021,
        seconds: 73.0,
        images: [20, 4, 5, 2],
        scores: vec![score("SMEN, after", 0.02), score("SMEN, before", 0.03), score("bilinear SMAP", 0.05)],
        dates: 5,
        over_bilinear: Some(Gain { mean: 0.03, low: 0.02, high: 0.04 }),
        over_before: Some(Gain { mean: 0.01, low: -0.002, high: 0.02 }),
        sentence: "Better than before.".into(),
        hash: "feedfacefeedface".into(),
        choice: Some(Choice {
            trained: false,
            sentence: "Chosen for use: those from before, 0.03 m3/m3.".into(),
        }),
    };
    RunReport {
        run: name.into(),
        begun_ms: 1_582_979_696_789.0,
        region: "Tucson, own".into(),
        settings: TrainSettings::fine_tune(),
        from: WeightsReport {
            name: "tucson.safetensors".into(),
            hash: "0123".into(),
            ..WeightsReport::default()
        },
        device: "CPU".into(),
        simulated: true,
        result: finished.then_some(result),
        progress: (!finished).then_some(CheckpointReport { epoch: 7, steps: 140, bytes: 12_345 }),
        in_use: false,
    }
}

#[wasm_bindgen_test]
fn the_run_table_as_a_file_has_as_many_fields_as_its_header() {
    let text = runs::csv(&[run("a", true), run("b", false)]);
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 4, "header, two runs, the end");
    // Commas within quotes do not count.
    let fields =
        |line: &str| line.split('"').step_by(2).map(|part| part.matches(',').count()).sum::<usize>() + 1;
    assert_eq!((fields(lines[1]), fields(lines[2])), (fields(lines[0]), fields(lines[0])), "{text}");
    assert!(
        lines[1].contains("\"Tucson, own\",true") && lines[1].contains("0.02,0.03,0.05,0.01,-0.002,0.02"),
        "{}",
        lines[1]
    );
    let mut result = run("a", true).result.unwrap();
    assert_eq!(
        runs::test_scores(&result),
        [Some(0.02), Some(0.03), Some(0.05)],
        "a run kept before rows had a key"
    );
    // With keys neither order nor words count.
    for (score, row) in
        result.scores.iter_mut().zip([ScoreRow::Bilinear, ScoreRow::Estimate, ScoreRow::Before])
    {
        (score.name, score.row) = ("before".into(), Some(row));
    }
    assert_eq!(runs::test_scores(&result), [Some(0.03), Some(0.05), Some(0.02)]);
}

/// The section and the banner, mounted into an element of their own.
fn mounted() -> (App, web_sys::Element) {
    mounted_with(|| (train::Banner(), train::Recalled(), train::FineTuneSection()))
}

/// Parts of the page, mounted into an element of their own, with no worker behind them.
fn mounted_with<V: leptos::prelude::IntoView + leptos::prelude::Render + 'static>(
    parts: fn() -> V,
) -> (App, web_sys::Element) {
    let document = web_sys::window().unwrap().document().unwrap();
    let place = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&place).unwrap();
    let app = std::rc::Rc::new(std::cell::Cell::new(None));
    let out = std::rc::Rc::clone(&app);
    let handle = leptos::mount::mount_to(place.clone().unchecked_into(), move || {
        let app = App::new();
        provide_context(app);
        out.set(Some(app));
        parts()
    });
    handle.forget();
    (app.get().unwrap(), place)
}

async fn pause(milliseconds: i32) {
    let later = js_sys::Promise::new(&mut |resolve, _| {
        let _ = web_sys::window()
            .unwrap()
            .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    wasm_bindgen_futures::JsFuture::from(later).await.unwrap();
}

/// An answer of the worker, to a request that was sent.
fn answer(app: App, id: u64, body: Event, attachments: Vec<Attachment>) {
    app.tell(loam::state::Event::Answered(Box::new(Envelope { id, body }), attachments));
}

/// A request that counts as sent.
fn asked(app: App, kind: Kind) -> u64 {
    let mut id = 0;
    app.change(|s| id = s.as_if_sent(kind));
    id
}

/// A run that was asked for.
fn preparing(app: App) -> u64 {
    let id = asked(app, Kind::Train);
    let job = Job::new(id, "preparing");
    app.change(|s| s.train.run.set(Run::Preparing { id, run: None, job, before: None }));
    id
}

/// The section must follow the events alone, whatever the rest of the page does.
#[wasm_bindgen_test]
async fn a_run_is_shown_from_its_events() {
    let (app, place) = mounted();
    let text = |selector: &str| {
        place.query_selector(selector).unwrap().map(|e| e.text_content().unwrap_or_default())
    };
    let id = std::cell::Cell::new(asked(app, Kind::Runs));
    let tell = |event: Event, attachments: Vec<Attachment>| answer(app, id.get(), event, attachments);
    assert!(
        place.query_selector("#fine-tune").unwrap().unwrap().has_attribute("hidden"),
        "nothing to train on, nothing kept"
    );

    tell(Event::Runs { runs: vec![run("left-over", false)], unsaved: None }, Vec::new());
    pause(20).await;
    let resume = place.query_selector("#train-resume").unwrap().expect("an unfinished run is offered");
    assert_eq!(resume.get_attribute("data-run").as_deref(), Some("left-over"));
    assert!(text(".banner").unwrap().contains("epoch 7 of 20"));
    assert_eq!(place.query_selector_all("#run-table tbody tr").unwrap().length(), 1);

    id.set(preparing(app));
    let plan = TrainPlan {
        dates: vec![
            PlannedDate { date: date(2020, 1, 1), role: DateRole::Train },
            PlannedDate { date: date(2020, 2, 1), role: DateRole::Validate },
            PlannedDate { date: date(2020, 3, 1), role: DateRole::Test },
        ],
        unusable: Vec::new(),
    };
    tell(Event::TrainPlan(plan.clone()), Vec::new());
    let started = TrainStarted {
        run: "new".into(),
        settings: TrainSettings::fine_tune(),
        region: "Tucson".into(),
        plan,
        steps_per_epoch: 2,
        history: Vec::new(),
        losses: Vec::new(),
        resumed: false,
        simulated: true,
        unsaved: Some("this window is private".into()),
    };
    tell(Event::TrainStarted(Box::new(started)), Vec::new());
    for (n, loss) in [(1, 0.05), (2, 0.04)] {
        tell(
            Event::TrainStep(StepReport { epoch: 1, step: n, loss, seconds_left: 240.0, load: 0.9 }),
            Vec::new(),
        );
    }
    tell(
        Event::TrainEpoch(EpochReport { epoch: 1, train_loss: 0.045, validation: Some(0.043), best: true }),
        Vec::new(),
    );
    let preview = PreviewReport { date: date(2020, 2, 1), epoch: 1, columns: 2, rows: 1, urmse: 0.043 };
    tell(Event::TrainPreview(preview), vec![Attachment::F32(vec![0.1, 0.2]), Attachment::U8(vec![0, 0])]);
    pause(300).await;
    let progress = text("#train-progress").unwrap();
    assert!(
        progress.contains("Epoch 1 of 20, step 2 of 2") && progress.contains("about 4 min left"),
        "{progress}"
    );
    assert!(text("#train-unsaved").unwrap().contains("this window is private"));
    assert!(text("#train-preview").unwrap().contains("2020-02-01"));
    assert!(text(".live").unwrap().contains("SIMULATED"));
    assert!(place.query_selector("#train-resume").unwrap().is_none(), "no second run beside the first");
    let chart = place.query_selector("#train-chart").unwrap().unwrap();
    assert!(chart.get_attribute("aria-label").unwrap().contains("validation 0.0430"));
    assert_eq!(app.train.losses.get_untracked(), [0.05, 0.04]);

    let click = |selector: &str| {
        place.query_selector(selector).unwrap().unwrap().unchecked_into::<web_sys::HtmlElement>().click()
    };
    assert!(place.query_selector("#train-cancel-yes").unwrap().is_none());
    click("#train-cancel");
    pause(20).await;
    assert!(text(".confirm").unwrap().contains("Throw this run away?"));

    tell(Event::TrainDone(Box::new(run("new", true))), Vec::new());
    tell(Event::Finished, Vec::new());
    pause(20).await;
    assert_eq!(
        text("#train-sentence").as_deref(),
        Some("Chosen for use: those from before, 0.03 m³/m³. Better than before.")
    );
    let pressed = |selector: &str| {
        place.query_selector(selector).unwrap().unwrap().get_attribute("aria-pressed").unwrap()
    };
    let stands = || (text("#train-in-use").unwrap(), pressed("#train-keep"), pressed("#train-revert"));
    assert_eq!(stands(), ("other weights".into(), "false".into(), "true".into()));
    // The page takes the worker's word for what is in use.
    app.change(|s| {
        s.weights.set(WeightsReport { hash: "feedfacefeedface".into(), ..WeightsReport::default() })
    });
    pause(20).await;
    assert_eq!(stands(), ("the trained weights".into(), "true".into(), "false".into()));
    assert_eq!(place.query_selector_all("#run-table tbody tr").unwrap().length(), 2);
    id.set(asked(app, Kind::Runs));
    tell(Event::Runs { runs: Vec::new(), unsaved: Some("no storage".into()) }, Vec::new());
    pause(20).await;
    assert_eq!(
        place.query_selector_all("#run-table tbody tr").unwrap().length(),
        1,
        "this session's run is known to the page"
    );
    place.remove();
}

#[wasm_bindgen_test]
fn what_is_in_use_comes_back_as_it_was_written() {
    for in_use in [
        Remembered::Shipped,
        Remembered::Run("1700000000000".into()),
        Remembered::File("run my own.safetensors".into()),
    ] {
        outside::remember(&in_use).unwrap();
        assert_eq!(outside::remembered(), in_use);
    }
    outside::remember(&Remembered::Shipped).unwrap();
}

/// A run of the TB CNN's first case: its own form, and kelvins wherever SMEN has m3/m3.
/// Weights of before a reload are in use again: said when they are, with a button to the shipped ones.
#[wasm_bindgen_test]
async fn weights_of_before_a_reload_are_said() {
    let (app, place) = mounted();
    let text = |selector: &str| {
        place.query_selector(selector).unwrap().map(|e| e.text_content().unwrap_or_default())
    };
    let run = run("again", true);
    app.change(|s| s.train.recalled.set(Some(RecalledRun { request: 7, run })));
    pause(20).await;
    assert!(text("#recalled").is_none(), "not before the worker uses them");
    let trained = WeightsReport { hash: "feedfacefeedface".into(), ..WeightsReport::default() };
    app.change(|s| s.weights.set(trained));
    pause(20).await;
    let said = text("#recalled").unwrap();
    assert!(
        said.contains("The weights trained on Tucson, own on 2020-02-29 12:34 (UTC) are in use again."),
        "{said}"
    );
    assert!(said.contains("SIMULATED") && text("#recalled-shipped").is_some());
    app.change(|s| s.weights.set(WeightsReport::default()));
    pause(20).await;
    assert!(text("#recalled").is_none(), "other weights are in use");
    place.remove();
}

#[wasm_bindgen_test]
async fn the_tb_cnn_has_its_own_settings_and_units() {
    let (app, place) = mounted();
    let find = |selector: &str| place.query_selector(selector).unwrap();
    let text = |selector: &str| find(selector).map(|e| e.text_content().unwrap_or_default());
    let id = std::cell::Cell::new(0);
    let tell = |event: Event| answer(app, id.get(), event, Vec::new());
    let choose = |value: &str| {
        let select: web_sys::HtmlSelectElement = find("#train-network").unwrap().unchecked_into();
        select.set_value(value);
        select.dispatch_event(&web_sys::Event::new("change").unwrap()).unwrap();
    };
    assert!(
        find("#train-inputs").is_some()
            && text("#fine-tune").unwrap().contains("Frozen")
            && find("#train-place").is_none()
    );
    let network = Network::Tb(TbCase::BrightnessTemperature);
    choose("tb-brightness");
    pause(20).await;
    assert_eq!(app.train.settings.get_untracked(), TrainSettings::tb_cnn(TbCase::BrightnessTemperature));
    assert!(find("#train-inputs").is_none() && !text("#fine-tune").unwrap().contains("Frozen"));
    assert!(
        text("#fine-tune").unwrap().contains("mirror images")
            && text("#train-place").unwrap().contains("one place")
    );
    let current = find("#train-start-from option[value=current]").unwrap();
    assert!(current.has_attribute("disabled") && current.text_content().unwrap().contains("another network"));

    id.set(preparing(app));
    let settings = TrainSettings::tb_cnn(TbCase::BrightnessTemperature);
    tell(Event::TrainStarted(Box::new(TrainStarted {
        run: "tb".into(),
        settings: settings.clone(),
        region: "Tucson".into(),
        plan: TrainPlan::default(),
        steps_per_epoch: 1,
        history: Vec::new(),
        losses: Vec::new(),
        resumed: false,
        simulated: true,
        unsaved: None,
    })));
    tell(Event::TrainStep(StepReport { epoch: 1, step: 1, loss: 4.5, seconds_left: 10.0, load: 0.9 }));
    tell(Event::TrainEpoch(EpochReport { epoch: 1, train_loss: 4.5, validation: Some(4.25), best: true }));
    pause(300).await;
    let chart = find("#train-chart").unwrap().get_attribute("aria-label").unwrap();
    assert!(chart.contains("mean absolute error in K") && chart.contains("validation 4.2500"), "{chart}");
    let mut done = run("tb", true);
    done.settings = settings;
    done.from.network = network;
    // Its sentence would be in kelvins.
    done.result.as_mut().unwrap().choice = None;
    let names = ["TB CNN, TB V", "TB CNN before training, TB V", "bilinear, TB V", "TB CNN, TB H"];
    done.result.as_mut().unwrap().scores =
        names.into_iter().zip([3.0, 5.0, 4.0, 6.0]).map(|(name, urmse)| score(name, urmse)).collect();
    tell(Event::TrainDone(Box::new(done.clone())));
    tell(Event::Finished);
    pause(20).await;
    let after = text(".after").unwrap();
    assert!(
        after.contains("uRMSE K") && after.contains("minus after, TB V") && !after.contains("m³/m³"),
        "{after}"
    );
    assert!(
        after.contains("mean absolute error 0.0210 K") && after.contains("uRMSE of bilinear minus after"),
        "{after}"
    );
    assert!(text("#run-table tbody").unwrap().contains("3.0000 K"), "{:?}", text("#run-table tbody"));
    let file = runs::csv(&[done.clone()]);
    assert!(file.contains("TB CNN (brightness temperature),K,scratch") && file.contains(",3,5,4,"), "{file}");
    assert_eq!(runs::test_scores(done.result.as_ref().unwrap()), [Some(3.0), Some(5.0), Some(4.0)]);

    choose("smen");
    pause(20).await;
    assert_eq!(app.train.settings.get_untracked(), TrainSettings::fine_tune());
    assert!(find("#train-inputs").is_some());
    place.remove();
}

/// A map without pixels, of `date`, with shipped weights.
fn result(date: jiff::civil::Date, settings: loam_core::region_settings::RegionSettings) -> MapData {
    let weights = WeightsReport {
        name: "Oklahoma City (shipped)".into(),
        hash: "0123456789abcdef".into(),
        simulated: true,
        shipped: Some("oklahoma-city".into()),
        ..WeightsReport::default()
    };
    let report = MapReport {
        date,
        settings,
        layers: Vec::new(),
        history: Vec::new(),
        scores: vec![
            ScoreReport { pixels: 122, row: Some(ScoreRow::Estimate), ..score("SMEN", 0.03) },
            ScoreReport { pixels: 122, row: Some(ScoreRow::Bilinear), ..score("bilinear SMAP", 0.05) },
        ],
        mass: None,
        weights,
        device: DeviceReport {
            gpu: false,
            name: "CPU".into(),
            why: "y".into(),
            kernels: None,
            warning: None,
            check: None,
        },
        overpass: String::new(),
        overpasses: None,
        interval: String::new(),
        frame: Edges::default(),
        reference: Some(FineOrigin::Disaggregated),
        inputs: Vec::new(),
        sensitivity: None,
        applicability: String::new(),
        simulated: false,
        warnings: vec!["Only 1 of 4 history dates were found.".into()],
        milliseconds: 1.0,
    };
    MapData { report, layers: Vec::new(), overpasses: Vec::new(), data: 0 }
}

/// A result carries its own notes, and says so when a choice it was made from changes.
#[wasm_bindgen_test]
async fn a_result_is_marked_stale_at_once_and_its_notes_go_with_it() {
    let (app, place) = mounted_with(|| {
        (maps::MapsSection(), values::ValuesSection(), scores::ScoresSection(), exports::ExportSection())
    });
    let find = |selector: &str| place.query_selector(selector).unwrap();
    let text =
        |selector: &str| find(selector).map(|e| e.text_content().unwrap_or_default()).unwrap_or_default();
    let data = result(date(2018, 11, 7), app.settings.get_untracked());
    app.change(|s| s.date.set(Some(data.report.date)));
    app.change(|s| s.weights.set(data.report.weights.clone()));
    app.change(|s| s.map.set(Some(std::sync::Arc::new(data))));
    pause(20).await;
    assert!(
        text("#map-warnings").contains("1 of 4 history dates")
            && text("#simulated-weights").contains("SIMULATED")
    );
    assert!(
        text(".scores").contains("too few pixels (122) for a percentage")
            && text(".scores").contains("disaggregated here")
    );
    assert!(text("#map-stale").is_empty() && find(".stale").is_none() && find("#export-stale").is_none());

    app.change(|s| s.date.set(Some(date(2018, 11, 8))));
    pause(20).await;
    let said = text("#map-stale");
    assert_eq!(
        said,
        "This map is of 2018-11-07 with the weights Oklahoma City (shipped): the date changed. The new map is being made."
    );
    for section in ["maps", "scores", "exports"] {
        assert!(find(&format!("section.{section}.stale")).is_some(), "{section}");
    }
    assert!(text("#export-stale").contains("the map of 2018-11-07"));
    let title = find("[data-export=geotiff]").unwrap().get_attribute("title").unwrap();
    assert!(title.contains("2018-11-07") && title.contains("not of the present choices"), "{title}");
    app.change(|s| s.date.set(Some(date(2018, 11, 7))));
    pause(20).await;
    assert!(text("#map-stale").is_empty() && find(".stale").is_none());
    app.change(|s| s.map.set(None));
    pause(20).await;
    assert!(find("#map-warnings").is_none());
    place.remove();
}

/// A map of a method that learns from 93 earlier maps and says how sure it is, 9 x 9 cells; the second cell lacks its half-width.
fn sure_result(settings: loam_core::region_settings::RegionSettings) -> MapData {
    let window = EaseWindow { columns: 9, rows: 9, ..settings.window };
    let MapData { report, .. } =
        result(date(2018, 11, 7), loam_core::region_settings::RegionSettings { window, ..settings });
    let layer = |kind: LayerKind, value: f32, second: f32| {
        let mut values = vec![value; 81];
        values[1] = second;
        let grid = window.grid();
        let raster =
            ease_grid::Raster::new(grid, values.clone(), vec![ease_grid::Reason::Valid; 81]).unwrap();
        Layer { key: kind.into(), values, reasons: vec![0; 81], statistics: raster.statistics() }
    };
    let layers = vec![
        layer(LayerKind::Coarse, 0.2, 0.2),
        layer(LayerKind::Estimate, 0.2134, 0.25),
        layer(LayerKind::HalfWidth, 0.0517, f32::NAN),
        layer(LayerKind::Reference, 0.22, 0.22),
        layer(LayerKind::ReferenceUncertainty, 0.0214, f32::NAN),
        layer(LayerKind::Difference, -0.0066, 0.03),
    ];
    let slot = |n: usize| HistorySlot {
        date: Some(days::date_of(days::day_number(date(2018, 11, 6)) - 92 + n as i32)),
        known: 0.5,
        origin: Some(if n < 12 { FineOrigin::Disaggregated } else { FineOrigin::Product }),
    };
    let report = MapReport {
        history: (0..93).map(slot).collect(),
        weights: ClosedForm::Regression.into(),
        interval: "90 % interval calibrated on 64 earlier dates".into(),
        frame: Edges { north: 1, ..Edges::default() },
        ..report
    };
    MapData { report, layers, overpasses: Vec::new(), data: 0 }
}

/// What stands under the cursor, the layer with its own legend, the line below, and the figure.
#[wasm_bindgen_test]
async fn an_estimate_that_says_how_sure_it_is_shows_it() {
    let (app, place) = mounted_with(|| {
        (maps::MapsSection(), values::ValuesSection(), layers::LayersSection(), exports::ExportSection())
    });
    let text = |selector: &str| {
        let found = place.query_selector(selector).unwrap();
        found.map(|e| e.text_content().unwrap_or_default()).unwrap_or_default()
    };
    let data = std::sync::Arc::new(sure_result(app.settings.get_untracked()));
    app.change(|s| s.map.set(Some(std::sync::Arc::clone(&data))));
    pause(20).await;
    let all: web_sys::HtmlElement = place.query_selector("#layout-all").unwrap().unwrap().unchecked_into();
    all.click();
    pause(20).await;
    let value = |layer: &str| text(&format!("[data-layer={layer}] .value"));
    app.cursor.set(Some(Cell { column: 4, row: 4 }));
    pause(20).await;
    assert_eq!(value("Estimate"), "0.2134 ± 0.052 m³/m³");
    assert_eq!(value("HalfWidth"), "0.052 m³/m³");
    assert_eq!(value("Difference"), "−0.0066 m³/m³");
    assert_eq!(value("Reference"), "0.2200 m³/m³, its product's own uncertainty 0.021");
    assert_eq!(value("ReferenceUncertainty"), "0.021 m³/m³");
    app.cursor.set(Some(Cell { column: 1, row: 0 }));
    pause(20).await;
    assert_eq!(value("Reference"), "0.2200 m³/m³", "no uncertainty is known here");
    assert_eq!(value("Estimate"), "0.2500 m³/m³, edge of the data", "no half-width, no ±");
    assert_eq!(value("HalfWidth"), "no value, edge of the data", "the half-width has the estimate's frame");
    let said = panel::summary(app, &data, Cell { column: 4, row: 4 });
    assert!(said.contains("Estimate, regression 3 km: 0.2134 ± 0.052 m³/m³;"), "{said}");
    assert!(!said.contains("half-width"), "said once: {said}");

    let (key, moisture) = (LayerKey::from(LayerKind::HalfWidth), Scale::moisture());
    assert!(!panel::is_signed(key) && panel::is_estimated(key));
    let scale = panel::scale_of(app, data.method(), key).get_untracked();
    assert!((scale.min, scale.max) == (0.0, 0.15) && scale.map != moisture.map);
    let legends = text(".legends");
    assert!(
        legends.contains("90 % half-width, uncertainty") && legends.contains("0 to 0.15 m³/m³, fixed"),
        "{legends}"
    );
    // Its values are no soil moisture, whatever their scale is.
    app.half_width.update(|scale| scale.max = 0.05);
    pause(20).await;
    let legends = text(".legends");
    assert!(legends.contains("80 cells above") && legends.contains("0 to 0.5 m³/m³, fixed"), "{legends}");

    let line = text(".provenance");
    assert!(
        line.contains("History: 93 earlier 3 km maps, 2018-08-06 to 2018-11-06 (12 disaggregated here).")
            && line.contains("± is the half-width of a 90 % interval calibrated on 64 earlier dates."),
        "{line}"
    );
    assert!(text("#export-half-width").contains("band 2"));
    let facts = figure::provenance(&data);
    let fact = |wanted: &str| facts.iter().find(|(key, _)| *key == wanted).map(|(_, text)| text.as_str());
    assert_eq!(
        fact("History"),
        Some("93 earlier 3 km maps, 2018-08-06 to 2018-11-06 (12 disaggregated here)")
    );
    assert_eq!(fact("Interval"), Some("90 % interval calibrated on 64 earlier dates"));
    let (_, with) = figure::png(app, &data, figure::Wish::default()).await.unwrap();
    let mut without = sure_result(app.settings.get_untracked());
    without.layers.retain(|layer| layer.key != key && layer.key.kind != LayerKind::ReferenceUncertainty);
    let (_, without) = figure::png(app, &without, figure::Wish::default()).await.unwrap();
    // Width and height stand in the first chunk of a PNG.
    let size = |png: &[u8]| {
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    };
    let (tall, short) = (size(&with), size(&without));
    assert!(tall.0 == short.0 && tall.1 > short.1, "a line of maps more: {tall:?} {short:?}");
    place.remove();
}

/// What a date has, for a method that uses a history and for one that learns from all earlier maps.
#[wasm_bindgen_test]
async fn the_words_about_earlier_maps_follow_the_method() {
    let (app, place) = mounted_with(dates::DatesSection);
    let text = || place.text_content().unwrap_or_default();
    let day = |earlier: Option<usize>, history| DayReport {
        date: date(2020, 1, 1),
        coarse: Some(0.37),
        fine: None,
        fine_origin: None,
        backscatter: None,
        history,
        earlier,
        blocked: None,
        simulated: false,
    };
    app.change(|s| s.date.set(Some(date(2020, 1, 1))));
    for (earlier, history, said, described, key) in [
        (None, vec![date(2019, 12, 1)], "2019-12-01", "history of 1 dates", "▲ history of t."),
        (None, vec![], "none: this method uses none", "no history", "▲ history of t."),
        (
            Some(93),
            vec![],
            "93 earlier 3 km maps",
            "93 earlier 3 km maps",
            "All 3 km maps before t are used.",
        ),
        (
            Some(0),
            vec![],
            "no earlier 3 km map: the estimate is bilinear SMAP",
            "no earlier 3 km map",
            "All 3 km maps before t are used.",
        ),
    ] {
        app.change(|s| s.timeline.set(Timeline { days: vec![day(earlier, history)] }));
        pause(20).await;
        assert!(text().contains(said) && text().contains(key), "{earlier:?}: {}", text());
        assert!(date_words::describe(app).contains(described), "{}", date_words::describe(app));
    }
    place.remove();
}

/// From a change of the rules until the answer, nothing of the old time line stands there as if it were current.
#[wasm_bindgen_test]
async fn the_time_line_is_pending_until_the_answer_comes() {
    let (app, place) = mounted_with(dates::DatesSection);
    let text = |selector: &str| {
        place.query_selector(selector).unwrap().map(|e| e.text_content().unwrap_or_default())
    };
    let day = DayReport {
        date: date(2020, 1, 1),
        coarse: Some(0.37),
        fine: Some(0.5),
        fine_origin: Some(FineOrigin::Disaggregated),
        backscatter: None,
        history: vec![date(2019, 12, 1)],
        earlier: None,
        blocked: None,
        simulated: false,
    };
    app.change(|s| s.date.set(Some(day.date)));
    app.change(|s| s.timeline.set(Timeline { days: vec![day] }));
    pause(20).await;
    let before = text(".dates").unwrap();
    assert!(
        before.contains("37 %") && before.contains("2019-12-01") && before.contains("(3 km map made here)"),
        "{before}"
    );
    app.change(|s| s.pending.set(Some("reading…")));
    pause(20).await;
    let pending = text(".dates").unwrap();
    assert!(
        !pending.contains("37 %") && !pending.contains("2019-12-01") && !pending.contains("made here)"),
        "{pending}"
    );
    assert!(text("#dates-pending").unwrap().contains("reading…"));
    assert!(place.query_selector("#predict").unwrap().unwrap().has_attribute("disabled"));
    app.change(|s| s.pending.set(None));
    pause(20).await;
    assert!(text(".dates").unwrap().contains("37 %") && text("#dates-pending").is_none());
    place.remove();
}

/// A message is a sentence, but the name of a file stays as it is.
#[wasm_bindgen_test]
async fn a_message_begins_with_a_capital_or_a_files_own_name() {
    let (app, place) = mounted_with(notices::Notices);
    let id = asked(app, Kind::Predict);
    for (said, shown) in [
        ("bfloat16_20200603.h5: it is left out", "Note. bfloat16_20200603.h5: it is left out."),
        ("order.zip: it is no archive", "Note. order.zip: it is no archive."),
        ("page: it is gone", "Note. Page: it is gone."),
        ("the map is gone", "Note. The map is gone."),
    ] {
        answer(app, id, Event::Warning(said.to_owned()), Vec::new());
        pause(20).await;
        let text = place.text_content().unwrap();
        assert!(text.contains(shown), "{text}");
    }
    place.remove();
}

/// With no worker behind it, the page's own book-keeping of what is open and what is put aside.
#[wasm_bindgen_test]
async fn a_demo_and_own_files_put_each_other_aside_and_come_back() {
    let (app, place) = mounted_with(|| (files::Aside(), files::FilesSection()));
    let text = |selector: &str| {
        place
            .query_selector(selector)
            .unwrap()
            .map(|e| e.text_content().unwrap_or_default())
            .unwrap_or_default()
    };
    let click = |selector: &str| {
        place.query_selector(selector).unwrap().unwrap().unchecked_into::<web_sys::HtmlElement>().click()
    };
    let file = |name: &str| {
        (name.to_owned(), web_sys::File::new_with_str_sequence(&Array::of1(&"x".into()), name).unwrap())
    };
    let names = || app.files.with_untracked(|files| files.iter().map(|f| f.name.clone()).collect::<Vec<_>>());
    drop::open(app, vec![file("a.h5"), file("b.h5"), file("mine.safetensors")]);
    pause(20).await;
    assert_eq!(names(), ["a.h5", "b.h5"], "weights are no data");
    assert!(app.notices.with_untracked(|n| {
        n.iter().any(|n| n.failure.what.contains("as weights, not as data: mine.safetensors"))
    }));
    app.change(|s| s.date.set(Some(date(2020, 6, 4))));
    let settings = app.settings.get_untracked();
    app.tell(loam::state::Event::LoadDemo("tucson".into()));
    pause(20).await;
    assert!(names().is_empty() && app.date.get_untracked().is_none());
    assert!(text("#aside").contains("2 files of your own are put aside."), "{}", text("#aside"));
    click("#own-back");
    pause(20).await;
    assert_eq!(
        (names(), app.date.get_untracked(), app.settings.get_untracked()),
        (vec!["a.h5".into(), "b.h5".into()], Some(date(2020, 6, 4)), settings)
    );
    assert!(
        text("#aside").contains("The demo of Tucson is put aside.") && !text("#aside").contains("your own")
    );
    click("[aria-label=\"Remove a.h5\"]");
    pause(20).await;
    assert!(names() == ["b.h5"] && text("#aside").contains("a.h5 was removed."));
    click("#demo-back");
    pause(20).await;
    assert!(
        text("#aside").contains("1 file of your own is put aside.") && !text("#aside").contains("removed")
    );
    drop::open(app, vec![file("c.h5")]);
    pause(20).await;
    assert_eq!(names(), ["c.h5"]);
    click("#own-back");
    click("#removed-back");
    pause(20).await;
    assert_eq!(names(), ["c.h5", "b.h5", "a.h5"]);
    place.remove();
}

/// The test server has no worker: the page must stand, and say so.
#[wasm_bindgen_test]
async fn the_page_stands_without_a_worker_and_says_so() {
    loam::ui::mount();
    let document = web_sys::window().unwrap().document().unwrap();
    let text = |selector: &str| {
        document.query_selector(selector).unwrap().map(|e| e.text_content().unwrap_or_default())
    };
    assert_eq!(text("header h1").as_deref(), Some("Loam"));
    assert!(text(".lead").unwrap().contains("No data leaves this machine."));
    assert_eq!(document.query_selector_all("[data-demo]").unwrap().length(), 3);
    let pause = || async {
        let later = js_sys::Promise::new(&mut |resolve, _| {
            let _ = web_sys::window()
                .unwrap()
                .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 100);
        });
        wasm_bindgen_futures::JsFuture::from(later).await.unwrap();
    };
    for _ in 0..60 {
        pause().await;
        if text(".notices").is_some_and(|t| t.contains("could not be loaded")) {
            break;
        }
    }
    let notices = text(".notices").unwrap();
    assert!(
        notices.contains("The worker could not be loaded") && notices.contains("reload the page"),
        "{notices}"
    );
    assert!(!text("section.device").unwrap().contains("Starting"), "nothing is waited for any more");
    let button: web_sys::HtmlElement =
        document.query_selector(".notice button").unwrap().unwrap().unchecked_into();
    let before = document.query_selector_all(".notice").unwrap().length();
    button.click();
    pause().await;
    assert_eq!(document.query_selector_all(".notice").unwrap().length(), before - 1);
}

/// The season from its events: how far it is, what is left out, its layers on the map with their own scale and stamp, its files.
#[wasm_bindgen_test]
async fn a_season_is_shown_from_its_events() {
    let (app, place) =
        mounted_with(|| (maps::MapsSection(), values::ValuesSection(), season::SeasonSection()));
    let find = |selector: &str| place.query_selector(selector).unwrap();
    let text =
        |selector: &str| find(selector).map(|e| e.text_content().unwrap_or_default()).unwrap_or_default();
    let click = |selector: &str| find(selector).unwrap().unchecked_into::<web_sys::HtmlElement>().click();
    let off = |selector: &str| find(selector).unwrap().has_attribute("disabled");
    let settings = app.settings.get_untracked();
    let window = EaseWindow { columns: 9, rows: 9, ..settings.window };
    let settings = loam_core::region_settings::RegionSettings { window, ..settings };
    assert!(off("#season-start") && text(".season .problem").contains("No date"), "nothing is open");
    let data = sure_result(settings.clone());
    let device = data.report.device.clone();
    app.change(|s| {
        s.settings.set(settings);
        s.device.set(Some(device));
        s.date.set(Some(data.report.date));
        s.weights.set(data.report.weights.clone());
        s.map.set(Some(std::sync::Arc::new(data)));
    });
    let id = asked(app, Kind::Season);
    let (first, last) = (date(2018, 11, 5), date(2018, 11, 7));
    app.change(|s| {
        s.timeline.set(Timeline { days: vec![seen(first), seen(date(2018, 11, 6)), seen(last)] });
        s.as_if_season(id);
    });
    pause(20).await;
    assert!(off("#season-start") && !find("#season-cancel").unwrap().has_attribute("hidden"));
    let day = |date, done, left_out: Option<&str>| SeasonDayReport {
        date,
        done,
        total: 3,
        window,
        values: left_out.is_none().then_some(0),
        flags: left_out.is_none().then_some(1),
        half_width: None,
        frame: Edges::default(),
        left_out: left_out.map(str::to_owned),
        files: Vec::new(),
        weights: Some(ClosedForm::Regression.into()),
        simulated: true,
        seconds_left: 70.0,
    };
    let planes = |value: f32| vec![Attachment::F32(vec![value; 81]), Attachment::U8(vec![0; 162])];
    answer(
        app,
        id,
        Event::SeasonDay(loam::protocol::Packed::of(&day(first, 1, None)).unwrap()),
        planes(0.21),
    );
    let why = "no earlier 3 km map";
    answer(
        app,
        id,
        Event::SeasonDay(loam::protocol::Packed::of(&day(date(2018, 11, 6), 2, Some(why))).unwrap()),
        Vec::new(),
    );
    // How far it is, is drawn four times a second.
    pause(400).await;
    assert!(text("#season-progress").starts_with("2 of 3 dates, "), "{}", text("#season-progress"));
    assert_eq!(find(".season progress").unwrap().get_attribute("value").as_deref(), Some("2"));
    assert!(text("#season-left-out").contains("2018-11-06: no earlier 3 km map"));
    answer(app, id, Event::SeasonDay(loam::protocol::Packed::of(&day(last, 3, None)).unwrap()), planes(0.23));
    let report = SeasonReport {
        method: ClosedForm::Regression.into(),
        window,
        dates: vec![first, last],
        unit: "m3/m3".into(),
        mean: 0,
        trend: 1,
        trend_error: 2,
        drydown: 3,
        count: 4,
        events: 5,
        simulated: true,
        workers: 2,
        milliseconds: 9.0,
    };
    let layers = [0.22f32, -0.0312, 0.011, 6.25, 2.0, 4.0].map(|v| Attachment::F32(vec![v; 81])).to_vec();
    answer(app, id, Event::Season(loam::protocol::Packed::of(&report).unwrap()), layers);
    answer(app, id, Event::Finished, Vec::new());
    pause(20).await;
    assert_eq!(text("#season-progress"), "2 dates have a map. 2 workers made them.");
    assert!(!off("#season-cube") && !off("#season-statistics") && find(".seasonresult .tag").is_some());
    app.cursor.set(Some(Cell { column: 4, row: 4 }));
    for (button, layer, value, unit) in [
        ("mean", "SeasonMean", "0.2200 m³/m³", "m³/m³"),
        ("trend", "SeasonTrend", "−0.0312 m³/m³ per year", "m³/m³ per year"),
        ("drydown", "SeasonDrydown", "6.2 days", "days"),
        ("count", "SeasonCount", "2 dates", "dates"),
    ] {
        click(&format!("[data-season={button}]"));
        pause(20).await;
        assert_eq!(place.query_selector_all(".panels > .panel").unwrap().length(), 1, "{button}");
        assert_eq!(text(&format!("[data-layer={layer}] .value")), value);
        assert!(text(".ramps .unit").contains(unit), "{button}: {}", text(".ramps"));
        assert_eq!(
            find(&format!("[data-season={button}]")).unwrap().get_attribute("aria-pressed").as_deref(),
            Some("true")
        );
    }
    // Its scale is fitted to it.
    let scale = app.trend.get_untracked();
    assert!((scale.min + 0.032).abs() < 1e-9 && (scale.max - 0.032).abs() < 1e-9, "{scale:?}");
    app.pins.set(vec![Cell { column: 4, row: 4 }]);
    pause(20).await;
    assert!(text("#series .hint").starts_with("2 dates"), "{}", text("#series .hint"));
    // Other files: marked; the worker gone: to be resumed before its files are written.
    app.change(|s| *s.data += 1);
    pause(20).await;
    assert!(text("#season-stale").contains("the files"), "{}", text("#season-stale"));
    app.change(|s| *s.data -= 1);
    app.tell(loam::state::Event::WorkerLost("gone".into()));
    pause(20).await;
    assert_eq!(text("#season-start"), "Resume: 1 of 3 dates missing");
    assert!(off("#season-cube") && off("#season-statistics"));
    place.remove();
}

/// A date of which SMAP saw all.
fn seen(date: jiff::civil::Date) -> DayReport {
    DayReport {
        date,
        coarse: Some(1.0),
        fine: None,
        fine_origin: None,
        backscatter: None,
        history: Vec::new(),
        earlier: Some(1),
        blocked: None,
        simulated: true,
    }
}
