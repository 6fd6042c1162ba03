//! Zip archives: members opened in place, and every way in which an archive can be wrong.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use smap_files::archive::{Member, members};
use smap_files::{BytesSource, Product, ReadError, SharedSource, Source};

/// How a member is written.
#[derive(Clone, Copy, Default)]
struct How {
    deflate: bool,
    encrypted: bool,
    /// Lengths and checksum behind the data, zeros in the local header.
    behind: bool,
    /// Sizes and place in the extra field of 64 bits.
    wide: bool,
    /// Said instead of the size.
    size: Option<u32>,
    method: Option<u16>,
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &[u8], How)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    let mut wide_any = false;
    for (name, data, how) in files {
        let at = bytes.len() as u32;
        let stored = if how.deflate { deflated(data) } else { data.to_vec() };
        let mut crc = Crc::new();
        crc.update(data);
        let flags = u16::from(how.encrypted) | (u16::from(how.behind) << 3);
        let method = how.method.unwrap_or(if how.deflate { 8 } else { 0 });
        let size = how.size.unwrap_or(data.len() as u32);
        let lengths =
            [crc.sum().to_le_bytes(), (stored.len() as u32).to_le_bytes(), size.to_le_bytes()].concat();
        let local = if how.behind { vec![0; 12] } else { lengths.clone() };
        bytes.extend(
            [
                &b"PK\x03\x04\x14\0"[..],
                &flags.to_le_bytes(),
                &method.to_le_bytes(),
                &[0; 4],
                &local,
                &(name.len() as u16).to_le_bytes(),
                &[0, 0],
            ]
            .concat(),
        );
        bytes.extend(name.as_bytes());
        bytes.extend(&stored);
        if how.behind {
            bytes.extend([&b"PK\x07\x08"[..], &lengths].concat());
        }
        let mut extra = Vec::new();
        let (mut in_list, mut place) = (lengths, at.to_le_bytes());
        if how.wide {
            wide_any = true;
            in_list[4..].fill(0xff);
            place = [0xff; 4];
            extra.extend([&9u16.to_le_bytes()[..], &2u16.to_le_bytes(), &[7, 7]].concat());
            extra.extend([&1u16.to_le_bytes()[..], &24u16.to_le_bytes()].concat());
            for value in [data.len() as u64, stored.len() as u64, u64::from(at)] {
                extra.extend(value.to_le_bytes());
            }
        }
        directory.extend(
            [
                &b"PK\x01\x02\x14\0\x14\0"[..],
                &flags.to_le_bytes(),
                &method.to_le_bytes(),
                &[0; 4],
                &in_list,
                &(name.len() as u16).to_le_bytes(),
                &(extra.len() as u16).to_le_bytes(),
                &[0; 10],
                &place,
            ]
            .concat(),
        );
        directory.extend(name.as_bytes());
        directory.extend(extra);
    }
    let (start, size, count) = (bytes.len(), directory.len(), files.len() as u64);
    bytes.extend(directory);
    let (mut size_32, mut start_32) = ((size as u32).to_le_bytes(), (start as u32).to_le_bytes());
    if wide_any {
        let record = bytes.len() as u64;
        bytes.extend(
            [&b"PK\x06\x06"[..], &44u64.to_le_bytes(), &[0; 12], &count.to_le_bytes(), &count.to_le_bytes()]
                .concat(),
        );
        bytes.extend([&(size as u64).to_le_bytes()[..], &(start as u64).to_le_bytes()].concat());
        bytes.extend([&b"PK\x06\x07\0\0\0\0"[..], &record.to_le_bytes(), &1u32.to_le_bytes()].concat());
        (size_32, start_32) = ([0xff; 4], [0xff; 4]);
    }
    let count = (count as u16).to_le_bytes();
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size_32, &start_32, &[3, 0], b"abc"].concat());
    bytes
}

fn shared(name: &str, bytes: Vec<u8>) -> SharedSource {
    Arc::new(BytesSource::new(name, bytes))
}

fn listed(bytes: Vec<u8>) -> Vec<Member> {
    members(&shared("order.zip", bytes)).unwrap().unwrap()
}

fn content(source: &dyn Source) -> Vec<u8> {
    smap_files::read_all(source).unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn refused(member: &Member) -> ReadError {
    match member.source() {
        Ok(_) => panic!("{} is opened", member.path()),
        Err(error) => error,
    }
}

const SPL3SMP: &str = "SMAP_L3_SM_P_20200602_R18290_001.h5";

#[test]
fn members_are_opened_in_place_whichever_way_they_are_stored() {
    let granule = fixture(SPL3SMP);
    let (deflate, behind, wide) = (true, true, true);
    let ways = [
        How::default(),
        How { deflate, ..How::default() },
        How { deflate, behind, ..How::default() },
        How { behind, ..How::default() },
        How { deflate, wide, ..How::default() },
        How { wide, ..How::default() },
    ];
    let path = format!("order/../{SPL3SMP}");
    for how in ways {
        let bytes = zip(&[
            ("order/", b"", How::default()),
            ("order/a.txt", b"note", How::default()),
            (&path, &granule, how),
        ]);
        let found = listed(bytes);
        assert_eq!(found.iter().map(Member::path).collect::<Vec<_>>(), ["order/a.txt", &path]);
        assert_eq!(found[1].bytes(), granule.len() as u64);
        let source = found[1].source().unwrap();
        assert_eq!((source.name(), source.len()), (SPL3SMP, granule.len() as u64));
        assert_eq!(content(source.as_ref()), granule);
        let opened = smap_files::open(source).unwrap();
        assert_eq!((opened.product, opened.file.as_str()), (Product::Spl3smp, SPL3SMP));
        let index = opened.variables.iter().position(|v| v.role == smap_files::Role::SoilMoisture).unwrap();
        assert!(opened.read(index, &Default::default(), None).unwrap().valid_count() > 0);
    }
}

#[test]
fn reads_beyond_a_members_end_are_errors() {
    for how in [How::default(), How { deflate: true, ..How::default() }] {
        let found = listed(zip(&[("a.h5", &[7; 100], how), ("b.h5", &[8; 100], how)]));
        let source = found[0].source().unwrap();
        let mut two = [0; 2];
        source.read_at(98, &mut two).unwrap();
        assert_eq!(two, [7, 7]);
        for at in [99, 100, u64::MAX] {
            assert!(source.read_at(at, &mut two).is_err(), "{at}");
        }
    }
}

#[test]
fn what_is_no_archive_of_files_keeps_its_own_sentence() {
    let plain = How::default();
    let none = |name: &str, bytes: Vec<u8>| members(&shared(name, bytes)).unwrap().is_none();
    assert!(none("x.h5", fixture(SPL3SMP)) && none("x.zip", vec![]) && none("x.zip", zip(&[])));
    for (name, inside, words) in [
        ("S1A_IW_GRDH.zip", "S1A_IW_GRDH.SAFE/measurement/s1a-iw-grd-vv.tiff", "Sentinel-1 SAFE"),
        ("stations.zip", "COSMOS/a.stm", "International Soil Moisture Network"),
        ("weights.pt", "w/data.pkl", "PyTorch"),
        ("book.xlsx", "xl/workbook.xml", "will hardly help"),
    ] {
        let source = shared(name, zip(&[(inside, b"1", plain)]));
        assert!(members(&source).unwrap().is_none(), "{name}");
        let text = smap_files::open(source).unwrap_err().to_string();
        assert!(text.contains(words), "{name}: {text}");
    }
    // An order of terrain-corrected scenes is named after the scene.
    let order =
        shared("S1A_IW_20200101T000000_DVP_RTC30_G_gpuned_AAAA.zip", zip(&[("S1A/S1A_VV.tif", b"1", plain)]));
    assert_eq!(members(&order).unwrap().unwrap().len(), 1);
}

/// The granule of an archive that lies in `depth` others.
fn nested(depth: usize, how: How) -> Vec<u8> {
    let granule = fixture(SPL3SMP);
    (0..depth).fold(zip(&[(&format!("order/{SPL3SMP}"), &granule, how)]), |inner, n| {
        zip(&[("note.txt", b"note", how), (&format!("box/{n}.ZIP"), &inner, how)])
    })
}

#[test]
fn archives_in_an_archive_are_opened_in_place() {
    for how in [How::default(), How { deflate: true, ..How::default() }] {
        for (depth, path) in [(1, "box/0.ZIP/order/"), (2, "box/1.ZIP/box/0.ZIP/order/")] {
            let found = listed(nested(depth, how));
            let member = found.last().unwrap();
            assert_eq!(member.path(), format!("{path}{SPL3SMP}"));
            assert_eq!(found.len(), depth + 1);
            let source = member.source().unwrap();
            assert_eq!((source.name(), member.bytes()), (SPL3SMP, source.len()));
            assert_eq!(content(source.as_ref()), fixture(SPL3SMP));
            assert_eq!(smap_files::open(source).unwrap().product, Product::Spl3smp);
        }
        let found = listed(nested(3, how));
        let text = refused(found.last().unwrap()).to_string();
        assert!(text.contains("an archive in an archive in an archive"), "{text}");
        assert!(text.contains("unpack the outer archive"), "{text}");
        assert_eq!(found.last().unwrap().path(), "box/2.ZIP/box/1.ZIP/box/0.ZIP");
    }
}

#[test]
fn an_inner_archive_that_is_not_opened_has_its_own_sentence() {
    let plain = How::default();
    let deflate = How { deflate: true, ..plain };
    let safe = zip(&[("S1A_IW_GRDH.SAFE/measurement/s1a-iw-grd-vv.tiff", b"1", plain)]);
    let notes = zip(&[("a.txt", b"1", plain)]);
    let stations = zip(&[("COSMOS/a.stm", b"1", plain)]);
    let good = zip(&[("a.h5", b"1", plain)]);
    let found = listed(zip(&[
        ("notes.zip", &notes, plain),
        ("stations.zip", &stations, deflate),
        ("S1A_IW_GRDH.zip", &safe, deflate),
        ("cut.zip", &good[..good.len() - 30], plain),
        ("secret.zip", &good, How { encrypted: true, ..plain }),
        ("large.zip", &good, How { size: Some(3 << 30), ..deflate }),
        ("none.zip", b"<html>", plain),
        ("good.zip", &good, deflate),
    ]));
    let said = |member: &Member| match member.source().and_then(smap_files::open) {
        Ok(granule) => panic!("{} is opened", granule.file),
        Err(error) => error.to_string(),
    };
    for (n, words) in [
        (0, "will hardly help"),
        (1, "International Soil Moisture Network"),
        (2, "Sentinel-1 SAFE"),
        (3, "a zip archive with a.h5"),
        (4, "encrypted"),
        (5, "too large to be unpacked"),
        (6, "an HTML page"),
    ] {
        assert!(said(&found[n]).contains(words), "{}: {}", found[n].path(), said(&found[n]));
    }
    assert_eq!(found[7].path(), "good.zip/a.h5");
}

#[test]
fn a_sidecar_that_cannot_be_unpacked_is_said_not_to_count() {
    let tiff = fixture("kinds/beside_contradicts_20200603.tif");
    let locked = How { encrypted: true, ..How::default() };
    let found = listed(zip(&[("a/x.tif", &tiff, How::default()), ("a/x.tif.aux.xml", b"<a/>", locked)]));
    let granule = smap_files::open(found[0].source().unwrap()).unwrap();
    let said: Vec<&str> = granule.problems.iter().map(|p| p.text.as_str()).collect();
    assert!(said.iter().any(|text| text.contains("x.tif.aux.xml beside it cannot be read")), "{said:?}");
}

#[test]
fn inner_archives_are_unpacked_up_to_a_bound() {
    let inner = zip(&[("a.h5", b"1", How::default())]);
    let large = How { deflate: true, size: Some(1200 << 20), ..How::default() };
    let found =
        listed(zip(&[("0.zip", &inner, large), ("1.zip", &inner, large), ("2.zip", &inner, How::default())]));
    let said = |n: usize| refused(&found[n]).to_string();
    assert!(said(0).contains("larger than its bytes can unpack to"), "{}", said(0));
    assert!(said(1).contains("too large to be unpacked all at once"), "{}", said(1));
    // A stored one is read where it lies.
    assert_eq!(found[2].path(), "2.zip/a.h5");
}

#[test]
fn members_that_cannot_be_unpacked_say_why() {
    let data = vec![5u8; 4000];
    let deflate = How { deflate: true, ..How::default() };
    let of = |how: How| refused(&listed(zip(&[("a.h5", &data, how)]))[0]);
    let text = of(How { encrypted: true, ..deflate }).to_string();
    assert!(text.contains("encrypted") && text.contains("password"), "{text}");
    let text = of(How { method: Some(9), ..How::default() }).to_string();
    assert!(text.contains("Deflate64") && text.contains("unpack the archive"), "{text}");
    // More than the limit, more than deflate can give, more or fewer bytes than said.
    assert!(matches!(
        of(How { size: Some(3 << 30), ..deflate }),
        ReadError::TooLarge { needed_mb: 3072, .. }
    ));
    for size in [1 << 30, 3999, 4001, 0] {
        let error = of(How { size: Some(size), ..deflate });
        assert!(matches!(error, ReadError::Damaged { format: "zip", .. }), "{size}: {error}");
    }
    let mut bytes = zip(&[("a.h5", &data, deflate)]);
    bytes[36] ^= 0x55;
    let error = refused(&listed(bytes)[0]).to_string();
    assert!(error.contains("download the archive again"), "{error}");
    // A stored member whose end is missing.
    let mut bytes = zip(&[("a.h5", &data, How::default())]);
    bytes.drain(1000..3000);
    let cut = members(&shared("order.zip", bytes)).unwrap().unwrap();
    assert!(matches!(refused(&cut[0]), ReadError::Damaged { .. } | ReadError::CutOff { .. }));
}

/// A bomb: a gigabyte of zeros in a megabyte, whose list says it is small.
#[test]
fn a_bomb_stops_at_what_the_list_says() {
    let zeros = vec![0u8; 64 << 20];
    let found = listed(zip(&[("a.h5", &zeros, How { deflate: true, size: Some(1000), ..How::default() })]));
    let error = refused(&found[0]).to_string();
    assert!(error.contains("more bytes than the archive says"), "{error}");
}

#[test]
fn an_archive_that_is_cut_off_is_said_to_be() {
    let granule = fixture(SPL3SMP);
    let bytes =
        zip(&[(SPL3SMP, &granule, How { deflate: true, ..How::default() }), ("b.h5", b"1", How::default())]);
    for length in [60, bytes.len() / 2, bytes.len() - 30] {
        let error = members(&shared("order.zip", bytes[..length].to_vec())).err().unwrap().to_string();
        assert!(error.contains("zip file") && error.contains("download it again"), "{length}: {error}");
    }
    // Damage anywhere is an error or another listing, never a panic.
    for at in (0..bytes.len()).step_by(97) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0xff;
        if let Ok(Some(found)) = members(&shared("order.zip", bytes)) {
            found.iter().for_each(|member| drop(member.source()));
        }
    }
}

/// Archives that another program made.
#[test]
fn real_archives_are_listed_as_that_program_lists_them() {
    let folder = std::env::temp_dir().join(format!("loam-zip-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = "import sys, zipfile\nfor method in (0, 8):\n  z = zipfile.ZipFile(sys.argv[1] + f'/{method}.zip', 'w', method)\n  z.write(sys.argv[2], 'order/a.h5')\n  with z.open('order/b.h5', 'w', force_zip64=True) as f: f.write(open(sys.argv[2], 'rb').read())\n  z.close()\n";
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(SPL3SMP);
    let run = std::process::Command::new("python3").args(["-c", script]).arg(&folder).arg(&path).status();
    if run.is_ok_and(|status| status.success()) {
        for method in [0, 8] {
            let source = smap_files::PathSource::open(&folder.join(format!("{method}.zip"))).unwrap();
            let found = members(&(Arc::new(source) as SharedSource)).unwrap().unwrap();
            assert_eq!(found.iter().map(Member::path).collect::<Vec<_>>(), ["order/a.h5", "order/b.h5"]);
            for member in &found {
                assert_eq!(content(member.source().unwrap().as_ref()), fixture(SPL3SMP), "method {method}");
            }
        }
    } else {
        eprintln!("skipped: python3 is not here");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
