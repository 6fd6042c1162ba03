//! Why a cell has no value, as bits: the flag band of a GeoTIFF and the flag variable of a NetCDF cube.
//!
//! One bit a reason, as in SMAP's own surface flags; 0 where the value counts.

use ease_grid::{Edges, Raster, Reason};

/// Set where a value stands that was estimated without what lies outside the files.
pub const EDGE: u16 = 1 << 11;

/// Bit and meaning, in the order of the bits. One word each (CF conventions 3.5).
pub const MEANINGS: [(u16, &str); 12] = [
    (1, "not_observed"),
    (1 << 1, "water"),
    (1 << 2, "retrieval_not_recommended"),
    (1 << 3, "outside_valid_range"),
    (1 << 4, "outside_files"),
    (1 << 5, "frozen_ground_or_snow"),
    (1 << 6, "mountains"),
    (1 << 7, "dense_vegetation"),
    (1 << 8, "urban_area"),
    (1 << 9, "no_smap_overpass"),
    (1 << 10, "no_3km_map"),
    (EDGE, "edge_of_the_data"),
];

/// The bit of a reason; 0 for a value.
#[must_use]
pub fn of(reason: Reason) -> u16 {
    match reason as u8 {
        0 => 0,
        n => 1 << (n - 1),
    }
}

/// The reason of a cell's bits.
#[must_use]
pub fn reason(bits: u16) -> Reason {
    match bits & !EDGE {
        0 => Reason::Valid,
        bits => Reason::from_u8(bits.trailing_zeros() as u8 + 1),
    }
}

/// Bits of all cells, row-major; `frame` are the cells along the edges that lack their surroundings.
#[must_use]
pub fn plane(raster: &Raster, frame: Edges) -> Vec<u16> {
    let grid = raster.grid();
    let (columns, rows) = (grid.columns, grid.rows);
    let bits = |(i, reason): (usize, &Reason)| match of(*reason) {
        0 if frame.hold(columns, rows, i % columns, i / columns) => EDGE,
        bits => bits,
    };
    raster.reasons().iter().enumerate().map(bits).collect()
}

/// `1 not_observed, 2 water, ...`, for metadata of bands.
#[must_use]
pub fn words() -> String {
    MEANINGS.map(|(bit, meaning)| format!("{bit} {meaning}")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_bit_of_its_own() {
        let mut seen = 0;
        let meaning =
            |reason| MEANINGS.iter().find(|(bit, _)| *bit == of(reason)).map(|(_, meaning)| *meaning);
        for (reason, expected) in [
            (Reason::NotObserved, "not_observed"),
            (Reason::Water, "water"),
            (Reason::QualityFlag, "retrieval_not_recommended"),
            (Reason::OutOfRange, "outside_valid_range"),
            (Reason::OutsideFile, "outside_files"),
            (Reason::Frozen, "frozen_ground_or_snow"),
            (Reason::Mountain, "mountains"),
            (Reason::Vegetation, "dense_vegetation"),
            (Reason::Urban, "urban_area"),
            (Reason::NoSmap, "no_smap_overpass"),
            (Reason::NoSentinel1, "no_3km_map"),
        ] {
            assert_eq!(meaning(reason), Some(expected));
        }
        for reason in Reason::ALL {
            let bit = of(reason);
            assert_eq!(seen & bit, 0, "{reason:?}");
            assert_eq!(super::reason(bit), reason);
            assert_eq!(bit.count_ones(), u32::from(reason != Reason::Valid), "{reason:?}");
            seen |= bit;
            assert_eq!(MEANINGS.iter().any(|(b, _)| *b == bit), reason != Reason::Valid);
        }
        assert_eq!(seen | EDGE, MEANINGS.iter().fold(0, |all, (bit, _)| all | bit));
    }
}
