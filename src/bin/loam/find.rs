//! Files named on the command line: paths, folders with all that is in them, patterns in quotes, archives with their members.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use smap_files::archive::{self, Member};
use smap_files::companion::{self, Beside, Passed};
use smap_files::{PathSource, SharedSource, with_beside};

/// A file to open.
pub struct Found {
    /// As messages name it: its path; of a member the archive's path and its own.
    pub path: String,
    /// As the file list names it: its name; of a member the archive's name and its path.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Named itself, not found in a folder, by a pattern or in an archive.
    pub named: bool,
    /// Which of the paths it was found by, from 0.
    pub from: usize,
    place: Place,
}

enum Place {
    Path(PathBuf),
    Member(Box<Member>),
    /// It cannot be opened, and why.
    Nowhere(String),
}

impl Found {
    /// Its bytes.
    ///
    /// # Errors
    /// A sentence.
    pub fn source(&self) -> Result<SharedSource, String> {
        match &self.place {
            Place::Path(path) => of_path(path),
            Place::Member(member) => member.source().map_err(|error| error.to_string()),
            Place::Nowhere(why) => Err(why.clone()),
        }
    }
}

fn of_path(path: &Path) -> Result<SharedSource, String> {
    let open = |path: &Path| {
        PathSource::open(path)
            .map(|source| Arc::new(source) as SharedSource)
            .map_err(|e| format!("the file cannot be opened ({e}): check the path"))
    };
    let source = open(path)?;
    // What GDAL keeps beside the file counts wherever it lies there, named or not.
    let beside = |what: Beside| what.name(&path.to_string_lossy()).map(PathBuf::from).filter(|p| p.exists());
    Beside::ALL.into_iter().try_fold(source, |source, what| match beside(what) {
        Some(file) => Ok(with_beside(source, what, open(&file)?)),
        None => Ok(source),
    })
}

/// All files that `paths` stand for, in the order named, each folder's and pattern's in order of their names. Companions beside data are
/// left out and counted.
///
/// # Errors
/// A sentence: a folder that cannot be read, a pattern that no file fits.
pub fn find(paths: &[PathBuf], passed: &mut Passed) -> Result<Vec<Found>, String> {
    let mut all = Vec::new();
    for (from, path) in paths.iter().enumerate() {
        let first = all.len();
        let text = path.to_string_lossy();
        if path.is_dir() {
            walk(path, &mut all)?;
        } else if !path.exists() && text.contains(['*', '?', '[']) {
            let wrong = |why: String| format!("the pattern \"{text}\" cannot be used: {why}");
            for fitting in glob::glob(&text).map_err(|e| wrong(e.to_string()))? {
                let fitting = fitting.map_err(|e| wrong(e.to_string()))?;
                if fitting.is_dir() { walk(&fitting, &mut all)? } else { expand(&fitting, false, &mut all) }
            }
            if all.len() == first {
                return Err(format!("no file fits the pattern \"{text}\": check the folder and the ending"));
            }
        } else {
            expand(path, true, &mut all);
        }
        all[first..].iter_mut().for_each(|found| found.from = from);
    }
    let companions = companion::among(&all.iter().map(|found| found.path.as_str()).collect::<Vec<_>>());
    let mut kept = Vec::with_capacity(all.len());
    for (found, companion) in all.into_iter().zip(companions) {
        if companion {
            passed.add(&found.path);
        } else {
            kept.push(found);
        }
    }
    Ok(kept)
}

/// The files of a folder and of those in it. Folders behind links are not followed, since they may lead back.
fn walk(folder: &Path, all: &mut Vec<Found>) -> Result<(), String> {
    let wrong = |e: std::io::Error| format!("the folder {} cannot be read ({e})", folder.display());
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        inside.push(entry.map_err(wrong)?.path());
    }
    inside.sort();
    for path in inside {
        if !path.is_dir() {
            expand(&path, false, all);
        } else if path.is_symlink() {
            eprintln!("left out: {}: a link to a folder; name the folder itself", path.display());
        } else {
            walk(&path, all)?;
        }
    }
    Ok(())
}

/// A file, or the members of an archive.
fn expand(path: &Path, named: bool, all: &mut Vec<Found>) {
    let text = path.display().to_string();
    let name = path.file_name().map_or_else(|| text.clone(), |n| n.to_string_lossy().into_owned());
    let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    let listed =
        of_path(path).and_then(|source| archive::members(&source).map_err(|error| error.to_string()));
    match listed {
        Ok(Some(members)) => all.extend(members.into_iter().map(|member| Found {
            path: format!("{text}/{}", member.path()),
            name: format!("{name}/{}", member.path()),
            bytes: member.bytes(),
            named: false,
            from: 0,
            place: Place::Member(Box::new(member)),
        })),
        Ok(None) => {
            all.push(Found { path: text, name, bytes, named, from: 0, place: Place::Path(path.to_owned()) });
        }
        Err(why) => all.push(Found { path: text, name, bytes, named, from: 0, place: Place::Nowhere(why) }),
    }
}
