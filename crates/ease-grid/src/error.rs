//! What can be wrong with a grid.

/// Why a grid, window or raster could not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GridError {
    /// The window reaches past the edge of the global grid.
    #[error(
        "the region of {columns} x {rows} cells starting at column {first_column}, row {first_row} reaches past the {grid} grid \
         ({grid_columns} x {grid_rows} cells): move the centre or make the region smaller"
    )]
    OutsideGlobe {
        /// Name of the EASE-Grid.
        grid: &'static str,
        /// First column asked for (may be negative).
        first_column: i64,
        /// First row asked for (may be negative).
        first_row: i64,
        /// Columns asked for.
        columns: usize,
        /// Rows asked for.
        rows: usize,
        /// Columns of the global grid.
        grid_columns: usize,
        /// Rows of the global grid.
        grid_rows: usize,
    },
    /// A region smaller than the network's receptive field, or empty.
    #[error("a region needs at least 9 x 9 cells, {columns} x {rows} were asked for")]
    TooSmall {
        /// Columns asked for.
        columns: usize,
        /// Rows asked for.
        rows: usize,
    },
    /// Longitude or latitude out of range or not a number.
    #[error(
        "longitude {longitude}, latitude {latitude} is not on the grid: longitude must be -180..180 and latitude -85.04..85.04"
    )]
    NotOnGlobe {
        /// Degrees east.
        longitude: f64,
        /// Degrees north.
        latitude: f64,
    },
    /// The cell size is zero, negative or not finite, or the grid has no cells.
    #[error("not a grid: {columns} x {rows} cells of {cell_x} x {cell_y} at ({origin_x}, {origin_y})")]
    Degenerate {
        /// Left edge.
        origin_x: f64,
        /// Top edge.
        origin_y: f64,
        /// Cell width.
        cell_x: f64,
        /// Cell height.
        cell_y: f64,
        /// Columns.
        columns: usize,
        /// Rows.
        rows: usize,
    },
    /// Values do not fill the grid.
    #[error("{values} values for a grid of {columns} x {rows} cells")]
    WrongLength {
        /// Values given.
        values: usize,
        /// Columns.
        columns: usize,
        /// Rows.
        rows: usize,
    },
    /// Two rasters on different grids were to be combined.
    #[error("the two rasters lie on different grids")]
    DifferentGrids,
    /// A coordinate system whose transformation Loam does not know.
    #[error(
        "coordinates of {crs} cannot be turned into longitude and latitude: reproject the file to EPSG:6933, EPSG:4326 or UTM"
    )]
    UnknownCrs {
        /// Its description.
        crs: String,
    },
}
