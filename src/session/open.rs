//! A source becomes a library entry, or a refusal that stays listed.

use std::sync::Arc;

use super::extent::extent;
use crate::protocol::{FileReport, FileTicket, FoundMember, SetAside};
use ease_grid::{Grid, Resolution};
use ground_stations::is_part;
use loam_core::export::bundle::{FORMAT, MANIFEST};
use loam_core::file::{Correction, Usage};
use loam_core::stack::{Content, Entry, Library};
use smap_files::archive::{self, Member};
use smap_files::companion::Beside;
use smap_files::{self as read, Granule, ReadOptions, Role, SharedSource, Variable, companion};

/// Said of simulated scenes beside observed files.
pub const MIXED: &str = "Not used: simulated scenes are never mixed with observed files. Take the observed files out to use these.";
/// Names of a stack's layers that are listed.
const MOST_NAMES: usize = 4;
/// Bytes of a manifest in which its format stands.
const HEAD: usize = 256;
/// Arrays listed for a file of unknown product.
const MOST_ARRAYS: usize = 200;

/// Reads a file's structure. Never fails as a whole: a refusal is part of the report.
///
/// # Errors
/// The report of a refused file.
pub async fn open(ticket: &FileTicket, source: SharedSource) -> Result<Entry, Box<FileReport>> {
    entry(ticket, source).map_err(|error| refusal(ticket, error.to_string()))
}

fn entry(ticket: &FileTicket, source: SharedSource) -> Result<Entry, read::ReadError> {
    let content = Content::File(Box::new(read::open(source)?));
    let mut entry =
        Entry { id: ticket.id, name: ticket.name.clone(), content, correction: Correction::default() };
    if let Err(error) = entry.correct(ticket.correction.clone())
        && let Content::File(granule) = &mut entry.content
    {
        granule.problems.push(read::Problem { text: error.to_string() });
    }
    Ok(entry)
}

fn refusal(ticket: &FileTicket, why: String) -> Box<FileReport> {
    let blank = FileReport::blank(ticket.id, &ticket.name, ticket.bytes);
    Box::new(FileReport { refused: Some(why), ..blank })
}

/// What an attachment turned out to be.
pub enum Opened {
    /// A file of the library.
    Entry(Box<Entry>),
    /// A file that stays listed with its sentence.
    Refused(Box<FileReport>),
    /// An archive, which its members stand for.
    Archive(SetAside),
    /// A file of stations, or a table that may be of one: then with what it is otherwise.
    Stations(SharedSource, Option<Box<FileReport>>),
}

/// Opens files and members of archives. The list of the archive read last is kept: a thousand members in a row ask for one.
#[derive(Default)]
pub struct Opener {
    last: Option<(SharedSource, Vec<Member>)>,
}

impl Opener {
    /// Opens what a ticket is of. An archive is listed, not opened.
    pub async fn open(&mut self, ticket: &FileTicket, source: SharedSource) -> Opened {
        let members = match self.members(&source) {
            Ok(members) => members,
            Err(error) => return Opened::Refused(refusal(ticket, error.to_string())),
        };
        let source = match (&ticket.member, members) {
            (None, None) => source,
            (None, Some(members)) if is_bundle(members) => {
                return Opened::Archive(SetAside {
                    files: vec![ticket.id],
                    bundle: true,
                    ..SetAside::default()
                });
            }
            (None, Some(members)) => return Opened::Archive(listed(ticket, members)),
            (Some(path), members) => {
                let found = members.and_then(|members| members.iter().find(|m| m.path() == path));
                let opened = found.map(Member::source);
                match opened {
                    Some(Ok(source)) => source,
                    Some(Err(error)) => return Opened::Refused(refusal(ticket, error.to_string())),
                    None => {
                        let why = "the archive holds it no longer: open the archive again.";
                        return Opened::Refused(refusal(ticket, why.to_owned()));
                    }
                }
            }
        };
        if is_part(&ticket.name) {
            return Opened::Stations(source, None);
        }
        match entry(ticket, source.clone()) {
            Ok(entry) => Opened::Entry(Box::new(entry)),
            Err(error) if error.is_of_stations() => Opened::Stations(source, None),
            // A logger's own table says so only to who reads all of its head.
            Err(error) if ticket.name.to_ascii_lowercase().ends_with(".csv") => {
                Opened::Stations(source, Some(refusal(ticket, error.to_string())))
            }
            Err(error) => Opened::Refused(refusal(ticket, error.to_string())),
        }
    }

    fn members(&mut self, source: &SharedSource) -> Result<Option<&[Member]>, read::ReadError> {
        if !self.last.as_ref().is_some_and(|(last, _)| Arc::ptr_eq(last, source)) {
            self.last = archive::members(source)?.map(|members| (source.clone(), members));
        }
        Ok(self.last.as_ref().map(|(_, members)| members.as_slice()))
    }
}

/// A manifest that begins as those of Loam's bundles do; whether it is sound is found out when it is read.
fn is_bundle(members: &[Member]) -> bool {
    let Some(manifest) = members.iter().find(|member| member.path() == MANIFEST) else { return false };
    let Ok(source) = manifest.source() else { return false };
    let mut head = vec![0; usize::try_from(source.len()).unwrap_or(HEAD).min(HEAD)];
    source.read_at(0, &mut head).is_ok() && String::from_utf8_lossy(&head).contains(FORMAT)
}

/// Members of an archive, without the companions of the others.
fn listed(ticket: &FileTicket, members: &[Member]) -> SetAside {
    let companions = companion::among(&members.iter().map(Member::path).collect::<Vec<_>>());
    let mut passed = companion::Passed::default();
    let mut found = Vec::new();
    for (member, companion) in members.iter().zip(companions) {
        if companion {
            passed.add(member.path());
        } else {
            let (name, path) = (format!("{}/{}", ticket.name, member.path()), member.path().to_owned());
            found.push(FoundMember { archive: ticket.id, name, path, bytes: member.bytes() });
        }
    }
    let said = passed.text().map(|text| format!("{}: {text}", ticket.name));
    SetAside { files: vec![ticket.id], members: found, said, bundle: false }
}

/// Files among several that are companions of the others. What GDAL keeps beside a TIFF stays in the list where it counts (`counts` is asked of
/// the n-th): a worker that starts again reads it again.
#[must_use]
pub fn companions(tickets: &[FileTicket], counts: impl Fn(usize) -> bool) -> SetAside {
    let names: Vec<&str> = tickets.iter().map(|t| t.name.as_str()).collect();
    let mut passed = companion::Passed::default();
    let mut files = Vec::new();
    for (n, (ticket, companion)) in tickets.iter().zip(companion::among(&names)).enumerate() {
        let stays = || match companion::of_tiff(&ticket.name) {
            Some((Beside::Mask | Beside::RetrievalFlag, _)) => true,
            Some((Beside::Auxiliary, _)) => counts(n),
            None => false,
        };
        if companion && !stays() {
            passed.add(&ticket.name);
            files.push(ticket.id);
        }
    }
    SetAside { files, said: passed.text(), ..SetAside::default() }
}

/// The row of the file list for an entry.
#[must_use]
pub fn report(library: &Library, entry: &Entry, options: &ReadOptions) -> FileReport {
    let mut report = FileReport {
        usage: Some(entry.usage()),
        date: entry.date(),
        simulated: entry.simulated(),
        superseded_by: library.superseded_by(entry).map(|e| e.name.clone()),
        ..FileReport::blank(entry.id, &entry.name, 0)
    };
    if library.left_out_as_simulated(entry) {
        report.problems.push(MIXED.to_owned());
    }
    match &entry.content {
        Content::File(granule) => describe(&mut report, granule, entry, options),
        Content::Simulated(days) => {
            if let (Some(first), Some(last)) = (days.first(), days.last()) {
                let fine = days.iter().filter(|d| d.fine.is_some()).count();
                let coarse = days.iter().filter(|d| d.coarse.is_some()).count();
                report.grid = Some(format!("{} and {}", Resolution::M36.name(), Resolution::M03.name()));
                report.variable = Some("soil moisture, backscatter".into());
                report.problems.push(format!(
                    "Simulated, not observed: {coarse} days with SMAP, {fine} with a 3 km map, from {} to {}.",
                    first.date, last.date
                ));
            }
        }
    }
    report
}

/// A grid for people: `EASE-Grid 2.0 global 36 km, 964 x 406 cells`.
pub(super) fn grid_text(resolution: Option<Resolution>, grid: &Grid) -> String {
    let system = match (resolution, grid.crs.epsg()) {
        (Some(resolution), _) => resolution.name().to_owned(),
        (None, Some(epsg)) => format!("EPSG:{epsg}"),
        (None, None) => "user-defined system".to_owned(),
    };
    format!("{system}, {} x {} cells", grid.columns, grid.rows)
}

type Numbered<'a> = (usize, &'a Variable);

/// The layers that a file is used for, and whether it has brightness temperature beside them.
fn used_layers<'a>(entry: &Entry, granule: &'a Granule) -> (Vec<Numbered<'a>>, bool) {
    let role = match entry.usage() {
        Usage::Backscatter => Role::BackscatterVv,
        Usage::Temperature => Role::SurfaceTemperature,
        _ => Role::SoilMoisture,
    };
    let of_role = |role| -> Vec<Numbered<'a>> {
        granule.variables.iter().enumerate().filter(|(_, v)| v.role == role && v.grid.is_some()).collect()
    };
    let (mut used, brightness) = (of_role(role), of_role(Role::BrightnessV));
    if used.is_empty() && entry.usage() == Usage::Backscatter {
        used = of_role(Role::BackscatterVh);
    }
    let both = !used.is_empty() && !brightness.is_empty();
    if used.is_empty() && entry.usage() == Usage::Coarse {
        used.clone_from(&brightness);
    }
    (used, both)
}

/// Of the 3 km and 1 km fields of SPL2SMAP_S the 3 km one is used (`stack::series`), so it is the one described.
fn described<'a, 'b>(used: &'b [Numbered<'a>]) -> Option<&'b Numbered<'a>> {
    used.iter().find(|(_, v)| v.resolution == Some(Resolution::M03)).or(used.first())
}

/// The layer that a file's row describes.
pub(super) fn main_layer(entry: &Entry) -> Option<&Variable> {
    let Content::File(granule) = &entry.content else { return None };
    described(&used_layers(entry, granule).0).map(|(_, variable)| *variable)
}

fn describe(report: &mut FileReport, granule: &Granule, entry: &Entry, options: &ReadOptions) {
    report.bytes = granule.bytes;
    report.product = Some(granule.product);
    report.date_origin =
        if entry.correction.date.is_some() { Some(read::DateOrigin::User) } else { granule.date_origin };
    report.orbit = entry.correction.orbit.or(granule.orbit);
    // Once the user says what a layer is, the file's reasons why none is used are no news.
    let given = !granule.given().is_empty();
    let still = |text: &&String| !(given && text.contains("not used"));
    report.problems.extend(granule.problems.iter().map(|p| &p.text).filter(still).cloned());
    report.problems.extend(entry.gives_nothing());
    let (used, both) = used_layers(entry, granule);
    if let Some((index, variable)) = described(&used) {
        let mut names: Vec<&str> = used.iter().map(|(_, v)| v.path.as_str()).collect();
        names.dedup();
        let more = if names.len() > MOST_NAMES {
            format!(" and {} more", names.len() - MOST_NAMES)
        } else {
            String::new()
        };
        names.truncate(MOST_NAMES);
        report.variable = Some(names.join(", ") + &more + if both { " and TB V, H" } else { "" });
        let origin = granule.origin.filter(|origin| !variable.evidence.contains(origin));
        let days = entry.dates();
        report.evidence = [Some(variable.evidence.clone()), origin.map(str::to_owned)]
            .into_iter()
            .flatten()
            .chain(if let [first, .., last] = days.as_slice() {
                Some(format!("{} days from {first} to {last}", days.len()))
            } else {
                None
            })
            .collect::<Vec<_>>()
            .join("; ");
        report.scale = entry.correction.scale.or(variable.scale);
        report.extent = variable.grid.as_ref().and_then(extent);
        report.grid = variable.grid.as_ref().map(|grid| grid_text(variable.resolution, grid));
        match granule.variable_statistics(*index, &ReadOptions { scale: entry.correction.scale, ..*options })
        {
            Ok(statistics) => report.statistics = Some(statistics),
            Err(error) => report.problems.push(error.to_string()),
        }
    }
    if granule.product == read::Product::Unknown {
        report.arrays = granule
            .variables
            .iter()
            .take(MOST_ARRAYS)
            .map(|v| {
                let shape: Vec<String> = v.shape.iter().map(ToString::to_string).collect();
                let of = if v.evidence.is_empty() { String::new() } else { format!(": {}", v.evidence) };
                (v.path.clone(), format!("{} [{}]{of}", v.dtype, shape.join(" x ")))
            })
            .collect();
    }
    if entry.dates().is_empty() && entry.usage() != Usage::Ignored {
        report
            .problems
            .push("No date in the file or its name, so it lies on no time line: enter its date.".into());
    }
}
