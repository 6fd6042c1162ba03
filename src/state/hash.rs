//! The view in the address's fragment: region, date, scale, colour map, so that a view can be shared. Never data, never file names.

use jiff::civil::Date;

use ease_grid::{EaseWindow, Resolution};
use loam_core::iso_date;
use loam_core::map::ColourMap;
use loam_core::method::Method;
use loam_core::stack::{Preset, Region};

/// What a link can say. Everything is optional, and what cannot be understood is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hash {
    /// Key of a preset.
    pub preset: Option<String>,
    /// A region that is none of the presets.
    pub window: Option<EaseWindow>,
    /// The date.
    pub date: Option<Date>,
    /// Limits of the soil-moisture scale.
    pub scale: Option<(f64, f64)>,
    /// Key of its colour map.
    pub colours: Option<String>,
    /// Its colours run the other way round.
    pub inverted: bool,
    /// Without rivers, lakes and towns.
    pub bare: bool,
    /// A method chosen by hand.
    pub method: Option<Method>,
    /// The other scales, as [`super::scales`] reads them.
    pub scales: String,
}

impl Hash {
    /// From `#region=tucson&date=2020-06-01&method=smen&scale=0,0.5&colours=lapaz`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut hash = Self::default();
        for (key, value) in text.trim_start_matches('#').split('&').filter_map(|pair| pair.split_once('=')) {
            match key {
                "region" => hash.preset = Preset::find(value).map(|p| p.key.to_owned()),
                "cells" => {
                    let numbers: Vec<usize> = value.split(',').filter_map(|n| n.parse().ok()).collect();
                    if let [column, row, columns, rows] = numbers[..] {
                        let window =
                            EaseWindow::new(Resolution::M03, column as i64, row as i64, columns, rows);
                        hash.window = window.and_then(Region::new).map(|r| r.window()).ok();
                    }
                }
                "date" => hash.date = iso_date::parse(value),
                "scale" => {
                    let limits =
                        value.split_once(',').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                    hash.scale = limits.filter(|(a, b): &(f64, f64)| a.is_finite() && b.is_finite() && a < b);
                }
                "method" => hash.method = Method::find(value),
                "scales" => hash.scales = value.to_owned(),
                "places" => hash.bare = value == "no",
                "invert" => hash.inverted = value == "yes",
                "colours" => hash.colours = ColourMap::find(value).map(|m| m.key.to_owned()),
                _ => {}
            }
        }
        hash
    }

    /// As a fragment, without the `#`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        if let Some(preset) = &self.preset {
            parts.push(format!("region={preset}"));
        } else if let Some(w) = self.window {
            parts.push(format!("cells={},{},{},{}", w.first_column, w.first_row, w.columns, w.rows));
        }
        if let Some(date) = self.date {
            parts.push(format!("date={date}"));
        }
        if let Some((min, max)) = self.scale {
            parts.push(format!("scale={min},{max}"));
        }
        if let Some(colours) = &self.colours {
            parts.push(format!("colours={colours}"));
        }
        if self.inverted {
            parts.push("invert=yes".to_owned());
        }
        if !self.scales.is_empty() {
            parts.push(format!("scales={}", self.scales));
        }
        if self.bare {
            parts.push("places=no".to_owned());
        }
        if let Some(method) = self.method {
            parts.push(format!("method={}", method.key()));
        }
        parts.join("&")
    }
}
