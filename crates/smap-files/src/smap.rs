//! SMAP granules in HDF5 or NetCDF-4, and any other sound HDF5 file as a list of its arrays.

use std::collections::HashMap;

use jiff::civil::Date;

use super::hdf5::{Array, File, Listing};
use super::hdf5_number::type_name;
use super::smap_metadata::identify;
use super::smap_names::{brightness_rank, group_overpass, is_surface_temperature, soil_moisture_rank, stem};
use super::smap_place::{Hint, Placement, hint, place};
use super::sniff::Format;
use super::{
    BackscatterScale, DateOrigin, Granule, Orbit, Overpass, Problem, Product, ReadError, Role, SharedSource,
    Variable,
};
use ease_grid::{Grid, Resolution};

/// Structure and metadata of an HDF5 file. Reads coordinates, no pixels.
///
/// # Errors
/// [`ReadError::Damaged`] where the file cannot be listed.
pub(super) fn scan(source: SharedSource) -> Result<Granule, ReadError> {
    let file = File::open(&source)?;
    let listing = file.list()?;
    let identity = identify(&file, &listing, source.name());
    let temperature = || {
        listing
            .arrays
            .iter()
            .any(|a| a.is_numeric() && a.shape.len() >= 2 && is_surface_temperature(a.name()))
    };
    let product = match identity.product {
        Some(product) => product,
        None if temperature() => Product::SurfaceTemperature,
        None => Product::Unknown,
    };
    let mut problems: Vec<Problem> =
        listing.problems.iter().map(|text| Problem { text: text.clone() }).collect();
    problems.extend(identity.problems);
    let variables =
        variables(&listing, product, identity.short_name.as_deref(), identity.orbit, &mut problems);
    let mut date = (identity.date, identity.date_origin);
    match product {
        Product::Unknown => {}
        Product::SurfaceTemperature => temperature_notes(&variables, &mut problems),
        _ => notes(&listing, &variables, product, &mut problems),
    }
    if date.0.is_none() && product == Product::SurfaceTemperature {
        date = time_axis(&listing).map_or(date, |day| (Some(day), Some(DateOrigin::Metadata)));
    }
    Ok(Granule {
        format: Format::Hdf5,
        file: source.name().to_owned(),
        bytes: source.len(),
        product,
        short_name: identity.short_name,
        date: date.0,
        date_origin: date.1,
        sentinel1_date: identity.sentinel1_date,
        orbit: identity.orbit,
        identity: identity.identity,
        version: identity.version,
        simulated: identity.simulated,
        variables,
        problems,
        source,
    })
}

fn variables(
    listing: &Listing,
    product: Product,
    short: Option<&str>,
    orbit: Option<Orbit>,
    problems: &mut Vec<Problem>,
) -> Vec<Variable> {
    let mut by_group: HashMap<&str, Vec<&Array>> = HashMap::new();
    for array in &listing.arrays {
        by_group.entry(array.group()).or_default().push(array);
    }
    let none = Vec::new();
    let root = by_group.get("").unwrap_or(&none);
    // Arrays of one group, shape and resolution lie in the same place: indices are read once.
    let mut placed: HashMap<(&str, &[u64], Hint, bool), Option<Placement>> = HashMap::new();
    let mut variables = Vec::with_capacity(listing.arrays.len());
    for array in &listing.arrays {
        let group = by_group.get(array.group()).unwrap_or(&none);
        let name = stem(array.name());
        let role = role(array, group, product);
        let placement = if product == Product::Unknown
            || array.shape.is_empty()
            || array.group().starts_with("/Metadata")
        {
            None
        } else {
            let key = (array.group(), array.shape.as_slice(), hint(array, product, short), name.apm);
            placed
                .entry(key)
                .or_insert_with(|| match place(&array.shape, key.2, name.apm, group, root) {
                    Ok(placement) => placement,
                    Err(text) => {
                        let text = format!("{text}.");
                        if !problems.iter().any(|p| p.text == text) {
                            problems.push(Problem { text });
                        }
                        None
                    }
                })
                .as_ref()
        };
        let from_orbit = matches!(product, Product::Spl2smp | Product::Spl2smpE)
            .then_some(orbit)
            .flatten()
            .map(|o| match o {
                Orbit::Descending => Overpass::Am,
                Orbit::Ascending => Overpass::Pm,
            });
        let backscatter = matches!(role, Role::BackscatterVv | Role::BackscatterVh);
        variables.push(Variable {
            path: array.path.clone(),
            role,
            units: if role == Role::SurfaceTemperature { Some("K".to_owned()) } else { array.text("units") },
            dtype: type_name(array.dataset.dtype()),
            shape: array.shape.clone(),
            grid: placement.map(|p| p.grid().clone()),
            resolution: placement.and_then(|p| p.window()).map(|w| w.resolution),
            overpass: group_overpass(array.group()).or(name.overpass).or(from_orbit),
            // SPL2SMAP_S gives sigma0 as linear power.
            scale: backscatter.then_some(BackscatterScale::Power),
            linear: if role == Role::SurfaceTemperature { linear(array) } else { None },
            statistics: None,
            given: None,
        });
    }
    variables
}

/// Place of an array of a file of unknown product, for the user who says what it is: the scan looked for none.
///
/// # Errors
/// [`ReadError::Unsuitable`] where its coordinates cannot be used; as [`scan`].
pub(super) fn place_of(
    granule: &Granule,
    path: &str,
) -> Result<(Option<Grid>, Option<Resolution>), ReadError> {
    let file = File::open(&granule.source)?;
    let array = file.array(path)?;
    let (group, root) = (file.arrays_in(array.group()), file.arrays_in(""));
    let (group, root): (Vec<&Array>, Vec<&Array>) = (group.iter().collect(), root.iter().collect());
    let hint = hint(&array, granule.product, granule.short_name.as_deref());
    let placed = place(&array.shape, hint, stem(array.name()).apm, &group, &root).map_err(|why| {
        let what = format!("{path} cannot be placed on a map ({why})");
        ReadError::Unsuitable { what, remedy: "export it as a GeoTIFF with its coordinate system".to_owned() }
    })?;
    Ok((
        placed.as_ref().map(|p| p.grid().clone()),
        placed.as_ref().and_then(Placement::window).map(|w| w.resolution),
    ))
}

/// `scale_factor` and `add_offset` of an array.
///
/// # Errors
/// As [`scan`].
pub(super) fn packing_of(granule: &Granule, path: &str) -> Result<Option<(f64, f64)>, ReadError> {
    let array = File::open(&granule.source)?.array(path)?;
    let number = |name: &str| array.number(name).filter(|v| v.is_finite());
    let (factor, offset) = (number("scale_factor"), number("add_offset"));
    Ok((factor.is_some() || offset.is_some()).then(|| (factor.unwrap_or(1.0), offset.unwrap_or(0.0))))
}

fn role(array: &Array, group: &[&Array], product: Product) -> Role {
    if product == Product::Unknown || !array.is_numeric() || array.shape.is_empty() {
        return Role::Other;
    }
    let name = stem(array.name());
    match name.stem.as_str() {
        "sigma0_vv_aggregated" => return Role::BackscatterVv,
        "sigma0_vh_aggregated" => return Role::BackscatterVh,
        _ => {}
    }
    if product == Product::SurfaceTemperature {
        // Of several dates in one file it cannot be told which is meant: such a file is listed, and the note says why.
        let one_date = array.shape.len() == 2 || (array.shape.len() == 3 && array.shape.first() == Some(&1));
        return if one_date && is_surface_temperature(array.name()) {
            Role::SurfaceTemperature
        } else {
            Role::Other
        };
    }
    // One main dataset per group and resolution: SPL2SMAP carries 9 km and 3 km side by side.
    let beside = || {
        group.iter().filter(|a| {
            a.is_numeric() && stem(a.name()).resolution == name.resolution && a.path != array.path
        })
    };
    if let Some((role, rank)) = brightness_rank(array.name()) {
        let best =
            beside().filter_map(|a| brightness_rank(a.name())).filter(|b| b.0 == role).all(|b| rank < b.1);
        return if best { role } else { Role::Other };
    }
    let Some(rank) = soil_moisture_rank(array.name(), product) else {
        return Role::Other;
    };
    let best =
        beside().filter_map(|a| soil_moisture_rank(a.name(), product)).min().is_none_or(|other| rank < other);
    if best { Role::SoilMoisture } else { Role::Other }
}

/// `scale_factor` and `add_offset` of a packed array; degrees C become K.
fn linear(array: &Array) -> Option<(f64, f64)> {
    let number =
        |name: &str, otherwise: f64| array.number(name).filter(|v| v.is_finite()).unwrap_or(otherwise);
    let (factor, mut offset) = (number("scale_factor", 1.0), number("add_offset", 0.0));
    if array
        .text("units")
        .is_some_and(|u| u.to_ascii_lowercase().contains("cel") || matches!(u.as_str(), "C" | "degC"))
    {
        offset += 273.15;
    }
    ((factor, offset) != (1.0, 0.0)).then_some((factor, offset))
}

/// The one day of a time axis as AppEEARS writes it: one number of "days since 2000-01-01".
fn time_axis(listing: &Listing) -> Option<Date> {
    let time = listing.arrays.iter().find(|a| a.name() == "time" && a.shape == [1])?;
    let since = super::names::date_of_time(time.text("units")?.strip_prefix("days since ")?)?;
    let days = time.all_numbers(1).ok()?.first().copied()?;
    since.checked_add(jiff::Span::new().try_days(days as i64).ok()?).ok()
}

/// Why a file of land surface temperature is not used.
fn temperature_notes(variables: &[Variable], problems: &mut Vec<Problem>) {
    let of_role = || variables.iter().filter(|v| v.role == Role::SurfaceTemperature);
    let text = if of_role().next().is_none() {
        "it holds land surface temperature of several dates, and one file stands for one date here: ask AppEEARS for GeoTIFF output, which has \
         one file a date."
    } else if of_role().all(|v| v.grid.is_none()) {
        "its land surface temperature cannot be placed (MODIS and VIIRS tiles are sinusoidal): ask AppEEARS or Earth Engine for a GeoTIFF in \
         EPSG:4326."
    } else {
        return;
    };
    problems.push(Problem { text: text.to_owned() });
}

/// What a user should know about a SMAP file that is used all the same.
fn notes(listing: &Listing, variables: &[Variable], product: Product, problems: &mut Vec<Problem>) {
    let mains: Vec<&Variable> = variables.iter().filter(|v| v.role == Role::SoilMoisture).collect();
    if mains.is_empty() && !variables.iter().any(|v| matches!(v.role, Role::BrightnessV | Role::BrightnessH))
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
        let group = variable.path.rsplit_once('/').map_or("", |(g, _)| g);
        let flagged =
            listing.arrays.iter().any(|a| a.group() == group && stem(a.name()).stem == "retrieval_qual_flag");
        if !flagged && product != Product::Spl4 {
            let text =
                format!("{group} has no retrieval quality flag: every value in the valid range counts.");
            problems.push(Problem { text });
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
