//! A TIFF file opened through [`Source`](crate::Source), its image described, and its pixels as rows of float64.
//!
//! Pixels are decoded a few megabytes at a time, along the file's own blocks (strips or tiles), so that a 1.5 GB file costs no more
//! than a small one. A block is the least that can be decoded, therefore blocks are bounded too ([`BLOCK_LIMIT`]); uncompressed
//! strips have no such limit, their rows are fetched directly.

use std::sync::Arc;

use tiff_reader::source::TiffSource;
use tiff_reader::{ByteOrder, ExtraSample, Ifd, OpenOptions, ParseBudgets, RasterLayout, TiffFile};

use super::{compression, half};
use crate::arrays::half_precision;
use crate::auxiliary::Auxiliary;
use crate::companion::Beside;
use crate::{ReadError, SharedSource};
use ease_grid::place::PixelWindow;

/// Bytes of decoded pixels handed on at a time.
const CHUNK_BYTES: usize = 8 << 20;
/// Blocks up to this size go through the decoder's cache of the same size.
const CACHE_BYTES: usize = 32 << 20;
/// The largest block (decoded and stored bytes together) that is decoded: with it, the cache holds nothing else.
const BLOCK_LIMIT: u64 = 240 << 20;

/// Byte order, version and the place of the first directory.
const HEADER_BYTES: u64 = 8;

const TAG_STRIP_OFFSETS: u16 = 273;
const TAG_SUBFILE: u16 = 254;

/// Our [`Source`](crate::Source) as the decoder wants it, perhaps with some bytes laid over.
struct Adapter(SharedSource, Option<half::Overlay>);

impl TiffSource for Adapter {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_exact_at(&self, offset: u64, len: usize) -> tiff_reader::error::Result<Vec<u8>> {
        // Checked before allocating: a damaged count must not ask for the moon.
        if offset.checked_add(len as u64).is_none_or(|end| end > self.0.len()) {
            return Err(tiff_reader::TiffError::OffsetOutOfBounds {
                offset,
                length: len as u64,
                data_len: self.0.len(),
            });
        }
        let mut bytes = vec![0; len];
        self.0
            .read_at(offset, &mut bytes)
            .map_err(|e| tiff_reader::TiffError::Io(e, self.0.name().to_owned()))?;
        if let Some(overlay) = &self.1 {
            overlay.over(offset, &mut bytes);
        }
        Ok(bytes)
    }
}

/// One image of a TIFF file.
pub(super) struct Image {
    file: TiffFile,
    ifd: Ifd,
    /// Shape and sample type.
    pub(super) layout: RasterLayout,
    /// Full-resolution images in the file besides this one.
    pub(super) further_images: usize,
    /// Uncompressed strips too large for the cache are read row by row from here.
    direct: Option<SharedSource>,
    /// Blocks that were never written (GDAL's SPARSE_OK), where there are any: they decode as zeros but hold no data.
    missing: Option<Vec<bool>>,
    /// The image that says which pixels hold a value (TIFF 6.0, NewSubfileType bit 2): zero means none.
    mask: Option<Ifd>,
    /// The same in a file beside this one (GDAL's `x.tif.msk`).
    beside: Option<Mask>,
    /// What GDAL says of its bands in a file beside this one.
    pub(super) auxiliary: Option<Auxiliary>,
    /// Flags of its retrievals in a file beside this one.
    pub(super) flags: Option<Box<Image>>,
    /// The band that says how opaque a pixel is (TIFF 6.0, ExtraSamples 1 and 2): zero means no value.
    pub(super) alpha: Option<usize>,
    /// The alpha band blanks the others. Off for pictures, whose clear pixels have colours all the same.
    pub(super) alpha_blanks: bool,
    /// Rows are stored from south to north; they are handed out from north to south.
    pub(super) south_up: bool,
}

/// A mask in a file of its own: one band for all bands, or one for each.
struct Mask {
    file: TiffFile,
    ifd: Ifd,
    layout: RasterLayout,
}

impl Mask {
    /// Opens the mask of an image.
    ///
    /// # Errors
    /// [`ReadError::Unsuitable`]: without its mask it is not known which pixels of the image have a value.
    fn open(source: SharedSource, image: &RasterLayout) -> Result<Self, ReadError> {
        let name = source.name().to_owned();
        let refused = |why: String| {
            ReadError::Unsuitable {
            what: format!("the mask beside it, {name}, {why}, so that it is not known which of its pixels have a value"),
            remedy: "make the mask again, or write it into the file: gdal_translate --config GDAL_TIFF_INTERNAL_MASK YES in.tif out.tif".to_owned(),
        }
        };
        let options = OpenOptions { decode_output_bytes: BLOCK_LIMIT as usize, ..OpenOptions::default() };
        let file = TiffFile::from_source_with_options(Arc::new(Adapter(source, None)), options)
            .map_err(|e| refused(format!("cannot be read ({e})")))?;
        let ifd = file.ifds().first().cloned().ok_or_else(|| refused("holds no image".to_owned()))?;
        let layout = ifd.raster_layout().map_err(|e| refused(format!("cannot be read ({e})")))?;
        if (layout.width, layout.height) != (image.width, image.height) {
            return Err(refused(format!(
                "has {} x {} pixels, not {} x {}",
                layout.width, layout.height, image.width, image.height
            )));
        }
        Ok(Self { file, ifd, layout })
    }

    /// Pixels of a chunk that it hides in a band.
    fn hidden(&self, band: usize, chunk: &Chunk) -> Result<Vec<bool>, ReadError> {
        let band = if self.layout.samples_per_pixel > 1 { band } else { 0 };
        let bytes = self
            .file
            .read_band_window_bytes_from_ifd(
                &self.ifd,
                band,
                chunk.first_row,
                chunk.first_column,
                chunk.rows,
                chunk.columns,
            )
            .map_err(|e| dataset(band, &format!("its mask: {e}")))?;
        Ok(bytes
            .chunks_exact(self.layout.bytes_per_sample.max(1))
            .map(|opaque| opaque.iter().all(|b| *b == 0))
            .collect())
    }
}

/// Gets every row of a chunk: its number, its first column, its values as stored.
pub(crate) type RowVisitor<'a> = dyn FnMut(usize, usize, &[f64]) -> Result<(), ReadError> + 'a;

/// A rectangle of pixels decoded in one go.
pub(super) type Chunk = PixelWindow;

impl Image {
    /// Opens the first full-resolution image.
    ///
    /// # Errors
    /// [`ReadError::CutOff`] where blocks lie past the end; [`ReadError::Damaged`] where header, directory or sample layout cannot be read;
    /// [`ReadError::TooLarge`] for blocks past the memory limit.
    pub(super) fn open(source: SharedSource) -> Result<Self, ReadError> {
        let length = source.len();
        // The decoder takes a shorter file for another format.
        if length < HEADER_BYTES {
            return Err(ReadError::CutOff { has: length, needs: HEADER_BYTES, at_least: true });
        }
        let mut options = OpenOptions {
            block_cache_bytes: CACHE_BYTES,
            decode_output_bytes: BLOCK_LIMIT as usize,
            parse_budgets: ParseBudgets {
                max_ifds: 1000,
                max_ifd_entries: 4096,
                max_tag_value_bytes: 32 << 20,
                max_metadata_value_bytes: 64 << 20,
            },
            ..OpenOptions::default()
        };
        let opened = |options: OpenOptions, overlay: Option<half::Overlay>| {
            TiffFile::from_source_with_options(Arc::new(Adapter(source.clone(), overlay)), options)
                .map_err(|e| damaged(&e, length))
        };
        let mut file = opened(options, None)?;
        let mut ifd = first_image(&file)?;
        let further_images = file.ifds().iter().filter(|i| full(i)).count().saturating_sub(1);
        compression::check(&ifd)?;
        if half::is_float_of(&ifd, 24) {
            return Err(ReadError::Unsuitable {
                what: "its values are floats of 24 bits, which Loam does not read".to_owned(),
                remedy: "save it as float32, e.g. gdal_translate -ot Float32 -co NBITS=32 -co COMPRESS=DEFLATE in.tif out.tif"
                    .to_owned(),
            });
        }
        let is_half = half::is_float_of(&ifd, 16);
        let overlay = if is_half { half::overlay(&file, &ifd, source.as_ref()) } else { None };
        if overlay.is_some() {
            file = opened(options, overlay.clone())?;
            ifd = first_image(&file)?;
        }
        let mut layout = ifd.raster_layout().map_err(|e| damaged(&e, length))?;

        let bands = if layout.planar_configuration == 1 { layout.samples_per_pixel } else { 1 };
        let (block_columns, block_rows) = block_shape(&ifd, &layout);
        let decoded =
            block_columns as u64 * block_rows as u64 * bands as u64 * layout.bytes_per_sample as u64;
        let auxiliary =
            source.beside(Beside::Auxiliary).and_then(|file| crate::source::auxiliary(file.as_ref()));
        let beside = source.beside(Beside::Mask).map(|mask| Mask::open(mask, &layout)).transpose()?;
        let mut direct = None;
        if decoded > CACHE_BYTES as u64 {
            let plain = ifd.compression() == 1
                && matches!(layout.bits_per_sample, 8 | 16 | 32 | 64)
                && ifd.fill_order() == 1;
            if plain && !ifd.is_tiled() {
                direct = Some(source.clone());
            } else {
                let counts = if ifd.is_tiled() { ifd.tile_byte_counts() } else { ifd.strip_byte_counts() };
                let stored = counts.and_then(|c| c.into_iter().max()).unwrap_or(0).min(source.len());
                if decoded + stored > BLOCK_LIMIT {
                    return Err(ReadError::TooLarge {
                        what: format!("one {} of this TIFF file", if ifd.is_tiled() { "tile" } else { "strip" }),
                        needed_mb: (decoded + stored) >> 20,
                        limit_mb: BLOCK_LIMIT >> 20,
                        remedy: "save it tiled, e.g. gdal_translate -co TILED=YES -co COMPRESS=DEFLATE in.tif out.tif".into(),
                    });
                }
                options.block_cache_bytes = decoded as usize;
                file = opened(options, overlay)?;
            }
        }
        let (offsets, counts) = if ifd.is_tiled() {
            (ifd.tile_offsets(), ifd.tile_byte_counts())
        } else {
            (ifd.strip_offsets(), ifd.strip_byte_counts())
        };
        let blocks: Vec<(u64, u64)> =
            offsets.unwrap_or_default().into_iter().zip(counts.unwrap_or_default()).collect();
        let needs = blocks.iter().map(|(offset, count)| offset.saturating_add(*count)).max().unwrap_or(0);
        if needs > length {
            return Err(ReadError::CutOff { has: length, needs, at_least: true });
        }
        let missing: Vec<bool> = blocks.iter().map(|(offset, count)| *offset == 0 || *count == 0).collect();
        let missing = missing.contains(&true).then_some(missing);
        let is_mask = |i: &&Ifd| {
            let kind = i.tag(TAG_SUBFILE).and_then(|t| t.value.as_u32()).unwrap_or(0);
            kind & 0b101 == 0b100 && (i.width(), i.height()) == (ifd.width(), ifd.height())
        };
        let mask = file.ifds().iter().find(is_mask).cloned();
        // Extra samples are the last ones of a pixel.
        let extra = ifd.extra_samples().unwrap_or_default();
        let first_extra = layout.samples_per_pixel.saturating_sub(extra.len());
        let opaque = |sample: &ExtraSample| {
            matches!(sample, ExtraSample::AssociatedAlpha | ExtraSample::UnassociatedAlpha)
        };
        let alpha = extra.iter().position(opaque).map(|n| first_extra + n);
        if is_half {
            layout.sample_format = half::FLOAT;
        }
        Ok(Self {
            file,
            ifd,
            layout,
            further_images,
            direct,
            missing,
            mask,
            beside,
            auxiliary,
            flags: None,
            alpha,
            alpha_blanks: false,
            south_up: false,
        })
    }

    /// The directory, for tags.
    pub(super) fn ifd(&self) -> &Ifd {
        &self.ifd
    }

    /// Element type in NumPy's words; `uint12` for packed bits.
    pub(super) fn dtype(&self) -> String {
        let kind = match self.layout.sample_format {
            2 => "int",
            3 => "float",
            _ => "uint",
        };
        format!("{kind}{}", self.layout.bits_per_sample)
    }

    /// True for integers.
    pub(super) fn is_integer(&self) -> bool {
        self.layout.sample_format != 3
    }

    /// Samples of a pixel stand beside each other, so that a block decodes into all bands at once.
    pub(super) fn is_interleaved(&self) -> bool {
        self.layout.planar_configuration == 1 && self.layout.samples_per_pixel > 1 && self.direct.is_none()
    }

    /// The rectangles that cover `window`, each at most a few megabytes and made of whole blocks where possible.
    pub(super) fn chunks(&self, window: &PixelWindow) -> Vec<Chunk> {
        self.chunks_of(window, 1)
    }

    /// The same for `samples` bands decoded together.
    pub(super) fn chunks_of(&self, window: &PixelWindow, samples: usize) -> Vec<Chunk> {
        let (block_columns, block_rows) = block_shape(&self.ifd, &self.layout);
        let bytes = self.layout.bytes_per_sample.max(1) * samples.max(1);
        let whole_rows = !self.ifd.is_tiled();
        let columns = if whole_rows || window.columns * block_rows * bytes <= CHUNK_BYTES {
            window.columns
        } else {
            ((CHUNK_BYTES / (block_rows * bytes)) / block_columns).max(1) * block_columns
        };
        let fitting = (CHUNK_BYTES / (columns.max(1) * bytes)).max(1);
        let rows = if fitting > block_rows { fitting - fitting % block_rows } else { fitting };
        let mut chunks = Vec::new();
        // Cuts fall on multiples of the block, counted from the image's corner.
        let cut = |from: usize, step: usize, end: usize| (((from / step) + 1) * step).min(end);
        let (end_row, end_column) = (window.first_row + window.rows, window.first_column + window.columns);
        let mut row = window.first_row;
        while row < end_row {
            let next_row = cut(row, rows, end_row);
            let mut column = window.first_column;
            while column < end_column {
                let next_column = if whole_rows { end_column } else { cut(column, columns, end_column) };
                chunks.push(Chunk {
                    first_column: column,
                    first_row: row,
                    columns: next_column - column,
                    rows: next_row - row,
                });
                column = next_column;
            }
            row = next_row;
        }
        chunks
    }

    /// Decodes one chunk of a band; `each` gets every row: its number (from the north), its first column, its values as stored, NaN where
    /// the file's mask, its alpha band or a block that was never written say that there is none.
    ///
    /// # Errors
    /// [`ReadError::Dataset`] where the decoder fails, or whatever `each` says.
    pub(super) fn read(
        &self,
        band: usize,
        chunk: &Chunk,
        each: &mut RowVisitor<'_>,
    ) -> Result<(), ReadError> {
        let height = self.layout.height;
        let stored = self.stored(chunk);
        let bytes = match &self.direct {
            Some(source) => self.rows_directly(source, band, &stored)?,
            None => self.window_bytes(&self.ifd, band, &stored)?,
        };
        let hidden = self.hidden(band, &stored)?;
        let row_bytes = chunk.columns * self.layout.bytes_per_sample;
        let mut values = vec![0f64; chunk.columns];
        for (i, row) in bytes.chunks_exact(row_bytes.max(1)).enumerate().take(chunk.rows) {
            self.decode(row, &mut values)
                .ok_or_else(|| dataset(band, &format!("no reader for {} samples", self.dtype())))?;
            let row = stored.first_row + i;
            self.blank_missing(band, row, stored.first_column, &mut values);
            for (value, _) in
                values.iter_mut().zip(hidden.iter().skip(i * chunk.columns)).filter(|(_, h)| **h)
            {
                *value = f64::NAN;
            }
            each(if self.south_up { height - 1 - row } else { row }, chunk.first_column, &values)?;
        }
        Ok(())
    }

    /// Decodes one chunk of an interleaved image once for its first bands; `each` gets every row of every band: its band, its number, its
    /// values as stored.
    ///
    /// # Errors
    /// [`ReadError::Dataset`] where the decoder fails, or whatever `each` says.
    pub(super) fn read_interleaved(
        &self,
        bands: usize,
        chunk: &Chunk,
        each: &mut RowVisitor<'_>,
    ) -> Result<(), ReadError> {
        let height = self.layout.height;
        let stored = self.stored(chunk);
        let bytes = self
            .file
            .read_window_bytes_from_ifd(
                &self.ifd,
                stored.first_row,
                stored.first_column,
                stored.rows,
                stored.columns,
            )
            .map_err(|e| dataset(0, &e.to_string()))?;
        // One mask for all bands, but of a mask beside the file, which may have one for each.
        let each_has_its_own = self.beside.as_ref().is_some_and(|mask| mask.layout.samples_per_pixel > 1);
        let masks = if each_has_its_own { bands.max(1) } else { 1 };
        let hidden = (0..masks).map(|band| self.hidden(band, &stored)).collect::<Result<Vec<_>, _>>()?;
        let (size, samples) = (self.layout.bytes_per_sample.max(1), self.layout.samples_per_pixel);
        let mut plain = Vec::with_capacity(chunk.columns * size);
        let mut values = vec![0f64; chunk.columns];
        for (i, row) in
            bytes.chunks_exact((chunk.columns * samples * size).max(1)).enumerate().take(chunk.rows)
        {
            let number = stored.first_row + i;
            for band in 0..bands {
                plain.clear();
                for pixel in row.chunks_exact(samples * size) {
                    plain.extend_from_slice(pixel.get(band * size..(band + 1) * size).unwrap_or_default());
                }
                self.decode(&plain, &mut values)
                    .ok_or_else(|| dataset(band, &format!("no reader for {} samples", self.dtype())))?;
                self.blank_missing(band, number, stored.first_column, &mut values);
                let hidden = hidden.get(band.min(masks - 1)).map(Vec::as_slice).unwrap_or_default();
                for (value, _) in
                    values.iter_mut().zip(hidden.iter().skip(i * chunk.columns)).filter(|(_, h)| **h)
                {
                    *value = f64::NAN;
                }
                each(band, if self.south_up { height - 1 - number } else { number }, &values)?;
            }
        }
        Ok(())
    }

    /// A chunk's place in the file, whose rows may be stored from south to north.
    fn stored(&self, chunk: &Chunk) -> Chunk {
        if self.south_up {
            Chunk { first_row: self.layout.height.saturating_sub(chunk.first_row + chunk.rows), ..*chunk }
        } else {
            *chunk
        }
    }

    fn window_bytes(&self, ifd: &Ifd, band: usize, chunk: &Chunk) -> Result<Vec<u8>, ReadError> {
        self.file
            .read_band_window_bytes_from_ifd(
                ifd,
                band,
                chunk.first_row,
                chunk.first_column,
                chunk.rows,
                chunk.columns,
            )
            .map_err(|e| dataset(band, &e.to_string()))
    }

    /// Pixels of a chunk that the file's own mask, the one beside it or its alpha band hides in a band; empty where it has none of them.
    fn hidden(&self, band: usize, chunk: &Chunk) -> Result<Vec<bool>, ReadError> {
        let mut hidden = Vec::new();
        if let Some(mask) = &self.mask {
            hidden = self.window_bytes(mask, 0, chunk)?.into_iter().map(|opaque| opaque == 0).collect();
        }
        if let Some(mask) = &self.beside {
            let more = mask.hidden(band, chunk)?;
            hidden.resize(more.len(), false);
            hidden.iter_mut().zip(more).for_each(|(hidden, more)| *hidden |= more);
        }
        if let Some(alpha) = self.alpha.filter(|_| self.alpha_blanks) {
            let bytes = match &self.direct {
                Some(source) => self.rows_directly(source, alpha, chunk)?,
                None => self.window_bytes(&self.ifd, alpha, chunk)?,
            };
            let clear =
                bytes.chunks_exact(self.layout.bytes_per_sample.max(1)).map(|s| s.iter().all(|b| *b == 0));
            hidden.resize(chunk.rows * chunk.columns, false);
            for (hidden, clear) in hidden.iter_mut().zip(clear) {
                *hidden |= clear;
            }
        }
        Ok(hidden)
    }

    /// Values of blocks that were never written become NaN.
    fn blank_missing(&self, band: usize, row: usize, first_column: usize, values: &mut [f64]) {
        let Some(missing) = &self.missing else { return };
        let (columns, rows) = block_shape(&self.ifd, &self.layout);
        let (across, down) = (self.layout.width.div_ceil(columns), self.layout.height.div_ceil(rows));
        let plane = if self.layout.planar_configuration == 2 { band * across * down } else { 0 };
        for (i, value) in values.iter_mut().enumerate() {
            let block = plane + row / rows * across + (first_column + i) / columns;
            if missing.get(block).is_some_and(|m| *m) {
                *value = f64::NAN;
            }
        }
    }

    /// Native-endian samples to float64; `None` for a sample type without a rule.
    fn decode(&self, row: &[u8], values: &mut [f64]) -> Option<()> {
        macro_rules! fill {
            ($t:ty) => {
                for (v, s) in values.iter_mut().zip(row.as_chunks().0) {
                    *v = <$t>::from_ne_bytes(*s) as f64;
                }
            };
        }
        match (self.layout.sample_format, self.layout.bytes_per_sample) {
            (1, 1) => fill!(u8),
            (1, 2) => fill!(u16),
            (1, 4) => fill!(u32),
            (1, 8) => fill!(u64),
            (2, 1) => fill!(i8),
            (2, 2) => fill!(i16),
            (2, 4) => fill!(i32),
            (2, 8) => fill!(i64),
            (half::FLOAT, 2) => {
                for (v, s) in values.iter_mut().zip(row.as_chunks().0) {
                    *v = half_precision(u16::from_ne_bytes(*s));
                }
            }
            (3, 4) => fill!(f32),
            (3, 8) => fill!(f64),
            _ => return None,
        }
        Some(())
    }

    /// Rows of an uncompressed strip, without the rest of the strip.
    fn rows_directly(&self, source: &SharedSource, band: usize, chunk: &Chunk) -> Result<Vec<u8>, ReadError> {
        let l = &self.layout;
        let offsets =
            self.ifd.tag(TAG_STRIP_OFFSETS).and_then(|_| self.ifd.strip_offsets()).unwrap_or_default();
        let rows_per_strip = (self.ifd.rows_per_strip() as usize).clamp(1, l.height);
        let planar = l.planar_configuration == 2;
        let first_strip = if planar { band * l.height.div_ceil(rows_per_strip) } else { 0 };
        let stride = if planar { l.bytes_per_sample } else { l.bytes_per_sample * l.samples_per_pixel };
        let skip = if planar { 0 } else { band * l.bytes_per_sample };
        let mut out = Vec::with_capacity(chunk.rows * chunk.columns * l.bytes_per_sample);
        let mut row_bytes = vec![0; chunk.columns * stride];
        for row in chunk.first_row..chunk.first_row + chunk.rows {
            let strip = offsets
                .get(first_strip + row / rows_per_strip)
                .ok_or_else(|| dataset(band, "the table of strips is shorter than the image"))?;
            let within =
                ((row % rows_per_strip) as u64 * l.width as u64 + chunk.first_column as u64) * stride as u64;
            source
                .read_at(strip.saturating_add(within), &mut row_bytes)
                .map_err(|e| dataset(band, &e.to_string()))?;
            for pixel in row_bytes.chunks_exact(stride) {
                out.extend_from_slice(pixel.get(skip..skip + l.bytes_per_sample).unwrap_or_default());
            }
        }
        let native = if cfg!(target_endian = "big") { ByteOrder::BigEndian } else { ByteOrder::LittleEndian };
        if self.file.byte_order() != native {
            out.chunks_exact_mut(l.bytes_per_sample).for_each(<[u8]>::reverse);
        }
        Ok(out)
    }
}

/// True for an image in full resolution that is no mask.
fn full(ifd: &Ifd) -> bool {
    ifd.tag(TAG_SUBFILE).and_then(|t| t.value.as_u32()).unwrap_or(0) & 0b101 == 0
}

/// The first image in full resolution; where none says that it is one, the first.
fn first_image(file: &TiffFile) -> Result<Ifd, ReadError> {
    file.ifds().iter().find(|i| full(i)).or_else(|| file.ifds().first()).cloned().ok_or_else(no_image)
}

/// Columns and rows of a block.
fn block_shape(ifd: &Ifd, layout: &RasterLayout) -> (usize, usize) {
    if ifd.is_tiled() {
        (ifd.tile_width().unwrap_or(1).max(1) as usize, ifd.tile_height().unwrap_or(1).max(1) as usize)
    } else {
        (layout.width, (ifd.rows_per_strip() as usize).clamp(1, layout.height))
    }
}

fn no_image() -> ReadError {
    ReadError::Damaged {
        format: "TIFF",
        detail: "it holds no image".into(),
        remedy: "download or export it again".into(),
    }
}

fn dataset(band: usize, detail: &str) -> ReadError {
    ReadError::Dataset { dataset: format!("band {}", band + 1), detail: detail.to_owned() }
}

/// The decoder's words with what to do about them, of a file of a length.
pub(super) fn damaged(error: &tiff_reader::TiffError, length: u64) -> ReadError {
    use tiff_reader::TiffError as E;
    if let E::OffsetOutOfBounds { offset, length: more, .. } | E::Truncated { offset, needed: more, .. } =
        error
    {
        let needs = offset.saturating_add(*more);
        // Else the offset is one within a part of the file, whose lengths contradict each other.
        if needs > length {
            return ReadError::CutOff { has: length, needs, at_least: true };
        }
    }
    let remedy = match error {
        E::Truncated { .. } | E::OffsetOutOfBounds { .. } | E::Io(..) => {
            "the file is cut off or damaged; download or copy it again"
        }
        E::UnsupportedCompression(_)
        | E::UnsupportedPredictor(_)
        | E::UnsupportedBitsPerSample(_)
        | E::UnsupportedSampleFormat(_)
        | E::UnsupportedPlanarConfiguration(_) => {
            "Loam does not read this kind of TIFF; save it as float32, e.g. gdal_translate -ot Float32 -co COMPRESS=DEFLATE in.tif out.tif"
        }
        _ => "its structure is damaged or not a raster; download or export it again",
    };
    ReadError::Damaged { format: "TIFF", detail: error.to_string(), remedy: remedy.into() }
}
