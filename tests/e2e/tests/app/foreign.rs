//! Files as people really have them, dropped on the page: exports of other programs, an archive, a layer that only its owner knows.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use e2e::app::{App, Setting, shared};
use e2e::parts;
use serde_json::json;

use super::assert_quiet;

const PATIENCE: Duration = Duration::from_secs(60);

/// Text of the rows that name a file.
fn row(app: &App, name: &str) -> e2e::webdriver::Result<String> {
    let script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText).filter(t => t.includes(arguments[1])).join('\\n')";
    let said = app.session.script(script, &[json!(parts::FILE_ROW), json!(name)])?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

fn says(app: &App, name: &str, words: &[&str]) {
    let what = format!("{name} to say {words:?}");
    let said = app.wait(PATIENCE, &what, || {
        let text = row(app, name)?.to_lowercase();
        Ok(words.iter().all(|w| text.contains(&w.to_lowercase())).then_some(()))
    });
    said.unwrap_or_else(|e| panic!("{e}: {}", row(app, name).unwrap_or_default()));
}

#[test]
fn exports_of_other_programs_are_what_they_say() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_VV.tif",
            &["backscatter", "linear power", "ASF HyP3", "2020-06-03"],
        ),
        ("S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_inc_map.tif", &["incidence angle", "not used"]),
        (
            "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_soil_moisture_doy2020155000000_aid0001.tif",
            &["36 km input", "AppEEARS", "2020-06-03"],
        ),
        (
            "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_albedo_doy2020155000000_aid0001.tif",
            &["albedo", "not used"],
        ),
        (
            "NISAR_L3_PR_SME2_028_005_A_020_4005_DHDH_A_20260603T125218_20260603T125253_P05023_N_F_J_001.h5",
            &["NISAR", "3 km map", "provisional"],
        ),
        ("soil_moisture_3km_20200603.tif", &["3 km map", "75.0 %"]),
    ];
    let paths: Vec<PathBuf> =
        cases.iter().filter_map(|(name, _)| shared(&format!("foreign/{name}"))).collect();
    if paths.len() < cases.len() {
        eprintln!("skipped: ../shared/data/foreign is not here");
        return;
    }
    let app = App::open("foreign", Setting::smen()).unwrap();
    app.choose_files(parts::FILE_INPUT, &paths).unwrap();
    for (name, words) in cases {
        says(&app, name, words);
    }
    app.shoot("list").unwrap();
    assert_quiet(&app);
}

/// A zip archive with stored members, as `zip -0` writes it.
fn archive(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let at = bytes.len() as u32;
        let length = content.len() as u32;
        let common = |out: &mut Vec<u8>| {
            out.extend([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            out.extend(crc32(content).to_le_bytes());
            out.extend(length.to_le_bytes());
            out.extend(length.to_le_bytes());
            out.extend((name.len() as u16).to_le_bytes());
            out.extend([0, 0]);
        };
        bytes.extend(b"PK\x03\x04");
        common(&mut bytes);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
        directory.extend(b"PK\x01\x02\x14\x00");
        common(&mut directory);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, length) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let count = (members.len() as u16).to_le_bytes();
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(length.to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    })
}

/// NISAR's map is the reference, and what it says of its own uncertainty is a layer and stands behind its values.
#[test]
fn nisars_own_uncertainty_is_a_layer() {
    const NISAR: &str =
        "NISAR_L3_PR_SME2_028_005_A_020_4005_DHDH_A_20260603T125218_20260603T125253_P05023_N_F_J_001.h5";
    let folder = xtask::root().join("crates/smap-files/tests/fixtures/foreign");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (coarse, nisar) = (read("soil_moisture_v20190101_20200603.tif"), read(NISAR));
    let fragment = "#cells=2639,1009,24,24&date=2026-06-03&method=bilinear";
    let app = App::open("nisar", Setting { window: (1400, 900), fragment, ..Setting::default() }).unwrap();
    app.drop_files(&[("soil_moisture_20260603.tif", &coarse), (NISAR, &nisar)]).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click("#open-layers").unwrap();
    let tick = "const row = [...document.querySelectorAll('#layer-list li')].find(r => r.innerText.includes('own uncertainty'));
        row?.querySelector('input').click(); return row?.innerText ?? ''";
    let row = app.session.script(tick, &[]).unwrap();
    assert!(row.as_str().unwrap().contains("Reference"), "{row}");
    let layer = "[data-layer=ReferenceUncertainty]";
    app.wait(PATIENCE, "the layer", || {
        Ok((app.has(layer)? && app.colours(&format!("{layer} canvas.base"))? > 3).then_some(()))
    })
    .unwrap();
    app.shoot("layers").unwrap();
    assert_quiet(&app);
}

#[test]
fn an_archive_is_opened_in_place_and_a_layer_is_given_by_hand() {
    let fixtures = xtask::root().join("crates/smap-files/tests/fixtures");
    let read = |name: &str| std::fs::read(fixtures.join(name)).unwrap();
    let granule = "SMAP_L3_SM_P_20200602_R18290_001.h5";
    let order = archive(&[
        (&format!("order/{granule}"), read(granule)),
        ("order/README.txt", b"an order".to_vec()),
        (&format!("order/{granule}.iso.xml"), b"<?xml version=\"1.0\"?><a/>".to_vec()),
    ]);
    let path = xtask::target_dir().join("e2e").join("order.zip");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create(&path).unwrap().write_all(&order).unwrap();
    let app = App::open("archive", Setting::smen()).unwrap();
    app.choose_files(parts::FILE_INPUT, &[path, fixtures.join("foreign/okc_20200603.tif")]).unwrap();
    says(&app, granule, &["SPL3SMP", "2020-06-02", "36 km input", "order.zip"]);
    app.wait(PATIENCE, "the companions to be counted", || {
        let text = app.session.script("return document.body.innerText", &[])?;
        Ok(text.as_str().is_some_and(|t| t.contains("2 companion files")).then_some(()))
    })
    .unwrap();
    says(&app, "okc_20200603.tif", &["unknown", "nothing says what it holds"]);
    app.shoot("before").unwrap();
    // What only its owner knows.
    let given = "
        const row = [...document.querySelectorAll(arguments[0])].find(e => e.innerText.includes(arguments[1]));
        const layers = row && row.querySelector('details.layers');
        if (!layers) return;
        layers.open = true;
        const selects = layers.querySelectorAll('select');
        selects[1].value = '0';
        selects[1].dispatchEvent(new Event('change', { bubbles: true }));
        layers.querySelector('button').click();";
    // The list is drawn again when a report comes, and takes its form with it: so until it is heard.
    app.wait(PATIENCE, "the layer to be given", || {
        app.session.script(given, &[json!(parts::FILE_ROW), json!("okc_20200603.tif")])?;
        Ok(row(&app, "okc_20200603.tif")?.contains("given by you").then_some(()))
    })
    .unwrap();
    says(&app, "okc_20200603.tif", &["36 km input", "given by you: soil moisture, m3/m3"]);
    app.shoot("given").unwrap();
    assert_quiet(&app);
}

/// What a file list says is as wide as its panel, long words of the command line too.
#[test]
fn a_long_sentence_stays_in_its_panel() {
    let app = App::open("foreign-sentence", Setting::smen()).unwrap();
    app.resize((1400, 700), 1, false).unwrap();
    let name = "unpacked_before_20200603.tif";
    let path = xtask::root().join("crates/smap-files/tests/fixtures/kinds").join(name);
    app.choose_files(parts::FILE_INPUT, &[path]).unwrap();
    says(&app, name, &["too small for m3/m3", "--use FILE#LAYER=coarse|fine|vv|vh|lst[,unit]"]);
    let wide = "const p = document.querySelector('#panel-data'); return p.scrollWidth - p.clientWidth";
    assert_eq!(app.session.script(wide, &[]).unwrap(), 0, "the panel scrolls sideways");
}

/// Backscatter as openEO exports it, and AppEEARS' flags of retrievals, which are files of their own.
#[test]
fn a_cube_of_backscatter_and_flags_in_a_file_of_their_own_count() {
    let kinds = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/smap-files/tests/fixtures/kinds")
        .canonicalize()
        .unwrap();
    let of = |layer: &str| {
        format!("SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_PM_{layer}_pm_doy2020156000000_aid0001.tif")
    };
    let names = ["openeo.nc".to_owned(), of("soil_moisture"), of("retrieval_qual_flag")];
    let app = App::open("foreign-cube", Setting::smen()).unwrap();
    app.choose_files(parts::FILE_INPUT, &names.clone().map(|name| kinds.join(name))).unwrap();
    says(
        &app,
        &names[0],
        &["Sentinel-1 backscatter", "linear power", "2 days from 2020-06-03 to 2020-06-15"],
    );
    says(&app, &names[1], &["its retrieval quality flags are those of", &names[2]]);
    says(&app, &names[2], &["this is the retrieval quality flag of", &names[1]]);
    app.session.script("document.querySelector('#files')?.scrollIntoView()", &[]).unwrap();
    app.shoot("rows").unwrap();
    assert_quiet(&app);
}
