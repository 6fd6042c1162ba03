//! What file names say: product, dates, orbit, version, backscatter hints.
//!
//! A name is evidence after the file's own metadata. Names are taken apart into runs between separators; no pattern needs the whole
//! name to fit, since users rename files and tools append tails (`_HEGOUT.nc`, `_Soil_Moisture_Retrieval_Data_1km.tif`).

mod cells;
mod days;

use jiff::civil::Date;

pub(crate) use cells::note_resampled;
pub(crate) use days::note_period;
pub use days::{date_in, date_of_time, period_in};

use crate::{BackscatterScale, Orbit, Product};
use days::compact_date;

/// Polarisation a name gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Polarisation {
    /// Co-polarised.
    Vv,
    /// Cross-polarised.
    Vh,
    /// Another one (HH, HV): not used.
    Other,
}

/// What a file name says. Everything may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameMetadata {
    /// Product.
    pub product: Option<Product>,
    /// SMAP short name as it stands in the name: `L3_SM_P_E`, `L4_SM_aup`.
    pub short_name: Option<String>,
    /// The day on Loam's time line: SMAP's.
    pub date: Option<Date>,
    /// Sentinel-1's day, for SPL2SMAP_S.
    pub sentinel1_date: Option<Date>,
    /// Flight direction.
    pub orbit: Option<Orbit>,
    /// Composite release (`R18290`, `Vv4030`).
    pub version: Option<String>,
    /// Product counter (`002` -> 2).
    pub counter: Option<u32>,
    /// Name up to the version: granules of one identity supersede each other.
    pub identity: Option<String>,
    /// What comes after the product counter, without the file extension: `HEGOUT`, `Soil_Moisture_Retrieval_Data_1km`. Two exports
    /// of one granule have one identity and different tails.
    pub tail: Option<String>,
    /// Polarisation of a single-band backscatter file.
    pub polarisation: Option<Polarisation>,
    /// Backscatter scale.
    pub scale: Option<BackscatterScale>,
    /// A raw Sentinel-1 GRD measurement or SAFE archive: not georeferenced, uncalibrated.
    pub raw_grd: bool,
    /// The name says the content is simulated.
    pub simulated: bool,
}

/// Takes a file name (without folders) apart.
#[must_use]
pub fn parse(name: &str) -> NameMetadata {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut metadata = smap(name).or_else(|| sentinel1(name)).unwrap_or_default();
    metadata.date = metadata.date.or_else(|| date_in(name));
    metadata.simulated = name.to_ascii_lowercase().contains("simulated");
    metadata
}

/// `20150331T170640`: its day.
fn time_run(run: &str) -> Option<Date> {
    let (day, time) = run.split_once('T')?;
    if time.len() == 6 && time.bytes().all(|b| b.is_ascii_digit()) { compact_date(day) } else { None }
}

/// `R18290`, `T15110`, `Vv4030`.
fn is_version(run: &str) -> bool {
    let digits = run.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = run.len() - digits.len();
    let all = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    (letters == 1 && digits.len() == 5 || letters == 2 && digits.len() >= 4)
        && all(digits)
        && run.starts_with(|c: char| c.is_ascii_uppercase())
}

/// `SMAP_L2_SM_SP_...`, `SMAP_L3_SM_P_...` and their relatives.
fn smap(name: &str) -> Option<NameMetadata> {
    let rest_at = name.find("SMAP_L").map(|at| at + 5)?;
    // Exports may put words in front; the identity starts at SMAP_.
    let start = rest_at - 5;
    let stem =
        name.rsplit_once('.').filter(|(_, e)| e.len() <= 5 && !e.is_empty()).map_or(name, |(stem, _)| stem);
    let rest = stem.get(rest_at..)?;
    // Where each run starts, so that identity and tail are slices of the name.
    let mut at = rest_at;
    let runs: Vec<(usize, &str)> = rest
        .split('_')
        .map(|run| {
            let here = at;
            at += run.len() + 1;
            (here, run)
        })
        .collect();
    let is_word = |run: &str| {
        !run.is_empty() && run.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && !is_version(run)
    };
    // The short name: level, then words of letters until the first run that holds digits or a direction letter after `P`/`P_E`.
    let mut words = Vec::new();
    for (i, (_, run)) in runs.iter().enumerate() {
        let is_direction = matches!(*run, "A" | "D")
            && i + 1 < runs.len()
            && runs.get(i.wrapping_sub(1)).is_some_and(|(_, r)| r.len() == 5);
        if i > 0
            && (!is_word(run)
                || run.bytes().any(|b| b.is_ascii_digit())
                || is_direction
                || run.contains("HEGOUT"))
        {
            break;
        }
        words.push(*run);
    }
    let short = words.join("_");
    let mut metadata = NameMetadata {
        product: Some(product_of_short_name(&short)),
        short_name: Some(short.clone()),
        ..NameMetadata::default()
    };
    let mut times = Vec::new();
    let mut version_at = None;
    for (i, (_, run)) in runs.iter().enumerate().skip(words.len()) {
        if let Some(date) = time_run(run).or_else(|| compact_date(run)) {
            times.push(date);
        } else if version_at.is_none() && is_version(run) {
            version_at = Some(i);
        } else if version_at.is_none() && metadata.orbit.is_none() && times.is_empty() {
            metadata.orbit = match *run {
                "A" => Some(Orbit::Ascending),
                "D" => Some(Orbit::Descending),
                _ => None,
            };
        }
    }
    metadata.date = times.first().copied();
    if metadata.product == Some(Product::Spl2smapS) {
        metadata.sentinel1_date = times.get(1).copied();
    }
    if let Some(i) = version_at {
        let (offset, version) = runs[i];
        metadata.version = Some(version.to_owned());
        metadata.identity = name.get(start..offset.saturating_sub(1)).map(str::to_owned);
        let mut tail_from = i + 1;
        if let Some((_, counter)) = runs.get(i + 1)
            && counter.len() == 3
            && let Ok(n) = counter.parse()
        {
            metadata.counter = Some(n);
            tail_from += 1;
        }
        let tail = runs.iter().skip(tail_from).map(|(_, r)| *r).collect::<Vec<_>>().join("_");
        metadata.tail = (!tail.is_empty()).then_some(tail);
    }
    Some(metadata)
}

/// Product of a short name, in either of SMAP's two styles: `SPL3SMP_E` or `L3_SM_P_E`.
#[must_use]
pub fn product_of_short_name(short: &str) -> Product {
    let short = short.trim().to_ascii_uppercase();
    // Near real time: the same product, sooner.
    match short.strip_suffix("_NRT").unwrap_or(&short) {
        "SPL2SMAP_S" | "L2_SM_SP" => Product::Spl2smapS,
        "SPL3SMP" | "L3_SM_P" => Product::Spl3smp,
        "SPL3SMP_E" | "L3_SM_P_E" => Product::Spl3smpE,
        "SPL2SMP" | "L2_SM_P" => Product::Spl2smp,
        "SPL2SMP_E" | "L2_SM_P_E" => Product::Spl2smpE,
        s if s.starts_with("SPL4SM") || s.starts_with("L4_SM") => Product::Spl4,
        _ => Product::SmapOther,
    }
}

/// ESA, HyP3, pyroSAR and general names with a polarisation.
fn sentinel1(name: &str) -> Option<NameMetadata> {
    let lower = name.to_ascii_lowercase();
    let stem = lower.rsplit_once('.').map_or(lower.as_str(), |(stem, _)| stem);
    let runs: Vec<&str> =
        stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|r| !r.is_empty()).collect();
    let satellite = runs.first().is_some_and(|r| matches!(*r, "s1a" | "s1b" | "s1c" | "s1d"));
    let polarisation = runs.iter().rev().find_map(|r| match *r {
        "vv" => Some(Polarisation::Vv),
        "vh" => Some(Polarisation::Vh),
        "hh" | "hv" => Some(Polarisation::Other),
        _ => None,
    });
    let hinted = lower.contains("sigma0")
        || lower.contains("gamma0")
        || lower.contains("s1_grd")
        || lower.contains("sentinel1")
        || lower.contains("sentinel-1");
    if !satellite && polarisation.is_none() && !hinted {
        return None;
    }
    let mut metadata = NameMetadata { polarisation, ..NameMetadata::default() };
    if satellite || hinted || polarisation.is_some() {
        metadata.product = Some(Product::Sentinel1);
    }
    if satellite {
        let mode = runs.get(1).copied().unwrap_or_default();
        let detected = runs.get(2).is_some_and(|r| r.starts_with("grd"));
        // `s1a-iw-grd-vv-20210119t031653-...-001.tiff` inside a SAFE, and `..._GRDH_1SDV_....SAFE` (also zipped).
        metadata.raw_grd = detected
            && mode.len() == 2
            && (name.contains('-') || lower.contains(".safe") || lower.ends_with(".zip"));
        metadata.date = runs.iter().find_map(|r| time_run(&r.to_ascii_uppercase()));
    }
    // HyP3: S1A_IW_20200101T000000_DVP_RTC30_G_gpuned_XXXX_VV.tif; third letter group: (g|s)(p|a|d)....
    if let Some(i) = runs.iter().position(|r| r.starts_with("rtc") && r.len() > 3)
        && let Some(letters) = runs.get(i + 2)
    {
        metadata.scale = match letters.as_bytes().get(1) {
            Some(b'p') => Some(BackscatterScale::Power),
            Some(b'a') => Some(BackscatterScale::Amplitude),
            Some(b'd') => Some(BackscatterScale::Decibel),
            _ => None,
        };
    }
    if runs.last().is_some_and(|r| *r == "db") || runs.contains(&"db") {
        metadata.scale = Some(BackscatterScale::Decibel);
    } else if runs.contains(&"linear") || lower.contains("grd_float") {
        metadata.scale = metadata.scale.or(Some(BackscatterScale::Power));
    }
    // pyroSAR: S1A__IW___A_20150309T173017_VV_grd_mli_geo_norm_db.tif: one letter between mode and time.
    if satellite && runs.get(3).is_some_and(|r| time_run(&r.to_ascii_uppercase()).is_some()) {
        metadata.orbit = match runs.get(2) {
            Some(&"a") => Some(Orbit::Ascending),
            Some(&"d") => Some(Orbit::Descending),
            _ => None,
        };
    }
    Some(metadata)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn smap_sentinel_names() {
        let cases = [
            (
                "SMAP_L2_SM_SP_1AIWDV_20150331T170640_20150401T054620_003E34N_R18290_001.h5",
                date(2015, 3, 31),
                date(2015, 4, 1),
                "R18290",
                1,
            ),
            (
                "SMAP_L2_SM_SP_1BIWDV_20210301T053807_20210302T172013_009E36N_R17000_001.h5",
                date(2021, 3, 1),
                date(2021, 3, 2),
                "R17000",
                1,
            ),
            (
                "SMAP_L2_SM_SP_1AIWDV_20180815T113736_20180814T231324_078W32N_R16010_001.h5",
                date(2018, 8, 15),
                date(2018, 8, 14),
                "R16010",
                1,
            ),
            (
                "SMAP_L2_SM_SP_1AIWDV_20241115T071159_20241116T062328_002W51N_R19240_003.h5",
                date(2024, 11, 15),
                date(2024, 11, 16),
                "R19240",
                3,
            ),
            (
                "SMAP_L2_SM_SP_1AIWDV_20170801T000000_20170731T114719_094E21N_T15110_002.h5",
                date(2017, 8, 1),
                date(2017, 7, 31),
                "T15110",
                2,
            ),
        ];
        for (name, smap_day, s1_day, version, counter) in cases {
            let metadata = parse(name);
            assert_eq!(metadata.product, Some(Product::Spl2smapS), "{name}");
            assert_eq!((metadata.date, metadata.sentinel1_date), (Some(smap_day), Some(s1_day)), "{name}");
            assert_eq!(
                (metadata.version.as_deref(), metadata.counter),
                (Some(version), Some(counter)),
                "{name}"
            );
            assert_eq!(metadata.identity.as_deref(), name.split(&format!("_{version}")).next(), "{name}");
            assert_eq!((metadata.tail, metadata.orbit), (None, None), "{name}");
        }
        let export = parse(
            "SMAP_L2_SM_SP_1AIWDV_20150331T170640_20150401T054620_003E34N_R16010_001_Soil_Moisture_Retrieval_Data_1km.tif",
        );
        assert_eq!(export.tail.as_deref(), Some("Soil_Moisture_Retrieval_Data_1km"));
        assert_eq!((export.version.as_deref(), export.counter), (Some("R16010"), Some(1)));
    }

    #[test]
    fn smap_radiometer_names() {
        use Product::{Spl2smp, Spl2smpE, Spl3smp, Spl3smpE, Spl4};
        let (a, d) = (Some(Orbit::Ascending), Some(Orbit::Descending));
        let cases = [
            (
                "SMAP_L3_SM_P_20150331_R18290_002.h5",
                Spl3smp,
                date(2015, 3, 31),
                None,
                Some("R18290"),
                Some(2),
                None,
            ),
            (
                "SMAP_L3_SM_P_20150410_R19240_001.h5",
                Spl3smp,
                date(2015, 4, 10),
                None,
                Some("R19240"),
                Some(1),
                None,
            ),
            (
                "SMAP_L3_SM_P_E_20150405_R19240_001.h5",
                Spl3smpE,
                date(2015, 4, 5),
                None,
                Some("R19240"),
                Some(1),
                None,
            ),
            ("SMAP_L3_SM_P_20200601.h5", Spl3smp, date(2020, 6, 1), None, None, None, None),
            (
                "SMAP_L3_SM_P_20200601_R17000_001_HEGOUT.nc",
                Spl3smp,
                date(2020, 6, 1),
                None,
                Some("R17000"),
                Some(1),
                Some("HEGOUT"),
            ),
            (
                "SMAP_L3_SM_P_E_20200601_R17000_001_HEGOUT.h5",
                Spl3smpE,
                date(2020, 6, 1),
                None,
                Some("R17000"),
                Some(1),
                Some("HEGOUT"),
            ),
            ("SMAP_L3_SM_P_20200601.mat", Spl3smp, date(2020, 6, 1), None, None, None, None),
            (
                "SMAP_L2_SM_P_30058_D_20200916T194350_R19240_001.h5",
                Spl2smp,
                date(2020, 9, 16),
                d,
                Some("R19240"),
                Some(1),
                None,
            ),
            (
                "SMAP_L2_SM_P_E_47223_A_20231204T105336_R19240_001.h5",
                Spl2smpE,
                date(2023, 12, 4),
                a,
                Some("R19240"),
                Some(1),
                None,
            ),
            (
                "SMAP_L4_SM_aup_20200128T150000_Vv4030_001.h5",
                Spl4,
                date(2020, 1, 28),
                None,
                Some("Vv4030"),
                Some(1),
                None,
            ),
            (
                "SMAP_L4_SM_gph_20200128T013000_Vv7032_001.h5",
                Spl4,
                date(2020, 1, 28),
                None,
                Some("Vv7032"),
                Some(1),
                None,
            ),
        ];
        for (name, product, day, orbit, version, counter, tail) in cases {
            let metadata = parse(name);
            assert_eq!((metadata.product, metadata.date), (Some(product), Some(day)), "{name}");
            assert_eq!(
                (metadata.orbit, metadata.version.as_deref(), metadata.counter),
                (orbit, version, counter),
                "{name}"
            );
            assert_eq!(metadata.tail.as_deref(), tail, "{name}");
        }
        assert_eq!(parse("SMAP_L3_FT_P_20180616_R16010_001.h5").product, Some(Product::SmapOther));
        assert_eq!(parse("SMAP_L3_FT_P_20180616_R16010_001.h5").short_name.as_deref(), Some("L3_FT_P"));
        let (one, two) =
            (parse("SMAP_L3_SM_P_20150331_R18290_001.h5"), parse("SMAP_L3_SM_P_20150331_R18290_002.h5"));
        assert_eq!(one.identity.as_deref(), Some("SMAP_L3_SM_P_20150331"));
        assert_eq!(one.identity, two.identity);
    }

    #[test]
    fn sentinel1_names() {
        let hyp3 = parse("S1A_IW_20200101T000000_DVP_RTC30_G_gpuned_XXXX_VV.tif");
        assert_eq!((hyp3.date, hyp3.scale), (Some(date(2020, 1, 1)), Some(BackscatterScale::Power)));
        assert_eq!((hyp3.polarisation, hyp3.raw_grd), (Some(Polarisation::Vv), false));
        let decibel = parse("S1B_IW_20200101T000000_DVP_RTC10_S_sduned_1234_VH.tif");
        assert_eq!(
            (decibel.scale, decibel.polarisation),
            (Some(BackscatterScale::Decibel), Some(Polarisation::Vh))
        );
        let gamma = parse("S1A__IW___A_20150309T173017_VV_grd_mli_geo_norm_db.tif");
        assert_eq!((gamma.date, gamma.orbit), (Some(date(2015, 3, 9)), Some(Orbit::Ascending)));
        assert_eq!(
            (gamma.scale, gamma.polarisation, gamma.raw_grd),
            (Some(BackscatterScale::Decibel), Some(Polarisation::Vv), false)
        );
        for raw in [
            "S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_8255.SAFE",
            "S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_8255.zip",
            "s1a-iw-grd-vv-20210119t031653-20210119t031718-036201-043ed0-001.tiff",
        ] {
            let metadata = parse(raw);
            assert!(metadata.raw_grd, "{raw}");
            assert_eq!(
                (metadata.product, metadata.date),
                (Some(Product::Sentinel1), Some(date(2021, 1, 19))),
                "{raw}"
            );
        }
    }

    #[test]
    fn days_anywhere() {
        assert_eq!(date_in("coarse_20200601.tif"), Some(date(2020, 6, 1)));
        assert_eq!(date_in("sm-2020-06-01-okc.tif"), Some(date(2020, 6, 1)));
        assert_eq!(date_in("20200601T153000.h5"), Some(date(2020, 6, 1)));
        assert_eq!(date_in("x202006011530.h5"), Some(date(2020, 6, 1)));
        assert_eq!(date_in("Spain_7370579_S1Hand.tif"), None);
        assert_eq!(date_in("run_00012345_20200601.tif"), Some(date(2020, 6, 1)));
        assert_eq!(date_in("MOD11A1.061_LST_Day_1km_doy2020153_aid0001.tif"), Some(date(2020, 6, 1)));
        assert_eq!(date_in("MOD11A1.061_LST_Day_1km_doy2020153000000_aid0001.tif"), Some(date(2020, 6, 1)));
        assert_eq!(date_in("MOD11A1.A2019366.h09v05.hdf"), None);
        assert_eq!(date_in("MYD11A1.A2020366.h09v05.061.tif"), Some(date(2020, 12, 31)));
        assert_eq!((date_in("run_2020153.tif"), date_in("data2020153.tif")), (None, None));
        assert_eq!(date_in("20201301.tif"), None);
        assert_eq!(date_in("1234567890123.tif"), None);
        assert_eq!(date_of_time("2015-03-31T17:06:40.000Z"), Some(date(2015, 3, 31)));
        assert_eq!(date_of_time("unknown"), None);
    }

    #[test]
    fn odd_names_say_nothing() {
        for name in [
            "",
            "_",
            "SMAP_",
            "SMAP_L",
            "é_20é",
            "id=000017,sig=06,src=000001,op=havoc,rep=64",
            "....",
            "SMAP_L3",
        ] {
            let metadata = parse(name);
            assert_eq!((metadata.date, metadata.identity), (None, None), "{name}");
        }
        assert!(parse("loam-simulated_20200601.tif").simulated);
    }
}
