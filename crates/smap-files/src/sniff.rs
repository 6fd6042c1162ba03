//! What a file is, by its first bytes. Names lie: archives serve log-in pages as `.h5`, and fuzzers' files have no extension at all.

use crate::error::STATIONS;
use crate::zip_members::{Member, beginning, members, read};
use crate::{ReadError, Source};

/// A format Loam reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// HDF5, and NetCDF of every kind.
    Hdf5,
    /// TIFF and BigTIFF.
    Tiff,
}

const HDF5: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
const PNG: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
/// Bytes looked at for text formats.
const HEAD: usize = 1024;

/// Recognises a file by its content.
///
/// # Errors
/// [`ReadError::NotAData`] saying what the file is instead, [`ReadError::Io`] where it cannot be read.
pub fn sniff(source: &dyn Source) -> Result<Format, ReadError> {
    let length = source.len();
    if length == 0 {
        return not("an empty file (0 bytes)", "download it again; the transfer probably never started");
    }
    let mut head = vec![0u8; HEAD.min(usize::try_from(length).unwrap_or(HEAD))];
    source.read_at(0, &mut head)?;
    if head.starts_with(b"II*\0")
        || head.starts_with(b"MM\0*")
        || head.starts_with(b"II+\0")
        || head.starts_with(b"MM\0+")
    {
        return Ok(Format::Tiff);
    }
    if classic_version(source)?.is_some() || hdf5_signature(source)?.is_some() {
        return Ok(Format::Hdf5);
    }
    let (what, remedy) =
        match archive(source, &head)?.or(weights(source, &head)?).or(own_figure(source, &head)?) {
            Some(words) => words,
            None => other(&head, source.name(), length),
        };
    not(&what, &remedy)
}

/// 1, 2 or 5 for a classic NetCDF file (CDF-1, CDF-2, CDF-5).
pub(super) fn classic_version(source: &dyn Source) -> std::io::Result<Option<u8>> {
    let head = read(source, 0, 4)?;
    Ok(match head.as_slice() {
        [b'C', b'D', b'F', version @ (1 | 2 | 5)] => Some(*version),
        _ => None,
    })
}

/// Where the signature stands: at 0 or, behind a user block, at 512, 1024, 2048, ... (HDF5 format specification, II.A).
pub(super) fn hdf5_signature(source: &dyn Source) -> std::io::Result<Option<u64>> {
    let mut offset = 0u64;
    let mut signature = [0u8; 8];
    while offset.saturating_add(8) <= source.len() {
        source.read_at(offset, &mut signature)?;
        if signature == *HDF5 {
            return Ok(Some(offset));
        }
        offset = offset.saturating_mul(2).max(512);
    }
    Ok(None)
}

fn not<T>(what: &str, remedy: &str) -> Result<T, ReadError> {
    Err(ReadError::NotAData { what: what.to_owned(), remedy: remedy.to_owned() })
}

/// Beginnings of formats that need no more than a sentence: what they are, what to do.
const BEGINNINGS: [(&[u8], &str, &str); 8] = [
    (b"PAR1", "a Parquet table", "it holds a table, not a map; grid it and save it as NetCDF or GeoTIFF"),
    (
        b"SQLite format 3",
        "a GeoPackage or another SQLite database",
        "where it holds a raster, make a GeoTIFF of it: gdal_translate in.gpkg out.tif",
    ),
    (
        b"BUFR",
        "a BUFR file",
        "its values lie on the satellite's swath, not on a grid; use a gridded product (NetCDF), of SMAP the HDF5 files",
    ),
    (
        b"\x93NUMPY",
        "a NumPy array",
        "it holds numbers without a place or a unit; save it as a GeoTIFF, e.g. with rasterio or rioxarray",
    ),
    (b"EHFA_HEADER_TAG", "an ERDAS Imagine raster", "make a GeoTIFF of it: gdal_translate in.img out.tif"),
    (b"NITF", "a NITF raster", "make a GeoTIFF of it: gdal_translate in.ntf out.tif"),
    (b"\0\0\x27\x0a", "outlines (a shapefile)", "it holds no values; draw the region on the map instead"),
    (b"ENVI", "the header of an ENVI raster", RAW_REMEDY),
];
const RAW_REMEDY: &str = "its values and their header (.hdr) are two files; make one GeoTIFF of them: gdal_translate in.img out.tif; in SNAP, File, Export, GeoTIFF";
/// Ends of names of raw binary rasters, whose header is a file beside them.
const RAW: [&str; 5] = [".img", ".bil", ".bip", ".bsq", ".flt"];

/// Names the formats people really drop by mistake, each with its own way out.
fn other(head: &[u8], name: &str, length: u64) -> (String, String) {
    let text = String::from_utf8_lossy(head)
        .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .to_ascii_lowercase();
    let starts = |magic: &[u8]| head.starts_with(magic);
    let (what, remedy): (&str, &str) = if text.starts_with("version https://git-lfs.github.com") {
        (
            "a Git LFS pointer",
            "it only stands for the data; run `git lfs pull` in its repository to fetch the real file",
        )
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") || text.contains("<html") {
        (
            "an HTML page",
            "it is probably the archive's log-in or error page; log in to Earthdata and download the file again",
        )
    } else if starts(b"\x1f\x8b") {
        ("a gzip-compressed file", "unpack it with gunzip and open the file inside")
    } else if head.get(257..262) == Some(b"ustar") {
        (
            "a tar archive",
            "unpack it with tar -xf and open the files inside; zip archives are opened as they are",
        )
    } else if starts(b"7z\xbc\xaf\x27\x1c")
        || starts(b"Rar!\x1a\x07")
        || starts(b"\xfd7zXZ\0")
        || starts(b"BZh")
    {
        (
            "an archive (7z, RAR, xz or bzip2)",
            "unpack it and open the files inside; zip archives are opened as they are",
        )
    } else if let Some((_, what, remedy)) = BEGINNINGS.iter().find(|(magic, ..)| starts(magic)) {
        (what, remedy)
    } else if is_text(head) && text.starts_with("ncols") && text.contains("cellsize") {
        (
            "an ESRI ASCII grid",
            "it does not say its coordinate system; make a GeoTIFF of it that does: gdal_translate -a_srs EPSG:4326 in.asc out.tif",
        )
    } else if let Some(words) = crate::companion::of_zarr(name) {
        words
    } else if text.contains("<dimap_document") {
        (
            "a product of SNAP (BEAM-DIMAP)",
            "its layers are raw binary files in the folder .data beside it; in SNAP, File, Export, GeoTIFF, and open that",
        )
    } else if RAW.iter().any(|end| name.to_ascii_lowercase().ends_with(end)) {
        ("a raw binary raster, as ENVI, ESRI and SNAP (BEAM-DIMAP) write it", RAW_REMEDY)
    } else if starts(b"MATLAB 5.0 MAT-file") {
        (
            "a MATLAB version 5 file",
            "save it in MATLAB with the option -v7.3 (which is HDF5), or use SMAP's original .h5 file",
        )
    } else if starts(b"GRIB") {
        ("a GRIB file", "convert it to NetCDF-4 or GeoTIFF, for example with gdal_translate")
    } else if starts(b"\x0e\x03\x13\x01") {
        (
            "an HDF4 file",
            "MODIS (.hdf) comes as HDF4 on sinusoidal tiles: ask AppEEARS or Earth Engine for the land surface temperature as a GeoTIFF in \
             EPSG:4326, or convert it with gdalwarp -t_srs EPSG:4326 'HDF4_EOS:EOS_GRID:\"in.hdf\":MODIS_Grid_Daily_1km_LST:LST_Day_1km' out.tif; \
             SMAP's own files are HDF5",
        )
    } else if starts(PNG) {
        ("a PNG picture", "pictures hold colours, not values; download the data file it was drawn from")
    } else if starts(b"\xff\xd8\xff") {
        ("a JPEG picture", "pictures hold colours, not values; download the data file it was drawn from")
    } else if starts(b"\0\0\0\x0cjP  ") {
        (
            "a JPEG 2000 picture",
            "convert it to GeoTIFF with gdal_translate, if it holds backscatter or soil moisture",
        )
    } else if starts(b"%PDF") {
        ("a PDF document", "download the data file it describes")
    } else if text.starts_with("<vrtdataset") {
        (
            "a virtual raster (.vrt) of GDAL",
            "it only names other files; open those, or make one file of it with gdal_translate in.vrt out.tif",
        )
    } else if text.starts_with("<?xml") || text.starts_with('<') {
        (
            "an XML text",
            "metadata (.xml, .iso.xml, .dmr) describe a granule without holding its values; download the .h5 or .tif file beside it",
        )
    } else if (text.starts_with('{') || text.starts_with('[')) && is_text(head) {
        (
            "a JSON text",
            "it is probably a service's answer or an error message; open it to read it, then download the data file itself",
        )
    } else if text.starts_with("# product: ") {
        (
            "a table that Loam exported",
            "Loam does not read its own exports; open the files that the line \"# inputs\" in it names",
        )
    } else if is_text(head) && is_station_table(&text, name) {
        (
            STATIONS,
            "stations are no map: `loam validate MAPS... --stations PATH` compares maps with them, `loam inspect` lists them; open gridded files as maps",
        )
    } else if head.iter().all(|b| *b == 0) {
        (
            "a file that starts with nothing but zeros",
            "the download was probably interrupted; download it again",
        )
    } else if let Some(words) = crate::companion::alone(name).filter(|_| is_text(head)) {
        words
    } else if is_text(head) {
        ("a text file", "open the data file itself (.h5, .nc4, .tif)")
    } else {
        let shown = head.iter().take(8).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        return (
            format!("a file of an unknown format ({length} bytes, starting {shown})"),
            "check that it is the file you meant and that it was downloaded whole".to_owned(),
        );
    };
    (what.to_owned(), remedy.to_owned())
}

/// Ends of names that may be of files Loam reads.
const READABLE: [&str; 9] = [".h5", ".he5", ".hdf5", ".nc", ".nc4", ".tif", ".tiff", ".gtiff", ".zip"];
const MEMBERS_NAMED: usize = 3;
/// Bytes of a head of weights in which tensor names are looked for.
const WEIGHTS_HEAD: usize = 1 << 20;

/// What a zip archive is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Archive {
    /// Sentinel-1 SAFE.
    Safe,
    /// Weights saved by PyTorch.
    Weights,
    /// Stations of the ISMN.
    Stations,
    /// Pictures for a globe (KMZ), of Loam or another program.
    Globe,
    /// Files, some of which Loam may read ([`crate::archive`]).
    Files,
    /// Nothing that Loam reads, by the names.
    Other,
}

/// What a zip archive is of, by its name, its first bytes and its members' names.
pub(super) fn archive_kind(name: &str, head: &[u8], members: &[Member]) -> Archive {
    let name = name.to_ascii_lowercase();
    let any = |fits: &dyn Fn(&str) -> bool| members.iter().any(|m| fits(&m.name.to_ascii_lowercase()));
    let readable = any(&|n| READABLE.iter().any(|end| n.ends_with(end)));
    // Orders of terrain-corrected scenes (HyP3) are named after the scene, too.
    let safe = contains(head, b".SAFE") || name.contains(".safe") || any(&|n| n.contains(".safe/"));
    if safe || (name.starts_with("s1") && !readable) {
        Archive::Safe
    } else if any(&|n| n == "data.pkl" || n.ends_with("/data.pkl"))
        || [".pt", ".pth", ".ckpt"].iter().any(|end| name.ends_with(end))
    {
        Archive::Weights
    } else if any(&|n| n.ends_with(".stm"))
        || name.starts_with("data_seperate_files")
        || name.starts_with("data_separate_files")
    {
        Archive::Stations
    } else if readable {
        Archive::Files
    } else if any(&|n| n.ends_with(".kml")) {
        Archive::Globe
    } else {
        Archive::Other
    }
}

/// What a zip archive holds, by its members' names, and whether it helps to unpack it.
fn archive(source: &dyn Source, head: &[u8]) -> std::io::Result<Option<(String, String)>> {
    if !(head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")) {
        return Ok(None);
    }
    let members = members(source)?;
    let (what, remedy) = match archive_kind(source.name(), head, &members) {
        Archive::Safe => (
            "a zipped Sentinel-1 SAFE archive".to_owned(),
            "it holds uncalibrated measurements in radar geometry; use a terrain-corrected sigma0 or gamma0 GeoTIFF (Earth Engine, HyP3, SNAP)".to_owned(),
        ),
        Archive::Weights => {
            let pickle = members.iter().find(|m| m.name == "data.pkl" || m.name.ends_with("/data.pkl"));
            let names =
                pickle.map(|member| beginning(source, member, WEIGHTS_HEAD)).transpose()?.unwrap_or_default();
            of_network("PyTorch", &names)
        }
        Archive::Stations => (
            format!("a zip archive of {STATIONS}"),
            "stations are no map: `loam validate MAPS... --stations PATH` compares maps with them, `loam inspect` lists them, both packed as they are; \
             open gridded files as maps"
                .to_owned(),
        ),
        Archive::Globe => {
            // The document comes first, and is not compressed.
            let whose = if contains(head, b"Made with Loam") { " that Loam exported" } else { "" };
            let remedy = "pictures hold colours, not values; open the GeoTIFF or NetCDF file that the picture was drawn from";
            (format!("a KMZ picture for Google Earth{whose}"), remedy.to_owned())
        }
        kind => {
            let remedy = if members.is_empty() || kind == Archive::Files {
                "unpack it and open the files inside"
            } else {
                "none of the names inside is of an HDF5, NetCDF-4 or TIFF file (.h5, .nc4, .tif), so unpacking it will hardly help"
            };
            (format!("a zip archive{}", listed(&members)), remedy.to_owned())
        }
    };
    Ok(Some((what, remedy)))
}

/// ` with a.h5, b.h5, c.h5 and 4 more`; empty where nothing is known.
fn listed(members: &[Member]) -> String {
    let files: Vec<&Member> = members.iter().filter(|m| !m.name.ends_with('/')).collect();
    let short = |name: &str| -> String {
        let plain: Vec<char> = name.chars().filter(|c| !c.is_control()).collect();
        // The end of a path says more than its beginning.
        if plain.len() <= 60 {
            plain.iter().collect()
        } else {
            format!("...{}", plain[plain.len() - 57..].iter().collect::<String>())
        }
    };
    let first = files.iter().take(MEMBERS_NAMED).map(|m| short(&m.name)).collect::<Vec<_>>().join(", ");
    match files.len() {
        0 => String::new(),
        1..=MEMBERS_NAMED => format!(" with {first}"),
        n => format!(" with {first} and {} more", n - MEMBERS_NAMED),
    }
}

/// Weights of a network: safetensors (the length of a JSON head in 8 bytes, then the head), or PyTorch's format before 1.6.
fn weights(source: &dyn Source, head: &[u8]) -> std::io::Result<Option<(String, String)>> {
    if head.starts_with(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46") {
        let (what, remedy) = of_network("PyTorch", &read(source, 0, WEIGHTS_HEAD as u64)?);
        return Ok(Some((
            what,
            format!(
                "it is in the format before PyTorch 1.6, so load and save it in a newer one first; then {remedy}"
            ),
        )));
    }
    let Some((length, text)) = head.split_first_chunk::<8>() else { return Ok(None) };
    let length = u64::from_le_bytes(*length);
    // The format bounds the head at 100 MB.
    if !(2..=100_000_000).contains(&length) || !(text.starts_with(b"{\"") || text.starts_with(b"{}")) {
        return Ok(None);
    }
    Ok(Some(of_network("safetensors", &read(source, 8, length.min(WEIGHTS_HEAD as u64))?)))
}

/// Which of Loam's networks tensors are of, by their names in `bytes`, and where weights are loaded.
fn of_network(format: &str, bytes: &[u8]) -> (String, String) {
    // Names stand behind quotes or lengths, or behind a prefix such as `module.`.
    let named = |name: &[u8]| {
        let parts = || bytes.windows(name.len() + 1).filter(|w| w.ends_with(name));
        parts().any(|w| !w[0].is_ascii_alphanumeric() && w[0] != b'_')
    };
    let place = "under \"Rules and weights\" in the page, or with --weights on the command line";
    let network = if named(b"group0.conv3.weight") {
        "the TB CNN"
    } else if named(b"f0.conv.weight") || (named(b"g.weight") && named(b"h.weight")) {
        "SMEN"
    } else {
        let remedy = format!("weights are not data; those of SMEN and of the TB CNN are loaded {place}");
        return (format!("a {format} file, as weights of networks are"), remedy);
    };
    (format!("a {format} file with weights of {network}"), format!("load it {place}"))
}

/// A PNG figure that Loam exported: its text chunk `Software` says so.
fn own_figure(source: &dyn Source, head: &[u8]) -> std::io::Result<Option<(String, String)>> {
    let mut at = 8u64;
    for _ in 0..64 {
        if !head.starts_with(PNG) {
            break;
        }
        let chunk = read(source, at, 8 + 13)?;
        let Some((length, chunk)) = chunk.split_first_chunk::<4>() else { break };
        if chunk.starts_with(b"tEXtSoftware\0Loam") {
            let remedy = "pictures hold colours, not values; open the files that the figure was made of, which its text \"Inputs\" names";
            return Ok(Some(("a figure that Loam exported".to_owned(), remedy.to_owned())));
        }
        if chunk.starts_with(b"IDAT") {
            break;
        }
        at = at.saturating_add(12 + u64::from(u32::from_be_bytes(*length)));
    }
    Ok(None)
}

/// A table of the International Soil Moisture Network (.stm): lines begin with date and time, and hold a value with a flag of G, C.., D.. or M.
fn is_station_table(text: &str, name: &str) -> bool {
    let time = |line: &str| {
        let shape: String = line.chars().take(16).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        shape == "0000/00/00 00:00"
    };
    let flagged = |line: &str| {
        let is_flag = |f: &str| {
            matches!(f, "g" | "m")
                || (f.len() == 3 && f.starts_with(['c', 'd']) && f[1..].bytes().all(|b| b.is_ascii_digit()))
        };
        line.split_whitespace().skip(3).any(|field| field.split(',').all(is_flag))
    };
    name.to_ascii_lowercase().ends_with(".stm")
        || text.lines().take(3).any(|line| time(line) && flagged(line))
}

fn contains(head: &[u8], needle: &[u8]) -> bool {
    head.windows(needle.len()).any(|w| w == needle)
}

fn is_text(head: &[u8]) -> bool {
    // The head may cut a character in two, so only control bytes decide.
    head.iter().all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::BytesSource;

    fn refusal(name: &str, bytes: &[u8]) -> String {
        sniff(&BytesSource::new(name, bytes.to_vec())).unwrap_err().to_string()
    }

    #[test]
    fn data_formats_are_known_by_content() {
        for (magic, format) in [
            (&b"II*\0\x08\0\0\0"[..], Format::Tiff),
            (b"MM\0*\0\0\0\x08", Format::Tiff),
            (b"II+\0\x08\0\0\0", Format::Tiff),
            (b"MM\0+\0\x08\0\0", Format::Tiff),
            (b"\x89HDF\r\n\x1a\n\0\0", Format::Hdf5),
            (b"CDF\x01\0\0\0\0", Format::Hdf5),
        ] {
            assert_eq!(sniff(&BytesSource::new("x.dat", magic.to_vec())).unwrap(), format);
        }
        for block in [512usize, 1024, 4096] {
            let mut bytes = vec![b'#'; block];
            bytes.extend_from_slice(HDF5);
            assert_eq!(sniff(&BytesSource::new("user-block.h5", bytes)).unwrap(), Format::Hdf5);
        }
    }

    #[test]
    fn each_wrong_file_gets_its_own_explanation() {
        let tar = [&[b'a'; 257][..], b"ustar\x0000"].concat();
        let cases: [(&str, &[u8], &str, &str); 31] = [
            ("a.h5", b"", "an empty file", "download it again"),
            ("a.h5", b"<!DOCTYPE html>\n<html>", "an HTML page", "Earthdata"),
            ("a.h5", b"\n\n  <HTML><head>", "an HTML page", "Earthdata"),
            (
                "a.h5",
                b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n",
                "a Git LFS pointer",
                "git lfs pull",
            ),
            ("S1A_IW_GRDH.zip", b"PK\x03\x04....", "a zipped Sentinel-1 SAFE", "terrain-corrected"),
            (
                "x.zip",
                b"PK\x03\x04....S1A_IW.SAFE/manifest.safe",
                "a zipped Sentinel-1 SAFE",
                "terrain-corrected",
            ),
            ("x.zip", b"PK\x03\x04....", "a zip archive", "unpack"),
            ("MOD11A1.A2020153.h09v05.061.hdf", b"\x0e\x03\x13\x01\0", "an HDF4 file", "AppEEARS"),
            ("x.grb", b"GRIB\0\0\0\x02", "a GRIB file", "gdal_translate"),
            ("x.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB version 5 file", "-v7.3"),
            ("x.gz", b"\x1f\x8b\x08\0", "a gzip-compressed file", "gunzip"),
            ("x.tar", &tar, "a tar archive", "tar -xf"),
            ("x.7z", b"7z\xbc\xaf\x27\x1c\0\x04", "an archive (7z", "unpack"),
            ("x.png", b"\x89PNG\r\n\x1a\n\0", "a PNG picture", "colours"),
            ("x.jpg", b"\xff\xd8\xff\xe0", "a JPEG picture", "colours"),
            ("x.json", b"{\"error\": 1}", "a JSON text", "service"),
            ("x.xml", b"<?xml version=\"1.0\"?><a/>", "an XML text", "metadata"),
            ("x.parquet", b"PAR1\x15\x04", "a Parquet table", "GeoTIFF"),
            ("x.gpkg", b"SQLite format 3\0", "a GeoPackage", "gdal_translate"),
            ("x.bufr", b"BUFR\0\x01", "a BUFR file", "gridded"),
            ("x.npy", b"\x93NUMPY\x01\0", "a NumPy array", "rasterio"),
            ("x.img", b"EHFA_HEADER_TAG\0", "an ERDAS Imagine raster", "gdal_translate"),
            ("x.shp", b"\0\0\x27\x0a\0\0", "a shapefile", "draw the region"),
            ("Sigma0_VV.hdr", b"ENVI\nsamples = 20\n", "the header of an ENVI raster", "SNAP"),
            ("Sigma0_VV.img", b"=\xcc\xcc\xcd=\xcc\xcc\xcd", "a raw binary raster", "SNAP"),
            ("x.bil", b"\0\0\0\0", "a raw binary raster", "gdal_translate"),
            ("S1A_TC.dim", b"<?xml version=\"1.0\"?>\n<Dimap_Document/>", "a product of SNAP", "Export"),
            ("x.asc", b"ncols 4\nnrows 4\nxllcorner 0\ncellsize 1\n", "an ESRI ASCII grid", "-a_srs"),
            ("x.zarr/.zgroup", b"{\"zarr_format\": 2}", "a Zarr store", "to_netcdf"),
            ("x.zarr/sm/c/0/0", b"\x02\x01\xff", "a part of a Zarr store", "to_netcdf"),
            (
                "x.bin",
                b"\x01\x02\x03\xff",
                "an unknown format (4 bytes, starting 01 02 03 ff)",
                "downloaded whole",
            ),
        ];
        for (name, bytes, what, remedy) in cases {
            let text = refusal(name, bytes);
            assert!(text.contains(what) && text.contains(remedy), "{name}: {text}");
        }
    }
}
