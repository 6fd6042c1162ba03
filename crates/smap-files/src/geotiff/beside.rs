//! What files beside a TIFF say of it: GDAL's `x.tif.aux.xml`, and where the TIFF says otherwise; the flags of its retrievals.

use super::open::Image;
use super::tags::{BandTags, band_tags};
use super::{georef, metadata};
use crate::companion::{self, Beside};
use crate::sniff::Format;
use crate::source::auxiliary as read;
use crate::{Granule, Problem, Product, SharedSource};
use ease_grid::Grid;

/// Things named at most in a note.
const NAMED: usize = 6;

/// What was taken from the file beside a TIFF, and what of it the TIFF contradicts.
pub(super) fn notes(image: &Image, source: &SharedSource, tags: &[BandTags]) -> Vec<String> {
    let Some(file) = source.beside(Beside::Auxiliary) else { return Vec::new() };
    let name = file.name();
    let Some(of_file) = &image.auxiliary else {
        return vec![format!(
            "{name} beside it cannot be read (it is too large, cut off or none of GDAL's), so that what it says does not count: make it \
             again, or take it away"
        )];
    };
    let own = band_tags(image, &metadata::items(image.ifd()), None, tags.len());
    let (mut taken, mut against) = (Vec::new(), Vec::new());
    for (own, tags) in own.iter().zip(tags) {
        for (own, said) in words(own).into_iter().zip(words(tags)) {
            match (own.1, said.1) {
                (_, None) => {}
                (None, Some(said_so)) => taken.push(format!("{} {said_so}", said.0)),
                (Some(own), Some(said_so)) if own != said_so => {
                    against.push(format!("{} {said_so}, the file itself {own}", said.0));
                }
                _ => {}
            }
        }
    }
    for (said, own) in georef::place_beside(image.ifd(), of_file) {
        match own {
            Some(own) => against.push(format!("{said}, the file itself {own}")),
            None => taken.push(said),
        }
    }
    let listed = |mut all: Vec<String>, between: &str| {
        let mut seen = std::collections::HashSet::new();
        all.retain(|text| seen.insert(text.clone()));
        let more = if all.len() > NAMED {
            format!("{between}and {} more", all.len() - NAMED)
        } else {
            String::new()
        };
        all.truncate(NAMED);
        (!all.is_empty()).then(|| all.join(between) + &more)
    };
    let taken = listed(taken, ", ").map(|text| format!("taken from {name}: {text}"));
    let against =
        listed(against, "; ").map(|text| format!("{name} says {text}: the former counts, as in GDAL"));
    taken.into_iter().chain(against).collect()
}

/// The flags beside a TIFF of retrievals, where they are of its pixels; else why they are not applied.
pub(super) fn flags(
    source: &SharedSource,
    image: &Image,
    grid: Option<&Grid>,
) -> Option<Result<Image, String>> {
    let file = source.beside(Beside::RetrievalFlag)?;
    let name = file.name().to_owned();
    let of_its_pixels = || {
        let mut flags = Image::open(file).map_err(|error| error.to_string())?;
        let (width, height) = (flags.layout.width, flags.layout.height);
        let said = flags.auxiliary.as_ref();
        let placement =
            georef::placement(flags.ifd(), said, width, height).map_err(|error| error.to_string())?;
        if (width, height) != (image.layout.width, image.layout.height) || placement.grid.as_ref() != grid {
            return Err("it has other pixels".to_owned());
        }
        if image.layout.samples_per_pixel.max(flags.layout.samples_per_pixel) > 1 {
            return Err("one of the two has several bands".to_owned());
        }
        flags.south_up = placement.south_up;
        Ok(flags)
    };
    Some(
        of_its_pixels()
            .map_err(|why| format!("the retrieval quality flags in {name} are not applied: {why}")),
    )
}

/// What tags say of a band, in words.
fn words(tags: &BandTags) -> [(&'static str, Option<String>); 8] {
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    let fills: Vec<String> = tags.fills.iter().map(f64::to_string).collect();
    [
        ("name", tags.name.clone()),
        ("long name", tags.long_name.clone()),
        ("unit", tags.units.clone()),
        ("scale", number(tags.declared.factor)),
        ("offset", number(tags.declared.offset)),
        ("lowest value", number(tags.declared.low)),
        ("highest value", number(tags.declared.high)),
        ("no-data value", (!fills.is_empty()).then(|| fills.join(" and "))),
    ]
}

/// Such a file opened by itself, where it says something that counts: listed, so that its TIFF finds it, with nothing to draw.
pub(crate) fn auxiliary(source: &SharedSource) -> Option<Granule> {
    let file = source.name().to_owned();
    let (Beside::Auxiliary, of) = companion::of_tiff(&file)? else { return None };
    read(source.as_ref()).filter(|said| !said.is_empty())?;
    let text = format!(
        "this is what GDAL says of {of}: it counts there, whichever is opened first, and holds no values of its own"
    );
    Some(Granule {
        format: Format::Tiff,
        bytes: source.len(),
        product: Product::Unknown,
        origin: None,
        short_name: None,
        date: None,
        date_origin: None,
        sentinel1_date: None,
        orbit: None,
        identity: None,
        version: None,
        simulated: false,
        variables: Vec::new(),
        problems: vec![Problem { text }],
        file,
        source: SharedSource::clone(source),
    })
}
