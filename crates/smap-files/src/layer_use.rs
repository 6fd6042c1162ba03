//! What the user says of a layer that was not recognised, or taken for something else: its quantity and its unit.

use serde::{Deserialize, Serialize};

use crate::catalogue;
use crate::sniff::Format;
use crate::{BackscatterScale, Given, Granule, Product, ReadError, Role, Variable};

/// 0 degrees C, K.
const ZERO_C: f64 = 273.15;
/// Layers named in a sentence.
const NAMED: usize = 12;

/// What to do where Loam cannot know it.
pub(crate) const SAY_SO: &str = "if you know what it is, choose \"use as\" in the file list, or --use FILE#LAYER=coarse|fine|vv|vh|lst[,unit] on the \
                      command line";

/// "Use this layer as ...", as a user says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerUse {
    /// Its name: a band's name, `band 2`, an HDF5 path or the last part of one. Empty: the only layer of the file that lies on a map.
    pub layer: String,
    /// What it is.
    pub role: Role,
    /// In which unit its values are: `m3/m3` or `percent`; `K` or `C`; `dB`, `power` or `amplitude`. `None`: the one the file says.
    pub unit: Option<String>,
}

/// A unit that a role can have: the scale of backscatter, or (factor, offset) to m3/m3 or K.
struct Unit {
    name: &'static str,
    scale: Option<BackscatterScale>,
    linear: (f64, f64),
}

impl Unit {
    fn of(role: Role, text: &str) -> Option<Self> {
        let linear = |name, factor, offset| Some(Self { name, scale: None, linear: (factor, offset) });
        let scale = |name, scale| Some(Self { name, scale: Some(scale), linear: (1.0, 0.0) });
        let unit = catalogue::Unit::parse(text)?;
        match role {
            Role::SoilMoisture => match unit {
                catalogue::Unit::Volumetric | catalogue::Unit::One => linear("m3/m3", 1.0, 0.0),
                catalogue::Unit::Percent => linear("percent", 0.01, 0.0),
                _ => None,
            },
            Role::SurfaceTemperature => match unit {
                catalogue::Unit::Kelvin => linear("K", 1.0, 0.0),
                catalogue::Unit::Celsius => linear("degrees C", 1.0, ZERO_C),
                _ => None,
            },
            Role::BackscatterVv | Role::BackscatterVh => match unit {
                catalogue::Unit::Decibel => scale("dB", BackscatterScale::Decibel),
                catalogue::Unit::Power => scale("linear power", BackscatterScale::Power),
                catalogue::Unit::Amplitude => scale("amplitude", BackscatterScale::Amplitude),
                _ => None,
            },
            Role::BrightnessV | Role::BrightnessH | Role::SoilMoistureUncertainty | Role::Other => None,
        }
    }

    /// Units a role can have, for sentences.
    fn choices(role: Role) -> &'static str {
        match role {
            Role::SoilMoisture => "m3/m3 or percent",
            Role::SurfaceTemperature => "K or C",
            _ => "dB, power or amplitude",
        }
    }
}

fn quantity(role: Role) -> Option<&'static str> {
    match role {
        Role::SoilMoisture => Some("soil moisture"),
        Role::BackscatterVv => Some("backscatter VV"),
        Role::BackscatterVh => Some("backscatter VH"),
        Role::SurfaceTemperature => Some("land surface temperature"),
        Role::BrightnessV | Role::BrightnessH | Role::SoilMoistureUncertainty | Role::Other => None,
    }
}

fn refused(what: String, remedy: impl Into<String>) -> ReadError {
    ReadError::Unsuitable { what, remedy: remedy.into() }
}

impl Granule {
    /// Takes the user's word for a layer. Layers of the same quantity that the user said nothing of are put aside, so that the word counts
    /// alone; several layers can be given, one call each (the overpasses of a day). The unit of the file is used where none is given,
    /// m3/m3 and K where neither says one.
    ///
    /// # Errors
    /// [`ReadError::Unsuitable`]: no such layer (the sentence names the layers there are), a layer of text, no place on a map, a unit that is
    /// not understood, a quantity that cannot be given, or a map that Loam made. What was said before still holds.
    pub fn use_layer(&mut self, given: &LayerUse) -> Result<(), ReadError> {
        let quantity = quantity(given.role).ok_or_else(|| {
            refused("this quantity is read from SMAP's own files alone".to_owned(), "leave it out")
        })?;
        if self.product == Product::OwnMap {
            return Err(refused(
                "Loam made this map, so no layer of it is taken for a measurement".to_owned(),
                "open the files it was made from; as 3 km map it can be chosen as a whole",
            ));
        }
        let index = self.layer(&given.layer)?;
        let Some(found) = self.variables.get(index) else {
            return Err(ReadError::NoSuchVariable { index, count: self.variables.len() });
        };
        if !found.is_numeric() {
            return Err(refused(
                format!("{} holds {}, not numbers", found.path, found.dtype),
                format!("choose another layer: {}", self.layers()),
            ));
        }
        if found.grid.is_none() {
            return Err(refused(
                format!("nothing in the file says where {} lies", found.path),
                "export it as a GeoTIFF with its coordinate system, or as NetCDF with its coordinates",
            ));
        }
        // What the scan made of it is the file's own word only where nothing was given before.
        let before = found.given.as_deref().cloned().unwrap_or_else(|| Given::before(found));
        let unit = self.unit(found, &before, given)?;
        // The same quantity in the file's own unit: as the scan reckons it (steps of MODIS).
        let as_found = given.unit.is_none() && before.role == given.role;
        let linear =
            if as_found { before.linear } else { (unit.linear != (1.0, 0.0)).then_some(unit.linear) };
        let words = format!("given by you: {quantity}, {}", unit.name);
        let path = found.path.clone();
        let units = match given.role {
            Role::SoilMoisture => Some("m3/m3".to_owned()),
            Role::SurfaceTemperature => Some("K".to_owned()),
            _ => before.units.clone(),
        };
        // Every day of a stack is given with its layer.
        for variable in self.variables.iter_mut().filter(|v| v.path == path) {
            let before = variable.given.take().map_or_else(|| Given::before(variable), |given| *given);
            (variable.role, variable.scale, variable.linear) = (given.role, unit.scale, linear);
            variable.units.clone_from(&units);
            // Clouds of temperatures are 0, but in degrees C.
            variable.zero_is_no_value = match given.role {
                Role::SurfaceTemperature => {
                    [linear, variable.packing].into_iter().flatten().all(|(_, offset)| offset == 0.0)
                }
                _ => variable.zero_is_no_value,
            };
            variable.statistics = None;
            variable.evidence.clone_from(&words);
            variable.given = Some(Box::new(Given { words: words.clone(), ..before }));
        }
        for other in self.variables.iter_mut().filter(|v| v.role == given.role && v.given.is_none()) {
            let words = format!("put aside: you gave another layer as {quantity}");
            let kept = Given { words, ..Given::before(other) };
            (other.role, other.given) = (Role::Other, Some(Box::new(kept)));
        }
        Ok(())
    }

    /// Takes back all that [`Granule::use_layer`] did.
    pub fn forget_uses(&mut self) {
        for variable in &mut self.variables {
            if let Some(given) = variable.given.take() {
                (variable.role, variable.scale, variable.linear, variable.units) =
                    (given.role, given.scale, given.linear, given.units);
                variable.zero_is_no_value = given.zero_is_no_value;
                variable.evidence = given.evidence;
                variable.statistics = None;
            }
        }
    }

    /// What the user said of its layers: `band 2 given by you: soil moisture, percent`. Layers put aside are not named.
    #[must_use]
    pub fn given(&self) -> Vec<String> {
        let said = |v: &Variable| {
            let words = &v.given.as_ref().filter(|_| v.role != Role::Other)?.words;
            Some(format!("{} {words}", v.path))
        };
        self.variables.iter().filter_map(said).collect()
    }

    /// Number of the layer that is meant.
    fn layer(&self, wanted: &str) -> Result<usize, ReadError> {
        let matching = |fits: &dyn Fn(usize, &Variable) -> bool| -> Vec<usize> {
            self.variables.iter().enumerate().filter(|(n, v)| fits(*n, v)).map(|(n, _)| n).collect()
        };
        let found = if wanted.is_empty() {
            matching(&|_, v| v.grid.is_some() && v.is_numeric())
        } else {
            let wanted = wanted.to_ascii_lowercase();
            let exact = matching(&|_, v| v.path.eq_ignore_ascii_case(&wanted));
            // A band with a name of its own has its number, too.
            let band = wanted.strip_prefix("band").and_then(|n| n.trim().parse::<usize>().ok());
            let numbered = matching(&|n, _| self.format == Format::Tiff && band == Some(n + 1));
            let last = matching(&|_, v| {
                let path = v.path.to_ascii_lowercase();
                path.ends_with(&wanted) && path[..path.len() - wanted.len()].ends_with('/')
            });
            [exact, numbered, last].into_iter().find(|f| !f.is_empty()).unwrap_or_default()
        };
        // The days of a stack are one layer.
        let mut found = found;
        let path_of = |n: &usize| self.variables.get(*n).map(|v| v.path.as_str());
        found.dedup_by(|a, b| path_of(a) == path_of(b));
        match (found.as_slice(), wanted) {
            ([only], _) => Ok(*only),
            ([], "") => Err(refused(
                "no layer of the file is known to lie on a map".to_owned(),
                format!("name one: {}", self.layers()),
            )),
            ([], _) => Err(refused(
                format!("the file has no layer \"{wanted}\""),
                format!("it has {}", self.layers()),
            )),
            (several, _) => {
                let paths: Vec<&str> = several
                    .iter()
                    .filter_map(|n| self.variables.get(*n))
                    .map(|v| v.path.as_str())
                    .take(NAMED)
                    .collect();
                Err(refused(
                    match wanted {
                        "" => format!("the file has {} layers", several.len()),
                        _ => format!("the file has {} layers \"{wanted}\"", several.len()),
                    },
                    format!("say which: {}", paths.join(", ")),
                ))
            }
        }
    }

    /// Names of its layers of numbers, for a sentence.
    fn layers(&self) -> String {
        let mut paths: Vec<&str> = self
            .variables
            .iter()
            .filter(|v| v.is_numeric() && v.shape.len() >= 2)
            .map(|v| v.path.as_str())
            .collect();
        paths.dedup();
        match paths.len() {
            0 => "no layers of numbers".to_owned(),
            n if n <= NAMED => paths.join(", "),
            n => format!("{} and {} more", paths[..NAMED].join(", "), n - NAMED),
        }
    }

    /// Names of its layers of numbers with what is known of each: `albedo (albedo, by its name: not used)`. For a sentence.
    #[must_use]
    pub fn layers_with_evidence(&self) -> String {
        let mut layers: Vec<(&str, &str)> = self
            .variables
            .iter()
            .filter(|v| v.is_numeric() && v.shape.len() >= 2)
            .map(|v| (v.path.as_str(), v.evidence.as_str()))
            .collect();
        layers.dedup();
        let shown = layers.iter().take(NAMED).map(|(path, evidence)| match *evidence {
            "" => (*path).to_owned(),
            evidence => format!("{path} ({evidence})"),
        });
        let text = shown.collect::<Vec<_>>().join(", ");
        match layers.len() {
            0 => "no layers of numbers".to_owned(),
            n if n <= NAMED => text,
            n => format!("{text} and {} more", n - NAMED),
        }
    }

    /// The unit of a layer: the user's, else the file's, else m3/m3 or K.
    fn unit(&self, variable: &Variable, before: &Given, given: &LayerUse) -> Result<Unit, ReadError> {
        let role = given.role;
        if let Some(text) = given.unit.as_deref().filter(|u| !u.is_empty()) {
            return Unit::of(role, text).ok_or_else(|| {
                refused(
                    format!(
                        "\"{text}\" is no unit that Loam knows for {}",
                        quantity(role).unwrap_or_default()
                    ),
                    format!("say {}", Unit::choices(role)),
                )
            });
        }
        let file = before.units.as_deref().map(str::trim).filter(|u| !u.is_empty());
        let unclear = |what: String| Err(refused(what, format!("say the unit: {}", Unit::choices(role))));
        match (role, file) {
            (Role::BackscatterVv | Role::BackscatterVh, _) => match file.and_then(|u| Unit::of(role, u)) {
                Some(unit) => Ok(unit),
                None => match before.scale {
                    Some(scale @ BackscatterScale::Decibel) => {
                        Ok(Unit { name: "dB", scale: Some(scale), linear: (1.0, 0.0) })
                    }
                    Some(scale @ BackscatterScale::Power) => {
                        Ok(Unit { name: "linear power", scale: Some(scale), linear: (1.0, 0.0) })
                    }
                    Some(scale @ BackscatterScale::Amplitude) => {
                        Ok(Unit { name: "amplitude", scale: Some(scale), linear: (1.0, 0.0) })
                    }
                    _ => unclear(format!("nothing says whether {} is in dB or linear", variable.path)),
                },
            },
            (_, None) => {
                let default = if role == Role::SoilMoisture { "m3/m3" } else { "K" };
                Unit::of(role, default).map_or_else(|| unclear("its unit is not known".to_owned()), Ok)
            }
            // Percent may be of volume or of saturation, and only the user knows.
            (_, Some(text)) => match Unit::of(role, text).filter(|unit| unit.name != "percent") {
                Some(unit) => Ok(unit),
                None => unclear(format!("the file gives {} in \"{text}\"", variable.path)),
            },
        }
    }
}
