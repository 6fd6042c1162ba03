//! SMAP granules in HDF5 or NetCDF-4, and any other sound HDF5 file as a list of its arrays.

mod notes;

use std::collections::HashMap;

use self::notes::{notes, nothing_used, one_of_each_day, other_notes, temperature_notes, unusable};
use crate::arrays::attributes::Attributes;
use crate::arrays::file::{Array, File, Listing};
use crate::arrays::layer::zeros_are_fill;
use crate::arrays::place::{
    Hint, Placement, depth_of, hint, leading_axes, mapping, place, time_axis, time_comes_late, turned,
};
use crate::arrays::steps::{
    OfOneDay, are_months, days_of, days_spanned, only_time, steps_of, time_not_understood,
};
use crate::arrays::values_say::{GROUND, against_moisture, median_of_sample, summary};
use crate::backscatter::{Found, Said};
use crate::catalogue::{self, Facts, LayerWords, Meaning, Quantity, Source};
use crate::own::{OWN_MAP, OWN_PREFIX, Own};
use crate::smap::metadata::identify;
use crate::smap::names::{brightness_rank, group_overpass, soil_moisture_rank, stem};
use crate::sniff::Format;
use crate::{
    BackscatterScale, DateOrigin, Granule, Orbit, Overpass, Problem, Product, ReadError, Role, SharedSource,
    Variable,
};

/// Deepest that soil moisture of the surface is given for, m.
const DEEPEST: f64 = 0.1;
/// Days of one array that are listed at most: an AppEEARS order of ten years.
const MOST_STEPS: usize = 4_000;

/// Structure and metadata of a file of arrays. Reads coordinates, no pixels.
///
/// # Errors
/// [`ReadError::Damaged`] where the file cannot be listed.
pub(crate) fn scan(source: SharedSource) -> Result<Granule, ReadError> {
    let file = File::open(&source)?;
    let listing = file.list()?;
    let mut identity = identify(&file, &listing, source.name());
    let root = file.group_attributes("/");
    let own_text = |key: &str| root.text(&format!("{OWN_PREFIX}{key}"));
    let own = Own::of_estimate(own_text);
    if own.is_some() {
        identity.product = None;
        identity.simulated |= own_text("simulated").is_some_and(|text| text == "true");
    }
    let entry = source_of(source.name(), &root, &listing, identity.product);
    let mut problems: Vec<Problem> =
        listing.problems.iter().map(|text| Problem { text: text.clone() }).collect();
    problems.extend(identity.problems);
    // A product by its name alone whose arrays have other names (GDAL's Band1): these are asked like any other file's.
    let by_names = identity.product.filter(|product| {
        listing.arrays.iter().any(|a| {
            a.is_numeric()
                && (soil_moisture_rank(a.name(), *product).is_some() || brightness_rank(a.name()).is_some())
        }) || maps(&listing).count() != 1
    });
    let about = About {
        file: source.name(),
        product: by_names,
        short: identity.short_name.as_deref(),
        orbit: identity.orbit,
        entry,
        alone: maps(&listing).count() == 1,
        own: own.as_ref(),
    };
    let mut variables = variables(&listing, &about, &mut problems);
    if by_names.is_none() && own.is_none() {
        problems.extend(one_of_each_day(&mut variables));
    }
    let has = |role: Role| variables.iter().any(|v| v.role == role);
    let product = match identity.product {
        _ if own.is_some() => Product::OwnMap,
        Some(product) => product,
        None if has(Role::SoilMoisture) && entry.is_some_and(|s| s.name.starts_with("NISAR")) => {
            Product::Nisar
        }
        None if has(Role::SoilMoisture) => Product::OtherSoilMoisture,
        None if has(Role::BackscatterVv) || has(Role::BackscatterVh) => Product::Sentinel1,
        None if has(Role::SurfaceTemperature) => Product::SurfaceTemperature,
        None => Product::Unknown,
    };
    match product {
        Product::Unknown => {}
        Product::OwnMap => problems.extend(own.as_ref().map(|own| Problem { text: own.problem() })),
        _ if by_names.is_none() && !has(Role::SoilMoisture) && !has(Role::SurfaceTemperature) => {}
        Product::SurfaceTemperature => temperature_notes(&variables, &mut problems),
        Product::Nisar | Product::OtherSoilMoisture => {
            other_notes(&listing, &variables, product, entry, &mut problems)
        }
        _ => notes(&listing, &variables, product, &mut problems),
    }
    if by_names.is_none() && variables.iter().all(|v| v.role == Role::Other) {
        problems.push(Problem {
            text: nothing_used(source.name(), &variables, entry, unusable(&listing, &about)),
        });
    }
    let mut granule = Granule {
        format: Format::Hdf5,
        file: source.name().to_owned(),
        bytes: source.len(),
        product,
        origin: entry.map(|s| s.name),
        short_name: identity.short_name,
        date: identity.date,
        date_origin: identity.date_origin,
        sentinel1_date: identity.sentinel1_date,
        orbit: identity.orbit,
        identity: identity.identity,
        version: identity.version,
        simulated: identity.simulated,
        variables,
        problems,
        source,
    };
    granule.settle_days();
    if granule.days().is_empty()
        && let Some(day) = only_time(&listing)
    {
        (granule.date, granule.date_origin) = (Some(day), Some(DateOrigin::Metadata));
    }
    // A stack has days of its own, whatever it spans.
    if let Some((first, last)) = identity.period.filter(|(first, _)| granule.date == Some(*first))
        && granule.variables.iter().any(|v| v.role != Role::Other && v.step.is_none())
    {
        let text = format!(
            "it says that it is of the days from {first} to {last}: it counts as the map of {first} alone. Use maps of single days where there \
             are any."
        );
        granule.problems.push(Problem { text });
    }
    if granule.date_origin != Some(DateOrigin::Metadata)
        && granule.variables.iter().any(|v| v.role != Role::Other)
        && let Some(text) = time_not_understood(&listing)
    {
        granule.problems.push(Problem { text });
    }
    crate::names::note_period(&mut granule);
    crate::names::note_resampled(&mut granule);
    Ok(granule)
}

/// Arrays that may be maps: numbers on two axes or more.
fn maps(listing: &Listing) -> impl Iterator<Item = &Array> {
    let is_map = |a: &&Array| {
        let axes = a.shape.iter().filter(|n| **n > 1).count();
        a.is_numeric() && axes >= 2 && !a.group().starts_with("/Metadata")
    };
    listing.arrays.iter().filter(is_map)
}

/// The catalogue's entry. A SMAP product by its own metadata is NSIDC's, or AppEEARS' copy.
fn source_of(
    file: &str,
    root: &Attributes,
    listing: &Listing,
    product: Option<Product>,
) -> Option<&'static Source> {
    let mut titles: Vec<String> = root
        .texts()
        .filter(|(name, text)| {
            let name = name.to_ascii_lowercase();
            text.len() < 500
                && [
                    "title",
                    "institution",
                    "source",
                    "product",
                    "mission",
                    "project",
                    "platform",
                    "summary",
                    "id",
                    "references",
                ]
                .iter()
                .any(|n| name.contains(n))
        })
        .map(|(_, text)| text.to_ascii_lowercase())
        .collect();
    let product_type = listing.arrays.iter().find(|a| a.path.ends_with("/identification/productType"));
    titles.extend(product_type.and_then(Array::string).map(|t| format!("nisar {}", t.to_ascii_lowercase())));
    let facts = Facts { file, titles: titles.join("\n"), layers: maps(listing).map(Array::name).collect() };
    let named = |name: &str| catalogue::SOURCES.iter().find(|s| s.name == name);
    match product {
        Some(_) => {
            let appeears = named("AppEEARS").filter(|s| (s.matches)(&facts));
            appeears.or_else(|| named("NSIDC"))
        }
        None => catalogue::source_of(&facts),
    }
}

/// What is known of a file when its arrays are looked at.
struct About<'a> {
    file: &'a str,
    /// SMAP's product, where it is one.
    product: Option<Product>,
    short: Option<&'a str>,
    orbit: Option<Orbit>,
    entry: Option<&'static Source>,
    /// It holds one map, so that the file's name speaks of it.
    alone: bool,
    /// What a file that Loam wrote says of itself.
    own: Option<&'a Own>,
}

/// Group, shape, hint, overpasses mixed or not, and grid mapping of an array: what its place depends on.
type PlaceKey<'a> = (&'a str, &'a [u64], Hint, bool, Option<String>);

/// A role, a unit and the evidence for both.
struct Use {
    role: Role,
    linear: Option<(f64, f64)>,
    /// Backscatter only.
    scale: Option<BackscatterScale>,
    /// Zeros stand for no value.
    no_zero: bool,
    evidence: String,
    /// What the user should know.
    note: Option<String>,
}

impl Use {
    fn new(role: Role, evidence: String) -> Self {
        Self { role, linear: None, scale: None, no_zero: false, evidence, note: None }
    }
}

fn variables(listing: &Listing, about: &About<'_>, problems: &mut Vec<Problem>) -> Vec<Variable> {
    let mut by_group: HashMap<&str, Vec<&Array>> = HashMap::new();
    for array in &listing.arrays {
        by_group.entry(array.group()).or_default().push(array);
    }
    let none = Vec::new();
    let root = by_group.get("").unwrap_or(&none);
    let product = about.product.unwrap_or(Product::Unknown);
    // Indices are read once for all arrays that lie in the same place.
    let mut placed: HashMap<PlaceKey<'_>, Result<Option<Placement>, String>> = HashMap::new();
    let mut variables = Vec::with_capacity(listing.arrays.len());
    for array in &listing.arrays {
        let group = by_group.get(array.group()).unwrap_or(&none);
        let name = stem(array.name());
        let used = match about.product {
            _ if about.own.is_some() => own_use(array, about),
            Some(product) => smap_use(array, group, product, about.entry),
            None => other_use(array, about),
        };
        let mut used = used;
        let leading = leading_axes(array, group, root);
        // Of layers that are used, or that the user may give a use.
        let may_be_used = used.role != Role::Other
            || ["unknown quantity", "soil moisture"].iter().any(|words| used.evidence.starts_with(words));
        let days = if may_be_used { days_of(array, group, root) } else { None };
        let overpass =
            group_overpass(array.group()).or(name.overpass).or_else(|| Quantity::overpass_of(array.name()));
        let overpass = overpass.or_else(|| Quantity::overpass_of(array.group()));
        let of_smap = about.product.is_some() || catalogue::is_smap(about.entry);
        let several = match used.role {
            Role::BackscatterVv | Role::BackscatterVh => OfOneDay::Scenes,
            _ if of_smap && overpass.is_none() => OfOneDay::Overpasses,
            _ => OfOneDay::Moments,
        };
        let days = days.map(|days| steps_of(days, several));
        if let Some(text) =
            days.as_ref().and_then(|d| d.left_out.clone()).filter(|_| used.role != Role::Other)
            && !problems.iter().any(|p| p.text == text)
        {
            problems.push(Problem { text });
        }
        let days = days.map(|days| days.steps);
        let spanned = days_spanned(array, group, root);
        let several = match spanned {
            Some(days) => Some(format!("its times are of intervals, of up to {days:.0} days: each map counts as that of the middle day alone")),
            None if days.as_ref().is_some_and(|days| are_months(days)) => Some(
                "its times are a month apart, as those of monthly means are: each map counts as that of its day alone".to_owned(),
            ),
            None => None,
        };
        if let Some(why) = several.filter(|_| used.role != Role::Other) {
            let text = format!("{why}. Use maps of single days where there are any.");
            if !problems.iter().any(|p| p.text == text) {
                problems.push(Problem { text });
            }
        }
        if used.role != Role::Other
            && let Some(why) = unclear_axis(array, group, root, leading, days.is_some())
        {
            used.role = Role::Other;
            used.evidence = format!("{}: not used ({why})", used.evidence);
            if about.product.is_some() {
                problems.push(Problem { text: format!("{} is {}.", array.path, used.evidence) });
            }
        }
        if let Some(note) = used.note.take().filter(|_| used.role != Role::Other) {
            let text = format!("{}: {note}.", array.path);
            if !problems.iter().any(|p| p.text == text) {
                problems.push(Problem { text });
            }
        }
        // Other maps are placed too, so that the user can say what they are; that they cannot be is then no news.
        let wanted = about.product.is_some() || used.role != Role::Other;
        let map = wanted || !used.evidence.is_empty();
        let placement = if !map || array.shape.is_empty() || array.group().starts_with("/Metadata") {
            None
        } else if let Some(why) = turned(array, leading, group, root) {
            let text = format!("{}: {why}.", array.path);
            if wanted {
                problems.push(Problem { text });
            }
            None
        } else {
            let hint = hint(array, product, about.short);
            let key = (array.group(), array.shape.as_slice(), hint, name.apm, array.text("grid_mapping"));
            let found = placed.entry(key).or_insert_with(|| {
                let crs = mapping(array, group, root);
                let shape = array.shape.get(leading..).unwrap_or_default();
                place(shape, hint, name.apm, crs.as_ref(), group, root).map_err(|text| format!("{text}."))
            });
            if let Err(text) = found
                && wanted
                && !problems.iter().any(|p| p.text == *text)
            {
                problems.push(Problem { text: text.clone() });
            }
            found.as_ref().ok().and_then(Option::as_ref)
        };
        let from_orbit = matches!(product, Product::Spl2smp | Product::Spl2smpE)
            .then_some(about.orbit)
            .flatten()
            .map(|o| match o {
                Orbit::Descending => Overpass::Am,
                Orbit::Ascending => Overpass::Pm,
            });
        let variable = Variable {
            path: array.path.clone(),
            role: used.role,
            units: if used.role == Role::SurfaceTemperature {
                Some("K".to_owned())
            } else {
                array.text("units")
            },
            dtype: array.type_name(),
            shape: array.shape.clone(),
            grid: placement.map(|p| p.grid().clone()),
            resolution: placement.and_then(|p| p.window()).map(|w| w.resolution),
            overpass: overpass.or(from_orbit),
            scale: used.scale,
            packing: array.declared().linear(),
            linear: used.linear,
            zero_is_no_value: used.no_zero,
            date: None,
            step: None,
            quality: None,
            evidence: used.evidence,
            statistics: None,
            given: None,
        };
        match days {
            None => variables.push(variable),
            Some(days) => {
                let listed = days.iter().take(MOST_STEPS);
                variables.extend(listed.map(|step| Variable {
                    date: Some(step.day),
                    step: Some(step.index),
                    overpass: variable.overpass.or(step.overpass),
                    ..variable.clone()
                }));
                if days.len() > MOST_STEPS {
                    let text = format!(
                        "{} holds {} maps, of which the first {MOST_STEPS} are used.",
                        array.path,
                        days.len()
                    );
                    problems.push(Problem { text });
                }
            }
        }
    }
    variables
}

/// Why it is not known which part of an array of more than two axes is the map: the first would be one of several, taken in silence.
fn unclear_axis(
    array: &Array,
    group: &[&Array],
    root: &[&Array],
    leading: usize,
    dated: bool,
) -> Option<String> {
    if time_comes_late(array, group, root) {
        return Some("time is not its first axis: save it with time first".to_owned());
    }
    if let Some(depth) = depth_of(array, group, root).filter(|depth| *depth > DEEPEST) {
        return Some(format!("it is of a depth of {depth} m, not of the surface"));
    }
    let rest = array.shape.get(leading..).unwrap_or_default();
    let extra = rest.iter().copied().reduce(u64::min).filter(|n| rest.len() > 2 && *n > 1);
    if let Some(times) = time_axis(array, group, root)
        && !dated
        && times.elements() > 1
    {
        let units = times.text("units").unwrap_or_default();
        let calendar = times.text("calendar").map_or_else(String::new, |c| format!(" of the calendar {c}"));
        return Some(format!(
            "its times, counted in \"{units}\"{calendar}, are not understood: save it with days since a date"
        ));
    }
    extra.map(|n| {
        format!(
            "it has an axis of {n} beside its rows and columns, and nothing says which part to take: save one part, or write the axis as time \
             in days since a date"
        )
    })
}

/// An array of a SMAP product: by the product's own names.
fn smap_use(array: &Array, group: &[&Array], product: Product, entry: Option<&Source>) -> Use {
    let role = role(array, group, product);
    let whose = entry.map_or("SMAP", |s| s.name);
    let evidence = match (role, Quantity::of_layer(array.name())) {
        (Role::SoilMoisture, _) => format!("soil moisture, m3/m3, by {whose}'s name of the dataset"),
        (Role::BackscatterVv | Role::BackscatterVh, _) => {
            "backscatter, linear power, by the dataset's name".to_owned()
        }
        (Role::BrightnessV | Role::BrightnessH, _) => {
            "brightness temperature, K, by the dataset's name".to_owned()
        }
        (_, Some(quantity)) => format!("{}, by its name: not used", quantity.name()),
        (_, None) => "not used".to_owned(),
    };
    // SPL2SMAP_S gives sigma0 as linear power.
    let power = matches!(role, Role::BackscatterVv | Role::BackscatterVh);
    Use { scale: power.then_some(BackscatterScale::Power), ..Use::new(role, evidence) }
}

/// An array of an estimate that Loam wrote: its maps by date can be used by hand, its means and trends cannot.
fn own_use(array: &Array, about: &About<'_>) -> Use {
    let is_plane = array.is_numeric() && array.shape.len() >= 2;
    let found =
        about.own.filter(|_| is_plane).map(|own| own.layer(Some(array.name()), array.name() == OWN_MAP));
    let (role, _, evidence) = found.unwrap_or((Role::Other, None, String::new()));
    Use::new(role, evidence)
}

/// An array of any other file: by its name, its description and its unit.
fn other_use(array: &Array, about: &About<'_>) -> Use {
    let mut used = Use::new(Role::Other, String::new());
    let axes = array.shape.iter().filter(|n| **n > 1).count();
    if !array.is_numeric() || axes < 2 || array.group().starts_with("/Metadata") {
        return used;
    }
    let meaning = meaning(array, about);
    let Some(quantity) = meaning.quantity else {
        used.evidence = "unknown quantity".to_owned();
        return used;
    };
    let (long_name, units) = (description(array), array.text("units"));
    let words = LayerWords { name: Some(array.name()), long_name: long_name.as_deref() };
    let refused = |why: &str| format!("{}, by {}: not used ({why})", quantity.name(), meaning.told_by);
    match quantity {
        Quantity::SoilMoisture => match catalogue::moisture_factor(about.entry, units.as_deref(), words) {
            Ok((factor, unit)) => {
                if about.entry.is_some_and(|s| s.name.starts_with("NISAR"))
                    && !array.group().ends_with("/grids")
                {
                    used.evidence = refused("one algorithm's; the one in grids is used");
                } else if array.is_whole() && array.declared().linear().is_none() && factor == 1.0 {
                    used.evidence = refused("whole numbers without a declared scale");
                } else if let Some(method) = spread(array) {
                    used.evidence = refused(&format!("its cell_methods say \"{method}\""));
                } else if let Some(why) = against_moisture(array, factor) {
                    used.evidence = refused(&format!(
                        "{why}: say the unit with \"use as\" in the file list, or --use FILE#{}=coarse,percent on the command line",
                        array.name()
                    ));
                } else {
                    (used.role, used.linear) = (Role::SoilMoisture, (factor != 1.0).then_some((factor, 0.0)));
                    let zeros = if zeros_are_fill(array) { ", exact zeros are no values" } else { "" };
                    used.evidence = format!("soil moisture, {unit}, from {}{zeros}", meaning.told_by);
                }
            }
            Err(why) => used.evidence = refused(&why),
        },
        Quantity::SurfaceTemperature => {
            let steps = array.is_whole() && array.declared().linear().is_none();
            let linear = match units.as_deref().and_then(catalogue::Unit::parse) {
                Some(catalogue::Unit::Celsius) => Some((1.0, 273.15)),
                // MODIS and VIIRS, whose packing got lost.
                Some(catalogue::Unit::Kelvin) | None if steps => Some((0.02, 0.0)),
                Some(catalogue::Unit::Kelvin) | None => None,
                Some(_) => {
                    let unit = units.unwrap_or_default();
                    used.evidence = refused(&format!("its unit is {unit}, neither K nor degrees C"));
                    return used;
                }
            };
            let declared = units.as_deref().and_then(catalogue::Unit::parse).is_some();
            if let Some(median) = median_of_sample(array, linear).filter(|m| !GROUND.contains(m)) {
                let unit = units
                    .as_deref()
                    .filter(|_| declared)
                    .map_or("not declared".to_owned(), |unit| format!("declared as {unit}"));
                used.evidence = refused(&format!(
                    "its unit is {unit}, and its values, {median:.1} in the middle, are not the ground's in K: say the unit with \"use as\" in the file \
                     list, or --use FILE#{}=lst,C on the command line; or write units = degC into the file",
                    array.name()
                ));
                return used;
            }
            (used.role, used.linear) = (Role::SurfaceTemperature, linear);
            let unit = match (linear, declared) {
                (Some((0.02, 0.0)), _) => "steps of 0.02 K",
                (_, true) => "K",
                (_, false) => "K, which is not declared",
            };
            used.evidence = format!("land surface temperature, {unit}, from {}", meaning.told_by);
        }
        // NISAR's, of the map in the same group.
        Quantity::Uncertainty
            if about.entry.is_some_and(|s| s.name.starts_with("NISAR"))
                && array.group().ends_with("/grids")
                && array.name().eq_ignore_ascii_case("soilMoistureUncertainty") =>
        {
            used.role = Role::SoilMoistureUncertainty;
            used.evidence = format!("uncertainty of soil moisture, m3/m3, from {}", meaning.told_by);
        }
        Quantity::BackscatterVv | Quantity::BackscatterVh => {
            let whole = array.is_whole() && array.declared().linear().is_none();
            let said = Said {
                file: about.file,
                alone: about.alone,
                source: about.entry,
                name: Some(array.name()),
                units: units.as_deref(),
                whole,
                bytes: whole && array.type_name().ends_with("int8"),
                shifted: array.declared().linear().is_some_and(|(_, offset)| offset != 0.0),
            };
            match said.found(&summary(array)) {
                Ok(Found { scale, no_zero, unit, note }) => {
                    used.role = catalogue::role_of(quantity);
                    (used.scale, used.no_zero, used.note) = (scale, no_zero, note);
                    used.evidence = format!("{}, {unit}, from {}", quantity.name(), meaning.told_by);
                }
                Err(why) => used.evidence = refused(&why),
            }
        }
        _ => used.evidence = format!("{}, by {}: not used", quantity.name(), meaning.told_by),
    }
    used
}

/// A method of making the values (CF conventions 7.3) that gives how much they vary, or an extreme, not how large they are.
fn spread(array: &Array) -> Option<String> {
    let methods = array.text("cell_methods")?;
    let is_spread = ["variance", "standard_deviation", "range", "maximum", "minimum", "sum"]
        .iter()
        .any(|word| methods.contains(word));
    is_spread.then_some(methods)
}

/// What an array says of itself in words: that which speaks against its name, else its long name, else CF's.
fn description(array: &Array) -> Option<String> {
    let mut texts: Vec<String> =
        ["long_name", "standard_name", "description"].iter().filter_map(|name| array.text(name)).collect();
    let against = texts.iter().position(|text| Quantity::against(text).is_some());
    (!texts.is_empty()).then(|| texts.swap_remove(against.unwrap_or(0)))
}

fn meaning(array: &Array, about: &About<'_>) -> Meaning {
    let long_name = description(array);
    let words = LayerWords { name: Some(array.name()), long_name: long_name.as_deref() };
    Meaning::of(about.file, about.entry, words, about.alone)
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
