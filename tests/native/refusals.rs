//! What is said of files that are cut off, or that are something else than Loam reads: the sentence must lead on.

use std::path::Path;
use std::sync::Arc;

use ease_grid::{EaseWindow, Raster, Reason, Resolution};
use loam_core::export::{Provenance, csv, geotiff as out, png_text};
use smap_files::{self as read, BytesSource, ReadError};

fn refusal(name: &str, bytes: &[u8]) -> ReadError {
    match read::open(Arc::new(BytesSource::new(name, bytes.to_vec()))) {
        Ok(granule) => panic!("{name} of {} bytes is read as {}", bytes.len(), granule.product.name()),
        Err(error) => error,
    }
}

#[track_caller]
fn says(name: &str, bytes: &[u8], words: &[&str], not: &[&str]) {
    let text = refusal(name, bytes).to_string();
    for word in words {
        assert!(text.contains(word), "{name}: no {word:?} in: {text}");
    }
    for word in not {
        assert!(!text.contains(word), "{name}: {word:?} in: {text}");
    }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/smap-files/tests/fixtures").join(name))
        .unwrap()
}

fn map() -> (Raster, Provenance) {
    let window = EaseWindow::around(Resolution::M03, -97.5164, 35.4676, 100, 100).unwrap();
    let values = (0..window.len()).map(|i| 0.05 + 0.4 * ((i * 7919) % 1009) as f32 / 1009.0).collect();
    let raster = Raster::new(window.grid(), values, vec![Reason::Valid; window.len()]).unwrap();
    (raster, Provenance::new("soil moisture, 3 km estimate", "m3/m3"))
}

#[test]
fn a_granule_that_is_cut_off_is_said_to_be() {
    // Superblocks of version 0 and of version 2 (NetCDF-4), at the end and in the middle, and within the header itself.
    let names = [
        "SMAP_L3_SM_P_20200602_R18290_001.h5",
        "SMAP_L2_SM_SP_1AIWDV_20200602T123000_20200601T003000_097W35N_R18290_002.h5",
        "MOD11A1.061_1km_aid0001.nc",
    ];
    let mut versions = Vec::new();
    for name in names {
        let whole = fixture(name);
        versions.push(whole[8]);
        read::open(Arc::new(BytesSource::new(name, whole.clone()))).unwrap();
        for length in [8, 12, 40, 96, 600, 2048, whole.len() / 2, whole.len() * 9 / 10, whole.len() - 1] {
            let error = refusal(name, &whole[..length]);
            let text = error.to_string();
            let ReadError::CutOff { has, needs, at_least } = error else {
                panic!("{name} at {length}: {text}")
            };
            assert_eq!(has, length as u64);
            assert!(needs > has && (at_least || needs == whole.len() as u64), "{name}: {text}");
            assert!(
                text.contains("cut off") && text.contains("download it again") && !text.contains("offset"),
                "{text}"
            );
        }
    }
    assert!(versions.contains(&0) && versions.iter().any(|version| *version >= 2), "{versions:?}");
    // Behind a user block.
    let mut moved = vec![b'#'; 512];
    moved.extend(&fixture(names[0])[..300]);
    assert!(matches!(refusal("x.h5", &moved), ReadError::CutOff { has: 812, .. }));
}

#[test]
fn lengths_are_written_with_their_thousands_apart() {
    let text = |has, needs, at_least| ReadError::CutOff { has, needs, at_least }.to_string();
    assert_eq!(
        text(12_345, 1_067_890, false),
        "the file is cut off: it has 12,345 of 1,067,890 bytes; download it again"
    );
    assert_eq!(text(7, 100, true), "the file is cut off: it has 7 of at least 100 bytes; download it again");
}

#[test]
fn a_geotiff_that_is_cut_off_is_said_to_be() {
    let (map, provenance) = map();
    let whole = out::write(&map, &provenance, None).unwrap();
    for length in [4, 8, 20, 200, 1000, whole.len() / 2, whole.len() * 9 / 10, whole.len() - 1] {
        let error = refusal("map.tif", &whole[..length]);
        let text = error.to_string();
        let ReadError::CutOff { has, needs, .. } = error else {
            panic!("at {length} of {}: {text}", whole.len())
        };
        assert!(has == length as u64 && needs > has && needs <= whole.len() as u64, "{text}");
    }
}

/// Stored members, with a central directory.
pub(super) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let at = bytes.len() as u32;
        let mut fields = vec![0u8; 26];
        fields[14..18].copy_from_slice(&(data.len() as u32).to_le_bytes());
        fields[18..22].copy_from_slice(&(data.len() as u32).to_le_bytes());
        fields[22..24].copy_from_slice(&(name.len() as u16).to_le_bytes());
        bytes.extend([&b"PK\x03\x04"[..], &fields, name.as_bytes(), data].concat());
        let entry = [&b"PK\x01\x02\x14\0"[..], &fields, &[0; 6], &[0; 4], &at.to_le_bytes(), name.as_bytes()]
            .concat();
        directory.extend(entry);
    }
    let (start, size, count) = (bytes.len() as u32, directory.len() as u32, members.len() as u16);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(
        [&count.to_le_bytes()[..], &count.to_le_bytes(), &size.to_le_bytes(), &start.to_le_bytes(), &[0, 0]]
            .concat(),
    );
    bytes
}

#[test]
fn an_archive_is_named_by_what_is_in_it() {
    let granules = zip(&[
        ("a/", b""),
        ("a/one.h5", b"1"),
        ("a/two.h5", b"2"),
        ("a/three.tif", b"3"),
        ("a/four.xml", b"4"),
        ("five", b"5"),
    ]);
    says(
        "x.zip",
        &granules,
        &["a zip archive with a/one.h5, a/two.h5, a/three.tif and 2 more", "unpack it"],
        &["hardly"],
    );
    // Cut off: from the first members' own headers.
    says("x.zip", &granules[..115], &["a zip archive with a/one.h5, a/two.h5", "unpack it"], &[]);
    let book = zip(&[("[Content_Types].xml", b"<"), ("xl/workbook.xml", b"<")]);
    says(
        "x.xlsx",
        &book,
        &["[Content_Types].xml, xl/workbook.xml", "unpacking it will hardly help"],
        &["open the files inside"],
    );
    let long = format!("{}/granule.h5", "x".repeat(300));
    says("x.zip", &zip(&[(&long, b"")]), &["with ...xxx", "xxx/granule.h5,"], &[&long]);
    let safe = zip(&[("S1A_IW_GRDH.SAFE/", b""), ("S1A_IW_GRDH.SAFE/manifest.safe", b"")]);
    says("x.zip", &safe, &["a zipped Sentinel-1 SAFE archive", "terrain-corrected"], &[]);
}

#[test]
fn station_data_are_named_and_nobody_is_sent_to_unpack_them() {
    let words = ["International Soil Moisture Network", "stations are no map", "both packed as they are"];
    let stations = zip(&[
        ("COSMOS/", b""),
        ("COSMOS/ARM-1/COSMOS_COSMOS_ARM-1_sm_0.000000_0.190000_x_20170810_20180809.stm", b""),
    ]);
    says("stations.zip", &stations, &words, &["unpack it and"]);
    says("Data_seperate_files_20170810_20180809.zip", b"PK\x03\x04....", &words, &[]);
    let words = ["International Soil Moisture Network", "stations are no map"];
    let header = b"NET NET Site 36.0 -97.0 322.00 0.00 0.19 probe\r\n\r\n2017/08/10 00:00   0.1000 G M\r\n";
    let line =
        b"2017/08/10 00:00 2017/08/10 00:00 NET NET Site 36.0 -97.0 322.00 0.00 0.19 0.1000 D03,D05 M\r\n";
    for (name, text) in [
        ("a.stm", &header[..]),
        ("a.txt", header),
        ("a.stm", line),
        ("a.txt", line),
        ("a.stm", b"no such lines"),
    ] {
        says(name, text, &words, &["unpack"]);
    }
    says("log.txt", b"2017/08/10 00:00 the pump was switched on\n", &["a text file"], &["Soil Moisture"]);
}

#[test]
fn real_station_archives_are_recognised() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ismn");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped real_station_archives_are_recognised: ../shared/data/ismn is not here");
        return;
    };
    for file in files.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "zip")) {
        let bytes = std::fs::read(&file).unwrap();
        for part in [&bytes[..], &bytes[..bytes.len() / 2]] {
            says("x.zip", part, &["International Soil Moisture Network", "loam validate"], &[]);
        }
    }
}

#[cfg(feature = "compute")]
#[test]
fn weights_are_named_with_the_place_to_load_them() {
    use loam_core::network::TbCase;
    use loam_nn::{Inputs, Weights};

    let place = ["\"Rules and weights\" in the page", "--weights on the command line"];
    let prefixed = |mut weights: Weights| {
        weights.tensors =
            weights.tensors.into_iter().map(|(name, tensor)| (format!("module.{name}"), tensor)).collect();
        weights.metadata.clear();
        weights.to_bytes()
    };
    for inputs in Inputs::ALL {
        for bytes in [Weights::init(inputs, 1).to_bytes(), prefixed(Weights::init(inputs, 1))] {
            says(
                "x.safetensors",
                &bytes,
                &["a safetensors file with weights of SMEN", place[0], place[1]],
                &["unknown format"],
            );
        }
    }
    for case in TbCase::ALL {
        for bytes in [
            loam_nn::tb_cnn::first_weights(case, 1).to_bytes(),
            prefixed(loam_nn::tb_cnn::first_weights(case, 1)),
        ] {
            says(
                "x.bin",
                &bytes,
                &["a safetensors file with weights of the TB CNN", place[0], place[1]],
                &["unknown format"],
            );
            says("x.bin", &bytes[..5000], &["a safetensors file with weights of the TB CNN"], &[]);
        }
    }
    let mut other = Weights::init(Inputs::Spatial, 1);
    other.tensors =
        other.tensors.into_iter().map(|(name, tensor)| (name.replace("g.", "patch."), tensor)).collect();
    other.metadata.clear();
    says(
        "x.safetensors",
        &other.to_bytes(),
        &["a safetensors file, as weights of networks are", place[0]],
        &["with weights of SMEN"],
    );
    says(
        "full.pt",
        &fixture("../../../loam-nn/tests/fixtures/pytorch/full.pt"),
        &["a PyTorch file with weights of SMEN", place[0], place[1]],
        &["unpack"],
    );
    says(
        "full.bin",
        &fixture("../../../loam-nn/tests/fixtures/pytorch/full.pt"),
        &["a PyTorch file with weights of SMEN"],
        &["unpack"],
    );
    says(
        "full.pt",
        &fixture("../../../loam-nn/tests/fixtures/pytorch/full.pt")[..1000],
        &["a PyTorch file"],
        &["unpack"],
    );
    says(
        "legacy.pt",
        &fixture("../../../loam-nn/tests/fixtures/pytorch/legacy.pt"),
        &["a PyTorch file", "before PyTorch 1.6", place[0]],
        &["unknown format"],
    );
}

#[test]
fn exports_of_loam_are_named_as_such() {
    let (map, provenance) = map();
    let maps = csv::Maps {
        estimate: &map,
        half_width: None,
        smap: None,
        reference: None,
        reference_uncertainty: None,
    };
    let table = csv::write(maps, &provenance).unwrap();
    says("map.csv", table.as_bytes(), &["a table that Loam exported", "# inputs"], &["a text file"]);
    let mut plain = Vec::new();
    let mut encoder = png::Encoder::new(&mut plain, 2, 1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[1, 2, 3, 4, 5, 6]).unwrap();
    says("x.png", &plain, &["a PNG picture", "colours"], &["Loam exported"]);
    let facts =
        [("Title", "x".repeat(5000)), ("Inputs", "Münster.h5".into()), ("Software", "Loam 0.1.0".into())];
    let figure = png_text::annotate(&plain, &facts, 11_811).unwrap();
    says("map.png", &figure, &["a figure that Loam exported", "colours"], &[]);
    let other = png_text::annotate(&plain, &[("Software", "GIMP".into())], 11_811).unwrap();
    says("x.png", &other, &["a PNG picture"], &["Loam exported"]);
}
