//! docs/guide/files.md, made from the catalogue.

use super::SOURCES;

/// The page on files, as Markdown.
#[must_use]
pub fn guide() -> String {
    let mut page = String::from(
        "# Files that Loam reads\n\n\
         Made from the catalogue (`crates/smap-files/src/catalogue/source.rs`) by `cargo xtask files`; a test fails where they differ.\n\n\
         A layer is used as a quantity only where the file says so (name, long name, unit, place in a known product) or you do: \
         \"use as\" in the file list, `--use FILE#LAYER=coarse|fine|vv|vh|lst[,unit]` on the command line. What is not recognised is listed \
         with what the file says of it. Every file gets a sentence.\n\n\
         - **Archives**: zip archives are opened in place, also those in an archive and those in these. What lies deeper has a sentence.\n\
         - **Beside a TIFF**: GDAL's mask `x.tif.msk`, and its sidecar `x.tif.aux.xml` where that gives no-data values, scales, offsets, units or \
         names of bands, a coordinate system or a place: both count, opened together or one after the other, on disk and in archives. Where \
         the file itself says otherwise the sidecar counts, as in GDAL, and that is said.\n\
         - **TIFF**: whole numbers up to 64 bits, floats of 16, 32 and 64 bits; not compressed, or by LZW, deflate, PackBits, Zstandard, LERC \
         (alone, with deflate, with Zstandard) or JPEG; both predictors, strips and tiles, bands together or apart, both byte orders, BigTIFF. \
         LZMA, WebP, JPEG XL, JPEG 2000, CCITT and floats of 24 bits are refused by name, with the command that mends the file.\n",
    );
    for source in SOURCES {
        page.push_str(&format!(
            "\n## {}\n\n- **Forms**: {}\n- **Used as**: {}\n- **Units, packing, dates**: {}\n- **No value**: {}\n- **Not used**: {}\n",
            source.name, source.forms, source.role, source.values, source.no_value, source.not_used
        ));
    }
    page
}
