//! The workbench: one screen with the map first, a map that follows, looking closely, comparing, undoing, coming back.

use std::time::{Duration, Instant};

use e2e::app::{App, Setting, loader, prepend};
use e2e::webdriver::keys;
use e2e::{parts, turn};
use serde_json::json;

use super::{assert_quiet, script};

const PATIENCE: Duration = Duration::from_secs(120);

/// Where an element lies in the window: left, top, right, bottom.
fn place(app: &App, css: &str) -> [f64; 4] {
    let rect = script(
        app,
        "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]",
        &[json!(css)],
    );
    let numbers: Vec<f64> = rect.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    [numbers[0], numbers[1], numbers[2], numbers[3]]
}

/// All of it is in the window.
fn assert_in_sight(app: &App, css: &str) {
    let size = script(app, "return [innerWidth, innerHeight]", &[]);
    let (width, height) = (size[0].as_f64().unwrap(), size[1].as_f64().unwrap());
    let [left, top, right, bottom] = place(app, css);
    assert!(
        left >= 0.0
            && top >= 0.0
            && right <= width + 1.0
            && bottom <= height + 1.0
            && right - left > 8.0
            && bottom - top > 8.0,
        "{css} lies at {left:.0}, {top:.0} to {right:.0}, {bottom:.0} of {width:.0} x {height:.0}"
    );
}

fn assert_one_screen(app: &App) {
    assert_eq!(app.scrolls_by().unwrap(), (0, 0), "the page scrolls");
}

fn shown_date(app: &App) -> String {
    let label = script(
        app,
        "return document.querySelector('[data-layer=Estimate] canvas.overlay')?.ariaLabel ?? ''",
        &[],
    );
    label.as_str().unwrap().rsplit(' ').next().unwrap().to_owned()
}

/// One click from the first screen to an estimate; then map, legend, dates and values are in sight, at both sizes, without scrolling.
#[test]
fn one_click_to_an_estimate_and_all_of_it_on_one_screen() {
    let _alone = turn::alone();
    let app = App::open("workbench", Setting { window: (1400, 1000), ..Setting::default() }).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    assert_one_screen(&app);
    app.shoot("first").unwrap();
    let start = Instant::now();
    app.click(parts::SHOW_ME).unwrap();
    app.wait(PATIENCE, "an estimate", || {
        Ok((app.has(parts::ESTIMATE)? && app.colours(parts::ESTIMATE)? > 8).then_some(()))
    })
    .unwrap();
    println!("from the click to the estimate: {:.2} s", start.elapsed().as_secs_f64());
    app.map_drawn(PATIENCE).unwrap();
    println!("to the map of the best method: {:.2} s", start.elapsed().as_secs_f64());
    app.get("#values tbody tr").unwrap();
    for (width, height) in [(1400, 900), (1024, 700)] {
        app.resize((width, height), 1, false).unwrap();
        app.settle(120).unwrap();
        assert_one_screen(&app);
        for css in [
            "[data-layer=Estimate] canvas.base",
            "[data-layer=Coarse] canvas.base",
            ".ramps .rampbox",
            "canvas.strip",
            "#play",
            "#readout",
            "#values thead",
        ] {
            assert_in_sight(&app, css);
        }
        app.shoot(&format!("{width}")).unwrap();
    }
    app.resize((1400, 900), 1, false).unwrap();
    app.click("#layout-one").unwrap();
    app.settle(120).unwrap();
    let [left, top, right, bottom] = place(&app, parts::ESTIMATE);
    println!("the estimate alone: {:.0} x {:.0} pixels", right - left, bottom - top);
    assert!(bottom - top >= 480.0, "the map is as large as it fits");
    app.shoot("one").unwrap();
    // The left side made way at 1024 pixels; it comes back by its button. The sides fold, the map grows, and it is remembered.
    app.click("#open-data").unwrap();
    app.click("#open-data").unwrap();
    app.click("#open-values").unwrap();
    app.settle(120).unwrap();
    app.shoot("folded").unwrap();
    assert!(app.session.find("#panel-data").unwrap().is_some());
    script(&app, "location.reload()", &[]);
    app.get(parts::SHOW_ME).unwrap();
    let open =
        script(&app, "return [...document.querySelectorAll('.tabs [aria-expanded=true]')].length", &[]);
    assert_eq!(open.as_i64(), Some(0), "folded sides stay folded");
    for scheme in ["dark", "light"] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        app.session.devtools("Emulation.setEmulatedMedia", &media).unwrap();
        if scheme == "dark" {
            app.click(parts::SHOW_ME).unwrap();
            app.map_drawn(PATIENCE).unwrap();
            app.click("#open-values").unwrap();
            app.click("#open-layers").unwrap();
            app.shoot("dark").unwrap();
        }
    }
    assert_quiet(&app);
}

/// The best method answers by itself: first the regression, then whichever was best on the newest dates; another is chosen, linked and left.
#[test]
fn the_best_method_answers_until_one_is_chosen() {
    let app = App::open("auto", Setting::default()).unwrap();
    app.click(parts::DEMO).unwrap();
    let title = "[data-layer=Estimate] figcaption";
    let first = app.text_when(title, PATIENCE, |text| text.contains("3 km")).unwrap();
    assert!(first.contains("regression"), "{first}");
    app.text_when(title, PATIENCE, |text| text.contains("RCN")).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#open-method").unwrap();
    let table = app.text(parts::RANKING).unwrap();
    assert!(table.contains("RCN") && table.contains("SMEN"), "{table}");
    app.shoot("method").unwrap();
    let chosen = || script(&app, "return document.querySelector('#model').value", &[]);
    assert_eq!(chosen().as_str(), Some("best"));
    // The comparison is not made again for another date.
    app.click("#date-back").unwrap();
    app.wait(PATIENCE, "the map of the date before", || {
        let text = app.text(title)?;
        assert!(text.contains("RCN"), "{text}");
        let label = app.session.script(
            "return document.querySelector('[data-layer=Estimate] canvas.overlay')?.ariaLabel ?? ''",
            &[],
        )?;
        Ok(label.as_str().is_some_and(|l| !l.is_empty()).then_some(()))
    })
    .unwrap();
    app.map_drawn(PATIENCE).unwrap();
    let choose = "const s = document.querySelector('#model'); s.value = arguments[0]; s.dispatchEvent(new Event('change', { bubbles: true }))";
    script(&app, choose, &[json!("bilinear")]);
    app.text_when(title, PATIENCE, |text| text.contains("bilinear")).unwrap();
    let hash = || script(&app, "return location.hash", &[]).as_str().unwrap().to_owned();
    assert!(hash().contains("method=bilinear"), "{}", hash());
    script(&app, "location.reload()", &[]);
    app.click(parts::DEMO).unwrap();
    app.text_when(title, PATIENCE, |text| text.contains("bilinear")).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#open-method").unwrap();
    script(&app, choose, &[json!("best")]);
    app.text_when(title, PATIENCE, |text| text.contains("RCN")).unwrap();
    assert!(!hash().contains("method="), "{}", hash());
    assert_quiet(&app);
}

/// Dates by key and by button move the map, soon; playing shows one after the other; undo takes a choice back.
#[test]
fn the_map_follows_the_date_the_rules_and_undo() {
    let _alone = turn::alone();
    let app = App::open("follows", Setting::smen()).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    assert_eq!(script(&app, "return document.querySelector('#predict').hidden", &[]).as_bool(), Some(true));
    let first = shown_date(&app);
    // Once there and back, so that both dates have been read.
    for css in ["#date-back", "#date-on"] {
        app.click(css).unwrap();
        std::thread::sleep(Duration::from_millis(150));
        app.map_drawn(PATIENCE).unwrap();
    }
    assert_eq!(shown_date(&app), first);
    let change = script(
        &app,
        "return new Promise(done => {
            const label = () => document.querySelector('[data-layer=Estimate] canvas.overlay')?.ariaLabel;
            const before = label(), start = performance.now();
            const look = () => { const l = label(); if (l && l !== before) done(performance.now() - start); else requestAnimationFrame(look); };
            document.querySelector('#date-back').click();
            look();
        })",
        &[],
    );
    println!("from the click on a date to its map: {:.0} ms", change.as_f64().unwrap());
    assert!(change.as_f64().unwrap() < 1500.0);
    app.map_drawn(PATIENCE).unwrap();
    let second = shown_date(&app);
    assert!(second < first, "{second} {first}");
    // The rules: the old result is marked until the new one is there, and says so.
    app.click("#mass").unwrap();
    app.text_when(parts::MAP_NOTES, PATIENCE, |text| text.contains("shifted to SMAP's mean")).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    // Back, step by step.
    app.click(parts::UNDO).unwrap();
    app.wait(PATIENCE, "the rule to be undone", || {
        let on = app.session.script("return document.querySelector('#mass').checked", &[])?;
        Ok((on.as_bool() == Some(false)).then_some(()))
    })
    .unwrap();
    app.click(parts::UNDO).unwrap();
    app.wait(PATIENCE, "the date before", || Ok((shown_date(&app) == first).then_some(()))).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    // Playing: several dates, then stopped.
    for _ in 0..12 {
        app.click("#date-back").unwrap();
    }
    app.map_drawn(PATIENCE).unwrap();
    let from = shown_date(&app);
    app.forget_longtasks().unwrap();
    let played = script(
        &app,
        "const play = document.querySelector('#play'), start = performance.now();
         play.click();
         return new Promise(done => {
             const look = () => play.ariaPressed === 'false' ? done(performance.now() - start) : setTimeout(look, 10);
             setTimeout(look, 100);
         })",
        &[],
    );
    let seconds = played.as_f64().unwrap() / 1e3;
    app.map_drawn(PATIENCE).unwrap();
    println!(
        "played {from} to {} in {seconds:.1} s, longest task {:.0} ms",
        shown_date(&app),
        app.longest_task().unwrap()
    );
    assert!(shown_date(&app) > from);
    app.shoot("played").unwrap();
    // The address says it all, and opening it brings it back.
    let address = script(&app, "return location.hash", &[]).as_str().unwrap().to_owned();
    assert!(address.contains("date=") && address.contains("region=oklahoma-city"), "{address}");
    let other = address.replace(&shown_date(&app), &first);
    script(&app, "location.hash = arguments[0]", &[json!(other)]);
    app.wait(PATIENCE, "the address's date", || Ok((shown_date(&app) == first).then_some(()))).unwrap();
    assert_quiet(&app);
}

/// Wheel and drag look closer, pins make a table, a curtain compares any two layers and subtracts them.
#[test]
fn a_map_is_looked_at_closely_and_compared() {
    let app = App::open("closely", Setting::default()).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    let [left, top, right, bottom] = place(&app, parts::ESTIMATE_OVERLAY);
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let labels = || {
        script(
            &app,
            "const c = document.querySelector('[data-layer=Estimate] canvas.base'); return c.toDataURL().length",
            &[],
        )
    };
    let whole = labels();
    for _ in 0..3 {
        app.session
            .devtools(
                "Input.dispatchMouseEvent",
                &json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -240 }),
            )
            .unwrap();
    }
    app.wait(PATIENCE, "the map to be closer", || Ok((labels() != whole).then_some(()))).unwrap();
    let over = script(&app, "return [scrollX, scrollY]", &[]);
    assert_eq!((over[0].as_i64(), over[1].as_i64()), (Some(0), Some(0)), "the wheel is the map's");
    app.shoot("zoomed").unwrap();
    let map = app.get(parts::ESTIMATE_OVERLAY).unwrap();
    for at in [(0.3, 0.3), (0.7, 0.6)] {
        app.session.drag(&map, at, at).unwrap();
    }
    app.session.hover(&map, 0.5, 0.5).unwrap();
    let head = app
        .text_when("#values thead", PATIENCE, |text| {
            text.matches("pin").count() == 2 && text.contains("cursor")
        })
        .unwrap();
    println!("{head}");
    app.click("#save-pins").unwrap();
    let csv =
        std::fs::read_to_string(app.downloaded("pins_2018").or_else(|_| app.downloaded(".csv")).unwrap())
            .unwrap();
    assert!(csv.contains("SIMULATED") && csv.lines().count() == 5, "{csv}");
    app.click("#clear-pins").unwrap();

    app.click("#swipe").unwrap();
    app.get("#swipe-left").unwrap();
    let choose = "for (const [side, layer] of [['left', 'Bilinear'], ['right', 'Estimate,']]) {
                    const s = document.querySelector('#swipe-' + side); s.value = [...s.options].find(o => o.text.includes(layer)).value;
                    s.dispatchEvent(new Event('change', { bubbles: true })) }";
    script(&app, choose, &[]);
    app.settle(120).unwrap();
    let before = place(&app, ".handle");
    let handle = app.get(".handle").unwrap();
    app.session.drag(&handle, (0.5, 0.5), (5.5, 0.5)).unwrap();
    let after = place(&app, ".handle");
    assert!(after[0] > before[0] + 50.0, "the curtain is dragged in the picture: {before:?} {after:?}");
    app.shoot("swipe").unwrap();
    let whole = "document.querySelector('[title^=\"Whole region\"]').click();
                 const c = document.querySelector('.curtain input'); c.value = 50; c.dispatchEvent(new Event('input', { bubbles: true }))";
    script(&app, whole, &[]);
    app.settle(200).unwrap();
    app.picture("compare").unwrap();
    app.click("#swipe-difference").unwrap();
    let map = app.get(".swipe canvas.overlay").unwrap();
    app.session.hover(&map, 0.5, 0.5).unwrap();
    app.text_when(".swipe output.value", PATIENCE, |text| text.contains("left − right")).unwrap();
    app.shoot("difference").unwrap();
    // Layers one by one.
    app.click("#swipe").unwrap();
    app.click("#layer-list li:first-child button").unwrap();
    app.wait(PATIENCE, "SMAP alone", || {
        Ok((app.session.find_all(".panels > .panel")?.len() == 1).then_some(()))
    })
    .unwrap();
    assert!(app.has("[data-layer=\"Coarse\"]").unwrap());
    assert_quiet(&app);
}

/// From the top of the page to the map in at most eight presses of Tab; and by the first skip link at once.
#[test]
fn the_map_is_few_keys_away() {
    let app = App::open("keys", Setting::default()).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    script(&app, "document.activeElement.blur(); window.getSelection().removeAllRanges()", &[]);
    script(
        &app,
        "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')",
        &[],
    );
    let on_map = || {
        script(&app, "return document.activeElement.matches('canvas.overlay')", &[]).as_bool() == Some(true)
    };
    let mut presses = 0;
    while !on_map() && presses < 20 {
        app.session.press(keys::TAB).unwrap();
        presses += 1;
    }
    println!("Tab presses to the map: {presses}");
    assert!(presses <= 8, "{presses}");
    script(&app, "document.querySelector('.skip').focus()", &[]);
    app.session.press(keys::ENTER).unwrap();
    assert!(on_map(), "the first skip link leads to the map");
    assert_quiet(&app);
}

/// On a phone: the map first, dates under it, the rest in one sheet; one layer with a switch; two fingers zoom.
#[test]
fn on_a_phone_the_map_comes_first() {
    let app = App::open("phone", Setting { window: (500, 900), ..Setting::default() }).unwrap();
    app.resize((390, 780), 1, true).unwrap();
    script(&app, "location.reload()", &[]);
    app.get(parts::SHOW_ME).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    app.shoot("first").unwrap();
    app.click(parts::SHOW_ME).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.settle(120).unwrap();
    app.shoot("map").unwrap();
    assert_one_screen(&app);
    for css in [parts::ESTIMATE, "canvas.strip", "#open-values", "#open-export", "#layer"] {
        assert_in_sight(&app, css);
    }
    assert_eq!(app.session.find_all(".panels > .panel").unwrap().len(), 1, "one map at a time");
    let [left, top, right, bottom] = place(&app, parts::ESTIMATE_OVERLAY);
    let before = script(
        &app,
        "return document.querySelector('[data-layer=Estimate] canvas.base').toDataURL().length",
        &[],
    );
    app.session
        .devtools(
            "Input.synthesizePinchGesture",
            &json!({ "x": (left + right) / 2.0, "y": (top + bottom) / 2.0, "scaleFactor": 2.5, "gestureSourceType": "touch" }),
        )
        .unwrap();
    app.wait(PATIENCE, "the map to be closer", || {
        let now = app.session.script(
            "return document.querySelector('[data-layer=Estimate] canvas.base').toDataURL().length",
            &[],
        )?;
        Ok((now != before).then_some(()))
    })
    .unwrap();
    app.shoot("pinched").unwrap();
    for panel in ["values", "train", "data"] {
        app.click(&format!("#open-{panel}")).unwrap();
        app.settle(120).unwrap();
        let open = script(
            &app,
            "return [...document.querySelectorAll('.sidepanel:not([hidden])')].map(p => p.id).join()",
            &[],
        );
        assert_eq!(open.as_str(), Some(format!("panel-{panel}").as_str()), "one sheet at a time");
        app.shoot(panel).unwrap();
    }
    assert_one_screen(&app);
    assert_quiet(&app);
}

/// On a phone in the field: the dot, its cell pinned, and a region around it where that lies elsewhere; refused in words.
#[test]
fn the_users_position_is_a_dot_on_the_map() {
    let app = App::open("position", Setting { window: (500, 900), ..Setting::default() }).unwrap();
    app.resize((390, 780), 1, true).unwrap();
    app.click(parts::SHOW_ME).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    let allow = |setting: &str| {
        let of = json!({ "permission": { "name": "geolocation" }, "setting": setting, "origin": app.url.trim_end_matches('/') });
        app.session.devtools("Browser.setPermission", &of).unwrap();
    };
    let stand = |latitude: f64, longitude: f64| {
        let at = json!({ "latitude": latitude, "longitude": longitude, "accuracy": 12.4 });
        app.session.devtools("Emulation.setGeolocationOverride", &at).unwrap();
    };
    allow("denied");
    app.click("#position").unwrap();
    let why = app.text_when(".notices", PATIENCE, |text| text.contains("position is not known")).unwrap();
    println!("{why}");
    app.get("#position[aria-pressed=false]").unwrap();

    allow("granted");
    stand(35.2, -97.5);
    app.click("#position").unwrap();
    let said = app.text_when("#position-text", PATIENCE, |text| text.contains("You are at")).unwrap();
    println!("{said}");
    assert!(said.contains("35.2° N") && said.contains("97.5° W") && said.contains("within 20 m"), "{said}");
    assert!(!said.contains("outside"), "{said}");
    let blue = || {
        let count = "const c = document.querySelector('[data-layer=Estimate] canvas.overlay');
            const read = Object.assign(document.createElement('canvas'), { width: c.width, height: c.height }).getContext('2d', { willReadFrequently: true });
            read.drawImage(c, 0, 0);
            const d = read.getImageData(0, 0, c.width, c.height).data;
            let n = 0, x = 0, y = 0;
            for (let i = 0; i < d.length; i += 4) if (d[i] === 31 && d[i + 1] === 111 && d[i + 2] === 235) {
                n++; x += (i / 4) % c.width / c.width; y += Math.floor(i / 4 / c.width) / c.height; }
            return [n, x / n, y / n]";
        let found = script(&app, count, &[]);
        [0, 1, 2].map(|n| found[n].as_f64().unwrap_or_default())
    };
    let found = app.wait(PATIENCE, "the dot", || Ok(Some(blue()).filter(|[pixels, ..]| *pixels > 50.0)));
    app.shoot("dot").unwrap();
    let [_, x, y] = found.unwrap();
    assert_one_screen(&app);
    // Ten cells further east: the dot follows, the first place stays pinned.
    let pinned = || {
        let read = "return [...document.querySelectorAll('#panel-values dt')].find(t => t.textContent === 'Pinned').nextSibling.textContent";
        script(&app, read, &[]).as_str().unwrap().to_owned()
    };
    let first = pinned();
    assert_ne!(first, "none");
    stand(35.2, -97.5 + 10.0 * 0.0311);
    app.wait(PATIENCE, "the dot to move", || {
        let [_, now, row] = blue();
        Ok(((now - x - 0.1).abs() < 0.01 && (row - y).abs() < 0.01).then_some(()))
    })
    .unwrap();

    assert_eq!(pinned(), first);

    // Elsewhere: nothing of it on the map, and the region can go there.
    stand(36.0, -120.0);
    app.text_when("#position-text", PATIENCE, |text| text.contains("outside the region")).unwrap();
    app.shoot("outside").unwrap();
    app.click("#position-region").unwrap();
    app.text_when("#position-text", PATIENCE, |text| !text.contains("outside")).unwrap();
    let hash = script(&app, "return location.hash", &[]);
    assert!(hash.as_str().is_some_and(|hash| hash.contains("cells=")), "{hash}");
    app.click("#position").unwrap();
    app.wait(PATIENCE, "the line to go", || Ok((!app.has("#position-text")?).then_some(()))).unwrap();
    assert_quiet(&app);
}

/// The text of the season's progress, once it satisfies.
fn season_says(app: &App, wanted: impl Fn(&str) -> bool) -> String {
    app.text_when(parts::SEASON_PROGRESS, PATIENCE, wanted).unwrap()
}

fn period(app: &App, from: &str, to: &str) {
    for (css, value) in [("#season-from", from), ("#season-to", to)] {
        script(
            app,
            "const e = document.querySelector(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change', { bubbles: true }))",
            &[json!(css), json!(value)],
        );
    }
}

/// Chooses a method by hand.
fn choose_method(app: &App, key: &str) {
    script(
        app,
        "const s = document.querySelector('#model'); s.value = arguments[0]; s.dispatchEvent(new Event('change', { bubbles: true }))",
        &[json!(key)],
    );
    app.settle(120).unwrap();
    app.map_drawn(PATIENCE).unwrap();
}

/// Every date of a year: how far it is, cancelled, resumed; a layer on the map, the series at a pin, the files read back.
#[test]
fn a_season_is_made_cancelled_resumed_looked_at_and_saved() {
    let app = App::open("season", Setting { window: (1400, 1000), ..Setting::default() }).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    // A year by SMEN, which takes long enough to be cancelled.
    choose_method(&app, "smen");
    app.click("#open-season").unwrap();
    app.get(parts::SEASON_START).unwrap();
    period(&app, "2018-01-01", "2018-12-31");
    let dates = season_says(&app, |text| text.contains("dates with SMAP data"));
    let total: usize = dates.split(' ').next().unwrap().parse().unwrap();
    assert!((250..=300).contains(&total), "{dates}");
    app.click(parts::SEASON_START).unwrap();
    let progress = season_says(&app, |text| text.contains(" of ") && text.contains("left"));
    println!("{progress}");
    app.shoot("running").unwrap();
    app.click(parts::SEASON_CANCEL).unwrap();
    let said = season_says(&app, |text| text.contains("Ended before the last date"));
    let button = app.text(parts::SEASON_START).unwrap();
    let missing: usize = button.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(missing > 0 && missing < total, "{button}; {said}");
    app.click(parts::SEASON_START).unwrap();
    season_says(&app, |text| text.starts_with(&format!("{total} dates have a map.")));
    app.map_drawn(PATIENCE).unwrap();
    app.shoot("done").unwrap();
    for (layer, name) in [("trend", "SeasonTrend"), ("drydown", "SeasonDrydown"), ("mean", "SeasonMean")] {
        app.click(&format!("[data-season={layer}]")).unwrap();
        let canvas = format!("[data-layer={name}] canvas.base");
        app.wait(
            PATIENCE,
            "the layer",
            || Ok((app.has(&canvas)? && app.colours(&canvas)? > 8).then_some(())),
        )
        .unwrap();
        let stamp = app.text(&format!("[data-layer={name}] .stamp")).unwrap();
        assert_eq!(stamp, "SIMULATED");
        app.shoot(layer).unwrap();
    }
    let map = app.get("[data-layer=SeasonMean] canvas.overlay").unwrap();
    app.session.drag(&map, (0.5, 0.5), (0.5, 0.5)).unwrap();
    // Of the season, and of the dates shown before it.
    let dates = |text: &str| text.split(' ').next().and_then(|n| n.parse::<usize>().ok());
    app.text_when("#series .hint", PATIENCE, |text| dates(text).is_some_and(|n| n >= total)).unwrap();
    app.click("#open-values").unwrap();
    app.reveal("#series").unwrap();
    app.shoot("series").unwrap();

    app.click("#season-cube").unwrap();
    app.click("#season-statistics").unwrap();
    for (ending, maps) in [(".nc", total), (".tif", 0)] {
        let path = app.downloaded(ending).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.contains("SIMULATED_oklahoma-city_season_2018"), "{name}");
        let source = std::sync::Arc::new(smap_files::PathSource::open(&path).unwrap());
        let file = smap_files::open(source).unwrap();
        assert_eq!((file.product, file.simulated), (smap_files::Product::OwnMap, true));
        let moisture = |v: &&smap_files::Variable| v.role == smap_files::Role::SoilMoisture;
        assert_eq!(file.variables.iter().filter(moisture).count(), maps, "{name}");
        let all = smap_files::ReadOptions { quality: smap_files::QualityRule::All, scale: None };
        // Of the cube the first map, of the statistics the first band, the mean.
        let first = file.variables.iter().position(|v| moisture(&v)).unwrap_or(0);
        let values = file.read(first, &all, None).unwrap().statistics();
        assert!(values.mean.is_some_and(|mean| (0.02..0.6).contains(&mean)), "{name}: {values:?}");
    }
    // Narrow, and dark.
    app.click("#season-off").unwrap();
    let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    app.session.devtools("Emulation.setEmulatedMedia", &media).unwrap();
    app.click("#open-season").unwrap();
    app.shoot("dark").unwrap();
    app.resize((390, 780), 1, true).unwrap();
    app.settle(120).unwrap();
    app.shoot("narrow").unwrap();
    assert_one_screen(&app);
    assert_quiet(&app);
}

/// How long a year of a region of 100 x 100 cells takes here: for docs/performance.md.
#[test]
#[ignore = "measures, half a minute on one core"]
fn a_year_of_dates() {
    for cores in [1, 2] {
        a_year_on(cores);
    }
}

/// With as many cores as the worker is told there are.
fn with_cores(name: &str, cores: usize) -> App {
    let told = format!("Object.defineProperty(navigator, 'hardwareConcurrency', {{ value: {cores} }});\n");
    App::open_changed(name, Setting::default(), |dist| prepend(&loader(dist, "worker-cpu")?, &told)).unwrap()
}

/// A season that takes a while is shared among workers, whose maps are the same to the bit; the page says so.
#[test]
fn a_season_is_made_by_every_core() {
    let app = with_cores("cores", 3);
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#open-season").unwrap();
    app.get(parts::SEASON_START).unwrap();
    period(&app, "2016-01-01", "2018-12-31");
    choose_method(&app, "smen");
    app.click(parts::SEASON_START).unwrap();
    season_says(&app, |text| text.contains(" of "));
    let said = season_says(&app, |text| text.contains("dates have a map"));
    assert!(said.contains("workers made them"), "{said}");
    assert_quiet(&app);
}

fn a_year_on(cores: usize) {
    let _alone = turn::alone();
    let app = with_cores("year", cores);
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#open-season").unwrap();
    app.get(parts::SEASON_START).unwrap();
    // Three years with `LOAM_SEASON_FROM=2016-01-01`.
    let from = std::env::var("LOAM_SEASON_FROM").unwrap_or_else(|_| "2018-01-01".to_owned());
    period(&app, &from, "2018-12-31");
    for method in ["regression", "smen", "rcn"] {
        choose_method(&app, method);
        app.forget_longtasks().unwrap();
        let clicked = script(&app, "return performance.now()", &[]);
        let start = Instant::now();
        app.click(parts::SEASON_START).unwrap();
        season_says(&app, |text| text.contains(" of "));
        let said = season_says(&app, |text| text.contains("dates have a map"));
        let seconds = start.elapsed().as_secs_f64();
        let tasks = script(
            &app,
            "return window.e2e.longtasks.map(([at, took]) => `${Math.round(took)} ms at ${((at - arguments[0]) / 1000).toFixed(1)} s`).join(', ')",
            &[clicked],
        );
        println!("{cores} cores, {method}: {said} {seconds:.1} s; tasks of 50 ms or more: {tasks}");
    }
}

/// The demo's simulated stations: listed, compared in one click, one of them looked at, the report saved and whole in itself.
#[test]
fn simulated_stations_are_compared_and_the_report_holds_everything() {
    let app = App::open("ground", Setting { window: (1600, 1000), ..Setting::default() }).unwrap();
    app.resize((1600, 900), 1, false).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    app.click(parts::SHOW_ME).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#open-ground").unwrap();
    app.click("#simulate-stations").unwrap();
    app.text_when("#station-list", PATIENCE, |text| text.contains("SIMULATED/point-01")).unwrap();
    // A few months are enough.
    app.click("#ground-rules summary").unwrap();
    script(
        &app,
        "const i = document.querySelector('#ground-from'); i.value = '2018-08-01'; i.dispatchEvent(new Event('change', { bubbles: true }))",
        &[],
    );
    app.click("#validate").unwrap();
    let scores = app.text_when("#ground-scores", PATIENCE, |text| text.contains("ubRMSD")).unwrap();
    for map in ["SMAP as it is", "bilinear SMAP"] {
        assert!(scores.contains(map), "{map} stands beside the others: {scores}");
    }
    assert!(scores.contains("SMEN") || scores.contains("best method (auto)"), "{scores}");
    assert!(scores.contains("16 stations"), "{scores}");
    app.click("#station-list [data-station='5']").unwrap();
    let station = app.text_when("#station", PATIENCE, |text| text.contains("pairs")).unwrap();
    assert!(station.contains("SIMULATED/point-06") && station.contains("bilinear SMAP"), "{station}");
    assert!(app.session.find_all("#station svg").unwrap().len() >= 3, "a series and scatter plots");
    app.settle(120).unwrap();
    app.shoot("station").unwrap();
    script(&app, "document.querySelector('#ground-scores').scrollIntoView()", &[]);
    app.shoot("scores").unwrap();
    app.session
        .devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] }),
        )
        .unwrap();
    script(&app, "document.querySelector('#station').scrollIntoView()", &[]);
    app.settle(120).unwrap();
    app.shoot("dark").unwrap();
    app.session.devtools("Emulation.setEmulatedMedia", &json!({ "features": [] })).unwrap();

    app.click("#save-report").unwrap();
    let report = app.downloaded("loam_SIMULATED_report.html").unwrap();
    let html = std::fs::read_to_string(report).unwrap();
    assert!(html.contains("SIMULATED. The maps and the stations are simulated"));
    // Nothing of it comes from elsewhere.
    for from_elsewhere in ["<script", "src=", "<link", "url(", "@import", "<iframe"] {
        assert!(!html.contains(from_elsewhere), "{from_elsewhere}");
    }
    assert!(html.contains("default-src 'none'"));
    app.click("#save-pairs").unwrap();
    let csv = std::fs::read_to_string(app.downloaded("loam_SIMULATED_pairs.csv").unwrap()).unwrap();
    assert!(csv.contains("# simulated: maps and stations") && csv.lines().count() > 100);

    // Other rules: the old scores say that they are of others.
    script(
        &app,
        "const i = document.querySelector('#ground-lower'); i.value = '0.1'; i.dispatchEvent(new Event('change', { bubbles: true }))",
        &[],
    );
    app.text_when("#ground-stale", PATIENCE, |text| text.contains("other rules of matching")).unwrap();
    app.resize((390, 780), 1, true).unwrap();
    app.settle(120).unwrap();
    app.shoot("narrow").unwrap();
    assert_one_screen(&app);
    assert_quiet(&app);
}

/// A folder of an archive dropped beside nothing else: no map is asked of it, a broken station costs nothing.
#[test]
fn dropped_stations_are_read_as_stations() {
    let app = App::open("stations", Setting::default()).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    let table = "N N A 35.5 -97.5 300.0 0.05 0.05 Probe\r\n2020/06/01 12:00 0.2 G M\r\n";
    app.drop_files(&[
        ("N_N_A_sm_0.050000_0.050000_Probe_20200601_20200601.stm", table.as_bytes()),
        ("N_N_B_sm_0.050000_0.050000_Probe_20200601_20200601.stm", b"no"),
        ("logger.csv", b"time,sm\n2020-06-01 06:00,21.5\n"),
    ])
    .unwrap();
    let list = app.text_when("#station-list", PATIENCE, |text| text.contains("N/A")).unwrap();
    assert!(list.contains("Left out: 1"), "{list}");
    let files = app.text_when("section.files", PATIENCE, |text| text.contains("Say under Ground")).unwrap();
    assert!(files.contains("soil moisture of stations") && !files.contains("raster"), "{files}");
    app.click("#validate").unwrap();
    app.text_when("main, .top", PATIENCE, |_| true).unwrap();
    app.text_when(".notices", PATIENCE, |text| text.contains("No date has both SMAP files")).unwrap();
    assert_quiet(&app);
}
