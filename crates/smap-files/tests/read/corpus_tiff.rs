//! 244 TIFF files that break readers: none may panic, hang or eat memory, each refusal is one sentence, and what is read has GDAL's
//! count, extremes and sum (corpus/MANIFEST.tsv).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smap_files::{PathSource, ReadOptions, geotiff};

/// Files GDAL reads and Loam does not, with the reason. Every name must be needed: a file that reads after all fails the test.
const NOT_READ: &[(&str, &str)] = &[
    ("tiff_image-tiff/logluv-3c-16b.tiff", "SGI LogLuv"),
    ("tiff_image-tiff_more/off_l16.tif", "SGI LogLuv"),
    ("tiff_image-tiff_more/off_luv24.tif", "SGI LogLuv"),
    ("tiff_image-tiff_more/big_g4.tif", "CCITT fax"),
    ("tiff_image-tiff_more/fax2d.tif", "CCITT fax"),
    ("tiff_image-tiff_more/fax4.tiff", "CCITT fax"),
    ("tiff_image-tiff_more/g3test.tif", "CCITT fax"),
    ("tiff_image-tiff_more/seq-1c-1b-fax3-71f6a21a.tiff", "CCITT fax"),
    ("tiff_image-tiff_more/seq-1c-1b-fax3-fillbits-71f6a21a.tiff", "CCITT fax"),
    ("tiff_image-tiff_more/flower-rgb-contig-24.tif", "24-bit integers"),
    ("tiff_image-tiff_more/seq-1c-24b-072a9dc9.tiff", "24-bit integers"),
    ("tiff_image-tiff_more/seq-1c-24b-hpredict-072a9dc9.tiff", "24-bit integers"),
    ("tiff_image-tiff_more/seq-1c-24b-miniswhite-072a9dc9.tiff", "24-bit integers"),
    ("tiff_image-tiff_more/hpredict-1c-12b.tiff", "predictor on packed bits"),
    ("tiff_image-tiff_more/smallliz.tif", "old-style JPEG"),
    ("tiff_image-tiff_more/zackthecat.tif", "old-style JPEG"),
    ("tiff_image-tiff_more/ycbcr-cat.tif", "subsampled YCbCr in LZW"),
    ("tiff_image-tiff/quad-lzw-compat.tiff", "LZW as it was before TIFF 6"),
    ("tiff_image-tiff_more/quad-lzw.tif", "LZW as it was before TIFF 6"),
    ("tiff_image-tiff_more/cramps-tile.tif", "tile offsets under the strips' tag"),
    ("tiff_image-tiff_more/quad-tile.tif", "tile offsets under the strips' tag"),
    ("tiff_image-tiff_more/usda_naip_256_webp_z3.tif", "WebP, which holds pictures of 8 bits"),
    // Damaged by a fuzzer in ways libtiff overlooks.
    (
        "tiff_image-tiff_fuzz/id=000019,sig=06,src=000001,op=havoc,rep=8",
        "a strip of 1.3 GB in a file of 48 kB",
    ),
    ("tiff_image-tiff_fuzz/id=000023,sig=06,src=000006,op=havoc,rep=8", "a tag past the end of the file"),
    ("tiff_image-tiff_fuzz/id=000058,sig=06,src=000361,op=havoc,rep=4", "a tag of 34 GB"),
];

/// Files whose stored samples GDAL does not show: it converts colours.
const CONVERTED: &[&str] = &[
    // CMYK of 8 bits, shown as red, green, blue, alpha.
    "tiff_image-tiff/cmyk-3c-8b.tiff",
    "tiff_image-tiff/tiled-cmyk-i8.tif",
    "tiff_image-tiff_more/cmyk-4c-8b.tiff",
    "tiff_image-tiff_more/flower-separated-planar-08.tif",
    "tiff_image-tiff_more/seq-4c-8b-cmyk-352ac1da.tiff",
    // JPEG in YCbCr, shown as red, green, blue.
    "tiff_image-tiff/quad-tile.jpg.tiff",
    "tiff_image-tiff_more/quad-jpeg.tif",
];

struct Row {
    file: String,
    ok: bool,
    finite: usize,
    min: f64,
    max: f64,
    sum: f64,
}

fn manifest() -> Option<(PathBuf, Vec<Row>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/corpus");
    let Ok(text) = std::fs::read_to_string(folder.join("MANIFEST.tsv")) else {
        eprintln!("skipped MANIFEST.tsv: ../shared/data/corpus/MANIFEST.tsv is not here");
        return None;
    };
    let rows = text
        .lines()
        .skip(1)
        .map(|l| l.split('\t').collect::<Vec<_>>())
        .filter(|f| f[0].starts_with("tiff"))
        .map(|f| Row {
            file: f[0].to_owned(),
            ok: f[2] == "ok",
            finite: f[5].parse().unwrap_or(0),
            min: f[6].parse().unwrap_or(f64::NAN),
            max: f[7].parse().unwrap_or(f64::NAN),
            sum: f[8].parse().unwrap_or(f64::NAN),
        })
        .collect();
    Some((folder, rows))
}

#[test]
fn every_file_is_read_or_refused_with_a_sentence() {
    let Some((folder, rows)) = manifest() else { return };
    assert_eq!(rows.len(), 244);
    let (mut read, mut equal, mut wrong) = (0, 0, Vec::new());
    for row in &rows {
        let begin = Instant::now();
        let path = folder.join(&row.file);
        let excused = NOT_READ.iter().find(|(name, _)| *name == row.file);
        match geotiff::scan(Arc::new(PathSource::open(&path).unwrap())) {
            Ok(granule) => {
                read += 1;
                // Pixels with a place can be read again as a raster; nothing here may panic.
                for i in 0..granule.variables.len() {
                    let _ = geotiff::read(&granule, i, &ReadOptions::default(), None);
                }
                if let (true, Some((_, why))) = (row.ok, excused) {
                    wrong.push(format!("{} is read after all, though it has {why}", row.file));
                } else if row.ok && !CONVERTED.contains(&row.file.as_str()) {
                    let statistics: Vec<_> = granule.variables.iter().filter_map(|v| v.statistics).collect();
                    let finite: usize = statistics.iter().map(|s| s.valid).sum();
                    let sum: f64 = statistics.iter().map(|s| s.mean.unwrap_or(0.0) * s.valid as f64).sum();
                    let min = statistics.iter().filter_map(|s| s.min).fold(f64::INFINITY, f64::min);
                    let max = statistics.iter().filter_map(|s| s.max).fold(f64::NEG_INFINITY, f64::max);
                    // The manifest prints sums with twelve digits.
                    let near = |a: f64, b: f64| (a - b).abs() <= 2e-11 * b.abs().max(1.0);
                    if finite == row.finite && min == row.min && max == row.max && near(sum, row.sum) {
                        equal += 1;
                    } else {
                        wrong.push(format!(
                            "{}: {finite} {min} {max} {sum}, GDAL {} {} {} {}",
                            row.file, row.finite, row.min, row.max, row.sum
                        ));
                    }
                }
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.len() > 40 && !text.contains('\n'), "{}: {text}", row.file);
                if row.ok && excused.is_none() {
                    wrong.push(format!("{} is refused: {text}", row.file));
                }
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{} took {:?}", row.file, begin.elapsed());
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    let readable = rows.iter().filter(|r| r.ok).count();
    assert_eq!(
        equal,
        readable - NOT_READ.len() - CONVERTED.len(),
        "files equal to GDAL, of {readable} it reads"
    );
    eprintln!("{read} of {} TIFF files read, {equal} with GDAL's values", rows.len());
}
