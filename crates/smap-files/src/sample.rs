//! A layer as a picture needs it: of each point of a grid the pixel that it lies in. No mean, no interpolation: what is shown is what is stored.
//!
//! However large a file is, the picture's points decide what is kept of it; its pieces are decoded one after another.

use ease_grid::crs::Projection;
use ease_grid::place::PixelWindow;
use ease_grid::{Crs, Grid, GridError, Raster, Reason};

use crate::arrays::rows::MapRows;
use crate::geotiff::{BandReader, variable_of};
use crate::sniff::Format;
use crate::{Granule, ReadError, ReadOptions};

/// Points whose pixels are found in one step.
const LOCATED: usize = 32_000;
/// Added to positions in pixels: a point on the edge of two, as the centre of a 36 km cell is among cells of 9 km, is of the right and lower one on
/// every machine.
const NUDGE: f64 = 1e-6;

/// A point of the picture, and the pixel it lies in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    row: u32,
    column: u32,
    /// Row-major in the picture.
    at: u32,
}

enum Pixels {
    Band(Box<BandReader>),
    Map(Box<MapRows>),
    Whole(Raster),
}

/// Reads a layer's pixels at the points of a grid, in steps.
pub struct Sampling {
    /// The picture, in metres on the EASE-Grid plane.
    target: Grid,
    source: Grid,
    projection: Projection,
    pixels: Pixels,
    points: Vec<Point>,
    /// Rows of the picture whose pixels are found.
    located: usize,
    /// Pieces of the file to read; none before all pixels are found.
    pieces: Option<Vec<PixelWindow>>,
    /// Those that were read.
    read: usize,
    values: Vec<f32>,
    reasons: Vec<Reason>,
}

impl Granule {
    /// Pixels of a variable at the centres of another grid's cells, in steps. `target` is in metres on the global EASE-Grid plane, its cells of any
    /// size. Values are as [`Granule::read`] gives them.
    ///
    /// # Errors
    /// [`ReadError::Unsuitable`] for an array that is no map, [`ReadError::Grid`] for a coordinate system that has no transformation here;
    /// otherwise as [`Granule::read`].
    pub fn sample(
        &self,
        variable: usize,
        options: &ReadOptions,
        target: &Grid,
    ) -> Result<Sampling, ReadError> {
        let v = variable_of(self, variable)?;
        if let Some((what, remedy)) = v.no_map() {
            return Err(ReadError::Unsuitable { what, remedy });
        }
        match (self.format, &v.grid) {
            (Format::Tiff, Some(grid)) => {
                let pixels = Pixels::Band(Box::new(BandReader::open(self, variable, options)?));
                Sampling::new(grid.clone(), pixels, target)
            }
            _ => match MapRows::open(self, v, options)? {
                Some((grid, rows)) => Sampling::new(grid, Pixels::Map(Box::new(rows)), target),
                None => Sampling::of(self.read(variable, options, None)?, target),
            },
        }
    }
}

impl Sampling {
    /// Of a raster that is in memory.
    ///
    /// # Errors
    /// [`ReadError::Grid`] for a coordinate system that has no transformation here.
    pub fn of(raster: Raster, target: &Grid) -> Result<Self, ReadError> {
        Self::new(raster.grid().clone(), Pixels::Whole(raster), target)
    }

    fn new(source: Grid, pixels: Pixels, target: &Grid) -> Result<Self, ReadError> {
        if target.crs != Crs::Ease2Global {
            return Err(GridError::DifferentGrids.into());
        }
        let projection = source.crs.projection()?;
        let n = target.len();
        Ok(Self {
            target: target.clone(),
            source,
            projection,
            pixels,
            points: Vec::new(),
            located: 0,
            pieces: None,
            read: 0,
            values: vec![f32::NAN; n],
            reasons: vec![Reason::OutsideFile; n],
        })
    }

    /// The layer's own grid.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.source
    }

    /// Pieces read, and pieces in all; 0 in all while that is not known.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.read, self.pieces.as_ref().map_or(0, Vec::len))
    }

    /// Finds some of the pixels, or reads some. False where nothing is left to do.
    ///
    /// # Errors
    /// [`ReadError::Dataset`] where they cannot be decoded.
    pub fn step(&mut self) -> Result<bool, ReadError> {
        if self.located < self.target.rows {
            self.locate();
            return Ok(true);
        }
        let Some(pieces) = &self.pieces else {
            self.points.sort_unstable();
            self.pieces = Some(self.needed());
            return Ok(true);
        };
        let Some(piece) = pieces.get(self.read).copied() else { return Ok(false) };
        self.read += 1;
        self.read_piece(&piece)?;
        Ok(self.read < self.progress().1)
    }

    /// The picture. What was not read yet is outside the file.
    ///
    /// # Errors
    /// Never in practice; the raster's shape is checked.
    pub fn finish(self) -> Result<Raster, ReadError> {
        Ok(Raster::new(self.target, self.values, self.reasons)?)
    }

    /// Finds the pixels of the next rows of the picture.
    fn locate(&mut self) {
        let rows = (LOCATED / self.target.columns.max(1)).max(1);
        let end = (self.located + rows).min(self.target.rows);
        let (columns, lines) = (self.source.columns as f64, self.source.rows as f64);
        // Longitudes of a file may go past -180 or 180 degrees.
        let turn = (self.source.crs == Crs::Geographic).then(|| 360.0 / self.source.cell_x);
        for row in self.located..end {
            for column in 0..self.target.columns {
                let (ex, ey) = self.target.centre(column, row);
                let (x, y) = self.projection.from_ease(ex, ey);
                let (c, r) = self.source.index_of(x, y);
                let (mut c, r) = (c + NUDGE, r + NUDGE);
                match turn {
                    Some(turn) if c < 0.0 => c += turn,
                    Some(turn) if c >= columns => c -= turn,
                    _ => {}
                }
                // NaN, of a point the system cannot hold, is in no range.
                if (0.0..columns).contains(&c) && (0.0..lines).contains(&r) {
                    let at = (row * self.target.columns + column) as u32;
                    self.points.push(Point { row: r as u32, column: c as u32, at });
                }
            }
        }
        self.located = end;
    }

    /// The pieces of the file that hold any of the pixels.
    fn needed(&self) -> Vec<PixelWindow> {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return Vec::new() };
        let columns = self.points.iter().map(|p| p.column as usize);
        let (left, right) = columns.fold((usize::MAX, 0), |(low, high), c| (low.min(c), high.max(c)));
        let all = PixelWindow {
            first_column: left,
            first_row: first.row as usize,
            columns: right + 1 - left,
            rows: (last.row - first.row) as usize + 1,
        };
        let mut pieces = match &self.pixels {
            Pixels::Band(reader) => reader.pieces(&all),
            Pixels::Map(map) => {
                let rows = all.first_row..all.first_row + all.rows;
                let slab = |rows: std::ops::Range<usize>| PixelWindow {
                    first_row: rows.start,
                    rows: rows.len(),
                    ..all
                };
                map.slabs(&rows, all.columns).into_iter().map(slab).collect()
            }
            Pixels::Whole(_) => vec![all],
        };
        pieces.retain(|piece| {
            let columns = piece.first_column..piece.first_column + piece.columns;
            self.rows(piece).iter().any(|p| columns.contains(&(p.column as usize)))
        });
        pieces
    }

    /// Points in the rows of a piece.
    fn rows(&self, piece: &PixelWindow) -> &[Point] {
        rows_of(&self.points, piece.first_row, piece.first_row + piece.rows)
    }

    fn read_piece(&mut self, piece: &PixelWindow) -> Result<(), ReadError> {
        let Self { pixels, points, values, reasons, .. } = self;
        let mut take = |row: usize, first: usize, count: usize, value: &dyn Fn(usize) -> (f32, Reason)| {
            let of_row = rows_of(points, row, row + 1);
            let from = of_row.partition_point(|p| (p.column as usize) < first);
            for point in of_row.iter().skip(from).take_while(|p| (p.column as usize) < first + count) {
                let at = point.at as usize;
                if let (Some(v), Some(r)) = (values.get_mut(at), reasons.get_mut(at)) {
                    (*v, *r) = value(point.column as usize - first);
                }
            }
        };
        match pixels {
            Pixels::Band(reader) => reader.read(piece, &mut |row, first, stored| {
                take(row, first, stored.len(), &|n| {
                    let stored = stored.get(n).copied().unwrap_or(f64::NAN);
                    (reader.rule.physical(stored) as f32, reader.rule.reason(stored))
                });
                Ok(())
            }),
            Pixels::Map(map) => {
                let columns = piece.first_column..piece.first_column + piece.columns;
                map.read(&(piece.first_row..piece.first_row + piece.rows), &columns, &mut |row, v, r| {
                    take(row, columns.start, v.len(), &|n| {
                        let value = v.get(n).map_or(f32::NAN, |v| *v as f32);
                        (value, r.get(n).copied().unwrap_or(Reason::NotObserved))
                    });
                })
            }
            Pixels::Whole(raster) => {
                for row in piece.first_row..piece.first_row + piece.rows {
                    take(row, piece.first_column, piece.columns, &|n| match raster
                        .at(piece.first_column + n, row)
                    {
                        Ok(value) => (value, Reason::Valid),
                        Err(reason) => (f32::NAN, reason),
                    });
                }
                Ok(())
            }
        }
    }
}

/// Of points in the order of their rows those of some.
fn rows_of(points: &[Point], first: usize, end: usize) -> &[Point] {
    let from = points.partition_point(|p| (p.row as usize) < first);
    let to = points.partition_point(|p| (p.row as usize) < end);
    points.get(from..to).unwrap_or_default()
}
