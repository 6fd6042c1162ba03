//! The cells of the SMAP product that a file's name speaks of: a radiometer's map that was resampled is no sharper for it.

use crate::{Granule, Problem, Product, Role, Variable};

/// Words of names that say that finer cells were made of a product's.
const SHARPENED: [&str; 7] = ["3km", "1km", "downscal", "disaggregat", "sharpen", "_sp_", "smap_s"];

/// The cells of the product that a name says, of the radiometer or of the model behind it.
fn radiometer(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if SHARPENED.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let says = |names: &[&str]| names.iter().any(|name| lower.contains(name));
    if says(&["spl3smp_e", "spl2smp_e", "spl4sm", "_l3_sm_p_e", "_l2_sm_p_e", "_l4_sm"]) {
        Some("9 km")
    } else if says(&["spl3smp", "spl2smp", "_l3_sm_p_", "_l2_sm_p_"]) {
        Some("36 km")
    } else {
        None
    }
}

/// The same of a file that is none of SMAP's own, whose cells are known.
fn made_of(granule: &Granule) -> Option<&'static str> {
    let exported = matches!(granule.product, Product::SoilMoistureGeoTiff | Product::OtherSoilMoisture);
    radiometer(&granule.file).filter(|_| exported)
}

impl Granule {
    /// Whether a layer is coarse: by its cells, or because it was made of coarse ones. A radiometer's map on a finer grid shows no more.
    #[must_use]
    pub fn is_coarse_input(&self, variable: &Variable) -> bool {
        variable.is_coarse() || made_of(self).is_some()
    }
}

/// Says of a map on finer cells than its product's on which it counts.
pub(crate) fn note_resampled(granule: &mut Granule) {
    let is_finer = |v: &Variable| v.role == Role::SoilMoisture && v.grid.is_some() && !v.is_coarse();
    if let Some(cells) = made_of(granule).filter(|_| granule.variables.iter().any(is_finer)) {
        let text = format!(
            "its name says a SMAP product with cells of {cells}: it counts as coarse input, though its own cells are finer. If it was really \
             sharpened to 3 km, choose \"3 km map\" under Correct, or --fine on the command line"
        );
        granule.problems.push(Problem { text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_the_radiometer_are_told_by_name() {
        for (name, cells) in [
            (
                "SPL3SMP_E.006_Soil_Moisture_Retrieval_Data_AM_soil_moisture_doy2020155_aid0001.tif",
                Some("9 km"),
            ),
            (
                "SPL3SMP.008_Soil_Moisture_Retrieval_Data_AM_soil_moisture_doy2020155_aid0001.tif",
                Some("36 km"),
            ),
            ("SMAP_L3_SM_P_E_20200603_R18290_001_warped.tif", Some("9 km")),
            ("SMAP_L3_SM_P_20200603_R18290_001_clip.tif", Some("36 km")),
            ("SMAP_L4_SM_gph_20200603T013000_Vv7032_001_sm_surface.tif", Some("9 km")),
            ("SPL3SMP_E_downscaled_20200603.tif", None),
            ("SMAP_L3_SM_P_E_20200603_3km.tif", None),
            ("SPL2SMAP_S_20200603.tif", None),
            ("SMAP_L2_SM_SP_1AIWDV_20200602T123000.tif", None),
            ("soil_moisture_20200603.tif", None),
        ] {
            assert_eq!(radiometer(name), cells, "{name}");
        }
    }
}
