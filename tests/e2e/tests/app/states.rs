//! Every state of the page: axe finds nothing in it, light, dark, in forced colours and at 200 %, and it looks as its reference does.

use std::time::Duration;

use e2e::app::{App, Setting};
use e2e::axe::Axe;
use e2e::{parts, reference};
use serde_json::{Value, json};

use super::assert_quiet;

const PATIENCE: Duration = Duration::from_secs(120);

fn media(app: &App, scheme: &str, forced: &str) {
    let features = json!([
        { "name": "prefers-color-scheme", "value": scheme },
        { "name": "forced-colors", "value": forced },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ]);
    app.session.devtools("Emulation.setEmulatedMedia", &json!({ "features": features })).unwrap();
}

/// What is wrong so far.
struct Looker<'a> {
    app: &'a App,
    axe: Option<Axe>,
    found: Vec<String>,
}

impl Looker<'_> {
    /// Looks at the page as it stands.
    fn look(&mut self, state: &str) {
        let left = "return document.querySelector('.side.left .tabs [aria-expanded=true]')?.id ?? null";
        let left = self.app.session.script(left, &[]).unwrap().as_str().map(str::to_owned);
        for (look, scheme, forced, size, scale) in [
            ("light", "light", "none", (1400, 900), 1),
            ("dark", "dark", "none", (1400, 900), 1),
            ("forced-colours", "light", "active", (1400, 900), 1),
            // The window of 1400 pixels has half as many then.
            ("at-200-percent", "light", "none", (700, 450), 2),
        ] {
            media(self.app, scheme, forced);
            self.app.resize(size, scale, false).unwrap();
            // Panels move and colours change over some tenths of a second.
            self.app.settle(120).unwrap();
            if look != "at-200-percent" {
                let (_, over) = self.app.scrolls_by().unwrap();
                self.found.extend(
                    (over != 0).then(|| format!("{state}, {look}: the page scrolls by {over} pixels")),
                );
            }
            if let Some(axe) = &self.axe {
                let lines = axe.violations(self.app).unwrap();
                self.found.extend(lines.into_iter().map(|line| format!("axe, {state}, {look}: {line}")));
            }
            // Values and data are open beside the estimate already.
            let seen = ["values", "data"].contains(&state);
            if (look == "light" && !seen) || (look == "dark" && state == "estimate") {
                let name = if look == "light" { state.to_owned() } else { format!("{state}-{look}") };
                self.found.extend(reference::compare(self.app, &name).unwrap());
                if look == "light" && ["estimate", "export"].contains(&state) {
                    self.app.picture(state).unwrap();
                }
            }
        }
        media(self.app, "light", "none");
        self.app.resize((1400, 900), 1, false).unwrap();
        self.app.settle(50).unwrap();
        // The left side made way where there was no room for it.
        if let Some(left) = left {
            let there = format!("#{left}[aria-expanded=false]");
            self.app.click_if_there(&there).unwrap();
        }
    }
}

#[test]
fn every_state_can_be_used_by_everyone_and_looks_as_it_did() {
    let app = App::open("states", Setting::smen()).unwrap();
    app.resize((1400, 900), 1, false).unwrap();
    media(&app, "light", "none");
    app.text_when(parts::DEVICE, PATIENCE, |text| text.contains("Self-check")).unwrap();
    let mut looker = Looker { app: &app, axe: Axe::fetched().unwrap(), found: Vec::new() };
    looker.look("first");
    app.click("#help-open").unwrap();
    app.get("#help[open]").unwrap();
    looker.look("help");
    app.click("#help button").unwrap();
    app.click("#about-open").unwrap();
    app.get("#about[open] table").unwrap();
    looker.look("about");
    app.click("#about button").unwrap();
    app.click(parts::DEMO).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    looker.look("estimate");
    let tabs =
        app.session.script("return [...document.querySelectorAll('.tabs button[id]')].map(b => b.id)", &[]);
    let tabs: Vec<String> =
        tabs.unwrap().as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert!(tabs.len() >= 8, "{tabs:?}");
    for tab in tabs {
        let css = format!("#{tab}");
        let open = app
            .session
            .script(
                "return document.querySelector(arguments[0]).getAttribute('aria-expanded')",
                &[json!(css)],
            )
            .unwrap();
        if open != "true" {
            app.click(&css).unwrap();
        }
        // What belongs to a panel may be fetched first.
        app.settle(300).unwrap();
        looker.look(tab.trim_start_matches("open-"));
    }
    // A file that is refused stands in the list with its reason.
    app.drop_files(&[("SMAP_L3_SM_P_20180101_R18290_001.h5", b"cut off")]).unwrap();
    app.text_when(".notices", PATIENCE, |text| text.contains("so the demo is back")).unwrap();
    app.map_drawn(PATIENCE).unwrap();
    app.click_if_there("#open-data[aria-expanded=false]").unwrap();
    app.settle(120).unwrap();
    looker.look("refused");
    let found = looker.found;
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
    assert_quiet(&app);
}
