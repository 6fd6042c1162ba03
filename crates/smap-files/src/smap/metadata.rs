//! What a SMAP file says about itself: product, day, orbit, version.

use jiff::civil::Date;

use crate::arrays::{Attributes, File, Listing};
use crate::names::{self, NameMetadata};
use crate::smap::names::stem;
use crate::{DateOrigin, Orbit, Problem, Product};
use ease_grid::Resolution;
use ease_grid::ease2::fractional_index;

/// A file's own words, joined with those of its name.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub product: Option<Product>,
    pub short_name: Option<String>,
    pub date: Option<Date>,
    pub date_origin: Option<DateOrigin>,
    pub sentinel1_date: Option<Date>,
    pub orbit: Option<Orbit>,
    pub identity: Option<String>,
    pub version: Option<(String, u32)>,
    pub simulated: bool,
    /// First and last day of what it holds, where they are more than two days apart and it is no SMAP product.
    pub period: Option<(Date, Date)>,
    pub problems: Vec<Problem>,
}

/// Reads the metadata groups and weighs them against the file name.
pub(crate) fn identify(file: &File, listing: &Listing, file_name: &str) -> Identity {
    let own = own_words(file, listing);
    let inner = own.file_name.as_deref().map(names::parse).unwrap_or_default();
    let outer = names::parse(file_name);
    let product = product(&own, &inner, &outer, listing);
    let product = match (product, short_name_in_front(file_name)) {
        (None | Some(Product::Spl3smp | Product::Spl2smp), Some(named)) => Some(named),
        (product, _) => product,
    };
    let mut problems = Vec::new();
    let (date, date_origin) = day(&own, &inner, &outer, product, &mut problems);
    let unnamed = [&own.short_name, &inner.short_name, &outer.short_name].iter().all(|name| name.is_none());
    if product == Some(Product::Spl3smp) && unnamed && nine_km_by_indices(listing) == Some(None) {
        problems.push(Problem {
            text: "nothing in it says whether its cells are of 36 or of 9 km: they are taken as those of 36 km. If they are of 9 km, give the file \
                   its product's name (SMAP_L3_SM_P_E_YYYYMMDD...)"
                .to_owned(),
        });
    }
    let long = |(begin, end): &(Date, Date)| {
        begin.checked_add(jiff::SignedDuration::from_hours(48)).is_ok_and(|day| day < *end)
    };
    let period = own.begin.zip(own.end).filter(|period| product.is_none() && long(period));
    let named = [&outer, &inner].into_iter().find(|f| f.identity.is_some());
    Identity {
        product,
        short_name: own.short_name.clone(),
        date,
        date_origin,
        sentinel1_date: (product == Some(Product::Spl2smapS))
            .then(|| inner.sentinel1_date.or(outer.sentinel1_date))
            .flatten(),
        orbit: own.orbit.or(inner.orbit).or(outer.orbit),
        identity: named.and_then(|f| f.identity.clone()),
        version: named.and_then(|f| Some((f.version.clone()?, f.counter.unwrap_or(0)))),
        simulated: own.simulated || outer.simulated || inner.simulated,
        period,
        problems,
    }
}

#[derive(Default)]
struct OwnWords {
    short_name: Option<String>,
    file_name: Option<String>,
    begin: Option<Date>,
    end: Option<Date>,
    orbit: Option<Orbit>,
    simulated: bool,
}

fn own_words(file: &File, listing: &Listing) -> OwnWords {
    let has = |path: &str| listing.groups.iter().any(|g| g == path);
    let attributes = |path: &str| if has(path) { file.group_attributes(path) } else { Attributes::default() };
    let identification = attributes("/Metadata/DatasetIdentification");
    let series = attributes("/Metadata/SeriesIdentification");
    let extent = attributes("/Metadata/Extent");
    let root = file.group_attributes("/");
    // The group /a of SPL2SMAP_S holds the same metadata as scalar strings.
    let scalar = |name: &str| {
        listing.arrays.iter().find(|a| a.group() == "/a" && a.name() == name).and_then(|a| a.string())
    };
    let first = |names: &[&str], groups: &[&Attributes]| {
        groups.iter().find_map(|g| names.iter().find_map(|n| g.text(n)).filter(|t| !t.is_empty()))
    };
    let day = |name: &str, also: &str| {
        first(&[name, also], &[&extent, &root]).or_else(|| scalar(name)).and_then(|t| names::date_of_time(&t))
    };
    let orbit = || {
        let in_metadata = listing.groups.iter().filter(|g| g.starts_with("/Metadata")).take(200);
        in_metadata
            .map(String::as_str)
            .chain(["/"])
            .find_map(|g| file.group_attributes(g).text("orbitDirection"))
    };
    let orbit = scalar("orbitDirection").or_else(orbit).and_then(|t| match t.to_ascii_lowercase() {
        t if t.starts_with("asc") => Some(Orbit::Ascending),
        t if t.starts_with("desc") => Some(Orbit::Descending),
        _ => None,
    });
    let described = ["title", "Title", "source", "Source", "comment", "Comment", "description", "simulated"];
    OwnWords {
        short_name: first(&["shortName", "SMAPShortName"], &[&identification, &series, &root]),
        file_name: first(&["fileName"], &[&identification]).or_else(|| scalar("LogFileName")),
        begin: day("rangeBeginningDateTime", "time_coverage_start").or_else(|| nisar_day(listing)),
        end: day("rangeEndingDateTime", "time_coverage_end"),
        orbit,
        simulated: described
            .iter()
            .filter_map(|n| root.text(n))
            .any(|t| t.to_ascii_lowercase().contains("simulated")),
    }
}

/// Day of a NISAR product: of the first pulse.
fn nisar_day(listing: &Listing) -> Option<Date> {
    let start = listing.arrays.iter().find(|a| a.path.ends_with("/identification/zeroDopplerStartTime"))?;
    names::date_of_time(&start.string()?)
}

/// `SPL3SMP_E.006_9km_aid0001.nc`: AppEEARS puts the short name and its version in front.
fn short_name_in_front(file_name: &str) -> Option<Product> {
    let (short, rest) = file_name.split_once('.')?;
    (short.starts_with("SPL") && rest.starts_with(|c: char| c.is_ascii_digit()))
        .then(|| names::product_of_short_name(short))
}

/// Short name, then structure, then names.
fn product(own: &OwnWords, inner: &NameMetadata, outer: &NameMetadata, listing: &Listing) -> Option<Product> {
    let smap_name = |f: &NameMetadata| f.short_name.is_some().then_some(f.product).flatten();
    if let Some(short) = own.short_name.as_deref() {
        let upper = short.to_ascii_uppercase();
        // Short names of SMAP are SPL.. or L1_.., L2_.., L3_.., L4_..; other missions have short names too.
        let smap = upper.starts_with("SPL")
            || (upper.starts_with('L') && upper.as_bytes().get(1).is_some_and(u8::is_ascii_digit));
        if smap {
            return Some(names::product_of_short_name(short));
        }
    }
    if let Some(product) = smap_name(inner) {
        return Some(product);
    }
    let group = |name: &str| listing.groups.iter().any(|g| g.rsplit('/').next() == Some(name));
    const DATA: &str = "Soil_Moisture_Retrieval_Data";
    let suffixed = |suffix: &str| format!("{DATA}_{suffix}");
    for suffix in ["3km", "1km"] {
        if shapes(listing, &suffixed(suffix)).any(|s| s.len() == 2) {
            return Some(Product::Spl2smapS);
        }
    }
    if group(&suffixed("AM")) || group(&suffixed("PM")) {
        let enhanced = group(&suffixed("Polar_AM"))
            || group(&suffixed("Polar_PM"))
            || ["AM", "PM"]
                .iter()
                .any(|s| shapes(listing, &suffixed(s)).any(|s| s.starts_with(&[1624, 3856])))
            || nine_km(listing)
            || (smap_name(outer).is_none() && nine_km_by_indices(listing) == Some(Some(true)));
        return Some(if enhanced || smap_name(outer) == Some(Product::Spl3smpE) {
            Product::Spl3smpE
        } else {
            Product::Spl3smp
        });
    }
    if let Some(product) = smap_name(outer) {
        return Some(product);
    }
    if group(DATA) && shapes(listing, DATA).any(|s| s.len() == 1) {
        let enhanced = group(&suffixed("Polar")) || largest_row(listing).is_some_and(|row| row >= 406.0);
        return Some(if enhanced { Product::Spl2smpE } else { Product::Spl2smp });
    }
    let root_has = |name: &str| listing.arrays.iter().any(|a| a.group().is_empty() && a.name() == name);
    let spl4 = ["Geophysical_Data", "Analysis_Data", "Forecast_Data", "Land-Model-Constants_Data"]
        .iter()
        .any(|g| group(g));
    if spl4 && root_has("cell_row") | root_has("cell_column") | root_has("EASE2_global_projection") {
        return Some(Product::Spl4);
    }
    None
}

/// Shapes of the arrays of the group of a name, wherever it hangs.
fn shapes<'a>(listing: &'a Listing, group: &'a str) -> impl Iterator<Item = &'a [u64]> {
    listing
        .arrays
        .iter()
        .filter(move |a| a.group().rsplit('/').next() == Some(group))
        .map(|a| a.shape.as_slice())
}

/// True where an x axis steps by 9 km.
fn nine_km(listing: &Listing) -> bool {
    let axis = listing.arrays.iter().find(|a| a.name() == "x" && a.shape.len() == 1 && a.elements() >= 2);
    let step = axis
        .and_then(|a| a.numbers(std::slice::from_ref(&(0..2))).ok())
        .and_then(|v| Some((v.get(1)? - v.first()?).abs()));
    step.is_some_and(|s| (8_900.0..9_100.0).contains(&s))
}

/// Whether the row and column indices of a window are those of 9 km: where they are too large for 36 km, or its longitudes and latitudes say so.
/// `Some(None)`: there are indices, and nothing says it. `None`: there are none, or the grid is whole.
fn nine_km_by_indices(listing: &Listing) -> Option<Option<bool>> {
    let numbers = |name: &str| {
        let mut planes = listing.arrays.iter().filter(|a| a.shape.len() == 2 && a.shape != [406, 964]);
        planes.find(|a| stem(a.name()).stem == name)?.all_numbers(4 << 20).ok()
    };
    let (rows, columns) = (numbers("ease_row_index")?, numbers("ease_column_index")?);
    let is_index = |n: &f64| (0.0..60_000.0).contains(n);
    let beyond = |values: &[f64], count: f64| values.iter().any(|n| is_index(n) && *n >= count);
    if beyond(&rows, 406.0) || beyond(&columns, 964.0) {
        return Some(Some(true));
    }
    let places = numbers("longitude").zip(numbers("latitude")).unwrap_or_default();
    let mut cells = rows.iter().zip(&columns).zip(places.0.iter().zip(&places.1));
    let seen = cells.find(|((row, column), (longitude, latitude))| {
        is_index(row) && is_index(column) && longitude.abs() <= 360.0 && latitude.abs() <= 90.0
    });
    Some(seen.map(|((row, column), (longitude, latitude))| {
        let (x, y) = fractional_index(Resolution::M09, *longitude, *latitude);
        (x - column - 0.5).abs() < 1.0 && (y - row - 0.5).abs() < 1.0
    }))
}

fn largest_row(listing: &Listing) -> Option<f64> {
    let rows = listing.arrays.iter().find(|a| a.name() == "EASE_row_index" && a.shape.len() == 1)?;
    rows.all_numbers(4 << 20).ok()?.into_iter().filter(|v| *v < 60_000.0).reduce(f64::max)
}

/// Metadata first, then the file name. A granule's own name outranks its `Extent`, whose beginning can be Sentinel-1's day
/// where Sentinel-1 came first; the two must agree to a day.
fn day(
    own: &OwnWords,
    inner: &NameMetadata,
    outer: &NameMetadata,
    product: Option<Product>,
    problems: &mut Vec<Problem>,
) -> (Option<Date>, Option<DateOrigin>) {
    let agrees = |date: Date| {
        let (Some(begin), end) = (own.begin, own.end.or(own.begin)) else {
            return true;
        };
        let end = end.unwrap_or(begin);
        let early = begin.yesterday().unwrap_or(begin);
        let late = end.tomorrow().unwrap_or(end);
        (early..=late).contains(&date)
    };
    if let Some(date) = inner.date.filter(|d| agrees(*d)) {
        return (Some(date), Some(DateOrigin::Metadata));
    }
    // The pass of two satellites: only a name says which day is SMAP's.
    if product == Some(Product::Spl2smapS)
        && let Some(date) = outer.date.filter(|d| outer.sentinel1_date.is_some() && agrees(*d))
    {
        return (Some(date), Some(DateOrigin::FileName));
    }
    if let Some(date) = own.begin {
        if let Some(other) = outer.date.filter(|d| !agrees(*d)) {
            problems.push(Problem {
                text: format!("the file name says {other}, the file itself {date}; the file is believed (correct the date if it is wrong)"),
            });
        }
        return (Some(date), Some(DateOrigin::Metadata));
    }
    match inner.date.map(|d| (d, DateOrigin::Metadata)).or(outer.date.map(|d| (d, DateOrigin::FileName))) {
        Some((date, origin)) => (Some(date), Some(origin)),
        None => (None, None),
    }
}
