//! The browser's half of `cargo xtask profile`: a demo's first prediction on the CPU, on a build whose worker tells which functions it entered.
//!
//! Arguments: the folder of the app, and the file for the functions' numbers. All three regions are predicted, another date and a larger
//! region too, so that the list does not hang on one demo's numbers.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::parts;
use e2e::webdriver::{Error, Result};
use serde_json::{Value, json};

/// The marked worker is several times slower.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asks the worker, which answers when it is idle.
const ASK: &str = "return new Promise(answer => {
  const line = new BroadcastChannel('loam-profile');
  line.onmessage = event => answer(event.data);
  line.postMessage('which');
});";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, output] = arguments.as_slice() else {
        eprintln!("error: called by `cargo xtask profile`");
        return ExitCode::FAILURE;
    };
    match profile(Path::new(folder))
        .and_then(|numbers| std::fs::write(output, numbers.to_string()).map_err(|e| Error(format!("{output}: {e}"))))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn profile(folder: &Path) -> Result<Value> {
    // With an adapter that is refused, as on most machines, and without one; and with a demo asked for before the device is checked.
    let mut entered = Vec::new();
    for (webgpu, patient) in [(false, true), (true, true), (false, false)] {
        let app = App::open_from(folder, "profile", Setting { webgpu, ..Setting::default() })?;
        if patient {
            app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check"))?;
        }
        for region in ["oklahoma-city", "tucson", "geneva"] {
            app.click(&format!("[data-demo=\"{region}\"]"))?;
            app.wait(PATIENCE, "a date that can be predicted", || app.session.find(parts::PREDICT_READY))?;
            predict(&app)?;
        }
        // Another date, and a region of another size.
        app.session.script(
            "const date = document.querySelector('#date'); date.selectedIndex = Math.max(0, date.selectedIndex - 1);
             date.dispatchEvent(new Event('change', { bubbles: true }));
             const columns = document.querySelector('#columns'); columns.value = '121';
             columns.dispatchEvent(new Event('input', { bubbles: true })); columns.dispatchEvent(new Event('change', { bubbles: true }));",
            &[],
        )?;
        app.wait(PATIENCE, "a date that can be predicted", || app.session.find(parts::PREDICT_READY))?;
        predict(&app)?;
        // No part is there in this build: the request is refused with a sentence.
        app.click(parts::EXPORT_CSV)?;
        app.text_when(".notices", PATIENCE, |text| text.contains("could not be fetched"))?;
        let numbers = app.session.script(ASK, &[])?;
        let numbers = numbers.as_array().ok_or_else(|| Error(format!("the worker answered {numbers}")))?;
        entered.extend(numbers.iter().cloned());
    }
    Ok(json!(entered))
}

fn predict(app: &App) -> Result<()> {
    app.click(parts::PREDICT)?;
    app.wait(PATIENCE, "maps to be drawn", || Ok((app.colours(parts::ESTIMATE)? > 8).then_some(())))?;
    app.text_when(parts::SCORES, PATIENCE, |text| text.contains("uRMSE"))?;
    // The maps of the prediction before may still stand: wait for the button.
    app.wait(PATIENCE, "the prediction to end", || app.session.find(parts::PREDICT_READY))?;
    Ok(())
}
