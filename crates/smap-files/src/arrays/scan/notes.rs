//! What a user should know of a file of arrays, used or not.

use std::collections::HashMap;

use ease_grid::EaseWindow;
use jiff::civil::Date;

use super::{About, meaning};
use crate::arrays::file::{Array, Listing};
use crate::catalogue::{self, Quantity, Source};
use crate::smap::names::stem;
use crate::{Overpass, Problem, Product, Role, Variable};

/// An array that is named as soil moisture or temperature but is no map of numbers, and why.
pub(super) fn unusable(listing: &Listing, about: &About<'_>) -> Option<String> {
    let named = |a: &&Array| {
        matches!(meaning(a, about).quantity, Some(Quantity::SoilMoisture | Quantity::SurfaceTemperature))
    };
    let array = listing.arrays.iter().filter(|a| !a.group().starts_with("/Metadata")).find(named)?;
    if !array.is_numeric() {
        let kind = array.type_name();
        return Some(format!(
            "the elements of {} are of type {kind}, which Loam does not read as numbers",
            array.path
        ));
    }
    let axes = array.shape.iter().filter(|n| **n > 1).count();
    (axes < 2).then(|| {
        format!(
            "{} has {} values in a row, not rows and columns, as points, orbits and irregular grids have: put it on a grid first, e.g. with \
             gdal_grid or cdo remapbil",
            array.path,
            array.elements()
        )
    })
}

/// Why a sound file of no product Loam knows is not used.
pub(super) fn nothing_used(
    file: &str,
    variables: &[Variable],
    entry: Option<&Source>,
    unusable: Option<String>,
) -> String {
    let whose = entry.map_or_else(String::new, |s| format!("{}: ", s.name));
    let maps = || {
        variables.iter().filter(|v| v.shape.iter().filter(|n| **n > 1).count() >= 2 && !v.evidence.is_empty())
    };
    if file.contains("_QA_STATS")
        || (entry.is_some() && maps().next().is_none() && variables.iter().all(|v| v.shape.is_empty()))
    {
        return format!("{whose}it holds statistics and no map; open the product's own file beside it");
    }
    if variables.is_empty() {
        return format!("{whose}it holds no array; it is listed but not used");
    }
    // The likeliest layer's sentence says more than a list.
    let only = || if maps().count() == 1 { maps().find(|v| v.evidence != "unknown quantity") } else { None };
    let moisture = maps()
        .find(|v| v.evidence.contains("soil moisture"))
        .or_else(|| maps().find(|v| v.evidence.contains("not used (")))
        .or_else(only);
    if let Some(layer) = moisture {
        return format!("{whose}{} is {}; it is listed but not used", layer.path, layer.evidence);
    }
    if let Some(why) = unusable {
        return format!("{whose}{why}; it is listed but not used");
    }
    format!(
        "{whose}{}none of its arrays is named as soil moisture, backscatter (VV, VH) or land surface temperature; it is listed but not used. If you know \
         what one is, choose \"use as\" in the file list, or --use FILE#LAYER=coarse|fine|vv|vh|lst[,unit] on the command line",
        if catalogue::is_smap(entry) { "" } else { "no SMAP file, and " }
    )
}

/// Of several arrays of one quantity, day and overpass keeps the one with the shortest path: the plainest name.
pub(super) fn one_of_each_day(variables: &mut [Variable]) -> Vec<Problem> {
    let roles = [
        (Role::SoilMoisture, "soil moisture"),
        (Role::BackscatterVv, "backscatter VV"),
        (Role::BackscatterVh, "backscatter VH"),
    ];
    roles.into_iter().filter_map(|(role, quantity)| one_of_role(variables, role, quantity)).collect()
}

fn one_of_role(variables: &mut [Variable], role: Role, quantity: &str) -> Option<Problem> {
    let of_role = |v: &Variable| v.role == role && v.grid.is_some();
    let mut paths: Vec<String> = variables.iter().filter(|v| of_role(v)).map(|v| v.path.clone()).collect();
    paths.sort_by_key(|path| (path.len(), path.clone()));
    paths.dedup();
    let mut kept: HashMap<(Option<Date>, Option<bool>), String> = HashMap::new();
    let mut aside: Option<(String, Vec<String>)> = None;
    for path in paths {
        for variable in variables.iter_mut().filter(|v| v.path == path && of_role(v)) {
            let when = (variable.date, variable.overpass.map(|pass| pass == Overpass::Am));
            let first = kept.entry(when).or_insert_with(|| path.clone());
            if *first != path {
                variable.role = Role::Other;
                variable.evidence = format!("{}: not used ({first} is used)", variable.evidence);
                let (_, others) = aside.get_or_insert_with(|| (first.clone(), Vec::new()));
                if others.last() != Some(&path) {
                    others.push(path.clone());
                }
            }
        }
    }
    aside.map(|(first, others)| {
        let others = others.join(", ");
        let text = format!("of its layers of {quantity} of one day {first} is used, not {others}; choose another with \"use as\" in the file list");
        Problem { text }
    })
}

/// A whole EASE-Grid that nothing in the file places: no axis, no coordinates, no indices.
fn placed_by_shape(listing: &Listing, variable: &Variable) -> Option<String> {
    let resolution = variable.resolution?;
    let whole = EaseWindow::global(resolution);
    let (rows, columns) = (whole.rows as u64, whole.columns as u64);
    let [.., r, c] = variable.shape.as_slice() else { return None };
    let places = |a: &Array| {
        let axis = a.shape == [rows] || a.shape == [columns];
        let plane = a.shape == [rows, columns] && Quantity::of_layer(a.name()) == Some(Quantity::Coordinates);
        a.is_numeric() && !a.is_dimension_alone() && (axis || plane)
    };
    ((*r, *c) == (rows, columns) && !listing.arrays.iter().any(places)).then(|| {
        format!(
            "nothing in it says where {} lies: by its {columns} x {rows} cells it is placed as the whole {}, its first row in the north",
            variable.path,
            resolution.name()
        )
    })
}

/// Flags that the file itself names beside its soil moisture, which are not among those that Loam knows how to read.
fn flags_not_applied(array: &Array) -> Option<String> {
    let named = array.text("ancillary_variables")?;
    let is_flag = |name: &&str| {
        Quantity::of_layer(name) == Some(Quantity::Flags) && stem(name).stem != "retrieval_qual_flag"
    };
    let flags: Vec<&str> = named.split([' ', ',']).filter(is_flag).collect();
    (!flags.is_empty()).then(|| {
        format!(
            "its flags ({}) are not applied: every value counts that is neither fill nor out of range",
            flags.join(", ")
        )
    })
}

/// What a user should know about soil moisture that is not SMAP's.
pub(super) fn other_notes(
    listing: &Listing,
    variables: &[Variable],
    product: Product,
    entry: Option<&Source>,
    problems: &mut Vec<Problem>,
) {
    let mut say = |text: String| problems.push(Problem { text });
    let whose = entry.map_or("it does not say whose it is", |s| s.name);
    let used = || variables.iter().filter(|v| v.role == Role::SoilMoisture);
    if product == Product::Nisar {
        say("NISAR's soil moisture is provisional and not yet fully calibrated: maps made from it are labelled NISAR.".to_owned());
        if let Some(text) = listing.arrays.iter().find_map(|a| away_from_index(a, listing)) {
            say(text);
        }
    } else if !catalogue::is_smap(entry) {
        say(format!(
            "soil moisture that is not SMAP's ({whose}): it is used under its own name; the shipped weights learnt from SMAP's soil moisture, so \
             compare with care."
        ));
    }
    if let Some(text) = used().find_map(|v| placed_by_shape(listing, v)) {
        say(text);
    }
    let of_path = |path: &str| listing.arrays.iter().find(|a| a.path == path);
    if let Some(text) = used().find_map(|v| flags_not_applied(of_path(&v.path)?)) {
        say(text);
    }
    if used().all(|v| v.grid.is_none()) {
        let path = used().next().map_or("", |v| v.path.as_str());
        say(format!(
            "{path} cannot be placed: the file has no usable axes for it. Save it as a GeoTIFF in EPSG:4326 or EPSG:6933, e.g. with gdalwarp."
        ));
    }
}

/// Where NISAR's own column indices and coordinates name different cells of the 200 m EASE-Grid 2.0 (3 km cells in fifteenths).
fn away_from_index(index: &Array, listing: &Listing) -> Option<String> {
    let (axis, origin, sign) = match index.name() {
        "EASEGridColumnIndex" => ("xCoordinates", ease_grid::ease2::X0, 1.0),
        "EASEGridRowIndex" => ("yCoordinates", ease_grid::ease2::Y0, -1.0),
        _ => return None,
    };
    let axis = listing
        .arrays
        .iter()
        .find(|a| a.group() == index.group() && a.name() == axis && a.shape == index.shape)?;
    let first = |a: &Array| a.numbers(std::slice::from_ref(&(0..1))).ok()?.first().copied();
    let cell = ease_grid::Resolution::M03.cell_m() / 15.0;
    let here = sign * (first(axis)? - origin) / cell - 0.5;
    let off = here - first(index)?;
    (off.abs() > 0.05).then(|| {
        format!("{} and {} differ by {off:.2} cells: the coordinates are believed.", index.path, axis.path)
    })
}

/// Why a file of land surface temperature is not used.
pub(super) fn temperature_notes(variables: &[Variable], problems: &mut Vec<Problem>) {
    let of_role = || variables.iter().filter(|v| v.role == Role::SurfaceTemperature);
    let text = if of_role().all(|v| v.grid.is_none()) {
        "its land surface temperature cannot be placed (MODIS and VIIRS tiles are sinusoidal): ask AppEEARS or Earth Engine for a GeoTIFF in \
         EPSG:4326."
    } else {
        return;
    };
    problems.push(Problem { text: text.to_owned() });
}

/// What a user should know about a SMAP file that is used all the same.
pub(super) fn notes(
    listing: &Listing,
    variables: &[Variable],
    product: Product,
    problems: &mut Vec<Problem>,
) {
    let mains: Vec<&Variable> = variables.iter().filter(|v| v.role == Role::SoilMoisture).collect();
    let refused = |v: &Variable| v.evidence.starts_with("soil moisture") && v.evidence.contains("not used (");
    if mains.is_empty()
        && !variables.iter().any(|v| matches!(v.role, Role::BrightnessV | Role::BrightnessH) || refused(v))
    {
        let text = "the file holds no soil moisture dataset, so it is listed but not used (a subset without it, or another SMAP product).";
        problems.push(Problem { text: text.to_owned() });
    }
    for variable in mains {
        if variable.grid.is_none() {
            let text = format!(
                "{} cannot be placed on the EASE-Grid: the file has neither usable row and column indices nor x and y, and is not the whole grid. \
                 Ask the archive for a subset with EASE_row_index and EASE_column_index.",
                variable.path
            );
            problems.push(Problem { text });
        }
        let group = listing.arrays.iter().find(|a| a.path == variable.path).map_or("", Array::group);
        let flagged =
            listing.arrays.iter().any(|a| a.group() == group && stem(a.name()).stem == "retrieval_qual_flag");
        if !flagged && product != Product::Spl4 {
            let beside = if group.is_empty() { "the file" } else { group };
            let text =
                format!("{beside} has no retrieval quality flag: every value in the valid range counts.");
            if !problems.iter().any(|p| p.text == text) {
                problems.push(Problem { text });
            }
        }
        if variable.is_below_surface() {
            problems.push(Problem {
                text: format!(
                    "{} is not surface soil moisture (0-5 cm); compare it with care.",
                    variable.path
                ),
            });
        }
    }
}
