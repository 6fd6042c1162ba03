//! GeoTIFF: what one holds and where, and its pixels in windows.
//!
//! Built on `tiff-reader`, the decoder inside `geotiff-reader`: only it opens from a [`Source`](crate::Source) that hands out byte
//! ranges. GeoKeys come from `geotiff-core`. The submodules say which traps of real
//! SMAP and Sentinel-1 files they deal with.

mod beside;
mod classify;
mod compression;
mod dimap;
mod georef;
mod half;
pub(crate) mod metadata;
mod open;
mod tags;

use jiff::civil::Date;

pub(crate) use self::beside::auxiliary;
use self::classify::{Band, Classification, Context, Use};
use self::open::{Image, RowVisitor};
use self::tags::{BandTags, band_tags, observed_day, outermost};
use crate::own::{OWN_PREFIX, Own};
use crate::sniff::Format;
use crate::summary::Summary;
use crate::values::ValueRule;
use crate::{
    BackscatterScale, DateOrigin, Granule, Orbit, Problem, Product, QualityRule, ReadError, ReadOptions,
    Role, SharedSource, Variable, backscatter, catalogue, companion,
};
use catalogue::Facts;
use companion::Beside;
use ease_grid::place::{PixelWindow, source_window};
use ease_grid::{Crs, EaseWindow, Grid, Raster, Reason, Statistics};

/// Bands listed at most: three years of days in one stack.
const BANDS_LISTED: usize = 1_100;
/// Samples read in full at a scan; of larger files [`SAMPLED_CHUNKS`] are looked at, and no statistics are given.
const SCANNED_SAMPLES: u64 = 24 << 20;
/// Chunks (a few megabytes each, spread over the image) that stand for a large file.
const SAMPLED_CHUNKS: usize = 8;
/// Cells of a raster read at once: 60 million take 300 MB.
const CELL_LIMIT: usize = 60_000_000;
/// Volumetric soil moisture, m3/m3.
const SOIL_MOISTURE_RANGE: (f32, f32) = (0.0, 1.0);

/// Which stored numbers of a band count before its meaning is known. `ease`: it lies on the EASE-Grid.
fn base_rule(image: &Image, tags: &BandTags, ease: bool) -> ValueRule {
    let mut rule = ValueRule::filled(tags.fills.iter().copied(), "float");
    if ease && image.dtype() == "uint8" {
        // SMAP's fill of bytes, which its GeoTIFFs do not declare.
        rule.fills.push(254.0);
    }
    rule.typical_fills = !image.is_integer();
    rule.linear = tags.declared.linear();
    // Of packed numbers without a declared fill the outermost one is it: programs leave it where there is no value, and packing may give it
    // one that could be.
    if image.is_integer() && rule.linear.is_some() && tags.fills.is_empty() {
        rule.fills.extend(outermost(&image.dtype()));
    }
    rule.stored_range = tags.declared.stored_bounds();
    rule
}

/// Reads structure and statistics. Pixels of large files are sampled, never held.
///
/// # Errors
/// [`ReadError::Damaged`] for files the decoder cannot make sense of, [`ReadError::Unsuitable`] for raw Sentinel-1 measurements and
/// rotated images, [`ReadError::TooLarge`] for files stored in one huge block.
pub fn scan(source: SharedSource) -> Result<Granule, ReadError> {
    let file = source.name().to_owned();
    let raw = classify::raw_measurement(&file);
    let mut image = match (Image::open(source.clone()), raw) {
        // Complex SLC samples are nothing the decoder reads: say what the file is, not what the decoder said.
        (Err(ReadError::Damaged { .. }), Some("SLC")) => return Err(raw_sentinel1("SLC")),
        (image, _) => image?,
    };
    let layout = image.layout;
    let said = image.auxiliary.as_ref();
    let placement = match (georef::placement(image.ifd(), said, layout.width, layout.height), raw) {
        (Err(_), Some(kind)) => return Err(raw_sentinel1(kind)),
        (placement, _) => placement?,
    };
    image.south_up = placement.south_up;
    if placement.grid.is_none()
        && (raw.is_some()
            || (placement.control_points && image.dtype() == "uint16" && layout.samples_per_pixel == 1))
    {
        return Err(raw_sentinel1(raw.unwrap_or("GRD")));
    }
    let mut problems: Vec<String> = placement.problem.into_iter().collect();
    let window = placement.grid.as_ref().and_then(Grid::ease_window);
    let items = metadata::all_items(&image);
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
    let tags = band_tags(&image, &items, image.auxiliary.as_ref(), bands);
    problems.extend(beside::notes(&image, &source, &tags));
    let rules: Vec<ValueRule> = tags.iter().map(|t| base_rule(&image, t, window.is_some())).collect();
    let (summaries, complete) = summarise(&image, &rules)?;
    let facts = Facts {
        file: &file,
        titles: metadata::titles(&image, &items),
        layers: tags.iter().filter_map(|t| t.name.as_deref()).collect(),
    };
    let source_entry = catalogue::source_of(&facts);
    let described = metadata::description(&image, &items);
    let flags = beside::flags(&source, &image, placement.grid.as_ref());
    let context = Context {
        file: &file,
        source: source_entry,
        described: described.as_deref(),
        integer: image.is_integer(),
        bytes: image.dtype() == "uint8",
        single: bands == 1,
        flagged: matches!(flags, Some(Ok(_))),
        unplaceable: placement.grid.as_ref().is_some_and(|grid| matches!(grid.crs, Crs::Other { .. })),
    };
    let seen: Vec<Band<'_>> = tags
        .iter()
        .zip(&summaries)
        .enumerate()
        .filter(|(b, _)| image.alpha != Some(*b))
        .map(|(_, (tags, summary))| Band {
            name: tags
                .name
                .as_deref()
                .filter(|n| !n.is_empty())
                .or_else(|| own("product").filter(|_| bands == 1)),
            long_name: tags.long_name.as_deref(),
            units: tags.units.as_deref(),
            summary,
            packed: tags.declared.linear().is_some(),
            shifted: tags.declared.linear().is_some_and(|(_, offset)| offset != 0.0),
            date: tags.date,
        })
        .collect();
    let mut classification = classify::classify(&context, &seen);
    if let Some(alpha) = image.alpha {
        let used = Use::of_alpha();
        classification.bands.insert(alpha.min(classification.bands.len()), used);
    }
    if let Some(written) = Own::of_estimate(|key| own(key).map(str::to_owned)) {
        let names: Vec<Option<&str>> = tags.iter().map(|tags| tags.name.as_deref()).collect();
        classification = own_map(&written, &names);
    }
    match companion::of_tiff(&file) {
        Some((Beside::Mask, of)) => classification = classify::part_of(&of, "mask", bands),
        Some((Beside::RetrievalFlag, of)) if bands == 1 => {
            classification = classify::part_of(&of, "retrieval quality flag", bands);
        }
        _ => {}
    }
    let Classification { product, bands: uses, problems: more } = classification;
    problems.extend(more);
    if uses.iter().any(|used| used.role == Role::SoilMoisture) {
        match flags {
            Some(Ok(flags)) => {
                let name = source.beside(Beside::RetrievalFlag).map(|file| file.name().to_owned());
                problems
                    .push(format!("its retrieval quality flags are those of {}", name.unwrap_or_default()));
                image.flags = Some(Box::new(flags));
            }
            Some(Err(why)) => problems.push(why),
            None => {}
        }
    }

    // Once the meaning is known, impossible values are masked too: statistics are taken again where that changes them.
    let own_date = own("date").and_then(iso_date).or_else(|| observed_day(&items, &file));
    let name_date = crate::names::date_in(&file);
    if let (Some(own), Some(named)) = (own_date, name_date)
        && own != named
    {
        problems.push(format!(
            "the file name says {named}, the file itself {own}; the file is believed (correct the date if it is wrong)"
        ));
    }
    let simulated =
        own("simulated").or_else(|| items.iter().find(|i| i.name == "simulated").map(|i| i.value.as_str()));
    let mut variables: Vec<Variable> = tags
        .iter()
        .zip(&uses)
        .enumerate()
        .map(|(b, (tags, used))| Variable {
            path: tags.name.clone().filter(|n| !n.is_empty()).unwrap_or_else(|| format!("band {}", b + 1)),
            role: used.role,
            units: match used.role {
                Role::SurfaceTemperature => Some("K".to_owned()),
                _ => tags.units.clone(),
            },
            dtype: image.dtype(),
            shape: vec![layout.height as u64, layout.width as u64],
            grid: placement.grid.clone(),
            resolution: window.map(|w| w.resolution),
            overpass: used.overpass,
            scale: used.scale,
            packing: tags.declared.linear(),
            linear: used.linear,
            zero_is_no_value: used.no_zero,
            date: used.date,
            step: None,
            quality: quality_band(&uses, b),
            evidence: used.evidence.clone(),
            statistics: None,
            given: None,
        })
        .collect();
    if !complete {
        problems.push("it is large: its statistics are not computed, its kind is told from samples".into());
    } else if uses.iter().any(|u| u.role != Role::Other) {
        image.alpha_blanks = true;
        let statistics: Vec<Statistics> = statistics_of(&image, &variables, &tags, window.is_some())?;
        for (variable, statistics) in variables.iter_mut().zip(statistics) {
            variable.statistics = Some(statistics);
        }
    } else {
        for (variable, summary) in variables.iter_mut().zip(&summaries) {
            variable.statistics = Some(summary.statistics());
        }
    }
    let (date, date_origin) = (
        own_date.or(name_date),
        own_date.map(|_| DateOrigin::Metadata).or(name_date.map(|_| DateOrigin::FileName)),
    );
    let mut granule = Granule {
        format: Format::Tiff,
        bytes: source.len(),
        product,
        origin: source_entry.map(|s| s.name),
        short_name: own("product").map(str::to_owned),
        date,
        date_origin,
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
    };
    granule.settle_days();
    crate::names::note_period(&mut granule);
    crate::names::note_resampled(&mut granule);
    Ok(granule)
}

/// The band of a retrieval quality flag of the same day and overpass, for soil moisture.
fn quality_band(uses: &[Use], band: usize) -> Option<usize> {
    let used = uses.get(band).filter(|u| u.role == Role::SoilMoisture)?;
    uses.iter().position(|u| u.is_retrieval_flag && (u.date, u.overpass) == (used.date, used.overpass))
}

/// Statistics of every band under the rule of the scan, recommended retrievals alone.
fn statistics_of(
    image: &Image,
    variables: &[Variable],
    tags: &[BandTags],
    ease: bool,
) -> Result<Vec<Statistics>, ReadError> {
    let all = whole(image);
    let rule = |(variable, tags): (&Variable, &BandTags)| {
        Summary::new(value_rule(base_rule(image, tags, ease), variable, variable.scale))
    };
    let mut summaries: Vec<Summary> = variables.iter().zip(tags).map(rule).collect();
    if image.is_interleaved() {
        let mut rows = vec![Vec::new(); variables.len()];
        for chunk in &image.chunks_of(&all, image.layout.samples_per_pixel) {
            let mut each = |band: usize, _: usize, values: &[f64]| {
                rows[band].clear();
                rows[band].extend_from_slice(values);
                // A row of all bands is there: screen it by its flags.
                if band + 1 == rows.len() {
                    for (band, variable) in variables.iter().enumerate() {
                        let flags = variable.quality.and_then(|q| rows.get(q).cloned());
                        if let Some(flags) = flags {
                            screen(&mut rows[band], &flags, QualityRule::Recommended);
                        }
                        summaries[band].add(&rows[band]);
                    }
                }
                Ok(())
            };
            image.read_interleaved(variables.len(), chunk, &mut each).map_err(undecodable)?;
        }
    } else {
        for (band, (summary, variable)) in summaries.iter_mut().zip(variables).enumerate() {
            for chunk in &image.chunks(&all) {
                let mut each = |_: usize, _: usize, values: &[f64]| {
                    summary.add(values);
                    Ok(())
                };
                screened(image, band, variable.quality, QualityRule::Recommended, chunk, &mut each)
                    .map_err(undecodable)?;
            }
        }
    }
    Ok(summaries.iter().map(Summary::statistics).collect())
}

/// Blanks values whose retrieval quality flag says that they do not count.
fn screen(values: &mut [f64], flags: &[f64], rule: QualityRule) {
    // Fill first: 65534 has bit 0 clear.
    let bit = if rule == QualityRule::Recommended { 1 } else { 2 };
    let counts = |flag: f64| flag.is_finite() && (0.0..60_000.0).contains(&flag) && (flag as u32) & bit == 0;
    for (value, _) in values.iter_mut().zip(flags).filter(|(_, flag)| !counts(**flag)) {
        *value = f64::NAN;
    }
}

/// Every pixel.
fn whole(image: &Image) -> PixelWindow {
    PixelWindow { first_column: 0, first_row: 0, columns: image.layout.width, rows: image.layout.height }
}

/// A chunk of a band, with NaN where a retrieval quality flag in another band of the file, or beside it, says that a value does not count.
fn screened(
    image: &Image,
    band: usize,
    quality: Option<usize>,
    rule: QualityRule,
    chunk: &PixelWindow,
    each: &mut RowVisitor<'_>,
) -> Result<(), ReadError> {
    let beside = image.flags.as_deref().map(|flags| (flags, 0));
    let flags = quality.map(|quality| (image, quality)).or(beside);
    let Some((flagged, quality)) = flags.filter(|_| rule != QualityRule::All) else {
        return image.read(band, chunk, each);
    };
    let mut flags = vec![f64::NAN; chunk.rows * chunk.columns];
    let at = |row: usize, first: usize| (row - chunk.first_row) * chunk.columns + first - chunk.first_column;
    flagged.read(quality, chunk, &mut |row, first, values| {
        if let Some(flags) = flags.get_mut(at(row, first)..at(row, first) + values.len()) {
            flags.copy_from_slice(values);
        }
        Ok(())
    })?;
    let mut kept = Vec::with_capacity(chunk.columns);
    image.read(band, chunk, &mut |row, first, values| {
        kept.clear();
        kept.extend_from_slice(values);
        screen(&mut kept, flags.get(at(row, first)..).unwrap_or_default(), rule);
        each(row, first, &kept)
    })
}

/// An estimate that Loam wrote: of soil moisture its first band can be used by hand.
fn own_map(own: &Own, names: &[Option<&str>]) -> Classification {
    let used = |(band, name): (usize, &Option<&str>)| {
        let (role, quantity, evidence) = own.layer(*name, band == 0);
        Use { role, quantity, evidence, ..Use::nothing() }
    };
    Classification {
        product: Product::OwnMap,
        bands: names.iter().enumerate().map(used).collect(),
        problems: vec![own.problem()],
    }
}

/// Those of the scan, where nothing was corrected since.
pub(super) fn statistics(
    granule: &Granule,
    variable: usize,
    options: &ReadOptions,
) -> Result<Statistics, ReadError> {
    match granule.variables.get(variable).map(|v| v.statistics) {
        Some(Some(statistics)) if options.scale.is_none() && options.quality == QualityRule::Recommended => {
            Ok(statistics)
        }
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
fn summarise(image: &Image, rules: &[ValueRule]) -> Result<(Vec<Summary>, bool), ReadError> {
    let layout = &image.layout;
    let all = whole(image);
    let bands = rules.len();
    let complete = (layout.width as u64).saturating_mul(layout.height as u64).saturating_mul(bands as u64)
        <= SCANNED_SAMPLES * 4;
    let mut chunks = if image.is_interleaved() {
        image.chunks_of(&all, layout.samples_per_pixel)
    } else {
        image.chunks(&all)
    };
    if !complete {
        let step = chunks.len().div_ceil(SAMPLED_CHUNKS).max(1);
        chunks = chunks.into_iter().skip(step / 2).step_by(step).collect();
    }
    let mut summaries: Vec<Summary> = rules.iter().map(|rule| Summary::new(rule.clone())).collect();
    if image.is_interleaved() {
        for chunk in &chunks {
            let mut each = |band: usize, _: usize, values: &[f64]| {
                summaries[band].add(values);
                Ok(())
            };
            image.read_interleaved(bands, chunk, &mut each).map_err(undecodable)?;
        }
    } else {
        for (band, summary) in summaries.iter_mut().enumerate() {
            for chunk in &chunks {
                let mut each = |_: usize, _: usize, values: &[f64]| {
                    summary.add(values);
                    Ok(())
                };
                image.read(band, chunk, &mut each).map_err(undecodable)?;
            }
        }
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

/// Which stored numbers of a band count, once its meaning is known.
fn value_rule(base: ValueRule, variable: &Variable, scale: Option<BackscatterScale>) -> ValueRule {
    let mut rule =
        ValueRule { linear: variable.stored_to_unit(), no_zero: variable.zero_is_no_value, ..base };
    match (variable.role, scale) {
        (Role::SurfaceTemperature, _) => rule.range = Some(crate::arrays::layer::SURFACE_TEMPERATURE_RANGE),
        (Role::SoilMoisture, _) => rule.range = Some(SOIL_MOISTURE_RANGE),
        (Role::BackscatterVv | Role::BackscatterVh, Some(scale)) => {
            backscatter::limit(&mut rule, scale, &variable.dtype);
        }
        _ => {}
    }
    rule
}

/// One band of an opened file, to be walked through row by row.
pub(crate) struct BandReader {
    image: Image,
    band: usize,
    quality: (Option<usize>, QualityRule),
    /// Which values count.
    pub(crate) rule: ValueRule,
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
        let mut image = Image::open(granule.source.clone())?;
        let layout = image.layout;
        let said = image.auxiliary.as_ref();
        let placement = georef::placement(image.ifd(), said, layout.width, layout.height)?;
        image.south_up = placement.south_up;
        image.alpha_blanks = v.role != Role::Other;
        // That they are not applied is said by the scan.
        if v.role == Role::SoilMoisture
            && let Some(Ok(flags)) = beside::flags(&granule.source, &image, placement.grid.as_ref())
        {
            image.flags = Some(Box::new(flags));
        }
        let backscatter = matches!(v.role, Role::BackscatterVv | Role::BackscatterVh);
        let scale = if backscatter { options.scale.or(v.scale) } else { None };
        let tags = band_tags(&image, &metadata::all_items(&image), image.auxiliary.as_ref(), variable + 1);
        let base =
            tags.last().map_or_else(ValueRule::default, |t| base_rule(&image, t, v.resolution.is_some()));
        let rule = value_rule(base, v, scale);
        Ok(Self { image, band: variable, quality: (v.quality, options.quality), rule, scale })
    }

    /// The pieces of a window, each at most a few megabytes.
    pub(crate) fn pieces(&self, window: &PixelWindow) -> Vec<PixelWindow> {
        self.image.chunks(window)
    }

    /// Pixels of a piece; `each` gets (row, first column, values as stored; NaN where the file's own masks or quality flags blank them).
    ///
    /// # Errors
    /// [`ReadError::Dataset`], or what `each` says.
    pub(crate) fn read(&self, piece: &PixelWindow, each: &mut RowVisitor<'_>) -> Result<(), ReadError> {
        let (quality, rule) = self.quality;
        screened(&self.image, self.band, quality, rule, piece, each)
    }

    /// Pixels of a window, piece by piece.
    ///
    /// # Errors
    /// As [`BandReader::read`].
    pub(crate) fn walk(&self, window: &PixelWindow, each: &mut RowVisitor<'_>) -> Result<(), ReadError> {
        self.pieces(window).iter().try_for_each(|piece| self.read(piece, each))
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
                (*v, *r) = (reader.rule.physical(s) as f32, reader.rule.reason(s));
            }
        }
        Ok(())
    })?;
    Ok(Raster::new(grid, values, reasons)?)
}

/// Flight direction as pyroSAR writes it: `S1A__IW___A_...` or `..._D_...`.
fn orbit_in(name: &str) -> Option<Orbit> {
    catalogue::words(name).iter().take(4).find_map(|w| match w.as_str() {
        "a" => Some(Orbit::Ascending),
        "d" => Some(Orbit::Descending),
        _ => None,
    })
}

/// `2020-06-01`, as Loam writes it. jiff's parser reads every form of ISO 8601, and its messages alone are 30 kB of the page's worker.
fn iso_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
