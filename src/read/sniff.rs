//! What a file is, by its first bytes. Names lie: archives serve log-in pages as `.h5`, and fuzzers' files have no extension at all.

use super::{ReadError, Source};

/// A format Loam reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// HDF5, NetCDF-4 included.
    Hdf5,
    /// TIFF and BigTIFF.
    Tiff,
}

const HDF5: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
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
    if head.starts_with(b"II*\0") || head.starts_with(b"MM\0*") || head.starts_with(b"II+\0") || head.starts_with(b"MM\0+") {
        return Ok(Format::Tiff);
    }
    if is_hdf5(source, &head)? {
        return Ok(Format::Hdf5);
    }
    let (what, remedy) = other(&head, source.name(), length);
    not(&what, &remedy)
}

/// The signature stands at 0 or, behind a user block, at 512, 1024, 2048, ... (HDF5 format specification, II.A).
fn is_hdf5(source: &dyn Source, head: &[u8]) -> Result<bool, ReadError> {
    if head.starts_with(HDF5) {
        return Ok(true);
    }
    let mut offset = 512u64;
    let mut signature = [0u8; 8];
    while offset.saturating_add(8) <= source.len() {
        source.read_at(offset, &mut signature)?;
        if signature == *HDF5 {
            return Ok(true);
        }
        offset = offset.saturating_mul(2);
    }
    Ok(false)
}

fn not<T>(what: &str, remedy: &str) -> Result<T, ReadError> {
    Err(ReadError::NotAData { what: what.to_owned(), remedy: remedy.to_owned() })
}

/// Names the formats people really drop by mistake, each with its own way out.
fn other(head: &[u8], name: &str, length: u64) -> (String, String) {
    let text = String::from_utf8_lossy(head).trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_ascii_lowercase();
    let starts = |magic: &[u8]| head.starts_with(magic);
    let (what, remedy): (&str, &str) = if text.starts_with("version https://git-lfs.github.com") {
        ("a Git LFS pointer", "it only stands for the data; run `git lfs pull` in its repository to fetch the real file")
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") || text.contains("<html") {
        ("an HTML page", "it is probably the archive's log-in or error page; log in to Earthdata and download the file again")
    } else if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        if contains(head, b".SAFE") || name.to_ascii_uppercase().contains(".SAFE") || name.to_ascii_uppercase().starts_with("S1") {
            (
                "a zipped Sentinel-1 SAFE archive",
                "it holds uncalibrated measurements in radar geometry; use a terrain-corrected sigma0 or gamma0 GeoTIFF (Earth Engine, HyP3, SNAP)",
            )
        } else {
            ("a zip archive", "unpack it and open the files inside")
        }
    } else if starts(b"\x1f\x8b") {
        ("a gzip-compressed file", "unpack it with gunzip and open the file inside")
    } else if starts(b"CDF\x01") || starts(b"CDF\x02") || starts(b"CDF\x05") {
        ("a NetCDF-3 (classic) file", "convert it to NetCDF-4 with `nccopy -k nc4 in.nc out.nc`")
    } else if starts(b"MATLAB 5.0 MAT-file") {
        ("a MATLAB version 5 file", "save it in MATLAB with the option -v7.3 (which is HDF5), or use SMAP's original .h5 file")
    } else if starts(b"GRIB") {
        ("a GRIB file", "convert it to NetCDF-4 or GeoTIFF, for example with gdal_translate")
    } else if starts(b"\x0e\x03\x13\x01") {
        (
            "an HDF4 file",
            "MODIS (.hdf) comes as HDF4 on sinusoidal tiles: ask AppEEARS or Earth Engine for the land surface temperature as a GeoTIFF in \
             EPSG:4326, or convert it with gdalwarp -t_srs EPSG:4326 'HDF4_EOS:EOS_GRID:\"in.hdf\":MODIS_Grid_Daily_1km_LST:LST_Day_1km' out.tif; \
             SMAP's own files are HDF5",
        )
    } else if starts(b"\x89PNG\r\n\x1a\n") {
        ("a PNG picture", "pictures hold colours, not values; download the data file it was drawn from")
    } else if starts(b"\xff\xd8\xff") {
        ("a JPEG picture", "pictures hold colours, not values; download the data file it was drawn from")
    } else if starts(b"\0\0\0\x0cjP  ") {
        ("a JPEG 2000 picture", "convert it to GeoTIFF with gdal_translate, if it holds backscatter or soil moisture")
    } else if starts(b"%PDF") {
        ("a PDF document", "download the data file it describes")
    } else if text.starts_with("<?xml") || text.starts_with('<') {
        (
            "an XML text",
            "metadata (.xml, .iso.xml, .dmr) describe a granule without holding its values; download the .h5 or .tif file beside it",
        )
    } else if (text.starts_with('{') || text.starts_with('[')) && is_text(head) {
        ("a JSON text", "it is probably a service's answer or an error message; open it to read it, then download the data file itself")
    } else if head.iter().all(|b| *b == 0) {
        ("a file that starts with nothing but zeros", "the download was probably interrupted; download it again")
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

fn contains(head: &[u8], needle: &[u8]) -> bool {
    head.windows(needle.len()).any(|w| w == needle)
}

fn is_text(head: &[u8]) -> bool {
    // The head may cut a character in two, so only control bytes decide.
    head.iter().all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::read::BytesSource;

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
        let cases: [(&str, &[u8], &str, &str); 17] = [
            ("a.h5", b"", "an empty file", "download it again"),
            ("a.h5", b"<!DOCTYPE html>\n<html>", "an HTML page", "Earthdata"),
            ("a.h5", b"\n\n  <HTML><head>", "an HTML page", "Earthdata"),
            ("a.h5", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n", "a Git LFS pointer", "git lfs pull"),
            ("S1A_IW_GRDH.zip", b"PK\x03\x04....", "a zipped Sentinel-1 SAFE", "terrain-corrected"),
            ("x.zip", b"PK\x03\x04....S1A_IW.SAFE/manifest.safe", "a zipped Sentinel-1 SAFE", "terrain-corrected"),
            ("x.zip", b"PK\x03\x04....", "a zip archive", "unpack"),
            ("x.nc", b"CDF\x01\0\0\0\0", "a NetCDF-3 (classic) file", "nccopy"),
            ("MOD11A1.A2020153.h09v05.061.hdf", b"\x0e\x03\x13\x01\0", "an HDF4 file", "AppEEARS"),
            ("x.grb", b"GRIB\0\0\0\x02", "a GRIB file", "gdal_translate"),
            ("x.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB version 5 file", "-v7.3"),
            ("x.gz", b"\x1f\x8b\x08\0", "a gzip-compressed file", "gunzip"),
            ("x.png", b"\x89PNG\r\n\x1a\n\0", "a PNG picture", "colours"),
            ("x.jpg", b"\xff\xd8\xff\xe0", "a JPEG picture", "colours"),
            ("x.json", b"{\"error\": 1}", "a JSON text", "service"),
            ("x.xml", b"<?xml version=\"1.0\"?><a/>", "an XML text", "metadata"),
            ("x.bin", b"\x01\x02\x03\xff", "an unknown format (4 bytes, starting 01 02 03 ff)", "downloaded whole"),
        ];
        for (name, bytes, what, remedy) in cases {
            let text = refusal(name, bytes);
            assert!(text.contains(what) && text.contains(remedy), "{name}: {text}");
        }
    }
}
