//! What a GeoTIFF holds: soil moisture, land surface temperature, Sentinel-1 backscatter, or something Loam lists but does not use.
//!
//! Band names and file name are asked first, because dB values of backscatter and, say, temperatures look alike; values decide
//! where names are silent, and can overrule a name (a "soil moisture" of 40 is a percentage).

use super::summary::Summary;
use crate::smap_names::is_surface_temperature;
use crate::{BackscatterScale, Product, Role};

/// A band as the classifier sees it.
pub(super) struct Band<'a> {
    /// Name in the file's metadata, where there is one.
    pub(super) name: Option<&'a str>,
    pub(super) summary: &'a Summary,
    /// (factor, offset) that the file declares for it.
    pub(super) packed: Option<(f64, f64)>,
}

/// What a file was classified as.
pub(super) struct Classification {
    pub(super) product: Product,
    /// Per band.
    pub(super) roles: Vec<Role>,
    /// Per band, backscatter only.
    pub(super) scales: Vec<Option<BackscatterScale>>,
    /// Per band, temperatures only: (factor, offset) to K.
    pub(super) linear: Vec<Option<(f64, f64)>>,
    /// What the user should know.
    pub(super) problems: Vec<String>,
}

/// What is asked of the file besides its bands.
pub(super) struct Context<'a> {
    pub(super) file: &'a str,
    pub(super) integer: bool,
    /// On the global EASE-Grid.
    pub(super) ease: bool,
    /// Has a grid at all.
    pub(super) placed: bool,
    /// Written by Loam itself.
    pub(super) loam_product: Option<&'a str>,
    /// uint8.
    pub(super) bytes: bool,
}

/// Lower-case words of a name: `S1A__IW___A_2015_VV.tif` gives s1a, iw, a, 2015, vv, tif.
pub(super) fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
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

fn polarisation(words: &[String]) -> Option<Role> {
    // "VV", "Sigma0_VV_db", "gamma0-vh", and Earth Engine's "VV_1".
    let vv = words.iter().any(|w| w == "vv" || w.ends_with("0vv"));
    let vh = words.iter().any(|w| w == "vh" || w.ends_with("0vh"));
    match (vv, vh) {
        (true, false) => Some(Role::BackscatterVv),
        (false, true) => Some(Role::BackscatterVh),
        _ => None,
    }
}

fn says_soil_moisture(words: &[String]) -> bool {
    let joined = words.join("_");
    joined.contains("soil_moisture")
        || joined.contains("soilmoisture")
        || words.iter().any(|w| matches!(w.as_str(), "sm" | "ssm" | "vsm" | "swvl1"))
}

/// The scale of backscatter. Names win where they say it (`_db`, HyP3's `gpuned`), values otherwise.
pub(super) fn scale(file: &str, band: &Band<'_>, integer: bool) -> Option<BackscatterScale> {
    let mut words = words(file);
    words.extend(band.name.map(self::words).unwrap_or_default());
    let median = band.summary.median_nonzero()?;
    if integer && median.abs() >= 50.0 {
        return Some(BackscatterScale::DigitalNumber);
    }
    // Linear values left slightly negative by noise removal are not dB: dB has its median far below zero.
    if median < 0.0 || (band.summary.negative_share() > 0.05 && median > 1.0) {
        return Some(BackscatterScale::Decibel);
    }
    if words.iter().any(|w| w == "amp" || w == "amplitude" || hyp3(w) == Some('a')) {
        return Some(BackscatterScale::Amplitude);
    }
    if median < 1.0 {
        return Some(BackscatterScale::Power);
    }
    (median >= 20.0).then_some(BackscatterScale::DigitalNumber)
}

/// HyP3's processing code, six letters: radiometry g/s, scale p/a/d, masking, filter, area, e.g. `gpuned` (unverified).
fn hyp3(word: &str) -> Option<char> {
    let mut letters = word.chars();
    let (radiometry, scale) = (letters.next()?, letters.next()?);
    (word.len() == 6
        && matches!(radiometry, 'g' | 's')
        && matches!(scale, 'p' | 'a' | 'd')
        && word.ends_with(['d', 'm', 'c']))
    .then_some(scale)
}

/// Whether values alone look like dB backscatter of land.
fn decibel_like(summary: &Summary) -> bool {
    summary.max() < 40.0
        && summary.negative_share() > 0.9
        && summary.median_nonzero().is_some_and(|m| (-35.0..=-3.0).contains(&m))
}

/// Looks at all bands.
pub(super) fn classify(context: &Context<'_>, bands: &[Band<'_>]) -> Classification {
    let file_words = words(context.file);
    let none = |problem: String| Classification {
        product: Product::Unknown,
        roles: vec![Role::Other; bands.len()],
        scales: vec![None; bands.len()],
        linear: vec![None; bands.len()],
        problems: vec![problem],
    };
    let names: Vec<Vec<String>> = bands.iter().map(|b| b.name.map(words).unwrap_or_default()).collect();

    let multispectral = names
        .iter()
        .flatten()
        .filter(|w| matches!(w.as_str(), "b2" | "b3" | "b4" | "b8" | "b8a" | "b11" | "b12"))
        .count();
    if multispectral >= 4 || (context.integer && (10..=16).contains(&bands.len())) {
        return none(format!(
            "this looks like a Sentinel-2 multispectral stack ({} bands), which Loam does not use; it needs SMAP soil moisture and Sentinel-1 backscatter",
            bands.len()
        ));
    }
    if let Some(classification) = surface_temperature(context, bands) {
        return classification;
    }
    if let Some(classification) = backscatter(context, bands, &file_words, &names) {
        return classification;
    }
    if let Some(classification) = soil_moisture(context, bands, &file_words, &names) {
        return classification;
    }
    if context.integer && bands.len() == 1 && bands.iter().all(|b| b.summary.looks_like_labels()) {
        return none(
            "this looks like a map of class labels (a few whole numbers), which Loam does not use".into(),
        );
    }
    if context.bytes && (bands.len() == 3 || bands.len() == 4) {
        return none("this looks like a colour picture, which Loam does not use".into());
    }
    none(
        "neither its band names nor its values say that it is soil moisture (m3/m3, 0 to 1) or Sentinel-1 backscatter (VV, VH); it is \
         listed but not used"
            .into(),
    )
}

/// Land surface temperature, by name: of several bands those that say so, of one the file's name will do.
fn surface_temperature(context: &Context<'_>, bands: &[Band<'_>]) -> Option<Classification> {
    let by_file =
        is_surface_temperature(context.file) || context.loam_product.is_some_and(is_surface_temperature);
    let said: Vec<bool> = bands
        .iter()
        .map(|b| match b.name.filter(|n| !n.is_empty()) {
            Some(name) => is_surface_temperature(name) || (by_file && bands.len() == 1),
            None => by_file && bands.len() == 1,
        })
        .collect();
    if !said.contains(&true) {
        return None;
    }
    let linear: Vec<_> = bands
        .iter()
        .zip(&said)
        .map(|(b, said)| if *said { kelvin(b, context.integer) } else { None })
        .collect();
    let known = said.iter().zip(&linear).all(|(said, linear)| !said || linear.is_some());
    if !known && bands.iter().zip(&said).any(|(b, said)| *said && b.summary.any_valid()) {
        return Some(Classification {
            product: Product::Unknown,
            roles: vec![Role::Other; bands.len()],
            scales: vec![None; bands.len()],
            linear: vec![None; bands.len()],
            problems: vec![
                "its name says land surface temperature, but its values are neither K, nor degrees C, nor MODIS' steps of 0.02 K, so it is not \
                 used; export it in K"
                    .to_owned(),
            ],
        });
    }
    let mut problems = Vec::new();
    if !bands.iter().zip(&said).any(|(b, said)| *said && b.summary.any_valid()) {
        problems.push("it holds fill values only: no land surface temperature was seen (clouds)".to_owned());
    }
    Some(Classification {
        product: Product::SurfaceTemperature,
        roles: said.iter().map(|said| if *said { Role::SurfaceTemperature } else { Role::Other }).collect(),
        scales: vec![None; bands.len()],
        linear,
        problems,
    })
}

/// Packing of MODIS and VIIRS land surface temperature, K a step.
const STEP: f64 = 0.02;
/// 0 degrees C, K.
const ZERO_C: f64 = 273.15;

/// (factor, offset) from a band's values to K, told from their median: what the file declares where that gives a temperature of ground;
/// MODIS' steps of 0.02 K; K; degrees C.
fn kelvin(band: &Band<'_>, integer: bool) -> Option<(f64, f64)> {
    let median = band.summary.median_nonzero()?;
    let candidates = [band.packed, integer.then_some((STEP, 0.0)), Some((1.0, 0.0)), Some((1.0, ZERO_C))];
    candidates
        .into_iter()
        .flatten()
        .find(|(factor, offset)| (190.0..=350.0).contains(&(median * factor + offset)))
}

fn backscatter(
    context: &Context<'_>,
    bands: &[Band<'_>],
    file_words: &[String],
    names: &[Vec<String>],
) -> Option<Classification> {
    let mut roles: Vec<Role> = names.iter().map(|n| polarisation(n).unwrap_or(Role::Other)).collect();
    let mut problems = Vec::new();
    if roles.iter().all(|r| *r == Role::Other) {
        let first = bands.first()?;
        if let (Some(role), true) = (polarisation(file_words), bands.len() == 1) {
            roles = vec![role];
        } else if bands.len() <= 3
            && !context.integer
            && context.placed
            && bands.iter().take(2).all(|b| b.name.is_none() && decibel_like(b.summary))
        {
            roles = [Role::BackscatterVv, Role::BackscatterVh, Role::Other]
                .into_iter()
                .take(bands.len())
                .collect();
            problems.push(if bands.len() == 1 {
                "nothing names its polarisation; its values look like Sentinel-1 backscatter in dB, and it is taken for VV".to_owned()
            } else {
                "nothing names its bands; their values look like Sentinel-1 backscatter in dB, and band 1 is taken for VV, band 2 for VH"
                    .to_owned()
            });
        } else if file_words.first().is_some_and(|w| is_sentinel1(w))
            && !first.summary.looks_like_labels()
            && bands.len() == 1
        {
            roles = vec![Role::BackscatterVv];
            problems.push("its name does not say which polarisation it holds; it is taken for VV".to_owned());
        } else {
            return None;
        }
    }
    let scales: Vec<Option<BackscatterScale>> = bands
        .iter()
        .zip(&roles)
        .map(|(b, role)| if *role == Role::Other { None } else { scale(context.file, b, context.integer) })
        .collect();
    let used = || scales.iter().zip(&roles).filter(|(_, r)| **r != Role::Other).map(|(s, _)| *s);
    if used().any(|s| s == Some(BackscatterScale::DigitalNumber)) {
        problems.push(
            "its values look like uncalibrated digital numbers, which are not used; calibrate it to sigma0 first (SNAP, pyroSAR or ASF HyP3)"
                .to_owned(),
        );
    } else if used().any(|s| s.is_none()) {
        problems.push(
            "whether its values are dB or linear power cannot be told from them; say so in the file list"
                .to_owned(),
        );
    }
    Some(Classification {
        product: Product::Sentinel1,
        roles,
        scales,
        linear: vec![None; bands.len()],
        problems,
    })
}

/// Fewer values than this share in 0..=1 and it is no soil moisture.
const SOIL_MOISTURE_SHARE: f64 = 0.99;

fn soil_moisture(
    context: &Context<'_>,
    bands: &[Band<'_>],
    file_words: &[String],
    names: &[Vec<String>],
) -> Option<Classification> {
    let unknown = |problem: &str| {
        Some(Classification {
            product: Product::Unknown,
            roles: vec![Role::Other; bands.len()],
            scales: vec![None; bands.len()],
            linear: vec![None; bands.len()],
            problems: vec![problem.to_owned()],
        })
    };
    let named: Vec<bool> = names.iter().map(|n| says_soil_moisture(n)).collect();
    let by_loam =
        context.loam_product.is_some_and(|p| says_soil_moisture(&words(p)) || p.contains("soil moisture"));
    let by_file = by_loam || says_soil_moisture(file_words);
    let candidates: Vec<bool> =
        if named.contains(&true) { named } else { vec![bands.len() == 1; bands.len()] };
    let said = by_file
        || bands
            .iter()
            .zip(&candidates)
            .any(|(b, c)| *c && b.name.is_some_and(|n| says_soil_moisture(&words(n))));
    if context.integer || !candidates.contains(&true) {
        return None;
    }
    let fits = bands.iter().zip(&candidates).filter(|(_, c)| **c).all(|(b, _)| {
        if b.summary.any_valid() {
            b.summary.unit_share() >= SOIL_MOISTURE_SHARE && b.summary.max() > 0.0
        } else {
            said
        }
    });
    if said && !fits {
        return unknown(
            if bands.iter().any(|b| {
                b.summary.max() > 1.0 && b.summary.max() <= 100.0 && b.summary.negative_share() < 0.01
            }) {
                "its name says soil moisture but its values go past 1 m3/m3 and look like percentages; divide them by 100 and drop it again"
            } else {
                "its name says soil moisture but most of its values are outside 0 to 1 m3/m3, so it is not used"
            },
        );
    }
    if !fits || !(said || context.ease) {
        if fits && context.placed {
            return unknown(
                "its values could be soil moisture, but neither its name nor its grid says so; if it is, rename it with soil_moisture in its name",
            );
        }
        return None;
    }
    let roles = candidates.iter().map(|c| if *c { Role::SoilMoisture } else { Role::Other }).collect();
    let none = vec![None; bands.len()];
    Some(Classification {
        product: Product::SoilMoistureGeoTiff,
        roles,
        scales: vec![None; bands.len()],
        linear: none,
        problems: Vec::new(),
    })
}
