//! Where the arrays of a SMAP file lie: from the grid's full shape, from row and column indices, or from x and y. Never from
//! latitude and longitude, which SMAP masks wherever there is no swath.

use crate::arrays::axis::axis_values;
use crate::arrays::file::{Array, too_large};
use crate::arrays::time::TimeUnit;
use crate::catalogue::words;
use crate::smap::names::{group_resolution, product_resolution, stem};
use crate::{Product, ReadError, wkt};
use ease_grid::ease2::{X0, Y0, forward, fractional_index};
use ease_grid::{Crs, EaseWindow, Grid, Resolution};

/// Longest 1-D list and largest index array read for placement: the whole 9 km grid has 6.3 million cells.
const LARGEST_INDEX: usize = 16 << 20;
/// How far, in cells, x or y may lie from a cell's centre. Real files deviate by up to 0.79 m: 0.0001 of 9 km.
const SNAP: f64 = 0.05;
/// Half the edge of the polar EASE-Grid 2.0 maps, metres (EPSG:6931, 6932).
const POLAR_HALF: f64 = 9_000_000.0;

/// How an array's elements map to cells.
#[derive(Debug, Clone)]
pub(crate) enum Placement {
    /// Axes `row_axis` and `row_axis + 1` are the rows and columns of a grid.
    Map {
        /// The grid.
        grid: Grid,
        /// Its window of a global EASE-Grid, where it is one.
        window: Option<EaseWindow>,
        /// Axis of the rows behind the leading axes: 0, or 1 where an extra axis comes first.
        row_axis: usize,
        /// Rows are stored from south to north.
        south_up: bool,
    },
    /// A 1-D list; each element belongs to a cell of the grid, `None` where its index is fill.
    List {
        /// Bounding box of the cells.
        grid: Grid,
        /// As a window of a global EASE-Grid, where it is one.
        window: Option<EaseWindow>,
        /// (column, row) in the bounding box.
        cells: Vec<Option<(u32, u32)>>,
    },
}

impl Placement {
    /// The grid.
    pub fn grid(&self) -> &Grid {
        match self {
            Self::Map { grid, .. } | Self::List { grid, .. } => grid,
        }
    }

    /// The EASE-Grid window.
    pub fn window(&self) -> Option<EaseWindow> {
        match self {
            Self::Map { window, .. } | Self::List { window, .. } => *window,
        }
    }

    fn window_map(window: EaseWindow, row_axis: usize) -> Self {
        Self::Map { grid: window.grid(), window: Some(window), row_axis, south_up: false }
    }
}

/// What is known of an array before its coordinates are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Hint {
    /// Cell size from dataset suffix or product.
    pub resolution: Option<Resolution>,
    /// In a polar group.
    pub polar: bool,
}

/// Hint for an array of a product.
pub(crate) fn hint(array: &Array, product: Product, short_name: Option<&str>) -> Hint {
    let suffix: Option<Resolution> =
        stem(array.name()).resolution.or_else(|| group_resolution(array.group()));
    Hint {
        resolution: suffix.or_else(|| product_resolution(product, short_name)),
        polar: array.group().to_ascii_lowercase().contains("polar"),
    }
}

/// Names of time axes.
const TIMES: [&str; 5] = ["time", "valid_time", "date", "t", "times"];

/// The time axis of an array: the first of its axes, with its counts.
pub(crate) fn time_axis<'a>(array: &Array, group: &[&'a Array], root: &[&'a Array]) -> Option<&'a Array> {
    let (&first, rest) = array.shape.split_first().filter(|(_, rest)| rest.len() >= 2)?;
    // Lengths alone tell nothing where another axis is as long.
    let own = if first > 1 && rest.contains(&first) {
        let others: Vec<&Array> = group.iter().chain(root).copied().filter(|a| a.shape.len() == 1).collect();
        array.axes(&others).first().copied().flatten()
    } else {
        None
    };
    let is_time = |a: &&&Array| {
        a.shape == [first] && a.is_numeric() && own.is_none_or(|own| own.path == a.path) && counts_time(a)
    };
    group.iter().chain(root).filter(is_time).min_by_key(|a| time_rank(a)).copied()
}

/// Whether an array says that it counts time, by its unit; one without a unit that is named as time may.
fn counts_time(array: &Array) -> bool {
    match array.text("units").filter(|text| !text.trim().is_empty()) {
        Some(units) => {
            let units = units.to_ascii_lowercase();
            units.contains(" since ") || TimeUnit::parse(&units, None) == Some(TimeUnit::Written)
        }
        None => TIMES.contains(&array.name().to_ascii_lowercase().as_str()) && TimeUnit::of(array).is_some(),
    }
}

/// How surely an array of times gives those of observation, surest first. GRIB's `time`, as cfgrib names it, is when a forecast began.
pub(crate) fn time_rank(array: &Array) -> u8 {
    let name = array.name().to_ascii_lowercase();
    match array.text("standard_name").as_deref() {
        Some("time") => 0,
        Some("forecast_reference_time") => 4,
        _ if name == "valid_time" => 1,
        _ if TIMES.contains(&name.as_str()) => 2,
        _ => 3,
    }
}

/// The depth of an array's layer of soil, m, where a coordinate of one number gives it.
pub(crate) fn depth_of(array: &Array, group: &[&Array], root: &[&Array]) -> Option<f64> {
    let listed = array.text("coordinates").unwrap_or_default();
    let is_depth = |a: &&&Array| {
        let of_array = if a.shape.is_empty() || !array.shape.contains(&1) {
            listed.split(' ').any(|name| name == a.name())
        } else {
            true
        };
        of_array && a.is_numeric() && a.elements() == 1 && words(a.name()).iter().any(|w| w == "depth")
    };
    let depth = group.iter().chain(root).find(is_depth)?;
    let metres = match depth.text("units")?.to_ascii_lowercase().as_str() {
        "m" | "meter" | "meters" | "metre" | "metres" => 1.0,
        "cm" | "centimeter" | "centimeters" => 0.01,
        "mm" => 0.001,
        _ => return None,
    };
    Some(axis_values(depth, &[]).ok()?.first()?.abs() * metres)
}

/// True where an axis of several times stands behind another: rows, columns, time.
pub(crate) fn time_comes_late(array: &Array, group: &[&Array], root: &[&Array]) -> bool {
    let is_time = |a: &&&Array, length: u64| {
        a.shape == [length] && length > 1 && TIMES.contains(&a.name().to_ascii_lowercase().as_str())
    };
    array.shape.len() > 2
        && array.shape.iter().skip(1).any(|n| group.iter().chain(root).any(|a| is_time(&a, *n)))
        && time_axis(array, group, root).is_none()
}

/// How many axes come before the rows: a time axis and axes of one element each. An extra axis of several elements is left to [`place`].
pub(crate) fn leading_axes(array: &Array, group: &[&Array], root: &[&Array]) -> usize {
    let spare = array.shape.len().saturating_sub(2);
    let timed = usize::from(time_axis(array, group, root).is_some());
    let ones =
        array.shape.iter().skip(timed).take(spare.saturating_sub(timed)).take_while(|n| **n == 1).count();
    timed + ones
}

/// The coordinate system that an array's grid mapping gives (CF conventions 5.6): as text, as a code, or by its name.
pub(crate) fn mapping(array: &Array, group: &[&Array], root: &[&Array]) -> Option<Crs> {
    let named = array.text("grid_mapping");
    let is_mapping = |a: &&&Array| match &named {
        Some(name) => {
            a.name() == name.trim_end_matches(':')
                || a.path.trim_start_matches('/') == name.trim_start_matches('/')
        }
        None => {
            a.elements() <= 1 && (a.text("grid_mapping_name").is_some() || a.text("spatial_ref").is_some())
        }
    };
    let mapping = group.iter().chain(root).find(is_mapping)?.attributes();
    let text =
        ["spatial_ref", "crs_wkt", "esri_pe_string", "proj_wkt"].iter().find_map(|name| mapping.text(name));
    if let Some(crs) = text.and_then(|text| wkt::crs(&text)) {
        return Some(crs);
    }
    let code = mapping
        .number("epsg_code")
        .or_else(|| mapping.text("epsg_code")?.rsplit(':').next()?.trim().parse().ok());
    if let Some(crs) = code.and_then(|code| wkt::of_epsg(code as u32)) {
        return Some(crs);
    }
    let number = |name: &str| mapping.number(name).unwrap_or(0.0);
    let name = mapping.text("grid_mapping_name")?;
    let other = || Some(Crs::Other { epsg: None, description: name.clone() });
    // Longitudes and latitudes are hardly changed by it, metres are by up to 20 km: the first EASE-Grid is on a sphere.
    let sphere = mapping.number("earth_radius").is_some()
        || mapping.number("semi_major_axis").is_some_and(|a| (a - 6_378_137.0).abs() > 0.5);
    let (easting, northing) = (number("false_easting"), number("false_northing"));
    match name.as_str() {
        "latitude_longitude" => Some(Crs::Geographic),
        _ if sphere => {
            Some(Crs::Other { epsg: None, description: format!("{name} on another ellipsoid than WGS84's") })
        }
        "lambert_cylindrical_equal_area" => {
            let ours = (number("standard_parallel").abs() - 30.0).abs() < 1e-6
                && (number("longitude_of_central_meridian"), easting, northing) == (0.0, 0.0, 0.0);
            if ours { Some(Crs::Ease2Global) } else { other() }
        }
        "lambert_azimuthal_equal_area" => {
            let (latitude, longitude) =
                (number("latitude_of_projection_origin"), number("longitude_of_projection_origin"));
            Some(match (latitude, longitude, easting, northing) {
                (90.0, 0.0, 0.0, 0.0) => Crs::Ease2North,
                (-90.0, 0.0, 0.0, 0.0) => Crs::Ease2South,
                _ => Crs::LambertAzimuthal {
                    latitude,
                    longitude,
                    false_easting: easting,
                    false_northing: northing,
                },
            })
        }
        "transverse_mercator" => {
            let zone = (number("longitude_of_central_meridian") + 183.0) / 6.0;
            let utm = zone.fract() == 0.0 && (1.0..=60.0).contains(&zone) && easting == 500_000.0;
            if utm { Some(Crs::Utm { zone: zone as u8, north: northing == 0.0 }) } else { other() }
        }
        _ => other(),
    }
}

/// Places an array of `shape` in `group`, whose arrays (and the root's) may hold coordinates.
///
/// # Errors
/// A sentence on why coordinates that are there cannot be used. `Ok(None)` where there are none.
pub(crate) fn place(
    shape: &[u64],
    hint: Hint,
    apm: bool,
    crs: Option<&Crs>,
    group: &[&Array],
    root: &[&Array],
) -> Result<Option<Placement>, String> {
    let pairs: Vec<(usize, u64, u64)> = match *shape {
        [n] => return list(n, hint, group),
        [r, c] => vec![(0, r, c)],
        // The extra axis comes last (y, x, 3) or first (2, y, x).
        [a, b, c] => vec![(0, a, b), (1, b, c)],
        _ => return Ok(None),
    };
    let mut refusal = None;
    for (row_axis, rows, columns) in pairs {
        if rows == 0 || columns == 0 {
            continue;
        }
        if let Some(whole) = whole_grid(rows, columns, hint.polar, row_axis) {
            return whole_as_stored(whole, rows, columns, hint, crs, (group, root)).map(Some);
        }
        for arrays in [group, root] {
            if !hint.polar {
                match from_indices(rows, columns, hint, apm, arrays) {
                    Ok(Some(window)) => return Ok(Some(Placement::window_map(window, row_axis))),
                    Ok(None) => {}
                    Err(text) => refusal = refusal.or(Some(text)),
                }
            }
            match from_axes(rows, columns, hint, crs, arrays, row_axis) {
                Ok(Some(placement)) => return Ok(Some(placement)),
                Ok(None) => {}
                Err(text) => refusal = refusal.or(Some(text)),
            }
        }
    }
    refusal.map_or(Ok(None), Err)
}

fn polar_grid(
    cell: f64,
    column: usize,
    row: usize,
    columns: usize,
    rows: usize,
    south: bool,
) -> Option<Grid> {
    let crs = if south { Crs::Ease2South } else { Crs::Ease2North };
    Grid::new(
        crs,
        -POLAR_HALF + column as f64 * cell,
        POLAR_HALF - row as f64 * cell,
        cell,
        cell,
        columns,
        rows,
    )
    .ok()
}

fn whole_grid(rows: u64, columns: u64, polar: bool, row_axis: usize) -> Option<Placement> {
    if polar {
        let cell = match (rows, columns) {
            (2000, 2000) => 9_000.0,
            (500, 500) => 36_000.0,
            _ => return None,
        };
        let grid = polar_grid(cell, 0, 0, columns as usize, rows as usize, false)?;
        return Some(Placement::Map { grid, window: None, row_axis, south_up: false });
    }
    let resolution =
        Resolution::ALL.into_iter().find(|r| (r.rows() as u64, r.columns() as u64) == (rows, columns))?;
    Some(Placement::window_map(EaseWindow::global(resolution), row_axis))
}

/// A whole grid as its file stores it: programs that save one again may turn its rows or begin it elsewhere, and their axes say so. Where there
/// are none, or none with numbers, rows and columns are the grid's own.
fn whole_as_stored(
    whole: Placement,
    rows: u64,
    columns: u64,
    hint: Hint,
    crs: Option<&Crs>,
    (group, root): (&[&Array], &[&Array]),
) -> Result<Placement, String> {
    let Placement::Map { row_axis, .. } = whole else { return Ok(whole) };
    for arrays in [group, root] {
        let x = axis(arrays, columns, &X_NAMES, &X_STANDARD);
        let y = axis(arrays, rows, &Y_NAMES, &Y_STANDARD);
        if let (Some(x), Some(y)) = (x, y) {
            // Not one that counts cells, nor a dimension without numbers (NetCDF-4 writes zeros).
            let places = |axis| {
                axis_values(axis, arrays).is_ok_and(|values| {
                    values.iter().all(|v| v.is_finite())
                        && values.first() != values.last()
                        && values.iter().enumerate().any(|(i, v)| *v != i as f64)
                })
            };
            if places(x) && places(y) {
                return from_axes(rows, columns, hint, crs, arrays, row_axis)
                    .map(|placed| placed.unwrap_or(whole));
            }
        }
        // In files saved again the index of a row's cells is at hand; a row in the north has land.
        let saved_again = |a: &&Array| a.path.matches('/').count() == 1;
        if let Some(index) = find_index(arrays, &[rows, columns], false, &ROW_NAMES).filter(saved_again) {
            let row = rows / 4;
            let values = index.numbers(&[row..row + 1, 0..columns]).map_err(|e| e.to_string())?;
            let fill = index.number("_FillValue");
            let found = values.into_iter().find_map(|v| as_index(v, fill, rows as usize));
            return match (found.map(u64::from), whole) {
                (Some(found), Placement::Map { grid, window, row_axis, .. }) if found == rows - 1 - row => {
                    Ok(Placement::Map { grid, window, row_axis, south_up: true })
                }
                (Some(found), _) if found != row => Err(format!(
                    "{} counts {found} in row {row} of the whole grid, so that its rows are not the grid's",
                    index.path
                )),
                (_, whole) => Ok(whole),
            };
        }
    }
    Ok(whole)
}

fn find_index<'a>(arrays: &[&'a Array], shape: &[u64], apm: bool, names: &[&str]) -> Option<&'a Array> {
    let fits =
        |a: &&&Array| a.shape == shape && a.is_numeric() && names.contains(&stem(a.name()).stem.as_str());
    // `EASE_row_index_apm_3km` for the `_apm` fields, where there are both.
    arrays
        .iter()
        .filter(fits)
        .find(|a| stem(a.name()).apm == apm)
        .or_else(|| arrays.iter().find(fits))
        .copied()
}

const ROW_NAMES: [&str; 3] = ["ease_row_index", "cell_row", "ease_row"];
const COLUMN_NAMES: [&str; 3] = ["ease_column_index", "cell_column", "ease_column"];

fn index_values(array: &Array) -> Result<Vec<f64>, String> {
    array.all_numbers(LARGEST_INDEX).map_err(|e| e.to_string())
}

/// A value that is a cell index: whole, in 0..count, not declared fill. 65534 and 4294967294 lie outside every grid's count.
fn as_index(value: f64, fill: Option<f64>, count: usize) -> Option<u32> {
    let whole = value.fract() == 0.0 && value >= 0.0 && value < count as f64 && fill != Some(value);
    whole.then_some(value as u32)
}

/// The window from row and column indices: any valid cell gives its origin, every other one must agree.
/// Corners may be fill.
fn from_indices(
    rows: u64,
    columns: u64,
    hint: Hint,
    apm: bool,
    arrays: &[&Array],
) -> Result<Option<EaseWindow>, String> {
    let shape = [rows, columns];
    let row_index = find_index(arrays, &shape, apm, &ROW_NAMES);
    let column_index = find_index(arrays, &shape, apm, &COLUMN_NAMES);
    let (Some(row_index), Some(column_index)) = (row_index, column_index) else {
        return Ok(None);
    };
    let Some(resolution) = hint.resolution else {
        return Ok(None);
    };
    let origin = |array: &Array,
                  count: usize,
                  step: fn(usize, usize) -> usize|
     -> Result<Option<i64>, String> {
        let values = index_values(array)?;
        let fill = array.number("_FillValue");
        let mut origin: Option<i64> = None;
        for (i, &value) in values.iter().enumerate() {
            let Some(index) = as_index(value, fill, count) else { continue };
            let here = i64::from(index) - step(i, columns as usize) as i64;
            match origin {
                None => origin = Some(here),
                Some(first) if first != here => {
                    return Err(format!(
                        "the indices in {} do not form one contiguous window ({first} against {here} for its edge), so the file cannot be placed by them",
                        array.path
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(origin)
    };
    let first_row = origin(row_index, resolution.rows(), |i, n| i / n)?;
    let first_column = origin(column_index, resolution.columns(), |i, n| i % n)?;
    match (first_row, first_column) {
        (Some(row), Some(column)) => {
            EaseWindow::new(resolution, column, row, columns as usize, rows as usize)
                .map(Some)
                .map_err(|e| e.to_string())
        }
        _ => Err(format!("{} holds fill values only: the scene has no placed cell", row_index.path)),
    }
}

/// Names of horizontal axes, in lower case.
const X_NAMES: [&str; 8] = ["x", "x_pm", "lon", "longitude", "xdim", "xcoordinates", "easting", "lons"];
const Y_NAMES: [&str; 8] = ["y", "y_pm", "lat", "latitude", "ydim", "ycoordinates", "northing", "lats"];
const X_STANDARD: [&str; 2] = ["projection_x_coordinate", "longitude"];
const Y_STANDARD: [&str; 2] = ["projection_y_coordinate", "latitude"];

/// An axis of a length: by its name, else by its standard name.
fn axis<'a>(arrays: &[&'a Array], length: u64, names: &[&str], standard: &[&str]) -> Option<&'a Array> {
    let fits = |a: &&Array| a.shape == [length] && a.is_numeric() && !a.is_dimension_alone();
    let named = |a: &&Array| fits(a) && names.contains(&a.name().to_ascii_lowercase().as_str());
    let known =
        |a: &&Array| fits(a) && a.text("standard_name").is_some_and(|n| standard.contains(&n.as_str()));
    arrays.iter().copied().find(named).or_else(|| arrays.iter().copied().find(known))
}

/// Why an array whose columns come before its rows cannot be placed, by the file's own dimensions. For square arrays, of which lengths do
/// not tell it; others are left to [`place`].
pub(crate) fn turned(array: &Array, leading: usize, group: &[&Array], root: &[&Array]) -> Option<String> {
    let is = |axis: &Array, names: &[&str], standard: &[&str], letter: &str, unit: &str| {
        names.contains(&axis.name().to_ascii_lowercase().as_str())
            || axis.text("standard_name").is_some_and(|n| standard.contains(&n.as_str()))
            || axis.text("axis").is_some_and(|a| a.eq_ignore_ascii_case(letter))
            || axis.text("units").is_some_and(|u| u.to_ascii_lowercase().starts_with(unit))
    };
    if !array.shape.get(leading..)?.windows(2).any(|pair| pair[0] == pair[1] && pair[0] > 1) {
        return None;
    }
    let others: Vec<&Array> = group.iter().chain(root).copied().filter(|a| a.shape.len() == 1).collect();
    let axes = array.axes(&others);
    axes.get(leading..)?.windows(2).find_map(|pair| {
        let [Some(first), Some(second)] = pair else { return None };
        let columns_first = is(first, &X_NAMES, &X_STANDARD, "X", "degrees_e")
            && is(second, &Y_NAMES, &Y_STANDARD, "Y", "degrees_n");
        columns_first.then(|| order(first, second))
    })
}

fn order(first: &Array, second: &Array) -> String {
    format!(
        "the axes stand in the order {0}, {1}: rows must come first; save it with them in the order {1}, {0}",
        first.name(),
        second.name()
    )
}

/// An axis of x, one of y, and their numbers.
type Axes<'a> = (&'a Array, &'a Array, Vec<f64>, Vec<f64>);

/// Longitudes and latitudes of every cell (CF conventions 5.2) as two axes, where they are those of a regular grid. Not for SMAP's own
/// arrays, which mask them wherever there is no swath.
fn axes_of_planes<'a>(
    rows: u64,
    columns: u64,
    hint: Hint,
    arrays: &[&'a Array],
) -> Result<Option<Axes<'a>>, String> {
    if hint.resolution.is_some() {
        return Ok(None);
    }
    let plane = |names: &[&str], standard: &str| {
        arrays.iter().copied().find(|a| {
            a.shape == [rows, columns]
                && a.is_numeric()
                && (names.contains(&a.name().to_ascii_lowercase().as_str())
                    || a.text("standard_name").as_deref() == Some(standard))
        })
    };
    let longitudes = plane(&["lon", "longitude", "xlong", "lons", "nav_lon"], "longitude");
    let latitudes = plane(&["lat", "latitude", "xlat", "lats", "nav_lat"], "latitude");
    let (Some(x), Some(y)) = (longitudes, latitudes) else { return Ok(None) };
    let (all_x, all_y) = (axis_values(x, arrays)?, axis_values(y, arrays)?);
    let width = columns as usize;
    let xs: Vec<f64> = all_x.iter().take(width).copied().collect();
    let ys: Vec<f64> = all_y.iter().step_by(width.max(1)).copied().collect();
    let same = |a: f64, b: f64| (a - b).abs() < 1e-4;
    let regular = all_x.iter().enumerate().all(|(i, v)| xs.get(i % width).is_some_and(|x| same(*x, *v)))
        && all_y.iter().enumerate().all(|(i, v)| ys.get(i / width).is_some_and(|y| same(*y, *v)));
    if regular {
        Ok(Some((x, y, xs, ys)))
    } else {
        Err(format!(
            "{} and {} are those of a swath or a turned grid: put it on a regular one first, e.g. with gdalwarp",
            x.path, y.path
        ))
    }
}

/// Placement from 1-D x and y, metres or degrees by their `units`. `crs` is what the array's grid mapping says.
fn from_axes(
    rows: u64,
    columns: u64,
    hint: Hint,
    crs: Option<&Crs>,
    arrays: &[&Array],
    row_axis: usize,
) -> Result<Option<Placement>, String> {
    let x = axis(arrays, columns, &X_NAMES, &X_STANDARD);
    let y = axis(arrays, rows, &Y_NAMES, &Y_STANDARD);
    let (x_axis, y_axis, mut xs, mut ys) = match (x, y) {
        (Some(x), Some(y)) => (x, y, axis_values(x, arrays)?, axis_values(y, arrays)?),
        _ => match axes_of_planes(rows, columns, hint, arrays)? {
            Some(found) => found,
            None => {
                let turned = axis(arrays, rows, &X_NAMES, &X_STANDARD).zip(axis(
                    arrays,
                    columns,
                    &Y_NAMES,
                    &Y_STANDARD,
                ));
                return match turned {
                    Some((x, y)) => Err(order(x, y)),
                    None => Ok(None),
                };
            }
        },
    };
    if !xs.iter().chain(&ys).all(|v| v.is_finite()) {
        return Err(format!(
            "{} or {} holds values that are not numbers, so the file cannot be placed by them",
            x_axis.path, y_axis.path
        ));
    }
    let south_up = ys.len() > 1 && ys.first() < ys.last();
    if south_up {
        ys.reverse();
    }
    let degrees = match x_axis.text("units").map(|u| u.trim().to_ascii_lowercase()) {
        Some(units) if units.starts_with("degree") => true,
        Some(units) if units.starts_with('m') => false,
        Some(units) if units == "km" || units.starts_with("kilomet") => {
            xs.iter_mut().chain(&mut ys).for_each(|v| *v *= 1000.0);
            false
        }
        Some(units) if ["rad", "ft", "feet", "foot", "us"].iter().any(|u| units.starts_with(u)) => {
            return Err(format!(
                "{} and {} are in {units}, which Loam does not place: save the file as a GeoTIFF in EPSG:4326 or EPSG:6933, e.g. with gdalwarp",
                x_axis.path, y_axis.path
            ));
        }
        // Without units: no projected SMAP window lies wholly within 360 m of the origin, save a sliver; names decide first.
        _ => xs.iter().chain(&ys).all(|v| v.abs() <= 360.0),
    };
    let (column_count, row_count) = (columns as usize, rows as usize);
    if degrees {
        // 179, -179: one step, not half the globe.
        let mut turns = 0.0;
        let mut last = f64::NEG_INFINITY;
        for x in &mut xs {
            if *x + turns < last - 180.0 {
                turns += 360.0;
            }
            *x += turns;
            last = *x;
        }
    }
    let crs = crs.filter(|crs| degrees == (**crs == Crs::Geographic));
    let whole = |grid: Grid, window| Placement::Map { grid, window, row_axis, south_up };
    if hint.polar && !degrees {
        for cell in [9_000.0, 36_000.0, 3_000.0] {
            let column = steps(&xs, |v| (v + POLAR_HALF) / cell);
            let row = steps(&ys, |v| (POLAR_HALF - v) / cell);
            if let (Some(column), Some(row)) = (column, row) {
                let south =
                    x_axis.text("grid_mapping").is_some_and(|m| m.to_ascii_lowercase().contains("south"));
                let grid = usize::try_from(column).ok().zip(usize::try_from(row).ok());
                let grid = grid.and_then(|(c, r)| polar_grid(cell, c, r, column_count, row_count, south));
                return grid
                    .map(|g| Some(whole(g, None)))
                    .ok_or_else(|| format!("{} leaves the polar EASE-Grid 2.0", x_axis.path));
            }
        }
    }
    let elsewhere = crs.is_some_and(|crs| !matches!(crs, Crs::Ease2Global | Crs::Geographic));
    if !hint.polar && !elsewhere {
        // The hint goes first: one row or column fits every resolution.
        for resolution in hint.resolution.into_iter().chain(Resolution::ALL) {
            let cell = resolution.cell_m();
            let column = if degrees {
                steps(&xs, |lon| fractional_index(resolution, lon, 0.0).0)
            } else {
                steps(&xs, |v| (v - X0) / cell)
            };
            let row = if degrees {
                steps(&ys, |lat| fractional_index(resolution, 0.0, lat).1)
            } else {
                steps(&ys, |v| (Y0 - v) / cell)
            };
            if let (Some(column), Some(row)) = (column, row) {
                return match EaseWindow::new(resolution, column, row, column_count, row_count) {
                    Ok(window) => Ok(Some(whole(window.grid(), Some(window)))),
                    Err(e) => Err(e.to_string()),
                };
            }
        }
    }
    if let (false, Some(Crs::Other { description, .. })) = (degrees, crs) {
        return Err(format!(
            "its coordinate system ({description}) is not one Loam can place: save it as a GeoTIFF in EPSG:4326 or EPSG:6933, e.g. with gdalwarp"
        ));
    }
    if let (false, Some(crs), Some(cell_x), Some(cell_y)) = (degrees, crs, even(&xs), even(&ys).map(|s| -s)) {
        let corner = (xs[0] - cell_x / 2.0, ys[0] + cell_y / 2.0);
        let grid = Grid::new(crs.clone(), corner.0, corner.1, cell_x, cell_y, column_count, row_count);
        return grid.map(|g| Some(whole(g, None))).map_err(|e| e.to_string());
    }
    if degrees && even(&xs).is_some_and(|step| step < 0.0) {
        return Err(format!(
            "{} runs from east to west: save the file with its longitudes from west to east, e.g. with xarray's sortby",
            x_axis.path
        ));
    }
    if degrees
        && even(&ys).is_none()
        && let Some(grid) = of_other_cells(&xs, &ys)
    {
        return Ok(Some(whole(grid, None)));
    }
    if degrees && let (Some(cell_x), Some(cell_y)) = (even(&xs), even(&ys).map(|s| -s)) {
        let grid = Grid::new(
            Crs::Geographic,
            xs[0] - cell_x / 2.0,
            ys[0] + cell_y / 2.0,
            cell_x,
            cell_y,
            column_count,
            row_count,
        );
        return grid.map(|g| Some(whole(g, None))).map_err(|e| e.to_string());
    }
    let why = if degrees {
        "they are not evenly spaced degrees and fit no EASE-Grid 2.0"
    } else {
        "they fit no EASE-Grid 2.0, and no grid mapping names another system"
    };
    Err(format!("the coordinates {} and {} cannot be used: {why}", x_axis.path, y_axis.path))
}

/// EASE-Grid 2.0 of cells that SMAP has none of, by its longitudes and latitudes: SMOS' 25 km.
fn of_other_cells(longitudes: &[f64], latitudes: &[f64]) -> Option<Grid> {
    let xs: Vec<f64> = longitudes.iter().map(|longitude| forward(*longitude, 0.0).0).collect();
    let ys: Vec<f64> = latitudes.iter().map(|latitude| forward(0.0, *latitude).1).collect();
    let (width, height) = (even(&xs)?, -even(&ys)?);
    let left = xs.first()? - width / 2.0;
    let top = ys.first()? + height / 2.0;
    let square = (width - height).abs() < 0.002 * width;
    square.then(|| Grid::new(Crs::Ease2Global, left, top, width, height, xs.len(), ys.len()).ok()).flatten()
}

/// First index of an axis whose fractional positions are consecutive cell centres.
fn steps(values: &[f64], position: impl Fn(f64) -> f64) -> Option<i64> {
    let first = (position(*values.first()?) - 0.5).round();
    let fits = |(i, &v): (usize, &f64)| (position(v) - 0.5 - first - i as f64).abs() < SNAP;
    (first.is_finite() && first.abs() < 1e9 && values.iter().enumerate().all(fits)).then_some(first as i64)
}

/// Spacing of an evenly spaced axis.
fn even(values: &[f64]) -> Option<f64> {
    let (first, last) = (values.first()?, values.last()?);
    let step = (last - first) / (values.len().checked_sub(1).filter(|n| *n > 0)? as f64);
    let fits = |(i, v): (usize, &f64)| (v - first - i as f64 * step).abs() < 0.01 * step.abs();
    values.iter().enumerate().all(fits).then_some(step)
}

/// A 1-D list placed by row and column.
fn list(n: u64, hint: Hint, arrays: &[&Array]) -> Result<Option<Placement>, String> {
    let rows = find_index(arrays, &[n], false, &ROW_NAMES);
    let columns = find_index(arrays, &[n], false, &COLUMN_NAMES);
    let (Some(rows), Some(columns)) = (rows, columns) else {
        return Ok(None);
    };
    let Some(resolution) = hint.resolution else {
        return Ok(None);
    };
    let (row_count, column_count) = match (hint.polar, resolution) {
        (false, r) => (r.rows(), r.columns()),
        (true, Resolution::M36) => (500, 500),
        (true, Resolution::M09) => (2000, 2000),
        (true, _) => return Ok(None),
    };
    let (row_fill, column_fill) = (rows.number("_FillValue"), columns.number("_FillValue"));
    let indices: Vec<Option<(u32, u32)>> = index_values(columns)?
        .into_iter()
        .zip(index_values(rows)?)
        .map(|(c, r)| Some((as_index(c, column_fill, column_count)?, as_index(r, row_fill, row_count)?)))
        .collect();
    let valid = || indices.iter().flatten();
    let (Some(left), Some(top)) = (valid().map(|c| c.0).min(), valid().map(|c| c.1).min()) else {
        return Err(format!("{} holds fill values only: the half orbit has no placed cell", rows.path));
    };
    let width = valid().map(|c| c.0 - left + 1).max().unwrap_or(1) as usize;
    let height = valid().map(|c| c.1 - top + 1).max().unwrap_or(1) as usize;
    let (grid, window) = if hint.polar {
        let cell = if resolution == Resolution::M36 { 36_000.0 } else { 9_000.0 };
        match polar_grid(cell, left as usize, top as usize, width, height, false) {
            Some(grid) => (grid, None),
            None => return Ok(None),
        }
    } else {
        let window = EaseWindow::new(resolution, i64::from(left), i64::from(top), width, height)
            .map_err(|e| e.to_string())?;
        (window.grid(), Some(window))
    };
    let cells = indices.into_iter().map(|cell| cell.map(|(c, r)| (c - left, r - top))).collect();
    Ok(Some(Placement::List { grid, window, cells }))
}

/// Refuses rasters of more cells than a worker can hold beside everything else.
pub(crate) fn check_cells(what: &str, cells: usize) -> Result<(), ReadError> {
    // 5 bytes a cell: value and reason.
    const LARGEST: usize = 64 << 20;
    if cells > LARGEST { Err(too_large(what, cells as u64 * 5, LARGEST as u64 * 5)) } else { Ok(()) }
}
