//! Which files of one granule supersede each other, and what a day is where several count.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ease_grid::Reason;
use jiff::civil::date;
use loam_core::file::{Correction, Usage};
use loam_core::stack::{Content, Entry, Library, Region, Series};
use smap_files::{self as read, Granule, Overpass, PathSource, QualityRule, Role};

const DAILY: &str = "SMAP_L3_SM_P_20200602_R18290_001.h5";

fn open(path: &Path) -> Granule {
    read::open(Arc::new(PathSource::open(path).unwrap()))
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn fixture(name: &str) -> Granule {
    open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../smap-files/tests/fixtures").join(name))
}

fn real(name: &str) -> Option<Granule> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/smap").join(name);
    if !path.exists() {
        eprintln!("skipped: ../shared/data/smap/{name} is not here");
        return None;
    }
    Some(open(&path))
}

/// Numbered from 1 in the order given.
fn library(granules: impl IntoIterator<Item = Granule>) -> Library {
    let mut library = Library::default();
    for (granule, id) in granules.into_iter().zip(1..) {
        let content = Content::File(Box::new(granule));
        library.insert(Entry { id, name: format!("file {id}"), content, correction: Correction::default() });
    }
    library
}

/// For each entry, the number of the one that supersedes it.
fn superseded(library: &Library) -> Vec<Option<u32>> {
    library.iter().map(|entry| library.superseded_by(entry).map(|by| by.id)).collect()
}

fn of_version(mut granule: Granule, counter: u32) -> Granule {
    granule.version = Some(("R18290".into(), counter));
    granule
}

/// What a service leaves that was asked for these variables alone.
fn subset(mut granule: Granule, keep: impl Fn(&smap_files::Variable) -> bool) -> Granule {
    for variable in &mut granule.variables {
        if !keep(variable) {
            variable.role = Role::Other;
        }
    }
    granule
}

/// What a service leaves that was asked for the western share of the map.
fn crop(mut granule: Granule, share: f64) -> Granule {
    for grid in granule.variables.iter_mut().filter_map(|v| v.grid.as_mut()) {
        grid.columns = (grid.columns as f64 * share) as usize;
    }
    granule
}

/// SPL3SMP_E on cells of 0.05 degrees is no sharper for it.
#[test]
fn a_radiometers_map_on_finer_cells_is_coarse_input() {
    let of = |name: &str| fixture(&format!("kinds/{name}"));
    let files = [
        "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_PM_soil_moisture_pm_doy2020156000000_aid0001.tif",
        "zstd_20200603.tif",
    ];
    let usages: Vec<Usage> = library(files.map(of)).iter().map(Entry::usage).collect();
    assert_eq!(usages, [Usage::Coarse, Usage::Fine]);
}

#[test]
fn a_later_version_and_the_same_file_opened_twice_supersede() {
    let daily = || fixture(DAILY);
    assert_eq!(
        superseded(&library([of_version(daily(), 1), of_version(daily(), 2), of_version(daily(), 3)])),
        [Some(3), Some(3), None]
    );
    assert_eq!(superseded(&library([of_version(daily(), 2), of_version(daily(), 1)])), [None, Some(1)]);
    assert_eq!(superseded(&library([daily(), daily(), daily()])), [None, Some(1), Some(1)]);
    // Versions of a scene may differ by some cells at its edge, and name groups in another way.
    let mut renamed = crop(of_version(daily(), 2), 0.97);
    for variable in &mut renamed.variables {
        variable.path = variable.path.replace("/Soil_Moisture_Retrieval_Data_AM", "/AM");
    }
    assert_eq!(superseded(&library([of_version(daily(), 1), renamed])), [Some(2), None]);
}

#[test]
fn a_subset_does_not_supersede_the_whole() {
    let daily = || of_version(fixture(DAILY), 1);
    let morning = |granule| subset(granule, |v| v.overpass == Some(Overpass::Am));
    for counter in [1, 2] {
        for part in [morning(of_version(daily(), counter)), crop(of_version(daily(), counter), 0.5)] {
            assert_eq!(superseded(&library([daily(), part.clone()])), [None, None], "counter {counter}");
            assert_eq!(superseded(&library([part, daily()])), [None, None], "counter {counter}");
        }
    }
    // The whole of a later version holds all that the subset does.
    assert_eq!(superseded(&library([morning(daily()), of_version(daily(), 2)])), [Some(2), None]);
}

#[test]
fn a_file_used_as_soil_moisture_gives_no_layer_that_says_what_else_it_is() {
    for (name, given) in [
        ("foreign/okc_20200603.tif", true),
        ("foreign/smap_okc_albedo.nc", false),
        ("foreign/sin_LIA_14SPE_DES_007.tif", false),
        ("foreign/soil_moisture_water_20200603.tif", false),
        ("foreign/soil_moisture_error_20200603.tif", false),
    ] {
        for usage in [Usage::Coarse, Usage::Fine] {
            let mut library = library([fixture(name)]);
            let entry = library.get_mut(1).unwrap();
            entry.correct(Correction { usage: Some(usage), ..Correction::default() }).unwrap();
            let Content::File(granule) = &entry.content else { panic!("{name} is no file") };
            let used = granule.variables.iter().any(|v| v.role == Role::SoilMoisture);
            assert_eq!(used, given, "{name} as {usage:?}");
            let why = entry.gives_nothing();
            assert_eq!(why.is_none(), given, "{name} as {usage:?}: {why:?}");
            let says = |part: &str| why.as_deref().is_none_or(|why| why.contains(part));
            assert!(says("It has ") && says("--use FILE#LAYER=") && says("not used"), "{name}: {why:?}");
        }
    }
}

#[test]
fn of_several_unknown_layers_none_is_guessed() {
    let mut library = library([fixture("foreign/S1A_IW_20200603T003512_two_bands.tif")]);
    let entry = library.get_mut(1).unwrap();
    entry.correct(Correction { usage: Some(Usage::Coarse), ..Correction::default() }).unwrap();
    let why = entry.gives_nothing().unwrap();
    assert!(why.contains("band 1") && why.contains("band 2") && why.contains("FILE#LAYER=coarse"), "{why}");
}

#[test]
fn a_file_set_aside_by_hand_supersedes_none_that_is_used() {
    let mut library = library([of_version(fixture(DAILY), 1), of_version(fixture(DAILY), 2)]);
    library
        .get_mut(2)
        .unwrap()
        .correct(Correction { usage: Some(Usage::Ignored), ..Correction::default() })
        .unwrap();
    assert_eq!(superseded(&library), [None, None]);
}

#[test]
fn a_later_subset_comes_first_and_the_whole_fills_the_rest() {
    let whole = of_version(fixture(DAILY), 1);
    let morning = subset(of_version(fixture(DAILY), 2), |v| v.overpass == Some(Overpass::Am));
    let library = library([whole, morning]);
    let names: Vec<&str> = library
        .on(date(2020, 6, 2))
        .into_iter()
        .map(|piece| match piece {
            loam_core::stack::Piece::File(entry, _) | loam_core::stack::Piece::Simulated(entry, _) => {
                entry.name.as_str()
            }
        })
        .collect();
    assert_eq!(names, ["file 2", "file 1"]);
}

#[test]
fn a_crop_of_the_profile_leaves_the_surface_of_the_whole_map() {
    let (Some(whole), Some(crop)) = (real("SMAP_L4_SM_aup_input.h5"), real("SMAP_L4_SM_aup_comparison.h5"))
    else {
        return;
    };
    assert_eq!((&whole.identity, &whole.version), (&crop.identity, &crop.version));
    let day = date(2020, 1, 28);
    let maps = |granules: Vec<Granule>, (longitude, latitude)| {
        let library = library(granules);
        assert!(superseded(&library).iter().all(Option::is_none));
        let mut series =
            Series::new(Region::around(longitude, latitude, 48, 48).unwrap(), QualityRule::Recommended);
        series.load_all(&library).unwrap();
        series.day(&library, day).unwrap().coarse.unwrap()
    };
    // Columns 664 to 727, rows 289 to 344 of the 9 km grid: the crop's middle, its western edge, and Oklahoma City outside of it.
    for place in [(-115.1, 35.9), (-118.0, 35.9), (-97.5, 35.5)] {
        let alone = maps(vec![whole.clone()], place);
        assert!(alone.valid_count() > 1000, "{place:?}");
        for granules in [vec![whole.clone(), crop.clone()], vec![crop.clone(), whole.clone()]] {
            let both = maps(granules, place);
            assert_eq!(both.reasons(), alone.reasons(), "{place:?}");
            assert!(
                both.values().iter().zip(alone.values()).all(|(a, b)| a.to_bits() == b.to_bits()),
                "{place:?}"
            );
        }
    }
    // A 36 km granule that lies elsewhere hides neither; 36 km comes before 9 km otherwise.
    let mut elsewhere = fixture("SMAP_L2_SM_P_30058_D_20200916T194350_R19240_001.h5");
    elsewhere.date = Some(day);
    let place = (-118.0, 45.0);
    assert_eq!(maps(vec![elsewhere.clone()], place).valid_count(), 0);
    let alone = maps(vec![whole.clone()], place);
    assert!(alone.valid_count() > 1000);
    assert_eq!(maps(vec![elsewhere, whole.clone()], place).reasons(), alone.reasons());
    // The crop alone is the profile where it lies.
    let profile = maps(vec![crop], (-115.1, 35.9));
    assert!(profile.reasons().contains(&Reason::Valid));
    assert_ne!(profile.values(), maps(vec![whole], (-115.1, 35.9)).values());
}
