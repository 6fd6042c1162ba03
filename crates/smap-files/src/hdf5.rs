//! HDF5 files over a [`Source`]: bounded memory, a flat list of arrays, attributes as text and numbers.
//!
//! Extents in a file are promises, not facts: a kilobyte can declare a petabyte. So every read here is bounded before anything is
//! allocated, groups are walked with a list of those already seen, and arrays are read in slabs of rows.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_reader::error::Error;
use hdf5_reader::storage::RangeRequestStorage;
use hdf5_reader::{Attribute, Dataset, Hdf5File, OpenOptions, SliceInfo, SliceInfoElem};

use super::hdf5_members::{Members, members};
use super::hdf5_number::{Number, is_numeric};
use super::sniff::hdf5_signature;
use super::zip_members::read;
use super::{ReadError, SharedSource, Source};

/// Largest decoded chunk, bytes. SMAP chunks are below 2 MB; one chunk of a whole 9 km grid is 25 MB.
const MAX_CHUNK: usize = 128 << 20;
/// Decoded chunks kept, bytes: more than one of the largest, so that slabs of one chunk decode it once.
const CHUNK_CACHE: usize = 144 << 20;
/// Largest decoded selection of one call, bytes.
const MAX_READ: usize = 256 << 20;
/// Elements of one slab (32 MB as float64).
pub(super) const SLAB: usize = 4 << 20;
/// Elements of one slab where a chunk spans more rows than [`SLAB`] holds: decoding a chunk once is worth this memory.
const LARGEST_SLAB: usize = 16 << 20;
/// Elements of one read (192 MB as float64).
const LARGEST_READ: u64 = 24 << 20;
/// Groups and arrays listed at most. SPL4 granules have about 300; beyond this a file is not for people.
const MAX_OBJECTS: usize = 20_000;

/// An opened file.
pub(super) struct File {
    file: Hdf5File,
    /// Arrays of the groups that were asked for, by the group's path.
    groups: Mutex<Vec<(String, Arc<[Array]>)>>,
}

/// The file opened last, with the source it was opened from. A scan is followed by statistics and pixels of the same file, and its directory is
/// most of the work; one file is kept, because the chunks it holds decoded are many ([`CHUNK_CACHE`]).
static LAST: Mutex<Option<(SharedSource, Arc<File>)>> = Mutex::new(None);

/// An array of the file.
pub(super) struct Array {
    /// Path from the root, with its leading `/`.
    pub path: String,
    /// Shape as stored.
    pub shape: Vec<u64>,
    /// The reader's handle.
    pub dataset: Dataset,
}

/// What a walk over the file found.
pub(super) struct Listing {
    /// Arrays, each object once: of several hard links to one object the shortest path stays.
    pub arrays: Vec<Array>,
    /// Paths of all groups but the root.
    pub groups: Vec<String>,
    /// Sentences on what could not be listed.
    pub problems: Vec<String>,
}

impl File {
    /// Opens a file, or takes the one opened last where it is the same.
    pub fn open(source: &SharedSource) -> Result<Arc<Self>, ReadError> {
        let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = last().as_ref().filter(|(of, _)| Arc::ptr_eq(of, source)) {
            return Ok(Arc::clone(file));
        }
        // Before the next is read: two would hold twice the chunks.
        *last() = None;
        let file = Arc::new(Self::read(source)?);
        *last() = Some((Arc::clone(source), Arc::clone(&file)));
        Ok(file)
    }

    fn read(source: &SharedSource) -> Result<Self, ReadError> {
        check_length(source.as_ref())?;
        let bytes = Arc::clone(source);
        let ranges = RangeRequestStorage::new(source.len(), move |offset, length| {
            let mut buffer = vec![0u8; length];
            bytes.read_at(offset, &mut buffer).map_err(Error::from)?;
            Ok(buffer)
        });
        let options = OpenOptions::default()
            .with_max_chunk_bytes(MAX_CHUNK)
            .with_max_read_bytes(MAX_READ)
            .with_max_object_header_bytes(16 << 20)
            .with_chunk_cache_bytes(CHUNK_CACHE);
        Hdf5File::from_storage_with_options(Arc::new(ranges), options)
            .map(|file| Self { file, groups: Mutex::default() })
            .map_err(|e| damaged(&e))
    }

    /// An array by its path.
    pub fn array(&self, path: &str) -> Result<Array, ReadError> {
        let dataset = self.file.dataset(path).map_err(|e| refused(path, &e))?;
        Ok(Array { path: path.to_owned(), shape: dataset.shape().to_vec(), dataset })
    }

    /// Arrays of one group, under all their names; empty where there is no such group. `""` is the root.
    pub fn arrays_in(&self, path: &str) -> Arc<[Array]> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, arrays)) = groups.iter().find(|(of, _)| of == path) {
            return Arc::clone(arrays);
        }
        let arrays: Arc<[Array]> = self.read_arrays_in(path).into();
        groups.push((path.to_owned(), Arc::clone(&arrays)));
        arrays
    }

    fn read_arrays_in(&self, path: &str) -> Vec<Array> {
        let group = if path.is_empty() { self.file.root_group() } else { self.file.group(path) };
        let datasets = group.and_then(|g| members(&self.file, &g)).unwrap_or_default().datasets;
        let array = |dataset: Dataset| Array {
            path: format!("{path}/{}", dataset.name()),
            shape: dataset.shape().to_vec(),
            dataset,
        };
        datasets.into_iter().map(array).collect()
    }

    /// Attributes of a group; empty where there is no such group or they cannot be read.
    pub fn group_attributes(&self, path: &str) -> Vec<Attribute> {
        let group = if path == "/" { self.file.root_group() } else { self.file.group(path) };
        group.and_then(|g| g.attributes()).unwrap_or_default()
    }

    /// Every group and array.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where not even the root can be listed.
    pub fn list(&self) -> Result<Listing, ReadError> {
        let root = self.file.root_group().map_err(|e| damaged(&e))?;
        let mut listing = Listing { arrays: Vec::new(), groups: Vec::new(), problems: Vec::new() };
        let mut by_address: HashMap<u64, usize> = HashMap::new();
        let mut seen = HashSet::from([root.address()]);
        let mut waiting = vec![(String::new(), root)];
        while let Some((path, group)) = waiting.pop() {
            let Members { groups, datasets, lost } = match members(&self.file, &group) {
                Ok(members) => members,
                Err(e) if path.is_empty() => return Err(damaged(&e)),
                Err(e) => {
                    listing.problems.push(format!(
                        "the group {path} cannot be listed ({e}); its arrays are missing here."
                    ));
                    continue;
                }
            };
            for (name, why) in lost {
                listing
                    .problems
                    .push(format!("{path}/{name} cannot be opened ({why}); the rest of the file is used."));
            }
            for dataset in datasets {
                let array = Array {
                    path: format!("{path}/{}", dataset.name()),
                    shape: dataset.shape().to_vec(),
                    dataset,
                };
                match by_address.get(&array.dataset.address()) {
                    Some(&first) => {
                        // `soil_moisture` rather than its hard link `soil_moisture_dca`.
                        if let Some(old) = listing.arrays.get_mut(first)
                            && array.path.len() < old.path.len()
                        {
                            *old = array;
                        }
                    }
                    None => {
                        by_address.insert(array.dataset.address(), listing.arrays.len());
                        listing.arrays.push(array);
                    }
                }
            }
            // Reversed, so that the first group is the next one popped.
            for child in groups.into_iter().rev() {
                if seen.insert(child.address()) {
                    let path = format!("{path}/{}", child.name());
                    listing.groups.push(path.clone());
                    waiting.push((path, child));
                }
            }
            if listing.arrays.len() + listing.groups.len() > MAX_OBJECTS {
                listing.problems.push(format!(
                    "the file holds more than {MAX_OBJECTS} arrays and groups; the rest is not listed."
                ));
                break;
            }
        }
        Ok(listing)
    }
}

/// Checks the length against the end-of-file address of the superblock (HDF5 format specification, II.A), as libhdf5 does: a download that
/// broke off often still lists its arrays, and would fail on their values.
fn check_length(source: &dyn Source) -> Result<(), ReadError> {
    let Some(signature) = hdf5_signature(source)? else { return Ok(()) };
    let head = read(source, signature, 64)?;
    let cut_off = |needs, at_least| ReadError::CutOff { has: source.len(), needs, at_least };
    // Versions 0 and 1: sizes at 13, base, free-space and end addresses from 24 (28) on; 2 and 3: sizes at 9, base, extension and end from
    // 12 on.
    let (size_at, addresses) = match head.get(8) {
        Some(0) => (13, 24),
        Some(1) => (13, 28),
        Some(2 | 3) => (9, 12),
        Some(_) => return Ok(()),
        None => return Err(cut_off(signature + 9, true)),
    };
    let width = match head.get(size_at) {
        Some(width @ 1..=8) => usize::from(*width),
        Some(_) => return Ok(()),
        None => return Err(cut_off(signature + size_at as u64 + 1, true)),
    };
    let end_at = addresses + 2 * width;
    let Some(address) = head.get(end_at..end_at + width) else {
        return Err(cut_off(signature + (end_at + width) as u64, true));
    };
    let undefined = address.iter().all(|byte| *byte == 0xff);
    let end = address.iter().rev().fold(0u64, |end, byte| end << 8 | u64::from(*byte));
    if undefined || end <= source.len() { Ok(()) } else { Err(cut_off(end, false)) }
}

impl Array {
    /// Elements in all.
    pub fn elements(&self) -> u64 {
        self.shape.iter().fold(1u64, |n, &d| n.saturating_mul(d))
    }

    /// True where the elements are numbers.
    pub fn is_numeric(&self) -> bool {
        is_numeric(self.dataset.dtype())
    }

    /// Name without its group.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Path of the group, without the trailing `/`; empty for the root.
    pub fn group(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Numbers of a box of indices, row-major. The caller keeps it small: see [`Array::slabs`].
    pub fn numbers(&self, ranges: &[Range<u64>]) -> Result<Vec<f64>, ReadError> {
        if !self.is_numeric() {
            let detail = format!(
                "its elements are of type {}, not numbers",
                super::hdf5_number::type_name(self.dataset.dtype())
            );
            return Err(ReadError::Dataset { dataset: self.path.clone(), detail });
        }
        if ranges.iter().any(|r| r.is_empty()) {
            return Ok(Vec::new());
        }
        let wanted = ranges.iter().fold(1u64, |n, r| n.saturating_mul(r.end - r.start));
        if wanted > LARGEST_READ {
            return Err(too_large(&self.path, wanted.saturating_mul(8), LARGEST_READ * 8));
        }
        let array = if ranges.is_empty() {
            self.dataset.read_array::<Number>()
        } else {
            let selections =
                ranges.iter().map(|r| SliceInfoElem::Slice { start: r.start, end: r.end, step: 1 }).collect();
            self.dataset.read_slice::<Number>(&SliceInfo { selections })
        };
        let array = array.map_err(|e| refused(&self.path, &e))?;
        if array.is_standard_layout() {
            // In place: a copy would double the memory of the largest reads.
            let (numbers, offset) = array.into_raw_vec_and_offset();
            Ok(numbers.into_iter().skip(offset.unwrap_or(0)).map(|n| n.0).collect())
        } else {
            Ok(array.iter().map(|n| n.0).collect())
        }
    }

    /// All numbers, of an array of at most `limit` elements.
    pub fn all_numbers(&self, limit: usize) -> Result<Vec<f64>, ReadError> {
        if self.elements() > limit as u64 {
            return Err(too_large(&self.path, self.elements().saturating_mul(8), limit as u64 * 8));
        }
        self.numbers(&self.shape.iter().map(|&d| 0..d).collect::<Vec<_>>())
    }

    /// Cuts an extent of axis 0 into slabs of at most about [`SLAB`] elements, `per_row` elements a row, whole chunks where they fit.
    pub fn slabs(&self, rows: Range<u64>, per_row: u64) -> Vec<Range<u64>> {
        let per_row = per_row.max(1);
        let chunk_rows = self.dataset.chunks().and_then(|c| c.first().copied()).map_or(1, u64::from).max(1);
        let wanted = (SLAB as u64 / per_row).max(1);
        let step = if wanted >= chunk_rows {
            wanted / chunk_rows * chunk_rows
        } else if chunk_rows.min(rows.end - rows.start).saturating_mul(per_row) <= LARGEST_SLAB as u64 {
            chunk_rows
        } else {
            wanted
        };
        let mut slabs = Vec::new();
        let mut start = rows.start;
        while start < rows.end {
            // The first slab ends at a chunk's edge.
            let end = (start - start % step).saturating_add(step).min(rows.end);
            slabs.push(start..end);
            start = end;
        }
        slabs
    }

    /// An attribute as text.
    pub fn text(&self, name: &str) -> Option<String> {
        text(&self.dataset.attributes(), name)
    }

    /// An attribute's first number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.dataset
            .attributes()
            .iter()
            .find(|a| a.name == name)
            .and_then(|a| a.read_1d::<Number>().ok()?.first().map(|n| n.0))
    }

    /// First string of a string array.
    pub fn string(&self) -> Option<String> {
        if self.elements() > 64 || self.is_numeric() {
            return None;
        }
        self.dataset.read_strings().ok()?.first().map(|s| clean(s))
    }
}

/// An attribute as text, from fixed and variable-length strings and arrays of one.
pub(super) fn text(attributes: &[Attribute], name: &str) -> Option<String> {
    let attribute = attributes.iter().find(|a| a.name == name)?;
    let value = attribute.read_string().ok().or_else(|| attribute.read_strings().ok()?.into_iter().next())?;
    Some(clean(&value))
}

fn clean(text: &str) -> String {
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// Refusal of a read that would not fit.
pub(super) fn too_large(what: &str, needed: u64, limit: u64) -> ReadError {
    ReadError::TooLarge {
        what: what.to_owned(),
        needed_mb: needed >> 20,
        limit_mb: limit >> 20,
        remedy: "choose a smaller region, or cut the file to it first".to_owned(),
    }
}

fn damaged(error: &Error) -> ReadError {
    let mut inner = error;
    while let Error::Context { source, .. } = inner {
        inner = source;
    }
    let unsupported = matches!(
        inner,
        Error::UnsupportedEncoding(_)
            | Error::UnsupportedSuperblockVersion(_)
            | Error::UnsupportedFilter(_)
            | Error::UnsupportedLinkType(_)
    );
    // hdf5-reader 0.12.1 misreads the address of this table in sound files too.
    let shared_messages = matches!(inner, Error::InvalidData(text) if text.contains("SOHM"));
    let remedy = if unsupported || shared_messages {
        "it uses a rare form of HDF5; copy its arrays to a plain file, for example with h5py or h5repack"
    } else {
        "it is probably cut off or damaged, so download it again and compare its size with the archive's"
    };
    ReadError::Damaged { format: "HDF5", detail: error.to_string(), remedy: remedy.to_owned() }
}

fn refused(dataset: &str, error: &Error) -> ReadError {
    // The reader puts the path in front of some of its messages; the refusal names it already.
    let inner = match error {
        Error::Context { source, .. } => source.as_ref(),
        other => other,
    };
    ReadError::Dataset { dataset: dataset.to_owned(), detail: inner.to_string() }
}
