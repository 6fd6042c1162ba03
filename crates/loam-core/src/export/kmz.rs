//! A map for Google Earth and other globes: a picture laid over the ground, with its legend. Pictures hold colours, not values.
//!
//! Drawn in EPSG:4326, which a KML overlay is in: every cell of the map is several pixels, none interpolated, and a masked cell is
//! transparent.

use ease_grid::{Crs, Grid, Raster};

use super::picture::Picture;
use super::{ExportError, Provenance, png, resampled, zip};
use crate::map::{Scale, font};

/// The longer side of the picture is about this many pixels, so that a globe does not blur the cells into each other.
const PIXELS: usize = 1024;

/// The file.
///
/// # Errors
/// [`ExportError::DifferentGrids`] for a raster that is not on the EASE-Grid, [`ExportError::Kmz`] where the picture is too large.
pub fn write(raster: &Raster, scale: &Scale, provenance: &Provenance) -> Result<Vec<u8>, ExportError> {
    let own = raster.grid();
    let window = own.ease_window().ok_or(ExportError::DifferentGrids)?;
    let ground = resampled::grid(&window, &Crs::Geographic)?;
    let times = (PIXELS / own.columns.max(own.rows)).clamp(1, 16);
    let fine = Grid {
        cell_x: ground.cell_x / times as f64,
        cell_y: ground.cell_y / times as f64,
        columns: ground.columns * times,
        rows: ground.rows * times,
        ..ground.clone()
    };
    let values = resampled::nearest(own, raster.values(), &fine, f32::NAN)?;
    let rgba: Vec<u8> = values.iter().flat_map(|value| colour(*value, scale)).collect();
    let encoded =
        |width: usize, rgba: &[u8]| png::encode(width, rgba).map_err(|e| ExportError::Kmz(e.to_string()));
    let map = encoded(fine.columns, &rgba)?;
    let drawn = legend(scale, provenance.simulated);
    let legend = encoded(drawn.width, &drawn.rgba)?;
    let text = document(&ground, provenance);
    let files: [(&str, &[u8]); 3] =
        [("doc.kml", text.as_bytes()), ("map.png", &map), ("legend.png", &legend)];
    zip::stored(&files).ok_or_else(|| ExportError::Kmz("it would be larger than 4 GB".to_owned()))
}

fn colour(value: f32, scale: &Scale) -> [u8; 4] {
    let entry = if value.is_finite() { scale.entry(f64::from(value)) } else { None };
    entry.map_or([0; 4], |entry| {
        let [r, g, b] = scale.colour(entry);
        [r, g, b, 255]
    })
}

/// A bar of the scale's colours with its ticks and unit.
fn legend(scale: &Scale, simulated: bool) -> Picture {
    const INK: [u8; 4] = [20, 20, 20, 255];
    const BAR: (usize, usize) = (16, 44);
    const HEIGHT: usize = 256;
    let wide = if simulated { 2 * font::ADVANCE * 9 + 2 * BAR.0 } else { 124 };
    let mut picture = Picture::new(wide, HEIGHT + 90, [255, 255, 255, 235]);
    picture.write(scale.unit, (BAR.0, 14), 2, INK);
    for row in 0..HEIGHT {
        let [r, g, b] = scale.colour((HEIGHT - 1 - row) as u8);
        picture.fill((BAR.0, BAR.1 + row), (28, 1), [r, g, b, 255]);
    }
    for tick in scale.ticks() {
        let share = (tick - scale.min) / (scale.max - scale.min);
        let y = BAR.1 + ((1.0 - share) * (HEIGHT - 1) as f64).round().clamp(0.0, 255.0) as usize;
        picture.fill((BAR.0 + 28, y), (6, 1), INK);
        picture.write(
            &crate::map::scale::tidy(tick).replace('−', "-"),
            (BAR.0 + 40, y.saturating_sub(6)),
            2,
            INK,
        );
    }
    if simulated {
        picture.write("SIMULATED", (BAR.0, HEIGHT + 62), 2, [170, 20, 20, 255]);
    }
    picture
}

fn document(ground: &Grid, provenance: &Provenance) -> String {
    let lines: Vec<String> =
        provenance.items().into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let (north, west) = (ground.origin_y, ground.origin_x);
    let south = north - ground.cell_y * ground.rows as f64;
    let east = west + ground.cell_x * ground.columns as f64;
    let day = provenance
        .date
        .map_or_else(String::new, |date| format!("    <TimeStamp><when>{date}</when></TimeStamp>\n"));
    let (name, description) = (escape(&provenance.summary()), escape(&lines.join("\n")));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2">
<Document>
  <name>{name}</name>
  <description>{description}</description>
  <GroundOverlay>
    <name>{name}</name>
{day}    <Icon><href>map.png</href></Icon>
    <LatLonBox>
      <north>{north:.8}</north><south>{south:.8}</south><east>{east:.8}</east><west>{west:.8}</west>
    </LatLonBox>
  </GroundOverlay>
  <ScreenOverlay>
    <name>Legend</name>
    <Icon><href>legend.png</href></Icon>
    <overlayXY x="0" y="0" xunits="fraction" yunits="fraction"/>
    <screenXY x="16" y="32" xunits="pixels" yunits="pixels"/>
  </ScreenOverlay>
</Document>
</kml>
"#
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
