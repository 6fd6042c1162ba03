//! Estimates of a date as the layers that stations are compared with.

use ease_grid::Raster;
use ground_stations::matching::{Layer, MapDay, Matcher, Overpass};
use ground_stations::scores::Lineage;
use loam_core::estimate::Estimate;
use loam_core::file::FineOrigin;
use loam_core::layer::LayerKind;

/// Places of the fixed layers: SMAP as it is, bilinear SMAP, the 3 km product; estimates follow.
const AS_IS: usize = 0;
const BILINEAR: usize = 1;
const PRODUCT: usize = 2;
const ESTIMATES: usize = 3;

/// The layers of a validation.
#[derive(Debug, Clone)]
pub struct Layers {
    /// With these names behind the fixed ones.
    estimates: Vec<String>,
}

impl Layers {
    /// SMAP as it is, bilinear SMAP, the 3 km product, and estimates of these names. All rest on SMAP's radiometer.
    #[must_use]
    pub fn new(estimates: Vec<String>) -> Self {
        Self { estimates }
    }

    /// As the comparison takes them.
    #[must_use]
    pub fn all(&self) -> Vec<Layer> {
        let layer =
            |name: &str, sparse| Layer { name: name.to_owned(), sparse, lineage: Lineage::SmapRadiometer };
        let mut all =
            vec![layer("SMAP as it is", false), layer("bilinear SMAP", false), layer("3 km product", true)];
        all.extend(self.estimates.iter().map(|name| layer(name, false)));
        all
    }

    /// Place of bilinear SMAP, by which the others are measured.
    #[must_use]
    pub const fn baseline() -> usize {
        BILINEAR
    }
}

/// A layer of an estimate.
fn layer(estimate: &Estimate, kind: LayerKind) -> Option<&Raster> {
    estimate.layers.iter().find(|layer| layer.kind == kind && layer.channel == 0).map(|layer| &layer.raster)
}

/// The 3 km map beside an estimate is a satellite's own, not one made here.
fn is_product(estimate: &Estimate) -> bool {
    estimate.reference.is_some_and(FineOrigin::is_product)
}

/// Takes the maps of a date in: `bilinear`, the closed form's estimate, which brings SMAP, its overpass and the product of the date along, and
/// the estimates in the order of [`Layers::new`], without those that could not be made.
pub fn add_day(matcher: &mut Matcher<'_>, bilinear: &Estimate, estimates: &[Option<Estimate>]) {
    let mut maps: Vec<(usize, &Raster)> = Vec::new();
    let mut half_widths = Vec::new();
    maps.extend(layer(bilinear, LayerKind::Coarse).map(|raster| (AS_IS, raster)));
    maps.extend(layer(bilinear, LayerKind::Estimate).map(|raster| (BILINEAR, raster)));
    if is_product(bilinear) {
        maps.extend(layer(bilinear, LayerKind::Reference).map(|raster| (PRODUCT, raster)));
    }
    for (n, estimate) in estimates.iter().enumerate() {
        let Some(channel) = estimate.as_ref().and_then(|estimate| estimate.channels.first()) else {
            continue;
        };
        maps.push((ESTIMATES + n, &channel.estimate));
        half_widths.extend(channel.half_width().map(|raster| (ESTIMATES + n, raster)));
    }
    let overpass = bilinear.overpass.as_ref().map_or(Overpass::Morning, Overpass::Of);
    matcher.add(&MapDay { date: bilinear.date, overpass, maps, half_widths });
}
