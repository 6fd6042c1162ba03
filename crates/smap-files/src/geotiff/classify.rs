//! What a GeoTIFF's bands may be used as. Names and units say what a band is ([`Meaning`]); its values are only asked whether they
//! contradict that, and which scale backscatter has where nothing says it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::arrays::DRIEST;
use crate::backscatter::{Found, Said};
use crate::catalogue::{self, LayerWords, Meaning, Quantity, Source, flattened, words};
use crate::layer_use::SAY_SO;
use crate::summary::Summary;
use crate::{BackscatterScale, Overpass, Product, Role, names};

/// A band as the classifier sees it.
#[derive(Clone, Copy)]
pub(super) struct Band<'a> {
    /// Name in the file's metadata, where there is one.
    pub(super) name: Option<&'a str>,
    /// Description in words.
    pub(super) long_name: Option<&'a str>,
    /// Unit.
    pub(super) units: Option<&'a str>,
    /// Values, unpacked as the file declares.
    pub(super) summary: &'a Summary,
    /// The file declares a scale or an offset.
    pub(super) packed: bool,
    /// The declared offset makes another number than 0 of a stored 0.
    pub(super) shifted: bool,
    /// Day that the file declares for this band.
    pub(super) date: Option<Date>,
}

/// What a band is used as.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) role: Role,
    /// Backscatter only.
    pub(super) scale: Option<BackscatterScale>,
    /// (factor, offset) from the unpacked values to the unit.
    pub(super) linear: Option<(f64, f64)>,
    /// Zeros stand for no value.
    pub(super) no_zero: bool,
    pub(super) quantity: Option<Quantity>,
    /// What it is, and how that is known; or why it is not used.
    pub(super) evidence: String,
    pub(super) date: Option<Date>,
    pub(super) overpass: Option<Overpass>,
    /// SMAP's retrieval quality flag.
    pub(super) is_retrieval_flag: bool,
}

impl Use {
    /// No use.
    pub(super) fn nothing() -> Self {
        Self {
            role: Role::Other,
            scale: None,
            linear: None,
            no_zero: false,
            quantity: None,
            evidence: String::new(),
            date: None,
            overpass: None,
            is_retrieval_flag: false,
        }
    }

    /// The band that says how opaque a pixel is.
    pub(super) fn of_alpha() -> Self {
        Self {
            quantity: Some(Quantity::Flags),
            evidence: "alpha band: pixels of 0 hold no value".to_owned(),
            ..Self::nothing()
        }
    }
}

/// What a file was classified as.
pub(super) struct Classification {
    pub(super) product: Product,
    /// Per band.
    pub(super) bands: Vec<Use>,
    /// What the user should know.
    pub(super) problems: Vec<String>,
}

/// What is asked of the file besides its bands.
pub(super) struct Context<'a> {
    pub(super) file: &'a str,
    pub(super) source: Option<&'static Source>,
    /// What the file says its bands are of, in a few words.
    pub(super) described: Option<&'a str>,
    pub(super) integer: bool,
    /// uint8.
    pub(super) bytes: bool,
    /// Its coordinate system is one that cannot be placed.
    pub(super) unplaceable: bool,
    /// It has one band, of which the file's name speaks.
    pub(super) single: bool,
    /// The flags of its retrievals lie beside it.
    pub(super) flagged: bool,
}

/// A raw Sentinel-1 measurement as ESA names it: `s1a-iw-grd-vv-20210119t031653-...-001.tiff`.
pub(super) fn raw_measurement(file: &str) -> Option<&'static str> {
    let words = words(file);
    if !words.first().is_some_and(|w| is_sentinel1(w)) {
        return None;
    }
    words.iter().skip(1).find_map(|w| match w.as_str() {
        "grd" | "grdh" | "grdm" | "grdf" => Some("GRD"),
        "slc" => Some("SLC"),
        _ => None,
    })
}

fn is_sentinel1(word: &str) -> bool {
    matches!(word, "s1" | "s1a" | "s1b" | "s1c" | "s1d" | "sentinel1")
}

/// Looks at all bands.
pub(super) fn classify(context: &Context<'_>, bands: &[Band<'_>]) -> Classification {
    // A stack of days is one layer, of which the file's name speaks.
    let days: BTreeSet<Option<Date>> = bands.iter().map(|b| day_of(b)).collect();
    let is_stack = days.len() == bands.len()
        && !days.contains(&None)
        && bands.iter().all(|b| b.name.is_none_or(catalogue::is_only_a_day));
    let alone = bands.len() == 1 || is_stack;
    let described = if alone { context.described } else { None };
    let mut problems = Vec::new();
    let mut uses: Vec<Use> = bands
        .iter()
        .map(|band| {
            let band = Band { long_name: band.long_name.or(described), ..*band };
            let (used, problem) = used_as(context, &band, alone);
            if let Some(problem) = problem.filter(|p| !problems.contains(p)) {
                problems.push(problem);
            }
            used
        })
        .collect();
    problems.extend(one_of_each(bands, &mut uses));
    let has = |roles: &[Role]| uses.iter().any(|u| roles.contains(&u.role));
    let product = if has(&[Role::SoilMoisture]) {
        Product::SoilMoistureGeoTiff
    } else if has(&[Role::BackscatterVv, Role::BackscatterVh]) {
        Product::Sentinel1
    } else if has(&[Role::SurfaceTemperature]) {
        Product::SurfaceTemperature
    } else {
        Product::Unknown
    };
    let retrieved = |band: &Band<'_>| {
        let name = band.name.unwrap_or_default().to_ascii_lowercase();
        context.file.contains("Retrieval_Data")
            || ["soil_moisture_am", "soil_moisture_pm"].iter().any(|n| name.ends_with(n))
    };
    let moisture = |(used, band): (&Use, &Band<'_>)| used.role == Role::SoilMoisture && retrieved(band);
    if !context.flagged && !uses.iter().any(|u| u.is_retrieval_flag) && uses.iter().zip(bands).any(moisture) {
        problems.push(
            "no retrieval quality flag is in this file: every value in the valid range counts".to_owned(),
        );
    }
    if product == Product::Unknown && problems.is_empty() && !context.unplaceable {
        problems.push(nothing_used(context, bands, &uses));
    }
    Classification { product, bands: uses, problems }
}

/// Of several bands of one quantity, day and overpass the one with the plainest name counts (`soil_moisture` of `soil_moisture_dca`), the
/// first where none is plainer; none where all have one name, since nothing says then what each is of. Backscatter of a day of its own is of
/// several scenes, which are mosaicked. What was done is said.
fn one_of_each(bands: &[Band<'_>], uses: &mut [Use]) -> Vec<String> {
    let mut groups: BTreeMap<(&str, Option<Date>, u8), Vec<usize>> = BTreeMap::new();
    for (index, used) in uses.iter().enumerate() {
        let role = match used.role {
            Role::SoilMoisture => "soil moisture",
            Role::BackscatterVv if used.date.is_none() => "backscatter VV",
            Role::BackscatterVh if used.date.is_none() => "backscatter VH",
            _ => continue,
        };
        let overpass = used.overpass.map_or(0, |overpass| 1 + overpass as u8);
        groups.entry((role, used.date, overpass)).or_default().push(index);
    }
    let name = |index: usize| {
        let own = bands.get(index).and_then(|b| b.name);
        own.map_or_else(|| format!("band {}", index + 1), str::to_owned)
    };
    let mut said = Vec::new();
    for ((role, date, _), group) in groups {
        let plainest = group.iter().copied().min_by_key(|&index| (name(index).len(), index));
        let Some(kept) = plainest.filter(|_| group.len() > 1) else { continue };
        // `soil_moisture`, `soil_moisture_1`: a stack whose days got lost.
        let bare = |index: usize| words(&name(index)).join("_").replace(|c: char| c.is_ascii_digit(), "");
        let alike = date.is_none()
            && group.iter().all(|&index| bare(index).trim_matches('_') == bare(kept).trim_matches('_'));
        for &index in group.iter().filter(|&&index| alike || index != kept) {
            let Some(used) = uses.get_mut(index) else { continue };
            let why = if alike {
                "several bands have this name but for a number, and nothing says which day each is of"
                    .to_owned()
            } else {
                format!("{} is used", name(kept))
            };
            let evidence = format!("{}: not used ({why})", used.evidence);
            *used = Use {
                quantity: used.quantity,
                evidence,
                date: used.date,
                overpass: used.overpass,
                ..Use::nothing()
            };
        }
        let of_day = date.map_or_else(String::new, |date| format!(" of {date}"));
        said.push(if alike {
            format!(
                "{} of its bands are {role} by one name ({}) but for a number, and nothing says which day each is of, so none is used: name each by its day \
                 (YYYYMMDD); {SAY_SO}",
                group.len(),
                name(kept)
            )
        } else {
            let others: Vec<String> = group.iter().filter(|&&index| index != kept).map(|&index| name(index)).collect();
            format!(
                "of its {} bands of {role}{of_day} {} is used, not {}; choose another with \"use as\" in the file list",
                group.len(),
                name(kept),
                others.join(", ")
            )
        });
    }
    // Days of a stack have many: the first says it.
    if said.len() > 3 {
        let more = said.len() - 1;
        said.truncate(1);
        said.push(format!("so it is with {more} more days"));
    }
    said
}

/// The day that a band is of, where it has one of its own.
fn day_of(band: &Band<'_>) -> Option<Date> {
    band.date.or_else(|| names::date_in(band.name.unwrap_or_default()))
}

/// A band's use, and what the user should know of it.
fn used_as(context: &Context<'_>, band: &Band<'_>, alone: bool) -> (Use, Option<String>) {
    let layer = LayerWords { name: band.name, long_name: band.long_name };
    let Meaning { quantity, told_by } = Meaning::of(context.file, context.source, layer, alone);
    let named = band.name.unwrap_or_default();
    let part = flattened(context.file).map(|(group, layer)| format!("{group}_{layer}"));
    let overpass = Quantity::overpass_of(named)
        .or_else(|| part.as_deref().and_then(Quantity::overpass_of))
        .or_else(|| if alone { Quantity::overpass_of(context.file) } else { None });
    let mut used = Use {
        quantity,
        date: day_of(band),
        overpass,
        is_retrieval_flag: named.to_ascii_lowercase().contains("retrieval_qual_flag"),
        ..Use::nothing()
    };
    if context.unplaceable {
        used.evidence = "not used: its coordinate system cannot be placed".to_owned();
        return (used, None);
    }
    let Some(quantity) = quantity else {
        used.evidence = if told_by.is_empty() {
            "unknown quantity".to_owned()
        } else {
            format!("unknown quantity, by {told_by}")
        };
        return (used, None);
    };
    let outcome = match quantity {
        Quantity::SoilMoisture => soil_moisture(context, band, &mut used),
        Quantity::BackscatterVv | Quantity::BackscatterVh => backscatter(context, band, &mut used),
        Quantity::SurfaceTemperature => surface_temperature(context, band, &mut used),
        _ => Err(None),
    };
    match outcome {
        Ok((unit, note)) => {
            used.role = catalogue::role_of(quantity);
            used.evidence = format!("{}, {unit}, from {told_by}", quantity.name());
            (used, note)
        }
        Err(why) => {
            (used.scale, used.linear, used.no_zero) = (None, None, false);
            let not_used = why.as_deref().map_or_else(String::new, |why| format!(" ({why})"));
            used.evidence = format!("{}, by {told_by}: not used{not_used}", quantity.name());
            (used, why)
        }
    }
}

/// The unit that is taken, with a note; or why the band is not used.
type Outcome = Result<(String, Option<String>), Option<String>>;

/// Fewer values than this share in 0..=1 and it is no soil moisture.
const SOIL_MOISTURE_SHARE: f64 = 0.99;

fn soil_moisture(context: &Context<'_>, band: &Band<'_>, used: &mut Use) -> Outcome {
    let layer = LayerWords { name: band.name, long_name: band.long_name };
    let (factor, unit) = catalogue::moisture_factor(context.source, band.units, layer).map_err(Some)?;
    if !band.summary.any_valid() {
        return Ok((unit, None));
    }
    if context.integer && !band.packed && factor == 1.0 {
        return Err(Some(format!(
            "its name says soil moisture, but it holds whole numbers and declares no scale, so what a step means is not known; {SAY_SO}"
        )));
    }
    if factor != 1.0 {
        if band.summary.max() <= 1.0 {
            return Err(Some(format!(
                "its unit is percent, but none of its values is above 1, as in m3/m3: which it is cannot be told; {SAY_SO}"
            )));
        }
        used.linear = Some((factor, 0.0));
        return Ok((unit, None));
    }
    if band.summary.unit_share() < SOIL_MOISTURE_SHARE {
        let (min, max) = (band.summary.min(), band.summary.max());
        let declared = band.units.map_or("no unit".to_owned(), |u| format!("the unit {u}"));
        return Err(Some(format!(
            "its name says soil moisture, but its values lie between {min:.4} and {max:.4} and it declares {declared}: volumetric soil moisture \
             lies within 0 and 1 m3/m3; {SAY_SO}"
        )));
    }
    if band.summary.max() < DRIEST {
        let max = band.summary.max();
        let scale =
            if band.packed { " by the scale it declares, which was probably applied before" } else { "" };
        return Err(Some(format!(
            "its name says soil moisture, but its values, {max:.5} at most, are too small for m3/m3{scale}; {SAY_SO}"
        )));
    }
    // No satellite retrieves exactly 0 (SMAP's range begins at 0.02): a program left it where there was no value.
    let zeros = band.summary.zeros();
    if zeros > 0 && !band.shifted {
        used.no_zero = true;
        let note = format!("{zeros} values are exactly 0, which no retrieval gives: they count as no value");
        return Ok((unit, Some(note)));
    }
    Ok((unit, None))
}

fn backscatter(context: &Context<'_>, band: &Band<'_>, used: &mut Use) -> Outcome {
    let said = Said {
        file: context.file,
        alone: context.single,
        source: context.source,
        name: band.name,
        units: band.units,
        whole: context.integer && !band.packed,
        bytes: context.bytes && !band.packed,
        shifted: band.shifted,
    };
    let Found { scale, no_zero, unit, note } = said.found(band.summary).map_err(Some)?;
    (used.scale, used.no_zero) = (scale, no_zero);
    Ok((unit.to_owned(), note))
}

/// Packing of MODIS and VIIRS land surface temperature, K a step.
const STEP: f64 = 0.02;
/// 0 degrees C, K.
const ZERO_C: f64 = 273.15;

/// The unit of a temperature that the file says, by the band's unit, else by words of its names.
fn temperature_unit(context: &Context<'_>, band: &Band<'_>) -> Option<catalogue::Unit> {
    let of = |name: &str| {
        words(name).iter().find_map(|w| match w.as_str() {
            "kelvin" => Some(catalogue::Unit::Kelvin),
            "celsius" | "degc" | "centigrade" => Some(catalogue::Unit::Celsius),
            "fahrenheit" | "degf" => Some(catalogue::Unit::Other),
            _ => None,
        })
    };
    let declared = band.units.and_then(catalogue::Unit::parse).filter(|unit| *unit != catalogue::Unit::One);
    declared.or_else(|| band.name.and_then(of)).or_else(|| of(context.file))
}

/// K or degrees C where the file says so, MODIS' steps where whole numbers declare nothing, K where nothing is said and the values are K.
fn surface_temperature(context: &Context<'_>, band: &Band<'_>, used: &mut Use) -> Outcome {
    let Some(median) = band.summary.median_nonzero() else {
        let note = "it holds fill values only: no land surface temperature was seen (clouds)";
        return Ok(("K".to_owned(), Some(note.to_owned())));
    };
    let ground = |(factor, offset): (f64, f64)| (190.0..=350.0).contains(&(median * factor + offset));
    let (kelvin, celsius, steps) =
        (((1.0, 0.0), "K"), ((1.0, ZERO_C), "degrees C"), ((STEP, 0.0), "steps of 0.02 K"));
    let plain = context.integer && !band.packed;
    let declared = temperature_unit(context, band);
    let candidates = match declared {
        Some(catalogue::Unit::Kelvin) => vec![kelvin, steps],
        Some(catalogue::Unit::Celsius) => vec![celsius],
        Some(_) => vec![],
        // Whole numbers may be tenths of degrees as well.
        None if plain => vec![steps],
        None => vec![kelvin],
    };
    let fitting =
        candidates.into_iter().filter(|of| *of != steps || plain).find(|(linear, _)| ground(*linear));
    let Some((linear, unit)) = fitting else {
        let says = match (band.units, declared) {
            (Some(unit), _) => format!("its unit is {unit}"),
            (None, Some(_)) => "its name gives a unit".to_owned(),
            (None, None) => "it declares no unit".to_owned(),
        };
        return Err(Some(format!(
            "its name says land surface temperature, but {says}, and its values, {median:.1} in the middle, are neither K, nor degrees C, nor MODIS' \
             steps of 0.02 K by that; say the unit with \"use as\" in the file list, or --use FILE#LAYER=lst,C on the command line, or export it in K"
        )));
    };
    used.linear = (linear != (1.0, 0.0)).then_some(linear);
    // MODIS' fill is 0, declared or not; only in degrees C is 0 a temperature.
    used.no_zero = linear.1 == 0.0 && !band.shifted;
    Ok((unit.to_owned(), None))
}

/// Why no band of a file is used.
fn nothing_used(context: &Context<'_>, bands: &[Band<'_>], uses: &[Use]) -> String {
    let names: Vec<&str> = bands.iter().filter_map(|b| b.name).collect();
    let optical = names
        .iter()
        .flat_map(|n| words(n))
        .filter(|w| matches!(w.as_str(), "b2" | "b3" | "b4" | "b8" | "b8a" | "b11" | "b12"));
    if optical.count() >= 4 || (context.integer && (10..=16).contains(&bands.len())) {
        return format!(
            "this looks like a Sentinel-2 multispectral stack ({} bands), which Loam does not use; it needs SMAP soil moisture and Sentinel-1 \
             backscatter",
            bands.len()
        );
    }
    let first = uses.first().and_then(|used| used.quantity);
    if let Some(quantity) = first.filter(|_| uses.iter().all(|used| used.quantity == first)) {
        let moisture = match quantity {
            Quantity::Flags => "",
            Quantity::BackscatterOther
            | Quantity::OtherRadar
            | Quantity::RadarBrightness
            | Quantity::DeepSoilMoisture
            | Quantity::RelativeSoilMoisture
            | Quantity::OtherMoisture => ", which Loam does not use",
            _ => ", which is neither soil moisture nor backscatter",
        };
        let labels = if context.integer && bands.iter().all(|b| b.summary.looks_like_labels()) {
            ", as class labels (a few whole numbers)"
        } else {
            ""
        };
        return format!(
            "it holds {}{labels}, by its name{moisture}: it is listed but not used",
            quantity.name()
        );
    }
    if context.integer && bands.len() == 1 && bands.iter().all(|b| b.summary.looks_like_labels()) {
        return "this looks like a map of class labels (a few whole numbers), which Loam does not use"
            .to_owned();
    }
    if context.bytes && (bands.len() == 3 || bands.len() == 4) {
        return "this looks like a colour picture, which Loam does not use".to_owned();
    }
    let radar = words(context.file).first().is_some_and(|w| is_sentinel1(w));
    match (bands.len(), radar) {
        (1, true) => format!(
            "neither its name nor its band says which polarisation it holds (VV or VH), so it is not used; {SAY_SO}"
        ),
        (n, true) if names.is_empty() => format!(
            "nothing names its {n} bands, so that VV cannot be told from VH, nor from coherence or phase of an interferogram; it is not used; {SAY_SO}"
        ),
        (1, false) => format!(
            "nothing says what it holds: neither its name nor its band's name speaks of soil moisture, backscatter (VV, VH) or land surface \
             temperature; it is listed but not used; {SAY_SO}"
        ),
        (n, _) => format!(
            "none of its {n} bands is named as soil moisture, backscatter (VV, VH) or land surface temperature; it is listed but not used; {SAY_SO}"
        ),
    }
}

/// A file that counts with another: GDAL's mask, or the flags of its retrievals.
pub(super) fn part_of(file: &str, what: &str, bands: usize) -> Classification {
    let band = Use {
        quantity: Some(Quantity::Flags),
        evidence: format!("{what} of {file}, by its name: no values of its own"),
        ..Use::nothing()
    };
    Classification {
        product: Product::Unknown,
        bands: vec![band; bands],
        problems: vec![format!(
            "this is the {what} of {file}: it counts there, whichever is opened first, and holds no \
             values of its own"
        )],
    }
}
