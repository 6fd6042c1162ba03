//! File names of simulated layers. They start with `SIMULATED`, so that no listing can take them for observations, and go on like the
//! product they stand for (formats.md 2.1, 2.2), so that dates can be read from them.

use jiff::civil::Date;

use smap_files::Overpass;

/// The word every simulated file's name starts with.
pub const PREFIX: &str = "SIMULATED_";

fn digits(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// 36 km footprints of one overpass: `SIMULATED_SMAP_L3_SM_P_20160101_AM.tif`.
#[must_use]
pub fn coarse(date: Date, overpass: Overpass) -> String {
    let overpass = match overpass {
        Overpass::Am => "AM",
        Overpass::Pm => "PM",
    };
    format!("{PREFIX}SMAP_L3_SM_P_{}_{overpass}.tif", digits(date))
}

/// 3 km map: `SIMULATED_SMAP_L2_SM_SP_20160105.tif`.
#[must_use]
pub fn fine(date: Date) -> String {
    format!("{PREFIX}SMAP_L2_SM_SP_{}.tif", digits(date))
}

/// Land surface temperature: `SIMULATED_LST_20160105.tif`.
#[must_use]
pub fn surface(date: Date) -> String {
    format!("{PREFIX}LST_{}.tif", digits(date))
}

/// Backscatter of one polarisation: `SIMULATED_S1_IW_20160105_VV.tif`.
#[must_use]
pub fn backscatter(date: Date, polarisation: &str) -> String {
    format!("{PREFIX}S1_IW_{}_{polarisation}.tif", digits(date))
}

/// The truth, for studies of the method itself: `SIMULATED_TRUTH_20160105.tif`.
#[must_use]
pub fn truth(date: Date) -> String {
    format!("{PREFIX}TRUTH_{}.tif", digits(date))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn names_are_as_documented() {
        let day = date(2016, 1, 5);
        assert_eq!(coarse(day, Overpass::Am), "SIMULATED_SMAP_L3_SM_P_20160105_AM.tif");
        assert_eq!(coarse(day, Overpass::Pm), "SIMULATED_SMAP_L3_SM_P_20160105_PM.tif");
        assert_eq!(fine(day), "SIMULATED_SMAP_L2_SM_SP_20160105.tif");
        assert_eq!(backscatter(day, "VV"), "SIMULATED_S1_IW_20160105_VV.tif");
        assert_eq!(surface(day), "SIMULATED_LST_20160105.tif");
        assert_eq!(truth(day), "SIMULATED_TRUTH_20160105.tif");
    }
}
