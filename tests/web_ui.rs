//! The page's parts in a real browser: painting, protocol, cursor, links, and the page itself with no worker to talk to.
#![cfg(all(target_arch = "wasm32", feature = "page"))]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use jiff::civil::date;
use js_sys::{Array, Float32Array, Uint8Array};
use loam::grid::{EaseWindow, Resolution};
use loam::map::{ColourMap, Scale, paint};
use loam::protocol::{AdapterReport, Attachment, DayReport, DevicePreference, Envelope, Event, Request, Timeline};
use loam::ui::cursor::{Cell, View, moved};
use loam::ui::hash::Hash;
use loam::ui::ledger::{Kind, Ledger};
use loam::ui::{adapter, canvas, link, timeline};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn window() -> EaseWindow {
    EaseWindow::new(Resolution::M03, 2600, 971, 100, 50).unwrap()
}

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
    assert_eq!((message.length(), transfer.length()), (2, 1));
    let back: Envelope<Request> = serde_json::from_str(&message.get(0).as_string().unwrap()).unwrap();
    assert!(matches!(back, Envelope { id: 7, body: Request::LoadWeights { name } } if name == "w.safetensors"));
}

#[wasm_bindgen_test]
fn events_come_in_with_their_attachments() {
    let head = serde_json::to_string(&Envelope { id: 3, body: Event::Finished }).unwrap();
    let message = Array::of3(&head.into(), &Float32Array::from(&[0.5f32, f32::NAN][..]), &Uint8Array::from(&[0u8, 2][..]));
    let (envelope, attachments) = link::decode(&message).unwrap();
    assert!(matches!(envelope, Envelope { id: 3, body: Event::Finished }));
    assert!(matches!(&attachments[..], [Attachment::F32(v), Attachment::U8(r)] if v[0] == 0.5 && v[1].is_nan() && r[..] == [0, 2]));
    for wrong in [JsValue::from_str("hello"), Array::of1(&"{}".into()).into(), Array::new().into()] {
        let why = link::decode(&wrong).err().unwrap();
        assert!(why.contains("different versions"), "{why}");
    }
}

#[wasm_bindgen_test]
fn a_self_check_that_gave_nan_can_be_told() {
    let head = r#"{"id":1,"body":{"Device":{"gpu":true,"name":"x","why":"y","warning":null,
        "check":{"runs":3,"largest_difference":null,"tolerance":0.0001,"passed":false}}}}"#;
    let (envelope, _) = link::decode(&Array::of1(&head.into())).unwrap();
    let Event::Device(device) = envelope.body else { panic!("not a device") };
    assert!(device.check.unwrap().largest_difference.is_nan());
}

#[wasm_bindgen_test]
fn arrow_keys_move_the_cell_cursor_and_stop_at_the_edge() {
    let w = window();
    let middle = moved(None, "ArrowLeft", false, &w).unwrap();
    assert_eq!(middle, Cell { column: 50, row: 25 }, "the first key shows the cursor");
    assert_eq!(moved(Some(middle), "ArrowLeft", false, &w), Some(Cell { column: 49, row: 25 }));
    assert_eq!(moved(Some(middle), "ArrowDown", true, &w), Some(Cell { column: 50, row: 37 }), "shift: one 36 km cell");
    assert_eq!(moved(Some(Cell { column: 99, row: 49 }), "ArrowRight", true, &w), Some(Cell { column: 99, row: 49 }));
    assert_eq!(moved(Some(middle), "Home", false, &w), Some(Cell { column: 0, row: 25 }));
    assert_eq!(moved(Some(middle), "a", false, &w), None);
    assert_eq!(middle.global(&w), ((2650, 996), (220, 83)));
    assert_eq!(middle.index(&w), 2550);
}

#[wasm_bindgen_test]
fn zoom_keeps_the_place_and_the_view_inside() {
    let w = window();
    let near = View::default().zoomed(2.0, (0.0, 0.0), &w);
    assert_eq!(near, View { left: 0.0, top: 0.0, share: 0.5 });
    let right = near.panned((1000.0, 1000.0), &w);
    assert_eq!((right.left, right.top), (50.0, 25.0));
    assert_eq!(right.cell_at(0.999, 0.999, &w), Some(Cell { column: 99, row: 49 }));
    assert_eq!(right.cell_at(1.0, 0.5, &w), None);
    assert_eq!(right.showing(Cell { column: 10, row: 30 }, &w).left, 10.0);
    assert_eq!(near.zoomed(0.01, (3.0, 3.0), &w), View::default());
}

#[wasm_bindgen_test]
fn links_say_the_view_and_nothing_else() {
    let text = "region=tucson&date=2020-06-01&scale=0.1,0.3&colours=rain";
    let hash = Hash::parse(&format!("#{text}"));
    assert_eq!(hash.date, Some(date(2020, 6, 1)));
    assert_eq!(hash.text(), text);
    let own = Hash { window: Some(window()), ..Hash::default() };
    assert_eq!(own.text(), "cells=2600,971,100,50");
    assert_eq!(Hash::parse(&own.text()), own);
    assert_eq!(Hash::parse("#region=atlantis&date=today&scale=3,1&colours=jet&cells=1,2,3,4&x"), Hash::default());
}

#[wasm_bindgen_test]
fn a_newer_request_supersedes_its_kind_only() {
    let mut ledger = Ledger::default();
    let first = ledger.begin(Kind::Predict);
    let dates = ledger.begin(Kind::Timeline);
    let second = ledger.begin(Kind::Predict);
    assert_eq!((ledger.kind(first), ledger.kind(dates), ledger.kind(second)), (None, Some(Kind::Timeline), Some(Kind::Predict)));
    let files = (ledger.begin(Kind::Open), ledger.begin(Kind::Open));
    assert!(ledger.kind(files.0).is_some() && ledger.newest(Kind::Open) == Some(files.1));
    assert_eq!(ledger.abandon().len(), 4);
    assert!(ledger.begin(Kind::Device) > files.1, "numbers keep growing");
}

#[wasm_bindgen_test]
fn the_gpu_worker_is_loaded_for_hardware_or_on_demand_only() {
    let named = |architecture: &str, description: &str, fallback| AdapterReport {
        vendor: "google".into(),
        architecture: architecture.into(),
        device: String::new(),
        description: description.into(),
        fallback,
        buffer_limit: 0,
    };
    let hardware = named("ampere", "NVIDIA", false);
    for software in [named("swiftshader", "", false), named("", "Microsoft Basic Render Driver", false), named("x", "", true)] {
        assert!(!adapter::wants_gpu_worker(DevicePreference::Auto, Some(&software)));
        assert!(adapter::wants_gpu_worker(DevicePreference::Gpu, Some(&software)));
    }
    assert!(adapter::wants_gpu_worker(DevicePreference::Auto, Some(&hardware)));
    assert!(!adapter::wants_gpu_worker(DevicePreference::Cpu, Some(&hardware)));
    assert!(!adapter::wants_gpu_worker(DevicePreference::Auto, None));
}

#[wasm_bindgen_test]
fn keys_walk_the_dates() {
    let day = |d, blocked: bool| DayReport {
        date: d,
        coarse: Some(1.0),
        fine: None,
        fine_origin: None,
        backscatter: None,
        history: Vec::new(),
        blocked: blocked.then(|| "no SMAP".to_owned()),
        simulated: false,
    };
    let (a, b, c, d) = (date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 9), date(2020, 3, 1));
    let t = Timeline { days: vec![day(a, false), day(b, true), day(c, false), day(d, false)] };
    assert_eq!(timeline::keyed(&t, a, "ArrowRight", false), Some(b));
    assert_eq!(timeline::keyed(&t, a, "ArrowRight", true), Some(c), "shift skips what cannot be predicted");
    assert_eq!(timeline::keyed(&t, a, "PageDown", false), Some(d));
    assert_eq!(timeline::keyed(&t, d, "ArrowRight", false), None);
    assert_eq!((timeline::keyed(&t, c, "Home", false), timeline::keyed(&t, a, "End", false)), (Some(a), Some(d)));
}

#[wasm_bindgen_test]
fn day_numbers_go_there_and_back() {
    for (d, n) in [(date(1970, 1, 1), 0), (date(1969, 12, 31), -1), (date(2000, 3, 1), 11_017), (date(2024, 2, 29), 19_782)] {
        assert_eq!((timeline::day_number(d), timeline::date_of(n)), (n, d));
    }
    assert!((0..40_000).all(|n| timeline::day_number(timeline::date_of(n)) == n));
}

/// The test server has no worker: the page must stand, and say so.
#[wasm_bindgen_test]
async fn the_page_stands_without_a_worker_and_says_so() {
    loam::ui::mount();
    let document = web_sys::window().unwrap().document().unwrap();
    let text = |selector: &str| document.query_selector(selector).unwrap().map(|e| e.text_content().unwrap_or_default());
    assert_eq!(text("header h1").as_deref(), Some("Loam"));
    assert!(text(".lead").unwrap().contains("No data leaves this machine."));
    assert_eq!(document.query_selector_all("[data-demo]").unwrap().length(), 3);
    let pause = || async {
        let later = js_sys::Promise::new(&mut |resolve, _| {
            let _ = web_sys::window().unwrap().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 100);
        });
        wasm_bindgen_futures::JsFuture::from(later).await.unwrap();
    };
    for _ in 0..60 {
        pause().await;
        if text(".notices").is_some_and(|t| t.contains("was not started again")) {
            break;
        }
    }
    let notices = text(".notices").unwrap();
    assert!(notices.contains("The worker stopped") && notices.contains("was not started again"), "{notices}");
    let button: web_sys::HtmlElement = document.query_selector(".notice button").unwrap().unwrap().unchecked_into();
    let before = document.query_selector_all(".notice").unwrap().length();
    button.click();
    pause().await;
    assert_eq!(document.query_selector_all(".notice").unwrap().length(), before - 1);
}
