//! What a user does with Loam, on the built app. Each scenario ends by asking whether console, page or network had anything to complain
//! about.

use std::path::Path;
use std::time::Duration;

use e2e::app::{App, Setting, loader, shared};
use e2e::webdriver::keys;
use e2e::{parts, turn};
use serde_json::json;

use super::{assert_quiet, by_hand};

/// A prediction of 100 x 100 cells takes well under a second on a quiet machine; a busy one may have other things to do.
const PATIENCE: Duration = Duration::from_secs(120);

fn open(name: &str) -> App {
    App::open(name, Setting::smen()).expect("the app opens")
}

/// Waits until the page has a date to predict.
fn ready(app: &App) {
    app.wait(PATIENCE, "a date that can be predicted", || app.session.find(parts::PREDICT_READY)).unwrap();
}

/// Loads the demo of Oklahoma City and waits for its time line.
fn load_demo(app: &App) {
    app.click(parts::DEMO).unwrap();
    ready(app);
}

/// Waits for the maps of the present choices, which come by themselves, and for their scores.
fn predict(app: &App) {
    drawn(app);
    app.text_when(parts::SCORES, PATIENCE, |text| text.contains("uRMSE")).unwrap();
}

/// Waits until the map is that of the present choices. Where it does not follow, it is asked for.
fn drawn(app: &App) {
    let pressed = "const b = document.querySelector('#predict'), f = document.querySelector('#follow');
                   if (!f.checked && !b.disabled) b.click();";
    app.session.script(pressed, &[]).unwrap();
    app.map_drawn(PATIENCE).unwrap();
}

/// The synthetic granules of `tests/reference/make_granules.py`, which are not called simulated.
fn granules() -> Vec<std::path::PathBuf> {
    let folder = xtask::root().join("crates/smap-files/tests/fixtures");
    let paths = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path());
    let files: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "h5")).collect();
    assert_eq!(files.len(), 12);
    files
}

/// Opens them, and waits until every file has been read: the proposal follows what is there.
fn open_granules(app: &App) {
    app.choose_files(parts::FILE_INPUT, &granules()).unwrap();
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains("2020-09-16")).unwrap();
}

/// Sets a form's field as a hand would.
fn fill(app: &App, css: &str, value: &str) {
    let script = "const e = document.querySelector(arguments[0]); e.value = arguments[1];
                  e.dispatchEvent(new Event('change', { bubbles: true })); return e.value";
    app.get(css).unwrap();
    app.session.script(script, &[json!(css), json!(value)]).unwrap();
}

/// Chooses a date by the two lists.
fn choose_date(app: &App, date: &str) {
    for (field, value) in [(parts::MONTH, &date[..7]), (parts::DATE, date)] {
        app.get(&format!("{field} option[value=\"{value}\"]")).unwrap();
        fill(app, field, value);
    }
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains(date)).unwrap();
}

/// The date that is chosen.
fn date_of(app: &App) -> String {
    let date = app
        .session
        .script("return document.querySelector(arguments[0]).value", &[json!(parts::DATE)])
        .unwrap();
    date.as_str().unwrap().to_owned()
}

#[test]
fn first_screen_says_what_it_does_and_keeps_to_itself() {
    let app = open("first");
    let policy = app
        .session
        .script("return document.querySelector('meta[http-equiv=\"Content-Security-Policy\"]').content", &[])
        .unwrap();
    let policy = policy.as_str().unwrap();
    assert!(policy.contains("default-src 'self'") || policy.contains("default-src 'none'"), "{policy}");
    assert!(
        policy.contains("connect-src 'self'")
            && !policy.contains("unsafe-inline")
            && !policy.contains("'unsafe-eval'"),
        "{policy}"
    );
    app.get(parts::DEMO).unwrap();
    app.get(parts::FILE_INPUT).unwrap();
    let text = app.session.script("return document.body.innerText", &[]).unwrap();
    let text = text.as_str().unwrap().to_lowercase();
    assert!(
        text.contains("soil") && text.contains("leave"),
        "the first screen says what it does and that no data leaves: {text}"
    );
    app.shoot("page").unwrap();
    assert_quiet(&app);
}

#[test]
fn without_webgpu_the_cpu_is_used_and_the_page_says_why() {
    let app = open("no-webgpu");
    let line = app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    assert!(line.contains("WebGPU"), "the reason is named: {line}");
    assert!(
        line.contains("the tile stored with the program") && !line.contains("difference to the CPU"),
        "{line}"
    );
    assert_quiet(&app);
}

#[test]
fn software_adapter_gives_way_to_the_cpu() {
    let app = App::open("software-adapter", Setting { webgpu: true, ..Setting::smen() }).unwrap();
    let line = app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    assert!(
        line.to_lowercase().contains("software") || line.to_lowercase().contains("swiftshader"),
        "the reason is named: {line}"
    );
    let fetched = app.fetched();
    assert!(fetched.iter().any(|path| path.starts_with("/worker-cpu")), "{fetched:?}");
    assert!(
        !fetched.iter().any(|path| path.starts_with("/worker-gpu")),
        "the GPU's worker is not fetched: {fetched:?}"
    );
}

#[test]
fn a_dropped_folder_is_walked_and_its_files_keep_their_paths() {
    let app = open("folder");
    let source = xtask::root().join("crates/smap-files/tests/fixtures");
    let folder = xtask::target_dir().join("e2e").join("dropped");
    let _ = std::fs::remove_dir_all(&folder);
    let names = ["SMAP_L3_SM_P_20200602_R18290_001.h5", "SMAP_L3_SM_P_20200603_R18290_001.h5"];
    for (inner, name) in [folder.clone(), folder.join("deep").join("er")].iter().zip(names) {
        std::fs::create_dir_all(inner).unwrap();
        std::fs::copy(source.join(name), inner.join(name)).unwrap();
    }
    drop_folder(&app, &folder);
    for path in [format!("dropped/{}", names[0]), format!("dropped/deep/er/{}", names[1])] {
        let row = format!("[data-file=\"{path}\"]");
        app.text_when(&row, PATIENCE, |text| text.contains("2020-06-0")).unwrap();
    }
    app.shoot("list").unwrap();
    assert_quiet(&app);
}

/// As a hand would: the folder itself, which the page walks.
fn drop_folder(app: &App, folder: &Path) {
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    for kind in ["dragEnter", "dragOver", "drop"] {
        let data = json!({ "items": [], "files": [folder], "dragOperationsMask": 1 });
        app.session
            .devtools("Input.dispatchDragEvent", &json!({ "type": kind, "x": 600, "y": 400, "data": data }))
            .unwrap();
    }
}

/// A folder with years of files, dropped by mistake: reading it can be ended, what was read stays, the rest says that it was not read.
#[test]
fn a_long_read_can_be_cancelled() {
    let app = open("long-read");
    let source =
        xtask::root().join("crates/smap-files/tests/fixtures").join("SMAP_L3_SM_P_20200602_R18290_001.h5");
    let folder = xtask::target_dir().join("e2e").join("many");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let first = folder.join("0000.h5");
    std::fs::copy(source, &first).unwrap();
    for n in 1..3000 {
        std::fs::hard_link(&first, folder.join(format!("{n:04}.h5"))).unwrap();
    }
    drop_folder(&app, &folder);
    // So many are listed in groups; the filter finds one.
    let script = "const e = document.querySelector('section.files input[type=search]'); e.value = '2999'; e.dispatchEvent(new Event('input', { bubbles: true }));";
    app.get("section.files input[type=search]").unwrap();
    app.session.script(&script.replace("2999", "0003"), &[]).unwrap();
    app.text_when("[data-file=\"many/0003.h5\"]", PATIENCE, |text| text.contains("2020-06-02")).unwrap();
    app.click("#stop-reading").unwrap();
    app.session.script(script, &[]).unwrap();
    app.text_when("[data-file=\"many/2999.h5\"]", PATIENCE, |text| {
        text.contains("you cancelled before its turn came")
    })
    .unwrap();
    app.shoot("cancelled").unwrap();
    app.session.script(&script.replace("2999", "0003"), &[]).unwrap();
    app.text_when("[data-file=\"many/0003.h5\"]", PATIENCE, |text| text.contains("2020-06-02")).unwrap();
    app.drop_files(&[("empty.tif", b"")]).unwrap();
    app.session.script(&script.replace("2999", "empty"), &[]).unwrap();
    app.text_when("[data-file=\"empty.tif\"]", PATIENCE, |text| text.contains("empty")).unwrap();
    let _ = std::fs::remove_dir_all(&folder);
    assert_quiet(&app);
}

/// The estimate in an exported GeoTIFF: its first band.
fn exported_map(path: &Path) -> ease_grid::Raster {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let source = std::sync::Arc::new(smap_files::BytesSource::new(name, bytes));
    let granule = smap_files::geotiff::scan(source).unwrap();
    assert_eq!(granule.product, smap_files::Product::OwnMap);
    smap_files::geotiff::read(&granule, 0, &smap_files::ReadOptions::default(), None).unwrap()
}

/// A Sentinel-1 tile of 1.6 GB (20 000 x 20 000 float32, tiled, written here), beside granules of its date: listed, aggregated and drawn with
/// at most 300 MB.
#[test]
fn a_tile_of_1600_mb_needs_little_memory() {
    let app = open("large-tile");
    open_granules(&app);
    choose_date(&app, "2020-06-04");
    drawn(&app);
    let path = xtask::target_dir().join("e2e").join("S1A_IW_GRDH_1SDV_20200604T003000_VV.tif");
    large_tile(&path).unwrap();
    let before = app.largest_renderer("VmRSS").unwrap();
    app.choose_files(parts::FILE_INPUT, std::slice::from_ref(&path)).unwrap();
    let row = format!("[data-file=\"{}\"]", path.file_name().unwrap().to_str().unwrap());
    let listed = app.text_when(&row, PATIENCE, |text| text.contains("Sentinel-1")).unwrap();
    println!("{listed}");
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains("2020-06-04")).unwrap();
    app.click(parts::LAYOUT_ALL).unwrap();
    let drawn =
        // Reading is in it: a gigabyte and a half.
        app.text_when("[data-layer=\"BackscatterVv\"]", PATIENCE, |text| text.contains("mean")).unwrap();
    println!("{drawn}");
    app.shoot("map").unwrap();
    let peak = app.largest_renderer("VmHWM").unwrap();
    std::fs::remove_file(&path).unwrap();
    println!("renderer: {} MB before, {} MB at most with the tile", before >> 20, peak >> 20);
    assert!(peak - before <= 300 << 20, "{} MB more", (peak - before) >> 20);
    assert_quiet(&app);
}

/// A classic TIFF in UTM zone 14 N around Oklahoma City: 40 x 40 tiles of 512 x 512 float32, 10 m, all of -12.5 (dB).
fn large_tile(path: &Path) -> std::io::Result<()> {
    use std::io::Write;
    const EDGE: u32 = 20_000;
    const TILE: u32 = 512;
    let tiles = EDGE.div_ceil(TILE).pow(2);
    let doubles = |values: &[f64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let longs =
        |values: &mut dyn Iterator<Item = u32>| values.flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
    let shorts = |values: &[u16]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    // Tag, type, count, value; values of more than four bytes lie behind the directory.
    let mut entries: Vec<(u16, u16, u32, Vec<u8>)> = vec![
        (256, 4, 1, longs(&mut [EDGE].into_iter())),
        (257, 4, 1, longs(&mut [EDGE].into_iter())),
        (258, 3, 1, shorts(&[32, 0])),
        (259, 3, 1, shorts(&[1, 0])),
        (262, 3, 1, shorts(&[1, 0])),
        (277, 3, 1, shorts(&[1, 0])),
        (322, 3, 1, shorts(&[TILE as u16, 0])),
        (323, 3, 1, shorts(&[TILE as u16, 0])),
        (324, 4, tiles, Vec::new()),
        (325, 4, tiles, longs(&mut (0..tiles).map(|_| TILE * TILE * 4))),
        (339, 3, 1, shorts(&[3, 0])),
        (33550, 12, 3, doubles(&[10.0, 10.0, 0.0])),
        // The corner 100 km west and north of 97.5164 W, 35.4676 N.
        (33922, 12, 6, doubles(&[0.0, 0.0, 0.0, 534_000.0, 4_025_000.0, 0.0])),
        (34735, 3, 16, shorts(&[1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32614])),
    ];
    let behind = 8 + 2 + 12 * entries.len() as u32 + 4;
    let data = (behind + 4 * 2 * tiles + 24 + 48 + 32).next_multiple_of(4096);
    entries[8].3 = longs(&mut (0..tiles).map(|n| data + n * TILE * TILE * 4));
    let (mut head, mut values) = (b"II*\0\x08\0\0\0".to_vec(), Vec::new());
    head.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        head.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        head.extend(count.to_le_bytes());
        if value.len() <= 4 {
            head.extend(value);
        } else {
            head.extend((behind + values.len() as u32).to_le_bytes());
            values.extend(value);
        }
    }
    head.extend([0; 4]);
    head.extend(values);
    head.resize(data as usize, 0);
    let mut file = std::fs::File::create(path)?;
    file.write_all(&head)?;
    let tile: Vec<u8> =
        std::iter::repeat_n((-12.5f32).to_le_bytes(), (TILE * TILE) as usize).flatten().collect();
    for _ in 0..tiles {
        file.write_all(&tile)?;
    }
    Ok(())
}

#[test]
fn demo_is_predicted_probed_and_exported() {
    let _alone = turn::alone();
    let app = open("demo");
    load_demo(&app);
    app.shoot("timeline").unwrap();
    app.forget_longtasks().unwrap();
    predict(&app);
    let held_up = app.longest_task().unwrap();
    app.shoot("map").unwrap();
    println!("longest task while predicting and drawing: {held_up} ms");

    assert!(app.text(parts::SIMULATED).unwrap().to_lowercase().contains("simulated"));
    let scores = app.text(parts::SCORES).unwrap();
    assert!(scores.contains("0.04"), "the mission's line is there: {scores}");
    assert!(scores.to_lowercase().contains("bilinear"), "the baseline is there: {scores}");

    let map = app.get(parts::ESTIMATE_OVERLAY).unwrap();
    app.session
        .script("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", &[map.reference()])
        .unwrap();
    app.session.hover(&map, 0.505, 0.505).unwrap();
    let place =
        app.text_when(parts::READOUT, PATIENCE, |text| text.contains("° N") && text.contains("° W")).unwrap();
    // Oklahoma City lies in 3 km column 2650, row 1021, the middle cell of its region.
    assert!(place.contains("2650, 1021"), "{place}");
    let probed = app
        .text_when(parts::ESTIMATE_VALUE, PATIENCE, |text| text.contains("m³/m³") && !text.contains("mean"))
        .unwrap();

    app.click(parts::EXPORT_GEOTIFF).unwrap();
    let path = app.downloaded(".tif").unwrap();
    let exported = exported_map(&path);
    assert_eq!((exported.grid().columns, exported.grid().rows), (100, 100));
    let window = exported.grid().ease_window().unwrap();
    assert_eq!((window.first_column + 50, window.first_row + 50), (2650, 1021));
    // The cell that was probed: column 50, row 50 of the file.
    let exported = exported.at(50, 50).unwrap();
    let shown: f32 = probed.split_whitespace().next().unwrap().replace('−', "-").parse().unwrap();
    assert!((exported - shown).abs() <= 0.00006, "the file says {exported}, the page said {probed}");
    app.click(parts::EXPORT_CSV).unwrap();
    let csv = std::fs::read_to_string(app.downloaded(".csv").unwrap()).unwrap();
    assert!(
        csv.lines().filter(|l| !l.starts_with('#')).count() > 10_000,
        "one line per cell and a head: {} lines",
        csv.lines().count()
    );
    assert_quiet(&app);
    assert!(held_up < 200.0, "the page was held up for {held_up} ms");
}

/// A browser that rejects the shaders of our convolutions: burn's operations take over, which is said, and the self-check passes.
#[test]
fn a_rejected_shader_gives_way_to_burns_operations() {
    let app =
        App::open_with_critical_gpu("rejected-shader", Setting { webgpu: true, ..Setting::smen() }).unwrap();
    let script = "const s = document.querySelector('#preference'); s.value = 'gpu'; s.dispatchEvent(new Event('change', { bubbles: true }))";
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    app.session.script(script, &[]).unwrap();
    let device = app
        .text_when(parts::DEVICE, PATIENCE, |text| {
            text.contains("failed their check") && text.contains("Self-check passed")
        })
        .unwrap();
    println!("{device}");
    assert!(
        device.contains("the device refuses it") && device.contains("burn's general operations"),
        "{device}"
    );
    assert!(device.contains("GPU") && !device.contains("kernels with"), "{device}");
    app.shoot("rejected").unwrap();
    // The TB CNN has burn's operations already: where its training is not the CPU's, it is refused, and the page stands.
    load_demo(&app);
    let change = "const e = document.querySelector(arguments[0]); e.value = arguments[1];
                  e.dispatchEvent(new Event('input', { bubbles: true })); e.dispatchEvent(new Event('change', { bubbles: true }));";
    app.open_training().unwrap();
    app.get(parts::TRAIN_NETWORK).unwrap();
    for (css, value) in [("#columns", "9"), ("#rows", "9"), (parts::TRAIN_NETWORK, "tb-soil-moisture")] {
        app.get(css).unwrap();
        app.session.script(change, &[json!(css), json!(value)]).unwrap();
    }
    app.text_when("#train-plan", PATIENCE, |text| text.contains("left out 0")).unwrap();
    app.tell_worker().unwrap();
    app.click(parts::TRAIN_START).unwrap();
    let refused = app
        .text_when(".notices", PATIENCE, |text| text.contains("does not train the TB CNN as the CPU does"))
        .unwrap();
    println!("{refused}");
    assert!(
        refused.contains("refuses a command") && refused.contains("Choose “CPU” under Device"),
        "{refused}"
    );
    app.wait(PATIENCE, "the worker to be there still", || app.session.find(parts::PREDICT_READY)).unwrap();
    app.shoot("refused").unwrap();
}

/// Weights of the TB CNN switch the model; its maps are in kelvin, with a scale of their own, and are exported one file a polarisation.
#[test]
fn weights_of_the_tb_cnn_switch_the_model() {
    let app = open("tbcnn");
    load_demo(&app);
    let choose = |value: &str| {
        let script = "const s = document.querySelector('#model'); s.value = arguments[0]; s.dispatchEvent(new Event('change', { bubbles: true }))";
        app.session.script(script, &[json!(value)]).unwrap();
    };
    choose("tb-brightness");
    app.text_when("#no-tb-weights", PATIENCE, |text| text.contains("loam train --network tb-soil-moisture"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.safetensors");
    std::fs::write(&path, e2e::weights::Weights::tb_cnn_of_zeros()).unwrap();
    app.choose_files("#weights-input", &[path]).unwrap();
    app.text_when(".weights", PATIENCE, |text| text.contains("zeros.safetensors")).unwrap();
    assert!(!app.has("#no-tb-weights").unwrap());
    ready(&app);
    predict(&app);
    app.click(parts::LAYOUT_ALL).unwrap();
    app.shoot("tbcnn").unwrap();
    for layer in
        ["Coarse", "Estimate", "Reference", "Difference", "Coarse1", "Estimate1", "Reference1", "Difference1"]
    {
        assert!(app.has(&format!("[data-layer=\"{layer}\"]")).unwrap(), "{layer}");
    }
    let value = app.text(parts::ESTIMATE_VALUE).unwrap();
    assert!(value.contains("mean 2") && value.ends_with(" K"), "{value}");
    assert!(app.text(parts::SIMULATED).unwrap().contains("SIMULATED"));
    let legends = app.text(".legends").unwrap();
    assert!(legends.contains("200 to 320 K, fixed") && !legends.contains("m³/m³"), "{legends}");
    let scores = app.text(parts::SCORES).unwrap();
    assert!(
        scores.contains("bilinear, TB V") && scores.contains("uRMSE K") && !scores.contains("mission"),
        "{scores}"
    );
    app.click(parts::EXPORT_GEOTIFF).unwrap();
    for polarisation in ["TB_V_9km.tif", "TB_H_9km.tif"] {
        app.downloaded(polarisation).unwrap();
    }
    // A method in closed form: its map, without any weights.
    choose("history-mean");
    app.text_when(".weights", PATIENCE, |text| {
        text.contains("none: bilinear SMAP + mean of the history's residuals")
    })
    .unwrap();
    ready(&app);
    drawn(&app);
    app.text_when(parts::ESTIMATE_VALUE, PATIENCE, |text| text.contains("m³/m³")).unwrap();
    let scores = app.text(parts::SCORES).unwrap();
    assert!(scores.contains("mean of the history's residuals") && !scores.contains("SMEN"), "{scores}");
    app.shoot("closed-form").unwrap();
    // Back to SMEN: its maps are in m3/m3 again.
    choose("smen");
    ready(&app);
    app.text_when(parts::SCORES, PATIENCE, |text| text.contains("SMEN")).unwrap();
    drawn(&app);
    app.text_when(parts::ESTIMATE_VALUE, PATIENCE, |text| text.contains("m³/m³")).unwrap();
    assert_quiet(&app);
}

/// The methods are compared on the demo's newest dates; the best answers, with how sure it is on the map, under the cursor and in the file.
#[test]
fn methods_are_compared_and_the_best_says_how_sure_it_is() {
    let app = open("ranking");
    load_demo(&app);
    // The map that follows the demo comes first: until then the button is off.
    drawn(&app);
    app.click(parts::RANK).unwrap();
    let table = app.text_when(parts::RANKING, PATIENCE, |text| text.contains("RCN")).unwrap();
    let place = |name: &str| table.find(name).unwrap_or_else(|| panic!("{name}: {table}"));
    assert!(place("RCN") < place("pixel regression") && place("pixel regression") < place("SMEN"), "{table}");
    let sentence = app.text("#ranking-sentence").unwrap();
    assert!(
        sentence.starts_with("RCN is best on the newest") && sentence.contains("SIMULATED"),
        "{sentence}"
    );
    ready(&app);
    assert_fits(&app, parts::RANKING);
    app.shoot("compared").unwrap();
    predict(&app);
    app.click(parts::LAYOUT_ALL).unwrap();
    assert!(app.has(parts::HALF_WIDTH).unwrap());
    let value = app.text(parts::ESTIMATE_VALUE).unwrap();
    assert!(app.text("section.maps").unwrap().contains("RCN"), "{value}");
    let words = app.text(".provenance").unwrap();
    assert!(words.contains("earlier 3 km maps") && words.contains("90 % interval calibrated on"), "{words}");
    app.shoot("predicted").unwrap();
    app.click(parts::EXPORT_CSV).unwrap();
    let csv = std::fs::read_to_string(app.downloaded(".csv").unwrap()).unwrap();
    assert!(csv.contains("estimate_3km,half_width_90") && csv.contains("RCN"), "{}", &csv[..600]);
    assert_quiet(&app);
}

/// By keyboard alone, in a narrow window and dark: the comparison, then the map and its half-width under the cursor.
#[test]
fn methods_are_compared_by_keyboard_in_a_narrow_dark_window() {
    let app = App::open("ranking-narrow", Setting { window: (400, 800), ..Setting::smen() }).unwrap();
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    app.session.devtools("Emulation.setEmulatedMedia", &dark).unwrap();
    let enter = |css: &str| {
        tab_to(&app, css);
        app.session.press(keys::ENTER).unwrap();
    };
    enter(parts::DEMO);
    drawn(&app);
    enter(parts::RANK);
    app.text_when(parts::RANKING, PATIENCE, |text| text.contains("RCN")).unwrap();
    ready(&app);
    let show =
        "document.querySelector(arguments[0]).scrollIntoView({ block: 'center', behavior: 'instant' })";
    app.session.script(show, &[json!(parts::RANKING)]).unwrap();
    app.shoot("compared").unwrap();
    // The sheet is folded: the map stands behind it.
    enter("#open-method");
    drawn(&app);
    tab_to(&app, parts::ESTIMATE_OVERLAY);
    for key in [keys::RIGHT, keys::DOWN] {
        app.session.press(key).unwrap();
    }
    app.text_when(parts::ESTIMATE_VALUE, PATIENCE, |text| text.contains('±')).unwrap();
    app.shoot("cursor").unwrap();
    let layer = "const s = document.querySelector('#layer'); s.value = [...s.options].find(o => o.text.includes('half-width')).value;
                 s.dispatchEvent(new Event('change', { bubbles: true }))";
    app.session.script(layer, &[]).unwrap();
    app.get(parts::HALF_WIDTH).unwrap();
    app.shoot("half-width").unwrap();
    let wider = "const d = document.documentElement; return d.scrollWidth - d.clientWidth";
    let wider = app.session.script(wider, &[]).unwrap().as_i64().unwrap();
    assert!(wider <= 0, "the page is {wider} pixels wider than the window");
    assert_quiet(&app);
}

#[test]
fn wrong_files_stay_listed_with_a_sentence_and_nothing_else_is_lost() {
    let app = open("wrong-files");
    open_granules(&app);
    let rows = app.session.find_all(parts::FILE_ROW).unwrap().len();
    let page = b"<!DOCTYPE html><html><head><title>Earthdata Login</title></head></html>";
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    app.drop_files(&[
        ("SMAP_L3_SM_P_20200601_R19240_001.h5", page.as_slice()),
        ("pointer.tif", pointer.as_slice()),
        ("empty.h5", b"".as_slice()),
    ])
    .unwrap();
    for (name, word) in
        [("SMAP_L3_SM_P_20200601_R19240_001.h5", "html"), ("pointer.tif", "lfs"), ("empty.h5", "empty")]
    {
        let said = app
            .wait(PATIENCE, &format!("{name} to be explained with \"{word}\""), || {
                let rows = app.session.script(
                    "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText).filter(t => t.includes(arguments[1]))",
                    &[json!(parts::FILE_ROW), json!(name)],
                )?;
                let text = rows.as_array().into_iter().flatten().filter_map(|r| r.as_str()).collect::<String>();
                Ok(text.to_lowercase().contains(word).then_some(text))
            })
            .unwrap();
        assert!(said.len() > name.len() + 40, "a sentence, not a code: {said}");
    }
    assert_eq!(app.session.find_all(parts::FILE_ROW).unwrap().len(), rows + 3, "nothing else is lost");
    app.shoot("list").unwrap();
    choose_date(&app, "2020-06-04");
    drawn(&app);
    assert_quiet(&app);
}

#[test]
fn granules_become_a_map_that_is_not_called_simulated() {
    let app = open("granules");
    open_granules(&app);
    choose_date(&app, "2020-06-04");
    drawn(&app);
    app.shoot("map").unwrap();
    assert!(app.session.find(parts::SIMULATED).unwrap().is_none(), "these files are not the simulator's");
    let caution = app.text("#simulated-weights").unwrap();
    assert!(caution.contains("WEIGHTS TRAINED ON SIMULATED SCENES"), "the weights are: {caution}");
    let notes = app.text(parts::MAP_NOTES).unwrap();
    assert!(notes.contains("1 of 4 history dates"), "what is missing is said with the map: {notes}");
    assert!(!app.text(".notices").unwrap().contains("history dates"), "and nowhere else");
    app.click(parts::EXPORT_GEOTIFF).unwrap();
    let path = app.downloaded(".tif").unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        name.contains("20200604") && !name.contains("SIMULATED"),
        "named after the date that was chosen: {name}"
    );
    let exported = exported_map(&path);
    assert_eq!((exported.grid().columns, exported.grid().rows), (100, 100));
    assert_quiet(&app);
}

/// A demo and own files exclude each other, and what is put aside comes back by one click, with region, rules, corrections and date.
#[test]
fn a_demo_and_own_files_put_each_other_aside() {
    let app = open("aside");
    open_granules(&app);
    choose_date(&app, "2020-06-04");
    let rows = app.session.find_all(parts::FILE_ROW).unwrap().len();
    app.click(parts::DEMO_TUCSON).unwrap();
    ready(&app);
    let said = app
        .text_when(parts::ASIDE, PATIENCE, |text| text.contains("12 files of your own are put aside"))
        .unwrap();
    println!("{said}");
    assert_eq!(app.session.find_all(parts::FILE_ROW).unwrap().len(), 1, "the demo alone is listed");
    let demo_date = date_of(&app);
    assert!(demo_date.starts_with("2018-"), "{demo_date}");
    app.shoot("files-aside").unwrap();

    app.click(parts::OWN_BACK).unwrap();
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains("2020-06-04")).unwrap();
    ready(&app);
    assert_eq!(app.session.find_all(parts::FILE_ROW).unwrap().len(), rows);
    app.text_when(parts::ASIDE, PATIENCE, |text| {
        text.contains("The demo of Tucson is put aside") && !text.contains("your own")
    })
    .unwrap();
    let months = app.session.script("return document.querySelector('#month').innerText", &[]).unwrap();
    assert!(!months.as_str().unwrap().contains("2018-1"), "none of the demo's dates is left: {months}");
    drawn(&app);
    assert!(app.session.find(parts::SIMULATED).unwrap().is_none());
    app.shoot("demo-aside").unwrap();

    // A worker that is replaced reads what is open, not what is put aside.
    app.end_worker().unwrap();
    app.text_when(".notices", PATIENCE, |text| text.contains("the browser ended it")).unwrap();
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains("2020-06-04")).unwrap();
    ready(&app);
    assert_eq!(app.session.find_all(parts::FILE_ROW).unwrap().len(), rows);

    app.click(parts::DEMO_BACK).unwrap();
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains(&demo_date)).unwrap();
    ready(&app);
    predict(&app);
    assert!(app.text(parts::SIMULATED).unwrap().contains("SIMULATED"));
    // Files that are dropped on a demo put it aside, too.
    let path = &granules()[0];
    app.drop_files(&[(path.file_name().unwrap().to_str().unwrap(), &std::fs::read(path).unwrap())]).unwrap();
    let said = app
        .text_when(parts::ASIDE, PATIENCE, |text| text.contains("The demo of Tucson is put aside"))
        .unwrap();
    assert!(said.contains("12 files of your own are put aside"), "the others stay aside: {said}");
    assert!(!app.has("[data-layer=\"Estimate\"]").unwrap(), "the demo's map went with it");
}

/// Files of which none can be read do not cost the demo its map: it comes back by itself, and they stay listed with the reason.
#[test]
fn a_demo_stays_where_no_dropped_file_can_be_read() {
    let app = open("demo-stays");
    load_demo(&app);
    predict(&app);
    let date = date_of(&app);
    app.drop_files(&[("cut.tif", b"II*\0 cut off"), ("page.h5", b"<html>log in</html>")]).unwrap();
    app.text_when(".notices", PATIENCE, |text| text.contains("so the demo is back")).unwrap();
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains(&date)).unwrap();
    drawn(&app);
    assert!(app.text(parts::SIMULATED).unwrap().contains("SIMULATED"));
    let rows = app.text("section.files").unwrap();
    assert!(rows.contains("cut.tif") && rows.contains("page.h5"), "{rows}");
    assert!(!app.text(parts::ASIDE).unwrap_or_default().contains("put aside"));
    app.shoot("back").unwrap();
    assert_quiet(&app);
}

#[test]
fn a_removal_can_be_undone() {
    let app = open("undo");
    open_granules(&app);
    let name = "SMAP_L3_SM_P_20200604_R18290_001.h5";
    app.click(&format!("[aria-label=\"Remove {name}\"]")).unwrap();
    app.text_when(parts::ASIDE, PATIENCE, |text| text.contains(&format!("{name} was removed"))).unwrap();
    app.wait(PATIENCE, "the row to go", || Ok((!app.has(&format!("[data-file=\"{name}\"]"))?).then_some(())))
        .unwrap();
    app.click(parts::REMOVED_BACK).unwrap();
    app.text_when(&format!("[data-file=\"{name}\"]"), PATIENCE, |text| text.contains("2020-06-04")).unwrap();
    app.session
        .script("[...document.querySelectorAll('section.files button')].find(b => b.innerText === 'Remove all').click()", &[])
        .unwrap();
    app.text_when(parts::ASIDE, PATIENCE, |text| text.contains("12 files were removed")).unwrap();
    app.click(parts::REMOVED_BACK).unwrap();
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains("2020-09-16")).unwrap();
    assert_eq!(app.session.find_all(parts::FILE_ROW).unwrap().len(), 12);
    assert_quiet(&app);
}

/// What Loam saved, opened beside the files it was made from (a whole download folder, say), is not taken for the satellites' map.
#[test]
fn a_map_that_loam_made_is_no_reference() {
    let app = open("own-map");
    open_granules(&app);
    app.text_when(parts::PREDICT, PATIENCE, |text| text.contains("2020-09-16")).unwrap();
    drawn(&app);
    let references = |app: &App| app.session.find_all("[data-layer=\"Reference\"]").unwrap().len();
    let before = (references(&app), app.text(parts::SCORES).unwrap());
    app.click(parts::EXPORT_GEOTIFF).unwrap();
    let saved = app.downloaded(".tif").unwrap();
    let name = saved.file_name().unwrap().to_string_lossy().into_owned();
    app.choose_files(parts::FILE_INPUT, &[saved]).unwrap();
    let row = format!("[data-file=\"{name}\"]");
    let listed = app.text_when(&row, PATIENCE, |text| text.contains("a map that Loam made")).unwrap();
    assert!(
        listed.contains("not used") && listed.contains("no reference, no history and no training target"),
        "{listed}"
    );
    app.shoot("listed").unwrap();
    ready(&app);
    drawn(&app);
    assert_eq!((references(&app), app.text(parts::SCORES).unwrap()), before);
    let maps = app.text("section.values").unwrap();
    assert!(maps.contains("SMAP: 6 am"), "the overpass is said: {maps}");
    assert_quiet(&app);
}

/// A map belongs to what it was made from: what changes since is said at once, and goes with the next map.
#[test]
fn a_map_says_when_it_is_no_longer_that_of_the_present_choices() {
    let app = open("stale");
    by_hand(&app);
    load_demo(&app);
    app.text_when(parts::WEIGHTS, PATIENCE, |text| {
        text.contains("Oklahoma City (shipped)") && text.contains("will be loaded")
    })
    .unwrap();
    predict(&app);
    let weights = app.text(parts::WEIGHTS).unwrap();
    assert!(weights.contains("SHA-256") && !weights.contains("will be loaded"), "{weights}");
    assert_eq!(app.text(parts::STALE).unwrap(), "");
    // The rules, and back.
    app.click("#mass").unwrap();
    app.text_when(parts::STALE, PATIENCE, |text| text.contains("the rules changed. Predict again.")).unwrap();
    app.shoot("rules").unwrap();
    app.click("#mass").unwrap();
    app.text_when(parts::STALE, PATIENCE, str::is_empty).unwrap();
    // The note of a shifted map goes with it.
    app.click("#mass").unwrap();
    app.click(parts::PREDICT).unwrap();
    app.text_when(parts::MAP_NOTES, PATIENCE, |text| text.contains("shifted to SMAP's mean")).unwrap();
    assert!(!app.text(".notices").unwrap().contains("shifted"));
    app.click("#mass").unwrap();
    app.click(parts::PREDICT).unwrap();
    app.wait(PATIENCE, "the note to go with its map", || {
        let text = app.session.script("return document.querySelector('section.values').innerText", &[])?;
        Ok((!text.as_str().unwrap_or_default().contains("shifted to SMAP's mean")).then_some(()))
    })
    .unwrap();
    // The region: other weights, and a time line that is read again.
    fill(&app, "#region", "geneva");
    let said = app
        .text_when(parts::STALE, PATIENCE, |text| text.contains("the region and the weights changed"))
        .unwrap();
    assert!(said.contains("with the weights Oklahoma City (shipped)"), "{said}");
    let weights = app.text(parts::WEIGHTS).unwrap();
    assert!(weights.contains("Geneva (shipped)") && weights.contains("will be loaded"), "{weights}");
    assert!(app.has("section.scores.stale").unwrap());
    app.open_panel("export").unwrap();
    assert!(app.text("#export-stale").unwrap().contains("with the weights Oklahoma City (shipped)"));
    app.shoot("region").unwrap();
    let facts = app
        .text_when(".dates", PATIENCE, |text| text.contains("lies here") || text.contains("swath missed"))
        .unwrap();
    println!("{facts}");
    assert_quiet(&app);
}

/// A link's date is kept where the demo has it; where it does not, that is said.
#[test]
fn the_date_of_a_link_survives_the_demo() {
    let app = open("link");
    for (date, kept) in [("2018-06-16", true), ("1999-01-01", false)] {
        app.session.navigate("about:blank").unwrap();
        app.session.navigate(&format!("{}#region=tucson&date={date}", app.url)).unwrap();
        app.click(parts::DEMO_TUCSON).unwrap();
        app.wait(PATIENCE, "dates", || Ok(app.has(&format!("{} option", parts::DATE))?.then_some(())))
            .unwrap();
        if kept {
            app.text_when(parts::PREDICT, PATIENCE, |text| text.contains(date)).unwrap();
        } else {
            let said = app.text_when(".notices", PATIENCE, |text| text.contains(date)).unwrap();
            assert!(
                said.contains("The demo of Tucson has no date 1999-01-01") && said.contains("is shown"),
                "{said}"
            );
        }
    }
    assert_quiet(&app);
}

/// The demo of Geneva opened on a date of which SMAP saw 3 %.
#[test]
fn geneva_opens_on_a_date_that_was_seen() {
    let app = open("geneva");
    app.click(parts::DEMO_GENEVA).unwrap();
    ready(&app);
    let facts = app.text_when(".facts", PATIENCE, |text| text.contains('%')).unwrap();
    let share: f32 = facts.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!(share >= 50.0, "{facts}");
    assert_quiet(&app);
}

/// Weights dropped on the page are loaded as such.
#[test]
fn dropped_weights_are_no_data() {
    let app = open("dropped-weights");
    load_demo(&app);
    let bytes =
        std::fs::read(xtask::root().join("public").join("weights").join("tucson.safetensors")).unwrap();
    app.drop_files(&[("mine.safetensors", &bytes)]).unwrap();
    app.text_when(parts::WEIGHTS, PATIENCE, |text| {
        text.contains("mine.safetensors") && text.contains("SHA-256")
    })
    .unwrap();
    app.text_when(".notices", PATIENCE, |text| {
        text.contains("Loaded as weights, not as data: mine.safetensors")
    })
    .unwrap();
    assert!(!app.has("[data-file=\"mine.safetensors\"]").unwrap(), "they are not listed");
    assert_eq!(app.text(parts::ASIDE).unwrap(), "", "and the demo stays");
    ready(&app);
    assert_quiet(&app);
}

#[test]
fn real_smap_files_are_listed_with_product_and_date() {
    let Some(path) = shared("smap/SMAP_L4_SM_aup_comparison.h5") else { return };
    let app = open("real-files");
    app.choose_files(parts::FILE_INPUT, &[path]).unwrap();
    app.wait(PATIENCE, "the file to be understood", || {
        let rows = app.session.script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText).join(' ')",
            &[json!(parts::FILE_ROW)],
        )?;
        let text = rows.as_str().unwrap_or_default();
        Ok((text.contains("SMAP_L4_SM_aup_comparison.h5") && text.contains("56") && text.contains("64"))
            .then_some(()))
    })
    .unwrap();
    app.shoot("list").unwrap();
    assert_quiet(&app);
}

#[test]
fn everything_is_reached_by_keyboard() {
    let app = open("keyboard");
    app.get(parts::DEMO).unwrap();
    tab_to(&app, parts::DEMO);
    app.session.press(keys::ENTER).unwrap();
    ready(&app);
    drawn(&app);
    // A map takes the focus; the arrow keys then move the cell cursor.
    tab_to(&app, parts::ESTIMATE_OVERLAY);
    app.session.press(keys::RIGHT).unwrap();
    let before = app.text_when(parts::READOUT, PATIENCE, |text| text.contains('°')).unwrap();
    app.session.press(keys::DOWN).unwrap();
    app.text_when(parts::READOUT, PATIENCE, |text| text.contains('°') && text != before).unwrap();
    app.shoot("cursor").unwrap();
    // Where the map does not follow, its button is there, and takes Enter.
    tab_to(&app, parts::FOLLOW);
    app.session.press(keys::SPACE).unwrap();
    tab_to(&app, "canvas.strip");
    app.session.press(keys::LEFT).unwrap();
    let stale = app.text_when(parts::STALE, PATIENCE, |text| text.contains("the date changed")).unwrap();
    assert!(stale.ends_with("Predict again."), "{stale}");
    tab_to(&app, parts::PREDICT);
    app.session.press(keys::ENTER).unwrap();
    app.text_when(parts::STALE, PATIENCE, str::is_empty).unwrap();
    assert_quiet(&app);
}

/// A rectangle is drawn with the pointer, then another from the keyboard; each is the region of the next prediction.
#[test]
fn a_region_is_drawn_on_the_map() {
    let app = open("rectangle");
    load_demo(&app);
    predict(&app);
    // What is said while a region is drawn stands there until its map comes, which may be at once: every text is kept.
    let keep = "window.e2e.drawing = [];
        new MutationObserver(() => {
          const text = document.querySelector('#drawing')?.innerText;
          if (text && text !== window.e2e.drawing.at(-1)) window.e2e.drawing.push(text);
        }).observe(document.body, { childList: true, subtree: true, characterData: true })";
    app.session.script(keep, &[]).unwrap();
    let was_said = |wanted: &str| {
        app.wait(PATIENCE, wanted, || {
            let said = app.session.script("return window.e2e.drawing.join('\\n')", &[])?;
            Ok(said.as_str().is_some_and(|said| said.contains(wanted)).then_some(()))
        })
        .unwrap();
    };
    app.click(parts::DRAW_REGION).unwrap();
    let map = app.get(parts::ESTIMATE_OVERLAY).unwrap();
    app.session
        .script("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", &[map.reference()])
        .unwrap();
    app.session.drag(&map, (0.205, 0.305), (0.245, 0.705)).unwrap();
    app.text_when("#drawing", PATIENCE, |text| text.contains("Drag a rectangle")).unwrap();
    // Five columns are too few; drawing goes on. Backwards it is drawn as well.
    app.session.drag(&map, (0.605, 0.705), (0.205, 0.305)).unwrap();
    was_said("The region is now 41 × 41 cells");
    app.shoot("drawn").unwrap();
    predict_size(&app, "41 × 41 cells");
    // Oklahoma City's region begins at column 2600, row 971; from the keyboard, a rectangle of 13 x 13 of the 41 x 41 cells.
    tab_to(&app, parts::DRAW_REGION);
    app.session.press(keys::ENTER).unwrap();
    tab_to(&app, parts::ESTIMATE_OVERLAY);
    for key in [keys::RIGHT, keys::HOME, keys::PAGE_UP, keys::ENTER] {
        app.session.press(key).unwrap();
    }
    for key in [[keys::RIGHT; 12], [keys::DOWN; 12]].concat() {
        app.session.press(key).unwrap();
    }
    app.shoot("keyboard").unwrap();
    app.session.press(keys::ENTER).unwrap();
    was_said("The region is now 13 × 13 cells");
    predict_size(&app, "13 × 13 cells");
    let map = app.get(parts::ESTIMATE_OVERLAY).unwrap();
    app.session
        .script("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", &[map.reference()])
        .unwrap();
    app.session.hover(&map, 0.02, 0.02).unwrap();
    app.text_when(parts::READOUT, PATIENCE, |text| text.contains("2620, 1001")).unwrap();
    assert_quiet(&app);
}

fn predict_size(app: &App, size: &str) {
    drawn(app);
    app.text_when("section.values .sub", PATIENCE, |text| text.contains(size)).unwrap();
}

#[test]
fn a_worker_that_fails_or_is_ended_is_replaced() {
    let app = App::open_with_failing_worker("failing-worker", Setting::smen()).unwrap();
    load_demo(&app);
    app.tell_worker().unwrap();
    app.text_when(".notices", PATIENCE, |text| {
        text.contains("thrown by the test") && text.contains("started again")
    })
    .unwrap();
    ready(&app);
    predict(&app);
    app.end_worker().unwrap();
    app.text_when(".notices", PATIENCE, |text| text.contains("the browser ended it")).unwrap();
    app.shoot("said").unwrap();
    ready(&app);
    predict(&app);
}

/// The GPU's worker cannot be fetched: the CPU's takes its place, which is said, and what was open is still there.
#[test]
fn without_the_gpus_worker_the_cpu_computes() {
    let setting = Setting { webgpu: true, ..Setting::smen() };
    let app =
        App::open_changed("no-gpu-worker", setting, |dist| std::fs::remove_file(loader(dist, "worker-gpu")?))
            .unwrap();
    load_demo(&app);
    let script = "const e = document.querySelector('#preference'); e.value = 'gpu'; e.dispatchEvent(new Event('change', { bubbles: true }));";
    app.session.script(script, &[]).unwrap();
    app.text_when(".notices", PATIENCE, |text| {
        text.contains("program for the GPU could not be loaded, so the CPU is used")
    })
    .unwrap();
    app.text_when(parts::DEVICE, PATIENCE, |text| {
        text.contains("so the CPU is used") && text.contains("Self-check passed")
    })
    .unwrap();
    ready(&app);
    predict(&app);
    app.shoot("said").unwrap();
}

#[test]
fn narrow_window_scrolls_in_one_direction_only() {
    let app = App::open("narrow", Setting { window: (400, 800), ..Setting::smen() }).unwrap();
    load_demo(&app);
    predict(&app);
    app.shoot("page").unwrap();
    // Chromium's window has a least width of about 500; what counts is that the page is no wider than it.
    let wider = app
        .session
        .script("const d = document.documentElement; return d.scrollWidth - d.clientWidth", &[])
        .unwrap();
    assert!(wider.as_i64().unwrap() <= 0, "the page is {wider} pixels wider than the window");
    assert_quiet(&app);
}

#[test]
fn prediction_can_be_cancelled() {
    let app = open("cancel");
    by_hand(&app);
    load_demo(&app);
    app.click(parts::PREDICT).unwrap();
    // It may be over before the button can be hit: then there is nothing to cancel, and the maps are there.
    if app.click_if_there(parts::CANCEL).unwrap() {
        app.wait(PATIENCE, "the job to be gone", || Ok((!app.has(parts::CANCEL)?).then_some(()))).unwrap();
    }
    predict(&app);
    assert_quiet(&app);
}

/// "About the model": the card of the weights in use and their scores, said to be simulated; Escape closes it and the focus is back on its button.
#[test]
fn about_the_model_shows_the_card_of_the_weights_in_use() {
    let app = open("about");
    let escape = || {
        app.session.press(keys::ESCAPE).unwrap();
        let state =
            "const d = document.querySelector('#about'); return d.open ? null : document.activeElement.id";
        app.wait(PATIENCE, "the dialog to close and the focus to be back", || {
            let focus = app.session.script(state, &[])?;
            Ok((focus.as_str() == Some("about-open")).then_some(()))
        })
        .unwrap();
    };
    app.click(parts::ABOUT_OPEN).unwrap();
    let text = app
        .text_when(parts::ABOUT, PATIENCE, |text| text.contains("Other shipped weights: General"))
        .unwrap();
    assert!(
        text.contains("They are not loaded yet")
            && text.contains("Oklahoma City (shipped), will be loaded")
            && text.contains("simulated"),
        "{text}"
    );
    escape();
    load_demo(&app);
    predict(&app);
    app.click(parts::ABOUT_OPEN).unwrap();
    let text =
        app.text_when(parts::ABOUT, PATIENCE, |text| text.contains("Oklahoma City (shipped)")).unwrap();
    app.shoot("about").unwrap();
    for words in [
        "SIMULATED",
        "Trained on simulated scenes, not on satellite data",
        "Bilinear SMAP",
        "does not beat",
        "Other shipped weights: General",
    ] {
        assert!(text.contains(words), "\"{words}\" is missing: {text}");
    }
    escape();
    assert_quiet(&app);
}

#[test]
fn works_without_a_network_once_loaded() {
    let app = open("offline");
    app.get(parts::DEMO).unwrap();
    app.go_offline().unwrap();
    app.session.navigate(&app.url).unwrap();
    load_demo(&app);
    predict(&app);
    app.shoot("map").unwrap();
}

/// Nothing of it is hidden behind a scroll bar of its box.
fn assert_fits(app: &App, css: &str) {
    let wider = "const box = document.querySelector(arguments[0]).parentElement; return box.scrollWidth - box.clientWidth";
    let wider = app.session.script(wider, &[json!(css)]).unwrap().as_i64().unwrap();
    assert!(wider <= 0, "{css} is {wider} pixels wider than its box");
}

fn tab_to(app: &App, css: &str) {
    // A part that is loaded later is waited for.
    app.get(css).unwrap();
    // What lies in a folded panel is reached by the panel's button.
    let folded = "const p = document.querySelector(arguments[0])?.closest('.sidepanel[hidden]'); return p ? p.id : null";
    let folded = app.session.script(folded, &[json!(css)]).unwrap();
    if let Some(panel) = folded.as_str() {
        tab_to(app, &format!("[aria-controls=\"{panel}\"]"));
        app.session.press(keys::ENTER).unwrap();
    }
    for _ in 0..200 {
        let there = app.session.script(
            "return document.activeElement.matches(arguments[0]) && !document.activeElement.disabled",
            &[json!(css)],
        );
        if there.unwrap().as_bool() == Some(true) {
            return;
        }
        app.session.press(keys::TAB).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{css} is not reached by Tab");
}
