//! How a TIFF's blocks are compressed, and what to do where Loam cannot undo it.

use tiff_reader::Ifd;

use crate::ReadError;

/// Codes of the TIFF tag that the decoder undoes: none, LZW, JPEG, deflate (both codes), PackBits, LERC (also with deflate or Zstandard in
/// it), Zstandard.
const READ: [u16; 8] = [1, 5, 7, 8, 32946, 32773, 34887, 50000];

/// Refuses a kind of compression that is not read, by its name.
///
/// # Errors
/// [`ReadError::Unsuitable`].
pub(super) fn check(ifd: &Ifd) -> Result<(), ReadError> {
    let code = ifd.compression();
    if READ.contains(&code) {
        return Ok(());
    }
    Err(ReadError::Unsuitable {
        what: format!("it is compressed as {}, which Loam does not read", name(code)),
        remedy:
            "compress it in another way, for example with gdal_translate -co COMPRESS=DEFLATE in.tif out.tif"
                .to_owned(),
    })
}

/// Its name, in GDAL's words.
fn name(code: u16) -> String {
    let name = match code {
        2 => "CCITT RLE",
        3 => "CCITT fax 3",
        4 => "CCITT fax 4",
        6 => "JPEG of old TIFF files",
        34661 => "JBIG",
        34676 | 34677 => "SGILOG",
        34712 | 33003 | 33005 => "JPEG 2000",
        34925 => "LZMA",
        50001 => "WebP",
        50002 | 52546 => "JPEG XL (JXL)",
        _ => return format!("TIFF compression {code}"),
    };
    format!("{name} (TIFF compression {code})")
}
