//! Who imports whom. ARCHITECTURE.md's table is made from the source, and a test compares the two.
//!
//! Two rules are checked with it: imports point down the list of `LAYERS`, and no files import each other in a circle (a module and
//! its own submodules may). `cargo xtask architecture` writes the table.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::imports::{Imports, imports};
use crate::process::at;
use crate::{Result, failure, root};

/// Folders from the lowest to the highest: name, rank, what it holds. An import may only lead to a lower rank.
const LAYERS: [(&str, usize, &str); 15] = [
    ("ease-grid", 0, "EASE-Grid 2.0, other coordinate systems, rasters with mask reasons, resampling"),
    (
        "smap-files",
        1,
        "a file is recognised by content and listed as a `Granule`; pixels on demand, in windows",
    ),
    (
        "ground-stations",
        2,
        "stations in the ground: ISMN archives and logger tables, matching with maps, QA4SM's scores, a report",
    ),
    ("loam-core", 2, "the days of a region, samples, scores, baselines, simulated scenes, painting, exports"),
    ("loam-kernels", 3, "the networks' expensive operations on CPU and GPU, with their gradients"),
    ("loam-nn", 4, "the networks, their weights, the device, training"),
    ("validation", 5, "maps made here against stations: regions, layers, a simulated network"),
    ("protocol", 5, "what page and worker say to each other"),
    ("link", 6, "a worker from outside: messages out, events in; the page's, and a worker's helpers'"),
    ("state", 6, "what the page knows, and what happens to it on each event; without a browser"),
    ("session", 6, "files, series, weights and device: what happens on each request"),
    ("worker", 7, "the session in a Web Worker"),
    ("ui", 7, "the page (leptos); with `bin/app.rs` the only place that knows the DOM"),
    ("experiment", 7, "the paper's tables and figure, model cards; native only"),
    ("bin", 8, "the programs: page, workers, command line"),
];

/// Circles that are known: their files and the reason. One that is gone must be taken out of the list.
const KNOWN_CIRCLES: &[(&[&str], &str)] = &[(
    &[
        "crates/loam-kernels/src/gpu/variant.rs",
        "crates/loam-kernels/src/gpu/launch/weights.rs",
        "crates/loam-kernels/src/gpu/launch.rs",
    ],
    "The tables of kernels name the launches, and a launch asks the table for a step of its own.",
)];

const BEGIN: &str = "<!-- imports: written by `cargo xtask architecture`, compared by a test -->\n";
const END: &str = "<!-- end of imports -->";

/// Writes the table into ARCHITECTURE.md.
///
/// # Errors
/// Where the page cannot be read or written, or an import breaks a rule.
pub fn run() -> Result<()> {
    let source = Source::read(&root())?;
    let page = root().join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(&page).map_err(at(&page))?;
    let (before, _, after) = parts(&text)?;
    std::fs::write(&page, format!("{before}{}{after}", source.table())).map_err(at(&page))?;
    println!("The table in {} is written.", page.display());
    let broken = source.broken_rules();
    if broken.is_empty() { Ok(()) } else { Err(failure(broken.join("\n"))) }
}

/// The page up to and with the first marker, the table, the rest.
fn parts(page: &str) -> Result<(&str, &str, &str)> {
    let missing = || failure(format!("ARCHITECTURE.md has no lines \"{}\" and \"{END}\"", BEGIN.trim_end()));
    let start = page.find(BEGIN).map(|i| i + BEGIN.len()).ok_or_else(missing)?;
    let (before, rest) = page.split_at(start);
    let (table, after) = rest.split_at(rest.find(END).ok_or_else(missing)?);
    Ok((before, table, after))
}

/// A module's path below its crate's root; empty for the root itself.
type Module = Vec<String>;

/// One file and where it belongs.
struct File {
    /// Below the repository's root.
    path: String,
    /// Which layer, `None` for `src/lib.rs`, which only lists the others.
    layer: Option<String>,
    /// Name of its crate in paths (`ease_grid`, `loam`), or `bin/...` for a program.
    krate: String,
    module: Module,
    imports: Imports,
}

impl File {
    fn new(path: &str, text: &str) -> Option<Self> {
        let mut steps: Vec<&str> = path.strip_suffix(".rs")?.split('/').collect();
        if steps.len() > 2 && matches!(steps.last(), Some(&("mod" | "lib" | "main"))) {
            steps.pop();
        }
        let owned = |steps: &[&str]| steps.iter().map(|s| (*s).to_owned()).collect::<Module>();
        let (layer, krate, module) = match steps.as_slice() {
            ["crates", name, "src", module @ ..] => (Some(*name), name.replace('-', "_"), owned(module)),
            ["src", "bin", program, module @ ..] => (Some("bin"), format!("bin/{program}"), owned(module)),
            ["src", "lib"] => (None, "loam".to_owned(), Module::new()),
            ["src", layer, module @ ..] => {
                (Some(*layer), "loam".to_owned(), owned(&[&[*layer], module].concat()))
            }
            _ => return None,
        };
        Some(Self {
            path: path.to_owned(),
            layer: layer.map(str::to_owned),
            krate,
            module,
            imports: imports(text),
        })
    }
}

/// All files of the crates and of the app.
struct Source {
    files: Vec<File>,
    by_module: BTreeMap<(String, Module), usize>,
}

impl Source {
    fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for crate_folder in list(&root.join("crates"))? {
            read_folder(root, &crate_folder.join("src"), &mut files)?;
        }
        read_folder(root, &root.join("src"), &mut files)?;
        Ok(Self::new(files))
    }

    fn new(files: Vec<File>) -> Self {
        let by_module =
            files.iter().enumerate().map(|(i, f)| ((f.krate.clone(), f.module.clone()), i)).collect();
        Self { files, by_module }
    }

    fn at(&self, krate: &str, module: &[String]) -> Option<usize> {
        self.by_module.get(&(krate.to_owned(), module.to_vec())).copied()
    }

    /// A path as written in a file, from its crate's root on. `None` for the standard library, foreign crates and local names.
    fn absolute(&self, file: &File, inline: &[String], path: &[String]) -> Option<(String, Module)> {
        let first = path.first()?;
        let mut module: Module = file.module.iter().chain(inline).cloned().collect();
        let mut rest = path;
        match first.as_str() {
            "crate" => return Some((file.krate.clone(), path.get(1..)?.to_vec())),
            "self" => rest = path.get(1..)?,
            "super" => {
                while rest.first().is_some_and(|s| s == "super") {
                    module.pop();
                    rest = rest.get(1..)?;
                }
            }
            name => {
                let child: Module = module.iter().cloned().chain([name.to_owned()]).collect();
                if self.at(&file.krate, &child).is_none() {
                    let known = self.files.iter().any(|f| f.krate == name);
                    return known.then(|| (name.to_owned(), path.iter().skip(1).cloned().collect()));
                }
            }
        }
        Some((file.krate.clone(), module.into_iter().chain(rest.iter().cloned()).collect()))
    }

    /// The file that what a path names is written in, through re-exports.
    fn owner(&self, krate: &str, path: &[String], depth: usize) -> Option<usize> {
        let mut at = self.at(krate, &[])?;
        for (i, name) in path.iter().enumerate() {
            if let Some(child) = self.at(krate, path.get(..=i)?) {
                at = child;
                continue;
            }
            let file = self.files.get(at)?;
            let further = file.imports.aliases.get(name).and_then(|target| self.absolute(file, &[], target));
            return match further {
                Some((krate, mut target)) if depth < 16 => {
                    target.extend(path.iter().skip(i + 1).cloned());
                    self.owner(&krate, &target, depth + 1)
                }
                _ => Some(at),
            };
        }
        Some(at)
    }

    /// For each file, what its paths name: layer and, in its own crate, file.
    fn named(&self) -> impl Iterator<Item = (&File, (String, Module))> {
        self.files.iter().flat_map(move |f| {
            f.imports
                .paths
                .iter()
                .filter_map(move |(inline, path)| Some((f, self.absolute(f, inline, path)?)))
        })
    }

    /// Which layers each layer imports, with a file that does.
    fn arrows(&self) -> BTreeMap<(String, String), String> {
        let mut arrows = BTreeMap::new();
        for (file, (krate, path)) in self.named() {
            let Some(from) = file.layer.clone() else { continue };
            let to = match (krate.as_str(), path.first()) {
                ("loam", Some(folder)) => folder.clone(),
                (krate, _) => krate.replace('_', "-"),
            };
            if to != from && rank(&to).is_some() {
                arrows.entry((from, to)).or_insert_with(|| file.path.clone());
            }
        }
        arrows
    }

    /// The table of ARCHITECTURE.md.
    fn table(&self) -> String {
        let arrows = self.arrows();
        let mut table = "| folder | what it holds | imports |\n|---|---|---|\n".to_owned();
        for (name, _, holds) in LAYERS {
            let folder = if self.files.iter().any(|f| f.path.starts_with(&format!("crates/{name}/"))) {
                "crates"
            } else {
                "src"
            };
            let imports: Vec<&str> = LAYERS
                .iter()
                .map(|l| l.0)
                .filter(|to| arrows.contains_key(&(name.to_owned(), (*to).to_owned())))
                .collect();
            let imports = if imports.is_empty() { "-".to_owned() } else { imports.join(", ") };
            table.push_str(&format!("| `{folder}/{name}` | {holds} | {imports} |\n"));
        }
        table
    }

    /// A sentence for each import that leads upwards, each circle, and each folder that the list lacks.
    fn broken_rules(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for ((from, to), file) in self.arrows() {
            if rank(&from) <= rank(&to) {
                broken.push(format!("{from} imports {to}, which lies above or beside it ({file})"));
            }
        }
        let missing: BTreeSet<&str> =
            self.files.iter().filter_map(|f| f.layer.as_deref()).filter(|l| rank(l).is_none()).collect();
        broken.extend(
            missing
                .iter()
                .map(|layer| format!("{layer} is not in the list LAYERS (xtask/src/architecture.rs)")),
        );
        let circles = self.circles();
        for circle in &circles {
            if !KNOWN_CIRCLES.iter().any(|(files, _)| circle.iter().all(|c| files.contains(&c.as_str()))) {
                broken.push(format!("these files import each other in a circle: {}", circle.join(", ")));
            }
        }
        for (files, _) in KNOWN_CIRCLES {
            if !circles.iter().any(|circle| circle.iter().all(|c| files.contains(&c.as_str()))) {
                broken.push(format!(
                    "no longer a circle, to be taken out of KNOWN_CIRCLES: {}",
                    files.join(", ")
                ));
            }
        }
        broken
    }

    /// Groups of files that reach each other, imports between a module and its submodules left out.
    fn circles(&self) -> Vec<Vec<String>> {
        let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.files.len()];
        for (file, (krate, path)) in self.named() {
            let (Some(from), Some(to)) = (self.at(&file.krate, &file.module), self.owner(&krate, &path, 0))
            else {
                continue;
            };
            let Some(target) = self.files.get(to) else { continue };
            let related = file.module.starts_with(&target.module) || target.module.starts_with(&file.module);
            if target.krate == file.krate && !related {
                next.get_mut(from).map(|set| set.insert(to));
            }
        }
        let reach: Vec<BTreeSet<usize>> = (0..next.len()).map(|from| reachable(&next, from)).collect();
        let mutual = |a: usize| -> Vec<usize> {
            let there = reach.get(a).into_iter().flatten().copied();
            there.filter(|&b| reach.get(b).is_some_and(|r| r.contains(&a))).collect()
        };
        let groups: BTreeSet<Vec<usize>> = (0..next.len()).map(mutual).filter(|g| !g.is_empty()).collect();
        groups
            .iter()
            .map(|g| g.iter().filter_map(|&i| Some(self.files.get(i)?.path.clone())).collect())
            .collect()
    }
}

fn reachable(next: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(at) = waiting.pop() {
        waiting.extend(next.get(at).into_iter().flatten().copied().filter(|to| seen.insert(*to)));
    }
    seen
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().find(|l| l.0 == layer).map(|l| l.1)
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut paths: Vec<_> = folder.read_dir().map_err(at(folder))?.flatten().map(|e| e.path()).collect();
    paths.sort();
    Ok(paths)
}

fn read_folder(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for path in list(folder)? {
        if path.is_dir() {
            read_folder(root, &path, files)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).map_err(at(&path))?;
            let short = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.extend(File::new(&short, &text));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn source(files: &[(&str, &str)]) -> Source {
        Source::new(files.iter().filter_map(|(path, text)| File::new(path, text)).collect())
    }

    #[test]
    fn the_page_shows_the_imports_of_today() {
        let source = Source::read(&root()).unwrap();
        let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
        let (_, shown, _) = parts(&page).unwrap();
        let right = source.table();
        assert!(
            shown == right,
            "ARCHITECTURE.md shows another table; `cargo xtask architecture` writes this one:\n\n{right}"
        );
    }

    #[test]
    fn imports_point_down_and_form_no_circle() {
        let broken = Source::read(&root()).unwrap().broken_rules();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    #[test]
    fn an_import_upwards_is_found_wherever_it_is_written() {
        let s = source(&[
            ("crates/ease-grid/src/lib.rs", "pub mod crs; // use loam_nn::x;"),
            ("crates/ease-grid/src/crs.rs", "fn f() { let s = \"loam_nn::x\"; smap_files::open(s) }"),
            (
                "crates/smap-files/src/lib.rs",
                "use ease_grid::{crs::Crs, Grid}; #[cfg(doc)] use loam_core::y; #[cfg(test)] mod tests { use loam_core::x; }",
            ),
            ("src/lib.rs", "pub mod ui; pub mod worker;"),
            ("src/ui/mod.rs", "use crate::{worker::{self, Host}};"),
            ("src/worker/mod.rs", ""),
        ]);
        let arrows: Vec<_> = s.arrows().into_keys().collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            arrows,
            [pair("ease-grid", "smap-files"), pair("smap-files", "ease-grid"), pair("ui", "worker")]
        );
        assert_eq!(s.broken_rules().len(), 2 + KNOWN_CIRCLES.len(), "{:?}", s.broken_rules());
    }

    #[test]
    fn a_circle_is_found_through_a_re_export() {
        let s = source(&[
            ("crates/loam-core/src/lib.rs", "mod a; mod b; mod c; pub use b::B;"),
            ("crates/loam-core/src/a.rs", "use super::B; use crate::c;"),
            ("crates/loam-core/src/b.rs", "fn f<'a>(x: &'a crate::a::A) -> char { 'x' }"),
            ("crates/loam-core/src/c/mod.rs", "mod d; use d::D;"),
            ("crates/loam-core/src/c/d.rs", "use super::C; use std::fmt;"),
        ]);
        assert_eq!(s.circles(), [["crates/loam-core/src/a.rs", "crates/loam-core/src/b.rs"]]);
    }
}
