//! GeoTIFF: what one holds and where, and its pixels in windows.
//!
//! Built on `tiff-reader`, the decoder inside `geotiff-reader`: only it opens from a [`Source`](super::Source) that hands out byte
//! ranges. GeoKeys come from `geotiff-core`. The submodules say which traps of real
//! SMAP and Sentinel-1 files they deal with.

mod classify;
mod georef;
pub(crate) mod metadata;
mod open;
mod summary;

use jiff::civil::Date;

use self::classify::{Band, Classification, Context};
use self::open::{Image, RowVisitor};
pub(crate) use self::summary::BandMask;
use self::summary::Summary;
use super::sniff::Format;
use super::{
    BackscatterScale, DateOrigin, Granule, Orbit, Problem, Product, ReadError, ReadOptions, Role,
    SharedSource, Variable,
};
use ease_grid::place::{PixelWindow, source_window};
use ease_grid::{EaseWindow, Grid, Raster, Reason, Statistics};

/// Bands listed at most; files with more are not maps.
const BANDS_LISTED: usize = 64;
/// Samples read in full at a scan; of larger files [`SAMPLED_CHUNKS`] are looked at, and no statistics are given.
const SCANNED_SAMPLES: u64 = 24 << 20;
/// Chunks (a few megabytes each, spread over the image) that stand for a large file.
const SAMPLED_CHUNKS: usize = 8;
/// Cells of a raster read at once: 60 million take 300 MB.
const CELL_LIMIT: usize = 60_000_000;
/// Volumetric soil moisture, m3/m3.
const SOIL_MOISTURE_RANGE: (f64, f64) = (0.0, 1.0);
/// Backscatter in dB: far outside what a sensor delivers lie undeclared fills (-99).
const DECIBEL_RANGE: (f64, f64) = (-90.0, 60.0);

/// Name prefix of Loam's own metadata items. An underscore: GDAL takes a colon for the end of a name.
pub const OWN_PREFIX: &str = "loam_";

/// Reads structure and statistics. Pixels of large files are sampled, never held.
///
/// # Errors
/// [`ReadError::Damaged`] for files the decoder cannot make sense of, [`ReadError::Unsuitable`] for raw Sentinel-1 measurements and
/// rotated images, [`ReadError::TooLarge`] for files stored in one huge block.
pub fn scan(source: SharedSource) -> Result<Granule, ReadError> {
    let file = source.name().to_owned();
    let raw = classify::raw_measurement(&file);
    let image = match (Image::open(source.clone()), raw) {
        // Complex SLC samples are nothing the decoder reads: say what the file is, not what the decoder said.
        (Err(ReadError::Damaged { .. }), Some("SLC")) => return Err(raw_sentinel1("SLC")),
        (image, _) => image?,
    };
    let layout = image.layout;
    let placement = match (georef::placement(image.ifd(), layout.width, layout.height), raw) {
        (Err(_), Some(kind)) => return Err(raw_sentinel1(kind)),
        (placement, _) => placement?,
    };
    if placement.grid.is_none()
        && (raw.is_some()
            || (placement.control_points && image.dtype() == "uint16" && layout.samples_per_pixel == 1))
    {
        return Err(raw_sentinel1(raw.unwrap_or("GRD")));
    }
    let mut problems: Vec<String> = placement.problem.into_iter().collect();
    let window = placement.grid.as_ref().and_then(Grid::ease_window);
    let items = metadata::items(image.ifd());
    let bare = |name: &'_ str| -> Option<usize> {
        [OWN_PREFIX, "loam:"].iter().find(|p| name.starts_with(**p)).map(|p| p.len())
    };
    let own = |key: &str| {
        items
            .iter()
            .find(|i| bare(&i.name).is_some_and(|n| i.name.get(n..) == Some(key)))
            .map(|i| i.value.as_str())
    };

    let bands = layout.samples_per_pixel.min(BANDS_LISTED);
    if layout.samples_per_pixel > BANDS_LISTED {
        problems
            .push(format!("of its {} bands the first {BANDS_LISTED} are listed", layout.samples_per_pixel));
    }
    if image.further_images > 0 {
        problems.push(format!(
            "it holds {} more image(s) after the first, which are not read",
            image.further_images
        ));
    }
    let base = BandMask {
        nodata: metadata::nodata(image.ifd()),
        fill_254: window.is_some() && image.dtype() == "uint8",
        ..BandMask::default()
    };
    let names: Vec<Option<String>> = (0..bands)
        .map(|b| {
            items
                .iter()
                .find(|i| i.sample == Some(b) && i.role.as_deref() == Some("description"))
                .map(|i| i.value.clone())
        })
        .collect();
    let (summaries, complete) = summarise(&image, &vec![base; bands])?;
    let context = Context {
        file: &file,
        integer: image.is_integer(),
        ease: window.is_some(),
        placed: placement.grid.is_some(),
        loam_product: own("product"),
        bytes: image.dtype() == "uint8",
    };
    // GDAL's own scale and offset of a band.
    let packed = |band: usize| {
        let of = |role: &str| {
            items
                .iter()
                .find(|i| i.sample == Some(band) && i.role.as_deref() == Some(role))?
                .value
                .trim()
                .parse::<f64>()
                .ok()
        };
        let (factor, offset) = (of("scale"), of("offset"));
        (factor.is_some() || offset.is_some()).then(|| (factor.unwrap_or(1.0), offset.unwrap_or(0.0)))
    };
    let seen: Vec<Band<'_>> = names
        .iter()
        .zip(&summaries)
        .enumerate()
        .map(|(b, (n, s))| Band { name: n.as_deref(), summary: s, packed: packed(b) })
        .collect();
    let mut classification = classify::classify(&context, &seen);
    // Files written before there was a kind say it in their product. A kind that a later version knows is no input either.
    let estimate = own("kind")
        .map_or_else(|| own("product").is_some_and(|p| p.contains("estimate")), |kind| kind != "scene");
    if estimate {
        classification = own_map(own("product").unwrap_or_default(), own("model"), own("weights"), bands);
    }
    let Classification { product, roles, scales, linear, problems: more } = classification;
    problems.extend(more);

    // Once the meaning is known, impossible values are masked too: statistics are taken again where that changes them.
    let masks: Vec<BandMask> =
        roles.iter().zip(&scales).zip(&linear).map(|((r, s), l)| mask(base, *r, *s, *l)).collect();
    let statistics = if !complete {
        problems.push("it is large: its statistics are not computed, its kind is told from samples".into());
        vec![None; bands]
    } else if roles.iter().any(|r| *r != Role::Other) {
        summarise(&image, &masks)?.0.iter().map(|s| Some(s.statistics())).collect()
    } else {
        summaries.iter().map(|s| Some(s.statistics())).collect()
    };

    let own_date = own("date").and_then(|d| d.parse::<Date>().ok());
    let name_date = super::names::date_in(&file);
    let simulated =
        own("simulated").or_else(|| items.iter().find(|i| i.name == "simulated").map(|i| i.value.as_str()));
    let variables = names
        .iter()
        .zip(&roles)
        .zip(scales.iter().zip(statistics))
        .enumerate()
        .map(|(b, ((name, role), (scale, statistics)))| Variable {
            path: name.clone().filter(|n| !n.is_empty()).unwrap_or_else(|| format!("band {}", b + 1)),
            role: *role,
            units: match role {
                Role::SurfaceTemperature => Some("K".to_owned()),
                _ => items
                    .iter()
                    .find(|i| i.sample == Some(b) && i.role.as_deref() == Some("unittype"))
                    .map(|i| i.value.clone()),
            },
            dtype: image.dtype(),
            shape: vec![layout.height as u64, layout.width as u64],
            grid: placement.grid.clone(),
            resolution: window.map(|w| w.resolution),
            overpass: None,
            scale: *scale,
            linear: linear.get(b).copied().flatten(),
            statistics,
            given: None,
        })
        .collect();
    Ok(Granule {
        format: Format::Tiff,
        bytes: source.len(),
        product,
        short_name: own("product").map(str::to_owned),
        date: own_date.or(name_date),
        date_origin: own_date.map(|_| DateOrigin::Metadata).or(name_date.map(|_| DateOrigin::FileName)),
        sentinel1_date: None,
        orbit: (product == Product::Sentinel1).then(|| orbit_in(&file)).flatten(),
        identity: None,
        version: None,
        simulated: simulated
            .is_some_and(|v| matches!(v.trim().to_ascii_lowercase().as_str(), "true" | "yes" | "1")),
        variables,
        problems: problems.into_iter().map(|text| Problem { text }).collect(),
        file,
        source,
    })
}

/// An estimate that Loam wrote: of soil moisture it can be used by hand.
fn own_map(product: &str, model: Option<&str>, weights: Option<&str>, bands: usize) -> Classification {
    let moisture = product.starts_with("soil moisture");
    let made_by: Vec<&str> = [model, weights].into_iter().flatten().collect();
    let made_by = if made_by.is_empty() { String::new() } else { format!(" ({})", made_by.join(", ")) };
    Classification {
        product: Product::OwnMap,
        roles: (0..bands)
            .map(|band| if moisture && band == 0 { Role::SoilMoisture } else { Role::Other })
            .collect(),
        scales: vec![None; bands],
        linear: vec![None; bands],
        problems: vec![format!(
            "Loam made this map{made_by}, so it is no reference, no history and no training target. To use it all the same, choose 3 km map for it \
             by hand (--fine on the command line): scores and exports then say so"
        )],
    }
}

/// Those of the scan, where nothing was corrected since.
pub(super) fn statistics(
    granule: &Granule,
    variable: usize,
    options: &ReadOptions,
) -> Result<Statistics, ReadError> {
    match granule.variables.get(variable).map(|v| v.statistics) {
        Some(Some(statistics)) if options.scale.is_none() => Ok(statistics),
        _ => Ok(read(granule, variable, options, None)?.statistics()),
    }
}

fn raw_sentinel1(kind: &str) -> ReadError {
    ReadError::Unsuitable {
        what: format!("this is a raw Sentinel-1 {kind} measurement: uncalibrated digital numbers without a map grid"),
        remedy:
            "calibrate and terrain-correct it first (SNAP, pyroSAR or ASF HyP3 make a GeoTIFF of sigma0 or gamma0), then drop that file"
                .into(),
    }
}

/// Summaries of the first bands, and whether every pixel was looked at. A band that cannot be decoded fails the file.
fn summarise(image: &Image, masks: &[BandMask]) -> Result<(Vec<Summary>, bool), ReadError> {
    let layout = &image.layout;
    let all = PixelWindow { first_column: 0, first_row: 0, columns: layout.width, rows: layout.height };
    // Pixel-interleaved bands are decoded together each time one of them is asked for.
    let decodes =
        if layout.planar_configuration == 1 { layout.samples_per_pixel * masks.len() } else { masks.len() }
            as u64;
    let complete = (layout.width as u64).saturating_mul(layout.height as u64).saturating_mul(decodes)
        <= SCANNED_SAMPLES * 4;
    let mut chunks = image.chunks(&all);
    if !complete {
        let step = chunks.len().div_ceil(SAMPLED_CHUNKS).max(1);
        chunks = chunks.into_iter().skip(step / 2).step_by(step).collect();
    }
    let mut summaries = Vec::with_capacity(masks.len());
    for (band, mask) in masks.iter().enumerate() {
        let mut summary = Summary::new(*mask);
        for chunk in &chunks {
            image
                .read(band, chunk, &mut |_, _, values| {
                    summary.add(values);
                    Ok(())
                })
                .map_err(undecodable)?;
        }
        summaries.push(summary);
    }
    Ok((summaries, complete))
}

/// A scan that fails on pixels is about the file, not about a dataset.
fn undecodable(error: ReadError) -> ReadError {
    match error {
        ReadError::Dataset { dataset, detail } => ReadError::Damaged {
            format: "TIFF",
            detail: format!("{dataset}: {detail}"),
            remedy: "it is cut off, damaged, or compressed in a way Loam does not know; download it again or save it with \
                     gdal_translate -co COMPRESS=DEFLATE in.tif out.tif"
                .into(),
        },
        other => other,
    }
}

fn mask(base: BandMask, role: Role, scale: Option<BackscatterScale>, linear: Option<(f64, f64)>) -> BandMask {
    match (role, scale) {
        (Role::SurfaceTemperature, _) => {
            let (low, high) = super::smap_pixels::SURFACE_TEMPERATURE_RANGE;
            // MODIS' fill is 0, declared or not; only in degrees C is 0 a temperature.
            let positive = linear.is_none_or(|(_, offset)| offset == 0.0);
            BandMask { range: Some((f64::from(low), f64::from(high))), linear, positive, ..base }
        }
        (Role::SoilMoisture, _) => BandMask { range: Some(SOIL_MOISTURE_RANGE), linear, ..base },
        (Role::BackscatterVv | Role::BackscatterVh, Some(BackscatterScale::Decibel)) => {
            BandMask { range: Some(DECIBEL_RANGE), linear, ..base }
        }
        (Role::BackscatterVv | Role::BackscatterVh, Some(_)) => BandMask { positive: true, linear, ..base },
        _ => base,
    }
}

/// GDAL's own scale and offset of a band.
///
/// # Errors
/// As [`scan`].
pub(super) fn packing_of(granule: &Granule, band: usize) -> Result<Option<(f64, f64)>, ReadError> {
    let image = Image::open(granule.source.clone())?;
    let items = metadata::items(image.ifd());
    let of = |role: &str| {
        let item = items.iter().find(|i| i.sample == Some(band) && i.role.as_deref() == Some(role))?;
        item.value.trim().parse::<f64>().ok().filter(|v| v.is_finite())
    };
    let (factor, offset) = (of("scale"), of("offset"));
    Ok((factor.is_some() || offset.is_some()).then(|| (factor.unwrap_or(1.0), offset.unwrap_or(0.0))))
}

/// One band of an opened file, to be walked through row by row.
pub(crate) struct BandReader {
    image: Image,
    band: usize,
    /// Which values count.
    pub(crate) mask: BandMask,
    /// The band's scale: the user's word, or what the scan found.
    pub(crate) scale: Option<BackscatterScale>,
}

impl BandReader {
    /// Opens a variable of a scanned granule.
    ///
    /// # Errors
    /// As [`scan`], and [`ReadError::NoSuchVariable`].
    pub(crate) fn open(granule: &Granule, variable: usize, options: &ReadOptions) -> Result<Self, ReadError> {
        let v = variable_of(granule, variable)?;
        let image = Image::open(granule.source.clone())?;
        let backscatter = matches!(v.role, Role::BackscatterVv | Role::BackscatterVh);
        let scale = if backscatter { options.scale.or(v.scale) } else { None };
        let base = BandMask {
            nodata: metadata::nodata(image.ifd()),
            fill_254: v.resolution.is_some() && image.dtype() == "uint8",
            ..BandMask::default()
        };
        Ok(Self { image, band: variable, mask: mask(base, v.role, scale, v.linear), scale })
    }

    /// Pixels of a window in pieces of at most a few megabytes; `each` gets (row, first column, values as stored).
    ///
    /// # Errors
    /// [`ReadError::Dataset`], or what `each` says.
    pub(crate) fn walk(&self, window: &PixelWindow, each: &mut RowVisitor<'_>) -> Result<(), ReadError> {
        for chunk in self.image.chunks(window) {
            self.image.read(self.band, &chunk, each)?;
        }
        Ok(())
    }
}

pub(crate) fn variable_of(granule: &Granule, index: usize) -> Result<&Variable, ReadError> {
    granule.variables.get(index).ok_or(ReadError::NoSuchVariable { index, count: granule.variables.len() })
}

/// Reads a variable's pixels, as stored (backscatter keeps its scale; temperatures come in K), fills and impossible values masked.
///
/// Without `window`: the whole image on its own grid; origins rounded by other tools are snapped where they are the EASE-Grid.
/// With it: an EASE-Grid image comes back on the smallest window of its own resolution that covers `window`, `OutsideFile` where the
/// file does not reach; an image in another system comes back as the rectangle of its own pixels that can touch `window`.
///
/// # Errors
/// [`ReadError::NoSuchVariable`], [`ReadError::Dataset`], [`ReadError::TooLarge`] above 300 MB, [`ReadError::Grid`] where the image
/// has no grid to place it by.
pub fn read(
    granule: &Granule,
    variable: usize,
    options: &ReadOptions,
    window: Option<&EaseWindow>,
) -> Result<Raster, ReadError> {
    let v = variable_of(granule, variable)?;
    let Some(grid) = &v.grid else {
        return Err(ReadError::Unsuitable {
            what: format!("{} of {} has no place on a map", v.path, granule.file),
            remedy: "export it as a GeoTIFF with its coordinate system".into(),
        });
    };
    let reader = BandReader::open(granule, variable, options)?;
    match (grid.ease_window(), window) {
        (Some(own), wanted) => {
            let target = wanted.map_or(own, |w| w.covering(own.resolution));
            let Some(common) = own.intersection(&target) else {
                return Ok(Raster::masked(target.grid(), Reason::OutsideFile));
            };
            let pixels = PixelWindow {
                first_column: common.first_column - own.first_column,
                first_row: common.first_row - own.first_row,
                columns: common.columns,
                rows: common.rows,
            };
            // From a pixel of the file to a cell of the target.
            let column = common.first_column - target.first_column;
            let row = common.first_row - target.first_row;
            collect(&reader, target.grid(), &pixels, (column, row))
        }
        (None, Some(wanted)) => match source_window(grid, wanted)? {
            Some(pixels) => collect(&reader, pixels.of(grid), &pixels, (0, 0)),
            None => Ok(Raster::masked(wanted.grid(), Reason::OutsideFile)),
        },
        (None, None) => collect(&reader, grid.clone(), &PixelWindow::all(grid), (0, 0)),
    }
}

fn collect(
    reader: &BandReader,
    grid: Grid,
    pixels: &PixelWindow,
    at: (usize, usize),
) -> Result<Raster, ReadError> {
    let n = grid.len();
    if n > CELL_LIMIT {
        return Err(ReadError::TooLarge {
            what: format!("a map of {} x {} pixels", grid.columns, grid.rows),
            needed_mb: (n as u64 * 5) >> 20,
            limit_mb: (CELL_LIMIT as u64 * 5) >> 20,
            remedy: "choose a region".into(),
        });
    }
    let (mut values, mut reasons) = (vec![f32::NAN; n], vec![Reason::OutsideFile; n]);
    reader.walk(pixels, &mut |row, first_column, stored| {
        let start =
            (row - pixels.first_row + at.1) * grid.columns + first_column - pixels.first_column + at.0;
        if let (Some(values), Some(reasons)) =
            (values.get_mut(start..start + stored.len()), reasons.get_mut(start..start + stored.len()))
        {
            for ((v, r), &s) in values.iter_mut().zip(reasons).zip(stored) {
                (*v, *r) = (reader.mask.physical(s) as f32, reader.mask.reason(s));
            }
        }
        Ok(())
    })?;
    Ok(Raster::new(grid, values, reasons)?)
}

/// Flight direction as pyroSAR writes it: `S1A__IW___A_...` or `..._D_...`.
fn orbit_in(name: &str) -> Option<Orbit> {
    classify::words(name).iter().take(4).find_map(|w| match w.as_str() {
        "a" => Some(Orbit::Ascending),
        "d" => Some(Orbit::Descending),
        _ => None,
    })
}
