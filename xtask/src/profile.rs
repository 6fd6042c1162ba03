//! Which functions of the worker a demo's first prediction on the CPU calls, and a request refused for want of a part: a run of the built app in
//! headless Chromium with every function marked when it is entered. Written to `xtask/worker.hot`, by which [`worker`] cuts the program.

use std::collections::BTreeSet;

use crate::process::{self, cargo};
use crate::{Result, app, browser, cut, dist_dir, failure, target_dir, worker};

const HEAD: &str = "# Functions of the worker that a demo's first prediction on the CPU calls, and a refusal, as hashes of their names.\n\
                    # Written by `cargo xtask profile`, read by xtask/src/worker.rs.\n";

/// In place of the list of parts: parts that are not there, so that saying so is among what is entered (a worker that has to say that a part
/// is missing cannot fetch the part that would say it); and an answer with the numbers of the functions entered so far.
const REPORT: &str = "const FILES = ['./absent.wasm', './absent.wasm'];
new BroadcastChannel('loam-profile').onmessage = event => {
  if (event.data !== 'which') return;
  const marks = new Uint8Array(main.memory.buffer, main.loam_marks.value, main.loam_mark_count.value);
  const entered = [];
  marks.forEach((mark, number) => { if (mark) entered.push(number); });
  new BroadcastChannel('loam-profile').postMessage(entered);
};";

/// Builds the app, runs it marked, writes the list, and builds it again with it.
pub fn run() -> Result<()> {
    browser::ensure()?;
    app::build(false)?;
    let whole = worker::whole();
    let wasm = std::fs::read(&whole).map_err(process::at(&whole))?;
    let dir = target_dir().join("profile");
    if dir.is_dir() {
        std::fs::remove_dir_all(&dir).map_err(process::at(&dir))?;
    }
    for path in app::all_files(&dist_dir())? {
        let Some(name) = app::relative(&dist_dir(), &path) else { continue };
        let to = dir.join(&name);
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(process::at(folder))?;
        }
        std::fs::copy(&path, &to).map_err(process::at(&path))?;
    }
    let marked = dir.join("worker_bg.wasm");
    std::fs::write(&marked, cut::instrument(&wasm)?).map_err(process::at(&marked))?;
    worker::lay_scripts(&dir, REPORT)?;

    let mut drive = cargo();
    let output = target_dir().join("profile.json");
    drive.args(["run", "--quiet", "--locked", "--package", "e2e", "--bin", "profile", "--"]).arg(&dir).arg(&output);
    process::run(&mut drive)?;
    let text = std::fs::read_to_string(&output).map_err(process::at(&output))?;
    let names = cut::names(&wasm)?;
    // What an earlier run entered and is still there stays: some functions are entered only now and then, as the clock has it.
    let list = worker::hot_list();
    let before = std::fs::read_to_string(&list).map_err(process::at(&list))?;
    let before: BTreeSet<&str> = before.lines().filter(|line| !line.starts_with('#')).collect();
    let mut hot: BTreeSet<String> =
        names.iter().filter(|name| !name.is_empty()).map(|name| worker::hash(name)).filter(|hash| before.contains(hash.as_str())).collect();
    let kept = hot.len();
    for number in text.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty()) {
        let name = number.parse::<usize>().ok().and_then(|number| names.get(number));
        let name = name.ok_or_else(|| failure(format!("the run named function {number}; the program has {}", names.len())))?;
        if !name.is_empty() {
            hot.insert(worker::hash(name));
        }
    }
    let lines: String = hot.iter().map(|hash| format!("{hash}\n")).collect();
    std::fs::write(&list, format!("{HEAD}{lines}")).map_err(process::at(&list))?;
    eprintln!("{} functions, {} of them new, of {}", hot.len(), hot.len() - kept, names.iter().filter(|name| !name.is_empty()).count());
    app::build(false)
}
