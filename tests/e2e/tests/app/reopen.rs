//! Where the last files lie is remembered: one click opens them again.

use std::time::Duration;

use e2e::app::{App, Setting};
use serde_json::json;

use super::assert_quiet;

const PATIENCE: Duration = Duration::from_secs(60);
const GRANULE: &str = "SMAP_L3_SM_P_20200602_R18290_001.h5";

#[test]
fn the_last_files_are_opened_again_by_one_click() {
    let app = App::open("reopen", Setting::default()).unwrap();
    let folder = xtask::target_dir().join("e2e").join("reopened");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let source = xtask::root().join("crates/smap-files/tests/fixtures").join(GRANULE);
    std::fs::copy(source, folder.join(GRANULE)).unwrap();
    // Its part of the page is there.
    app.wait(PATIENCE, "the part", || {
        let there = "return document.querySelector('#reopen') !== null";
        Ok(app.session.script(there, &[])?.as_bool().filter(|there| *there))
    })
    .unwrap();
    let seen = app.session.script("return document.querySelector('#reopen').checkVisibility()", &[]).unwrap();
    assert_eq!(seen.as_bool(), Some(false), "nothing was opened so far");
    let data = json!({ "items": [], "files": [folder], "dragOperationsMask": 1 });
    for kind in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": kind, "x": 400, "y": 300, "data": data });
        app.session.devtools("Input.dispatchDragEvent", &event).unwrap();
    }
    let row = format!("[data-file=\"reopened/{GRANULE}\"]");
    app.text_when(&row, PATIENCE, |text| text.contains("2020-06-02")).unwrap();
    let remove = "[...document.querySelectorAll('button')].find(b => b.textContent === 'Remove all').click()";
    app.session.script(remove, &[]).unwrap();
    app.text_when("#reopen-files", PATIENCE, |text| text.contains("(1)")).unwrap();
    app.shoot("button").unwrap();
    app.click("#reopen-files").unwrap();
    app.text_when(&row, PATIENCE, |text| text.contains("2020-06-02")).unwrap();
    // After a reload the button is there; here nobody answers the browser's question.
    app.session.script("location.reload()", &[]).unwrap();
    app.text_when("#reopen-files", PATIENCE, |text| text.contains("(1)")).unwrap();
    assert_quiet(&app);
}
