//! Files as other programs write them, made by tests/reference/make_foreign.py: what each holds is in fixtures/foreign/foreign.json.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use smap_files::companion::Beside;
use smap_files::{
    Granule, LayerUse, PathSource, QualityRule, ReadOptions, Role, SharedSource, catalogue, with_beside,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/foreign")
}

fn word(value: impl serde::Serialize) -> Option<String> {
    serde_json::to_value(value).unwrap().as_str().map(str::to_owned)
}

/// What is wrong with a file.
fn fault(fact: &Value, result: &Result<Granule, String>) -> Option<String> {
    let said = match result {
        Ok(granule) => granule.problems.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(" "),
        Err(text) => text.clone(),
    };
    let Some(role) = fact["role"].as_str() else {
        let mention = fact["mention"].as_str().unwrap();
        let used = result.iter().flat_map(|g| &g.variables).find(|v| {
            v.role != Role::Other
                && v.grid.is_some()
                && v.scale != Some(smap_files::BackscatterScale::DigitalNumber)
        });
        return match used {
            Some(variable) => Some(format!("{} is used: {}", variable.path, variable.evidence)),
            None => (!said.contains(mention)).then(|| format!("does not mention {mention}: {said}")),
        };
    };
    let granule = match result {
        Ok(granule) => granule,
        Err(text) => return Some(text.clone()),
    };
    for (name, found) in [("origin", granule.origin.map(str::to_owned)), ("product", word(granule.product))] {
        if let Some(wanted) = fact[name].as_str()
            && found.as_deref() != Some(wanted)
        {
            return Some(format!("{name} {found:?}"));
        }
    }
    if let Some(words) = fact["warns"].as_str()
        && !said.contains(words)
    {
        return Some(format!("does not say \"{words}\": {said}"));
    }
    let options = ReadOptions { quality: QualityRule::Recommended, scale: None };
    let mut layers = Vec::new();
    for (index, variable) in granule.variables.iter().enumerate() {
        if word(variable.role).as_deref() != Some(role) {
            continue;
        }
        let grid = variable.grid.as_ref()?;
        if let Some(wanted) = fact["scale"].as_str()
            && word(variable.scale).as_deref() != Some(wanted)
        {
            return Some(format!("scale {:?}", variable.scale));
        }
        if let Some(code) = fact["crs"].as_u64()
            && grid.crs.epsg().map(u64::from) != Some(code)
        {
            return Some(format!("system {:?}", grid.crs));
        }
        if let Some(row) = fact["first_row"].as_u64() {
            let window = grid.ease_window();
            let found = window.map(|w| (w.first_row as u64, w.first_column as u64));
            if found != Some((row, fact["first_column"].as_u64().unwrap())) {
                return Some(format!("placed at {found:?}"));
            }
        }
        if let Some(corner) = fact["origin_of"].as_array()
            && (corner[0].as_f64(), corner[1].as_f64()) != (Some(grid.origin_x), Some(grid.origin_y))
        {
            return Some(format!("its corner is at {}, {}", grid.origin_x, grid.origin_y));
        }
        // Pixels and statistics are read by different code.
        let raster = match granule.read(index, &options, None) {
            Ok(raster) => raster,
            Err(e) => return Some(e.to_string()),
        };
        if let Some(at) = fact["at"].as_array() {
            let place = |n: usize| at[n].as_u64().unwrap() as usize;
            let found = raster.at(place(0), place(1)).ok().map(f64::from);
            if found.is_none_or(|found| (found - at[2].as_f64().unwrap()).abs() > 2e-6) {
                return Some(format!("{found:?} at {at:?}"));
            }
        }
        let raster = raster.statistics();
        let statistics = match granule.variable_statistics(index, &options) {
            Ok(statistics) => statistics,
            Err(e) => return Some(e.to_string()),
        };
        if raster.valid != statistics.valid {
            return Some(format!(
                "{} valid in the statistics, {} in the raster",
                statistics.valid, raster.valid
            ));
        }
        layers.push((variable.date.or(granule.date).map(|d| d.to_string()), word(variable.overpass), raster));
    }
    let wanted = fact["layers"].as_array().unwrap();
    if wanted.len() != layers.len() {
        return Some(format!("{} layers, not {}", layers.len(), wanted.len()));
    }
    for wanted in wanted {
        let near =
            |name: &str, found: Option<f64>| (found.unwrap() - wanted[name].as_f64().unwrap()).abs() < 2e-6;
        let same = |(date, overpass, s): &&(Option<String>, Option<String>, ease_grid::Statistics)| {
            date.as_deref() == wanted["date"].as_str()
                && overpass.as_deref() == wanted["overpass"].as_str()
                && s.valid as u64 == wanted["valid"].as_u64().unwrap()
                && near("min", s.min)
                && near("max", s.max)
                && near("mean", s.mean)
        };
        if !layers.iter().any(|layer| same(&layer)) {
            return Some(format!("nothing like {wanted} among {layers:?}"));
        }
    }
    None
}

#[test]
fn every_made_file_is_what_its_maker_says() {
    let facts = std::fs::read_to_string(folder().join("foreign.json")).unwrap();
    let facts: Vec<Value> = serde_json::from_str(&facts).unwrap();
    let mut wrong = Vec::new();
    for fact in &facts {
        let file = fact["file"].as_str().unwrap();
        let source = PathSource::open(&folder().join(file)).unwrap();
        let result = smap_files::open(Arc::new(source)).map_err(|e| e.to_string());
        wrong.extend(fault(fact, &result).map(|fault| format!("{file}: {fault}")));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), facts.len(), wrong.join("\n"));
    assert!(facts.len() >= 120, "{}", facts.len());
}

/// Of each layer of a file of fixtures/foreign/masked, with its mask (or another file's) or without: its valid cells, and whether its first
/// and its last column are.
fn valid(file: &str, mask: Option<&str>) -> Result<Vec<(usize, [bool; 2])>, String> {
    let open = |name: &str| -> SharedSource {
        Arc::new(PathSource::open(&folder().join("masked").join(name)).unwrap())
    };
    let source = mask.map_or_else(|| open(file), |mask| with_beside(open(file), Beside::Mask, open(mask)));
    let granule = smap_files::open(source).map_err(|e| e.to_string())?;
    let layers = granule.variables.iter().enumerate().filter(|(_, v)| v.role == Role::SoilMoisture);
    Ok(layers
        .map(|(index, _)| {
            let raster = granule.read(index, &ReadOptions::default(), None).unwrap();
            let statistics = granule.variable_statistics(index, &ReadOptions::default()).unwrap();
            let (ours, theirs) = (raster.statistics(), statistics);
            assert_eq!((ours.valid, ours.min, ours.max), (theirs.valid, theirs.min, theirs.max));
            assert!((ours.mean.unwrap() - theirs.mean.unwrap()).abs() < 1e-6);
            let is_valid = |column: usize| raster.at(column, 10).is_ok();
            (raster.valid_count(), [is_valid(0), is_valid(19)])
        })
        .collect())
}

#[test]
fn a_mask_beside_a_geotiff_counts() {
    let (one, two) = ("soil_moisture_20200603.tif", "okc_two_20200603.tif");
    let mask = |name: &str| format!("{name}.msk");
    assert_eq!(valid(one, None), Ok(vec![(400, [true, true])]));
    assert_eq!(valid(one, Some(&mask(one))), Ok(vec![(300, [false, true])]));
    // One mask for each band: of the second the columns at the other end.
    assert_eq!(valid(two, Some(&mask(two))), Ok(vec![(300, [false, true]), (300, [true, false])]));
    let cut = "../S1_GRD_okc_20200603.tif";
    let refused = valid(one, Some(cut)).unwrap_err();
    assert!(refused.contains("40 x 40 pixels, not 20 x 20") && refused.contains("have a value"), "{refused}");
}

#[test]
fn a_mask_alone_is_no_map() {
    let source = PathSource::open(&folder().join("masked/soil_moisture_20200603.tif.msk")).unwrap();
    let granule = smap_files::open(Arc::new(source)).unwrap();
    assert!(granule.variables.iter().all(|v| v.role == Role::Other));
    assert!(granule.problems.iter().any(|p| p.text.contains("the mask of soil_moisture_20200603.tif")));
}

#[test]
fn temperatures_without_a_unit_are_used_once_it_is_given() {
    let source = PathSource::open(&folder().join("celsius_no_unit_20200603.nc")).unwrap();
    let mut granule = smap_files::open(Arc::new(source)).unwrap();
    let given = LayerUse { layer: "LST".into(), role: Role::SurfaceTemperature, unit: Some("C".into()) };
    granule.use_layer(&given).unwrap();
    let index = granule.variables.iter().position(|v| v.role == Role::SurfaceTemperature).unwrap();
    let statistics = granule.read(index, &ReadOptions::default(), None).unwrap().statistics();
    // 300 + 30 * pattern(12, 14), whose least value is 0.1.
    assert_eq!(statistics.valid, 168);
    assert!((statistics.min.unwrap() - 303.0).abs() < 1e-3, "{statistics:?}");
}

#[test]
fn rows_that_ascend_are_turned_round() {
    let source = PathSource::open(&folder().join("stack_cdf1.nc")).unwrap();
    let granule = smap_files::open(Arc::new(source)).unwrap();
    let index = granule.variables.iter().position(|v| v.role == Role::SoilMoisture).unwrap();
    let raster = granule.read(index, &ReadOptions::default(), None).unwrap();
    // pattern(12, 14): 0.1 + 0.001 ((3 row + column) mod 97), row 0 in the north; its first cell is masked on the first day.
    assert!(raster.at(0, 0).is_err());
    assert!((raster.at(1, 0).unwrap() - 0.101).abs() < 1e-6);
    assert!((raster.at(13, 11).unwrap() - (0.1 + 0.046)).abs() < 1e-6);
    assert_eq!(raster.grid().origin_y, 36.0);
}

#[test]
fn the_guide_is_the_catalogue() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/files.md");
    let Ok(text) = std::fs::read_to_string(&page) else {
        eprintln!("skipped docs/guide/files.md: it is not here (a published crate has no guide)");
        return;
    };
    assert_eq!(text, catalogue::guide(), "docs/guide/files.md: `cargo xtask files` writes it");
    let mut names: Vec<&str> = catalogue::SOURCES.iter().map(|s| s.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), catalogue::SOURCES.len(), "a source has one entry");
}
