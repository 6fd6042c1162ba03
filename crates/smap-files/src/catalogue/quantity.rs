//! What a layer is of, told by words: of its own name, its long name, or the layer's part of a file name. Never by its values.

mod tables;

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
    /// Moisture of something else than the volume of soil: of plants, of fuel, by weight, what a soil can hold.
    OtherMoisture,
    /// Backscatter, co-polarised.
    BackscatterVv,
    /// Backscatter, cross-polarised.
    BackscatterVh,
    /// Backscatter sent or received horizontally alone: HH, HV.
    BackscatterOther,
    /// Backscatter of another radar than Sentinel-1: another band.
    OtherRadar,
    /// Radar brightness beta0: per area in slant range, neither sigma0 nor gamma0.
    RadarBrightness,
    /// Noise of the radar.
    Noise,
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

use tables::{AGAINST, FILE_WORDS, NOISE_REMOVED, OTHER_RADARS, WORDS};

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

/// Words of a description that is a name, not a sentence.
const SHORT: usize = 8;
/// Deepest lower end of a layer of soil that is of the surface, cm.
const SURFACE_CM: u32 = 10;

/// Soil moisture of layers that reach deeper than the radiometer sees: `soil_moisture_0_100cm`, `SoilMoi10_40cm`.
fn or_deep(quantity: Q, words: &[String]) -> Q {
    // `40cm`, and `40 cm`.
    let depth = |(n, w): (usize, &String)| {
        let number = w.strip_suffix("cm")?;
        let number = if number.is_empty() { words.get(n.checked_sub(1)?)? } else { number };
        number.parse::<u32>().ok()
    };
    match quantity {
        Q::SoilMoisture if words.iter().enumerate().filter_map(depth).any(|cm| cm > SURFACE_CM) => {
            Q::DeepSoilMoisture
        }
        other => other,
    }
}

/// VV or VH: whole words, `Sigma0VV`, `VVdB`, and Earth Engine's `VV_1`; of beta0 or noise these. `None` where both are named, as in `VV+VH`.
fn polarisation(words: &[String]) -> Option<Q> {
    if words.iter().any(|w| ["beta0", "betanought", "betanaught"].iter().any(|b| w.starts_with(b))) {
        return Some(Q::RadarBrightness);
    }
    let noise = |w: &String| matches!(w.as_str(), "noise" | "nesz" | "nesn");
    if words.iter().any(noise) && !words.iter().any(|w| NOISE_REMOVED.contains(&w.as_str())) {
        return Some(Q::Noise);
    }
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
    #[rustfmt::skip]
    let beside = [
        "qc", "qa", "quality", "view", "angle", "angl", "time", "error", "err", "std", "emis", "count", "cloud", "clear", "number", "unc",
        "uncert", "uncertainty", "flag", "flags", "mask", "anomaly", "anomalies", "anom", "diff", "difference", "trend", "amplitude", "range",
        "climatology", "slope", "sea", "ocean", "lake", "water",
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
        let deep = || (or_deep(Q::SoilMoisture, &words) != Q::SoilMoisture).then_some(Q::DeepSoilMoisture);
        if words.len() > SHORT { None } else { first(AGAINST, &words.join("_")).or_else(deep) }
    }

    /// What backscatter is by its file's name: bands of one name, VV, are other quantities to radars of another wavelength.
    pub(crate) fn of_radar(self, file: &str) -> Self {
        let is_backscatter = matches!(self, Q::BackscatterVv | Q::BackscatterVh);
        let of_another = || words(file).iter().any(|w| OTHER_RADARS.contains(&w.as_str()));
        if is_backscatter && of_another() { Q::OtherRadar } else { self }
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
            .or_else(|| polarisation(&words).map(|found| found.of_radar(&name)))
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
            Q::OtherMoisture => {
                "moisture by weight, of plants or of what a soil can hold, not by volume of soil"
            }
            Q::OtherRadar => "backscatter of another radar than Sentinel-1",
            Q::BackscatterVv => "backscatter VV",
            Q::BackscatterVh => "backscatter VH",
            Q::BackscatterOther => "backscatter HH or HV",
            Q::RadarBrightness => "radar brightness beta0, which is neither sigma0 nor gamma0",
            Q::Noise => "noise of the radar",
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
                "a difference, a trend, an extreme, an average of years or a texture, not a measurement of the day"
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
            ("volume_fraction_of_condensed_water_in_soil", Q::SoilMoisture),
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
            ("Beta0_VV", Q::RadarBrightness),
            ("Beta0VV", Q::RadarBrightness),
            ("noise_VV", Q::Noise),
            ("Sigma0_VV_noise_removed", Q::BackscatterVv),
            ("HH", Q::BackscatterOther),
            ("angle", Q::Angle),
            ("localIncidenceAngle", Q::Angle),
            ("coh_VV_22May2020_03Jun2020", Q::Interferogram),
            ("i_ifg_VV", Q::Interferogram),
            ("LST_Day_1km", Q::SurfaceTemperature),
            ("QC_Day", Q::Flags),
            ("clay_fraction", Q::Soil),
            ("sm_trend", Q::Derived),
            ("soil_moisture_p90", Q::Derived),
            ("sm_surface_analysis_ensstd", Q::Uncertainty),
            ("VV_slope", Q::Derived),
            ("VH_contrast", Q::Derived),
            ("soil_moisture_clim", Q::Derived),
            ("VV_cv", Q::Uncertainty),
            ("VV_diff", Q::Derived),
            ("SM_uncert", Q::Uncertainty),
            ("SoilMoi10_40cm_soil_moisture", Q::DeepSoilMoisture),
            ("soil_moisture_0_5cm", Q::SoilMoisture),
            ("volumetric_soil_water_layer_1", Q::SoilMoisture),
            ("volumetric_soil_water_layer_2", Q::DeepSoilMoisture),
            ("Volumetric soil water layer 4", Q::DeepSoilMoisture),
            ("live_fuel_moisture", Q::OtherMoisture),
            ("gravimetric_soil_moisture", Q::OtherMoisture),
            ("soil_moisture_available", Q::OtherMoisture),
            ("soil_moisture_root", Q::DeepSoilMoisture),
            ("deep_soil_moisture", Q::DeepSoilMoisture),
            ("soil_moisture_1m", Q::DeepSoilMoisture),
            ("Soil moisture 10-40 cm", Q::DeepSoilMoisture),
            ("Soil moisture 0-5 cm (cm^3/cm^3)", Q::SoilMoisture),
            ("soil_moisture_max", Q::Derived),
            ("sm_correlation", Q::Derived),
            ("soil_moisture_stress", Q::Derived),
            ("VV_savg", Q::Derived),
            ("VV_corr", Q::Derived),
            ("VV_min", Q::Derived),
            ("VV_mean", Q::BackscatterVv),
            ("sm_noise", Q::Uncertainty),
            ("sm_fc", Q::Soil),
            ("soil_moisture_norm", Q::RelativeSoilMoisture),
            ("Sigma0_VV_norm", Q::BackscatterVv),
            ("VV_COH12", Q::Interferogram),
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
            ("S1A_Beta0_VV_20200603.tif", Q::RadarBrightness),
            ("S1_VV_noise_20200603.tif", Q::Noise),
            ("S1A_IW_VV_thermal_noise_removed_20200603.tif", Q::BackscatterVv),
            ("soil_moisture_count_20200603.tif", Q::Count),
            ("S1_VV_looks_20200603.tif", Q::Count),
            ("soil_moisture_quality_20200603.tif", Q::Flags),
            ("soil_moisture_wilting_point_20200603.tif", Q::Soil),
            ("soil_moisture_profile_20200603.tif", Q::DeepSoilMoisture),
            ("soil_moisture_0_100cm_20200603.tif", Q::DeepSoilMoisture),
            ("soil_moisture_0_5cm_20200603.tif", Q::SoilMoisture),
            ("gravimetric_soil_moisture_20200603.tif", Q::OtherMoisture),
            ("plant_available_soil_moisture_20200603.tif", Q::OtherMoisture),
            ("soil_moisture_saturated_20200603.tif", Q::OtherMoisture),
            ("fuel_moisture_20200603.tif", Q::OtherMoisture),
            ("ALOS2_VV_20200603.tif", Q::OtherRadar),
            ("RADARSAT2_VV_20200603.tif", Q::OtherRadar),
            ("S1A_20200603_VV_zscore.tif", Q::Derived),
            ("S1A_20200603_VV_class.tif", Q::LandCover),
            ("SIG0-HPAR-C1_20200603T035100__VV_D022_E048N018T3_EU020M_V1M0R1_S1.tif", Q::Derived),
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
            "LST_anomaly",
            "sea_surface_temperature",
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
