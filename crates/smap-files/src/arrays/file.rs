//! Files of arrays (HDF5, and NetCDF of every kind) over a [`Source`]: bounded memory, a flat list of arrays, attributes as text and numbers.
//!
//! Extents in a file are promises, not facts: a kilobyte can declare a petabyte. So every read here is bounded before anything is
//! allocated, groups are walked with a list of those already seen, and arrays are read in slabs of rows.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_reader::error::Error;
use hdf5_reader::storage::RangeRequestStorage;
use hdf5_reader::{Dataset, H5Type, Hdf5File, OpenOptions, SliceInfo, SliceInfoElem};
use netcdf_reader::classic::ClassicFile;
use netcdf_reader::{NcFormat, NcSliceInfo, NcSliceInfoElem, NcType, NcVariable};

use crate::arrays::attributes::Attributes;
use crate::arrays::members::{Members, members};
use crate::arrays::number::{Number, is_numeric, is_whole, stored_otherwise, type_name};
use crate::catalogue::{Quantity, flattened};
use crate::sniff::{classic_version, hdf5_signature};
use crate::values::Declared;
use crate::zip_members::read;
use crate::{ReadError, SharedSource, Source};

/// Largest decoded chunk, bytes. SMAP chunks are below 2 MB; one chunk of a whole 9 km grid is 25 MB.
const MAX_CHUNK: usize = 128 << 20;
/// Decoded chunks kept, bytes: more than one of the largest, so that slabs of one chunk decode it once.
const CHUNK_CACHE: usize = 144 << 20;
/// Largest decoded selection of one call, bytes.
const MAX_READ: usize = 256 << 20;
/// Elements of one slab (32 MB as float64).
pub(crate) const SLAB: usize = 4 << 20;
/// Elements of one slab where a chunk spans more rows than [`SLAB`] holds: decoding a chunk once is worth this memory.
const LARGEST_SLAB: usize = 16 << 20;
/// Elements of one read (192 MB as float64).
const LARGEST_READ: u64 = 24 << 20;
/// Groups and arrays listed at most. SPL4 granules have about 300; beyond this a file is not for people.
const MAX_OBJECTS: usize = 20_000;

/// An opened file.
pub(crate) struct File {
    inner: Inner,
    /// Arrays of the groups that were asked for, by the group's path.
    groups: Mutex<Vec<(String, Arc<[Array]>)>>,
}

enum Inner {
    Hdf5(Hdf5File),
    /// CDF-1, -2 and -5: no groups.
    Classic(Arc<ClassicFile>),
}

/// The file opened last, with the source it was opened from. A scan is followed by statistics and pixels of the same file, and its directory is
/// most of the work; one file is kept, because the chunks it holds decoded are many ([`CHUNK_CACHE`]).
static LAST: Mutex<Option<(SharedSource, Arc<File>)>> = Mutex::new(None);

/// An array of the file.
pub(crate) struct Array {
    /// Path from the root, with its leading `/`.
    pub path: String,
    /// Shape as stored.
    pub shape: Vec<u64>,
    /// The reader's handle.
    handle: Handle,
    /// Group and name as the product has them: services write `Soil_Moisture_Retrieval_Data_AM_soil_moisture` for both together.
    group: String,
    name: String,
    attributes: std::sync::OnceLock<Attributes>,
}

enum Handle {
    Hdf5(Box<Dataset>),
    Classic(Arc<ClassicFile>, NcVariable),
}

/// What a walk over the file found.
pub(crate) struct Listing {
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
        let classic = classic_version(source.as_ref())?;
        check_length(source.as_ref())?;
        let bytes = Arc::clone(source);
        let ranges = RangeRequestStorage::new(source.len(), move |offset, length| {
            let mut buffer = vec![0u8; length];
            bytes.read_at(offset, &mut buffer).map_err(Error::from)?;
            Ok(buffer)
        });
        if let Some(version) = classic {
            let format = match version {
                1 => NcFormat::Classic,
                2 => NcFormat::Offset64,
                _ => NcFormat::Cdf5,
            };
            let file =
                ClassicFile::from_storage(Arc::new(ranges), format).map_err(|e| damaged_classic(&e))?;
            check_extents(&file, source.len())?;
            return Ok(Self { inner: Inner::Classic(Arc::new(file)), groups: Mutex::default() });
        }
        let options = OpenOptions::default()
            .with_filter_registry(crate::arrays::filters::registry(MAX_CHUNK))
            .with_max_chunk_bytes(MAX_CHUNK)
            .with_max_read_bytes(MAX_READ)
            .with_max_object_header_bytes(16 << 20)
            .with_chunk_cache_bytes(CHUNK_CACHE);
        Hdf5File::from_storage_with_options(Arc::new(ranges), options)
            .map(|file| Self { inner: Inner::Hdf5(file), groups: Mutex::default() })
            .map_err(|e| damaged(&e))
    }

    /// An array by its path.
    pub fn array(&self, path: &str) -> Result<Array, ReadError> {
        match &self.inner {
            Inner::Hdf5(file) => {
                let dataset = file.dataset(path).map_err(|e| refused(path, &e))?;
                Ok(Array::new(path.to_owned(), Handle::Hdf5(Box::new(dataset))))
            }
            Inner::Classic(file) => {
                let variable =
                    file.root_group().variables.iter().find(|v| path.strip_prefix('/') == Some(&v.name));
                let missing = || ReadError::Dataset {
                    dataset: path.to_owned(),
                    detail: "the file has no such variable".to_owned(),
                };
                let variable = variable.ok_or_else(missing)?;
                Ok(Array::new(path.to_owned(), Handle::Classic(Arc::clone(file), variable.clone())))
            }
        }
    }

    /// Arrays of one group, under all their names; empty where there is no such group. `""` is the root. A group that exists in flattened
    /// names alone is found by them.
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
        let Inner::Hdf5(file) = &self.inner else {
            return self.classic_arrays().filter(|a| a.group() == path || path.is_empty()).collect();
        };
        let of = |group: Result<hdf5_reader::group::Group, Error>, path: &str| -> Vec<Array> {
            let datasets = group.and_then(|g| members(file, &g)).unwrap_or_default().datasets;
            let array = |dataset: Dataset| {
                Array::new(format!("{path}/{}", dataset.name()), Handle::Hdf5(Box::new(dataset)))
            };
            datasets.into_iter().map(array).collect()
        };
        if path.is_empty() {
            return of(file.root_group(), path);
        }
        match file.group(path) {
            Ok(group) => of(Ok(group), path),
            Err(_) => of(file.root_group(), "").into_iter().filter(|a| a.group() == path).collect(),
        }
    }

    fn classic_arrays(&self) -> impl Iterator<Item = Array> {
        let file = match &self.inner {
            Inner::Classic(file) => Some(file),
            Inner::Hdf5(_) => None,
        };
        file.into_iter().flat_map(|file| {
            let array = |v: &NcVariable| {
                Array::new(format!("/{}", v.name), Handle::Classic(Arc::clone(file), v.clone()))
            };
            file.root_group().variables.iter().take(MAX_OBJECTS).map(array)
        })
    }

    /// Attributes of a group (`/` is the root); empty where there is no such group or they cannot be read.
    pub fn group_attributes(&self, path: &str) -> Attributes {
        match &self.inner {
            Inner::Hdf5(file) => {
                let group = if path == "/" { file.root_group() } else { file.group(path) };
                Attributes::of_hdf5(&group.and_then(|g| g.attributes()).unwrap_or_default())
            }
            Inner::Classic(file) if path == "/" => Attributes::of_netcdf(&file.root_group().attributes),
            Inner::Classic(_) => Attributes::default(),
        }
    }

    /// Every group and array.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where not even the root can be listed.
    pub fn list(&self) -> Result<Listing, ReadError> {
        let mut listing = Listing { arrays: Vec::new(), groups: Vec::new(), problems: Vec::new() };
        let Inner::Hdf5(file) = &self.inner else {
            listing.arrays = self.classic_arrays().collect();
            listing.add_flattened_groups();
            return Ok(listing);
        };
        let root = file.root_group().map_err(|e| damaged(&e))?;
        let mut by_address: HashMap<u64, usize> = HashMap::new();
        let mut seen = HashSet::from([root.address()]);
        let mut waiting = vec![(String::new(), root)];
        while let Some((path, group)) = waiting.pop() {
            let Members { groups, datasets, lost } = match members(file, &group) {
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
                let address = dataset.address();
                let array = Array::new(format!("{path}/{}", dataset.name()), Handle::Hdf5(Box::new(dataset)));
                match by_address.get(&address) {
                    Some(&first) => {
                        // `soil_moisture` rather than its hard link `soil_moisture_dca`; a name that says something rather than an alias.
                        let order = |a: &Array| (Quantity::of_layer(a.name()).is_none(), a.path.len());
                        if let Some(old) = listing.arrays.get_mut(first)
                            && order(&array) < order(old)
                        {
                            *old = array;
                        }
                    }
                    None => {
                        by_address.insert(address, listing.arrays.len());
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
        listing.add_flattened_groups();
        Ok(listing)
    }
}

impl Listing {
    /// Groups that stand in flattened names alone count as groups.
    fn add_flattened_groups(&mut self) {
        let mut known: HashSet<String> = self.groups.iter().cloned().collect();
        for array in &self.arrays {
            if !array.group.is_empty() && known.insert(array.group.clone()) {
                self.groups.push(array.group.clone());
            }
        }
    }
}

/// Checks the length against the end-of-file address of the superblock (HDF5 format specification, II.A), as libhdf5 does: a download that
/// was interrupted often still lists its arrays, and would fail on their values.
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

/// Checks that the variables of a classic file lie within it.
fn check_extents(file: &ClassicFile, length: u64) -> Result<(), ReadError> {
    let end = |v: &NcVariable| {
        let elements = v.shape().iter().fold(1u64, |n, d| n.saturating_mul(*d));
        v.data_offset.saturating_add(elements.saturating_mul(v.dtype.size().unwrap_or(1) as u64))
    };
    let needs = file.root_group().variables.iter().filter(|v| !v.is_record_var).map(end).max().unwrap_or(0);
    if needs > length { Err(ReadError::CutOff { has: length, needs, at_least: true }) } else { Ok(()) }
}

fn damaged_classic(error: &netcdf_reader::Error) -> ReadError {
    ReadError::Damaged {
        format: "NetCDF",
        detail: error.to_string(),
        remedy:
            "it is probably cut off or damaged, so download it again and compare its size with the archive's"
                .to_owned(),
    }
}

impl Array {
    fn new(path: String, handle: Handle) -> Self {
        let shape = match &handle {
            Handle::Hdf5(dataset) => dataset.shape().to_vec(),
            Handle::Classic(_, variable) => variable.shape(),
        };
        let (parent, own) = path.rsplit_once('/').unwrap_or(("", &path));
        let (group, name) = match flattened(own) {
            Some((group, name)) if parent.is_empty() => (format!("/{group}"), name.to_owned()),
            _ => (parent.to_owned(), own.to_owned()),
        };
        Self { shape, handle, group, name, path, attributes: std::sync::OnceLock::new() }
    }

    /// Elements in all.
    pub fn elements(&self) -> u64 {
        self.shape.iter().fold(1u64, |n, &d| n.saturating_mul(d))
    }

    /// A dimension of NetCDF-4 without numbers of its own, which HDF5 keeps as an array of zeros.
    pub fn is_dimension_alone(&self) -> bool {
        self.text("NAME")
            .is_some_and(|name| name.starts_with("This is a netCDF dimension but not a netCDF variable"))
    }

    /// True where the elements are numbers.
    pub fn is_numeric(&self) -> bool {
        match &self.handle {
            Handle::Hdf5(dataset) => is_numeric(dataset.dtype()),
            Handle::Classic(_, variable) => variable.dtype != NcType::Char && variable.dtype.is_primitive(),
        }
    }

    /// True where the elements are whole numbers.
    pub fn is_whole(&self) -> bool {
        match &self.handle {
            Handle::Hdf5(dataset) => is_whole(dataset.dtype()),
            Handle::Classic(_, variable) => {
                !matches!(variable.dtype, NcType::Float | NcType::Double | NcType::Char)
            }
        }
    }

    /// Element type: numpy's name where numpy has one.
    pub fn type_name(&self) -> String {
        match &self.handle {
            Handle::Hdf5(dataset) => type_name(dataset.dtype()),
            Handle::Classic(_, variable) => match variable.dtype {
                NcType::Byte => "int8",
                NcType::Char => "string",
                NcType::Short => "int16",
                NcType::Int => "int32",
                NcType::Float => "float32",
                NcType::Double => "float64",
                NcType::UByte => "uint8",
                NcType::UShort => "uint16",
                NcType::UInt => "uint32",
                NcType::Int64 => "int64",
                NcType::UInt64 => "uint64",
                _ => "unknown",
            }
            .to_owned(),
        }
    }

    /// Name without its group.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path of the group, without the trailing `/`; empty for the root.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Its attributes, read once.
    pub fn attributes(&self) -> &Attributes {
        self.attributes.get_or_init(|| match &self.handle {
            Handle::Hdf5(dataset) => Attributes::of_hdf5(&dataset.attributes()),
            Handle::Classic(_, variable) => Attributes::of_netcdf(&variable.attributes),
        })
    }

    /// What a file declares of its packing and bounds.
    pub fn declared(&self) -> Declared {
        let attributes = self.attributes();
        let range = attributes.numbers("valid_range");
        let bound = |name: &str, at: usize| attributes.number(name).or_else(|| range.get(at).copied());
        let mut declared = Declared {
            factor: attributes.number("scale_factor"),
            offset: attributes.number("add_offset"),
            low: bound("valid_min", 0),
            high: bound("valid_max", 1),
            bounds_are_stored: false,
        };
        let whole = ["valid_min", "valid_max", "valid_range"].iter().any(|name| attributes.is_whole(name));
        declared.bounds_are_stored = declared.linear().is_some() && self.is_whole() && whole;
        declared
    }

    /// Numbers of a box of indices, row-major. The caller keeps it small: see [`Array::slabs`]. Signed numbers that stand for unsigned ones
    /// (`_Unsigned`, NetCDF's way out where it had none) come as what they stand for.
    pub fn numbers(&self, ranges: &[Range<u64>]) -> Result<Vec<f64>, ReadError> {
        let mut numbers = self.signed_numbers(ranges)?;
        if let Some(turn) = self.unsigned_turn() {
            numbers.iter_mut().filter(|n| **n < 0.0).for_each(|n| *n += turn);
        }
        Ok(numbers)
    }

    /// What a negative number of an array lacks to the unsigned one it stands for.
    pub fn unsigned_turn(&self) -> Option<f64> {
        let unsigned = self.text("_Unsigned").is_some_and(|t| t.eq_ignore_ascii_case("true"));
        let bits = match self.type_name().as_str() {
            "int8" => 8,
            "int16" => 16,
            "int32" => 32,
            _ => return None,
        };
        unsigned.then(|| 2f64.powi(bits))
    }

    /// How its numbers are stored, where that would be misread.
    fn stored_otherwise(&self) -> Option<String> {
        let Handle::Hdf5(dataset) = &self.handle else { return None };
        stored_otherwise(&dataset.raw_datatype().ok()?)
    }

    /// The number that HDF5 gives for what was never written, where the file says which; not that of what the NetCDF library leaves.
    pub fn never_written(&self) -> Option<f64> {
        let Handle::Hdf5(dataset) = &self.handle else { return None };
        let bytes = dataset.fill_value().filter(|fill| fill.defined)?.value.as_ref()?;
        Number::from_bytes(bytes, dataset.dtype()).ok().map(|number| number.0)
    }

    fn signed_numbers(&self, ranges: &[Range<u64>]) -> Result<Vec<f64>, ReadError> {
        if !self.is_numeric() {
            let detail = format!("its elements are of type {}, not numbers", self.type_name());
            return Err(ReadError::Dataset { dataset: self.path.clone(), detail });
        }
        if let Some(how) = self.stored_otherwise() {
            let detail = format!("its values are {how}: save it as float32, e.g. with h5py or xarray");
            return Err(ReadError::Dataset { dataset: self.path.clone(), detail });
        }
        if ranges.iter().any(|r| r.is_empty()) {
            return Ok(Vec::new());
        }
        let wanted = ranges.iter().fold(1u64, |n, r| n.saturating_mul(r.end - r.start));
        if wanted > LARGEST_READ {
            return Err(too_large(&self.path, wanted.saturating_mul(8), LARGEST_READ * 8));
        }
        let dataset = match &self.handle {
            Handle::Hdf5(dataset) => dataset,
            Handle::Classic(file, variable) => {
                let slice = |r: &Range<u64>| NcSliceInfoElem::Slice { start: r.start, end: r.end, step: 1 };
                let selection = NcSliceInfo { selections: ranges.iter().map(slice).collect() };
                let read = file.read_variable_slice_as_f64(&variable.name, &selection);
                let refused = |e: netcdf_reader::Error| ReadError::Dataset {
                    dataset: self.path.clone(),
                    detail: e.to_string(),
                };
                return Ok(read.map_err(refused)?.into_iter().collect());
            }
        };
        let array = if ranges.is_empty() {
            dataset.read_array::<Number>()
        } else {
            let selections =
                ranges.iter().map(|r| SliceInfoElem::Slice { start: r.start, end: r.end, step: 1 }).collect();
            dataset.read_slice::<Number>(&SliceInfo { selections })
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

    /// Cuts an extent of an axis into slabs of at most about [`SLAB`] elements, `per_row` elements a row, whole chunks where they fit. None of
    /// an array without elements, however many empty rows it says it has.
    pub fn slabs(&self, axis: usize, rows: Range<u64>, per_row: u64) -> Vec<Range<u64>> {
        if self.elements() == 0 {
            return Vec::new();
        }
        let per_row = per_row.max(1);
        let chunk_rows = match &self.handle {
            Handle::Hdf5(dataset) => {
                dataset.chunks().and_then(|c| c.get(axis).copied()).map_or(1, u64::from).max(1)
            }
            Handle::Classic(..) => 1,
        };
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

    /// Which of `others` stands along each of its axes, by the file's own dimensions (NetCDF's names; dimension scales of HDF5), never by
    /// lengths. `None` for an axis of which the file does not say it, or that none of them stands along.
    pub fn axes<'a>(&self, others: &[&'a Self]) -> Vec<Option<&'a Self>> {
        match &self.handle {
            Handle::Classic(_, variable) => {
                let named = |name: &str| others.iter().copied().find(|a| a.name() == name);
                variable.dimensions.iter().map(|dimension| named(&dimension.name)).collect()
            }
            Handle::Hdf5(dataset) => {
                let at = |address: u64| {
                    others
                        .iter()
                        .copied()
                        .find(|a| matches!(&a.handle, Handle::Hdf5(scale) if scale.address() == address))
                };
                scales(dataset).into_iter().map(|address| at(address?)).collect()
            }
        }
    }

    /// An attribute as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.attributes().text(name)
    }

    /// An attribute's first number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.attributes().number(name)
    }

    /// First string of a string array.
    pub fn string(&self) -> Option<String> {
        if self.elements() > 64 || self.is_numeric() {
            return None;
        }
        let strings = match &self.handle {
            Handle::Hdf5(dataset) => dataset.read_strings().ok()?,
            Handle::Classic(file, variable) => file.read_variable_as_strings(&variable.name).ok()?,
        };
        strings.first().map(|s| s.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned())
    }
}

/// Addresses of the dimension scales of a dataset's axes, from `DIMENSION_LIST` (HDF5 dimension scale specification 4.2): for each axis the
/// place of a list of object references in the global heap.
fn scales(dataset: &Dataset) -> Vec<Option<u64>> {
    let Ok(list) = dataset.attribute("DIMENSION_LIST") else { return Vec::new() };
    // Length of the list, address of the heap (as wide as a reference), number of the object in it.
    let entry = dataset.vlen_reference_size();
    let width = entry.saturating_sub(8);
    let of_axis = |entry: &[u8]| {
        let references = dataset.resolve_vlen_reference_bytes(entry, width).ok()?;
        let reference = references.get(..width).filter(|_| (1..=8).contains(&width))?;
        Some(reference.iter().rev().fold(0u64, |address, byte| address << 8 | u64::from(*byte)))
    };
    list.raw_data.chunks_exact(entry.max(1)).take(dataset.ndim()).map(of_axis).collect()
}

/// Refusal of a read that would not fit.
pub(crate) fn too_large(what: &str, needed: u64, limit: u64) -> ReadError {
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
    if let Error::UnsupportedFilter(what) = inner
        && let Some(name) = crate::arrays::filters::named(what)
    {
        return ReadError::Dataset {
            dataset: dataset.to_owned(),
            detail: format!(
                "it is compressed with {name}, which Loam does not read: save it with gzip, for example h5repack -f GZIP=4 in.h5 out.h5"
            ),
        };
    }
    ReadError::Dataset { dataset: dataset.to_owned(), detail: inner.to_string() }
}
