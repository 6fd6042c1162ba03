//! What a layer is of, told by words: of its own name, its long name, or the layer's part of a file name. Never by its values.

use serde::{Deserialize, Serialize};

/// What a layer is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Soil moisture of the surface.
    SoilMoisture,
    /// Soil moisture below the surface: root zone, profile.
    DeepSoilMoisture,
    /// Soil moisture as an anomaly, an index, or a share of saturation.
    RelativeSoilMoisture,
    /// Backscatter, co-polarised.
    BackscatterVv,
    /// Backscatter, cross-polarised.
    BackscatterVh,
    /// Backscatter sent or received horizontally alone: HH, HV.
    BackscatterOther,
    /// Land surface temperature.
    SurfaceTemperature,
    /// Another temperature: SMAP's effective one, of the soil, of the air.
    OtherTemperature,
    /// Brightness temperature.
    Brightness,
    /// Flags, masks, classes of quality.
    Flags,
    /// Error, standard deviation, uncertainty.
    Uncertainty,
    /// A number of looks or samples.
    Count,
    /// Incidence or look angle.
    Angle,
    /// Area of scattering, or the factor made of it.
    Area,
    /// Heights of the ground.
    Height,
    /// Layover and shadow.
    LayoverShadow,
    /// Coherence, phase, parts of an interferogram.
    Interferogram,
    /// A decomposition or a ratio of polarisations.
    Decomposition,
    /// Single-scattering albedo.
    Albedo,
    /// Share of water.
    Water,
    /// Vegetation: opacity, water content, index, roughness beside it.
    Vegetation,
    /// Roughness of the surface.
    Roughness,
    /// Classes of land cover.
    LandCover,
    /// Clay, sand, bulk density.
    Soil,
    /// Freeze and thaw.
    Frozen,
    /// Rows, columns, longitudes, latitudes.
    Coordinates,
    /// Times of observation.
    Time,
    /// Rain and snow.
    Precipitation,
    /// A picture in colours.
    Picture,
    /// Made of many days or pixels: a difference, a trend, an average of years, a texture.
    Derived,
}

use Quantity as Q;

/// Words of what is made of many days or pixels, in names of layers and of files.
#[rustfmt::skip]
const DERIVED: &[&str] =
    &["diff", "difference", "change", "delta", "trend", "climatology", "climatological", "glcm", "deficit"];

/// Words of a layer's own name, the first that fits decides: what stands beside a quantity before the quantity itself
/// (`soil_moisture_error` is an error). Each is a run of whole words.
const WORDS: &[(Q, &[&str])] = &[
    (Q::LayoverShadow, &["ls_map", "layover", "shadow", "layover_shadow_mask", "ls"]),
    (
        Q::Flags,
        &[
            "qual_flag",
            "quality",
            "flag",
            "flags",
            "qa",
            "qc",
            "mask",
            "bitmask",
            "status",
            "state_qa",
            "scl",
            "masks",
            "qualflag",
        ],
    ),
    (
        Q::Uncertainty,
        &[
            "uncertainty",
            "error",
            "err",
            "std",
            "stddev",
            "stdev",
            "sd",
            "rmse",
            "variance",
            "unc",
            "bias",
            "precision",
            "dqx",
            "half_width",
            "uncert",
            "standard_deviation",
            "nesz",
            "noise_floor",
        ],
    ),
    (Q::Derived, DERIVED),
    (Q::Time, &["time", "utc", "seconds", "acquisition", "t0"]),
    (Q::Count, &["count", "num", "nobs", "number", "looks", "samples", "n", "enl"]),
    (
        Q::Coordinates,
        &[
            "row_index",
            "column_index",
            "cell_row",
            "cell_column",
            "latitude",
            "longitude",
            "lat",
            "lon",
            "centroid",
        ],
    ),
    (
        Q::Angle,
        &[
            "incidence",
            "inc_map",
            "inc",
            "angle",
            "lia",
            "incidence_angle",
            "theta",
            "azimuth",
            "view_angl",
            "boresight",
            "look_direction",
        ],
    ),
    (Q::Area, &["area", "anf", "rtc_anf", "scattering_area"]),
    (Q::Height, &["dem", "elevation", "height", "altitude", "dsm", "dtm", "hgt", "topography"]),
    (
        Q::Interferogram,
        &[
            "coherence",
            "coh",
            "ifg",
            "interferogram",
            "phase",
            "unw",
            "wrapped",
            "amp_a",
            "los",
            "displacement",
        ],
    ),
    (Q::Decomposition, &["alpha", "entropy", "anisotropy", "ratio", "rvi", "rfdi", "dprvi", "crossratio"]),
    (Q::Picture, &["rgb", "browse", "quicklook", "preview", "thumbnail"]),
    (Q::Albedo, &["albedo", "omega"]),
    (
        Q::Water,
        &[
            "water_body",
            "water_fraction",
            "static_water",
            "radar_water",
            "open_water",
            "waterbody",
            "water_mask",
            "surface_water",
        ],
    ),
    (Q::LandCover, &["landcover", "land_cover", "igbp", "lulc", "landuse", "class", "classes", "worldcover"]),
    (Q::Roughness, &["roughness", "rms_height"]),
    (
        Q::Vegetation,
        &["vegetation", "ndvi", "evi", "lai", "fpar", "opacity", "vod", "tau", "vwc", "biomass", "canopy"],
    ),
    (
        Q::Soil,
        &[
            "clay",
            "sand",
            "silt",
            "bulk_density",
            "porosity",
            "soil_type",
            "soil_texture",
            "field_capacity",
            "wilting_point",
        ],
    ),
    (Q::Derived, &["texture"]),
    (Q::Frozen, &["freeze_thaw", "freeze", "thaw", "ft", "frozen", "snow_ice"]),
    (Q::Precipitation, &["precipitation", "precip", "rain", "rainfall", "snow", "swe"]),
    (Q::Brightness, &["tb", "tb_v", "tb_h", "tb_3", "tb_4", "brightness_temperature"]),
    (
        Q::OtherTemperature,
        &[
            "soil_temperature",
            "air_temperature",
            "surface_temp",
            "effective_temperature",
            "teff",
            "stl1",
            "t2m",
            "skt",
        ],
    ),
    (
        Q::RelativeSoilMoisture,
        &[
            "anomaly",
            "anomalies",
            "anom",
            "ssma",
            "susma",
            "percentile",
            "wetness",
            "swi",
            "saturation",
            "smp",
            "relative",
            "index",
            "rank",
        ],
    ),
    (
        Q::DeepSoilMoisture,
        &[
            "rootzone",
            "root_zone",
            "rzsm",
            "profile",
            "susm",
            "subsurface",
            "swvl2",
            "swvl3",
            "swvl4",
            "sm_rootzone",
            "sm_profile",
        ],
    ),
    (Q::BackscatterOther, &["hh", "hv"]),
    (
        Q::SoilMoisture,
        &[
            "soil_moisture",
            "soilmoisture",
            "moisture",
            "sm",
            "ssm",
            "vsm",
            "swvl1",
            "soil_water",
            "soil_water_content",
            "volumetric_soil_water_layer_1",
            "mv",
            "smc",
        ],
    ),
];

/// Words of a whole file name that say what its one layer is. A file's name holds many other words (places, projects, methods), so that
/// only telling ones are listed.
const FILE_WORDS: &[(Q, &[&str])] = &[
    (Q::LayoverShadow, &["ls_map", "layover", "shadow"]),
    (
        Q::Flags,
        &[
            "qual_flag",
            "quality_flag",
            "surface_flag",
            "flag",
            "flags",
            "qc",
            "qa",
            "mask",
            "bordermask",
            "border_mask",
            "quality",
        ],
    ),
    (
        Q::Uncertainty,
        &[
            "uncertainty",
            "error",
            "std",
            "stddev",
            "std_dev",
            "stdev",
            "rmse",
            "variance",
            "unc",
            "half_width",
            "err",
            "sd",
            "bias",
            "uncert",
            "dqx",
            "nesz",
            "noise_floor",
        ],
    ),
    (Q::Derived, DERIVED),
    (Q::Count, &["count", "nobs", "n_obs", "looks", "enl"]),
    (Q::Angle, &["incidence", "inc_map", "incidence_angle", "lia", "angle", "local_incidence"]),
    (Q::Area, &["anf", "rtc_anf", "scattering_area"]),
    (Q::Height, &["dem", "elevation", "altitude", "dsm", "dtm"]),
    (
        Q::Interferogram,
        &["coherence", "coh", "ifg", "interferogram", "phase", "unw", "unwrapped", "wrapped", "insar"],
    ),
    (Q::Decomposition, &["entropy", "anisotropy", "ratio", "rvi", "dprvi", "crossratio"]),
    (Q::Picture, &["rgb", "browse", "quicklook", "preview", "thumbnail"]),
    (Q::Albedo, &["albedo"]),
    (Q::Water, &["water_body_fraction", "water_fraction", "static_water", "radar_water", "water_mask"]),
    (Q::LandCover, &["landcover", "land_cover", "igbp", "lulc", "worldcover"]),
    (Q::Roughness, &["roughness"]),
    (
        Q::Vegetation,
        &["vegetation", "ndvi", "evi", "lai", "vod", "vwc", "opacity", "vegetation_water_content"],
    ),
    (
        Q::Soil,
        &[
            "clay",
            "sand",
            "silt",
            "clay_fraction",
            "bulk_density",
            "porosity",
            "field_capacity",
            "wilting_point",
            "soil_texture",
        ],
    ),
    (Q::Derived, &["texture"]),
    (Q::Frozen, &["freeze_thaw", "ft"]),
    (Q::Precipitation, &["precipitation", "precip", "rain", "rainfall", "swe"]),
    (Q::Brightness, &["tb", "tb_v", "tb_h", "brightness_temperature"]),
    (Q::OtherTemperature, &["soil_temperature", "air_temperature", "effective_temperature", "teff"]),
    (
        Q::RelativeSoilMoisture,
        &[
            "anomaly",
            "anomalies",
            "anom",
            "percentile",
            "wetness",
            "swi",
            "saturation",
            "ssma",
            "susma",
            "relative",
            "soil_moisture_index",
            "rank",
        ],
    ),
    (
        Q::DeepSoilMoisture,
        &["rootzone", "root_zone", "rzsm", "susm", "subsurface", "sm_profile", "soil_moisture_profile"],
    ),
    (Q::SoilMoisture, &["soil_moisture", "soilmoisture", "sm", "ssm", "vsm", "swvl1", "sm_surface"]),
];

/// Lower-case words of a name, parted at signs and at capitals inside a word: `S1A__IW___A_2015_VV.tif` gives s1a, iw, a, 2015, vv, tif;
/// `soilMoistureUncertainty` gives soil, moisture, uncertainty.
pub(crate) fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (i, c) in characters.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = i.checked_sub(1).and_then(|b| characters.get(b));
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(char::is_ascii_lowercase)
            && characters.get(i + 1).is_some_and(char::is_ascii_lowercase);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a run of whole words stands in a name.
fn holds(joined: &str, pattern: &str) -> bool {
    joined.match_indices(pattern).any(|(at, _)| {
        let before = joined.as_bytes().get(at.wrapping_sub(1)).is_none_or(|b| *b == b'_');
        before && joined.as_bytes().get(at + pattern.len()).is_none_or(|b| *b == b'_')
    })
}

fn first(table: &[(Q, &[&str])], joined: &str) -> Option<Q> {
    table
        .iter()
        .find(|(_, patterns)| patterns.iter().any(|p| holds(joined, p)))
        .map(|(quantity, _)| *quantity)
}

/// What a short description says against the quantity that a layer's name gives: `sm`, "root zone soil moisture". Sentences of more words
/// speak of many things.
const AGAINST: &[(Q, &[&str])] = &[
    (Q::Uncertainty, &["uncertainty", "error", "standard_deviation", "std", "stddev", "rmse", "variance"]),
    (Q::Derived, &["difference", "trend", "climatology", "climatological"]),
    (Q::RelativeSoilMoisture, &["anomaly", "anomalies", "percentile", "saturation", "relative", "index"]),
    (Q::DeepSoilMoisture, &["root_zone", "rootzone", "profile", "subsurface"]),
];
/// Words of a description that is a name, not a sentence.
const SHORT: usize = 8;
/// Deepest lower end of a layer of soil that is of the surface, cm.
const SURFACE_CM: u32 = 10;

/// Soil moisture of layers that reach deeper than the radiometer sees: `soil_moisture_0_100cm`, `SoilMoi10_40cm`.
fn or_deep(quantity: Q, words: &[String]) -> Q {
    let depth = |w: &String| w.strip_suffix("cm").and_then(|n| n.parse::<u32>().ok());
    match quantity {
        Q::SoilMoisture if words.iter().filter_map(depth).any(|cm| cm > SURFACE_CM) => Q::DeepSoilMoisture,
        other => other,
    }
}

/// VV or VH: whole words, `Sigma0VV`, `VVdB`, and Earth Engine's `VV_1`. `None` where both are named, as in `VV+VH`.
fn polarisation(words: &[String]) -> Option<Q> {
    let named = |p: &str| {
        words.iter().any(|w| {
            w == p
                || w.ends_with(&format!("0{p}"))
                || w.ends_with(&format!("naught{p}"))
                || w.ends_with(&format!("nought{p}"))
                || w.strip_prefix(p).is_some_and(|rest| rest == "db")
        })
    };
    match (named("vv"), named("vh")) {
        (true, false) => Some(Q::BackscatterVv),
        (false, true) => Some(Q::BackscatterVh),
        _ => None,
    }
}

/// Land surface temperature, not what stands beside it (its quality, angles, times and emissivities).
fn is_surface_temperature(words: &[String]) -> bool {
    let beside = [
        "qc", "qa", "quality", "view", "angle", "angl", "time", "error", "err", "std", "emis", "count",
        "cloud", "clear", "number",
    ];
    let joined = words.join("_");
    (words.iter().any(|w| w == "lst")
        || joined.contains("land_surface_temp")
        || joined.contains("surface_temperature"))
        && !words.iter().any(|w| beside.contains(&w.as_str()))
}

impl Quantity {
    /// Of a layer's own name: of a dataset, of a band, or the layer's part of a file name.
    #[must_use]
    pub fn of_layer(name: &str) -> Option<Self> {
        let words = words(name);
        if is_surface_temperature(&words) {
            return Some(Q::SurfaceTemperature);
        }
        let joined = words.join("_");
        match first(WORDS, &joined) {
            // "VV" with a word that says nothing against it.
            None => polarisation(&words),
            Some(found) => Some(or_deep(found, &words)),
        }
    }

    /// What a layer's description says against what its name says.
    pub(crate) fn against(description: &str) -> Option<Self> {
        let words = words(description);
        if words.len() > SHORT { None } else { first(AGAINST, &words.join("_")) }
    }

    /// Of the only layer of a file, by the file's whole name.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        // Both polarisations in one word are what the satellite sent, not what the file holds.
        let name = name.replace("VV+VH", " ").replace("vv+vh", " ");
        let words: Vec<String> =
            words(&name).into_iter().filter(|w| !matches!(w.as_str(), "tif" | "tiff" | "nc")).collect();
        if is_surface_temperature(&words) {
            return Some(Q::SurfaceTemperature);
        }
        let joined = words.join("_");
        first(FILE_WORDS, &joined)
            .map(|found| or_deep(found, &words))
            .or_else(|| polarisation(&words))
            .or_else(|| {
                words.iter().any(|w| matches!(w.as_str(), "hh" | "hv")).then_some(Q::BackscatterOther)
            })
    }

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Q::SoilMoisture => "soil moisture",
            Q::DeepSoilMoisture => "soil moisture below the surface (root zone or profile)",
            Q::RelativeSoilMoisture => "soil moisture as an index, an anomaly or a share of saturation",
            Q::BackscatterVv => "backscatter VV",
            Q::BackscatterVh => "backscatter VH",
            Q::BackscatterOther => "backscatter HH or HV",
            Q::SurfaceTemperature => "land surface temperature",
            Q::OtherTemperature => "a temperature that is not the land surface's",
            Q::Brightness => "brightness temperature",
            Q::Flags => "flags or a mask",
            Q::Uncertainty => "an error or uncertainty",
            Q::Count => "a count",
            Q::Angle => "the incidence angle",
            Q::Area => "the scattering area",
            Q::Height => "heights of the ground (elevation)",
            Q::LayoverShadow => "a mask of layover and shadow",
            Q::Interferogram => "part of an interferogram (coherence or phase)",
            Q::Decomposition => "a ratio or decomposition of polarisations",
            Q::Albedo => "albedo",
            Q::Water => "a share of water",
            Q::Vegetation => "vegetation",
            Q::Roughness => "roughness",
            Q::LandCover => "classes of land cover",
            Q::Soil => "a property of the soil",
            Q::Frozen => "freeze and thaw",
            Q::Coordinates => "coordinates",
            Q::Time => "times",
            Q::Precipitation => "precipitation",
            Q::Picture => "a picture",
            Q::Derived => {
                "a difference, a trend, an average of years or a texture, not a measurement of the day"
            }
        }
    }

    /// Which overpass a layer's name speaks of: `..._AM_soil_moisture`, `soil_moisture_pm`.
    #[must_use]
    pub fn overpass_of(name: &str) -> Option<crate::Overpass> {
        let words = words(name);
        let has = |word: &str| words.iter().any(|w| w == word);
        match (has("am"), has("pm")) {
            (true, false) => Some(crate::Overpass::Am),
            (false, true) => Some(crate::Overpass::Pm),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_a_quantity_is_not_the_quantity() {
        for (name, quantity) in [
            ("soil_moisture", Q::SoilMoisture),
            ("soil_moisture_pm", Q::SoilMoisture),
            ("20200603_soil_moisture_am", Q::SoilMoisture),
            ("soilMoisture", Q::SoilMoisture),
            ("sm_surface", Q::SoilMoisture),
            ("swvl1", Q::SoilMoisture),
            ("soil_moisture_error", Q::Uncertainty),
            ("soilMoistureUncertainty", Q::Uncertainty),
            ("sm_uncertainty", Q::Uncertainty),
            ("half_width_90", Q::Uncertainty),
            ("soil_moisture_half_width", Q::Uncertainty),
            ("retrieval_qual_flag", Q::Flags),
            ("tb_qual_flag_v", Q::Flags),
            ("retrievalQualityFlag", Q::Flags),
            ("albedo", Q::Albedo),
            ("static_water_body_fraction", Q::Water),
            ("vegetation_water_content", Q::Vegetation),
            ("sm_rootzone", Q::DeepSoilMoisture),
            ("smp", Q::RelativeSoilMoisture),
            ("EASE_row_index", Q::Coordinates),
            ("EASEGridRowIndex", Q::Coordinates),
            ("tb_v_corrected", Q::Brightness),
            ("VV", Q::BackscatterVv),
            ("Sigma0_VH_db", Q::BackscatterVh),
            ("Gamma0VV", Q::BackscatterVv),
            ("VV_1", Q::BackscatterVv),
            ("HH", Q::BackscatterOther),
            ("angle", Q::Angle),
            ("localIncidenceAngle", Q::Angle),
            ("coh_VV_22May2020_03Jun2020", Q::Interferogram),
            ("i_ifg_VV", Q::Interferogram),
            ("LST_Day_1km", Q::SurfaceTemperature),
            ("QC_Day", Q::Flags),
            ("clay_fraction", Q::Soil),
            ("sm_trend", Q::Derived),
            ("VV_diff", Q::Derived),
            ("SM_uncert", Q::Uncertainty),
            ("SoilMoi10_40cm_soil_moisture", Q::DeepSoilMoisture),
            ("soil_moisture_0_5cm", Q::SoilMoisture),
        ] {
            assert_eq!(Quantity::of_layer(name), Some(quantity), "{name}");
        }
        for name in ["band 1", "Band1", "b1", "temperature", ""] {
            assert_eq!(Quantity::of_layer(name), None, "{name}");
        }
    }

    #[test]
    fn whole_file_names_speak_by_telling_words_only() {
        for (name, quantity) in [
            ("okc_soil_moisture_36km_20200520.tif", Q::SoilMoisture),
            ("SMAP_L4_SM_aup_input.tif", Q::SoilMoisture),
            ("soil_moisture_area_of_interest_20200603.tif", Q::SoilMoisture),
            ("S1A__IW___A_20150309T173017_VV_grd_mli_geo_norm_db.tif", Q::BackscatterVv),
            ("S1A_IW_20200603T003512_DVP_RTC30_G_gpuned_5A1C_inc_map.tif", Q::Angle),
            ("2020-06-03_Sentinel-1_IW_VV+VH_VV_-_decibel_gamma0.tiff", Q::BackscatterVv),
            ("OPERA_L2_RTC-S1_T028-059007-IW1_20231004T_mask.tif", Q::Flags),
            ("s1a_33NWB_vv_DES_007_20200108txxxxxx_BorderMask.tif", Q::Flags),
            ("iw-vh.rtc.tiff", Q::BackscatterVh),
            ("soil_moisture_index_20200603.tif", Q::RelativeSoilMoisture),
            ("okc_soil_moisture_rank_20200603.tif", Q::RelativeSoilMoisture),
            ("okc_soil_moisture_deficit_20200603.tif", Q::Derived),
            ("smap_soil_moisture_difference_20200603.tif", Q::Derived),
            ("smap_soil_moisture_climatology_20200603.tif", Q::Derived),
            ("S1_VV_change_20200603.tif", Q::Derived),
            ("S1_VV_glcm_contrast_20200603.tif", Q::Derived),
            ("soil_moisture_sd_20200603.tif", Q::Uncertainty),
            ("soil_moisture_err_20200603.tif", Q::Uncertainty),
            ("soil_moisture_dqx_20200603.tif", Q::Uncertainty),
            ("S1_VV_nesz_20200603.tif", Q::Uncertainty),
            ("soil_moisture_count_20200603.tif", Q::Count),
            ("S1_VV_looks_20200603.tif", Q::Count),
            ("soil_moisture_quality_20200603.tif", Q::Flags),
            ("soil_moisture_wilting_point_20200603.tif", Q::Soil),
            ("soil_moisture_profile_20200603.tif", Q::DeepSoilMoisture),
            ("soil_moisture_0_100cm_20200603.tif", Q::DeepSoilMoisture),
            ("soil_moisture_0_5cm_20200603.tif", Q::SoilMoisture),
        ] {
            assert_eq!(Quantity::of_file(name), Some(quantity), "{name}");
        }
        assert_eq!(Quantity::of_file("Spain_7370579_S1Hand.tif"), None);
        assert_eq!(
            Quantity::of_file("S1A_IW_SLC__1SDV_20200522T003511_VV_VH_TC.tif"),
            None,
            "both are named"
        );
    }

    #[test]
    fn land_surface_temperature_is_told_from_what_stands_beside_it() {
        for name in [
            "LST_Day_1km",
            "LST_1KM",
            "MOD11A1.061_LST_Night_1km_doy2020153_aid0001.tif",
            "land_surface_temperature",
        ] {
            assert!(Quantity::of_layer(name) == Some(Q::SurfaceTemperature), "{name}");
        }
        for name in [
            "QC_Day",
            "MOD11A1.061_LST_Day_1km_QC.tif",
            "Day_view_time",
            "Emis_31",
            "LST_error",
            "plasticity",
            "blst.tif",
        ] {
            assert!(Quantity::of_layer(name) != Some(Q::SurfaceTemperature), "{name}");
        }
    }

    #[test]
    fn overpasses_stand_in_layer_names() {
        use crate::Overpass::{Am, Pm};
        assert_eq!(Quantity::overpass_of("Soil_Moisture_Retrieval_Data_PM_soil_moisture_pm"), Some(Pm));
        assert_eq!(Quantity::overpass_of("20200603_soil_moisture_am"), Some(Am));
        assert_eq!(Quantity::overpass_of("soil_moisture"), None);
    }
}
