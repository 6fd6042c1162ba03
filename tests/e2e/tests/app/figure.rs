//! The figure as PNG and SVG, drawn from one description; rivers and towns, loaded with the first map.

use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::parts;
use serde_json::{Value, json};

use super::{assert_quiet, script};

const PATIENCE: Duration = Duration::from_secs(120);

fn texts(value: &Value) -> Vec<String> {
    let mut all: Vec<String> =
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
    // The one was made after the other.
    all.retain(|text| !text.starts_with("Creation Time: "));
    all.sort();
    all
}

/// How often the page asked for the rivers and towns. The service worker keeps a copy of everything, which does not count.
fn asked_for_places(app: &App) -> i64 {
    let count =
        "return performance.getEntriesByType('resource').filter(e => e.name.endsWith('/places.bin')).length";
    script(app, count, &[]).as_i64().unwrap()
}

/// What is drawn on the estimate's map, as one text.
fn drawn(app: &App) -> String {
    let read = "return document.querySelector(arguments[0]).toDataURL()";
    script(app, read, &[json!(parts::ESTIMATE)]).as_str().unwrap().to_owned()
}

/// Every text, with its numbers, is the same in both; the SVG is XML, says what it must say and holds each map's cells.
#[test]
fn png_and_svg_say_the_same() {
    let app = App::open("figure", Setting::smen()).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.wait(PATIENCE, "rivers and towns", || Ok((asked_for_places(&app) == 1).then_some(()))).unwrap();
    app.settle(120).unwrap();
    // What the PNG says: the texts that are drawn on a canvas in no document.
    script(
        &app,
        "const plain = CanvasRenderingContext2D.prototype.fillText;
         window.said = [];
         CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
             if (!this.canvas.isConnected) window.said.push(text);
             return plain.call(this, text, ...place);
         }",
        &[],
    );
    app.click("[data-export=png]").unwrap();
    app.downloaded(".png").unwrap();
    let in_png = texts(&script(&app, "return window.said", &[]));
    app.click("[data-export=svg]").unwrap();
    let path = app.downloaded(".svg").unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("loam_simulated_20"), "{name}");
    let svg = std::fs::read_to_string(&path).unwrap();
    println!("{name}: {} bytes", svg.len());
    let read = script(
        &app,
        "const page = new DOMParser().parseFromString(arguments[0], 'image/svg+xml');
         const error = page.querySelector('parsererror');
         const all = (css, what) => [...page.querySelectorAll(css)].map(what);
         return {
             error: error ? error.textContent : null,
             title: page.querySelector('svg > title').textContent,
             facts: page.querySelector('svg > desc').textContent,
             texts: all('text:not([aria-hidden])', t => t.textContent),
             images: all('image', i => i.getAttribute('xlink:href').slice(0, 22)),
             paths: all('path', p => p.getAttribute('d').length),
         }",
        &[json!(svg)],
    );
    assert_eq!(read["error"], Value::Null, "no XML");
    let in_svg = texts(&read["texts"]);
    assert_eq!(in_svg, in_png, "PNG and SVG differ");
    let date = name.trim_start_matches("loam_simulated_").trim_end_matches(".svg");
    let says = |words: &str| in_svg.iter().any(|text| text.contains(words));
    for words in [
        date,
        "Soil moisture at 3 km, Oklahoma City",
        "Soil moisture, m³/m³",
        "SIMULATED scenes, not observations",
        "SIMULATED",
        "Estimate, SMEN 3 km",
        "km W–E",
        "35° N",
        "Scale: 0 to 0.5 m³/m³, fixed",
    ] {
        assert!(says(words), "\"{words}\" is missing: {in_svg:?}");
    }
    for tick in ["0", "0.1", "0.2", "0.3", "0.4", "0.5"] {
        assert!(in_svg.iter().any(|text| text == tick), "{tick} of the legend");
    }
    assert_eq!(
        read["title"].as_str().unwrap(),
        format!("SIMULATED: Soil moisture at 3 km, Oklahoma City, {date}")
    );
    assert!(read["facts"].as_str().unwrap().contains("SHA-256"), "{}", read["facts"]);
    let images = texts(&read["images"]);
    assert!(images.len() >= 2 && images.iter().all(|i| i == "data:image/png;base64,"), "{images:?}");
    assert_quiet(&app);
}

/// They come with the first map, not before; switched off they are gone, which the address keeps.
#[test]
fn rivers_and_towns_come_with_the_first_map_and_go_by_choice() {
    let app = App::open("places", Setting::smen()).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    assert_eq!(asked_for_places(&app), 0, "nothing is drawn yet");
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.wait(PATIENCE, "rivers and towns", || Ok((asked_for_places(&app) == 1).then_some(()))).unwrap();
    app.settle(120).unwrap();
    let with = drawn(&app);
    app.shoot("with").unwrap();
    app.click("#open-layers").unwrap();
    app.click("#places input").unwrap();
    app.wait(PATIENCE, "a bare map", || Ok((drawn(&app) != with).then_some(()))).unwrap();
    app.shoot("without").unwrap();
    let address = script(&app, "return location.hash", &[]);
    assert!(address.as_str().unwrap().contains("places=no"), "{address}");
    app.click("#places input").unwrap();
    app.wait(PATIENCE, "the same map as before", || Ok((drawn(&app) == with).then_some(()))).unwrap();
    let address = script(&app, "return location.hash", &[]);
    assert!(!address.as_str().unwrap().contains("places"), "{address}");
    assert_eq!(asked_for_places(&app), 1, "loaded once");
    assert_quiet(&app);
}

/// The map of a date that was made before lies under the curtain with today's: their difference is not nothing.
#[test]
fn two_dates_lie_under_one_curtain() {
    let app = App::open("two-dates", Setting::smen()).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    let label = "[data-layer=Estimate] canvas.overlay";
    let date =
        || script(&app, "return document.querySelector(arguments[0])?.ariaLabel ?? ''", &[json!(label)]);
    let first = date();
    let made = first.as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    app.click("#date-back").unwrap();
    app.wait(PATIENCE, "the date before", || {
        let now = date();
        Ok((now != first && now.as_str().is_some_and(|text| text.contains("map of"))).then_some(()))
    })
    .unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#swipe").unwrap();
    app.get("#swipe-date").unwrap();
    let choose = "const s = document.querySelector(arguments[0]); s.value = [...s.options].find(o => o.text.includes(arguments[1])).value;
                  s.dispatchEvent(new Event('change', { bubbles: true }))";
    script(&app, choose, &[json!("#swipe-left"), json!("Estimate, SMEN")]);
    script(&app, choose, &[json!("#swipe-right"), json!("Estimate, SMEN")]);
    app.click("#swipe-difference").unwrap();
    let map = app.get(".swipe canvas.overlay").unwrap();
    app.session.hover(&map, 0.5, 0.5).unwrap();
    app.text_when(".swipe output.value", PATIENCE, |text| text.contains("+0.0000")).unwrap();
    script(&app, choose, &[json!("#swipe-date"), json!(made)]);
    app.text_when(".swipe output.value", PATIENCE, |text| {
        text.contains("left − right") && !text.contains("+0.0000")
    })
    .unwrap();
    app.shoot("difference").unwrap();
    assert_quiet(&app);
}
