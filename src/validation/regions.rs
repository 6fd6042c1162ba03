//! Which regions to predict, so that every station lies in one.

use ease_grid::{EaseWindow, GridError, Resolution};
use loam_core::stack::Region;

/// Edge of a region, 3 km cells: that of the presets, which the networks were trained on.
const EDGE: usize = 100;
/// A station nearer to the edge than this, cells, gets a region of its own: the 3 x 3 cells around it have to lie inside.
const INSIDE: usize = 2;

/// A place (degrees: longitude, latitude) that no region could be laid around, and why.
pub type Refused = ((f64, f64), GridError);

/// Regions of 100 x 100 cells around places (degrees: longitude, latitude), each place inside one: first come, first served. Where one cannot be
/// laid (beyond 85 degrees, across the date line) its place and the reason are returned.
#[must_use]
pub fn regions_around(places: &[(f64, f64)]) -> (Vec<Region>, Vec<Refused>) {
    let (mut regions, mut refused): (Vec<Region>, Vec<Refused>) = (Vec::new(), Vec::new());
    for &(longitude, latitude) in places {
        let cell = match EaseWindow::around(Resolution::M03, longitude, latitude, 1, 1) {
            Ok(cell) => cell,
            Err(why) => {
                refused.push(((longitude, latitude), why));
                continue;
            }
        };
        let holds = |region: &Region| {
            let window = region.window();
            let inside =
                |at: usize, first: usize, count: usize| at >= first + INSIDE && at + INSIDE < first + count;
            inside(cell.first_column, window.first_column, window.columns)
                && inside(cell.first_row, window.first_row, window.rows)
        };
        if regions.iter().any(holds) {
            continue;
        }
        match Region::around(longitude, latitude, EDGE, EDGE) {
            Ok(region) => regions.push(region),
            Err(why) => refused.push(((longitude, latitude), why)),
        }
    }
    (regions, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_lies_in_a_region_and_neighbours_share_one() {
        let places = [(-97.5, 35.5), (-97.3, 35.4), (-99.5, 35.5), (6.1, 46.2), (-179.99, 10.0)];
        let (regions, refused) = regions_around(&places);
        assert_eq!((regions.len(), refused.len()), (3, 1));
        assert_eq!(refused[0].0, places[4]);
    }
}
