//! Cells along the four edges of a window: the margin read around a region, or the frame inside it that lacks one.

use serde::{Deserialize, Serialize};

use super::{EaseWindow, Raster, Reason};

/// Cells along each edge of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Edges {
    /// Columns in the west.
    pub west: usize,
    /// Rows in the north.
    pub north: usize,
    /// Columns in the east.
    pub east: usize,
    /// Rows in the south.
    pub south: usize,
}

impl Edges {
    /// As many on every side.
    #[must_use]
    pub const fn all(cells: usize) -> Self {
        Self { west: cells, north: cells, east: cells, south: cells }
    }

    /// No cell on any side.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How far `outer` reaches beyond `inner` on each side; 0 where it does not.
    #[must_use]
    pub fn between(inner: &EaseWindow, outer: &EaseWindow) -> Self {
        Self {
            west: inner.first_column.saturating_sub(outer.first_column),
            north: inner.first_row.saturating_sub(outer.first_row),
            east: (outer.first_column + outer.columns).saturating_sub(inner.first_column + inner.columns),
            south: (outer.first_row + outer.rows).saturating_sub(inner.first_row + inner.rows),
        }
    }

    /// What of a margin of these sizes a file fills: on each side the lines next to `inner` of which the raster says anything but
    /// [`Reason::OutsideFile`]. `raster` lies on a window around `inner`; a line that the window lacks is not filled.
    #[must_use]
    pub fn filled(self, raster: &Raster, inner: &EaseWindow) -> Self {
        let Some(window) = raster.grid().ease_window() else { return Self::default() };
        let room = Self::between(inner, &window);
        let (columns, rows) = (room.west..room.west + inner.columns, room.north..room.north + inner.rows);
        let inside = |column: usize, row: usize| raster.at(column, row) != Err(Reason::OutsideFile);
        let column = |c: usize| rows.clone().any(|row| inside(c, row));
        let row = |r: usize| columns.clone().any(|column| inside(column, r));
        let count = |wanted: usize, there: usize, line: &dyn Fn(usize) -> bool| {
            (1..=wanted.min(there)).take_while(|n| line(*n)).count()
        };
        Self {
            west: count(self.west, room.west, &|n| column(room.west - n)),
            north: count(self.north, room.north, &|n| row(room.north - n)),
            east: count(self.east, room.east, &|n| column(room.west + inner.columns + n - 1)),
            south: count(self.south, room.south, &|n| row(room.north + inner.rows + n - 1)),
        }
    }

    /// The smaller of both on each side.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            west: self.west.min(other.west),
            north: self.north.min(other.north),
            east: self.east.min(other.east),
            south: self.south.min(other.south),
        }
    }

    /// What is missing to `wanted` on each side.
    #[must_use]
    pub fn missing(self, wanted: usize) -> Self {
        let [west, north, east, south] =
            [self.west, self.north, self.east, self.south].map(|there| wanted.saturating_sub(there));
        Self { west, north, east, south }
    }

    /// A row-major plane of so many columns without these cells.
    #[must_use]
    pub fn cut<T: Copy>(&self, plane: &[T], columns: usize) -> Vec<T> {
        let Some(rows) = plane.len().checked_div(columns) else { return Vec::new() };
        let inside =
            |all: usize, first: usize, last: usize| (first.min(all), all.saturating_sub(first + last));
        let ((left, width), (top, height)) =
            (inside(columns, self.west, self.east), inside(rows, self.north, self.south));
        plane
            .chunks(columns)
            .skip(top)
            .take(height)
            .flat_map(|row| row.iter().skip(left).take(width).copied())
            .collect()
    }

    /// A row-major plane of so many columns with these cells around it, which hold `outside`.
    #[must_use]
    pub fn laid<T: Copy>(&self, plane: &[T], columns: usize, outside: T) -> Vec<T> {
        let wide = columns + self.west + self.east;
        let mut laid = vec![outside; wide * self.north];
        for row in plane.chunks(columns.max(1)) {
            laid.extend(std::iter::repeat_n(outside, self.west));
            laid.extend_from_slice(row);
            laid.extend(std::iter::repeat_n(outside, self.east));
        }
        laid.extend(std::iter::repeat_n(outside, wide * self.south));
        laid
    }

    /// True for a cell among these, of a window of `columns` x `rows`.
    #[must_use]
    pub fn hold(&self, columns: usize, rows: usize, column: usize, row: usize) -> bool {
        column < self.west || row < self.north || column + self.east >= columns || row + self.south >= rows
    }

    /// `the outer cells (2 in the west, 4 in the east)` or `the outer 2 cells on every side`; empty where there are none.
    #[must_use]
    pub fn words(&self) -> String {
        let sides = [(self.west, "west"), (self.north, "north"), (self.east, "east"), (self.south, "south")];
        let some: Vec<_> = sides.into_iter().filter(|(cells, _)| *cells > 0).collect();
        if some.len() == 4 && some.iter().all(|(cells, _)| *cells == self.west) {
            return format!("the outer {} cells on every side", self.west);
        }
        let list: Vec<String> =
            some.into_iter().map(|(cells, side)| format!("{cells} in the {side}")).collect();
        if list.is_empty() { String::new() } else { format!("the outer cells ({})", list.join(", ")) }
    }
}

impl EaseWindow {
    /// The window with these cells more on each side, as far as the globe reaches.
    #[must_use]
    pub fn widened(&self, by: &Edges) -> Self {
        let (first_column, first_row) =
            (self.first_column.saturating_sub(by.west), self.first_row.saturating_sub(by.north));
        let end = |end: usize, by: usize, all: usize| (end + by).min(all.max(end));
        Self {
            first_column,
            first_row,
            columns: end(self.first_column + self.columns, by.east, self.resolution.columns()) - first_column,
            rows: end(self.first_row + self.rows, by.south, self.resolution.rows()) - first_row,
            ..*self
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::Resolution;

    fn window(first_column: usize, first_row: usize, columns: usize, rows: usize) -> EaseWindow {
        EaseWindow { resolution: Resolution::M03, first_column, first_row, columns, rows }
    }

    #[test]
    fn a_margin_ends_where_the_file_ends() {
        let inner = window(100, 200, 10, 8);
        let outer = inner.widened(&Edges::all(4));
        assert_eq!((outer.first_column, outer.first_row, outer.columns, outer.rows), (96, 196, 18, 16));
        // The file holds two columns in the west, a single cell of the outermost row in the north, nothing in the east, all in the south.
        let mut reasons = vec![Reason::OutsideFile; outer.len()];
        for row in 4..16 {
            for column in 2..14 {
                reasons[row * 18 + column] = Reason::NoSmap;
            }
        }
        for row in 0..4 {
            reasons[row * 18 + 7] = Reason::Valid;
        }
        let raster = Raster::new(outer.grid(), vec![0.2; outer.len()], reasons).unwrap();
        let filled = Edges::all(4).filled(&raster, &inner);
        assert_eq!(filled, Edges { west: 2, north: 4, east: 0, south: 4 });
        let frame = filled.missing(4);
        assert_eq!(frame, Edges { west: 2, north: 0, east: 4, south: 0 });
        let held = (0..10).filter(|column| frame.hold(10, 8, *column, 5)).collect::<Vec<_>>();
        assert_eq!(held, [0, 1, 6, 7, 8, 9]);
        assert_eq!(frame.words(), "the outer cells (2 in the west, 4 in the east)");
    }

    #[test]
    fn what_is_laid_is_cut_again() {
        let edges = Edges { west: 1, north: 2, east: 3, south: 0 };
        let plane: Vec<u8> = (1..=6).collect();
        let laid = edges.laid(&plane, 3, 0);
        assert_eq!(
            laid,
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 4, 5, 6, 0, 0, 0]
        );
        assert_eq!(edges.cut(&laid, 7), plane);
        assert_eq!(Edges::default().cut(&plane, 3), plane);
        assert!(Edges::all(2).cut(&plane, 3).is_empty());
    }

    #[test]
    fn the_globe_ends_too() {
        let corner = window(0, 0, 10, 10);
        let wide = corner.widened(&Edges::all(4));
        assert_eq!(Edges::between(&corner, &wide), Edges { west: 0, north: 0, east: 4, south: 4 });
    }
}
