//! Builds the release app into `dist/`: trunk compiles and binds, then five steps of our own make it fit for a strict page.
//!
//! 1. The page's wasm is cut in two (`split.rs`), the worker's in parts (`worker.rs`).
//! 2. trunk's inline start script moves to a file, so that the Content-Security-Policy needs neither `'unsafe-inline'` nor a hash.
//! 3. Preloads lose `integrity`, which wasm-opt would falsify and browsers complain about on `modulepreload`.
//! 4. wasm-opt runs here and not in trunk: each program wants its own level, and an unchanged module is taken from a cache.
//! 5. A service worker is written that keeps the files for use without a network; the start script registers it.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::tools::{self, Tools};
use crate::{Result, dist_dir, failure, process, root, sizes, split, target_dir, worker};

/// Our copy of `index.html` for trunk; in the root because trunk resolves asset paths from there, and ignored by git.
const PREPARED: &str = ".index-for-trunk.html";

const SERVICE_WORKER: &str = include_str!("sw.js");

/// Appended to the start script. Without a service worker (private windows) the app works, online only.
const REGISTER: &str = "if ('serviceWorker' in navigator) navigator.serviceWorker.register('./sw.js').catch(() => {});\n";

/// What this compiler emits by default and wasm-opt must be told of.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
];

/// Builds everything, or the worker without WebGPU.
pub fn build(cpu_only: bool) -> Result<()> {
    let tools = tools::for_build()?;
    // trunk runs offline (it would else look for other tool versions), and passes that on to cargo: fetch first.
    if process::run(process::cargo().args(["fetch", "--locked"])).is_err() {
        eprintln!("warning: not all crates could be fetched; going on with those already here.");
    }
    compile(&tools, cpu_only)?;
    let dist = dist_dir();
    split::program(&tools, &dist, "page", "app")?;
    worker::build(&tools, &dist)?;
    let index = dist.join("index.html");
    let html = read(&index)?;
    let (html, script) = without_inline_script(&html);
    if let Some(script) = script {
        write(&dist.join("start.js"), &(script + REGISTER))?;
    }
    write(&index, &without_integrity(&html))?;
    if let Some(wasm_opt) = &tools.wasm_opt {
        for path in files_with_extension(&dist, "wasm")? {
            optimise(wasm_opt, &path, level_for(&path))?;
        }
    }
    service_worker(&dist)?;
    sizes::report(&dist)?;
    Ok(())
}

fn compile(tools: &Tools, cpu_only: bool) -> Result<()> {
    let source = root().join("index.html");
    let prepared = root().join(PREPARED);
    write(&prepared, &prepare(&read(&source)?, cpu_only))?;
    let mut trunk = std::process::Command::new(&tools.trunk);
    trunk.current_dir(root()).args(["build", "--release", "--offline", "--locked", "--skip-version-check"]);
    trunk.args(["--public-url", "./", "--html-output", "index.html", "--dist", "dist", PREPARED]);
    // trunk takes NO_COLOR=1 for a malformed option.
    trunk.env("PATH", &tools.path).env_remove("NO_COLOR");
    let built = process::run(&mut trunk);
    std::fs::remove_file(&prepared).map_err(process::at(&prepared))?;
    built.map(|_| ())
}

/// `index.html` with wasm-opt and integrity off in trunk, and the worker without WebGPU where it is not wanted.
fn prepare(html: &str, cpu_only: bool) -> String {
    let mut out = String::with_capacity(html.len() + 128);
    let mut rest = html;
    while let Some(start) = rest.find("<link") {
        let Some(length) = rest[start..].find('>') else { break };
        let tag = &rest[start..=start + length];
        out.push_str(&rest[..start]);
        let is_rust = tag.contains("data-trunk") && tag.contains("rel=\"rust\"");
        if is_rust {
            let tag = if cpu_only { tag.replace("\"worker,gpu\"", "\"worker\"") } else { tag.to_owned() };
            let end = tag.trim_end_matches('>').trim_end_matches('/').trim_end();
            out.push_str(end);
            for (name, value) in [("data-wasm-opt", "0"), ("data-integrity", "none")] {
                if !end.contains(&format!("{name}=")) {
                    out.push_str(&format!(" {name}=\"{value}\""));
                }
            }
            out.push('>');
        } else {
            out.push_str(tag);
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    out
}

/// Moves the one inline module script out: the page without it, and its text.
fn without_inline_script(html: &str) -> (String, Option<String>) {
    const OPEN: &str = "<script type=\"module\">";
    let Some((before, rest)) = html.split_once(OPEN) else { return (html.to_owned(), None) };
    let Some((script, after)) = rest.split_once("</script>") else { return (html.to_owned(), None) };
    (format!("{before}<script type=\"module\" src=\"./start.js\"></script>{after}"), Some(script.trim().to_owned() + "\n"))
}

/// Drops ` integrity="..."` attributes.
fn without_integrity(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(" integrity=\"") {
        out.push_str(before);
        rest = after.split_once('"').map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

/// How far wasm-opt goes with the worker's main program. Higher levels inline: it is then 6 % more to transfer, and its loops are the compiler's
/// already.
pub(crate) const WORKER_LEVEL: &str = "-O1";

fn level_for(path: &Path) -> &'static str {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if name.starts_with("worker_bg") { WORKER_LEVEL } else { "-Oz" }
}

/// Runs wasm-opt in place, or takes what it made of the same bytes before.
pub(crate) fn optimise(wasm_opt: &Path, path: &Path, level: &str) -> Result<()> {
    let bytes = std::fs::read(path).map_err(process::at(path))?;
    let cache = target_dir().join("wasm-opt-cache");
    std::fs::create_dir_all(&cache).map_err(process::at(&cache))?;
    let kept = cache.join(format!("{}{level}.wasm", content_hash(&[&bytes])));
    if !kept.is_file() {
        let unfinished = cache.join(format!("{}.part", std::process::id()));
        let mut command = std::process::Command::new(wasm_opt);
        command.arg(level).args(WASM_FEATURES).arg(path).arg("-o").arg(&unfinished);
        process::run(&mut command)?;
        std::fs::rename(&unfinished, &kept).map_err(process::at(&kept))?;
    }
    std::fs::copy(&kept, path).map_err(process::at(path))?;
    Ok(())
}

/// Writes `dist/sw.js`, with the files to keep and a version made of their contents. The GPU path is kept only once it was used.
fn service_worker(dist: &Path) -> Result<()> {
    let mut files: Vec<String> =
        all_files(dist)?.iter().filter_map(|p| relative(dist, p)).filter(|f| !f.starts_with("worker-gpu-") && f != "sw.js").collect();
    files.sort();
    let mut contents = Vec::with_capacity(files.len());
    for file in &files {
        let file = dist.join(file);
        contents.push(std::fs::read(&file).map_err(process::at(&file))?);
    }
    let version = content_hash(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let list = std::iter::once("'./'".to_owned()).chain(files.iter().map(|f| format!("'./{f}'"))).collect::<Vec<_>>().join(", ");
    write(&dist.join("sw.js"), &SERVICE_WORKER.replace("__LOAM_FILES__", &format!("[{list}]")).replace("__LOAM_VERSION__", &version))
}

/// A name for contents: enough to tell builds apart, not a seal against malice.
pub(crate) fn content_hash(parts: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write(part);
        hasher.write_usize(part.len());
    }
    format!("{:016x}", hasher.finish())
}

pub(crate) fn all_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in dir.read_dir().map_err(process::at(dir))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(all_files(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Path below `dist` with forward slashes.
pub(crate) fn relative(dist: &Path, path: &Path) -> Option<String> {
    let below = path.strip_prefix(dist).ok()?;
    Some(below.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

fn files_with_extension(dir: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    Ok(all_files(dir)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == extension)).collect())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| failure(format!("{}: {e}", path.display())))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(process::at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<head><link rel=\"icon\" href=\"a.svg\"/>\n<link data-trunk rel=\"rust\" data-bin=\"app\" />\n\
                        <link data-trunk rel=\"rust\" data-bin=\"worker\" data-cargo-features=\"worker,gpu\" data-wasm-opt=\"0\"/></head>";

    #[test]
    fn links_are_prepared() {
        let all = prepare(PAGE, false);
        assert!(all.contains("<link data-trunk rel=\"rust\" data-bin=\"app\" data-wasm-opt=\"0\" data-integrity=\"none\">"), "{all}");
        assert!(all.contains("data-cargo-features=\"worker,gpu\" data-wasm-opt=\"0\" data-integrity=\"none\"></head>"), "{all}");
        assert!(all.contains("<link rel=\"icon\" href=\"a.svg\"/>"), "{all}");
        let cpu = prepare(PAGE, true);
        assert!(!cpu.contains("gpu") && cpu.contains("data-cargo-features=\"worker\"") && cpu.ends_with("</head>"), "{cpu}");
    }

    #[test]
    fn inline_script_moves_out() {
        let (html, script) = without_inline_script("<body>\n<script type=\"module\">\nimport x;\n</script></body>");
        assert_eq!(html, "<body>\n<script type=\"module\" src=\"./start.js\"></script></body>");
        assert_eq!(script.as_deref(), Some("import x;\n"));
        assert_eq!(without_inline_script("<body></body>"), ("<body></body>".to_owned(), None));
    }

    #[test]
    fn integrity_is_dropped() {
        assert_eq!(without_integrity("<link href=\"a\" integrity=\"sha384-x\"/><b>"), "<link href=\"a\"/><b>");
    }
}
