//! The cells of the SMAP product that a file's name speaks of: a radiometer's map that was resampled is no sharper for it.

use ease_grid::Resolution;

use crate::{Granule, Problem, Product, Role};

/// Words of names that say that finer cells were made of a product's.
const SHARPENED: [&str; 7] = ["3km", "1km", "downscal", "disaggregat", "sharpen", "_sp_", "smap_s"];
/// Metres of a degree of latitude.
const DEGREE: f64 = 111_320.0;
/// Cells of at most this many metres are finer than any of the radiometer's products.
const FINE: f64 = 6_000.0;

/// 36 or 9 km, where a name says a product of the radiometer or of its model.
fn radiometer(name: &str) -> Option<Resolution> {
    let lower = name.to_ascii_lowercase();
    if SHARPENED.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let says = |names: &[&str]| names.iter().any(|name| lower.contains(name));
    if says(&["spl3smp_e", "spl2smp_e", "spl4sm", "_l3_sm_p_e", "_l2_sm_p_e", "_l4_sm"]) {
        Some(Resolution::M09)
    } else if says(&["spl3smp", "spl2smp", "_l3_sm_p_", "_l2_sm_p_"]) {
        Some(Resolution::M36)
    } else {
        None
    }
}

impl Granule {
    /// The cells (36 or 9 km) of the radiometer's product that its name says it was made of, of a file that is none of SMAP's own.
    #[must_use]
    pub fn resampled_from(&self) -> Option<Resolution> {
        let exported = matches!(self.product, Product::SoilMoistureGeoTiff | Product::OtherSoilMoisture);
        radiometer(&self.file).filter(|_| exported)
    }
}

/// Says of a map on finer cells than its product's on which it counts.
pub(crate) fn note_resampled(granule: &mut Granule) {
    let Some(cells) = granule.resampled_from() else { return };
    let metres =
        |grid: &ease_grid::Grid| grid.cell_y.abs() * if grid.crs.epsg() == Some(4326) { DEGREE } else { 1.0 };
    let fine =
        granule.variables.iter().filter(|v| v.role == Role::SoilMoisture).filter_map(|v| v.grid.as_ref());
    if fine.clone().any(|grid| metres(grid) < FINE) {
        let text = format!(
            "its name says a SMAP product of cells of {}: it counts as coarse input, though its own cells are finer. If it was really \
             sharpened to 3 km, choose \"3 km map\" under Correct, or --fine on the command line",
            cells.name()
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
                Some(Resolution::M09),
            ),
            (
                "SPL3SMP.008_Soil_Moisture_Retrieval_Data_AM_soil_moisture_doy2020155_aid0001.tif",
                Some(Resolution::M36),
            ),
            ("SMAP_L3_SM_P_E_20200603_R18290_001_warped.tif", Some(Resolution::M09)),
            ("SMAP_L3_SM_P_20200603_R18290_001_clip.tif", Some(Resolution::M36)),
            ("SMAP_L4_SM_gph_20200603T013000_Vv7032_001_sm_surface.tif", Some(Resolution::M09)),
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
