//! Published 256-entry colour tables, safe for colour-blind eyes.
//!
//! The tables are data of their authors, written by `tests/reference/make_colormaps.py` into `colormaps.bin`; nothing is
//! interpolated here. The default runs from pale brown (dry) to dark blue (wet) with lightness falling all the way, so that it also
//! reads in grey print.

/// What a colour map is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapUse {
    /// Low to high.
    Sequential,
    /// Below and above a centre.
    Diverging,
}

/// A colour map: a published table, read forwards or backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColourMap {
    /// Used in links: `lapaz`.
    pub key: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it is made for.
    pub made_for: MapUse,
    /// Author and licence.
    pub credit: &'static str,
    index: usize,
    reversed: bool,
}

static TABLES: &[u8; 7 * 768] = include_bytes!("colormaps.bin");

const CRAMERI: &str = "F. Crameri, Scientific colour maps, MIT";
const CMOCEAN: &str = "K. Thyng et al., cmocean, MIT";
const MATPLOTLIB: &str = "matplotlib, PSF-based licence";

/// All colour maps, the default of soil moisture first. `lapaz` and `roma` are read so that wet is blue.
pub static COLOUR_MAPS: [ColourMap; 7] = [
    ColourMap {
        key: "lapaz",
        name: "lapaz (brown to blue)",
        made_for: MapUse::Sequential,
        credit: CRAMERI,
        index: 0,
        reversed: true,
    },
    ColourMap {
        key: "rain",
        name: "rain",
        made_for: MapUse::Sequential,
        credit: CMOCEAN,
        index: 1,
        reversed: false,
    },
    ColourMap {
        key: "cividis",
        name: "cividis",
        made_for: MapUse::Sequential,
        credit: MATPLOTLIB,
        index: 2,
        reversed: true,
    },
    ColourMap {
        key: "viridis",
        name: "viridis",
        made_for: MapUse::Sequential,
        credit: MATPLOTLIB,
        index: 3,
        reversed: true,
    },
    ColourMap {
        key: "roma",
        name: "roma (two-ended)",
        made_for: MapUse::Diverging,
        credit: CRAMERI,
        index: 4,
        reversed: false,
    },
    ColourMap {
        key: "vik",
        name: "vik",
        made_for: MapUse::Diverging,
        credit: CRAMERI,
        index: 5,
        reversed: true,
    },
    ColourMap {
        key: "balance",
        name: "balance",
        made_for: MapUse::Diverging,
        credit: CMOCEAN,
        index: 6,
        reversed: true,
    },
];

impl ColourMap {
    /// By key.
    #[must_use]
    pub fn find(key: &str) -> Option<&'static Self> {
        COLOUR_MAPS.iter().find(|m| m.key == key)
    }

    /// The default of soil moisture.
    #[must_use]
    pub fn moisture() -> &'static Self {
        &COLOUR_MAPS[0]
    }

    /// The default of differences: negative (drier) red-brown, positive (wetter) blue.
    #[must_use]
    pub fn difference() -> &'static Self {
        &COLOUR_MAPS[5]
    }

    /// The n-th of 256 colours.
    #[must_use]
    pub fn colour(&self, entry: u8) -> [u8; 3] {
        let entry = usize::from(if self.reversed { 255 - entry } else { entry });
        let at = self.index * 768 + entry * 3;
        [TABLES[at], TABLES[at + 1], TABLES[at + 2]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE lightness L* of an sRGB colour.
    fn lightness(rgb: [u8; 3]) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        let y = 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
        if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
    }

    /// Spot values of the published tables (matplotlib `_cm_listed.py`, cmocean `rain-rgb.txt`, Crameri `lapaz.txt`).
    #[test]
    fn tables_hold_the_published_colours() {
        let raw = |key: &str, entry: usize| {
            let map = ColourMap::find(key).map(|m| m.index).unwrap_or(99);
            let at = map * 768 + entry * 3;
            [TABLES[at], TABLES[at + 1], TABLES[at + 2]]
        };
        assert_eq!(raw("viridis", 0), [68, 1, 84]);
        assert_eq!(raw("viridis", 255), [253, 231, 37]);
        assert_eq!(raw("cividis", 0), [0, 34, 78]);
        assert_eq!(raw("rain", 0), [238, 237, 243]);
        assert_eq!(raw("lapaz", 0), [26, 12, 100]);
    }

    #[test]
    fn sequential_maps_darken_all_the_way_from_dry_to_wet() {
        for map in COLOUR_MAPS.iter().filter(|m| m.made_for == MapUse::Sequential) {
            let l: Vec<f64> = (0..=255u8).map(|i| lightness(map.colour(i))).collect();
            // Rounding to 8 bits may hold a step still, and may turn it back by less than the eye sees.
            assert!(l.windows(2).all(|w| w[1] <= w[0] + 0.35), "{}", map.key);
            assert!(l[0] - l[255] > 60.0, "{}: {} to {}", map.key, l[0], l[255]);
            assert!((0..255 - 16).all(|i| l[i + 16] < l[i] - 1.0), "{} has a flat stretch", map.key);
        }
    }

    #[test]
    fn the_default_runs_from_brown_to_blue() {
        let [r, _, b] = ColourMap::moisture().colour(30);
        assert!(r > b, "dry is brown");
        let [r, _, b] = ColourMap::moisture().colour(220);
        assert!(b > r, "wet is blue");
    }

    #[test]
    fn differences_are_lightest_in_the_middle_and_blue_where_wetter() {
        for key in ["vik", "balance"] {
            let Some(map) = ColourMap::find(key) else { panic!("{key}") };
            let l = |i| lightness(map.colour(i));
            assert!(l(128) > 85.0 && l(0) < 30.0 && l(255) < 30.0, "{key}: {} {} {}", l(0), l(128), l(255));
            let [r, _, b] = map.colour(200);
            assert!(b > r, "{key}: wetter is blue");
        }
    }
}
