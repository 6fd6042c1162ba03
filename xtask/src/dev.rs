//! `cargo xtask dev`: builds again what was edited, and has the page reloaded.
//!
//! The page asks for the number of the newest build by a small script that only this server's folder has; the app itself knows nothing of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::app::{all_files, for_serving};
use crate::server::Server;
use crate::{Result, failure, process, root, served_dir};

/// What the app is made of. Files are looked at a few times a second: there are some hundred, and it works on every system.
const WATCHED: [&str; 9] = [
    "src",
    "crates",
    "public",
    "index.html",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "build.rs",
    ".cargo/config.toml",
];
/// What only the page is made of.
const OF_THE_PAGE: [&str; 4] = ["src/ui", "src/bin/app.rs", "public", "index.html"];
const PAUSE: Duration = Duration::from_millis(300);

/// Holds the number of the newest build.
const BUILD: &str = "dev-build";
const SCRIPT: &str = "\
// Reloads the page when there is a newer build.
let shown;
setInterval(async () => {
  const answer = await fetch('./dev-build', { cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) return;
  const build = await answer.text();
  if (shown !== undefined && build !== shown) location.reload();
  shown = build;
}, 300);
";

/// Builds, serves, and builds again with every change, until the process is ended.
pub fn run(port: u16, cpu_only: bool) -> Result<()> {
    let mut seen = files()?;
    for_serving(cpu_only, false)?;
    publish()?;
    let server = Server::start(&served_dir(), port)?;
    println!("\nLoam is at {}   (Ctrl+C ends it; an edit builds again and reloads the page)", server.url());
    // Workers wait to be built as long as builds fail.
    let mut page_only = true;
    loop {
        std::thread::sleep(PAUSE);
        let now = files()?;
        let changed = changes(&seen, &now);
        if changed.is_empty() {
            continue;
        }
        page_only &= changed.iter().all(|path| is_of_the_page(path));
        seen = now;
        let names: Vec<String> = changed.iter().map(|path| path.display().to_string()).collect();
        println!("\nchanged: {}", names.join(", "));
        let start = Instant::now();
        match for_serving(cpu_only, page_only).and_then(|()| publish()) {
            Ok(()) => {
                page_only = true;
                println!("built in {:.1} s; the page reloads", start.elapsed().as_secs_f64());
            }
            Err(why) => println!("\nerror: {why}\nThe page stays as it was; the next edit builds again."),
        }
    }
}

/// Puts the script into the page and a new number beside it.
fn publish() -> Result<()> {
    let dir = served_dir();
    let index = dir.join("index.html");
    let html = std::fs::read_to_string(&index).map_err(process::at(&index))?;
    if !html.contains("dev-reload.js") {
        let html =
            html.replace("</head>", "<script type=\"module\" src=\"./dev-reload.js\"></script></head>");
        write(&index, &html)?;
    }
    write(&dir.join("dev-reload.js"), SCRIPT)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    write(&dir.join(BUILD), &now.as_millis().to_string())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(process::at(path))
}

/// Watched files below the root, and when each was written.
fn files() -> Result<BTreeMap<PathBuf, SystemTime>> {
    let root = root();
    let mut found = BTreeMap::new();
    for name in WATCHED {
        let path = root.join(name);
        let all = if path.is_dir() { all_files(&path)? } else { vec![path] };
        for file in all {
            // Editors replace files: one that is gone for a moment is seen the next time.
            let Ok(written) = file.metadata().and_then(|about| about.modified()) else { continue };
            let below = file.strip_prefix(&root).map_err(|e| failure(e.to_string()))?;
            found.insert(below.to_path_buf(), written);
        }
    }
    Ok(found)
}

/// Files that are new, gone or written since.
fn changes(before: &BTreeMap<PathBuf, SystemTime>, now: &BTreeMap<PathBuf, SystemTime>) -> Vec<PathBuf> {
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    let written = now.iter().filter(|(path, time)| before.get(*path) != Some(time)).map(|(path, _)| path);
    gone.chain(written).cloned().collect()
}

fn is_of_the_page(path: &Path) -> bool {
    OF_THE_PAGE.iter().any(|part| path.starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_and_the_page_is_told_apart() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let files = |list: &[(&str, u64)]| {
            list.iter().map(|(name, s)| (PathBuf::from(name), at(*s))).collect::<BTreeMap<_, _>>()
        };
        let before = files(&[("src/ui/panel.rs", 1), ("src/lib.rs", 1), ("public/a", 1)]);
        let now = files(&[("src/ui/panel.rs", 2), ("src/lib.rs", 1), ("src/new.rs", 1)]);
        let changed = changes(&before, &now);
        assert_eq!(changed, ["public/a", "src/new.rs", "src/ui/panel.rs"].map(PathBuf::from));
        assert!(
            is_of_the_page(Path::new("src/ui/panel.rs")) && is_of_the_page(Path::new("public/style.css"))
        );
        assert!(!is_of_the_page(Path::new("src/uint.rs")) && !is_of_the_page(Path::new("Cargo.toml")));
    }
}
