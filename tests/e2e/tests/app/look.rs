//! A layer by itself, and the limits of a scale dragged under its histogram: by mouse, by finger, by keyboard.

use std::path::PathBuf;
use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::parts;
use e2e::webdriver::keys;
use serde_json::{Value, json};

use super::{assert_quiet, script};

const PATIENCE: Duration = Duration::from_secs(60);
const MAP: &str = "#look-map";
const PIXELS: &str = ".look canvas.base";
const VALUE: &str = ".look output.value";

fn fixture(name: &str) -> PathBuf {
    xtask::root().join("crates/smap-files/tests/fixtures").join(name)
}

fn titled(app: &App, title: &str) {
    app.text_when(".look figcaption .name", PATIENCE, |text| text.contains(title)).unwrap();
}

/// The layer is drawn: more than a few colours.
fn drawn(app: &App, title: &str) {
    titled(app, title);
    app.wait(PATIENCE, "the layer to be drawn", || {
        Ok((app.has(PIXELS)? && app.colours(PIXELS)? > 8).then_some(()))
    })
    .unwrap();
}

/// Whether the maps below can be seen.
fn map_is_back(app: &App) {
    app.wait(PATIENCE, "the layer to be gone", || Ok((!app.has(".look")?).then_some(()))).unwrap();
}

fn choose(app: &App, css: &str, text: &str) {
    let change = "const s = document.querySelector(arguments[0]);
        s.value = [...s.options].find(o => o.text.includes(arguments[1])).value;
        s.dispatchEvent(new Event('change', { bubbles: true }))";
    script(app, change, &[json!(css), json!(text)]);
}

const SCENE: &str = "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5";
const DAY: &str = "SMAP_L3_SM_P_20200602_R18290_001.h5";
const UNKNOWN: &str = "foreign/okc_20200603.tif";
const ELSEWHERE: &str = "foreign/soil_moisture_ease1_20200603.tif";

/// One granule of SMAP, one 3 km scene and a file that nobody knows, none of which makes a map: each is seen.
#[test]
fn a_file_is_seen_without_a_map_before_it() {
    let app = App::open("look", Setting { window: (1400, 1000), ..Setting::smen() }).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.choose_files(
        parts::FILE_INPUT,
        &[fixture(SCENE), fixture(DAY), fixture(UNKNOWN), fixture(ELSEWHERE)],
    )
    .unwrap();
    // The files are numbered as they were chosen.
    app.click("#look-1").unwrap();
    drawn(&app, "2020-06-02");
    let named = app.text(".look figcaption .name").unwrap();
    assert!(named.contains("soil_moisture") && named.contains(SCENE), "{named}");
    app.shoot("scene").unwrap();
    app.picture("file").unwrap();
    let map = app.get(MAP).unwrap();
    app.session.hover(&map, 0.5, 0.5).unwrap();
    let said = app.text_when(VALUE, PATIENCE, |text| text.contains("° N")).unwrap();
    println!("{said}");
    assert!(app.text(".look .scalename").unwrap().contains(SCENE), "the legend names layer, day and file");
    assert!(app.text(".look .rule").unwrap().contains("2nd to 98th percentile"));
    // Any other layer of it, used or not, and the whole of it.
    choose(&app, "#look-layer", "vv");
    app.text_when(".look .unit", PATIENCE, |text| text.contains("dB")).unwrap();
    app.click("#look-whole").unwrap();
    app.wait(PATIENCE, "the whole layer", || {
        let pressed = app.session.script("return document.querySelector('#look-whole')?.ariaPressed", &[])?;
        Ok((pressed.as_str() == Some("true")).then_some(()))
    })
    .unwrap();
    app.shoot("whole").unwrap();
    // The other files, one after the other, over what is there.
    app.click("#look-2").unwrap();
    titled(&app, DAY);
    // The swath of that day lies beside the region.
    app.click("#look-whole").unwrap();
    drawn(&app, DAY);
    app.shoot("smap").unwrap();
    script(&app, "document.querySelector('details.layers').open = true", &[]);
    app.click("[data-look=\"band 1\"], details.layers [data-look]").unwrap();
    drawn(&app, "okc_20200603.tif");
    app.click("#look-close").unwrap();
    map_is_back(&app);
    // A file whose coordinate system is none that Loam knows.
    app.click("#look-4").unwrap();
    let why = app.text_when("#look-refused", PATIENCE, |text| !text.is_empty()).unwrap();
    println!("{why}");
    assert!(why.contains("coordinates") && why.contains("Reproject"), "{why}");
    assert_quiet(&app);
}

/// With a prediction on the stage: keys alone open a layer, move over it and go back; the prediction stays.
#[test]
fn keys_alone_show_a_layer_and_go_back_to_the_map() {
    let app = App::open("look-keys", Setting { window: (1400, 1000), ..Setting::default() }).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.get("#look-0").unwrap();
    app.settle(120).unwrap();
    let estimate = |app: &App| {
        script(app, "return document.querySelector('[data-layer=Estimate] canvas.base').toDataURL()", &[])
    };
    let before = estimate(&app);
    script(&app, "document.querySelector('#look-0').focus()", &[]);
    app.session.press(keys::ENTER).unwrap();
    drawn(&app, "SMAP, 36 km");
    assert!(
        script(&app, "return document.querySelector('.look .stamp').innerText", &[]).as_str()
            == Some("SIMULATED")
    );
    let hidden = "return getComputedStyle(document.querySelector('.maps:not(.look)')).visibility";
    assert_eq!(script(&app, hidden, &[]).as_str(), Some("hidden"), "what lies below takes no keys");
    let focused =
        || script(&app, "return document.activeElement.id", &[]).as_str().unwrap_or_default().to_owned();
    app.wait(PATIENCE, "the focus on the way back", || Ok((focused() == "look-close").then_some(())))
        .unwrap();
    // Tab to the map, arrows over it.
    let mut presses = 0;
    while focused() != "look-map" && presses < 12 {
        app.session.press(keys::TAB).unwrap();
        presses += 1;
    }
    assert_eq!(focused(), "look-map", "after {presses} presses of Tab");
    app.session.press(keys::RIGHT).unwrap();
    app.session.press(keys::RIGHT).unwrap();
    let said = app.text_when(VALUE, PATIENCE, |text| text.contains('°')).unwrap();
    app.wait(PATIENCE, "the value to be said", || {
        let heard =
            app.session.script("return document.querySelector('[role=status].sr-only').innerText", &[])?;
        Ok((heard.as_str() == Some(said.as_str())).then_some(()))
    })
    .unwrap();
    app.shoot("map").unwrap();
    app.session.press(keys::ESCAPE).unwrap();
    map_is_back(&app);
    assert_eq!(estimate(&app), before, "the prediction is as it was");
    app.wait(PATIENCE, "the focus where it was", || Ok((focused() == "look-0").then_some(()))).unwrap();
    assert_quiet(&app);
}

/// A layer and one of the map's: both sides of a curtain, both values in a cell; by mouse and by keys.
#[test]
fn a_layer_lies_beside_the_maps_under_one_curtain() {
    let app = App::open("look-beside", Setting { window: (1400, 1000), ..Setting::default() }).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#look-0").unwrap();
    drawn(&app, "SMAP, 36 km");
    let image = || script(&app, &format!("return document.querySelector('{PIXELS}').toDataURL()"), &[]);
    let alone = image();
    app.click("#look-swipe").unwrap();
    app.wait(PATIENCE, "the curtain", || Ok((image() != alone).then_some(()))).unwrap();
    assert_eq!(app.session.find_all(".look .stamp").unwrap().len(), 2, "both are simulated");
    app.shoot("curtain").unwrap();
    // More colours at the right, where 3 km cells are, than at the left.
    let colours = |from: f64, to: f64| {
        let count = format!(
            "const c = document.querySelector('{PIXELS}'), w = c.width, h = c.height;
             const read = Object.assign(document.createElement('canvas'), {{ width: w, height: h }}).getContext('2d', {{ willReadFrequently: true }});
             read.drawImage(c, 0, 0);
             const d = read.getImageData(w * {from}, h * 0.3, w * {} , h * 0.4).data;
             return new Set(Array.from({{ length: d.length / 4 }}, (_, i) => (d[4 * i] << 16) | (d[4 * i + 1] << 8) | d[4 * i + 2])).size",
            to - from
        );
        script(&app, &count, &[]).as_u64().unwrap()
    };
    assert!(colours(0.55, 0.95) > colours(0.05, 0.45) + 20);
    let map = app.get(MAP).unwrap();
    app.session.hover(&map, 0.3, 0.4).unwrap();
    let said = app.text_when(VALUE, PATIENCE, |text| text.contains("left − right")).unwrap();
    println!("{said}");
    let cut = "const v = document.querySelector(arguments[0]); return [v.scrollWidth - v.clientWidth, v.scrollHeight - v.parentElement.clientHeight]";
    let over = script(&app, cut, &[json!(VALUE)]);
    assert!(over[0].as_i64() <= Some(0) && over[1].as_i64() <= Some(0), "all of it is seen: {over}");
    let below = "const bottom = css => document.querySelector(css).getBoundingClientRect().bottom;
                 return bottom('.look .curtain input') <= bottom('.look')";
    assert_eq!(script(&app, below, &[]), json!(true), "the curtain's slider is on the stage");
    // Both values, the date of the map's, and their difference.
    assert!(said.contains("Estimate, RCN 3 km of 2018-12-25: "), "{said}");
    let after = |text: &str| {
        let rest = said.replace('−', "-");
        let number = rest.split_once(text).unwrap().1.split_whitespace().next().unwrap();
        number.parse::<f64>().unwrap()
    };
    let left: f64 = said.split_whitespace().next().unwrap().parse().unwrap();
    assert!((left - after("2018-12-25: ") - after("left - right ")).abs() < 2e-4, "{said}");
    // Another layer at the right; the curtain by keys, all the way to the left.
    choose(&app, "#look-right", "Bilinear");
    app.session.hover(&map, 0.31, 0.4).unwrap();
    app.text_when(VALUE, PATIENCE, |text| text.contains("Bilinear SMAP of")).unwrap();
    script(&app, "document.querySelector('.look .curtain input').focus()", &[]);
    let before = image();
    app.session.press(keys::HOME).unwrap();
    app.wait(PATIENCE, "the other layer alone", || Ok((image() != before).then_some(()))).unwrap();
    app.shoot("right").unwrap();
    // The whole layer lies in no map's cells: no curtain there.
    let curtain = |there: bool| {
        app.wait(PATIENCE, "the curtain to come or go", || {
            Ok((app.has(".look .curtain")? == there).then_some(()))
        })
        .unwrap();
    };
    app.click("#look-whole").unwrap();
    curtain(false);
    app.click("#look-region").unwrap();
    curtain(true);
    // Away again: the layer alone.
    app.click("#look-swipe").unwrap();
    app.wait(PATIENCE, "the layer alone", || Ok((image() == alone).then_some(()))).unwrap();
    assert_quiet(&app);
}

/// A layer outside the region is shown where it lies, and the region goes there.
#[test]
fn a_layer_elsewhere_leads_the_region_to_it() {
    let app = App::open(
        "look-elsewhere",
        Setting { fragment: "#region=geneva&method=smen", window: (1400, 1000), ..Setting::default() },
    )
    .unwrap();
    app.choose_files(parts::FILE_INPUT, &[fixture(SCENE), fixture(DAY)]).unwrap();
    app.get("#look-1").unwrap();
    // The region goes to files that lie elsewhere by itself; the user goes back.
    app.wait(PATIENCE, "the region at the files", || {
        let hash = app.session.script("return location.hash", &[])?;
        Ok(hash.as_str().is_some_and(|hash| hash.contains("cells=")).then_some(()))
    })
    .unwrap();
    script(&app, "location.hash = '#region=geneva&method=smen'", &[]);
    app.click("#look-1").unwrap();
    app.get("#look-outside").unwrap();
    drawn(&app, SCENE);
    app.shoot("outside").unwrap();
    app.click("#look-go").unwrap();
    app.get("#look-region[aria-pressed=true]").unwrap();
    drawn(&app, SCENE);
    let hash = script(&app, "return location.hash", &[]);
    assert!(hash.as_str().is_some_and(|h| h.contains("cells=")), "{hash}");
    assert_quiet(&app);
}

/// The limits of a scale: dragged, moved by keys, inverted, reset; the maps and the address follow.
#[test]
fn the_limits_of_a_scale_are_dragged_and_moved_by_keys() {
    let app = App::open("limits", Setting { window: (1400, 1000), ..Setting::default() }).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.settle(120).unwrap();
    app.click("#open-layers").unwrap();
    let limit = |upper: bool| {
        let css = if upper { ".legends .limit.upper" } else { ".legends .limit:not(.upper)" };
        let read = "return document.querySelector(arguments[0]).ariaValueNow";
        script(&app, read, &[json!(css)]).as_str().unwrap().parse::<f64>().unwrap()
    };
    let image = || {
        script(&app, "return document.querySelector('[data-layer=Estimate] canvas.base').toDataURL()", &[])
    };
    app.get(".legends .histogram:not([hidden]) .limit").unwrap();
    app.shoot("layers").unwrap();
    let (low, high, before) = (limit(false), limit(true), image());
    assert_eq!((low, high), (0.0, 0.5));
    // By mouse: the upper limit 60 pixels to the left.
    let handle = app.get(".legends .limit.upper").unwrap();
    app.session.drag(&handle, (0.5, 0.5), (-2.0, 0.5)).unwrap();
    let dragged = limit(true);
    assert!(dragged < 0.45 && dragged > 0.2, "{dragged}");
    app.wait(PATIENCE, "the map in the new scale", || Ok((image() != before).then_some(()))).unwrap();
    let rule = app.text(".legends .rule").unwrap();
    assert!(rule.contains("set by you"), "{rule}");
    let hash = || script(&app, "return location.hash", &[]).as_str().unwrap().to_owned();
    assert!(hash().contains(&format!("scale=0,{dragged}")), "{} {dragged}", hash());
    // By keys: the lower limit two hundredths up, then a tenth; it stops before the upper one.
    script(&app, "document.querySelector('.legends .limit:not(.upper)').focus()", &[]);
    for key in [keys::RIGHT, keys::RIGHT] {
        app.session.press(key).unwrap();
    }
    let moved = limit(false);
    assert!(moved > 0.005 && moved < 0.02, "{moved}");
    app.session.press(keys::END).unwrap();
    assert!(limit(false) < limit(true) && limit(false) > dragged - 0.02, "{} {}", limit(false), limit(true));
    app.session.press(keys::HOME).unwrap();
    assert_eq!(limit(false), 0.0);
    app.shoot("dragged").unwrap();
    // The other way round, and back.
    let plain = image();
    app.click(".legends .invert").unwrap();
    app.wait(PATIENCE, "inverted colours", || Ok((image() != plain).then_some(()))).unwrap();
    assert!(hash().contains("invert=yes"), "{}", hash());
    app.shoot("inverted").unwrap();
    app.click(".legends .reset").unwrap();
    app.wait(PATIENCE, "the map as it was", || Ok((image() == before).then_some(()))).unwrap();
    assert_eq!((limit(false), limit(true)), (0.0, 0.5));
    assert!(!hash().contains("scale=") && !hash().contains("invert="), "{}", hash());
    // Another scale by the address, the other way round, and back by its own button.
    let of_difference = "const box = [...document.querySelectorAll('.legends .scale')].find(b => b.innerText.includes('Difference'));";
    let shown = || {
        let read = "return [...box.querySelectorAll('.limits input')].map(i => i.value).concat(box.querySelector('.invert').ariaPressed)";
        script(&app, &format!("{of_difference} {read}"), &[])
    };
    assert_eq!(shown()[2], json!("false"));
    script(&app, "location.hash += '&scales=difference:0.25,-0.25'", &[]);
    let expected = json!(["-0.25", "0.25", "true"]);
    app.wait(PATIENCE, "the scale of the address", || Ok((shown() == expected).then_some(()))).unwrap();
    assert!(hash().contains("scales=difference:0.25,-0.25"), "{}", hash());
    script(&app, &format!("{of_difference} box.querySelector('.reset').click()"), &[]);
    app.wait(PATIENCE, "the address without it", || Ok((!hash().contains("scales=")).then_some(()))).unwrap();
    assert_eq!(shown()[2], json!("false"));
    assert_quiet(&app);
}

/// On a phone: the sheet makes way for the layer, and a finger drags a limit.
#[test]
fn on_a_phone_a_finger_drags_a_limit() {
    let app = App::open("look-phone", Setting { window: (500, 900), ..Setting::smen() }).unwrap();
    app.resize((390, 780), 1, true).unwrap();
    script(&app, "location.reload()", &[]);
    app.get(parts::SHOW_ME).unwrap();
    app.choose_files(parts::FILE_INPUT, &[fixture(SCENE)]).unwrap();
    app.click("#look-1").unwrap();
    drawn(&app, SCENE);
    app.settle(120).unwrap();
    app.shoot("layer").unwrap();
    let place = script(
        &app,
        "const e = document.querySelector('.look .limit.upper'); e.scrollIntoView();
         const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2, e.ariaValueNow]",
        &[],
    );
    let (x, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
    let touch = |kind: &str, x: f64| {
        let points = if kind == "touchEnd" { json!([]) } else { json!([{ "x": x, "y": y }]) };
        app.session
            .devtools("Input.dispatchTouchEvent", &json!({ "type": kind, "touchPoints": points }))
            .unwrap();
    };
    touch("touchStart", x);
    for n in 1..=6 {
        touch("touchMove", x - 12.0 * f64::from(n));
    }
    touch("touchEnd", x);
    let now = script(&app, "return document.querySelector('.look .limit.upper').ariaValueNow", &[]);
    let number = |v: &Value| v.as_str().unwrap().parse::<f64>().unwrap();
    assert!(number(&now) < number(&place[2]), "{now} {}", place[2]);
    app.shoot("dragged").unwrap();
    app.click("#look-close").unwrap();
    map_is_back(&app);
    assert_quiet(&app);
}
