//! axe-core, which finds what people who do not see or point cannot use. It is fetched once; nothing of it is in the app.

use serde_json::Value;
use xtask::npm::{self, Package};

use crate::app::App;
use crate::webdriver::{Error, Result};

const AXE: Package = Package {
    folder: "axe-core",
    package: "axe-core",
    name: "axe-core",
    version: "4.14.1",
    files: &["axe.min.js"],
};

/// Its program.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// From `target/tools/npm`, or the registry; `None` after a line that says why it is not there.
    pub fn fetched() -> Result<Option<Self>> {
        let folder = xtask::target_dir().join("tools/npm");
        let words = |e: std::io::Error| Error(format!("{}: {e}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(words)?;
        if let Err(why) = npm::fetch(&AXE, &folder) {
            eprintln!("skipped axe: {}", why.0.replace('\n', " "));
            return Ok(None);
        }
        std::fs::read_to_string(folder.join("axe-core/axe.min.js")).map(Self).map(Some).map_err(words)
    }

    /// What it finds on the page as it stands, a line each: rule, impact, where, why.
    pub fn violations(&self, app: &App) -> Result<Vec<String>> {
        if app.session.script("return typeof axe", &[])? != "object" {
            // The protocol's scripts are not the page's: its policy does not hold for them.
            app.session.script(&format!("{}; window.axe = axe;", self.0), &[])?;
        }
        let found = app.session.script(
            "return axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.flatMap(v =>
               v.nodes.map(n => `${v.id} (${v.impact}): ${n.target.join(' ')}: ${n.failureSummary.replace(/\\s+/g, ' ')}`)))",
            &[],
        )?;
        Ok(found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}
