//! Kinds of numbers, compressions and layouts, made by tests/reference/make_kinds.py: what each holds is in fixtures/kinds/kinds.json.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use smap_files::companion::Beside;
use smap_files::{
    BytesSource, Granule, PathSource, QualityRule, ReadError, ReadOptions, Role, SharedSource, archive,
    with_beside,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds")
}

pub fn file(name: &str) -> SharedSource {
    Arc::new(PathSource::open(&folder().join(name)).unwrap())
}

pub fn facts() -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(folder().join("kinds.json")).unwrap()).unwrap()
}

/// What is wrong with the layers of a file, of soil moisture where the fact names no other role.
pub fn fault(fact: &Value, granule: &Granule) -> Option<String> {
    let role = if fact["role"] == "backscatter_vv" { Role::BackscatterVv } else { Role::SoilMoisture };
    let layers = granule.variables.iter().enumerate().filter(|(_, v)| v.role == role);
    let layers: Vec<usize> = layers.map(|(index, _)| index).collect();
    let wanted = fact["layers"].as_array().unwrap();
    if layers.len() != wanted.len() {
        return Some(format!("{} layers, not {}: {:?}", layers.len(), wanted.len(), granule.problems));
    }
    let word = |value: serde_json::Value| value.as_str().map(str::to_owned);
    if fact["date"].is_string() && word(fact["date"].clone()) != granule.date.map(|date| date.to_string()) {
        return Some(format!("day {:?}", granule.date));
    }
    for (name, listed) in [("dates", 0), ("overpasses", 1)] {
        let Some(wanted) = fact[name].as_array() else { continue };
        let found: Vec<Option<String>> = layers
            .iter()
            .map(|index| &granule.variables[*index])
            .map(|v| match listed {
                0 => v.date.map(|date| date.to_string()),
                _ => word(serde_json::to_value(v.overpass).unwrap()),
            })
            .collect();
        if found != wanted.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Vec<_>>() {
            return Some(format!("{name} {found:?}"));
        }
    }
    if let Some(wanted) = fact["grid"].as_object() {
        let Some(grid) = layers.first().and_then(|index| granule.variables[*index].grid.as_ref()) else {
            return Some("no grid".to_owned());
        };
        let found = [grid.origin_x, grid.origin_y, grid.cell_x, grid.cell_y];
        let number = |name: &str| wanted[name].as_f64().unwrap();
        let meant = ["left", "top", "width", "height"].map(number);
        // Of axes in degrees that are cells in metres more cannot be asked for.
        let within = wanted.get("within").and_then(Value::as_f64).unwrap_or(1e-9);
        let near = found.iter().zip(meant).all(|(found, meant)| (found - meant).abs() < within);
        if !near || grid.crs.epsg().map(u64::from) != wanted["epsg"].as_u64() {
            return Some(format!("it lies at {grid:?}, not {wanted:?}"));
        }
    }
    for (index, wanted) in layers.into_iter().zip(wanted) {
        let raster = match granule.read(index, &ReadOptions::default(), None) {
            Ok(raster) => raster,
            Err(error) => return Some(error.to_string()),
        };
        let (read, said) =
            (raster.statistics(), granule.variable_statistics(index, &ReadOptions::default()).unwrap());
        let near = |name: &str, found: Option<f64>| match (found, wanted[name].as_f64()) {
            (Some(found), Some(wanted)) => (found - wanted).abs() < 2e-7,
            (found, wanted) => found.is_none() && wanted.is_none(),
        };
        for found in [&read, &said] {
            let same = found.valid as u64 == wanted["valid"].as_u64().unwrap()
                && near("min", found.min)
                && near("max", found.max)
                && near("mean", found.mean);
            if !same {
                return Some(format!("{found:?}, not {wanted}"));
            }
        }
        let (columns, rows) = (raster.grid().columns, raster.grid().rows);
        for (name, at) in [("first", (0, 0)), ("last", (columns - 1, rows - 1))] {
            let found = raster.at(at.0, at.1).ok().map(f64::from);
            if !near(name, found) {
                return Some(format!("{name} {found:?}, not {wanted}"));
            }
        }
    }
    None
}

/// Words that a file's sentences lack.
fn unsaid(fact: &Value, granule: &Granule) -> Option<String> {
    let said: Vec<&str> = granule.problems.iter().map(|p| p.text.as_str()).collect();
    let lacks = |words: &&Value| !said.join(" ").contains(words.as_str().unwrap());
    let lacking = fact["says"].as_array().into_iter().flatten().find(lacks);
    lacking.map(|words| format!("{words} is not in {said:?}"))
}

#[test]
fn every_kind_of_number_and_layout_is_read_exactly() {
    let mut wrong = Vec::new();
    assert!(facts().len() >= 29, "{}", facts().len());
    let alone = |fact: &&Value| ["beside", "flags", "mention"].iter().all(|key| fact[*key].is_null());
    for fact in facts().iter().filter(alone) {
        let name = fact["file"].as_str().unwrap();
        let fault = match smap_files::open(file(name)) {
            Ok(granule) => fault(fact, &granule).or_else(|| unsaid(fact, &granule)),
            Err(error) => Some(error.to_string()),
        };
        wrong.extend(fault.map(|fault| format!("{name}: {fault}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whatever is listed of such a file, it gives no soil moisture, and the reason is said.
#[test]
fn what_would_be_misread_is_not_used_and_why_is_said() {
    let mut checked = 0;
    for fact in facts().iter().filter(|fact| fact["mention"].is_string()) {
        let name = fact["file"].as_str().unwrap();
        let granule = smap_files::open(file(name)).unwrap();
        let mut said: Vec<String> = granule.problems.iter().map(|p| p.text.clone()).collect();
        for (index, v) in granule.variables.iter().enumerate().filter(|(_, v)| v.role == Role::SoilMoisture) {
            // What lies nowhere has values.
            match granule.variable_statistics(index, &ReadOptions::default()) {
                Err(why) => said.push(why.to_string()),
                Ok(_) => assert!(v.grid.is_none(), "{name} has values somewhere"),
            }
            assert!(granule.read(index, &ReadOptions::default(), None).is_err(), "{name} is read");
        }
        let words = fact["mention"].as_str().unwrap();
        assert!(said.iter().any(|text| text.contains(words)), "{name}: {words} in {said:?}");
        checked += 1;
    }
    assert_eq!(checked, 24);
}

#[test]
fn flags_of_retrievals_in_a_file_of_their_own_count() {
    let mut checked = 0;
    for fact in facts().iter().filter(|fact| fact["flags"].is_string()) {
        let (name, flags) = (fact["file"].as_str().unwrap(), fact["flags"].as_str().unwrap());
        let source = with_beside(file(name), Beside::RetrievalFlag, file(flags));
        let granule = smap_files::open(source).unwrap();
        assert_eq!(fault(fact, &granule).or_else(|| unsaid(fact, &granule)), None, "{name}");
        // All that was retrieved, whatever its flags.
        let all = ReadOptions { quality: QualityRule::All, ..ReadOptions::default() };
        assert_eq!(granule.read(0, &all, None).unwrap().valid_count(), 12 * 14);
        let alone = smap_files::open(file(name)).unwrap();
        assert!(alone.problems.iter().any(|p| p.text.contains("no retrieval quality flag is in this file")));
        checked += 1;
    }
    assert_eq!(checked, 2);
}

#[test]
fn what_gdal_says_beside_a_geotiff_counts() {
    let mut checked = 0;
    for fact in facts().iter().filter(|fact| fact["beside"] == true) {
        let name = fact["file"].as_str().unwrap();
        let with = |beside: &str| {
            smap_files::open(with_beside(file(name), Beside::Auxiliary, file(beside))).unwrap()
        };
        let granule = with(&format!("{name}.aux.xml"));
        assert_eq!(fault(fact, &granule), None, "{name}");
        assert_eq!(unsaid(fact, &granule), None, "{name}");
        let said: Vec<&str> = granule.problems.iter().map(|p| p.text.as_str()).collect();
        let says = fact["says"].as_array().unwrap();
        let alone = smap_files::open(file(name)).unwrap();
        assert!(!alone.problems.iter().any(|p| p.text.contains("aux.xml")));
        if says.is_empty() {
            assert!(!said.iter().any(|text| text.contains("aux.xml")), "{said:?}");
            assert!(granule.source.beside(Beside::Auxiliary).is_none());
        } else {
            assert!(fault(fact, &alone).is_some(), "{name} needs no sidecar");
            // One that cannot be read is said not to count.
            let damaged = with("beside_scale_20200603.tif");
            assert!(
                damaged.problems.iter().any(|p| p.text.contains("cannot be read")),
                "{:?}",
                damaged.problems
            );
        }
        checked += 1;
    }
    assert_eq!(checked, 8);
}

#[test]
fn what_gdal_says_alone_is_no_map() {
    let granule = smap_files::open(file("beside_20200603.tif.aux.xml")).unwrap();
    assert!(granule.variables.is_empty());
    assert!(granule.problems[0].text.contains("what GDAL says of beside_20200603.tif"));
    let refused = smap_files::open(file("beside_statistics_20200603.tif.aux.xml")).unwrap_err().to_string();
    assert!(refused.contains("an XML text"), "{refused}");
}

/// The file with another number in a tag of its first directory (little-endian, classic).
fn with_tag(name: &str, tag: u16, number: u16) -> BytesSource {
    let mut bytes = std::fs::read(folder().join(name)).unwrap();
    let two = |bytes: &[u8], at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let entries = (0..usize::from(two(&bytes, directory))).map(|n| directory + 2 + 12 * n);
    let at = entries.into_iter().find(|at| two(&bytes, *at) == tag).unwrap();
    bytes[at + 8..at + 10].copy_from_slice(&number.to_le_bytes());
    BytesSource::new(name, bytes)
}

fn refusal(source: SharedSource) -> String {
    match smap_files::open(source) {
        Ok(granule) => panic!("{} is read", granule.file),
        Err(error @ ReadError::Unsuitable { .. }) => error.to_string(),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_compression_that_is_not_read_is_named() {
    let mut cases =
        vec![(refusal(file("lzma_20200603.tif")), "LZMA"), (refusal(file("webp_20200603.tif")), "WebP")];
    for (code, name) in [
        (2, "CCITT RLE"),
        (4, "CCITT fax 4"),
        (6, "JPEG of old"),
        (34661, "JBIG"),
        (34677, "SGILOG"),
        (34712, "JPEG 2000"),
        (34925, "LZMA"),
        (50002, "JPEG XL"),
        (52546, "JPEG XL"),
        (12345, "TIFF compression 12345"),
    ] {
        cases.push((refusal(Arc::new(with_tag("lzw_20200603.tif", 259, code))), name));
    }
    for (text, name) in cases {
        assert!(
            text.contains(name) && text.contains("gdal_translate -co COMPRESS=DEFLATE"),
            "{name}: {text}"
        );
    }
}

#[test]
fn floats_of_24_bits_are_refused_by_name() {
    let text = refusal(Arc::new(with_tag("half_20200603.tif", 258, 24)));
    assert!(text.contains("floats of 24 bits") && text.contains("gdal_translate -ot Float32"), "{text}");
}

#[test]
fn archives_of_scenes_in_an_order_are_opened() {
    let members = archive::members(&file("order.zip")).unwrap().unwrap();
    let found: Vec<(&str, Option<f64>)> = members
        .iter()
        .filter(|member| member.path().ends_with(".tif"))
        .map(|member| {
            let granule = smap_files::open(member.source().unwrap()).unwrap();
            (member.path(), granule.variables[0].statistics.unwrap().min)
        })
        .collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].0, "scene_0.zip/scene_0/soil_moisture_20200603.tif");
    assert_eq!(found[1].0, "scene_1.zip/scene_1/soil_moisture_20200615.tif");
    assert!(
        (found[0].1.unwrap() - 0.1).abs() < 1e-6 && (found[1].1.unwrap() - 0.15).abs() < 1e-6,
        "{found:?}"
    );
}
