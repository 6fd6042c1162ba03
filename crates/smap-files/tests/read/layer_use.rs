//! Layers that the user says something of: found by name, in a unit, with their place.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ease_grid::{EaseWindow, Resolution};
use smap_files::{
    BackscatterScale, BytesSource, Granule, LayerUse, PathSource, Product, ReadOptions, Role, sentinel1,
};
use tiff_reader::constants::PlanarConfiguration;
use tiff_reader::{ByteOrder, Tag, TagValue};
use tiff_writer::{ImageBuilder, TiffVariant, TiffWriter, WriteOptions};

/// Bands of 40 x 40 pixels of 0.25 degrees around Oklahoma City, one value each, under names that say nothing.
fn bands(values: &[f32], items: &str) -> Granule {
    let xml = format!(
        "<GDALMetadata><Item name=\"DESCRIPTION\" sample=\"0\" role=\"description\">first</Item>{items}</GDALMetadata>"
    );
    let image = ImageBuilder::new(40, 40)
        .strips(40)
        .samples_per_pixel(values.len() as u16)
        .planar_configuration(PlanarConfiguration::Planar)
        .sample_type::<f32>()
        .tag(Tag::new(33550, TagValue::Double(vec![0.25, 0.25, 0.0])))
        .tag(Tag::new(33922, TagValue::Double(vec![0.0, 0.0, 0.0, -102.0, 40.0, 0.0])))
        .tag(Tag::new(
            34735,
            TagValue::Short(vec![1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326]),
        ))
        .tag(Tag::new(42112, TagValue::Ascii(xml)));
    let options = WriteOptions { byte_order: ByteOrder::LittleEndian, variant: TiffVariant::Classic };
    let mut writer = TiffWriter::new(Cursor::new(Vec::new()), options).unwrap();
    let handle = writer.add_image(image).unwrap();
    for (n, value) in values.iter().enumerate() {
        let pixels: Vec<f32> =
            (0..1600).map(|i| if i == 0 { -9999.0 } else { value + (i % 7) as f32 * 1e-4 }).collect();
        writer.write_block(&handle, n, &pixels).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    smap_files::open(Arc::new(BytesSource::new("maps_20200603.tif", bytes))).unwrap()
}

fn say(layer: &str, role: Role, unit: Option<&str>) -> LayerUse {
    LayerUse { layer: layer.into(), role, unit: unit.map(str::to_owned) }
}

fn refused(granule: &mut Granule, given: &LayerUse) -> String {
    granule.use_layer(given).unwrap_err().to_string()
}

fn mean(granule: &Granule, index: usize) -> f64 {
    granule.variable_statistics(index, &ReadOptions::default()).unwrap().mean.unwrap()
}

#[test]
fn a_band_is_used_in_the_unit_that_the_user_says() {
    let mut granule = bands(&[31.0, 290.0, 16.0, -12.0], "");
    assert_eq!(granule.product, Product::Unknown);
    granule.use_layer(&say("first", Role::SoilMoisture, Some("percent"))).unwrap();
    granule.use_layer(&say("band 3", Role::SurfaceTemperature, Some("C"))).unwrap();
    granule.use_layer(&say("Band 4", Role::BackscatterVv, Some("dB"))).unwrap();
    let roles: Vec<Role> = granule.variables.iter().map(|v| v.role).collect();
    assert_eq!(roles, [Role::SoilMoisture, Role::Other, Role::SurfaceTemperature, Role::BackscatterVv]);
    assert!((mean(&granule, 0) - 0.31).abs() < 1e-4 && (mean(&granule, 2) - 289.15).abs() < 1e-2);
    assert_eq!(
        granule.given(),
        [
            "first given by you: soil moisture, percent",
            "band 3 given by you: land surface temperature, degrees C",
            "band 4 given by you: backscatter VV, dB"
        ]
    );
    // The pixel that has no value stays without one, in the new unit too.
    let raster = granule.read(0, &ReadOptions::default(), None).unwrap();
    assert_eq!(raster.valid_count(), 1599);
    // Backscatter at 3 km, by the scale that was said.
    let region = EaseWindow::around(Resolution::M03, -97.5, 35.5, 9, 9).unwrap();
    for (unit, value, decibel) in [("dB", -12.0f32, -12.0), ("power", 0.1, -10.0), ("amplitude", 0.1, -20.0)]
    {
        let mut granule = bands(&[value], "");
        granule.use_layer(&say("", Role::BackscatterVh, Some(unit))).unwrap();
        let mean = sentinel1::aggregate(&granule, 0, &ReadOptions::default(), &region)
            .unwrap()
            .statistics()
            .mean
            .unwrap();
        assert!((mean - decibel).abs() < 0.05, "{unit}: {mean}");
    }
    // What was said can be taken back.
    granule.forget_uses();
    assert!(
        granule.variables.iter().all(|v| v.role == Role::Other && v.linear.is_none() && v.given.is_none())
    );
    assert!((mean(&granule, 0) - 31.0).abs() < 1e-2);
}

#[test]
fn packing_is_applied_before_the_unit_and_saying_it_twice_changes_nothing() {
    let packed = "<Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.1</Item><Item name=\"OFFSET\" sample=\"0\" role=\"offset\">2</Item>";
    let mut granule = bands(&[280.0], packed);
    for _ in 0..2 {
        granule.use_layer(&say("first", Role::SoilMoisture, Some("%"))).unwrap();
        assert!((mean(&granule, 0) - 0.30).abs() < 1e-4, "{}", mean(&granule, 0));
    }
    granule.use_layer(&say("first", Role::SurfaceTemperature, Some("c"))).unwrap();
    assert!((mean(&granule, 0) - 303.15).abs() < 1e-2);
    assert_eq!(granule.variables[0].scale, None);
}

#[test]
fn what_cannot_be_used_is_said_with_the_layers_there_are() {
    let mut granule = bands(&[31.0, 32.0], "");
    let text = refused(&mut granule, &say("third", Role::SoilMoisture, None));
    assert!(text.contains("no layer \"third\"") && text.contains("it has first, band 2"), "{text}");
    let text = refused(&mut granule, &say("", Role::SoilMoisture, None));
    assert!(text.contains("has 2 layers") && text.contains("say which: first, band 2"), "{text}");
    let text = refused(&mut granule, &say("first", Role::SoilMoisture, Some("mm")));
    assert!(text.contains("\"mm\" is no unit") && text.contains("m3/m3 or percent"), "{text}");
    let text = refused(&mut granule, &say("first", Role::BackscatterVv, None));
    assert!(text.contains("dB or linear") && text.contains("dB, power or amplitude"), "{text}");
    assert!(refused(&mut granule, &say("first", Role::BrightnessV, None)).contains("SMAP's own files"));
    assert!(granule.given().is_empty(), "a refusal changes nothing");
    // The file's own unit is not passed over: percent may be of saturation.
    let unit = |text: &str| format!("<Item name=\"UNITTYPE\" sample=\"0\" role=\"unittype\">{text}</Item>");
    for text in ["%", "mm"] {
        let said = refused(&mut bands(&[31.0], &unit(text)), &say("first", Role::SoilMoisture, None));
        assert!(said.contains(&format!("in \"{text}\"")) && said.contains("say the unit"), "{said}");
    }
    bands(&[0.3], &unit("m3 m-3")).use_layer(&say("first", Role::SoilMoisture, None)).unwrap();
}

fn fixture(name: &str) -> Granule {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    smap_files::open(Arc::new(PathSource::open(&path).unwrap())).unwrap()
}

#[test]
fn the_users_word_counts_alone_among_layers_of_one_quantity() {
    let mut granule = fixture("SMAP_L3_SM_P_20200602_R18290_001.h5");
    let of = |granule: &Granule, role| -> Vec<String> {
        granule.variables.iter().filter(|v| v.role == role).map(|v| v.path.clone()).collect()
    };
    let before = of(&granule, Role::SoilMoisture);
    assert_eq!(before.len(), 2);
    // The last part of a path stands for it.
    let am = before.iter().find(|path| path.contains("_AM/")).unwrap();
    granule.use_layer(&say("soil_moisture", Role::SoilMoisture, None)).unwrap();
    assert_eq!(of(&granule, Role::SoilMoisture), std::slice::from_ref(am));
    // Both, said one by one.
    let pm = before.iter().find(|path| path.contains("_PM/")).unwrap();
    granule.use_layer(&say(pm, Role::SoilMoisture, None)).unwrap();
    assert_eq!(of(&granule, Role::SoilMoisture), before);
    granule.forget_uses();
    assert_eq!(of(&granule, Role::SoilMoisture), before);
    // A recognised temperature in K is not converted again.
    let mut lst = fixture("MOD11A1.061_1km_aid0001.nc");
    let index = lst.variables.iter().position(|v| v.role == Role::SurfaceTemperature).unwrap();
    let (path, kelvin) = (lst.variables[index].path.clone(), mean(&lst, index));
    lst.use_layer(&say(&path, Role::SurfaceTemperature, Some("K"))).unwrap();
    assert!((mean(&lst, index) - kelvin).abs() < 1e-6, "{} {kelvin}", mean(&lst, index));
    let name = "okc_LST_20200603_celsius.tif";
    let (mut celsius, kelvin) = (fixture(name), mean(&fixture(name), 0));
    celsius.use_layer(&say("", Role::SurfaceTemperature, Some("C"))).unwrap();
    assert!((mean(&celsius, 0) - kelvin).abs() < 1e-4, "{} {kelvin}", mean(&celsius, 0));
}

/// A layer can be given another quantity than the one the file speaks of, and that can be taken back.
#[test]
fn the_users_word_stands_above_the_files() {
    let name = "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20200603000000-fv06.1.nc";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/foreign").join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return;
    }
    let mut granule = smap_files::open(Arc::new(PathSource::open(&path).unwrap())).unwrap();
    granule.use_layer(&say("sm", Role::SoilMoisture, Some("m3/m3"))).unwrap();
    let index = granule.variables.iter().position(|v| v.role == Role::SoilMoisture).unwrap();
    assert!(granule.variables[index].grid.is_some());
    let raster = granule.read(index, &ReadOptions::default(), None).unwrap();
    let statistics = raster.statistics();
    assert!(statistics.valid > 0 && statistics.max.unwrap() < 1.0, "{statistics:?}");
    // As backscatter it would be averaged to 3 km, from HDF5 too.
    granule.use_layer(&say("sm", Role::BackscatterVv, Some("power"))).unwrap();
    assert_eq!(granule.variables[index].scale, Some(BackscatterScale::Power));
    let region = EaseWindow::around(Resolution::M03, -97.5, 35.5, 9, 9).unwrap();
    sentinel1::aggregate(&granule, index, &ReadOptions::default(), &region).unwrap();
    granule.forget_uses();
    assert_eq!(granule.variables[index].role, Role::SoilMoisture, "the file's own word");
}
