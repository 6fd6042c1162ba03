//! Reads stations from files, archives and folders in steps of a fraction of a second, so that whoever drives it can show progress, let others work
//! and stop in between: a cancel is a [`Reader`] that is dropped.

use std::collections::{BTreeMap, VecDeque};

use smap_files::archive::{self, Member};
use smap_files::{SharedSource, read_all};

use crate::ismn::{Table, tables};
use crate::lines::Lines;
use crate::stations::{LeftOut, Stations};
use crate::{StationError, sensor::Surroundings};

/// Archives are opened in archives so many times.
const DEEPEST: usize = 3;

/// Files waiting, the one being read, what is read.
#[derive(Default)]
pub struct Reader {
    waiting: VecDeque<Input>,
    current: Option<Current>,
    done: u64,
    total: u64,
    read: Stations,
    /// By folder.
    surroundings: BTreeMap<String, Surroundings>,
    classes: Vec<tables::Class>,
}

/// A file to read.
struct Input {
    /// In its archive or folder.
    path: String,
    /// As messages name it.
    shown: String,
    bytes: u64,
    place: Place,
}

enum Place {
    Source(SharedSource),
    Member(Box<Member>),
}

struct Current {
    shown: String,
    bytes: u64,
    lines: Lines,
    table: Table,
}

/// How far a [`Reader`] is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Bytes of text read.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// The file being read.
    pub file: String,
}

/// What a file is by its name: its content decides the rest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Values,
    Static,
    Classes,
    Other,
}

/// Whether a file belongs to a folder of stations, by its name: values, a station's variables, classes of sensors.
#[must_use]
pub fn is_part(path: &str) -> bool {
    kind(path) != Kind::Other
}

/// Whether a file holds values of a station, by its name.
pub(crate) fn holds_values(path: &str) -> bool {
    kind(path) == Kind::Values
}

fn kind(path: &str) -> Kind {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    // Leavings of macOS: `__MACOSX/._x.stm`.
    if name.starts_with("._") || path.split(['/', '\\']).any(|part| part == "__MACOSX") {
        Kind::Other
    } else if name.ends_with(".stm") {
        Kind::Values
    } else if name.ends_with("static_variables.csv") {
        Kind::Static
    } else if name == "frm_classification.csv" {
        Kind::Classes
    } else {
        Kind::Other
    }
}

/// Whether a member of an archive is an archive by its name.
fn is_zip(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".zip")
}

/// Whether an archive holds values of stations, or an archive of it does.
pub(crate) fn archive_holds_values(members: &[Member], depth: usize) -> bool {
    let nested = |member: &Member| {
        let inside = |source: SharedSource| archive::all_members(&source).ok().flatten();
        member.source().ok().and_then(inside).is_some_and(|inside| archive_holds_values(&inside, depth + 1))
    };
    members.iter().any(|member| holds_values(member.path()))
        || depth < DEEPEST && members.iter().any(|member| is_zip(member.path()) && nested(member))
}

fn folder(path: &str) -> &str {
    path.rfind(['/', '\\']).map_or("", |end| &path[..end])
}

impl Reader {
    /// With nothing to read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file: a zip archive with all its members, also those of archives in it, or a table. `path` is its place in the folder that the user named, such as
    /// `NETWORK/STATION/file.stm`, or its name alone.
    ///
    /// # Errors
    /// [`StationError::Archive`] for a damaged archive, [`StationError::NoTable`] for one without a station.
    pub fn add(&mut self, path: &str, source: SharedSource) -> Result<(), StationError> {
        let Some(members) = archive::all_members(&source)? else {
            let bytes = source.len();
            self.wait(Input {
                path: path.to_owned(),
                shown: path.to_owned(),
                bytes,
                place: Place::Source(source),
            });
            return Ok(());
        };
        if self.add_members(path, members, 0) {
            Ok(())
        } else {
            Err(StationError::NoTable("a zip archive without a file of the ISMN".to_owned()))
        }
    }

    /// Adds the members of an archive. Whether it held values, or one that cannot be opened and may.
    fn add_members(&mut self, path: &str, members: Vec<Member>, depth: usize) -> bool {
        let mut any = members.iter().any(|member| holds_values(member.path()));
        for member in members {
            let shown = format!("{path}/{}", member.path());
            if is_zip(member.path()) && depth < DEEPEST {
                match member.source().and_then(|source| archive::all_members(&source)) {
                    Ok(Some(inside)) => any |= self.add_members(&shown, inside, depth + 1),
                    Ok(None) => {}
                    Err(error) => {
                        any = true;
                        self.left_out(shown, &error.into());
                    }
                }
            } else if is_part(member.path()) {
                self.wait(Input {
                    path: member.path().to_owned(),
                    shown,
                    bytes: member.bytes(),
                    place: Place::Member(Box::new(member)),
                });
            }
        }
        any
    }

    /// Adds a file, archive or folder of the disk, folders with all that is in them. Files of a folder that are no stations' are passed over.
    ///
    /// # Errors
    /// As [`Reader::add`]; [`StationError::Io`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn add_path(&mut self, path: &std::path::Path) -> Result<(), StationError> {
        if !path.is_dir() {
            let source = std::sync::Arc::new(smap_files::PathSource::open(path)?);
            let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            return self.add(&name, source);
        }
        let before = self.waiting.len();
        let mut folders = vec![path.to_owned()];
        while let Some(inside) = folders.pop() {
            let mut entries: Vec<_> = std::fs::read_dir(&inside)?
                .collect::<Result<Vec<_>, _>>()?
                .iter()
                .map(|e| e.path())
                .collect();
            entries.sort();
            // In order of their names, as archives list them: the one pushed last is next.
            let inside = entries.iter().rev().filter(|entry| entry.is_dir() && !entry.is_symlink());
            folders.extend(inside.cloned());
            for entry in entries.iter().filter(|entry| !entry.is_dir()) {
                let relative = entry.strip_prefix(path).unwrap_or(entry);
                let text = relative.to_string_lossy().replace('\\', "/");
                if !is_zip(&text) && !is_part(&text) {
                    continue;
                }
                let added = smap_files::PathSource::open(entry)
                    .map_err(StationError::Io)
                    .and_then(|source| self.add(&text, std::sync::Arc::new(source)));
                if let Err(error) = added {
                    self.read.left_out.push(LeftOut { file: text, why: error.to_string() });
                }
            }
        }
        if self.waiting.len() == before && self.read.left_out.is_empty() {
            return Err(StationError::NoTable("a folder without a file of the ISMN".to_owned()));
        }
        Ok(())
    }

    fn wait(&mut self, input: Input) {
        self.total += input.bytes;
        // The small tables first: what they say belongs to the sensors.
        if matches!(kind(&input.path), Kind::Static | Kind::Classes) {
            self.waiting.push_front(input);
        } else {
            self.waiting.push_back(input);
        }
    }

    /// Reads about half a megabyte of text on (a deflated member is unpacked whole when its turn comes). `None` once all is read.
    ///
    /// A file that cannot be read is listed in [`Stations::left_out`] with the reason; the others are read.
    pub fn step(&mut self) -> Option<Progress> {
        if let Some(current) = &mut self.current {
            let Current { lines, table, .. } = current;
            let (before, going) = (lines.done(), lines.step(&mut |number, line| table.line(number, line)));
            self.done += lines.done() - before;
            let progress = self.progress();
            match going {
                Ok(true) => {}
                Ok(false) => self.finished(None),
                Err(error) => self.finished(Some(error)),
            }
            return Some(progress);
        }
        let input = self.waiting.pop_front()?;
        self.start(input);
        Some(self.progress())
    }

    fn progress(&self) -> Progress {
        let file = self.current.as_ref().map_or_else(String::new, |current| current.shown.clone());
        Progress { done: self.done, total: self.total, file }
    }

    fn start(&mut self, input: Input) {
        let Input { path, shown, bytes, place } = input;
        let opened = match place {
            Place::Source(source) => Ok(source),
            Place::Member(member) => member.source().map_err(StationError::Archive),
        };
        let small = matches!(kind(&path), Kind::Static | Kind::Classes);
        let source = match opened {
            Ok(source) if small => {
                self.done += bytes;
                let text = if bytes > tables::LARGEST {
                    Err(StationError::NoTable("too long for a station's own table".to_owned()))
                } else {
                    read_all(source.as_ref()).map_err(StationError::Io)
                };
                match text {
                    Ok(text) if kind(&path) == Kind::Static => {
                        self.surroundings.insert(folder(&shown).to_owned(), tables::surroundings(&text));
                    }
                    Ok(text) => self.classes.extend(tables::classes(&text)),
                    Err(error) => self.left_out(shown, &error),
                }
                return;
            }
            Ok(source) => source,
            Err(error) => {
                self.done += bytes;
                return self.left_out(shown, &error);
            }
        };
        let table = Table::new(&path);
        self.current = Some(Current { shown, bytes, lines: Lines::new(source), table });
    }

    fn left_out(&mut self, file: String, error: &StationError) {
        self.read.left_out.push(LeftOut { file, why: error.to_string() });
    }

    fn finished(&mut self, error: Option<StationError>) {
        let Some(Current { shown, bytes, lines, table }) = self.current.take() else { return };
        // What was not read of a refused file counts as done.
        self.done += bytes.saturating_sub(lines.done());
        drop(lines);
        match error.map_or_else(|| table.finish(), Err) {
            Ok(sensors) => {
                for mut sensor in sensors {
                    sensor.surroundings = self.surroundings.get(folder(&shown)).cloned().unwrap_or_default();
                    sensor.file.clone_from(&shown);
                    self.read.insert(sensor);
                }
            }
            Err(error) => self.left_out(shown, &error),
        }
    }

    /// All that was read so far.
    #[must_use]
    pub fn finish(self) -> Stations {
        let mut read = self.read;
        for sensor in &mut read.sensors {
            let class = self.classes.iter().find(|class| class.is_of(sensor));
            sensor.surroundings.frm_class = class.map(|class| class.class().to_owned());
        }
        read
    }

    /// Reads all without pause.
    #[must_use]
    pub fn read(mut self) -> Stations {
        while self.step().is_some() {}
        self.finish()
    }
}
