//! Builds the app. trunk compiles and binds; what it leaves works as it is, and [`for_serving`] copies it.
//!
//! [`build`] makes it small and fit for a server, in `dist/`:
//!
//! 1. The page's wasm is cut in two (`split.rs`).
//! 2. wasm-opt runs here and not in trunk: each program wants its own level, and an unchanged module is taken from a cache.
//! 3. The workers' files get a hash of their contents in their names, so that a page finds the workers of its own build and no others.
//! 4. A service worker is written that keeps the files for use without a network; the start script registers it.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::tools::{self, Shrinkers, Tools};
use crate::{Result, dist_dir, failure, process, root, served_dir, sizes, split, target_dir};

/// Our copy of `index.html` for trunk; in the root because trunk resolves asset paths from there, and ignored by git.
const PREPARED: &str = ".index-for-trunk.html";

const SERVICE_WORKER: &str = include_str!("sw.js");

/// Appended to the start script. Without a service worker (private windows) the app works, online only.
const REGISTER: &str =
    "if ('serviceWorker' in navigator) navigator.serviceWorker.register('./sw.js').catch(() => {});\n";

/// The workers' programs, as `Cargo.toml` names them.
const WORKERS: [&str; 2] = ["worker-cpu", "worker-gpu"];

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

/// Tells the build which commit it is of: bundles name it. Only the small app is told: what is built again with every edit would be built
/// again with every commit too.
const COMMIT: &str = "LOAM_COMMIT";

/// What trunk is asked for.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// Everything, for transfer.
    Small,
    /// Everything, soon.
    Quick,
    /// The page alone, soon.
    QuickPage,
}

/// The small app, in `dist/`; without the GPU's worker where that is not wanted.
pub fn build(cpu_only: bool) -> Result<()> {
    let tools = tools::for_app()?;
    let Shrinkers { wasm_split, wasm_opt } = tools::shrinkers()?;
    fetch();
    let dist = dist_dir();
    compile(&tools, &dist, Wanted::Small, cpu_only)?;
    split::program(&tools, &wasm_split, &dist, "page", "app")?;
    split::program(&tools, &wasm_split, &dist, "worker", "worker-cpu")?;
    if let Some(wasm_opt) = &wasm_opt {
        for path in files_with_extension(&dist, "wasm")? {
            optimise(wasm_opt, &path, level_for(&path))?;
        }
    }
    let index = dist.join("index.html");
    let mut html = read(&index)?;
    for worker in WORKERS.iter().filter(|worker| dist.join(loader(worker)).is_file()) {
        html = name_by_content(&dist, &html, worker)?;
    }
    write(&index, &html)?;
    let start = dist.join("start.js");
    write(&start, &(read(&start)? + REGISTER))?;
    for kind in ["js", "css"] {
        for path in files_with_extension(&dist, kind)? {
            write(&path, &without_comments(&read(&path)?))?;
        }
    }
    service_worker(&dist)?;
    sizes::report(&dist)?;
    Ok(())
}

/// The app as it compiles fastest, in [`served_dir`]. `page_only` leaves the workers there as they are.
pub fn for_serving(cpu_only: bool, page_only: bool) -> Result<()> {
    let tools = tools::for_app()?;
    if !page_only {
        fetch();
    }
    let out = target_dir().join("trunk");
    compile(&tools, &out, if page_only { Wanted::QuickPage } else { Wanted::Quick }, cpu_only)?;
    // trunk empties its folder first; a page that is open meanwhile finds the old files here.
    copy_all(&out, &served_dir())
}

/// A script or a style sheet without indentation and the comments that have lines of their own, as wasm-bindgen's and ours have. Neither
/// holds a text of several lines.
fn without_comments(text: &str) -> String {
    let (mut out, mut inside) = (String::with_capacity(text.len()), false);
    for line in text.lines().map(str::trim) {
        let mut rest = line;
        if inside || rest.starts_with("/*") {
            let end = rest.find("*/");
            inside = end.is_none();
            rest = end.map_or("", |end| rest[end + 2..].trim_start());
        }
        if !rest.is_empty() {
            out.push_str(rest);
            out.push('\n');
        }
    }
    out
}

/// The GPU's program is among what [`for_serving`] made before.
pub fn is_served_with_gpu() -> bool {
    served_dir().join(loader("worker-gpu")).is_file()
}

/// trunk runs offline (it would else look for other tool versions), and passes that on to cargo: fetch first.
fn fetch() {
    if process::run(process::cargo().args(["fetch", "--locked"])).is_err() {
        eprintln!("warning: not all crates could be fetched; going on with those already here.");
    }
}

fn compile(tools: &Tools, out: &Path, wanted: Wanted, cpu_only: bool) -> Result<()> {
    let source = root().join("index.html");
    let prepared = root().join(PREPARED);
    write(&prepared, &prepare(&read(&source)?, wanted, cpu_only))?;
    let mut trunk = std::process::Command::new(&tools.trunk);
    trunk.current_dir(root()).args([
        "build",
        "--offline",
        "--locked",
        "--skip-version-check",
        "--public-url",
        "./",
    ]);
    if matches!(wanted, Wanted::Small) {
        trunk.arg("--release");
    } else {
        // No old files then, and nothing is kept by a browser: the server has pages revalidated.
        trunk.arg("--filehash=false");
    }
    if matches!(wanted, Wanted::Small) && std::env::var_os(COMMIT).is_none() {
        trunk.envs(commit(&root()).map(|commit| (COMMIT, commit)));
    }
    trunk.args(["--html-output", "index.html", "--dist"]).arg(out).arg(PREPARED);
    // trunk takes NO_COLOR=1 for a malformed option.
    trunk.env("PATH", &tools.path).env_remove("NO_COLOR");
    let built = process::run(&mut trunk);
    std::fs::remove_file(&prepared).map_err(process::at(&prepared))?;
    built.map(|_| ())
}

/// The commit of a folder's repository, with `-dirty` where files of it were changed. `None` without a repository, or without git.
fn commit(folder: &Path) -> Option<String> {
    let folder = folder.to_string_lossy();
    process::output("git", &["-C", &folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
}

/// `index.html` without the lines of programs that are not wanted. The small page is cut in two, for which its source is marked with a feature.
fn prepare(html: &str, wanted: Wanted, cpu_only: bool) -> String {
    let dropped = |line: &str| {
        let built = |worker: &str| line.contains(&format!("data-bin=\"{worker}\""));
        cpu_only && (built("worker-gpu") || line.contains("name=\"worker-gpu\""))
            || matches!(wanted, Wanted::QuickPage) && WORKERS.into_iter().any(built)
    };
    let lines = html.lines().filter(|line| !dropped(line)).map(|line| match wanted {
        Wanted::Small => {
            let marked = |line: String, features: &str| {
                let of = |features: &str| format!("data-cargo-features=\"{features}\"");
                line.replace(&of(features), &of(&format!("{features},split")))
            };
            marked(marked(line.to_owned(), "page,program"), "worker,program") + "\n"
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// What trunk calls the script that starts a worker.
fn loader(worker: &str) -> String {
    format!("{worker}_loader.js")
}

/// Puts a hash of a worker's files into their names, and into the text of those that name them; returns the page with the new name in it.
fn name_by_content(dist: &Path, html: &str, worker: &str) -> Result<String> {
    let (wasm, script, loader) = (format!("{worker}_bg.wasm"), format!("{worker}.js"), loader(worker));
    let mut contents = Vec::new();
    for file in [&wasm, &script, &loader] {
        let path = dist.join(file);
        contents.push(std::fs::read(&path).map_err(process::at(&path))?);
    }
    let hash = content_hash(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let renamed = |file: &str| file.replacen(worker, &format!("{worker}-{hash}"), 1);
    for (file, names) in [(&wasm, None), (&script, Some(&wasm)), (&loader, Some(&script))] {
        let (from, to) = (dist.join(file), dist.join(renamed(file)));
        if let Some(named) = names {
            write(&from, &replaced(&read(&from)?, named, &renamed(named))?)?;
        }
        std::fs::rename(&from, &to).map_err(process::at(&from))?;
    }
    // The parts of a worker, where it has some, name its script.
    for path in files_with_extension(dist, "js")? {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(&format!("{worker}-parts-")) {
            write(&path, &replaced(&read(&path)?, &script, &renamed(&script))?)?;
        }
    }
    replaced(html, &loader, &renamed(&loader))
}

/// A name in a text, which must be there: the tools may change what they write.
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> Result<String> {
    if text.contains(from) {
        Ok(text.replace(from, to))
    } else {
        Err(failure(format!("a file of the tools does not name {from}")))
    }
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    for path in all_files(from)? {
        let Ok(below) = path.strip_prefix(from) else { continue };
        let target = to.join(below);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(process::at(folder))?;
        }
        std::fs::copy(&path, &target).map_err(process::at(&target))?;
    }
    Ok(())
}

/// How far wasm-opt goes with the workers. Higher levels inline: it is then 6 % more to transfer, and its loops are the compiler's already.
pub(crate) const WORKER_LEVEL: &str = "-O1";

fn level_for(path: &Path) -> &'static str {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if name.starts_with("worker-") { WORKER_LEVEL } else { "-Oz" }
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

/// Writes `dist/sw.js`, with the files to keep and a version made of their contents. The GPU's worker is kept only once it was used.
fn service_worker(dist: &Path) -> Result<()> {
    let mut files: Vec<String> = all_files(dist)?
        .iter()
        .filter_map(|p| relative(dist, p))
        .filter(|f| !f.starts_with("worker-gpu-") && f != "sw.js")
        .collect();
    files.sort();
    let mut contents = Vec::with_capacity(files.len());
    for file in &files {
        let file = dist.join(file);
        contents.push(std::fs::read(&file).map_err(process::at(&file))?);
    }
    let version = content_hash(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let list = std::iter::once("'./'".to_owned())
        .chain(files.iter().map(|f| format!("'./{f}'")))
        .collect::<Vec<_>>()
        .join(", ");
    write(
        &dist.join("sw.js"),
        &SERVICE_WORKER.replace("__LOAM_FILES__", &format!("[{list}]")).replace("__LOAM_VERSION__", &version),
    )
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
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn comments_with_lines_of_their_own_go() {
        let text = "/* a */\n  b { c: d; } /* e */\n\n/**\n * f\n */\n\tg\n/* h */ i\n";
        assert_eq!(without_comments(text), "b { c: d; } /* e */\ng\ni\n");
    }

    #[test]
    fn index_html_is_prepared() {
        let html = read(&root().join("index.html")).unwrap();
        let small = prepare(&html, Wanted::Small, false);
        assert!(
            small.contains("data-cargo-features=\"page,program,split\"")
                && small.contains("data-bin=\"worker-gpu\""),
            "{small}"
        );
        let cpu = prepare(&html, Wanted::Quick, true);
        assert!(
            !cpu.contains("data-bin=\"worker-gpu\"")
                && !cpu.contains("name=\"worker-gpu\"")
                && !cpu.contains("split\""),
            "{cpu}"
        );
        assert!(cpu.contains("data-bin=\"worker-cpu\"") && cpu.contains("data-bin=\"app\""), "{cpu}");
        let page = prepare(&html, Wanted::QuickPage, false);
        assert!(
            !page.contains("data-bin=\"worker-")
                && page.contains("name=\"worker-gpu\"")
                && page.contains("data-bin=\"app\""),
            "{page}"
        );
    }

    #[test]
    fn a_build_knows_its_commit() {
        let folder = std::env::temp_dir().join(format!("loam-commit-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(commit(&folder), None, "there is no repository");
        let git = |words: &[&str]| {
            let who =
                ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
            let done = std::process::Command::new("git")
                .current_dir(&folder)
                .args(who)
                .args(words)
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap().trim().to_owned()
        };
        git(&["init", "--quiet"]);
        std::fs::write(folder.join("a"), "1").unwrap();
        git(&["add", "a"]);
        git(&["commit", "--quiet", "--message", "first"]);
        git(&["tag", "v1"]);
        let head = git(&["rev-parse", "HEAD"]);
        assert_eq!(commit(&folder), Some(head.clone()));
        std::fs::write(folder.join("a"), "2").unwrap();
        assert_eq!(commit(&folder), Some(format!("{head}-dirty")));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_workers_files_are_named_by_their_contents() {
        let dist = std::env::temp_dir().join(format!("loam-names-{}", std::process::id()));
        std::fs::create_dir_all(&dist).unwrap();
        let named = |wasm: &str| {
            std::fs::write(dist.join("w_bg.wasm"), wasm).unwrap();
            std::fs::write(dist.join("w.js"), "new URL('w_bg.wasm')").unwrap();
            std::fs::write(dist.join("w_loader.js"), "import './w.js'").unwrap();
            name_by_content(&dist, "content=\"./w_loader.js\"", "w").unwrap()
        };
        let (one, other) = (named("1"), named("2"));
        assert_eq!(one, named("1"));
        assert_ne!(one, other);
        let hash = one.strip_prefix("content=\"./w-").unwrap().strip_suffix("_loader.js\"").unwrap();
        assert_eq!(
            std::fs::read_to_string(dist.join(format!("w-{hash}_loader.js"))).unwrap(),
            format!("import './w-{hash}.js'")
        );
        assert_eq!(
            std::fs::read_to_string(dist.join(format!("w-{hash}.js"))).unwrap(),
            format!("new URL('w-{hash}_bg.wasm')")
        );
        assert!(dist.join(format!("w-{hash}_bg.wasm")).is_file() && !dist.join("w.js").exists());
        std::fs::remove_dir_all(&dist).unwrap();
    }
}
