//! Files that archives and programs lay beside data: metadata, checksums, browse pictures, notes. They hold no values.

use std::collections::{BTreeMap, HashSet};

/// Endings of companions, without the dot. Many are two: `.aux.xml` counts as `.xml`.
const ENDINGS: [&str; 44] = [
    // Metadata of archives and programs.
    "xml", "qa", "met", "json", "dmrpp", "cmr", "hdr", "iso", "yaml",
    "yml", // Where a picture lies, and how.
    "tfw", "tifw", "tiffw", "wld", "pgw", "jgw", "prj", "ovr", "msk", "qml", "sld", "lyr",
    // Outlines.
    "kml", "kmz", "shp", "shx", "dbf", "cpg", "sbn", "sbx", "qix", // Pictures to look at.
    "png", "jpg", "jpeg", // Notes.
    "txt", "log", "md", "rst", "pdf", // Checksums.
    "md5", "sha1", "sha256", "sha512", "crc",
];
/// Names without an ending, or with any.
const STEMS: [&str; 8] =
    ["readme", "license", "licence", "expect", "expected", "manifest", "citation", "checksums"];
/// What systems leave behind.
const LITTER: [&str; 3] = [".ds_store", "thumbs.db", "desktop.ini"];
/// What systems and programs make beside data: macOS in archives, the Python package `ismn` beside those of stations.
const FOLDERS: [&str; 2] = ["__macosx", "python_metadata"];

/// Metadata of Zarr's groups and arrays, versions 2 and 3.
const ZARR_METADATA: [&str; 5] = ["zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"];

/// A path's parts, in small letters.
fn parts(path: &str) -> Vec<String> {
    path.split(['/', '\\']).map(str::to_ascii_lowercase).collect()
}

/// The part of a path that lies within a Zarr store; `None` outside one.
fn in_zarr(parts: &[String]) -> Option<&[String]> {
    let at = parts.iter().rposition(|part| part.ends_with(".zarr"))?;
    parts.get(at + 1..).filter(|inside| !inside.is_empty())
}

/// What a file of a Zarr store is, and what to do: (what, remedy).
pub(super) fn of_zarr(path: &str) -> Option<(&'static str, &'static str)> {
    const REMEDY: &str = "Loam reads no Zarr; save it as NetCDF and open that, in Python: xarray.open_zarr(\"x.zarr\").to_netcdf(\"x.nc\")";
    let parts = parts(path);
    let metadata = parts.last().is_some_and(|name| ZARR_METADATA.contains(&name.as_str()));
    match in_zarr(&parts) {
        Some([_]) | None if metadata => Some(("a Zarr store", REMEDY)),
        Some(_) => Some(("a part of a Zarr store", REMEDY)),
        None => None,
    }
}

/// What a companion is counted as (`.xml`, `README`), by its name alone; `None` for a file that may be data.
#[must_use]
pub fn kind(path: &str) -> Option<String> {
    let parts = parts(path);
    let name = parts.last()?;
    // The metadata at the root stand for the whole store; each version has one such file.
    if let Some(inside) = in_zarr(&parts) {
        let speaks = inside.len() == 1 && ["zarr.json", ".zgroup", ".zarray"].contains(&name.as_str());
        return (!speaks).then(|| "of a Zarr store".to_owned());
    }
    if LITTER.contains(&name.as_str())
        || name.starts_with("._")
        || parts.iter().any(|p| FOLDERS.contains(&p.as_str()))
    {
        return Some("of the system".to_owned());
    }
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    if ENDINGS.contains(&ending) {
        return Some(format!(".{ending}"));
    }
    let first = stem.split('.').next().unwrap_or(stem);
    (ending.is_empty() && STEMS.contains(&first)).then(|| first.to_ascii_uppercase())
}

/// The files among `names` that are companions of the others. Where there are no others each has to speak for itself, so none is.
#[must_use]
pub fn among<T: AsRef<str>>(names: &[T]) -> Vec<bool> {
    let all: HashSet<String> = names.iter().map(|name| name.as_ref().to_ascii_lowercase()).collect();
    // Flags of retrievals count with these.
    let is_flag = |name: &str| matches!(of_tiff(name), Some((Beside::RetrievalFlag, of)) if all.contains(&of.to_ascii_lowercase()));
    let kinds: Vec<bool> =
        names.iter().map(AsRef::as_ref).map(|name| kind(name).is_some() || is_flag(name)).collect();
    if kinds.contains(&false) { kinds } else { vec![false; names.len()] }
}

/// What decides about a TIFF's values from a file beside it ([`with_beside`](crate::with_beside)), unlike other companions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beside {
    /// `x.tif.msk`: which pixels have a value.
    Mask,
    /// `x.tif.aux.xml` (persistent auxiliary metadata): no-data values, scales, offsets, units and names of bands, if it is not of statistics
    /// alone.
    Auxiliary,
    /// `..._retrieval_qual_flag_doy2020155.tif` of `..._soil_moisture_doy2020155.tif` (AppEEARS): which of SMAP's retrievals are recommended.
    RetrievalFlag,
}

/// Names of a layer of soil moisture, and of the flags of its retrievals.
const MOISTURE: &str = "soil_moisture";
const FLAG: &str = "retrieval_qual_flag";

/// A TIFF's path with the last `from` in its name replaced.
fn renamed(path: &str, from: &str, to: &str) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let name = lower.rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    let at = name + lower.get(name..).filter(|_| is_tiff(&lower))?.rfind(from)?;
    Some([path.get(..at)?, to, path.get(at + from.len()..)?].concat())
}

fn is_tiff(lower: &str) -> bool {
    lower.ends_with(".tif") || lower.ends_with(".tiff")
}

impl Beside {
    /// All.
    pub const ALL: [Self; 3] = [Self::Mask, Self::Auxiliary, Self::RetrievalFlag];

    /// What stands behind the TIFF's name.
    fn ending(self) -> Option<&'static str> {
        match self {
            Self::Mask => Some(".msk"),
            Self::Auxiliary => Some(".aux.xml"),
            Self::RetrievalFlag => None,
        }
    }

    /// The name of this beside a TIFF; `None` for a file of another name.
    #[must_use]
    pub fn name(self, path: &str) -> Option<String> {
        match self.ending() {
            Some(ending) => is_tiff(&path.to_ascii_lowercase()).then(|| format!("{path}{ending}")),
            None => renamed(path, MOISTURE, FLAG),
        }
    }

    /// The TIFF that a file of this name is beside.
    fn tiff(self, path: &str) -> Option<String> {
        let Some(ending) = self.ending() else { return renamed(path, FLAG, MOISTURE) };
        let (of, end) = path.split_at_checked(path.len().checked_sub(ending.len())?)?;
        (end.eq_ignore_ascii_case(ending) && is_tiff(&of.to_ascii_lowercase())).then(|| of.to_owned())
    }
}

/// What a file is beside a TIFF, and that one's name; `None` for a file of another name.
#[must_use]
pub fn of_tiff(path: &str) -> Option<(Beside, String)> {
    Beside::ALL.into_iter().find_map(|what| Some((what, what.tiff(path)?)))
}

/// True for a file beside a TIFF and the TIFF that it is of, by their names; where one of the two was given without its folder, by the file's
/// name alone.
#[must_use]
pub fn is_of(companion: &str, tiff: &str) -> bool {
    let Some((_, of)) = of_tiff(companion) else { return false };
    let (of, tiff) = (of.to_ascii_lowercase(), tiff.to_ascii_lowercase());
    match (of.rsplit_once('/'), tiff.rsplit_once('/')) {
        (None, Some((_, file))) => of == file,
        (Some((_, file)), None) => tiff == file,
        _ => of == tiff,
    }
}

/// Companions that were passed over, counted by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed(BTreeMap<String, usize>);

impl Passed {
    /// Counts one.
    pub fn add(&mut self, path: &str) {
        let flag = || of_tiff(path).map(|_| "retrieval quality flags".to_owned());
        let kind = kind(path).or_else(flag).unwrap_or_else(|| "other".to_owned());
        *self.0.entry(kind).or_default() += 1;
    }

    /// `7 companion files passed over: 5 .xml, 2 .tfw`; `None` where there were none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let total: usize = self.0.values().sum();
        let mut kinds: Vec<_> = self.0.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let list: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let files = if total == 1 { "file" } else { "files" };
        (total > 0).then(|| format!("{total} companion {files} passed over: {}", list.join(", ")))
    }
}

/// What a companion that is opened alone is, and what to open instead: (what, remedy). `None` where its content says more.
pub(super) fn alone(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind(name)?.as_str() {
        ".tfw" | ".tifw" | ".tiffw" | ".wld" | ".pgw" | ".jgw" => (
            "a world file",
            "it says where the picture beside it lies and holds no values; open the .tif it belongs to (one without a place of its own: add it \
             with gdal_translate)",
        ),
        ".prj" => (
            "the description of a coordinate system",
            "it holds no values; open the .tif or .h5 file beside it",
        ),
        ".md5" | ".sha1" | ".sha256" | ".sha512" | ".crc" => {
            ("a checksum", "it holds no values; open the file it is of, whose name it carries")
        }
        ".cpg" | ".qa" | ".met" | ".hdr" => (
            "a description of the file beside it",
            "it holds no values; open the data file itself (.h5, .nc4, .tif)",
        ),
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn companions_are_told_by_name_and_counted_in_one_line() {
        let names = [
            "a/x.tif",
            "a/x.tif.aux.xml",
            "a/x.iso.xml",
            "x.h5.xml",
            "x.tfw",
            "X.PRJ",
            "README",
            "README.md.txt",
            "x.sha256",
            "x.qa",
            "__MACOSX/._x.tif",
            "python_metadata/order.csv",
            ".DS_Store",
            "EXPECT.md",
            "x.png",
            "b/x.nc",
        ];
        let companions = among(&names);
        assert_eq!(companions.iter().filter(|c| !**c).count(), 2);
        assert!(!companions[0] && !companions[15]);
        let mut passed = Passed::default();
        assert_eq!(passed.text(), None);
        for name in ["a.xml", "b.aux.xml", "c.iso.xml", "d.xml", "e.xml", "a.tfw", "b.tfw"] {
            passed.add(name);
        }
        assert_eq!(passed.text().unwrap(), "7 companion files passed over: 5 .xml, 2 .tfw");
        let names = ["d/retrieval_qual_flag.tif", "d/soil_moisture.tif", "e/retrieval_qual_flag.tif"];
        assert_eq!(among(&names), [true, false, false]);
        let mut flags = Passed::default();
        flags.add(names[0]);
        assert_eq!(flags.text().unwrap(), "1 companion file passed over: 1 retrieval quality flags");
        let mut one = Passed::default();
        one.add("README");
        assert_eq!(one.text().unwrap(), "1 companion file passed over: 1 README");
    }

    #[test]
    fn what_lies_beside_a_tiff_is_of_the_file_before_its_ending() {
        assert_eq!(Beside::Mask.name("a/x.tif").as_deref(), Some("a/x.tif.msk"));
        assert_eq!(Beside::Auxiliary.name("x.TIFF").as_deref(), Some("x.TIFF.aux.xml"));
        assert_eq!(Beside::Mask.name("x.nc"), None);
        let of = |path: &str| of_tiff(path);
        assert_eq!(of("a/x.tif.msk"), Some((Beside::Mask, "a/x.tif".to_owned())));
        assert_eq!(of("X.TIFF.MSK"), Some((Beside::Mask, "X.TIFF".to_owned())));
        assert_eq!(of("a/x.tif.AUX.xml"), Some((Beside::Auxiliary, "a/x.tif".to_owned())));
        let layer = |name: &str| {
            format!("soil_moisture/SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_PM_{name}_pm_doy2020155.tif")
        };
        let (moisture, flag) = (layer("soil_moisture"), layer("retrieval_qual_flag"));
        assert_eq!(Beside::RetrievalFlag.name(&moisture), Some(flag.clone()));
        assert_eq!(of(&flag), Some((Beside::RetrievalFlag, moisture.clone())));
        assert!(is_of(&flag, &moisture) && !is_of(&moisture, &flag));
        assert_eq!(Beside::RetrievalFlag.name("soil_moisture/albedo.tif"), None);
        assert_eq!(of("retrieval_qual_flag.nc"), None);
        for other in ["x.msk", "x.aux.xml", "x.nc.aux.xml", "x.tif.xml", "é.xml", "msk"] {
            assert_eq!(of_tiff(other), None, "{other}");
        }
        assert!(is_of("a/x.tif.msk", "a/X.TIF") && is_of("x.tif.msk", "a/x.tif"));
        assert!(is_of("a/x.tif.aux.xml", "x.tif") && !is_of("a/x.tif.msk", "b/x.tif"));
        assert!(!is_of("x.tif", "x.tif") && !is_of("y.tif.msk", "a/x.tif"));
    }

    #[test]
    fn one_file_of_a_zarr_store_speaks_for_all_of_it() {
        let names =
            ["d/x.zarr/.zgroup", "d/x.zarr/.zattrs", "d/x.zarr/sm/.zarray", "d/x.zarr/sm/0.0.0", "d/a.tif"];
        assert_eq!(among(&names), [false, true, true, true, false]);
        assert_eq!(
            among(&["y.zarr/zarr.json", "y.zarr/sm/zarr.json", "y.zarr/sm/c/0/0"]),
            [false, true, true]
        );
        for (path, what) in [
            ("x.zarr/.zgroup", "a Zarr store"),
            (".zattrs", "a Zarr store"),
            ("x.zarr/sm/0.0", "a part of a Zarr store"),
        ] {
            assert_eq!(of_zarr(path).map(|words| words.0), Some(what), "{path}");
        }
        assert_eq!((of_zarr("x.zarr.zip"), of_zarr("a/x.tif"), of_zarr("x.zarr")), (None, None, None));
    }

    #[test]
    fn companions_without_data_beside_them_speak_for_themselves() {
        assert_eq!(among(&["x.tfw", "README"]), [false, false]);
        assert_eq!(kind("soil.csv"), None);
        assert_eq!(kind("S1A_IW.SAFE"), None);
    }
}
