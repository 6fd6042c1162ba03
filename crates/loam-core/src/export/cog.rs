//! The layout of a cloud-optimised GeoTIFF: directories first, tiles of 512, the smallest overview's tiles before the larger ones'.
//!
//! `tiff-writer` puts directories behind the pixels, which a reader over a network would have to look for; its parts, which are public, are
//! put together in the other order here.

use std::io::{Cursor, Seek, SeekFrom, Write};

use tiff_reader::constants::{Compression, PlanarConfiguration, Predictor};
use tiff_reader::{ByteOrder, Tag};
use tiff_writer::{Error, ImageBuilder, compress, encoder};

/// Edge of a tile, cells.
pub(super) const TILE: usize = 512;

const ORDER: ByteOrder = ByteOrder::LittleEndian;
/// Classic TIFF: 4 GB, more than the globe at 3 km has in three bands.
const BIG: bool = false;

/// A band, row-major.
#[derive(Clone)]
pub(super) struct Plane {
    /// Values, the given number where there is none.
    pub values: Vec<f32>,
    /// Bits, of which an overview keeps one cell's; else it takes the mean of the valid ones.
    pub is_flags: bool,
}

/// One resolution.
struct Level {
    columns: usize,
    rows: usize,
    planes: Vec<Plane>,
}

impl Level {
    /// Half as wide and high: of 2 x 2 cells the mean of the valid ones.
    fn halved(&self, nodata: f32) -> Self {
        let (columns, rows) = (self.columns.div_ceil(2), self.rows.div_ceil(2));
        let halved = |plane: &Plane| {
            let at = |column: usize, row: usize| {
                (column < self.columns && row < self.rows)
                    .then(|| plane.values.get(row * self.columns + column).copied())
                    .flatten()
            };
            let cell = |i: usize| {
                let (column, row) = (2 * (i % columns), 2 * (i / columns));
                if plane.is_flags {
                    return at(column, row).unwrap_or(nodata);
                }
                let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| at(column + x, row + y));
                let valid = four.into_iter().flatten().filter(|v| *v != nodata);
                let (sum, n) = valid.fold((0f64, 0u32), |(sum, n), v| (sum + f64::from(v), n + 1));
                if n == 0 { nodata } else { (sum / f64::from(n)) as f32 }
            };
            Plane { values: (0..columns * rows).map(cell).collect(), is_flags: plane.is_flags }
        };
        Self { columns, rows, planes: self.planes.iter().map(halved).collect() }
    }

    /// The cells of a tile; what lies beyond the image holds no data.
    fn tile(&self, plane: &Plane, left: usize, top: usize, nodata: f32) -> Vec<f32> {
        let mut tile = vec![nodata; TILE * TILE];
        let width = TILE.min(self.columns - left);
        for (row, line) in (top..self.rows).zip(tile.chunks_exact_mut(TILE)) {
            let from = row * self.columns + left;
            if let (Some(line), Some(values)) = (line.get_mut(..width), plane.values.get(from..from + width))
            {
                line.copy_from_slice(values);
            }
        }
        tile
    }
}

/// The file. `tags` are the image's; `overview_tags` (the value for no data) stand at every resolution.
pub(super) fn encode(
    (columns, rows): (usize, usize),
    planes: Vec<Plane>,
    nodata: f32,
    tags: Vec<Tag>,
    overview_tags: &[Tag],
) -> Result<Vec<u8>, Error> {
    let mut levels = vec![Level { columns, rows, planes }];
    while let Some(last) = levels.last()
        && last.columns.max(last.rows) > TILE
    {
        let next = last.halved(nodata);
        levels.push(next);
    }

    let mut out = Cursor::new(Vec::new());
    encoder::write_header(&mut out, ORDER, BIG)?;
    let mut written = Vec::new();
    let mut pointer = None;
    for (n, level) in levels.iter().enumerate() {
        let mut image = builder(level)?;
        let own: &[Tag] = if n == 0 { &tags } else { &[] };
        for tag in own.iter().chain(overview_tags) {
            image = image.tag(tag.clone());
        }
        if n > 0 {
            image = image.overview();
        }
        let tags = image.checked_build_tags(BIG)?;
        // A directory begins on an even byte.
        if out.position() % 2 == 1 {
            out.write_all(&[0])?;
        }
        let (offsets, counts) = image.offset_tag_codes();
        let blocks = image.checked_block_count()?;
        let directory = encoder::write_ifd(&mut out, ORDER, BIG, &tags, offsets, counts, blocks)?;
        match pointer {
            None => encoder::patch_first_ifd(&mut out, 0, ORDER, BIG, directory.ifd_offset)?,
            Some(pointer) => encoder::patch_next_ifd(&mut out, ORDER, BIG, pointer, directory.ifd_offset)?,
        }
        pointer = Some(directory.next_ifd_pointer_offset);
        out.seek(SeekFrom::End(0))?;
        let place = |code| {
            encoder::find_tag_value_offset(directory.ifd_offset, BIG, &tags, code)
                .ok_or_else(|| Error::Other(format!("tag {code} was not written")))
        };
        written.push((place(offsets)?, place(counts)?));
    }

    for (level, (offsets_at, counts_at)) in levels.iter().zip(written).rev() {
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        for plane in &level.planes {
            for top in (0..level.rows).step_by(TILE) {
                for left in (0..level.columns).step_by(TILE) {
                    let tile = level.tile(plane, left, top, nodata);
                    let bytes = compress::compress_block(&tile, options(), offsets.len())?;
                    offsets.push(out.position());
                    counts.push(bytes.len() as u64);
                    out.write_all(&bytes)?;
                }
            }
        }
        encoder::patch_block_offsets(&mut out, ORDER, BIG, offsets_at, &offsets)?;
        encoder::patch_block_byte_counts(&mut out, ORDER, BIG, counts_at, &counts)?;
        out.seek(SeekFrom::End(0))?;
    }
    Ok(out.into_inner())
}

fn builder(level: &Level) -> Result<ImageBuilder, Error> {
    let side = |n: usize| u32::try_from(n).map_err(|e| Error::Other(e.to_string()));
    let mut image = ImageBuilder::new(side(level.columns)?, side(level.rows)?)
        .sample_type::<f32>()
        .compression(Compression::Deflate)
        .predictor(Predictor::FloatingPoint)
        .tiles(TILE as u32, TILE as u32);
    if level.planes.len() > 1 {
        let bands = u16::try_from(level.planes.len()).map_err(|e| Error::Other(e.to_string()))?;
        image = image.samples_per_pixel(bands).planar_configuration(PlanarConfiguration::Planar);
    }
    Ok(image)
}

fn options<'a>() -> compress::BlockEncodingOptions<'a> {
    compress::BlockEncodingOptions {
        byte_order: ORDER,
        compression: Compression::Deflate,
        predictor: Predictor::FloatingPoint,
        samples_per_pixel: 1,
        row_width_pixels: TILE,
        jpeg_options: None,
        jpeg_sampling: None,
        deflate_level: None,
    }
}
