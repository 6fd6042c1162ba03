//! Zip archives, opened in place: each member is a [`Source`] of its own.
//!
//! A stored member is a range of the archive. A deflated one is inflated into memory when it is opened; of all that were inflated the ones
//! used last are kept, up to `LARGEST` bytes together, and the others inflated again when they are read again.
//!
//! An archive among the members is opened too: its members stand for it, under its path and theirs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::companion::{self, Beside};
use crate::sniff::{Archive, archive_kind};
use crate::{BytesSource, ReadError, SharedSource, Source, with_beside, zip_members};

/// Bytes of the largest member that is inflated, and of all that are kept: half a gigabyte where addresses have 32 bits.
const LARGEST: u64 = if cfg!(target_pointer_width = "32") { 512 << 20 } else { 2048 << 20 };
/// Deflate makes at most 1,032 bytes of one.
const HIGHEST_RATIO: u64 = 1032;
/// Bytes of the archive read at once.
const CHUNK: u64 = 1 << 20;
const UNPACK: &str = "unpack the archive and open the file itself";
/// Archives are opened in archives so many times: a mail's archive of an order's archives of scenes.
const DEEPEST: usize = 2;
/// Bytes that an archive in an archive counts for at least: its list has to be read, and many may name the same bytes.
const LIST_COSTS: u64 = 256 << 10;
/// Members listed at most, of all archives together.
const LISTED: usize = 100_000;

/// A file inside a zip archive.
#[derive(Clone)]
pub struct Member {
    archive: SharedSource,
    entry: zip_members::Member,
    /// An archive that is not looked into, and why.
    closed: Option<&'static str>,
    /// What GDAL keeps of it beside it in the archive.
    beside: Vec<(Beside, zip_members::Member)>,
    /// Its path, those of the archives around it before its own.
    path: String,
}

/// The files inside a zip archive, in the order of its own list; folders are left out. `None` for a file that is no archive, and for one that
/// [`open`](crate::open) has a sentence on as a whole: Sentinel-1 SAFE, stations, weights, or nothing inside that could be read.
///
/// Reads the archive's list at its end, and of the members the archives alone, to list what is in them: at most so many bytes are unpacked
/// for that as for the largest member. Archives deeper than two in this one are members that have a sentence.
///
/// # Errors
/// [`ReadError::Damaged`] where the list is missing (the archive is cut off); [`ReadError::Io`].
pub fn members(source: &SharedSource) -> Result<Option<Vec<Member>>, ReadError> {
    let head = zip_members::read(source.as_ref(), 0, 1024)?;
    if !head.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    let listed = zip_members::members(source.as_ref())?;
    match archive_kind(source.name(), &head, &listed) {
        Archive::Files => {}
        Archive::Other if listed.is_empty() => {}
        _ => return Ok(None),
    }
    let mut found = Vec::new();
    let mut budget = LARGEST;
    add(files_of(source, listed, None)?, 0, &mut budget, &mut found);
    Ok(Some(found))
}

/// Members, those of an archive among them in its place where it is one of files.
fn add(members: Vec<Member>, depth: usize, budget: &mut u64, found: &mut Vec<Member>) {
    for mut member in members {
        let is_archive = member.entry.name.to_ascii_lowercase().ends_with(".zip");
        let unpacked = if member.entry.method == 0 { 0 } else { member.entry.size }.max(LIST_COSTS);
        if is_archive && depth == DEEPEST {
            member.closed =
                Some("it is an archive in an archive in an archive, which Loam does not look into");
        } else if is_archive && (unpacked > *budget || found.len() >= LISTED) {
            member.closed = Some("the archives in this archive are too large to be unpacked all at once");
        } else if is_archive {
            *budget -= unpacked;
            let inside = member.source().ok().and_then(|source| files_inside(&source, &member.path));
            if let Some(inside) = inside {
                add(inside, depth + 1, budget, found);
                continue;
            }
        }
        found.push(member);
    }
}

/// The members of an archive in an archive, of which some may be read; else it has a sentence of its own when it is opened.
fn files_inside(source: &SharedSource, path: &str) -> Option<Vec<Member>> {
    let head = zip_members::read(source.as_ref(), 0, 1024).ok()?;
    let listed = zip_members::members(source.as_ref()).ok()?;
    let is_of_files =
        head.starts_with(b"PK\x03\x04") && archive_kind(source.name(), &head, &listed) == Archive::Files;
    if is_of_files { files_of(source, listed, Some(path)).ok() } else { None }
}

/// The files inside any zip archive, whatever they are of: for readers of other formats, such as tables of stations. `None` for a file that
/// is no zip archive.
///
/// # Errors
/// As [`members`].
pub fn all_members(source: &SharedSource) -> Result<Option<Vec<Member>>, ReadError> {
    if !zip_members::read(source.as_ref(), 0, 4)?.starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    files_of(source, zip_members::members(source.as_ref())?, None).map(Some)
}

fn files_of(
    source: &SharedSource,
    listed: Vec<zip_members::Member>,
    within: Option<&str>,
) -> Result<Vec<Member>, ReadError> {
    if zip_members::directory(source.as_ref())?.is_empty() {
        return Err(ReadError::Damaged {
            format: "zip",
            detail: "the list of what is in it, which stands at its end, is missing".to_owned(),
            remedy: "the download was probably interrupted; download it again".to_owned(),
        });
    }
    let mut beside: HashMap<String, Vec<(Beside, zip_members::Member)>> = HashMap::new();
    for entry in &listed {
        if let Some((what, of)) = companion::of_tiff(&entry.name) {
            beside.entry(of.to_ascii_lowercase()).or_default().push((what, entry.clone()));
        }
    }
    let files = listed.into_iter().filter(|entry| !entry.name.ends_with(['/', '\\']));
    let member = |entry: zip_members::Member| {
        let beside = beside.get(&entry.name.to_ascii_lowercase()).cloned().unwrap_or_default();
        let path = within.map_or_else(|| entry.name.clone(), |within| format!("{within}/{}", entry.name));
        Member { archive: source.clone(), entry, path, closed: None, beside }
    };
    Ok(files.map(member).collect())
}

impl Member {
    /// Its path in the archive, as the archive gives it; of a member of an archive in it that one's path and its own. It is a name alone:
    /// nothing is ever written to it, so `..` in it does no harm.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes of the file itself, as the archive says.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entry.size
    }

    /// The member as a file, under the last part of its path, with what GDAL keeps beside it where the archive holds that
    /// ([`crate::with_beside`]).
    ///
    /// # Errors
    /// [`ReadError::Unsuitable`] for encrypted members, archives that lie too deep and compressions other than deflate; [`ReadError::TooLarge`] for deflated members
    /// above 2 GB (512 MB in 32-bit programs); [`ReadError::CutOff`] and [`ReadError::Damaged`] for archives that are; [`ReadError::Io`].
    pub fn source(&self) -> Result<SharedSource, ReadError> {
        let mut source = self.alone()?;
        for (what, entry) in &self.beside {
            let file = Self { entry: entry.clone(), beside: Vec::new(), ..self.clone() };
            let file = match (file.alone(), what) {
                // What cannot be read is said not to count: most of these hold statistics alone.
                (Err(_), Beside::Auxiliary | Beside::RetrievalFlag) => {
                    Arc::new(BytesSource::new(entry.name.clone(), Vec::new()))
                }
                (file, _) => file?,
            };
            source = with_beside(source, *what, file);
        }
        Ok(source)
    }

    fn alone(&self) -> Result<SharedSource, ReadError> {
        let Member { archive, entry, .. } = self;
        if let Some(why) = self.closed {
            return Err(ReadError::Unsuitable {
                what: why.to_owned(),
                remedy: "unpack the outer archive and open the inner ones".to_owned(),
            });
        }
        if entry.flags & 1 != 0 || entry.method == 99 {
            return Err(ReadError::Unsuitable {
                what: "it is encrypted in its archive".to_owned(),
                remedy: "unpack the archive with its password and open the file itself".to_owned(),
            });
        }
        let Some(start) = zip_members::data(archive.as_ref(), entry)? else {
            return Err(damaged("its header is not where the archive's list says"));
        };
        let needs = start.saturating_add(entry.packed);
        if needs > archive.len() {
            return Err(ReadError::CutOff { has: archive.len(), needs, at_least: true });
        }
        let name = entry.name.rsplit(['/', '\\']).next().unwrap_or(&entry.name).to_owned();
        match entry.method {
            0 => Ok(Arc::new(Stored { name, archive: archive.clone(), start, length: entry.packed })),
            8 => {
                if entry.size > LARGEST {
                    return Err(ReadError::TooLarge {
                        what: "unpacking it from its archive".to_owned(),
                        needed_mb: entry.size >> 20,
                        limit_mb: LARGEST >> 20,
                        remedy: UNPACK.to_owned(),
                    });
                }
                if entry.size > entry.packed.saturating_mul(HIGHEST_RATIO) {
                    return Err(damaged("it is said to be larger than its bytes can unpack to"));
                }
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let member = Deflated { number, name, archive: archive.clone(), start, entry: entry.clone() };
                // Now, so that a damaged member is refused as one.
                member.inflated().map_err(|error| match error.kind() {
                    std::io::ErrorKind::InvalidData => damaged(&error.to_string()),
                    _ => ReadError::Io(error),
                })?;
                Ok(Arc::new(member))
            }
            other => Err(ReadError::Unsuitable {
                what: format!(
                    "it is compressed in its archive in a way that Loam does not know ({})",
                    method(other)
                ),
                remedy: UNPACK.to_owned(),
            }),
        }
    }
}

fn damaged(detail: &str) -> ReadError {
    ReadError::Damaged {
        format: "zip",
        detail: detail.to_owned(),
        remedy: "download the archive again".to_owned(),
    }
}

fn method(number: u16) -> String {
    match number {
        9 => "Deflate64".to_owned(),
        12 => "bzip2".to_owned(),
        14 => "LZMA".to_owned(),
        93 => "Zstandard".to_owned(),
        95 => "XZ".to_owned(),
        other => format!("method {other}"),
    }
}

/// A part of the archive.
struct Stored {
    name: String,
    archive: SharedSource,
    start: u64,
    length: u64,
}

fn past_the_end() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the file in the archive is cut off")
}

impl Source for Stored {
    fn name(&self) -> &str {
        &self.name
    }
    fn len(&self) -> u64 {
        self.length
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.length) {
            return Err(past_the_end());
        }
        self.archive.read_at(self.start + offset, buffer)
    }
}

/// Numbers of deflated members, for [`KEPT`].
static NEXT: AtomicU64 = AtomicU64::new(0);
/// What is inflated, by number; the one used last at the end.
static KEPT: Mutex<Vec<(u64, Arc<Vec<u8>>)>> = Mutex::new(Vec::new());

/// A member whose bytes are made when they are asked for.
struct Deflated {
    number: u64,
    name: String,
    archive: SharedSource,
    start: u64,
    entry: zip_members::Member,
}

impl Deflated {
    /// Its bytes. `InvalidData` where the archive is damaged.
    fn inflated(&self) -> std::io::Result<Arc<Vec<u8>>> {
        {
            let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = kept.iter().position(|(number, _)| *number == self.number) {
                let found = kept.remove(place);
                let bytes = found.1.clone();
                kept.push(found);
                return Ok(bytes);
            }
            // Room first: two of the largest at once would be more than the bound.
            let mut held: u64 = kept.iter().map(|(_, bytes)| bytes.len() as u64).sum();
            while held > LARGEST - self.entry.size.min(LARGEST) && !kept.is_empty() {
                held -= kept.remove(0).1.len() as u64;
            }
        }
        let bytes = Arc::new(inflate(self.archive.as_ref(), self.start, &self.entry)?);
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).push((self.number, bytes.clone()));
        Ok(bytes)
    }
}

impl Drop for Deflated {
    fn drop(&mut self) {
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).retain(|(number, _)| *number != self.number);
    }
}

impl Source for Deflated {
    fn name(&self) -> &str {
        &self.name
    }
    fn len(&self) -> u64 {
        self.entry.size
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        let bytes = self.inflated()?;
        let start = usize::try_from(offset).map_err(|_| past_the_end())?;
        let part = start.checked_add(buffer.len()).and_then(|end| bytes.get(start..end));
        buffer.copy_from_slice(part.ok_or_else(past_the_end)?);
        Ok(())
    }
}

/// The bytes of a deflated member: as many as the archive says, with the checksum it says. Never more, whatever the stream holds.
fn inflate(archive: &dyn Source, start: u64, entry: &zip_members::Member) -> std::io::Result<Vec<u8>> {
    let invalid = |why: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, why.to_owned());
    let size = usize::try_from(entry.size).map_err(std::io::Error::other)?;
    let mut bytes = Vec::new();
    // One more, so that the stream's end is reached where it holds what it should, and a longer one is noticed.
    bytes.try_reserve_exact(size + 1).map_err(|_| {
        std::io::Error::new(std::io::ErrorKind::OutOfMemory, "there is not enough memory to unpack it")
    })?;
    let mut stream = Decompress::new(false);
    let (mut at, mut ended) = (0, false);
    while at < entry.packed && !ended {
        let chunk = zip_members::read(archive, start + at, CHUNK.min(entry.packed - at))?;
        let mut rest = chunk.as_slice();
        while !rest.is_empty() && !ended {
            let (taken, made) = (stream.total_in(), bytes.len());
            let status = stream
                .decompress_vec(rest, &mut bytes, FlushDecompress::None)
                .map_err(|error| invalid(&format!("it cannot be unpacked: {error}")))?;
            let taken = usize::try_from(stream.total_in() - taken).map_err(std::io::Error::other)?;
            rest = rest.get(taken..).unwrap_or_default();
            ended = status == Status::StreamEnd;
            if bytes.len() > size || (taken == 0 && bytes.len() == made && !ended) {
                return Err(invalid("it unpacks to more bytes than the archive says"));
            }
        }
        at += chunk.len() as u64;
    }
    let mut checksum = Crc::new();
    checksum.update(&bytes);
    if !ended || bytes.len() != size || checksum.sum() != entry.crc {
        return Err(invalid("its bytes are not those that the archive's checksum is of"));
    }
    Ok(bytes)
}
