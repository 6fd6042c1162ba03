//! Names inside SMAP files: the same dataset has many, so datasets are matched by stem.

use crate::{Overpass, Product, Role, Variable};
use ease_grid::Resolution;

/// A dataset's name without its decorations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stem {
    /// Lower case, without `_3km`, `_1km`, `_pm`, `_am`, `_apm`, `disagg_` and `.Bands_01`.
    pub stem: String,
    /// Resolution of the suffix.
    pub resolution: Option<Resolution>,
    /// Overpass of the suffix.
    pub overpass: Option<Overpass>,
    /// `_apm`: the nearest of the AM and PM overpasses.
    pub apm: bool,
    /// `disagg_`, of versions 1 and 2.
    pub disaggregated: bool,
}

/// Takes a dataset's name apart.
pub(crate) fn stem(name: &str) -> Stem {
    let mut rest = name.to_ascii_lowercase();
    if let Some(at) = rest.find(".bands_") {
        rest.truncate(at);
    }
    let mut out =
        Stem { stem: String::new(), resolution: None, overpass: None, apm: false, disaggregated: false };
    loop {
        let before = rest.len();
        let mut cut = |suffix: &str, set: &mut dyn FnMut(&mut Stem)| {
            if let Some(shorter) = rest.strip_suffix(suffix).map(str::len) {
                rest.truncate(shorter);
                set(&mut out);
            }
        };
        cut("_3km", &mut |s| s.resolution = Some(Resolution::M03));
        cut("_1km", &mut |s| s.resolution = Some(Resolution::M01));
        cut("_apm", &mut |s| s.apm = true);
        cut("_pm", &mut |s| s.overpass = Some(Overpass::Pm));
        cut("_am", &mut |s| s.overpass = Some(Overpass::Am));
        if rest.len() == before {
            break;
        }
    }
    if let Some(shorter) = rest.strip_prefix("disagg_") {
        out.disaggregated = true;
        rest = shorter.to_owned();
    }
    out.stem = rest;
    out
}

/// How good a candidate a dataset is for "the" soil moisture of its group, 0 the best; `None` for anything else.
pub(crate) fn soil_moisture_rank(name: &str, product: Product) -> Option<u32> {
    let name = stem(name);
    if product == Product::Spl4 {
        // The surface (0-5 cm) is what the radiometer sees; root zone and profile only where a file holds nothing else.
        let order = [
            "sm_surface",
            "sm_surface_analysis",
            "sm_surface_forecast",
            "sm_rootzone",
            "sm_rootzone_analysis",
            "sm_profile",
            "sm_profile_analysis",
        ];
        return order.iter().position(|o| *o == name.stem).and_then(|p| u32::try_from(p).ok());
    }
    // The baseline before `_apm` before v1/v2's `disagg_..._apm`: the quality flag belongs to the baseline.
    (name.stem == "soil_moisture").then(|| u32::from(name.apm) + 2 * u32::from(name.disaggregated))
}

/// Polarisation of a brightness temperature dataset and how good a candidate it is, 0 the best: the radar's 9 km field, then the
/// radiometer's, corrected for water. What is not corrected and the third and fourth Stokes parameters are not used.
pub(crate) fn brightness_rank(name: &str) -> Option<(Role, u32)> {
    Some(match stem(name).stem.as_str() {
        "tb_v_disaggregated" => (Role::BrightnessV, 0),
        "tb_h_disaggregated" => (Role::BrightnessH, 0),
        "tb_v_corrected" => (Role::BrightnessV, 1),
        "tb_h_corrected" => (Role::BrightnessH, 1),
        _ => return None,
    })
}

/// Stems of the quality flags that may belong to a dataset, the likeliest first.
pub(crate) fn quality_flags(name: &str) -> Vec<String> {
    match brightness_rank(name) {
        // NISAR writes it in one word.
        None => vec!["retrieval_qual_flag".to_owned(), "retrievalqualityflag".to_owned()],
        Some((role, rank)) => {
            let p = if role == Role::BrightnessV { 'v' } else { 'h' };
            // SPL3SMAP, SPL2SMAP and SPL2SMAP_S each spell the radar product's flag in their own way.
            let radar = [
                format!("tb_{p}_disaggregated_qual_flag"),
                format!("disaggregated_tb_{p}_qual_flag"),
                format!("disaggregated_tb_{p}_qual_flag_option1"),
            ];
            if rank == 0 { radar.into() } else { vec![format!("tb_qual_flag_{p}")] }
        }
    }
}

/// Overpass of a group: `..._AM`, `..._Polar_PM`.
pub(crate) fn group_overpass(group: &str) -> Option<Overpass> {
    let last = group.rsplit('/').next().unwrap_or(group).to_ascii_uppercase();
    if last.ends_with("_AM") {
        Some(Overpass::Am)
    } else if last.ends_with("_PM") {
        Some(Overpass::Pm)
    } else {
        None
    }
}

/// Resolution of a group's name: `..._3km`.
pub(crate) fn group_resolution(group: &str) -> Option<Resolution> {
    stem(group.rsplit('/').next().unwrap_or(group)).resolution
}

/// Grid of a product's arrays that carry no suffix.
pub(crate) fn product_resolution(product: Product, short_name: Option<&str>) -> Option<Resolution> {
    match product {
        Product::Spl3smp | Product::Spl2smp => Some(Resolution::M36),
        Product::Spl3smpE | Product::Spl2smpE | Product::Spl4 => Some(Resolution::M09),
        Product::SmapOther => match short_name?.to_ascii_uppercase().as_str() {
            "SPL2SMA" | "L2_SM_A" | "SPL3SMA" | "L3_SM_A" | "SPL3FTA" | "L3_FT_A" => Some(Resolution::M03),
            "SPL2SMAP" | "L2_SM_AP" | "SPL3SMAP" | "L3_SM_AP" | "SPL3FTP_E" | "L3_FT_P_E" | "SPL1CTB_E"
            | "L1C_TB_E" => Some(Resolution::M09),
            "SPL3FTP" | "L3_FT_P" | "SPL1CTB" | "L1C_TB" => Some(Resolution::M36),
            _ => None,
        },
        _ => None,
    }
}

impl Variable {
    /// What it is of, in the product's words: its name in lower case without groups, resolution and overpass (`sm_surface_analysis`).
    #[must_use]
    pub fn quantity(&self) -> String {
        stem(self.path.rsplit('/').next().unwrap_or(&self.path)).stem
    }

    /// Soil moisture of SPL4's root zone or profile, not of the surface (0 to 5 cm) that the radiometer sees.
    #[must_use]
    pub fn is_below_surface(&self) -> bool {
        let quantity = self.quantity();
        self.role == Role::SoilMoisture
            && (quantity.starts_with("sm_rootzone") || quantity.starts_with("sm_profile"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_soil_moisture_is_found_and_ranked() {
        let rank = |name| soil_moisture_rank(name, Product::Spl2smapS);
        assert_eq!(rank("soil_moisture_3km"), Some(0));
        assert_eq!(rank("soil_moisture_apm_3km"), Some(1));
        assert_eq!(rank("disagg_soil_moisture_apm_3km"), Some(3));
        assert_eq!(rank("soil_moisture_1km"), Some(0));
        assert_eq!(rank("soil_moisture_pm"), Some(0));
        for other in [
            "soil_moisture_std_dev_3km",
            "soil_moisture_error",
            "soil_moisture_scah_pm",
            "soil_moisture_dca",
            "albedo_3km",
        ] {
            assert_eq!(rank(other), None, "{other}");
        }
        assert!(
            soil_moisture_rank("sm_surface_analysis", Product::Spl4)
                < soil_moisture_rank("sm_profile_analysis", Product::Spl4)
        );
    }

    #[test]
    fn brightness_and_its_flags() {
        assert_eq!(brightness_rank("tb_v_corrected_pm"), Some((Role::BrightnessV, 1)));
        assert_eq!(brightness_rank("tb_h_disaggregated"), Some((Role::BrightnessH, 0)));
        for other in [
            "tb_v_uncorrected",
            "tb_3_corrected",
            "tb_v_disaggregated_std",
            "tb_time_seconds",
            "tb_qual_flag_v",
        ] {
            assert_eq!(brightness_rank(other), None, "{other}");
        }
        assert_eq!(quality_flags("tb_h_corrected_pm"), ["tb_qual_flag_h"]);
        assert_eq!(quality_flags("tb_v_disaggregated_3km")[1], "disaggregated_tb_v_qual_flag");
        assert_eq!(quality_flags("soil_moisture_pm")[0], "retrieval_qual_flag");
    }

    #[test]
    fn suffixes_are_read() {
        let s = stem("EASE_row_index_apm_3km");
        assert_eq!((s.stem.as_str(), s.resolution, s.apm), ("ease_row_index", Some(Resolution::M03), true));
        let s = stem("retrieval_qual_flag_pm");
        assert_eq!((s.stem.as_str(), s.overpass), ("retrieval_qual_flag", Some(Overpass::Pm)));
        assert_eq!(stem("altitude_dem.Bands_01").stem, "altitude_dem");
        assert_eq!(group_overpass("/Soil_Moisture_Retrieval_Data_Polar_PM"), Some(Overpass::Pm));
        assert_eq!(group_resolution("/Soil_Moisture_Retrieval_Data_1km"), Some(Resolution::M01));
    }
}
