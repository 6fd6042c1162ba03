//! Files that Loam itself wrote, told by their metadata: `loam_...` items of a GeoTIFF, attributes of a NetCDF file. An estimate that is
//! opened again is never taken for a product.

use crate::Role;
use crate::catalogue::Quantity;

/// Name prefix of Loam's own metadata. An underscore: GDAL takes a colon for the end of a name.
pub const OWN_PREFIX: &str = "loam_";
/// Name of the variable that holds the maps of soil moisture in a NetCDF cube.
pub const OWN_MAP: &str = "soil_moisture";
/// Name of the band or variable beside an estimate of Loam's that holds half the width of its 90 % interval.
pub const OWN_HALF_WIDTH: &str = "half_width_90";
/// Name of the band beside an estimate of Loam's that holds how uncertain the reference's product says the reference is.
pub const OWN_REFERENCE_UNCERTAINTY: &str = "reference_uncertainty";
/// Name of the band or variable that says why a cell has no value.
pub const OWN_FLAG: &str = "quality_flag";

/// What a file says of itself, by Loam's own names.
pub(crate) struct Own {
    product: Option<String>,
    model: Option<String>,
    weights: Option<String>,
}

impl Own {
    /// Of an estimate; `None` for any other file. `value` gives the text behind a key without its prefix. Files written before there was a
    /// kind say it in their product. A kind that a later version knows is no input either.
    pub fn of_estimate(value: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let own = Self { product: value("product"), model: value("model"), weights: value("weights") };
        let by_product = || own.product.as_ref().is_some_and(|product| product.contains("estimate"));
        value("kind").map_or_else(by_product, |kind| kind != "scene").then_some(own)
    }

    /// What a layer of an estimate is and how that is known: (role, quantity, evidence). What stands beside the estimate is told by its name,
    /// wherever another program has put it; `is_map`: the layer stands where the estimate does.
    pub fn layer(&self, name: Option<&str>, is_map: bool) -> (Role, Option<Quantity>, String) {
        match name {
            Some(OWN_HALF_WIDTH) => (
                Role::Other,
                Some(Quantity::Uncertainty),
                "half-width of the 90 % interval of a map that Loam made, by its name: not used".to_owned(),
            ),
            Some(OWN_REFERENCE_UNCERTAINTY) => (
                Role::Other,
                Some(Quantity::Uncertainty),
                "the reference's own uncertainty beside a map that Loam made, by its name: not used"
                    .to_owned(),
            ),
            Some(OWN_FLAG) => {
                (Role::Other, None, "flags of a map that Loam made, by their name: not used".to_owned())
            }
            _ => {
                let moisture =
                    self.product.as_ref().is_some_and(|product| product.starts_with("soil moisture"));
                let role = if moisture && is_map { Role::SoilMoisture } else { Role::Other };
                (role, None, "a map that Loam made, by its tags".to_owned())
            }
        }
    }

    /// What the user should know.
    pub fn problem(&self) -> String {
        let made_by: Vec<&str> =
            [&self.model, &self.weights].into_iter().flatten().map(String::as_str).collect();
        let made_by = if made_by.is_empty() { String::new() } else { format!(" ({})", made_by.join(", ")) };
        format!(
            "Loam made this map{made_by}, so it is no reference, no history and no training target. To use it all the same, choose 3 km map for it \
             by hand (--fine on the command line): scores and exports then say so"
        )
    }
}
