//! Backscatter of a day, whichever format its images come in.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::date;
use loam_core::file::{Correction, Usage};
use loam_core::stack::{Content, Entry, Library, Region, Series};
use smap_files::{PathSource, QualityRule};

fn library(names: &[&str]) -> Library {
    let mut library = Library::default();
    for (name, id) in names.iter().zip(1..) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smap-files/tests/fixtures/kinds");
        let granule = smap_files::open(Arc::new(PathSource::open(&folder.join(name)).unwrap())).unwrap();
        let content = Content::File(Box::new(granule));
        let correction = Correction::default();
        library.insert(Entry { id, name: (*name).to_owned(), content, correction });
    }
    library
}

/// 100 m pixels of VV and VH in a cube, two scenes of one day side by side.
#[test]
fn a_cube_gives_what_its_images_give_as_geotiffs() {
    let region = Region::around(-97.55, 35.68, 9, 9).unwrap();
    let of = |names: &[&str], day| {
        let library = library(names);
        assert!(library.iter().all(|entry| entry.usage() == Usage::Backscatter));
        Series::new(region, QualityRule::Recommended).day(&library, day).unwrap()
    };
    let images = ["S1_VV_20200603_a.tif", "S1_VV_20200603_b.tif", "S1_VV_20200615.tif"];
    for day in [date(2020, 6, 3), date(2020, 6, 15)] {
        let (cube, apart) = (of(&["openeo.nc"], day), of(&images, day));
        let (vv, wanted) = (cube.vv.unwrap(), apart.vv.unwrap());
        assert!(wanted.valid_count() > 0, "{day}");
        assert_eq!(vv.reasons(), wanted.reasons());
        let bits =
            |raster: &ease_grid::Raster| raster.values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&vv), bits(&wanted));
        // A fifth of it, in power.
        let vh = cube.vh.unwrap();
        for (vv, vh) in vv.values().iter().zip(vh.values()).filter(|(vv, _)| vv.is_finite()) {
            assert!((vv - vh - 10.0 * 5f32.log10()).abs() < 1e-4, "{vv} {vh}");
        }
    }
    // The same in dB, its pixels averaged in power.
    let day = date(2020, 6, 3);
    let (decibel, power) = (of(&["acquisitions.nc"], day).vv.unwrap(), of(&["openeo.nc"], day).vv.unwrap());
    assert_eq!(decibel.reasons(), power.reasons());
    for (a, b) in decibel.values().iter().zip(power.values()).filter(|(_, b)| b.is_finite()) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}
