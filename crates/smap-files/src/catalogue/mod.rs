//! The catalogue: which files people have, and what a layer of one may be used as.
//!
//! A layer is a quantity on positive evidence only: its own name, its long or standard name, the layer's part of the file's name, its unit.
//! Plausible values are never evidence; values are only asked whether they contradict it.

mod guide;
mod quantity;
mod source;
mod unit;

pub use guide::guide;
pub use quantity::Quantity;
pub(crate) use quantity::words;
pub(crate) use source::{Backscatter, Facts, Moisture, Whose, flattened};
pub use source::{SOURCES, Source};
pub(crate) use unit::Unit;

use crate::{BackscatterScale, Role};

/// The source that a file is of.
pub(crate) fn source_of(facts: &Facts<'_>) -> Option<&'static Source> {
    SOURCES.iter().find(|source| (source.matches)(facts))
}

/// What a file says of one layer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LayerWords<'a> {
    /// Name of the dataset or band; `None` for a band without one.
    pub(crate) name: Option<&'a str>,
    /// `long_name`, `standard_name`, description.
    pub(crate) long_name: Option<&'a str>,
}

/// What a layer is of, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// What it is of; `None` where nothing says it.
    pub(crate) quantity: Option<Quantity>,
    /// Where that stands: "its band's name", "AppEEARS' file name".
    pub(crate) told_by: String,
}

/// Sources whose soil moisture is SMAP's.
pub(crate) fn is_smap(source: Option<&Source>) -> bool {
    source.is_some_and(|s| s.whose == Whose::Smap)
}

/// Whose soil moisture a source of the table has, by its name.
pub(crate) fn whose(name: &str) -> Option<Whose> {
    SOURCES.iter().find(|source| source.name == name).map(|source| source.whose)
}

impl Meaning {
    /// What a layer is of. `alone`: it is the only layer of its file, so that the file's name speaks of it.
    pub(crate) fn of(file: &str, source: Option<&Source>, layer: LayerWords<'_>, alone: bool) -> Self {
        // Names that say nothing: GDAL's `Band1`, "band 1"; a day.
        let own = layer.name.filter(|n| !is_number_of_band(n) && !is_only_a_day(n));
        let long = layer
            .long_name
            .filter(|n| !is_number_of_band(n) && !n.to_ascii_lowercase().starts_with("gdal band"));
        let named = |quantity, told_by: String| {
            // SMAP's own surface temperature is a model's, of soil and skin together.
            let of_smap = source.is_some_and(|s| matches!(s.name, "NSIDC" | "SMAP export" | "Earth Engine"))
                || file.starts_with("SPL")
                || file.contains("SMAP_");
            let quantity = match quantity {
                Quantity::SurfaceTemperature
                    if of_smap && !told_by.contains("LST") && !file.contains("LST") =>
                {
                    Quantity::OtherTemperature
                }
                other => other.of_radar(file),
            };
            Self { quantity: Some(quantity), told_by }
        };
        if let Some(name) = own {
            let name = flattened(name).map_or(name, |(_, layer)| layer);
            if let Some(quantity) = Quantity::of_layer(name) {
                // `sm` beside "root zone soil moisture": the description says more.
                let of_soil = quantity == Quantity::SoilMoisture;
                if let Some((long, other)) =
                    long.filter(|_| of_soil).and_then(|long| Some((long, Quantity::against(long)?)))
                {
                    return named(other, format!("its description \"{long}\""));
                }
                return named(quantity, format!("its name {name}"));
            }
        }
        if let Some(long) = long
            && let Some(quantity) = Quantity::of_layer(long)
        {
            return named(quantity, format!("its description \"{long}\""));
        }
        // A layer with a name of its own that says nothing known is not what the file's name says.
        if !alone || own.is_some_and(|name| !file.contains(name) && long.is_none() && is_telling(name)) {
            return Self { quantity: None, told_by: String::new() };
        }
        let whose =
            source.map_or("the file's name".to_owned(), |s| format!("{} file name", possessive(s.name)));
        if let Some(part) = source.and_then(|s| (s.layer)(file)) {
            // Without the group's name, which speaks of soil moisture beside every layer.
            return match Quantity::of_layer(flattened(&part).map_or(&part, |(_, layer)| layer)) {
                Some(quantity) => named(quantity, whose),
                None => Self { quantity: None, told_by: format!("{whose} ({part})") },
            };
        }
        match Quantity::of_file(file) {
            Some(quantity) => named(quantity, whose),
            None => Self { quantity: None, told_by: String::new() },
        }
    }
}

/// A name that is a day and nothing else: `20200603`, `2020-06-03`, `X2020.06.03` (R), `doy2020155`. Bands of a stack have such names.
pub(crate) fn is_only_a_day(name: &str) -> bool {
    let mut letters = words(name);
    letters.iter_mut().for_each(|w| w.retain(|c| c.is_ascii_alphabetic()));
    crate::names::date_in(name).is_some()
        && letters
            .iter()
            .all(|w| matches!(w.as_str(), "" | "x" | "b" | "d" | "day" | "date" | "doy" | "a" | "t"))
}

/// `band 1`, `Band1`, `b1`, `1`.
fn is_number_of_band(name: &str) -> bool {
    let rest = name.trim().to_ascii_lowercase();
    let rest = rest.strip_prefix("band").or(rest.strip_prefix('b')).unwrap_or(&rest);
    rest.trim_matches([' ', '_', '-']).bytes().all(|b| b.is_ascii_digit())
}

/// A name with letters enough to say something: not `x`, `data`, `z`, `constant`.
fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !matches!(
        name.as_str(),
        "data"
            | "z"
            | "x"
            | "value"
            | "values"
            | "layer"
            | "constant"
            | "mean"
            | "median"
            | "grid"
            | "var"
            | "array"
            | "__xarray_dataarray_variable__"
    ) && name.bytes().filter(u8::is_ascii_alphabetic).count() >= 2
}

fn possessive(name: &str) -> String {
    if name.ends_with('s') || name.ends_with('S') { format!("{name}'") } else { format!("{name}'s") }
}

/// How soil moisture of a source, with a unit, comes to m3/m3: a factor, or why it cannot be used.
pub(crate) fn moisture_factor(
    source: Option<&Source>,
    units: Option<&str>,
    layer: LayerWords<'_>,
) -> Result<(f64, String), String> {
    if let Some(Moisture::Other(why)) = source.map(|s| s.moisture) {
        return Err(why.to_owned());
    }
    let long = [layer.name, layer.long_name].map(Option::unwrap_or_default).join(" ").to_ascii_lowercase();
    let text = units.unwrap_or_default();
    let saturation = ["saturation", "relative", "degree of"]
        .iter()
        .any(|w| long.contains(w) || text.to_ascii_lowercase().contains(w));
    if saturation {
        return Err(format!("it is a share of saturation{}, not m3/m3", of_unit(units)));
    }
    let volume =
        long.contains("volumetric") || text.to_ascii_lowercase().contains("vol") || text.contains('3');
    match Unit::parse(text) {
        Some(Unit::Volumetric) => Ok((1.0, "m3/m3".to_owned())),
        Some(Unit::Percent) if volume => Ok((0.01, "percent of volume".to_owned())),
        Some(Unit::Percent) => {
            Err("its unit is percent, and nothing says of what (volume, or saturation): say so with \"use as\", and its unit".to_owned())
        }
        Some(Unit::Millimetre) => Err(format!("it is in millimetres of water ({text}), not in m3/m3")),
        Some(Unit::One) => Ok((1.0, "m3/m3 (its unit says: a fraction)".to_owned())),
        Some(_) => Err(format!("its unit is {text}, not m3/m3")),
        None => match source.map(|s| s.moisture) {
            Some(Moisture::Volumetric) => Ok((1.0, "m3/m3".to_owned())),
            _ => Ok((1.0, "m3/m3, which is not declared".to_owned())),
        },
    }
}

fn of_unit(units: Option<&str>) -> String {
    units.filter(|u| !u.trim().is_empty()).map_or_else(String::new, |u| format!(" ({u})"))
}

/// The scale of backscatter that a source or a unit declares.
pub(crate) fn declared_scale(source: Option<&Source>, units: Option<&str>) -> Option<BackscatterScale> {
    match units.and_then(Unit::parse) {
        Some(Unit::Decibel) => return Some(BackscatterScale::Decibel),
        Some(Unit::Power) => return Some(BackscatterScale::Power),
        Some(Unit::Amplitude) => return Some(BackscatterScale::Amplitude),
        _ => {}
    }
    match source?.backscatter {
        Backscatter::Power => Some(BackscatterScale::Power),
        Backscatter::AsFound => None,
    }
}

/// The role a quantity may have.
pub(crate) fn role_of(quantity: Quantity) -> Role {
    match quantity {
        Quantity::SoilMoisture => Role::SoilMoisture,
        Quantity::BackscatterVv => Role::BackscatterVv,
        Quantity::BackscatterVh => Role::BackscatterVh,
        Quantity::SurfaceTemperature => Role::SurfaceTemperature,
        _ => Role::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str) -> Option<&'static str> {
        source_of(&Facts { file, titles: String::new(), layers: Vec::new() }).map(|s| s.name)
    }

    #[test]
    fn names_tell_their_source() {
        for (file, name) in [
            ("SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_albedo_doy2020155000000_aid0001.tif", "AppEEARS"),
            ("SPL3SMP_E.006_9km_aid0001.nc", "AppEEARS"),
            ("S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_VV.tif", "ASF HyP3"),
            ("OPERA_L2_RTC-S1_T028-059007-IW1_20231004T000000Z_VV.tif", "OPERA RTC-S1"),
            ("iw-vv.rtc.tiff", "Planetary Computer RTC"),
            ("s1a_33NWB_vv_DES_007_20200108txxxxxx.tif", "S1Tiling"),
            (
                "2020-06-03-00_00_2020-06-03-23_59_Sentinel-1_IW_VV+VH_VV_-_decibel_gamma0.tiff",
                "Copernicus Browser",
            ),
            ("NASA_USDA_HSL_SMAP10KM_soil_moisture_20200602_ssm.tif", "NASA-USDA"),
            ("ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20200603000000-fv06.1.nc", "ESA CCI"),
            ("NISAR_L3_PR_SME2_028_005_A_020_4005_DHDH_A_20260603T125218.h5", "NISAR L3 SME2"),
            ("SMAP_L3_SM_P_20200603_R18290_001.h5", "NSIDC"),
            ("c_gls_SSM1km_202006030000_CEURO_S1CSAR_V1.1.1.nc", "Copernicus SSM or SWI"),
            ("MOD11A1.A2020155.h09v05.061.tif", "MODIS or VIIRS"),
            ("S1_orbit7_20200603_asc.tif", "Sentinel-1"),
            ("S1A__IW___A_20150309T173017_VV_grd_mli_geo_norm_db.tif", "Sentinel-1"),
        ] {
            assert_eq!(source(file), Some(name), "{file}");
        }
        assert_eq!(source("okc_20200603.tif"), None);
    }

    #[test]
    fn the_layer_of_a_name_is_its_layer_only() {
        let quantity = |file: &str| {
            let source = source_of(&Facts { file, titles: String::new(), layers: Vec::new() });
            Meaning::of(file, source, LayerWords::default(), true).quantity
        };
        for (file, expected) in [
            (
                "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_albedo_doy2020155000000_aid0001.tif",
                Some(Quantity::Albedo),
            ),
            (
                "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_PM_soil_moisture_pm_doy2020155000000_aid0001 copy.tif",
                Some(Quantity::SoilMoisture),
            ),
            (
                "SMAP_L3_SM_P_E_20200603_R18290_001_Soil_Moisture_Retrieval_Data_AM_static_water_body_fraction_5b1f9c02.tif",
                Some(Quantity::Water),
            ),
            ("SMAP_L3_SM_P_E_20200603_R18290_001_Soil_Moisture_Retrieval_Data_AM_xyz_5b1f9c02.tif", None),
            ("SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_emissivity_v_doy2020155000000_aid0001.tif", None),
            ("SMAP_L3_SM_P_20200603_R18290_001_latitude.tif", Some(Quantity::Coordinates)),
            ("SMAP_L3_SM_P_20200603_R18290_001_grid_surface_status.tif", Some(Quantity::Flags)),
            ("SMAP_L3_SM_P_20200603_R18290_001_EASE_row_index.tif", Some(Quantity::Coordinates)),
            ("SMAP_L3_SM_P_20200603_R18290_001_tb_3_corrected_pm.tif", Some(Quantity::Brightness)),
            ("SMAP_L3_SM_P_20200603_R18290_001_slope.tif", None),
            ("SMAP_L3_SM_P_20200603_R18290_001_soil_moisture_pm.tif", Some(Quantity::SoilMoisture)),
            ("SMAP_L3_SM_P_E_20200603_R18290_001_HEGOUT.tif", Some(Quantity::SoilMoisture)),
            ("SMAP_L3_SM_P_20200603_R18290_001_clipped (1).tif", Some(Quantity::SoilMoisture)),
            ("S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_area.tif", Some(Quantity::Area)),
            ("S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_ls_map.tif", Some(Quantity::LayoverShadow)),
            ("S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_VH.tif", Some(Quantity::BackscatterVh)),
        ] {
            assert_eq!(quantity(file), expected, "{file}");
        }
    }

    #[test]
    fn a_band_may_be_named_by_its_day_alone() {
        for name in [
            "20200603",
            "2020-06-03",
            "2020_06_03",
            "X2020.06.03",
            "X20200603",
            "doy2020155",
            "20200603T060000",
        ] {
            assert!(is_only_a_day(name), "{name}");
        }
        for name in
            ["20200603_soil_moisture", "VV_20200603", "band 1", "albedo_2020-06-03", "7", "20200603_ndvi"]
        {
            assert!(!is_only_a_day(name), "{name}");
        }
    }

    #[test]
    fn a_description_that_contradicts_the_name_is_believed() {
        let quantity = |name: &str, long: &str| {
            Meaning::of("okc.nc", None, LayerWords { name: Some(name), long_name: Some(long) }, true).quantity
        };
        for (name, long, expected) in [
            ("sm", "Volumetric Soil Moisture", Quantity::SoilMoisture),
            ("swvl1", "Volumetric soil water layer 1", Quantity::SoilMoisture),
            ("sm", "Root zone soil moisture", Quantity::DeepSoilMoisture),
            ("sm", "soil moisture anomaly", Quantity::RelativeSoilMoisture),
            ("sm", "soil moisture 10-40 cm", Quantity::DeepSoilMoisture),
            ("sm", "Soil moisture at field capacity", Quantity::Soil),
            ("sm", "Soil porosity", Quantity::Soil),
            ("soil_moisture", "number of observations", Quantity::Count),
            ("soil_moisture", "Soil moisture quality flag", Quantity::Flags),
            ("SM", "Long-term mean soil moisture", Quantity::Derived),
            ("soil_moisture", "Surface soil moisture (0-5 cm)", Quantity::SoilMoisture),
            ("soil_moisture", "Soil Wetness Index", Quantity::RelativeSoilMoisture),
            ("soil_moisture", "Uncertainty of soil moisture", Quantity::Uncertainty),
            ("SM", "standard deviation of soil moisture", Quantity::Uncertainty),
            (
                "soil_moisture",
                "Representative soil moisture of the cell, an index of which is given beside its error",
                Quantity::SoilMoisture,
            ),
        ] {
            assert_eq!(quantity(name, long), Some(expected), "{name}: {long}");
        }
    }

    #[test]
    fn units_decide_about_soil_moisture() {
        let factor = |units, long_name| {
            moisture_factor(None, units, LayerWords { name: None, long_name }).map(|f| f.0)
        };
        let named = LayerWords { name: Some("volumetric_soil_moisture"), long_name: None };
        assert_eq!(moisture_factor(None, Some("%"), named).map(|f| f.0), Ok(0.01));
        assert_eq!(factor(Some("m3 m-3"), None), Ok(1.0));
        assert_eq!(factor(Some("%"), Some("volumetric soil moisture")), Ok(0.01));
        assert_eq!(factor(None, None), Ok(1.0));
        for (units, long) in [
            (Some("%"), None),
            (Some("mm"), None),
            (Some("percent"), Some("degree of saturation")),
            (Some("K"), None),
        ] {
            assert!(factor(units, long).is_err(), "{units:?} {long:?}");
        }
    }
}
