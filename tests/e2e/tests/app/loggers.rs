//! Loggers' own tables: a form for what a file cannot say, one for many, and what becomes of it where the worker does not live.

use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::parts;
use serde_json::json;

use super::{assert_quiet, script};

const PATIENCE: Duration = Duration::from_secs(120);

fn assert_one_screen(app: &App) {
    assert_eq!(app.scrolls_by().unwrap(), (0, 0), "the page scrolls");
}

/// Types into a field as a hand would.
fn typed(app: &App, css: &str, value: &str) {
    app.get(css).unwrap();
    script(
        app,
        "const e = document.querySelector(arguments[0]); e.focus(); e.value = arguments[1];
         e.dispatchEvent(new Event(e.tagName == 'SELECT' ? 'change' : 'input', { bubbles: true }))",
        &[json!(css), json!(value)],
    );
}

fn value(app: &App, css: &str) -> String {
    script(app, "return document.querySelector(arguments[0]).value", &[json!(css)])
        .as_str()
        .unwrap()
        .to_owned()
}

/// A logger's own table: the page asks what the file does not say, keeps what was typed when the reader refuses it, and then the table is a station. Its
/// pairs are those of `loam validate` (tests/fixtures/logger/pairs.csv; tests/native/stations.rs), also by a worker that replaced the first.
#[test]
fn a_loggers_table_is_described_in_a_form_and_then_is_a_station() {
    let app = App::open(
        "logger",
        Setting { window: (1400, 900), fragment: "#region=oklahoma-city", ..Setting::default() },
    )
    .unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    let folder = xtask::root().join("crates/smap-files/tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "h5"));
    let fixtures = xtask::root().join("tests/fixtures/logger");
    files.push(fixtures.join("field-1.csv"));
    app.choose_files(parts::FILE_INPUT, &files).unwrap();
    let form = app.text_when("form.logger", PATIENCE, |text| text.contains("field-1.csv")).unwrap();
    assert!(form.contains("Zeit") && form.contains("19,80"), "the columns found and the first rows: {form}");
    let id = script(&app, "return document.querySelector('form.logger').id.split('-')[1]", &[]);
    let field = |name: &str| format!("#logger-{}-{name}", id.as_str().unwrap());
    // Only what the file says is filled in.
    let open = ["latitude", "longitude", "upper", "lower", "unit", "offset", "order"];
    assert!(open.iter().all(|name| value(&app, &field(name)).is_empty()), "{form}");
    assert_eq!(
        (value(&app, &field("station")), value(&app, &field("time"))),
        ("field-1".into(), "Zeit".into())
    );
    // Every field has a name for who cannot see it.
    let nameless = script(
        &app,
        "return [...document.querySelectorAll('form.logger input, form.logger select')].filter(e => !e.labels.length).map(e => e.id)",
        &[],
    );
    assert_eq!(nameless, json!([]), "fields without a label");
    let legends = script(
        &app,
        "return [...document.querySelectorAll('form.logger fieldset')].every(f => f.querySelector('legend')?.innerText)",
        &[],
    );
    assert_eq!(legends, json!(true));
    app.click(&field("use")).unwrap();
    app.text_when(&field("answer"), PATIENCE, |text| text.contains("Latitude is missing")).unwrap();
    app.shoot("empty").unwrap();
    for (name, text) in
        [("station", "Field 1"), ("latitude", "35,5"), ("longitude", "\u{2212}97.5"), ("offset", "-06:00")]
    {
        typed(&app, &field(name), text);
    }
    // By keyboard: the soil moisture's box, whose name tells unit and depth.
    script(&app, "document.querySelector(arguments[0]).focus()", &[json!(field("value-0"))]);
    app.session.press(" ").unwrap();
    assert_eq!(
        (value(&app, &field("unit")), value(&app, &field("upper"))),
        ("percent".into(), "0.05".into())
    );
    typed(&app, &field("order"), "dmy");
    typed(&app, &field("unit"), "fraction");
    app.click(&field("use")).unwrap();
    app.text_when(&field("answer"), PATIENCE, |text| text.contains("is its unit percent?")).unwrap();
    assert_eq!(value(&app, &field("latitude")), "35,5", "what was typed is kept");
    app.shoot("refused").unwrap();
    typed(&app, &field("unit"), "percent");
    app.click(&field("use")).unwrap();
    app.text_when(&field("answer"), PATIENCE, |text| text.contains("144 records")).unwrap();
    let list = app.text_when("#station-list", PATIENCE, |text| text.contains("own loggers/Field 1")).unwrap();
    assert!(list.contains("0.05"), "{list}");

    let compared = |app: &App| {
        app.click("#ground-methods summary").unwrap();
        for method in ["bicubic", "persistence"] {
            let box_of = format!("#ground-methods [data-method=\"{method}\"]");
            if script(app, "return document.querySelector(arguments[0]).checked", &[json!(box_of)])
                == json!(false)
            {
                app.click(&box_of).unwrap();
            }
        }
        app.click("#validate").unwrap();
        app.text_when("#ground-scores", PATIENCE, |text| text.contains("pairs")).unwrap();
    };
    compared(&app);
    app.shoot("compared").unwrap();
    app.click("#save-pairs").unwrap();
    let pairs = std::fs::read_to_string(app.downloaded("loam_pairs.csv").unwrap()).unwrap();
    assert_eq!(pairs, std::fs::read_to_string(fixtures.join("pairs.csv")).unwrap());
    app.click("#save-netcdf").unwrap();
    let netcdf = std::fs::read(app.downloaded("loam_pairs.nc").unwrap()).unwrap();
    assert!(netcdf.starts_with(b"\x89HDF"));
    app.click("#station-list [data-station='0']").unwrap();
    app.text_when("#station", PATIENCE, |text| text.contains("own loggers/Field 1")).unwrap();

    // Another worker is told the same.
    app.end_worker().unwrap();
    app.text_when(".notices", PATIENCE, |text| text.contains("the browser ended it")).unwrap();
    app.text_when(&field("answer"), PATIENCE, |text| text.contains("144 records")).unwrap();
    app.text_when("#station-list", PATIENCE, |text| text.contains("own loggers/Field 1")).unwrap();
    assert_eq!(
        (value(&app, &field("longitude")), value(&app, &field("order"))),
        ("\u{2212}97.5".into(), "dmy".into()),
        "what was typed, as it was typed"
    );
    app.resize((390, 780), 1, true).unwrap();
    app.session
        .devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] }),
        )
        .unwrap();
    app.settle(120).unwrap();
    script(&app, "document.querySelector('form.logger').scrollIntoView()", &[]);
    app.shoot("narrow-dark").unwrap();
    assert_one_screen(&app);
    assert_quiet(&app);
}

/// Three tables at once: one click gives the choices of the first to the one with the same columns, and a worker that dies takes nothing of it along.
#[test]
fn the_choices_of_one_table_go_into_all_that_have_its_columns() {
    let app = App::open("loggers", Setting { window: (1400, 900), ..Setting::default() }).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    app.drop_files(&[
        ("north.csv", b"time,VWC_5cm,Batt\n2/6/2020 06:00,21.5,12.5\n2/6/2020 07:00,21.7,12.5\n"),
        ("south.csv", b"time,VWC_5cm,Batt\n2/6/2020 06:00,31.5,12.1\n2/6/2020 07:00,31.7,12.1\n"),
        ("other.csv", b"when,theta\n2/6/2020 06:00,31.5\n2/6/2020 07:00,31.7\n"),
    ])
    .unwrap();
    app.wait(PATIENCE, "three forms", || {
        let forms = script(&app, "return document.querySelectorAll('form.logger').length", &[]);
        Ok((forms == json!(3)).then_some(()))
    })
    .unwrap();
    let id = |name: &str| {
        let find = "return [...document.querySelectorAll('form.logger')].find(f => f.querySelector('legend').innerText.includes(arguments[0])).id";
        let id = script(&app, find, &[json!(name)]);
        id.as_str().unwrap().trim_end_matches("-form").to_owned()
    };
    let (north, south, other) = (id("north.csv"), id("south.csv"), id("other.csv"));
    let field = |of: &str, name: &str| format!("#{of}-{name}");
    for (name, text) in [("latitude", "35,5"), ("offset", "-06:00"), ("unit", "percent"), ("order", "dmy")] {
        typed(&app, &field(&north, name), text);
    }
    app.click(&field(&north, "value-0")).unwrap();
    let same = field(&north, "same");
    assert_eq!(app.text(&same).unwrap(), "The same for south.csv");
    assert!(
        script(&app, "return document.querySelector(arguments[0]).hidden", &[json!(field(&other, "same"))])
            == json!(true)
    );
    app.reveal(&same).unwrap();
    app.shoot("three").unwrap();
    // By keyboard.
    script(&app, "document.querySelector(arguments[0]).focus()", &[json!(same)]);
    app.session.press(" ").unwrap();
    let given =
        |of: &str| ["unit", "offset", "order", "upper", "time"].map(|name| value(&app, &field(of, name)));
    let expected = ["percent", "-06:00", "dmy", "0.05", "time"].map(str::to_owned);
    app.wait(PATIENCE, "the other's form", || Ok((given(&south) == expected).then_some(()))).unwrap();
    let ticked = "return document.querySelector(arguments[0]).checked";
    assert_eq!(script(&app, ticked, &[json!(field(&south, "value-0"))]), json!(true));
    assert_eq!(
        (value(&app, &field(&south, "station")), value(&app, &field(&south, "latitude"))),
        ("south".into(), String::new()),
        "name and place are its own"
    );
    assert_eq!(value(&app, &field(&other, "unit")), "", "other columns");
    app.shoot("given").unwrap();

    app.end_worker().unwrap();
    app.text_when(".notices", PATIENCE, |text| text.contains("the browser ended it")).unwrap();
    app.get(&field(&north, "latitude")).unwrap();
    assert_eq!(value(&app, &field(&north, "latitude")), "35,5", "what was not pressed is kept too");
    assert_eq!(given(&south), expected);
    app.resize((390, 780), 1, true).unwrap();
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    app.session.devtools("Emulation.setEmulatedMedia", &dark).unwrap();
    app.settle(120).unwrap();
    script(
        &app,
        "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })",
        &[json!(field(&north, "same"))],
    );
    app.shoot("narrow-dark").unwrap();
    assert_one_screen(&app);
    assert_quiet(&app);
}
