//! The cell cursor and the part of the window in view: plain numbers, shared by all linked maps.

use ease_grid::{EaseWindow, Resolution};

/// A cell of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// From the west.
    pub column: usize,
    /// From the north.
    pub row: usize,
}

impl Cell {
    /// Row-major index.
    #[must_use]
    pub fn index(self, window: &EaseWindow) -> usize {
        self.row * window.columns + self.column
    }

    /// Column and row in the global 3 km grid and in the 36 km grid.
    #[must_use]
    pub fn global(self, window: &EaseWindow) -> ((usize, usize), (usize, usize)) {
        let (column, row) = (window.first_column + self.column, window.first_row + self.row);
        let per = window.resolution.per_36km() / Resolution::M36.per_36km();
        ((column, row), (column / per, row / per))
    }
}

/// What a key does to the cursor. `None` for keys that are not the map's.
///
/// Arrows move by one cell, with Shift by twelve (one 36 km cell); Home and End go to the row's ends, Page Up and Page Down to the
/// column's. Without a cursor the first key puts it in the middle.
#[must_use]
pub fn moved(cell: Option<Cell>, key: &str, shift: bool, window: &EaseWindow) -> Option<Cell> {
    let (last_column, last_row) = (window.columns.saturating_sub(1), window.rows.saturating_sub(1));
    let step = if shift { Resolution::M03.per_36km() } else { 1 };
    let from = cell.unwrap_or(Cell { column: window.columns / 2, row: window.rows / 2 });
    let to = match key {
        "ArrowLeft" => Cell { column: from.column.saturating_sub(step), ..from },
        "ArrowRight" => Cell { column: (from.column + step).min(last_column), ..from },
        "ArrowUp" => Cell { row: from.row.saturating_sub(step), ..from },
        "ArrowDown" => Cell { row: (from.row + step).min(last_row), ..from },
        "Home" => Cell { column: 0, ..from },
        "End" => Cell { column: last_column, ..from },
        "PageUp" => Cell { row: 0, ..from },
        "PageDown" => Cell { row: last_row, ..from },
        _ => return None,
    };
    Some(if cell.is_none() { from } else { to })
}

/// The part of the window in view, in cells. Always as wide to high as the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Left edge.
    pub left: f64,
    /// Top edge.
    pub top: f64,
    /// 1 for the whole window, 0.5 for half of it along each edge.
    pub share: f64,
}

impl Default for View {
    fn default() -> Self {
        Self { left: 0.0, top: 0.0, share: 1.0 }
    }
}

impl View {
    /// Width and height in cells.
    #[must_use]
    pub fn size(&self, window: &EaseWindow) -> (f64, f64) {
        (window.columns as f64 * self.share, window.rows as f64 * self.share)
    }

    /// Closer (`factor` above 1) or further, keeping a place (in cells) where it is on screen.
    #[must_use]
    pub fn zoomed(&self, factor: f64, at: (f64, f64), window: &EaseWindow) -> Self {
        // At least 8 cells across.
        let least = (8.0 / window.columns.min(window.rows).max(1) as f64).min(1.0);
        let share = (self.share / factor).clamp(least, 1.0);
        let keep = |edge: f64, at: f64| at - (at - edge) * share / self.share;
        Self { left: keep(self.left, at.0), top: keep(self.top, at.1), share }.inside(window)
    }

    /// Shifted by cells.
    #[must_use]
    pub fn panned(&self, by: (f64, f64), window: &EaseWindow) -> Self {
        Self { left: self.left + by.0, top: self.top + by.1, share: self.share }.inside(window)
    }

    /// Shifted as little as needed to hold a cell.
    #[must_use]
    pub fn showing(&self, cell: Cell, window: &EaseWindow) -> Self {
        let (width, height) = self.size(window);
        let hold = |edge: f64, at: usize, size: f64| edge.min(at as f64).max(at as f64 + 1.0 - size);
        Self {
            left: hold(self.left, cell.column, width),
            top: hold(self.top, cell.row, height),
            share: self.share,
        }
        .inside(window)
    }

    fn inside(self, window: &EaseWindow) -> Self {
        let (width, height) = self.size(window);
        let clamp = |edge: f64, all: usize, size: f64| edge.clamp(0.0, (all as f64 - size).max(0.0));
        Self {
            left: clamp(self.left, window.columns, width),
            top: clamp(self.top, window.rows, height),
            share: self.share,
        }
    }

    /// The cell under a point given as shares (0..1) of the drawn map.
    #[must_use]
    pub fn cell_at(&self, x: f64, y: f64, window: &EaseWindow) -> Option<Cell> {
        if !((0.0..1.0).contains(&x) && (0.0..1.0).contains(&y)) {
            return None;
        }
        let (width, height) = self.size(window);
        let (column, row) = ((self.left + x * width) as usize, (self.top + y * height) as usize);
        (column < window.columns && row < window.rows).then_some(Cell { column, row })
    }
}
