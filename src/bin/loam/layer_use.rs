//! `--use FILE#LAYER=coarse,percent`: what the user says of a layer.

use std::cell::Cell;
use std::path::Path;

use loam_core::file::Usage;
use smap_files::{LayerUse, Role};

use super::find::Found;

/// One `--use`.
pub struct Said {
    /// The file: its path, its name, or a pattern.
    pub file: String,
    /// What the file is then used as.
    pub usage: Usage,
    /// The layer.
    pub layer: LayerUse,
    /// Some file was meant.
    met: Cell<bool>,
}

impl Said {
    /// Reads the option's value.
    ///
    /// # Errors
    /// A sentence that shows how it is written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: String| {
            format!(
                "--use {text}: {what}; write FILE#LAYER=ROLE or FILE#LAYER=ROLE,UNIT, e.g. --use 'map.tif#band 2=coarse,percent'; roles are \
                 coarse, fine, vv, vh, lst; units are m3/m3 or percent (coarse, fine), dB, power or amplitude (vv, vh), K or C (lst)"
            )
        };
        let (place, meaning) = text.rsplit_once('=').ok_or_else(|| wrong("it says no role".to_owned()))?;
        let (role, unit) =
            meaning.split_once(',').map_or((meaning, None), |(role, unit)| (role, Some(unit.trim())));
        let (usage, role) = match role.trim() {
            "coarse" => (Usage::Coarse, Role::SoilMoisture),
            "fine" => (Usage::Fine, Role::SoilMoisture),
            "vv" => (Usage::Backscatter, Role::BackscatterVv),
            "vh" => (Usage::Backscatter, Role::BackscatterVh),
            "lst" => (Usage::Temperature, Role::SurfaceTemperature),
            other => return Err(wrong(format!("\"{other}\" is no role"))),
        };
        // A file may have the sign in its name.
        let (file, layer) = match place.rsplit_once('#') {
            Some((file, layer)) if !Path::new(place).exists() => (file, layer),
            _ => (place, ""),
        };
        if file.is_empty() {
            return Err(wrong("it names no file".to_owned()));
        }
        let layer = LayerUse { layer: layer.to_owned(), role, unit: unit.map(str::to_owned) };
        Ok(Self { file: file.to_owned(), usage, layer, met: Cell::new(false) })
    }

    /// Whether it is of this file, which then counts as met.
    pub fn is_of(&self, found: &Found) -> bool {
        let ends = |path: &str| Path::new(path).ends_with(&self.file);
        let fits = |path: &str| glob::Pattern::new(&self.file).is_ok_and(|pattern| pattern.matches(path));
        let last = found.name.rsplit('/').next().unwrap_or(&found.name);
        let is =
            ends(&found.path) || ends(&found.name) || fits(&found.path) || fits(&found.name) || fits(last);
        self.met.set(self.met.get() || is);
        is
    }

    /// Whether a file was found for it.
    pub fn met(&self) -> bool {
        self.met.get()
    }
}
